//! The connection: what is known of it, in words, and when to try again.
//!
//! ```text
//! Connecting ──opened──► Opened ──hello──► Live ──1.5 heartbeats──► SLOW ──2.5──► STALE ──6──► Down
//!      ▲                    │                │                                                  │
//!      └──── retry ─────────┴────────────────┴───────────────── lost ────────────────────────────┘
//! ```

use std::time::Duration;

use rand::RngExt as _;

use super::msg::Now;
use crate::domain::time::Timestamp;

/// The shortest wait before a new connection, and the longest.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(8));
/// Assumed until the service names its own.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// The longest that opening the stream may take before it is tried anew.
const OPENING: Duration = Duration::from_secs(10);

/// The state of the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// The stream is being opened.
    Connecting {
        /// Tries that failed before.
        failures: u32,
        /// Since when this try runs.
        since: Duration,
    },
    /// Frames come.
    Live {
        /// When the last one came.
        last_frame: Duration,
        /// How often one should come.
        heartbeat: Duration,
    },
    /// There is none.
    Down {
        /// Tries that failed since it was live.
        failures: u32,
        /// When to try again.
        retry_at: Duration,
        /// Why, in words, not escaped.
        reason: String,
    },
}

/// How well the connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    /// Being opened.
    Connecting,
    /// Frames come in time.
    Live,
    /// The last frame is overdue.
    Slow,
    /// Nothing for so many seconds.
    Stale(u64),
    /// Down; seconds to the next try.
    Down(u64),
}

impl Link {
    /// Begins to connect.
    pub(crate) const fn connecting(now: Now, failures: u32) -> Self {
        Self::Connecting {
            failures,
            since: now.elapsed,
        }
    }

    /// A frame came: the connection lives.
    pub(crate) fn heard(&mut self, now: Now, heartbeat_s: Option<u32>) {
        let heartbeat = match (heartbeat_s, &*self) {
            (Some(seconds), _) => Duration::from_secs(u64::from(seconds.clamp(1, 60))),
            (None, Self::Live { heartbeat, .. }) => *heartbeat,
            (None, _) => HEARTBEAT,
        };
        *self = Self::Live {
            last_frame: now.elapsed,
            heartbeat,
        };
    }

    /// The connection is lost: full-jitter back-off between 0.25 and 8 s, doubling its bound with each failure.
    pub(crate) fn lost(&mut self, now: Now, rng: &mut impl rand::Rng, reason: String) {
        let failures = match self {
            Self::Connecting { failures, .. } | Self::Down { failures, .. } => *failures + 1,
            Self::Live { .. } => 0,
        };
        let (shortest, longest) = BACK_OFF;
        let bound = longest.min(shortest * 2_u32.saturating_pow(failures.min(8)));
        let wait = rng.random_range(shortest..=bound.max(shortest));
        *self = Self::Down {
            failures,
            retry_at: now.elapsed + wait,
            reason,
        };
    }

    /// How well it is.
    pub(crate) fn health(&self, now: Now) -> Health {
        match self {
            Self::Connecting { .. } => Health::Connecting,
            Self::Down { retry_at, .. } => Health::Down(
                retry_at
                    .saturating_sub(now.elapsed)
                    .as_millis()
                    .div_ceil(1_000)
                    .try_into()
                    .unwrap_or(0),
            ),
            Self::Live {
                last_frame,
                heartbeat,
            } => {
                let age = now.elapsed.saturating_sub(*last_frame);
                if age >= *heartbeat * 5 / 2 {
                    Health::Stale(age.as_secs())
                } else if age >= *heartbeat * 3 / 2 {
                    Health::Slow
                } else {
                    Health::Live
                }
            }
        }
    }

    /// Whether calls have a chance.
    pub(crate) const fn is_up(&self) -> bool {
        matches!(self, Self::Live { .. })
    }

    /// Whether it is being made.
    pub(crate) const fn is_opening(&self) -> bool {
        matches!(self, Self::Connecting { .. })
    }

    /// Why it is down, in words, not escaped.
    pub(crate) fn reason(&self) -> Option<&str> {
        match self {
            Self::Down { reason, .. } => Some(reason),
            Self::Connecting { .. } | Self::Live { .. } => None,
        }
    }

    /// What the clock asks of the connection now.
    pub(crate) fn due(&self, now: Now) -> Due {
        match self {
            Self::Down {
                retry_at, failures, ..
            } if now.elapsed >= *retry_at => Due::Connect {
                failures: *failures,
            },
            Self::Connecting { since, .. } if now.elapsed >= *since + OPENING => {
                Due::GiveUp("no answer in time")
            }
            Self::Live {
                last_frame,
                heartbeat,
            } if now.elapsed >= *last_frame + *heartbeat * 6 => {
                Due::GiveUp("nothing heard for six heartbeats")
            }
            _ => Due::Nothing,
        }
    }

