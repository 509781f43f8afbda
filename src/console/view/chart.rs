//! Charts of several rows, a column or more a value: bars, marks, and bars put together from letters.

use ratatui::layout::Rect;

use super::paint::Pen;
use crate::console::theme::Role;

/// Parts of a cell from the bottom up.
const PARTS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
/// The same without anything but ASCII: a little, and more.
const ASCII_PARTS: [&str; 8] = [".", ".", ".", ".", ":", ":", ":", "#"];

/// A bar that is put together from shares.
#[derive(Clone, Debug)]
pub(super) struct Stack {
    /// How high it is.
    pub value: u64,
    /// What it is put together from, the lowest first.
    pub shares: Vec<Share>,
}

/// A share of a bar.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    /// What it is drawn as.
    pub letter: char,
    /// How that looks.
    pub role: Role,
    /// Its part, in whatever unit all shares of the bar have.
    pub part: u64,
}

/// Columns that each of so many values has in so wide an area; at least one.
pub(super) fn columns_each(width: u16, values: usize) -> u16 {
    let values = u16::try_from(values.max(1)).unwrap_or(u16::MAX);
    (width / values).max(1)
}

/// The values as bars from the bottom of the area, the greatest of `most` as high as the area. Whole cells are blanks in
/// the colours of the role turned round: one byte a cell where a block would be three.
pub(super) fn bars(pen: &mut Pen<'_>, area: Rect, values: &[u64], most: u64, role: Role) {
    let each = columns_each(area.width, values.len());
    let ascii = pen.skin().ascii;
    let parts = if ascii { ASCII_PARTS } else { PARTS };
    for (row, y) in (area.top()..area.bottom()).rev().enumerate() {
        let mut x = area.x;
        for value in values {
            let room = each.min(area.right().saturating_sub(x));
            let eighths = height(*value, most, u64::from(area.height) * 8);
            match eighths.saturating_sub(row as u64 * 8) {
                0 => {}
                8.. if ascii => {
                    pen.text(x, y, room, &"#".repeat(usize::from(room)), role);
                }
                8.. => pen.block(x, y, room, role),
                part => {
                    let part = parts[usize::try_from(part - 1).unwrap_or(0)];
                    pen.text(x, y, room, &part.repeat(usize::from(room)), role);
                }
            }
            x += room;
        }
    }
}

/// Shares of each column from the bottom up, a row or more each, as marks that are the heavier the greater the share, a
/// band in its role; gives the rows of each.
pub(super) fn heat(pen: &mut Pen<'_>, area: Rect, columns: &[&[u64]], roles: &[Role]) -> usize {
    let rows = (usize::from(area.height) / roles.len().max(1)).max(1);
    let each = columns_each(area.width, columns.len());
    let mut x = area.x;
    for bands in columns {
        let room = each.min(area.right().saturating_sub(x));
        let whole: u64 = bands
            .iter()
            .fold(0, |sum, count| sum.saturating_add(*count));
        for (row, y) in (area.top()..area.bottom()).rev().enumerate() {
            let band = row / rows;
            let count = bands.get(band).copied().unwrap_or(0);
            if let Some((role, true)) = roles.get(band).map(|role| (*role, count > 0)) {
                let percent = u128::from(count) * 100 / u128::from(whole.max(1));
                let mark = warmth(percent).to_string();
                pen.text(x, y, room, &mark.repeat(usize::from(room)), role);
            }
        }
        x += room;
    }
    rows
}

/// The mark of a part, in percent of the whole.
pub(super) const fn warmth(percent: u128) -> char {
    match percent {
        0 => '.',
        1..5 => ':',
        5..20 => '+',
        20..50 => '#',
        _ => '@',
    }
}

