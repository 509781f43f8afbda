//! Columns: which of them fit, and how wide they are.

use super::paint::Pen;
use crate::console::theme::Role;

/// A column of a list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    /// Its heading.
    pub title: &'static str,
    /// The columns it takes at least.
    pub width: u16,
    /// Whether it takes a share of what is left over, and at most how much in all.
    pub grows_to: u16,
    /// Whether its texts stand at its right edge.
    pub right: bool,
    /// Columns of higher numbers are left out first; 0 never.
    pub rank: u8,
}

/// A column in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Placed {
    /// Its index among all columns.
    pub index: usize,
    /// Its first column on the screen.
    pub x: u16,
    /// The columns it has.
    pub width: u16,
}

/// Places the columns into `total` screen columns, one space between them: whole columns are left out by rank until
/// the rest fit, and what is left over goes to those that grow.
pub(crate) fn place(columns: &[Column], total: u16) -> Vec<Placed> {
    let mut kept: Vec<usize> = (0..columns.len()).collect();
    let needed = |kept: &[usize]| -> u32 {
        let widths: u32 = kept
            .iter()
            .map(|index| u32::from(columns[*index].width))
            .sum();
        widths + u32::try_from(kept.len().saturating_sub(1)).unwrap_or(0)
    };
    while needed(&kept) > u32::from(total) {
        let Some(worst) = kept
            .iter()
            .copied()
            .filter(|index| columns[*index].rank > 0)
            .max_by_key(|index| columns[*index].rank)
        else {
            break;
        };
        kept.retain(|index| *index != worst);
    }
    let mut widths: Vec<u16> = kept.iter().map(|index| columns[*index].width).collect();
    let mut spare = u32::from(total).saturating_sub(needed(&kept));
    loop {
        let before = spare;
        for (width, index) in widths.iter_mut().zip(&kept) {
            if spare > 0 && *width < columns[*index].grows_to {
                *width += 1;
                spare -= 1;
            }
        }
        if spare == before {
            break;
        }
    }
    let mut x = 0;
    kept.iter()
        .zip(widths)
        .map(|(index, width)| {
            let placed = Placed {
                index: *index,
                x,
                width: width.min(total.saturating_sub(x)),
            };
            x += width + 1;
            placed
        })
        .collect()
}

/// Draws the headings.
pub(crate) fn headings(pen: &mut Pen<'_>, columns: &[Column], placed: &[Placed], x: u16, y: u16) {
    for place in placed {
        let column = &columns[place.index];
        if column.right {
            pen.right(x + place.x, y, place.width, column.title, Role::Muted);
        } else {
            pen.text(x + place.x, y, place.width, column.title, Role::Muted);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn column(title: &'static str, width: u16, grows_to: u16, rank: u8) -> Column {
        Column {
            title,
            width,
            grows_to,
            right: false,
            rank,
        }
    }

    const COLUMNS: [Column; 4] = [
        column("A", 5, 5, 0),
        column("B", 4, 10, 0),
        column("C", 6, 20, 2),
        column("D", 3, 3, 1),
    ];

    fn titles(total: u16) -> Vec<(&'static str, u16, u16)> {
        place(&COLUMNS, total)
            .iter()
            .map(|placed| (COLUMNS[placed.index].title, placed.x, placed.width))
            .collect()
    }

    #[test]
    fn whole_columns_go_by_rank_and_the_rest_share_what_is_left() {
        assert_eq!(
            titles(21),
            [("A", 0, 5), ("B", 6, 4), ("C", 11, 6), ("D", 18, 3)]
        );
        assert_eq!(
            titles(25),
            [("A", 0, 5), ("B", 6, 6), ("C", 13, 8), ("D", 22, 3)]
        );
        assert_eq!(titles(20), [("A", 0, 5), ("B", 6, 10), ("D", 17, 3)]);
        assert_eq!(titles(13), [("A", 0, 5), ("B", 6, 7)]);
        assert_eq!(titles(8), [("A", 0, 5), ("B", 6, 2)]);
    }
}
