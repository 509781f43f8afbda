//! Request bodies: read within bounds of bytes and time, judged by their media type, parsed with good errors.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::HttpRequest;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::web::Payload;
use bytes::{Bytes, BytesMut};
use futures_util::{FutureExt, StreamExt};
use serde::de::DeserializeOwned;

use super::json;
use super::problem::{Kind, Refusal};
use super::state::State;
use crate::clock;
use crate::domain::duration::DurationText;
use crate::domain::limits::{BODIES_BYTES_MAX, COMMAND_BYTES_MAX};

/// What an empty body counts as.
const EMPTY: &[u8] = b"{}";

/// Bytes of all bodies being read or handled, so that many large ones at once cannot fill the memory.
#[derive(Debug, Default)]
pub(super) struct BodyBudget {
    taken: AtomicUsize,
}

/// A body, and its share of the budget until it is dropped.
pub(super) struct Body<'a> {
    bytes: Bytes,
    budget: &'a BodyBudget,
    taken: usize,
}

impl fmt::Debug for Body<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Body({} bytes)", self.bytes.len())
    }
}

impl Body<'_> {
    /// What was sent.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn grow(&mut self, by: usize) -> Result<(), Refusal> {
        let before = self.budget.taken.fetch_add(by, Ordering::Relaxed);
        self.taken += by;
        if before + by > BODIES_BYTES_MAX {
            return Err(Refusal::new(
                Kind::Busy,
                "too many large bodies are being read at once; try again in 1 s",
            ));
        }
        Ok(())
    }
}

impl Drop for Body<'_> {
    fn drop(&mut self) {
        self.budget.taken.fetch_sub(self.taken, Ordering::Relaxed);
    }
}

/// Reads a body of at most `limit` bytes.
///
/// # Errors
/// 413 beyond the limit, 408 when it takes too long, 503 when all bodies together are too many.
pub(super) async fn read<'a>(
    state: &'a State,
    request: &HttpRequest,
    mut payload: Payload,
    limit: usize,
) -> Result<Body<'a>, Refusal> {
    if let Some(announced) = announced_length(request)
        && announced > limit
    {
        return Err(too_large(Some(announced), limit));
    }
    let mut body = Body {
        bytes: Bytes::new(),
        budget: &state.bodies,
        taken: 0,
    };
    // A small body is there in one piece with its head: no timer, no copy.
    if let Some(Some(first)) = payload.next().now_or_never() {
        body.bytes = first.map_err(|error| broken(&error))?;
        check(body.bytes.len(), limit)?;
        body.grow(body.bytes.len())?;
        match payload.next().now_or_never() {
            Some(None) => return Ok(body),
            Some(Some(next)) => {
                let next = next.map_err(|error| broken(&error))?;
                append(&mut body, &next, limit)?;
            }
            None => {}
        }
    }
    let rest = read_rest(&mut body, &mut payload, limit);
    let time = state.options.body_time_max;
    match clock::within(time, rest).await {
        Some(read) => read.map(|()| body),
        None => Err(Refusal::new(
            Kind::SlowBody,
            format!(
                "the body did not arrive within {}; send it at once",
                DurationText(time)
            ),
        )),
    }
}

async fn read_rest(
    body: &mut Body<'_>,
    payload: &mut Payload,
    limit: usize,
) -> Result<(), Refusal> {
    let mut whole = BytesMut::from(&body.bytes[..]);
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| broken(&error))?;
        check(whole.len() + chunk.len(), limit)?;
        body.grow(chunk.len())?;
        whole.extend_from_slice(&chunk);
    }
    body.bytes = whole.freeze();
    Ok(())
}

fn append(body: &mut Body<'_>, chunk: &Bytes, limit: usize) -> Result<(), Refusal> {
    check(body.bytes.len() + chunk.len(), limit)?;
    body.grow(chunk.len())?;
    let mut whole = BytesMut::with_capacity(body.bytes.len() + chunk.len());
    whole.extend_from_slice(&body.bytes);
    whole.extend_from_slice(chunk);
    body.bytes = whole.freeze();
    Ok(())
}

