//! `hookyard stats`: totals, and what happened lately.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Args;

use super::connect::ConnectArgs;
use super::context::Context;
use super::instant::AtArgs;
use super::lists::find_endpoint;
use super::output::{Field, FormatArgs, Output};
use crate::api::stats::{StatsView, TrafficView};
use crate::client::Client;
use crate::config::ByteSize;
use crate::domain::duration::DurationText;

/// Show totals and what happened lately.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  hookyard stats --window 15m --json | jq .ledger")]
pub(crate) struct StatsArgs {
    /// How far to look back, such as 15m.
    #[arg(long, default_value = "60m")]
    window: DurationText,
    #[command(flatten)]
    at: AtArgs,
    #[command(flatten)]
    connect: ConnectArgs,
    #[command(flatten)]
    format: FormatArgs,
}

/// Prints the statistics.
pub(crate) async fn run(args: StatsArgs, context: &Context) -> anyhow::Result<()> {
    let client = context.client(&args.connect)?;
    if let Some(at) = args.at.asked(&client).await? {
        let (window, at) = (args.window.to_string(), at.to_string());
        let stats = client.stats_then(&window, &at).await?;
        let mut fields = vec![("at", stats.at.to_string())];
        fields.extend(traffic(&stats.traffic));
        return context.output.one(args.format, &stats, &fields);
    }
    let stats = client.stats(&args.window.to_string()).await?;
    context.output.one(args.format, &stats, &fields(&stats))
}

fn fields(stats: &StatsView) -> Vec<Field> {
    let ledger = stats.ledger;
    let mut fields = vec![
        ("at", stats.at.to_string()),
        ("events", stats.events.to_string()),
        (
            "deliveries",
            format!(
                "{} created: {} delivered, {} pending, {} held, {} dead, {} discarded",
                ledger.created,
                ledger.delivered,
                ledger.pending,
                ledger.held,
                ledger.dead,
                ledger.discarded
            ),
        ),
        ("in flight", stats.in_flight.to_string()),
        ("oldest due", format!("{} ms late", stats.oldest_due_ms)),
        ("endpoints", join(&stats.endpoints)),
    ];
    fields.extend(traffic(&stats.traffic));
    fields.extend([
        (
            "store",
            format!(
                "{} database, {} log, {} free",
                size_text(stats.store.database_bytes),
                size_text(stats.store.wal_bytes),
                size_text(stats.store.disk_free_bytes)
            ),
        ),
        ("retention", retention(stats)),
        (
            "lanes",
            format!(
                "{} awake, {} restarted",
                stats.lanes.awake, stats.lanes.restarts
            ),
        ),
    ]);
    fields
}

/// Prints what happened at one endpoint.
pub(super) async fn of_endpoint(
    client: &Client,
    output: Output,
    endpoint: &str,
    (window, at): (DurationText, &AtArgs),
    format: FormatArgs,
) -> anyhow::Result<()> {
    let id = find_endpoint(client, endpoint).await?.id;
    let window = window.to_string();
    let stats = match at.asked(client).await? {
        Some(at) => {
            let at = at.to_string();
            client.endpoint_stats_then(id, &window, &at).await?
        }
        None => client.endpoint_stats(id, &window).await?,
    };
    let mut fields = vec![
        ("endpoint", stats.endpoint_id.to_string()),
        ("at", stats.at.to_string()),
    ];
    fields.extend(traffic(&stats.traffic));
    output.one(format, &stats, &fields)
}

/// What happened in a window.
fn traffic(traffic: &TrafficView) -> Vec<Field> {
    let mean = traffic.mean_latency_us.map_or_else(String::new, |micros| {
        format!(
            ", {}.{} ms on average",
            micros / 1_000,
            micros % 1_000 / 100
        )
    });
    vec![
        ("window", format!("{} s", traffic.window_s)),
        (
            "attempts",
            format!(
                "{}, {} successes{mean}",
                traffic.attempts, traffic.successes
            ),
        ),
        ("durations", durations(traffic)),
        ("tries", tries(traffic)),
        ("failures", join(&traffic.failures)),
        ("held back", format!("{} by rate limits", traffic.held_back)),
    ]
}

/// Counts by name.
fn join(counts: &BTreeMap<String, u64>) -> String {
    let parts: Vec<String> = counts
        .iter()
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    if parts.is_empty() {
        return "none".to_owned();
    }
    parts.join(", ")
}

fn durations(traffic: &TrafficView) -> String {
    let Some(latency) = traffic.latency_us else {
        return "-".to_owned();
    };
    let millis = |micros: u64| format!("{}.{} ms", micros / 1_000, micros % 1_000 / 100);
    format!(
        "p50 {}, p95 {}, p99 {}",
        millis(latency.p50),
        millis(latency.p95),
        millis(latency.p99)
    )
}

fn tries(traffic: &TrafficView) -> String {
    let centi = (traffic.attempts * 100).checked_div(traffic.deliveries_ended);
    let each = centi.map_or_else(String::new, |centi| {
        format!(
            ", {}.{:02} attempts for each delivery that ended",
            centi / 100,
            centi % 100
        )
    });
    format!("{} retries{each}", traffic.retries)
}

fn retention(stats: &StatsView) -> String {
    let Some(round) = stats.store.retention else {
        return "no round yet".to_owned();
    };
    let squeezed = round.squeezed_to_s.map_or_else(String::new, |kept| {
        let kept = DurationText(Duration::from_secs(kept));
        format!("; over its disk budget, so payloads and attempts are kept for {kept}")
    });
    format!(
        "at {}: {} events, {} payloads, {} deliveries, {} attempts, {} others gone in {} ms, the writer held for {} ms at \
         most{squeezed}",
        round.at,
        round.events,
        round.payloads,
        round.deliveries,
        round.attempts,
        round.others,
        round.took_ms,
        round.longest_ms
    )
}

/// Whole units, rounded down: exact figures are in the JSON.
fn size_text(bytes: u64) -> String {
    let unit = [1_u64 << 30, 1 << 20, 1 << 10]
        .into_iter()
        .find(|unit| bytes >= *unit)
        .unwrap_or(1);
    ByteSize(bytes / unit * unit).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded_down_to_whole_units() {
        for (bytes, text) in [(0, "0B"), (1_536, "1KiB"), (5_000_000_000, "4GiB")] {
            assert_eq!(size_text(bytes), text);
        }
    }
}
