//! `hookyard replay`: many deliveries put back to work, planned, paced and steered.

mod settings;
pub(super) mod show;
mod watch;

use clap::{Args, Subcommand};

use super::confirm::{YesArgs, confirm};
use super::connect::ConnectArgs;
use super::context::Context;
use super::failure::Failure;
use super::instant::AtArgs;
use super::lists::LimitArgs;
use super::output::{FormatArgs, Output, note};
use super::pick::{PICKS, PickArgs};
use crate::api::replay::{PlanView, ReplayBody, ReplayView};
use crate::client::Client;
use crate::domain::id::{PlanId, ReplayId};
use crate::domain::time::Timestamp;
pub(super) use settings::PaceArgs;

/// Put many deliveries back to work: planned, paced, steered.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  hookyard replay start 'state:dead ep:example' --rate 50/s --canary 5 --stop 20%/50"
)]
pub(crate) struct ReplayArgs {
    #[command(flatten)]
    connect: ConnectArgs,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Freeze a selection and show what a replay of it would do; starts nothing.
    #[command(
        after_help = "Example:\n  hookyard replay plan 'state:dead status:5xx age<2h'\n\n\
                            A plan may be started for five minutes: hookyard replay start pln_…"
    )]
    Plan {
        /// Which deliveries: a filter expression (hookyard help filter).
        #[arg(required_unless_present_any = PICKS)]
        filter: Vec<String>,
        #[command(flatten)]
        pick: PickArgs,
        /// The rate to estimate by, such as 50/s.
        #[arg(long, value_name = "N/s")]
        rate: Option<String>,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Start a plan; or plan, show it, ask, and start.
    #[command(
        after_help = "Example:\n  hookyard replay start 'state:dead ep:example' --rate 50/s --canary 5 --stop 20%/50\n  \
                            hookyard replay start pln_0e6kq3v9xjz00 --yes"
    )]
    Start {
        /// A plan's id (pln_…), or a filter expression.
        #[arg(required_unless_present_any = PICKS, value_name = "PLAN|FILTER")]
        what: Vec<String>,
        #[command(flatten)]
        pick: PickArgs,
        #[command(flatten)]
        pace: PaceArgs,
        /// Leave out what was delivered already at the plan.
        #[arg(long)]
        skip_delivered: bool,
        #[command(flatten)]
        yes: YesArgs,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// List replays, newest first.
    #[command(
        after_help = "Examples:\n  hookyard replay list\n  hookyard replay list --at 15m\n\n\
                            With --at, what is not known of the past is left out."
    )]
    List {
        #[command(flatten)]
        limit: LimitArgs,
        #[command(flatten)]
        at: AtArgs,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Show one with its progress, or a plan.
    #[command(after_help = "Examples:\n  hookyard replay show rpl_0e6kq3v9xjz00\n  \
                            hookyard replay show rpl_0e6kq3v9xjz00 --at 15m\n\n\
                            With --at, what is not known of the past is left out. A plan has no past.")]
    Show {
        /// Its id (rpl_…, or pln_… for a plan).
        id: String,
        #[command(flatten)]
        at: AtArgs,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Print how one goes, line by line, until it is over; exit code 1 where it stops by itself.
    #[command(
        after_help = "Example:\n  hookyard replay watch rpl_0e6kq3v9xjz00\n\nWith --json, each line is the whole replay."
    )]
    Watch(OneArgs),
    /// Hold one: nothing more is released until it is resumed.
    #[command(after_help = "Example:\n  hookyard replay pause rpl_0e6kq3v9xjz00")]
    Pause(OneArgs),
    /// Let one go on that was paused, or that stopped by itself.
    #[command(after_help = "Example:\n  hookyard replay resume rpl_0e6kq3v9xjz00")]
    Resume(OneArgs),
    /// End one: what was not released never will be.
    #[command(after_help = "Example:\n  hookyard replay cancel rpl_0e6kq3v9xjz00 --yes")]
    Cancel {
        #[command(flatten)]
        one: OneArgs,
        #[command(flatten)]
        yes: YesArgs,
    },
}

/// One replay.
#[derive(Args, Debug)]
struct OneArgs {
    /// Its id (rpl_…).
    id: ReplayId,
    #[command(flatten)]
    format: FormatArgs,
}

