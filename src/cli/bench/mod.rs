//! `hookyard bench`: what this machine can do, end to end, against the raw limit of the same run.
//!
//! ```text
//! load client ──POST /v1/events──► hookyard serve ──signed POSTs──► sink
//! (child)                          (child, fsync, real sockets)     (child, checks every signature)
//! raw sender  ──the same signed POSTs, nothing in between─────────► sink
//! ```
//! Every process shares the machine's cores, so absolute figures are noise between runs and only ratios within one
//! run say anything. The run fails when a delivery is missing or a signature does not verify.

mod backlog;
mod child;
mod figures;
mod idle;
mod load;
mod past;
mod payload;
mod phases;
mod protocol;
mod raw;
mod reads;
mod replay;
mod report;
mod retention;
mod rig;
mod roles;
mod rows;
mod run;
mod service;
mod sink;
mod wire;

use anyhow::Result;
use clap::{Args, ValueEnum};

/// Measure this machine: raw limit, closed loop, fan-out, latency, backlog drain, memory, start.
#[derive(Args, Clone, Debug)]
#[command(
    after_help = "Examples:\n  hookyard bench --deliveries 30000 --json\n  \
    hookyard bench --with-rows 5000000 --backlog 1000000 --idle-endpoints 100000     (fifteen minutes, 8 GB of disk)\n  \
    hookyard bench --with-rows 5000000 --only-rows\n  \
    hookyard bench --replay 100000 --replay-rate 1000"
)]
pub(crate) struct BenchArgs {
    /// Deliveries in each closed loop.
    #[arg(long, default_value_t = 30_000, value_parser = clap::value_parser!(u64).range(100..=10_000_000))]
    deliveries: u64,
    /// Endpoints of the loop with many endpoints.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    endpoints: u64,
    /// Publishing connections, raw connections, and requests in flight to a lone endpoint.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=256))]
    concurrency: u64,
    /// Events a second of the main latency measurement.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    rate: u64,
    /// Fill the file with so many deliveries first, and compare it with an empty one: accepting, delivering, draining;
    /// then what every list and figure takes to read, and what retention costs while it removes a part of the rows.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=20_000_000))]
    with_rows: u64,
    /// Measure what --with-rows adds alone.
    #[arg(long, requires = "with_rows")]
    only_rows: bool,
    /// How often --with-rows makes each read; those that take long are made fewer times.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    reads: u64,
    /// Also start a service with so many pending deliveries, a hundred to an endpoint, and drain them.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=10_000_000))]
    backlog: u64,
    /// Also weigh so many endpoints that have nothing to do; two minutes.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=1_000_000))]
    idle_endpoints: u64,
    /// Measure this alone: so many dead deliveries brought back to one receiver at --replay-rate, beside live traffic
    /// of --deliveries to another, and --rate events a second of it for the latency.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=1_000_000))]
    replay: u64,
    /// Dead deliveries a second that --replay brings back.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    replay_rate: u64,
    /// Print one JSON line instead of a table.
    #[arg(long)]
    json: bool,
    /// Which child process this is; the bench starts them itself.
    #[arg(long, hide = true, requires = "channel")]
    role: Option<ChildRole>,
    /// What a child needs to know; the bench fills it in.
    #[arg(long, hide = true)]
    channel: Option<String>,
}

/// A child process of the bench.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ChildRole {
    /// Receives and checks.
    Sink,
    /// Publishes.
    Load,
    /// Posts to the sink directly.
    Raw,
}

/// Runs the bench, or one of its children.
///
/// # Errors
/// A delivery that did not arrive, a signature that does not verify, or a child that ended.
#[expect(clippy::print_stdout, reason = "the report is what the command is for")]
pub(crate) async fn run(arguments: BenchArgs) -> Result<()> {
    if let (Some(role), Some(channel)) = (arguments.role, &arguments.channel) {
        return tokio::task::LocalSet::new()
            .run_until(roles::run(role, channel))
            .await;
    }
    if arguments.replay > 0 {
        let report = replay::measure(replay::Scenario {
            items: arguments.replay,
            rate: arguments.replay_rate,
            live: arguments.deliveries,
            live_rate: arguments.rate,
            concurrency: arguments.concurrency,
        })
        .await?;
        if arguments.json {
            println!("{}", serde_json::to_string(&report)?);
        } else {
            print!("{}", report.table());
        }
        return Ok(());
    }
    if arguments.only_rows {
        let report = rows::alone(&arguments).await?;
        if arguments.json {
            println!("{}", serde_json::to_string(&report)?);
        } else {
            print!("{}", report::text(report.table()));
        }
        return Ok(());
    }
    let report = run::measure(&arguments).await?;
    if arguments.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print!("{}", report.table());
    }
    Ok(())
}
