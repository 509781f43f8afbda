//! What an operator does to one endpoint.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use secrecy::ExposeSecret as _;

use super::{ChangeArgs, One, TakeAwayArgs, show};
use crate::api::endpoint::{EndpointView, PauseBody, RotateBody, SecretShown, TestBody};
use crate::cli::confirm::{YesArgs, confirm};
use crate::cli::input::{read_json, read_secret};
use crate::cli::lists::find_endpoint;
use crate::cli::output::{FormatArgs, Output};
use crate::client::Client;
use crate::clock::{Clock as _, SystemClock};
use crate::domain::duration::DurationText;
use crate::domain::limits::EVENT_BYTES_DEFAULT;
use crate::domain::time::Timestamp;

/// How to pause.
#[derive(Args, Debug)]
pub(super) struct PauseArgs {
    #[command(flatten)]
    one: One,
    /// Resume by itself then, such as 2026-04-13T10:18:00Z.
    #[arg(long, value_name = "TIME", conflicts_with = "duration")]
    until: Option<Timestamp>,
    /// Resume by itself after, such as 2h.
    #[arg(long = "for", value_name = "DURATION", id = "duration")]
    duration: Option<DurationText>,
    /// Why, for those who come after.
    #[arg(long)]
    reason: Option<String>,
    #[command(flatten)]
    format: FormatArgs,
}

/// What to test with.
#[derive(Args, Debug)]
pub(super) struct TestArgs {
    #[command(flatten)]
    one: One,
    /// The event type; the endpoint's first when absent.
    #[arg(long = "type", value_name = "T")]
    event_type: Option<String>,
    /// The data: a file, - for standard input, or JSON itself.
    #[arg(long, value_name = "F|-")]
    data: Option<String>,
    #[command(flatten)]
    format: FormatArgs,
}

/// How to rotate.
#[derive(Args, Debug)]
pub(super) struct RotateArgs {
    #[command(flatten)]
    one: One,
    /// How long the old secret keeps signing, 0s to 7d; 24h when absent.
    #[arg(long, value_name = "DURATION")]
    overlap: Option<DurationText>,
    /// The file of the new secret; made when absent.
    #[arg(long, value_name = "F")]
    secret_file: Option<PathBuf>,
    #[command(flatten)]
    yes: YesArgs,
    #[command(flatten)]
    format: FormatArgs,
}

pub(super) async fn pause(client: &Client, output: Output, args: PauseArgs) -> anyhow::Result<()> {
    let endpoint = find_endpoint(client, &args.one.endpoint).await?;
    let after = args
        .duration
        .map(|duration| SystemClock::new().now() + Duration::from(duration));
    let body = PauseBody {
        until: args.until.or(after),
        reason: args.reason,
    };
    let endpoint = client.pause_endpoint(endpoint.id, &body).await?;
    show::print(output, args.format, &endpoint)
}

pub(super) async fn resume(
    client: &Client,
    output: Output,
    args: ChangeArgs,
) -> anyhow::Result<()> {
    let endpoint = find_endpoint(client, &args.one.endpoint).await?;
    let endpoint = client.resume_endpoint(endpoint.id).await?;
    show::print(output, args.format, &endpoint)
}

pub(super) async fn enable(
    client: &Client,
    output: Output,
    args: ChangeArgs,
) -> anyhow::Result<()> {
    let endpoint = find_endpoint(client, &args.one.endpoint).await?;
    let endpoint = client.enable_endpoint(endpoint.id).await?;
    show::print(output, args.format, &endpoint)
}

pub(super) async fn disable(
    client: &Client,
    output: Output,
    args: TakeAwayArgs,
) -> anyhow::Result<()> {
    let endpoint = find_endpoint(client, &args.one.endpoint).await?;
    let what = format!(
        "Disable {}: events accepted from now on do not become deliveries to it, and {} that wait are held.",
        named(&endpoint),
        waiting(&endpoint)
    );
    confirm(args.yes, &what)?;
    let endpoint = client.disable_endpoint(endpoint.id).await?;
    show::print(output, args.format, &endpoint)
}

pub(super) async fn delete(
    client: &Client,
    output: Output,
    args: TakeAwayArgs,
) -> anyhow::Result<()> {
    let endpoint = find_endpoint(client, &args.one.endpoint).await?;
    let what = format!(
        "Delete {} for good: {} that wait are discarded, and its secrets are gone.",
        named(&endpoint),
        waiting(&endpoint)
    );
    confirm(args.yes, &what)?;
    client.delete_endpoint(endpoint.id).await?;
    let fields = [("deleted", endpoint.id.to_string())];
    let answer = serde_json::json!({"id": endpoint.id, "deleted": true});
    output.one(args.format, &answer, &fields)
}

pub(super) async fn test(client: &Client, output: Output, args: TestArgs) -> anyhow::Result<()> {
    let limit = u64::try_from(EVENT_BYTES_DEFAULT).unwrap_or(u64::MAX);
    let body = TestBody {
        event_type: args.event_type,
        data: args
            .data
            .as_deref()
            .map(|given| read_json(given, limit))
            .transpose()?,
    };
    let endpoint = find_endpoint(client, &args.one.endpoint).await?;
    let sent = client.test_endpoint(endpoint.id, &body).await?;
    let fields = [("event", sent.event_id.to_string())];
    output.one(args.format, &sent, &fields)
}

pub(super) async fn rotate_secret(
    client: &Client,
    output: Output,
    args: RotateArgs,
) -> anyhow::Result<()> {
    let endpoint = find_endpoint(client, &args.one.endpoint).await?;
    if args
        .overlap
        .is_some_and(|overlap| Duration::from(overlap).is_zero())
    {
        let what = format!(
            "Rotate the secret of {} without overlap: a consumer that still verifies with the old one refuses every \
             request from now on.",
            named(&endpoint)
        );
        confirm(args.yes, &what)?;
    }
    let secret = args.secret_file.as_deref().map(read_secret).transpose()?;
    let body = RotateBody {
        overlap: args.overlap.map(|overlap| overlap.to_string()),
        secret: secret.map(|secret| secret.expose_secret().into()),
    };
    let shown = client.rotate_secret(endpoint.id, &body).await?;
    print_secret(output, args.format, &shown)
}

pub(super) async fn secret(
    client: &Client,
    output: Output,
    args: ChangeArgs,
) -> anyhow::Result<()> {
    let endpoint = find_endpoint(client, &args.one.endpoint).await?;
    let shown = client.endpoint_secret(endpoint.id).await?;
    print_secret(output, args.format, &shown)
}

fn print_secret(output: Output, format: FormatArgs, shown: &SecretShown) -> anyhow::Result<()> {
    let mut fields = vec![
        ("id", shown.id.to_string()),
        ("secret", shown.secret.expose().to_owned()),
    ];
    if let Some(key) = &shown.public_key {
        fields.push(("public key", key.clone()));
    }
    output.one(format, shown, &fields)
}

fn named(endpoint: &EndpointView) -> String {
    match &endpoint.name {
        Some(name) => format!("{name} ({}, {})", endpoint.id, endpoint.url),
        None => format!("{} ({})", endpoint.id, endpoint.url),
    }
}

fn waiting(endpoint: &EndpointView) -> String {
    let counts = endpoint.health.deliveries;
    match counts.pending + counts.held {
        1 => "1 delivery".to_owned(),
        many => format!("{many} deliveries"),
    }
}
