//! Deliveries: rows and reads.

use std::ops::Range;

use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Row, Sqlite};

use super::error::StoreError;
use super::handle::Store;
use super::page::{Cursor, Page};
use super::rows::Columns;
use crate::domain::attempt::{FailureClass, LastAttempt};
use crate::domain::delivery::{Delivery, DeliveryState, DiscardReason};
use crate::domain::fingerprint::CauseId;
use crate::domain::id::{DeliveryId, EndpointId, EventId, ReplayId};
use crate::domain::time::Timestamp;
use std::time::Duration;

const TABLE: &str = "deliveries";

/// Rows that a filtered page looks at: 3 ms on the machine of numbers.md.
const SCAN_ROWS_MAX: i64 = 20_000;
/// The same where names are searched for a word.
const SCAN_WORDS_MAX: i64 = 10_000;
/// The same where a row's event is looked at as well.
const SCAN_EVENTS_MAX: i64 = 2_500;

/// The columns of [`decode`] in its order, of a table named `d`.
macro_rules! delivery_columns {
    () => {
        "d.id, d.event_id, d.event_type, d.endpoint_id, d.state, d.reason, d.attempts, d.budget_attempts, \
         d.budget_started_at, d.held_before_ms, d.next_attempt_at, d.last_at, d.last_status, d.last_class, \
         d.last_latency_us, d.last_cause, d.test, d.created_at, d.updated_at, d.replay_id"
    };
}
pub(super) use delivery_columns;

/// How many columns [`delivery_columns`] has.
pub(super) const COLUMNS: usize = 20;

pub(super) const SELECT_ONE: &str = concat!(
    "SELECT ",
    delivery_columns!(),
    ", p.status FROM deliveries d JOIN endpoints p ON p.id = d.endpoint_id WHERE d.id = $1"
);
const SELECT_NOTE: &str = "SELECT note FROM deliveries WHERE id = $1";
pub(super) const SELECT_SCAN_FLOOR: &str =
    "SELECT id FROM deliveries WHERE id < $1 ORDER BY id DESC LIMIT 1 OFFSET $2";

/// Which deliveries a page is drawn from.
#[derive(Clone, Debug, Default)]
pub struct DeliverySelect {
    /// What narrows the rows by an index.
    pub scope: DeliveryScope,
    /// What else must hold.
    pub condition: Option<SqlCondition>,
}

/// What an index finds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeliveryScope {
    /// All of them, by id.
    #[default]
    All,
    /// Those whose ids lie in this range (ids are times).
    Between(DeliveryId, DeliveryId),
    /// Those of one event.
    Event(EventId),
    /// The dead ones of one endpoint.
    Dead(EndpointId),
    /// Those whose latest failure has this cause.
    Cause(CauseId),
    /// All of one endpoint: no index has them, so a page looks at a bounded number of rows.
    Endpoint(EndpointId),
}

/// A condition in SQL over the tables `d` (deliveries), `p` (its endpoint) and `e` (its event).
///
/// Placeholders are `$1` to `$n` for the `n` binds. The text is put together from fixed pieces: whatever a person
/// wrote is in the binds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SqlCondition {
    /// A boolean expression.
    pub sql: String,
    /// Its values.
    pub binds: Vec<SqlValue>,
}

impl SqlCondition {
    /// Whether a row's event is looked at as well.
    pub(super) fn looks_into_events(&self) -> bool {
        self.sql.contains("e.key") || self.sql.contains("e.data")
    }

    /// How many rows it may be asked of for a page: what it costs can be told from its text, which is made of fixed
    /// pieces.
    fn rows_max(&self) -> i64 {
        if self.looks_into_events() {
            SCAN_EVENTS_MAX
        } else if self.sql.contains("instr(") {
            SCAN_WORDS_MAX
        } else {
            SCAN_ROWS_MAX
        }
    }
}

/// A value bound to a condition.
#[derive(Clone, Debug, PartialEq)]
pub enum SqlValue {
    /// A number, an instant in milliseconds, an id.
    Int(i64),
    /// A fraction.
    Real(f64),
    /// A text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl Store {
    /// One delivery; held where its endpoint is paused or disabled.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Inconsistent`].
    pub async fn delivery(&self, id: DeliveryId) -> Result<Delivery, StoreError> {
        let row = sqlx::query(SELECT_ONE)
            .bind(id.as_i64())
            .fetch_optional(self.readers())
            .await?;
        let row = row.ok_or_else(|| StoreError::not_found("delivery", &id))?;
        decode_shown(&row, self.clock_offset_ms())
    }

