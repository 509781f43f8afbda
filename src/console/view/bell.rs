//! What bells have to do with the rows of a list: a mark behind the first column of a row, where nothing else stands.

use ratatui::layout::Rect;

use super::paint::{Pen, Skin};
use crate::console::app::rung::BellMark;
use crate::console::theme::Role;

/// What stands for it: an open mark where a bell would ring, a full one where it rang.
pub(super) const fn glyph(skin: &Skin, mark: BellMark) -> &'static str {
    match mark {
        BellMark::Set => skin.glyph("◇", "^"),
        BellMark::Rang => skin.glyph("◆", "!"),
    }
}

/// Draws it in the space behind the first column of a row.
pub(super) fn draw(pen: &mut Pen<'_>, mark: BellMark, (x, y): (u16, u16)) {
    let glyph = glyph(pen.skin(), mark);
    pen.text(x, y, 1, glyph, Role::LevelWarn);
}

/// Draws those of rows that stand below the headings of a table, behind its first column at `x`.
pub(super) fn beside(
    pen: &mut Pen<'_>,
    x: u16,
    table: Rect,
    marks: impl Iterator<Item = Option<BellMark>>,
) {
    for (y, mark) in (table.y + 1..table.bottom()).zip(marks) {
        if let Some(mark) = mark {
            draw(pen, mark, (x, y));
        }
    }
}
