//! What comes of the calls.

use super::acts;
use super::endpoints::ENDPOINTS_MAX;
use super::model::{Dirty, Level, Model};
use super::msg::{Answer, Call, Cmd, Failure, Now, RequestId};
use super::requests::Purpose;
use crate::api::endpoint::EndpointView;
use crate::api::page::Page;
use crate::domain::id::DeliveryId;

/// Takes over an answer, unless nobody waits for it any more.
pub(crate) fn answer(
    model: &mut Model,
    now: Now,
    request: RequestId,
    answer: Result<Answer, Failure>,
) -> Vec<Cmd> {
    let Some(purpose) = model.requests.close(request) else {
        return Vec::new();
    };
    model.soil(Dirty::Soon);
    match answer {
        Ok(answer) => take(model, now, purpose, answer),
        Err(failure) => {
            fail(model, now, purpose, failure.text);
            Vec::new()
        }
    }
}

fn take(model: &mut Model, now: Now, purpose: Purpose, answer: Answer) -> Vec<Cmd> {
    match (purpose, answer) {
        (Purpose::Newest(id), Answer::Deliveries(page)) => {
            if let Some(list) = model.list_mut(id) {
                list.take_newest(page);
            }
        }
        (Purpose::Older(id), Answer::Deliveries(page)) => {
            if let Some(list) = model.list_mut(id) {
                list.take_older(page);
            }
        }
        (Purpose::Detail(id), Answer::Delivery(detail)) => {
            let Some(inspector) = model.inspector_mut(id) else {
                return Vec::new();
            };
            inspector.take_detail(detail);
            let again = inspector.outdated;
            let mut cmds = acts::fetch_exchange(model, id);
            if again {
                cmds.extend(acts::fetch_detail(model, id));
            }
            return cmds;
        }
        (Purpose::Attempt(id, _), Answer::Attempt(exchange)) => {
            if let Some(inspector) = model.inspector_mut(id) {
                inspector.take_exchange(exchange);
            }
        }
        (Purpose::Endpoints(pages), Answer::Endpoints(page)) => {
            return take_endpoints(model, pages, page);
        }
        (Purpose::Stats, Answer::Stats(stats)) => model.data.stats = Some(stats),
        (Purpose::Egress, Answer::Egress(egress)) => model.data.egress = Some(egress),
        (Purpose::Change { what, .. }, Answer::Replayed(delivery)) => {
            model.tell(
                now,
                Level::Info,
                format!("{what}: done, it is {}", delivery.state),
            );
            return changed(model, delivery.id, &delivery);
        }
        (Purpose::Change { what, .. }, Answer::Endpoint(endpoint)) => {
            let text = match endpoint.status.as_str() {
                "paused" => format!("{what}: done, P resumes it"),
                status => format!("{what}: done, it is {status}"),
            };
            model.tell(now, Level::Info, text);
            model.data.endpoints.insert(endpoint.id, *endpoint);
        }
        (purpose, _) => debug_assert!(false, "an answer of another kind for {purpose:?}"),
    }
    Vec::new()
}

/// A delivery was changed by this console: show it at once, and look at all of it again where it is open.
fn changed(
    model: &mut Model,
    id: DeliveryId,
    delivery: &crate::api::delivery::DeliveryView,
) -> Vec<Cmd> {
    for list in model.lists_mut() {
        list.take_change(delivery);
    }
    let open: Vec<_> = model
        .inspectors_mut()
        .filter(|inspector| inspector.delivery_id == id)
        .map(|inspector| {
            inspector.known.clone_from(delivery);
            inspector.id
        })
        .collect();
    open.into_iter()
        .flat_map(|id| acts::fetch_detail(model, id))
        .collect()
}

/// Collects pages of endpoints and takes them all over with the last one, so that the list never shrinks meanwhile.
fn take_endpoints(model: &mut Model, pages: u32, page: Page<EndpointView>) -> Vec<Cmd> {
    if pages == 0 {
        model.data.endpoints_coming.clear();
    }
    let coming = &mut model.data.endpoints_coming;
    coming.extend(
        page.items
            .into_iter()
            .map(|endpoint| (endpoint.id, endpoint)),
    );
    match page.next {
        Some(cursor) if coming.len() < ENDPOINTS_MAX => {
            let call = Call::Endpoints {
                cursor: Some(cursor),
            };
            model
                .call(Purpose::Endpoints(pages + 1), call)
                .into_iter()
                .collect()
        }
        _ => {
            model.data.endpoints = std::mem::take(coming);
            model.data.endpoints_loaded = true;
            model.data.endpoints_error = None;
            Vec::new()
        }
    }
}

fn fail(model: &mut Model, now: Now, purpose: Purpose, text: String) {
    match purpose {
        Purpose::Newest(id) | Purpose::Older(id) => {
            if let Some(list) = model.list_mut(id) {
                list.error = Some(text);
            }
        }
        Purpose::Detail(id) | Purpose::Attempt(id, _) => {
            if let Some(inspector) = model.inspector_mut(id) {
                inspector.error = Some(text);
            }
        }
        Purpose::Endpoints(_) => model.data.endpoints_error = Some(text),
        // The header shows what it has; its age is told by the connection's words.
        Purpose::Stats | Purpose::Egress => {}
        Purpose::Change { what, .. } => {
            model.tell(now, Level::Error, format!("{what}: failed: {text}"));
        }
    }
}