    /// Why an undeliverable delivery is that, where the store was told.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delivery_note(&self, id: DeliveryId) -> Result<Option<String>, StoreError> {
        let row = sqlx::query(SELECT_NOTE)
            .bind(id.as_i64())
            .fetch_optional(self.readers())
            .await?
            .ok_or_else(|| StoreError::not_found("delivery", &id))?;
        Columns::of(&row, TABLE, id.as_i64(), 0).take("note")
    }

    /// A page of deliveries, newest first.
    ///
    /// A selection out of all by a condition, or of an endpoint, looks at no more than 20,000 rows for a page: at
    /// 10,000 where it searches for words, and at 2,500 where it looks into events.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] for a row that cannot be read, [`StoreError::Unavailable`].
    pub async fn deliveries_page(
        &self,
        select: &DeliverySelect,
        cursor: Option<Cursor>,
        limit: u32,
    ) -> Result<Page<Delivery>, StoreError> {
        let mut ids = 0..Cursor::below(cursor);
        if let DeliveryScope::Between(first, last) = select.scope {
            ids.start = first.as_i64();
            ids.end = ids.end.min(last.as_i64().saturating_add(1));
        }
        let floor = if select.scans() {
            self.scan_floor(ids.end, select.rows_max()).await?
        } else {
            None
        };
        ids.start = ids.start.max(floor.unwrap_or(0));
        let sql = page_sql(select, select.binds().len());
        let query = bind_all(sqlx::query(AssertSqlSafe(sql)), select.binds());
        let Range { start, end } = ids;
        let rows = query
            .bind(end)
            .bind(start)
            .bind(i64::from(limit) + 1)
            .bind(select.scope.index_key())
            .fetch_all(self.readers())
            .await?;
        let offset = self.clock_offset_ms();
        let items: Result<Vec<_>, _> = rows.iter().map(|row| decode_shown(row, offset)).collect();
        let mut page = Page::cut(items?, limit, |delivery| delivery.id.as_i64());
        // The scan stopped before the list did: the next page goes on below what was looked at.
        page.next = page
            .next
            .or_else(|| floor.filter(|&floor| floor == start).map(Cursor::after));
        Ok(page)
    }

    /// The id that a bounded scan below `end` stops at; `None` where fewer rows are left.
    async fn scan_floor(&self, end: i64, rows: i64) -> Result<Option<i64>, StoreError> {
        let row = sqlx::query(SELECT_SCAN_FLOOR)
            .bind(end)
            .bind(rows - 1)
            .fetch_optional(self.readers())
            .await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }
}

impl DeliverySelect {
    /// Whether rows are looked at that may not belong to the page, out of all there are.
    const fn scans(&self) -> bool {
        match self.scope {
            DeliveryScope::All | DeliveryScope::Between(..) => self.condition.is_some(),
            DeliveryScope::Event(_) | DeliveryScope::Dead(_) | DeliveryScope::Cause(_) => false,
            DeliveryScope::Endpoint(_) => true,
        }
    }

    /// How many rows may be looked at for a page.
    pub(super) fn rows_max(&self) -> i64 {
        let condition = self.condition.as_ref();
        condition.map_or(SCAN_ROWS_MAX, SqlCondition::rows_max)
    }

    pub(super) fn binds(&self) -> &[SqlValue] {
        self.condition
            .as_ref()
            .map_or(&[], |condition| &condition.binds)
    }
}

impl DeliveryScope {
    pub(super) const fn index_key(self) -> i64 {
        match self {
            Self::All | Self::Between(..) => 0,
            Self::Event(event_id) => event_id.as_i64(),
            Self::Cause(cause) => cause.as_i64(),
            Self::Dead(endpoint_id) | Self::Endpoint(endpoint_id) => endpoint_id.as_i64(),
        }
    }
}

/// The statement of a page; its own binds follow the condition's `binds`: end, start, limit, key.
pub(super) fn page_sql(select: &DeliverySelect, binds: usize) -> String {
    let (end, start, limit, key) = (binds + 1, binds + 2, binds + 3, binds + 4);
    let scope = match select.scope {
        DeliveryScope::All | DeliveryScope::Between(..) => String::new(),
        DeliveryScope::Event(_) => format!(" AND d.event_id = ${key}"),
        DeliveryScope::Dead(_) => format!(" AND d.state = 'dead' AND d.endpoint_id = ${key}"),
        DeliveryScope::Cause(_) => format!(" AND d.last_cause = ${key}"),
        // The plus keeps the planner on the rows' own order: no index has an endpoint's deliveries.
        DeliveryScope::Endpoint(_) => format!(" AND +d.endpoint_id = ${key}"),
    };
    let condition = select
        .condition
        .as_ref()
        .map_or_else(String::new, |condition| format!(" AND ({})", condition.sql));
    format!(
        "SELECT {}, p.status FROM deliveries d CROSS JOIN endpoints p ON p.id = d.endpoint_id \
         LEFT JOIN events e ON e.id = d.event_id \
         WHERE d.id < ${end} AND d.id >= ${start}{scope}{condition} ORDER BY d.id DESC LIMIT ${limit}",
        delivery_columns!()
    )
}