/// Bars that are put together from shares, each drawn as its letter.
pub(super) fn letters(pen: &mut Pen<'_>, area: Rect, stacks: &[Stack], most: u64) {
    let each = columns_each(area.width, stacks.len());
    let mut x = area.x;
    for stack in stacks {
        let room = each.min(area.right().saturating_sub(x));
        let rows = height(stack.value, most, u64::from(area.height));
        let whole: u64 = stack.shares.iter().map(|share| share.part).sum();
        for (row, y) in (0..rows).zip((area.top()..area.bottom()).rev()) {
            // The share in whose part of the bar the middle of this cell lies.
            let reached = (row * 2 + 1) * whole / (rows * 2).max(1);
            let mut sum = 0;
            let found = stack.shares.iter().find(|share| {
                sum += share.part;
                reached < sum
            });
            if let Some(share) = found {
                let text = share.letter.to_string().repeat(usize::from(room));
                pen.text(x, y, room, &text, share.role);
            }
        }
        x += room;
    }
}

/// How high a value is of `rows`: whatever is not nothing is seen as more than nothing.
fn height(value: u64, most: u64, rows: u64) -> u64 {
    let high = (u128::from(value) * u128::from(rows)).div_ceil(u128::from(most.max(1)));
    u64::try_from(high).unwrap_or(rows).min(rows)
}

#[cfg(test)]
mod tests {
    use ratatui::buffer::Buffer;

    use super::*;
    use crate::console::view::tests::{skin, text};

    fn drawn(ascii: bool, draw: impl FnOnce(&mut Pen<'_>, Rect)) -> String {
        let area = Rect::new(0, 0, 6, 3);
        let mut buffer = Buffer::empty(area);
        let skin = skin(ascii);
        draw(&mut Pen::new(&mut buffer, &skin), area);
        text(&buffer)
    }

    #[test]
    fn bars_are_as_high_as_their_values_and_none_is_higher_than_the_area() {
        let values = [0, 1, 50, 100, 150, u64::MAX];
        let ascii = drawn(true, |pen, area| {
            bars(pen, area, &values, 100, Role::Chart1)
        });
        assert_eq!(ascii, "   ###\n  .###\n .####");
        let blocks = drawn(false, |pen, area| {
            bars(pen, area, &values, 100, Role::Chart1)
        });
        assert_eq!(blocks, "\n  ▄\n ▁", "whole cells are turned round");
        let none = drawn(true, |pen, area| bars(pen, area, &[], 0, Role::Chart1));
        assert_eq!(none, "\n\n");
    }

    #[test]
    fn heat_stands_for_the_share_of_each_band_in_its_column() {
        let columns: [&[u64]; 5] = [
            &[100, 0, 0],
            &[60, 30, 10],
            &[1_000, 3, 20],
            &[],
            &[0, 0, 7],
        ];
        let shown = drawn(true, |pen, area| {
            assert_eq!(heat(pen, area, &columns, &[Role::Heat1; 3]), 1);
        });
        assert_eq!(shown, " +: @\n #.\n@@@");
        let high = drawn(true, |pen, area| {
            assert_eq!(heat(pen, area, &[&[1]], &[Role::Heat1]), 3);
        });
        assert_eq!(high, "@@@@@@\n@@@@@@\n@@@@@@");
    }

    #[test]
    fn letters_share_a_bar_by_their_parts() {
        let share = |letter, part| Share {
            letter,
            role: Role::Chart1,
            part,
        };
        let column = |value, tees, esses| Stack {
            value,
            shares: vec![share('T', tees), share('S', esses)],
        };
        let columns = [
            column(0, 0, 0),
            column(100, 2, 1),
            column(100, 0, 5),
            column(34, 9, 1),
            column(u64::MAX, 1, 1),
            column(70, 1, 0),
        ];
        let shown = drawn(true, |pen, area| letters(pen, area, &columns, 100));
        assert_eq!(shown, " SS ST\n TSTST\n TSTTT");
    }

    #[test]
    fn a_wide_area_gives_each_value_more_columns() {
        assert_eq!(columns_each(71, 60), 1);
        assert_eq!(columns_each(120, 60), 2);
        assert_eq!(columns_each(10, 60), 1);
    }
}
