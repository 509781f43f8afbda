//! What a row leads to: a delivery, its endpoint's or its cause's deliveries, a replay.

use super::changes::no_row;
use super::deliveries::Deliveries;
use super::fetches::{fetch_detail, fetch_newest};
use super::inspector::Inspector;
use super::listing::Listing;
use super::model::{Level, Model, Screen};
use super::msg::{Cmd, Now};
use super::pulse::Row;
use crate::api::dead::DeadCauseView;
use crate::console::actions::{ActionId, Stepping};

pub(super) fn open(model: &mut Model, now: Now) -> Vec<Cmd> {
    let past = model.data.rewound.is_some();
    let (filter, title) = match model.screen_mut() {
        Screen::Pulse(_) => return open_row(model, now),
        Screen::Deliveries(list) => {
            list.hold();
            let Some(known) = list.selected().cloned() else {
                return Vec::new();
            };
            let id = model.new_screen_id();
            model.push(Screen::Inspector(Box::new(Inspector::new(id, known))));
            return fetch_detail(model, id);
        }
        Screen::Endpoints(_) => return deliveries_of_endpoint(model, now),
        Screen::Inspector(_) | Screen::Audit(_) | Screen::Log(_) => return Vec::new(),
        Screen::Dead(list) => {
            let Some(cause) = list.selected() else {
                return no_row(model, now);
            };
            let words = crate::console::view::dead::name(cause);
            let filter = match past {
                true => died_so(cause),
                false => format!("state:dead cause:{}", cause.id),
            };
            (filter, words)
        }
        Screen::Replays(list) => {
            let Some(replay) = list.selected() else {
                return no_row(model, now);
            };
            if past {
                return of_now_only(model, now);
            }
            (format!("replay:{}", replay.id), replay.id.to_string())
        }
        Screen::Events(list) => {
            let Some(event) = list.selected() else {
                return no_row(model, now);
            };
            (format!("event:{}", event.id), event.id.to_string())
        }
    };
    open_deliveries(model, now, filter, title)
}

/// Which deliveries a replay had put to work is asked by a filter that is of now only.
fn of_now_only(model: &mut Model, now: Now) -> Vec<Cmd> {
    let live = model.key(ActionId::Rewind(Stepping::Live));
    let text = format!("its deliveries of then cannot be asked for: {live} goes back to now");
    model.tell(now, Level::Info, text);
    Vec::new()
}

/// A filter of what was dead of a cause, as near as one that is asked of the past can say: of causes nothing is kept.
fn died_so(cause: &DeadCauseView) -> String {
    let class = cause.class.as_ref().map(|class| format!(" class:{class}"));
    let status = cause.status.map(|status| format!(" status:{status}"));
    let (class, status) = (class.unwrap_or_default(), status.unwrap_or_default());
    format!("state:dead{class}{status}")
}

/// What a row of the first view leads to.
fn open_row(model: &mut Model, now: Now) -> Vec<Cmd> {
    match model.pulse_row() {
        None => no_row(model, now),
        Some(Row::Endpoint(_)) => deliveries_of_endpoint(model, now),
        Some(Row::Cause(_)) => deliveries_of_cause(model, now),
        Some(Row::Replay(replay)) => {
            let id = model.new_screen_id();
            let mut list = Listing::new(id);
            list.cursor = Some(replay);
            model.push(Screen::Replays(Box::new(list)));
            fetch_newest(model, now, id)
        }
    }
}

/// A list of deliveries of their own upon the others.
pub(super) fn open_deliveries(
    model: &mut Model,
    now: Now,
    filter: String,
    title: String,
) -> Vec<Cmd> {
    let id = model.new_screen_id();
    let list = Deliveries::new(id, filter, Some(title));
    model.push(Screen::Deliveries(Box::new(list)));
    fetch_newest(model, now, id)
}

pub(super) fn deliveries_of_endpoint(model: &mut Model, now: Now) -> Vec<Cmd> {
    let delivery = model.selected_delivery();
    let of_delivery = delivery.map(|row| (row.endpoint_id, row.endpoint_name.clone()));
    let of_list = model
        .selected_endpoint()
        .map(|endpoint| (endpoint.id, endpoint.name.clone()));
    let Some((endpoint, name)) = of_delivery.or(of_list) else {
        return no_row(model, now);
    };
    let title = name.unwrap_or_else(|| endpoint.to_string());
    open_deliveries(model, now, format!("ep:{endpoint}"), title)
}

/// The dead deliveries of all causes in one list.
pub(super) fn ungrouped(model: &mut Model, now: Now) -> Vec<Cmd> {
    let (filter, title) = ("state:dead", "dead letters");
    open_deliveries(model, now, filter.to_owned(), title.to_owned())
}

pub(super) fn deliveries_of_cause(model: &mut Model, now: Now) -> Vec<Cmd> {
    let cause = match model.screen() {
        Screen::Pulse(_) => match model.pulse_row() {
            Some(Row::Cause(id)) => Some(id),
            _ => None,
        },
        Screen::Dead(_) if model.data.rewound.is_some() => return open(model, now),
        Screen::Dead(list) => list.selected().map(|cause| cause.id.clone()),
        _ => model.selected_delivery().and_then(|row| row.cause.clone()),
    };
    let Some(cause) = cause else {
        let text = "no cause: the latest attempt did not fail, or nothing is selected";
        model.tell(now, Level::Info, text);
        return Vec::new();
    };
    open_deliveries(
        model,
        now,
        format!("cause:{cause}"),
        format!("cause {cause}"),
    )
}
