//! The rows of a list of deliveries: newest first, bounded, with gaps where something may be missing; or sorted.

use std::collections::BTreeMap;

use super::link::Outage;
use super::sorting::Sorting;
use crate::api::delivery::DeliveryView;
use crate::domain::id::DeliveryId;

/// Rows that one list holds; the oldest go when more come.
pub(crate) const ROWS_MAX: usize = 5_000;
/// Gaps that one list tells of; the oldest go.
const GAPS_MAX: usize = 16;

/// The rows of a list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows {
    rows: BTreeMap<DeliveryId, DeliveryView>,
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
        self.deliveries().flat_map(|row| {
            let gap = self
                .gaps
                .iter()
                .find(|(below, _)| *below == row.id && self.sorted.is_none())
                .map(|(_, gap)| RowLine::Gap(*gap));
            std::iter::once(RowLine::Delivery(row)).chain(gap)
        })
    }

    /// The deliveries from the top.
    pub(crate) fn deliveries(&self) -> impl Iterator<Item = &DeliveryView> {
        let sorted = self.sorted.as_ref().map(|(_, order)| order);
        let newest_first = sorted.is_none().then(|| self.rows.values().rev());
        let sorted = sorted.into_iter().flatten();
        let sorted = sorted.filter_map(|id| self.rows.get(id));
        newest_first.into_iter().flatten().chain(sorted)
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
        self.rows.get(&id)
    }

    /// The newest row's id.
    pub(crate) fn newest(&self) -> Option<DeliveryId> {
        self.rows.keys().next_back().copied()
    }

    /// The row `steps` below the one with this id (above when negative), or the last one on the way.
    pub(crate) fn step(&self, from: DeliveryId, steps: isize) -> Option<DeliveryId> {
        if let Some((_, order)) = &self.sorted {
            let at = order.iter().position(|id| *id == from).unwrap_or(0);
            let to = at.saturating_add_signed(steps);
            return order.get(to.min(order.len().saturating_sub(1))).copied();
        }
        if steps >= 0 {
            let way = self.rows.range(..=from).rev();
            way.take(steps.unsigned_abs() + 1).last()
        } else {
            let way = self.rows.range(from..);
            way.take(steps.unsigned_abs() + 1).last()
        }
        .map(|(id, _)| *id)
    }

    /// The rows from one to the other, both with them, whichever stands above.
    pub(crate) fn between(
        &self,
        one: DeliveryId,
        other: DeliveryId,
    ) -> impl Iterator<Item = DeliveryId> {
        let (one, other) = (self.line_of(one), self.line_of(other));
        let (above, below) = (one.min(other), one.max(other));
        let lines = self.lines().take(below + 1).skip(above);
        lines.filter_map(|line| match line {
            RowLine::Delivery(row) => Some(row.id),
            RowLine::Gap(_) => None,
        })
    }

    /// The next row below the one with this id (above it when not `down`) whose latest attempt failed.
    pub(crate) fn failure(&self, from: DeliveryId, down: bool) -> Option<DeliveryId> {
        if self.sorted.is_some() {
            let at = self.line_of(from);
            let failed = |row: &DeliveryView| row.last_class.is_some().then_some(row.id);
            return match down {
                true => self.deliveries().skip(at + 1).find_map(failed),
                false => self.deliveries().take(at).filter_map(failed).last(),
            };
        }
        let failed = |(id, row): (&DeliveryId, &DeliveryView)| {
            (*id != from && row.last_class.is_some()).then_some(*id)
        };
        match down {
            true => self.rows.range(..=from).rev().find_map(failed),
            false => self.rows.range(from..).find_map(failed),
        }
    }

    /// The oldest row's id.
    pub(crate) fn oldest(&self) -> Option<DeliveryId> {
        self.rows.keys().next().copied()
    }

    /// The line on which the row with this id stands, or would stand.
    pub(crate) fn line_of(&self, id: DeliveryId) -> usize {
        if let Some((_, order)) = &self.sorted {
            return order.iter().position(|row| *row == id).unwrap_or(0);
        }
        let above = self.rows.range(id..).filter(|(row, _)| **row != id).count();
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
        self.rows.insert(row.id, row);
        self.bound()
    }

    /// Changes a row that is there; whether it was.
    pub(crate) fn refresh(&mut self, row: &DeliveryView) -> bool {
        match self.rows.get_mut(&row.id) {
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
                let mut covered = self.rows.split_off(&lowest);
                covered.clear();
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
        for row in page {
            self.rows.insert(row.id, row);
        }
        self.bound();
    }

    /// Adds rows below the oldest one; whether any had to go.
    pub(crate) fn take_older(&mut self, page: Vec<DeliveryView>) -> bool {
        for row in page {
            self.rows.insert(row.id, row);
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
            self.rows.pop_first();
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
