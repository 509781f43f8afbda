//! What an operator, or an endpoint's owner, does to one endpoint: pause, resume, enable, disable, test, secrets.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use secrecy::{ExposeSecret, SecretString};

use super::answers::{self, ok};
use super::body;
use super::caller::Caller;
use super::deliveries::NoMembers;
use super::endpoint_facts::endpoint_view;
use super::endpoint_input::overlap;
use super::endpoints::{switch_by, visible_endpoint};
use super::problem::Refusal;
use super::query::path_id;
use super::state::State;
use crate::api::endpoint::{EndpointView, PauseBody, RotateBody, SecretShown, TestBody, TestSent};
use crate::api::paths;
use crate::api::problem::Problem;
use crate::domain::endpoint::Endpoint;
use crate::domain::event_type::EventType;
use crate::domain::sign::secret as signing_secret;

/// Holds an endpoint: deliveries are accepted and none is sent, until resumed or until a given time.
#[utoipa::path(post, path = paths::ENDPOINT_PAUSE, tag = "endpoints", params(("id" = String, Path)),
    request_body = PauseBody,
    responses((status = 200, body = EndpointView), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
pub(super) async fn pause(
    caller: Caller,
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    let id = path_id(&request)?;
    let PauseBody { until, reason } = body::command(&state, &request, payload).await?;
    visible_endpoint(&caller, &state, id).await?;
    let endpoint = state
        .engine
        .pause_endpoint(&caller.actor(), id, until, reason)
        .await?;
    ok(&endpoint_view(&state, &endpoint).await)
}

/// Ends a pause.
#[utoipa::path(post, path = paths::ENDPOINT_RESUME, tag = "endpoints", params(("id" = String, Path)),
    responses((status = 200, body = EndpointView), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
pub(super) async fn resume(
    caller: Caller,
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    let id = path_id(&request)?;
    let NoMembers {} = body::command(&state, &request, payload).await?;
    visible_endpoint(&caller, &state, id).await?;
    let endpoint = state.engine.resume_endpoint(&caller.actor(), id).await?;
    ok(&endpoint_view(&state, &endpoint).await)
}

/// Makes deliveries to it again.
#[utoipa::path(post, path = paths::ENDPOINT_ENABLE, tag = "endpoints", params(("id" = String, Path)),
    responses((status = 200, body = EndpointView), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
pub(super) async fn enable(
    caller: Caller,
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    set_enabled(caller, request, payload, state, true).await
}

/// Makes no new deliveries to it and holds what is pending.
#[utoipa::path(post, path = paths::ENDPOINT_DISABLE, tag = "endpoints", params(("id" = String, Path)),
    responses((status = 200, body = EndpointView), (status = 404, body = Problem)))]
pub(super) async fn disable(
    caller: Caller,
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    set_enabled(caller, request, payload, state, false).await
}

async fn set_enabled(
    caller: Caller,
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
    enabled: bool,
) -> Result<HttpResponse, Refusal> {
    let id = path_id(&request)?;
    let NoMembers {} = body::command(&state, &request, payload).await?;
    visible_endpoint(&caller, &state, id).await?;
    let switch = Some(switch_by(&caller, enabled));
    let endpoint = state
        .engine
        .edit_endpoint(&caller.actor(), id, None, switch)
        .await?;
    ok(&endpoint_view(&state, &endpoint).await)
}

/// Sends a test event to this endpoint alone, whatever its filters.
#[utoipa::path(post, path = paths::ENDPOINT_TEST, tag = "endpoints", params(("id" = String, Path)),
    request_body = TestBody,
    responses((status = 202, body = TestSent), (status = 404, body = Problem),
        (status = 422, body = Problem)))]
pub(super) async fn test(
    caller: Caller,
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    let id = path_id(&request)?;
    let TestBody { event_type, data } = body::command(&state, &request, payload).await?;
    let event_type = event_type
        .map(|text| text.parse::<EventType>())
        .transpose()
        .map_err(|error| Refusal::invalid_at("/event_type", error.to_string()))?;
    visible_endpoint(&caller, &state, id).await?;
    let event_id = state
        .engine
        .test_endpoint(&caller.actor(), id, event_type, data)
        .await?;
    answers::json(StatusCode::ACCEPTED, &TestSent { event_id })
}

/// Makes a new secret; the old ones go on signing for the overlap.
#[utoipa::path(post, path = paths::ENDPOINT_ROTATE_SECRET, tag = "endpoints", params(("id" = String, Path)),
    request_body = RotateBody,
    responses((status = 200, body = SecretShown), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn rotate_secret(
    caller: Caller,
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    let id = path_id(&request)?;
    let wanted: RotateBody = body::command(&state, &request, payload).await?;
    let overlap = overlap(wanted.overlap.as_deref())?;
    visible_endpoint(&caller, &state, id).await?;
    let (endpoint, secret) = state
        .engine
        .rotate_secret_to(&caller.actor(), id, overlap, wanted.secret.map(Into::into))
        .await?;
    answers::secret(StatusCode::OK, &shown(&endpoint, &secret)?)
}

/// Shows the newest secret; the audit log notes who looked.
#[utoipa::path(get, path = paths::ENDPOINT_SECRET, tag = "endpoints", params(("id" = String, Path)),
    responses((status = 200, body = SecretShown), (status = 404, body = Problem)))]
pub(super) async fn secret(
    caller: Caller,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    let endpoint = visible_endpoint(&caller, &state, path_id(&request)?).await?;
    let secret = state.engine.secret(&caller.actor(), endpoint.id).await?;
    answers::secret(StatusCode::OK, &shown(&endpoint, &secret)?)
}

/// The newest secret with its value, and the public half of an asymmetric one.
fn shown(endpoint: &Endpoint, secret: &SecretString) -> Result<SecretShown, Refusal> {
    let newest = endpoint.secrets.first().ok_or_else(|| {
        Refusal::internal(format!("endpoint {} has no secret at all", endpoint.id))
    })?;
    let text = secret.expose_secret();
    let public_key = signing_secret::private(text)
        .ok()
        .map(|key| signing_secret::public_text(key.public()));
    Ok(SecretShown {
        id: newest.id,
        secret: text.into(),
        public_key,
    })
}
