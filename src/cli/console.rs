//! `hookyard` and `hookyard console`: attach to the service that is there, else run one in this process.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use tokio::io::BufReader;

use super::connect::{ConnectArgs, Found, target_of};
use super::context::Context;
use super::contexts::{self, NamedService};
use super::entropy::seeded_rng;
use super::failure::Failure;
use super::keys::KeysOption;
use super::service::{Service, keep_files_private, log_path, start_log_file};
use super::themes;
use crate::client::{Client, Target};
use crate::clock::{SharedClock, SystemClock};
use crate::config::{Config, Environment, Sources, user_state_file};
use crate::console::idle::IdleLines;
use crate::console::plain::{self, PlainOptions};
use crate::console::{
    self, ConsoleOptions, ExitReason, Neighbour, QuietHours, Reach, Scrolling, Surroundings,
    TerminalTraits, Tty,
};
use crate::domain::escape::line;
use crate::domain::instant::past_instant;
use crate::domain::time::Timestamp;

/// What consoles remember between runs, in the user's folder of such files.
const MEMORY: &str = "console.toml";

/// Watch and operate a service in the terminal.
#[derive(Args, Clone, Debug, Default)]
#[command(
    after_help = "Examples:\n  hookyard console\n  hookyard console --url https://hooks.example.com --token-file ~/.hookyard-token\n  \
                  hookyard console ssh://ops@hooks.example.com\n  hookyard console prod\n  \
                  hookyard console --at 15m\n\n\
                  Without a target: the service of this machine; where none runs, one is started in this process."
)]
pub(crate) struct ConsoleArgs {
    /// The service: a context's name, ssh://[user@]host, a URL, or the path of a socket.
    #[arg(value_name = "TARGET", conflicts_with_all = ["service_socket", "service_url", "service_context"])]
    target: Option<String>,
    #[command(flatten)]
    connect: ConnectArgs,
    /// The theme, one of `hookyard themes list`; without it the one that fits the terminal's colours and background.
    #[arg(long, value_name = "NAME")]
    theme: Option<String>,
    #[command(flatten)]
    keys: KeysOption,
    /// Refuse every action that changes something.
    #[arg(long)]
    read_only: bool,
    /// Begin in the past: an instant such as 2026-04-13T10:18:00Z, or how long ago, such as 15m.
    #[arg(long, value_name = "WHEN", conflicts_with = "plain")]
    at: Option<String>,
    /// When bells do not ring, by the clock of this machine, such as 22:00-07:00; a context's `bell_quiet` says the same.
    #[arg(long, value_name = "FROM-TO", conflicts_with = "plain")]
    bell_quiet: Option<QuietHours>,
    /// Draw with ASCII alone.
    #[arg(long)]
    ascii: bool,
    /// Answer line by line instead of drawing: for screen readers and terminals that cannot place text.
    #[arg(long)]
    plain: bool,
    /// For a slow line: two frames a second, sixteen colours. Over SSH that is found out.
    #[arg(long)]
    slow: bool,
    /// Whether the terminal moves rows that moved; auto where that saves bytes. Where it does not, new rows take the
    /// place of the oldest in a list that follows.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t)]
    scroll: ScrollArg,
    /// A named pipe that is told whenever there is nothing left to do: for scripts that drive the console.
    #[arg(long, value_name = "PIPE", hide = true)]
    idle_to: Option<PathBuf>,
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
    /// The context that it was named by.
    pub(crate) context: Option<NamedService>,
    /// Whether nothing depends on it.
    pub(crate) practice: bool,
}

/// Shows the console.
pub(crate) async fn run(mut args: ConsoleArgs, context: &Context) -> anyhow::Result<()> {
    let environment = &context.environment;
    let traits = TerminalTraits::from_environment(|name| environment.get(name).map(str::to_owned));
    // Before a service is started for a terminal that cannot show it.
    if !args.plain {
        Tty::stdio()?.check(traits.term.as_deref())?;
    }
    args.keys.load(environment)?;
    if let Some(target) = args.target.take() {
        args.connect.name(target);
    }
    let service = args.connect.context.as_deref();
    let service = service.map(|name| contexts::named(name, environment));
    match args.connect.find(environment)? {
        Found::Service(target) => {
            let shown = shown(target, service.transpose()?)?;
            // One that exists and refuses is an error, and better said before the screen is taken.
            shown.client.info().await?;
            attached(&args, environment, shown).await
        }
        Found::Nothing(_) => embedded(&args, context).await,
    }
}

fn shown(target: Target, context: Option<NamedService>) -> anyhow::Result<Shown> {
    let label = match (&context, &target) {
        (Some(service), _) => service.name.clone(),
        (None, Target::Ssh(address)) => address.host().to_owned(),
        (None, Target::Socket(_) | Target::Url { .. }) => target.to_string(),
    };
    Ok(Shown {
        client: Client::new(target)?,
        label,
        embedded: false,
        context,
        practice: false,
    })
}

