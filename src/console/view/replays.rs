//! The replays: how far each is, and what came of it.

use ratatui::layout::Rect;

use super::paint::{Pen, Skin};
use super::rows::{Title, column, fetch_error, listing, loaded, right};
use super::state::Shown;
use super::table::Column;
use super::{bell, format};
use crate::api::replay::{ReplayCounts, ReplayView};
use crate::console::actions::Place;
use crate::console::app::listing::Listing;
use crate::console::app::model::Model;
use crate::console::app::msg::Now;
use crate::console::app::rung::Belled;
use crate::console::theme::Role;

pub(super) const COLUMNS: [Column; 12] = [
    column("STARTED", 8, 8, 3),
    column("STATE", 11, 11, 0),
    column("PROGRESS", 16, 30, 2),
    right("TOTAL", 7, 0),
    right("OK", 6, 1),
    right("FAIL", 5, 1),
    right("SKIP", 5, 5),
    right("LEFT", 6, 4),
    right("RATE", 6, 6),
    column("WHO", 6, 14, 8),
    column("SELECTION", 12, 60, 7),
    column("NOTE", 8, 40, 9),
];

/// What stands where nothing tells of the past.
pub(super) const UNTOLD: &str = "-";

const NONE: [&str; 2] = [
    "No replays yet.",
    "R plans one: on a cause of dead letters, an endpoint, or a filtered list of deliveries.",
];

/// Draws it.
pub(super) fn draw(
    pen: &mut Pen<'_>,
    model: &Model,
    now: Now,
    list: &Listing<ReplayView>,
    area: Rect,
) {
    let mut title = Title::new(area);
    title.put(pen, area.width, "Replays", Role::Strong);
    let running = list
        .items
        .iter()
        .filter(|replay| replay.state == "running")
        .count();
    if running > 0 {
        let text = format!("{running} running");
        title.put(pen, area.width, &text, Role::StateInflight);
    }
    loaded(pen, &mut title, list);
    fetch_error(pen, &mut title, &list.fetched);
    let behind = listing(
        pen,
        model,
        list,
        area,
        (Place::Replays, &NONE),
        &|pen, replay, column| cell(pen, now, replay, column),
    );
    let marks = list.shown().skip(list.offset);
    let marks = marks.map(|replay| model.bells.mark(Belled::Replay(replay.id)));
    let body = Rect {
        y: area.y + 1,
        height: area.height.saturating_sub(1),
        ..area
    };
    bell::beside(pen, behind, body, marks);
}

/// How a replay is.
pub(super) fn state_of(skin: &Skin, replay: &ReplayView) -> Shown {
    let (unicode, ascii, word, role) = match replay.state.as_str() {
        "running" => ("▸", ">", "running", Role::StateInflight),
        "paused" => ("‖", "=", "paused", Role::StatePaused),
        "stopped" => ("✗", "x", "stopped", Role::StateFailed),
        "finished" if replay.counts.is_some_and(|counts| counts.failed > 0) => {
            ("✓", ".", "finished", Role::StateRetrying)
        }
        "finished" => ("✓", ".", "finished", Role::StateOk),
        "cancelled" => ("-", "-", "cancelled", Role::Muted),
        _ => ("?", "?", "unknown", Role::LevelWarn),
    };
    Shown {
        glyph: skin.glyph(unicode, ascii),
        word,
        role,
    }
}

/// How far it is, as a bar of so many columns with a number behind it; of the past it may not be known.
pub(super) fn progress(skin: &Skin, replay: &ReplayView, width: u16) -> String {
    let Some(counts) = replay.counts else {
        return UNTOLD.to_owned();
    };
    let done = counts.delivered + counts.failed + counts.skipped + counts.cancelled;
    let percent = (done * 100).checked_div(replay.total).unwrap_or(100);
    let cells = u64::from(width.saturating_sub(5));
    let full = usize::try_from(percent * cells / 100).unwrap_or(0);
    let empty = usize::try_from(cells).unwrap_or(0).saturating_sub(full);
    let bar = skin.glyph("█", "#").repeat(full);
    format!("{bar}{} {percent}%", skin.glyph("░", "-").repeat(empty))
}

fn cell(pen: &Pen<'_>, now: Now, replay: &ReplayView, column: &str) -> (String, Role) {
    let loud =
        |number: fn(&ReplayCounts) -> u64, role: Role| match replay.counts.as_ref().map(number) {
            None => (UNTOLD.to_owned(), Role::Muted),
            Some(0) => (format::count(0), Role::Muted),
            Some(number) => (format::count(number), role),
        };
    match column {
        "STARTED" => {
            let at = replay
                .started_at
                .map(|at| pen.skin().times.near(now.wall, at));
            (at.unwrap_or_else(|| "-".to_owned()), Role::Muted)
        }
        "STATE" => {
            let shown = state_of(pen.skin(), replay);
            (format!("{} {}", shown.glyph, shown.word), shown.role)
        }
        "PROGRESS" => (progress(pen.skin(), replay, 16), Role::Text),
        "TOTAL" => (format::count(replay.total), Role::Text),
        "OK" => loud(|counts| counts.delivered, Role::StateOk),
        "FAIL" => loud(|counts| counts.failed, Role::StateDead),
        "SKIP" => loud(|counts| counts.skipped, Role::Text),
        "LEFT" => loud(|counts| counts.waiting + counts.open, Role::StateInflight),
        "RATE" => (format::pace(&replay.rate), Role::Muted),
        "WHO" => (replay.who.clone(), Role::Muted),
        "SELECTION" => (replay.selection.clone(), Role::Text),
        _ => (replay.note.clone().unwrap_or_default(), Role::Muted),
    }
}

/// The selected replay in a sentence.
pub(super) fn about(replay: &ReplayView) -> String {
    if let Some(why) = &replay.why {
        return format!("{}  {why}", replay.id);
    }
    let is_under_way = matches!(replay.state.as_str(), "running" | "paused");
    let (Some(counts), true) = (replay.counts, is_under_way) else {
        return format!("{}  {}", replay.id, replay.selection);
    };
    let mut text = format!(
        "{}  {} waiting, {} under way, {} to go",
        replay.id,
        counts.waiting,
        counts.open,
        replay.eta.as_deref().unwrap_or(UNTOLD)
    );
    if let Some(deferred) = counts.deferred.filter(|deferred| *deferred > 0) {
        text.push_str(&format!(", {deferred} passed over for now"));
    }
    if replay.canary > 0 && replay.canary_done == Some(false) {
        text.push_str(&format!(", waits for its canary of {}", replay.canary));
    }
    text
}
