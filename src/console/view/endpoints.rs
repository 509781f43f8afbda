//! The list of endpoints, those that need attention first.

use ratatui::layout::Rect;

use super::paint::{self, Pen};
use super::rows::{column, not_fetched, not_here_yet, notes, right, table};
use super::table::Column;
use super::{bell, chart, columns, format, state};
use crate::api::egress::EgressView;
use crate::api::endpoint::EndpointView;
use crate::console::actions::Place;
use crate::console::app::endpoints::Endpoints;
use crate::console::app::model::Model;
use crate::console::app::msg::Now;
use crate::console::app::rung::Belled;
use crate::console::theme::Role;
use crate::domain::certificate::Nearness;

/// The column that is there only while a certificate runs out soon.
const CERT: &str = "CERT";

/// The columns from left to right.
pub(super) const COLUMNS: [Column; 17] = [
    column("NAME", 14, 32, 0),
    column("STATE", 10, 10, 0),
    column(CERT, 4, 4, 0),
    right("OK%/H", 5, 1),
    right("MEAN", 5, 5),
    right("P50", 5, 12),
    right("P95", 5, 8),
    right("BUSY", 4, 8),
    right("PEND", 4, 2),
    right("HELD", 4, 4),
    right("DEAD", 4, 3),
    column("FAILING 1H", 12, 12, 6),
    right("DELIVERED", 9, 8),
    right("NEXT", 8, 9),
    column("CONTRACT", 8, 14, 10),
    column("LAST FAILURE", 14, 60, 7),
    column("URL", 20, 60, 11),
];

/// Draws it.
pub(super) fn draw(pen: &mut Pen<'_>, model: &Model, now: Now, list: &Endpoints, area: Rect) {
    let order = list.order(&model.data.endpoints);
    title(pen, model, list, &order, area);
    let ending = order.iter().any(|endpoint| is_ending(endpoint, now));
    let mut shown = columns::shown(model, Place::Endpoints);
    shown.retain(|column| ending || column.title != CERT);
    let body = Rect {
        y: area.y + 1,
        height: area.height.saturating_sub(1),
        ..area
    };
    let marks = order.iter().skip(list.offset);
    let marks = marks.map(|endpoint| model.bells.mark(Belled::Endpoint(endpoint.id)));
    let rows = order.iter().copied().enumerate().skip(list.offset);
    let behind = table(
        pen,
        body,
        &shown,
        rows,
        list.line(&order),
        &|pen, endpoint, column| cell(pen, now, endpoint, column),
    );
    bell::beside(pen, behind, body, marks);
    if order.is_empty() {
        empty(pen, model, area);
    }
}

fn cell(pen: &Pen<'_>, now: Now, endpoint: &EndpointView, column: &str) -> (String, Role) {
    let health = &endpoint.health;
    let counts = &health.deliveries;
    let number = |number: u64, role: Role| {
        let role = if number > 0 { role } else { Role::Muted };
        (format::short_count(number), role)
    };
    match column {
        "NAME" => {
            let url = || endpoint.url.clone();
            (endpoint.name.clone().unwrap_or_else(url), Role::Text)
        }
        "STATE" => {
            let shown = state::of_endpoint(pen.skin(), endpoint);
            (format!("{} {}", shown.glyph, shown.word), shown.role)
        }
        CERT => certificate(now, endpoint),
        "OK%/H" => (
            format::percent(health.successes_1h, health.attempts_1h),
            Role::Text,
        ),
        "MEAN" => took(health.mean_latency_us_1h),
        "P50" => took(health.latency_us_1h.map(|latency| latency.p50)),
        "P95" => took(health.latency_us_1h.map(|latency| latency.p95)),
        "FAILING 1H" => failing(&health.failing_1h),
        "BUSY" => number(u64::from(health.in_flight), Role::StateInflight),
        "PEND" => number(counts.pending, Role::StateInflight),
        "HELD" => number(counts.held, Role::StatePaused),
        "DEAD" => number(counts.dead, Role::StateDead),
        "DELIVERED" => (format::count(counts.delivered), Role::Muted),
        "NEXT" if matches!(health.breaker.as_str(), "open" | "half-open") => {
            ("breaker".to_owned(), Role::StateDead)
        }
        "NEXT" if health.rate_limited => ("at limit".to_owned(), Role::StatePaused),
        "NEXT" => (
            health
                .next_attempt_at
                .map_or_else(|| "-".to_owned(), |at| pen.skin().times.near(now.wall, at)),
            Role::Muted,
        ),
        "CONTRACT" => (endpoint.contract.clone(), Role::Muted),
        "LAST FAILURE" => last_failure(pen, now, endpoint),
        _ => (endpoint.url.clone(), Role::Muted),
    }
}

/// How long attempts took, in microseconds; of none nothing is known.
fn took(micros: Option<u64>) -> (String, Role) {
    let text = micros.map_or_else(|| "-".to_owned(), format::micros);
    (text, Role::Muted)
}

