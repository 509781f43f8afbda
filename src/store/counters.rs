//! The ledger and the minute statistics: kept by the writer with every change, never counted by scanning.

use std::collections::BTreeMap;

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::error::StoreError;
use super::handle::Store;
use crate::domain::attempt::FailureClass;
use crate::domain::id::EndpointId;
use crate::domain::ledger::Counts;
use crate::domain::time::Timestamp;

/// Milliseconds of a statistics row.
pub(super) const MINUTE_MS: i64 = 60_000;

const SELECT_LEDGER: &str = "SELECT p.status, c.endpoint_id, c.created, c.pending, c.delivered, c.dead, c.discarded \
     FROM endpoint_counters c JOIN endpoints p ON p.id = c.endpoint_id";
const SELECT_LEDGER_OF: &str = "SELECT p.status, c.endpoint_id, c.created, c.pending, c.delivered, c.dead, \
     c.discarded, c.consecutive_failures, c.last_success_at, c.last_failure_at, c.last_failure, \
     c.certificate_expires_at \
     FROM endpoint_counters c JOIN endpoints p ON p.id = c.endpoint_id WHERE c.endpoint_id = $1";
const SELECT_LEDGER_SUM: &str = "SELECT p.status, 0, sum(c.created), sum(c.pending), sum(c.delivered), sum(c.dead), \
     sum(c.discarded) FROM endpoint_counters c JOIN endpoints p ON p.id = c.endpoint_id GROUP BY p.status";
const SELECT_EVENTS_EVER: &str = "SELECT events FROM totals WHERE id = 1";

macro_rules! minute_sums {
    () => {
        "sum(attempts), sum(successes), sum(latency_us), sum(failed_dns), sum(failed_connect), sum(failed_tls), \
         sum(failed_timeout), sum(failed_protocol), sum(failed_status), sum(failed_body), sum(failed_blocked), \
         sum(failed_internal), sum(held_back)"
    };
}
pub(super) const SELECT_MINUTES: &str = concat!(
    "SELECT minute, ",
    minute_sums!(),
    " FROM minute_stats WHERE minute >= $1 AND minute < $2 GROUP BY minute ORDER BY minute"
);
pub(super) const SELECT_MINUTES_OF: &str = concat!(
    "SELECT minute, ",
    minute_sums!(),
    " FROM minute_stats WHERE minute >= $1 AND minute < $2 AND endpoint_id = $3 GROUP BY minute ORDER BY minute"
);
pub(super) const SELECT_BY_ENDPOINT: &str = concat!(
    "SELECT endpoint_id, ",
    minute_sums!(),
    " FROM minute_stats WHERE minute >= $1 AND minute < $2 GROUP BY endpoint_id ORDER BY endpoint_id"
);
pub(super) const SELECT_ACCEPTED: &str =
    "SELECT minute, accepted FROM minute_events WHERE minute >= $1 AND minute < $2 ORDER BY minute";

/// What happened in a stretch of time; test traffic is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttemptStats {
    /// Attempts that began in it.
    pub attempts: u64,
    /// Those that succeeded.
    pub successes: u64,
    /// Those that failed, by class; classes without failures are absent.
    pub failures: BTreeMap<FailureClass, u64>,
    /// Durations of all attempts together, in microseconds.
    pub latency_us: u64,
    /// Attempts that the endpoint's rate limit made wait.
    pub held_back: u64,
}

/// The ledger of one endpoint, and how its latest attempts ended; test traffic is left out of the latter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndpointLedger {
    /// Where its deliveries stand.
    pub counts: Counts,
    /// Failed attempts recorded since the last success.
    pub consecutive_failures: u32,
    /// When the latest success ended.
    pub last_success_at: Option<Timestamp>,
    /// When the latest failure ended.
    pub last_failure_at: Option<Timestamp>,
    /// That failure, `class: text`, at most 200 characters, not escaped.
    pub last_failure: Option<String>,
    /// When the certificate runs out that the receiver showed last; test traffic counts here.
    pub certificate_expires_at: Option<Timestamp>,
}

