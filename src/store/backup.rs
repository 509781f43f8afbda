//! A copy of the whole database: taken beside a running service or without one, read back before it is called one.
//!
//! ```text
//! one read transaction: VACUUM INTO .NAME….part ─► read back: SQLite's quick check, counts, ledger ─► fsync ─► NAME
//! ```
//! **Promises.** A copy is of one moment, whatever a service writes meanwhile, and keeps no writer waiting: readers and
//! the writer of a WAL do not wait for each other. A file of the name asked for is a whole copy that was read back;
//! nothing is ever overwritten. A run that was killed leaves a `.part` behind that nobody takes for a backup.
//!
//! While it runs the service's log cannot be cut, so it grows by what is written meanwhile.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use sqlx::{ConnectOptions, Connection, Row, SqliteConnection};
use tempfile::NamedTempFile;

use super::counters::{SELECT_LEDGER_SUM, ledger_total};
use super::error::StoreError;
use super::meta::SELECT_VALUE;
use super::open;
use super::options::StoreOptions;
use super::schema;
use crate::domain::ledger::Counts;

const SELECT_BYTES: &str = "SELECT (page_count - freelist_count) * page_size \
     FROM pragma_page_count, pragma_freelist_count, pragma_page_size";
const QUICK_CHECK: &str = "SELECT quick_check FROM pragma_quick_check";
const COUNT_ROWS: &str = "SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM deliveries), \
     (SELECT count(*) FROM attempts), (SELECT count(*) FROM endpoints WHERE status <> 'deleted')";

/// A copy that was made and read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// Where it is.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// The version of its schema.
    pub schema: i64,
    /// Events in it, those without data included.
    pub events: u64,
    /// Deliveries in it.
    pub deliveries: u64,
    /// Attempts in it.
    pub attempts: u64,
    /// Endpoints in it, deleted ones left out.
    pub endpoints: u64,
    /// Its ledger, as its counters have it.
    pub ledger: Counts,
}

/// Why there is no copy. Nothing is left behind.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// It is to go where something is.
    #[error(
        "{path} exists, and a backup overwrites nothing: name another file, or move that one away",
        path = path.display()
    )]
    Exists {
        /// That file.
        path: PathBuf,
    },
    /// It does not fit.
    #[error(
        "{path} has {free_bytes} free bytes, and a backup there needs {needed_bytes}: choose another disk, or make room",
        path = path.display()
    )]
    NoRoom {
        /// The directory of the copy.
        path: PathBuf,
        /// What is free there.
        free_bytes: u64,
        /// What is needed; on the service's own disk its reserve too.
        needed_bytes: u64,
    },
    /// It cannot be written there.
    #[error(
        "a backup cannot be written to {path}: {source}; name a file in a directory that you may write to",
        path = path.display()
    )]
    Unwritable {
        /// The file or its directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It does not read back.
    #[error(
        "the copy does not read back ({detail}) and is removed: `hookyard fsck` says whether the database itself does; \
         if it does, choose another disk"
    )]
    Damaged {
        /// What SQLite finds.
        detail: String,
    },
    /// The database cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for BackupError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Copies the database of a data directory to the new file `to`, readable for its owner only.
///
/// Takes about as long as reading the database and writing it once.
///
/// # Errors
/// [`BackupError`]; of the store [`StoreError::NoDatabase`], [`StoreError::NewerSchema`], [`StoreError::OlderSchema`]
/// and [`StoreError::Unavailable`].
pub async fn copy(options: &StoreOptions, to: &Path) -> Result<Backup, BackupError> {
    let unwritable = |source| BackupError::Unwritable {
        path: to.to_owned(),
        source,
    };
    let to = &std::path::absolute(to).map_err(unwritable)?;
    if to.symlink_metadata().is_ok() {
        return Err(BackupError::Exists { path: to.clone() });
    }
    let from = options.database_path();
    if !from.is_file() {
        return Err(StoreError::NoDatabase { path: from }.into());
    }
    let mut source = open::base_options(&from).read_only(true).connect().await?;
    schema::must_be_known(&mut source, &from).await?;
    let directory = to.parent().unwrap_or(to);
    let part = part_of(to, directory).map_err(unwritable)?;
    must_have_room(&mut source, options, directory).await?;
    let name = part.path().to_str();
    let name = name.ok_or_else(|| unwritable(io::Error::other("the path is no UTF-8")))?;
    sqlx::query("VACUUM INTO $1")
        .bind(name.to_owned())
        .execute(&mut source)
        .await?;
    source.close().await?;
    let backup = read_back(part.path(), to).await?;
    finish(part, to, directory)?;
    Ok(backup)
}

