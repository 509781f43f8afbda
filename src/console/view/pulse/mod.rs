//! The first view: a window of time, what needs attention, why attempts fail, and what is under way.

mod lines;
pub(super) mod steps;
#[cfg(test)]
mod tests;
mod wide;

use ratatui::layout::Rect;

use crate::api::cause::CauseView;
use crate::api::endpoint::EndpointView;
use crate::api::replay::ReplayView;
use crate::api::stats::StatsView;
use crate::console::actions::{ActionId, LookingBack};
use crate::console::app::looking_back::Window;
use crate::console::app::model::Model;
use crate::console::app::msg::Now;
use crate::console::app::pane::is_wide;
use crate::console::app::pulse::{Pulse, Row};
use crate::console::app::rung::Belled;
use crate::console::theme::Role;
use crate::console::view::paint::{Pen, Skin, columns};
use crate::console::view::rows::{Title, column, fetch_error, right, table};
use crate::console::view::table::Column;
use crate::console::view::{bell, format, log, replays, state};

/// Of what is not known how it was.
const UNTOLD: &str = "not kept of the past";

/// Columns of endpoints; their figures are of an hour, which is said where the view has another window.
const fn endpoint_columns(window: Window) -> [Column; 7] {
    let title = match window {
        Window::Hour => "NEEDS ATTENTION",
        _ => "NEEDS ATTENTION 1H",
    };
    [
        column(title, 18, 40, 0),
        column("STATE", 11, 11, 0),
        right("FAIL%", 6, 1),
        right("MEAN", 6, 4),
        right("QUEUE", 7, 2),
        right("DEAD", 7, 2),
        column("LAST FAILURE", 14, 60, 3),
    ]
}

/// Columns of the causes of a window.
const fn cause_columns(window: Window) -> [Column; 5] {
    let title = match window.of_causes() {
        Window::Quarter => "CAUSES OF THE LAST 15M",
        Window::Hour => "CAUSES OF THE LAST HOUR",
        Window::SixHours => "CAUSES OF THE LAST 6H",
        Window::Day | Window::Week => "CAUSES OF THE LAST 24H",
    };
    [
        column(title, 30, 90, 0),
        right("COUNT", 8, 0),
        right("ENDPOINTS", 9, 3),
        column("TREND", 9, 9, 2),
        column("SINCE", 8, 8, 1),
    ]
}

/// How far the view looks back, in words.
const fn told(window: Window) -> &'static str {
    match window {
        Window::Quarter => "last 15 minutes by the minute",
        Window::Hour => "last hour by the minute",
        Window::SixHours => "last 6 hours",
        Window::Day => "last 24 hours",
        Window::Week => "last 7 days (UTC), today so far",
    }
}

/// Draws it.
pub(in crate::console::view) fn draw(
    pen: &mut Pen<'_>,
    model: &Model,
    now: Now,
    pulse: &Pulse,
    area: Rect,
) {
    let mut title = Title::new(area);
    title.put(pen, area.width, "Pulse", Role::Strong);
    title.put(pen, area.width, told(pulse.window), Role::Muted);
    let mut words = pulse.stats.as_deref().map(in_words).unwrap_or_default();
    if is_wide(model.size) {
        words.push((windows(model), Role::Muted));
    }
    for (text, role) in words {
        if columns(&text) <= title.room() {
            title.put(pen, area.width, &text, role);
        }
    }
    fetch_error(pen, &mut title, &pulse.fetched);
    let below = Rect {
        y: area.y + 1,
        height: area.height.saturating_sub(1),
        ..area
    };
    let rest = if is_wide(model.size) {
        wide::draw(pen, model, now, pulse, below)
    } else {
        lines::draw(pen, model, now, pulse, below)
    };
    tables(pen, model, now, pulse, rest);
    let trouble = newest_trouble(pen.skin(), model, pulse);
    if let Some((text, role)) = trouble {
        pen.text(rest.x, area.bottom() - 1, rest.width, &text, role);
    }
}

