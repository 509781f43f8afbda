//! When an endpoint that does nothing but fail is warned of, and when it is disabled.
//!
//! **What counts.** A run begins with a failure after a success (or after the beginning, or after somebody enabled the
//! endpoint) and ends with a success. Time counts between two failures of it: there must be evidence at both ends. Of a
//! silence between them at most [`SILENCE_MAX`] counts, and what passed while the endpoint was paused or the service was
//! down counts for nothing. So nobody is disabled for a week in which nothing was sent, and five days of failures are
//! five days in which the receiver was asked at least once a day and never said yes.
//!
//! **Which time.** Steady time, in milliseconds: it passes as the monotonic clock does and survives restarts. Whoever
//! sets the wall clock disables nobody and spares nobody.

use std::time::Duration;

/// How much of the time between two failures counts: the longest wait of a breaker between two probes, and of most
/// retry ladders.
pub const SILENCE_MAX: Duration = Duration::from_hours(24);
/// Warnings of a run.
pub const WARNINGS_MAX: usize = 8;

/// When to warn and when to disable, by the time that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailingPolicy {
    /// After how long each warning is due, rising, at most [`WARNINGS_MAX`].
    pub warn: Vec<Duration>,
    /// After how long the endpoint is disabled; `None` for never.
    pub disable: Option<Duration>,
}

impl Default for FailingPolicy {
    /// Warnings after 1 and 3 days, the end after 5.
    fn default() -> Self {
        let days = |days: u64| Duration::from_hours(24 * days);
        Self {
            warn: vec![days(1), days(3)],
            disable: Some(days(5)),
        }
    }
}

/// An endpoint's run of failures, and what was said about it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FailingRun {
    /// When its first failure was recorded, in steady time; `None` while there is none.
    pub since_ms: Option<i64>,
    /// Up to when its time is counted, in steady time.
    pub seen_ms: i64,
    /// What counts of it.
    pub failing_ms: i64,
    /// Warnings of it that were given.
    pub warned: u8,
    /// Whether somebody was told that the endpoint fails, and not yet that it is back.
    pub told: bool,
}

/// What is due for an endpoint because of its run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailingTurn {
    /// A warning, with how many of the run there are then.
    Warn(u8),
    /// The endpoint is to be disabled.
    Disable,
    /// It is back: to be told to those who were told that it fails.
    Recovered,
}

impl FailingRun {
    /// The run after a failure that was recorded at `now_ms`.
    #[must_use]
    pub fn failed(self, now_ms: i64) -> Self {
        if self.since_ms.is_none() {
            return Self {
                since_ms: Some(now_ms),
                seen_ms: now_ms,
                failing_ms: 0,
                warned: 0,
                ..self
            };
        }
        let silence = now_ms.saturating_sub(self.seen_ms).clamp(0, SILENCE_MAX_MS);
        Self {
            seen_ms: now_ms.max(self.seen_ms),
            failing_ms: self.failing_ms.saturating_add(silence),
            ..self
        }
    }

    /// The end of the run: by a success, by somebody who enables the endpoint, or by another URL.
    #[must_use]
    pub fn ended(self) -> Self {
        Self {
            told: self.told,
            ..Self::default()
        }
    }

    /// The run after `by_ms` in which nobody could have asked the receiver: they count for nothing.
    #[must_use]
    pub fn interrupted(self, by_ms: i64) -> Self {
        Self {
            seen_ms: self.seen_ms.saturating_add(by_ms.max(0)),
            ..self
        }
    }

    /// Whether there is nothing to remember.
    pub fn is_blank(&self) -> bool {
        self.since_ms.is_none() && !self.told
    }

    /// What counts of the run.
    pub fn failing_for(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.failing_ms).unwrap_or(0))
    }
}

/// [`SILENCE_MAX`] in milliseconds.
const SILENCE_MAX_MS: i64 = 24 * 3_600 * 1_000;

