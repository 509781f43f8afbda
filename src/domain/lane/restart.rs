//! How soon the lane of an endpoint is started again after it ended by itself.
//!
//! A lane that ends at every start would keep the store and everybody's thread busy for nothing, so each end that
//! follows a short life doubles the wait.

use std::time::Duration;

/// A lane that lived for so long started well: its end is a first one.
const LONG_LIFE: Duration = Duration::from_secs(60);
/// The wait after the second short life in a row; it doubles from there on.
const WAIT_FIRST: Duration = Duration::from_secs(1);
const WAIT_MAX: Duration = Duration::from_secs(60);

/// What is remembered of a lane's ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RestartBackoff {
    /// Ends in a row that each followed a short life; the first may follow a long one.
    in_a_row: u32,
}

impl RestartBackoff {
    /// The lane ended after it had lived for `lived`: how long to wait until the next one is started. Zero the first
    /// time, then 1, 2, 4 … up to 60 s.
    pub fn ended(&mut self, lived: Duration) -> Duration {
        if lived >= LONG_LIFE {
            self.in_a_row = 0;
        }
        let wait = match self.in_a_row.checked_sub(1) {
            None => Duration::ZERO,
            Some(doublings) => {
                let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
                WAIT_FIRST.saturating_mul(factor).min(WAIT_MAX)
            }
        };
        self.in_a_row = self.in_a_row.saturating_add(1);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(backoff: &mut RestartBackoff, lives: &[Duration]) -> Vec<u64> {
        let wait = |&lived| backoff.ended(lived).as_secs();
        lives.iter().map(wait).collect()
    }

    #[test]
    fn the_first_restart_is_at_once_and_each_wait_after_is_twice_as_long_up_to_a_minute() {
        let short = LONG_LIFE - Duration::from_millis(1);
        let expected = [0, 1, 2, 4, 8, 16, 32, 60, 60];
        let found = waits(&mut RestartBackoff::default(), &[short; 9]);
        assert_eq!(found, expected);
    }

    #[test]
    fn a_lane_that_lived_for_a_minute_starts_over() {
        let (short, long) = (Duration::ZERO, LONG_LIFE);
        let lives = [long, short, short, long, short, long, long];
        let found = waits(&mut RestartBackoff::default(), &lives);
        assert_eq!(found, [0, 1, 2, 0, 1, 0, 0]);
    }

    #[test]
    fn a_lane_that_never_starts_well_waits_a_minute_for_ever() {
        let mut backoff = RestartBackoff { in_a_row: u32::MAX };
        assert_eq!(waits(&mut backoff, &[Duration::ZERO; 2]), [60, 60]);
        for doublings in 30..70 {
            let mut backoff = RestartBackoff {
                in_a_row: doublings,
            };
            assert_eq!(backoff.ended(Duration::ZERO), WAIT_MAX, "{doublings}");
        }
    }
}
