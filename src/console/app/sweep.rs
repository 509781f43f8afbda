//! Rows on a screen that cannot be moved: behind mosh, GNU screen, or beside another tmux pane each new row at the top
//! would have all rows below it drawn anew. There a list that follows is swept instead: a new row takes the place of
//! the oldest, and every other stays on its line.
//!
//! Read downwards from the newest, and on from the top behind the last line, rows are the newest first as elsewhere.

use super::model::{Model, Screen};
use super::rows::{RowLine, Rows};
use crate::domain::id::DeliveryId;

/// Which row stands on which line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sweep {
    lines: Vec<DeliveryId>,
    /// The line of the newest row.
    newest: usize,
}

impl Sweep {
    /// The rows from the top line down; none where the list is not swept.
    pub(crate) fn lines(&self) -> Option<&[DeliveryId]> {
        (!self.lines.is_empty()).then_some(&*self.lines)
    }

    /// The line of the newest row.
    pub(crate) const fn newest(&self) -> usize {
        self.newest
    }

    /// Lets the rows stand in their order again.
    fn end(&mut self) {
        *self = Self::default();
    }

    /// Has these rows on the screen, which are given newest first.
    fn settle(&mut self, rows: &[DeliveryId]) {
        let known = |id: &DeliveryId| self.lines.contains(id);
        let fresh = rows.iter().take_while(|id| !known(id)).count();
        let (fresh, rest) = rows.split_at(fresh);
        let height = self.lines.len();
        let stays = rows.len() == height && fresh.len() < height && {
            let below = (0..height).map(|below| &self.lines[(self.newest + below) % height]);
            rest.iter().eq(below.take(rest.len()))
        };
        if !stays {
            *self = Self {
                lines: rows.to_vec(),
                newest: 0,
            };
            return;
        }
        for id in fresh.iter().rev() {
            self.newest = (self.newest + height - 1) % height;
            self.lines[self.newest] = *id;
        }
    }
}

/// Sweeps the list that is shown, where the screen asks for it.
pub(super) fn settle(model: &mut Model) {
    let height = model.list_height();
    let sweeps = model.sweeps;
    let Screen::Deliveries(list) = model.screen_mut() else {
        return;
    };
    let is_swept = sweeps && list.follows();
    match is_swept.then(|| newest(&list.rows, height)).flatten() {
        Some(rows) => list.sweep.settle(&rows),
        None => list.sweep.end(),
    }
}

/// The newest rows that fill the screen; none where they do not, or where a gap is to be told of between them.
fn newest(rows: &Rows, height: usize) -> Option<Vec<DeliveryId>> {
    let lines = rows.lines().take(height);
    let rows: Option<Vec<DeliveryId>> = lines
        .map(|line| match line {
            RowLine::Delivery(row) => Some(row.id),
            RowLine::Gap(_) => None,
        })
        .collect();
    rows.filter(|rows| rows.len() == height)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::stream::{Change, StreamFrame};
    use crate::console::app::msg::Msg;
    use crate::console::app::samples::{at, connected, delivery, list, press};
    use crate::console::app::update::update;
    use crate::console::view::tests::screen;

    fn ids(numbers: &[i64]) -> Vec<DeliveryId> {
        numbers.iter().copied().map(DeliveryId::from_i64).collect()
    }

    #[test]
    fn a_new_row_takes_the_place_of_the_oldest_and_no_other_moves() {
        let mut sweep = Sweep::default();
        assert_eq!(sweep.lines(), None);
        for (rows, lines, newest) in [
            ([4, 3, 2, 1], [4, 3, 2, 1], 0),
            ([5, 4, 3, 2], [4, 3, 2, 5], 3),
            ([7, 6, 5, 4], [4, 7, 6, 5], 1),
            ([7, 6, 5, 4], [4, 7, 6, 5], 1),
            ([9, 8, 7, 6], [8, 7, 6, 9], 3),
        ] {
            sweep.settle(&ids(&rows));
            assert_eq!(sweep.lines(), Some(&*ids(&lines)), "{rows:?}");
            assert_eq!(sweep.newest(), newest, "{rows:?}");
        }
    }

    #[test]
    fn rows_that_do_not_follow_those_before_stand_in_their_order() {
        let begin = || {
            let mut sweep = Sweep::default();
            sweep.settle(&ids(&[4, 3, 2, 1]));
            sweep.settle(&ids(&[5, 4, 3, 2]));
            sweep
        };
        for other in [
            &[9, 8, 7, 6][..],
            &[6, 5, 3, 2],
            &[6, 5, 4],
            &[5, 4, 3, 2, 1],
        ] {
            let mut sweep = begin();
            sweep.settle(&ids(other));
            assert_eq!(sweep.lines(), Some(&*ids(other)));
            assert_eq!(sweep.newest(), 0);
        }
    }

    /// A list on a small screen that new rows fill.
    fn swept() -> Model {
        let mut model = connected(false);
        update(&mut model, at(0), Msg::Resized(80, 10));
        update(&mut model, at(0), Msg::Sweeps(true));
        come(&mut model, 100..140);
        model
    }

    fn come(model: &mut Model, numbers: std::ops::Range<i64>) {
        let change = Change {
            deliveries: numbers.map(delivery).collect(),
            ..Change::default()
        };
        let frame = StreamFrame::Change(Box::new(change));
        update(model, at(100), Msg::Frame(Box::new(frame)));
    }

    fn lines(model: &Model) -> Vec<String> {
        let shown = screen(model, 500);
        shown.lines().skip(3).take(5).map(str::to_owned).collect()
    }

    #[test]
    fn a_list_that_follows_is_swept_with_a_mark_at_the_newest_row() {
        let mut model = swept();
        let before = lines(&model);
        come(&mut model, 140..141);
        let after = lines(&model);
        assert_eq!(after[1..4], before[1..4], "these rows stay");
        assert_ne!(after[4], before[4]);
        assert!(
            after[4].contains('◂') && before[0].contains('◂'),
            "{after:?}"
        );
        assert!(!after[0].contains('◂'));
    }

    #[test]
    fn a_list_that_is_held_or_is_told_a_gap_stands_in_its_order() {
        let mut model = swept();
        come(&mut model, 140..141);
        assert!(list(&model).sweep.lines().is_some());
        press(&mut model, 200, "f");
        assert_eq!(list(&model).sweep.lines(), None);
        let held = lines(&model);
        press(&mut model, 300, "f");
        assert_eq!(lines(&model)[1..], held[1..], "it begins in its order");
        update(&mut model, at(400), Msg::Sweeps(false));
        assert_eq!(list(&model).sweep.lines(), None);
    }

    #[test]
    fn a_list_with_less_rows_than_the_screen_stands_in_its_order() {
        let mut model = connected(false);
        update(&mut model, at(0), Msg::Sweeps(true));
        assert_eq!(list(&model).sweep.lines(), None);
    }
}
