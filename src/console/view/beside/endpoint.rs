//! What an endpoint is and how it fares, line by line: the figures that the guides promise its owner, by their names.

use crate::api::endpoint::{EndpointView, RetryBody};
use crate::api::stats::{EndpointStatsView, MinuteView, TrafficView};
use crate::console::app::msg::Now;
use crate::console::theme::Role;
use crate::console::view::paint::Skin;
use crate::console::view::pulse::steps::{self, Steps};
use crate::console::view::text::Text;
use crate::console::view::{format, spark, state};

/// Adds the lines.
pub(super) fn add(
    text: &mut Text,
    skin: &Skin,
    now: Now,
    endpoint: &EndpointView,
    figures: Option<&EndpointStatsView>,
) {
    let shown = state::of_endpoint(skin, endpoint);
    let name = endpoint
        .name
        .clone()
        .unwrap_or_else(|| endpoint.id.to_string());
    text.field("endpoint", &name, Role::Strong);
    text.field(
        "state",
        &format!("{} {}{}", shown.glyph, shown.word, why(now, endpoint)),
        shown.role,
    );
    text.field("url", &endpoint.url, Role::Text);
    let types: Vec<String> = endpoint
        .event_types
        .iter()
        .map(ToString::to_string)
        .collect();
    let test = if endpoint.test_mode {
        ", test mode"
    } else {
        ""
    };
    text.field(
        "contract",
        &format!("{}, {}{test}", endpoint.contract, types.join(" ")),
        Role::Text,
    );
    text.field("limits", &limits(endpoint), Role::Text);
    text.field("retries", &retries(&endpoint.retry), Role::Text);
    if let Some(end) = endpoint.health.certificate_expires_at {
        let role = state::certificate_role(end, now.wall, Role::Text);
        text.field(
            "cert",
            &format!("valid until {}", end.to_rfc3339_seconds()),
            role,
        );
    }
    if let Some(failure) = &endpoint.health.last_failure {
        let at = endpoint.health.last_failure_at;
        let at = at.map_or_else(String::new, |at| format!("{} ", format::near(now.wall, at)));
        text.field("failure", &format!("{at}{failure}"), Role::StateFailed);
    }
    text.empty();
    match figures {
        Some(figures) => last_hour(text, skin, &figures.traffic, figures.at),
        None => text.line(" LAST HOUR  loading", Role::Muted),
    }
    text.empty();
}

/// Why it is in its state, and until when.
fn why(now: Now, endpoint: &EndpointView) -> String {
    let health = &endpoint.health;
    let mut text = String::new();
    if let Some(reason) = &endpoint.status_reason {
        text.push_str(&format!(": {reason}"));
    }
    if let Some(until) = endpoint.paused_until {
        text.push_str(&format!(", until {}", format::near(now.wall, until)));
    }
    if let Some(since) = health.breaker_open_since {
        text.push_str(&format!(
            ", breaker open since {}",
            format::near(now.wall, since)
        ));
    }
    if let Some(probe) = health.next_probe_at {
        text.push_str(&format!(", next probe {}", format::near(now.wall, probe)));
    }
    text
}

fn limits(endpoint: &EndpointView) -> String {
    let rate = match &endpoint.rate_limit {
        Some(limit) => format!("{} per {}", limit.requests, limit.per),
        None => "no rate limit".to_owned(),
    };
    let order = if endpoint.ordered { ", in order" } else { "" };
    format!(
        "{rate}, {} of {} in flight{order}, {} a request",
        endpoint.health.in_flight, endpoint.concurrency, endpoint.timeout
    )
}

fn retries(retry: &RetryBody) -> String {
    match (&retry.ladder, &retry.exponential) {
        (Some(ladder), _) if ladder.is_empty() => "none".to_owned(),
        (Some(ladder), _) => format!("{} after {}", ladder.len(), ladder.join(" ")),
        (None, Some(steps)) => format!(
            "{} after {}, each {} times the last up to {}",
            steps.retries, steps.first, steps.factor, steps.cap
        ),
        (None, None) => "none".to_owned(),
    }
}

/// The last hour in figures and in lines of bars.
fn last_hour(
    text: &mut Text,
    skin: &Skin,
    traffic: &TrafficView,
    at: crate::domain::time::Timestamp,
) {
    text.line(" LAST HOUR", Role::Muted);
    if traffic.attempts == 0 {
        text.line("  no attempts", Role::Muted);
        return;
    }
    let word = if traffic.attempts == 1 {
        "attempt"
    } else {
        "attempts"
    };
    let attempts = format!("{} {word}", format::count(traffic.attempts));
    let rate = format::percent(traffic.successes, traffic.attempts);
    text.field("success", &format!("rate {rate} of {attempts}"), Role::Text);
    let mean = traffic
        .mean_latency_us
        .map_or_else(String::new, format::micros);
    let quantiles = traffic.latency_us.map_or_else(String::new, |latency| {
        format!(
            ", p50 {} p95 {} p99 {}",
            format::micros(latency.p50),
            format::micros(latency.p95),
            format::micros(latency.p99)
        )
    });
    text.field("response", &format!("mean {mean}{quantiles}"), Role::Text);
    let errors: Vec<String> = traffic
        .failures
        .iter()
        .map(|(class, count)| format!("{class} {}", format::percent(*count, traffic.attempts)))
        .collect();
    let (errors, role) = if errors.is_empty() {
        ("rate 0".to_owned(), Role::StateOk)
    } else {
        (
            format!("rate by type: {}", errors.join(", ")),
            Role::StateFailed,
        )
    };
    text.field("error", &errors, role);
    let retried = format::percent(traffic.retries, traffic.attempts);
    text.field(
        "retry",
        &format!("frequency {retried} of attempts"),
        Role::Text,
    );
    if traffic.held_back > 0 {
        text.field(
            "limit",
            &format!("hit {} times", format::count(traffic.held_back)),
            Role::StatePaused,
        );
    }
    bars(text, skin, &Steps::of(at, traffic).each);
}

/// The hour in lines of bars.
fn bars(text: &mut Text, skin: &Skin, minutes: &[MinuteView]) {
    let room = usize::from(text.width.saturating_sub(10));
    let minutes = &minutes[minutes.len().saturating_sub(room)..];
    let mut line = |name: &str, value: fn(&MinuteView) -> u64, role: Role| {
        let values: Vec<u64> = minutes.iter().map(value).collect();
        text.lines.push(vec![
            (format!(" {name:<8} "), Role::Muted),
            (spark::line(skin, &values), role),
        ]);
    };
    line("out/s", steps::attempts, Role::Chart1);
    line("fail%", steps::failing, Role::StateFailed);
    line("p95", steps::p95, Role::Chart2);
}
