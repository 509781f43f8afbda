//! Notes: the line in which one is written, and those there are in a few words.

use ratatui::layout::{Position, Rect};

use super::format;
use super::paint::Pen;
use super::typed;
use crate::api::note::NotesView;
use crate::console::actions::Inside;
use crate::console::app::msg::Now;
use crate::console::app::notes::NoteLine;
use crate::console::keys::Within;
use crate::console::theme::Role;

/// Draws the line in the last two rows; gives the place of the cursor.
pub(super) fn line(pen: &mut Pen<'_>, note: &NoteLine, own: Within<'_>, area: Rect) -> Position {
    let (hint, role) = match note.excess() {
        0 => (
            format!(
                "{} keeps it, {} leaves; in the audit log, about {} {}",
                own.key(Inside::Take),
                own.key(Inside::Leave),
                note.noun,
                note.target
            ),
            Role::Muted,
        ),
        excess => (format!("{excess} characters too many"), Role::LevelWarn),
    };
    typed::draw(pen, "note:", &note.line, (&hint, role), area)
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
