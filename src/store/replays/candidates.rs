//! What a selection finds, oldest first, a bounded number of rows at a time: no read lasts long.

use sqlx::{AssertSqlSafe, Row};

use crate::domain::attempt::FailureClass;
use crate::domain::delivery::Delivery;
use crate::domain::fingerprint::CauseId;
use crate::domain::id::{DeliveryId, EndpointId};
use crate::domain::replay::Matched;
use crate::domain::time::Timestamp;
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
    /// Among the dead ones whose latest failure has one cause, by their index.
    DeadOfCause(CauseId),
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

/// A piece of what a selection finds, as far as a plan needs to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchedPiece {
    /// Oldest first.
    pub found: Vec<Matched>,
    /// Where the next piece begins; `None` after the last.
    pub next: Option<i64>,
}

/// A row of [`matched_sql`]: id, endpoint, state, class, status, cause, when it was made, when it moved, bytes.
type MatchedRow<'a> = (
    i64,
    i64,
    &'a str,
    Option<&'a str>,
    Option<u16>,
    Option<i64>,
    i64,
    i64,
    Option<u64>,
);

/// Where one piece is looked for, and how it is bounded.
struct Look {
    after: i64,
    edge: Option<i64>,
    key: i64,
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
        let look = self.look(scope, after).await?;
        let binds = condition.map_or(&[][..], |condition| &condition.binds);
        let sql = candidates_sql(
            scope,
            condition.map(|condition| &*condition.sql),
            binds.len(),
        );
        let rows = bind_all(sqlx::query(AssertSqlSafe(sql)), binds)
            .bind(look.after)
            .bind(look.upto())
            .bind(FOUND_MAX)
            .bind(look.key)
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
        let last = found.last().map(|last| last.delivery.id);
        Ok(Candidates {
            next: look.next(found.len(), last),
            found,
        })
    }

    /// The same, as far as a plan needs to know it: several times as fast.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] for a row that cannot be read.
    pub async fn replay_matched(
        &self,
        scope: CandidateScope,
        condition: Option<&SqlCondition>,
        after: i64,
    ) -> Result<MatchedPiece, StoreError> {
        let look = self.look(scope, after).await?;
        let binds = condition.map_or(&[][..], |condition| &condition.binds);
        let sql = matched_sql(
            scope,
            condition.map(|condition| &*condition.sql),
            binds.len(),
        );
        let row = bind_all(sqlx::query(AssertSqlSafe(sql)), binds)
            .bind(look.after)
            .bind(look.upto())
            .bind(FOUND_MAX)
            .bind(look.key)
            .fetch_one(self.readers())
            .await?;
        let rows: Result<Vec<MatchedRow<'_>>, _> = serde_json::from_str(row.try_get(0)?);
        let rows = rows.map_err(|_| unreadable(after))?;
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            found.push(matched(row).ok_or_else(|| unreadable(row.0))?);
        }
        found.sort_unstable_by_key(|one| one.id);
        Ok(MatchedPiece {
            next: look.next(found.len(), found.last().map(|last| last.id)),
            found,
        })
    }

    async fn look(&self, scope: CandidateScope, after: i64) -> Result<Look, StoreError> {
        let (edge, key) = match scope {
            CandidateScope::All => (self.edge(after).await?, 0),
            CandidateScope::Dead(endpoint_id) => (None, endpoint_id.as_i64()),
            CandidateScope::DeadOfCause(cause) => (None, cause.as_i64()),
        };
        Ok(Look { after, edge, key })
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

impl Look {
    /// The last id of it.
    fn upto(&self) -> i64 {
        self.edge.unwrap_or(i64::MAX)
    }

    /// Where the next piece begins, after so many rows were found.
    fn next(&self, found: usize, last: Option<DeliveryId>) -> Option<i64> {
        let full = i64::try_from(found).unwrap_or(i64::MAX) >= FOUND_MAX;
        let last = last.map(|last| last.as_i64());
        last.filter(|_| full).or(self.edge)
    }
}

fn matched(row: MatchedRow<'_>) -> Option<Matched> {
    let (id, endpoint_id, state, class, status, cause, created_at, updated_at, bytes) = row;
    let stored = ["pending", "delivered", "dead", "discarded"];
    let class = match class {
        Some(word) => Some(FailureClass::from_word(word)?),
        None => None,
    };
    Some(Matched {
        id: DeliveryId::from_i64(id),
        endpoint_id: EndpointId::from_i64(endpoint_id),
        state: stored.into_iter().find(|word| *word == state)?,
        class,
        status,
        cause: cause.map(CauseId::from_i64),
        created_at: Timestamp::from_millis(created_at),
        updated_at: Timestamp::from_millis(updated_at),
        bytes,
    })
}

const fn unreadable(id: i64) -> StoreError {
    StoreError::Inconsistent {
        table: "deliveries",
        column: "state",
        id,
    }
}

/// The statement of a piece in one text: handing each row over alone costs several times what finding it does.
pub(in crate::store) fn matched_sql(
    scope: CandidateScope,
    condition: Option<&str>,
    binds: usize,
) -> String {
    format!(
        "SELECT json_group_array(json_array(id, endpoint_id, state, last_class, last_status, last_cause, created_at, \
         updated_at, bytes)) FROM (SELECT d.id, d.endpoint_id, d.state, d.last_class, d.last_status, d.last_cause, \
         d.created_at, d.updated_at, length(e.data) + coalesce(length(e.attributes), 0) AS bytes {})",
        from_sql(scope, condition, binds)
    )
}

/// The statement of a piece; its own binds follow the condition's: after, up to, limit, key.
pub(in crate::store) fn candidates_sql(
    scope: CandidateScope,
    condition: Option<&str>,
    binds: usize,
) -> String {
    format!(
        "SELECT {}, p.status, length(e.data) + coalesce(length(e.attributes), 0) {}",
        delivery_columns!(),
        from_sql(scope, condition, binds)
    )
}

/// Where both look, and in which order.
fn from_sql(scope: CandidateScope, condition: Option<&str>, binds: usize) -> String {
    let (after, edge, limit, key) = (binds + 1, binds + 2, binds + 3, binds + 4);
    let scope = match scope {
        CandidateScope::All => String::new(),
        CandidateScope::Dead(_) => format!(" AND d.state = 'dead' AND d.endpoint_id = ${key}"),
        CandidateScope::DeadOfCause(_) => {
            format!(" AND d.state = 'dead' AND d.last_cause IS NOT NULL AND d.last_cause = ${key}")
        }
    };
    let condition = condition.map_or_else(String::new, |sql| format!(" AND ({sql})"));
    format!(
        "FROM deliveries d CROSS JOIN endpoints p ON p.id = d.endpoint_id LEFT JOIN events e ON e.id = d.event_id \
         WHERE d.id > ${after} AND d.id <= ${edge}{scope}{condition} ORDER BY d.id LIMIT ${limit}"
    )
}
