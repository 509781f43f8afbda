//! `hookyard causes`: why attempts fail.

use clap::Args;

use super::connect::ConnectArgs;
use super::context::Context;
use super::output::{Column, FormatArgs, note};
use crate::api::cause::{CauseView, CausesQuery};
use crate::domain::duration::DurationText;
use crate::domain::limits::{CAUSE_DEAD_COUNTED_MAX, CAUSES_LISTED_DEFAULT, PAGE_ROWS_MAX};

/// Show why attempts fail: a thousand failures as the few causes that they are.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  hookyard causes --since 1h\n  hookyard delivery list 'state:dead cause:9f86d081884c'\n\n\
                  Failures are one cause when class, status and message agree but for numbers, ids, times, quoted \
                  values and addresses. NOW OK: how many of the endpoints have had a success since. TREND: the latest \
                  ten minutes against the ten before."
)]
pub(crate) struct CausesArgs {
    /// How far to look back, 1m to 24h.
    #[arg(long, default_value = "24h")]
    since: DurationText,
    /// Causes to show, most failures first.
    #[arg(long, value_name = "N", default_value_t = CAUSES_LISTED_DEFAULT,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(PAGE_ROWS_MAX)))]
    limit: u32,
    #[command(flatten)]
    connect: ConnectArgs,
    #[command(flatten)]
    format: FormatArgs,
}

/// Prints the causes.
pub(crate) async fn run(args: CausesArgs, context: &Context) -> anyhow::Result<()> {
    let query = CausesQuery {
        since: Some(args.since.to_string()),
        limit: Some(args.limit),
    };
    let causes = context.client(&args.connect)?.causes(&query).await?;
    if causes.items.is_empty() && context.output.is_terminal() {
        note("no attempt failed in that time");
    }
    context.output.list(args.format, &columns(), &causes.items)
}

fn columns() -> [Column<'static, CauseView>; 10] {
    [
        ("CAUSE", &|cause| cause.id.clone()),
        ("FAILURES", &|cause| cause.failures.to_string()),
        ("DEAD", &dead_text),
        ("ENDPOINTS", &|cause| cause.endpoints.to_string()),
        ("NOW OK", &|cause| cause.succeeding.to_string()),
        ("TREND", &|cause| {
            format!(
                "{} ({}, {} before)",
                cause.trend, cause.latest_10m, cause.before_10m
            )
        }),
        ("FIRST", &|cause| cause.first_seen.to_string()),
        ("LAST", &|cause| cause.last_seen.to_string()),
        ("FAILED BY", &|cause| match cause.status {
            Some(status) => status.to_string(),
            None => cause.class.clone(),
        }),
        ("MESSAGE", &|cause| cause.message.clone()),
    ]
}

fn dead_text(cause: &CauseView) -> String {
    if cause.dead > u64::from(CAUSE_DEAD_COUNTED_MAX) {
        format!("over {CAUSE_DEAD_COUNTED_MAX}")
    } else {
        cause.dead.to_string()
    }
}
