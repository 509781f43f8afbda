//! The words that a list is looked through for: at the end of its title, and in the last two rows while they are typed.

use ratatui::layout::{Position, Rect};

use super::format;
use super::paint::{Pen, columns};
use crate::console::app::line::Line;
use crate::console::app::model::Model;
use crate::console::theme::Role;

/// Draws the words in force into the row of the title, with how many of the loaded rows have them.
pub(super) fn badge(pen: &mut Pen<'_>, model: &Model, title: Rect) {
    let Some(sieve) = model.screen().sieve().filter(|sieve| sieve.is_set()) else {
        return;
    };
    let (shown, loaded) = model.screen().counts(&model.data);
    let text = format!(
        " /{}  {} of {} loaded (local)",
        sieve.words(),
        format::count(shown as u64),
        format::count(loaded as u64)
    );
    let width = columns(&text).min(title.width);
    let x = title.right().saturating_sub(width);
    let area = Rect { x, width, ..title };
    pen.clear(area);
    pen.text(x, title.y, width, &text, Role::Match);
    if shown == 0 && loaded > 0 {
        let row = Rect {
            y: title.y + 3,
            ..title
        };
        let text = "No loaded row has these words: esc takes them away.";
        pen.text(
            row.x + 2,
            row.y,
            row.width.saturating_sub(2),
            text,
            Role::Muted,
        );
    }
}

/// Draws the line in which words are typed; gives the place of the cursor.
pub(super) fn line(pen: &mut Pen<'_>, line: &Line, area: Rect) -> Position {
    let (y, note) = (area.bottom() - 2, area.bottom() - 1);
    pen.clear_prompt();
    pen.text(area.x, y, 1, "/", Role::Key);
    let room = area.width.saturating_sub(1);
    pen.text(area.x + 1, y, room, line.text(), Role::Text);
    let hint = "loaded rows with all words and no -word are shown; enter keeps, esc leaves";
    pen.text(area.x + 1, note, room, hint, Role::Muted);
    let x = area.x + 1 + columns(line.before_cursor());
    Position {
        x: x.min(area.right().saturating_sub(1)),
        y,
    }
}
