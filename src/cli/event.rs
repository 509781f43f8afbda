//! `hookyard event`: publish, and look back.

use clap::{Args, Subcommand};

use super::connect::ConnectArgs;
use super::context::Context;
use super::delivery::rows::delivery_columns;
use super::failure::Failure;
use super::input::{read_json, read_text};
use super::instant::AtArgs;
use super::lists::{LimitArgs, find_endpoint, or_empty};
use super::output::{Column, Field, FormatArgs, Output, note};
use crate::api::contract::ListedEventType;
use crate::api::event::{EventView, FanoutView, PublishEvent, Published};
use crate::client::Client;
use crate::domain::event::EventKey;
use crate::domain::event_type::EventType;
use crate::domain::id::EventId;
use crate::domain::limits::BATCH_BYTES_MAX;
use crate::domain::time::Timestamp;

/// Publish events and look back at them.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  hookyard event publish --type packet.signed --data '{\"id\": 7}'"
)]
pub(crate) struct EventArgs {
    #[command(flatten)]
    connect: ConnectArgs,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Publish one event, or a batch; it is on disk when this returns.
    #[command(
        after_help = "Examples:\n  hookyard event publish --type packet.signed --data '{\"id\": 7}' --id packet-7\n  \
                      hookyard event publish --batch events.ndjson"
    )]
    Publish(Box<PublishArgs>),
    /// List events, newest first.
    #[command(after_help = "Example:\n  hookyard event list --limit 10")]
    List {
        #[command(flatten)]
        limit: LimitArgs,
        #[command(flatten)]
        at: AtArgs,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Show one with its data and its deliveries.
    #[command(after_help = "Example:\n  hookyard event show evt_0e6kq3v9xjz00")]
    Show {
        /// Its id (evt_…).
        id: EventId,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// List the event types that enabled contracts describe.
    #[command(after_help = "Example:\n  hookyard event types --json | jq -r '.name'")]
    Types {
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Send a stored event to an endpoint it never reached.
    #[command(after_help = "Example:\n  hookyard event deliver evt_0e6kq3v9xjz00 example")]
    Deliver {
        /// The event's id (evt_…).
        id: EventId,
        /// The endpoint's id (ep_…) or name.
        endpoint: String,
        #[command(flatten)]
        format: FormatArgs,
    },
}

/// What to publish.
#[derive(Args, Debug)]
struct PublishArgs {
    /// The event type, such as packet.signed; --type says the same.
    #[arg(value_name = "TYPE", required_unless_present_any = ["batch", "event_type"])]
    first: Option<EventType>,
    /// What happened: a file, - for standard input, or JSON itself; {} when absent. --data says the same.
    #[arg(value_name = "DATA", conflicts_with = "data")]
    second: Option<String>,
    /// The event type, such as packet.signed.
    #[arg(long = "type", value_name = "T", conflicts_with = "first")]
    event_type: Option<EventType>,
    /// What happened: a file, - for standard input, or JSON itself; {} when absent.
    #[arg(long, value_name = "F|-")]
    data: Option<String>,
    /// Your own id for it: publishing again with it makes no second event.
    #[arg(long)]
    id: Option<EventKey>,
    /// Whose endpoints it reaches; * for everyone's.
    #[arg(long, value_name = "T")]
    tenant: Option<String>,
    /// Further members for envelopes: a JSON object, or a file of one.
    #[arg(long, value_name = "F|-")]
    attributes: Option<String>,
    /// When it happened; now when absent.
    #[arg(long, value_name = "TIME")]
    occurred_at: Option<Timestamp>,
    /// It goes to test endpoints only.
    #[arg(long)]
    test: bool,
    /// A file of up to 1,000 events, or - for standard input: a JSON array or one object a line; all or none.
    #[arg(long, value_name = "F|-",
        conflicts_with_all = ["first", "second", "event_type", "data", "id", "tenant", "attributes", "occurred_at", "test"])]
    batch: Option<String>,
    #[command(flatten)]
    format: FormatArgs,
}

/// Does what was asked.
pub(crate) async fn run(args: EventArgs, context: &Context) -> anyhow::Result<()> {
    let client = context.client(&args.connect)?;
    let output = context.output;
    match args.action {
        Action::Publish(args) => publish(&client, output, *args).await,
        Action::List { limit, at, format } => {
            let at = at.asked(&client).await?;
            list(&client, output, at, limit, format).await
        }
        Action::Show { id, format } => show(&client, output, id, format).await,
        Action::Types { format } => types(&client, output, format).await,
        Action::Deliver {
            id,
            endpoint,
            format,
        } => {
            let endpoint = find_endpoint(&client, &endpoint).await?;
            let delivery = client.deliver_event(id, endpoint.id).await?;
            output.list(format, &delivery_columns(), &[delivery])
        }
    }
}

