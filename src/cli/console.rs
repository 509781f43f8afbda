//! `hookyard` and `hookyard console`: attach to the service that is there, else run one in this process.

use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::connect::{ConnectArgs, Found};
use super::context::Context;
use super::entropy::seeded_rng;
use super::keys::KeysOption;
use super::service::{Service, keep_files_private, log_path, start_log_file};
use super::themes;
use crate::client::{Client, Target};
use crate::clock::{SharedClock, SystemClock};
use crate::config::{Config, Environment, Sources};
use crate::console::{self, ConsoleOptions, Scrolling, TerminalTraits, Tty};

/// Watch and operate a service in the terminal.
#[derive(Args, Clone, Debug, Default)]
#[command(
    after_help = "Examples:\n  hookyard console\n  hookyard console --url https://hooks.example.com --token-file ~/.hookyard-token\n  \
                  hookyard console --url ssh://ops@hooks.example.com\n\n\
                  Without a target: the service of this machine; where none runs, one is started in this process."
)]
pub(crate) struct ConsoleArgs {
    #[command(flatten)]
    connect: ConnectArgs,
    /// The theme, one of `hookyard themes list`; the one that fits the terminal when absent.
    #[arg(long, value_name = "NAME")]
    theme: Option<String>,
    #[command(flatten)]
    keys: KeysOption,
    /// Refuse every action that changes something.
    #[arg(long)]
    read_only: bool,
    /// Draw with ASCII alone.
    #[arg(long)]
    ascii: bool,
    /// For a slow line: two frames a second, sixteen colours. Over SSH frames get fewer by themselves.
    #[arg(long)]
    slow: bool,
    /// Whether the terminal moves rows that moved; auto where that saves bytes.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t)]
    scroll: ScrollArg,
}

/// Whether the terminal moves rows that moved.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum ScrollArg {
    /// Where it saves bytes: not beside another tmux pane, in mosh or in GNU screen.
    #[default]
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

impl From<ScrollArg> for Scrolling {
    fn from(arg: ScrollArg) -> Self {
        match arg {
            ScrollArg::Auto => Self::Auto,
            ScrollArg::On => Self::On,
            ScrollArg::Off => Self::Off,
        }
    }
}

/// Which service the console shows.
pub(crate) struct Shown {
    /// Talks to it.
    pub(crate) client: Client,
    /// What the header calls it.
    pub(crate) label: String,
    /// Whether it runs in this process.
    pub(crate) embedded: bool,
}

/// Shows the console.
pub(crate) async fn run(args: ConsoleArgs, context: &Context) -> anyhow::Result<()> {
    let environment = &context.environment;
    let traits = TerminalTraits::from_environment(|name| environment.get(name).map(str::to_owned));
    // Before a service is started for a terminal that cannot show it.
    Tty::stdio()?.check(traits.term.as_deref())?;
    args.keys.load(environment)?;
    match args.connect.find(environment)? {
        Found::Service(target) => {
            let label = match &target {
                Target::Ssh(address) => address.host().to_owned(),
                Target::Socket(_) | Target::Url { .. } => target.to_string(),
            };
            let client = Client::new(target)?;
            // One that exists and refuses is an error, and better said before the screen is taken.
            client.info().await?;
            let shown = Shown {
                client,
                label,
                embedded: false,
            };
            show(&args, environment, shown).await
        }
        Found::Nothing(_) => embedded(&args, context).await,
    }
}

/// Starts a service in this process and shows it; leaving stops it.
async fn embedded(args: &ConsoleArgs, context: &Context) -> anyhow::Result<()> {
    let config = Config::load(&Sources {
        environment: context.environment.clone(),
        ..Sources::default()
    })?;
    keep_files_private();
    std::fs::create_dir_all(&config.data_dir)?;
    start_log_file(&log_path(&config.data_dir), &config)?;
    let service = Service::start(&config, clock()).await?;
    let shown = Shown {
        client: Client::new(service.target())?,
        label: "embedded".to_owned(),
        embedded: true,
    };
    let ended = show(args, &context.environment, shown).await;
    service.stop().await?;
    ended
}

/// Draws until the operator leaves.
pub(crate) async fn show(
    args: &ConsoleArgs,
    environment: &Environment,
    shown: Shown,
) -> anyhow::Result<()> {
    let options = ConsoleOptions {
        client: shown.client,
        label: shown.label,
        embedded: shown.embedded,
        read_only: args.read_only,
        theme: args.theme.clone(),
        themes_dir: themes::own_folder(environment),
        keys: args.keys.load(environment)?,
        ascii: args.ascii,
        scrolling: args.scroll.into(),
        slow: args.slow,
        traits: TerminalTraits {
            few_colors: args.slow,
            ..TerminalTraits::from_environment(|name| environment.get(name).map(str::to_owned))
        },
        clock: clock(),
        rng: seeded_rng()?,
        tty: Tty::stdio()?,
    };
    console::run(options).await?;
    Ok(())
}

fn clock() -> SharedClock {
    Arc::new(SystemClock::new())
}
