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
