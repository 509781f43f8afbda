//! The question before something is changed.

use ratatui::layout::Rect;

use super::paint::{Pen, columns, wrap_words};
use crate::console::app::model::Confirm;
use crate::console::theme::Role;
use crate::domain::escape;

/// The widest a question gets.
const WIDTH_MAX: u16 = 64;

/// Draws it in the middle of the screen.
pub(super) fn draw(pen: &mut Pen<'_>, confirm: &Confirm, area: Rect) {
    let width = area.width.saturating_sub(4).min(WIDTH_MAX);
    let inner = width.saturating_sub(4);
    let mut lines: Vec<(String, Role)> = Vec::new();
    let mut add = |text: &str, role: Role| {
        let shown = escape::line(text);
        for line in wrap_words(&shown, inner) {
            lines.push((line, role));
        }
    };
    add(&confirm.question, Role::Strong);
    for consequence in &confirm.consequences {
        add(consequence, Role::Text);
    }
    let height = u16::try_from(lines.len())
        .unwrap_or(u16::MAX)
        .saturating_add(4);
    let height = height.min(area.height);
    let rect = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    pen.clear(rect);
    frame(pen, rect);
    let text_rows = height.saturating_sub(4);
    for (row, (line, role)) in (0..text_rows).zip(&lines) {
        pen.text(rect.x + 2, rect.y + 1 + row, inner, line, *role);
    }
    buttons(pen, confirm, rect);
}

/// A border around an area.
pub(super) fn frame(pen: &mut Pen<'_>, rect: Rect) {
    let skin = pen.skin();
    let side = skin.glyph("│", "|");
    let line = skin
        .glyph("─", "-")
        .repeat(usize::from(rect.width.saturating_sub(2)));
    let top = format!("{}{line}{}", skin.glyph("┌", "+"), skin.glyph("┐", "+"));
    let bottom = format!("{}{line}{}", skin.glyph("└", "+"), skin.glyph("┘", "+"));
    pen.text(rect.x, rect.y, rect.width, &top, Role::BorderFocus);
    for y in rect.y + 1..rect.bottom().saturating_sub(1) {
        pen.text(rect.x, y, 1, side, Role::BorderFocus);
        pen.text(rect.right() - 1, y, 1, side, Role::BorderFocus);
    }
    pen.text(
        rect.x,
        rect.bottom() - 1,
        rect.width,
        &bottom,
        Role::BorderFocus,
    );
}

fn buttons(pen: &mut Pen<'_>, confirm: &Confirm, rect: Rect) {
    let y = rect.bottom().saturating_sub(2);
    let mut x = rect.x + 2;
    for (label, chosen) in [("[n] Cancel", !confirm.yes), ("[y] Do it", confirm.yes)] {
        let marked = if chosen {
            format!("> {label}")
        } else {
            format!("  {label}")
        };
        let role = if chosen { Role::Cursor } else { Role::Text };
        let room = rect.right().saturating_sub(x + 1);
        pen.text(x, y, room, &marked, role);
        x += columns(&marked) + 3;
    }
}
