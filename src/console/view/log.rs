//! The service's own log: when, how bad, which part, what; and what is missing between two lines.

use ratatui::layout::Rect;

use super::format;
use super::paint::{Pen, Skin, columns};
use super::rows::{Title, column, fetch_error, not_fetched, not_here_yet, notes};
use super::table::{Column, headings, place};
use crate::api::log::LogLineView;
use crate::console::actions::{ActionId, Place};
use crate::console::app::log::{Gap, Log, LogRow};
use crate::console::app::model::Model;
use crate::console::app::msg::Now;
use crate::console::theme::Role;

pub(super) const COLUMNS: [Column; 4] = [
    column("TIME", 12, 12, 1),
    column("LEVEL", 7, 7, 0),
    column("PART", 12, 20, 2),
    column("TEXT", 20, u16::MAX, 0),
];

/// Draws it.
pub(super) fn draw(pen: &mut Pen<'_>, model: &Model, now: Now, log: &Log, area: Rect) {
    title(pen, model, log, area);
    let shown = super::columns::shown(model, Place::Log);
    let placed = place(&shown, area.width);
    headings(pen, &shown, &placed, area.x, area.y + 1);
    let body = Rect {
        y: area.y + 2,
        height: area.height.saturating_sub(2),
        ..area
    };
    if log.counts_nothing() {
        return empty(pen, model, now, log, body);
    }
    let rows = log.rows().iter().skip(log.offset);
    for (y, row) in (body.top()..body.bottom()).zip(rows) {
        let line = Rect {
            y,
            height: 1,
            ..body
        };
        match row {
            LogRow::Gap(gap) => gap_row(pen, *gap, line),
            LogRow::Line(key) => {
                for column in &placed {
                    let title = shown[column.index].title;
                    let (text, role) = log.line(*key).map_or_else(
                        || (String::new(), Role::Text),
                        |line| cell(pen.skin(), now, line, title),
                    );
                    pen.text(body.x + column.x, y, column.width, &text, role);
                }
                if log.cursor == Some(*key) {
                    pen.shade(line, Role::Cursor);
                }
            }
        }
    }
}

fn title(pen: &mut Pen<'_>, model: &Model, log: &Log, area: Rect) {
    let mut title = Title::new(area);
    title.put(pen, area.width, "Log", Role::Strong);
    if model.data.rewound.is_some() {
        title.put(pen, area.width, "PAST", Role::LevelWarn);
    } else if log.follows() {
        title.put(pen, area.width, "FOLLOW", Role::StateOk);
    } else {
        let waiting = log.waiting();
        let held = match waiting {
            0 => "HELD".to_owned(),
            _ => format!("HELD +{} new", format::count(waiting)),
        };
        title.put(pen, area.width, &held, Role::StatePaused);
    }
    if let Some(level) = &log.level {
        let text = match &**level {
            "off" => "nothing is written (setting log)".to_owned(),
            level => format!("{level} and worse is written (setting log)"),
        };
        if columns(&text) <= title.room() {
            title.put(pen, area.width, &text, Role::Muted);
        }
    }
    fetch_error(pen, &mut title, &log.fetched);
}

fn empty(pen: &mut Pen<'_>, model: &Model, now: Now, log: &Log, body: Rect) {
    if let Some(error) = &log.fetched.error {
        return notes(pen, body, &not_fetched(model, error, body.width));
    }
    if !log.fetched.loaded {
        return notes(pen, body, &not_here_yet(model));
    }
    if model.data.rewound.is_some() {
        let begins = log.oldest_at.map_or_else(String::new, |at| {
            let told = pen.skin().times.near(now.wall, at);
            format!("What is kept begins at {told}.")
        });
        let lines = ["Of that time no line is kept.", &begins];
        return notes(pen, body, &lines);
    }
    let lines = [
        "The service has written nothing since it was started.",
        "What it writes is decided by its setting log, such as info or info,sqlx=warn.",
    ];
    notes(pen, body, &lines);
}

/// How bad a line is: a glyph before the word, and what it means.
pub(super) fn level(skin: &Skin, line: &LogLineView) -> (String, Role) {
    let (glyph, role) = match line.level.as_str() {
        "error" => (skin.glyph("✗", "x"), Role::LevelError),
        "warn" => ("!", Role::LevelWarn),
        "info" => (skin.glyph("·", "."), Role::LevelInfo),
        _ => (" ", Role::Muted),
    };
    (format!("{glyph} {}", line.level), role)
}

fn cell(skin: &Skin, now: Now, line: &LogLineView, column: &str) -> (String, Role) {
    match column {
        "TIME" => (skin.times.exact(now.wall, line.at), Role::Muted),
        "LEVEL" => level(skin, line),
        "PART" => (line.part.clone(), Role::Accent),
        _ => (line.text.clone(), Role::Text),
    }
}

/// The selected line with what its row has no room for.
pub(super) fn about(model: &Model, line: &LogLineView) -> String {
    let pager = model.key(ActionId::Page);
    format!(
        "{}  {}  line {}  {pager} shows all of it",
        line.at,
        line.target,
        format::count(line.seq)
    )
}

fn gap_row(pen: &mut Pen<'_>, gap: Gap, area: Rect) {
    let mut parts = Vec::new();
    if let Some(at) = gap.started {
        parts.push(format!(
            "the service was started at {}: the end before may be missing",
            pen.skin().times.of_day(at)
        ));
    }
    if gap.lost > 0 {
        let lines = if gap.lost == 1 { "line" } else { "lines" };
        parts.push(format!(
            "{} {lines} not kept any more",
            format::count(gap.lost)
        ));
    }
    if gap.unfetched > 0 {
        let text = format!("{} more to be fetched", format::count(gap.unfetched));
        parts.push(text);
    }
    pen.rule(area.x, area.y, area.width);
    pen.text(
        area.x + 2,
        area.y,
        area.width.saturating_sub(4),
        &format!(" {} ", parts.join(", ")),
        Role::LevelWarn,
    );
}
