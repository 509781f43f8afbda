//! What is known of stretches of time that are over: added up once, and shown again without reading their minutes.
//!
//! Statistics are kept by the minute. Windows of days would read thousands of rows each time somebody looks, and all but
//! the latest of them never change again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::domain::time::Timestamp;

/// How long after its end a stretch may still change: attempts count in the minute in which they began, and are written
/// down when they have ended.
const OPEN_FOR: Duration = Duration::from_secs(300);

/// Sums of stretches that are over, by their beginning. All are of one length.
#[derive(Debug)]
pub(super) struct ClosedSpans<T> {
    length: Duration,
    /// How many are kept at most: the latest.
    most: usize,
    kept: Mutex<Kept<T>>,
}

#[derive(Debug)]
struct Kept<T> {
    sums: BTreeMap<Timestamp, Arc<T>>,
    /// The latest time at which somebody looked.
    seen: Timestamp,
}

/// A window taken apart: the stretches of one length that lie in it whole, and what is left before and behind them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// The beginning of the first whole stretch.
    pub(super) first: Timestamp,
    /// The end of the last one; `first` where there is none.
    pub(super) last: Timestamp,
}

impl<T> ClosedSpans<T> {
    /// None yet, of this length in whole minutes.
    pub(super) const fn of(length: Duration, most: usize) -> Self {
        Self {
            length,
            most,
            kept: Mutex::new(Kept {
                sums: BTreeMap::new(),
                seen: Timestamp::EPOCH,
            }),
        }
    }

    /// The window from `from` to before `to`, taken apart.
    pub(super) fn window(&self, from: Timestamp, to: Timestamp) -> Window {
        let length = self.length_ms();
        let up = from.as_millis().div_euclid(length) * length;
        let up = up + if up < from.as_millis() { length } else { 0 };
        let down = to.as_millis().div_euclid(length) * length;
        Window {
            first: Timestamp::from_millis(up).min(to),
            last: Timestamp::from_millis(down.max(up)).min(to),
        }
    }

    /// The beginnings of the stretches of a window.
    pub(super) fn starts(&self, window: Window) -> impl Iterator<Item = Timestamp> + use<T> {
        let step = usize::try_from(self.length_ms()).unwrap_or(usize::MAX);
        let range = window.first.as_millis()..window.last.as_millis();
        range.step_by(step).map(Timestamp::from_millis)
    }

    /// The sum of the stretch that begins at `start`: as it is kept, or read, and then kept if it is over.
    ///
    /// # Errors
    /// Those of `read`.
    pub(super) async fn sum<E>(
        &self,
        now: Timestamp,
        start: Timestamp,
        read: impl AsyncFnOnce(Timestamp, Timestamp) -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
        if let Some(kept) = self.kept(now, start) {
            return Ok(kept);
        }
        let end = start + self.length;
        let sum = Arc::new(read(start, end).await?);
        if end + OPEN_FOR <= now {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.sums.insert(start, Arc::clone(&sum));
            while kept.sums.len() > self.most {
                kept.sums.pop_first();
            }
        }
        Ok(sum)
    }

    fn kept(&self, now: Timestamp, start: Timestamp) -> Option<Arc<T>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if now < kept.seen {
            // The clock was set back: what seemed to be over is not.
            kept.sums.clear();
        }
        kept.seen = now;
        kept.sums.get(&start).cloned()
    }

    fn length_ms(&self) -> i64 {
        i64::try_from(self.length.as_millis())
            .unwrap_or(i64::MAX)
            .max(1)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    const HOUR: Duration = Duration::from_hours(1);
    const START: Timestamp = Timestamp::from_millis(1_776_074_400_000);

    /// How often it was read to know the sums of `starts` at `now`.
    async fn reads(spans: &ClosedSpans<()>, now: Timestamp, starts: &[Timestamp]) -> u32 {
        let count = Cell::new(0);
        for &start in starts {
            let read = async |_, _| {
                count.set(count.get() + 1);
                Ok::<_, ()>(())
            };
            spans.sum(now, start, read).await.unwrap();
        }
        count.get()
    }

    #[tokio::test]
    async fn a_stretch_is_read_until_it_is_over_for_a_while_and_once_then() {
        let spans = ClosedSpans::of(HOUR, 10);
        let over = START + HOUR + OPEN_FOR;
        assert_eq!(reads(&spans, over.moved_by(-1), &[START; 2]).await, 2);
        assert_eq!(reads(&spans, over, &[START; 2]).await, 1);
        assert_eq!(reads(&spans, over + HOUR, &[START; 2]).await, 0);
    }

    #[tokio::test]
    async fn a_clock_that_is_set_back_makes_all_of_them_be_read_again() {
        let spans = ClosedSpans::of(HOUR, 10);
        let now = START + 10 * HOUR;
        assert_eq!(reads(&spans, now, &[START]).await, 1);
        assert_eq!(reads(&spans, now.moved_by(-1), &[START]).await, 1);
    }

    #[tokio::test]
    async fn the_latest_are_kept() {
        let spans = ClosedSpans::of(HOUR, 2);
        let now = START + 10 * HOUR;
        let three = [0, 1, 2].map(|hours| START + hours * HOUR);
        assert_eq!(reads(&spans, now, &three).await, 3);
        assert_eq!(reads(&spans, now, &three[1..]).await, 0);
        assert_eq!(reads(&spans, now, &three[..1]).await, 1);
    }

    #[test]
    fn a_window_is_whole_stretches_with_a_rest_before_and_behind() {
        let spans = ClosedSpans::<()>::of(HOUR, 2);
        let minute = Duration::from_secs(60);
        let window = spans.window(START - minute, START + 2 * HOUR + minute);
        assert_eq!((window.first, window.last), (START, START + 2 * HOUR));
        let starts: Vec<_> = spans.starts(window).collect();
        assert_eq!(starts, [START, START + HOUR]);
        let whole = spans.window(START, START + HOUR);
        assert_eq!((whole.first, whole.last), (START, START + HOUR));
        let short = spans.window(START + minute, START + 2 * minute);
        assert_eq!(
            (short.first, short.last),
            (START + 2 * minute, START + 2 * minute)
        );
        assert_eq!(spans.starts(short).count(), 0);
    }
}