/// Shows a service, and the next one where the operator goes to another.
async fn attached(
    args: &ConsoleArgs,
    environment: &Environment,
    first: Shown,
) -> anyhow::Result<()> {
    let services = contexts::all(environment)?;
    let (mut now_shown, mut notice) = (first, None);
    loop {
        let ended = show(args, environment, &now_shown, notice.take()).await?;
        let ExitReason::Switch(index) = ended else {
            return Ok(());
        };
        let Some(service) = services.get(index).cloned() else {
            continue;
        };
        let name = service.name.clone();
        let next = target_of(&service, environment).and_then(|to| shown(to, Some(service)));
        match next {
            // One that cannot be reached is shown as such.
            Ok(next) => now_shown = next,
            Err(error) => notice = Some(format!("not gone to {name}: {error}")),
        }
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
    let log = start_log_file(&log_path(&config.data_dir), &config, clock())?;
    let service = Service::start(&config, clock(), log.lines).await?;
    let shown = Shown {
        client: Client::new(service.target())?,
        label: "embedded".to_owned(),
        embedded: true,
        context: None,
        practice: false,
    };
    let ended = show(args, &context.environment, &shown, None).await;
    service.stop().await?;
    ended.map(drop)
}

/// Draws until the operator leaves; `notice` is told first.
pub(crate) async fn show(
    args: &ConsoleArgs,
    environment: &Environment,
    shown: &Shown,
    notice: Option<String>,
) -> anyhow::Result<ExitReason> {
    if args.plain {
        return answer(args, shown).await;
    }
    let context = shown.context.as_ref();
    let theme = context.and_then(|service| service.theme.clone());
    let options = ConsoleOptions {
        client: shown.client.clone(),
        label: shown.label.clone(),
        embedded: shown.embedded,
        surroundings: Surroundings {
            quiet: args
                .bell_quiet
                .or(context.and_then(|service| service.bell_quiet)),
            ..surroundings(shown, environment, notice)?
        },
        at: rewound_to(args.at.as_deref(), clock().now())?,
        reach: Some(reach(environment)?),
        read_only: args.read_only || context.is_some_and(|service| service.read_only),
        theme: args.theme.clone().or(theme),
        themes_dir: themes::own_folder(environment),
        memory: user_state_file(environment, MEMORY),
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
        idle: args.idle_to.as_deref().map(idle_lines).transpose()?,
    };
    Ok(console::run(options).await?)
}

/// The instant that a console begins with.
fn rewound_to(text: Option<&str>, now: Timestamp) -> anyhow::Result<Option<Timestamp>> {
    let at = text.map(|text| past_instant(text, now)).transpose();
    at.map_err(|refused| Failure::usage(refused.to_string()))
}

fn idle_lines(pipe: &Path) -> anyhow::Result<IdleLines> {
    IdleLines::open(pipe).with_context(|| {
        let name = pipe.to_string_lossy();
        let pipe = line(&name);
        format!("pipe {pipe} cannot be written to: make it with mkfifo, and read it first")
    })
}

fn surroundings(
    shown: &Shown,
    environment: &Environment,
    notice: Option<String>,
) -> anyhow::Result<Surroundings> {
    let context = shown.context.as_ref();
    let contexts = contexts::all(environment)?;
    let contexts = contexts.into_iter().map(|service| Neighbour {
        changes: match (service.read_only, service.protect) {
            (true, _) => "read-only",
            (false, true) => "armed",
            (false, false) => "changes",
        },
        name: service.name,
        target: service.target,
        env: service.env,
        probe: None,
    });
    Ok(Surroundings {
        context: context.map(|service| service.name.clone()),
        env: context.and_then(|service| service.env),
        banner: context.and_then(|service| service.banner.clone()),
        protected: context.is_some_and(|service| service.protect),
        quiet: None,
        practice: shown.practice,
        contexts: contexts.collect(),
        notice,
    })
}

/// How the contexts are reached; none through ssh, which may want something typed.
fn reach(environment: &Environment) -> anyhow::Result<Reach> {
    let services = contexts::all(environment)?;
    let environment = environment.clone();
    Ok(Arc::new(move |at| {
        let service = services.get(at).ok_or("no such context")?;
        let target = target_of(service, &environment).map_err(|error| error.to_string())?;
        if matches!(target, Target::Ssh(_)) {
            return Err("it is reached through ssh".to_owned());
        }
        Client::new(target).map_err(|error| error.to_string())
    }))
}

/// Answers line by line until the operator leaves.
async fn answer(args: &ConsoleArgs, shown: &Shown) -> anyhow::Result<ExitReason> {
    let context = shown.context.as_ref();
    let options = PlainOptions {
        client: shown.client.clone(),
        label: shown.label.clone(),
        banner: context.and_then(|service| service.banner.clone()),
        read_only: args.read_only || context.is_some_and(|service| service.read_only),
        protected: context.is_some_and(|service| service.protect),
        clock: clock(),
    };
    let input = BufReader::new(tokio::io::stdin());
    plain::run(options, input, std::io::stdout()).await?;
    Ok(ExitReason::Quit)
}

fn clock() -> SharedClock {
    Arc::new(SystemClock::new())
}
