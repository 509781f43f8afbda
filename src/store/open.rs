//! Opening: lock, connect, check what SQLite promises here, bring the schema up to date, start the threads.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwap;
use sqlx::sqlite::{
    SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, Row, SqliteConnection, SqlitePool};
use tokio::sync::{broadcast, mpsc};

use super::causes::KnownCauses;
use super::checkpoint::Checkpointer;
use super::endpoints;
use super::error::StoreError;
use super::facts::FactsBoard;
use super::failing::KnownRuns;
use super::hand_over::{self, HandOverReceiver};
use super::handle::{Shared, Store};
use super::lock::DirectoryLock;
use super::meta::{CLOCK_OFFSET_KEY, WALL_SEEN_KEY, read_number};
use super::operational::DeadTeller;
use super::options::StoreOptions;
use super::schema::{self, MIGRATOR};
use super::writer::{self, COMMANDS_MAX, LastWords, Waiting, Writer};
use crate::clock::{AgreedTime, SharedClock};
use crate::domain::catalogue::ClosedCatalogues;
use crate::domain::endpoint_index::EndpointIndex;
use crate::domain::id::IdMint;

const PAGE_BYTES: u32 = 4_096;
/// Page cache of the writer and of each reader, as the pragma takes it: negative KiB. What the writer needs again soon is
/// small, and SQLite walks through all of its cache at a commit that rearranged a page.
const WRITER_CACHE: &str = "-16384";
const READER_CACHE: &str = "-8192";
/// How long a statement waits for a lock: only a checkpoint that cuts the log can hold the writer up.
const BUSY: Duration = Duration::from_secs(10);
/// How long a checkpoint waits for those who read: cutting the log keeps the writer out meanwhile, and a backup or
/// `fsck` may read for minutes.
const CHECKPOINT_BUSY: Duration = Duration::from_millis(20);
/// The oldest SQLite whose log survives checkpoints from a second connection (the WAL-reset fix).
const SQLITE_MIN: (u32, u32, u32) = (3, 51, 3);
/// What `PRAGMA synchronous` calls FULL.
const SYNCHRONOUS_FULL: i64 = 2;

/// How far the wall clock may be behind what was noted of it before somebody has set it back: slewing does less.
const SET_BACK_MIN_MS: i64 = 5_000;

const SELECT_HIGHEST_ID: &str = "SELECT max(coalesce((SELECT max(id) FROM events), 0), \
     coalesce((SELECT max(id) FROM deliveries), 0), coalesce((SELECT max(id) FROM attempts), 0), \
     coalesce((SELECT max(id) FROM endpoints), 0), coalesce((SELECT max(id) FROM tokens), 0), \
     coalesce((SELECT max(id) FROM audit), 0), coalesce((SELECT max(id) FROM replays), 0), \
     coalesce((SELECT max(id) FROM service_keys), 0))";

impl Store {
    /// Opens the store of a data directory, and makes it when there is none.
    ///
    /// Comes with the receiver of what is accepted, for the engine. Both work on any runtime.
    ///
    /// # Errors
    /// [`StoreError::InUse`]; [`StoreError::NewerSchema`]; [`StoreError::Unsuitable`] when SQLite does not sync or
    /// is too old; [`StoreError::File`]; [`StoreError::Unavailable`].
    pub async fn open(
        options: StoreOptions,
        clock: SharedClock,
    ) -> Result<(Self, HandOverReceiver), StoreError> {
        std::fs::create_dir_all(&options.data_dir)
            .map_err(|source| StoreError::file(&options.data_dir, source))?;
        let lock = DirectoryLock::take(&options)?;
        let path = options.database_path();
        keep_private(&path)?;
        let (mut connection, views) = prepared_writer(&options).await?;
        let mint = Arc::new(Mutex::new(IdMint::after(
            highest_id(&mut connection).await?,
        )));
        let clock_offset_ms = Arc::new(AtomicI64::new(stored_offset(&mut connection).await?));
        let set_back_ms = set_back_ms(&mut connection, &clock).await?;
        let time = AgreedTime::before_step(Arc::clone(&clock), set_back_ms.unwrap_or(0));
        let index = read_index(&mut connection, options.catalogues.clone()).await?;
        let (causes, runs) = read_known(&mut connection, &clock).await?;
        let facts = Arc::new(FactsBoard::default());
        let checkpoints = checkpoint_options(&path).connect().await?;
        let no_thread = |source| StoreError::file(&options.data_dir, source);
        let started = Checkpointer::start(checkpoints, Arc::clone(&clock), Arc::clone(&facts));
        let (checkpointer, nudge) = started.map_err(no_thread)?;
        let readers = reader_pool(&options);
        let (commands, queue) = mpsc::channel(COMMANDS_MAX);
        let (hand_over, receiver) = hand_over::channel(options.hand_over_batches_max);
        let (changes, _) = broadcast::channel(options.changes_kept.max(1));
        let limits = Arc::new(ArcSwap::from_pointee(options.limits()));
        let (last_words, writer_alive) = LastWords::new(&facts);
        let writer = Writer {
            connection,
            views,
            queue,
            held_back: None,
            time: time.clone(),
            mint: Arc::clone(&mint),
            clock_offset_ms: Arc::clone(&clock_offset_ms),
            index,
            causes,
            runs,
            dead: DeadTeller::new(Arc::clone(&limits)),
            hand_over,
            changes: changes.clone(),
            commits: 0,
            space: writer::Space::new(&options, Arc::clone(&limits)),
            facts: Arc::clone(&facts),
            nudge,
            _last_words: last_words,
            _lock: lock,
        };
        let shared = Arc::new(Shared {
            catalogues: ArcSwap::from_pointee(options.catalogues.clone()),
            writer: Mutex::new(Some(writer.start().map_err(no_thread)?)),
            options,
            limits,
            commands: Mutex::new(Some(commands)),
            waiting: Arc::new(Waiting::default()),
            readers,
            mint,
            clock_offset_ms,
            time,
            changes,
            facts,
            writer_alive,
            checkpointer: Mutex::new(Some(checkpointer)),
        });
        let store = Self { shared };
        store.follow_back(set_back_ms).await?;
        Ok((store, receiver))
    }

