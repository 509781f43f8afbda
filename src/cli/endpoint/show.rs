//! Endpoints on screen.

use crate::api::endpoint::{EndpointHealth, EndpointView, RetryBody};
use crate::cli::lists::{LimitArgs, find_endpoint, or_empty};
use crate::cli::output::{Field, FormatArgs, Output, note};
use crate::client::Client;

/// Prints a list.
pub(super) async fn list(
    client: &Client,
    output: Output,
    limit: LimitArgs,
    format: FormatArgs,
) -> anyhow::Result<()> {
    let found = limit
        .gather(None, async |query| client.endpoints(query).await)
        .await?;
    output.list(
        format,
        &[
            ("ID", &|endpoint: &EndpointView| endpoint.id.to_string()),
            ("NAME", &|endpoint| or_empty(endpoint.name.as_ref())),
            ("STATUS", &status_text),
            ("CONTRACT", &|endpoint| endpoint.contract.clone()),
            ("DELIVERED", &|endpoint| {
                endpoint.health.deliveries.delivered.to_string()
            }),
            ("WAITING", &|endpoint| {
                let counts = endpoint.health.deliveries;
                (counts.pending + counts.held).to_string()
            }),
            ("DEAD", &|endpoint| {
                endpoint.health.deliveries.dead.to_string()
            }),
            ("URL", &|endpoint| endpoint.url.clone()),
        ],
        &found.rows,
    )?;
    if found.rows.is_empty() && output.is_terminal() {
        note("no endpoints yet: hookyard endpoint create URL makes one");
    }
    if found.more && output.is_terminal() {
        note("there are more: --limit N or --all shows them");
    }
    Ok(())
}

/// Prints one.
pub(super) async fn one(
    client: &Client,
    output: Output,
    given: &str,
    format: FormatArgs,
) -> anyhow::Result<()> {
    let endpoint = find_endpoint(client, given).await?;
    print(output, format, &endpoint)
}

/// Prints an endpoint, member by member.
pub(super) fn print(
    output: Output,
    format: FormatArgs,
    endpoint: &EndpointView,
) -> anyhow::Result<()> {
    output.one(format, endpoint, &fields(endpoint))
}

