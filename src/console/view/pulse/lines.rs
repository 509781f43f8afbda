//! The window as lines of small bars, and what waits.

use ratatui::layout::Rect;

use super::steps::{Steps, attempts, failing, mean, p95, permille};
use crate::api::stats::{MinuteView, StatsView};
use crate::console::app::looking_back::Window;
use crate::console::app::model::Model;
use crate::console::app::msg::Now;
use crate::console::app::pulse::Pulse;
use crate::console::theme::Role;
use crate::console::view::paint::Pen;
use crate::console::view::rows::Title;
use crate::console::view::{chart, format, spark};

/// Columns of the words before a chart.
const LABEL: u16 = 6;
/// Columns of the words behind it.
const WORDS: u16 = 24;
/// The most columns that the bars of a chart have.
const BARS_MAX: u16 = 60;

/// A chart: its name, its values, how one of a step of so many seconds is told, how it looks, and what it is now.
struct Chart {
    label: &'static str,
    value: fn(&MinuteView) -> u64,
    words: fn(u64, u64) -> String,
    role: Role,
    now: String,
}

/// Draws the lines and gives what is left of the area.
pub(super) fn draw(pen: &mut Pen<'_>, model: &Model, now: Now, pulse: &Pulse, area: Rect) -> Rect {
    let width = area.width.saturating_sub(LABEL + WORDS + 1).min(BARS_MAX);
    let steps = pulse.stats.as_ref();
    let steps = steps.map(|stats| Steps::of(stats.at, &stats.traffic).fitting(width));
    let steps = steps.unwrap_or_default();
    let each = usize::from(chart::columns_each(width, steps.each.len()));
    for (y, chart) in (area.y..area.bottom()).zip(all_charts(model, pulse)) {
        pen.text(area.x, y, LABEL, chart.label, Role::Muted);
        let values = steps.each.iter().map(chart.value);
        let values: Vec<u64> = values.flat_map(|value| vec![value; each]).collect();
        let bars = spark::line(pen.skin(), &values);
        pen.text(area.x + LABEL, y, width, &bars, chart.role);
        let peak = steps.each.iter().max_by_key(|step| (chart.value)(step));
        let text = match peak {
            Some(step) if (chart.value)(step) > 0 => {
                let most = (chart.words)((chart.value)(step), steps.step_s);
                format!(
                    "{:<6} peak {most} {}",
                    chart.now,
                    steps.when(&pen.skin().times, step)
                )
            }
            _ => chart.now,
        };
        let x = area.x + LABEL + width + 1;
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

fn all_charts(model: &Model, pulse: &Pulse) -> [Chart; 3] {
    let latest = model.data.stats.as_deref();
    let latest = latest.filter(|_| model.data.rewound.is_none());
    let made = latest.map_or(0, |stats| stats.traffic.attempts);
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
    let rate = format::rate(made, latest.map_or(60, |stats| stats.traffic.window_s));
    [
        Chart {
            label: "OUT/s",
            value: attempts,
            words: format::rate,
            role: Role::Chart1,
            now: known(rate),
        },
        Chart {
            label: "FAIL%",
            value: failing,
            words: |share, _| permille(share),
            role: Role::StateFailed,
            now: known(format::percent(failed, made)),
        },
        latency(latest, pulse.window),
    ]
}

/// How long attempts took: most of them where that is known step by step, else the mean.
fn latency(latest: Option<&StatsView>, window: Window) -> Chart {
    let traffic = latest.map(|stats| &stats.traffic);
    let (label, value, now): (_, fn(&MinuteView) -> u64, _) = if window.has_quantiles() {
        let quantiles = traffic.and_then(|traffic| traffic.latency_us);
        ("P95", p95, quantiles.map(|latency| latency.p95))
    } else {
        let now = traffic.and_then(|traffic| traffic.mean_latency_us);
        ("MEAN", mean, now)
    };
    let unknown = if latest.is_some() { "-" } else { "" };
    Chart {
        label,
        value,
        words: |micros, _| format::micros(micros),
        role: Role::Chart2,
        now: now.map_or_else(|| unknown.to_owned(), format::micros),
    }
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
    if model.data.rewound.is_some() {
        line.put(pen, area.width, super::UNTOLD, Role::Muted);
        return;
    }
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
