//! What the store knows about its own files, for screens, metrics and readiness.

use std::fs;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::handle::Store;
use super::janitor::Removed;
use crate::domain::time::Timestamp;

/// What the store weighs and how it is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreFacts {
    /// Bytes of the database file.
    pub database_bytes: u64,
    /// Bytes of the write-ahead log.
    pub wal_bytes: u64,
    /// Free bytes on its disk; `None` when the system does not say.
    pub disk_free_bytes: Option<u64>,
    /// The latest checkpoint.
    pub checkpoint: CheckpointFacts,
    /// The latest round of retention.
    pub retention: RetentionFacts,
    /// Flushes committed since the store was opened.
    pub flushes: u64,
    /// Commands in them.
    pub flushed_commands: u64,
    /// Flushes that failed and were taken apart.
    pub flush_failures: u64,
    /// The longest that rare changes held the writer in one transaction, its commit included, since
    /// [`Store::take_longest_change`].
    pub longest_change: Duration,
    /// Whether the latest flush failed, or the writer panicked: false again after one that succeeded means that the
    /// store is writable.
    pub failing: bool,
}

/// What the latest round of retention found and took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RetentionFacts {
    /// When it ended; `None` before the first.
    pub at: Option<Timestamp>,
    /// How long it took.
    pub took: Duration,
    /// The longest transaction of rare changes meanwhile: of its own steps, of whoever shared one with them, or of others.
    pub longest: Duration,
    /// Bytes that rows took when it began.
    pub used_bytes: u64,
    /// How long it kept payloads and attempts, where the disk budget made that less than their time.
    pub squeezed_to: Option<Duration>,
    /// What it took.
    pub removed: Removed,
}

/// What the latest checkpoint did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CheckpointFacts {
    /// When it ran; `None` before the first.
    pub at: Option<Timestamp>,
    /// Whether a reader or writer kept it from finishing.
    pub busy: bool,
    /// Pages in the log when it ran.
    pub log_pages: u64,
    /// Pages of them that are in the database file now.
    pub done_pages: u64,
    /// Checkpoints that failed since the store was opened.
    pub failures: u64,
}

/// Where writer and checkpointer note what they did.
#[derive(Debug, Default)]
pub(super) struct FactsBoard(Mutex<StoreFacts>);

impl FactsBoard {
    /// Notes something.
    pub(super) fn note(&self, change: impl FnOnce(&mut StoreFacts)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// What was noted.
    pub(super) fn read(&self) -> StoreFacts {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    /// The longest that rare changes held the writer since this was asked last.
    pub fn take_longest_change(&self) -> Duration {
        let mut longest = Duration::ZERO;
        self.shared.facts.note(|facts| {
            longest = std::mem::take(&mut facts.longest_change);
        });
        longest
    }

    /// Notes what a round of retention did, for [`Store::facts`].
    pub fn note_retention(&self, round: RetentionFacts) {
        self.shared.facts.note(|facts| facts.retention = round);
    }

    /// What the store weighs and how it is doing. Asks the file system, not the database.
    pub fn facts(&self) -> StoreFacts {
        let options = &self.shared.options;
        let database = options.database_path();
        let size = |path| fs::metadata(path).map_or(0, |metadata| metadata.len());
        let mut wal = database.clone().into_os_string();
        wal.push("-wal");
        StoreFacts {
            database_bytes: size(database.into_os_string()),
            wal_bytes: size(wal),
            disk_free_bytes: (options.free_space)(&options.data_dir).ok(),
            ..self.shared.facts.read()
        }
    }
}
