//! The ledger as it is kept and read: how deliveries move in it, by endpoint and by the day on which each was made.
//!
//! Every change of a delivery's state is counted in the transaction that makes it, in the row of its endpoint and in
//! the row of its day. A delivery's day is what its id tells: whoever moves it needs to read nothing.

use std::collections::BTreeMap;

use sqlx::{Row, Sqlite, Transaction};

use super::cold::WriteTx;
use super::counters::{SELECT_LEDGER_SUM, ledger_row, ledger_total};
use super::error::StoreError;
use super::handle::Store;
use super::page::{Cursor, Page};
use crate::domain::id::{DeliveryId, EndpointId};
use crate::domain::ledger::{Counts, DayCounts};
use crate::domain::time::Timestamp;

const DAY_MS: i64 = 86_400_000;

/// The beginning of the day, in milliseconds, that the delivery id in a column tells: SQL's [`day_of`].
macro_rules! day_of_column {
    ($column:literal) => {
        concat!(
            "((",
            $column,
            " >> 22) + 1704067200000) / 86400000 * 86400000"
        )
    };
}
pub(super) use day_of_column;

const COUNT_ENDPOINT: &str = "INSERT INTO endpoint_counters (endpoint_id, created, pending, delivered, dead, discarded) \
     VALUES ($1, $2, $3, $4, $5, $6) \
     ON CONFLICT (endpoint_id) DO UPDATE SET created = created + excluded.created, \
     pending = pending + excluded.pending, delivered = delivered + excluded.delivered, \
     dead = dead + excluded.dead, discarded = discarded + excluded.discarded";
const COUNT_DAY: &str = "INSERT INTO day_counters (day, created, pending, delivered, dead, discarded) \
     VALUES ($1, $2, $3, $4, $5, $6) \
     ON CONFLICT (day) DO UPDATE SET created = created + excluded.created, \
     pending = pending + excluded.pending, delivered = delivered + excluded.delivered, \
     dead = dead + excluded.dead, discarded = discarded + excluded.discarded";

pub(super) const SELECT_DAYS: &str = "SELECT day, created, delivered, pending, dead, discarded FROM day_counters \
     WHERE day > 0 ORDER BY day DESC LIMIT $1";
pub(super) const SELECT_DAYS_BEFORE: &str = "SELECT coalesce(sum(created), 0), coalesce(sum(delivered), 0), \
     coalesce(sum(pending), 0), coalesce(sum(dead), 0), coalesce(sum(discarded), 0) \
     FROM day_counters WHERE day < $1";
const SELECT_GONE: &str = "SELECT 'active', 0, gone_created, 0, gone_delivered, gone_dead, gone_discarded FROM totals \
     WHERE id = 1";
pub(super) const SELECT_LEDGER_PAGE: &str = "SELECT p.status, c.endpoint_id, c.created, c.pending, c.delivered, c.dead, \
     c.discarded FROM endpoint_counters c CROSS JOIN endpoints p ON p.id = c.endpoint_id \
     WHERE c.endpoint_id < $1 ORDER BY c.endpoint_id DESC LIMIT $2";

/// The beginning, in milliseconds, of the day on which a delivery was made.
pub(super) const fn day_of(id: DeliveryId) -> i64 {
    id.timestamp().as_millis().div_euclid(DAY_MS) * DAY_MS
}

/// How a row of the ledger moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LedgerDelta {
    pub(super) created: i64,
    pub(super) pending: i64,
    pub(super) delivered: i64,
    pub(super) dead: i64,
    pub(super) discarded: i64,
}

impl LedgerDelta {
    /// The counter of a stored state (`held` is pending).
    pub(super) fn counter(&mut self, state: &str) -> &mut i64 {
        match state {
            "delivered" => &mut self.delivered,
            "dead" => &mut self.dead,
            "discarded" => &mut self.discarded,
            _ => &mut self.pending,
        }
    }
}

/// How deliveries move in the ledger, gathered over any number of them.
#[derive(Clone, Debug, Default)]
pub(super) struct LedgerMoves {
    endpoints: BTreeMap<EndpointId, LedgerDelta>,
    days: BTreeMap<i64, LedgerDelta>,
}

impl LedgerMoves {
    /// A delivery is made, in this stored state.
    pub(super) fn made(mut self, id: DeliveryId, endpoint_id: EndpointId, state: &str) -> Self {
        self.each(id, endpoint_id, |delta| {
            delta.created += 1;
            *delta.counter(state) += 1;
        });
        self
    }

    /// A delivery goes from one stored state to another.
    pub(super) fn moved(
        mut self,
        id: DeliveryId,
        endpoint_id: EndpointId,
        from: &str,
        to: &str,
    ) -> Self {
        self.each(id, endpoint_id, |delta| {
            *delta.counter(from) -= 1;
            *delta.counter(to) += 1;
        });
        self
    }

    fn each(&mut self, id: DeliveryId, endpoint_id: EndpointId, change: impl Fn(&mut LedgerDelta)) {
        change(self.endpoints.entry(endpoint_id).or_default());
        change(self.days.entry(day_of(id)).or_default());
    }
}

