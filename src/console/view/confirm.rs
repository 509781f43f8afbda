//! The question before something is changed.

use ratatui::layout::Rect;

use super::paint::{Pen, columns, wrap_words};
use super::window::{self, Height};
use crate::console::actions::Inside;
use crate::console::app::model::Confirm;
use crate::console::keys::Within;
use crate::console::theme::Role;
use crate::domain::escape;

/// The widest a question gets.
const WIDTH_MAX: u16 = 64;

/// Draws it in the middle of the screen.
pub(super) fn draw(pen: &mut Pen<'_>, confirm: &Confirm, own: Within<'_>, area: Rect) {
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
    let rect = window::open(pen, area, (width, height), Height::Middle);
    let text_rows = height.saturating_sub(4);
    for (row, (line, role)) in (0..text_rows).zip(&lines) {
        pen.text(rect.x + 2, rect.y + 1 + row, inner, line, *role);
    }
    buttons(pen, confirm, own, rect);
}

fn buttons(pen: &mut Pen<'_>, confirm: &Confirm, own: Within<'_>, rect: Rect) {
    let y = rect.bottom().saturating_sub(2);
    let mut x = rect.x + 2;
    let label = |what, word| format!("[{}] {word}", own.key(what));
    let (no, yes) = (label(Inside::No, "Cancel"), label(Inside::Yes, "Do it"));
    for (label, chosen) in [(no, !confirm.yes), (yes, confirm.yes)] {
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
