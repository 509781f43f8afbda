//! Deliveries in the order of their ids, in one block of memory: the newest come at one end and the oldest go at the
//! other, and where the row of an id stands is found without walking.
//!
//! A tree of as many rows takes nearly twice the memory, because rows that come in order leave its nodes half empty, and
//! has to count its way to the row of a line, at every frame.

use std::collections::VecDeque;

use crate::api::delivery::DeliveryView;
use crate::domain::id::DeliveryId;

/// Rows by id, the oldest first; places are counted from the oldest.
#[derive(Clone, Debug, Default)]
pub(crate) struct DeliveryRing {
    rows: VecDeque<DeliveryView>,
}

impl DeliveryRing {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The place of the row with this id, or the one that it would get.
    pub(crate) fn place(&self, id: DeliveryId) -> Result<usize, usize> {
        self.rows.binary_search_by_key(&id, |row| row.id)
    }

    /// The row with this id.
    pub(crate) fn get(&self, id: DeliveryId) -> Option<&DeliveryView> {
        self.rows.get(self.place(id).ok()?)
    }

    /// The same, to be changed; its id stays.
    pub(crate) fn get_mut(&mut self, id: DeliveryId) -> Option<&mut DeliveryView> {
        let place = self.place(id).ok()?;
        self.rows.get_mut(place)
    }

    /// The row at a place.
    pub(crate) fn at(&self, place: usize) -> Option<&DeliveryView> {
        self.rows.get(place)
    }

    /// The newest row's id.
    pub(crate) fn newest(&self) -> Option<DeliveryId> {
        self.rows.back().map(|row| row.id)
    }

    /// The oldest row's id.
    pub(crate) fn oldest(&self) -> Option<DeliveryId> {
        self.rows.front().map(|row| row.id)
    }

    /// The rows from a place on, the oldest of them first; none behind the last.
    pub(crate) fn from(&self, place: usize) -> impl Iterator<Item = &DeliveryView> {
        self.rows.range(place.min(self.rows.len())..)
    }

    /// The rows below a place, the newest of them first.
    pub(crate) fn below(&self, place: usize) -> impl Iterator<Item = &DeliveryView> {
        self.rows.range(..place.min(self.rows.len())).rev()
    }

    /// Puts a row in its place, or changes it where it stands.
    pub(crate) fn put(&mut self, row: DeliveryView) {
        match self.place(row.id) {
            Ok(place) => self.rows[place] = row,
            Err(place) => self.rows.insert(place, row),
        }
    }

    /// Takes the oldest row away.
    pub(crate) fn pop_oldest(&mut self) {
        self.rows.pop_front();
    }

    /// Takes this row and all that are newer away.
    pub(crate) fn cut_from(&mut self, id: DeliveryId) {
        let (Ok(place) | Err(place)) = self.place(id);
        self.rows.truncate(place);
    }

    /// Takes all rows away.
    pub(crate) fn clear(&mut self) {
        self.rows.clear();
    }

    /// Takes all rows out, the oldest first.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = DeliveryView> + use<> {
        std::mem::take(&mut self.rows).into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::app::samples::{delivery, delivery_id};

    fn numbers<'a>(rows: impl Iterator<Item = &'a DeliveryView>) -> Vec<i64> {
        rows.map(|row| row.id.as_i64() - delivery_id(0).as_i64())
            .collect()
    }

    #[test]
    fn rows_stand_by_their_ids_however_they_come() {
        let mut ring = DeliveryRing::default();
        for number in [5, 9, 7, 1, 7, 3] {
            ring.put(delivery(number));
        }
        assert_eq!(numbers(ring.from(0)), [1, 3, 5, 7, 9]);
        assert_eq!(ring.place(delivery_id(5)), Ok(2));
        assert_eq!(ring.place(delivery_id(6)), Err(3));
        assert_eq!(ring.get(delivery_id(6)).map(|row| row.id), None);
        assert_eq!(numbers(ring.below(2)), [3, 1]);
        assert_eq!(numbers(ring.from(2)), [5, 7, 9]);
        assert_eq!(ring.from(99).count() + ring.below(0).count(), 0);
        ring.cut_from(delivery_id(6));
        ring.pop_oldest();
        assert_eq!(numbers(ring.from(0)), [3, 5]);
        assert_eq!(ring.drain().count(), 2);
        assert_eq!(ring.len(), 0);
    }
}
