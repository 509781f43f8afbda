//! Replays and causes: their counters against their rows, each item in one place, and the plan's hash.

use futures_util::TryStreamExt as _;
use sha2::{Digest as _, Sha256};
use sqlx::Row;

use super::Moment;
use super::finding::{Finding, FindingKind, FsckReport};
use crate::domain::fingerprint::CauseId;
use crate::domain::id::{DeliveryId, ReplayId};
use crate::store::error::StoreError;

/// What each counter of a replay is counted again as: the counter, and the rows that it counts.
const COUNTERS: [(&str, &str); 5] = [
    ("open", "i.outcome = 'open'"),
    ("delivered", "i.outcome = 'delivered'"),
    ("failed", "i.outcome = 'failed'"),
    ("skipped", "i.outcome = 'skipped'"),
    (
        "deferred",
        "i.outcome IS NULL AND i.deferred_for IS NOT NULL",
    ),
];

const SUMS: &str = "SELECT id, total, waiting + open + delivered + failed + skipped + cancelled, untried, open, deferred, \
     waiting FROM replays WHERE state <> 'planning' AND (total <> waiting + open + delivered + failed + skipped + cancelled \
     OR untried > open OR untried < 0 OR deferred > waiting OR deferred < 0 OR waiting < 0 OR open < 0)";
/// A replay that is over keeps its items for a while, and loses them chunk by chunk.
const ITEMS: &str = "SELECT r.id, r.total, count(i.delivery_id), r.state FROM replays r \
     LEFT JOIN replay_items i ON i.replay_id = r.id \
     WHERE r.state IN ('planned', 'running', 'paused', 'stopped') GROUP BY r.id HAVING count(i.delivery_id) <> r.total";
const WAITING: &str = "SELECT r.id, iif(r.state = 'cancelled', r.cancelled, r.waiting), \
     coalesce(sum(i.outcome IS NULL), 0) FROM replays r JOIN replay_items i ON i.replay_id = r.id \
     WHERE r.state <> 'planning' GROUP BY r.id \
     HAVING count(*) = r.total AND sum(i.outcome IS NULL) <> iif(r.state = 'cancelled', r.cancelled, r.waiting)";
const OVER: &str = "SELECT id, state, waiting, open FROM replays \
     WHERE (state = 'finished' AND waiting + open > 0) OR (state = 'cancelled' AND waiting > 0)";
const ORPHANS: &str = "SELECT i.replay_id, min(i.delivery_id), count(*) FROM replay_items i \
     LEFT JOIN replays r ON r.id = i.replay_id WHERE r.id IS NULL GROUP BY i.replay_id";
const OPEN_ITEMS: &str = "SELECT i.replay_id, i.delivery_id, coalesce(d.state, 'gone') FROM replay_items i \
     LEFT JOIN deliveries d ON d.id = i.delivery_id WHERE i.outcome = 'open' \
     AND (d.id IS NULL OR d.state <> 'pending' OR d.replay_id IS NOT i.replay_id)";
const OPEN_DELIVERIES: &str = "SELECT d.replay_id, d.id, coalesce(i.outcome, 'none') FROM deliveries d \
     LEFT JOIN replay_items i ON i.replay_id = d.replay_id AND i.delivery_id = d.id \
     WHERE d.state = 'pending' AND d.replay_id IS NOT NULL AND i.outcome IS NOT 'open' \
     AND EXISTS (SELECT 1 FROM replay_items o WHERE o.replay_id = d.replay_id)";
/// Items that are events are keyed anew when their deliveries are made.
const HASHES: &str = "SELECT i.replay_id, i.delivery_id, r.flight->>'hash', r.total FROM replay_items i \
     JOIN replays r ON r.id = i.replay_id WHERE r.state <> 'planning' \
     AND r.flight->>'missed_by' IS NULL ORDER BY i.replay_id, i.delivery_id";
/// Minutes go with their age, endpoints with their deletion: what is left may be less than all, never more.
const CAUSES: &str = "SELECT c.id, c.failures, \
     (SELECT coalesce(sum(e.failures), 0) FROM cause_endpoints e WHERE e.cause_id = c.id), \
     (SELECT coalesce(sum(m.failures), 0) FROM cause_minutes m WHERE m.cause_id = c.id), c.first_seen > c.last_seen \
     FROM causes c";
