//! The events that were published, newest first.

use ratatui::layout::Rect;

use super::format;
use super::paint::Pen;
use super::rows::{Title, column, fetch_error, listing, loaded, right};
use super::table::Column;
use crate::api::event::{EventView, FanoutView};
use crate::console::actions::Place;
use crate::console::app::listing::Listing;
use crate::console::app::model::Model;
use crate::console::app::msg::Now;
use crate::console::theme::Role;

pub(super) const COLUMNS: [Column; 10] = [
    column("TIME", 12, 12, 0),
    column("TYPE", 18, 40, 0),
    right("FANOUT", 6, 1),
    right("OK", 5, 1),
    right("RTY", 5, 1),
    right("BAD", 5, 1),
    right("SIZE", 6, 3),
    column("TENANT", 8, 20, 5),
    column("KEY", 12, 40, 4),
    column("ID", 17, 17, 2),
];

const NONE: [&str; 2] = [
    "No events yet.",
    "hookyard event publish --type T  publishes one",
];

/// Draws it.
pub(super) fn draw(
    pen: &mut Pen<'_>,
    model: &Model,
    now: Now,
    list: &Listing<EventView>,
    area: Rect,
) {
    let mut title = Title::new(area);
    title.put(pen, area.width, "Events", Role::Strong);
    loaded(pen, &mut title, list);
    fetch_error(pen, &mut title, &list.fetched);
    listing(
        pen,
        model,
        list,
        area,
        (Place::Events, &NONE),
        &|pen, event, column| cell(pen, now, event, column),
    );
}

fn cell(pen: &Pen<'_>, now: Now, event: &EventView, column: &str) -> (String, Role) {
    match column {
        "TIME" => (
            pen.skin().times.exact(now.wall, event.accepted_at),
            Role::Muted,
        ),
        "TYPE" if event.test => (format!("test {}", event.event_type), Role::Muted),
        "TYPE" => (event.event_type.to_string(), Role::Text),
        "FANOUT" => number(event, Role::Text, |all| all.total),
        "OK" => number(event, Role::StateOk, |all| all.delivered),
        "RTY" => number(event, Role::StateRetrying, |all| all.pending),
        "BAD" => number(event, Role::StateDead, |all| all.dead + all.discarded),
        "SIZE" => (format::bytes(event.size), Role::Muted),
        "TENANT" => (event.tenant.clone().unwrap_or_default(), Role::Text),
        "KEY" => {
            let key = event.key.as_ref().map(ToString::to_string);
            (key.unwrap_or_default(), Role::Muted)
        }
        _ => (event.id.to_string(), Role::Muted),
    }
}

/// A number of an event's deliveries, loud where there are any.
fn number(event: &EventView, role: Role, of: impl Fn(&FanoutView) -> u64) -> (String, Role) {
    match event.deliveries.as_ref().map(of) {
        None => ("-".to_owned(), Role::Muted),
        Some(0) => ("0".to_owned(), Role::Muted),
        Some(number) => (format::count(number), role),
    }
}
