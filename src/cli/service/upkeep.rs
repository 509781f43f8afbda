//! What keeps the store small: retention, in chunks of the store's own making, so that publishing and recording fit in
//! between.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;

use crate::clock::SharedClock;
use crate::domain::retention::{RetentionPolicy, plan};
use crate::store::{RetentionProgress, Store, StoreError};

/// From the start to the first round: recovery goes first.
const FIRST_ROUND_AFTER: Duration = Duration::from_secs(60);
/// From one round to the next.
const ROUND_EVERY: Duration = Duration::from_secs(600);
/// Between two chunks of a round: others write meanwhile.
const CHUNK_PAUSE: Duration = Duration::from_millis(20);

/// Keeps house until it is dropped, each round by the policy that is then in force.
pub(super) async fn keep(store: Store, policy: Arc<ArcSwap<RetentionPolicy>>, clock: SharedClock) {
    let mut wait = FIRST_ROUND_AFTER;
    loop {
        clock.sleep_for(wait).await;
        if let Err(error) = round(&store, &policy.load_full(), &clock).await {
            tracing::warn!(%error, "retention could not go on; it is tried again later");
        }
        wait = ROUND_EVERY;
    }
}

/// One walk through everything that may go.
async fn round(
    store: &Store,
    policy: &RetentionPolicy,
    clock: &SharedClock,
) -> Result<(), StoreError> {
    let plan = plan(clock.now(), policy);
    let mut progress = RetentionProgress::default();
    let (mut events, mut deliveries, mut attempts, mut payloads) = (0, 0, 0, 0);
    let (mut endpoints, mut tokens) = (0, 0);
    while !progress.is_done() {
        let (next, removed) = store.retention_step(plan, progress).await?;
        progress = next;
        events += removed.events;
        deliveries += removed.deliveries;
        attempts += removed.attempts;
        payloads += removed.payloads;
        endpoints += removed.endpoints;
        tokens += removed.tokens;
        clock.sleep_for(CHUNK_PAUSE).await;
    }
    if events + deliveries + attempts + payloads + endpoints + tokens > 0 {
        tracing::info!(
            events,
            deliveries,
            attempts,
            payloads,
            endpoints,
            tokens,
            "retention removed"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests;
