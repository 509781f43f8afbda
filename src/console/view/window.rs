//! A framed window upon a view: cleared, and placed by how high it belongs.

use ratatui::layout::Rect;

use super::paint::{Pen, columns};
use crate::console::actions::Inside;
use crate::console::keys::Within;
use crate::console::theme::Role;

/// How high a window lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Height {
    /// One row below the top: its length changes while letters are typed.
    Top,
    /// Above the middle, so that the list behind stays readable.
    Third,
    /// In the middle.
    Middle,
}

/// Clears and frames a window of so many columns and rows, cut to the area.
pub(super) fn open(pen: &mut Pen<'_>, area: Rect, (width, rows): (u16, u16), at: Height) -> Rect {
    let height = rows.min(area.height);
    let over = area.height - height;
    let rect = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y
            + match at {
                Height::Top => over.min(1),
                Height::Third => over / 3,
                Height::Middle => over / 2,
            },
        width,
        height,
    };
    pen.clear(rect);
    frame(pen, rect);
    rect
}

/// One line for each choice, below a window's border: as many as are shown, the chosen one among them and shaded.
pub(super) fn choices<'a>(
    pen: &mut Pen<'_>,
    rect: Rect,
    shown: u16,
    chosen: usize,
    lines: impl Iterator<Item = &'a str>,
) {
    let first = chosen.saturating_sub(usize::from(shown).saturating_sub(1));
    let rows = lines.enumerate().skip(first);
    for (y, (index, line)) in (rect.y + 1..rect.y + 1 + shown).zip(rows) {
        pen.text(
            rect.x + 2,
            y,
            rect.width.saturating_sub(4),
            line,
            Role::Text,
        );
        if index == chosen {
            shade(pen, rect, y);
        }
    }
}

/// What keys do, where so many columns have room for it; else what shows them all.
pub(super) fn hint(full: String, own: Within<'_>, room: u16) -> String {
    if columns(&full) <= room {
        return full;
    }
    let (keys, leaves) = (own.key(Inside::Keys), own.key(Inside::Leave));
    format!("{keys} shows the keys, {leaves} leaves")
}

/// Shades one row of a window, its border left out.
pub(super) fn shade(pen: &mut Pen<'_>, rect: Rect, y: u16) {
    let line = Rect {
        x: rect.x + 1,
        y,
        width: rect.width.saturating_sub(2),
        height: 1,
    };
    pen.shade(line, Role::Cursor);
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
