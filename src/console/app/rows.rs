//! The rows of a list of deliveries: newest first, bounded, with gaps where something may be missing; or sorted.

use std::cmp::Reverse;

use super::link::Outage;
use super::ring::DeliveryRing;
use super::sorting::Sorting;
use crate::api::delivery::DeliveryView;
use crate::domain::id::DeliveryId;

/// Rows that one list holds; the oldest go when more come.
pub(crate) const ROWS_MAX: usize = 50_000;
/// Gaps that one list tells of; the lowest become one.
const GAPS_MAX: usize = 16;

/// The rows of a list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows {
    rows: DeliveryRing,
    /// Where something may be missing, from the top.
    gaps: Vec<Hole>,
    /// What they are sorted by, and their order then; a row that changes keeps its place.
    sorted: Option<(Sorting, Vec<DeliveryId>)>,
}

/// Why something may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gap {
    /// There was no connection.
    Outage(Outage),
    /// The service said that it left changes out.
    Missed,
}

/// A part of the list in which something may be missing, and what stands there may be out of date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Hole {
    /// It begins below this row.
    below: DeliveryId,
    why: Gap,
    /// From this row on the list is whole again; none where it may not be.
    whole_from: Option<DeliveryId>,
}

impl Hole {
    /// A gap from where this one begins, as far down as the deeper of the two.
    fn join(self, other: Self) -> Self {
        Self {
            whole_from: self.whole_from.min(other.whole_from),
            ..self
        }
    }
}

/// A line of the list.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RowLine<'a> {
    /// A delivery.
    Delivery(&'a DeliveryView),
    /// A gap.
    Gap(Gap),
}

