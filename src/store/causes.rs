//! Causes of failures: counted by the writer as attempts fail, read for lists.

use std::collections::{BTreeMap, HashSet};

use sqlx::{Row, Sqlite, SqliteConnection, Transaction};

use super::cold::WriteTx;
use super::counters::minute_of;
use super::error::StoreError;
use super::handle::Store;
use super::rows::{Columns, count, number_list};
use crate::domain::attempt::FailureClass;
use crate::domain::fingerprint::{CauseId, Fingerprint};
use crate::domain::id::EndpointId;
use crate::domain::limits::{CAUSE_DEAD_COUNTED_MAX, CAUSES_MAX};
use crate::domain::time::Timestamp;

const SELECT_MESSAGE: &str = "SELECT message FROM causes WHERE id = $1";
/// A cause that came from elsewhere: no attempt has failed so here. What the writer tells apart stays bounded.
const INSERT_KNOWN: &str = "INSERT INTO causes (id, class, status, message, failures, first_seen, last_seen) \
     SELECT $1, $2, $3, $4, 0, $5, $5 WHERE (SELECT count(*) FROM causes) < $6 ON CONFLICT (id) DO NOTHING";
const INSERT_KNOWN_ENDPOINT: &str = "INSERT INTO cause_endpoints (cause_id, endpoint_id, failures, last_seen) \
     SELECT id, $2, 0, $3 FROM causes WHERE id = $1 ON CONFLICT (cause_id, endpoint_id) DO NOTHING";
const SELECT_IDS: &str = "SELECT id FROM causes";
pub(super) const SELECT_FAILURES: &str = "SELECT cause_id, sum(failures) FROM cause_minutes \
     WHERE minute >= $1 AND minute < $2 GROUP BY cause_id";
/// `$1` and `$2` are the beginnings of the stretch before the latest, and of the latest.
pub(super) const SELECT_TREND: &str = "SELECT cause_id, sum(iif(minute >= $2, failures, 0)), \
     sum(iif(minute < $2, failures, 0)) FROM cause_minutes WHERE minute >= $1 GROUP BY cause_id";
/// `$1` holds ids; `$2` and `$3` are the beginning of the window, and one more than the dead that are counted.
pub(super) const SELECT_CAUSES: &str = "SELECT c.id, c.class, c.status, c.message, c.failures, c.first_seen, c.last_seen, \
     (SELECT count(*) FROM (SELECT 1 FROM deliveries d WHERE d.last_cause = c.id AND d.state = 'dead' \
     AND d.last_cause IS NOT NULL LIMIT $3)), \
     (SELECT count(*) FROM cause_endpoints e WHERE e.cause_id = c.id AND e.last_seen >= $2), \
     (SELECT count(*) FROM cause_endpoints e CROSS JOIN endpoint_counters n ON n.endpoint_id = e.endpoint_id \
     WHERE e.cause_id = c.id AND e.last_seen >= $2 AND n.last_success_at > e.last_seen) \
     FROM json_each($1) i CROSS JOIN causes c ON c.id = i.value";

/// Ten minutes: the stretches that a trend compares.
const TREND_MS: i64 = 600_000;

/// The causes that the writer tells apart.
#[derive(Debug, Default)]
pub(super) struct KnownCauses(HashSet<CauseId>);

impl KnownCauses {
    /// Those of the file.
    pub(super) async fn read(connection: &mut SqliteConnection) -> Result<Self, StoreError> {
        let rows = sqlx::query(SELECT_IDS).fetch_all(connection).await?;
        let ids = rows
            .iter()
            .map(|row| Ok(CauseId::from_i64(row.try_get(0)?)));
        Ok(Self(ids.collect::<Result<_, StoreError>>()?))
    }

    /// The fingerprint under which a failure counts: its own, or where there are too many, its class's.
    pub(super) fn admit(&mut self, found: Fingerprint) -> Fingerprint {
        if self.0.contains(&found.id) {
            return found;
        }
        let found = if self.0.len() < CAUSES_MAX {
            found
        } else {
            Fingerprint::other(found.class)
        };
        self.0.insert(found.id);
        found
    }

    /// Forgets causes that retention took.
    pub(super) fn forget(&mut self, gone: &[CauseId]) {
        for id in gone {
            self.0.remove(id);
        }
    }
}

/// A cause with what it did in a window of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// What the failures have in common.
    pub fingerprint: Fingerprint,
    /// Failed attempts in the window, by whole minutes.
    pub failures: u64,
    /// Failed attempts in the latest ten minutes.
    pub latest: u64,
    /// Failed attempts in the ten minutes before those.
    pub before: u64,
    /// Failed attempts of all time, as far as the cause is remembered.
    pub failures_ever: u64,
    /// When an attempt first failed so.
    pub first_seen: Timestamp,
    /// When an attempt last failed so.
    pub last_seen: Timestamp,
    /// Dead deliveries whose latest failure it is; at most [`CAUSE_DEAD_COUNTED_MAX`] and one are counted.
    pub dead: u64,
    /// Endpoints that failed so in the window.
    pub endpoints: u64,
    /// Of those, the ones that have had a success since.
    pub succeeding: u64,
}

