//! Dead letters by cause: a few groups to decide about.

use ratatui::layout::Rect;

use super::format;
use super::paint::Pen;
use super::rows::{Title, column, fetch_error, listing, right, sorted};
use super::table::Column;
use crate::api::dead::DeadCauseView;
use crate::console::actions::Place;
use crate::console::app::listing::Listing;
use crate::console::app::model::Model;
use crate::console::app::msg::Now;
use crate::console::theme::Role;
use crate::domain::limits::DEAD_OF_CAUSE_COUNTED_MAX;

pub(super) const COLUMNS: [Column; 6] = [
    right("COUNT", 8, 0),
    column("CAUSE", 28, 90, 0),
    column("ENDPOINT", 14, 32, 1),
    column("LAST", 8, 8, 2),
    column("NOW", 10, 10, 1),
    column("ID", 12, 12, 3),
];

const NONE: [&str; 2] = [
    "No dead letters.",
    "What is given up after its last retry is listed here, by cause.",
];

/// Draws it.
pub(super) fn draw(
    pen: &mut Pen<'_>,
    model: &Model,
    now: Now,
    list: &Listing<DeadCauseView>,
    area: Rect,
) {
    let mut title = Title::new(area);
    title.put(pen, area.width, "Dead letters", Role::Strong);
    title.put(pen, area.width, "by cause", Role::Muted);
    let causes = list.items.len() as u64;
    if causes > 0 {
        let counted: u64 = list.items.iter().map(|cause| cause.dead).sum();
        let word = if causes == 1 { "cause" } else { "causes" };
        // Of the past not all that changed since may have been looked at.
        let least = if list.fetched.cut { "at least " } else { "" };
        let text = format!(
            "{least}{} of {} {word}",
            format::count(counted),
            format::count(causes)
        );
        title.put(pen, area.width, &text, Role::Text);
    }
    if let Some(since) = list.fetched.kept_since {
        let since = pen.skin().times.day_and_minute(now.wall, since);
        let text = format!("of what was made since {since}");
        title.put(pen, area.width, &text, Role::Muted);
    }
    sorted(pen, &mut title, list.sorting);
    fetch_error(pen, &mut title, &list.fetched);
    listing(
        pen,
        model,
        list,
        area,
        (Place::Dead, &NONE),
        &|pen, cause, column| cell(pen, now, cause, column),
    );
}

/// What a cause is called.
pub(crate) fn name(cause: &DeadCauseView) -> String {
    match &cause.message {
        Some(message) => {
            let class = cause.class.as_deref().unwrap_or_default();
            format::cause(cause.status, class, message)
        }
        None => "a cause that is remembered no longer".to_owned(),
    }
}

fn cell(pen: &Pen<'_>, now: Now, cause: &DeadCauseView, column: &str) -> (String, Role) {
    match column {
        "COUNT" if cause.dead > u64::from(DEAD_OF_CAUSE_COUNTED_MAX) => {
            ("100,000+".to_owned(), Role::StateDead)
        }
        "COUNT" => (format::count(cause.dead), Role::StateDead),
        "CAUSE" => (name(cause), Role::Text),
        "ENDPOINT" => (endpoints(cause), Role::Text),
        "LAST" => {
            let at = cause
                .last_seen
                .map(|at| pen.skin().times.near(now.wall, at));
            (at.unwrap_or_else(|| "-".to_owned()), Role::Muted)
        }
        "NOW" => standing(pen, cause),
        _ => (cause.id.clone(), Role::Muted),
    }
}

fn endpoints(cause: &DeadCauseView) -> String {
    let name = cause.endpoint_name.clone();
    let id = || {
        cause
            .endpoint_id
            .map_or_else(|| "-".to_owned(), |id| id.to_string())
    };
    let one = name.unwrap_or_else(id);
    match cause.endpoints {
        0 | 1 => one,
        more => format!("{one} +{}", more - 1),
    }
}

/// Whether a replay has a chance: have the endpoints that failed so had a success since?
fn standing(pen: &Pen<'_>, cause: &DeadCauseView) -> (String, Role) {
    let skin = pen.skin();
    match (cause.succeeding_now, cause.succeeding) {
        // Nothing tells it of the past.
        (_, None) => ("-".to_owned(), Role::Muted),
        (Some(true), _) => (format!("{} ok now", skin.glyph("✓", ".")), Role::StateOk),
        (_, Some(0)) => (
            format!("{} failing", skin.glyph("✗", "x")),
            Role::StateFailed,
        ),
        (_, Some(succeeding)) => {
            let glyph = skin.glyph("↻", "~");
            let text = format!("{glyph} {succeeding} of {}", cause.endpoints);
            (text, Role::StateRetrying)
        }
    }
}
