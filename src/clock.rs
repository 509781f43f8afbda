//! The time seam: the only place that reads a clock or sleeps.
//!
//! [`SystemClock`] shows the machine's wall clock, because due times are stored and signatures carry the time.
//! [`VirtualClock`] stands where a test puts it. Not tokio's paused time: that misfires beside real sockets and
//! sqlx's threads, whose own timeouts stay in real time.

mod agreed;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::oneshot;

use crate::domain::time::Timestamp;

pub use agreed::AgreedTime;

/// The longest that [`SystemClock`] sleeps before it looks at the wall clock again: a machine that was suspended
/// or whose clock was set catches up within it.
const SLEEP_CHUNK: Duration = Duration::from_secs(60);

/// A sleep in progress.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What time it is, and waiting for a time.
pub trait Clock: Send + Sync + 'static {
    /// The wall clock: may be set back or forward by its operator at any moment.
    fn now(&self) -> Timestamp;

    /// Time since an arbitrary moment that only ever moves forward, at the pace of the wall clock.
    ///
    /// A change of `now() - monotonic()` is a clock that was set.
    fn monotonic(&self) -> Duration;

    /// Completes once `now()` is at or past `deadline`.
    fn sleep_until(&self, deadline: Timestamp) -> Sleep;

    /// Completes once `monotonic()` is at or past `end`, whatever is done to the wall clock.
    fn nap_until(&self, end: Duration) -> Sleep;

    /// Completes once `monotonic()` has moved on by `duration` from now.
    ///
    /// A duration that was worked out from an earlier reading of a clock is late by what has passed since: for such,
    /// read `monotonic()` before it and [`Clock::nap_until`] the sum.
    fn sleep_for(&self, duration: Duration) -> Sleep {
        self.nap_until(self.monotonic().saturating_add(duration))
    }
}

/// A clock shared by all who need the time.
pub type SharedClock = Arc<dyn Clock>;

/// The machine's clock.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// The machine's clock; its monotonic reading starts at zero.
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp::EPOCH + since_epoch
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }

    fn sleep_until(&self, deadline: Timestamp) -> Sleep {
        let clock = *self;
        Box::pin(async move {
            loop {
                let left = deadline.since(clock.now());
                if left.is_zero() {
                    return;
                }
                tokio::time::sleep(left.min(SLEEP_CHUNK)).await;
            }
        })
    }

    fn nap_until(&self, end: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(end.saturating_sub(self.monotonic())))
    }
}

/// Runs `future` for at most `limit` of real time; `None` when it has not ended by then and is dropped.
///
/// For sockets and threads only, which no virtual clock can hurry: what is scheduled waits on a [`Clock`].
pub async fn within<F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    tokio::time::timeout(limit, future).await.ok()
}

/// Waits for `duration` of real time, whatever any clock shows: paces sockets and streams, whose other ends live in
/// real time too. For anything that is stored or decided, use [`Clock::sleep_until`].
pub fn pace(duration: Duration) -> Sleep {
    Box::pin(tokio::time::sleep(duration))
}

/// Measures how long something takes in this process; never stored as an instant.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Time since the start.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// Time since this machine was started, the same for all its processes: what one stamps, another can compare.
pub fn machine_uptime() -> Duration {
    let reading = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let seconds = u64::try_from(reading.tv_sec).unwrap_or(0);
    Duration::from_secs(seconds) + Duration::from_nanos(u64::try_from(reading.tv_nsec).unwrap_or(0))
}

/// A clock that stands still until a test moves it.
#[derive(Clone, Default)]
pub struct VirtualClock {
    state: Arc<Mutex<VirtualState>>,
}

#[derive(Default)]
struct VirtualState {
    now: Timestamp,
    monotonic: Duration,
    /// Sleepers by deadline; the number keeps those of one deadline in the order they came.
    sleepers: BTreeMap<(Timestamp, u64), oneshot::Sender<()>>,
    /// Those who sleep for a while, by the monotonic reading that ends it.
    naps: BTreeMap<(Duration, u64), oneshot::Sender<()>>,
    sleepers_ever: u64,
}

impl VirtualClock {
    /// A clock that stands at `now`.
    pub fn at(now: Timestamp) -> Self {
        let clock = Self::default();
        clock.state().now = now;
        clock
    }

