//! How often data is drawn: a line that cannot take the frames gets fewer of them. Pure.

use std::time::Duration;

/// Between two frames that only data asks for.
const NORMAL: Duration = Duration::from_millis(100);
/// The same on a slow line.
const SLOW: Duration = Duration::from_millis(500);
/// A frame that takes longer to be written has waited for the line.
const STALLED: Duration = Duration::from_millis(200);
/// So long no frame may have waited before the line counts as quick again.
const RECOVERY: Duration = Duration::from_secs(30);

/// The pace of frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Always slow: somebody asked for it.
    Slow,
    /// Always normal: frames go no further than this machine.
    Normal,
    /// By how the line takes the frames.
    ByLine {
        /// When a frame last had to wait.
        stalled_at: Option<Duration>,
    },
}

impl Pace {
    /// Slow when that was asked for; by the line when there is one.
    pub(crate) const fn new(slow: bool, remote: bool) -> Self {
        match (slow, remote) {
            (true, _) => Self::Slow,
            (false, true) => Self::ByLine { stalled_at: None },
            (false, false) => Self::Normal,
        }
    }

    /// Takes note that a frame was written: now, and how long that took. Whether the pace is another for it.
    pub(crate) fn written(&mut self, now: Duration, took: Duration) -> bool {
        let before = self.interval();
        if let Self::ByLine { stalled_at } = self {
            if took >= STALLED {
                *stalled_at = Some(now);
            } else if stalled_at.is_some_and(|at| now.saturating_sub(at) >= RECOVERY) {
                *stalled_at = None;
            }
        }
        self.interval() != before
    }

    /// The shortest time between two frames that only data asks for.
    pub(crate) const fn interval(self) -> Duration {
        match self {
            Self::Normal | Self::ByLine { stalled_at: None } => NORMAL,
            Self::Slow | Self::ByLine { .. } => SLOW,
        }
    }

    /// Whether frames are few.
    pub(crate) fn is_slow(self) -> bool {
        self.interval() == SLOW
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
        assert_eq!(pace.interval(), NORMAL);
    }

    #[test]
    fn what_was_asked_for_stays_and_a_terminal_of_this_machine_is_never_slow() {
        for (slow, remote, expected) in [
            (true, true, SLOW),
            (true, false, SLOW),
            (false, false, NORMAL),
        ] {
            let mut pace = Pace::new(slow, remote);
            assert!(!pace.written(at(1), at(1)) && !pace.written(at(100), QUICK));
            assert_eq!(pace.interval(), expected, "slow {slow}, remote {remote}");
        }
    }
}
