//! Replays in figures: how many there are, and where their items stand.

use sqlx::Row;

use crate::domain::replay::{Counts, ReplayState};
use crate::store::error::StoreError;
use crate::store::handle::Store;

pub(super) const SELECT_FIGURES: &str = "SELECT state, count(*), sum(waiting), sum(open), sum(delivered), sum(failed), \
     sum(skipped) FROM replays WHERE state IN ('running', 'paused', 'stopped') \
     AND state IN ('planning', 'planned', 'running', 'paused', 'stopped') GROUP BY state";

/// The replays that are not over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplayFigures {
    /// How many run.
    pub running: u64,
    /// How many an operator holds.
    pub paused: u64,
    /// How many stopped by themselves.
    pub stopped: u64,
    /// Where their items stand, all together.
    pub counts: Counts,
}

impl Store {
    /// The replays that are not over, in figures.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn replay_figures(&self) -> Result<ReplayFigures, StoreError> {
        let rows = sqlx::query(SELECT_FIGURES)
            .fetch_all(self.readers())
            .await?;
        let mut figures = ReplayFigures::default();
        for row in &rows {
            let word: String = row.try_get(0)?;
            let count: u64 = row.try_get(1)?;
            match ReplayState::from_word(&word) {
                Some(ReplayState::Running) => figures.running = count,
                Some(ReplayState::Paused) => figures.paused = count,
                _ => figures.stopped = count,
            }
            let counts = &mut figures.counts;
            counts.waiting += row.try_get::<u64, _>(2)?;
            counts.open += row.try_get::<u64, _>(3)?;
            counts.delivered += row.try_get::<u64, _>(4)?;
            counts.failed += row.try_get::<u64, _>(5)?;
            counts.skipped += row.try_get::<u64, _>(6)?;
        }
        Ok(figures)
    }
}
