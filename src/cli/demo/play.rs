//! The demo from start to verdict.

use std::cell::Cell;
use std::io::IsTerminal as _;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use tokio::task::{JoinSet, LocalSet, spawn_local};

use super::receivers::{self, DemoReceiver, Manner};
use super::summary::Ledger;
use super::traffic;
use crate::api::endpoint::{BreakerBody, CreateEndpoint, EndpointView, RetryBody};
use crate::api::page::PageQuery;
use crate::cli::console::{ConsoleArgs, Shown, show};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::cli::serve::StopSignals;
use crate::cli::service::{Service, log_path, start_log_file};
use crate::client::Client;
use crate::clock::{SharedClock, SystemClock};
use crate::config::CONTRACT_DEFAULT;
use crate::config::{Config, Environment, LOG_DEFAULT, Raw, Setting, Written};
use crate::domain::contract::ContractSet;
use crate::domain::contract::verify::Verifier;
use crate::domain::duration::DurationText;

/// The longest that the good receiver may take to get the rest, once traffic has stopped.
const SETTLE_MAX: Duration = Duration::from_secs(15);
/// How often the demo looks whether it has.
const SETTLE_LOOK: Duration = Duration::from_millis(50);
/// The longest wait between two probes of a breaker: as short as the retries, so that a receiver that is back is found
/// while somebody looks.
const PROBE_MAX: &str = "10s";
/// What the demo looks back at.
const WINDOW: &str = "60m";

/// See the whole product at work: service, receivers good and bad, and traffic.
#[derive(Args, Clone, Debug)]
#[command(
    after_help = "Examples:\n  hookyard demo\n  hookyard demo --rate 200 --for 20s\n\n\
                  It lives in a temporary directory and leaves nothing behind. On a terminal the console shows it; \
                  else one line a second does. `g ?` in it begins a tour of five minutes. It ends with a summary, and with exit code 0 only if the ledger adds up."
)]
pub(crate) struct DemoArgs {
    /// Events a second; each goes to five endpoints.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    rate: u32,
    /// How long; until you leave when absent.
    #[arg(long = "for", id = "duration", value_name = "DURATION")]
    duration: Option<DurationText>,
}

/// Plays the demo.
pub(crate) async fn run(args: DemoArgs, context: &Context) -> anyhow::Result<()> {
    let directory = tempfile::Builder::new()
        .prefix("hookyard-demo-")
        .tempdir()
        .context("no temporary directory can be made")?;
    let config = config(directory.path(), &context.environment)?;
    let clock: SharedClock = Arc::new(SystemClock::new());
    let log = start_log_file(&log_path(directory.path()), &config, Arc::clone(&clock))?;
    let service = Service::start(&config, Arc::clone(&clock), log.lines).await?;
    let client = Client::new(service.target())?;
    let stage = Stage {
        client,
        clock,
        output: context.output,
    };
    let played = LocalSet::new()
        .run_until(stage.play(&args, &context.environment))
        .await;
    let stopped = service.stop().await;
    played?;
    stopped
}

/// What the demo's service runs on: nothing of the user's own configuration but what is logged.
fn config(directory: &Path, environment: &Environment) -> anyhow::Result<Config> {
    let text = |key, value: String| Setting {
        flag: "hookyard demo",
        key,
        value: Raw::Text(value),
    };
    let settings = [
        text("data_dir", directory.display().to_string()),
        text("socket", directory.join("demo.sock").display().to_string()),
        text("listen", "127.0.0.1:0".to_owned()),
        text("shutdown_grace", "2s".to_owned()),
        text(
            "log",
            environment
                .get("HOOKYARD_LOG")
                .unwrap_or(LOG_DEFAULT)
                .to_owned(),
        ),
        Setting {
            flag: "hookyard demo",
            key: "targets.allow",
            value: Raw::List(vec!["127.0.0.0/8".to_owned()]),
        },
    ];
    let written = Written::of_flags(settings);
    Ok(Config::from_written(&written, &Environment::default())?)
}

/// What every part of the demo needs.
struct Stage {
    client: Client,
    clock: SharedClock,
    output: Output,
}

impl Stage {
    async fn play(&self, args: &DemoArgs, environment: &Environment) -> anyhow::Result<()> {
        let mut tasks = JoinSet::new();
        let receivers = receivers::start(&self.clock, &mut tasks).await?;
        for receiver in &receivers {
            self.subscribe(receiver).await?;
        }
        let accepted = Rc::new(Cell::new(0));
        let running = Rc::new(Cell::new(true));
        let traffic = spawn_local({
            let (client, clock) = (self.client.clone(), self.clock.clone());
            let (accepted, running, rate) = (accepted.clone(), running.clone(), args.rate);
            async move { traffic::publish(&client, &clock, rate, &accepted, || running.get()).await }
        });
        let watched = self.watch(args, environment, &accepted).await;
        running.set(false);
        traffic
            .await
            .context("the traffic stopped")?
            .context("an event could not be published")?;
        watched?;
        self.settle().await?;
        self.conclude(accepted.get(), &receivers).await
    }