const CAUSE_ORPHANS: &str = "SELECT e.cause_id, count(*) FROM cause_endpoints e \
     LEFT JOIN causes c ON c.id = e.cause_id WHERE c.id IS NULL GROUP BY e.cause_id";

/// Looks at all of it.
pub(super) async fn check(moment: &mut Moment, report: &mut FsckReport) -> Result<(), StoreError> {
    sums(moment, report).await?;
    items(moment, report).await?;
    for (counter, rows) in COUNTERS {
        counted(moment, report, counter, rows).await?;
    }
    owners(moment, report).await?;
    hashes(moment, report).await?;
    causes(moment, report).await
}

async fn sums(moment: &mut Moment, report: &mut FsckReport) -> Result<(), StoreError> {
    let mut rows = sqlx::query(SUMS).fetch(&mut *moment);
    while let Some(row) = rows.try_next().await? {
        let [total, sum, untried, open, deferred, waiting] = numbers(&row, 1)?;
        let text = format!(
            "has {total} items, and {sum} that stand somewhere ({untried} of {open} open ones untried, {deferred} of \
             {waiting} waiting ones passed over)"
        );
        found(report, FindingKind::Ledger, replay(row.try_get(0)?), text);
    }
    Ok(())
}

async fn items(moment: &mut Moment, report: &mut FsckReport) -> Result<(), StoreError> {
    {
        let mut rows = sqlx::query(ITEMS).fetch(&mut *moment);
        while let Some(row) = rows.try_next().await? {
            let [total, there] = numbers(&row, 1)?;
            let state: String = row.try_get(3)?;
            let text = format!("is {state} with {total} items, and there are {there}");
            found(report, FindingKind::Ledger, replay(row.try_get(0)?), text);
        }
    }
    {
        let mut rows = sqlx::query(WAITING).fetch(&mut *moment);
        while let Some(row) = rows.try_next().await? {
            let [counted, there] = numbers(&row, 1)?;
            let text = format!("counts {counted} items without an outcome, and there are {there}");
            found(report, FindingKind::Ledger, replay(row.try_get(0)?), text);
        }
    }
    let mut rows = sqlx::query(OVER).fetch(&mut *moment);
    while let Some(row) = rows.try_next().await? {
        let state: String = row.try_get(1)?;
        let [waiting, open] = numbers(&row, 2)?;
        let text = format!("is {state}, with {waiting} items that wait and {open} under way");
        found(
            report,
            FindingKind::Impossible,
            replay(row.try_get(0)?),
            text,
        );
    }
    Ok(())
}

/// Counts one counter again, for the replays that have all their items still.
async fn counted(
    moment: &mut Moment,
    report: &mut FsckReport,
    counter: &str,
    is_counted: &str,
) -> Result<(), StoreError> {
    // A cancelled one counts nothing as passed over any more.
    let sql = format!(
        "SELECT r.id, r.{counter}, sum(coalesce({is_counted}, 0)) FROM replays r JOIN replay_items i \
         ON i.replay_id = r.id WHERE r.state <> 'planning' AND (r.state <> 'cancelled' OR '{counter}' <> 'deferred') \
         GROUP BY r.id HAVING count(*) = r.total AND sum(coalesce({is_counted}, 0)) <> r.{counter}"
    );
    let mut rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch(&mut *moment);
    while let Some(row) = rows.try_next().await? {
        let [counted, there] = numbers(&row, 1)?;
        let text = format!("counts {counted} {counter} items, and there are {there}");
        found(report, FindingKind::Ledger, replay(row.try_get(0)?), text);
    }
    Ok(())
}

