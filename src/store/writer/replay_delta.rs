//! What a flush changes in replays: items that were tried or ended, and how their replays count.

use std::collections::BTreeMap;

use super::super::record::AfterAttempt;
use super::values::Rows;
use crate::domain::id::ReplayId;

/// The replays' part of a flush.
#[derive(Debug)]
pub(super) struct ReplayDeltas {
    /// Delivery, replay, outcome, whether the first attempt failed.
    pub(super) items: Rows,
    replays: BTreeMap<ReplayId, ReplayDelta>,
}

#[derive(Clone, Copy, Debug, Default)]
struct ReplayDelta {
    ended: i64,
    tried: i64,
    delivered: i64,
    failed: i64,
    well: i64,
    badly: i64,
    probes: i64,
}

impl ReplayDeltas {
    /// None so far.
    pub(super) fn new() -> Self {
        Self {
            items: Rows::new(),
            replays: BTreeMap::new(),
        }
    }

    /// An open item was tried; `first_failed` says whether its first attempt failed, if this was the first.
    pub(super) fn tried(
        &mut self,
        replay: ReplayId,
        delivery: i64,
        next: AfterAttempt,
        first_failed: Option<bool>,
    ) {
        let outcome = match next {
            AfterAttempt::Delivered => Some("delivered"),
            AfterAttempt::Dead(_) => Some("failed"),
            AfterAttempt::Retry { .. } | AfterAttempt::Unspent { .. } => None,
        };
        let delta = self.replays.entry(replay).or_default();
        delta.ended += i64::from(outcome.is_some());
        delta.delivered += i64::from(outcome == Some("delivered"));
        delta.failed += i64::from(outcome == Some("failed"));
        delta.tried += i64::from(first_failed.is_some());
        delta.well += i64::from(first_failed == Some(false));
        delta.badly += i64::from(first_failed == Some(true));
        let probe = matches!(next, AfterAttempt::Unspent { .. });
        delta.probes += i64::from(first_failed == Some(true) && probe);
        self.items
            .row(delivery)
            .int(replay.as_i64())
            .text_or_null(outcome)
            .int_or_null(first_failed.map(i64::from));
    }

    /// How the replays count.
    pub(super) fn rows(&self) -> Rows {
        let mut rows = Rows::new();
        for (id, delta) in &self.replays {
            rows.row(id.as_i64())
                .int(delta.ended)
                .int(delta.tried)
                .int(delta.delivered)
                .int(delta.failed)
                .int(delta.well)
                .int(delta.badly)
                .int(delta.probes);
        }
        rows
    }

    /// Which replays count differently now.
    pub(super) fn into_ids(self) -> Vec<ReplayId> {
        self.replays.into_keys().collect()
    }
}
