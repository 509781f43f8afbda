//! Replays as they were: those begun until an instant, and where their items stood then.

use sqlx::Row;

use super::rows::{StoredReplay, decode, replay_columns};
use crate::domain::id::ReplayId;
use crate::domain::past::ItemsThen;
use crate::domain::time::Timestamp;
use crate::store::error::StoreError;
use crate::store::handle::Store;
use crate::store::page::{Cursor, Page};

/// A plan is older than the replay that is started of it, by minutes at most.
pub(super) const SELECT_PAGE_THEN: &str = concat!(
    "SELECT ",
    replay_columns!(),
    " FROM replays WHERE id < $1 AND started_at <= $3 AND started_at IS NOT NULL ORDER BY id DESC LIMIT $2"
);
/// `$2` is the instant. A replay has 1,000,000 items at most.
pub(super) const SELECT_ITEMS_THEN: &str = "SELECT count(*), count(*) FILTER (WHERE released), \
     count(*) FILTER (WHERE released AND NOT ended), count(*) FILTER (WHERE released AND NOT ended AND NOT tried), \
     count(*) FILTER (WHERE ended AND outcome = 'delivered'), count(*) FILTER (WHERE ended AND outcome = 'failed'), \
     count(*) FILTER (WHERE ended AND outcome = 'skipped'), count(*) FILTER (WHERE tried AND NOT failed_first), \
     count(*) FILTER (WHERE tried AND failed_first) FROM (SELECT outcome, failed_first, \
     coalesce(released_at <= $2, 0) AS released, coalesce(tried_at <= $2, 0) AS tried, \
     coalesce(ended_at <= $2, 0) AS ended FROM replay_items WHERE replay_id = $1)";

impl Store {
    /// A page of the replays that had been started at `at`, newest first, as they are now.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] for a row that cannot be read.
    pub async fn replays_page_then(
        &self,
        at: Timestamp,
        cursor: Option<Cursor>,
        limit: u32,
    ) -> Result<Page<StoredReplay>, StoreError> {
        let rows = sqlx::query(SELECT_PAGE_THEN)
            .bind(Cursor::below(Cursor::until(cursor, Some(at))))
            .bind(i64::from(limit) + 1)
            .bind(at.as_millis())
            .fetch_all(self.readers())
            .await?;
        let items: Result<Vec<_>, _> = rows.iter().map(decode).collect();
        Ok(Page::cut(items?, limit, |replay| replay.id.as_i64()))
    }

    /// Where the items of a replay stood at `at`: of one that notes when what happens to them.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn replay_items_then(
        &self,
        id: ReplayId,
        at: Timestamp,
    ) -> Result<ItemsThen, StoreError> {
        let row = sqlx::query(SELECT_ITEMS_THEN)
            .bind(id.as_i64())
            .bind(at.as_millis())
            .fetch_one(self.readers())
            .await?;
        Ok(ItemsThen {
            total: row.try_get(0)?,
            released: row.try_get(1)?,
            open: row.try_get(2)?,
            untried: row.try_get(3)?,
            delivered: row.try_get(4)?,
            failed: row.try_get(5)?,
            skipped: row.try_get(6)?,
            tried_well: row.try_get(7)?,
            tried_badly: row.try_get(8)?,
        })
    }
}
