//! A frame in the form in which a terminal shows it: what looks the same is the same.
//!
//! Everything that compares frames relies on it. No control gets past here, so none can reach the terminal in a cell's
//! text; a wide character owns the cells it covers; a blank has no look but the one that can be seen.

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

use super::sgr::DRAWN;

/// Modifiers that can be seen on a blank.
pub(super) const SEEN_ON_BLANKS: Modifier = Modifier::REVERSED
    .union(Modifier::UNDERLINED)
    .union(Modifier::CROSSED_OUT);

/// Brings a whole frame into that form.
pub(crate) fn settle(frame: &mut Buffer) {
    let width = usize::from(frame.area.width);
    if width == 0 {
        return;
    }
    for row in frame.content.chunks_mut(width) {
        let mut x = 0;
        while x < row.len() {
            let room = row.len() - x;
            let columns = settle_cell(&mut row[x], room);
            // What was drawn there before the wide character is not on the screen.
            row[x + 1..x + columns].fill(Cell::EMPTY);
            x += columns;
        }
    }
}

/// The columns that a settled cell's text takes.
pub(super) fn columns(cell: &Cell) -> usize {
    let symbol = cell.symbol();
    if symbol.len() == 1 {
        1
    } else {
        symbol.width().max(1)
    }
}

/// Whether nothing at all can be seen of a settled cell on a terminal's own background.
pub(super) fn is_blank(cell: &Cell) -> bool {
    *cell == Cell::EMPTY
}

/// Settles one cell with `room` columns to the right edge; gives the columns that it takes.
fn settle_cell(cell: &mut Cell, room: usize) -> usize {
    if cell.symbol().chars().any(char::is_control) {
        cell.set_symbol("?");
    }
    let width = cell.symbol().width();
    if width == 0 || width > room {
        // Alone it would change its neighbour, or be drawn in the next row.
        cell.set_symbol(" ");
    }
    cell.modifier &= DRAWN;
    if cell.symbol() == " " && !cell.modifier.intersects(SEEN_ON_BLANKS) {
        cell.fg = Color::Reset;
        cell.modifier = Modifier::empty();
    }
    columns(cell)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    fn settled(draw: impl FnOnce(&mut Buffer)) -> Buffer {
        let mut frame = Buffer::empty(Rect::new(0, 0, 6, 1));
        draw(&mut frame);
        settle(&mut frame);
        frame
    }

    fn text(frame: &Buffer) -> String {
        frame.content.iter().map(Cell::symbol).collect()
    }

    #[test]
    fn a_wide_character_owns_what_it_covers_and_is_left_out_where_it_has_no_room() {
        let frame = settled(|frame| {
            frame.set_string(0, 0, "漢x", Style::default());
            frame[(1, 0)].set_symbol("y");
            frame[(5, 0)].set_symbol("漢");
        });
        assert_eq!(text(&frame), "漢 x   ");
    }

    #[test]
    fn a_control_and_a_mark_that_stands_alone_do_not_get_past() {
        let frame = settled(|frame| {
            frame[(0, 0)].set_symbol("\u{1b}]0;owned\u{7}");
            frame[(1, 0)].set_symbol("\u{9b}");
            frame[(2, 0)].set_symbol("\u{301}");
            frame[(3, 0)].set_symbol("");
        });
        assert_eq!(text(&frame), "??    ");
    }

    #[test]
    fn a_blank_keeps_the_look_that_can_be_seen_and_no_other() {
        let red = Style::default().fg(Color::Red);
        let frame = settled(|frame| {
            frame.set_string(0, 0, " ", red.add_modifier(Modifier::BOLD));
            frame.set_string(1, 0, " ", red.add_modifier(Modifier::UNDERLINED));
            frame.set_string(2, 0, " ", red.bg(Color::Blue));
        });
        assert!(is_blank(&frame[(0, 0)]));
        assert_eq!(frame[(1, 0)].fg, Color::Red);
        assert_eq!(
            (frame[(2, 0)].fg, frame[(2, 0)].bg),
            (Color::Reset, Color::Blue)
        );
    }
}