impl WriteTx<'_> {
    /// Moves deliveries in the ledger.
    pub(super) async fn count(&mut self, moves: &LedgerMoves) -> Result<(), StoreError> {
        let endpoints = moves.endpoints.iter();
        let endpoints = endpoints.map(|(id, delta)| (COUNT_ENDPOINT, id.as_i64(), delta));
        let days = moves.days.iter();
        let days = days.map(|(&day, delta)| (COUNT_DAY, day, delta));
        for (sql, key, delta) in endpoints.chain(days) {
            sqlx::query(sql)
                .bind(key)
                .bind(delta.created)
                .bind(delta.pending)
                .bind(delta.delivered)
                .bind(delta.dead)
                .bind(delta.discarded)
                .execute(&mut *self.connection)
                .await?;
        }
        Ok(())
    }
}

/// The ledger at one moment: everything, day by day, and a page of it endpoint by endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerReport {
    /// All deliveries that ever were.
    pub total: Counts,
    /// Those of endpoints whose rows retention took; not among `endpoints`.
    pub gone: Counts,
    /// The newest days on which deliveries were made, newest first.
    pub days: Vec<DayCounts>,
    /// All days before those.
    pub earlier: Counts,
    /// Endpoints, newest first; deleted ones until retention takes their rows.
    pub endpoints: Page<(EndpointId, Counts)>,
}

impl LedgerReport {
    /// Whether every line adds up, and the days together are what all endpoints together count.
    pub fn adds_up(&self) -> bool {
        let days = self.days.iter().map(|day| day.counts);
        let days = days.fold(self.earlier, Counts::plus);
        let mut endpoints = self.endpoints.items.iter();
        // What waits for a deleted endpoint counts as discarded in the total and as pending in its day.
        let waiting = self.total.pending + self.total.held + self.total.discarded;
        self.total.adds_up()
            && self.gone.adds_up()
            && self.earlier.adds_up()
            && self.days.iter().all(|day| day.counts.adds_up())
            && endpoints.all(|(_, counts)| counts.adds_up())
            && days.created == self.total.created
            && days.delivered == self.total.delivered
            && days.dead == self.total.dead
            && days.pending + days.discarded == waiting
    }
}

impl Store {
    /// The ledger at one moment, with the newest `days` days and a page of endpoints.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn ledger_report(
        &self,
        days: u32,
        cursor: Option<Cursor>,
        limit: u32,
    ) -> Result<LedgerReport, StoreError> {
        let mut moment = self.readers().begin().await?;
        let rows = sqlx::query(SELECT_LEDGER_SUM)
            .fetch_all(&mut *moment)
            .await?;
        let total = ledger_total(&rows)?;
        let gone = sqlx::query(SELECT_GONE).fetch_one(&mut *moment).await?;
        let days = read_days(&mut moment, days).await?;
        let before = days.last().map_or(i64::MAX, |day| day.day.as_millis());
        let earlier = read_days_before(&mut moment, before).await?;
        let rows = sqlx::query(SELECT_LEDGER_PAGE)
            .bind(Cursor::below(cursor))
            .bind(i64::from(limit) + 1)
            .fetch_all(&mut *moment)
            .await?;
        let endpoints: Result<Vec<_>, StoreError> = rows.iter().map(ledger_row).collect();
        moment.commit().await?;
        Ok(LedgerReport {
            total,
            gone: ledger_row(&gone)?.1,
            days,
            earlier,
            endpoints: Page::cut(endpoints?, limit, |(id, _)| id.as_i64()),
        })
    }
}

async fn read_days(
    moment: &mut Transaction<'_, Sqlite>,
    days: u32,
) -> Result<Vec<DayCounts>, StoreError> {
    let rows = sqlx::query(SELECT_DAYS)
        .bind(i64::from(days))
        .fetch_all(&mut **moment)
        .await?;
    rows.iter()
        .map(|row| {
            Ok(DayCounts {
                day: Timestamp::from_millis(row.try_get(0)?),
                counts: Counts {
                    created: row.try_get(1)?,
                    delivered: row.try_get(2)?,
                    pending: row.try_get(3)?,
                    dead: row.try_get(4)?,
                    discarded: row.try_get(5)?,
                    held: 0,
                },
            })
        })
        .collect()
}

async fn read_days_before(
    moment: &mut Transaction<'_, Sqlite>,
    day: i64,
) -> Result<Counts, StoreError> {
    let row = sqlx::query(SELECT_DAYS_BEFORE)
        .bind(day)
        .fetch_one(&mut **moment)
        .await?;
    Ok(Counts {
        created: row.try_get(0)?,
        delivered: row.try_get(1)?,
        pending: row.try_get(2)?,
        dead: row.try_get(3)?,
        discarded: row.try_get(4)?,
        held: 0,
    })
}

#[cfg(test)]
mod tests {
    use sqlx::{AssertSqlSafe, Connection, SqliteConnection};

    use super::*;

    #[tokio::test]
    async fn sql_and_the_writer_give_an_id_the_same_day() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        let midnight = 1_776_038_400_000;
        for ms in [
            midnight - 1,
            midnight,
            midnight + DAY_MS - 1,
            midnight + DAY_MS,
        ] {
            let id = DeliveryId::first_at(Timestamp::from_millis(ms));
            let id = DeliveryId::from_i64(id.as_i64() + 4_194_303);
            let row = sqlx::query(AssertSqlSafe(concat!("SELECT ", day_of_column!("$1"))))
                .bind(id.as_i64())
                .fetch_one(&mut connection)
                .await
                .unwrap();
            assert_eq!(row.get::<i64, _>(0), day_of(id));
            assert_eq!(day_of(id), ms / DAY_MS * DAY_MS);
        }
    }
}
