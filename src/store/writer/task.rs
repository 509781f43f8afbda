//! The writer's task: gather what waits, write it, tell everybody; again.

use std::collections::HashSet;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use sqlx::{Connection, SqliteConnection};
use tokio::sync::{broadcast, mpsc, watch};

use super::super::causes::KnownCauses;
use super::super::checkpoint::{self, Nudge};
use super::super::cold::{Effects, PendingCold, WriteTx};
use super::super::error::StoreError;
use super::super::facts::FactsBoard;
use super::super::failing::KnownRuns;
use super::super::hand_over::HandOverSender;
use super::super::lock::DirectoryLock;
use super::super::operational::DeadTeller;
use super::super::record::Changes;
use super::batch::Hot;
use super::queue::Command;
use super::space::Space;
use super::sql::Views;
use crate::clock::{AgreedTime, Stopwatch};
use crate::domain::endpoint_index::EndpointIndex;
use crate::domain::id::{DeliveryId, IdMint};

/// Calls in one flush: past that the gain is gone and the first caller waits for the last one's rows.
const FLUSH_CALLS_MAX: usize = 1_024;
/// Rows (events, deliveries, attempts) in one flush; a single call may have more.
const FLUSH_ROWS_MAX: usize = 4_096;
/// Payload bytes in one flush; a single call may have more.
const FLUSH_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Rare changes in one transaction.
const COLD_MAX: usize = 256;

/// The writer with all it owns.
pub(crate) struct Writer {
    /// The only connection that writes.
    pub(crate) connection: SqliteConnection,
    /// The views it has for flushes.
    pub(crate) views: Views,
    /// What waits.
    pub(crate) queue: mpsc::Receiver<Command>,
    /// A command that was taken from the queue but belongs into the next flush.
    pub(crate) held_back: Option<Command>,
    /// Dates what is stored; moved by this task alone, together with the offset.
    pub(crate) time: AgreedTime,
    /// Gives ids.
    pub(crate) mint: Arc<Mutex<IdMint>>,
    /// Steady time minus wall-clock time; this task alone changes it.
    pub(crate) clock_offset_ms: Arc<AtomicI64>,
    /// The endpoints that events are matched against.
    pub(crate) index: EndpointIndex,
    /// The causes that failures count under.
    pub(crate) causes: KnownCauses,
    /// The endpoints that fail, and those of which somebody was told that they do.
    pub(crate) runs: KnownRuns,
    /// Whether dead deliveries are told of, and how many.
    pub(crate) dead: DeadTeller,
    /// Where accepted events go.
    pub(crate) hand_over: HandOverSender,
    /// Where commits are told.
    pub(crate) changes: broadcast::Sender<Arc<Changes>>,
    /// Commits that were told.
    pub(crate) commits: u64,
    /// Whether there is disk space.
    pub(crate) space: Space,
    /// Where it notes what it did.
    pub(crate) facts: Arc<FactsBoard>,
    /// Tells the checkpointer.
    pub(crate) nudge: Nudge,
    /// Tells when it ends.
    pub(crate) _last_words: LastWords,
    /// Keeps other processes out until the connection is closed.
    pub(crate) _lock: DirectoryLock,
}

/// What the writer leaves behind, dropped with it: a writer that panicked says so.
pub(crate) struct LastWords {
    facts: Arc<FactsBoard>,
    /// Nothing is ever sent: that it is gone is the message.
    _alive: watch::Sender<()>,
}

impl LastWords {
    /// For a writer that notes on `facts`, and who hears of its end.
    pub(crate) fn new(facts: &Arc<FactsBoard>) -> (Self, watch::Receiver<()>) {
        let (alive, ended) = watch::channel(());
        let last_words = Self {
            facts: Arc::clone(facts),
            _alive: alive,
        };
        (last_words, ended)
    }
}

impl Drop for LastWords {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.facts.note(|facts| facts.failing = true);
        }
    }
}

