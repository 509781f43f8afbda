//! The time on which everybody agrees when somebody has set the wall clock.
//!
//! ```text
//! wall clock   ──────┐ step   ┌──────────   what the machine shows
//!                    └────────┘
//! agreed time  ───────────────┐             goes on by the monotonic clock until the step is taken over
//!                             └──────────
//! ```
//! What is due is kept by the wall clock. A step must reach the times that are kept and the time by which they are
//! judged in one go, else things are early, late or expired in between: whoever keeps times asks this clock, and moves
//! it at the moment when it moves them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use super::SharedClock;
use crate::domain::time::Timestamp;

/// A change of the wall clock against the monotonic one beyond which somebody has set it. Slewing moves it by less.
const STEP_MIN_MS: u64 = 5_000;
/// The longest that reading both clocks may take.
const READING_MAX: Duration = Duration::from_millis(500);

/// Wall-clock time as it is agreed on; clones share the agreement.
#[derive(Clone)]
pub struct AgreedTime {
    clock: SharedClock,
    /// Wall clock minus monotonic clock, in milliseconds.
    offset_ms: Arc<AtomicI64>,
}

impl AgreedTime {
    /// Agrees with `clock` as it is.
    pub fn new(clock: SharedClock) -> Self {
        Self::before_step(clock, 0)
    }

    /// The agreement from before a step of `by_ms` (negative: back) that the clock has made already.
    pub fn before_step(clock: SharedClock, by_ms: i64) -> Self {
        let (_, offset_ms) = read_clocks(&clock);
        Self {
            clock,
            offset_ms: Arc::new(AtomicI64::new(offset_ms.saturating_sub(by_ms))),
        }
    }

    /// The same agreement, to be moved by itself.
    pub fn detached(&self) -> Self {
        Self {
            clock: Arc::clone(&self.clock),
            offset_ms: Arc::new(AtomicI64::new(self.offset_ms())),
        }
    }

    /// The wall clock; after a step the time that it would show without it.
    pub fn now(&self) -> Timestamp {
        let (wall, offset_ms) = read_clocks(&self.clock);
        let agreed = wall.moved_by(self.offset_ms() - offset_ms);
        if is_step(wall.as_millis() - agreed.as_millis()) {
            agreed
        } else {
            wall
        }
    }

    /// By how many milliseconds the wall clock was set and nobody has agreed yet; 0 when it was not.
    pub fn set_by_ms(&self) -> i64 {
        let by_ms = read_clocks(&self.clock).1 - self.offset_ms();
        if is_step(by_ms) { by_ms } else { 0 }
    }

    /// Takes a step of this much over.
    pub fn agree(&self, by_ms: i64) {
        self.offset_ms.fetch_add(by_ms, Ordering::AcqRel);
    }

    /// Follows slewing, so that it does not add up to a step. Not to be called while somebody may [`Self::agree`].
    pub fn follow(&self) {
        let (_, offset_ms) = read_clocks(&self.clock);
        if !is_step(offset_ms - self.offset_ms()) {
            self.offset_ms.store(offset_ms, Ordering::Release);
        }
    }

    /// Takes over what `other` agrees on.
    pub fn copy(&self, other: &Self) {
        self.offset_ms.store(other.offset_ms(), Ordering::Release);
    }

    fn offset_ms(&self) -> i64 {
        self.offset_ms.load(Ordering::Acquire)
    }
}

const fn is_step(by_ms: i64) -> bool {
    by_ms.unsigned_abs() > STEP_MIN_MS
}

/// The wall clock, and by how much it is ahead of the monotonic one.
///
/// A thread that is held up between the two readings must not take that for a clock that was set: it reads again.
fn read_clocks(clock: &SharedClock) -> (Timestamp, i64) {
    let mut before = clock.monotonic();
    loop {
        let wall = clock.now();
        let after = clock.monotonic();
        if after.saturating_sub(before) < READING_MAX {
            let monotonic_ms = i64::try_from(after.as_millis()).unwrap_or(i64::MAX);
            return (wall, wall.as_millis() - monotonic_ms);
        }
        before = after;
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Clock as _, VirtualClock};
    use super::*;

    const START: Timestamp = Timestamp::from_millis(1_000_000);

    fn at_start() -> (VirtualClock, AgreedTime) {
        let clock = VirtualClock::at(START);
        let agreed = AgreedTime::new(Arc::new(clock.clone()));
        (clock, agreed)
    }

    #[test]
    fn time_goes_on_over_a_step_until_it_is_agreed_on() {
        for by_ms in [3_600_000, -3_600_000] {
            let (clock, agreed) = at_start();
            clock.set(START.moved_by(by_ms));
            clock.advance(Duration::from_secs(2));
            assert_eq!(agreed.now(), START.moved_by(2_000));
            assert_eq!(agreed.set_by_ms(), by_ms);
            agreed.follow();
            assert_eq!(agreed.now(), START.moved_by(2_000), "a step is not slewing");
            agreed.agree(by_ms);
            assert_eq!((agreed.now(), agreed.set_by_ms()), (clock.now(), 0));
        }
    }

    #[test]
    fn slewing_that_is_followed_never_becomes_a_step() {
        let (clock, agreed) = at_start();
        for _ in 0..10 {
            clock.set(clock.now().moved_by(4_000));
            assert_eq!((agreed.now(), agreed.set_by_ms()), (clock.now(), 0));
            agreed.follow();
        }
    }

    #[test]
    fn a_detached_agreement_is_moved_by_itself() {
        let (clock, agreed) = at_start();
        let own = agreed.detached();
        clock.set(START.moved_by(60_000));
        agreed.agree(60_000);
        assert_eq!((own.now(), own.set_by_ms()), (START, 60_000));
        own.copy(&agreed);
        assert_eq!(own.now(), clock.now());
    }

    #[test]
    fn a_step_that_was_made_before_is_told() {
        let clock: SharedClock = Arc::new(VirtualClock::at(START));
        let agreed = AgreedTime::before_step(clock, -60_000);
        assert_eq!(
            (agreed.now(), agreed.set_by_ms()),
            (START.moved_by(60_000), -60_000)
        );
    }
}
