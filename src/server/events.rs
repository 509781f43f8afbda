//! `/v1/events`: publishing, and looking back.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::answers::{self, draining, list_refusal, ok};
use super::body::{self, MediaType};
use super::caller::Caller;
use super::deliveries::delivery_page;
use super::past;
use super::problem::{Kind, Refusal};
use super::publish;
use super::query::{Query, path_id};
use super::state::State;
use super::views;
use crate::api::delivery::DeliveryView;
use crate::api::event::{DeliverEvent, EventView, PublishEvent, Published};
use crate::api::page::{Page, PageQuery};
use crate::api::paths;
use crate::api::problem::{InputError, Problem};
use crate::domain::event::NewEvent;
use crate::domain::id::EventId;
use crate::domain::limits::BATCH_BYTES_MAX;
use crate::engine::{self, DeliveryQuery, EngineError, StoredEvent};

/// Publishes one event; it and its deliveries are on disk when 202 is answered.
#[utoipa::path(post, path = paths::EVENTS, tag = "events", request_body = PublishEvent,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes publishing idempotent, like `id`.")),
    responses(
        (status = 202, body = Published),
        (status = 409, body = Problem, description = "The key was used for other content."),
        (status = 413, body = Problem), (status = 422, body = Problem),
        (status = 503, body = Problem, description = "Busy or draining; see Retry-After."),
        (status = 507, body = Problem, description = "The disk is full; nothing was stored."),
    ))]
pub(super) async fn publish(
    caller: Caller,
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    refuse_when_draining(&state)?;
    if body::media_type(&request)? == MediaType::Ndjson {
        return Err(Refusal::new(
            Kind::UnsupportedMediaType,
            "the body says it is NDJSON; this takes one JSON object, /v1/events/batch takes many",
        ));
    }
    let limit = state.options.limits.load().event_bytes_max;
    let body = body::read(&state, &request, payload, limit).await?;
    let event = publish::single(body.as_bytes(), key_of(&request)?, caller.tenant())?;
    drop(body);
    let published = store(&state, vec![event]).await.map_err(of_one)?;
    match published.as_slice() {
        [only] => answers::json(StatusCode::ACCEPTED, &published_view(*only)),
        other => Err(Refusal::internal(format!(
            "one event was published and {} results came back",
            other.len()
        ))),
    }
}

/// Publishes up to 1,000 events, all or none.
#[utoipa::path(post, path = paths::EVENTS_BATCH, tag = "events",
    request_body(content((Vec<PublishEvent> = "application/json"), (String = "application/x-ndjson"))),
    responses(
        (status = 202, body = Vec<Published>, description = "One result for each event, in order."),
        (status = 409, body = Problem), (status = 413, body = Problem),
        (status = 422, body = Problem, description = "Names every bad event; none was stored."),
        (status = 503, body = Problem), (status = 507, body = Problem),
    ))]
pub(super) async fn publish_batch(
    caller: Caller,
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    refuse_when_draining(&state)?;
    body::media_type(&request)?;
    if key_of(&request)?.is_some() {
        return Err(Refusal::invalid_at(
            "",
            "the Idempotency-Key header names one event; in a batch give each event its own id",
        ));
    }
    let body = body::read(&state, &request, payload, BATCH_BYTES_MAX).await?;
    let limit = state.options.limits.load().event_bytes_max;
    let events = publish::batch(body.as_bytes(), limit, caller.tenant())?;
    // The body's share of the budget is kept: the events are as large as it was.
    let published = if events.is_empty() {
        Vec::new()
    } else {
        store(&state, events).await?
    };
    drop(body);
    let views: Vec<Published> = published.into_iter().map(published_view).collect();
    answers::json(StatusCode::ACCEPTED, &views)
}

async fn store(state: &State, events: Vec<NewEvent>) -> Result<Vec<engine::Published>, Refusal> {
    let result = state.engine.publish(events).await;
    if let Err(EngineError::Busy { .. } | EngineError::Full) = &result {
        state.publishes_refused.fetch_add(1, Ordering::Relaxed);
    }
    Ok(result?)
}

/// A refusal of the only event: its members are the body's.
fn of_one(refusal: Refusal) -> Refusal {
    if refusal.errors.is_empty() {
        return refusal;
    }
    let errors = refusal.errors.into_iter().map(|error| InputError {
        pointer: error.pointer.replacen("/0", "", 1),
        detail: error.detail,
    });
    Refusal::invalid(errors.collect())
}

