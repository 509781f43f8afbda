//! Changes coalesced between two frames: each delivery, endpoint and replay once, however often it changed, and what is warned
//! of.

use std::collections::BTreeSet;

use super::feed::News;
use crate::domain::id::{DeliveryId, EndpointId, ReplayId};
use crate::domain::limits::{STREAM_FRAME_ROWS_MAX, STREAM_GATHERED_MAX};
use crate::domain::operational::{Fact, FactKind};
use crate::engine::{BreakerChange, CertificateWarning};

/// What changed since the frame before.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    deliveries: BTreeSet<DeliveryId>,
    endpoints: BTreeSet<EndpointId>,
    certificates: Vec<CertificateWarning>,
    breakers: Vec<BreakerChange>,
    facts: Vec<Fact>,
    replays: BTreeSet<ReplayId>,
    /// Changes gathered, repeated ones included: what sequence numbers count.
    changes: u64,
    /// Changed deliveries beyond what is remembered.
    forgotten: u64,
    /// Whether changes were missed altogether.
    missed: bool,
}

/// A gathering that is closed: what its frame is made of.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Gathered {
    /// The newest deliveries that changed, newest last; at most 100.
    pub(super) deliveries: Vec<DeliveryId>,
    /// Deliveries that changed and are not among them.
    pub(super) unlisted: u64,
    /// Endpoints that changed; at most 100, the others are in `unlisted_endpoints`.
    pub(super) endpoints: Vec<EndpointId>,
    /// Ends of certificates that are warned of; at most 100.
    pub(super) certificates: Vec<CertificateWarning>,
    /// Breakers that opened or closed; at most 100.
    pub(super) breakers: Vec<BreakerChange>,
    /// What else the service has to tell; at most 100.
    pub(super) facts: Vec<Fact>,
    /// Replays that moved or whose items did: as many as may be active, and those that ended just now.
    pub(super) replays: BTreeSet<ReplayId>,
    /// Whether more endpoints changed than are listed.
    pub(super) endpoints_cut: bool,
    /// Changes, repeated ones included.
    pub(super) changes: u64,
    /// Whether changes were missed altogether.
    pub(super) missed: bool,
}

impl Gathering {
    /// Takes news in.
    pub(super) fn add(&mut self, news: &News) {
        match news {
            News::Changed(changes) => {
                self.changes += count(changes.deliveries.len())
                    + count(changes.endpoints.len())
                    + count(changes.certificates.len())
                    + count(changes.breakers.len())
                    + count(alerting(&changes.facts).count())
                    + count(changes.replays.len());
                self.replays.extend(&changes.replays);
                for change in &changes.deliveries {
                    self.add_delivery(change.id);
                }
                // What finds no room is in the log, and marked in the endpoints' list.
                let room = STREAM_FRAME_ROWS_MAX.saturating_sub(self.certificates.len());
                self.certificates
                    .extend(changes.certificates.iter().take(room));
                let room = STREAM_FRAME_ROWS_MAX.saturating_sub(self.breakers.len());
                self.breakers.extend(changes.breakers.iter().take(room));
                let room = STREAM_FRAME_ROWS_MAX.saturating_sub(self.facts.len());
                self.facts
                    .extend(alerting(&changes.facts).take(room).cloned());
                self.endpoints.extend(&changes.endpoints);
                if self.endpoints.len() > STREAM_GATHERED_MAX {
                    self.endpoints.clear();
                    self.missed = true;
                }
            }
            News::Missed => self.missed = true,
            News::Ended => {}
        }
    }

    fn add_delivery(&mut self, id: DeliveryId) {
        if self.deliveries.insert(id) && self.deliveries.len() > STREAM_GATHERED_MAX {
            self.deliveries.pop_first();
            self.forgotten += 1;
        }
    }

    /// Whether there is nothing to tell.
    pub(super) fn is_empty(&self) -> bool {
        self.changes == 0 && !self.missed
    }

