//! A lane's breaker: holds a lane back whose receiver fails, asks now and then whether it is back, and lets the lane
//! go on step by step.
//!
//! ```text
//!           too many failures                a probe succeeds
//!  counting ────────────────► shut ◄──probe──► ramp: 2, 4, 8 … at once ──► counting
//!                              ▲ ▲  it fails    │ each failure halves it, at one it is shut again
//!                              │ └──────────────┘
//!                              └─ resumed with a backlog: a probe at once
//! ```
//!
//! It is there only while it has something to say: a lane that sees no failure has none.

use std::time::Duration;

use rand::Rng;

use crate::domain::breaker::{BreakerPolicy, WINDOW_MAX};
use crate::domain::id::DeliveryId;
use crate::domain::time::Timestamp;

/// What is known of a receiver's failures.
#[derive(Debug)]
pub(super) struct Breaker {
    /// The latest outcomes, the latest in the lowest bit; set for a failure.
    failed: u128,
    /// How many outcomes those are; at most 128.
    outcomes: u32,
    /// Failures since the last success.
    consecutive: u32,
    culprits: Culprits,
    state: State,
    /// Whether it has opened and not closed since.
    opened: bool,
    /// Probes and ramps in a row that came to nothing.
    vain: u32,
}

/// Whose attempts failed: one delivery alone, however often, says nothing about the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Culprits {
    Nobody,
    One(DeliveryId),
    Several,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Everything goes out and outcomes are counted.
    Counting,
    /// The lane goes on after a hold; whether that takes care is known once its backlog is.
    Resumed,
    /// Nothing goes out but one probe, and that not before this instant.
    Shut(Timestamp),
    /// The probe is on its way.
    Probing(DeliveryId),
    /// So many at once.
    Ramp {
        limit: u32,
        /// Successes since the limit changed.
        successes: u32,
        /// Whether the latest outcome was a success.
        well: bool,
    },
}

/// How many requests a breaker lets out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gate {
    /// As many as otherwise.
    Free,
    /// So many at once.
    Limited(u32),
    /// One, when nothing else is on its way.
    Probe,
    /// None before this instant.
    Shut(Timestamp),
    /// None before something happens.
    Closed,
}

/// Where a breaker stands, for people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BreakerPhase {
    /// Deliveries flow.
    #[default]
    Closed,
    /// None goes out before the next probe, at this instant.
    Open(Timestamp),
    /// A probe is due or on its way, or deliveries go out again step by step: so many at once.
    HalfOpen(u32),
}

impl BreakerPhase {
    /// The word in JSON and on screen.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open(_) => "open",
            Self::HalfOpen(_) => "half-open",
        }
    }
}

impl Breaker {
    /// One that counts from here on, after so many successes in a row.
    pub(super) fn counting(successes: u32) -> Self {
        Self {
            failed: 0,
            outcomes: successes.min(WINDOW_MAX),
            consecutive: 0,
            culprits: Culprits::Nobody,
            state: State::Counting,
            opened: false,
            vain: 0,
        }
    }

    /// One that an earlier lane of the endpoint left open: it probes at once.
    pub(super) fn left_open(now: Timestamp) -> Self {
        Self {
            state: State::Shut(now),
            opened: true,
            ..Self::counting(0)
        }
    }

    /// One of a lane that goes on after a hold.
    pub(super) fn resumed() -> Self {
        Self {
            state: State::Resumed,
            ..Self::counting(0)
        }
    }

    /// Somebody resumed or enabled the endpoint: it probes at once, with the shortest waits to follow.
    pub(super) fn resume(&mut self, now: Timestamp) {
        self.vain = 0;
        self.state = if self.opened {
            State::Shut(now)
        } else {
            State::Resumed
        };
    }

    /// Whether it has opened and not closed since.
    pub(super) const fn is_open(&self) -> bool {
        self.opened
    }

    /// Whether it has nothing to say that a new one would not.
    pub(super) fn is_idle(&self) -> bool {
        self.state == State::Counting && self.failed == 0
    }

