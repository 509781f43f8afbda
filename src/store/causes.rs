//! Causes of failures: counted by the writer as attempts fail, read for lists.

use std::collections::{BTreeMap, HashSet};

use sqlx::{Row, Sqlite, SqliteConnection, Transaction};

use super::counters::minute_of;
use super::error::StoreError;
use super::handle::Store;
use super::rows::{Columns, count, number_list};
use crate::domain::attempt::FailureClass;
use crate::domain::fingerprint::{CauseId, Fingerprint};
use crate::domain::limits::{CAUSE_DEAD_COUNTED_MAX, CAUSES_MAX};
use crate::domain::time::Timestamp;

const SELECT_IDS: &str = "SELECT id FROM causes";
/// `$1` to `$3` are the beginnings of the window, of the stretch before the latest, and of the latest.
pub(super) const SELECT_COUNTS: &str = "SELECT cause_id, sum(failures), sum(iif(minute >= $3, failures, 0)), \
     sum(iif(minute >= $2 AND minute < $3, failures, 0)) FROM cause_minutes WHERE minute >= $1 \
     GROUP BY cause_id ORDER BY 2 DESC, cause_id LIMIT $4";
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

impl Store {
    /// The causes of failures from `from` to `now`, most failures first; test traffic is left out.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`], [`StoreError::Unavailable`].
    pub async fn causes(
        &self,
        from: Timestamp,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Cause>, StoreError> {
        let mut moment = self.readers().begin().await?;
        let latest = minute_of(now.moved_by(-TREND_MS));
        let rows = sqlx::query(SELECT_COUNTS)
            .bind(minute_of(from))
            .bind(latest - TREND_MS)
            .bind(latest)
            .bind(i64::from(limit))
            .fetch_all(&mut *moment)
            .await?;
        let mut order = Vec::with_capacity(rows.len());
        for row in &rows {
            order.push((
                row.try_get(0)?,
                [count(row, 1)?, count(row, 2)?, count(row, 3)?],
            ));
        }
        let ids: Vec<i64> = order.iter().map(|(id, _)| *id).collect();
        let mut found = read_causes(&mut moment, &ids, minute_of(from)).await?;
        moment.commit().await?;
        // A cause that retention takes between two of its minutes is not listed.
        let listed = order
            .into_iter()
            .filter_map(|(id, [failures, latest, before])| {
                let cause = found.remove(&id)?;
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
