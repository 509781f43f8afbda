//! The engine's figures as the wire shows them.

use std::time::Duration;

use super::problem::Refusal;
use super::state::Core;
use super::views;
use crate::api::stats::{LanesView, MinuteView, StatsView};
use crate::engine::MinuteStats;

/// Totals, and what happened in the window.
///
/// # Errors
/// The store cannot be read.
pub(super) async fn view(core: &Core, window: Duration) -> Result<StatsView, Refusal> {
    let stats = core.engine.stats(window).await?;
    let lanes = core.engine.lanes().await.unwrap_or_default();
    let minutes: Vec<MinuteView> = stats.minutes.iter().map(minute).collect();
    let attempts = minutes.iter().map(|minute| minute.attempts).sum();
    let successes = minutes.iter().map(|minute| minute.successes).sum();
    Ok(StatsView {
        at: core.clock.now(),
        ledger: views::counts(&stats.counts),
        in_flight: lanes
            .lanes
            .iter()
            .map(|lane| u64::from(lane.in_flight))
            .sum(),
        window_s: window.as_secs(),
        attempts,
        successes,
        minutes,
        lanes: LanesView {
            awake: u64::try_from(lanes.lanes.len()).unwrap_or(u64::MAX),
            restarts: lanes.restarts,
        },
        ..StatsView::default()
    })
}

fn minute(minute: &MinuteStats) -> MinuteView {
    let wire = |count: i64| u64::try_from(count).unwrap_or(0);
    MinuteView {
        at: minute.minute,
        attempts: wire(minute.delivered.saturating_add(minute.failed)),
        successes: wire(minute.delivered),
        mean_latency_us: None,
    }
}
