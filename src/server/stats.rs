//! The engine's figures as the wire shows them.

use std::time::Duration;

use super::problem::Refusal;
use super::state::Core;
use super::views::{self, wire_count};
use crate::api::stats::{
    LanesView, MinuteView, QuantilesView, RetentionView, StatsView, StoreView,
};
use crate::domain::time::Timestamp;
use crate::domain::tries::Tries;
use crate::engine::{LanesSnapshot, MinuteStats, RetentionFacts, StoreFacts};

/// Totals, and what happened in the window.
///
/// # Errors
/// The store cannot be read.
pub(super) async fn view(core: &Core, window: Duration) -> Result<StatsView, Refusal> {
    let engine = &core.engine;
    let now = core.clock.now();
    let stats = engine.stats(window).await?;
    let attempts = &stats.attempts;
    let oldest_due = engine.oldest_due().await?;
    // The lanes are gone at the end of a drain; everything else can still be told.
    let lanes = engine.lanes().await.unwrap_or_default();
    Ok(StatsView {
        at: now,
        ledger: views::counts(&stats.counts),
        events: engine.events_ever().await?,
        in_flight: in_flight(&lanes),
        endpoints: engine
            .endpoint_statuses()
            .into_iter()
            .map(|(status, count)| (status.to_owned(), count))
            .collect(),
        oldest_due_ms: oldest_due.map_or(0, |due| views::millis(now.since(due))),
        window_s: window.as_secs(),
        attempts: attempts.attempts,
        successes: attempts.successes,
        failures: attempts
            .failures
            .iter()
            .map(|(class, &count)| (class.as_str().to_owned(), count))
            .collect(),
        held_back: attempts.held_back,
        mean_latency_us: attempts.latency_us.checked_div(attempts.attempts),
        latency_us: quantiles(&stats.tries),
        retries: stats.tries.retries,
        deliveries_ended: stats.tries.ended,
        step_s: stats.step.as_secs(),
        minutes: stats.minutes.iter().map(minute).collect(),
        store: store(&engine.store_facts()),
        lanes: LanesView {
            awake: wire_count(lanes.lanes.len()),
            restarts: lanes.restarts,
            outcomes_refused: lanes.outcomes_refused,
            breakers_open: engine.open_breakers(),
            breakers_opened: lanes.breakers_opened,
        },
    })
}

/// The quantiles that are shown; `None` without attempts.
pub(super) fn quantiles(tries: &Tries) -> Option<QuantilesView> {
    let at = |permille| tries.durations.quantile(permille);
    Some(QuantilesView {
        p50: at(500)?,
        p95: at(950)?,
        p99: at(990)?,
    })
}

fn in_flight(lanes: &LanesSnapshot) -> u64 {
    lanes
        .lanes
        .iter()
        .map(|lane| u64::from(lane.in_flight))
        .sum()
}

fn minute(minute: &MinuteStats) -> MinuteView {
    let wire = |count: i64| u64::try_from(count).unwrap_or(0);
    let attempts = wire(minute.delivered.saturating_add(minute.failed));
    MinuteView {
        at: minute.minute,
        attempts,
        successes: wire(minute.delivered),
        mean_latency_us: wire(minute.latency_us).checked_div(attempts),
    }
}

fn store(facts: &StoreFacts) -> StoreView {
    StoreView {
        database_bytes: facts.database_bytes,
        wal_bytes: facts.wal_bytes,
        disk_free_bytes: facts.disk_free_bytes.unwrap_or(0),
        checkpoint_pages_left: facts
            .checkpoint
            .log_pages
            .saturating_sub(facts.checkpoint.done_pages),
        retention: facts.retention.at.map(|at| retention(at, &facts.retention)),
    }
}

fn retention(at: Timestamp, round: &RetentionFacts) -> RetentionView {
    let removed = &round.removed;
    RetentionView {
        at,
        took_ms: views::millis(round.took),
        longest_ms: views::millis(round.longest),
        used_bytes: round.used_bytes,
        squeezed_to_s: round.squeezed_to.map(|kept| kept.as_secs()),
        events: removed.events,
        payloads: removed.payloads,
        deliveries: removed.deliveries,
        attempts: removed.attempts,
        others: removed.endpoints + removed.tokens + removed.others,
    }
}
