//! The print head: where the terminal's cursor stands, how it writes, and the shortest way to have both otherwise.

use ratatui::buffer::Cell;

use super::scroll::Shift;
use super::settle::{SEEN_ON_BLANKS, columns};
use super::sgr::{Look, push_change};

/// What the terminal keeps between two frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stance {
    /// Where its cursor stands, column and row from 0; `None` when that is not sure.
    pub at: Option<(usize, usize)>,
    /// How text that is written now would look.
    pub look: Look,
}

impl Stance {
    /// After a reset: plain, and the cursor anywhere.
    pub(super) const UNKNOWN: Self = Self {
        at: None,
        look: Look::PLAIN,
    };
}

/// Writes bytes for a terminal of so many columns.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) out: Vec<u8>,
    pub(super) stance: Stance,
    width: usize,
}

impl Head {
    pub(super) const fn new(stance: Stance, width: usize) -> Self {
        Self {
            out: Vec::new(),
            stance,
            width,
        }
    }

    /// Moves the cursor.
    pub(super) fn go(&mut self, x: usize, y: usize) {
        let to = (x, y);
        if self.stance.at == Some(to) {
            return;
        }
        let mut shortest = absolute(x, y);
        if let Some(from) = self.stance.at
            && let Some(relative) = relative(from, to)
            && relative.len() < shortest.len()
        {
            shortest = relative;
        }
        self.out.extend_from_slice(shortest.as_bytes());
        self.stance.at = Some(to);
    }

    /// The bytes that it takes to pass so many columns.
    pub(super) fn passing(columns: usize) -> usize {
        forward(columns).len()
    }

    /// Writes a settled cell.
    pub(super) fn write(&mut self, x: usize, y: usize, cell: &Cell) {
        self.go(x, y);
        self.wear(cell);
        let symbol = cell.symbol();
        self.out.extend_from_slice(symbol.as_bytes());
        // Terminals differ about wide and composed characters, and the last column keeps the cursor: there it is said
        // where to go next time.
        let sure = columns(cell) == 1 && symbol.chars().nth(1).is_none() && x + 1 < self.width;
        self.stance.at = sure.then_some((x + 1, y));
    }

    /// Whether a cell can be written without a change of look.
    pub(super) fn wears(&self, cell: &Cell) -> bool {
        self.look_for(cell) == self.stance.look
    }

    /// Blanks everything from here to the end of the row.
    pub(super) fn erase_to_end(&mut self) {
        self.wear_for_erasing();
        self.out.extend_from_slice(b"\x1b[K");
    }

    /// Moves rows.
    pub(super) fn shift(&mut self, shift: Shift) {
        self.wear_for_erasing();
        // Lines put in and taken out within a scroll region: every terminal since the VT102 knows them, which is not so
        // of the sequences that scroll a region as such. Setting the region, and giving it up, both move the cursor.
        let (first, last, rows) = (shift.top + 1, shift.bottom, shift.by.unsigned_abs());
        let count = if rows == 1 {
            String::new()
        } else {
            rows.to_string()
        };
        let verb = if shift.by > 0 { 'M' } else { 'L' };
        let region = format!("\x1b[1;{last}r\x1b[{first}H\x1b[{count}{verb}\x1b[r");
        self.out.extend_from_slice(region.as_bytes());
        self.stance.at = Some((0, 0));
    }

    fn wear(&mut self, cell: &Cell) {
        self.change(self.look_for(cell));
    }

    /// Terminals erase to the background in force; a visible modifier is not risked either.
    fn wear_for_erasing(&mut self) {
        self.change(self.look_for(&Cell::EMPTY));
    }

    /// The look for a cell that is the least change: a blank does not care about what cannot be seen on it.
    fn look_for(&self, cell: &Cell) -> Look {
        let look = self.stance.look;
        let blank = cell.symbol() == " " && !cell.modifier.intersects(SEEN_ON_BLANKS);
        if blank && look.bg == cell.bg && !look.modifier.intersects(SEEN_ON_BLANKS) {
            return look;
        }
        Look {
            fg: cell.fg,
            bg: cell.bg,
            modifier: cell.modifier,
        }
    }

    fn change(&mut self, look: Look) {
        push_change(&mut self.out, self.stance.look, look);
        self.stance.look = look;
    }
}

fn absolute(x: usize, y: usize) -> String {
    match (x, y) {
        (0, 0) => "\x1b[H".to_owned(),
        (0, _) => format!("\x1b[{}H", y + 1),
        _ => format!("\x1b[{};{}H", y + 1, x + 1),
    }
}

/// A way from here to there that beats the absolute one at times.
fn relative(from: (usize, usize), to: (usize, usize)) -> Option<String> {
    if to.1 == from.1 {
        return Some(match to.0 {
            0 => "\r".to_owned(),
            x if x > from.0 => forward(x - from.0),
            x => counted(from.0 - x, 'D'),
        });
    }
    if to.0 == from.0 {
        return Some(if to.1 > from.1 {
            counted(to.1 - from.1, 'B')
        } else {
            counted(from.1 - to.1, 'A')
        });
    }
    // The row below exists, so the line feed scrolls nothing.
    (to.0 == 0 && to.1 == from.1 + 1).then(|| "\r\n".to_owned())
}

fn forward(columns: usize) -> String {
    counted(columns, 'C')
}

fn counted(count: usize, verb: char) -> String {
    if count == 1 {
        format!("\x1b[{verb}")
    } else {
        format!("\x1b[{count}{verb}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn went(from: (usize, usize), to: (usize, usize)) -> String {
        let stance = Stance {
            at: Some(from),
            ..Stance::UNKNOWN
        };
        let mut head = Head::new(stance, 80);
        head.go(to.0, to.1);
        String::from_utf8(head.out).unwrap()
    }

    #[test]
    fn the_cursor_takes_the_shortest_way() {
        for (from, to, expected) in [
            ((3, 3), (3, 3), ""),
            ((3, 3), (0, 0), "\x1b[H"),
            ((3, 3), (4, 3), "\x1b[C"),
            ((3, 3), (20, 3), "\x1b[17C"),
            ((20, 3), (17, 3), "\x1b[3D"),
            ((20, 3), (0, 3), "\r"),
            ((20, 3), (0, 4), "\r\n"),
            ((20, 3), (0, 5), "\x1b[6H"),
            ((20, 3), (20, 9), "\x1b[6B"),
            ((20, 3), (20, 2), "\x1b[A"),
            ((20, 3), (30, 9), "\x1b[10;31H"),
        ] {
            assert_eq!(went(from, to), expected, "{from:?} to {to:?}");
        }
    }

    #[test]
    fn after_the_last_column_and_after_composed_characters_the_cursor_is_anywhere() {
        for (x, symbol, expected) in [
            (0, "x", Some((1, 0))),
            (0, "漢", None),
            (0, "e\u{301}", None),
            (79, "x", None),
        ] {
            let mut head = Head::new(Stance::UNKNOWN, 80);
            let mut cell = Cell::EMPTY;
            head.write(x, 0, cell.set_symbol(symbol));
            assert_eq!(head.stance.at, expected, "{symbol} at {x}");
        }
    }
}
