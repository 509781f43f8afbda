//! How handlers answer: JSON with a status, and what the engine refuses as problems.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use serde::Serialize;

use super::json::JsonError;
use super::problem::{Kind, Refusal};
use crate::api::page::{Page, Searched};
use crate::api::problem::InputError;
use crate::engine::{self, EngineError};

/// `value` as JSON.
///
/// # Errors
/// Never for the types of [`crate::api`], whose maps have text keys.
pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Result<HttpResponse, Refusal> {
    let bytes = serde_json::to_vec(value)
        .map_err(|error| Refusal::internal(format!("an answer does not serialise: {error}")))?;
    Ok(HttpResponse::build(status)
        .insert_header((CONTENT_TYPE, HeaderValue::from_static("application/json")))
        .body(bytes))
}

/// `value` as JSON with 200.
///
/// # Errors
/// See [`json`].
pub(super) fn ok(value: &impl Serialize) -> Result<HttpResponse, Refusal> {
    json(StatusCode::OK, value)
}

/// `value` as JSON that nobody may keep: it shows a secret.
///
/// # Errors
/// See [`json`].
pub(super) fn secret(status: StatusCode, value: &impl Serialize) -> Result<HttpResponse, Refusal> {
    let mut response = json(status, value)?;
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// A page of the engine's rows as the wire shows them.
pub(super) fn page<T, V>(page: engine::Page<T>, view: impl FnMut(T) -> V) -> Page<V> {
    Page {
        items: page.items.into_iter().map(view).collect(),
        next: page.next,
        searched: page.searched.map(searched),
    }
}

/// How far a filter looked, as the wire shows it.
pub(super) const fn searched(searched: engine::Searched) -> Searched {
    Searched {
        rows: searched.rows,
        limited: searched.limited,
    }
}

/// A refusal of a list: what is wrong stands in the query, not in a body.
pub(super) fn list_refusal(error: EngineError) -> Refusal {
    match error {
        EngineError::Invalid(inputs) => {
            let errors: Vec<InputError> = inputs
                .into_iter()
                .map(|input| InputError {
                    pointer: format!("?{}", input.pointer.trim_start_matches(['/', '?'])),
                    detail: input.detail,
                })
                .collect();
            Refusal {
                kind: Kind::BadQuery,
                ..Refusal::invalid(errors)
            }
        }
        other => other.into(),
    }
}

impl From<JsonError> for Refusal {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::Malformed(detail) => Self::new(Kind::MalformedBody, detail),
            JsonError::Shape(error) => Self::invalid(vec![error]),
        }
    }
}

impl From<EngineError> for Refusal {
    fn from(error: EngineError) -> Self {
        let text = error.to_string();
        match error {
            EngineError::Invalid(inputs) => Self::invalid(
                inputs
                    .into_iter()
                    .map(|input| InputError {
                        pointer: input.pointer,
                        detail: input.detail,
                    })
                    .collect(),
            ),
            EngineError::NotFound { noun, id } => Self::not_found(noun, id),
            EngineError::Conflict(detail) => Self::new(Kind::Conflict, detail),
            EngineError::Forbidden(detail) => Self::new(Kind::Forbidden, detail),
            EngineError::Busy { retry_after } => {
                Self::new(Kind::Busy, text).retry_after(retry_after)
            }
            EngineError::Draining => draining(),
            EngineError::Full => Self::new(Kind::DiskFull, text),
            EngineError::Internal(cause) => Self::internal(cause),
        }
    }
}

/// The service is shutting down.
pub(super) fn draining() -> Refusal {
    Refusal::new(
        Kind::Draining,
        "the service is shutting down; nothing was stored, try again when it is back",
    )
}
