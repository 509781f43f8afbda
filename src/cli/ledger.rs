//! `hookyard ledger`: where every delivery stands, and whether it adds up.

use clap::{Args, ValueEnum};

use super::connect::ConnectArgs;
use super::context::Context;
use super::failure::Failure;
use super::lists::LimitArgs;
use super::output::{Column, Field, FormatArgs};
use crate::api::ledger::{LedgerDay, LedgerEndpoint, LedgerQuery, LedgerView};
use crate::api::page::Page;
use crate::client::Client;
use crate::domain::limits::{LEDGER_DAYS_DEFAULT, LEDGER_DAYS_MAX};

/// Show where every delivery stands, and whether it adds up.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  hookyard ledger\n  hookyard ledger --by day --days 7\n  \
                  hookyard ledger --by endpoint --all\n\n\
                  created = delivered + pending + held + dead + discarded, in every line. A day counts the deliveries \
                  that were made on it (UTC); what of them is held stands under pending. Exit code 1 when it does not \
                  add up: then `hookyard fsck` says where."
)]
pub(crate) struct LedgerArgs {
    /// Line by line: day or endpoint, newest first.
    #[arg(long, value_enum, value_name = "WHAT")]
    by: Option<By>,
    /// Days to show.
    #[arg(long, value_name = "N", default_value_t = LEDGER_DAYS_DEFAULT,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(LEDGER_DAYS_MAX)))]
    days: u32,
    #[command(flatten)]
    limit: LimitArgs,
    #[command(flatten)]
    connect: ConnectArgs,
    #[command(flatten)]
    format: FormatArgs,
}

/// What a line of the ledger is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum By {
    /// The deliveries made on one day.
    Day,
    /// The deliveries of one endpoint.
    Endpoint,
}

/// Prints the ledger.
pub(crate) async fn run(args: LedgerArgs, context: &Context) -> anyhow::Result<()> {
    let client = context.client(&args.connect)?;
    let query = LedgerQuery {
        days: Some(args.days),
        limit: Some(1),
        cursor: None,
    };
    let ledger = client.ledger(&query).await?;
    match args.by {
        None => context.output.one(args.format, &ledger, &fields(&ledger))?,
        Some(By::Day) => context
            .output
            .list(args.format, &day_columns(), &ledger.days)?,
        Some(By::Endpoint) => {
            let rows = endpoints(&client, args.limit).await?;
            context
                .output
                .list(args.format, &endpoint_columns(), &rows)?;
        }
    }
    if ledger.adds_up {
        return Ok(());
    }
    Err(Failure::failed(
        "the ledger does not add up: `hookyard fsck` explains every difference",
    ))
}

async fn endpoints(client: &Client, limit: LimitArgs) -> anyhow::Result<Vec<LedgerEndpoint>> {
    let gathered = limit
        .gather(None, async |page| {
            let query = LedgerQuery {
                days: Some(1),
                limit: page.limit,
                cursor: page.cursor.clone(),
            };
            let ledger = client.ledger(&query).await?;
            Ok(Page {
                items: ledger.endpoints,
                next: ledger.next,
                searched: None,
            })
        })
        .await?;
    Ok(gathered.rows)
}

fn fields(ledger: &LedgerView) -> Vec<Field> {
    let total = ledger.total;
    let sum = if ledger.adds_up { "yes" } else { "no" };
    vec![
        ("at", ledger.at.to_string()),
        ("created", total.created.to_string()),
        ("delivered", total.delivered.to_string()),
        ("pending", total.pending.to_string()),
        ("held", total.held.to_string()),
        ("dead", total.dead.to_string()),
        ("discarded", total.discarded.to_string()),
        ("adds up", sum.to_owned()),
    ]
}

macro_rules! count_column {
    ($head:literal, $member:ident) => {
        ($head, &|row| row.counts.$member.to_string())
    };
}

fn day_columns() -> [Column<'static, LedgerDay>; 6] {
    [
        ("DAY", &|row| row.day.clone()),
        count_column!("CREATED", created),
        count_column!("DELIVERED", delivered),
        count_column!("PENDING", pending),
        count_column!("DEAD", dead),
        count_column!("DISCARDED", discarded),
    ]
}

fn endpoint_columns() -> [Column<'static, LedgerEndpoint>; 9] {
    [
        ("ID", &|row| row.id.to_string()),
        ("NAME", &|row| row.name.clone().unwrap_or_default()),
        ("STATUS", &|row| row.status.clone()),
        count_column!("CREATED", created),
        count_column!("DELIVERED", delivered),
        count_column!("PENDING", pending),
        count_column!("HELD", held),
        count_column!("DEAD", dead),
        count_column!("DISCARDED", discarded),
    ]
}
