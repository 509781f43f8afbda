//! Notes: the line in which one is written, and those there are in a few words.

use ratatui::layout::{Position, Rect};

use super::format;
use super::paint::{Pen, columns};
use crate::api::note::NotesView;
use crate::console::app::msg::Now;
use crate::console::app::notes::NoteLine;
use crate::console::theme::Role;

/// Draws the line in the last two rows; gives the place of the cursor.
pub(super) fn line(pen: &mut Pen<'_>, note: &NoteLine, area: Rect) -> Position {
    let (y, below) = (area.bottom() - 2, area.bottom() - 1);
    pen.clear_prompt();
    let x = area.x + pen.text(area.x, y, area.width, "note:", Role::Key) + 1;
    let room = area.right().saturating_sub(x);
    // The end is what is being written: what stands before it moves out of the way.
    let (mut before, mut skipped) = (note.line.before_cursor(), 0);
    while columns(before) + 1 > room {
        let Some(letter) = before.chars().next() else {
            break;
        };
        before = &before[letter.len_utf8()..];
        skipped += letter.len_utf8();
    }
    let shown = note.line.text().get(skipped..).unwrap_or_default();
    pen.text(x, y, room, shown, Role::Text);
    let (hint, role) = match note.excess() {
        0 => (
            format!(
                "about {} {}; enter keeps it in the audit log, esc leaves",
                note.noun, note.target
            ),
            Role::Muted,
        ),
        excess => (format!("{excess} characters too many"), Role::LevelWarn),
    };
    pen.text(area.x, below, area.width, &hint, role);
    Position {
        x: (x + columns(before)).min(area.right().saturating_sub(1)),
        y,
    }
}

/// How many there are, and the newest: `2, 14:03:22 bo: told them`; none where there are none.
pub(super) fn in_words(notes: &NotesView, now: Now) -> Option<String> {
    let newest = notes.items.first()?;
    Some(format!(
        "{}, {} {}: {}",
        format::count(notes.count),
        format::near(now.wall, newest.at),
        newest.who,
        newest.note
    ))
}
