//! The first view: the last hour as four lines, what needs attention, why attempts fail, and what is under way.

use std::collections::BTreeMap;

use ratatui::layout::Rect;

use super::paint::{Pen, Skin};
use super::rows::{Title, column, fetch_error, right, table};
use super::table::Column;
use super::{format, log, replays, spark, state};
use crate::api::cause::CauseView;
use crate::api::endpoint::EndpointView;
use crate::api::replay::ReplayView;
use crate::api::stats::{MinuteView, StatsView, TrafficView};
use crate::console::app::model::Model;
use crate::console::app::msg::Now;
use crate::console::app::pulse::{Pulse, Row};
use crate::console::theme::Role;
use crate::domain::time::Timestamp;

/// Columns of the words before a chart.
const LABEL: u16 = 6;
/// Columns of the words behind it.
const WORDS: u16 = 24;

const ENDPOINTS: [Column; 7] = [
    column("NEEDS ATTENTION", 18, 40, 0),
    column("STATE", 11, 11, 0),
    right("FAIL%", 6, 1),
    right("MEAN", 6, 4),
    right("QUEUE", 7, 2),
    right("DEAD", 7, 2),
    column("LAST FAILURE", 14, 60, 3),
];

const CAUSES: [Column; 5] = [
    column("CAUSES OF THE LAST HOUR", 30, 90, 0),
    right("COUNT", 8, 0),
    right("ENDPOINTS", 9, 3),
    column("TREND", 9, 9, 2),
    column("SINCE", 8, 8, 1),
];

/// Draws it.
pub(super) fn draw(pen: &mut Pen<'_>, model: &Model, now: Now, pulse: &Pulse, area: Rect) {
    let mut title = Title::new(area);
    title.put(pen, area.width, "Pulse", Role::Strong);
    title.put(pen, area.width, "last hour by the minute", Role::Muted);
    if let Some(stats) = &pulse.stats {
        for (text, role) in in_words(stats) {
            if super::paint::columns(&text) <= title.room() {
                title.put(pen, area.width, &text, role);
            }
        }
    }
    fetch_error(pen, &mut title, &pulse.fetched);
    charts(pen, model, now, pulse, area);
    let height = usize::from(area.height);
    let room = pulse.room(&model.data, height);
    let selected = pulse.selected(&model.data, height);
    let mut y = area.y + 5;
    let endpoints = Pulse::endpoints(&model.data);
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
    let part = section(room.endpoints.max(1));
    of_endpoints(
        pen,
        model,
        now,
        &endpoints[..room.endpoints],
        selected.as_ref(),
        part,
    );
    let part = section(room.causes.max(1));
    of_causes(pen, pulse, now, room.causes, selected.as_ref(), part);
    if room.replays > 0 {
        let part = section(room.replays.saturating_sub(1));
        of_replays(pen, &pulse.replays[..room.replays], selected.as_ref(), part);
    }
    if y < area.bottom()
        && let Some((text, role)) = newest_trouble(pen.skin(), model, pulse)
    {
        pen.text(area.x, area.bottom() - 1, area.width, &text, role);
    }
}

/// The newest of what the service warned of, in its log or by an alert.
fn newest_trouble(skin: &Skin, model: &Model, pulse: &Pulse) -> Option<(String, Role)> {
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
    Some((format!("LOG   {} {words}", format::time(at)), role))
}

/// What the hour was like beside the charts.
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

/// Minutes of the hour that is shown.
const MINUTES: usize = 60;

/// A chart: its name, its values, how one is told, how it looks, and what it is now.
struct Chart {
    label: &'static str,
    value: fn(&MinuteView) -> u64,
    words: fn(u64) -> String,
    role: Role,
    now: String,
}

fn charts(pen: &mut Pen<'_>, model: &Model, now: Now, pulse: &Pulse, area: Rect) {
    let width = area.width.saturating_sub(LABEL + WORDS + 1);
    let hour = pulse
        .stats
        .as_ref()
        .map(|stats| hour(stats.at, &stats.traffic));
    let hour = hour.unwrap_or_default();
    let shown = &hour[hour.len().saturating_sub(usize::from(width))..];
    for (y, chart) in (area.y + 1..area.bottom()).zip(all_charts(model)) {
        pen.text(area.x, y, LABEL, chart.label, Role::Muted);
        let values: Vec<u64> = shown.iter().map(chart.value).collect();
        let bars = spark::line(pen.skin(), &values);
        pen.text(area.x + LABEL, y, width, &bars, chart.role);
        let peak = shown.iter().max_by_key(|minute| (chart.value)(minute));
        let text = match peak {
            Some(minute) if (chart.value)(minute) > 0 => {
                let when = format::time(minute.at);
                let most = (chart.words)((chart.value)(minute));
                format!("{:<6} peak {most} {}", chart.now, &when[..5])
            }
            _ => chart.now,
        };
        let x = area.x + LABEL + width.min(60) + 1;
        pen.text(x, y, area.right().saturating_sub(x), &text, Role::Text);
    }
    queue(pen, model, now, pulse, area);
}

