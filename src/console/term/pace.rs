//! How often data is drawn, and how many bytes that may take. Pure.
//!
//! Two bounds hold for frames that only data asks for: so many a second, and so many bytes a second. A few rows a second
//! never meet the second one; when the whole list changes with every frame, there are fewer frames. Keys are answered at
//! once whatever they cost. On a line that cannot take the frames both bounds are lower.
//!
//! What is promised is a mean over *any* ten seconds: 8,000 bytes a second, and 1,500 on a slow line. Such a window may
//! begin behind a quiet time and end with a frame, so the rate lies below the promise by what was saved up and one
//! whole screen: 8 kB at 160x48 in true colour, 3.5 kB at 100x30 in sixteen colours.

use std::time::Duration;

/// How much data may be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bounds {
    /// The shortest time between two frames.
    interval: Duration,
    /// Bytes a second that are earned.
    rate: i64,
    /// Bytes that a quiet time saves up at most; a frame that is begun with any of them is drawn whole.
    saved: i64,
}

const NORMAL: Bounds = Bounds {
    interval: Duration::from_millis(100),
    rate: 7_000,
    saved: 2_000,
};
const SLOW: Bounds = Bounds {
    interval: Duration::from_millis(500),
    rate: 1_100,
    saved: 500,
};
/// A frame that takes longer to be written has waited for the line.
const STALLED: Duration = Duration::from_millis(200);
/// So long no frame may have waited before the line counts as quick again.
const RECOVERY: Duration = Duration::from_secs(30);

/// The pace of frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pace {
    line: Line,
    /// Bytes that may still come at once; below zero there are none until that is made up for.
    credit: i64,
    /// When that was so.
    counted_at: Duration,
}

/// What is known of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    /// Slow: somebody said so.
    Slow,
    /// None: frames go no further than this machine.
    None,
    /// Slow for a while after a frame had to wait.
    Watched {
        /// When a frame last had to.
        stalled_at: Option<Duration>,
    },
}

impl Pace {
    /// Slow when that was asked for; by the line when there is one.
    pub(crate) const fn new(slow: bool, remote: bool) -> Self {
        let line = match (slow, remote) {
            (true, _) => Line::Slow,
            (false, true) => Line::Watched { stalled_at: None },
            (false, false) => Line::None,
        };
        Self {
            line,
            credit: if slow { SLOW.saved } else { NORMAL.saved },
            counted_at: Duration::ZERO,
        }
    }

    /// Takes note that a frame was written: now, and how long that took. Whether the pace is another for it.
    pub(crate) fn written(&mut self, now: Duration, took: Duration) -> bool {
        let was_slow = self.is_slow();
        if let Line::Watched { stalled_at } = &mut self.line {
            if took >= STALLED {
                *stalled_at = Some(now);
            } else if stalled_at.is_some_and(|at| now.saturating_sub(at) >= RECOVERY) {
                *stalled_at = None;
            }
        }
        self.is_slow() != was_slow
    }

    /// Takes note that data alone made a frame of so many bytes.
    pub(crate) fn spend(&mut self, now: Duration, bytes: usize) {
        let Bounds { rate, saved, .. } = self.bounds();
        let passed = i64::try_from(now.saturating_sub(self.counted_at).as_millis());
        let earned = passed.unwrap_or(i64::MAX).saturating_mul(rate) / 1_000;
        let spent = i64::try_from(bytes).unwrap_or(i64::MAX);
        self.credit = self.credit.saturating_add(earned).min(saved) - spent;
        self.counted_at = now;
    }

    /// When the next frame may be drawn that only data asks for; the last frame of any kind was drawn at `drawn_at`.
    pub(crate) fn next_frame(self, drawn_at: Duration) -> Duration {
        let Bounds { interval, rate, .. } = self.bounds();
        let owed = u64::try_from(-self.credit).unwrap_or(0);
        let made_up = Duration::from_millis(owed.saturating_mul(1_000) / rate.unsigned_abs());
        (drawn_at + interval).max(self.counted_at + made_up)
    }

    /// Whether frames are few.
    pub(crate) const fn is_slow(self) -> bool {
        match self.line {
            Line::None | Line::Watched { stalled_at: None } => false,
            Line::Slow | Line::Watched { .. } => true,
        }
    }

    const fn bounds(self) -> Bounds {
        if self.is_slow() { SLOW } else { NORMAL }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: Duration = Duration::from_millis(2);

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_line_on_which_a_frame_waits_is_slow_until_none_has_for_half_a_minute() {
        let mut pace = Pace::new(false, true);
        assert!(!pace.written(at(1), Duration::from_millis(199)));
        assert!(!pace.is_slow());
        assert!(pace.written(at(2), Duration::from_millis(200)));
        assert!(pace.is_slow());
        assert!(!pace.written(at(20), Duration::from_secs(3)));
        assert!(!pace.written(at(49), QUICK));
        assert!(pace.written(at(50), QUICK));
        assert!(!pace.is_slow());
    }

    #[test]
    fn what_was_asked_for_stays_and_a_terminal_of_this_machine_is_never_slow() {
        for (slow, remote, expected) in [
            (true, true, true),
            (true, false, true),
            (false, false, false),
        ] {
            let mut pace = Pace::new(slow, remote);
            assert!(!pace.written(at(1), at(1)) && !pace.written(at(100), QUICK));
            assert_eq!(pace.is_slow(), expected, "slow {slow}, remote {remote}");
        }
    }

    /// Frames and bytes of the ten seconds behind a long pause, in which every frame is of so many bytes.
    fn ten_seconds(mut pace: Pace, bytes: usize) -> (usize, usize) {
        let (mut frames, mut drawn_at) = (0, at(100));
        while drawn_at < at(110) {
            pace.spend(drawn_at, bytes);
            frames += 1;
            drawn_at = pace.next_frame(drawn_at);
        }
        (frames, frames * bytes)
    }

    #[test]
    fn small_frames_are_bound_by_their_number_and_large_ones_by_their_bytes() {
        for (slow, bytes, frames) in [
            (false, 300, 100),
            (false, 6_000, 12),
            (false, 8_000, 9),
            (true, 145, 20),
            (true, 2_400, 5),
            (true, 3_500, 4),
        ] {
            let (drawn, _) = ten_seconds(Pace::new(slow, false), bytes);
            assert_eq!(drawn, frames, "of {bytes} bytes, slow: {slow}");
        }
    }

    #[test]
    fn no_ten_seconds_take_more_than_is_promised() {
        for (slow, promised, whole_screen) in [(false, 80_000, 8_000), (true, 15_000, 3_500)] {
            for bytes in (50..=whole_screen).step_by(50) {
                let (_, sent) = ten_seconds(Pace::new(slow, false), bytes);
                assert!(
                    sent <= promised,
                    "{sent} bytes in frames of {bytes}, slow: {slow}"
                );
            }
        }
    }

    #[test]
    fn a_frame_after_a_pause_does_not_wait() {
        let mut pace = Pace::new(false, false);
        pace.spend(at(1), 72_000);
        assert_eq!(pace.next_frame(at(1)), Duration::from_secs(11));
        assert_eq!(pace.next_frame(at(60)), Duration::from_millis(60_100));
        pace.spend(at(60), 2_000);
        assert_eq!(pace.next_frame(at(60)), Duration::from_millis(60_100));
    }
}
