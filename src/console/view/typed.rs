//! A line that is being typed in the last but one row of the screen, with what there is to say about it in the last.

use ratatui::layout::{Position, Rect};

use super::paint::{Pen, columns};
use crate::console::app::line::Line;
use crate::console::theme::Role;

/// Draws it behind `name`; gives the place of the cursor.
pub(super) fn draw(
    pen: &mut Pen<'_>,
    name: &str,
    line: &Line,
    (hint, role): (&str, Role),
    area: Rect,
) -> Position {
    let (y, below) = (area.bottom() - 2, area.bottom() - 1);
    pen.clear_prompt();
    let x = area.x + pen.text(area.x, y, area.width, name, Role::Key) + 1;
    let room = area.right().saturating_sub(x);
    // The end is what is being written: what stands before it moves out of the way.
    let (mut before, mut skipped) = (line.before_cursor(), 0);
    while columns(before) + 1 > room {
        let Some(letter) = before.chars().next() else {
            break;
        };
        before = &before[letter.len_utf8()..];
        skipped += letter.len_utf8();
    }
    let shown = line.text().get(skipped..).unwrap_or_default();
    pen.text(x, y, room, shown, Role::Text);
    pen.text(area.x, below, area.width, hint, role);
    Position {
        x: (x + columns(before)).min(area.right().saturating_sub(1)),
        y,
    }
}
