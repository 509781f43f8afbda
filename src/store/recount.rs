//! Does the ledger add up? Counts rows one by one and compares: for `fsck` and tests, never for a screen.

use std::collections::BTreeMap;

use sqlx::Row;

use super::error::StoreError;
use super::handle::Store;
use crate::domain::id::EndpointId;

const SELECT_ROWS: &str = "SELECT endpoint_id, count(*), sum(state = 'pending'), sum(state = 'delivered'), \
     sum(state = 'dead'), sum(state = 'discarded') FROM deliveries GROUP BY endpoint_id";
const SELECT_COUNTERS: &str = "SELECT endpoint_id, \
     created - removed_delivered - removed_dead - removed_discarded, pending, delivered - removed_delivered, \
     dead - removed_dead, discarded - removed_discarded FROM endpoint_counters";

/// An endpoint whose counters do not agree with its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disagreement {
    /// The endpoint.
    pub endpoint_id: EndpointId,
    /// Rows by the counters: all, pending, delivered, dead, discarded.
    pub counted: [i64; 5],
    /// Rows there are.
    pub found: [i64; 5],
}

impl Store {
    /// Endpoints whose counters do not agree with their rows, those removed by retention taken into account.
    ///
    /// Reads every delivery: seconds for millions. While others write, it may see counters and rows of two moments.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn recount(&self) -> Result<Vec<Disagreement>, StoreError> {
        let found = self.rows_by_state(SELECT_ROWS).await?;
        let counted = self.rows_by_state(SELECT_COUNTERS).await?;
        let mut endpoints: Vec<EndpointId> = found.keys().chain(counted.keys()).copied().collect();
        endpoints.sort_unstable();
        endpoints.dedup();
        let of = |rows: &BTreeMap<_, [i64; 5]>, id| rows.get(&id).copied().unwrap_or_default();
        Ok(endpoints
            .into_iter()
            .map(|endpoint_id| Disagreement {
                endpoint_id,
                counted: of(&counted, endpoint_id),
                found: of(&found, endpoint_id),
            })
            .filter(|both| both.counted != both.found)
            .collect())
    }

    async fn rows_by_state(
        &self,
        sql: &'static str,
    ) -> Result<BTreeMap<EndpointId, [i64; 5]>, StoreError> {
        let rows = sqlx::query(sql).fetch_all(self.readers()).await?;
        let mut by_endpoint = BTreeMap::new();
        for row in &rows {
            let mut counts = [0; 5];
            for (index, count) in counts.iter_mut().enumerate() {
                *count = row.try_get(index + 1)?;
            }
            by_endpoint.insert(EndpointId::from_i64(row.try_get(0)?), counts);
        }
        Ok(by_endpoint)
    }
}
