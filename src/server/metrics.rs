//! `/metrics`: the figures in the Prometheus text format, version 0.0.4.
//!
//! Written out by hand: a dozen numbers that the store and the lanes keep anyway need no registry. No label holds
//! anything that a caller controls, so the number of series is fixed.

use std::fmt::{Display, Write};
use std::time::Duration;

use super::problem::Refusal;
use super::state::State;
use super::stats;
use crate::api::stats::StatsView;
use crate::domain::attempt::FailureClass;
use crate::engine::{CertificateCounts, FailingCounts, ReplayFigures};

/// What the text is.
pub(super) const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The page of all figures.
///
/// # Errors
/// The store cannot be read.
pub(super) async fn page(state: &State) -> Result<String, Refusal> {
    let stats = stats::view(state, Duration::from_mins(1)).await?;
    let mut page = Page::default();
    deliveries(&mut page, &stats);
    attempts(&mut page, &stats);
    machine(&mut page, &stats);
    failing(&mut page, &state.engine.failing_counts());
    let name = "hookyard_notifications_total";
    page.family(
        name,
        "counter",
        "Things told to the operator's command or URL; missed are those that found no room.",
    );
    for (outcome, count) in state.options.notifications.by_outcome() {
        page.labelled(name, "outcome", outcome, count);
    }
    let counts = state.engine.certificate_counts().await?;
    certificates(&mut page, &counts);
    replays(&mut page, &state.engine.replay_figures().await?);
    page.counter(
        "hookyard_publishes_refused_total",
        "Publishing calls refused because a queue or the disk was full.",
        state.publishes_refused(),
    );
    page.gauge(
        "hookyard_stream_clients",
        "Live streams that are open.",
        state.hub.clients(),
    );
    Ok(page.0)
}

fn deliveries(page: &mut Page, stats: &StatsView) {
    let ledger = &stats.ledger;
    page.counter("hookyard_events_total", "Events accepted.", stats.events);
    page.counter(
        "hookyard_deliveries_created_total",
        "Deliveries made of events.",
        ledger.created,
    );
    page.family(
        "hookyard_deliveries",
        "gauge",
        "Deliveries by where they stand.",
    );
    for (word, count) in [
        ("pending", ledger.pending),
        ("held", ledger.held),
        ("delivered", ledger.delivered),
        ("dead", ledger.dead),
        ("discarded", ledger.discarded),
    ] {
        page.labelled("hookyard_deliveries", "state", word, count);
    }
    page.family("hookyard_endpoints", "gauge", "Endpoints by status.");
    for status in ["active", "paused", "disabled"] {
        let count = stats.endpoints.get(status).copied().unwrap_or(0);
        page.labelled("hookyard_endpoints", "status", status, count);
    }
}

fn attempts(page: &mut Page, stats: &StatsView) {
    page.family(
        "hookyard_attempts_last_minute",
        "gauge",
        "Attempts of the last minute by outcome.",
    );
    page.labelled(
        "hookyard_attempts_last_minute",
        "outcome",
        "success",
        stats.traffic.successes,
    );
    for class in FailureClass::ALL {
        let count = stats
            .traffic
            .failures
            .get(class.as_str())
            .copied()
            .unwrap_or(0);
        page.labelled(
            "hookyard_attempts_last_minute",
            "outcome",
            class.as_str(),
            count,
        );
    }
    page.gauge(
        "hookyard_held_back_last_minute",
        "Attempts of the last minute that a rate limit of their endpoint had made wait.",
        stats.traffic.held_back,
    );
    page.gauge(
        "hookyard_requests_in_flight",
        "Requests in flight to endpoints.",
        stats.in_flight,
    );
}

