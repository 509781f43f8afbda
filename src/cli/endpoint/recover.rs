//! An endpoint's dead deliveries since a time, put back to work; or the events that it never got.

use clap::Args;

use super::One;
use crate::api::replay::RecoverBody;
use crate::cli::confirm::YesArgs;
use crate::cli::instant::instant;
use crate::cli::lists::find_endpoint;
use crate::cli::output::{FormatArgs, Output};
use crate::cli::replay::{PaceArgs, matching, show, start_plan};
use crate::client::Client;
use crate::clock::{Clock as _, SystemClock};

/// What to recover, and how.
#[derive(Args, Debug)]
pub(super) struct RecoverArgs {
    #[command(flatten)]
    one: One,
    /// Deliver the events that it never got instead: from before it was made, while it was disabled, or filtered out.
    #[arg(long)]
    missed: bool,
    /// What died, or was published, then or later: a time such as 2026-04-13T10:18:00Z, or how long ago, such as 2h.
    #[arg(long, value_name = "TIME|DURATION")]
    since: String,
    /// And before then, written alike.
    #[arg(long, value_name = "TIME|DURATION")]
    until: Option<String>,
    #[command(flatten)]
    pace: PaceArgs,
    #[command(flatten)]
    yes: YesArgs,
    #[command(flatten)]
    format: FormatArgs,
}

/// Plans, asks and starts.
pub(super) async fn recover(
    client: &Client,
    output: Output,
    args: RecoverArgs,
) -> anyhow::Result<()> {
    let now = SystemClock::new().now();
    let since = instant(&args.since, now)?;
    let until = args.until.map(|text| instant(&text, now)).transpose()?;
    let endpoint = find_endpoint(client, &args.one.endpoint).await?;
    let body = args.pace.body(false);
    let recovery = RecoverBody {
        missed: args.missed,
        since,
        until,
        dry_run: true,
        rate: body.rate.clone(),
        canary: body.canary,
        stop: body.stop.clone(),
        note: body.note.clone(),
    };
    let plan = matching(client.plan_recovery(endpoint.id, &recovery).await?)?;
    let replay = start_plan(client, plan, body, args.yes).await?;
    show::replay(output, args.format, &replay)
}
