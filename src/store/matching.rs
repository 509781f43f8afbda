//! How many deliveries pass a selection, piece by piece, so that no read lasts longer than a page's.

use sqlx::{AssertSqlSafe, Row};

use super::deliveries::{DeliveryScope, DeliverySelect, bind_all};
use super::error::StoreError;
use super::handle::Store;
use super::page::Cursor;
use super::rows::count;

/// What one piece of a count came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MatchingPiece {
    /// Rows that pass.
    pub matching: u64,
    /// Rows that were looked at.
    pub looked_at: u64,
    /// Where the next piece begins; `None` where no rows are left.
    pub next: Option<Cursor>,
}

impl Store {
    /// Counts among the newest rows from the cursor on: of as many as a page of this selection may look at.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn count_deliveries(
        &self,
        select: &DeliverySelect,
        cursor: Option<Cursor>,
    ) -> Result<MatchingPiece, StoreError> {
        let mut ids = 0..Cursor::below(cursor);
        if let DeliveryScope::Between(first, last) = select.scope {
            ids.start = first.as_i64();
            ids.end = ids.end.min(last.as_i64().saturating_add(1));
        }
        let key = select.scope.index_key();
        let rows_max = select.rows_max();
        let floor = sqlx::query(AssertSqlSafe(floor_sql(select)))
            .bind(ids.end)
            .bind(ids.start)
            .bind(key)
            .bind(rows_max - 1)
            .fetch_optional(self.readers())
            .await?;
        let floor: Option<i64> = floor.map(|row| row.try_get(0)).transpose()?;
        ids.start = floor.unwrap_or(ids.start);
        let sql = count_sql(select, select.binds().len());
        let matching = bind_all(sqlx::query(AssertSqlSafe(sql)), select.binds())
            .bind(ids.end)
            .bind(ids.start)
            .bind(key)
            .fetch_one(self.readers())
            .await?;
        let looked_at = match floor {
            Some(_) => u64::try_from(rows_max).unwrap_or(0),
            None => self.count_found(select, ids.end, ids.start).await?,
        };
        Ok(MatchingPiece {
            matching: count(&matching, 0)?,
            looked_at,
            next: floor.map(Cursor::after),
        })
    }

    /// The rows of the last piece, of which there are fewer than a piece may look at.
    async fn count_found(
        &self,
        select: &DeliverySelect,
        end: i64,
        start: i64,
    ) -> Result<u64, StoreError> {
        let row = sqlx::query(AssertSqlSafe(rest_sql(select)))
            .bind(end)
            .bind(start)
            .bind(select.scope.index_key())
            .fetch_one(self.readers())
            .await?;
        count(&row, 0)
    }
}

/// What an index narrows the rows of `table` by; its key is `$key`. No index has an endpoint's deliveries.
fn found(select: &DeliverySelect, table: &str, key: usize) -> String {
    match select.scope {
        DeliveryScope::All | DeliveryScope::Between(..) | DeliveryScope::Endpoint(_) => {
            String::new()
        }
        DeliveryScope::Event(_) => format!(" AND {table}.event_id = ${key}"),
        DeliveryScope::Dead(_) => {
            format!(" AND {table}.state = 'dead' AND {table}.endpoint_id = ${key}")
        }
        DeliveryScope::Cause(_) => format!(" AND {table}.last_cause = ${key}"),
    }
}

/// The statement that finds the lowest row of a full piece; its binds: end, start, key, rows less one.
pub(super) fn floor_sql(select: &DeliverySelect) -> String {
    let found = found(select, "d", 3);
    format!(
        "SELECT d.id FROM deliveries d WHERE d.id < $1 AND d.id >= $2{found} ORDER BY d.id DESC LIMIT 1 OFFSET $4"
    )
}

/// The statement that counts the rows of the last piece; its binds: end, start, key.
pub(super) fn rest_sql(select: &DeliverySelect) -> String {
    let found = found(select, "d", 3);
    format!("SELECT count(*) FROM deliveries d WHERE d.id < $1 AND d.id >= $2{found}")
}

/// The statement that counts what passes; its own binds follow the condition's `binds`: end, start, key.
pub(super) fn count_sql(select: &DeliverySelect, binds: usize) -> String {
    let (end, start, key) = (binds + 1, binds + 2, binds + 3);
    let found = match select.scope {
        DeliveryScope::Endpoint(_) => format!(" AND +d.endpoint_id = ${key}"),
        _ => found(select, "d", key),
    };
    let condition = select.condition.as_ref();
    let events = match condition.is_some_and(|condition| condition.looks_into_events()) {
        true => " LEFT JOIN events e ON e.id = d.event_id",
        false => "",
    };
    let passes =
        condition.map_or_else(String::new, |condition| format!(" AND ({})", condition.sql));
    format!(
        "SELECT count(*) FROM deliveries d CROSS JOIN endpoints p ON p.id = d.endpoint_id{events} \
         WHERE d.id < ${end} AND d.id >= ${start}{found}{passes}"
    )
}
