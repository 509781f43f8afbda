//! `hookyard serve`: the service, headless.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::context::Context;
use super::service::{LogFormat, Service, start_log};
use crate::clock::{SharedClock, SystemClock};
use crate::config::{Config, Raw, Setting, Sources};

/// Run the service.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  hookyard serve --data-dir /var/lib/hookyard --listen 127.0.0.1:8420\n\n\
                  Every setting is also a key of the configuration file and a variable such as HOOKYARD_LISTEN.\n\
                  SIGTERM and SIGINT drain: requests in flight finish, the rest stays pending. A second one exits at \
                  once; nothing accepted is lost either way.\n\
                  SIGHUP reads settings and contracts again and applies all of them but data_dir, key_file, listen, \
                  socket, operators_group, shutdown_grace, targets.extra_roots, targets.source_addresses and \
                  http.workers; the log says what was applied, what waits for a restart, and every fault, with which \
                  nothing changes."
)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    settings: SettingArgs,
    /// What the log on stderr looks like.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    log_format: LogFormat,
}

/// Settings of the service as flags.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct SettingArgs {
    /// The configuration file; else $XDG_CONFIG_HOME/hookyard/hookyard.toml, else /etc/hookyard/hookyard.toml.
    #[arg(long, value_name = "F")]
    config: Option<PathBuf>,
    /// The directory of the database.
    #[arg(long, value_name = "D")]
    data_dir: Option<String>,
    /// The address of the HTTP API, such as 127.0.0.1:8420.
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// The path of the Unix socket.
    #[arg(long, value_name = "PATH")]
    socket: Option<String>,
    /// A network that requests may go to besides public addresses, such as 10.20.0.0/16; may be repeated.
    #[arg(long = "allow-target", value_name = "CIDR")]
    allow_targets: Vec<String>,
    /// The contracts that are enabled.
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    contracts: Vec<String>,
}

impl SettingArgs {
    /// Everything that configuration is read from.
    pub(crate) fn sources(&self, context: &Context) -> Sources {
        let text = |flag, key, value: &Option<String>| {
            value.clone().map(|value| Setting {
                flag,
                key,
                value: Raw::Text(value),
            })
        };
        let list = |flag, key, items: &[String]| {
            (!items.is_empty()).then(|| Setting {
                flag,
                key,
                value: Raw::List(items.to_vec()),
            })
        };
        let flags = [
            text("--data-dir", "data_dir", &self.data_dir),
            text("--listen", "listen", &self.listen),
            text("--socket", "socket", &self.socket),
            list("--allow-target", "targets.allow", &self.allow_targets),
            list("--contracts", "contracts", &self.contracts),
        ];
        Sources {
            file: self.config.clone(),
            environment: context.environment.clone(),
            flags: flags.into_iter().flatten().collect(),
        }
    }
}

/// Runs the service until a signal stops it.
pub(crate) async fn run(args: ServeArgs, context: &Context) -> anyhow::Result<()> {
    use_small_pages();
    let sources = args.settings.sources(context);
    let config = Config::load(&sources)?;
    let clock: SharedClock = Arc::new(SystemClock::new());
    let log = start_log(args.log_format, &config, Arc::clone(&clock))?;
    // Before the start: a signal that comes during it is not lost.
    let mut signals = StopSignals::new()?;
    let mut service = Service::start(&config, clock, log.lines.clone()).await?;
    let failure = loop {
        tokio::select! {
            wish = signals.next_wish() => match wish {
                Wish::Stop(name) => {
                    tracing::info!(signal = name, grace = ?config.shutdown_grace, "draining");
                    break None;
                }
                Wish::Reload => service.reload(&sources, &log).await,
            },
            error = service.failed() => break Some(error),
        }
    };
    if let Some(error) = failure {
        // Also for those who read the log alone. Not drained: what has ended could hold that up.
        tracing::error!(%error, "exiting");
        return Err(error);
    }
    tokio::select! {
        stopped = service.stop() => stopped?,
        name = signals.next() => {
            tracing::warn!(signal = name, "exiting at once");
            std::process::exit(1);
        }
    }
    tracing::info!("stopped");
    Ok(())
}

/// Huge pages would double the memory of an idle service: the allocator's first arena takes them whole. A system that
/// refuses costs memory and nothing else.
fn use_small_pages() {
    #[cfg(target_os = "linux")]
    let _ = nix::sys::prctl::set_thp_disable(true);
}

/// What a signal asks for.
enum Wish {
    /// To drain and end; the signal's name.
    Stop(&'static str),
    /// To read the settings again.
    Reload,
}

/// SIGTERM and SIGINT, and SIGHUP, which would end the process undrained.
pub(crate) struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl StopSignals {
    /// Takes the signals over from now on.
    ///
    /// # Errors
    /// The operating system refuses.
    pub(crate) fn new() -> anyhow::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// The name of the next one that asks for an end; one that asks for a reload comes too late by now.
    pub(crate) async fn next(&mut self) -> &'static str {
        loop {
            match self.next_wish().await {
                Wish::Stop(name) => return name,
                Wish::Reload => tracing::warn!("SIGHUP changes nothing here"),
            }
        }
    }

    async fn next_wish(&mut self) -> Wish {
        tokio::select! {
            _ = self.terminate.recv() => Wish::Stop("SIGTERM"),
            _ = self.interrupt.recv() => Wish::Stop("SIGINT"),
            _ = self.hang_up.recv() => Wish::Reload,
        }
    }
}
