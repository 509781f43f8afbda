//! What a flush adds to the statistics of a minute.

use super::super::rows::micros;
use super::values::Rows;
use crate::domain::attempt::{Attempt, FailureClass};

/// A part of a flush.
#[derive(Debug, Default)]
pub(super) struct MinuteDelta {
    attempts: i64,
    held_back: i64,
    successes: i64,
    latency_us: i64,
    failed: [i64; FailureClass::ALL.len()],
}

impl MinuteDelta {
    /// Whether there is nothing but successes to be noted.
    pub(super) const fn is_well(&self) -> bool {
        self.successes == self.attempts && self.held_back == 0
    }

    /// Its columns; those of trouble only where the statement takes them.
    pub(super) fn columns(&self, row: &mut Rows, trouble: bool) {
        row.int(self.attempts)
            .int(self.successes)
            .int(self.latency_us);
        if !trouble {
            return;
        }
        for &failed in &self.failed {
            row.int(failed);
        }
        row.int(self.held_back);
    }

    /// Adds the other.
    pub(super) fn join(&mut self, other: &Self) {
        self.attempts += other.attempts;
        self.successes += other.successes;
        self.latency_us += other.latency_us;
        for (failed, others) in self.failed.iter_mut().zip(&other.failed) {
            *failed += others;
        }
        self.held_back += other.held_back;
    }

    /// Counts an attempt.
    pub(super) fn add(&mut self, attempt: &Attempt) {
        self.attempts += 1;
        self.latency_us += micros(attempt.phases.total);
        self.held_back += i64::from(attempt.held_back == Some(true));
        match &attempt.failure {
            None => self.successes += 1,
            Some(failure) => {
                let all = FailureClass::ALL.iter().zip(&mut self.failed);
                for (_, failed) in all.filter(|(class, _)| **class == failure.class) {
                    *failed += 1;
                }
            }
        }
    }
}