/// Items and deliveries that do not know each other.
async fn owners(moment: &mut Moment, report: &mut FsckReport) -> Result<(), StoreError> {
    {
        let mut rows = sqlx::query(ORPHANS).fetch(&mut *moment);
        while let Some(row) = rows.try_next().await? {
            let [first, count] = numbers(&row, 1)?;
            let first = DeliveryId::from_i64(first);
            let text = format!("has {count} items, the first of them {first}, and does not exist");
            found(
                report,
                FindingKind::Ownerless,
                replay(row.try_get(0)?),
                text,
            );
        }
    }
    {
        let mut rows = sqlx::query(OPEN_ITEMS).fetch(&mut *moment);
        while let Some(row) = rows.try_next().await? {
            let owner = replay(row.try_get(0)?);
            let state: String = row.try_get(2)?;
            let text = format!("is an open item of {owner}, and is {state} or not of that replay");
            let subject = DeliveryId::from_i64(row.try_get(1)?).to_string();
            found(report, FindingKind::Impossible, subject, text);
        }
    }
    let mut rows = sqlx::query(OPEN_DELIVERIES).fetch(&mut *moment);
    while let Some(row) = rows.try_next().await? {
        let owner = replay(row.try_get(0)?);
        let outcome: String = row.try_get(2)?;
        let text = format!("is pending for {owner}, whose item it is has the outcome {outcome}");
        let subject = DeliveryId::from_i64(row.try_get(1)?).to_string();
        found(report, FindingKind::Impossible, subject, text);
    }
    Ok(())
}

/// The ids of a replay, hashed as they pass.
#[derive(Default)]
struct Hashing {
    id: Option<i64>,
    digest: Sha256,
    expected: Option<String>,
    total: i64,
    there: i64,
}

impl Hashing {
    /// Tells what is wrong with the replay whose ids have all passed, and begins the next.
    fn end(&mut self, report: &mut FsckReport) {
        let Self {
            id,
            digest,
            expected,
            total,
            there,
        } = std::mem::take(self);
        let hash = hex::encode(digest.finalize());
        let Some(id) = id.filter(|_| total == there) else {
            return;
        };
        if expected.as_deref() != Some(&*hash) {
            let text = format!(
                "was planned with the hash {}, and its items have {hash}",
                expected.unwrap_or_default()
            );
            found(report, FindingKind::Impossible, replay(id), text);
        }
    }
}

async fn hashes(moment: &mut Moment, report: &mut FsckReport) -> Result<(), StoreError> {
    let mut hashing = Hashing::default();
    let mut rows = sqlx::query(HASHES).fetch(&mut *moment);
    while let Some(row) = rows.try_next().await? {
        let id: i64 = row.try_get(0)?;
        if hashing.id != Some(id) {
            hashing.end(report);
            hashing.id = Some(id);
            hashing.expected = row.try_get(2)?;
            hashing.total = row.try_get(3)?;
        }
        hashing.there += 1;
        let delivery: i64 = row.try_get(1)?;
        hashing.digest.update(delivery.to_be_bytes());
    }
    hashing.end(report);
    Ok(())
}

async fn causes(moment: &mut Moment, report: &mut FsckReport) -> Result<(), StoreError> {
    {
        let mut rows = sqlx::query(CAUSES).fetch(&mut *moment);
        while let Some(row) = rows.try_next().await? {
            let subject = cause(row.try_get(0)?);
            let [failures, of_endpoints, of_minutes] = numbers(&row, 1)?;
            if of_endpoints > failures || of_minutes > failures {
                let text = format!(
                    "counts {failures} failures, its endpoints {of_endpoints}, its minutes {of_minutes}"
                );
                found(report, FindingKind::Ledger, subject.clone(), text);
            }
            if row.try_get(4)? {
                let text = "was seen first after it was seen last".to_owned();
                found(report, FindingKind::Impossible, subject, text);
            }
        }
    }
    let mut rows = sqlx::query(CAUSE_ORPHANS).fetch(&mut *moment);
    while let Some(row) = rows.try_next().await? {
        let [endpoints] = numbers(&row, 1)?;
        let text = format!("counts failures for {endpoints} endpoints, and does not exist");
        found(report, FindingKind::Ownerless, cause(row.try_get(0)?), text);
    }
    Ok(())
}

fn numbers<const N: usize>(
    row: &sqlx::sqlite::SqliteRow,
    from: usize,
) -> Result<[i64; N], sqlx::Error> {
    let mut numbers = [0; N];
    for (index, number) in numbers.iter_mut().enumerate() {
        *number = row.try_get(from + index)?;
    }
    Ok(numbers)
}

fn replay(id: i64) -> String {
    ReplayId::from_i64(id).to_string()
}

fn cause(id: i64) -> String {
    format!("cause:{}", CauseId::from_i64(id))
}

fn found(report: &mut FsckReport, kind: FindingKind, subject: String, text: String) {
    report.found(Finding {
        kind,
        subject,
        text,
        mend: None,
    });
}
