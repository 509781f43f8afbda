//! A lane's requests between Send and Settled, and when the first of them is overdue.

use std::collections::BTreeMap;

use crate::domain::id::DeliveryId;
use crate::domain::time::Timestamp;

/// Where a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flight {
    /// In flight; abandoned at this instant.
    Sending(Timestamp),
    /// Told to end.
    Abandoned,
    /// Answered; the record is on its way.
    Recording,
}

impl Flight {
    const fn holds_slot(self) -> bool {
        matches!(self, Self::Sending(_) | Self::Abandoned)
    }
}

/// Every delivery between Send and Settled; boxed and given back with the last, because idle lanes have none.
#[derive(Debug, Default)]
pub(super) struct Flights(Option<Box<Aloft>>);

#[derive(Debug, Default)]
struct Aloft {
    by_delivery: BTreeMap<DeliveryId, Flight>,
    /// Those that hold a slot.
    sending: u32,
    /// No request is abandoned before this; at or before the earliest deadline.
    check_at: Option<Timestamp>,
}

impl Flights {
    /// What an earlier lane left behind: whether each is unanswered and so holds a slot until `deadline`.
    pub(super) fn left_behind(
        flights: impl Iterator<Item = (DeliveryId, bool)>,
        deadline: Timestamp,
    ) -> Self {
        let mut all = Self::default();
        for (id, unanswered) in flights {
            all.take_off(id, deadline);
            if !unanswered {
                all.answered(id);
            }
        }
        all
    }

    /// All of them.
    pub(super) fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |aloft| aloft.by_delivery.len())
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Those that hold a slot.
    pub(super) fn sending(&self) -> u32 {
        self.0.as_ref().map_or(0, |aloft| aloft.sending)
    }

    /// Whether the delivery is one of them.
    pub(super) fn contains(&self, id: DeliveryId) -> bool {
        let aloft = self.0.as_ref();
        aloft.is_some_and(|aloft| aloft.by_delivery.contains_key(&id))
    }

    /// A request starts.
    pub(super) fn take_off(&mut self, id: DeliveryId, deadline: Timestamp) {
        let aloft = self.0.get_or_insert_default();
        aloft.by_delivery.insert(id, Flight::Sending(deadline));
        aloft.sending += 1;
        aloft.check_at = Some(aloft.check_at.map_or(deadline, |at| at.min(deadline)));
    }

    /// A request is answered and gives its slot back; says whether that is news.
    pub(super) fn answered(&mut self, id: DeliveryId) -> bool {
        let Some(aloft) = &mut self.0 else {
            return false;
        };
        let Some(flight) = aloft.by_delivery.get_mut(&id) else {
            return false;
        };
        let news = std::mem::replace(flight, Flight::Recording).holds_slot();
        if news {
            aloft.land();
        }
        news
    }

    /// A request is over and recorded; says whether it still held a slot. `None` for one that is not known.
    pub(super) fn settled(&mut self, id: DeliveryId) -> Option<bool> {
        let aloft = self.0.as_mut()?;
        let held_slot = aloft.by_delivery.remove(&id)?.holds_slot();
        if held_slot {
            aloft.land();
        }
        self.0.take_if(|aloft| aloft.by_delivery.is_empty());
        Some(held_slot)
    }

    /// No request is overdue before this.
    pub(super) fn check_at(&self) -> Option<Timestamp> {
        self.0.as_ref().and_then(|aloft| aloft.check_at)
    }

    /// The requests that are to end because their time is up, each given once.
    pub(super) fn overdue(&mut self, now: Timestamp) -> Vec<DeliveryId> {
        let mut overdue = Vec::new();
        let Some(aloft) = self.0.as_mut().filter(|aloft| aloft.is_to_check(now)) else {
            return overdue;
        };
        let mut earliest: Option<Timestamp> = None;
        for (&id, flight) in &mut aloft.by_delivery {
            match *flight {
                Flight::Sending(deadline) if deadline <= now => {
                    *flight = Flight::Abandoned;
                    overdue.push(id);
                }
                Flight::Sending(deadline) => {
                    earliest = Some(earliest.map_or(deadline, |known| known.min(deadline)));
                }
                Flight::Abandoned | Flight::Recording => {}
            }
        }
        aloft.check_at = earliest;
        overdue
    }

    /// The wall clock was set: deadlines move with it.
    pub(super) fn clock_set(&mut self, by_ms: i64) {
        let Some(aloft) = &mut self.0 else { return };
        for flight in aloft.by_delivery.values_mut() {
            if let Flight::Sending(deadline) = flight {
                *deadline = deadline.moved_by(by_ms);
            }
        }
        aloft.check_at = aloft.check_at.map(|at| at.moved_by(by_ms));
    }
}

impl Aloft {
    fn land(&mut self) {
        self.sending = self.sending.saturating_sub(1);
        if self.sending == 0 {
            self.check_at = None;
        }
    }

    fn is_to_check(&self, now: Timestamp) -> bool {
        self.check_at.is_some_and(|at| at <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn id(number: i64) -> DeliveryId {
        DeliveryId::from_i64(number)
    }

    const fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    fn two() -> Flights {
        let mut flights = Flights::default();
        flights.take_off(id(1), at(100));
        flights.take_off(id(2), at(50));
        flights
    }

    #[test]
    fn a_request_is_overdue_at_its_deadline_and_given_once() {
        let mut flights = two();
        assert_eq!(flights.check_at(), Some(at(50)));
        assert_eq!(flights.overdue(at(49)), []);
        assert_eq!(flights.overdue(at(50)), [id(2)]);
        assert_eq!(flights.overdue(at(50)), []);
        assert_eq!(flights.check_at(), Some(at(100)));
        assert_eq!(flights.overdue(at(200)), [id(1)]);
        assert_eq!(
            (flights.check_at(), flights.sending()),
            (None, 2),
            "both hold their slots until they end"
        );
    }

    #[test]
    fn deadlines_move_with_a_clock_that_is_set() {
        let mut flights = two();
        flights.clock_set(1_000);
        assert_eq!(flights.check_at(), Some(at(1_050)));
        assert_eq!(flights.overdue(at(1_049)), []);
        assert_eq!(flights.overdue(at(1_050)), [id(2)]);
    }

    #[test]
    fn an_answer_gives_the_slot_back_once_and_the_record_ends_the_flight() {
        let mut flights = two();
        assert!(flights.answered(id(1)));
        assert!(!flights.answered(id(1)), "it was answered before");
        assert!(!flights.answered(id(3)), "it never started");
        assert_eq!((flights.len(), flights.sending()), (2, 1));
        assert_eq!(flights.settled(id(1)), Some(false));
        assert_eq!(flights.settled(id(1)), None);
        assert_eq!(flights.settled(id(2)), Some(true), "it held its slot");
        assert_eq!((flights.len(), flights.sending()), (0, 0));
    }

    #[test]
    fn the_last_one_gives_the_room_back() {
        let mut flights = two();
        assert!(flights.0.is_some());
        flights.settled(id(1));
        flights.settled(id(2));
        assert!(flights.0.is_none() && flights.is_empty());
    }

    #[test]
    fn a_lane_takes_over_which_requests_hold_slots() {
        let left = [(id(1), true), (id(2), false)];
        let mut flights = Flights::left_behind(left.into_iter(), at(9));
        assert_eq!((flights.len(), flights.sending()), (2, 1));
        assert_eq!(flights.overdue(at(9)), [id(1)]);
    }
}
