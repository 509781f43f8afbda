//! Does the file hold together? Everything that can be counted is counted again from the rows, with statements of its
//! own, and every difference is told row by row; what is provably safe can be mended.
//!
//! ```text
//! one read transaction ─► SQLite's own checks ─► ledger ─► rows ─► replays and causes ─► report
//! directory lock ─► one write transaction: report, mend, report again ─► commit
//! ```
//! **Promises.** A report is of one moment, whatever a service writes meanwhile. Nothing is written but by
//! [`mend_file`], and that only while no service runs. Memory is bounded by the endpoints and days there are and by
//! [`FINDINGS_KEPT_MAX`]; what is found beyond is counted.

mod check;
mod finding;
mod ledger;
mod mend;
mod replays;
mod rows;

use std::path::{Path, PathBuf};

use sqlx::{ConnectOptions, Connection, SqliteConnection};

pub use finding::{FINDINGS_KEPT_MAX, Finding, FindingKind, FsckReport};
pub use mend::Mending;

use super::error::StoreError;
use super::lock::DirectoryLock;
use super::open;
use super::options::StoreOptions;
use super::schema;
use crate::domain::actor::Actor;
use crate::domain::time::Timestamp;

/// What is wrong with a database file: that of a service that runs, or a copy.
///
/// Reads every row of deliveries and attempts: seconds for each million. Meanwhile a running service's log grows.
///
/// # Errors
/// [`StoreError::NoDatabase`]; [`StoreError::NewerSchema`], [`StoreError::OlderSchema`]; [`StoreError::Unavailable`].
pub async fn check_file(path: &Path) -> Result<FsckReport, StoreError> {
    must_exist(path)?;
    let connect = open::base_options(path).read_only(true);
    let mut connection = connect.connect().await?;
    schema::must_be_known(&mut connection, path).await?;
    let mut moment = connection.begin().await?;
    let report = check::everything(&mut moment).await?;
    moment.rollback().await?;
    connection.close().await?;
    Ok(report)
}

/// Mends what is provably safe in the database of a data directory, in one transaction, and says what was wrong before
/// and what is after. The audit log names who did it.
///
/// # Errors
/// [`StoreError::InUse`] while a service runs; else those of [`check_file`].
pub async fn mend_file(
    options: &StoreOptions,
    actor: &Actor,
    now: Timestamp,
) -> Result<Mending, StoreError> {
    let path = options.database_path();
    must_exist(&path)?;
    let _lock = DirectoryLock::take(options)?;
    let mut connection = open::base_options(&path).connect().await?;
    schema::must_be_known(&mut connection, &path).await?;
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let mending = mend::everything(&mut transaction, actor, now).await?;
    transaction.commit().await?;
    connection.close().await?;
    Ok(mending)
}

fn must_exist(path: &Path) -> Result<(), StoreError> {
    if path.is_file() {
        return Ok(());
    }
    Err(StoreError::NoDatabase {
        path: PathBuf::from(path),
    })
}

/// The connection inside the one transaction of a check.
type Moment = SqliteConnection;
