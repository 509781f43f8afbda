//! `/v1/deliveries`: lists, one with its attempts, replay and discard.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use super::answers::{list_refusal, ok, page, searched};
use super::body;
use super::caller::Caller;
use super::masking;
use super::outsider;
use super::past;
use super::problem::{Kind, Refusal};
use super::query::{Query, path_id};
use super::state::{Core, State};
use super::views;
use crate::api::dead::DiscardBody;
use crate::api::delivery::{
    AttemptDetail, CountQuery, DeliveryCount, DeliveryDetail, DeliveryView,
};
use crate::api::page::{Page, PageQuery};
use crate::api::paths;
use crate::api::problem::Problem;
use crate::domain::delivery::Delivery;
use crate::domain::id::DeliveryId;
use crate::domain::token::Role;
use crate::engine::{self, DeliveryQuery};

/// A body without members.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NoMembers {}

/// Lists deliveries by filter, newest first; with `at`, those that there were at that instant, as they were.
///
/// What they were is put together from their attempts, the audit log and replays' plans. Where those leave it open the
/// state is `unknown`, and a reason, a cause or a time of the next attempt that was overwritten is absent. A filter
/// speaks of what they were too; `cause:` and `replay:` are refused, and endpoints are named as they are now.
#[utoipa::path(get, path = paths::DELIVERIES, tag = "deliveries", params(PageQuery),
    responses((status = 200, body = Page<DeliveryView>),
        (status = 400, body = Problem, description = "The filter does not parse; the detail shows where. Or `at` is in the future, \
            or before what is kept.")))]
pub(super) async fn list(
    caller: Caller,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    let query = Query::of(&request, &["limit", "cursor", "filter", "at"])?;
    let at = past::kept_instant(&query, &state).await?;
    let query = DeliveryQuery {
        page: query.page()?,
        ..picked(&caller, &query)
    };
    let Some(at) = at else {
        return ok(&delivery_page(&state, query).await?);
    };
    let then = state.engine.deliveries_then(&query, at).await;
    let then = then.map_err(list_refusal)?;
    ok(&page(then, |then| past::delivery(&then, &state)))
}

/// Counts deliveries by filter: up to 10,000 of them, among as many of the newest as ten pages
/// of them may look at; with `at`, those that there were at that instant, as they were.
#[utoipa::path(get, path = paths::DELIVERIES_COUNT, tag = "deliveries", params(CountQuery),
    responses((status = 200, body = DeliveryCount),
        (status = 400, body = Problem, description = "The filter does not parse; the detail shows where. Or `at` is in the future, \
            or before what is kept.")))]
pub(super) async fn count(
    caller: Caller,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    let query = Query::of(&request, &["filter", "at"])?;
    let at = past::kept_instant(&query, &state).await?;
    let query = picked(&caller, &query);
    let counted = match at {
        Some(at) => state.engine.count_deliveries_then(&query, at).await,
        None => state.engine.count_deliveries(&query).await,
    };
    let counted = counted.map_err(list_refusal)?;
    ok(&DeliveryCount {
        count: counted.count,
        exact: counted.exact,
        looked_at: counted.looked_at,
    })
}

/// The deliveries that the filter of a request picks, of those that the caller sees.
fn picked(caller: &Caller, query: &Query) -> DeliveryQuery {
    let filter = query.text("filter");
    DeliveryQuery {
        filter: filter
            .filter(|filter| !filter.trim().is_empty())
            .map(str::to_owned),
        tenant: caller.tenant().cloned(),
        ..DeliveryQuery::default()
    }
}

/// Shows one delivery with all its attempts and the sentence that says why it stands where it does.
#[utoipa::path(get, path = paths::DELIVERY, tag = "deliveries", params(("id" = String, Path)),
    responses((status = 200, body = DeliveryDetail), (status = 404, body = Problem)))]
pub(super) async fn show(
    caller: Caller,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    let (mut view, name) = visible_delivery(&caller, &state, path_id(&request)?).await?;
    if caller.role() == Role::Consumer {
        view.why = outsider::sentence(&view.attempts, view.why);
        view.attempts.iter_mut().for_each(outsider::redact);
        if let Some(note) = view.note.take() {
            view.why = outsider::without_note(&view.why, &note);
        }
    }
    ok(&DeliveryDetail {
        delivery: views::delivery(&view.delivery, name),
        why: view.why,
        note: view.note,
        history: view.attempts.iter().map(views::attempt).collect(),
    })
}

