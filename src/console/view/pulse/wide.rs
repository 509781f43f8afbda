//! The first view on a wide screen: three charts on the left, what keys act on on the right.

use std::collections::BTreeSet;

use ratatui::layout::Rect;

use super::hour::{MINUTES, attempts, failing, hour, p50, p95, permille};
use super::lines::queue;
use crate::api::stats::MinuteView;
use crate::console::app::model::Model;
use crate::console::app::msg::Now;
use crate::console::app::pulse::Pulse;
use crate::console::theme::Role;
use crate::console::view::chart::{Share, Stack};
use crate::console::view::paint::{Pen, columns};
use crate::console::view::{chart, format};

/// Columns of the figures beside a chart.
const AXIS: u16 = 7;
/// Failure classes with their letters, in the order of the legend.
const CLASSES: [(&str, char, Role); 9] = [
    ("timeout", 'T', Role::Chart1),
    ("status", 'S', Role::Chart2),
    ("connect", 'C', Role::Chart3),
    ("tls", 'L', Role::Chart4),
    ("dns", 'D', Role::Chart5),
    ("protocol", 'P', Role::Chart6),
    ("body", 'B', Role::Chart3),
    ("blocked", 'X', Role::Chart5),
    ("internal", 'I', Role::Chart6),
];

/// Draws the left half and gives the right one.
pub(super) fn draw(pen: &mut Pen<'_>, model: &Model, now: Now, pulse: &Pulse, area: Rect) -> Rect {
    let half = area.width / 2;
    let left = Rect {
        width: half.saturating_sub(1),
        height: area.height.saturating_sub(1),
        ..area
    };
    let minutes = pulse.stats.as_ref();
    let minutes = minutes.map(|stats| hour(stats.at, &stats.traffic));
    let minutes = minutes.unwrap_or_default();
    let each = left.height / 3;
    let panel = |index: u16| Rect {
        y: left.y + index * each,
        height: each,
        ..left
    };
    out(pen, &minutes, panel(0));
    failures(pen, &minutes, panel(1));
    latency(pen, &minutes, panel(2));
    queue(
        pen,
        model,
        now,
        pulse,
        Rect {
            y: left.bottom(),
            height: 1,
            ..left
        },
    );
    let border = pen.skin().glyph("│", "|");
    for y in area.top()..area.bottom() {
        pen.text(left.right(), y, 1, border, Role::Border);
    }
    Rect {
        x: left.right() + 2,
        width: area.right().saturating_sub(left.right() + 2),
        ..area
    }
}

fn out(pen: &mut Pen<'_>, minutes: &[MinuteView], area: Rect) {
    let most = minutes.iter().map(attempts).max().unwrap_or(0);
    let rate = |count| format::rate(count, 60);
    let body = framed(pen, "deliveries per second", &rate(most), minutes, area);
    let values: Vec<u64> = minutes.iter().map(attempts).collect();
    chart::bars(pen, body, &values, most, Role::Chart1);
}

fn failures(pen: &mut Pen<'_>, minutes: &[MinuteView], area: Rect) {
    let most = minutes.iter().map(failing).max().unwrap_or(0);
    let body = framed(pen, "failures by class", &permille(most), minutes, area);
    let bars: Vec<Stack> = minutes.iter().map(stack).collect();
    chart::letters(pen, body, &bars, most);
    let seen: BTreeSet<&str> = minutes
        .iter()
        .flat_map(|minute| minute.failures.keys().map(String::as_str))
        .collect();
    let mut x = area.x + 22;
    for (class, letter, role) in CLASSES {
        if seen.contains(class) {
            let room = area.right().saturating_sub(x);
            x += pen.text(x, area.y, room, &format!("{letter} {class}"), role) + 2;
        }
    }
}

/// A minute's failures, as high as their part of its attempts.
fn stack(minute: &MinuteView) -> Stack {
    let share = |(class, letter, role): (&str, char, Role)| Share {
        letter,
        role,
        part: minute.failures.get(class).copied().unwrap_or(0),
    };
    Stack {
        value: failing(minute),
        shares: CLASSES.map(share).to_vec(),
    }
}

fn latency(pen: &mut Pen<'_>, minutes: &[MinuteView], area: Rect) {
    let most = minutes.iter().map(p95).max().unwrap_or(0);
    let title = "latency: bars are p50, the line is p95";
    let body = framed(pen, title, &format::micros(most), minutes, area);
    let halves: Vec<u64> = minutes.iter().map(p50).collect();
    chart::bars(pen, body, &halves, most, Role::Chart2);
    let tops: Vec<u64> = minutes.iter().map(p95).collect();
    chart::marks(pen, body, &tops, most, Role::Chart4);
}

/// Draws a chart's title, its greatest value and its times; gives the area of its bars.
fn framed(pen: &mut Pen<'_>, title: &str, most: &str, minutes: &[MinuteView], area: Rect) -> Rect {
    pen.text(area.x, area.y, area.width, title, Role::Strong);
    let body = Rect {
        x: area.x + AXIS,
        y: area.y + 1,
        width: area.width.saturating_sub(AXIS),
        height: area.height.saturating_sub(2),
    };
    pen.right(area.x, body.y, AXIS - 1, most, Role::Muted);
    pen.right(
        area.x,
        body.bottom().saturating_sub(1),
        AXIS - 1,
        "0",
        Role::Muted,
    );
    let each = chart::columns_each(body.width, MINUTES);
    for index in [0, 15, 30, 45, 59] {
        let Some(minute) = minutes.get(usize::from(index)) else {
            continue;
        };
        let time = &pen.skin().times.of_day(minute.at)[..5];
        let at = body.x + index * each;
        let at = at.min(body.right().saturating_sub(columns(time)));
        pen.text(at, body.bottom(), 5, time, Role::Muted);
    }
    body
}