async fn types(client: &Client, output: Output, format: FormatArgs) -> anyhow::Result<()> {
    let types = client.event_types().await?.items;
    let columns: &[Column<'_, ListedEventType>] = &[
        ("TYPE", &|one| one.name.clone()),
        ("CONTRACT", &|one| one.contract.clone()),
        ("CATALOGUE", &|one| one.catalogue.clone()),
        ("DESCRIPTION", &|one| one.description.clone()),
    ];
    output.list(format, columns, &types)
}

async fn publish(client: &Client, output: Output, args: PublishArgs) -> anyhow::Result<()> {
    let limit = u64::try_from(BATCH_BYTES_MAX).unwrap_or(u64::MAX);
    let published = if let Some(path) = &args.batch {
        client.publish_batch_text(read_text(path, limit)?).await?
    } else {
        let data = args.data.or(args.second);
        if data.as_deref() == Some("-") && args.attributes.as_deref() == Some("-") {
            return Err(Failure::usage(
                "--data and --attributes cannot both be standard input: put one into a file",
            ));
        }
        let event = PublishEvent {
            event_type: args
                .event_type
                .or(args.first)
                .ok_or_else(|| Failure::usage("--type is missing"))?,
            data: read_json(data.as_deref().unwrap_or("{}"), limit)?,
            id: args.id,
            tenant: args.tenant,
            attributes: args
                .attributes
                .as_deref()
                .map(|given| read_json(given, limit))
                .transpose()?,
            occurred_at: args.occurred_at,
            test: args.test,
        };
        vec![client.publish(&event).await?]
    };
    output.list(
        args.format,
        &[
            ("EVENT", &|published: &Published| published.id.to_string()),
            ("DELIVERIES", &|published| published.deliveries.to_string()),
            ("DUPLICATE", &|published| {
                if published.duplicate { "yes" } else { "no" }.to_owned()
            }),
        ],
        &published,
    )?;
    if output.is_terminal() && published.iter().all(|event| event.deliveries == 0) {
        note("no endpoint wanted it: hookyard endpoint list shows who wants what");
    }
    Ok(())
}

async fn list(
    client: &Client,
    output: Output,
    at: Option<Timestamp>,
    limit: LimitArgs,
    format: FormatArgs,
) -> anyhow::Result<()> {
    let found = limit
        .gather_at(None, at, async |query| client.events(query).await)
        .await?;
    output.list(
        format,
        &[
            ("ID", &|event: &EventView| event.id.to_string()),
            ("ACCEPTED", &|event| event.accepted_at.to_string()),
            ("TYPE", &|event| event.event_type.to_string()),
            ("TENANT", &|event| or_empty(event.tenant.as_ref())),
            ("BYTES", &|event| event.size.to_string()),
            ("KEY", &|event| or_empty(event.key.as_ref())),
            ("TEST", &|event| {
                if event.test { "test" } else { "" }.to_owned()
            }),
            ("DELIVERIES", &|event| fanout(event, |all| all.total)),
            ("DELIVERED", &|event| fanout(event, |all| all.delivered)),
            ("PENDING", &|event| fanout(event, |all| all.pending)),
            ("DEAD", &|event| fanout(event, |all| all.dead)),
            ("DISCARDED", &|event| fanout(event, |all| all.discarded)),
        ],
        &found.rows,
    )?;
    if found.more && output.is_terminal() {
        note("there are more: --limit N or --all shows them");
    }
    Ok(())
}

/// A number of an event's deliveries; empty where it is not told.
fn fanout(event: &EventView, number: impl Fn(&FanoutView) -> u64) -> String {
    or_empty(event.deliveries.as_ref().map(number).as_ref())
}

async fn show(
    client: &Client,
    output: Output,
    id: EventId,
    format: FormatArgs,
) -> anyhow::Result<()> {
    let event = client.event(id).await?;
    output.one(format, &event, &fields(&event))?;
    if format.json {
        return Ok(());
    }
    let everything = LimitArgs {
        limit: 1,
        all: true,
    };
    let deliveries = everything
        .gather(None, async |query| client.event_deliveries(id, query).await)
        .await?;
    if output.is_terminal() {
        output.print("\n")?;
    }
    output.list(format, &delivery_columns(), &deliveries.rows)
}

fn fields(event: &EventView) -> Vec<Field> {
    let all = [
        ("id", event.id.to_string()),
        ("type", event.event_type.to_string()),
        ("key", or_empty(event.key.as_ref())),
        ("tenant", or_empty(event.tenant.as_ref())),
        ("occurred", event.occurred_at.to_string()),
        ("accepted", event.accepted_at.to_string()),
        ("test", if event.test { "yes" } else { "" }.to_owned()),
        (
            "attributes",
            event
                .attributes
                .as_ref()
                .map_or_else(String::new, |json| json.as_str().to_owned()),
        ),
        (
            "data",
            event.data.as_ref().map_or_else(
                || "gone (retention)".to_owned(),
                |json| json.as_str().to_owned(),
            ),
        ),
    ];
    all.into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect()
}
