//! What was sent and what came back, one above the other, beside an inspector's summary.

use ratatui::layout::Rect;

use super::beside::put;
use super::inspector::{request, response};
use super::paint::Pen;
use super::text::Text;
use crate::console::app::inspector::Inspector;
use crate::console::app::model::Model;
use crate::console::theme::Role;

/// Draws both, each at least as high as the other needs it not.
pub(super) fn draw(pen: &mut Pen<'_>, model: &Model, view: &Inspector, area: Rect) {
    let mut sent = Text::new(area.width);
    sent.cuts = view.reading.cuts;
    request(&mut sent, model, view);
    let mut came = Text::new(area.width);
    came.cuts = view.reading.cuts;
    response(&mut came, model, view);
    // A heading each, and an empty row between them.
    let rows = usize::from(area.height.saturating_sub(3));
    let least = rows / 2;
    let below = came
        .lines
        .len()
        .min(rows - sent.lines.len().min(rows - least));
    let above = rows - below;
    let split = u16::try_from(above).unwrap_or(u16::MAX);
    let parts = [
        ("REQUEST", sent, area.y, above),
        ("RESPONSE", came, area.y + split + 2, below),
    ];
    for (title, mut text, y, rows) in parts {
        pen.text(area.x, y, area.width, title, Role::Muted);
        if text.lines.len() > rows {
            text.lines.truncate(rows.saturating_sub(1));
            text.line("… its tab shows all of it", Role::Muted);
        }
        let body = Rect {
            y: y + 1,
            height: u16::try_from(rows).unwrap_or(u16::MAX),
            ..area
        };
        put(pen, &text.lines, body.intersection(area));
    }
}