/// What needs attention, why attempts fail, and what is under way.
fn tables(pen: &mut Pen<'_>, model: &Model, now: Now, pulse: &Pulse, area: Rect) {
    let rows = model.list_height();
    let room = pulse.room(&model.data, rows);
    let selected = pulse.selected(&model.data, rows);
    let selected = selected.as_ref();
    let mut y = area.y;
    let mut section = |rows: usize| {
        let lines = u16::try_from(rows).unwrap_or(u16::MAX).saturating_add(1);
        let part = Rect {
            y,
            height: lines.min(area.bottom().saturating_sub(y)),
            ..area
        };
        y += part.height;
        part
    };
    let endpoints = Pulse::endpoints(&model.data);
    let endpoints = &endpoints[..room.endpoints];
    let part = section(room.endpoints.max(1));
    let shown = endpoint_columns(pulse.window);
    of_endpoints(pen, model, now, endpoints, &shown, selected, part);
    let part = section(room.causes.max(1));
    of_causes(pen, model, pulse, now, room.causes, selected, part);
    if room.replays > 0 {
        let part = section(room.replays.saturating_sub(1));
        of_replays(pen, model, &pulse.replays[..room.replays], selected, part);
    }
}

/// The newest of what the service warned of, in its log or by an alert.
fn newest_trouble(skin: &Skin, model: &Model, pulse: &Pulse) -> Option<(String, Role)> {
    if model.data.rewound.is_some() {
        return None;
    }
    let alert = model.data.alerts.back();
    let line = pulse.warning.as_ref();
    let line = line.filter(|line| alert.is_none_or(|alert| alert.at <= line.at));
    let (at, words, role) = match (line, alert) {
        (Some(line), _) => {
            let (level, role) = log::level(skin, line);
            (
                line.at,
                format!("{level} {}: {}", line.part, line.text),
                role,
            )
        }
        (None, Some(alert)) => {
            let words = format!("{}: {}", alert.name, alert.text);
            (alert.at, words, Role::Muted)
        }
        (None, None) => return None,
    };
    Some((format!("LOG   {} {words}", skin.times.of_day(at)), role))
}

/// The keys that change the window, and the windows that there are.
fn windows(model: &Model) -> String {
    let key = |how| model.key(ActionId::Window(how));
    let all: Vec<&str> = Window::ALL.into_iter().map(Window::text).collect();
    let (less, more) = (key(LookingBack::Less), key(LookingBack::More));
    format!("{less} {more} {}", all.join(" "))
}

/// What the window was like beside the charts.
fn in_words(stats: &StatsView) -> Vec<(String, Role)> {
    let mut words = Vec::new();
    if let Some(latency) = stats.traffic.latency_us {
        let text = format!(
            "p50 {} p95 {}",
            format::micros(latency.p50),
            format::micros(latency.p95)
        );
        words.push((text, Role::Text));
    }
    if stats.traffic.attempts > 0 {
        let text = format!(
            "retries {}",
            format::percent(stats.traffic.retries, stats.traffic.attempts)
        );
        words.push((text, Role::Muted));
    }
    if stats.traffic.held_back > 0 {
        let text = format!("rate limits {}", format::count(stats.traffic.held_back));
        words.push((text, Role::Muted));
    }
    words
}

fn of_endpoints(
    pen: &mut Pen<'_>,
    model: &Model,
    now: Now,
    endpoints: &[&EndpointView],
    shown: &[Column],
    selected: Option<&Row>,
    area: Rect,
) {
    let at = endpoints
        .iter()
        .position(|endpoint| Some(&Row::Endpoint(endpoint.id)) == selected);
    let rows = endpoints.iter().copied().enumerate();
    let behind = table(
        pen,
        area,
        shown,
        rows,
        at.unwrap_or(usize::MAX),
        &|pen, endpoint, column| endpoint_cell(pen, now, endpoint, column),
    );
    let marks = endpoints.iter();
    let marks = marks.map(|endpoint| model.bells.mark(Belled::Endpoint(endpoint.id)));
    bell::beside(pen, behind, area, marks);
    if endpoints.is_empty() && area.height > 1 {
        let (text, role) = if model.data.rewound.is_some() {
            (UNTOLD, Role::Muted)
        } else if !model.data.endpoints_loaded {
            ("not known yet", Role::Muted)
        } else if model.data.endpoints.is_empty() {
            (
                "no endpoints yet: hookyard endpoint create URL",
                Role::Muted,
            )
        } else {
            ("nothing: every endpoint is well", Role::StateOk)
        };
        pen.text(area.x + 2, area.y + 1, area.width, text, role);
    }
}

