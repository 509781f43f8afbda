//! Rows that belong to nobody, and rows that say what cannot be: one statement for each, one finding for each row.

use futures_util::TryStreamExt as _;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::Moment;
use super::finding::{Finding, FindingKind, FsckReport};
use super::mend::Mend;
use crate::domain::id::{AttemptId, DeliveryId, EndpointId, EventId};
use crate::store::error::StoreError;

/// What to look for, and what to say of a row that is found.
struct RowCheck {
    kind: FindingKind,
    /// Gives the ids of rows, and whatever `tell` needs behind them.
    sql: &'static str,
    tell: fn(&SqliteRow) -> Result<Told, sqlx::Error>,
}

/// Whom a row is about, what is wrong, and how it is mended.
type Told = (String, String, Option<Mend>);

const CHECKS: [RowCheck; 17] = [
    RowCheck {
        kind: FindingKind::Ownerless,
        sql: "SELECT d.id, d.endpoint_id, d.state FROM deliveries d \
             LEFT JOIN endpoints p ON p.id = d.endpoint_id WHERE p.id IS NULL",
        tell: |row| {
            let owner = EndpointId::from_i64(row.try_get(1)?);
            let state: String = row.try_get(2)?;
            told(
                delivery(row)?,
                format!("is {state} for {owner}, which does not exist"),
            )
        },
    },
    RowCheck {
        kind: FindingKind::Ownerless,
        sql: "SELECT d.id, d.event_id, d.state FROM deliveries d \
             LEFT JOIN events e ON e.id = d.event_id WHERE e.id IS NULL",
        tell: |row| {
            let owner = EventId::from_i64(row.try_get(1)?);
            let state: String = row.try_get(2)?;
            told(
                delivery(row)?,
                format!("is {state} and carries {owner}, which does not exist"),
            )
        },
    },
    RowCheck {
        kind: FindingKind::Ownerless,
        sql: "SELECT a.id, a.delivery_id FROM attempts a \
             LEFT JOIN deliveries d ON d.id = a.delivery_id WHERE d.id IS NULL",
        tell: |row| {
            let owner = DeliveryId::from_i64(row.try_get(1)?);
            told(
                attempt(row)?,
                format!("was made for {owner}, which does not exist"),
            )
        },
    },
    RowCheck {
        kind: FindingKind::Ownerless,
        sql: "SELECT c.endpoint_id FROM endpoint_counters c \
             LEFT JOIN endpoints p ON p.id = c.endpoint_id WHERE p.id IS NULL",
        tell: |row| {
            let owner = EndpointId::from_i64(row.try_get(0)?);
            told(
                owner.to_string(),
                "has a line in the ledger and does not exist".to_owned(),
            )
        },
    },
    RowCheck {
        kind: FindingKind::Impossible,
        sql: "SELECT a.id, d.id FROM attempts a JOIN deliveries d ON d.id = a.delivery_id \
             WHERE a.endpoint_id <> d.endpoint_id OR a.event_id <> d.event_id",
        tell: |row| {
            let owner = DeliveryId::from_i64(row.try_get(1)?);
            told(
                attempt(row)?,
                format!("names another endpoint or event than {owner}, for which it was made"),
            )
        },
    },
    RowCheck {
        kind: FindingKind::Impossible,
        sql: "SELECT d.id, d.attempts, max(a.number) FROM attempts a JOIN deliveries d ON d.id = a.delivery_id \
             WHERE a.number > d.attempts GROUP BY d.id",
        tell: |row| {
            let (counted, number): (i64, i64) = (row.try_get(1)?, row.try_get(2)?);
            let mend = Mend::Attempts {
                id: DeliveryId::from_i64(row.try_get(0)?),
                attempts: number,
            };
            let text = format!("counts {counted} attempts, and there is one with number {number}");
            Ok((delivery(row)?, text, Some(mend)))
        },
    },
    RowCheck {
        kind: FindingKind::Impossible,
        sql: "SELECT d.id, coalesce(d.last_class, 'none'), coalesce(a.failure_class, 'none'), a.number \
             FROM attempts a JOIN deliveries d ON d.id = a.delivery_id \
             WHERE a.started_at = d.last_at AND a.failure_class IS NOT d.last_class AND NOT EXISTS \
             (SELECT 1 FROM attempts b WHERE b.delivery_id = d.id AND b.started_at = d.last_at \
             AND b.failure_class IS d.last_class)",
        tell: |row| {
            let (class, found): (String, String) = (row.try_get(1)?, row.try_get(2)?);
            let number: i64 = row.try_get(3)?;
            told(
                delivery(row)?,
                format!(
                    "says that its last attempt's failure was {class}, and attempt {number} says {found}"
                ),
            )
        },
    },
    // A connection that only reads leaves the tables' own rules unchecked, SQLite's checks included.
    RowCheck {
        kind: FindingKind::Impossible,
        sql: "SELECT id, state, coalesce(reason, 'none') FROM deliveries \
             WHERE state NOT IN ('pending', 'delivered', 'dead', 'discarded') \
             OR (state IN ('dead', 'discarded')) <> (reason IS NOT NULL)",
        tell: |row| {
            let (state, reason): (String, String) = (row.try_get(1)?, row.try_get(2)?);
            told(
                delivery(row)?,
                format!("is {state} for the reason {reason}"),
            )
        },
    },
    RowCheck {
        kind: FindingKind::Impossible,
        sql: "SELECT id, state FROM deliveries WHERE state <> 'pending' AND next_attempt_at IS NOT NULL",
        tell: |row| {
            let state: String = row.try_get(1)?;
            let mend = Mend::NotDue {
                id: DeliveryId::from_i64(row.try_get(0)?),
            };
            let text = format!("is {state} and has a next attempt that is never made");
            Ok((delivery(row)?, text, Some(mend)))
        },
    },
    RowCheck {
        kind: FindingKind::Impossible,
        sql: "SELECT id, attempts, budget_attempts FROM deliveries \
             WHERE budget_attempts > attempts OR budget_attempts < 0 OR attempts < 0",
        tell: |row| {
            let (all, budget): (i64, i64) = (row.try_get(1)?, row.try_get(2)?);
            told(
                delivery(row)?,
                format!("counts {budget} attempts since acceptance or replay, and {all} in all"),
            )
        },
    },
    RowCheck {
        kind: FindingKind::Impossible,
        sql: "SELECT id, coalesce(last_class, 'none'), attempts FROM deliveries WHERE state = 'delivered' \
             AND (last_class IS NOT NULL OR attempts = 0)",
        tell: |row| {
            let (class, attempts): (String, i64) = (row.try_get(1)?, row.try_get(2)?);
            told(
                delivery(row)?,
                format!("is delivered after {attempts} attempts, and its last failure is {class}"),
            )
        },
    },
    RowCheck {
        kind: FindingKind::Impossible,
        sql: "SELECT id FROM deliveries WHERE attempts = 0 AND last_at IS NOT NULL",
        tell: |row| {
            told(
                delivery(row)?,
                "was never tried and has a last attempt".to_owned(),
            )
        },
    },
    RowCheck {
        kind: FindingKind::Impossible,
        sql: "SELECT d.id, d.event_id FROM deliveries d JOIN events e ON e.id = d.event_id \
             WHERE d.event_type <> e.event_type OR d.test <> e.test",
        tell: |row| {
            let owner = EventId::from_i64(row.try_get(1)?);
            told(
                delivery(row)?,
                format!("has another type or test mark than {owner}, which it carries"),
            )
        },
    },
    RowCheck {
        kind: FindingKind::Impossible,
        sql: "SELECT d.id, d.event_id, d.state FROM deliveries d JOIN events e ON e.id = d.event_id \
             WHERE e.data IS NULL AND d.state IN ('pending', 'dead')",
        tell: |row| {
            let owner = EventId::from_i64(row.try_get(1)?);
            let state: String = row.try_get(2)?;
            told(
                delivery(row)?,
                format!("is {state}, and the payload of {owner} is gone"),
            )
        },
    },
    RowCheck {
        kind: FindingKind::Impossible,
        sql: "SELECT max(id), event_id, endpoint_id, count(*) FROM deliveries \
             GROUP BY event_id, endpoint_id HAVING count(*) > 1",
        tell: |row| {
            let event = EventId::from_i64(row.try_get(1)?);
            let endpoint = EndpointId::from_i64(row.try_get(2)?);
            let count: i64 = row.try_get(3)?;
            told(
                delivery(row)?,
                format!("is one of {count} deliveries of {event} to {endpoint}"),
            )
        },
    },
    RowCheck {
        kind: FindingKind::Impossible,
        sql: "SELECT id, status || iif(breaker_open_since IS NULL, '', ' behind an open breaker'), \
             hold_since IS NOT NULL FROM endpoints \
             WHERE ((status IN ('paused', 'disabled') OR breaker_open_since IS NOT NULL) AND hold_since IS NULL \
             AND status <> 'deleted') \
             OR (status = 'active' AND breaker_open_since IS NULL AND hold_since IS NOT NULL)",
        tell: |row| {
            let status: String = row.try_get(1)?;
            let holds = if row.try_get(2)? {
                "runs"
            } else {
                "stands still"
            };
            let owner = EndpointId::from_i64(row.try_get(0)?);
            told(
                owner.to_string(),
                format!("is {status}, and the clock of its hold {holds}"),
            )
        },
    },
    RowCheck {
        kind: FindingKind::Remark,
        sql: "SELECT p.id, c.pending FROM endpoints p JOIN endpoint_counters c ON c.endpoint_id = p.id \
             WHERE p.status = 'deleted' AND c.pending > 0",
        tell: |row| {
            let owner = EndpointId::from_i64(row.try_get(0)?);
            let pending: i64 = row.try_get(1)?;
            told(
                owner.to_string(),
                format!(
                    "is deleted with {pending} pending: the service discards them while it runs"
                ),
            )
        },
    },
];

/// Looks for everything.
pub(super) async fn check(moment: &mut Moment, report: &mut FsckReport) -> Result<(), StoreError> {
    for check in &CHECKS {
        let mut rows = sqlx::query(check.sql).fetch(&mut *moment);
        while let Some(row) = rows.try_next().await? {
            let (subject, text, mend) = (check.tell)(&row)?;
            report.found(Finding {
                kind: check.kind,
                subject,
                text,
                mend,
            });
        }
    }
    Ok(())
}

fn told(subject: String, text: String) -> Result<Told, sqlx::Error> {
    Ok((subject, text, None))
}

fn delivery(row: &SqliteRow) -> Result<String, sqlx::Error> {
    Ok(DeliveryId::from_i64(row.try_get(0)?).to_string())
}

fn attempt(row: &SqliteRow) -> Result<String, sqlx::Error> {
    Ok(AttemptId::from_i64(row.try_get(0)?).to_string())
}
