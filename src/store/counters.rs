//! The ledger and the minute statistics: kept by the writer with every change, never counted by scanning.

use std::collections::BTreeMap;
use std::time::Duration;

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::error::StoreError;
use super::handle::Store;
use super::rows::{count, number_list};
use crate::domain::attempt::FailureClass;
use crate::domain::id::EndpointId;
use crate::domain::ledger::Counts;
use crate::domain::time::Timestamp;

/// Milliseconds of a statistics row.
pub(super) const MINUTE_MS: i64 = 60_000;
const MINUTE_STEP: usize = 60_000;

const SELECT_LEDGER: &str = "SELECT p.status, c.endpoint_id, c.created, c.pending, c.delivered, c.dead, c.discarded \
     FROM endpoint_counters c JOIN endpoints p ON p.id = c.endpoint_id";
const SELECT_LEDGER_OF: &str = "SELECT p.status, c.endpoint_id, c.created, c.pending, c.delivered, c.dead, \
     c.discarded, c.consecutive_failures, c.last_success_at, c.last_failure_at, c.last_failure, \
     c.certificate_expires_at, c.failing_since \
     FROM endpoint_counters c JOIN endpoints p ON p.id = c.endpoint_id WHERE c.endpoint_id = $1";
/// All endpoints as if they were active, those that are not (what waits for them is to be moved), and those whose rows
/// retention took.
pub(super) const SELECT_LEDGER_SUM: &str = "SELECT 'active', 0, coalesce(sum(c.created), 0), \
     coalesce(sum(c.pending), 0), coalesce(sum(c.delivered), 0), coalesce(sum(c.dead), 0), \
     coalesce(sum(c.discarded), 0) FROM endpoint_counters c \
     UNION ALL SELECT p.status, 0, 0, sum(c.pending), 0, 0, 0 \
     FROM endpoints p CROSS JOIN endpoint_counters c ON c.endpoint_id = p.id \
     WHERE p.status <> 'active' GROUP BY p.status \
     UNION ALL SELECT 'active', 0, gone_created, 0, gone_delivered, gone_dead, gone_discarded FROM totals WHERE id = 1";
const SELECT_EVENTS_EVER: &str = "SELECT events FROM totals WHERE id = 1";

/// The columns of [`stats_row`] behind the first.
macro_rules! minute_columns {
    () => {
        "attempts, successes, latency_us, failed_dns, failed_connect, failed_tls, failed_timeout, failed_protocol, \
         failed_status, failed_body, failed_blocked, failed_internal, held_back"
    };
}
macro_rules! minute_sums {
    () => {
        "sum(attempts), sum(successes), sum(latency_us), sum(failed_dns), sum(failed_connect), sum(failed_tls), \
         sum(failed_timeout), sum(failed_protocol), sum(failed_status), sum(failed_body), sum(failed_blocked), \
         sum(failed_internal), sum(held_back)"
    };
}
pub(super) const SELECT_MINUTES: &str = concat!(
    "SELECT minute, ",
    minute_columns!(),
    " FROM minute_totals WHERE minute >= $1 AND minute < $2 AND $3 > 0 ORDER BY minute"
);
/// Longer steps than a minute, `$3` milliseconds each.
pub(super) const SELECT_STEPS: &str = concat!(
    "SELECT minute / $3 * $3, ",
    minute_sums!(),
    " FROM minute_totals WHERE minute >= $1 AND minute < $2 GROUP BY 1 ORDER BY 1"
);
pub(super) const SELECT_ACCEPTED_STEPS: &str = "SELECT minute / $3 * $3, sum(accepted) FROM minute_events \
     WHERE minute >= $1 AND minute < $2 GROUP BY 1 ORDER BY 1";
