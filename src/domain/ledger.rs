//! The conservation ledger (promise P4): deliveries created = delivered + pending + held + dead + discarded.

use super::time::Timestamp;

/// How many deliveries stand where, as the store's counters have it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Deliveries ever created.
    pub created: i64,
    /// Those waiting or in flight.
    pub pending: i64,
    /// Those whose endpoint is paused or disabled; not among `pending`.
    pub held: i64,
    /// Those a receiver accepted.
    pub delivered: i64,
    /// Those that will not be tried again by themselves.
    pub dead: i64,
    /// Those cancelled, or of a deleted endpoint.
    pub discarded: i64,
}

impl Counts {
    /// Whether nothing is missing and nothing is there twice.
    pub const fn adds_up(&self) -> bool {
        self.created == self.pending + self.held + self.delivered + self.dead + self.discarded
    }

    /// The counts of both.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            created: self.created + other.created,
            pending: self.pending + other.pending,
            held: self.held + other.held,
            delivered: self.delivered + other.delivered,
            dead: self.dead + other.dead,
            discarded: self.discarded + other.discarded,
        }
    }
}

/// Where the deliveries stand that were made on one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DayCounts {
    /// When the day began, in UTC.
    pub day: Timestamp,
    /// Its deliveries; `held` is always 0, `pending` has those too: which of a day's are held is not counted.
    pub counts: Counts,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_that_stands_nowhere_is_noticed() {
        let counts = Counts {
            created: 3,
            pending: 1,
            dead: 2,
            ..Counts::default()
        };
        assert!(counts.adds_up());
        assert!(
            !Counts {
                created: 4,
                ..counts
            }
            .adds_up()
        );
        assert!(counts.plus(counts).adds_up());
    }
}
