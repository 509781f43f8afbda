//! SIGHUP: the settings read again, and those applied that a running service can change.

use std::net::SocketAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use super::assembly::{Service, egress, rules};
use super::check::{check, transport};
use super::log::{self, RunningLog};
use super::notify::Addressee;
use crate::cli::failure::text_of;
use crate::config::{Config, Sources, Targets};
use crate::domain::contract::ContractSet;
use crate::domain::retention::RetentionPolicy;
use crate::engine::EngineLimits;
use crate::server::ServerLimits;
use crate::store::StoreLimits;
use crate::transport::HttpTransport;

/// What a reload needs to know and to change of a running service.
pub(super) struct Reloadable {
    /// What the service was started with.
    pub(super) started: Config,
    /// What it was last reloaded with.
    pub(super) current: Config,
    /// Where it listens: no target.
    pub(super) address: SocketAddr,
    pub(super) transport: Arc<HttpTransport>,
    pub(super) retention: watch::Sender<RetentionPolicy>,
    pub(super) server: Arc<ArcSwap<ServerLimits>>,
}

impl Reloadable {
    /// What a service is started with that listens there.
    ///
    /// # Errors
    /// Certificates that cannot be read.
    pub(super) fn new(config: &Config, address: SocketAddr) -> anyhow::Result<Self> {
        let transport = transport(config, rules(config, address))?;
        Ok(Self {
            started: config.clone(),
            current: config.clone(),
            address,
            transport: Arc::new(transport),
            retention: watch::Sender::new(config.retention.policy()),
            server: Arc::new(ArcSwap::from_pointee(served(config, config))),
        })
    }
}

/// What the server grants; requests leave from where they did at the start.
fn served(started: &Config, config: &Config) -> ServerLimits {
    let targets = Targets {
        egress_addresses: config.targets.egress_addresses.clone(),
        source_addresses: started.targets.source_addresses.clone(),
        ..Targets::default()
    };
    ServerLimits {
        event_bytes_max: config.event_bytes,
        egress: egress(&targets),
        open_probes: config.open_probes,
    }
}

/// What a configuration grants: the part that may change.
pub(super) fn limits(config: &Config, address: SocketAddr) -> EngineLimits {
    EngineLimits {
        concurrency: config.delivery.concurrency,
        concurrency_per_endpoint: config.delivery.concurrency_per_endpoint,
        targets: rules(config, address),
        breaker: Arc::new(config.breaker),
        failing: Arc::new(config.failing.clone()),
        endpoints_max: config.endpoints_max,
        endpoints_per_tenant_max: config.endpoints_per_tenant_max,
        tokens_max: config.tokens_max,
    }
}

/// What was read anew, all of it sound.
struct Newer {
    config: Config,
    contracts: Arc<ContractSet>,
    addressee: Addressee,
    levels: EnvFilter,
}

impl Newer {
    /// Reads settings and contracts; requests to whoever is to be told leave as at the start.
    ///
    /// # Errors
    /// Every fault of the settings; where they are sound, every fault of what they name.
    fn read(sources: &Sources, started: &Config) -> anyhow::Result<Self> {
        let config = Config::load(sources)?;
        Ok(Self {
            contracts: Arc::new(check(&config)?),
            addressee: Addressee::of(&config.notify, &started.targets)?,
            levels: log::filter(&config)?,
            config,
        })
    }
}

impl Service {
    /// Reads settings and contracts again and applies what can be; the log says what was, what waits for a restart, and
    /// every fault. With a fault nothing is applied.
    pub(crate) async fn reload(&mut self, sources: &Sources, log: &RunningLog) {
        let refused = |error| text_of(&error).lines().for_each(not_applied);
        let newer = match Newer::read(sources, &self.reloadable.started) {
            Ok(newer) => newer,
            Err(error) => return refused(error),
        };
        let levels = newer.levels.clone();
        match self.apply(newer).await {
            // What is told passes by the more talkative of the two levels.
            Ok(applied) if levels.max_level_hint() > Some(LevelFilter::current()) => {
                log.set(levels);
                applied.tell();
            }
            Ok(applied) => {
                applied.tell();
                log.set(levels);
            }
            Err(error) => refused(error),
        }
    }

    /// Applies what was read; what may be refused comes first.
    async fn apply(&mut self, newer: Newer) -> anyhow::Result<Applied> {
        let running = &mut self.reloadable;
        let config = newer.config;
        let difference = running.current.difference(&running.started, &config);
        let limits = limits(&config, running.address);
        let targets = running.transport.prepare_targets(limits.targets.clone())?;
        let changes = self.engine.set_contracts(newer.contracts).await?;
        running.transport.set_targets(targets);
        self.engine.set_limits(limits).await;
        self.store.set_limits(StoreLimits {
            reserve_bytes: config.retention.reserve_bytes,
            tell_dead: config.notify.is_wanted(),
        });
        let served = served(&running.started, &config);
        running.server.store(Arc::new(served));
        let policy = config.retention.policy();
        running.retention.send_if_modified(|in_force| {
            let changed = *in_force != policy;
            *in_force = policy;
            changed
        });
        self.notifier.tell_instead(newer.addressee);
        running.current = config;
        let keys = difference.applied.into_iter().map(str::to_owned);
        Ok(Applied {
            applied: keys
                .chain(changes.iter().map(ToString::to_string))
                .collect(),
            at_restart: difference.at_restart,
        })
    }
}

/// What a reload came to.
struct Applied {
    /// Keys and contracts that are in force now.
    applied: Vec<String>,
    /// Keys that take effect at the next start.
    at_restart: Vec<&'static str>,
}

impl Applied {
    fn tell(&self) {
        let applied = self.applied.join(", ");
        tracing::info!(applied, "reloaded");
        if !self.at_restart.is_empty() {
            let settings = self.at_restart.join(", ");
            tracing::warn!(
                settings,
                "these changed and are read at the start only: restart to apply them"
            );
        }
    }
}

fn not_applied(fault: &str) {
    tracing::error!(
        fault,
        "nothing was reloaded, the settings before stay in force"
    );
}
