//! Saved views: filters by their names.

use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::audit_change::AuditChange;
use super::cold::{ColdCommand, WriteTx};
use super::error::StoreError;
use super::handle::Store;
use super::record::AuditNote;
use super::rows::Columns;
use crate::domain::filter::{SavedView, ViewName};
use crate::domain::limits::SAVED_VIEWS_MAX;

const TABLE: &str = "saved_views";

pub(super) const SELECT_ONE: &str =
    "SELECT name, filter, who, updated_at FROM saved_views WHERE name = $1";
/// All of them: the table is its primary key, so this is a walk in order.
const SELECT_ALL: &str = "SELECT name, filter, who, updated_at FROM saved_views ORDER BY name";
const COUNT: &str = "SELECT count(*) FROM saved_views";
const UPSERT: &str = "INSERT INTO saved_views (name, filter, who, updated_at) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (name) DO UPDATE SET filter = excluded.filter, who = excluded.who, updated_at = excluded.updated_at";
const DELETE: &str = "DELETE FROM saved_views WHERE name = $1";

impl Store {
    /// All saved views, by name: [`SAVED_VIEWS_MAX`] at most.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] for a row that cannot be read.
    pub async fn saved_views(&self) -> Result<Vec<SavedView>, StoreError> {
        let rows = sqlx::query(SELECT_ALL).fetch_all(self.readers()).await?;
        rows.iter().map(decode).collect()
    }

    /// The view that is saved by this name.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Inconsistent`].
    pub async fn saved_view(&self, name: &ViewName) -> Result<SavedView, StoreError> {
        let row = sqlx::query(SELECT_ONE)
            .bind(name.as_str())
            .fetch_optional(self.readers())
            .await?;
        decode(&row.ok_or_else(|| not_found(name))?)
    }

    /// Saves a filter by this name, in place of the one that had it. One that is saved already stays as it is.
    ///
    /// # Errors
    /// [`StoreError::TooMany`] for a new one beyond [`SAVED_VIEWS_MAX`].
    pub async fn save_view(
        &self,
        note: AuditNote,
        name: ViewName,
        filter: String,
    ) -> Result<SavedView, StoreError> {
        self.change(Save { note, name, filter }).await
    }

    /// Removes the view that is saved by this name.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete_view(&self, note: AuditNote, name: ViewName) -> Result<(), StoreError> {
        self.change(Delete { note, name }).await
    }
}

struct Save {
    note: AuditNote,
    name: ViewName,
    filter: String,
}

impl ColdCommand for Save {
    type Output = SavedView;

    async fn run(&mut self, tx: &mut WriteTx<'_>) -> Result<SavedView, StoreError> {
        let after = json!(self.filter);
        let change = match read_in(tx.connection, &self.name).await? {
            Some(before) if before.filter == self.filter => return Ok(before),
            Some(before) => AuditChange::of_member("filter", &json!(before.filter), &after),
            None => {
                check_room(tx.connection).await?;
                AuditChange::new_thing(&json!({ "filter": after }))
            }
        };
        let view = SavedView {
            name: self.name.clone(),
            filter: self.filter.clone(),
            who: self.note.actor.who.clone(),
            updated_at: tx.now,
        };
        sqlx::query(UPSERT)
            .bind(view.name.to_string())
            .bind(view.filter.clone())
            .bind(view.who.clone())
            .bind(view.updated_at.as_millis())
            .execute(&mut *tx.connection)
            .await?;
        tx.audit_with(&self.note, Some(subject(&self.name)), change, None)
            .await?;
        Ok(view)
    }
}

struct Delete {
    note: AuditNote,
    name: ViewName,
}

impl ColdCommand for Delete {
    type Output = ();

    async fn run(&mut self, tx: &mut WriteTx<'_>) -> Result<(), StoreError> {
        let before = read_in(tx.connection, &self.name).await?;
        let before = before.ok_or_else(|| not_found(&self.name))?;
        sqlx::query(DELETE)
            .bind(self.name.to_string())
            .execute(&mut *tx.connection)
            .await?;
        let change = AuditChange::gone_thing(&json!({ "filter": before.filter }));
        tx.audit_with(&self.note, Some(subject(&self.name)), change, None)
            .await
    }
}

/// What the audit log calls a view: as it is typed in a filter.
fn subject(name: &ViewName) -> String {
    format!("@{name}")
}

fn not_found(name: &ViewName) -> StoreError {
    StoreError::not_found("saved view", name)
}

async fn check_room(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let count: i64 = sqlx::query(COUNT).fetch_one(connection).await?.try_get(0)?;
    if usize::try_from(count).is_ok_and(|count| count >= SAVED_VIEWS_MAX) {
        return Err(StoreError::TooMany {
            noun: "saved views",
            max: SAVED_VIEWS_MAX,
        });
    }
    Ok(())
}

async fn read_in(
    connection: &mut SqliteConnection,
    name: &ViewName,
) -> Result<Option<SavedView>, StoreError> {
    let row = sqlx::query(SELECT_ONE)
        .bind(name.to_string())
        .fetch_all(connection)
        .await?
        .pop();
    row.as_ref().map(decode).transpose()
}

fn decode(row: &SqliteRow) -> Result<SavedView, StoreError> {
    let mut columns = Columns::of(row, TABLE, 0, 0);
    Ok(SavedView {
        name: columns.read("name", |text: &str| text.parse().ok())?,
        filter: columns.take("filter")?,
        who: columns.take("who")?,
        updated_at: columns.time("updated_at")?,
    })
}
