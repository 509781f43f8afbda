//! The list of endpoints, those that need attention first.

use ratatui::layout::Rect;

use super::paint::Pen;
use super::table::{Column, headings, place};
use super::{format, state};
use crate::api::endpoint::EndpointView;
use crate::console::app::endpoints::{Endpoints, by_attention};
use crate::console::app::model::Model;
use crate::console::app::msg::Now;
use crate::console::theme::Role;

const fn column(title: &'static str, width: u16, grows_to: u16, rank: u8) -> Column {
    Column {
        title,
        width,
        grows_to,
        right: false,
        rank,
    }
}

const fn right(title: &'static str, width: u16, rank: u8) -> Column {
    Column {
        right: true,
        ..column(title, width, width, rank)
    }
}

/// The columns from left to right.
const COLUMNS: [Column; 13] = [
    column("NAME", 14, 32, 0),
    column("STATE", 10, 10, 0),
    right("OK%/H", 5, 1),
    right("MEAN", 5, 5),
    right("BUSY", 4, 6),
    right("PEND", 4, 2),
    right("HELD", 4, 4),
    right("DEAD", 4, 3),
    right("DELIVERED", 9, 8),
    right("NEXT", 8, 9),
    column("CONTRACT", 8, 14, 10),
    column("LAST FAILURE", 14, 60, 7),
    column("URL", 20, 60, 11),
];

/// Draws it.
pub(super) fn draw(pen: &mut Pen<'_>, model: &Model, now: Now, list: &Endpoints, area: Rect) {
    let order = by_attention(&model.data.endpoints);
    title(pen, model, &order, area);
    let placed = place(&COLUMNS, area.width);
    headings(pen, &COLUMNS, &placed, area.x, area.y + 1);
    let body = Rect {
        y: area.y + 2,
        height: area.height.saturating_sub(2),
        ..area
    };
    if order.is_empty() {
        empty(pen, model, body);
        return;
    }
    let selected = list.line(&order);
    let rows = order.iter().enumerate().skip(list.offset);
    for (y, (index, endpoint)) in (body.top()..body.bottom()).zip(rows) {
        for column in &placed {
            let (text, role) = cell(pen, now, endpoint, column.index);
            let x = body.x + column.x;
            if COLUMNS[column.index].right {
                pen.right(x, y, column.width, &text, role);
            } else {
                pen.text(x, y, column.width, &text, role);
            }
        }
        if index == selected {
            pen.shade(
                Rect {
                    y,
                    height: 1,
                    ..body
                },
                Role::Cursor,
            );
        }
    }
}

fn cell(pen: &Pen<'_>, now: Now, endpoint: &EndpointView, column: usize) -> (String, Role) {
    let health = &endpoint.health;
    let counts = &health.deliveries;
    let number = |number: u64, role: Role| {
        let role = if number > 0 { role } else { Role::Muted };
        (format::short_count(number), role)
    };
    match COLUMNS[column].title {
        "NAME" => {
            let url = || endpoint.url.clone();
            (endpoint.name.clone().unwrap_or_else(url), Role::Text)
        }
        "STATE" => {
            let shown = state::of_endpoint(pen.skin(), endpoint);
            (format!("{} {}", shown.glyph, shown.word), shown.role)
        }
        "OK%/H" => (
            format::percent(health.successes_1h, health.attempts_1h),
            Role::Text,
        ),
        "MEAN" => (
            health
                .mean_latency_us_1h
                .map_or_else(|| "-".to_owned(), format::micros),
            Role::Muted,
        ),
        "BUSY" => number(u64::from(health.in_flight), Role::StateInflight),
        "PEND" => number(counts.pending, Role::StateInflight),
        "HELD" => number(counts.held, Role::StatePaused),
        "DEAD" => number(counts.dead, Role::StateDead),
        "DELIVERED" => (format::count(counts.delivered), Role::Muted),
        "NEXT" => (
            health
                .next_attempt_at
                .map_or_else(|| "-".to_owned(), |at| format::near(now.wall, at)),
            Role::Muted,
        ),
        "CONTRACT" => (endpoint.contract.clone(), Role::Muted),
        "LAST FAILURE" => last_failure(now, endpoint),
        _ => (endpoint.url.clone(), Role::Muted),
    }
}

fn last_failure(now: Now, endpoint: &EndpointView) -> (String, Role) {
    let health = &endpoint.health;
    let Some(text) = &health.last_failure else {
        return ("-".to_owned(), Role::Muted);
    };
    let at = health
        .last_failure_at
        .map_or_else(String::new, |at| format!("{} ", format::near(now.wall, at)));
    let role = if health.consecutive_failures > 0 {
        Role::StateFailed
    } else {
        Role::Muted
    };
    (format!("{at}{text}"), role)
}

fn title(pen: &mut Pen<'_>, model: &Model, order: &[&EndpointView], area: Rect) {
    let paused = order
        .iter()
        .filter(|endpoint| endpoint.status == "paused")
        .count();
    let disabled = order
        .iter()
        .filter(|endpoint| endpoint.status == "disabled")
        .count();
    let failing = order
        .iter()
        .filter(|endpoint| endpoint.status == "active" && endpoint.health.consecutive_failures > 0)
        .count();
    let mut x = area.x + pen.text(area.x, area.y, area.width, "Endpoints", Role::Strong) + 2;
    for (number, word, role) in [
        (order.len(), "in all", Role::Muted),
        (failing, "failing", Role::StateFailed),
        (paused, "paused", Role::StatePaused),
        (disabled, "disabled", Role::StateDead),
    ] {
        let role = if number > 0 { role } else { Role::Muted };
        let text = format!("{} {word}", format::count(number as u64));
        x += pen.text(x, area.y, area.right().saturating_sub(x), &text, role) + 2;
    }
    if let Some(error) = &model.data.endpoints_error {
        pen.text(
            x,
            area.y,
            area.right().saturating_sub(x),
            error,
            Role::LevelError,
        );
    }
}

fn empty(pen: &mut Pen<'_>, model: &Model, body: Rect) {
    let lines: &[&str] = if model.data.endpoints_loaded {
        &[
            "No endpoints yet.",
            "hookyard endpoint create URL     makes one",
        ]
    } else if model.link.is_up() {
        &["loading"]
    } else {
        &["Not connected yet.", "ctrl-r tries at once; q quits."]
    };
    for (y, line) in (body.y + 1..body.bottom()).zip(lines) {
        pen.text(
            body.x + 2,
            y,
            body.width.saturating_sub(2),
            line,
            Role::Muted,
        );
    }
}
