//! `hookyard endpoint`: everything that can be done to a subscriber's registered URL.

mod actions;
mod breaker;
mod recover;
mod settings;
mod show;

use clap::{Args, Subcommand};

use super::confirm::YesArgs;
use super::connect::ConnectArgs;
use super::context::Context;
use super::instant::AtArgs;
use super::lists::LimitArgs;
use super::output::FormatArgs;
use super::stats;
use crate::domain::duration::DurationText;

/// Manage endpoints: subscribers' registered URLs.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  hookyard endpoint create https://example.com/hooks --name example --events 'packet.*'"
)]
pub(crate) struct EndpointArgs {
    #[command(flatten)]
    connect: ConnectArgs,
    #[command(subcommand)]
    action: Action,
}

/// Which endpoint.
#[derive(Args, Clone, Debug)]
struct One {
    /// Its id (ep_…) or its name.
    #[arg(value_name = "ENDPOINT")]
    endpoint: String,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List endpoints, newest first.
    #[command(after_help = "Example:\n  hookyard endpoint list --json | jq -r .url")]
    List {
        #[command(flatten)]
        limit: LimitArgs,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Show one with its health.
    #[command(after_help = "Example:\n  hookyard endpoint show example")]
    Show {
        #[command(flatten)]
        one: One,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Show what happened at one lately: attempts, failures by class, durations.
    #[command(after_help = "Example:\n  hookyard endpoint stats example --window 15m")]
    Stats {
        #[command(flatten)]
        one: One,
        /// How far to look back, 1m to 24h.
        #[arg(long, default_value = "60m")]
        window: DurationText,
        #[command(flatten)]
        at: AtArgs,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Create one; prints its secret, which is not shown again unasked.
    #[command(
        after_help = "Example:\n  hookyard endpoint create https://example.com/hooks --name example \\\n      \
                      --events packet.signed,packet.sent --retry 5s,1m,10m"
    )]
    Create(Box<settings::CreateArgs>),
    /// Change settings; what is not named stays.
    #[command(
        after_help = "Example:\n  hookyard endpoint edit example --concurrency 2 --reset retry,timeout"
    )]
    Edit(Box<settings::EditArgs>),
    /// Accept deliveries but send none.
    #[command(
        after_help = "Example:\n  hookyard endpoint pause example --for 2h --reason 'their deploy'"
    )]
    Pause(actions::PauseArgs),
    /// End a pause.
    #[command(after_help = "Example:\n  hookyard endpoint resume example")]
    Resume(ChangeArgs),
    /// Make deliveries to it again.
    #[command(after_help = "Example:\n  hookyard endpoint enable example")]
    Enable(ChangeArgs),
    /// Make no new deliveries; what is pending is held.
    #[command(after_help = "Example:\n  hookyard endpoint disable example --yes")]
    Disable(TakeAwayArgs),
    /// Delete it; what is pending for it is discarded.
    #[command(after_help = "Example:\n  hookyard endpoint delete example --yes")]
    Delete(TakeAwayArgs),
    /// Replay its dead deliveries since a time.
    #[command(
        after_help = "Example:\n  hookyard endpoint recover example --since 2h --rate 50/s --canary 5"
    )]
    Recover(recover::RecoverArgs),
    /// Send it a test event.
    #[command(
        after_help = "Example:\n  hookyard endpoint test example --type packet.signed --data '{\"id\": 7}'"
    )]
    Test(actions::TestArgs),
    /// Give it a new secret; the old one signs on for the overlap.
    #[command(after_help = "Example:\n  hookyard endpoint rotate-secret example --overlap 48h")]
    RotateSecret(actions::RotateArgs),
    /// Show its newest secret; the audit log notes it.
    #[command(after_help = "Example:\n  hookyard endpoint secret example")]
    Secret(ChangeArgs),
}

/// A change without settings.
#[derive(Args, Debug)]
struct ChangeArgs {
    #[command(flatten)]
    one: One,
    #[command(flatten)]
    format: FormatArgs,
}

/// A change that takes something away.
#[derive(Args, Debug)]
struct TakeAwayArgs {
    #[command(flatten)]
    one: One,
    #[command(flatten)]
    yes: YesArgs,
    #[command(flatten)]
    format: FormatArgs,
}

/// Does what was asked.
pub(crate) async fn run(args: EndpointArgs, context: &Context) -> anyhow::Result<()> {
    let client = context.client(&args.connect)?;
    let output = context.output;
    match args.action {
        Action::List { limit, format } => show::list(&client, output, limit, format).await,
        Action::Show { one, format } => show::one(&client, output, &one.endpoint, format).await,
        Action::Stats {
            one,
            window,
            at,
            format,
        } => stats::of_endpoint(&client, output, &one.endpoint, (window, &at), format).await,
        Action::Create(args) => settings::create(&client, output, *args).await,
        Action::Edit(args) => settings::edit(&client, output, *args).await,
        Action::Pause(args) => actions::pause(&client, output, args).await,
        Action::Resume(args) => actions::resume(&client, output, args).await,
        Action::Enable(args) => actions::enable(&client, output, args).await,
        Action::Disable(args) => actions::disable(&client, output, args).await,
        Action::Delete(args) => actions::delete(&client, output, args).await,
        Action::Recover(args) => recover::recover(&client, output, args).await,
        Action::Test(args) => actions::test(&client, output, args).await,
        Action::RotateSecret(args) => actions::rotate_secret(&client, output, args).await,
        Action::Secret(args) => actions::secret(&client, output, args).await,
    }
}