impl Store {
    /// The ledger of all endpoints together, deleted ones included. Retention takes rows, never counts; test
    /// deliveries are counted like any other.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn ledger(&self) -> Result<Counts, StoreError> {
        let rows = sqlx::query(SELECT_LEDGER_SUM)
            .fetch_all(self.readers())
            .await?;
        let mut total = Counts::default();
        for row in &rows {
            total = total.plus(ledger_row(row)?.1);
        }
        Ok(total)
    }

    /// The ledgers of all endpoints, deleted ones included.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn endpoint_ledgers(&self) -> Result<BTreeMap<EndpointId, Counts>, StoreError> {
        let rows = sqlx::query(SELECT_LEDGER).fetch_all(self.readers()).await?;
        rows.iter().map(ledger_row).collect()
    }

    /// The ledger of one endpoint, and how its latest attempts ended.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn endpoint_ledger(&self, id: EndpointId) -> Result<EndpointLedger, StoreError> {
        let row = sqlx::query(SELECT_LEDGER_OF)
            .bind(id.as_i64())
            .fetch_optional(self.readers())
            .await?;
        let row = row.ok_or_else(|| StoreError::not_found("endpoint", &id))?;
        let failures: i64 = row.try_get(7)?;
        let time = |column: Option<i64>| column.map(Timestamp::from_millis);
        Ok(EndpointLedger {
            counts: ledger_row(&row)?.1,
            consecutive_failures: u32::try_from(failures).unwrap_or(u32::MAX),
            last_success_at: time(row.try_get(8)?),
            last_failure_at: time(row.try_get(9)?),
            last_failure: row.try_get(10)?,
            certificate_expires_at: time(row.try_get(11)?),
        })
    }

    /// Events accepted of all time.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn events_ever(&self) -> Result<u64, StoreError> {
        let row = sqlx::query(SELECT_EVENTS_EVER)
            .fetch_one(self.readers())
            .await?;
        count(&row, 0)
    }

    /// Attempts minute by minute from `from` (rounded down to its minute) to before `to`, of one endpoint or of
    /// all, oldest first; minutes without attempts are absent.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn minute_stats(
        &self,
        endpoint_id: Option<EndpointId>,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<(Timestamp, AttemptStats)>, StoreError> {
        let sql = endpoint_id.map_or(SELECT_MINUTES, |_| SELECT_MINUTES_OF);
        let mut query = sqlx::query(sql).bind(minute_of(from)).bind(to.as_millis());
        if let Some(endpoint_id) = endpoint_id {
            query = query.bind(endpoint_id.as_i64());
        }
        let rows = query.fetch_all(self.readers()).await?;
        rows.iter()
            .map(|row| Ok((Timestamp::from_millis(row.try_get(0)?), stats_row(row)?)))
            .collect()
    }

    /// Attempts by endpoint from `from` (rounded down to its minute) to before `to`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn endpoint_stats(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<BTreeMap<EndpointId, AttemptStats>, StoreError> {
        let rows = sqlx::query(SELECT_BY_ENDPOINT)
            .bind(minute_of(from))
            .bind(to.as_millis())
            .fetch_all(self.readers())
            .await?;
        rows.iter()
            .map(|row| Ok((EndpointId::from_i64(row.try_get(0)?), stats_row(row)?)))
            .collect()
    }

    /// Events accepted minute by minute from `from` (rounded down) to before `to`, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn accepted_by_minute(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<(Timestamp, u64)>, StoreError> {
        let rows = sqlx::query(SELECT_ACCEPTED)
            .bind(minute_of(from))
            .bind(to.as_millis())
            .fetch_all(self.readers())
            .await?;
        rows.iter()
            .map(|row| Ok((Timestamp::from_millis(row.try_get(0)?), count(row, 1)?)))
            .collect()
    }
}

/// The beginning of an instant's minute, in milliseconds.
pub(super) const fn minute_of(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(MINUTE_MS) * MINUTE_MS
}

fn ledger_row(row: &SqliteRow) -> Result<(EndpointId, Counts), StoreError> {
    let status: &str = row.try_get(0)?;
    let waiting: i64 = row.try_get(3)?;
    let mut counts = Counts {
        created: row.try_get(2)?,
        delivered: row.try_get(4)?,
        dead: row.try_get(5)?,
        discarded: row.try_get(6)?,
        ..Counts::default()
    };
    match status {
        "active" => counts.pending = waiting,
        "deleted" => counts.discarded += waiting,
        _ => counts.held = waiting,
    }
    Ok((EndpointId::from_i64(row.try_get(1)?), counts))
}

fn stats_row(row: &SqliteRow) -> Result<AttemptStats, StoreError> {
    let mut failures = BTreeMap::new();
    for (index, class) in FailureClass::ALL.into_iter().enumerate() {
        let failed = count(row, 4 + index)?;
        if failed > 0 {
            failures.insert(class, failed);
        }
    }
    Ok(AttemptStats {
        attempts: count(row, 1)?,
        successes: count(row, 2)?,
        latency_us: count(row, 3)?,
        held_back: count(row, 4 + FailureClass::ALL.len())?,
        failures,
    })
}

fn count(row: &SqliteRow, index: usize) -> Result<u64, StoreError> {
    let count: i64 = row.try_get(index)?;
    Ok(u64::try_from(count).unwrap_or(0))
}
