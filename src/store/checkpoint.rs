//! Checkpoints on a connection and a thread of their own, so that commits need not wait for them.
//!
//! After a commit the checkpointer is nudged; it lets 100 ms of further commits gather and copies what it can without
//! disturbing anyone (PASSIVE). A log that never comes to rest is emptied by the writer itself, between two flushes.
//! Once nothing was written for a second the log is cut to nothing (TRUNCATE). Results are kept for people to see.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use sqlx::{Connection, Row, SqliteConnection};

use super::error::StoreError;
use super::facts::FactsBoard;
use crate::clock::{SharedClock, Stopwatch};

/// How long commits gather before a checkpoint: pages that many of them change are copied once, and the disk is left to
/// commits meanwhile.
const GATHER: Duration = Duration::from_millis(100);
/// How long nothing must be written before the log is cut.
const IDLE: Duration = Duration::from_secs(1);
/// Pages in the log (64 MiB) beyond which the writer empties it itself.
const LOG_PAGES_MAX: u64 = 16_384;

pub(super) const PASSIVE: &str = "PRAGMA wal_checkpoint(PASSIVE)";
const TRUNCATE: &str = "PRAGMA wal_checkpoint(TRUNCATE)";

/// The thread; ends when dropped.
pub(super) struct Checkpointer {
    nudges: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// The writer's end: tells the checkpointer of commits.
#[derive(Clone)]
pub(super) struct Nudge {
    nudges: SyncSender<()>,
    log_pages: Arc<AtomicU64>,
}

struct Worker {
    connection: SqliteConnection,
    nudges: Receiver<()>,
    clock: SharedClock,
    facts: Arc<FactsBoard>,
    log_pages: Arc<AtomicU64>,
}

impl Checkpointer {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(super) fn start(
        connection: SqliteConnection,
        clock: SharedClock,
        facts: Arc<FactsBoard>,
    ) -> std::io::Result<(Self, Nudge)> {
        let (sender, nudges) = sync_channel(1);
        let log_pages = Arc::new(AtomicU64::new(0));
        let worker = Worker {
            connection,
            nudges,
            clock,
            facts,
            log_pages: Arc::clone(&log_pages),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let thread = std::thread::Builder::new()
            .name("hookyard-checkpoint".to_owned())
            .spawn(move || runtime.block_on(worker.run()))?;
        let nudge = Nudge {
            nudges: sender.clone(),
            log_pages,
        };
        let checkpointer = Self {
            nudges: Some(sender),
            thread: Some(thread),
        };
        Ok((checkpointer, nudge))
    }
}

impl Drop for Checkpointer {
    /// Ends the thread. The writer's [`Nudge`] must be gone by then.
    fn drop(&mut self) {
        drop(self.nudges.take());
        if let Some(thread) = self.thread.take() {
            // A checkpointer that panicked left the log to the next start.
            let _ = thread.join();
        }
    }
}

impl Nudge {
    /// A commit is in the log. Never waits.
    pub(super) fn committed(&self) {
        // Full means that it already knows.
        let _ = self.nudges.try_send(());
    }

    /// Whether the log has grown so long that the writer must empty it.
    pub(super) fn log_is_long(&self) -> bool {
        self.log_pages.load(Ordering::Relaxed) > LOG_PAGES_MAX
    }

    /// The writer emptied the log.
    pub(super) fn emptied(&self) {
        self.log_pages.store(0, Ordering::Relaxed);
    }
}

impl Worker {
    /// Blocks its own thread while it waits, which nobody else needs.
    async fn run(mut self) {
        let mut idle = true;
        loop {
            let nudged = if idle {
                self.nudges
                    .recv()
                    .map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                self.nudges.recv_timeout(IDLE)
            };
            match nudged {
                Ok(()) => {
                    if self.gather().is_err() {
                        break;
                    }
                    self.checkpoint(PASSIVE).await;
                    idle = false;
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.checkpoint(TRUNCATE).await;
                    idle = true;
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        // The last connection to close empties and removes the log; an error leaves that to the next start.
        let _ = self.connection.close().await;
    }

    /// Lets commits gather; swallows the nudges of that time.
    fn gather(&self) -> Result<(), RecvTimeoutError> {
        let gathering = Stopwatch::start();
        loop {
            match self
                .nudges
                .recv_timeout(GATHER.saturating_sub(gathering.elapsed()))
            {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    async fn checkpoint(&mut self, kind: &'static str) {
        let result = run(&mut self.connection, kind).await;
        let now = self.clock.now();
        self.facts.note(|facts| match result {
            Ok((busy, log_pages, done_pages)) => {
                facts.checkpoint.at = Some(now);
                facts.checkpoint.busy = busy;
                facts.checkpoint.log_pages = log_pages;
                facts.checkpoint.done_pages = done_pages;
                self.log_pages.store(log_pages, Ordering::Relaxed);
            }
            Err(ref error) => {
                facts.checkpoint.failures += 1;
                tracing::warn!(error = %error, "a checkpoint failed; the log keeps growing until one succeeds");
            }
        });
    }
}

/// Runs a checkpoint: whether it was kept from finishing, pages in the log, pages done.
pub(super) async fn run(
    connection: &mut SqliteConnection,
    kind: &'static str,
) -> Result<(bool, u64, u64), StoreError> {
    let row = sqlx::query(kind).fetch_one(connection).await?;
    let pages = |index: usize| -> Result<u64, StoreError> {
        let count: i64 = row.try_get(index)?;
        Ok(u64::try_from(count).unwrap_or(0))
    };
    Ok((row.try_get::<i64, _>(0)? != 0, pages(1)?, pages(2)?))
}
