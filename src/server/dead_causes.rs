//! `/v1/dead/causes`: dead deliveries by what they died of.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::answers::ok;
use super::caller::Caller;
use super::past;
use super::problem::Refusal;
use super::query::Query;
use super::state::State;
use super::views::{counts, wire_count};
use crate::api::dead::{DeadCauseView, DeadCausesView};
use crate::api::paths;
use crate::api::problem::Problem;
use crate::domain::time::Timestamp;
use crate::engine::{DeadCause, DeadOfCause};

/// Dead deliveries by cause, most of them first; with `at`, those that were dead at that instant, by what they were dead of
/// then.
///
/// What is dead of then is looked for among the 100,000 dead deliveries that one look takes, and among the newest 5,000 of
/// then that replays and persons have moved since; where many were discarded together since, or a replay began under an older
/// version, among the newest 200,000 rows. Where there was more to look at, `limited` says so; since when what was made is all
/// there, `kept_since` does.
#[utoipa::path(get, path = paths::DEAD_CAUSES, tag = "dead letters",
    params(("at" = Option<String>, Query, description = "As it was then: an instant, or how long ago.")),
    responses((status = 200, body = DeadCausesView),
        (status = 400, body = Problem, description = "`at` is in the future, or before what is kept."),
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
    let query = Query::of(&request, &["at"])?;
    if let Some(at) = past::kept_instant(&query, &state).await? {
        return ok(&view_then(&state, at).await?);
    }
    let causes = state.engine.dead_causes().await?;
    ok(&DeadCausesView {
        at: state.clock.now(),
        dead: counts(&state.engine.ledger_total().await?).dead,
        limited: false,
        kept_since: None,
        items: causes.into_iter().map(view).collect(),
    })
}

async fn view_then(state: &State, at: Timestamp) -> Result<DeadCausesView, Refusal> {
    let then = state.engine.dead_causes_then(at).await?;
    let named = |cause| of_then(cause, state);
    Ok(DeadCausesView {
        at,
        dead: then.dead,
        limited: then.limited,
        kept_since: then.kept_since,
        items: then.causes.into_iter().map(named).collect(),
    })
}

fn of_then(cause: DeadOfCause, state: &State) -> DeadCauseView {
    let DeadOfCause { said, of, .. } = cause;
    let latest = of.latest.map(|(_, endpoint)| endpoint);
    let endpoint = latest.and_then(|id| state.engine.known_endpoint(id));
    DeadCauseView {
        id: cause.id.to_string(),
        class: said.as_ref().map(|said| said.class.as_str().to_owned()),
        status: said.as_ref().and_then(|said| said.status),
        message: said.map(|said| said.message),
        dead: of.dead,
        endpoints: wire_count(of.endpoints.len()),
        succeeding: None,
        succeeding_now: None,
        endpoint_id: latest,
        endpoint_name: endpoint.and_then(|endpoint| endpoint.name.clone()),
        first_seen: cause.first_seen,
        last_seen: of.latest.map(|(at, _)| at),
    }
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
        succeeding: Some(cause.succeeding),
        succeeding_now: Some(cause.endpoints > 0 && cause.succeeding == cause.endpoints),
        endpoint_id,
        endpoint_name,
    }
}
