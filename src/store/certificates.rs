//! Ends of receivers' certificates: which are near, and which have been warned of.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::cold::{ColdCommand, WriteTx};
use super::endpoints::read_in;
use super::error::StoreError;
use super::handle::Store;
use super::record::CertificateWarning;
use super::rows::Columns;
use crate::domain::certificate::Nearness;
use crate::domain::id::EndpointId;
use crate::domain::limits::{CERTIFICATES_REMEMBERED_MAX, CERTIFICATES_ROUND_ROWS};
use crate::domain::operational::Fact;
use crate::domain::time::Timestamp;

const TABLE: &str = "endpoint_counters";
/// How long a certificate that ran out is remembered after another one was shown.
const FORGOTTEN_AFTER_MS: i64 = 30 * 24 * 60 * 60 * 1_000;

/// Goes through all endpoints by id, once an hour: no flush pays for an index on when certificates end.
pub(super) const SELECT_NEAR: &str = "SELECT c.endpoint_id, c.certificate_expires_at, w.days \
     FROM endpoint_counters c JOIN endpoints p ON p.id = c.endpoint_id \
     LEFT JOIN certificate_warnings w \
     ON w.endpoint_id = c.endpoint_id AND w.expires_at = c.certificate_expires_at \
     WHERE c.endpoint_id > $1 AND c.certificate_expires_at <= $2 AND p.status IN ('active', 'paused') \
     ORDER BY c.endpoint_id LIMIT $3";
pub(super) const SELECT_COUNTS: &str = "SELECT coalesce(sum(c.certificate_expires_at <= $1), 0), \
     coalesce(sum(c.certificate_expires_at <= $2), 0), coalesce(sum(c.certificate_expires_at <= $3), 0), \
     coalesce(sum(c.certificate_expires_at <= $4), 0), min(c.certificate_expires_at) \
     FROM endpoint_counters c JOIN endpoints p ON p.id = c.endpoint_id \
     WHERE c.certificate_expires_at IS NOT NULL AND p.status IN ('active', 'paused')";
/// Takes the row only where it is nearer than what was warned of before, and where there is room.
const WARN: &str = "INSERT INTO certificate_warnings (endpoint_id, expires_at, days, warned_at) \
     SELECT $1, $2, $3, $4 WHERE EXISTS (SELECT 1 FROM endpoints WHERE id = $1) \
     AND (SELECT count(*) FROM certificate_warnings WHERE endpoint_id = $1 AND expires_at <> $2) < $5 \
     ON CONFLICT (endpoint_id, expires_at) DO UPDATE SET days = excluded.days, warned_at = excluded.warned_at \
     WHERE excluded.days < days";
pub(super) const FORGET: &str = "DELETE FROM certificate_warnings WHERE endpoint_id = $1 AND expires_at < $2 AND expires_at <> $3";

/// A certificate that ends soon, or has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NearCertificate {
    /// Whose receiver showed it last.
    pub endpoint_id: EndpointId,
    /// When it runs out.
    pub expires_at: Timestamp,
    /// The nearest threshold that was warned of.
    pub warned: Option<Nearness>,
}

/// How many endpoints' certificates end soon; paused endpoints are counted, disabled and deleted ones are not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CertificateCounts {
    /// Within 21 days, 7 days, 1 day and 0 days: each holds those after it.
    pub within: [u64; 4],
    /// When the first one ends or ended; `None` when no certificate was seen.
    pub soonest: Option<Timestamp>,
}

impl Store {
    /// Endpoints above `after` whose latest certificate runs out until `horizon`, by rising id; at most 500, with
    /// whether there may be more. Disabled and deleted ones are left out.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; [`StoreError::Inconsistent`] for a row that cannot be read.
    pub async fn near_certificates(
        &self,
        after: EndpointId,
        horizon: Timestamp,
    ) -> Result<(Vec<NearCertificate>, bool), StoreError> {
        let rows = sqlx::query(SELECT_NEAR)
            .bind(after.as_i64())
            .bind(horizon.as_millis())
            .bind(CERTIFICATES_ROUND_ROWS)
            .fetch_all(self.readers())
            .await?;
        let full = u32::try_from(rows.len()).is_ok_and(|read| read >= CERTIFICATES_ROUND_ROWS);
        let near: Result<_, StoreError> = rows.iter().map(decode).collect();
        Ok((near?, full))
    }

    /// How many certificates end soon after `now`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn certificate_counts(
        &self,
        now: Timestamp,
    ) -> Result<CertificateCounts, StoreError> {
        let mut query = sqlx::query(SELECT_COUNTS);
        for nearness in Nearness::ALL {
            query = query.bind(nearness.horizon(now).as_millis());
        }
        let row = query.fetch_one(self.readers()).await?;
        let mut within = [0; 4];
        for (index, count) in within.iter_mut().enumerate() {
            *count = u64::try_from(row.try_get::<i64, _>(index)?).unwrap_or(0);
        }
        let soonest: Option<i64> = row.try_get(4)?;
        Ok(CertificateCounts {
            within,
            soonest: soonest.map(Timestamp::from_millis),
        })
    }

    /// Notes that a certificate's end is warned of; subscribers hear of it. Tells whether it is to be: not when it was
    /// already, as near or nearer, and not for an endpoint of which 16 other certificates are remembered, so that a
    /// receiver that shows ever new ones does not fill log and store.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn warn_of_certificate(
        &self,
        warning: CertificateWarning,
    ) -> Result<bool, StoreError> {
        self.change(Warn(warning)).await
    }
}

struct Warn(CertificateWarning);

impl ColdCommand for Warn {
    type Output = bool;

    async fn run(&mut self, tx: &mut WriteTx<'_>) -> Result<Self::Output, StoreError> {
        let warning = self.0;
        sqlx::query(FORGET)
            .bind(warning.endpoint_id.as_i64())
            .bind(tx.now.as_millis().saturating_sub(FORGOTTEN_AFTER_MS))
            .bind(warning.expires_at.as_millis())
            .execute(&mut *tx.connection)
            .await?;
        let done = sqlx::query(WARN)
            .bind(warning.endpoint_id.as_i64())
            .bind(warning.expires_at.as_millis())
            .bind(warning.nearness.days())
            .bind(tx.now.as_millis())
            .bind(CERTIFICATES_REMEMBERED_MAX)
            .execute(&mut *tx.connection)
            .await?;
        let is_new = done.rows_affected() == 1;
        if is_new {
            tx.effects.certificates.push(warning);
            let endpoint = read_in(tx.connection, warning.endpoint_id).await?;
            let (expires_at, nearness) = (warning.expires_at, warning.nearness);
            tx.announce(Fact::certificate(&endpoint, expires_at, nearness, tx.now))
                .await?;
        }
        Ok(is_new)
    }
}

fn decode(row: &SqliteRow) -> Result<NearCertificate, StoreError> {
    let mut columns = Columns::with_id(row, TABLE, 0)?;
    Ok(NearCertificate {
        endpoint_id: EndpointId::from_i64(columns.id()),
        expires_at: columns.time("certificate_expires_at")?,
        warned: columns.read_or_null("days", Nearness::from_days)?,
    })
}
