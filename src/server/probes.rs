//! What machines ask: alive, ready, metrics, the API's description; and a pointer for people at `/`.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::web::Data;
use bytes::Bytes;

use super::caller::Probe;
use super::contract_routes;
use super::metrics as text_format;
use super::problem::{Kind, Refusal};
use super::routes;
use super::state::State;
use crate::api::paths;
use crate::api::problem::Problem;

/// Answers while the process lives.
#[utoipa::path(get, path = paths::HEALTHZ, tag = "service", responses((status = 200, body = String)))]
pub(super) async fn healthz(_: Probe) -> HttpResponse {
    plain("ok\n")
}

/// Answers 200 when the store can be written and due work moves.
#[utoipa::path(get, path = paths::READYZ, tag = "service",
    responses((status = 200, body = String), (status = 503, body = Problem, description = "Says why not.")))]
pub(super) async fn readyz(_: Probe, state: Data<State>) -> Result<HttpResponse, Refusal> {
    let health = state.engine.health().await;
    let mut reasons = Vec::new();
    if let Some(why) = &health.store {
        reasons.push(format!("the store cannot be written: {why}"));
    }
    if let Some(why) = &health.lanes {
        reasons.push(format!("the lanes do not answer: {why}"));
    }
    if health.stalled_for >= crate::engine::Health::STALL_MAX {
        reasons.push(format!(
            "due deliveries have not moved for {} s",
            health.stalled_for.as_secs()
        ));
    }
    if health.draining || state.is_draining() {
        reasons.push("the service is shutting down".to_owned());
    }
    if reasons.is_empty() {
        return Ok(plain("ready\n"));
    }
    Err(Refusal::new(Kind::NotReady, reasons.join("; ")))
}

/// Metrics in the Prometheus text format.
#[utoipa::path(get, path = paths::METRICS, tag = "service", responses((status = 200, body = String)))]
pub(super) async fn metrics(probe: Probe, state: Data<State>) -> Result<HttpResponse, Refusal> {
    probe.whole_service("the metrics count", "use a token without tenant")?;
    let text = text_format::page(&state).await?;
    Ok(HttpResponse::Ok()
        .insert_header((
            CONTENT_TYPE,
            HeaderValue::from_static(text_format::MEDIA_TYPE),
        ))
        .body(text))
}

/// This description, with the routes of the enabled contracts.
#[utoipa::path(get, path = paths::OPENAPI, tag = "service", responses((status = 200, body = serde_json::Value)))]
pub(super) async fn openapi(_: Probe, state: Data<State>) -> Result<HttpResponse, Refusal> {
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, HeaderValue::from_static("application/json")))
        .body(description(&state)?))
}

/// The description as text, made when it is first asked for under the contracts in force.
pub(super) fn description(state: &State) -> Result<Bytes, Refusal> {
    let contracts = state.engine.contracts();
    let kept = state.description.load_full();
    if let Some((of, text)) = kept.as_deref()
        && Arc::ptr_eq(of, &contracts)
    {
        return Ok(text.clone());
    }
    let mut description = routes::description();
    contract_routes::describe(&mut description, &contracts);
    let text = description.to_pretty_json().map_err(|error| {
        Refusal::internal(format!("the description does not serialise: {error}"))
    })?;
    let text = Bytes::from(text);
    let made = Arc::new((contracts, text.clone()));
    state.description.store(Some(made));
    Ok(text)
}

/// For people who open the address in a browser.
pub(super) async fn pointer() -> HttpResponse {
    plain(
        "This is Hookyard, webhook delivery. There is no web console here.\n\
         The console: run `hookyard` on this machine, or `hookyard console --url URL --token-file F` elsewhere.\n\
         The API: /docs describes it for people, /openapi.json for programs.\n",
    )
}

fn plain(text: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((
            CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        ))
        .body(text)
}