    /// Whether somebody sees the console.
    fn has_console(&self) -> bool {
        self.output.is_terminal() && std::io::stdin().is_terminal()
    }

    /// Makes the receiver's endpoint, and lets it check what comes.
    async fn subscribe(&self, receiver: &DemoReceiver) -> anyhow::Result<()> {
        let ladder = receiver.manner.ladder().iter();
        let body = CreateEndpoint {
            url: format!("http://{}/hooks", receiver.address),
            name: Some(receiver.manner.name().to_owned()),
            timeout: Some("3s".to_owned()),
            retry: Some(RetryBody {
                ladder: Some(ladder.map(|&delay| delay.to_owned()).collect()),
                ..RetryBody::default()
            }),
            breaker: Some(BreakerBody {
                probe_max: Some(PROBE_MAX.to_owned()),
                ..BreakerBody::default()
            }),
            ..CreateEndpoint::default()
        };
        let created = self.client.create_endpoint(&body).await?;
        let contracts = ContractSet::built_in(CONTRACT_DEFAULT)?;
        let contract = contracts
            .get(&created.endpoint.contract)
            .context("the endpoint's contract is not built in")?;
        let verifier = Verifier::new(Arc::clone(contract), created.secret.expose())?;
        receiver.seen.borrow_mut().verifier = Some(verifier);
        Ok(())
    }

    /// Shows what happens until it is over.
    async fn watch(
        &self,
        args: &DemoArgs,
        environment: &Environment,
        accepted: &Cell<u64>,
    ) -> anyhow::Result<()> {
        let duration = args.duration.map(Duration::from);
        let over = async {
            match duration {
                Some(duration) => {
                    self.clock.sleep_until(self.clock.now() + duration).await;
                }
                None => std::future::pending().await,
            }
        };
        if self.has_console() {
            let shown = Shown {
                client: self.client.clone(),
                label: "demo".to_owned(),
                embedded: true,
                context: None,
                practice: true,
            };
            let console = ConsoleArgs::default();
            return tokio::select! {
                ended = show(&console, environment, &shown, None) => ended.map(drop),
                () = over => Ok(()),
            };
        }
        let mut signals = StopSignals::new()?;
        tokio::select! {
            printed = self.print_lines(accepted) => printed,
            () = over => Ok(()),
            _ = signals.next() => Ok(()),
        }
    }

    /// A line a second.
    async fn print_lines(&self, accepted: &Cell<u64>) -> anyhow::Result<()> {
        let started = self.clock.monotonic();
        loop {
            let next = self.clock.now() + Duration::from_secs(1);
            self.clock.sleep_until(next).await;
            let stats = self.client.stats(WINDOW).await?;
            let ledger = stats.ledger;
            self.output.print(&format!(
                "{:>4} s  {} events, {} deliveries: {} delivered, {} pending, {} dead; {} in flight\n",
                (self.clock.monotonic() - started).as_secs(),
                accepted.get(),
                ledger.created,
                ledger.delivered,
                ledger.pending,
                ledger.dead,
                stats.in_flight
            ))?;
        }
    }

    /// Waits until the good receiver has everything, and fails where it does not get it.
    async fn settle(&self) -> anyhow::Result<()> {
        let deadline = self.clock.monotonic() + SETTLE_MAX;
        loop {
            let endpoints = self.endpoints().await?;
            let waiting = endpoints
                .iter()
                .find(|endpoint| endpoint.name.as_deref() == Some(Manner::Good.name()))
                .map_or(0, |endpoint| endpoint.health.deliveries.pending);
            if waiting == 0 {
                return Ok(());
            }
            if self.clock.monotonic() > deadline {
                return Err(Failure::failed(format!(
                    "the good receiver still waits for {waiting} deliveries after {}",
                    DurationText(SETTLE_MAX)
                )));
            }
            self.clock.sleep_until(self.clock.now() + SETTLE_LOOK).await;
        }
    }

    async fn endpoints(&self) -> anyhow::Result<Vec<EndpointView>> {
        Ok(self.client.endpoints(&PageQuery::default()).await?.items)
    }

    /// Prints the summary; an error where it does not add up.
    async fn conclude(&self, accepted: u64, receivers: &[DemoReceiver]) -> anyhow::Result<()> {
        // Deliveries may move between the readings: each adds up by itself, and the receivers are asked last.
        let stats = self.client.stats(WINDOW).await?;
        let endpoints = self.endpoints().await?;
        let ledger = Ledger {
            accepted,
            operated: self.has_console(),
            stats: &stats,
            endpoints: &endpoints,
            receivers,
        };
        self.output.print(&format!("\n{}", ledger.text()))?;
        let faults = ledger.faults();
        if faults.is_empty() {
            return self.output.print(&format!(
                "{accepted} events, {} deliveries: the ledger adds up\n",
                stats.ledger.created
            ));
        }
        Err(Failure::failed(format!(
            "the ledger does not add up:\n  {}",
            faults.join("\n  ")
        )))
    }
}
