//! How a store is opened.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::domain::catalogue::ClosedCatalogues;

/// Free bytes on the file system of a path, as an unprivileged process may use them.
pub type FreeSpace = Arc<dyn Fn(&Path) -> io::Result<u64> + Send + Sync>;

/// The settings that may change while a store is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreLimits {
    /// As [`StoreOptions::reserve_bytes`].
    pub reserve_bytes: u64,
    /// As [`StoreOptions::tell_dead`].
    pub tell_dead: bool,
}

/// How a store is opened.
#[derive(Clone)]
pub struct StoreOptions {
    /// Where the database and its lock lie; made when missing.
    pub data_dir: PathBuf,
    /// Below this much free space publishing is refused; outcomes are still recorded.
    pub reserve_bytes: u64,
    /// How free space is found out.
    pub free_space: FreeSpace,
    /// How long an answer of `free_space` is believed.
    pub free_space_every: Duration,
    /// The largest that the database file may become; `None` for what the disk holds.
    pub file_bytes_max: Option<u64>,
    /// Publish calls that may wait for the writer; beyond it the answer is Busy.
    pub publishes_waiting_max: usize,
    /// Payload bytes that may wait for the writer; beyond it the answer is Busy.
    pub bytes_waiting_max: usize,
    /// Hand-over batches that may wait for the engine; beyond it lanes are told to look in the store.
    pub hand_over_batches_max: usize,
    /// Changes that a slow subscriber may fall behind before it is told of a gap.
    pub changes_kept: usize,
    /// Reading connections.
    pub readers: u32,
    /// Whether subscribers hear of dead deliveries also where no endpoint asks for it.
    pub tell_dead: bool,
    /// The contracts whose endpoints get listed event types only.
    pub catalogues: ClosedCatalogues,
}

impl StoreOptions {
    /// Default reserve: 256 MiB, room to record the outcomes of what was accepted.
    pub const RESERVE_BYTES_DEFAULT: u64 = 256 * 1024 * 1024;

    /// The settings of `hookyard serve` for this directory.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            reserve_bytes: Self::RESERVE_BYTES_DEFAULT,
            free_space: Arc::new(free_space),
            free_space_every: Duration::from_secs(1),
            file_bytes_max: None,
            publishes_waiting_max: 4_096,
            bytes_waiting_max: 64 * 1024 * 1024,
            hand_over_batches_max: 64,
            changes_kept: 256,
            readers: 4,
            tell_dead: false,
            catalogues: ClosedCatalogues::default(),
        }
    }

    /// Those of the settings that may change while it is open.
    pub(super) const fn limits(&self) -> StoreLimits {
        StoreLimits {
            reserve_bytes: self.reserve_bytes,
            tell_dead: self.tell_dead,
        }
    }

    /// The database file.
    pub fn database_path(&self) -> PathBuf {
        self.data_dir.join("hookyard.db")
    }

    /// The lock file; holds the process id of its holder.
    pub fn lock_path(&self) -> PathBuf {
        self.data_dir.join("hookyard.lock")
    }
}

impl fmt::Debug for StoreOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("StoreOptions")
            .field("data_dir", &self.data_dir)
            .field("reserve_bytes", &self.reserve_bytes)
            .field("file_bytes_max", &self.file_bytes_max)
            .finish_non_exhaustive()
    }
}

/// What `statvfs` says is left for us.
fn free_space(path: &Path) -> io::Result<u64> {
    let stat = rustix::fs::statvfs(path)?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}