/// `$1` holds minutes, `$2` endpoints: as many look-ups as there are pairs, however many endpoints there are besides. In
/// steps of `$3` milliseconds, oldest first.
pub(super) const SELECT_BY_ENDPOINT: &str = concat!(
    "SELECT s.minute / $3 * $3, ",
    minute_sums!(),
    ", endpoint_id FROM json_each($1) m CROSS JOIN json_each($2) p \
     CROSS JOIN minute_stats s ON s.minute = m.value AND s.endpoint_id = p.value GROUP BY endpoint_id, 1 \
     ORDER BY endpoint_id, 1"
);
/// The same of one endpoint, `$2`, in steps of `$3` milliseconds.
pub(super) const SELECT_STEPS_OF: &str = concat!(
    "SELECT s.minute / $3 * $3, ",
    minute_sums!(),
    " FROM json_each($1) m CROSS JOIN minute_stats s ON s.minute = m.value AND s.endpoint_id = $2 \
     GROUP BY 1 ORDER BY 1"
);
/// The migration's remark on this table is of the first version, which counted test events in it as well.
pub(super) const SELECT_ACCEPTED: &str = "SELECT minute, accepted FROM minute_events WHERE minute >= $1 AND minute < $2 AND $3 > 0 ORDER BY minute";

/// The columns of [`stats_row`] and the one before them.
const COLUMNS: usize = 5 + FailureClass::ALL.len();

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

impl AttemptStats {
    /// Several stretches of time as one.
    pub fn sum<'a>(stretches: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut sum = Self::default();
        for stretch in stretches {
            sum.add(stretch);
        }
        sum
    }

    /// Adds another stretch of time.
    pub fn add(&mut self, other: &Self) {
        self.attempts += other.attempts;
        self.successes += other.successes;
        self.latency_us += other.latency_us;
        for (&class, &count) in &other.failures {
            *self.failures.entry(class).or_default() += count;
        }
        self.held_back += other.held_back;
    }
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
    /// Since when nothing but failures came of its attempts; `None` when the latest one succeeded.
    pub failing_since: Option<Timestamp>,
    /// When the certificate runs out that the receiver showed last; test traffic counts here.
    pub certificate_expires_at: Option<Timestamp>,
}