fn machine(page: &mut Page, stats: &StatsView) {
    page.gauge(
        "hookyard_lanes_awake",
        "Lanes that are awake.",
        stats.lanes.awake,
    );
    page.counter(
        "hookyard_lane_restarts_total",
        "Lanes that ended unexpectedly and were started again.",
        stats.lanes.restarts,
    );
    page.counter(
        "hookyard_outcomes_refused_total",
        "Outcomes that the store refused for good; their deliveries are dead.",
        stats.lanes.outcomes_refused,
    );
    page.gauge(
        "hookyard_breakers_open",
        "Endpoints whose breaker is open or half-open.",
        stats.lanes.breakers_open,
    );
    page.counter(
        "hookyard_breakers_opened_total",
        "Breakers that opened.",
        stats.lanes.breakers_opened,
    );
    page.gauge(
        "hookyard_oldest_due_milliseconds",
        "How late the oldest due delivery is.",
        stats.oldest_due_ms,
    );
    page.gauge(
        "hookyard_database_bytes",
        "Bytes of the database file.",
        stats.store.database_bytes,
    );
    if let Some(round) = stats.store.retention {
        page.gauge(
            "hookyard_database_used_bytes",
            "Bytes of the database that rows took at the latest round of retention.",
            round.used_bytes,
        );
        page.gauge(
            "hookyard_retention_rows_removed",
            "Events, deliveries and attempts that the latest round of retention took.",
            round.events + round.deliveries + round.attempts,
        );
    }
    page.gauge(
        "hookyard_wal_bytes",
        "Bytes of the write-ahead log.",
        stats.store.wal_bytes,
    );
    page.gauge(
        "hookyard_disk_free_bytes",
        "Free bytes on the database's disk.",
        stats.store.disk_free_bytes,
    );
}

fn failing(page: &mut Page, counts: &FailingCounts) {
    page.counter(
        "hookyard_endpoints_warned_total",
        "Warnings of endpoints that did nothing but fail.",
        counts.warned,
    );
    let name = "hookyard_endpoints_disabled_total";
    page.family(
        name,
        "counter",
        "Endpoints that the service disabled: they failed for too long, or their receiver answered 410.",
    );
    page.labelled(name, "reason", "failing", counts.disabled_failing);
    page.labelled(name, "reason", "gone", counts.disabled_gone);
    page.counter(
        "hookyard_endpoints_recovered_total",
        "Endpoints that were told to fail and succeeded again.",
        counts.recovered,
    );
}

fn certificates(page: &mut Page, counts: &CertificateCounts) {
    let name = "hookyard_certificates_expiring";
    page.family(
        name,
        "gauge",
        "Endpoints whose receiver's certificate runs out within so many days; 0 has run out, 21 holds them all.",
    );
    for (days, count) in ["21", "7", "1", "0"].into_iter().zip(counts.within) {
        page.labelled(name, "days", days, count);
    }
    if let Some(soonest) = counts.soonest {
        page.gauge(
            "hookyard_certificate_soonest_expiry_timestamp_seconds",
            "When the first certificate of an endpoint's receiver runs out, in Unix time.",
            soonest.as_unix_seconds(),
        );
    }
}

/// By state and outcome only: which replay it is, is no label.
fn replays(page: &mut Page, figures: &ReplayFigures) {
    let name = "hookyard_replays";
    page.family(name, "gauge", "Replays that are not over, by state.");
    for (word, count) in [
        ("running", figures.running),
        ("paused", figures.paused),
        ("stopped", figures.stopped),
    ] {
        page.labelled(name, "state", word, count);
    }
    let name = "hookyard_replay_items";
    page.family(
        name,
        "gauge",
        "Items of the replays that are not over, by where they stand.",
    );
    let counts = &figures.counts;
    for (word, count) in [
        ("waiting", counts.waiting),
        ("open", counts.open),
        ("delivered", counts.delivered),
        ("failed", counts.failed),
        ("skipped", counts.skipped),
    ] {
        page.labelled(name, "outcome", word, count);
    }
}

#[derive(Default)]
struct Page(String);

impl Page {
    fn counter(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(name, "counter", help);
        self.line(format_args!("{name} {value}"));
    }

    fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(name, "gauge", help);
        self.line(format_args!("{name} {value}"));
    }

    fn family(&mut self, name: &str, kind: &str, help: &str) {
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} {kind}"));
    }

    /// One series; `value` is one of our own words and needs no escape.
    fn labelled(&mut self, name: &str, label: &str, value: &'static str, count: u64) {
        self.line(format_args!("{name}{{{label}=\"{value}\"}} {count}"));
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "{line}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_has_help_type_and_series() {
        let mut page = Page::default();
        page.counter("a_total", "Things.", 3);
        page.family("b", "gauge", "Others.");
        page.labelled("b", "state", "dead", 2);
        assert_eq!(
            page.0,
            "# HELP a_total Things.\n# TYPE a_total counter\na_total 3\n\
             # HELP b Others.\n# TYPE b gauge\nb{state=\"dead\"} 2\n"
        );
    }
}