impl Rows {
    /// How many deliveries there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The lines from the top; rows that are sorted stand without gaps.
    pub(crate) fn lines(&self) -> impl Iterator<Item = RowLine<'_>> {
        self.lines_from(0)
    }

    /// The lines from this one on, found without walking over those above.
    pub(crate) fn lines_from(&self, line: usize) -> impl Iterator<Item = RowLine<'_>> {
        // No more gaps than there are can lie above, so this row does not stand below the line.
        let row = line.saturating_sub(self.gaps.len());
        let mut rows = self.deliveries_from(row).peekable();
        let above = rows.peek().map_or(line, |first| self.line_of(first.id));
        let lines = rows.flat_map(|row| {
            let gap = self
                .gaps
                .iter()
                .find(|hole| hole.below == row.id && self.sorted.is_none())
                .map(|hole| RowLine::Gap(hole.why));
            std::iter::once(RowLine::Delivery(row)).chain(gap)
        });
        lines.skip(line.saturating_sub(above))
    }

    /// The deliveries from the top.
    pub(crate) fn deliveries(&self) -> impl Iterator<Item = &DeliveryView> {
        self.deliveries_from(0)
    }

    /// The deliveries without so many at the top.
    fn deliveries_from(&self, top: usize) -> impl Iterator<Item = &DeliveryView> {
        let sorted = self.sorted.as_ref().map(|(_, order)| order);
        let newest_first = match sorted {
            Some(_) => 0,
            None => self.rows.len().saturating_sub(top),
        };
        let sorted = sorted.and_then(|order| order.get(top..));
        let sorted = sorted.into_iter().flatten();
        let sorted = sorted.filter_map(|id| self.rows.get(*id));
        self.rows.below(newest_first).chain(sorted)
    }

    /// What they are sorted by; none where the newest stands first.
    pub(crate) fn sorting(&self) -> Option<Sorting> {
        self.sorted.as_ref().map(|(by, _)| *by)
    }

    /// Sorts them, or puts the newest first again.
    pub(crate) fn sort(&mut self, by: Option<Sorting>) {
        self.sorted = None;
        self.sorted = by.map(|by| {
            let ids: Vec<DeliveryId> = self.deliveries().map(|row| row.id).collect();
            let order = by.order(self.deliveries());
            (by, order.into_iter().map(|at| ids[at]).collect())
        });
    }

    /// The row at the top.
    pub(crate) fn first(&self) -> Option<DeliveryId> {
        self.deliveries().next().map(|row| row.id)
    }

    /// The row with this id.
    pub(crate) fn get(&self, id: DeliveryId) -> Option<&DeliveryView> {
        self.rows.get(id)
    }

    /// The newest row's id.
    pub(crate) fn newest(&self) -> Option<DeliveryId> {
        self.rows.newest()
    }

    /// The row `steps` below the one with this id (above when negative), or the last one on the way.
    pub(crate) fn step(&self, from: DeliveryId, steps: isize) -> Option<DeliveryId> {
        if let Some((_, order)) = &self.sorted {
            let at = order.iter().position(|id| *id == from).unwrap_or(0);
            let to = at.saturating_add_signed(steps);
            return order.get(to.min(order.len().saturating_sub(1))).copied();
        }
        let far = steps.unsigned_abs();
        let place = match (self.rows.place(from), steps >= 0) {
            (Ok(place), true) => place.saturating_sub(far),
            // Where the row is gone the way begins at its neighbour, which has to be there.
            (Err(place), true) => place.checked_sub(1)?.saturating_sub(far),
            (Err(place), false) if place == self.rows.len() => return None,
            (Ok(place) | Err(place), false) => place.saturating_add(far).min(self.rows.len() - 1),
        };
        self.rows.at(place).map(|row| row.id)
    }

    /// The rows from one to the other, both with them, whichever stands above.
    pub(crate) fn between(
        &self,
        one: DeliveryId,
        other: DeliveryId,
    ) -> impl Iterator<Item = DeliveryId> {
        let (one, other) = (self.line_of(one), self.line_of(other));
        let (above, below) = (one.min(other), one.max(other));
        let lines = self.lines_from(above).take(below + 1 - above);
        lines.filter_map(|line| match line {
            RowLine::Delivery(row) => Some(row.id),
            RowLine::Gap(_) => None,
        })
    }

    /// The next row below the one with this id (above it when not `down`) whose latest attempt failed.
    pub(crate) fn failure(&self, from: DeliveryId, down: bool) -> Option<DeliveryId> {
        let failed = |row: &DeliveryView| row.last_class.is_some().then_some(row.id);
        if self.sorted.is_some() {
            let at = self.line_of(from);
            return match down {
                true => self.deliveries_from(at + 1).find_map(failed),
                false => self.deliveries().take(at).filter_map(failed).last(),
            };
        }
        match (self.rows.place(from), down) {
            (Ok(place) | Err(place), true) => self.rows.below(place).find_map(failed),
            (Ok(place), false) => self.rows.from(place + 1).find_map(failed),
            (Err(place), false) => self.rows.from(place).find_map(failed),
        }
    }

    /// The oldest row's id.
    pub(crate) fn oldest(&self) -> Option<DeliveryId> {
        self.rows.oldest()
    }

    /// The line on which the row with this id stands, or would stand.
    pub(crate) fn line_of(&self, id: DeliveryId) -> usize {
        if let Some((_, order)) = &self.sorted {
            return order.iter().position(|row| *row == id).unwrap_or(0);
        }
        let above = match self.rows.place(id) {
            Ok(place) => self.rows.len() - place - 1,
            Err(place) => self.rows.len() - place,
        };
        let gaps = self.gaps.iter().filter(|hole| hole.below > id).count();
        above + gaps
    }

    /// How many lines there are.
    pub(crate) fn line_count(&self) -> usize {
        match &self.sorted {
            Some((_, order)) => order.len(),
            None => self.rows.len() + self.gaps.len(),
        }
    }

    /// Puts a row in its place, or changes it where it stands; whether rows had to go for it.
    pub(crate) fn put(&mut self, row: DeliveryView) -> bool {
        self.rows.put(row);
        self.bound()
    }

    /// Changes a row that is there; whether it was.
    pub(crate) fn refresh(&mut self, row: &DeliveryView) -> bool {
        match self.rows.get_mut(row.id) {
            Some(known) => {
                known.clone_from(row);
                true
            }
            None => false,
        }
    }

    /// Takes the newest page as the truth about the ids that it covers. `gap` is noted below it if there are older rows
    /// that it does not reach, with the row from which on nothing is missing. `complete` says that there is nothing older
    /// in the service.
    pub(crate) fn take_newest(
        &mut self,
        page: Vec<DeliveryView>,
        complete: bool,
        gap: Option<(Gap, Option<DeliveryId>)>,
    ) {
        let lowest = page.iter().map(|row| row.id).min();
        match lowest {
            _ if complete => {
                self.rows.clear();
                self.gaps.clear();
            }
            None => {}
            Some(lowest) => {
                let reaches = self.newest().is_none_or(|newest| newest >= lowest);
                self.rows.cut_from(lowest);
                let known = self.newest();
                let gap = gap.or((!reaches).then_some((Gap::Missed, known)));
                let gap = gap.filter(|_| known.is_some());
                let new = gap.map(|(why, whole_from)| Hole {
                    below: lowest,
                    why,
                    whole_from,
                });
                self.cover(None, lowest, new);
            }
        }
        // The oldest first: each finds its place at the end.
        for row in page.into_iter().rev() {
            self.rows.put(row);
        }
        self.bound();
    }

    /// Adds rows below the oldest one; whether any had to go.
    pub(crate) fn take_older(&mut self, page: Vec<DeliveryView>) -> bool {
        for row in page {
            self.rows.put(row);
        }
        self.bound()
    }

    /// The row below which the first gap lies whose line is one of these, counted from the top.
    pub(crate) fn gap_in(&self, lines: std::ops::Range<usize>) -> Option<DeliveryId> {
        if self.sorted.is_some() {
            return None;
        }
        let below = self.gaps.iter().map(|hole| hole.below);
        let mut near = below.filter(|below| lines.contains(&(self.line_of(*below) + 1)));
        near.next()
    }

    /// Takes a page of what lies below this row into the gap there; what it does not reach stays a gap. `complete` says
    /// that there is nothing older in the service. Whether rows had to go for it.
    pub(crate) fn fill(
        &mut self,
        below: DeliveryId,
        page: Vec<DeliveryView>,
        complete: bool,
    ) -> bool {
        match page.iter().map(|row| row.id).min() {
            _ if complete => self.gaps.retain(|hole| hole.below > below),
            Some(lowest) => self.cover(Some(below), lowest, None),
            // There is no way on from here.
            None => self.gaps.retain(|hole| hole.below != below),
        }
        self.take_older(page)
    }

    /// Takes note that nothing is missing from one row, or the newest, down to another. What gaps there reach further
    /// begin below that one from now on, with one that is new there.
    fn cover(&mut self, from: Option<DeliveryId>, lowest: DeliveryId, new: Option<Hole>) {
        let is_covered =
            |hole: &Hole| hole.below >= lowest && from.is_none_or(|from| hole.below <= from);
        let covered: Vec<Hole> = self.gaps.extract_if(.., |hole| is_covered(hole)).collect();
        let open = new.into_iter().chain(covered);
        let open = open.filter(|hole| hole.whole_from.is_none_or(|whole| whole < lowest));
        if let Some(rest) = open.reduce(Hole::join) {
            let below = lowest;
            self.gaps.push(Hole { below, ..rest });
        }
        self.gaps.sort_by_key(|hole| Reverse(hole.below));
        while self.gaps.len() > GAPS_MAX
            && let (Some(lower), Some(upper)) = (self.gaps.pop(), self.gaps.pop())
        {
            self.gaps.push(upper.join(lower));
        }
    }

    fn bound(&mut self) -> bool {
        let before = self.rows.len();
        while self.rows.len() > ROWS_MAX {
            self.rows.pop_oldest();
        }
        if let Some(oldest) = self.oldest() {
            // A gap below the last row tells nothing.
            self.gaps.retain(|hole| hole.below > oldest);
        }
        let cut = before > self.rows.len();
        self.sort(self.sorting());
        cut
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::app::samples::{delivery, delivery_id};

    /// Rows 10, 20, … 200 with gaps below these, sorted or not.
    fn rows(gaps: &[i64], by: Option<Sorting>) -> Rows {
        let mut rows = Rows::default();
        rows.take_older((1..=20).rev().map(|n| delivery(n * 10)).collect());
        rows.gaps = gaps.iter().map(|below| hole(*below, None)).collect();
        rows.sort(by);
        rows
    }

    fn hole(below: i64, whole_from: Option<i64>) -> Hole {
        Hole {
            below: delivery_id(below),
            why: Gap::Missed,
            whole_from: whole_from.map(delivery_id),
        }
    }

    fn names<'a>(lines: impl Iterator<Item = RowLine<'a>>) -> Vec<Option<DeliveryId>> {
        lines
            .map(|line| match line {
                RowLine::Delivery(row) => Some(row.id),
                RowLine::Gap(_) => None,
            })
            .collect()
    }

    #[test]
    fn lines_from_anywhere_are_those_that_follow_there() {
        let oldest_first = Sorting {
            column: "TIME",
            reversed: true,
        };
        for gaps in [&[][..], &[200], &[20, 30, 40], &[200, 190, 110, 20]] {
            for by in [None, Some(oldest_first)] {
                let rows = rows(gaps, by);
                let all = names(rows.lines());
                assert_eq!(all.len(), rows.line_count());
                for line in 0..all.len() + 3 {
                    let rest = all.get(line..).unwrap_or_default();
                    assert_eq!(names(rows.lines_from(line)), rest, "{gaps:?} {by:?} {line}");
                    if let Some(Some(id)) = all.get(line) {
                        assert_eq!(rows.line_of(*id), line);
                    }
                }
            }
        }
    }

    /// Rows of these numbers, newest first.
    fn page(numbers: impl DoubleEndedIterator<Item = i64>) -> Vec<DeliveryView> {
        numbers.rev().map(delivery).collect()
    }

    #[test]
    fn a_gap_is_filled_page_by_page_until_the_list_is_whole() {
        let mut rows = Rows::default();
        rows.take_newest(page(1..=10), true, None);
        let missed = (Gap::Missed, Some(delivery_id(10)));
        rows.put(delivery(60));
        rows.take_newest(page(91..=100), false, Some(missed));
        assert_eq!(rows.gaps, [hole(91, Some(10))]);
        assert_eq!(rows.gap_in(0..10), None, "the gap stands on line 10");
        assert_eq!(rows.gap_in(10..20), Some(delivery_id(91)));

        rows.fill(delivery_id(91), page(51..=90), false);
        let kept = "a row that came alone in between does not end the gap";
        assert_eq!(rows.gaps, [hole(51, Some(10))], "{kept}");
        rows.fill(delivery_id(51), page(5..=50), false);
        assert_eq!(rows.gaps, []);
        let all: Vec<DeliveryId> = (1..=100).rev().map(delivery_id).collect();
        assert_eq!(rows.deliveries().map(|row| row.id).collect::<Vec<_>>(), all);
    }

    #[test]
    fn a_page_over_several_gaps_leaves_what_the_deepest_of_them_does() {
        for (whole, kept) in [
            ([Some(60), Some(10)], vec![hole(50, Some(10))]),
            ([Some(60), Some(55)], vec![]),
            ([None, Some(60)], vec![hole(50, None)]),
        ] {
            let mut rows = rows(&[], None);
            rows.gaps = vec![hole(190, whole[0]), hole(100, whole[1]), hole(20, Some(10))];
            rows.fill(delivery_id(190), page(50..=189), false);
            let expected = [kept, vec![hole(20, Some(10))]].concat();
            assert_eq!(rows.gaps, expected, "{whole:?}");
            rows.fill(delivery_id(50), Vec::new(), true);
            assert_eq!(rows.gaps, [], "nothing is older");
        }
    }

    #[test]
    fn more_gaps_than_are_told_of_become_one_that_reaches_as_far() {
        let mut rows = Rows::default();
        rows.take_newest(page(1..=2), false, None);
        let many = i64::try_from(GAPS_MAX).unwrap() + 3;
        for number in 1..=many {
            let known = rows.newest();
            let at = number * 100;
            rows.take_newest(page(at..=at), false, Some((Gap::Missed, known)));
        }
        assert_eq!(rows.gaps.len(), GAPS_MAX);
        assert_eq!(
            rows.gaps.first(),
            Some(&hole(many * 100, Some((many - 1) * 100)))
        );
        assert_eq!(rows.gaps.last(), Some(&hole(400, Some(2))));
    }

    #[test]
    fn a_step_ends_at_the_last_row_on_its_way_also_where_its_own_row_is_gone() {
        let rows = rows(&[], None);
        let step = |from, steps| rows.step(delivery_id(from), steps);
        for (from, steps, expected) in [
            (100, 0, Some(100)),
            (100, 3, Some(70)),
            (100, 99, Some(10)),
            (100, -3, Some(130)),
            (100, isize::MIN, Some(200)),
            (105, 0, Some(100)),
            (105, 1, Some(90)),
            (105, -1, Some(120)),
            (5, 1, None),
            (205, -1, None),
        ] {
            assert_eq!(
                step(from, steps),
                expected.map(delivery_id),
                "{from} {steps}"
            );
        }
    }
}
