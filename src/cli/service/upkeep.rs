//! What keeps the store small: retention, in chunks of the store's own making, so that publishing and recording fit in
//! between.

use std::time::Duration;

use tokio::sync::watch;

use crate::clock::SharedClock;
use crate::config::ByteSize;
use crate::domain::duration::DurationText;
use crate::domain::retention::{RetentionPolicy, plan};
use crate::domain::time::Timestamp;
use crate::store::{Removed, RetentionFacts, RetentionProgress, Store, StoreError};

/// From the start to the first round: recovery goes first.
const FIRST_ROUND_AFTER: Duration = Duration::from_secs(60);
/// From one round to the next.
const ROUND_EVERY: Duration = Duration::from_secs(600);
/// Between two chunks of a round: others write meanwhile.
const CHUNK_PAUSE: Duration = Duration::from_millis(20);

/// Keeps house until it is dropped, each round by the policy that is then in force. A policy that changes has its round
/// at once: whoever shortens an age waits for the room.
pub(super) async fn keep(
    store: Store,
    mut policy: watch::Receiver<RetentionPolicy>,
    clock: SharedClock,
) {
    let mut wait = FIRST_ROUND_AFTER;
    let mut squeezed_before = None;
    loop {
        tokio::select! {
            () = clock.sleep_for(wait) => {}
            Ok(()) = policy.changed() => {}
        }
        let in_force = *policy.borrow_and_update();
        if let Err(error) = round(&store, &in_force, &clock, &mut squeezed_before).await {
            tracing::warn!(%error, "retention could not go on; it is tried again later");
        }
        wait = ROUND_EVERY;
    }
}

/// One walk through everything that may go. What the disk budget can take of the time before `squeezed_before` it has
/// taken already: dead deliveries alone are that old, and say nothing about how fast the rest grows.
async fn round(
    store: &Store,
    policy: &RetentionPolicy,
    clock: &SharedClock,
    squeezed_before: &mut Option<Timestamp>,
) -> Result<(), StoreError> {
    let (began_at, began) = (clock.now(), clock.monotonic());
    let mut usage = store.usage().await?;
    usage.oldest = usage.oldest.max(*squeezed_before);
    let squeezed = policy.within_budget(began_at, usage);
    let squeezed_to = (squeezed != *policy).then_some(squeezed.payloads);
    if let Some(kept) = squeezed_to {
        *squeezed_before = Some(began_at - kept);
        let (used, kept) = (ByteSize(usage.bytes), DurationText(kept));
        tracing::warn!(%used, %kept, "the database takes more than retention.disk: payloads and attempts go ahead of their time");
    }
    let plan = plan(began_at, &squeezed);
    let mut progress = RetentionProgress::default();
    store.take_longest_change();
    let mut all = Removed::default();
    while !progress.is_done() {
        let (next, removed) = store.retention_step(plan, progress).await?;
        progress = next;
        all.add(removed);
        clock.sleep_for(CHUNK_PAUSE).await;
    }
    store.note_retention(RetentionFacts {
        at: Some(clock.now()),
        took: clock.monotonic().saturating_sub(began),
        longest: store.take_longest_change(),
        used_bytes: usage.bytes,
        squeezed_to,
        removed: all,
    });
    if all != Removed::default() {
        tracing::info!(
            events = all.events,
            deliveries = all.deliveries,
            attempts = all.attempts,
            payloads = all.payloads,
            endpoints = all.endpoints,
            tokens = all.tokens,
            others = all.others,
            "retention removed"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests;
