//! Plans and replays: rows and reads.

use std::time::Duration;

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use crate::domain::id::ReplayId;
use crate::domain::limits::REPLAYS_ACTIVE_MAX;
use crate::domain::rate_limit::RateLimit;
use crate::domain::replay::{Counts, Facts, Flight, ReplayState, Settings, StopRule};
use crate::domain::time::Timestamp;
use crate::store::error::StoreError;
use crate::store::handle::Store;
use crate::store::page::{Cursor, Page};
use crate::store::rows::Columns;

const TABLE: &str = "replays";

macro_rules! replay_columns {
    () => {
        "id, selection, state, why, who, note, rate_requests, rate_per_ms, canary, canary_done, stop_percent, \
         stop_last, skip_delivered, total, released, waiting, open, untried, delivered, failed, skipped, cancelled, \
         tried_well, tried_badly, deferred, probed_badly, window_from, flight, created_at, expires_at, started_at, ended_at, \
         items_timed"
    };
}
pub(super) use replay_columns;

pub(super) const SELECT_ONE: &str =
    concat!("SELECT ", replay_columns!(), " FROM replays WHERE id = $1");
pub(super) const SELECT_PAGE: &str = concat!(
    "SELECT ",
    replay_columns!(),
    " FROM replays WHERE id < $1 AND started_at IS NOT NULL ORDER BY id DESC LIMIT $2"
);
pub(super) const SELECT_LIVE: &str = "SELECT id FROM replays WHERE state = $1 \
     AND state IN ('planning', 'planned', 'running', 'paused', 'stopped') ORDER BY id LIMIT $2";
pub(super) const SELECT_RESULTS: &str = "SELECT failed_first FROM replay_items WHERE replay_id = $1 \
     AND failed_first IS NOT NULL ORDER BY delivery_id DESC LIMIT $2";

/// A plan, or the replay that was started of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredReplay {
    /// Its id; the plan's has the same number.
    pub id: ReplayId,
    /// What was selected: a filter, or words for another selection.
    pub selection: String,
    /// Why it stopped by itself, where it did.
    pub why: Option<String>,
    /// Who planned it.
    pub who: String,
    /// How it goes.
    pub settings: Settings,
    /// Items.
    pub total: u64,
    /// Where it stands.
    pub facts: Facts,
    /// First attempts that do not count for the stop rule any more, because it was resumed after them.
    pub window_from: u64,
    /// The flight plan.
    pub flight: Flight,
    /// When it was planned.
    pub created_at: Timestamp,
    /// Until when the plan may be started; `None` once it was.
    pub expires_at: Option<Timestamp>,
    /// When it was started.
    pub started_at: Option<Timestamp>,
    /// When it was finished or cancelled.
    pub ended_at: Option<Timestamp>,
    /// Whether it is known of all its items when what happened to them.
    pub items_timed: bool,
}

impl Store {
    /// One plan or replay.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Inconsistent`].
    pub async fn replay(&self, id: ReplayId) -> Result<StoredReplay, StoreError> {
        let row = sqlx::query(SELECT_ONE)
            .bind(id.as_i64())
            .fetch_optional(self.readers())
            .await?
            .ok_or_else(|| StoreError::not_found("replay", &id))?;
        decode(&row)
    }

    /// A page of the replays that were started, newest first.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] for a row that cannot be read.
    pub async fn replays_page(
        &self,
        cursor: Option<Cursor>,
        limit: u32,
    ) -> Result<Page<StoredReplay>, StoreError> {
        let rows = sqlx::query(SELECT_PAGE)
            .bind(Cursor::below(cursor))
            .bind(i64::from(limit) + 1)
            .fetch_all(self.readers())
            .await?;
        let items: Result<Vec<_>, _> = rows.iter().map(decode).collect();
        Ok(Page::cut(items?, limit, |replay| replay.id.as_i64()))
    }

