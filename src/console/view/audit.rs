//! The audit log: who did what to what, and what changed by it.

use ratatui::layout::Rect;

use super::format;
use super::paint::Pen;
use super::rows::{Title, column, fetch_error, listing, loaded, right};
use super::table::Column;
use crate::api::audit::AuditEntryView;
use crate::console::actions::Place;
use crate::console::app::listing::Listing;
use crate::console::app::model::Model;
use crate::console::app::msg::Now;
use crate::console::theme::Role;

pub(super) const COLUMNS: [Column; 8] = [
    column("TIME", 8, 8, 0),
    column("WHO", 8, 20, 0),
    column("VIA", 8, 8, 5),
    column("ACTION", 18, 26, 0),
    column("TARGET", 17, 24, 1),
    right("N", 7, 3),
    column("NOTE", 12, 40, 2),
    column("CHANGE", 14, 60, 4),
];

const NONE: [&str; 2] = [
    "Nothing was done yet.",
    "Every change by a person, a token or the service itself is listed here.",
];

/// Draws it.
pub(super) fn draw(
    pen: &mut Pen<'_>,
    model: &Model,
    now: Now,
    list: &Listing<AuditEntryView>,
    area: Rect,
) {
    let mut title = Title::new(area);
    title.put(pen, area.width, "Audit", Role::Strong);
    loaded(pen, &mut title, list);
    fetch_error(pen, &mut title, &list.fetched);
    listing(
        pen,
        model,
        list,
        area,
        (Place::Audit, &NONE),
        &|pen, entry, column| cell(pen, now, entry, column),
    );
}

fn cell(pen: &Pen<'_>, now: Now, entry: &AuditEntryView, column: &str) -> (String, Role) {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    match column {
        "TIME" => (pen.skin().times.near(now.wall, entry.at), Role::Muted),
        "WHO" => (entry.who.clone(), Role::Text),
        "VIA" => (entry.via.clone(), Role::Muted),
        "ACTION" => (entry.what.clone(), Role::Accent),
        "TARGET" => (or_dash(entry.target.clone()), Role::Text),
        "N" => (or_dash(entry.count.map(format::count)), Role::Text),
        "NOTE" => (entry.note.clone().unwrap_or_default(), Role::Text),
        _ => (change(entry), Role::Muted),
    }
}

/// What an entry changed in a line.
pub(super) fn change(entry: &AuditEntryView) -> String {
    let parts: Vec<String> = changes(entry)
        .into_iter()
        .map(|(name, change)| match name.is_empty() {
            true => change,
            false => format!("{name}: {change}"),
        })
        .collect();
    parts.join(", ")
}

/// What an entry changed: each member as it was and as it is since, and what else is known under no name.
pub(super) fn changes(entry: &AuditEntryView) -> Vec<(String, String)> {
    let members = |value: &Option<serde_json::Value>| {
        let object = value.as_ref().and_then(serde_json::Value::as_object);
        object.cloned().unwrap_or_default()
    };
    let (before, after) = (members(&entry.before), members(&entry.after));
    let changed = after.iter().filter_map(|(name, now)| {
        let change = match before.get(name) {
            Some(then) => format!("{then} -> {now}"),
            // Of something new: what was not set is not told.
            None if now.is_null() => return None,
            None => now.to_string(),
        };
        Some((name.clone(), change))
    });
    let detail = entry.detail.as_ref();
    changed
        .chain(detail.map(|detail| (String::new(), detail.to_string())))
        .collect()
}

/// The selected entry in a line.
pub(super) fn about(entry: &AuditEntryView) -> String {
    let from = entry
        .from
        .as_deref()
        .map_or_else(String::new, |from| format!(" from {from}"));
    format!(
        "{} by {} via {}{from}  {}",
        entry.at,
        entry.who,
        entry.via,
        change(entry)
    )
}