/// A mark for each five minutes of the last hour: `.` where all went well, up to `@` where half or more failed, nothing
/// where nothing was sent.
fn failing(stretches: &[Option<u8>]) -> (String, Role) {
    let mark = |percent: &Option<u8>| percent.map_or(' ', |percent| chart::warmth(percent.into()));
    let worst = stretches.iter().flatten().max();
    let role = match worst {
        None | Some(0) => Role::Muted,
        Some(1..20) => Role::StateRetrying,
        Some(_) => Role::StateFailed,
    };
    (stretches.iter().map(mark).collect(), role)
}

fn is_ending(endpoint: &EndpointView, now: Now) -> bool {
    let end = endpoint.health.certificate_expires_at;
    end.and_then(|end| Nearness::of(end, now.wall)).is_some()
}

/// The days that are left to a certificate that ends soon.
fn certificate(now: Now, endpoint: &EndpointView) -> (String, Role) {
    let end = endpoint.health.certificate_expires_at;
    let Some(end) = end.filter(|_| is_ending(endpoint, now)) else {
        return ("-".to_owned(), Role::Muted);
    };
    let text = match end.since(now.wall).as_secs() / 86_400 {
        _ if end <= now.wall => "over".to_owned(),
        0 => "<1d".to_owned(),
        days => format!("{days}d"),
    };
    (text, state::certificate_role(end, now.wall, Role::Muted))
}

/// Whom receivers are to let in: all addresses, or how many there are where not all fit; part of one would mislead.
fn egress(egress: &EgressView, room: u16) -> String {
    if egress.addresses.is_empty() {
        return String::new();
    }
    let all = format!("egress {}", egress.addresses.join(", "));
    if paint::columns(&all) <= room {
        return all;
    }
    format!("egress {} addresses", egress.addresses.len())
}

fn last_failure(pen: &Pen<'_>, now: Now, endpoint: &EndpointView) -> (String, Role) {
    let health = &endpoint.health;
    let Some(text) = &health.last_failure else {
        return ("-".to_owned(), Role::Muted);
    };
    let at = health.last_failure_at.map_or_else(String::new, |at| {
        format!("{} ", pen.skin().times.near(now.wall, at))
    });
    let role = if health.consecutive_failures > 0 {
        Role::StateFailed
    } else {
        Role::Muted
    };
    (format!("{at}{text}"), role)
}

fn title(pen: &mut Pen<'_>, model: &Model, list: &Endpoints, order: &[&EndpointView], area: Rect) {
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
        let more = if model.data.endpoints_cut { "+" } else { "" };
        let text = format!("{}{more} {word}", format::count(number as u64));
        x += pen.text(x, area.y, area.right().saturating_sub(x), &text, role) + 2;
    }
    if let Some(by) = list.sorting {
        let room = area.right().saturating_sub(x);
        x += pen.text(x, area.y, room, &by.in_words(), Role::Accent) + 2;
    }
    if let Some(known) = &model.data.egress {
        let room = area.right().saturating_sub(x);
        let text = egress(known, room);
        if !text.is_empty() {
            x += pen.text(x, area.y, room, &text, Role::Muted) + 2;
        }
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

fn empty(pen: &mut Pen<'_>, model: &Model, area: Rect) {
    let body = Rect {
        y: area.y + 2,
        height: area.height.saturating_sub(2),
        ..area
    };
    if !model.data.endpoints_loaded {
        let lines = match &model.data.endpoints_error {
            Some(error) => not_fetched(model, error, body.width),
            None => not_here_yet(model),
        };
        return notes(pen, body, &lines);
    }
    let lines = [
        "No endpoints yet.",
        "hookyard endpoint create URL     makes one",
    ];
    notes(pen, body, &lines);
}

#[cfg(test)]
mod tests {
    use crate::api::stats::QuantilesView;
    use crate::console::app::samples::{connected, press};
    use crate::console::view::tests::screen;

    #[test]
    fn how_long_most_attempts_took_stands_in_a_list_with_room_and_sorts_it() {
        let mut model = connected(false);
        model.fit((160, 24));
        let health = model.data.endpoints.values_mut();
        for (p95, endpoint) in (1..).zip(health) {
            endpoint.health.latency_us_1h = Some(QuantilesView {
                p95: p95 * 1_000,
                ..QuantilesView::default()
            });
        }
        press(&mut model, 0, "3 o");
        assert!(screen(&model, 100).contains(" P95 "));
        press(&mut model, 110, "s");
        let choice = screen(&model, 120);
        let line = choice.lines().rev().find(|line| line.contains("  P95"));
        let before = line.and_then(|line| line.split_once("  P95"));
        let letter = before.and_then(|(before, _)| before.chars().last());
        press(&mut model, 130, &letter.unwrap_or_default().to_string());
        let shown = screen(&model, 200);
        let first = shown.lines().nth(3).unwrap_or_default();
        assert!(first.contains("4ms"), "{shown}");
    }
}
