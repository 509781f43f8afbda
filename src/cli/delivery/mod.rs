//! `hookyard delivery`: one event on its way to one endpoint.

mod curl;
pub(super) mod rows;
mod show;

use clap::{Args, Subcommand};

use super::confirm::{YesArgs, confirm};
use super::connect::ConnectArgs;
use super::context::Context;
use super::failure::Failure;
use super::instant::AtArgs;
use super::lists::LimitArgs;
use super::output::{Format, FormatArgs, Output, counted as in_words, json_line, note};
use super::pick::PickArgs;
use crate::api::dead::DiscardBody;
use crate::api::delivery::{CountQuery, DeliveryCount};
use crate::client::Client;
use crate::domain::id::DeliveryId;
use crate::domain::time::Timestamp;
use rows::delivery_columns;

/// Look at deliveries, replay and discard them.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  hookyard delivery list 'state:dead age<2h'")]
pub(crate) struct DeliveryArgs {
    #[command(flatten)]
    connect: ConnectArgs,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List deliveries, newest first.
    #[command(
        after_help = "Examples:\n  hookyard delivery list 'state:dead ep:example age<2h'\n  \
                            hookyard delivery list state:dead --at 15m\n\n\
                            With --at, what is not known of the past is left out, and a state that is not is unknown.\n\
                            The filter language: hookyard help filter. One that begins with - goes behind --."
    )]
    List {
        /// Which ones: a filter expression.
        filter: Vec<String>,
        #[command(flatten)]
        pick: PickArgs,
        #[command(flatten)]
        limit: LimitArgs,
        #[command(flatten)]
        at: AtArgs,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Count deliveries: up to 10,000, among the newest.
    #[command(
        after_help = "Example:\n  hookyard delivery count 'state:dead ep:example'\n\n\
                      A + behind the number: there are at least so many. The filter language: hookyard help filter."
    )]
    Count {
        /// Which ones: a filter expression.
        filter: Vec<String>,
        #[command(flatten)]
        pick: PickArgs,
        #[command(flatten)]
        at: AtArgs,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Show one with its attempts.
    #[command(after_help = "Example:\n  hookyard delivery show dlv_0e6kq3v9xjz00 --attempt 1")]
    Show {
        /// Its id (dlv_…).
        id: DeliveryId,
        /// Show this attempt's request and response.
        #[arg(long, value_name = "N")]
        attempt: Option<u32>,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Say what happens next with one, and what blocks it.
    #[command(after_help = "Example:\n  hookyard delivery why dlv_0e6kq3v9xjz00")]
    Why {
        /// Its id (dlv_…).
        id: DeliveryId,
    },
    /// Put one back to work with a fresh retry budget.
    #[command(
        alias = "retry",
        after_help = "Example:\n  hookyard delivery replay dlv_0e6kq3v9xjz00"
    )]
    Replay {
        /// Its id (dlv_…).
        id: DeliveryId,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Give one up.
    #[command(
        after_help = "Example:\n  hookyard delivery discard dlv_0e6kq3v9xjz00 --note 'sent by hand' --yes"
    )]
    Discard {
        /// Its id (dlv_…).
        id: DeliveryId,
        /// Why, for those who come after; at most 500 characters.
        #[arg(long)]
        note: Option<String>,
        #[command(flatten)]
        yes: YesArgs,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Print an attempt as a curl command that sends the same bytes.
    #[command(after_help = "Example:\n  hookyard delivery curl dlv_0e6kq3v9xjz00 --attempt 2 | sh")]
    Curl {
        /// Its id (dlv_…).
        id: DeliveryId,
        /// Which attempt; the latest when absent.
        #[arg(long, value_name = "N")]
        attempt: Option<u32>,
    },
}

