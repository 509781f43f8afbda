//! `hookyard horizon`: what goes out in the time to come.

use std::time::Duration;

use clap::Args;

use super::connect::ConnectArgs;
use super::context::Context;
use super::lists::find_endpoint;
use super::output::{Column, Field, FormatArgs, note};
use crate::api::horizon::{EndpointHorizon, HorizonQuery, HorizonView, OutlookView};
use crate::domain::duration::DurationText;
use crate::domain::limits::{HORIZONS_SHOWN_DEFAULT, PAGE_ROWS_MAX};

/// Show what goes out in the next minutes and hours, what gives up when, and how long backlogs take to drain.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  hookyard horizon\n  hookyard horizon --by endpoint --limit 5\n  \
                  hookyard horizon --endpoint ep_01h… --json | jq .endpoints\n\n\
                  Each column counts all that is due by then. GIVE UP: tried deliveries that end as dead by then \
                  unless an attempt succeeds. DRAINS IN: what is due now, at the rate of the latest five minutes. +: there are too many to look \
                  at all of them; --endpoint looks at more, --json says how many are left out (give_up_left_out)."
)]
pub(crate) struct HorizonArgs {
    /// Line by line, the longest backlogs first.
    #[arg(long, value_enum, value_name = "WHAT", conflicts_with = "json")]
    by: Option<By>,
    /// One endpoint alone, by its id or name.
    #[arg(long, value_name = "ENDPOINT")]
    endpoint: Option<String>,
    /// Endpoints to show.
    #[arg(long, value_name = "N", default_value_t = HORIZONS_SHOWN_DEFAULT,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(PAGE_ROWS_MAX)))]
    limit: u32,
    #[command(flatten)]
    connect: ConnectArgs,
    #[command(flatten)]
    format: FormatArgs,
}

/// What a line of the horizon is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum By {
    /// One endpoint.
    Endpoint,
}

/// Prints the horizon.
pub(crate) async fn run(args: HorizonArgs, context: &Context) -> anyhow::Result<()> {
    let client = context.client(&args.connect)?;
    let endpoint = match &args.endpoint {
        Some(given) => Some(find_endpoint(&client, given).await?.id.to_string()),
        None => None,
    };
    let query = HorizonQuery {
        endpoint,
        limit: Some(args.limit),
    };
    let horizon = client.horizon(&query).await?;
    if args.by.is_none() && args.endpoint.is_none() || args.format.json {
        return context.output.one(args.format, &horizon, &fields(&horizon));
    }
    context
        .output
        .list(args.format, &columns(), &horizon.endpoints)?;
    if horizon.not_shown > 0 && args.endpoint.is_none() && context.output.is_terminal() {
        let more = horizon.not_shown;
        note(&format!(
            "{more} more endpoints wait: --limit shows more of them"
        ));
    }
    Ok(())
}

fn fields(horizon: &HorizonView) -> Vec<Field> {
    let total = &horizon.total;
    let endpoints = horizon.endpoints.len() as u64 + horizon.not_shown;
    let counts = [
        ("pending", total.pending),
        ("held", total.held),
        ("due now", total.due_now),
        ("within 1m", total.due_1m),
        ("within 5m", total.due_5m),
        ("within 15m", total.due_15m),
        ("within 1h", total.due_1h),
        ("within 6h", total.due_6h),
        ("within 24h", total.due_24h),
        ("later", total.later),
        ("endpoints", endpoints),
    ];
    let counts = counts.map(|(name, count)| (name, count.to_string()));
    let next = time(total.next_at);
    let rate = format!("{} a second", total.delivered_per_s);
    let rest = [
        ("next", next),
        ("delivered", rate),
        ("drains in", drains_in(total)),
    ];
    counts.into_iter().chain(rest).collect()
}

fn columns() -> [Column<'static, EndpointHorizon>; 14] {
    [
        ("ENDPOINT", &|row| row.id.to_string()),
        ("NAME", &|row| row.name.clone().unwrap_or_default()),
        ("STATE", &state),
        ("WAITING", &|row| {
            (row.outlook.pending + row.outlook.held).to_string()
        }),
        ("NOW", &|row| row.outlook.due_now.to_string()),
        ("1M", &|row| row.outlook.due_1m.to_string()),
        ("15M", &|row| row.outlook.due_15m.to_string()),
        ("1H", &|row| row.outlook.due_1h.to_string()),
        ("24H", &|row| row.outlook.due_24h.to_string()),
        ("NEXT", &|row| time(row.outlook.next_at)),
        ("DRAINS IN", &|row| drains_in(&row.outlook)),
        ("GIVE UP 1H", &|row| at_least(row.give_up_1h, row)),
        ("24H", &|row| at_least(row.give_up_24h, row)),
        ("FIRST", &|row| time(row.first_gives_up_at)),
    ]
}

fn state(row: &EndpointHorizon) -> String {
    match (row.breaker_open_since, row.paused_until) {
        (_, Some(until)) => format!("{} until {until}", row.status),
        (Some(_), None) if row.status == "active" => "breaker open".to_owned(),
        _ => row.status.clone(),
    }
}

fn time(at: Option<crate::domain::time::Timestamp>) -> String {
    at.map_or_else(|| "-".to_owned(), |at| at.to_string())
}

fn at_least(count: u64, row: &EndpointHorizon) -> String {
    let sign = if row.give_up_left_out > 0 { "+" } else { "" };
    format!("{count}{sign}")
}

fn drains_in(outlook: &OutlookView) -> String {
    match outlook.drains_in_s {
        None => "nothing goes out".to_owned(),
        Some(0) if outlook.due_now == 0 => "-".to_owned(),
        Some(seconds) => DurationText(Duration::from_secs(seconds)).to_string(),
    }
}