/// The query with a condition's values bound.
pub(super) fn bind_all<'q>(
    query: Query<'q, Sqlite, SqliteArguments>,
    binds: &[SqlValue],
) -> Query<'q, Sqlite, SqliteArguments> {
    binds.iter().cloned().fold(query, |query, bind| match bind {
        SqlValue::Int(value) => query.bind(value),
        SqlValue::Real(value) => query.bind(value),
        SqlValue::Text(value) => query.bind(value),
        SqlValue::Bytes(value) => query.bind(value),
    })
}

/// A row of [`delivery_columns`] and the endpoint's status: the state as people see it.
pub(super) fn decode_shown(row: &SqliteRow, clock_offset_ms: i64) -> Result<Delivery, StoreError> {
    let mut delivery = decode(row, 0, clock_offset_ms)?;
    let status: String =
        Columns::of(row, "endpoints", delivery.endpoint_id.as_i64(), COLUMNS).take("status")?;
    delivery.state = shown_state(delivery.state, &status);
    Ok(delivery)
}

/// What a stored state is called while its endpoint has this status.
pub(super) fn shown_state(state: DeliveryState, endpoint_status: &str) -> DeliveryState {
    match (state, endpoint_status) {
        (DeliveryState::Pending, "paused" | "disabled") => DeliveryState::Held,
        (DeliveryState::Pending, "deleted") => {
            DeliveryState::Discarded(DiscardReason::EndpointDeleted)
        }
        (state, _) => state,
    }
}

/// A row of [`delivery_columns`] from the column `first` on, as stored.
pub(super) fn decode(
    row: &SqliteRow,
    first: usize,
    clock_offset_ms: i64,
) -> Result<Delivery, StoreError> {
    let wall = |steady_ms: i64| Timestamp::from_millis(steady_ms.saturating_sub(clock_offset_ms));
    let mut columns = Columns::with_id(row, TABLE, first)?;
    let event_id = columns.id_of("event_id")?;
    let event_type = columns.read("event_type", |text: &str| text.parse().ok())?;
    let endpoint_id = columns.id_of("endpoint_id")?;
    let state: &str = columns.take("state")?;
    let reason: Option<&str> = columns.take("reason")?;
    let state =
        DeliveryState::from_words(state, reason).ok_or_else(|| columns.unreadable("state"))?;
    let attempts = columns.take("attempts")?;
    let budget_attempts = columns.take("budget_attempts")?;
    let budget_started_at = wall(columns.take("budget_started_at")?);
    let held_before_ms = columns.take("held_before_ms")?;
    let next_attempt_at: Option<i64> = columns.take("next_attempt_at")?;
    let last_attempt = last_attempt(&mut columns)?;
    let cause: Option<i64> = columns.take("last_cause")?;
    Ok(Delivery {
        id: DeliveryId::from_i64(columns.id()),
        event_id,
        event_type,
        endpoint_id,
        state,
        attempts,
        budget_attempts,
        budget_started_at,
        held_before_ms,
        next_attempt_at: next_attempt_at.map(wall),
        last_attempt,
        cause: cause.map(CauseId::from_i64),
        test: columns.take("test")?,
        created_at: columns.time("created_at")?,
        updated_at: columns.time("updated_at")?,
        replay_id: columns
            .take::<Option<i64>>("replay_id")?
            .map(ReplayId::from_i64),
    })
}

fn last_attempt(columns: &mut Columns<'_>) -> Result<Option<LastAttempt>, StoreError> {
    let at = columns.time_or_null("last_at")?;
    let status = columns.take("last_status")?;
    let class = columns.read_or_null("last_class", FailureClass::from_word)?;
    let latency: Option<Duration> = columns.read_or_null("last_latency_us", |micros: i64| {
        u64::try_from(micros).ok().map(Duration::from_micros)
    })?;
    Ok(at.map(|at| LastAttempt {
        at,
        status,
        class,
        latency: latency.unwrap_or_default(),
    }))
}
