//! `/v1/ledger`: where every delivery stands, in all, by day and by endpoint, and whether it adds up.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::answers::{list_refusal, ok};
use super::caller::Caller;
use super::problem::Refusal;
use super::query::Query;
use super::state::State;
use super::views;
use crate::api::ledger::{LedgerDay, LedgerEndpoint, LedgerQuery, LedgerView};
use crate::api::paths;
use crate::api::problem::Problem;
use crate::domain::id::EndpointId;
use crate::domain::ledger::{Counts, DayCounts};
use crate::domain::limits::{LEDGER_DAYS_DEFAULT, LEDGER_DAYS_MAX};
use crate::engine::LedgerReport;

/// Where every delivery stands.
#[utoipa::path(get, path = paths::LEDGER, tag = "service", params(LedgerQuery),
    responses((status = 200, body = LedgerView), (status = 400, body = Problem),
        (status = 403, body = Problem, description = "Also for a token that is confined to a tenant.")))]
pub(super) async fn show(
    caller: Caller,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    caller.whole_service(
        "the ledger is of",
        "its endpoints' deliveries are counted in /v1/endpoints",
    )?;
    let query = Query::of(&request, &["days", "limit", "cursor"])?;
    let days = days(query.text("days"))?;
    let report = state.engine.ledger_report(days, &query.page()?).await;
    let report = report.map_err(list_refusal)?;
    let endpoints = report.endpoints.items.iter();
    let endpoints = endpoints.map(|&(id, counts)| endpoint(&state, id, &counts));
    ok(&LedgerView {
        at: state.clock.now(),
        adds_up: report.adds_up(),
        total: views::counts(&report.total),
        days: report.days.iter().map(day).collect(),
        earlier: views::counts(&report.earlier),
        endpoints: endpoints.collect(),
        gone: views::counts(&report.gone),
        next: next(&report),
    })
}

fn days(text: Option<&str>) -> Result<u32, Refusal> {
    let Some(text) = text else {
        return Ok(LEDGER_DAYS_DEFAULT);
    };
    match text.parse() {
        Ok(days @ 1..=LEDGER_DAYS_MAX) => Ok(days),
        _ => Err(Refusal::bad_query(
            "days",
            format!("{text:?} is not a number of days from 1 to {LEDGER_DAYS_MAX}"),
        )),
    }
}

fn day(day: &DayCounts) -> LedgerDay {
    LedgerDay {
        day: day.day.to_date(),
        counts: views::counts(&day.counts),
    }
}

fn endpoint(state: &State, id: EndpointId, counts: &Counts) -> LedgerEndpoint {
    let known = state.engine.known_endpoint(id);
    LedgerEndpoint {
        id,
        name: known.as_ref().and_then(|endpoint| endpoint.name.clone()),
        status: known
            .map_or("deleted", |endpoint| endpoint.status.as_str())
            .to_owned(),
        counts: views::counts(counts),
    }
}

fn next(report: &LedgerReport) -> Option<String> {
    report.endpoints.next.map(|cursor| cursor.to_string())
}
