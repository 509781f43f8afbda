//! How a lane keeps its endpoint's rate limit: a window that slides over the latest requests.
//!
//! A request takes its place when it leaves and frees it `per` after it was *answered*, not after it left: between
//! the two nobody knows when it reached the receiver, and it is the receiver who counts.

use std::collections::VecDeque;

use crate::domain::rate_limit::RateLimit;
use crate::domain::time::Timestamp;

/// The window of one lane.
#[derive(Debug)]
pub(super) struct Throttle {
    limit: RateLimit,
    /// Requests that are not answered yet.
    sending: u32,
    /// When the latest requests were answered, rising; as many as the limit allows at most.
    answered: VecDeque<Timestamp>,
    /// Whether requests of before this lane's start are still to be read from the store: nothing starts until then.
    unknown: bool,
    /// When it was last seen to keep the first in the window from starting.
    held_back_at: Timestamp,
}

/// Whether a limit lets a request start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// It does.
    Free,
    /// Not before this instant.
    At(Timestamp),
    /// Not before something happens: an answer, or the news of what was sent before.
    Unknown,
}

impl Throttle {
    /// A window whose past is still to be read, with `sending` requests on their way and `recording` answered ones
    /// that the store may not have yet.
    pub(super) fn unknown(limit: RateLimit, now: Timestamp, sending: u32, recording: u32) -> Self {
        let mut throttle = Self {
            limit,
            sending,
            answered: VecDeque::new(),
            unknown: true,
            held_back_at: Timestamp::EPOCH,
        };
        for _ in 0..recording.min(limit.requests()) {
            throttle.answered.push_back(now);
        }
        throttle
    }

    /// A window for a limit that begins to hold now: what went before it does not count, but for what is on its way.
    pub(super) const fn fresh(limit: RateLimit, sending: u32) -> Self {
        Self {
            limit,
            sending,
            answered: VecDeque::new(),
            unknown: false,
            held_back_at: Timestamp::EPOCH,
        }
    }

    /// The same window under another limit.
    pub(super) fn set_limit(&mut self, limit: RateLimit) {
        self.limit = limit;
        self.forget_surplus();
    }

    /// From when on answered requests of the past matter; `None` once they are known.
    pub(super) fn wants_past_since(&self, now: Timestamp) -> Option<Timestamp> {
        let per = i64::try_from(self.limit.per().as_millis()).unwrap_or(i64::MAX);
        self.unknown.then(|| now.moved_by(-per))
    }

    /// Takes up when requests of before this lane's start were answered. An instant that lies ahead, because the
    /// clock was set back in between, counts as now.
    pub(super) fn take_up(&mut self, now: Timestamp, past: &[Timestamp]) {
        if !std::mem::take(&mut self.unknown) {
            return;
        }
        self.answered.extend(past.iter().map(|&at| at.min(now)));
        self.answered.make_contiguous().sort_unstable();
        self.forget_surplus();
    }

    /// Whether another request may start.
    pub(super) fn room(&self, now: Timestamp) -> Room {
        if self.unknown {
            return Room::Unknown;
        }
        let allowed = self.limit.requests() as usize;
        let sending = self.sending as usize;
        // Of the answered ones, those that must have left the window before there is room.
        let Some(leaving) = (self.answered.len() + sending + 1)
            .checked_sub(allowed)
            .filter(|&leaving| leaving > 0)
        else {
            return Room::Free;
        };
        match self.answered.get(leaving - 1) {
            None => Room::Unknown,
            Some(&answered) => {
                let free_at = answered + self.limit.per();
                if free_at <= now {
                    Room::Free
                } else {
                    Room::At(free_at)
                }
            }
        }
    }

    /// A request leaves.
    pub(super) fn sent(&mut self) {
        self.sending = self.sending.saturating_add(1);
    }

    /// A request is answered, or given up.
    pub(super) fn answered(&mut self, now: Timestamp) {
        self.sending = self.sending.saturating_sub(1);
        // A clock that was set back between two answers must not let the first leave late.
        self.answered.push_back(now.max(self.latest()));
        self.forget_surplus();
    }

    /// A request turned out never to have left.
    pub(super) fn never_left(&mut self) {
        self.sending = self.sending.saturating_sub(1);
    }

    /// The wall clock was set.
    pub(super) fn clock_set(&mut self, by_ms: i64) {
        for at in &mut self.answered {
            *at = at.moved_by(by_ms);
        }
        self.held_back_at = self.held_back_at.moved_by(by_ms);
    }

    /// The first in the window could start now, but for the limit.
    pub(super) const fn hold_back(&mut self, now: Timestamp) {
        self.held_back_at = now;
    }

