//! When a failed delivery is tried again: ladders, exponentials, jitter, the window, and `Retry-After`.

use std::time::Duration;

use rand::Rng;

use super::limits::{RETRIES_MAX, RETRY_AFTER_MAX};
use super::time::Timestamp;

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

/// What a delivery has used up of its policy since acceptance or its latest replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Attempts made, the one that just failed included; at least 1.
    pub attempts: u32,
    /// When the budget began.
    pub started_at: Timestamp,
    /// How long the endpoint has been held since: does not count against the window.
    pub held: Duration,
}

/// What follows a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextTry {
    /// Another attempt.
    At(Timestamp),
    /// None: that was the last one the policy has.
    Exhausted,
    /// None: it would start after the window closed.
    Expired,
}

impl RetryPolicy {
    /// How many retries follow the first attempt.
    pub fn retries(&self) -> u32 {
        match &self.steps {
            RetrySteps::Ladder(ladder) => u32::try_from(ladder.len()).unwrap_or(RETRIES_MAX),
            RetrySteps::Exponential { retries, .. } => *retries,
        }
    }

    /// The delay before retry number `retry` (from 1), without jitter; `None` beyond the last.
    ///
    /// An exponential of 5 s by 5 gives 5 s, 25 s, 125 s … and stays at its cap from the step that reaches it.
    pub fn step(&self, retry: u32) -> Option<Duration> {
        let before = retry.checked_sub(1)?;
        match &self.steps {
            RetrySteps::Ladder(ladder) => ladder.get(usize::try_from(before).ok()?).copied(),
            RetrySteps::Exponential { retries, .. } if retry > *retries => None,
            RetrySteps::Exponential {
                first, factor, cap, ..
            } => {
                let grown = factor
                    .checked_pow(before)
                    .and_then(|growth| first.checked_mul(growth));
                Some(grown.unwrap_or(*cap).min(*cap))
            }
        }
    }

    /// What follows an attempt that failed at `now`.
    ///
    /// The delay is the step with its jitter, or `retry_after` (capped at 10 h) where that is longer.
    pub fn next(
        &self,
        now: Timestamp,
        rng: &mut dyn Rng,
        budget: Budget,
        retry_after: Option<Duration>,
    ) -> NextTry {
        let Some(step) = self.step(budget.attempts) else {
            return NextTry::Exhausted;
        };
        let asked = retry_after.unwrap_or_default().min(RETRY_AFTER_MAX);
        let at = now + jittered(step, self.jitter_permille, rng).max(asked);
        let closes = |window| budget.started_at + budget.held + window;
        if self.window.map(closes).is_some_and(|close| at > close) {
            return NextTry::Expired;
        }
        NextTry::At(at)
    }

    /// When the last attempt starts if the one at `due` and all that follow fail at once and nothing jitters.
    /// `budget.attempts` are those made so far.
    pub fn last_attempt_at(&self, due: Timestamp, budget: Budget) -> Timestamp {
        let closes = self
            .window
            .map(|window| budget.started_at + budget.held + window);
        let (mut last, mut made) = (due, budget.attempts.saturating_add(1));
        while let Some(step) = self.step(made) {
            let next = last + step;
            if closes.is_some_and(|close| next > close) {
                break;
            }
            (last, made) = (next, made + 1);
        }
        last
    }

    /// When each attempt starts, counted from the first, if every attempt fails at once and nothing jitters.
    pub fn preview(&self) -> Vec<Duration> {
        let mut starts = vec![Duration::ZERO];
        let mut elapsed = Duration::ZERO;
        for step in (1..=self.retries()).map_while(|retry| self.step(retry)) {
            elapsed = elapsed.saturating_add(step);
            if self.window.is_some_and(|window| elapsed > window) {
                break;
            }
            starts.push(elapsed);
        }
        starts
    }
}

