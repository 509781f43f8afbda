//! Events: rows and reads.

use std::sync::Arc;

use sqlx::sqlite::SqliteRow;

use super::error::StoreError;
use super::handle::Store;
use super::page::{Cursor, Page};
use super::rows::{Columns, number_list};
use crate::domain::event::Event;
use crate::domain::id::EventId;
use crate::domain::json::RawJson;
use crate::domain::tenant::Audience;

const TABLE: &str = "events";

/// The columns of [`decode`] in its order, of a table named `e`.
macro_rules! event_columns {
    () => {
        "e.id, e.audience, e.key, e.event_type, e.occurred_at, e.accepted_at, e.test, e.deliveries, e.attributes, \
         e.data"
    };
}
pub(super) use event_columns;

pub(super) const SELECT_ONE: &str = concat!(
    "SELECT ",
    event_columns!(),
    " FROM events e WHERE e.id = $1"
);
/// `$1` holds ids.
pub(super) const SELECT_THESE: &str = concat!(
    "SELECT ",
    event_columns!(),
    " FROM json_each($1) i CROSS JOIN events e ON e.id = i.value"
);
pub(super) const SELECT_PAGE: &str = concat!(
    "SELECT ",
    event_columns!(),
    " FROM events e WHERE e.id < $1 ORDER BY e.id DESC LIMIT $2"
);

/// An event as it lies in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// The event. Its data reads `null` when the payload is gone.
    pub event: Arc<Event>,
    /// Whether retention has dropped data and attributes.
    pub payload_gone: bool,
    /// Deliveries that its publishing made.
    pub deliveries: u32,
}

impl Store {
    /// One event.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Inconsistent`].
    pub async fn event(&self, id: EventId) -> Result<StoredEvent, StoreError> {
        let row = sqlx::query(SELECT_ONE)
            .bind(id.as_i64())
            .fetch_optional(self.readers())
            .await?;
        decode(&row.ok_or_else(|| StoreError::not_found("event", &id))?, 0)
    }

    /// These events, in no order; those that are gone are absent. To be called with a hundred at most: each may be large.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] for a row that cannot be read.
    pub async fn events_of(&self, ids: &[EventId]) -> Result<Vec<StoredEvent>, StoreError> {
        let ids: Vec<i64> = ids.iter().map(|id| id.as_i64()).collect();
        let rows = sqlx::query(SELECT_THESE)
            .bind(number_list(&ids))
            .fetch_all(self.readers())
            .await?;
        rows.iter().map(|row| decode(row, 0)).collect()
    }

    /// A page of events, newest first.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] for a row that cannot be read.
    pub async fn events_page(
        &self,
        cursor: Option<Cursor>,
        limit: u32,
    ) -> Result<Page<StoredEvent>, StoreError> {
        let rows = sqlx::query(SELECT_PAGE)
            .bind(Cursor::below(cursor))
            .bind(i64::from(limit) + 1)
            .fetch_all(self.readers())
            .await?;
        let items: Result<Vec<_>, _> = rows.iter().map(|row| decode(row, 0)).collect();
        Ok(Page::cut(items?, limit, |stored| stored.event.id.as_i64()))
    }
}

/// A row of [`event_columns`] from the column `first` on.
pub(super) fn decode(row: &SqliteRow, first: usize) -> Result<StoredEvent, StoreError> {
    let mut columns = Columns::with_id(row, TABLE, first)?;
    let audience = columns.read("audience", audience_from_column)?;
    let key = columns.read_or_null("key", |text: &str| text.parse().ok())?;
    let event_type = columns.read("event_type", |text: &str| text.parse().ok())?;
    let occurred_at = columns.time("occurred_at")?;
    let accepted_at = columns.time("accepted_at")?;
    let test = columns.take("test")?;
    let deliveries = columns.take("deliveries")?;
    let attributes = columns.read_or_null("attributes", json_from_bytes)?;
    let data = columns.read_or_null("data", json_from_bytes)?;
    let payload_gone = data.is_none();
    let event = Event {
        id: EventId::from_i64(columns.id()),
        key,
        audience,
        event_type,
        occurred_at,
        accepted_at,
        attributes,
        data: data.unwrap_or_else(json_null),
        test,
    };
    Ok(StoredEvent {
        event: Arc::new(event),
        payload_gone,
        deliveries,
    })
}

/// An audience as the column holds it: '' for none, a tenant's name, or `*`.
pub(super) fn audience_to_column(audience: &Audience) -> &str {
    audience.as_text().unwrap_or("")
}

pub(super) fn audience_from_column(text: &str) -> Option<Audience> {
    Audience::from_text(Some(text).filter(|text| !text.is_empty())).ok()
}

fn json_from_bytes(bytes: &[u8]) -> Option<RawJson> {
    RawJson::parse(std::str::from_utf8(bytes).ok()?).ok()
}

fn json_null() -> RawJson {
    RawJson::parse("null").expect("null is JSON")
}