    /// Moves what is due with a wall clock that was set back while nobody looked, and notes what the clock shows.
    ///
    /// Where the disk has no room for that, time goes on as if the clock had not been set, and whoever follows
    /// [`Store::time`] tries again.
    async fn follow_back(&self, set_back_ms: Option<i64>) -> Result<(), StoreError> {
        if let Some(by_ms) = set_back_ms {
            tracing::warn!(
                by_ms,
                "the wall clock was set back while the service was down: everything that is due moves with it"
            );
            match self.shift_pending(by_ms).await {
                Ok(_) => {}
                Err(error @ StoreError::Full { .. }) => {
                    tracing::error!(%error, "what is due cannot be moved yet; it is tried again");
                }
                Err(error) => return Err(error),
            }
        }
        match self.note_wall().await {
            // The next opening goes by an older note.
            Err(StoreError::Full { .. }) => Ok(()),
            noted => noted,
        }
    }
}

/// Makes the database file, when there is none, readable for its owner only; SQLite gives its log the same mode.
pub(super) fn keep_private(path: &Path) -> Result<(), StoreError> {
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match made {
        Err(source) if source.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(StoreError::file(path, source))
        }
        _ => Ok(()),
    }
}

pub(super) fn base_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .busy_timeout(BUSY)
        .synchronous(SqliteSynchronous::Full)
        .disable_statement_logging()
}

/// The connection that writes, on a file that keeps its promises and has the schema of this binary.
async fn prepared_writer(
    options: &StoreOptions,
) -> Result<(SqliteConnection, writer::Views), StoreError> {
    let mut connection = connect_writer(options).await?;
    check_promises(&mut connection).await?;
    schema::bring_up_to_date(&mut connection, &options.database_path(), &MIGRATOR).await?;
    if let Some(bytes) = options.file_bytes_max {
        limit_file(&mut connection, bytes).await?;
    }
    let views = writer::Views::prepare(&mut connection).await?;
    Ok((connection, views))
}

async fn read_index(
    connection: &mut SqliteConnection,
    catalogues: ClosedCatalogues,
) -> Result<EndpointIndex, StoreError> {
    let mut index = EndpointIndex::new(catalogues);
    endpoints::read_all_in(connection, |endpoint| index.put(&endpoint)).await?;
    Ok(index)
}

pub(super) async fn connect_writer(options: &StoreOptions) -> Result<SqliteConnection, StoreError> {
    let connect = base_options(&options.database_path())
        .create_if_missing(true)
        .page_size(PAGE_BYTES)
        .auto_vacuum(SqliteAutoVacuum::Incremental)
        .journal_mode(SqliteJournalMode::Wal)
        .pragma("cache_size", WRITER_CACHE)
        .pragma("wal_autocheckpoint", "0");
    Ok(connect.connect().await?)
}

fn checkpoint_options(path: &Path) -> SqliteConnectOptions {
    base_options(path)
        .busy_timeout(CHECKPOINT_BUSY)
        .pragma("wal_autocheckpoint", "0")
}

/// Connections that read: made when first needed, kept for good.
fn reader_pool(options: &StoreOptions) -> SqlitePool {
    let connect = base_options(&options.database_path())
        .read_only(true)
        .pragma("cache_size", READER_CACHE);
    SqlitePoolOptions::new()
        .max_connections(options.readers.max(1))
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_lazy_with(connect)
}

