//! The order of a check, and SQLite's own part of it.

use futures_util::TryStreamExt as _;
use sqlx::Row;

use super::finding::{Finding, FindingKind, FsckReport};
use super::{Moment, ledger, replays, rows};
use crate::store::error::StoreError;

const COUNT_ROWS: &str = "SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM deliveries), \
     (SELECT count(*) FROM attempts), (SELECT count(*) FROM endpoints), \
     (SELECT count(*) FROM day_counters WHERE day > 0)";
const CHECK_INTEGRITY: &str = "SELECT integrity_check FROM pragma_integrity_check";
/// References that [`rows`] explains better are left to it.
const CHECK_REFERENCES: &str = "SELECT \"table\", rowid, parent FROM pragma_foreign_key_check \
     WHERE (\"table\", parent) NOT IN \
     (VALUES ('deliveries', 'events'), ('attempts', 'deliveries'), ('endpoint_counters', 'endpoints'))";

/// Checks everything at one moment.
pub(super) async fn everything(moment: &mut Moment) -> Result<FsckReport, StoreError> {
    let mut report = FsckReport::default();
    let row = sqlx::query(COUNT_ROWS).fetch_one(&mut *moment).await?;
    let count = |index: usize| -> Result<u64, StoreError> {
        Ok(u64::try_from(row.try_get::<i64, _>(index)?).unwrap_or(0))
    };
    report.events = count(0)?;
    report.deliveries = count(1)?;
    report.attempts = count(2)?;
    report.endpoints = count(3)?;
    report.days = count(4)?;
    integrity(moment, &mut report).await?;
    references(moment, &mut report).await?;
    ledger::check(moment, &mut report).await?;
    rows::check(moment, &mut report).await?;
    replays::check(moment, &mut report).await?;
    Ok(report)
}

async fn integrity(moment: &mut Moment, report: &mut FsckReport) -> Result<(), StoreError> {
    let mut lines = sqlx::query(CHECK_INTEGRITY).fetch(moment);
    while let Some(row) = lines.try_next().await? {
        let text: String = row.try_get(0)?;
        if text != "ok" {
            report.found(Finding {
                kind: FindingKind::File,
                subject: "file".to_owned(),
                text: format!("SQLite finds: {text}"),
                mend: None,
            });
        }
    }
    Ok(())
}

async fn references(moment: &mut Moment, report: &mut FsckReport) -> Result<(), StoreError> {
    let mut lines = sqlx::query(CHECK_REFERENCES).fetch(moment);
    while let Some(row) = lines.try_next().await? {
        let (table, parent): (String, String) = (row.try_get(0)?, row.try_get(2)?);
        let place = match row.try_get::<Option<i64>, _>(1)? {
            Some(id) => format!("{table} row {id}"),
            None => table,
        };
        report.found(Finding {
            kind: FindingKind::Ownerless,
            subject: place,
            text: format!("refers to a row of {parent} that does not exist"),
            mend: None,
        });
    }
    Ok(())
}