/// Does what was asked.
pub(crate) async fn run(args: DeliveryArgs, context: &Context) -> anyhow::Result<()> {
    let client = context.client(&args.connect)?;
    let output = context.output;
    match args.action {
        Action::List {
            filter,
            pick,
            limit,
            at,
            format,
        } => {
            let at = at.asked(&client).await?;
            list(&client, output, &pick.within(&filter), at, limit, format).await
        }
        Action::Count {
            filter,
            pick,
            at,
            format,
        } => count(&client, output, pick.within(&filter), &at, format).await,
        Action::Show {
            id,
            attempt: None,
            format,
        } => show::delivery(&client, output, id, format).await,
        Action::Show {
            id,
            attempt: Some(number),
            format,
        } => show::attempt(&client, output, id, number, format).await,
        Action::Why { id } => {
            let why = client.delivery(id).await?.why;
            output.print(&format!("{}\n", crate::domain::escape::line(&why)))
        }
        Action::Replay { id, format } => {
            let delivery = client.replay_delivery(id).await?;
            output.list(format, &delivery_columns(), &[delivery])
        }
        Action::Discard {
            id,
            note,
            yes,
            format,
        } => discard(&client, output, id, note, yes, format).await,
        Action::Curl { id, attempt } => curl::print(&client, output, id, attempt).await,
    }
}

async fn list(
    client: &Client,
    output: Output,
    filter: &str,
    at: Option<Timestamp>,
    limit: LimitArgs,
    format: FormatArgs,
) -> anyhow::Result<()> {
    let filter = Some(filter.trim().to_owned()).filter(|filter| !filter.is_empty());
    let is_filtered = filter.is_some();
    let found = limit
        .gather_at(filter, at, async |query| client.deliveries(query).await)
        .await?;
    if let Some(rows) = found.limited_to {
        note(&format!(
            "the filter needs each delivery's content: the newest {rows} were looked at, older ones were not"
        ));
    }
    if found.rows.is_empty() && is_filtered {
        return Err(Failure::nothing("no delivery matches the filter"));
    }
    output.list(format, &delivery_columns(), &found.rows)?;
    if found.more && output.is_terminal() {
        note("there are more: --limit N or --all shows them");
    }
    Ok(())
}

async fn count(
    client: &Client,
    output: Output,
    filter: String,
    at: &AtArgs,
    format: FormatArgs,
) -> anyhow::Result<()> {
    let query = CountQuery {
        filter: Some(filter).filter(|filter| !filter.trim().is_empty()),
        at: at.asked(client).await?.map(|at| at.to_string()),
    };
    let counted = client.count_deliveries(&query).await?;
    if output.format(format) == Format::Json {
        return output.print(&(json_line(&counted)? + "\n"));
    }
    output.print(&format!("{}\n", number(&counted)))?;
    if !counted.exact {
        note(&format!(
            "at least so many: counting ended with the newest {}",
            in_words(counted.looked_at, "delivery", "deliveries")
        ));
    }
    Ok(())
}

/// `1013`, or `10000+` for at least so many.
fn number(counted: &DeliveryCount) -> String {
    let more = if counted.exact { "" } else { "+" };
    format!("{}{more}", counted.count)
}

async fn discard(
    client: &Client,
    output: Output,
    id: DeliveryId,
    note: Option<String>,
    yes: YesArgs,
    format: FormatArgs,
) -> anyhow::Result<()> {
    let delivery = client.delivery(id).await?.delivery;
    let endpoint = delivery
        .endpoint_name
        .clone()
        .unwrap_or_else(|| delivery.endpoint_id.to_string());
    let what = format!(
        "Discard {id}: {} for {endpoint}, {} after {} attempts. It is not sent again unless it is replayed.",
        delivery.event_type, delivery.state, delivery.attempts
    );
    confirm(yes, &what)?;
    let delivery = client.discard_delivery(id, &DiscardBody { note }).await?;
    output.list(format, &delivery_columns(), &[delivery])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_a_lower_bound_says_so() {
        let counted = |count, exact| DeliveryCount {
            count,
            exact,
            looked_at: 200_000,
        };
        assert_eq!(number(&counted(1_013, true)), "1013");
        assert_eq!(number(&counted(10_000, false)), "10000+");
    }
}
