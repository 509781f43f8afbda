//! The horizon: what goes out in the time to come, what gives up when, and how long a backlog takes to drain.

use std::time::Duration;

use super::endpoint::HoldClock;
use super::retry::{Budget, RetryPolicy};
use super::time::Timestamp;

/// How far ahead deliveries are counted, each span with all that is due before its end. The first is for what is due
/// already.
pub const SPANS: [Duration; 7] = [
    Duration::ZERO,
    Duration::from_secs(60),
    Duration::from_secs(5 * 60),
    Duration::from_secs(15 * 60),
    Duration::from_hours(1),
    Duration::from_hours(6),
    Duration::from_hours(24),
];
/// The present rate is that of so much time before now.
pub const RATE_OVER: Duration = Duration::from_secs(5 * 60);

/// What lies ahead of some deliveries, one endpoint's or all endpoints'.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outlook {
    /// Deliveries that wait and are not held.
    pub pending: u64,
    /// Deliveries that wait for a paused or disabled endpoint: they are due nowhere until it is let go.
    pub held: u64,
    /// Those of `pending` that are due within each of [`SPANS`]; never tried ones are due now.
    pub due: [u64; SPANS.len()],
    /// When the first of them is due that is not due yet.
    pub next_at: Option<Timestamp>,
    /// Attempts that succeeded in the latest [`RATE_OVER`].
    pub delivered: u64,
}

/// What an endpoint's backlog is made of, as the store counts it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Deliveries that wait, held or not.
    pub waiting: u64,
    /// Those of them with a time of their own.
    pub scheduled: u64,
    /// Those of `scheduled` that are due within each of [`SPANS`].
    pub due: [u64; SPANS.len()],
    /// When the first is due that is not due yet.
    pub next_at: Option<Timestamp>,
    /// Attempts that succeeded in the latest [`RATE_OVER`].
    pub delivered: u64,
}

/// A scheduled delivery, as far as its end goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scheduled {
    /// When it is due.
    pub due_at: Timestamp,
    /// Attempts made of its budget.
    pub attempts: u32,
    /// When its budget began.
    pub started_at: Timestamp,
    /// Milliseconds for which its endpoint had been held by then.
    pub held_before_ms: i64,
}

/// How many deliveries end as dead in the time to come if every attempt goes on to fail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GiveUps {
    /// Within an hour.
    pub within_1h: u64,
    /// Within a day.
    pub within_24h: u64,
    /// When the first one does.
    pub first_at: Option<Timestamp>,
}

impl Outlook {
    /// What lies ahead of an endpoint's backlog; `held` while nothing goes out to it.
    pub fn of(backlog: &Backlog, held: bool) -> Self {
        if held {
            return Self {
                held: backlog.waiting,
                delivered: backlog.delivered,
                ..Self::default()
            };
        }
        let fresh = backlog.waiting.saturating_sub(backlog.scheduled);
        Self {
            pending: backlog.waiting,
            held: 0,
            due: backlog.due.map(|due| due + fresh),
            next_at: backlog.next_at,
            delivered: backlog.delivered,
        }
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            pending: self.pending + other.pending,
            held: self.held + other.held,
            due: std::array::from_fn(|span| self.due[span] + other.due[span]),
            next_at: self.next_at.into_iter().chain(other.next_at).min(),
            delivered: self.delivered + other.delivered,
        }
    }

    /// Those that are due after the last span.
    pub fn later(&self) -> u64 {
        let counted = self.due.last().copied().unwrap_or(0);
        self.pending.saturating_sub(counted)
    }

    /// How long what is due now takes at the present rate; `None` where nothing goes out at present.
    pub fn drains_in(&self) -> Option<Duration> {
        let due = self.due.first().copied().unwrap_or(0);
        if due == 0 {
            return Some(Duration::ZERO);
        }
        let span_ms = u64::try_from(RATE_OVER.as_millis()).unwrap_or(u64::MAX);
        let spans_ms = due.saturating_mul(span_ms);
        spans_ms
            .checked_div(self.delivered)
            .map(Duration::from_millis)
    }
}

