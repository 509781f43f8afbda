//! Dead deliveries by cause: what an operator decides about, a few groups instead of thousands of rows.

use std::collections::HashMap;

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::error::StoreError;
use super::handle::Store;
use super::rows::{Columns, count, number_list};
use crate::domain::attempt::FailureClass;
use crate::domain::fingerprint::{CauseId, Fingerprint};
use crate::domain::id::EndpointId;
use crate::domain::limits::{DEAD_CAUSES_LISTED_MAX, DEAD_OF_CAUSE_COUNTED_MAX};
use crate::domain::time::Timestamp;

/// The causes of what is dead: from one to the next by the index, however many deliveries each has. `$1` is how many
/// are wanted, `$2` how far each is counted. What retention has left of a cause is less than the index knows.
pub(super) const SELECT_DEAD_CAUSES: &str = "WITH RECURSIVE who (id) AS (\
     SELECT min(last_cause) FROM deliveries WHERE state = 'dead' AND last_cause IS NOT NULL UNION ALL \
     SELECT (SELECT min(d.last_cause) FROM deliveries d WHERE d.state = 'dead' AND d.last_cause IS NOT NULL \
     AND d.last_cause > who.id) FROM who WHERE who.id IS NOT NULL LIMIT $1) \
     SELECT who.id, c.class, c.status, c.message, c.first_seen, c.last_seen, \
     (SELECT count(*) FROM (SELECT 1 FROM deliveries d WHERE d.last_cause = who.id AND d.state = 'dead' \
     AND d.last_cause IS NOT NULL LIMIT $2)), \
     (SELECT count(*) FROM cause_endpoints e WHERE e.cause_id = who.id), \
     (SELECT count(*) FROM cause_endpoints e CROSS JOIN endpoint_counters n ON n.endpoint_id = e.endpoint_id \
     WHERE e.cause_id = who.id AND n.last_success_at > e.last_seen), \
     p.id, p.name \
     FROM who LEFT JOIN causes c ON c.id = who.id LEFT JOIN endpoints p ON p.id = \
     (SELECT e.endpoint_id FROM cause_endpoints e WHERE e.cause_id = who.id ORDER BY e.last_seen DESC LIMIT 1) \
     WHERE who.id IS NOT NULL";

/// `$1` holds ids of causes.
pub(super) const SELECT_KNOWN: &str = "SELECT c.id, c.class, c.status, c.message, c.first_seen, c.last_seen \
     FROM json_each($1) i CROSS JOIN causes c ON c.id = i.value";

/// Dead deliveries whose latest failure has one cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadCause {
    /// The cause.
    pub id: CauseId,
    /// How many there are; at most [`DEAD_OF_CAUSE_COUNTED_MAX`] and one are counted.
    pub dead: u64,
    /// What is remembered of the cause.
    pub known: Option<KnownCause>,
    /// The endpoint that failed so last, with its name.
    pub latest_endpoint: Option<(EndpointId, Option<String>)>,
    /// Endpoints that ever failed so.
    pub endpoints: u64,
    /// Of those, the ones that have had a success since.
    pub succeeding: u64,
}

/// What is remembered of a cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownCause {
    /// What the failures have in common.
    pub fingerprint: Fingerprint,
    /// When an attempt first failed so.
    pub first_seen: Timestamp,
    /// When an attempt last failed so.
    pub last_seen: Timestamp,
}

impl Store {
    /// Dead deliveries by cause, most of them first; those without one, such as test traffic, are left out.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`], [`StoreError::Unavailable`].
    pub async fn dead_causes(&self) -> Result<Vec<DeadCause>, StoreError> {
        let rows = sqlx::query(SELECT_DEAD_CAUSES)
            .bind(DEAD_CAUSES_LISTED_MAX)
            .bind(i64::from(DEAD_OF_CAUSE_COUNTED_MAX) + 1)
            .fetch_all(self.readers())
            .await?;
        let mut causes = Vec::with_capacity(rows.len());
        for row in &rows {
            let id = CauseId::from_i64(row.try_get(0)?);
            let is_known = row.try_get::<Option<String>, _>(1)?.is_some();
            let known = is_known.then(|| known(row)).transpose()?;
            let endpoint: Option<i64> = row.try_get(9)?;
            let name: Option<String> = row.try_get(10)?;
            causes.push(DeadCause {
                id,
                dead: count(row, 6)?,
                known,
                latest_endpoint: endpoint.map(|id| (EndpointId::from_i64(id), name)),
                endpoints: count(row, 7)?,
                succeeding: count(row, 8)?,
            });
        }
        causes.sort_by_key(|cause| std::cmp::Reverse(cause.dead));
        Ok(causes)
    }

    /// What is remembered of some causes.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`], [`StoreError::Unavailable`].
    pub async fn known_causes(
        &self,
        ids: &[CauseId],
    ) -> Result<HashMap<CauseId, KnownCause>, StoreError> {
        let ids: Vec<i64> = ids.iter().map(|id| id.as_i64()).collect();
        let rows = sqlx::query(SELECT_KNOWN)
            .bind(number_list(&ids))
            .fetch_all(self.readers())
            .await?;
        let known = rows.iter().map(|row| {
            let known = known(row)?;
            Ok((known.fingerprint.id, known))
        });
        known.collect()
    }
}

/// The columns of a cause that begin a row.
fn known(row: &SqliteRow) -> Result<KnownCause, StoreError> {
    let mut columns = Columns::with_id(row, "causes", 0)?;
    let fingerprint = Fingerprint {
        id: CauseId::from_i64(columns.id()),
        class: columns.read("class", FailureClass::from_word)?,
        status: columns.take("status")?,
        message: columns.take("message")?,
    };
    Ok(KnownCause {
        fingerprint,
        first_seen: columns.time("first_seen")?,
        last_seen: columns.time("last_seen")?,
    })
}
