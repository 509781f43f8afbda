//! Rows that moved as a block between two frames: the terminal can move them itself.
//!
//! Pure, over one number a row that is the same where the row is. What is found is a proposal: whoever uses it draws
//! what the terminal shows after the move, so a wrong guess costs bytes and no more.

use std::cmp::Reverse;
use std::hash::{DefaultHasher, Hash, Hasher};

use ratatui::buffer::{Buffer, Cell};

use super::settle::is_blank;

/// Proposals that are worth working out in bytes.
const PROPOSALS_MAX: usize = 3;

/// Rows of the screen that move by some rows; what they leave is blank, what they run over is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shift {
    /// The first row of the region, from 0.
    pub top: usize,
    /// The row after its last.
    pub bottom: usize,
    /// By how many rows its contents move: up when positive, down when negative; never 0, nor as many as it has.
    pub by: isize,
}

impl Shift {
    /// Does to a frame what a terminal does to its screen.
    pub(super) fn apply(self, frame: &mut Buffer) {
        let width = usize::from(frame.area.width);
        let region = &mut frame.content[self.top * width..self.bottom * width];
        let moved = self.by.unsigned_abs() * width;
        if self.by > 0 {
            region.rotate_left(moved);
            let kept = region.len() - moved;
            region[kept..].fill(Cell::EMPTY);
        } else {
            region.rotate_right(moved);
            region[..moved].fill(Cell::EMPTY);
        }
    }
}

/// The moves that may save most, best first.
pub(super) fn proposals(from: &Buffer, to: &Buffer) -> Vec<Shift> {
    let (before, after) = (rows(from), rows(to));
    let height = isize::try_from(after.len()).unwrap_or(0);
    let mut found: Vec<(u32, Shift)> = (1 - height..height)
        .filter(|by| *by != 0)
        .filter_map(|by| best_block(&before, &after, by))
        .collect();
    found.sort_by_key(|(saved, shift)| (Reverse(*saved), shift.by.unsigned_abs(), shift.by));
    found.truncate(PROPOSALS_MAX);
    found.into_iter().map(|(_, shift)| shift).collect()
}

/// What matters of a row.
#[derive(Clone, Copy, Debug)]
struct Row {
    /// The same where the row is the same, for all that matters here.
    hash: u64,
    /// What it costs to draw it anew: cells that are not blank.
    weight: u32,
}

fn rows(frame: &Buffer) -> Vec<Row> {
    let width = usize::from(frame.area.width).max(1);
    let row = |cells: &[Cell]| {
        let mut hasher = DefaultHasher::new();
        cells.hash(&mut hasher);
        let weight = cells.iter().filter(|cell| !is_blank(cell)).count();
        Row {
            hash: hasher.finish(),
            weight: u32::try_from(weight).unwrap_or(u32::MAX),
        }
    };
    frame.content.chunks(width).map(row).collect()
}

/// The block of rows that saves most when it moves by so many, and what it saves.
fn best_block(before: &[Row], after: &[Row], by: isize) -> Option<(u32, Shift)> {
    let mut best: Option<(i64, usize, usize)> = None;
    let (mut saved, mut start) = (0_i64, 0);
    for (to, row) in after.iter().enumerate() {
        let source = to.checked_add_signed(by).and_then(|from| before.get(from));
        let Some(source) = source else {
            (saved, start) = (0, to + 1);
            continue;
        };
        let weight = i64::from(row.weight);
        saved += match (row.hash == source.hash, row.hash == before[to].hash) {
            (true, false) => weight,
            (false, true) => -weight,
            _ => 0,
        };
        if saved <= 0 {
            (saved, start) = (0, to + 1);
        } else if best.is_none_or(|(most, ..)| saved > most) {
            best = Some((saved, start, to + 1));
        }
    }
    let (saved, start, end) = best?;
    let (top, bottom) = if by > 0 {
        (start, end.checked_add_signed(by)?)
    } else {
        (start.checked_add_signed(by)?, end)
    };
    Some((u32::try_from(saved).ok()?, Shift { top, bottom, by }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(lines: &[&str]) -> Buffer {
        Buffer::with_lines(lines.iter().copied())
    }

    fn shown(frame: &Buffer) -> Vec<String> {
        let width = usize::from(frame.area.width);
        let rows = frame.content.chunks(width);
        rows.map(|row| row.iter().map(Cell::symbol).collect())
            .collect()
    }

    #[test]
    fn a_list_that_gains_rows_at_its_top_moves_down_below_its_header() {
        let before = frame(&["head", "aaaa", "bbbb", "cccc", "dddd", "keys"]);
        let after = frame(&["head", "yyyy", "zzzz", "aaaa", "bbbb", "keys"]);
        let shift = proposals(&before, &after)[0];
        assert_eq!(
            shift,
            Shift {
                top: 1,
                bottom: 5,
                by: -2
            }
        );
        let mut moved = before;
        shift.apply(&mut moved);
        assert_eq!(
            shown(&moved),
            ["head", "    ", "    ", "aaaa", "bbbb", "keys"]
        );
    }

    #[test]
    fn a_text_that_is_read_on_moves_up_though_one_of_its_rows_changes() {
        let before = frame(&["head", "aaaa", "bbbb", "cccc", "dddd"]);
        let after = frame(&["head", "bbbb", "CCCC", "dddd", "eeee"]);
        let shift = proposals(&before, &after)[0];
        assert_eq!(
            shift,
            Shift {
                top: 1,
                bottom: 5,
                by: 1
            }
        );
        let mut moved = before;
        shift.apply(&mut moved);
        assert_eq!(shown(&moved), ["head", "bbbb", "cccc", "dddd", "    "]);
    }

    #[test]
    fn rows_that_stay_or_are_blank_are_no_move() {
        let same = frame(&["aaaa", "bbbb", "aaaa", "    "]);
        assert_eq!(proposals(&same, &same), []);
        let new = frame(&["cccc", "    ", "dddd", "eeee"]);
        assert_eq!(proposals(&same, &new), []);
    }
}
