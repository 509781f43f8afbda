//! Whether there is disk space to accept events: outcomes are recorded from the reserve, so ingest stops first.

use std::path::PathBuf;
use std::time::Duration;

use super::super::error::StoreError;
use super::super::options::{FreeSpace, StoreOptions};
use crate::clock::Stopwatch;

/// Free space, asked for now and then.
pub(crate) struct Space {
    directory: PathBuf,
    free_space: FreeSpace,
    every: Duration,
    reserve_bytes: u64,
    /// The latest answer: since when it is believed, and whether there was enough.
    latest: Option<(Stopwatch, bool)>,
}

impl Space {
    /// Asks as the options say.
    pub(crate) fn new(options: &StoreOptions) -> Self {
        Self {
            directory: options.data_dir.clone(),
            free_space: FreeSpace::clone(&options.free_space),
            every: options.free_space_every,
            reserve_bytes: options.reserve_bytes,
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
                    .map_or(true, |free| free >= self.reserve_bytes);
                self.latest = Some((Stopwatch::start(), enough));
                enough
            }
        };
        if enough { Ok(()) } else { Err(self.full()) }
    }

    /// The error for a disk that is full.
    pub(crate) const fn full(&self) -> StoreError {
        StoreError::Full {
            reserve_bytes: self.reserve_bytes,
        }
    }
}
