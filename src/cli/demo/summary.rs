//! What the demo did, and whether the ledger adds up.

use super::receivers::DemoReceiver;
use crate::api::endpoint::{EndpointView, LedgerCounts};
use crate::api::stats::StatsView;

/// Everything that is known at the end.
pub(super) struct Ledger<'a> {
    /// Events that the service answered for.
    pub(super) accepted: u64,
    /// The service's own figures.
    pub(super) stats: &'a StatsView,
    /// Its endpoints, with theirs.
    pub(super) endpoints: &'a [EndpointView],
    /// Whether somebody had the console, and may have made, changed, tested or deleted endpoints.
    pub(super) operated: bool,
    /// The other side.
    pub(super) receivers: &'a [DemoReceiver],
}

impl Ledger<'_> {
    /// One line per endpoint and one for all.
    pub(super) fn text(&self) -> String {
        let mut text = format!(
            "{:<8} {:>9} {:>9} {:>8} {:>6} {:>6} {:>9} {:>10}\n",
            "ENDPOINT", "CREATED", "DELIVERED", "PENDING", "HELD", "DEAD", "DISCARDED", "REQUESTS"
        );
        let mut requests = 0;
        for receiver in self.receivers {
            let seen = receiver.seen.borrow().requests;
            requests += seen;
            if let Some(endpoint) = self.endpoint_of(receiver) {
                text.push_str(&row(
                    receiver.manner.name(),
                    endpoint.health.deliveries,
                    seen,
                ));
            }
        }
        text.push_str(&row("all", self.stats.ledger, requests));
        text
    }

    /// Everything that does not add up; empty when nothing is missing and nothing is there twice. What an operator did
    /// makes another number of deliveries: then it is only asked that each is accounted for.
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.operated {
            let total = self.stats.ledger;
            if sum(total) != total.created {
                faults.push(format!(
                    "deliveries accounted for: {}, expected {}",
                    sum(total),
                    total.created
                ));
            }
            return faults;
        }
        let mut expect = |what: &str, found: u64, expected: u64| {
            if found != expected {
                faults.push(format!("{what}: {found}, expected {expected}"));
            }
        };
        let endpoints = u64::try_from(self.receivers.len()).unwrap_or(u64::MAX);
        let total = self.stats.ledger;
        expect(
            "deliveries created",
            total.created,
            self.accepted * endpoints,
        );
        expect("deliveries accounted for", sum(total), total.created);
        for receiver in self.receivers {
            let name = receiver.manner.name();
            let Some(endpoint) = self.endpoint_of(receiver) else {
                faults.push(format!("endpoint {name} is gone"));
                continue;
            };
            let counts = endpoint.health.deliveries;
            if sum(counts) != counts.created || counts.created != self.accepted {
                faults.push(format!(
                    "{name}: {} created, {} accounted for, expected {}",
                    counts.created,
                    sum(counts),
                    self.accepted
                ));
            }
            let seen = receiver.seen.borrow();
            let taken = u64::try_from(seen.accepted.len()).unwrap_or(u64::MAX);
            // What was answered but not yet recorded is sent again: never the other way round.
            if counts.delivered > taken {
                faults.push(format!(
                    "{name}: {} delivered, but its receiver took only {taken}",
                    counts.delivered
                ));
            }
            if let Some(why) = &seen.wrong {
                faults.push(format!("{name}: a signature was wrong: {why}"));
            }
        }
        faults
    }

    fn endpoint_of(&self, receiver: &DemoReceiver) -> Option<&EndpointView> {
        self.endpoints
            .iter()
            .find(|endpoint| endpoint.name.as_deref() == Some(receiver.manner.name()))
    }
}

const fn sum(counts: LedgerCounts) -> u64 {
    counts.delivered + counts.pending + counts.held + counts.dead + counts.discarded
}

fn row(name: &str, counts: LedgerCounts, requests: u64) -> String {
    format!(
        "{name:<8} {:>9} {:>9} {:>8} {:>6} {:>6} {:>9} {requests:>10}\n",
        counts.created,
        counts.delivered,
        counts.pending,
        counts.held,
        counts.dead,
        counts.discarded
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(operated: bool, ledger: LedgerCounts) -> Vec<String> {
        let stats = StatsView {
            ledger,
            ..StatsView::default()
        };
        let ledger = Ledger {
            accepted: 10,
            operated,
            stats: &stats,
            endpoints: &[],
            receivers: &[],
        };
        ledger.faults()
    }

    #[test]
    fn what_an_operator_added_is_no_fault_and_what_is_lost_always_is() {
        let added = LedgerCounts {
            created: 3,
            delivered: 2,
            dead: 1,
            ..LedgerCounts::default()
        };
        assert_eq!(faults(true, added), [] as [&str; 0]);
        assert_eq!(faults(false, added).len(), 1);
        let lost = LedgerCounts { dead: 0, ..added };
        for operated in [true, false] {
            let told = faults(operated, lost).join("\n");
            assert!(told.contains("accounted for: 2, expected 3"), "{told}");
        }
    }
}