    /// The earliest deadline that somebody sleeps for.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        let mut state = self.state();
        state.sleepers.retain(|_, wake| !wake.is_closed());
        state.naps.retain(|_, wake| !wake.is_closed());
        let sleeper = state.sleepers.keys().next().map(|&(deadline, _)| deadline);
        let nap = state.naps.keys().next();
        let nap = nap.map(|&(end, _)| state.now + end.saturating_sub(state.monotonic));
        sleeper.into_iter().chain(nap).min()
    }

    /// Moves to `target`, through each deadline on the way, waking its sleepers at that instant.
    pub fn advance_to(&self, target: Timestamp) {
        while let Some(deadline) = self.next_deadline().filter(|&deadline| deadline <= target) {
            self.move_to(deadline.max(self.now()));
        }
        self.move_to(target);
    }

    /// Moves on by `duration`.
    pub fn advance(&self, duration: Duration) {
        self.advance_to(self.now() + duration);
    }

    /// Sets the wall clock to `now` as an operator would: the monotonic reading does not move.
    pub fn set(&self, now: Timestamp) {
        let mut state = self.state();
        state.now = now;
        wake_due(&mut state);
    }

    fn move_to(&self, target: Timestamp) {
        let mut state = self.state();
        let passed = target.since(state.now);
        state.monotonic += passed;
        state.now = state.now.max(target);
        wake_due(&mut state);
    }

    fn state(&self) -> MutexGuard<'_, VirtualState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wake_due(state: &mut VirtualState) {
    let later = state
        .sleepers
        .split_off(&(state.now + Duration::from_millis(1), 0));
    let over = state.monotonic + Duration::from_nanos(1);
    let longer = state.naps.split_off(&(over, 0));
    let rested = std::mem::replace(&mut state.naps, longer).into_values();
    let slept = std::mem::replace(&mut state.sleepers, later).into_values();
    for wake in slept.chain(rested) {
        // A sleeper that was dropped needs no waking.
        let _ = wake.send(());
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.state().now
    }

    fn monotonic(&self) -> Duration {
        self.state().monotonic
    }

    fn sleep_until(&self, deadline: Timestamp) -> Sleep {
        let mut state = self.state();
        if deadline <= state.now {
            return Box::pin(std::future::ready(()));
        }
        let (wake, woken) = oneshot::channel();
        state.sleepers_ever += 1;
        let key = (deadline, state.sleepers_ever);
        state.sleepers.insert(key, wake);
        Box::pin(async move {
            // An error means that the clock is gone, and then nobody waits for it either.
            let _ = woken.await;
        })
    }

    fn nap_until(&self, end: Duration) -> Sleep {
        let mut state = self.state();
        if end <= state.monotonic {
            return Box::pin(std::future::ready(()));
        }
        let (wake, woken) = oneshot::channel();
        state.sleepers_ever += 1;
        let key = (end, state.sleepers_ever);
        state.naps.insert(key, wake);
        Box::pin(async move {
            // As in `sleep_until`.
            let _ = woken.await;
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[tokio::test]
    async fn sleepers_wake_in_the_order_of_their_deadlines() {
        let clock = VirtualClock::at(at(0));
        let (late, early) = (clock.sleep_until(at(20)), clock.sleep_until(at(10)));
        assert_eq!(clock.next_deadline(), Some(at(10)));
        clock.advance_to(at(15));
        early.await;
        assert_eq!((clock.now(), clock.next_deadline()), (at(15), Some(at(20))));
        clock.advance_to(at(20));
        late.await;
        assert_eq!(clock.monotonic(), Duration::from_millis(20));
    }

    #[test]
    fn setting_the_wall_clock_leaves_the_monotonic_reading_alone() {
        let clock = VirtualClock::at(at(1_000));
        clock.advance(Duration::from_millis(5));
        clock.set(at(10));
        assert_eq!(
            (clock.now(), clock.monotonic()),
            (at(10), Duration::from_millis(5))
        );
    }

    #[tokio::test]
    async fn a_sleep_that_is_over_completes_at_once() {
        VirtualClock::at(at(5)).sleep_until(at(5)).await;
        SystemClock::new().sleep_until(at(5)).await;
    }

    #[tokio::test]
    async fn a_nap_lasts_as_long_as_it_should_when_the_clock_is_set() {
        let clock = VirtualClock::at(at(1_000));
        let nap = clock.sleep_for(Duration::from_millis(50));
        clock.set(at(0));
        assert_eq!(clock.next_deadline(), Some(at(50)));
        clock.advance(Duration::from_millis(50));
        nap.await;
    }

    #[tokio::test]
    async fn a_nap_whose_end_has_passed_meanwhile_completes_at_once() {
        let clock = VirtualClock::at(at(1_000));
        let end = clock.monotonic() + Duration::from_millis(50);
        clock.advance(Duration::from_millis(60));
        clock.nap_until(end).await;
        SystemClock::new().nap_until(Duration::ZERO).await;
    }
}
