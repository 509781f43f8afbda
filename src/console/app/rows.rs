//! The rows of a list of deliveries: newest first, bounded, with gaps where something may be missing; or sorted.

use super::link::Outage;
use super::ring::DeliveryRing;
use super::sorting::Sorting;
use crate::api::delivery::DeliveryView;
use crate::domain::id::DeliveryId;

/// Rows that one list holds; the oldest go when more come.
pub(crate) const ROWS_MAX: usize = 50_000;
/// Gaps that one list tells of; the oldest go.
const GAPS_MAX: usize = 16;

/// The rows of a list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows {
    rows: DeliveryRing,
    /// Below the row of this id something may be missing, and what stands there may be out of date.
    gaps: Vec<(DeliveryId, Gap)>,
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
                .find(|(below, _)| *below == row.id && self.sorted.is_none())
                .map(|(_, gap)| RowLine::Gap(*gap));
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
        let gaps = self.gaps.iter().filter(|(below, _)| *below > id).count();
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

    /// Takes the newest page as the truth about the ids that it covers. `gap` is noted below it if there are older
    /// rows that it does not reach. `complete` says that there is nothing older in the service.
    pub(crate) fn take_newest(
        &mut self,
        page: Vec<DeliveryView>,
        complete: bool,
        gap: Option<Gap>,
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
                self.gaps.retain(|(below, _)| *below < lowest);
                if let Some(gap) = gap
                    && !self.rows.is_empty()
                {
                    self.note_gap(lowest, gap);
                } else if !reaches && !self.rows.is_empty() {
                    self.note_gap(lowest, Gap::Missed);
                }
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

    fn note_gap(&mut self, below: DeliveryId, gap: Gap) {
        self.gaps.push((below, gap));
        if self.gaps.len() > GAPS_MAX {
            self.gaps.remove(0);
        }
    }

    fn bound(&mut self) -> bool {
        let before = self.rows.len();
        while self.rows.len() > ROWS_MAX {
            self.rows.pop_oldest();
        }
        if let Some(oldest) = self.oldest() {
            // A gap below the last row tells nothing.
            self.gaps.retain(|(below, _)| *below > oldest);
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
        for gap in gaps {
            rows.note_gap(delivery_id(*gap), Gap::Missed);
        }
        rows.sort(by);
        rows
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
        let endpoint = Sorting {
            column: "TIME",
            reversed: true,
        };
        for gaps in [&[][..], &[200], &[20, 30, 40], &[200, 190, 110, 20]] {
            for by in [None, Some(endpoint)] {
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
