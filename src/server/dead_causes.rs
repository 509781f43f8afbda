//! `/v1/dead/causes`: dead deliveries by what they died of.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::answers::ok;
use super::caller::Caller;
use super::problem::Refusal;
use super::query::Query;
use super::state::State;
use super::views::counts;
use crate::api::dead::{DeadCauseView, DeadCausesView};
use crate::api::paths;
use crate::api::problem::Problem;
use crate::engine::DeadCause;

/// Dead deliveries by cause, most of them first.
#[utoipa::path(get, path = paths::DEAD_CAUSES, tag = "dead letters",
    responses((status = 200, body = DeadCausesView),
        (status = 403, body = Problem, description = "Also for a token that is confined to a tenant.")))]
pub(super) async fn list(
    caller: Caller,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    caller.whole_service(
        "dead letters concern",
        "list deliveries by state:dead instead",
    )?;
    Query::of(&request, &[])?;
    let causes = state.engine.dead_causes().await?;
    ok(&DeadCausesView {
        at: state.clock.now(),
        dead: counts(&state.engine.ledger_total().await?).dead,
        items: causes.into_iter().map(view).collect(),
    })
}

fn view(cause: DeadCause) -> DeadCauseView {
    let known = cause.known;
    let (endpoint_id, endpoint_name) = cause
        .latest_endpoint
        .map_or((None, None), |(id, name)| (Some(id), name));
    DeadCauseView {
        id: cause.id.to_string(),
        class: known
            .as_ref()
            .map(|known| known.fingerprint.class.as_str().to_owned()),
        status: known.as_ref().and_then(|known| known.fingerprint.status),
        first_seen: known.as_ref().map(|known| known.first_seen),
        last_seen: known.as_ref().map(|known| known.last_seen),
        message: known.map(|known| known.fingerprint.message),
        dead: cause.dead,
        endpoints: cause.endpoints,
        succeeding: cause.succeeding,
        succeeding_now: cause.endpoints > 0 && cause.succeeding == cause.endpoints,
        endpoint_id,
        endpoint_name,
    }
}
