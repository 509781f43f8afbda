//! `/v1/endpoints`: create, list, show, change, delete.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::answers::{self, list_refusal, ok};
use super::body;
use super::caller::Caller;
use super::endpoint_facts::{endpoint_view, endpoint_views};
use super::endpoint_input;
use super::masking;
use super::problem::{Kind, Refusal};
use super::query::{Query, path_id};
use super::state::State;
use crate::api::endpoint::{CreateEndpoint, CreatedEndpoint, EndpointView, PatchEndpoint};
use crate::api::page::{Page, PageQuery};
use crate::api::paths;
use crate::api::problem::Problem;
use crate::domain::endpoint::{DisabledReason, Endpoint};
use crate::domain::endpoint_draft::Switch;
use crate::domain::id::EndpointId;
use crate::domain::token::Role;

/// Creates an endpoint. The answer is the only one that shows its secret unasked.
#[utoipa::path(post, path = paths::ENDPOINTS, tag = "endpoints", request_body = CreateEndpoint,
    responses((status = 201, body = CreatedEndpoint), (status = 422, body = Problem)))]
pub(super) async fn create(
    caller: Caller,
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    let wanted: CreateEndpoint = body::command(&state, &request, payload).await?;
    let disabled = (wanted.enabled == Some(false)).then(|| disabled_by(&caller));
    let mut new = endpoint_input::new_endpoint(wanted).map_err(Refusal::invalid)?;
    new.disabled = disabled;
    if let Some(own) = caller.tenant() {
        match &new.tenant {
            Some(tenant) if tenant != own => {
                return Err(Refusal::new(
                    Kind::Forbidden,
                    format!(
                        "this token manages the endpoints of tenant {own} only, not of {tenant}"
                    ),
                ));
            }
            _ => new.tenant = Some(own.clone()),
        }
    }
    let (endpoint, secret) = state.engine.create_endpoint(&caller.actor(), new).await?;
    let created = CreatedEndpoint {
        endpoint: endpoint_view(&state, &endpoint).await,
        secret: secrecy::ExposeSecret::expose_secret(&secret).into(),
    };
    answers::secret(StatusCode::CREATED, &created)
}

/// Lists endpoints, newest first.
#[utoipa::path(get, path = paths::ENDPOINTS, tag = "endpoints", params(PageQuery),
    responses((status = 200, body = Page<EndpointView>), (status = 400, body = Problem)))]
pub(super) async fn list(
    caller: Caller,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    let page = Query::of(&request, &["limit", "cursor"])?.page()?;
    let page = state
        .engine
        .endpoints(caller.tenant().cloned(), page)
        .await
        .map_err(list_refusal)?;
    let mut items = endpoint_views(&state, &page.items).await;
    for view in &mut items {
        masking::endpoint(&caller, view);
    }
    ok(&Page {
        items,
        next: page.next,
        searched: None,
    })
}

/// Shows one endpoint.
#[utoipa::path(get, path = paths::ENDPOINT, tag = "endpoints", params(("id" = String, Path)),
    responses((status = 200, body = EndpointView), (status = 404, body = Problem)))]
pub(super) async fn show(
    caller: Caller,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    let endpoint = visible_endpoint(&caller, &state, path_id(&request)?).await?;
    let mut view = endpoint_view(&state, &endpoint).await;
    masking::endpoint(&caller, &mut view);
    ok(&view)
}

/// Changes an endpoint's settings: absent members stay, `null` goes back to the default.
#[utoipa::path(patch, path = paths::ENDPOINT, tag = "endpoints", params(("id" = String, Path)),
    request_body = PatchEndpoint,
    responses((status = 200, body = EndpointView), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "Somebody else changed it in between."),
        (status = 422, body = Problem)))]
pub(super) async fn patch(
    caller: Caller,
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    let id = path_id(&request)?;
    let wanted: PatchEndpoint = body::command(&state, &request, payload).await?;
    let switch = wanted.enabled.map(|enabled| switch_by(&caller, enabled));
    let settings = PatchEndpoint {
        enabled: None,
        ..wanted
    };
    let changes_settings = settings != PatchEndpoint::default();
    let patch = endpoint_input::patch(settings).map_err(Refusal::invalid)?;
    let mut endpoint = visible_endpoint(&caller, &state, id).await?;
    if changes_settings || switch.is_some() {
        let patch = changes_settings.then_some(patch);
        endpoint = state
            .engine
            .edit_endpoint(&caller.actor(), id, patch, switch)
            .await?;
    }
    ok(&endpoint_view(&state, &endpoint).await)
}

/// Deletes an endpoint; what is pending for it is discarded.
#[utoipa::path(delete, path = paths::ENDPOINT, tag = "endpoints", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub(super) async fn delete(
    caller: Caller,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    let endpoint = visible_endpoint(&caller, &state, path_id(&request)?).await?;
    state
        .engine
        .delete_endpoint(&caller.actor(), endpoint.id)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The endpoint, if the caller may see it.
///
/// # Errors
/// 404 where it does not exist, is deleted, or is another tenant's.
pub(super) async fn visible_endpoint(
    caller: &Caller,
    state: &State,
    id: EndpointId,
) -> Result<Endpoint, Refusal> {
    let endpoint = state.engine.endpoint(id).await?;
    if caller.sees(endpoint.tenant.as_ref()) {
        Ok(endpoint)
    } else {
        Err(Refusal::not_found("endpoint", id))
    }
}

/// Why an endpoint is disabled that this caller disables.
pub(super) fn disabled_by(caller: &Caller) -> DisabledReason {
    if caller.role() == Role::Consumer {
        DisabledReason::Owner
    } else {
        DisabledReason::Operator
    }
}

/// Enabling or disabling in the caller's name: a consumer's as the endpoint's owner.
pub(super) fn switch_by(caller: &Caller, enabled: bool) -> Switch {
    Switch {
        enabled,
        by_owner: caller.role() == Role::Consumer,
    }
}
