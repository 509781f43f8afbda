//! When a failed delivery is tried again: ladders, exponentials, jitter, the window, and `Retry-After`.

use std::time::Duration;

/// How the delays between attempts are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RetrySteps {
    /// The delays one by one; an empty ladder means one attempt.
    Ladder(Vec<Duration>),
    /// `first`, then each `factor` times the one before, at most `cap`: `retries` delays in all.
    Exponential {
        /// The delay before the second attempt.
        first: Duration,
        /// What each delay is multiplied by; at least 1.
        factor: u32,
        /// How many retries follow the first attempt.
        retries: u32,
        /// The longest delay.
        cap: Duration,
    },
}

/// A whole retry policy, the contract's or an endpoint's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The delays, each counted from the end of the attempt before it.
    pub steps: RetrySteps,
    /// From acceptance or the latest replay; a retry that would start later makes the delivery dead. `None` for none.
    pub window: Option<Duration>,
    /// ± share of each delay in thousandths, 0–1000; 0 is exact.
    pub jitter_permille: u16,
}