/// `delay` moved by at most ± its share, evenly, in whole milliseconds.
fn jittered(delay: Duration, permille: u16, rng: &mut dyn Rng) -> Duration {
    let millis = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
    let span = millis / 1000 * u64::from(permille) + millis % 1000 * u64::from(permille) / 1000;
    if span == 0 {
        return delay;
    }
    let moved = rng.next_u64() % span.saturating_mul(2).saturating_add(1);
    Duration::from_millis((millis - span.min(millis)).saturating_add(moved))
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    const START: Timestamp = Timestamp::from_millis(1_000_000);

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn ladder(delays: &[u64]) -> RetryPolicy {
        RetryPolicy {
            steps: RetrySteps::Ladder(delays.iter().map(|&delay| secs(delay)).collect()),
            window: None,
            jitter_permille: 0,
        }
    }

    fn budget(attempts: u32) -> Budget {
        Budget {
            attempts,
            started_at: START,
            held: Duration::ZERO,
        }
    }

    fn rng() -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(7)
    }

    #[test]
    fn a_ladder_gives_each_delay_once_and_an_empty_one_a_single_attempt() {
        let policy = ladder(&[60, 300]);
        let next = |attempts| policy.next(START, &mut rng(), budget(attempts), None);
        assert_eq!(next(1), NextTry::At(START + secs(60)));
        assert_eq!(next(2), NextTry::At(START + secs(300)));
        assert_eq!(next(3), NextTry::Exhausted);
        let single = ladder(&[]).next(START, &mut rng(), budget(1), None);
        assert_eq!(single, NextTry::Exhausted);
    }

    #[test]
    fn an_exponential_grows_to_its_cap_and_never_overflows() {
        let policy = RetryPolicy {
            steps: RetrySteps::Exponential {
                first: secs(5),
                factor: 5,
                retries: 40,
                cap: secs(3600),
            },
            window: None,
            jitter_permille: 0,
        };
        let steps: Vec<_> = (0..=7).map(|retry| policy.step(retry)).collect();
        let expected = [5, 25, 125, 625, 3125, 3600, 3600].map(|delay| Some(secs(delay)));
        assert_eq!(steps[0], None);
        assert_eq!(steps[1..], expected);
        assert_eq!(policy.step(40), Some(secs(3600)));
        assert_eq!(policy.step(41), None);
        assert_eq!(policy.retries(), 40);
    }

    #[test]
    fn jitter_stays_within_its_share_and_uses_all_of_it() {
        let policy = RetryPolicy {
            jitter_permille: 200,
            ..ladder(&[10])
        };
        let mut rng = rng();
        let delays: Vec<_> = (0..2_000)
            .map(|_| match policy.next(START, &mut rng, budget(1), None) {
                NextTry::At(at) => at.since(START),
                other => panic!("{other:?}"),
            })
            .collect();
        assert!(
            delays
                .iter()
                .all(|&delay| secs(8) <= delay && delay <= secs(12))
        );
        assert!(
            delays
                .iter()
                .any(|&delay| delay < Duration::from_millis(8_100))
        );
        assert!(
            delays
                .iter()
                .any(|&delay| delay > Duration::from_millis(11_900))
        );
    }

    #[test]
    fn retry_after_beats_the_step_only_when_longer_and_is_capped() {
        let policy = ladder(&[60]);
        let next = |after| policy.next(START, &mut rng(), budget(1), Some(after));
        assert_eq!(next(secs(90)), NextTry::At(START + secs(90)));
        assert_eq!(next(secs(5)), NextTry::At(START + secs(60)));
        assert_eq!(next(secs(1_000_000)), NextTry::At(START + secs(36_000)));
    }

    #[test]
    fn a_retry_may_start_when_the_window_closes_and_not_a_millisecond_later() {
        let policy = RetryPolicy {
            window: Some(secs(100)),
            ..ladder(&[60])
        };
        let next = |now, held| {
            let budget = Budget { held, ..budget(1) };
            policy.next(now, &mut rng(), budget, None)
        };
        let latest = START + secs(40);
        let millisecond = Duration::from_millis(1);
        assert_eq!(next(latest, Duration::ZERO), NextTry::At(START + secs(100)));
        assert_eq!(next(latest + millisecond, Duration::ZERO), NextTry::Expired);
        let held_long = next(latest + secs(500), secs(500));
        assert_eq!(held_long, NextTry::At(START + secs(600)));
    }

    #[test]
    fn the_preview_ends_where_the_window_does() {
        let policy = RetryPolicy {
            window: Some(secs(100)),
            ..ladder(&[10, 20, 100])
        };
        assert_eq!(policy.preview(), [secs(0), secs(10), secs(30)]);
    }
}
