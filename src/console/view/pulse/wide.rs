//! The first view on a wide screen: three charts on the left, what keys act on on the right.

use std::collections::BTreeSet;

use ratatui::layout::Rect;

use super::lines::queue;
use super::steps::{Steps, attempts, failing, mean, permille};
use crate::api::stats::{LATENCY_BOUNDS_US, MinuteView};
use crate::console::app::model::Model;
use crate::console::app::msg::Now;
use crate::console::app::pulse::Pulse;
use crate::console::theme::Role;
use crate::console::view::chart::{Share, Stack};
use crate::console::view::paint::{Pen, columns};
use crate::console::view::{chart, format};

/// What cells of the latencies mean.
const LATENCY_TITLE: &str = "latency: : 1%  + 5%  # 20%  @ 50% of the attempts";
/// The bands of latencies, the quickest first; their bounds are the service's.
const BANDS: [&str; LATENCY_BOUNDS_US.len() + 1] = ["<.1s", ".1-.3s", ".3-1s", "1-5s", ">5s"];
/// How they look: what is slow, not what is frequent, is what an operator looks for.
const BAND_ROLES: [Role; BANDS.len()] = [
    Role::Heat1,
    Role::Heat1,
    Role::Heat2,
    Role::Heat3,
    Role::Heat3,
];
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
    let steps = pulse.stats.as_ref();
    let steps = steps.map(|stats| Steps::of(stats.at, &stats.traffic));
    let steps = steps.unwrap_or_default();
    let steps = steps.fitting(left.width.saturating_sub(AXIS));
    let each = left.height / 3;
    let panel = |index: u16| Rect {
        y: left.y + index * each,
        height: each,
        ..left
    };
    out(pen, &steps, panel(0));
    failures(pen, &steps, panel(1));
    if pulse.window.has_quantiles() {
        latency(pen, &steps, panel(2));
    } else {
        mean_latency(pen, &steps, panel(2));
    }
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

fn out(pen: &mut Pen<'_>, steps: &Steps, area: Rect) {
    let values: Vec<u64> = steps.each.iter().map(attempts).collect();
    let most = values.iter().copied().max().unwrap_or(0);
    let title = match steps.step_s {
        0..=60 => "deliveries per second".to_owned(),
        step_s => format!("deliveries per second, a bar is {}", format::age(step_s)),
    };
    let most_words = format::rate(most, steps.step_s);
    let body = framed(pen, &title, [&most_words, "0"], steps, area);
    chart::bars(pen, body, &values, most, Role::Chart1);
}

fn failures(pen: &mut Pen<'_>, steps: &Steps, area: Rect) {
    let most = steps.each.iter().map(failing).max().unwrap_or(0);
    let body = framed(
        pen,
        "failures by class",
        [&permille(most), "0"],
        steps,
        area,
    );
    let bars: Vec<Stack> = steps.each.iter().map(stack).collect();
    chart::letters(pen, body, &bars, most);
    let seen: BTreeSet<&str> = steps
        .each
        .iter()
        .flat_map(|step| step.failures.keys().map(String::as_str))
        .collect();
    let mut x = area.x + 22;
    for (class, letter, role) in CLASSES {
        if seen.contains(class) {
            let room = area.right().saturating_sub(x);
            x += pen.text(x, area.y, room, &format!("{letter} {class}"), role) + 2;
        }
    }
}

/// A step's failures, as high as their part of its attempts.
fn stack(step: &MinuteView) -> Stack {
    let share = |(class, letter, role): (&str, char, Role)| Share {
        letter,
        role,
        part: step.failures.get(class).copied().unwrap_or(0),
    };
    Stack {
        value: failing(step),
        shares: CLASSES.map(share).to_vec(),
    }
}

/// How long attempts took: a row a band, the quickest at the bottom.
fn latency(pen: &mut Pen<'_>, steps: &Steps, area: Rect) {
    let body = framed(pen, LATENCY_TITLE, ["", ""], steps, area);
    let bands: Vec<&[u64]> = steps.each.iter().map(|step| &*step.latency_bands).collect();
    let rows = chart::heat(pen, body, &bands, &BAND_ROLES);
    for (label, y) in BANDS
        .iter()
        .zip((body.top()..body.bottom()).rev().step_by(rows))
    {
        pen.right(area.x, y, AXIS - 1, label, Role::Muted);
    }
}

/// What is known of longer steps.
fn mean_latency(pen: &mut Pen<'_>, steps: &Steps, area: Rect) {
    let values: Vec<u64> = steps.each.iter().map(mean).collect();
    let most = values.iter().copied().max().unwrap_or(0);
    let title = "latency: bars are the mean, by how long up to 60m only";
    let body = framed(pen, title, [&format::micros(most), "0"], steps, area);
    chart::bars(pen, body, &values, most, Role::Chart2);
}

/// Draws a chart's title, its greatest and least value and its times; gives the area of its bars.
fn framed(
    pen: &mut Pen<'_>,
    title: &str,
    [most, least]: [&str; 2],
    steps: &Steps,
    area: Rect,
) -> Rect {
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
        least,
        Role::Muted,
    );
    let count = steps.each.len();
    let each = usize::from(chart::columns_each(body.width, count));
    let mut free = 0;
    for index in [
        0,
        count / 4,
        count / 2,
        count * 3 / 4,
        count.saturating_sub(1),
    ] {
        let Some(step) = steps.each.get(index) else {
            continue;
        };
        let time = steps.when(&pen.skin().times, step);
        let at = u16::try_from(index * each).unwrap_or(u16::MAX);
        let at = at.min(body.width.saturating_sub(columns(&time)));
        if at >= free {
            pen.text(body.x + at, body.bottom(), 5, &time, Role::Muted);
            free = at + columns(&time) + 1;
        }
    }
    body
}
