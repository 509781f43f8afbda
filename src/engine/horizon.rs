//! The horizon: what goes out in the time to come, in all and by endpoint.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::Mutex;

use super::error::EngineError;
use super::handle::Engine;
use crate::domain::endpoint::{Endpoint, EndpointStatus};
use crate::domain::horizon::{Backlog, GiveUps, Outlook};
use crate::domain::id::EndpointId;
use crate::domain::time::Timestamp;

/// How long counted backlogs are shown again: counting a million takes a reader a tenth of a second.
const KEPT_FOR: Duration = Duration::from_secs(5);
/// How far ahead deliveries are looked at that give up.
const GIVE_UPS_WITHIN: Duration = Duration::from_hours(24);

/// The backlogs as they were counted last, for callers that come soon after one another. Those that come at once wait
/// for one count.
#[derive(Debug, Default)]
pub(super) struct KeptBacklogs(Mutex<Option<Counted>>);

#[derive(Clone, Debug)]
struct Counted {
    at: Timestamp,
    /// By the monotonic clock.
    counted_at: Duration,
    backlogs: Arc<BTreeMap<EndpointId, Backlog>>,
    give_ups: Arc<std::sync::Mutex<KeptGiveUps>>,
}

/// What endpoints give up, as far as so many looks at them told, and how many were needed.
type KeptGiveUps = BTreeMap<(EndpointId, u32), (GiveUps, u32)>;

/// What lies ahead.
#[derive(Clone, Debug)]
pub struct Horizon {
    /// When it was counted: up to five seconds ago.
    pub at: Timestamp,
    /// All endpoints together.
    pub total: Outlook,
    /// Those with the longest backlogs, or the one that was asked for.
    pub endpoints: Vec<EndpointOutlook>,
    /// Further endpoints with a backlog.
    pub not_shown: u64,
}

/// What lies ahead of one endpoint.
#[derive(Clone, Debug)]
pub struct EndpointOutlook {
    /// The endpoint.
    pub endpoint: Arc<Endpoint>,
    /// Its deliveries.
    pub outlook: Outlook,
    /// Which of the tried ones end soon unless an attempt succeeds; none while it is held.
    pub give_ups: GiveUps,
    /// Tried deliveries, due within a day, that `give_ups` leaves out: the latest ones, where there are more than one
    /// look may go through.
    pub left_out: u64,
}

impl Engine {
    /// What lies ahead of all endpoints, with the `limit` longest backlogs one by one; or of one endpoint.
    ///
    /// # Errors
    /// NotFound, Internal.
    pub async fn horizon(
        &self,
        endpoint: Option<EndpointId>,
        limit: u32,
    ) -> Result<Horizon, EngineError> {
        let counted = self.backlogs().await?;
        let mut total = Outlook::default();
        let mut waiting = Vec::new();
        for (&id, backlog) in counted.backlogs.iter() {
            let known = self.desk.book.get(id);
            let known = known.filter(|known| known.status != EndpointStatus::Deleted);
            let Some(known) = known else {
                continue;
            };
            let outlook = Outlook::of(backlog, known.status.holds());
            total = total.plus(outlook);
            if backlog.waiting > 0 && endpoint.is_none_or(|wanted| wanted == id) {
                let soon = backlog.due.last().copied().unwrap_or(0);
                waiting.push((known, outlook, soon));
            }
        }
        if let Some(id) = endpoint.filter(|_| waiting.is_empty()) {
            waiting.push((self.desk.endpoint(id)?, Outlook::default(), 0));
        }
        waiting.sort_by_key(|(endpoint, outlook, _)| {
            (
                std::cmp::Reverse(outlook.pending + outlook.held),
                endpoint.id,
            )
        });
        let not_shown = waiting.split_off(waiting.len().min(rows(limit))).len();
        let mut endpoints = Vec::with_capacity(waiting.len());
        let (mut looks, mut to_come) = (self.desk.give_ups_max, waiting.len());
        for (endpoint, outlook, soon) in waiting {
            let share = share(looks, to_come);
            let key = (endpoint.id, share);
            let kept = || {
                counted
                    .give_ups
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
            };
            let known = kept().get(&key).copied();
            let (give_ups, looked_at) = match known {
                Some(known) => known,
                None => {
                    let one = self.give_ups(counted.at, &endpoint, &outlook, share);
                    let found = one.await?;
                    kept().insert(key, found);
                    found
                }
            };
            looks -= looked_at;
            to_come -= 1;
            endpoints.push(EndpointOutlook {
                endpoint,
                outlook,
                give_ups,
                left_out: left_out(soon, looked_at, share),
            });
        }
        Ok(Horizon {
            at: counted.at,
            total,
            endpoints,
            not_shown: u64::try_from(not_shown).unwrap_or(u64::MAX),
        })
    }

    async fn backlogs(&self) -> Result<Counted, EngineError> {
        let mut kept = self.desk.backlogs.0.lock().await;
        let monotonic = self.desk.clock.monotonic();
        let fresh = |counted: &&Counted| monotonic - counted.counted_at < KEPT_FOR;
        if let Some(counted) = kept.as_ref().filter(fresh) {
            return Ok(counted.clone());
        }
        let at = self.desk.now();
        let counted = Counted {
            at,
            counted_at: monotonic,
            backlogs: Arc::new(self.desk.store.backlogs(at).await?),
            give_ups: Arc::default(),
        };
        *kept = Some(counted.clone());
        Ok(counted)
    }

    /// What of an endpoint's backlog gives up, as far as `share` deliveries tell, and how many were looked at. A held
    /// one gives nothing up.
    async fn give_ups(
        &self,
        now: Timestamp,
        endpoint: &Endpoint,
        outlook: &Outlook,
        share: u32,
    ) -> Result<(GiveUps, u32), EngineError> {
        let contracts = self.desk.contracts();
        let contract = contracts.get_known(&endpoint.contract);
        let policy = contract.map(|contract| endpoint.retry_under(contract));
        let Some(policy) = policy.filter(|_| outlook.pending > 0) else {
            return Ok((GiveUps::default(), 0));
        };
        let until = now + GIVE_UPS_WITHIN;
        let store = &self.desk.store;
        let soon = store.due_soon(endpoint.id, until, share).await?;
        let looked_at = u32::try_from(soon.len()).unwrap_or(share);
        let counted = GiveUps::count(now, policy, &endpoint.hold, soon.into_iter());
        Ok((counted, looked_at))
    }
}

/// How many of the `looks` that are left the next of `to_come` endpoints may take: what one leaves is for the others.
fn share(looks: u32, to_come: usize) -> u32 {
    let to_come = u32::try_from(to_come).unwrap_or(u32::MAX).max(1);
    looks / to_come
}

/// Of `soon` deliveries those that were not among the first `looked_at`. Counted up to five seconds before: what has
/// come since is not told.
fn left_out(soon: u64, looked_at: u32, share: u32) -> u64 {
    match looked_at < share {
        true => 0,
        false => soon.saturating_sub(u64::from(looked_at)),
    }
}

fn rows(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}