/// Of what time causes are asked for.
#[derive(Clone, Debug, Default)]
pub struct CauseWindow {
    /// Its beginning: endpoints that failed before are not counted.
    pub from: Timestamp,
    /// Its end, and the present for a trend.
    pub now: Timestamp,
    /// Failures of those parts of it that the caller has counted already.
    pub counted: BTreeMap<CauseId, u64>,
    /// The other parts, each from its first (rounded down to its minute) to before its second.
    pub open: Vec<(Timestamp, Timestamp)>,
    /// Causes at most.
    pub limit: u32,
}

impl Store {
    /// What a cause says; none where it is remembered no longer.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn cause_message(&self, id: CauseId) -> Result<Option<String>, StoreError> {
        let message = sqlx::query_scalar(SELECT_MESSAGE).bind(id.as_i64());
        Ok(message.fetch_optional(self.readers()).await?)
    }

    /// How often attempts failed for which cause from `from` (rounded down to its minute) to before `to`; test traffic
    /// is left out.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn cause_failures(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<(CauseId, u64)>, StoreError> {
        read_failures(&mut *self.readers().acquire().await?, from, to).await
    }

    /// The causes of the failures of a window, most failures first; test traffic is left out. All of it is read at one
    /// moment, but for what the caller has counted before.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`], [`StoreError::Unavailable`].
    pub async fn causes(&self, window: CauseWindow) -> Result<Vec<Cause>, StoreError> {
        let CauseWindow {
            from,
            now,
            counted,
            open,
            limit,
        } = window;
        let mut moment = self.readers().begin().await?;
        let mut failures = counted;
        for (from, to) in open {
            for (cause, count) in read_failures(&mut moment, from, to).await? {
                *failures.entry(cause).or_default() += count;
            }
        }
        let mut order: Vec<_> = failures.into_iter().collect();
        order.sort_by_key(|&(id, failures)| (std::cmp::Reverse(failures), id));
        order.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let ids: Vec<i64> = order.iter().map(|(id, _)| id.as_i64()).collect();
        let latest = minute_of(now.moved_by(-TREND_MS));
        let rows = sqlx::query(SELECT_TREND)
            .bind(latest - TREND_MS)
            .bind(latest)
            .fetch_all(&mut *moment)
            .await?;
        let mut trends = BTreeMap::new();
        for row in &rows {
            let id: i64 = row.try_get(0)?;
            trends.insert(id, [count(row, 1)?, count(row, 2)?]);
        }
        let mut found = read_causes(&mut moment, &ids, minute_of(from)).await?;
        moment.commit().await?;
        // A cause that retention takes between two of its minutes is not listed.
        let listed = order.into_iter().filter_map(|(id, failures)| {
            let cause = found.remove(&id.as_i64())?;
            let [latest, before] = trends.remove(&id.as_i64()).unwrap_or_default();
            Some(Cause {
                failures,
                latest,
                before,
                ..cause
            })
        });
        Ok(listed.collect())
    }
}

async fn read_failures(
    connection: &mut SqliteConnection,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<(CauseId, u64)>, StoreError> {
    let rows = sqlx::query(SELECT_FAILURES)
        .bind(minute_of(from))
        .bind(to.as_millis())
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| Ok((CauseId::from_i64(row.try_get(0)?), count(row, 1)?)))
        .collect()
}

/// Remembers what dead letters from elsewhere died of, so that lists have words for it.
pub(super) async fn remember(
    tx: &mut WriteTx<'_>,
    cause: &Fingerprint,
    endpoint_id: EndpointId,
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(INSERT_KNOWN)
        .bind(cause.id.as_i64())
        .bind(cause.class.as_str())
        .bind(cause.status)
        .bind(cause.message.clone())
        .bind(at.as_millis())
        .bind(i64::try_from(CAUSES_MAX).unwrap_or(i64::MAX))
        .execute(&mut *tx.connection)
        .await?;
    sqlx::query(INSERT_KNOWN_ENDPOINT)
        .bind(cause.id.as_i64())
        .bind(endpoint_id.as_i64())
        .bind(at.as_millis())
        .execute(&mut *tx.connection)
        .await?;
    Ok(())
}

async fn read_causes(
    moment: &mut Transaction<'_, Sqlite>,
    ids: &[i64],
    from: i64,
) -> Result<BTreeMap<i64, Cause>, StoreError> {
    let rows = sqlx::query(SELECT_CAUSES)
        .bind(number_list(ids))
        .bind(from)
        .bind(i64::from(CAUSE_DEAD_COUNTED_MAX) + 1)
        .fetch_all(&mut **moment)
        .await?;
    let mut causes = BTreeMap::new();
    for row in &rows {
        let mut columns = Columns::with_id(row, "causes", 0)?;
        let id = columns.id();
        let fingerprint = Fingerprint {
            id: CauseId::from_i64(id),
            class: columns.read("class", FailureClass::from_word)?,
            status: columns.take("status")?,
            message: columns.take("message")?,
        };
        let time = |index: usize| -> Result<Timestamp, StoreError> {
            Ok(Timestamp::from_millis(row.try_get(index)?))
        };
        let cause = Cause {
            fingerprint,
            failures: 0,
            latest: 0,
            before: 0,
            failures_ever: count(row, 4)?,
            first_seen: time(5)?,
            last_seen: time(6)?,
            dead: count(row, 7)?,
            endpoints: count(row, 8)?,
            succeeding: count(row, 9)?,
        };
        causes.insert(id, cause);
    }
    Ok(causes)
}
