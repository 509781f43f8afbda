//! The ledger against the rows: counted again by endpoint and by day, state by state.
//!
//! A line can be mended where no row is missing by it: then the rows say what the counters must be. Where rows are
//! missing nothing can bring them back, and a counter that hid that would be worse than one that tells.

use std::collections::BTreeMap;

use futures_util::TryStreamExt as _;
use sqlx::Row;

use super::Moment;
use super::finding::{Finding, FindingKind, FsckReport};
use super::mend::Mend;
use crate::domain::id::EndpointId;
use crate::domain::time::Timestamp;
use crate::store::error::StoreError;

const STATES: [&str; 4] = ["pending", "delivered", "dead", "discarded"];

const COUNT_BY_ENDPOINT: &str = "SELECT endpoint_id, \
     count(*) FILTER (WHERE state = 'pending'), count(*) FILTER (WHERE state = 'delivered'), \
     count(*) FILTER (WHERE state = 'dead'), count(*) FILTER (WHERE state = 'discarded') \
     FROM deliveries GROUP BY endpoint_id";
/// 19723 days lie between 1970-01-01 and 2024-01-01, where ids begin; the lower 22 bits of an id number those of one
/// millisecond.
const COUNT_BY_DAY: &str = "SELECT 86400000 * (19723 + id / 4194304 / 86400000), \
     count(*) FILTER (WHERE state = 'pending'), count(*) FILTER (WHERE state = 'delivered'), \
     count(*) FILTER (WHERE state = 'dead'), count(*) FILTER (WHERE state = 'discarded') \
     FROM deliveries GROUP BY 1";
const READ_ENDPOINTS: &str = "SELECT endpoint_id, created, pending, delivered, dead, discarded, 0, removed_delivered, \
     removed_dead, removed_discarded FROM endpoint_counters";
const READ_DAYS: &str = "SELECT day, created, pending, delivered, dead, discarded, 0, removed_delivered, \
     removed_dead, removed_discarded FROM day_counters";
const READ_TOTALS: &str = "SELECT gone_created, gone_delivered, gone_dead, gone_discarded, events, \
     (SELECT count(*) FROM events) FROM totals WHERE id = 1";
const READ_OWNERS: &str = "SELECT p.id, c.endpoint_id IS NOT NULL FROM endpoints p \
     LEFT JOIN endpoint_counters c ON c.endpoint_id = p.id";

/// A line of counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Line {
    created: i64,
    /// By state, in the order of [`STATES`].
    counted: [i64; 4],
    /// Of those, the ones whose rows retention took.
    removed: [i64; 4],
}

/// Whose line it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    Endpoint(EndpointId),
    Day(Timestamp),
}

/// Compares every line with the rows, and the lines' sums with each other.
pub(super) async fn check(moment: &mut Moment, report: &mut FsckReport) -> Result<(), StoreError> {
    let before = report.differences;
    let mut endpoints = read_lines(moment, READ_ENDPOINTS).await?;
    let rows = count_rows(moment, COUNT_BY_ENDPOINT).await?;
    let owners = read_owners(moment).await?;
    for (id, has_counters) in &owners {
        if !has_counters && !rows.contains_key(id) {
            report.found(no_line(EndpointId::from_i64(*id)));
        }
    }
    let ids: Vec<i64> = endpoints.keys().chain(rows.keys()).copied().collect();
    for id in distinct(ids) {
        let line = endpoints.entry(id).or_default();
        let found = rows.get(&id).copied().unwrap_or_default();
        let owner = Owner::Endpoint(EndpointId::from_i64(id));
        compare(owner, line, found, owners.contains_key(&id), report);
    }
    let mut days = read_lines(moment, READ_DAYS).await?;
    let rows = count_rows(moment, COUNT_BY_DAY).await?;
    let keys: Vec<i64> = days.keys().chain(rows.keys()).copied().collect();
    for day in distinct(keys) {
        let line = days.entry(day).or_default();
        let found = rows.get(&day).copied().unwrap_or_default();
        let owner = Owner::Day(Timestamp::from_millis(day));
        compare(owner, line, found, true, report);
    }
    // Lines that are wrong by themselves explain a wrong sum.
    let lines_are_right = report.differences == before;
    totals(moment, &endpoints, &days, lines_are_right, report).await
}

fn distinct(mut keys: Vec<i64>) -> Vec<i64> {
    keys.sort_unstable();
    keys.dedup();
    keys
}

fn no_line(id: EndpointId) -> Finding {
    Finding {
        kind: FindingKind::Ledger,
        subject: id.to_string(),
        text: "the endpoint has no line in the ledger".to_owned(),
        mend: Some(Mend::Endpoint {
            id,
            created: 0,
            counted: [0; 4],
        }),
    }
}

