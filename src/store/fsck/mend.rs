//! Mending: only what follows from rows that are there. Rows first, then the counters that count them.

use sqlx::SqliteConnection;

use super::check;
use super::finding::FsckReport;
use crate::domain::actor::Actor;
use crate::domain::id::{AuditId, DeliveryId, EndpointId, IdMint};
use crate::domain::time::Timestamp;
use crate::store::error::StoreError;
use crate::store::open;

const SET_ENDPOINT: &str = "INSERT INTO endpoint_counters (endpoint_id, created, pending, delivered, dead, discarded) \
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (endpoint_id) DO UPDATE SET created = excluded.created, \
     pending = excluded.pending, delivered = excluded.delivered, dead = excluded.dead, \
     discarded = excluded.discarded";
const SET_DAY: &str = "INSERT INTO day_counters (day, created, pending, delivered, dead, discarded) \
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (day) DO UPDATE SET created = excluded.created, \
     pending = excluded.pending, delivered = excluded.delivered, dead = excluded.dead, \
     discarded = excluded.discarded";
const SET_ATTEMPTS: &str = "UPDATE deliveries SET attempts = $2 WHERE id = $1 AND attempts < $2";
const SET_NOT_DUE: &str =
    "UPDATE deliveries SET next_attempt_at = NULL WHERE id = $1 AND state <> 'pending'";
const INSERT_AUDIT: &str = "INSERT INTO audit (id, at, who, via, came_from, action, subject, detail) \
     VALUES ($1, $2, $3, $4, $5, 'fsck.repair', NULL, $6)";

/// How a finding is mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mend {
    /// The endpoint's line becomes what its rows say.
    Endpoint {
        id: EndpointId,
        created: i64,
        counted: [i64; 4],
    },
    /// The day's line becomes what its rows say.
    Day {
        day: Timestamp,
        created: i64,
        counted: [i64; 4],
    },
    /// The delivery has had as many attempts as the highest number says: no number must be given twice.
    Attempts { id: DeliveryId, attempts: i64 },
    /// A final delivery has no next attempt.
    NotDue { id: DeliveryId },
}

/// What was wrong, and what is after what can be mended was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mending {
    /// Before.
    pub before: FsckReport,
    /// After.
    pub after: FsckReport,
}

/// Mends everything that can be, inside the caller's transaction.
pub(super) async fn everything(
    connection: &mut SqliteConnection,
    actor: &Actor,
    now: Timestamp,
) -> Result<Mending, StoreError> {
    let before = check::everything(connection).await?;
    let mut left = before.clone();
    // What is beyond the findings that are kept comes up in a later round.
    while left.mendable > 0 {
        for finding in &left.findings {
            if let Some(mend) = finding.mend {
                apply(connection, mend).await?;
            }
        }
        let after = check::everything(connection).await?;
        if after.differences >= left.differences {
            left = after;
            break;
        }
        left = after;
    }
    if left.differences < before.differences {
        let mended = before.differences - left.differences;
        audit(connection, actor, now, mended, left.differences).await?;
    }
    Ok(Mending {
        before,
        after: left,
    })
}

async fn apply(connection: &mut SqliteConnection, mend: Mend) -> Result<(), StoreError> {
    let (sql, key, created, counted) = match mend {
        Mend::Endpoint {
            id,
            created,
            counted,
        } => (SET_ENDPOINT, id.as_i64(), created, counted),
        Mend::Day {
            day,
            created,
            counted,
        } => (SET_DAY, day.as_millis(), created, counted),
        Mend::Attempts { id, attempts } => {
            sqlx::query(SET_ATTEMPTS)
                .bind(id.as_i64())
                .bind(attempts)
                .execute(connection)
                .await?;
            return Ok(());
        }
        Mend::NotDue { id } => {
            sqlx::query(SET_NOT_DUE)
                .bind(id.as_i64())
                .execute(connection)
                .await?;
            return Ok(());
        }
    };
    let [pending, delivered, dead, discarded] = counted;
    sqlx::query(sql)
        .bind(key)
        .bind(created)
        .bind(pending)
        .bind(delivered)
        .bind(dead)
        .bind(discarded)
        .execute(connection)
        .await?;
    Ok(())
}

async fn audit(
    connection: &mut SqliteConnection,
    actor: &Actor,
    now: Timestamp,
    mended: u64,
    left: u64,
) -> Result<(), StoreError> {
    let highest = open::highest_id(connection).await?;
    let id: AuditId = IdMint::after(highest).next(now);
    sqlx::query(INSERT_AUDIT)
        .bind(id.as_i64())
        .bind(now.as_millis())
        .bind(actor.who.clone())
        .bind(actor.via.as_str())
        .bind(actor.from.clone())
        .bind(format!(r#"{{"mended":{mended},"left":{left}}}"#))
        .execute(connection)
        .await?;
    Ok(())
}