/// A single value of the database file at `path`, such as the check of the sealing key.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn meta_of(path: &Path, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let mut connection = open::base_options(path).read_only(true).connect().await?;
    let row = sqlx::query(SELECT_VALUE)
        .bind(key.to_owned())
        .fetch_optional(&mut connection)
        .await?;
    connection.close().await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// An empty file beside the copy to be, of mode 0600; removed when dropped.
fn part_of(to: &Path, directory: &Path) -> io::Result<NamedTempFile> {
    let mut prefix = std::ffi::OsString::from(".");
    prefix.push(to.file_name().unwrap_or_default());
    prefix.push(".");
    tempfile::Builder::new()
        .prefix(&prefix)
        .suffix(".part")
        .tempfile_in(directory)
}

async fn must_have_room(
    source: &mut SqliteConnection,
    options: &StoreOptions,
    directory: &Path,
) -> Result<(), BackupError> {
    let row = sqlx::query(SELECT_BYTES).fetch_one(source).await?;
    let bytes = u64::try_from(row.try_get::<i64, _>(0)?).unwrap_or(0);
    let unwritable = |source| BackupError::Unwritable {
        path: directory.to_owned(),
        source,
    };
    let device = |path: &Path| path.metadata().map(|metadata| metadata.dev());
    let beside = device(directory).map_err(unwritable)? == device(&options.data_dir).unwrap_or(0);
    let reserve = if beside { options.reserve_bytes } else { 0 };
    let needed_bytes = bytes.saturating_add(reserve);
    let free_bytes = (options.free_space)(directory).map_err(unwritable)?;
    if free_bytes >= needed_bytes {
        return Ok(());
    }
    Err(BackupError::NoRoom {
        path: directory.to_owned(),
        free_bytes,
        needed_bytes,
    })
}

/// Reads the copy as whoever restores it would.
async fn read_back(part: &Path, to: &Path) -> Result<Backup, BackupError> {
    // A connection that only reads leaves the tables' own rules unchecked; nothing is written all the same.
    let mut copy = open::base_options(part).connect().await?;
    let rows = sqlx::query(QUICK_CHECK).fetch_all(&mut copy).await?;
    let finding: String = rows
        .first()
        .map_or(Ok(String::new()), |row| row.try_get(0))?;
    if finding != "ok" {
        return Err(BackupError::Damaged { detail: finding });
    }
    let row = sqlx::query(COUNT_ROWS).fetch_one(&mut copy).await?;
    let count = |index: usize| -> Result<u64, StoreError> {
        Ok(u64::try_from(row.try_get::<i64, _>(index)?).unwrap_or(0))
    };
    let sums = sqlx::query(SELECT_LEDGER_SUM).fetch_all(&mut copy).await?;
    let backup = Backup {
        path: to.to_owned(),
        bytes: part.metadata().map_or(0, |metadata| metadata.len()),
        schema: schema::version(&mut copy).await?,
        events: count(0)?,
        deliveries: count(1)?,
        attempts: count(2)?,
        endpoints: count(3)?,
        ledger: ledger_total(&sums)?,
    };
    copy.close().await?;
    Ok(backup)
}

/// On disk, and only then under its name.
fn finish(part: NamedTempFile, to: &Path, directory: &Path) -> Result<(), BackupError> {
    let unwritable = |source| BackupError::Unwritable {
        path: to.to_owned(),
        source,
    };
    part.as_file().sync_all().map_err(unwritable)?;
    part.persist_noclobber(to)
        .map_err(|error| match error.error.kind() {
            io::ErrorKind::AlreadyExists => BackupError::Exists {
                path: to.to_owned(),
            },
            _ => unwritable(error.error),
        })?;
    let directory = File::open(directory).and_then(|directory| directory.sync_all());
    directory.map_err(unwritable)
}