    /// Failures and attempts of its window.
    pub(super) const fn counts(&self) -> (u32, u32) {
        (self.failed.count_ones(), self.outcomes)
    }

    /// Whether it waits to hear of the lane's backlog: [`Breaker::judge`].
    pub(super) fn wants_judgement(&self) -> bool {
        self.state == State::Resumed
    }

    /// After a hold: whether there is more than goes out at once anyway.
    pub(super) fn judge(&mut self, now: Timestamp, has_backlog: bool) {
        if self.state == State::Resumed {
            self.state = if has_backlog {
                State::Shut(now)
            } else {
                State::Counting
            };
        }
    }

    /// What it lets out.
    pub(super) fn gate(&self, now: Timestamp) -> Gate {
        match self.state {
            State::Counting => Gate::Free,
            State::Resumed | State::Probing(_) => Gate::Closed,
            State::Shut(until) if now < until => Gate::Shut(until),
            State::Shut(_) => Gate::Probe,
            State::Ramp { limit, .. } => Gate::Limited(limit),
        }
    }

    /// How many requests it lets out at once; `None` for as many as otherwise.
    pub(super) const fn limit(&self) -> Option<u32> {
        match self.state {
            State::Counting | State::Resumed => None,
            State::Shut(_) | State::Probing(_) => Some(1),
            State::Ramp { limit, .. } => Some(limit),
        }
    }

    /// Where it stands.
    pub(super) fn phase(&self, now: Timestamp) -> BreakerPhase {
        match self.state {
            State::Counting | State::Resumed => BreakerPhase::Closed,
            State::Shut(until) if now < until => BreakerPhase::Open(until),
            State::Shut(_) | State::Probing(_) => BreakerPhase::HalfOpen(1),
            State::Ramp { limit, .. } => BreakerPhase::HalfOpen(limit),
        }
    }

    /// A request leaves; answers whether it is the probe.
    pub(super) fn sent(&mut self, id: DeliveryId) -> bool {
        let probe = matches!(self.state, State::Shut(_));
        if probe {
            self.state = State::Probing(id);
        }
        probe
    }

    /// A request was answered. `concurrency` is what the lane may have in flight otherwise.
    pub(super) fn answered(
        &mut self,
        now: Timestamp,
        rng: &mut dyn Rng,
        policy: BreakerPolicy,
        concurrency: u32,
        id: DeliveryId,
        well: bool,
    ) {
        match self.state {
            State::Counting => self.count(now, rng, policy, id, well),
            State::Probing(probe) if probe == id => {
                if well {
                    self.ramp(2, concurrency);
                } else {
                    self.shut(now, rng, policy);
                }
            }
            // It left before the breaker opened, or before the hold.
            State::Resumed | State::Shut(_) | State::Probing(_) => {}
            State::Ramp {
                limit, successes, ..
            } => match (well, limit) {
                (true, _) if successes + 1 >= limit => {
                    self.ramp(limit.saturating_mul(2), concurrency);
                }
                (true, _) => {
                    self.state = State::Ramp {
                        limit,
                        successes: successes + 1,
                        well,
                    };
                }
                (false, ..=1) => self.shut(now, rng, policy),
                (false, _) => {
                    self.state = State::Ramp {
                        limit: limit / 2,
                        successes: 0,
                        well,
                    };
                }
            },
        }
    }

    /// A request ended without an answer: nothing is known by it.
    pub(super) fn came_to_nothing(&mut self, now: Timestamp, id: DeliveryId) {
        if self.state == State::Probing(id) {
            self.state = State::Shut(now);
        }
    }

    /// The lane has nothing in flight and nothing to send: a ramp that went well is over.
    pub(super) fn ran_dry(&mut self) {
        if matches!(self.state, State::Ramp { well: true, .. }) {
            self.close();
        }
    }

    /// The wall clock was set.
    pub(super) fn clock_set(&mut self, by_ms: i64) {
        if let State::Shut(until) = &mut self.state {
            *until = until.moved_by(by_ms);
        }
    }

