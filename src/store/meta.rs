//! Single values and contract revisions.

use sqlx::{Row, SqliteConnection};

use super::cold::{ColdCommand, WriteTx};
use super::error::StoreError;
use super::handle::Store;
use super::rows::Columns;
use crate::domain::endpoint::Endpoint;

/// Where the clock offset is kept, as decimal text.
pub(super) const CLOCK_OFFSET_KEY: &str = "clock_offset_ms";
/// Where the latest wall-clock time that was noted is kept, as decimal milliseconds.
pub(super) const WALL_SEEN_KEY: &str = "wall_seen_ms";

pub(super) const SELECT_VALUE: &str = "SELECT value FROM meta WHERE key = $1";
pub(super) const UPSERT_VALUE: &str = "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
/// Every endpoint gets a new version: a change that was decided by the time before the step must be decided again.
const SHIFT_HOLDS: &str = "UPDATE endpoints SET hold_since = hold_since + $1, \
     breaker_open_since = breaker_open_since + $1, version = version + 1 \
     WHERE status <> 'deleted'";
const INSERT_REVISION: &str = "INSERT INTO contract_revisions (revision, name, text, first_seen) \
     VALUES ($1, $2, $3, $4) ON CONFLICT (revision) DO NOTHING";
const SELECT_REVISION: &str = "SELECT name, text FROM contract_revisions WHERE revision = $1";

/// A contract's canonical text as it was when an attempt was rendered under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRevision {
    /// SHA-256 of `text`.
    pub revision: [u8; 32],
    /// The contract's name.
    pub name: String,
    /// Its canonical text.
    pub text: String,
}

impl Store {
    /// A single value, such as the check of the sealing key.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn meta(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let row = sqlx::query(SELECT_VALUE)
            .bind(key.to_owned())
            .fetch_optional(self.readers())
            .await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    /// Stores a single value, in place of the one before.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Full`].
    pub async fn put_meta(&self, key: &'static str, value: Vec<u8>) -> Result<(), StoreError> {
        self.change(PutMeta { key, value }).await
    }

    /// Stores contract revisions; those that are there stay.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Full`].
    pub async fn ensure_revisions(&self, revisions: Vec<StoredRevision>) -> Result<(), StoreError> {
        self.change(EnsureRevisions { revisions }).await
    }

    /// The contract text that an attempt was rendered under.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Inconsistent`].
    pub async fn revision(&self, revision: [u8; 32]) -> Result<StoredRevision, StoreError> {
        let row = sqlx::query(SELECT_REVISION)
            .bind(revision.to_vec())
            .fetch_optional(self.readers())
            .await?
            .ok_or_else(|| StoreError::not_found("contract revision", &hex::encode(revision)))?;
        let mut columns = Columns::of(&row, "contract_revisions", 0, 0);
        Ok(StoredRevision {
            revision,
            name: columns.take("name")?,
            text: columns.take("text")?,
        })
    }

    /// Moves all due times, the beginnings of retry budgets and running holds by `delta_ms`: what to do when the
    /// wall clock was set forward (positive) or back (negative) by that much. Touches no delivery's row, whatever
    /// their number: due times are stored as steady time, and the offset to it is what moves.
    ///
    /// Every endpoint gets a new version; the held ones are given. Lanes must load their deliveries again.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Full`].
    pub async fn shift_pending(&self, delta_ms: i64) -> Result<Vec<Endpoint>, StoreError> {
        self.change(ShiftPending { delta_ms }).await
    }

    /// Notes what the wall clock shows, so that the next opening can tell whether it was set back meanwhile. A time
    /// before the one noted stays out: only [`Store::shift_pending`] follows a clock back.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Full`].
    pub async fn note_wall(&self) -> Result<(), StoreError> {
        self.change(NoteWall).await
    }
}

struct PutMeta {
    key: &'static str,
    value: Vec<u8>,
}

impl ColdCommand for PutMeta {
    type Output = ();

    async fn run(&mut self, tx: &mut WriteTx<'_>) -> Result<(), StoreError> {
        sqlx::query(UPSERT_VALUE)
            .bind(self.key)
            .bind(self.value.clone())
            .execute(&mut *tx.connection)
            .await?;
        Ok(())
    }
}

struct NoteWall;

impl ColdCommand for NoteWall {
    type Output = ();

    async fn run(&mut self, tx: &mut WriteTx<'_>) -> Result<(), StoreError> {
        let seen = read_number(tx.connection, WALL_SEEN_KEY).await?;
        if seen.is_none_or(|seen| seen < tx.now.as_millis()) {
            put_number(tx.connection, WALL_SEEN_KEY, tx.now.as_millis()).await?;
        }
        Ok(())
    }
}

/// A value that is decimal text; `None` where there is none yet.
pub(super) async fn read_number(
    connection: &mut SqliteConnection,
    key: &'static str,
) -> Result<Option<i64>, StoreError> {
    let found = sqlx::query(SELECT_VALUE)
        .bind(key)
        .fetch_all(connection)
        .await?;
    let Some(row) = found.first() else {
        return Ok(None);
    };
    let value: Vec<u8> = row.try_get(0)?;
    let number = std::str::from_utf8(&value)
        .ok()
        .and_then(|text| text.parse().ok());
    let inconsistent = StoreError::Inconsistent {
        table: "meta",
        column: "value",
        id: 0,
    };
    number.map(Some).ok_or(inconsistent)
}

/// Stores a value as decimal text.
pub(super) async fn put_number(
    connection: &mut SqliteConnection,
    key: &'static str,
    number: i64,
) -> Result<(), StoreError> {
    sqlx::query(UPSERT_VALUE)
        .bind(key)
        .bind(number.to_string().into_bytes())
        .execute(connection)
        .await?;
    Ok(())
}

struct EnsureRevisions {
    revisions: Vec<StoredRevision>,
}

impl ColdCommand for EnsureRevisions {
    type Output = ();

    async fn run(&mut self, tx: &mut WriteTx<'_>) -> Result<(), StoreError> {
        for revision in &self.revisions {
            sqlx::query(INSERT_REVISION)
                .bind(revision.revision.to_vec())
                .bind(revision.name.clone())
                .bind(revision.text.clone())
                .bind(tx.now.as_millis())
                .execute(&mut *tx.connection)
                .await?;
        }
        Ok(())
    }
}

struct ShiftPending {
    delta_ms: i64,
}

impl ColdCommand for ShiftPending {
    type Output = Vec<Endpoint>;

    async fn run(&mut self, tx: &mut WriteTx<'_>) -> Result<Self::Output, StoreError> {
        // Wall-clock time is steady time minus the offset: to move the one by delta, move the other by minus delta.
        let offset = tx.clock_offset_ms.saturating_sub(self.delta_ms);
        put_number(tx.connection, CLOCK_OFFSET_KEY, offset).await?;
        let wall = tx.now.moved_by(self.delta_ms);
        put_number(tx.connection, WALL_SEEN_KEY, wall.as_millis()).await?;
        sqlx::query(SHIFT_HOLDS)
            .bind(self.delta_ms)
            .execute(&mut *tx.connection)
            .await?;
        let effects = &mut *tx.effects;
        let mut held = Vec::new();
        super::endpoints::read_all_in(tx.connection, |endpoint| {
            if endpoint.hold.since.is_some() {
                effects.endpoints_changed.push(endpoint.id);
                effects.endpoints.push(endpoint.clone());
                held.push(endpoint);
            }
        })
        .await?;
        tx.clock_offset_ms = offset;
        tx.effects.clock_offset_ms = Some(offset);
        Ok(held)
    }
}
