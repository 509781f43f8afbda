//! `/v1/horizon`: what goes out in the time to come, what gives up when, and how long backlogs take to drain.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::answers::{list_refusal, ok};
use super::caller::Caller;
use super::problem::Refusal;
use super::query::Query;
use super::state::State;
use crate::api::horizon::{EndpointHorizon, HorizonQuery, HorizonView, OutlookView};
use crate::api::paths;
use crate::api::problem::Problem;
use crate::domain::endpoint::EndpointStatus;
use crate::domain::horizon::{Outlook, RATE_OVER};
use crate::domain::id::EndpointId;
use crate::domain::limits::HORIZONS_SHOWN_DEFAULT;
use crate::engine::EndpointOutlook;

/// What goes out in the time to come.
#[utoipa::path(get, path = paths::HORIZON, tag = "service", params(HorizonQuery),
    responses((status = 200, body = HorizonView), (status = 400, body = Problem), (status = 404, body = Problem),
        (status = 403, body = Problem, description = "Also for a token that is confined to a tenant.")))]
pub(super) async fn show(
    caller: Caller,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    caller.whole_service(
        "the horizon is of",
        "its deliveries in /v1/deliveries say when they are due",
    )?;
    let query = Query::of(&request, &["endpoint", "limit"])?;
    let endpoint = query.text("endpoint").map(parse).transpose()?;
    let limit = query.page()?.limit.unwrap_or(HORIZONS_SHOWN_DEFAULT);
    let horizon = state.engine.horizon(endpoint, limit).await;
    let horizon = horizon.map_err(list_refusal)?;
    ok(&HorizonView {
        at: horizon.at,
        total: outlook(&horizon.total),
        endpoints: horizon.endpoints.iter().map(ahead_of).collect(),
        not_shown: horizon.not_shown,
    })
}

fn parse(text: &str) -> Result<EndpointId, Refusal> {
    let id = text.parse();
    id.map_err(|error| Refusal::bad_query("endpoint", format!("{error}")))
}

fn ahead_of(ahead: &EndpointOutlook) -> EndpointHorizon {
    let endpoint = &ahead.endpoint;
    EndpointHorizon {
        id: endpoint.id,
        name: endpoint.name.clone(),
        status: endpoint.status.as_str().to_owned(),
        paused_until: match &endpoint.status {
            EndpointStatus::Paused { until, .. } => *until,
            _ => None,
        },
        breaker_open_since: endpoint.breaker_open_since,
        outlook: outlook(&ahead.outlook),
        give_up_1h: ahead.give_ups.within_1h,
        give_up_24h: ahead.give_ups.within_24h,
        first_gives_up_at: ahead.give_ups.first_at,
        give_up_left_out: ahead.left_out,
    }
}

fn outlook(outlook: &Outlook) -> OutlookView {
    let [due_now, due_1m, due_5m, due_15m, due_1h, due_6h, due_24h] = outlook.due;
    let delivered = u32::try_from(outlook.delivered).unwrap_or(u32::MAX);
    let per_s = f64::from(delivered) / RATE_OVER.as_secs_f64();
    OutlookView {
        pending: outlook.pending,
        held: outlook.held,
        due_now,
        due_1m,
        due_5m,
        due_15m,
        due_1h,
        due_6h,
        due_24h,
        later: outlook.later(),
        next_at: outlook.next_at,
        delivered_per_s: (per_s * 100.0).round() / 100.0,
        drains_in_s: outlook.drains_in().map(|left| left.as_secs()),
    }
}
