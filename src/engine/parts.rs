//! What an engine is made of.

use std::sync::Arc;

use crate::clock::SharedClock;
use crate::domain::address::AddressRules;
use crate::domain::breaker::BreakerPolicy;
use crate::domain::contract::ContractSet;
use crate::domain::failing::FailingPolicy;
use crate::domain::limits::{
    CONCURRENCY_DEFAULT, CONCURRENCY_PER_ENDPOINT_DEFAULT, ENDPOINTS_DEFAULT,
    ENDPOINTS_PER_TENANT_DEFAULT, GIVE_UPS_LOOKED_AT_MAX, TOKENS_DEFAULT,
};
use crate::domain::seal::SealingKey;
use crate::store::{HandOverReceiver, Store};
use crate::transport::Transport;

/// Bytes of events that lanes keep in memory between acceptance and sending; beyond it they are read back.
const KEPT_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The parts, made by the composition root.
pub struct EngineParts {
    /// Where everything is kept.
    pub store: Store,
    /// What the store's writer hands over after each commit.
    pub hand_over: HandOverReceiver,
    /// What carries requests.
    pub transport: Arc<dyn Transport>,
    /// The contracts in use.
    pub contracts: Arc<ContractSet>,
    /// The time.
    pub clock: SharedClock,
    /// 32 bytes from the operating system: jitter, secrets and tokens come from it.
    pub seed: [u8; 32],
    /// What secrets at rest are sealed with.
    pub sealing_key: SealingKey,
    /// Settings.
    pub options: EngineOptions,
}

/// The engine's settings.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// Requests in flight, all lanes together.
    pub concurrency: usize,
    /// Requests in flight to one endpoint that names no number of its own.
    pub concurrency_per_endpoint: usize,
    /// When breakers open of endpoints that do not say otherwise.
    pub breaker: BreakerPolicy,
    /// When endpoints that do nothing but fail are warned of and disabled.
    pub failing: FailingPolicy,
    /// Which URLs an endpoint may have.
    pub targets: AddressRules,
    /// Bytes of events that lanes keep in memory.
    pub kept_bytes_max: usize,
    /// Deliveries whose end is worked out for one look at the horizon.
    pub give_ups_max: u32,
    /// Endpoints that are not deleted, of all tenants and none.
    pub endpoints_max: usize,
    /// Endpoints of one tenant that are not deleted.
    pub endpoints_per_tenant_max: usize,
    /// Tokens that are not revoked.
    pub tokens_max: usize,
}

/// The settings that may change while the engine runs.
#[derive(Clone, Debug)]
pub struct EngineLimits {
    /// As [`EngineOptions::concurrency`].
    pub concurrency: usize,
    /// As [`EngineOptions::concurrency_per_endpoint`].
    pub concurrency_per_endpoint: usize,
    /// Which URLs an endpoint may have.
    pub targets: AddressRules,
    /// As [`EngineOptions::breaker`].
    pub breaker: Arc<BreakerPolicy>,
    /// As [`EngineOptions::failing`].
    pub failing: Arc<FailingPolicy>,
    /// As [`EngineOptions::endpoints_max`].
    pub endpoints_max: usize,
    /// As [`EngineOptions::endpoints_per_tenant_max`].
    pub endpoints_per_tenant_max: usize,
    /// As [`EngineOptions::tokens_max`].
    pub tokens_max: usize,
}

impl EngineLimits {
    /// Those that an engine is started with.
    pub(super) fn at_start(options: &EngineOptions) -> Self {
        Self {
            concurrency: options.concurrency,
            concurrency_per_endpoint: options.concurrency_per_endpoint,
            targets: options.targets.clone(),
            breaker: Arc::new(options.breaker),
            failing: Arc::new(options.failing.clone()),
            endpoints_max: options.endpoints_max,
            endpoints_per_tenant_max: options.endpoints_per_tenant_max,
            tokens_max: options.tokens_max,
        }
    }
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            concurrency: CONCURRENCY_DEFAULT,
            concurrency_per_endpoint: CONCURRENCY_PER_ENDPOINT_DEFAULT,
            breaker: BreakerPolicy::default(),
            failing: FailingPolicy::default(),
            targets: AddressRules::default(),
            kept_bytes_max: KEPT_BYTES_MAX,
            give_ups_max: GIVE_UPS_LOOKED_AT_MAX,
            endpoints_max: ENDPOINTS_DEFAULT,
            endpoints_per_tenant_max: ENDPOINTS_PER_TENANT_DEFAULT,
            tokens_max: TOKENS_DEFAULT,
        }
    }
}
