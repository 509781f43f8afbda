//! What became of the deliveries that a store is filled with.

/// What became of the deliveries of a [`Filling`](super::Filling).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Each was accepted by its receiver at the first attempt.
    Delivered,
    /// None was tried.
    Pending,
    /// None was tried, because no request could be made of any.
    Dead,
    /// Of a thousand 945 were delivered at the first attempt and 20 at the second; 20 are dead after three, 5 were
    /// discarded after one, and 10 have failed twice and are due again 6 to 30 hours after the end of the past.
    Mixed,
}

/// Deliveries that fare alike.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    /// How many of a thousand.
    pub(super) permille: u16,
    pub(super) state: &'static str,
    pub(super) reason: Option<&'static str>,
    /// Attempts that failed, before the one that succeeded.
    pub(super) failures: u8,
    pub(super) successes: u8,
    /// Whether another attempt is due.
    pub(super) waits: bool,
}

impl Fate {
    /// A thousand deliveries.
    pub(super) fn shares(self) -> Vec<Share> {
        match self {
            Self::Delivered => vec![Share::of(1_000, "delivered", 0, 1)],
            Self::Pending => vec![Share::of(1_000, "pending", 0, 0)],
            Self::Dead => vec![Share::of(1_000, "dead", 0, 0).because("undeliverable")],
            Self::Mixed => vec![
                Share::of(945, "delivered", 0, 1),
                Share::of(20, "delivered", 1, 1),
                Share::of(20, "dead", 3, 0).because("exhausted"),
                Share::of(5, "discarded", 1, 0).because("operator"),
                Share::of(10, "pending", 2, 0).waiting(),
            ],
        }
    }
}

impl Share {
    const fn of(permille: u16, state: &'static str, failures: u8, successes: u8) -> Self {
        Self {
            permille,
            state,
            reason: None,
            failures,
            successes,
            waits: false,
        }
    }

    const fn because(self, reason: &'static str) -> Self {
        Self {
            reason: Some(reason),
            ..self
        }
    }

    const fn waiting(self) -> Self {
        Self {
            waits: true,
            ..self
        }
    }
}