    /// Closes the gathering and begins a new one.
    pub(super) fn take(&mut self) -> Gathered {
        let gathering = std::mem::take(self);
        let over = gathering
            .deliveries
            .len()
            .saturating_sub(STREAM_FRAME_ROWS_MAX);
        Gathered {
            unlisted: gathering.forgotten + count(over),
            deliveries: gathering.deliveries.into_iter().skip(over).collect(),
            endpoints_cut: gathering.endpoints.len() > STREAM_FRAME_ROWS_MAX,
            endpoints: gathering
                .endpoints
                .into_iter()
                .take(STREAM_FRAME_ROWS_MAX)
                .collect(),
            certificates: gathering.certificates,
            breakers: gathering.breakers,
            facts: gathering.facts,
            replays: gathering.replays,
            changes: gathering.changes,
            missed: gathering.missed,
        }
    }
}

/// Those that become alerts: the others have alerts of their own, or are not for everybody's screen.
fn alerting(facts: &[Fact]) -> impl Iterator<Item = &Fact> {
    facts.iter().filter(|fact| {
        matches!(
            fact.kind,
            FactKind::EndpointFailing
                | FactKind::EndpointDisabled
                | FactKind::EndpointRecovered
                | FactKind::ReplayStopped
        )
    })
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::certificate::Nearness;
    use crate::domain::delivery::DeliveryState;
    use crate::domain::time::Timestamp;
    use crate::engine::{Changes, DeliveryChange};

    fn changed(ids: std::ops::Range<i64>) -> News {
        News::Changed(Arc::new(Changes {
            deliveries: ids
                .map(|id| DeliveryChange {
                    id: DeliveryId::from_i64(id),
                    endpoint_id: EndpointId::from_i64(1),
                    state: DeliveryState::Pending,
                })
                .collect(),
            ..Changes::default()
        }))
    }

    #[test]
    fn a_delivery_that_changed_often_is_told_once_and_counted_each_time() {
        let mut gathering = Gathering::default();
        for _ in 0..3 {
            gathering.add(&changed(1..3));
        }
        let gathered = gathering.take();
        assert_eq!(gathered.deliveries.len(), 2);
        assert_eq!((gathered.changes, gathered.unlisted), (6, 0));
        assert!(gathering.is_empty());
    }

    #[test]
    fn the_newest_hundred_are_listed_and_the_others_counted() {
        let mut gathering = Gathering::default();
        gathering.add(&changed(0..250));
        let gathered = gathering.take();
        assert_eq!(gathered.deliveries.len(), STREAM_FRAME_ROWS_MAX);
        assert_eq!(gathered.deliveries.last(), Some(&DeliveryId::from_i64(249)));
        assert_eq!(gathered.unlisted, 150);
    }

    #[test]
    fn memory_is_bounded_and_nothing_goes_uncounted() {
        let mut gathering = Gathering::default();
        let total = i64::try_from(STREAM_GATHERED_MAX).unwrap() + 5_000;
        gathering.add(&changed(0..total));
        assert_eq!(gathering.deliveries.len(), STREAM_GATHERED_MAX);
        let gathered = gathering.take();
        assert_eq!(gathered.unlisted + 100, u64::try_from(total).unwrap());
    }

    #[test]
    fn warnings_are_kept_up_to_a_bound_and_all_counted() {
        let mut gathering = Gathering::default();
        let warning = |id| CertificateWarning {
            endpoint_id: EndpointId::from_i64(id),
            expires_at: Timestamp::EPOCH,
            nearness: Nearness::Week,
        };
        gathering.add(&News::Changed(Arc::new(Changes {
            certificates: (0..150).map(warning).collect(),
            ..Changes::default()
        })));
        let gathered = gathering.take();
        assert_eq!(gathered.certificates.len(), STREAM_FRAME_ROWS_MAX);
        assert_eq!(gathered.certificates[99], warning(99));
        assert_eq!(gathered.changes, 150);
        assert!(gathering.is_empty());
    }

    #[test]
    fn missed_changes_make_a_gap() {
        let mut gathering = Gathering::default();
        gathering.add(&News::Missed);
        assert!(!gathering.is_empty());
        assert!(gathering.take().missed);
    }
}
