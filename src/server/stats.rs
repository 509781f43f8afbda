//! The engine's figures as the wire shows them.

use std::collections::BTreeMap;
use std::time::Duration;

use super::problem::Refusal;
use super::state::Core;
use super::views::{self, wire_count};
use crate::api::stats::{
    EndpointStatsView, LATENCY_BOUNDS_US, LanesView, MinuteView, PastStatsView, QuantilesView,
    RetentionView, StatsView, StoreView, TrafficView,
};
use crate::domain::id::EndpointId;
use crate::domain::time::Timestamp;
use crate::domain::tries::Tries;
use crate::engine::{AttemptStats, LanesSnapshot, MinuteStats, RetentionFacts, Stats, StoreFacts};

/// Totals, and what happened in the window.
///
/// # Errors
/// The store cannot be read.
pub(super) async fn view(core: &Core, window: Duration) -> Result<StatsView, Refusal> {
    let engine = &core.engine;
    let now = core.clock.now();
    let stats = engine.stats(window).await?;
    let oldest_due = engine.oldest_due().await?;
    // The lanes are gone at the end of a drain; everything else can still be told.
    let lanes = engine.lanes().await.unwrap_or_default();
    Ok(StatsView {
        at: now,
        ledger: views::counts(&engine.counts().await?),
        events: engine.events_ever().await?,
        in_flight: in_flight(&lanes),
        endpoints: engine
            .endpoint_statuses()
            .into_iter()
            .map(|(status, count)| (status.to_owned(), count))
            .collect(),
        oldest_due_ms: oldest_due.map_or(0, |due| views::millis(now.since(due))),
        traffic: traffic(&stats, window),
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

/// What happened in the window that ended at `at`.
///
/// # Errors
/// The store cannot be read.
pub(super) async fn view_then(
    core: &Core,
    at: Timestamp,
    window: Duration,
) -> Result<PastStatsView, Refusal> {
    let stats = core.engine.stats_until(at, window).await?;
    Ok(PastStatsView {
        at,
        traffic: traffic(&stats, window),
    })
}

/// What happened at one endpoint in the window that ended at `at`, or ends now.
///
/// # Errors
/// The store cannot be read.
pub(super) async fn of_endpoint(
    core: &Core,
    endpoint_id: EndpointId,
    at: Option<Timestamp>,
    window: Duration,
) -> Result<EndpointStatsView, Refusal> {
    let now = core.clock.now();
    let until = at.unwrap_or_else(|| now.moved_by(1));
    let stats = core.engine.stats_of(endpoint_id, until, window).await?;
    Ok(EndpointStatsView {
        endpoint_id,
        at: at.unwrap_or(now),
        traffic: traffic(&stats, window),
    })
}

fn traffic(stats: &Stats, window: Duration) -> TrafficView {
    let attempts = &stats.attempts;
    TrafficView {
        window_s: window.as_secs(),
        attempts: attempts.attempts,
        successes: attempts.successes,
        failures: failures(attempts),
        held_back: attempts.held_back,
        mean_latency_us: attempts.latency_us.checked_div(attempts.attempts),
        latency_us: quantiles(&stats.tries),
        retries: stats.tries.retries,
        deliveries_ended: stats.tries.ended,
        step_s: stats.step.as_secs(),
        minutes: stats.minutes.iter().map(minute).collect(),
    }
}

fn failures(attempts: &AttemptStats) -> BTreeMap<String, u64> {
    let classes = attempts.failures.iter();
    classes
        .map(|(class, &count)| (class.as_str().to_owned(), count))
        .collect()
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
    let attempts = &minute.attempts;
    MinuteView {
        at: minute.minute,
        attempts: attempts.attempts,
        successes: attempts.successes,
        mean_latency_us: attempts.latency_us.checked_div(attempts.attempts),
        failures: failures(attempts),
        latency_us: quantiles(&minute.tries),
        latency_bands: bands(&minute.tries),
    }
}

/// How long attempts took, counted; empty without attempts.
fn bands(tries: &Tries) -> Vec<u64> {
    match tries.durations.count() {
        0 => Vec::new(),
        _ => tries.durations.bands(&LATENCY_BOUNDS_US),
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
