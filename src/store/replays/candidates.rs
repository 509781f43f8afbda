//! What a selection finds, oldest first, a bounded number of rows at a time: no read lasts long.

use sqlx::{AssertSqlSafe, Row};

use crate::domain::delivery::Delivery;
use crate::domain::id::EndpointId;
use crate::store::deliveries::{COLUMNS, SqlCondition, bind_all, decode_shown, delivery_columns};
use crate::store::error::StoreError;
use crate::store::handle::Store;

/// Rows that one read looks at: about 20 ms at worst on the machine of numbers.md.
const LOOKED_AT_MAX: i64 = 20_000;
/// Rows that one read gives.
const FOUND_MAX: i64 = 2_000;

pub(super) const SELECT_EDGE: &str =
    "SELECT id FROM deliveries WHERE id > $1 ORDER BY id LIMIT 1 OFFSET $2";

/// Where a selection is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CandidateScope {
    /// Among all deliveries.
    All,
    /// Among the dead ones of one endpoint, by their index.
    Dead(EndpointId),
}

/// A delivery that the condition lets pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// It, held where its endpoint is paused or disabled.
    pub delivery: Delivery,
    /// Bytes of its event's data and attributes; `None` when the payload is gone.
    pub bytes: Option<u64>,
}

/// A piece of what a selection finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidates {
    /// Oldest first.
    pub found: Vec<Candidate>,
    /// Where the next piece begins; `None` after the last.
    pub next: Option<i64>,
}

impl Store {
    /// The next piece of what the condition lets pass, from behind the delivery with the number `after` on.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] for a row that cannot be read.
    pub async fn replay_candidates(
        &self,
        scope: CandidateScope,
        condition: Option<&SqlCondition>,
        after: i64,
    ) -> Result<Candidates, StoreError> {
        let edge = match scope {
            CandidateScope::All => self.edge(after).await?,
            CandidateScope::Dead(_) => None,
        };
        let key = match scope {
            CandidateScope::All => 0,
            CandidateScope::Dead(endpoint_id) => endpoint_id.as_i64(),
        };
        let binds = condition.map_or(&[][..], |condition| &condition.binds);
        let sql = candidates_sql(
            scope,
            condition.map(|condition| &*condition.sql),
            binds.len(),
        );
        let rows = bind_all(sqlx::query(AssertSqlSafe(sql)), binds)
            .bind(after)
            .bind(edge.unwrap_or(i64::MAX))
            .bind(FOUND_MAX)
            .bind(key)
            .fetch_all(self.readers())
            .await?;
        let offset = self.clock_offset_ms();
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            let bytes: Option<u64> = row.try_get(COLUMNS + 1)?;
            found.push(Candidate {
                delivery: decode_shown(row, offset)?,
                bytes,
            });
        }
        let full = i64::try_from(found.len()).unwrap_or(i64::MAX) >= FOUND_MAX;
        let last = found.last().map(|last| last.delivery.id.as_i64());
        Ok(Candidates {
            next: last.filter(|_| full).or(edge),
            found,
        })
    }

    /// The last row that a bounded look behind `after` sees; `None` where fewer are left.
    async fn edge(&self, after: i64) -> Result<Option<i64>, StoreError> {
        let row = sqlx::query(SELECT_EDGE)
            .bind(after)
            .bind(LOOKED_AT_MAX - 1)
            .fetch_optional(self.readers())
            .await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }
}

/// The statement of a piece; its own binds follow the condition's: after, up to, limit, key.
pub(in crate::store) fn candidates_sql(
    scope: CandidateScope,
    condition: Option<&str>,
    binds: usize,
) -> String {
    let (after, edge, limit, key) = (binds + 1, binds + 2, binds + 3, binds + 4);
    let scope = match scope {
        CandidateScope::All => String::new(),
        CandidateScope::Dead(_) => format!(" AND d.state = 'dead' AND d.endpoint_id = ${key}"),
    };
    let condition = condition.map_or_else(String::new, |sql| format!(" AND ({sql})"));
    format!(
        "SELECT {}, p.status, length(e.data) + coalesce(length(e.attributes), 0) \
         FROM deliveries d CROSS JOIN endpoints p ON p.id = d.endpoint_id LEFT JOIN events e ON e.id = d.event_id \
         WHERE d.id > ${after} AND d.id <= ${edge}{scope}{condition} ORDER BY d.id LIMIT ${limit}",
        delivery_columns!()
    )
}
