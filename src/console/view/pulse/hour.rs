//! The last hour minute by minute, and what a minute is measured by.

use std::collections::BTreeMap;

use crate::api::stats::{MinuteView, TrafficView};
use crate::domain::time::Timestamp;

/// Minutes of the hour that is shown.
pub(super) const MINUTES: usize = 60;

/// The hour before `now`; minutes in which nothing happened are not among the figures.
pub(in crate::console::view) fn hour(now: Timestamp, traffic: &TrafficView) -> Vec<MinuteView> {
    const MINUTE_MS: i64 = 60_000;
    let last = now.as_millis().div_euclid(MINUTE_MS);
    let known: BTreeMap<i64, &MinuteView> = traffic
        .minutes
        .iter()
        .map(|minute| (minute.at.as_millis().div_euclid(MINUTE_MS), minute))
        .collect();
    let first = last + 1 - i64::try_from(MINUTES).unwrap_or(60);
    (first..=last)
        .map(|minute| {
            let quiet = MinuteView {
                at: Timestamp::from_millis(minute * MINUTE_MS),
                ..MinuteView::default()
            };
            known.get(&minute).map_or(quiet, |known| (*known).clone())
        })
        .collect()
}

/// Attempts.
pub(in crate::console::view) const fn attempts(minute: &MinuteView) -> u64 {
    minute.attempts
}

/// Failures of a thousand attempts.
pub(in crate::console::view) fn failing(minute: &MinuteView) -> u64 {
    let failed = minute.attempts.saturating_sub(minute.successes);
    (failed * 1_000).checked_div(minute.attempts).unwrap_or(0)
}

/// How long half of the attempts took at most, in microseconds.
pub(in crate::console::view) fn p50(minute: &MinuteView) -> u64 {
    minute.latency_us.map_or(0, |latency| latency.p50)
}

/// How long 95 of a hundred attempts took at most, in microseconds.
pub(in crate::console::view) fn p95(minute: &MinuteView) -> u64 {
    minute.latency_us.map_or(0, |latency| latency.p95)
}

/// `2.8%` of so many thousandths.
pub(in crate::console::view) fn permille(share: u64) -> String {
    format!("{}.{}%", share / 10, share % 10)
}