    /// Whether a delivery that was due at `due_at` has waited for the limit: it was in the way since, of the first or
    /// of this one.
    pub(super) fn held_back(&self, due_at: Timestamp) -> bool {
        due_at <= self.held_back_at
    }

    /// Gives back room that is not needed.
    pub(super) fn slim(&mut self) {
        self.answered.shrink_to_fit();
    }

    fn latest(&self) -> Timestamp {
        self.answered.back().copied().unwrap_or(Timestamp::EPOCH)
    }

    fn forget_surplus(&mut self) {
        let surplus = self
            .answered
            .len()
            .saturating_sub(self.limit.requests() as usize);
        self.answered.drain(..surplus);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    fn limit(requests: u64, seconds: u64) -> RateLimit {
        RateLimit::new(requests, Duration::from_secs(seconds)).unwrap()
    }

    #[test]
    fn a_place_is_free_again_a_stretch_after_the_answer() {
        let mut throttle = Throttle::fresh(limit(2, 60), 0);
        throttle.sent();
        throttle.sent();
        assert_eq!(throttle.room(at(0)), Room::Unknown, "both are on their way");
        throttle.answered(at(5));
        assert_eq!(throttle.room(at(5)), Room::At(at(65)));
        throttle.answered(at(9));
        assert_eq!(throttle.room(at(64)), Room::At(at(65)));
        assert_eq!(throttle.room(at(65)), Room::Free);
        throttle.sent();
        assert_eq!(throttle.room(at(65)), Room::At(at(69)));
    }

    #[test]
    fn nothing_starts_before_the_past_is_known() {
        let mut throttle = Throttle::unknown(limit(3, 60), at(100), 0, 1);
        assert_eq!(throttle.room(at(100)), Room::Unknown);
        assert_eq!(throttle.wants_past_since(at(100)), Some(at(40)));
        throttle.take_up(at(100), &[at(90), at(70)]);
        assert_eq!(throttle.wants_past_since(at(100)), None);
        assert_eq!(throttle.room(at(100)), Room::At(at(130)));
        assert_eq!(throttle.room(at(130)), Room::Free);
    }

    #[test]
    fn an_answer_from_the_future_counts_as_now() {
        let mut throttle = Throttle::unknown(limit(1, 60), at(100), 0, 0);
        throttle.take_up(at(100), &[at(90_000)]);
        assert_eq!(throttle.room(at(100)), Room::At(at(160)));
    }

    #[test]
    fn what_never_left_takes_no_place() {
        let mut throttle = Throttle::fresh(limit(1, 60), 0);
        throttle.sent();
        throttle.never_left();
        assert_eq!(throttle.room(at(0)), Room::Free);
    }

    #[test]
    fn a_set_clock_moves_the_window_with_it() {
        let mut throttle = Throttle::fresh(limit(1, 60), 0);
        throttle.sent();
        throttle.answered(at(10));
        throttle.clock_set(-86_400_000);
        assert_eq!(throttle.room(at(11 - 86_400)), Room::At(at(70 - 86_400)));
    }

    proptest! {
        /// Requests start whenever there is room and reach the receiver at any instant between leaving and being
        /// answered: whoever counts there finds the limit kept in every stretch.
        #[test]
        fn the_receiver_never_counts_more_than_the_limit(
            requests in 1_u64..6,
            exchanges in proptest::collection::vec((0_i64..40, 0_i64..40, 0_i64..20), 1..80),
        ) {
            let limit = limit(requests, 60);
            let mut throttle = Throttle::fresh(limit, 0);
            let mut now = 0_i64;
            let mut open: Vec<i64> = Vec::new();
            let mut arrivals = Vec::new();
            for (travel, rest, wait) in exchanges {
                now += wait;
                loop {
                    open.sort_unstable();
                    while open.first().is_some_and(|&ends| ends <= now) {
                        throttle.answered(at(open.remove(0)));
                    }
                    match throttle.room(at(now)) {
                        Room::Free => break,
                        Room::At(free) => {
                            let free = free.as_millis() / 1_000;
                            now = open.first().map_or(free, |&ends| ends.min(free));
                        }
                        Room::Unknown => now = open[0],
                    }
                }
                throttle.sent();
                arrivals.push(now + travel);
                open.push(now + travel + rest);
            }
            arrivals.sort_unstable();
            for (first, &from) in arrivals.iter().enumerate() {
                let within = arrivals[first..].iter().filter(|&&at| at < from + 60).count();
                prop_assert!(within as u64 <= requests, "{arrivals:?}");
            }
        }
    }
}
