//! What can go wrong in the store, by what the caller can do about it.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::domain::delivery::IllegalMove;
use crate::domain::event::EventKey;
use crate::domain::id::{DeliveryId, EventId};

/// A store operation that was not done. Whatever the reason, nothing of it was kept.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such row.
    #[error("there is no {noun} {id}")]
    NotFound {
        /// What was looked for, such as "endpoint".
        noun: &'static str,
        /// Its id as people write it.
        id: String,
    },
    /// The publisher's key was used before, for an event with other content.
    #[error("the id {key} was already used for an event with other content")]
    Conflict {
        /// The publisher's key.
        key: EventKey,
        /// The event that has it; `None` when it stands in the same batch.
        event_id: Option<EventId>,
    },
    /// The event already has a delivery to the endpoint.
    #[error("the event already has {delivery_id} to this endpoint: replay that one")]
    AlreadyDelivered {
        /// That delivery.
        delivery_id: DeliveryId,
    },
    /// The name or value is taken by another row.
    #[error("there is already a {noun} with this value")]
    Taken {
        /// What it is, such as "token".
        noun: &'static str,
    },
    /// As many as may be are there.
    #[error("there are {max} {noun}, as many as may be")]
    TooMany {
        /// What they are, such as "tokens".
        noun: &'static str,
        /// How many may be.
        max: usize,
    },
    /// The delivery's state does not allow it.
    #[error(transparent)]
    IllegalMove(#[from] IllegalMove),
    /// The state of a thing does not allow what was asked; the text says what it is.
    #[error("{detail}")]
    Stuck {
        /// In words.
        detail: String,
    },
    /// The endpoint is deleted or disabled and takes no delivery.
    #[error("the endpoint is {status} and takes no delivery")]
    NotAccepting {
        /// Its status.
        status: String,
    },
    /// Retention has dropped the event's payload.
    #[error("the payload of {event_id} is gone: it is past its retention time")]
    PayloadGone {
        /// The event.
        event_id: EventId,
    },
    /// The row changed since the caller read it: read it again.
    #[error("the {noun} {id} was changed meanwhile")]
    Stale {
        /// What it is, such as "endpoint".
        noun: &'static str,
        /// Its id as people write it.
        id: String,
    },
    /// A row cannot be read as what it should be.
    #[error("row {id} of {table} has an unreadable {column}")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's id.
        id: i64,
    },
    /// The database refused what was asked; its neighbours in the flush were not touched by that.
    #[error("the store refused the write: {detail}")]
    Refused {
        /// What it said.
        detail: String,
    },
    /// Free disk space is below the reserve, or gone: nothing is accepted until there is more.
    #[error("the disk is full: accepting needs {reserve_bytes} free bytes")]
    Full {
        /// The configured reserve.
        reserve_bytes: u64,
    },
    /// More is waiting to be written than the queue holds: try again in a moment.
    #[error("the writer's queue is full")]
    Busy,
    /// The file was written by a newer Hookyard.
    #[error(
        "{path} has schema {found}, and this hookyard knows up to {known}: run the newer one, or restore a backup",
        path = path.display()
    )]
    NewerSchema {
        /// The database file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version this binary knows.
        known: i64,
    },
    /// The file was written by an older Hookyard, and whoever asks does not bring it up to date.
    #[error(
        "{path} has schema {found}, and this hookyard checks schema {known}: start its service once, which brings the \
         file up to date, or use the hookyard that wrote it",
        path = path.display()
    )]
    OlderSchema {
        /// The database file.
        path: PathBuf,
        /// Its version; 0 for a file that is no database of Hookyard.
        found: i64,
        /// The version that this binary knows.
        known: i64,
    },
    /// There is no database where one was named.
    #[error(
        "there is no database at {path}: name its directory with --data-dir, or a copy with --file",
        path = path.display()
    )]
    NoDatabase {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// Another process serves the data directory.
    #[error("{path} is in use by process {pid}", path = path.display())]
    InUse {
        /// The data directory.
        path: PathBuf,
        /// That process, as it wrote itself down.
        pid: String,
    },
    /// The database does not keep its promises on this system.
    #[error("{setting} is {found}, and it must be {wanted}")]
    Unsuitable {
        /// What was looked at, such as `PRAGMA synchronous`.
        setting: &'static str,
        /// What it is.
        found: String,
        /// What it must be.
        wanted: &'static str,
    },
    /// A file of the data directory cannot be made or read.
    #[error("failed to use {path}", path = path.display())]
    File {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: Arc<io::Error>,
    },
    /// The store is closed or its disk fails.
    #[error("the store is not available")]
    Unavailable(#[source] Option<Arc<sqlx::Error>>),
    /// The schema cannot be brought up to date.
    #[error("failed to update the schema")]
    Migration(#[source] Arc<sqlx::migrate::MigrateError>),
}

impl StoreError {
    /// The store no longer runs.
    pub(super) const CLOSED: Self = Self::Unavailable(None);

    /// There is no row with this id.
    pub(super) fn not_found(noun: &'static str, id: &impl ToString) -> Self {
        Self::NotFound {
            noun,
            id: id.to_string(),
        }
    }

    /// The row changed since it was read.
    pub(super) fn stale(noun: &'static str, id: &impl ToString) -> Self {
        Self::Stale {
            noun,
            id: id.to_string(),
        }
    }

    /// A file operation failed.
    pub(super) fn file(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::File {
            path: path.into(),
            source: Arc::new(source),
        }
    }

    /// Whether the same call would be answered the same again, whatever time passes: not when the disk is full or
    /// fails, and not when the queue is.
    pub const fn is_lasting(&self) -> bool {
        self.is_about_the_request() && !matches!(self, Self::Busy)
    }

    /// Whether the fault lies in what was asked, so that its neighbours may succeed without it.
    pub(super) const fn is_about_the_request(&self) -> bool {
        !matches!(self, Self::Unavailable(_) | Self::Full { .. })
    }
}

/// Primary result codes of SQLite: the lowest byte of an extended one. <https://sqlite.org/rescode.html>
const SQLITE_FULL: u32 = 13;
const SQLITE_TOOBIG: u32 = 18;
const SQLITE_CONSTRAINT: u32 = 19;
const SQLITE_MISMATCH: u32 = 20;
const SQLITE_RANGE: u32 = 25;

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let code = error
            .as_database_error()
            .and_then(|database| database.code())
            .and_then(|code| code.parse::<u32>().ok())
            .map(|code| code & 0xff);
        match code {
            Some(SQLITE_FULL) => Self::Full { reserve_bytes: 0 },
            Some(SQLITE_TOOBIG | SQLITE_CONSTRAINT | SQLITE_MISMATCH | SQLITE_RANGE) => {
                Self::Refused {
                    detail: error.to_string(),
                }
            }
            _ => Self::Unavailable(Some(Arc::new(error))),
        }
    }
}
