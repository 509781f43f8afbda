//! The handle that everybody holds: cheap to clone, safe to share, closed with its last clone.

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use arc_swap::ArcSwap;
use sqlx::SqlitePool;
use tokio::sync::{broadcast, mpsc, watch};

use super::checkpoint::Checkpointer;
use super::cold::{ColdCommand, Pending};
use super::error::StoreError;
use super::facts::FactsBoard;
use super::options::{StoreLimits, StoreOptions};
use super::record::Changes;
use super::writer::{Command, Waiting};
use crate::clock::AgreedTime;
use crate::domain::catalogue::ClosedCatalogues;
use crate::domain::id::{AttemptId, Id, IdMint};
use crate::domain::time::Timestamp;

/// The store.
#[derive(Clone)]
pub struct Store {
    pub(super) shared: Arc<Shared>,
}

/// What all clones share.
pub(super) struct Shared {
    /// How the store was opened; `limits` and `catalogues` have what may have changed since.
    pub(super) options: StoreOptions,
    /// The limits in force.
    pub(super) limits: Arc<ArcSwap<StoreLimits>>,
    /// The closed catalogues in force.
    pub(super) catalogues: ArcSwap<ClosedCatalogues>,
    /// The writer's queue; `None` once the store is closed.
    pub(super) commands: Mutex<Option<mpsc::Sender<Command>>>,
    /// What of it is publish calls.
    pub(super) waiting: Arc<Waiting>,
    /// Reading connections.
    pub(super) readers: SqlitePool,
    /// Gives ids of every kind.
    pub(super) mint: Arc<Mutex<IdMint>>,
    /// Steady time minus wall-clock time.
    pub(super) clock_offset_ms: Arc<AtomicI64>,
    /// By which what is stored is dated.
    pub(super) time: AgreedTime,
    /// Where commits are told.
    pub(super) changes: broadcast::Sender<Arc<Changes>>,
    /// What is known about the files.
    pub(super) facts: Arc<FactsBoard>,
    /// The writer's thread.
    pub(super) writer: Mutex<Option<JoinHandle<()>>>,
    /// Closed when the writer ends.
    pub(super) writer_alive: watch::Receiver<()>,
    /// The checkpointer's thread.
    pub(super) checkpointer: Mutex<Option<Checkpointer>>,
}

impl Store {
    /// An id of the one rising series, such as a new endpoint's or secret's.
    pub fn mint<K>(&self, now: Timestamp) -> Id<K> {
        self.shared
            .mint
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .next(now)
    }

    /// The id of an attempt that is about to be made.
    pub fn mint_attempt_id(&self, now: Timestamp) -> AttemptId {
        self.mint(now)
    }

    /// What is committed from now on. A subscriber that falls behind is told how many commits it missed.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Changes>> {
        self.shared.changes.subscribe()
    }

    /// Writes what waits, checkpoints and lets go of the files. Also done, without waiting for reads in progress,
    /// when the last clone is dropped.
    pub async fn close(&self) {
        // Without the note the next opening goes by an older one.
        let _ = self.note_wall().await;
        self.shared.take_commands();
        self.shared.readers.close().await;
        let shared = Arc::clone(&self.shared);
        // Joining threads blocks: not on an async worker. An error means that a thread panicked and is gone as well.
        let _ = tokio::task::spawn_blocking(move || shared.join_threads()).await;
    }

    /// Whether the writer takes what it is given: not after [`Store::close`], and never again once its thread has
    /// ended or panicked.
    pub fn writer_is_alive(&self) -> bool {
        self.commands().is_ok_and(|commands| !commands.is_closed())
    }

    /// Completes when the writer has ended: by [`Store::close`], or by a panic, after which nothing can be written
    /// until the store is opened again. Those who wait for an answer have got an error by then or get it now.
    pub async fn writer_ended(&self) {
        let mut alive = self.shared.writer_alive.clone();
        while alive.changed().await.is_ok() {}
    }

    /// The directory of the database.
    pub fn data_dir(&self) -> &Path {
        &self.shared.options.data_dir
    }

    /// Puts other limits in force: free space is judged by them when it is next asked for, within
    /// [`StoreOptions::free_space_every`].
    pub fn set_limits(&self, limits: StoreLimits) {
        self.shared.limits.store(Arc::new(limits));
    }

    /// Runs a rare change through the writer.
    pub(super) async fn change<C: ColdCommand>(&self, command: C) -> Result<C::Output, StoreError> {
        let (pending, answer) = Pending::new(command);
        self.commands()?
            .send(Command::Cold(pending))
            .await
            .map_err(|_| StoreError::CLOSED)?;
        answer.await.map_err(|_| StoreError::CLOSED)?
    }

    /// The writer's queue.
    pub(super) fn commands(&self) -> Result<mpsc::Sender<Command>, StoreError> {
        self.shared
            .commands
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
            .ok_or(StoreError::CLOSED)
    }

    /// The reading connections.
    pub(super) fn readers(&self) -> &SqlitePool {
        &self.shared.readers
    }

    /// The time by which everything here is dated and due. When the wall clock is set, it goes on as before until
    /// [`Store::shift_pending`] moves it together with all that is due.
    pub fn time(&self) -> &AgreedTime {
        &self.shared.time
    }

    /// Steady time minus wall-clock time, in milliseconds: changes when [`Store::time`] is moved.
    pub fn clock_offset_ms(&self) -> i64 {
        self.shared.clock_offset_ms.load(Ordering::Acquire)
    }

    /// The wall-clock time of a steady time.
    pub(super) fn wall_clock(&self, steady_ms: i64) -> Timestamp {
        Timestamp::from_millis(steady_ms.saturating_sub(self.clock_offset_ms()))
    }
}

impl Shared {
    fn take_commands(&self) {
        self.commands
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
    }

    /// Waits until writer and checkpointer are done; their lock on the directory goes with the last of them.
    fn join_threads(&self) {
        let writer = self
            .writer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(writer) = writer {
            // A writer that panicked has told its callers by dropping their channels.
            let _ = writer.join();
        }
        let checkpointer = self
            .checkpointer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(checkpointer);
    }
}

impl Drop for Shared {
    /// Ends the threads before the directory can be opened again. Takes as long as the flush in progress.
    fn drop(&mut self) {
        self.take_commands();
        self.join_threads();
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Store")
            .field("options", &self.shared.options)
            .finish_non_exhaustive()
    }
}
