//! How attempts of a stretch of time went: how long they took, and how often deliveries had to be tried.

use std::time::Duration;

use super::sketch::Sketch;

/// Attempts of a stretch of time, added up one by one or stretch by stretch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tries {
    /// Attempts that were not the first of their delivery.
    pub retries: u64,
    /// Attempts after which their delivery was delivered or dead.
    pub ended: u64,
    /// How long they took.
    pub durations: Sketch,
}

/// One attempt that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Try {
    /// Its number within its delivery, from 1.
    pub number: u32,
    /// Whether its delivery was delivered or dead after it.
    pub is_last: bool,
    /// How long it took.
    pub took: Duration,
}

impl Tries {
    /// Counts one attempt.
    pub fn add(&mut self, made: Try) {
        self.retries += u64::from(made.number > 1);
        self.ended += u64::from(made.is_last);
        let micros = u64::try_from(made.took.as_micros()).unwrap_or(u64::MAX);
        self.durations.add(micros);
    }

    /// Counts what the other has counted.
    pub fn merge(&mut self, other: &Self) {
        self.retries = self.retries.saturating_add(other.retries);
        self.ended = self.ended.saturating_add(other.ended);
        self.durations.merge(&other.durations);
    }

    /// Attempts for each delivery that came to its end, in hundredths; `None` where none did.
    pub fn attempts_per_delivery_centi(&self) -> Option<u64> {
        let attempts = self.durations.count().saturating_mul(100);
        attempts.checked_div(self.ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_counted_by_their_number_and_their_end() {
        let mut tries = Tries::default();
        for (number, is_last) in [(1, false), (2, false), (3, true), (1, true)] {
            tries.add(Try {
                number,
                is_last,
                took: Duration::from_millis(10),
            });
        }
        assert_eq!((tries.retries, tries.ended), (2, 2));
        assert_eq!(tries.attempts_per_delivery_centi(), Some(200));
        let mut twice = tries.clone();
        twice.merge(&tries);
        assert_eq!(
            (twice.retries, twice.ended, twice.durations.count()),
            (4, 4, 8)
        );
        assert_eq!(Tries::default().attempts_per_delivery_centi(), None);
    }
}