fn endpoint_cell(pen: &Pen<'_>, now: Now, endpoint: &EndpointView, column: &str) -> (String, Role) {
    let health = &endpoint.health;
    let counts = &health.deliveries;
    let loud = |number: u64, role: Role| {
        let role = if number > 0 { role } else { Role::Muted };
        (format::count(number), role)
    };
    match column {
        "STATE" => {
            let shown = state::of_endpoint(pen.skin(), endpoint);
            (format!("{} {}", shown.glyph, shown.word), shown.role)
        }
        "FAIL%" => {
            let failed = health.attempts_1h.saturating_sub(health.successes_1h);
            (format::percent(failed, health.attempts_1h), Role::Text)
        }
        "MEAN" => {
            let mean = health.mean_latency_us_1h.map(format::micros);
            (mean.unwrap_or_else(|| "-".to_owned()), Role::Muted)
        }
        "QUEUE" => loud(counts.pending + counts.held, Role::StateInflight),
        "DEAD" => loud(counts.dead, Role::StateDead),
        "LAST FAILURE" => {
            let at = health.last_failure_at;
            let at = at.map_or_else(String::new, |at| {
                format!("{} ", pen.skin().times.near(now.wall, at))
            });
            let text = health.last_failure.as_deref().unwrap_or("-");
            (format!("{at}{text}"), Role::Muted)
        }
        _ => {
            let name = endpoint.name.clone();
            (name.unwrap_or_else(|| endpoint.url.clone()), Role::Text)
        }
    }
}

fn of_causes(
    pen: &mut Pen<'_>,
    model: &Model,
    pulse: &Pulse,
    now: Now,
    count: usize,
    selected: Option<&Row>,
    area: Rect,
) {
    let causes = &pulse.causes[..count];
    let at = causes
        .iter()
        .position(|cause| matches!(selected, Some(Row::Cause(id)) if *id == cause.id));
    let rows = causes.iter().enumerate();
    table(
        pen,
        area,
        &cause_columns(pulse.window),
        rows,
        at.unwrap_or(usize::MAX),
        &|pen, cause, column| cause_cell(pen, now, cause, column),
    );
    if causes.is_empty() && area.height > 1 {
        let text = if model.data.rewound.is_some() {
            UNTOLD
        } else if pulse.causes_known {
            "none: no attempt failed"
        } else {
            "not known yet"
        };
        pen.text(area.x + 2, area.y + 1, area.width, text, Role::Muted);
    }
}

fn cause_cell(pen: &Pen<'_>, now: Now, cause: &CauseView, column: &str) -> (String, Role) {
    match column {
        "COUNT" => (format::count(cause.failures), Role::Text),
        "ENDPOINTS" => (format::count(cause.endpoints), Role::Muted),
        "TREND" if cause.succeeding_now => ("ok now".to_owned(), Role::StateOk),
        "TREND" => {
            let role = match cause.trend.as_str() {
                "rising" => Role::StateFailed,
                _ => Role::Muted,
            };
            (cause.trend.clone(), role)
        }
        "SINCE" => (
            pen.skin().times.near(now.wall, cause.first_seen),
            Role::Muted,
        ),
        _ => {
            let mark = pen.skin().glyph("✗", "x");
            let name = format::cause(cause.status, &cause.class, &cause.message);
            (format!("{mark} {name}"), Role::Text)
        }
    }
}

fn of_replays(
    pen: &mut Pen<'_>,
    model: &Model,
    replays: &[ReplayView],
    selected: Option<&Row>,
    area: Rect,
) {
    for (y, replay) in (area.top()..area.bottom()).zip(replays) {
        let skin = pen.skin();
        let shown = replays::state_of(skin, replay);
        let counts = replay.counts;
        let counted =
            |number: Option<u64>| number.map_or_else(|| replays::UNTOLD.to_owned(), format::count);
        let mark = model.bells.mark(Belled::Replay(replay.id));
        let mark = mark.map_or_else(String::new, |mark| format!(" {}", bell::glyph(skin, mark)));
        let text = format!(
            "{} {}{mark} {}  {}  ok {} fail {} of {}  {}",
            shown.glyph,
            replay.id,
            shown.word,
            replays::progress(skin, replay, 20),
            counted(counts.map(|counts| counts.delivered)),
            counted(counts.map(|counts| counts.failed)),
            format::count(replay.total),
            format::pace(&replay.rate),
        );
        pen.text(area.x, y, area.width, &text, shown.role);
        if selected == Some(&Row::Replay(replay.id)) {
            let line = Rect {
                y,
                height: 1,
                ..area
            };
            pen.shade(line, Role::Cursor);
        }
    }
}
