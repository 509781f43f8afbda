//! Figures: what happened lately, and the conservation ledger.

use std::collections::BTreeMap;
use std::time::Duration;

use super::error::EngineError;
use super::handle::Engine;
use super::paging;
use super::views::{Ledger, MinuteStats, PageRequest, Stats};
use crate::domain::id::EndpointId;
use crate::domain::time::Timestamp;
use crate::store::{AttemptStats, Cause, LedgerReport};

impl Engine {
    /// What happened in the last `window`, minute by minute, and where all deliveries stand.
    ///
    /// # Errors
    /// Internal.
    pub async fn stats(&self, window: Duration) -> Result<Stats, EngineError> {
        let to = self.desk.now().moved_by(1);
        let from = to - window;
        let store = &self.desk.store;
        let mut minutes: BTreeMap<Timestamp, MinuteStats> = BTreeMap::new();
        let mut attempts = AttemptStats::default();
        for (minute, stats) in store.minute_stats(from, to).await? {
            attempts.add(&stats);
            let entry = minutes.entry(minute).or_default();
            let failed: u64 = stats.failures.values().sum();
            entry.delivered = wide(stats.successes);
            entry.failed = wide(failed);
            entry.latency_us = wide(stats.latency_us);
        }
        for (minute, accepted) in store.accepted_by_minute(from, to).await? {
            minutes.entry(minute).or_default().accepted = wide(accepted);
        }
        Ok(Stats {
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

    /// Why attempts failed in the last `window`, most failures first.
    ///
    /// # Errors
    /// Internal.
    pub async fn causes(&self, window: Duration, limit: u32) -> Result<Vec<Cause>, EngineError> {
        let now = self.desk.now();
        Ok(self.desk.store.causes(now - window, now, limit).await?)
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

fn wide(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