    /// When the words about the connection change by themselves, or something falls due.
    pub(crate) fn next_wakeup(&self, now: Now) -> Duration {
        match self {
            Self::Connecting { since, .. } => *since + OPENING,
            Self::Down { retry_at, .. } => next_second(now.elapsed, *retry_at),
            Self::Live {
                last_frame,
                heartbeat,
            } => {
                let age = now.elapsed.saturating_sub(*last_frame);
                if age < *heartbeat * 3 / 2 {
                    *last_frame + *heartbeat * 3 / 2
                } else if age < *heartbeat * 5 / 2 {
                    *last_frame + *heartbeat * 5 / 2
                } else {
                    *last_frame + Duration::from_secs(age.as_secs() + 1)
                }
            }
        }
    }
}

/// What falls due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// Nothing.
    Nothing,
    /// Connect now.
    Connect {
        /// Tries that failed before.
        failures: u32,
    },
    /// The connection is as good as lost, for this reason.
    GiveUp(&'static str),
}

/// The next moment at which a countdown to `end` shows another number of seconds.
fn next_second(now: Duration, end: Duration) -> Duration {
    let left = end.saturating_sub(now);
    let shown = left.as_millis().div_ceil(1_000);
    let below = u64::try_from(shown.saturating_sub(1)).unwrap_or(0);
    // Never later than the end, and always after now.
    end.saturating_sub(Duration::from_secs(below))
        .max(now + Duration::from_millis(1))
}

/// A time without connection, for the gap row that tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outage {
    /// The last moment that was seen.
    pub from: Timestamp,
    /// When frames came again.
    pub to: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng as _;

    fn at(millis: u64) -> Now {
        Now {
            wall: Timestamp::EPOCH,
            elapsed: Duration::from_millis(millis),
        }
    }

    #[test]
    fn the_words_follow_the_silence() {
        let mut link = Link::connecting(at(0), 0);
        assert_eq!(link.health(at(100)), Health::Connecting);
        link.heard(at(1_000), Some(4));
        for (millis, expected) in [
            (1_000, Health::Live),
            (6_999, Health::Live),
            (7_000, Health::Slow),
            (10_999, Health::Slow),
            (11_000, Health::Stale(10)),
            (12_500, Health::Stale(11)),
        ] {
            assert_eq!(link.health(at(millis)), expected, "{millis}");
            let wakeup = link.next_wakeup(at(millis));
            assert!(wakeup > at(millis).elapsed);
            assert_eq!(
                link.health(Now {
                    elapsed: wakeup.saturating_sub(Duration::from_millis(1)),
                    ..at(0)
                }),
                expected,
                "{millis}: nothing changes before the wake-up"
            );
        }
        assert_eq!(link.due(at(24_999)), Due::Nothing);
        assert!(matches!(link.due(at(25_000)), Due::GiveUp(_)));
    }

    #[test]
    fn the_back_off_lies_between_a_quarter_and_eight_seconds_for_ever() {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let mut link = Link::Live {
            last_frame: Duration::ZERO,
            heartbeat: HEARTBEAT,
        };
        let mut longest = Duration::ZERO;
        for round in 0..200_u32 {
            link.lost(at(1_000), &mut rng, "gone".into());
            let Link::Down {
                failures, retry_at, ..
            } = link
            else {
                panic!("not down")
            };
            let wait = retry_at - at(1_000).elapsed;
            assert!(wait >= BACK_OFF.0 && wait <= BACK_OFF.1, "{wait:?}");
            longest = longest.max(wait);
            assert_eq!(failures, round);
            assert_eq!(
                link.due(Now {
                    elapsed: retry_at,
                    ..at(0)
                }),
                Due::Connect { failures }
            );
            link = Link::connecting(at(1_000), failures);
        }
        assert!(longest > Duration::from_secs(6), "{longest:?}");
    }

    #[test]
    fn a_countdown_wakes_when_its_number_changes() {
        let end = Duration::from_millis(5_500);
        assert_eq!(
            next_second(Duration::from_millis(0), end),
            Duration::from_millis(500)
        );
        assert_eq!(
            next_second(Duration::from_millis(500), end),
            Duration::from_millis(1_500)
        );
        assert_eq!(next_second(Duration::from_millis(5_000), end), end);
    }
}