    fn count(
        &mut self,
        now: Timestamp,
        rng: &mut dyn Rng,
        policy: BreakerPolicy,
        id: DeliveryId,
        well: bool,
    ) {
        let window = policy.window.clamp(1, WINDOW_MAX);
        self.failed = (self.failed << 1 | u128::from(!well)) & (u128::MAX >> (WINDOW_MAX - window));
        self.outcomes = (self.outcomes + 1).min(window);
        if well {
            self.consecutive = 0;
            return;
        }
        self.consecutive = self.consecutive.saturating_add(1);
        self.culprits = match self.culprits {
            Culprits::Nobody => Culprits::One(id),
            Culprits::One(known) if known == id => Culprits::One(id),
            Culprits::One(_) | Culprits::Several => Culprits::Several,
        };
        let (failures, attempts) = self.counts();
        let share = failures * 1_000 >= attempts * u32::from(policy.share_permille);
        let too_many = self.consecutive >= policy.consecutive || share;
        if too_many && attempts >= policy.attempts_min && self.culprits == Culprits::Several {
            self.opened = true;
            self.state = State::Shut(now + wait(rng, policy, 0));
        }
    }

    /// The receiver is not back: the next probe comes after a longer wait.
    fn shut(&mut self, now: Timestamp, rng: &mut dyn Rng, policy: BreakerPolicy) {
        // Of a lane that goes on after a hold, this is the opening.
        if self.opened {
            self.vain = self.vain.saturating_add(1);
        }
        self.opened = true;
        self.state = State::Shut(now + wait(rng, policy, self.vain));
    }

    fn ramp(&mut self, limit: u32, concurrency: u32) {
        if limit >= concurrency {
            self.close();
            return;
        }
        self.state = State::Ramp {
            limit,
            successes: 0,
            well: true,
        };
    }

    fn close(&mut self) {
        *self = Self::counting(0);
    }
}