/// Refuses a SQLite that is too old or does not sync every commit.
async fn check_promises(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let row = sqlx::query("SELECT sqlite_version()")
        .fetch_one(&mut *connection)
        .await?;
    let version: String = row.try_get(0)?;
    if parse_version(&version) < Some(SQLITE_MIN) {
        return Err(StoreError::Unsuitable {
            setting: "sqlite_version()",
            found: version,
            wanted: "3.51.3 or newer",
        });
    }
    let row = sqlx::query("PRAGMA synchronous")
        .fetch_one(&mut *connection)
        .await?;
    let synchronous: i64 = row.try_get(0)?;
    if synchronous < SYNCHRONOUS_FULL {
        return Err(StoreError::Unsuitable {
            setting: "PRAGMA synchronous",
            found: synchronous.to_string(),
            wanted: "2 (FULL) or 3 (EXTRA)",
        });
    }
    let row = sqlx::query("PRAGMA journal_mode")
        .fetch_one(&mut *connection)
        .await?;
    let mode: String = row.try_get(0)?;
    if mode != "wal" {
        return Err(StoreError::Unsuitable {
            setting: "PRAGMA journal_mode",
            found: mode,
            wanted: "wal: keep the data directory on a local disk",
        });
    }
    Ok(())
}

fn parse_version(text: &str) -> Option<(u32, u32, u32)> {
    let mut parts = text.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??, parts.next()??))
}

async fn limit_file(connection: &mut SqliteConnection, bytes: u64) -> Result<(), StoreError> {
    let pages = bytes / u64::from(PAGE_BYTES);
    let sql = format!("PRAGMA max_page_count = {pages}");
    sqlx::query(sqlx::AssertSqlSafe(sql))
        .fetch_all(&mut *connection)
        .await?;
    connection.ping().await?;
    Ok(())
}

async fn stored_offset(connection: &mut SqliteConnection) -> Result<i64, StoreError> {
    let offset = read_number(connection, CLOCK_OFFSET_KEY).await?;
    Ok(offset.unwrap_or(0))
}

/// By how much the wall clock is behind what was last noted of it, below zero; `None` when it is not.
async fn set_back_ms(
    connection: &mut SqliteConnection,
    clock: &SharedClock,
) -> Result<Option<i64>, StoreError> {
    let seen_ms = read_number(connection, WALL_SEEN_KEY).await?;
    let by_ms = seen_ms.map(|seen_ms| clock.now().as_millis().saturating_sub(seen_ms));
    Ok(by_ms.filter(|&by_ms| by_ms < -SET_BACK_MIN_MS))
}

/// What the writer knows by heart: causes, and runs of failures, less the time in which nobody was at work, as far as
/// the notes of the wall clock tell.
async fn read_known(
    connection: &mut SqliteConnection,
    clock: &SharedClock,
) -> Result<(KnownCauses, KnownRuns), StoreError> {
    let causes = KnownCauses::read(connection).await?;
    let seen_ms = read_number(connection, WALL_SEEN_KEY).await?;
    let down_ms = seen_ms.map(|seen_ms| clock.now().as_millis().saturating_sub(seen_ms));
    let runs = KnownRuns::read(connection, down_ms.unwrap_or(0)).await?;
    Ok((causes, runs))
}

pub(super) async fn highest_id(connection: &mut SqliteConnection) -> Result<i64, StoreError> {
    let row = sqlx::query(SELECT_HIGHEST_ID).fetch_one(connection).await?;
    Ok(row.try_get(0)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_checkpoint_keeps_the_writer_out_for_no_longer_than_a_flush_may_take() {
        let directory = tempfile::tempdir().unwrap();
        let options = StoreOptions::new(directory.path());
        let mut writer = connect_writer(&options).await.unwrap();
        let mut reader = base_options(&options.database_path())
            .connect()
            .await
            .unwrap();
        let mut checkpoints = checkpoint_options(&options.database_path())
            .connect()
            .await
            .unwrap();
        let row = sqlx::query("PRAGMA busy_timeout")
            .fetch_one(&mut checkpoints)
            .await
            .unwrap();
        assert!(row.get::<i64, _>(0) <= 50);
        // One who reads for long: what comes after it stays in the log, and the log is not cut.
        for sql in ["CREATE TABLE t (id INTEGER)", "INSERT INTO t VALUES (1)"] {
            sqlx::query(sql).execute(&mut writer).await.unwrap();
        }
        let mut long = reader.begin().await.unwrap();
        let read = "SELECT count(*) FROM t";
        sqlx::query(read).fetch_one(&mut *long).await.unwrap();
        let write = "INSERT INTO t VALUES (2)";
        sqlx::query(write).execute(&mut writer).await.unwrap();
        let cut = "PRAGMA wal_checkpoint(TRUNCATE)";
        let row = sqlx::query(cut).fetch_one(&mut checkpoints).await.unwrap();
        assert_eq!(row.get::<i64, _>(0), 1, "busy");
        sqlx::query(write).execute(&mut writer).await.unwrap();
        long.rollback().await.unwrap();
        let row = sqlx::query(cut).fetch_one(&mut checkpoints).await.unwrap();
        assert_eq!((row.get::<i64, _>(0), row.get::<i64, _>(1)), (0, 0));
    }

    #[test]
    fn versions_compare_by_number() {
        assert!(parse_version("3.51.3") >= Some(SQLITE_MIN));
        assert!(parse_version("3.100.0") >= Some(SQLITE_MIN));
        assert!(parse_version("3.51.2") < Some(SQLITE_MIN));
        assert!(parse_version("strange") < Some(SQLITE_MIN));
    }
}
