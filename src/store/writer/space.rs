//! Whether there is disk space to accept events: outcomes are recorded from the reserve, so ingest stops first.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;

use super::super::error::StoreError;
use super::super::options::{FreeSpace, StoreLimits, StoreOptions};
use crate::clock::Stopwatch;

/// Free space, asked for now and then.
pub(crate) struct Space {
    directory: PathBuf,
    free_space: FreeSpace,
    every: Duration,
    limits: Arc<ArcSwap<StoreLimits>>,
    /// The latest answer: since when it is believed, and whether there was enough.
    latest: Option<(Stopwatch, bool)>,
}

impl Space {
    /// Asks as the options say, and judges by the limits in force.
    pub(crate) fn new(options: &StoreOptions, limits: Arc<ArcSwap<StoreLimits>>) -> Self {
        Self {
            directory: options.data_dir.clone(),
            free_space: FreeSpace::clone(&options.free_space),
            every: options.free_space_every,
            limits,
            latest: None,
        }
    }

    /// Whether events may be accepted now. A system that does not say is trusted: SQLite will tell.
    ///
    /// # Errors
    /// [`StoreError::Full`] below the reserve.
    pub(crate) fn check(&mut self) -> Result<(), StoreError> {
        let enough = match self.latest {
            Some((asked, enough)) if asked.elapsed() < self.every => enough,
            _ => {
                let enough = (self.free_space)(&self.directory)
                    .map_or(true, |free| free >= self.reserve_bytes());
                self.latest = Some((Stopwatch::start(), enough));
                enough
            }
        };
        if enough { Ok(()) } else { Err(self.full()) }
    }

    /// The error for a disk that is full.
    pub(crate) fn full(&self) -> StoreError {
        StoreError::Full {
            reserve_bytes: self.reserve_bytes(),
        }
    }

    fn reserve_bytes(&self) -> u64 {
        self.limits.load().reserve_bytes
    }
}