impl GiveUps {
    /// Counts what ends under `policy` when the endpoint has been held as `hold` says and every attempt fails at once.
    pub fn count(
        now: Timestamp,
        policy: &RetryPolicy,
        hold: &HoldClock,
        deliveries: impl Iterator<Item = Scheduled>,
    ) -> Self {
        let mut counted = Self::default();
        let held_ms = hold.held_ms(now);
        for delivery in deliveries {
            let held_ms = held_ms.saturating_sub(delivery.held_before_ms);
            let budget = Budget {
                attempts: delivery.attempts,
                started_at: delivery.started_at,
                held: Duration::from_millis(u64::try_from(held_ms).unwrap_or(0)),
            };
            let at = policy.last_attempt_at(delivery.due_at.max(now), budget);
            let left = at.since(now);
            counted.within_1h += u64::from(left <= Duration::from_hours(1));
            counted.within_24h += u64::from(left <= Duration::from_hours(24));
            counted.first_at = counted.first_at.into_iter().chain([at]).min();
        }
        counted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::retry::RetrySteps;

    const NOW: Timestamp = Timestamp::from_millis(1_776_075_480_250);

    fn backlog() -> Backlog {
        Backlog {
            waiting: 10,
            scheduled: 7,
            due: [1, 2, 3, 4, 5, 6, 6],
            next_at: Some(NOW + Duration::from_secs(30)),
            delivered: 150,
        }
    }

    fn ladder(minutes: &[u64], window: Option<Duration>) -> RetryPolicy {
        let delay = |&minutes: &u64| Duration::from_secs(60 * minutes);
        RetryPolicy {
            steps: RetrySteps::Ladder(minutes.iter().map(delay).collect()),
            window,
            jitter_permille: 100,
        }
    }

    fn scheduled(due_in: Duration, attempts: u32) -> Scheduled {
        Scheduled {
            due_at: NOW + due_in,
            attempts,
            started_at: NOW - Duration::from_hours(1),
            held_before_ms: 0,
        }
    }

    #[test]
    fn what_was_never_tried_is_due_now_and_in_every_span() {
        let outlook = Outlook::of(&backlog(), false);
        assert_eq!((outlook.pending, outlook.held), (10, 0));
        assert_eq!(outlook.due, [4, 5, 6, 7, 8, 9, 9]);
        assert_eq!(outlook.later(), 1);
    }

    #[test]
    fn a_held_backlog_is_due_nowhere() {
        let outlook = Outlook::of(&backlog(), true);
        assert_eq!((outlook.pending, outlook.held), (0, 10));
        assert_eq!((outlook.due, outlook.next_at), ([0; 7], None));
    }

    #[test]
    fn two_outlooks_add_up_and_the_earlier_instant_is_the_next() {
        let (one, held) = (
            Outlook::of(&backlog(), false),
            Outlook::of(&backlog(), true),
        );
        let both = one.plus(held).plus(one);
        assert_eq!((both.pending, both.held, both.delivered), (20, 10, 450));
        assert_eq!((both.due[0], both.next_at), (8, one.next_at));
    }

    #[test]
    fn what_is_due_drains_at_the_rate_of_late_or_nobody_knows_when() {
        // 150 in five minutes are one in two seconds.
        let outlook = Outlook::of(&backlog(), false);
        assert_eq!(outlook.drains_in(), Some(Duration::from_secs(8)));
        let stuck = Outlook {
            delivered: 0,
            ..outlook
        };
        assert_eq!(stuck.drains_in(), None);
        assert_eq!(Outlook::default().drains_in(), Some(Duration::ZERO));
    }

    #[test]
    fn a_delivery_gives_up_with_its_last_attempt() {
        let hold = HoldClock::default();
        let policy = ladder(&[5, 30, 600], None);
        let minute = Duration::from_secs(60);
        // The fourth attempt is the last: nothing follows. After the second come two more, of which the last is late.
        let ends = [scheduled(minute, 3), scheduled(minute, 1)];
        let counted = GiveUps::count(NOW, &policy, &hold, ends.into_iter());
        assert_eq!((counted.within_1h, counted.within_24h), (1, 2));
        assert_eq!(counted.first_at, Some(NOW + minute));
        // What is overdue ends now at the earliest.
        let overdue = Scheduled {
            due_at: NOW - minute,
            ..scheduled(minute, 3)
        };
        let counted = GiveUps::count(NOW, &policy, &hold, [overdue].into_iter());
        assert_eq!(counted.first_at, Some(NOW));
    }

    #[test]
    fn a_window_ends_a_delivery_early_and_time_held_makes_it_longer() {
        let minute = Duration::from_secs(60);
        let policy = ladder(&[5, 30, 600], Some(Duration::from_secs(90 * 60)));
        // It closes 30 minutes from now: the retry after 31 minutes would come too late.
        let one = [scheduled(minute, 1)];
        let free = GiveUps::count(NOW, &policy, &HoldClock::default(), one.into_iter());
        assert_eq!(free.first_at, Some(NOW + minute));
        let hold = HoldClock {
            total_ms: 60_000,
            ..HoldClock::default()
        };
        let longer = GiveUps::count(NOW, &policy, &hold, one.into_iter());
        assert_eq!(longer.first_at, Some(NOW + 31 * minute));
    }
}