fn all_charts(model: &Model) -> [Chart; 3] {
    let latest = model.data.stats.as_deref();
    let attempts = latest.map_or(0, |stats| stats.traffic.attempts);
    let failed = latest.map_or(0, |stats| {
        stats
            .traffic
            .attempts
            .saturating_sub(stats.traffic.successes)
    });
    let known = |text: String| {
        if latest.is_some() {
            text
        } else {
            String::new()
        }
    };
    [
        Chart {
            label: "OUT/s",
            value: |minute| minute.attempts,
            words: |attempts| format::rate(attempts, 60),
            role: Role::Chart1,
            now: known(format::rate(
                attempts,
                latest.map_or(60, |stats| stats.traffic.window_s),
            )),
        },
        Chart {
            label: "FAIL%",
            value: failing,
            words: |permille| format!("{}.{}%", permille / 10, permille % 10),
            role: Role::StateFailed,
            now: known(format::percent(failed, attempts)),
        },
        Chart {
            label: "MEAN",
            value: |minute| minute.mean_latency_us.unwrap_or(0),
            words: format::micros,
            role: Role::Chart2,
            now: latest
                .and_then(|stats| stats.traffic.mean_latency_us)
                .map_or_else(|| known("-".to_owned()), format::micros),
        },
    ]
}

/// The last hour, minute by minute; those in which nothing happened are not among the figures.
pub(super) fn hour(now: Timestamp, traffic: &TrafficView) -> Vec<MinuteView> {
    const MINUTE_MS: i64 = 60_000;
    let last = now.as_millis().div_euclid(MINUTE_MS);
    let known: BTreeMap<i64, &MinuteView> = traffic
        .minutes
        .iter()
        .map(|minute| (minute.at.as_millis().div_euclid(MINUTE_MS), minute))
        .collect();
    let first = last + 1 - i64::try_from(MINUTES).unwrap_or(60);
    (first..=last)
        .map(|minute| {
            let quiet = MinuteView {
                at: Timestamp::from_millis(minute * MINUTE_MS),
                ..MinuteView::default()
            };
            known.get(&minute).map_or(quiet, |known| (*known).clone())
        })
        .collect()
}

/// Failures of a thousand attempts.
pub(super) fn failing(minute: &MinuteView) -> u64 {
    let failed = minute.attempts.saturating_sub(minute.successes);
    (failed * 1_000).checked_div(minute.attempts).unwrap_or(0)
}

/// What waits, and when it will have gone out.
fn queue(pen: &mut Pen<'_>, model: &Model, now: Now, pulse: &Pulse, area: Rect) {
    let y = area.y + 4;
    if y >= area.bottom() {
        return;
    }
    pen.text(area.x, y, LABEL, "QUEUE", Role::Muted);
    let mut line = Title::new(Rect {
        x: area.x + LABEL,
        y,
        width: area.width.saturating_sub(LABEL),
        height: 1,
    });
    let ledger = model.data.stats.as_ref().map(|stats| stats.ledger);
    let Some(ledger) = ledger else { return };
    let text = format!("{} pending", format::count(ledger.pending));
    line.put(pen, area.width, &text, Role::Text);
    if ledger.held > 0 {
        let text = format!("{} held", format::count(ledger.held));
        line.put(pen, area.width, &text, Role::StatePaused);
    }
    let Some(outlook) = &pulse.outlook else {
        return;
    };
    let drains = match outlook.drains_in_s {
        _ if outlook.due_now == 0 => String::new(),
        None => format!(
            "{} due and nothing succeeds",
            format::count(outlook.due_now)
        ),
        Some(seconds) => format!(
            "{} due, drains in {}",
            format::count(outlook.due_now),
            format::age(seconds)
        ),
    };
    let role = if outlook.due_now > 0 && outlook.drains_in_s.is_none() {
        Role::LevelWarn
    } else {
        Role::Text
    };
    line.put(pen, area.width, &drains, role);
    if outlook.due_1h > outlook.due_now {
        let text = format!(
            "{} within an hour",
            format::count(outlook.due_1h - outlook.due_now)
        );
        line.put(pen, area.width, &text, Role::Muted);
    }
    if let Some(next) = outlook.next_at {
        let text = format!("next {}", format::near(now.wall, next));
        line.put(pen, area.width, &text, Role::Muted);
    }
}

fn of_endpoints(
    pen: &mut Pen<'_>,
    model: &Model,
    now: Now,
    endpoints: &[&EndpointView],
    selected: Option<&Row>,
    area: Rect,
) {
    let at = endpoints
        .iter()
        .position(|endpoint| Some(&Row::Endpoint(endpoint.id)) == selected);
    let rows = endpoints.iter().copied().enumerate();
    table(
        pen,
        area,
        &ENDPOINTS,
        rows,
        at.unwrap_or(usize::MAX),
        &|pen, endpoint, column| endpoint_cell(pen, now, endpoint, column),
    );
    if endpoints.is_empty() && area.height > 1 {
        let (text, role) = if !model.data.endpoints_loaded {
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
            let at = at.map_or_else(String::new, |at| format!("{} ", format::near(now.wall, at)));
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
        &CAUSES,
        rows,
        at.unwrap_or(usize::MAX),
        &|pen, cause, column| cause_cell(pen, now, cause, column),
    );
    if causes.is_empty() && area.height > 1 {
        let text = if pulse.fetched.loaded {
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
        "SINCE" => (format::near(now.wall, cause.first_seen), Role::Muted),
        _ => {
            let mark = pen.skin().glyph("✗", "x");
            let name = format::cause(cause.status, &cause.class, &cause.message);
            (format!("{mark} {name}"), Role::Text)
        }
    }
}

fn of_replays(pen: &mut Pen<'_>, replays: &[ReplayView], selected: Option<&Row>, area: Rect) {
    for (y, replay) in (area.top()..area.bottom()).zip(replays) {
        let skin = pen.skin();
        let shown = replays::state_of(skin, replay);
        let counts = &replay.counts;
        let text = format!(
            "{} {} {}  {}  ok {} fail {} of {}  {}",
            shown.glyph,
            replay.id,
            shown.word,
            replays::progress(skin, replay, 20),
            format::count(counts.delivered),
            format::count(counts.failed),
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
