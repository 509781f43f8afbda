//! SIGHUP: the settings read again, and those applied that a running service can change.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::assembly::{Service, check_roots, egress, rules, transport};
use super::contract_files;
use crate::cli::failure::text_of;
use crate::config::{Config, Sources, Targets};
use crate::domain::contract::{ContractSet, Revision};
use crate::domain::retention::RetentionPolicy;
use crate::engine::EngineLimits;
use crate::server::ServerLimits;
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
    pub(super) retention: Arc<ArcSwap<RetentionPolicy>>,
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
            retention: Arc::new(ArcSwap::from_pointee(config.retention.policy())),
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
    }
}

/// What a configuration grants: the part that may change.
pub(super) fn limits(config: &Config, address: SocketAddr) -> EngineLimits {
    EngineLimits {
        targets: rules(config, address),
        breaker: Arc::new(config.breaker),
        endpoints_max: config.endpoints_max,
        endpoints_per_tenant_max: config.endpoints_per_tenant_max,
        tokens_max: config.tokens_max,
    }
}

impl Service {
    /// Reads the settings again and applies what can be; the log says what was, what waits for a restart, and every
    /// fault. With a fault nothing is applied.
    pub(crate) async fn reload(&mut self, sources: &Sources) {
        let newer = match Config::load_or_all_faults(sources) {
            Ok(newer) => newer,
            Err(faults) => {
                for fault in faults {
                    not_applied(&text_of(&fault.into()));
                }
                return;
            }
        };
        let contracts = match contract_files::load(&newer).and_then(|contracts| {
            check_roots(&newer)?;
            Ok(contracts)
        }) {
            Ok(contracts) => contracts,
            Err(error) => return not_applied(&text_of(&error)),
        };
        let running = &mut self.reloadable;
        let mut difference = running.current.difference(&running.started, &newer);
        if revisions(&contracts) != revisions(self.engine.contracts()) {
            difference.at_restart.push("the text of contracts");
        }
        let limits = limits(&newer, running.address);
        if let Err(error) = running.transport.set_targets(limits.targets.clone()) {
            return not_applied(&text_of(&error.into()));
        }
        self.engine.set_limits(limits).await;
        let served = served(&running.started, &newer);
        running.server.store(Arc::new(served));
        let policy = newer.retention.policy();
        running.retention.store(Arc::new(policy));
        running.current = newer;
        let applied = difference.applied.join(", ");
        tracing::info!(applied, "reloaded");
        if !difference.at_restart.is_empty() {
            let settings = difference.at_restart.join(", ");
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

fn revisions(contracts: &ContractSet) -> BTreeMap<&str, Revision> {
    let known = contracts.iter_known();
    known
        .map(|contract| (contract.name.as_str(), contract.revision()))
        .collect()
}