    /// The plans or replays that stand in a state that may still change, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn replays_in(&self, state: ReplayState) -> Result<Vec<ReplayId>, StoreError> {
        let rows = sqlx::query(SELECT_LIVE)
            .bind(state.as_str())
            .bind(i64::try_from(4 * REPLAYS_ACTIVE_MAX).unwrap_or(i64::MAX))
            .fetch_all(self.readers())
            .await?;
        rows.iter()
            .map(|row| Ok(ReplayId::from_i64(row.try_get(0)?)))
            .collect()
    }

    /// Whether the last first attempts of a replay failed, oldest first, about in the order of their release.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn replay_results(&self, id: ReplayId, limit: u64) -> Result<Vec<bool>, StoreError> {
        let rows = sqlx::query(SELECT_RESULTS)
            .bind(id.as_i64())
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(self.readers())
            .await?;
        let results: Result<Vec<bool>, _> = rows.iter().map(|row| row.try_get(0)).collect();
        let mut results = results?;
        results.reverse();
        Ok(results)
    }
}

/// One plan or replay, inside a transaction.
pub(super) async fn read_in(
    connection: &mut SqliteConnection,
    id: ReplayId,
) -> Result<StoredReplay, StoreError> {
    let row = sqlx::query(SELECT_ONE)
        .bind(id.as_i64())
        .fetch_all(connection)
        .await?
        .pop()
        .ok_or_else(|| StoreError::not_found("replay", &id))?;
    decode(&row)
}

pub(super) fn decode(row: &SqliteRow) -> Result<StoredReplay, StoreError> {
    let mut columns = Columns::with_id(row, TABLE, 0)?;
    let id = ReplayId::from_i64(columns.id());
    let selection = columns.take("selection")?;
    let state = columns.read("state", ReplayState::from_word)?;
    let why = columns.take("why")?;
    let who = columns.take("who")?;
    let note = columns.take("note")?;
    let rate = rate(&mut columns)?;
    let canary = columns.take("canary")?;
    let canary_done = columns.take("canary_done")?;
    let percent: Option<u32> = columns.take("stop_percent")?;
    let last: Option<u32> = columns.take("stop_last")?;
    let stop = percent
        .zip(last)
        .map(|(percent, last)| StopRule::new(percent, last))
        .transpose()
        .map_err(|_| columns.unreadable("stop_last"))?;
    let settings = Settings {
        rate,
        canary,
        stop,
        skip_delivered: columns.take("skip_delivered")?,
        note,
    };
    let total = columns.take("total")?;
    let released = columns.take("released")?;
    let counts = Counts {
        waiting: columns.take("waiting")?,
        open: columns.take("open")?,
        untried: columns.take("untried")?,
        delivered: columns.take("delivered")?,
        failed: columns.take("failed")?,
        skipped: columns.take("skipped")?,
        cancelled: columns.take("cancelled")?,
        tried_well: columns.take("tried_well")?,
        tried_badly: columns.take("tried_badly")?,
        deferred: columns.take("deferred")?,
        probed_badly: columns.take("probed_badly")?,
    };
    Ok(StoredReplay {
        id,
        selection,
        why,
        who,
        settings,
        total,
        facts: Facts {
            state,
            released,
            canary_done,
            counts,
        },
        window_from: columns.take("window_from")?,
        flight: columns.read("flight", |text: &str| serde_json::from_str(text).ok())?,
        created_at: columns.time("created_at")?,
        expires_at: columns.time_or_null("expires_at")?,
        started_at: columns.time_or_null("started_at")?,
        ended_at: columns.time_or_null("ended_at")?,
        items_timed: columns.take("items_timed")?,
    })
}

/// A plan has none yet, and says the default.
fn rate(columns: &mut Columns<'_>) -> Result<RateLimit, StoreError> {
    let requests: u64 = columns.take("rate_requests")?;
    let per_ms: u64 = columns.take("rate_per_ms")?;
    if requests == 0 {
        return Ok(Settings::default().rate);
    }
    RateLimit::new(requests, Duration::from_millis(per_ms))
        .map_err(|_| columns.unreadable("rate_requests"))
}
