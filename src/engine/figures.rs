//! Figures: what happened lately, and the conservation ledger.

use std::collections::BTreeMap;
use std::time::Duration;

use super::error::EngineError;
use super::handle::Engine;
use super::paging;
use super::views::{Ledger, MinuteStats, PageRequest, Stats};
use crate::domain::id::EndpointId;
use crate::domain::ledger::Counts;
use crate::domain::time::Timestamp;
use crate::domain::tries::Tries;
use crate::store::{AttemptStats, Cause, DeadCause, LedgerReport};

/// Sketches are added up over windows up to this: each minute has several.
const TRIES_WINDOW_MAX: Duration = Duration::from_hours(48);

impl Engine {
    /// What happened in the last `window`, step by step, and where all deliveries stand. An hour is shown by minutes,
    /// two days by quarters of an hour, more by days.
    ///
    /// # Errors
    /// Internal.
    pub async fn stats(&self, window: Duration) -> Result<Stats, EngineError> {
        let to = self.desk.now().moved_by(1);
        let (from, step) = (to - window, step_of(window));
        let store = &self.desk.store;
        let mut minutes: BTreeMap<Timestamp, MinuteStats> = BTreeMap::new();
        let mut attempts = AttemptStats::default();
        for (minute, stats) in store.step_stats(from, to, step).await? {
            attempts.add(&stats);
            let entry = minutes.entry(minute).or_default();
            let failed: u64 = stats.failures.values().sum();
            entry.delivered = wide(stats.successes);
            entry.failed = wide(failed);
            entry.latency_us = wide(stats.latency_us);
        }
        for (minute, accepted) in store.accepted_by_step(from, to, step).await? {
            minutes.entry(minute).or_default().accepted = wide(accepted);
        }
        let tries = match window <= TRIES_WINDOW_MAX {
            true => Some(store.tries(from, to).await?),
            false => None,
        };
        Ok(Stats {
            step,
            tries,
            minutes: minutes
                .into_iter()
                .map(|(minute, stats)| MinuteStats { minute, ..stats })
                .collect(),
            attempts,
            counts: store.ledger().await?,
        })
    }

    /// Attempts of these endpoints in the last `window`; endpoints without any are absent. Costs a look-up for each
    /// of their minutes: for a page of endpoints and an hour or so.
    ///
    /// # Errors
    /// Internal.
    pub async fn endpoint_stats(
        &self,
        endpoints: &[EndpointId],
        window: Duration,
    ) -> Result<BTreeMap<EndpointId, AttemptStats>, EngineError> {
        let to = self.desk.now().moved_by(1);
        let store = &self.desk.store;
        Ok(store.endpoint_stats(endpoints, to - window, to).await?)
    }

    /// The same of how long they took and how often deliveries were tried.
    ///
    /// # Errors
    /// Internal.
    pub async fn endpoint_tries(
        &self,
        endpoints: &[EndpointId],
        window: Duration,
    ) -> Result<BTreeMap<EndpointId, Tries>, EngineError> {
        let to = self.desk.now().moved_by(1);
        let store = &self.desk.store;
        Ok(store.endpoint_tries(endpoints, to - window, to).await?)
    }

    /// Why attempts failed in the last `window`, most failures first.
    ///
    /// # Errors
    /// Internal.
    pub async fn causes(&self, window: Duration, limit: u32) -> Result<Vec<Cause>, EngineError> {
        let now = self.desk.now();
        Ok(self.desk.store.causes(now - window, now, limit).await?)
    }

    /// Dead deliveries by cause, most of them first.
    ///
    /// # Errors
    /// Internal.
    pub async fn dead_causes(&self) -> Result<Vec<DeadCause>, EngineError> {
        Ok(self.desk.store.dead_causes().await?)
    }

    /// Where all deliveries stand.
    ///
    /// # Errors
    /// Internal.
    pub async fn ledger_total(&self) -> Result<Counts, EngineError> {
        Ok(self.desk.store.ledger().await?)
    }

    /// The conservation ledger at one moment: everything, the newest `days` days, and a page of endpoints.
    ///
    /// # Errors
    /// Invalid (cursor, limit), Internal.
    pub async fn ledger_report(
        &self,
        days: u32,
        page: &PageRequest,
    ) -> Result<LedgerReport, EngineError> {
        let (cursor, limit) = paging::checked(page)?;
        Ok(self.desk.store.ledger_report(days, cursor, limit).await?)
    }

    /// The conservation ledger.
    ///
    /// # Errors
    /// Internal.
    pub async fn ledger(&self) -> Result<Ledger, EngineError> {
        Ok(Ledger {
            total: self.desk.store.ledger().await?,
            endpoints: self
                .desk
                .store
                .endpoint_ledgers()
                .await?
                .into_iter()
                .collect(),
        })
    }
}

/// How finely a window is shown.
fn step_of(window: Duration) -> Duration {
    const MINUTE: Duration = Duration::from_secs(60);
    if window <= Duration::from_hours(1) {
        MINUTE
    } else if window <= Duration::from_hours(48) {
        15 * MINUTE
    } else {
        Duration::from_hours(24)
    }
}

fn wide(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