/// The wait before the next probe after so many in vain, a fifth more or less.
fn wait(rng: &mut dyn Rng, policy: BreakerPolicy, vain: u32) -> Duration {
    let share = u32::try_from(rng.next_u64() % 401).unwrap_or(0) + 800;
    policy.probe_wait(vain).saturating_mul(share) / 1_000
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    /// A breaker with its time, policy and randomness.
    struct Bench {
        breaker: Breaker,
        policy: BreakerPolicy,
        now: Timestamp,
        rng: ChaCha8Rng,
        requests: i64,
    }

    impl Bench {
        fn new(successes: u32) -> Self {
            Self {
                breaker: Breaker::counting(successes),
                policy: BreakerPolicy::default(),
                now: Timestamp::from_millis(1_000_000),
                rng: ChaCha8Rng::seed_from_u64(7),
                requests: 0,
            }
        }

        /// Another delivery's request leaves and is answered.
        fn attempt(&mut self, well: bool) {
            self.requests += 1;
            self.attempt_of(self.requests, well);
        }

        fn attempt_of(&mut self, id: i64, well: bool) {
            let id = DeliveryId::from_i64(id);
            self.breaker.sent(id);
            let (now, policy) = (self.now, self.policy);
            self.breaker
                .answered(now, &mut self.rng, policy, 8, id, well);
        }

        fn gate(&self) -> Gate {
            self.breaker.gate(self.now)
        }

        /// Lets time pass up to the next probe; gives how long that took, in milliseconds.
        fn wait(&mut self) -> u128 {
            let Gate::Shut(until) = self.gate() else {
                panic!("{:?}", self.breaker);
            };
            let waited = until.since(self.now).as_millis();
            self.now = until;
            assert_eq!(self.gate(), Gate::Probe);
            waited
        }
    }

    #[test]
    fn it_opens_on_the_twentieth_failure_in_a_row() {
        let mut bench = Bench::new(100);
        for _ in 0..19 {
            bench.attempt(false);
        }
        assert_eq!(bench.gate(), Gate::Free);
        bench.attempt(false);
        assert!(bench.breaker.is_open());
        assert!((4_000..=6_000).contains(&bench.wait()));
    }

    #[test]
    fn it_opens_when_half_of_its_window_failed() {
        let mut bench = Bench::new(10);
        for _ in 0..9 {
            bench.attempt(false);
        }
        bench.attempt(true);
        assert_eq!(bench.gate(), Gate::Free, "9 of 20");
        bench.attempt(false);
        assert_eq!(bench.gate(), Gate::Free, "10 of 21");
        bench.attempt(false);
        assert!(bench.breaker.is_open(), "11 of 22");
    }

    #[test]
    fn it_never_opens_on_fewer_attempts_than_it_needs_nor_on_one_delivery_alone() {
        let mut bench = Bench::new(0);
        for _ in 0..19 {
            bench.attempt(false);
        }
        assert_eq!(bench.gate(), Gate::Free);
        let mut bench = Bench::new(0);
        for _ in 0..50 {
            bench.attempt_of(1, false);
        }
        assert_eq!(bench.gate(), Gate::Free);
        bench.attempt_of(2, false);
        assert!(bench.breaker.is_open());
    }

    #[test]
    fn failures_leave_the_window_and_with_the_last_there_is_nothing_to_say() {
        let mut bench = Bench::new(0);
        bench.attempt(false);
        for _ in 0..99 {
            bench.attempt(true);
            assert!(!bench.breaker.is_idle());
        }
        bench.attempt(true);
        assert!(bench.breaker.is_idle());
        assert_eq!(bench.breaker.counts(), (0, 100));
    }

    #[test]
    fn it_goes_on_step_by_step_and_back_when_a_step_fails() {
        let mut bench = Bench::new(0);
        while !bench.breaker.is_open() {
            bench.attempt(false);
        }
        bench.wait();
        bench.attempt(true);
        assert_eq!(bench.gate(), Gate::Limited(2));
        bench.attempt(true);
        bench.attempt(true);
        assert_eq!(bench.gate(), Gate::Limited(4));
        bench.attempt(false);
        assert_eq!(bench.gate(), Gate::Limited(2));
        bench.attempt(false);
        assert_eq!(bench.gate(), Gate::Limited(1));
        bench.attempt(false);
        assert!(
            (8_000..=12_000).contains(&bench.wait()),
            "twice the first wait"
        );
        for _ in 0..1 + 2 + 4 {
            assert_ne!(bench.gate(), Gate::Free);
            bench.attempt(true);
        }
        assert_eq!(bench.gate(), Gate::Free);
        assert!(!bench.breaker.is_open());
    }

    #[test]
    fn what_left_before_it_opened_decides_nothing() {
        let mut bench = Bench::new(0);
        while !bench.breaker.is_open() {
            bench.attempt(false);
        }
        let shut = bench.gate();
        let straggler = DeliveryId::from_i64(1_000);
        let (now, policy) = (bench.now, bench.policy);
        for well in [true, false] {
            let rng = &mut bench.rng;
            bench.breaker.answered(now, rng, policy, 8, straggler, well);
            assert_eq!(bench.gate(), shut);
        }
    }

    #[test]
    fn a_probe_that_came_to_nothing_is_followed_by_another_at_once() {
        let mut bench = Bench::new(0);
        bench.breaker = Breaker::left_open(bench.now);
        let probe = DeliveryId::from_i64(1);
        assert!(bench.breaker.sent(probe));
        assert_eq!(bench.gate(), Gate::Closed);
        bench.breaker.came_to_nothing(bench.now, probe);
        assert_eq!(bench.gate(), Gate::Probe);
    }

    #[test]
    fn a_hold_without_a_backlog_leaves_nothing_behind() {
        let mut bench = Bench::new(0);
        bench.breaker = Breaker::resumed();
        assert_eq!(bench.gate(), Gate::Closed);
        bench.breaker.judge(bench.now, false);
        assert!(bench.breaker.is_idle());
        bench.breaker = Breaker::resumed();
        bench.breaker.judge(bench.now, true);
        assert_eq!(bench.gate(), Gate::Probe);
        assert!(!bench.breaker.is_open(), "it asks, and has not failed yet");
    }
}