impl Writer {
    /// Starts the task on a thread of its own: no caller's runtime can hold it up or take it along.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(crate) fn start(self) -> std::io::Result<JoinHandle<()>> {
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        std::thread::Builder::new()
            .name("hookyard-writer".to_owned())
            .spawn(move || runtime.block_on(self.run()))
    }

    /// Runs until nobody can ask any more and all that waited is written.
    async fn run(mut self) {
        while let Some(command) = self.next().await {
            match command {
                Command::Cold(first) => {
                    let commands = self.gather_cold(first);
                    self.change(commands).await;
                }
                first => {
                    let calls = self.gather_hot(first);
                    self.flush(calls).await;
                }
            }
            self.empty_long_log().await;
        }
        let Self { connection, .. } = self;
        // The log is read again at the next start if it cannot be emptied now.
        let _ = connection.close().await;
    }

    async fn next(&mut self) -> Option<Command> {
        match self.held_back.take() {
            Some(command) => Some(command),
            None => self.queue.recv().await,
        }
    }

    fn next_waiting(&mut self) -> Option<Command> {
        self.held_back.take().or_else(|| self.queue.try_recv().ok())
    }

    /// All hot commands that wait, up to the next rare one or a bound.
    fn gather_hot(&mut self, first: Command) -> Vec<Hot> {
        let mut calls = Vec::new();
        let (mut rows, mut bytes) = (0, 0);
        let mut recorded: HashSet<DeliveryId> = HashSet::new();
        let mut next = Some(first);
        while let Some(command) = next {
            match command {
                Command::Cold(_) => {
                    self.held_back = Some(command);
                    break;
                }
                Command::Publish(call) => {
                    let matches: Vec<_> = call
                        .events
                        .iter()
                        .map(|event| {
                            self.index
                                .matches(&event.audience, &event.event_type, event.test)
                        })
                        .collect();
                    rows += matches.iter().map(|found| 1 + found.len()).sum::<usize>();
                    bytes += call.bytes;
                    calls.push(Hot::Publish(call, matches));
                }
                Command::Record(call) => {
                    // A second attempt of one delivery builds on the first: it goes into the next flush.
                    if !recorded.insert(call.record.attempt.delivery_id) {
                        self.held_back = Some(Command::Record(call));
                        break;
                    }
                    rows += 1;
                    let response = call.record.attempt.response.as_ref();
                    bytes += response.map_or(0, |response| response.body.len());
                    calls.push(Hot::Record(call));
                }
            }
            let room =
                calls.len() < FLUSH_CALLS_MAX && rows < FLUSH_ROWS_MAX && bytes < FLUSH_BYTES_MAX;
            next = if room { self.next_waiting() } else { None };
        }
        calls
    }

    fn gather_cold(&mut self, first: Box<dyn PendingCold>) -> Vec<Box<dyn PendingCold>> {
        let mut commands = vec![first];
        while commands.len() < COLD_MAX {
            match self.next_waiting() {
                Some(Command::Cold(command)) => commands.push(command),
                other => {
                    self.held_back = other;
                    break;
                }
            }
        }
        commands
    }

    /// Runs rare changes in one transaction, each under a savepoint.
    async fn change(&mut self, mut commands: Vec<Box<dyn PendingCold>>) {
        let mut effects = Effects::default();
        let since = Stopwatch::start();
        let outcome = self.run_cold(&mut commands, &mut effects).await;
        let held = since.elapsed();
        self.facts
            .note(|facts| facts.longest_change = facts.longest_change.max(held));
        match outcome {
            Ok(outcomes) => {
                let count = u64::try_from(commands.len()).unwrap_or(u64::MAX);
                self.apply(count, effects);
                for (command, outcome) in commands.into_iter().zip(outcomes) {
                    command.answer(outcome);
                }
            }
            Err(error) => {
                self.roll_back().await;
                let error = match error {
                    StoreError::Full { .. } => self.space.full(),
                    error => error,
                };
                self.facts.note(|facts| {
                    facts.flush_failures += 1;
                    facts.failing = true;
                });
                for command in commands {
                    command.answer(Err(error.clone()));
                }
            }
        }
    }

    async fn run_cold(
        &mut self,
        commands: &mut [Box<dyn PendingCold>],
        effects: &mut Effects,
    ) -> Result<Vec<Result<(), StoreError>>, StoreError> {
        execute(&mut self.connection, "BEGIN IMMEDIATE").await?;
        let mut outcomes = Vec::with_capacity(commands.len());
        let mut clock_offset_ms = self.offset();
        let mut now = self.time.now();
        for command in commands {
            execute(&mut self.connection, "SAVEPOINT one").await?;
            let mut own = Effects::default();
            let mut tx = WriteTx {
                connection: &mut self.connection,
                index: &self.index,
                now,
                clock_offset_ms,
                mint: &self.mint,
                effects: &mut own,
            };
            let outcome = command.run(&mut tx).await;
            match &outcome {
                Ok(()) => {
                    let offset = own.clock_offset_ms.unwrap_or(clock_offset_ms);
                    now = now.moved_by(clock_offset_ms.saturating_sub(offset));
                    clock_offset_ms = offset;
                    effects.join(own);
                }
                Err(error) if error.is_about_the_request() => {
                    execute(&mut self.connection, "ROLLBACK TO one").await?;
                }
                Err(error) => return Err(error.clone()),
            }
            execute(&mut self.connection, "RELEASE one").await?;
            outcomes.push(outcome);
        }
        execute(&mut self.connection, "COMMIT").await?;
        Ok(outcomes)
    }

    /// After the commit of rare changes: what they change in memory.
    fn apply(&mut self, commands: u64, effects: Effects) {
        self.causes.forget(&effects.causes_gone);
        for &(endpoint_id, run) in &effects.failing {
            self.runs.put(endpoint_id, run);
        }
        if let Some(index) = effects.index {
            self.index = index;
        }
        for endpoint in &effects.endpoints {
            self.index.put(endpoint);
        }
        if let Some(offset) = effects.clock_offset_ms {
            let before = self.clock_offset_ms.swap(offset, Ordering::AcqRel);
            self.time.agree(before.saturating_sub(offset));
        }
        let told = u32::try_from(effects.accepted.len()).unwrap_or(u32::MAX);
        self.hand_over.send(effects.accepted);
        self.committed(
            commands,
            Changes {
                number: 0,
                events: effects.events.saturating_add(told),
                deliveries: effects.deliveries_changed,
                endpoints: effects.endpoints_changed,
                certificates: effects.certificates,
                breakers: effects.breakers,
                replays: effects.replays,
                facts: effects.facts,
            },
        );
    }

    /// After any commit: facts, news (which get their number here), and the checkpointer's nudge.
    pub(super) fn committed(&mut self, commands: u64, changes: Changes) {
        self.facts.note(|facts| {
            facts.flushes += 1;
            facts.flushed_commands += commands;
            facts.failing = false;
        });
        self.nudge.committed();
        if changes.is_empty() {
            return;
        }
        self.commits += 1;
        // An error means that nobody listens.
        let _ = self.changes.send(Arc::new(Changes {
            number: self.commits,
            ..changes
        }));
    }

    /// Leaves no transaction open after a failure.
    pub(super) async fn roll_back(&mut self) {
        // SQLite has rolled back by itself after some errors, and then there is nothing to roll back.
        let _ = execute(&mut self.connection, "ROLLBACK").await;
    }

    /// Steady time minus wall-clock time.
    pub(super) fn offset(&self) -> i64 {
        self.clock_offset_ms.load(Ordering::Acquire)
    }

    /// A log that commits keep ahead of every checkpoint comes to rest only while the writer itself does.
    async fn empty_long_log(&mut self) {
        if !self.nudge.log_is_long() {
            return;
        }
        match checkpoint::run(&mut self.connection, checkpoint::PASSIVE).await {
            Ok(_) => self.nudge.emptied(),
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the writer's checkpoint failed"
                );
            }
        }
    }
}

async fn execute(connection: &mut SqliteConnection, sql: &'static str) -> Result<(), StoreError> {
    sqlx::query(sql).execute(connection).await?;
    Ok(())
}