/// Does what was asked.
pub(crate) async fn run(args: ReplayArgs, context: &Context) -> anyhow::Result<()> {
    let client = context.client(&args.connect)?;
    let output = context.output;
    match args.action {
        Action::Plan {
            filter,
            pick,
            rate,
            format,
        } => plan(&client, output, &pick.within(&filter), rate, format).await,
        Action::Start {
            what,
            pick,
            pace,
            skip_delivered,
            yes,
            format,
        } => {
            let body = pace.body(skip_delivered);
            start(&client, output, &pick.within(&what), body, yes, format).await
        }
        Action::List { limit, at, format } => {
            let at = at.asked(&client).await?;
            list(&client, output, limit, at, format).await
        }
        Action::Show { id, at, format } => {
            let at = at.asked(&client).await?;
            show_one(&client, output, &id, at, format).await
        }
        Action::Watch(one) => watch::watch(&client, output, one.id, one.format).await,
        Action::Pause(one) => {
            let replay = client.pause_replay(one.id).await?;
            show::replay(output, one.format, &replay)
        }
        Action::Resume(one) => {
            let replay = client.resume_replay(one.id).await?;
            show::replay(output, one.format, &replay)
        }
        Action::Cancel { one, yes } => cancel(&client, output, &one, yes).await,
    }
}

async fn plan(
    client: &Client,
    output: Output,
    filter: &str,
    rate: Option<String>,
    format: FormatArgs,
) -> anyhow::Result<()> {
    let body = ReplayBody {
        filter: Some(filter.to_owned()),
        dry_run: true,
        rate,
        ..ReplayBody::default()
    };
    let plan = matching(client.plan_replay(&body).await?)?;
    show::plan(output, format, &plan)
}

async fn start(
    client: &Client,
    output: Output,
    what: &str,
    body: ReplayBody,
    yes: YesArgs,
    format: FormatArgs,
) -> anyhow::Result<()> {
    let plan = match what.trim().parse::<PlanId>() {
        Ok(id) => client.replay_plan(id).await?,
        Err(_) => {
            let dry = ReplayBody {
                filter: Some(what.to_owned()),
                dry_run: true,
                ..body.clone()
            };
            client.plan_replay(&dry).await?
        }
    };
    let replay = start_plan(client, matching(plan)?, body, yes).await?;
    show::replay(output, format, &replay)
}

/// Shows a plan's figures, asks, and starts it.
///
/// # Errors
/// Those of the service; exit code 1 where the answer is no.
pub(super) async fn start_plan(
    client: &Client,
    plan: PlanView,
    body: ReplayBody,
    yes: YesArgs,
) -> anyhow::Result<ReplayView> {
    confirm(yes, &show::question(&plan, &body))?;
    let body = ReplayBody {
        plan: Some(plan.id),
        ..body
    };
    Ok(client.start_replay(&body).await?)
}

/// A plan with items.
///
/// # Errors
/// Exit code 3 where nothing matched.
pub(super) fn matching(plan: PlanView) -> anyhow::Result<PlanView> {
    if plan.matched > 0 {
        return Ok(plan);
    }
    let left_out = match plan.left_out {
        0 => String::new(),
        count => format!(
            "; {count} match but cannot be replayed: their endpoint is deleted or their payload is gone"
        ),
    };
    Err(Failure::nothing(format!(
        "no delivery matches: nothing to replay{left_out}"
    )))
}

async fn list(
    client: &Client,
    output: Output,
    limit: LimitArgs,
    at: Option<Timestamp>,
    format: FormatArgs,
) -> anyhow::Result<()> {
    let found = limit
        .gather_at(None, at, async |query| client.replays(query).await)
        .await?;
    output.list(format, &show::columns(), &found.rows)?;
    if found.rows.iter().any(|replay| replay.limited) {
        note(
            "not every replay's deliveries were counted, there are too many: hookyard replay show ID --at WHEN counts those of one",
        );
    }
    if found.more && output.is_terminal() {
        note("there are more: --limit N or --all shows them");
    }
    Ok(())
}

async fn show_one(
    client: &Client,
    output: Output,
    id: &str,
    at: Option<Timestamp>,
    format: FormatArgs,
) -> anyhow::Result<()> {
    if let Ok(id) = id.parse::<PlanId>() {
        if at.is_some() {
            let text = format!("{id} is a plan, which is frozen and has no past: leave --at out");
            return Err(Failure::usage(text));
        }
        return show::plan(output, format, &client.replay_plan(id).await?);
    }
    let id: ReplayId = id
        .parse()
        .map_err(|error: crate::domain::id::InvalidId| Failure::usage(error.to_string()))?;
    let Some(at) = at else {
        return show::replay(output, format, &client.replay(id).await?);
    };
    let then = client.replay_then(id, &at.to_string()).await?;
    show::replay_then(output, format, &then)
}

async fn cancel(
    client: &Client,
    output: Output,
    one: &OneArgs,
    yes: YesArgs,
) -> anyhow::Result<()> {
    let replay = client.replay(one.id).await?;
    let counts = replay.now();
    let what = format!(
        "Cancel {}: {} of its {} deliveries are not released and never will be; {} that are under way end by \
         themselves.",
        replay.id, counts.waiting, replay.total, counts.open
    );
    confirm(yes, &what)?;
    let replay = client.cancel_replay(one.id).await?;
    show::replay(output, one.format, &replay)
}
