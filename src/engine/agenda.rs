//! Endpoints by when something is due for them; one instant for each.

use std::collections::{BTreeSet, HashMap};

use crate::domain::id::EndpointId;
use crate::domain::time::Timestamp;

/// What is due when. Every operation is a search, however many endpoints there are.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    by_time: BTreeSet<(Timestamp, EndpointId)>,
    by_endpoint: HashMap<EndpointId, Timestamp>,
}

impl Agenda {
    /// Notes an endpoint, in place of what was noted for it before.
    pub(super) fn note(&mut self, at: Timestamp, id: EndpointId) {
        self.forget(id);
        self.by_time.insert((at, id));
        self.by_endpoint.insert(id, at);
    }

    /// Forgets an endpoint; one that is not noted is left alone.
    pub(super) fn forget(&mut self, id: EndpointId) {
        if let Some(at) = self.by_endpoint.remove(&id) {
            self.by_time.remove(&(at, id));
        }
    }

    /// When an endpoint is due; `None` when it is not noted.
    pub(super) fn at(&self, id: EndpointId) -> Option<Timestamp> {
        self.by_endpoint.get(&id).copied()
    }

    /// Who is noted, in no order.
    pub(super) fn endpoints(&self) -> impl Iterator<Item = EndpointId> {
        self.by_endpoint.keys().copied()
    }

    /// When the first is due.
    pub(super) fn first(&self) -> Option<Timestamp> {
        self.by_time.first().map(|&(at, _)| at)
    }

    /// Takes out those that are due at `now`, the longest due first.
    pub(super) fn take_due(&mut self, now: Timestamp) -> Vec<EndpointId> {
        let mut due = Vec::new();
        while let Some(&(at, id)) = self.by_time.first().filter(|(at, _)| *at <= now) {
            self.by_time.remove(&(at, id));
            self.by_endpoint.remove(&id);
            due.push(id);
        }
        due
    }

    /// The wall clock was set: everything moves with it.
    pub(super) fn clock_set(&mut self, by_ms: i64) {
        for at in self.by_endpoint.values_mut() {
            *at = at.moved_by(by_ms);
        }
        self.by_time = self.by_endpoint.iter().map(|(&id, &at)| (at, id)).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn id(number: i64) -> EndpointId {
        EndpointId::from_i64(number)
    }

    #[test]
    fn each_endpoint_is_due_once_at_the_time_noted_last() {
        let mut agenda = Agenda::default();
        for (millis, number) in [(30, 1), (10, 2), (20, 3), (5, 1)] {
            agenda.note(at(millis), id(number));
        }
        agenda.forget(id(3));
        agenda.forget(id(4));
        assert_eq!(agenda.first(), Some(at(5)));
        assert_eq!((agenda.at(id(1)), agenda.at(id(3))), (Some(at(5)), None));
        let mut noted: Vec<_> = agenda.endpoints().collect();
        noted.sort_unstable();
        assert_eq!(noted, [id(1), id(2)]);
        assert_eq!(agenda.take_due(at(4)), []);
        assert_eq!(agenda.take_due(at(10)), [id(1), id(2)]);
        assert_eq!(agenda.first(), None);
    }

    #[test]
    fn a_clock_that_is_set_moves_everything() {
        let mut agenda = Agenda::default();
        agenda.note(at(100), id(1));
        agenda.note(at(200), id(2));
        agenda.clock_set(-50);
        assert_eq!(agenda.take_due(at(50)), [id(1)]);
        agenda.note(at(400), id(2));
        assert_eq!(agenda.take_due(at(399)), []);
        assert_eq!(agenda.take_due(at(400)), [id(2)]);
    }
}