/// Shows one attempt: the exact request and what came back.
#[utoipa::path(get, path = paths::ATTEMPT, tag = "deliveries",
    params(("id" = String, Path), ("number" = u32, Path, description = "1 for the first attempt.")),
    responses((status = 200, body = AttemptDetail), (status = 404, body = Problem)))]
pub(super) async fn attempt(
    caller: Caller,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    let id: DeliveryId = path_id(&request)?;
    let text = request.match_info().query("number");
    let number = match text.parse() {
        Ok(number) if number > 0 => number,
        _ => {
            return Err(Refusal::new(
                Kind::BadId,
                format!(
                    "{text:?} is not the number of an attempt: expected 1 for the first, 2 for the second"
                ),
            ));
        }
    };
    visible_delivery(&caller, &state, id).await?;
    let mut view = state.engine.attempt(id, number).await?;
    if caller.role() == Role::Consumer {
        outsider::redact(&mut view.attempt);
    }
    let mut detail = views::attempt_detail(&view);
    masking::attempt(&caller, &mut detail);
    ok(&detail)
}

/// Puts a delivery back to work at once with a fresh retry budget.
#[utoipa::path(post, path = paths::DELIVERY_REPLAY, tag = "deliveries", params(("id" = String, Path)),
    responses((status = 200, body = DeliveryView), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
pub(super) async fn replay(
    caller: Caller,
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    let id = path_id(&request)?;
    let NoMembers {} = body::command(&state, &request, payload).await?;
    let (_, name) = visible_delivery(&caller, &state, id).await?;
    let delivery = state.engine.replay_delivery(&caller.actor(), id).await?;
    ok(&views::delivery(&delivery, name))
}

/// Gives a delivery up.
#[utoipa::path(post, path = paths::DELIVERY_DISCARD, tag = "deliveries", params(("id" = String, Path)),
    request_body = DiscardBody,
    responses((status = 200, body = DeliveryView), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn discard(
    caller: Caller,
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    let id = path_id(&request)?;
    let DiscardBody { note } = body::command(&state, &request, payload).await?;
    let (_, name) = visible_delivery(&caller, &state, id).await?;
    let delivery = state
        .engine
        .discard_delivery(&caller.actor(), id, note)
        .await?;
    ok(&views::delivery(&delivery, name))
}

/// A page of deliveries with the names of their endpoints.
///
/// # Errors
/// A filter or cursor that does not read.
pub(super) async fn delivery_page(
    state: &State,
    query: DeliveryQuery,
) -> Result<Page<DeliveryView>, Refusal> {
    let page = state.engine.deliveries(query).await.map_err(list_refusal)?;
    Ok(Page {
        items: with_names(state, &page.items),
        next: page.next,
        searched: page.searched.map(searched),
    })
}

/// Deliveries as the wire shows them, with the names of their endpoints.
pub(super) fn with_names(core: &Core, deliveries: &[Delivery]) -> Vec<DeliveryView> {
    deliveries
        .iter()
        .map(|delivery| {
            let endpoint = core.engine.known_endpoint(delivery.endpoint_id);
            views::delivery(
                delivery,
                endpoint.and_then(|endpoint| endpoint.name.clone()),
            )
        })
        .collect()
}

/// The delivery and its endpoint's name, if the caller may see it.
pub(super) async fn visible_delivery(
    caller: &Caller,
    state: &State,
    id: DeliveryId,
) -> Result<(engine::DeliveryView, Option<String>), Refusal> {
    let view = state.engine.delivery(id).await?;
    let endpoint = state.engine.known_endpoint(view.delivery.endpoint_id);
    let tenant = endpoint
        .as_ref()
        .and_then(|endpoint| endpoint.tenant.as_ref());
    if !caller.sees(tenant) {
        return Err(Refusal::not_found("delivery", id));
    }
    let name = endpoint.and_then(|endpoint| endpoint.name.clone());
    Ok((view, name))
}