fn refuse_when_draining(state: &State) -> Result<(), Refusal> {
    if state.is_draining() {
        Err(draining())
    } else {
        Ok(())
    }
}

fn key_of(request: &HttpRequest) -> Result<Option<&str>, Refusal> {
    request
        .headers()
        .get("idempotency-key")
        .map(|value| {
            value.to_str().map_err(|_| {
                Refusal::invalid_at(
                    "",
                    "the Idempotency-Key header holds bytes outside of ASCII",
                )
            })
        })
        .transpose()
}

fn published_view(published: engine::Published) -> Published {
    Published {
        id: published.event_id,
        deliveries: published.deliveries,
        duplicate: published.duplicate,
    }
}

/// Lists events, newest first, without their data and with how their deliveries fare; with `at`, those accepted until
/// then.
#[utoipa::path(get, path = paths::EVENTS, tag = "events", params(PageQuery),
    responses((status = 200, body = Page<EventView>), (status = 400, body = Problem)))]
pub(super) async fn list(
    caller: Caller,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    let query = Query::of(&request, &["limit", "cursor", "at"])?;
    let at = past::kept_instant(&query, &state).await?;
    let events = state
        .engine
        .events(caller.tenant().cloned(), at, query.page()?)
        .await
        .map_err(list_refusal)?;
    // A tenant does not see the others' deliveries, and of the past only the events are told.
    let fanouts = if caller.tenant().is_none() && at.is_none() {
        let ids: Vec<EventId> = events.items.iter().map(|event| event.id).collect();
        state.engine.fanouts(&ids).await.map_err(list_refusal)?
    } else {
        BTreeMap::new()
    };
    ok(&answers::page(events, |event| EventView {
        deliveries: fanouts.get(&event.id).map(views::fanout),
        ..views::event_row(&event)
    }))
}

/// Shows one event with its data.
#[utoipa::path(get, path = paths::EVENT, tag = "events", params(("id" = String, Path)),
    responses((status = 200, body = EventView), (status = 404, body = Problem)))]
pub(super) async fn show(
    caller: Caller,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    let stored = visible_event(&caller, &state, path_id(&request)?).await?;
    if stored.payload_gone {
        return ok(&views::event_row(&stored.event));
    }
    ok(&views::event(&stored.event))
}

/// Lists the deliveries that an event became.
#[utoipa::path(get, path = paths::EVENT_DELIVERIES, tag = "events",
    params(("id" = String, Path), PageQuery),
    responses((status = 200, body = Page<DeliveryView>), (status = 404, body = Problem)))]
pub(super) async fn deliveries(
    caller: Caller,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    let page = Query::of(&request, &["limit", "cursor"])?.page()?;
    let stored = visible_event(&caller, &state, path_id(&request)?).await?;
    let query = DeliveryQuery {
        event_id: Some(stored.event.id),
        tenant: caller.tenant().cloned(),
        page,
        ..DeliveryQuery::default()
    };
    ok(&delivery_page(&state, query).await?)
}

/// Sends a stored event to an endpoint that it never reached.
#[utoipa::path(post, path = paths::EVENT_DELIVER, tag = "events", params(("id" = String, Path)),
    request_body = DeliverEvent,
    responses((status = 201, body = DeliveryView), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "It has a delivery there already: replay that.")))]
pub(super) async fn deliver(
    caller: Caller,
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    let id = path_id(&request)?;
    let wanted: DeliverEvent = body::command(&state, &request, payload).await?;
    let stored = visible_event(&caller, &state, id).await?;
    let endpoint = super::endpoints::visible_endpoint(&caller, &state, wanted.endpoint_id).await?;
    let delivery_id = state
        .engine
        .deliver_event(&caller.actor(), stored.event.id, endpoint.id)
        .await?;
    let made = state.engine.delivery(delivery_id).await?;
    answers::json(
        StatusCode::CREATED,
        &views::delivery(&made.delivery, endpoint.name),
    )
}

/// The event, if the caller may see it.
pub(super) async fn visible_event(
    caller: &Caller,
    state: &State,
    id: EventId,
) -> Result<StoredEvent, Refusal> {
    let stored = state.engine.stored_event(id).await?;
    let visible = caller
        .tenant()
        .is_none_or(|own| stored.event.audience.reaches(Some(own)));
    if visible {
        Ok(stored)
    } else {
        Err(Refusal::not_found("event", id))
    }
}