impl FailingPolicy {
    /// What is due. Of several warnings whose time has come the last one is given.
    pub fn turn(&self, run: &FailingRun) -> Option<FailingTurn> {
        if run.since_ms.is_none() {
            return run.told.then_some(FailingTurn::Recovered);
        }
        let failing_for = run.failing_for();
        if self.disable.is_some_and(|after| failing_for >= after) {
            return Some(FailingTurn::Disable);
        }
        let reached = self.warn.iter().take(WARNINGS_MAX);
        let reached = reached.filter(|&&after| failing_for >= after).count();
        let reached = u8::try_from(reached).unwrap_or(u8::MAX);
        (reached > run.warned).then_some(FailingTurn::Warn(reached))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    /// What is due at which hours of failures every `every` hours, each thing done when it is due.
    fn turns(policy: &FailingPolicy, every: i64, hours: i64) -> Vec<(i64, FailingTurn)> {
        let (mut run, mut turns) = (FailingRun::default(), Vec::new());
        let mut at = 0;
        while at <= hours {
            run = run.failed(at * HOUR);
            if let Some(turn) = policy.turn(&run) {
                turns.push((at, turn));
                match turn {
                    FailingTurn::Warn(warned) => (run.warned, run.told) = (warned, true),
                    FailingTurn::Disable => break,
                    FailingTurn::Recovered => panic!("nothing succeeded"),
                }
            }
            at += every;
        }
        turns
    }

    #[test]
    fn failures_alone_warn_twice_and_then_disable() {
        use FailingTurn::{Disable, Warn};
        let policy = FailingPolicy::default();
        let expected = vec![(24, Warn(1)), (72, Warn(2)), (120, Disable)];
        for every in [1, 8, 24] {
            assert_eq!(turns(&policy, every, 400), expected, "every {every} hours");
        }
        // A receiver that is asked every other day has been seen failing for half of the time.
        let expected = vec![(48, Warn(1)), (144, Warn(2)), (240, Disable)];
        assert_eq!(turns(&policy, 48, 400), expected);
    }

    #[test]
    fn what_is_switched_off_does_not_happen() {
        let off = FailingPolicy {
            disable: None,
            ..FailingPolicy::default()
        };
        assert_eq!(turns(&off, 1, 1_000).len(), 2);
        let silent = FailingPolicy {
            warn: Vec::new(),
            disable: None,
        };
        assert_eq!(turns(&silent, 1, 1_000), vec![]);
    }

    #[test]
    fn a_success_begins_anew_and_is_told_where_a_warning_was() {
        let policy = FailingPolicy::default();
        let fresh = FailingRun::default().failed(0).failed(23 * HOUR);
        assert_eq!(policy.turn(&fresh), None);
        assert_eq!(policy.turn(&fresh.ended()), None, "nobody was told");
        assert!(fresh.ended().is_blank());
        let warned = FailingRun {
            warned: 1,
            told: true,
            ..fresh.failed(30 * HOUR)
        };
        let back = warned.ended();
        assert_eq!(policy.turn(&back), Some(FailingTurn::Recovered));
        let again = back.failed(40 * HOUR);
        assert_eq!((again.failing_ms, again.warned), (0, 0));
        assert_eq!(policy.turn(&again), None);
        let warned = policy.turn(&again.failed(64 * HOUR));
        assert_eq!(warned, Some(FailingTurn::Warn(1)), "each run is warned of");
    }

    #[test]
    fn time_in_which_nobody_asked_counts_for_nothing() {
        let run = FailingRun::default().failed(0).failed(HOUR);
        let after = run.interrupted(500 * HOUR).failed(502 * HOUR);
        assert_eq!(after.failing_ms, 2 * HOUR);
        let silent = run.failed(500 * HOUR);
        assert_eq!(silent.failing_ms, 25 * HOUR, "and silence for a day");
    }

    #[test]
    fn time_that_goes_back_takes_nothing_away() {
        let run = FailingRun::default().failed(10 * HOUR).failed(11 * HOUR);
        let back = run.failed(0);
        assert_eq!((back.failing_ms, back.seen_ms), (HOUR, 11 * HOUR));
    }
}
