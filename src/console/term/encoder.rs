//! From one frame to the next in bytes, as few as it takes.
//!
//! Pure: what the terminal shows, what it is to show, and how it stands; out come bytes and how it stands then. Both
//! frames are settled. Of the ways there, with and without moving rows, the shortest is taken, the plain one at a tie.

use ratatui::buffer::{Buffer, Cell};

use super::head::{Head, Stance};
use super::scroll::{Shift, proposals};
use super::settle::{columns, is_blank};

/// Below so many bytes moving rows saves nothing: it takes about twenty itself.
const WORTH_MOVING: usize = 48;
/// Below so many bytes a row is not drawn shorter on an erased one.
const WORTH_ERASING_ALL: usize = 24;
/// From so many cells on, erasing a tail is shorter than writing blanks.
const WORTH_ERASING: usize = 4;

/// The bytes that turn `shown` into `wanted`, and how the terminal stands after them. None when the two are the same.
///
/// Both frames must be settled and of one size.
pub(super) fn encode(
    shown: &Buffer,
    wanted: &Buffer,
    stance: Stance,
    may_scroll: bool,
) -> (Vec<u8>, Stance) {
    debug_assert_eq!(shown.area, wanted.area);
    let width = usize::from(wanted.area.width);
    let mut best = Head::new(stance, width);
    draw_rows(&mut best, &shown.content, wanted);
    if may_scroll && best.out.len() > WORTH_MOVING {
        for shift in proposals(shown, wanted) {
            let head = moved(shown, wanted, Head::new(stance, width), shift);
            if head.out.len() < best.out.len() {
                best = head;
            }
        }
    }
    (best.out, best.stance)
}

fn moved(shown: &Buffer, wanted: &Buffer, mut head: Head, shift: Shift) -> Head {
    let mut shown = shown.clone();
    head.shift(shift);
    shift.apply(&mut shown);
    draw_rows(&mut head, &shown.content, wanted);
    head
}

fn draw_rows(head: &mut Head, shown: &[Cell], wanted: &Buffer) {
    let width = usize::from(wanted.area.width).max(1);
    let rows = shown.chunks(width).zip(wanted.content.chunks(width));
    for (y, (shown, wanted)) in rows.enumerate() {
        if shown != wanted {
            draw_row(head, y, shown, wanted);
        }
    }
}

/// Draws a row the shorter way: over what stands there, or on a row that is erased from its first change on.
fn draw_row(head: &mut Head, y: usize, shown: &[Cell], wanted: &[Cell]) {
    let mut over = head.clone();
    draw_over(&mut over, y, shown, wanted);
    let first = differences(shown, wanted).iter().position(|dirty| *dirty);
    if let Some(first) = first
        && over.out.len() - head.out.len() > WORTH_ERASING_ALL
    {
        let mut erased = shown.to_vec();
        erased[first..].fill(Cell::EMPTY);
        head.go(first, y);
        head.erase_to_end();
        draw_over(head, y, &erased, wanted);
        if head.out.len() < over.out.len() {
            return;
        }
    }
    *head = over;
}

fn draw_over(head: &mut Head, y: usize, shown: &[Cell], wanted: &[Cell]) {
    let mut shown = shown.to_vec();
    let mut dirty = differences(&shown, wanted);
    if blank_wide(head, y, &mut shown, &dirty) {
        dirty = differences(&shown, wanted);
    }
    let text_end = wanted
        .iter()
        .rposition(|cell| !is_blank(cell))
        .map_or(0, |last| last + columns(&wanted[last]));
    let tail = (text_end..wanted.len()).find(|&x| dirty[x]);
    let tail_end = dirty.iter().rposition(|dirty| *dirty).map_or(0, |x| x + 1);
    let erases = tail.is_some_and(|start| tail_end - start >= WORTH_ERASING);
    let end = if erases { text_end } else { tail_end };
    let mut x = 0;
    while x < end {
        if dirty[x] {
            bridge(head, x, y, wanted);
            head.write(x, y, &wanted[x]);
            x += columns(&wanted[x]);
        } else {
            x += 1;
        }
    }
    if let (true, Some(start)) = (erases, tail) {
        // Whatever lies between is blank already.
        let near = |at: (usize, usize)| at.1 == y && (text_end..=start).contains(&at.0);
        if !head.stance.at.is_some_and(near) {
            head.go(start, y);
        }
        head.erase_to_end();
    }
}

/// Writes a few cells again where that is shorter than passing over them.
fn bridge(head: &mut Head, x: usize, y: usize, wanted: &[Cell]) {
    let Some((from, row)) = head.stance.at else {
        return;
    };
    if row != y || from >= x {
        return;
    }
    let between = &wanted[from..x];
    let plain = |cell: &Cell| cell.symbol().len() == 1 && head.wears(cell);
    if between.len() < Head::passing(between.len()) && between.iter().all(plain) {
        for (column, cell) in (from..x).zip(between) {
            head.write(column, y, cell);
        }
    }
}

/// Which columns have to be written: a wide character is written whole, and whole is what it gives way to.
fn differences(shown: &[Cell], wanted: &[Cell]) -> Vec<bool> {
    let cells = shown.iter().zip(wanted);
    let mut dirty: Vec<bool> = cells.map(|(shown, wanted)| shown != wanted).collect();
    let wide: Vec<(usize, usize)> = [shown, wanted].into_iter().flat_map(wide_in).collect();
    let mut grown = !wide.is_empty();
    while grown {
        grown = false;
        for &(start, end) in &wide {
            let span = &mut dirty[start..end];
            if span.contains(&true) && span.contains(&false) {
                span.fill(true);
                grown = true;
            }
        }
    }
    dirty
}

/// Where wide characters begin and end in a row.
fn wide_in(row: &[Cell]) -> impl Iterator<Item = (usize, usize)> + '_ {
    row.iter().enumerate().filter_map(|(start, cell)| {
        let columns = columns(cell);
        (columns > 1).then_some((start, start + columns))
    })
}

/// Blanks the wide characters that give way; whether there were any. Terminals differ about the half that is left of
/// one when the other is overwritten.
fn blank_wide(head: &mut Head, y: usize, shown: &mut [Cell], dirty: &[bool]) -> bool {
    let gone: Vec<(usize, usize)> = wide_in(shown).filter(|span| dirty[span.0]).collect();
    for &(start, end) in &gone {
        for (x, cell) in (start..end).zip(&mut shown[start..end]) {
            *cell = Cell::EMPTY;
            head.write(x, y, cell);
        }
        // What a terminal makes of the cursor beside half a character is not relied on.
        head.stance.at = None;
    }
    !gone.is_empty()
}