/// The endpoint's members as they are shown.
pub(super) fn fields(endpoint: &EndpointView) -> Vec<Field> {
    let health = &endpoint.health;
    let counts = health.deliveries;
    let patterns: Vec<String> = endpoint
        .event_types
        .iter()
        .map(ToString::to_string)
        .collect();
    let pairs = |pairs: &std::collections::BTreeMap<String, String>| {
        let pairs: Vec<String> = pairs
            .iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        pairs.join(", ")
    };
    let all = [
        ("id", endpoint.id.to_string()),
        ("name", or_empty(endpoint.name.as_ref())),
        ("url", endpoint.url.clone()),
        ("status", status_text(endpoint)),
        ("contract", endpoint.contract.clone()),
        ("events", patterns.join(", ")),
        ("tenant", or_empty(endpoint.tenant.as_ref())),
        ("ordered", yes_no(endpoint.ordered)),
        ("concurrency", endpoint.concurrency.to_string()),
        ("timeout", endpoint.timeout.clone()),
        ("retry", retry_text(&endpoint.retry)),
        ("rate limit", rate_limit_text(endpoint)),
        ("breaker", breaker_text(endpoint)),
        ("test mode", yes_no(endpoint.test_mode)),
        ("headers", pairs(&endpoint.headers)),
        ("metadata", pairs(&endpoint.metadata)),
        ("secrets", secrets_text(endpoint)),
        (
            "deliveries",
            format!(
                "{} created: {} delivered, {} pending, {} held, {} dead, {} discarded",
                counts.created,
                counts.delivered,
                counts.pending,
                counts.held,
                counts.dead,
                counts.discarded
            ),
        ),
        ("in flight", health.in_flight.to_string()),
        (
            "last hour",
            format!(
                "{} attempts, {} successes{}",
                health.attempts_1h,
                health.successes_1h,
                health
                    .mean_latency_us_1h
                    .map_or_else(String::new, |mean| format!(", {mean} µs on average"))
            ),
        ),
        ("durations", durations_text(health)),
        ("last success", or_empty(health.last_success_at)),
        ("last failure", failure_text(endpoint)),
        ("certificate", certificate_text(endpoint)),
        ("next attempt", or_empty(health.next_attempt_at)),
        ("created", endpoint.created_at.to_string()),
        ("updated", endpoint.updated_at.to_string()),
    ];
    all.into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

fn status_text(endpoint: &EndpointView) -> String {
    let mut text = endpoint.status.clone();
    if let Some(until) = endpoint.paused_until {
        text.push_str(&format!(" until {until}"));
    }
    if let Some(reason) = &endpoint.status_reason {
        text.push_str(&format!(" ({reason})"));
    }
    if matches!(endpoint.health.breaker.as_str(), "open" | "half-open") {
        text.push_str(&format!(", breaker {}", endpoint.health.breaker));
    }
    text
}

fn durations_text(health: &EndpointHealth) -> String {
    health.latency_us_1h.map_or_else(String::new, |latency| {
        format!(
            "p50 {} µs, p95 {} µs, p99 {} µs",
            latency.p50, latency.p95, latency.p99
        )
    })
}

fn failure_text(endpoint: &EndpointView) -> String {
    let health = &endpoint.health;
    let Some(at) = health.last_failure_at else {
        return String::new();
    };
    let what = health.last_failure.as_deref().unwrap_or("no text");
    let in_a_row = match health.consecutive_failures {
        0 => String::new(),
        number => match health.failing_since {
            Some(since) => format!(" ({number} in a row, since {since})"),
            None => format!(" ({number} in a row)"),
        },
    };
    format!("{at}: {what}{in_a_row}")
}

fn rate_limit_text(endpoint: &EndpointView) -> String {
    let Some(limit) = &endpoint.rate_limit else {
        return String::new();
    };
    let health = &endpoint.health;
    let now = if health.rate_limited {
        ", holding deliveries back now"
    } else {
        ""
    };
    format!(
        "{} per {}: {} held back in the last hour{now}",
        limit.requests, limit.per, health.held_back_1h
    )
}

fn breaker_text(endpoint: &EndpointView) -> String {
    let (settings, health) = (&endpoint.breaker, &endpoint.health);
    if settings.enabled == Some(false) {
        return "off".to_owned();
    }
    let mut text = health.breaker.clone();
    if let Some(since) = health.breaker_open_since {
        text.push_str(&format!(" since {since}"));
    }
    if let Some(at) = health.next_probe_at {
        text.push_str(&format!(", next probe at {at}"));
    }
    let share = settings.share.as_ref().and_then(|share| share.as_f64());
    text.push_str(&format!(
        "; opens after {} failures in a row or {}% of the last {} attempts, on {} at least; probes after {} to {}",
        or_empty(settings.consecutive),
        share.unwrap_or_default() * 100.0,
        or_empty(settings.window),
        or_empty(settings.attempts_min),
        or_empty(settings.probe_first.as_ref()),
        or_empty(settings.probe_max.as_ref()),
    ));
    text
}

fn certificate_text(endpoint: &EndpointView) -> String {
    let end = endpoint.health.certificate_expires_at;
    end.map_or_else(String::new, |end| format!("runs out at {end}"))
}

fn secrets_text(endpoint: &EndpointView) -> String {
    let texts: Vec<String> = endpoint
        .secrets
        .iter()
        .map(|secret| {
            let short = if secret.short {
                " (short: it could be guessed)"
            } else {
                ""
            };
            match secret.expires_at {
                Some(expiry) => format!("{}{short} until {expiry}", secret.id),
                None => format!("{}{short}", secret.id),
            }
        })
        .collect();
    texts.join(", ")
}

fn retry_text(retry: &RetryBody) -> String {
    let mut parts = Vec::new();
    match (&retry.ladder, &retry.exponential) {
        (Some(ladder), _) if ladder.is_empty() => parts.push("none".to_owned()),
        (Some(ladder), _) => parts.push(ladder.join(", ")),
        (None, Some(steps)) => parts.push(format!(
            "{} retries, first {}, times {}, at most {}",
            steps.retries, steps.first, steps.factor, steps.cap
        )),
        (None, None) => {}
    }
    if let Some(window) = &retry.window {
        parts.push(format!("window {window}"));
    }
    if let Some(jitter) = &retry.jitter {
        parts.push(format!("jitter {jitter}"));
    }
    parts.join("; ")
}

fn yes_no(value: bool) -> String {
    if value { "yes" } else { "no" }.to_owned()
}