impl Store {
    /// The ledger of all endpoints together, deleted ones included, also those whose rows retention took: it
    /// takes rows, never counts. Test deliveries are counted like any other.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn ledger(&self) -> Result<Counts, StoreError> {
        let rows = sqlx::query(SELECT_LEDGER_SUM)
            .fetch_all(self.readers())
            .await?;
        ledger_total(&rows)
    }

    /// The ledgers of all endpoints, deleted ones included until retention takes their rows.
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
        let (failures, since_ms): (i64, Option<i64>) = (row.try_get(7)?, row.try_get(12)?);
        let time = |column: Option<i64>| column.map(Timestamp::from_millis);
        Ok(EndpointLedger {
            counts: ledger_row(&row)?.1,
            consecutive_failures: u32::try_from(failures).unwrap_or(u32::MAX),
            last_success_at: time(row.try_get(8)?),
            last_failure_at: time(row.try_get(9)?),
            last_failure: row.try_get(10)?,
            certificate_expires_at: time(row.try_get(11)?),
            failing_since: since_ms.map(|since_ms| self.wall_clock(since_ms)),
        })
    }

    /// Events accepted of all time, tests included: it is a number of the ledger, not of statistics.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn events_ever(&self) -> Result<u64, StoreError> {
        let row = sqlx::query(SELECT_EVENTS_EVER)
            .fetch_one(self.readers())
            .await?;
        count(&row, 0)
    }

    /// Attempts step by step from `from` (rounded down to its step) to before `to`, of all endpoints together, oldest
    /// first; steps without attempts are absent. A step is a number of minutes.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn step_stats(
        &self,
        from: Timestamp,
        to: Timestamp,
        step: Duration,
    ) -> Result<Vec<(Timestamp, AttemptStats)>, StoreError> {
        let step_ms = step_ms(step);
        let sql = if step_ms == MINUTE_MS {
            SELECT_MINUTES
        } else {
            SELECT_STEPS
        };
        let rows = sqlx::query(sql)
            .bind(from.as_millis().div_euclid(step_ms) * step_ms)
            .bind(to.as_millis())
            .bind(step_ms)
            .fetch_all(self.readers())
            .await?;
        rows.iter().map(step_row).collect()
    }

    /// Attempts by endpoint from `from` (rounded down to its minute) to before `to`, step by step and oldest first;
    /// endpoints without any are absent, and so are such steps. A step is a number of minutes. Reads a row for each
    /// minute of each endpoint: for a page of endpoints and an hour or so.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn endpoint_stats(
        &self,
        endpoints: &[EndpointId],
        from: Timestamp,
        to: Timestamp,
        step: Duration,
    ) -> Result<BTreeMap<EndpointId, Vec<(Timestamp, AttemptStats)>>, StoreError> {
        let ids: Vec<i64> = endpoints.iter().map(|id| id.as_i64()).collect();
        let rows = sqlx::query(SELECT_BY_ENDPOINT)
            .bind(minute_list(from, to))
            .bind(number_list(&ids))
            .bind(step_ms(step))
            .fetch_all(self.readers())
            .await?;
        let mut found: BTreeMap<EndpointId, Vec<(Timestamp, AttemptStats)>> = BTreeMap::new();
        for row in &rows {
            let endpoint = EndpointId::from_i64(row.try_get(COLUMNS)?);
            found.entry(endpoint).or_default().push(step_row(row)?);
        }
        Ok(found)
    }

    /// The same step by step of one endpoint, oldest first: for a day or so. A step is a number of minutes.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn endpoint_step_stats(
        &self,
        endpoint: EndpointId,
        from: Timestamp,
        to: Timestamp,
        step: Duration,
    ) -> Result<Vec<(Timestamp, AttemptStats)>, StoreError> {
        let step_ms = step_ms(step);
        let first = from.as_millis().div_euclid(step_ms) * step_ms;
        let rows = sqlx::query(SELECT_STEPS_OF)
            .bind(minute_list(Timestamp::from_millis(first), to))
            .bind(endpoint.as_i64())
            .bind(step_ms)
            .fetch_all(self.readers())
            .await?;
        rows.iter().map(step_row).collect()
    }

    /// Events accepted step by step from `from` (rounded down) to before `to`, oldest first; tests are left out, and a
    /// step without others is absent.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn accepted_by_step(
        &self,
        from: Timestamp,
        to: Timestamp,
        step: Duration,
    ) -> Result<Vec<(Timestamp, u64)>, StoreError> {
        let step_ms = step_ms(step);
        let sql = if step_ms == MINUTE_MS {
            SELECT_ACCEPTED
        } else {
            SELECT_ACCEPTED_STEPS
        };
        let rows = sqlx::query(sql)
            .bind(from.as_millis().div_euclid(step_ms) * step_ms)
            .bind(to.as_millis())
            .bind(step_ms)
            .fetch_all(self.readers())
            .await?;
        rows.iter()
            .map(|row| Ok((Timestamp::from_millis(row.try_get(0)?), count(row, 1)?)))
            .collect()
    }
}

/// A step in whole minutes, in milliseconds.
fn step_ms(step: Duration) -> i64 {
    let minutes = i64::try_from(step.as_secs() / 60).unwrap_or(1);
    minutes.max(1).saturating_mul(MINUTE_MS)
}

/// The beginning of an instant's minute, in milliseconds.
pub(super) const fn minute_of(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(MINUTE_MS) * MINUTE_MS
}

/// The minutes from that of `from` to before `to`, as one bound value.
pub(super) fn minute_list(from: Timestamp, to: Timestamp) -> String {
    let minutes = (minute_of(from)..to.as_millis()).step_by(MINUTE_STEP);
    number_list(&minutes.collect::<Vec<i64>>())
}

/// The sum of the rows of [`SELECT_LEDGER_SUM`].
pub(super) fn ledger_total(rows: &[SqliteRow]) -> Result<Counts, StoreError> {
    let mut total = Counts::default();
    for row in rows {
        let status: &str = row.try_get(0)?;
        total = total.plus(ledger_row(row)?.1);
        if status != "active" {
            total.pending -= row.try_get::<i64, _>(3)?;
        }
    }
    Ok(total)
}

/// A row of status, endpoint, created, pending, delivered, dead and discarded.
pub(super) fn ledger_row(row: &SqliteRow) -> Result<(EndpointId, Counts), StoreError> {
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

/// A step and what happened in it.
fn step_row(row: &SqliteRow) -> Result<(Timestamp, AttemptStats), StoreError> {
    Ok((Timestamp::from_millis(row.try_get(0)?), stats_row(row)?))
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
        held_back: count(row, COLUMNS - 1)?,
        failures,
    })
}