/// Everything that is wrong with one line: each state that differs, and its sum.
fn compare(owner: Owner, line: &Line, rows: [i64; 4], exists: bool, report: &mut FsckReport) {
    let left: [i64; 4] = std::array::from_fn(|at| line.counted[at] - line.removed[at]);
    let removed: i64 = line.removed.iter().sum();
    let missing = line.created - removed - rows.iter().sum::<i64>();
    let all: i64 = line.counted.iter().sum();
    let sound_past = line.removed.iter().all(|&count| count >= 0);
    let created = rows.iter().sum::<i64>() + removed;
    let counted = std::array::from_fn(|at| rows[at] + line.removed[at]);
    let mend = (exists && missing <= 0 && sound_past).then_some(match owner {
        Owner::Endpoint(id) => Mend::Endpoint {
            id,
            created,
            counted,
        },
        Owner::Day(day) => Mend::Day {
            day,
            created,
            counted,
        },
    });
    let mut found = |text: String| {
        report.found(Finding {
            kind: FindingKind::Ledger,
            subject: owner.to_string(),
            text,
            mend,
        });
    };
    for (at, state) in STATES.into_iter().enumerate() {
        if left[at] != rows[at] {
            found(differs(state, line.counted[at], line.removed[at], rows[at]));
        }
        if line.removed[at] < 0 {
            found(format!(
                "says that {} {state} were removed",
                line.removed[at]
            ));
        }
    }
    if line.created != all {
        found(format!(
            "counts {} created, and {all} that stand somewhere",
            line.created
        ));
    }
    if missing > 0 {
        found(format!(
            "{missing} of its deliveries are gone without having been removed; no counter is changed to hide that"
        ));
    }
}

fn differs(state: &str, counted: i64, removed: i64, rows: i64) -> String {
    if removed == 0 {
        return format!("counts {counted} {state}, and there are {rows}");
    }
    format!(
        "counts {counted} {state} of which {removed} were removed by retention, and there are {rows}"
    )
}

/// Endpoints together, days together: both count the same deliveries.
async fn totals(
    moment: &mut Moment,
    endpoints: &BTreeMap<i64, Line>,
    days: &BTreeMap<i64, Line>,
    lines_are_right: bool,
    report: &mut FsckReport,
) -> Result<(), StoreError> {
    let row = sqlx::query(READ_TOTALS).fetch_one(moment).await?;
    let gone: [i64; 4] = [0, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?];
    let gone_created: i64 = row.try_get(0)?;
    let mut found = |text: String| {
        report.found(Finding {
            kind: FindingKind::Ledger,
            subject: "totals".to_owned(),
            text,
            mend: None,
        });
    };
    let gone_sum: i64 = gone.iter().sum();
    if gone_created != gone_sum {
        found(format!(
            "counts {gone_created} created for endpoints that are gone, and {gone_sum} that stood somewhere"
        ));
    }
    let (counted_events, events): (i64, i64) = (row.try_get(4)?, row.try_get(5)?);
    if counted_events < events {
        found(format!(
            "counts {counted_events} events of all time, and there are {events}"
        ));
    }
    for (at, state) in STATES.into_iter().enumerate().filter(|_| lines_are_right) {
        let by_endpoint = gone[at] + endpoints.values().map(|line| line.counted[at]).sum::<i64>();
        let by_day: i64 = days.values().map(|line| line.counted[at]).sum();
        if by_endpoint != by_day {
            found(format!(
                "the endpoints count {by_endpoint} {state}, the days {by_day}"
            ));
        }
    }
    Ok(())
}

async fn read_lines(
    moment: &mut Moment,
    sql: &'static str,
) -> Result<BTreeMap<i64, Line>, StoreError> {
    let mut lines = BTreeMap::new();
    let mut rows = sqlx::query(sql).fetch(moment);
    while let Some(row) = rows.try_next().await? {
        let mut line = Line {
            created: row.try_get(1)?,
            ..Line::default()
        };
        for at in 0..STATES.len() {
            line.counted[at] = row.try_get(2 + at)?;
            line.removed[at] = row.try_get(6 + at)?;
        }
        lines.insert(row.try_get(0)?, line);
    }
    Ok(lines)
}

async fn count_rows(
    moment: &mut Moment,
    sql: &'static str,
) -> Result<BTreeMap<i64, [i64; 4]>, StoreError> {
    let mut counts = BTreeMap::new();
    let mut rows = sqlx::query(sql).fetch(moment);
    while let Some(row) = rows.try_next().await? {
        let mut states = [0; 4];
        for (at, count) in states.iter_mut().enumerate() {
            *count = row.try_get(1 + at)?;
        }
        counts.insert(row.try_get(0)?, states);
    }
    Ok(counts)
}

/// Every endpoint, with whether it has a line.
async fn read_owners(moment: &mut Moment) -> Result<BTreeMap<i64, bool>, StoreError> {
    let mut owners = BTreeMap::new();
    let mut rows = sqlx::query(READ_OWNERS).fetch(moment);
    while let Some(row) = rows.try_next().await? {
        owners.insert(row.try_get(0)?, row.try_get(1)?);
    }
    Ok(owners)
}

impl std::fmt::Display for Owner {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Endpoint(id) => write!(formatter, "{id}"),
            Self::Day(day) if *day == Timestamp::EPOCH => formatter.write_str("before days"),
            Self::Day(day) => formatter.write_str(&day.to_date()),
        }
    }
}