fn announced_length(request: &HttpRequest) -> Option<usize> {
    request
        .headers()
        .get(CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

fn check(length: usize, limit: usize) -> Result<(), Refusal> {
    if length > limit {
        return Err(too_large(None, limit));
    }
    Ok(())
}

fn too_large(length: Option<usize>, limit: usize) -> Refusal {
    let has = length.map_or_else(
        || format!("the body has more than {limit} bytes"),
        |length| format!("the body has {length} bytes"),
    );
    Refusal::new(
        Kind::TooLarge,
        format!("{has}; at most {limit} bytes are taken here"),
    )
}

fn broken(error: &actix_web::error::PayloadError) -> Refusal {
    Refusal::new(
        Kind::MalformedBody,
        format!("the body broke off or is badly framed: {error}"),
    )
}

/// What a body says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MediaType {
    /// `application/json`, something `+json`, or nothing said.
    Json,
    /// `application/x-ndjson` and its other names.
    Ndjson,
}

/// The media type of the body.
///
/// # Errors
/// 415 for anything but JSON and NDJSON.
pub(super) fn media_type(request: &HttpRequest) -> Result<MediaType, Refusal> {
    let Some(value) = request.headers().get(CONTENT_TYPE) else {
        return Ok(MediaType::Json);
    };
    let text = String::from_utf8_lossy(value.as_bytes());
    let essence = text.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(MediaType::Json);
    }
    let essence = essence.to_ascii_lowercase();
    match essence.as_str() {
        "application/x-ndjson"
        | "application/ndjson"
        | "application/jsonl"
        | "application/x-jsonlines" => Ok(MediaType::Ndjson),
        other if other.starts_with("application/") && other.ends_with("+json") => {
            Ok(MediaType::Json)
        }
        other => Err(Refusal::new(
            Kind::UnsupportedMediaType,
            format!(
                "the body says it is {:?}; send JSON with `Content-Type: application/json`",
                other
            ),
        )),
    }
}

/// Reads the body of a command, such as an endpoint's settings; an empty one counts as `{}`.
///
/// # Errors
/// 413, 408, 415, 400 for what is not JSON, 422 for members that are unknown, missing or of the wrong shape.
pub(super) async fn command<T: DeserializeOwned>(
    state: &State,
    request: &HttpRequest,
    payload: Payload,
) -> Result<T, Refusal> {
    let body = command_text(state, request, payload).await?;
    let bytes = body.as_ref().map_or(EMPTY, Body::as_bytes);
    Ok(json::parse(bytes)?)
}

/// Reads the body of a command as it stands there; `None` for an empty one.
///
/// # Errors
/// 413, 408, 415.
pub(super) async fn command_text<'a>(
    state: &'a State,
    request: &HttpRequest,
    payload: Payload,
) -> Result<Option<Body<'a>>, Refusal> {
    let body = read(state, request, payload, COMMAND_BYTES_MAX).await?;
    if body.as_bytes().iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    if media_type(request)? == MediaType::Ndjson {
        return Err(Refusal::new(
            Kind::UnsupportedMediaType,
            "the body says it is NDJSON; this takes one JSON object with `Content-Type: application/json`",
        ));
    }
    Ok(Some(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_beyond_the_budget_are_refused_until_others_are_done() {
        let budget = BodyBudget::default();
        let body = || Body {
            bytes: Bytes::new(),
            budget: &budget,
            taken: 0,
        };
        let mut first = body();
        first.grow(BODIES_BYTES_MAX).unwrap();
        let mut second = body();
        let refusal = second.grow(1).unwrap_err();
        assert_eq!(refusal.kind, Kind::Busy);
        assert_eq!(
            refusal.detail,
            "too many large bodies are being read at once; try again in 1 s"
        );
        drop((first, second));
        body().grow(BODIES_BYTES_MAX).unwrap();
        assert_eq!(budget.taken.load(Ordering::Relaxed), 0);
    }
}
