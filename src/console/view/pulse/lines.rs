//! The last hour as lines of small bars, and what waits.

use ratatui::layout::Rect;

use super::hour::{self, failing, p95, permille};
use crate::api::stats::MinuteView;
use crate::console::app::model::Model;
use crate::console::app::msg::Now;
use crate::console::app::pulse::Pulse;
use crate::console::theme::Role;
use crate::console::view::paint::Pen;
use crate::console::view::rows::Title;
use crate::console::view::{format, spark};

/// Columns of the words before a chart.
const LABEL: u16 = 6;
/// Columns of the words behind it.
const WORDS: u16 = 24;

/// A chart: its name, its values, how one is told, how it looks, and what it is now.
struct Chart {
    label: &'static str,
    value: fn(&MinuteView) -> u64,
    words: fn(u64) -> String,
    role: Role,
    now: String,
}

/// Draws the lines and gives what is left of the area.
pub(super) fn draw(pen: &mut Pen<'_>, model: &Model, now: Now, pulse: &Pulse, area: Rect) -> Rect {
    let width = area.width.saturating_sub(LABEL + WORDS + 1);
    let hour = pulse
        .stats
        .as_ref()
        .map(|stats| hour::hour(stats.at, &stats.traffic));
    let hour = hour.unwrap_or_default();
    let shown = &hour[hour.len().saturating_sub(usize::from(width))..];
    for (y, chart) in (area.y..area.bottom()).zip(all_charts(model)) {
        pen.text(area.x, y, LABEL, chart.label, Role::Muted);
        let values: Vec<u64> = shown.iter().map(chart.value).collect();
        let bars = spark::line(pen.skin(), &values);
        pen.text(area.x + LABEL, y, width, &bars, chart.role);
        let peak = shown.iter().max_by_key(|minute| (chart.value)(minute));
        let text = match peak {
            Some(minute) if (chart.value)(minute) > 0 => {
                let when = pen.skin().times.of_day(minute.at);
                let most = (chart.words)((chart.value)(minute));
                format!("{:<6} peak {most} {}", chart.now, &when[..5])
            }
            _ => chart.now,
        };
        let x = area.x + LABEL + width.min(60) + 1;
        pen.text(x, y, area.right().saturating_sub(x), &text, Role::Text);
    }
    let [charts, rest] = [area.y + 3, area.y + 4].map(|y| y.min(area.bottom()));
    let line = Rect {
        y: charts,
        height: area.bottom().saturating_sub(charts).min(1),
        ..area
    };
    queue(pen, model, now, pulse, line);
    Rect {
        y: rest,
        height: area.bottom() - rest,
        ..area
    }
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
            value: hour::attempts,
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
            words: permille,
            role: Role::StateFailed,
            now: known(format::percent(failed, attempts)),
        },
        Chart {
            label: "P95",
            value: p95,
            words: format::micros,
            role: Role::Chart2,
            now: latest
                .and_then(|stats| stats.traffic.latency_us)
                .map_or_else(
                    || known("-".to_owned()),
                    |latency| format::micros(latency.p95),
                ),
        },
    ]
}

/// What waits, and when it will have gone out, in the first row of an area.
pub(super) fn queue(pen: &mut Pen<'_>, model: &Model, now: Now, pulse: &Pulse, area: Rect) {
    if area.height == 0 {
        return;
    }
    let y = area.y;
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
        let text = format!("next {}", pen.skin().times.near(now.wall, next));
        line.put(pen, area.width, &text, Role::Muted);
    }
}
