//! What a lane needs of its endpoint, prepared once: contract, policy, and its secrets, open while it signs.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use crate::domain::breaker::BreakerPolicy;
use crate::domain::contract::{Contract, ContractSet};
use crate::domain::endpoint::{Endpoint, EndpointStatus, SealedSecret};
use crate::domain::lane::LaneConfig;
use crate::domain::limits::CONCURRENCY_PER_ENDPOINT_MAX;
use crate::domain::rate_limit::RateLimit;
use crate::domain::retry::RetryPolicy;
use crate::domain::seal::{self, SealError, SealingKey};
use crate::domain::sign::secret::OpenSecret;
use crate::domain::time::Timestamp;

/// How much longer than its timeout a request may take before its lane abandons it. The transport's own deadline
/// comes first and knows more; this one is for what that cannot end, and for virtual time.
pub const DEADLINE_GRACE: Duration = Duration::from_millis(100);

/// An endpoint made ready.
#[derive(Debug)]
pub(super) struct LaneSetup {
    /// The endpoint.
    pub(super) endpoint: Arc<Endpoint>,
    /// Its contract; `None` when there is no such contract any more: nothing is sent until there is.
    pub(super) contract: Option<Arc<Contract>>,
    /// Whether its contract has a signature by the service's own key.
    pub(super) signed_by_service: bool,
    /// Its secrets while they are open: from the first request until its lane has been idle for a while.
    opened: RefCell<Option<Rc<OpenSecrets>>>,
}

/// An endpoint's secrets, ready to sign.
#[derive(Debug)]
pub(super) struct OpenSecrets {
    /// Newest first.
    secrets: Vec<OpenSecret>,
    /// When the secret at the same place stops signing.
    expiries: Vec<Option<Timestamp>>,
}

impl LaneSetup {
    /// Prepares `endpoint`.
    pub(super) fn new(endpoint: Arc<Endpoint>, contracts: &ContractSet) -> Self {
        let contract = contracts.get_known(&endpoint.contract).cloned();
        if contract.is_none() {
            tracing::error!(
                endpoint.id = %endpoint.id, contract = endpoint.contract,
                "the endpoint's contract is not known: its deliveries are held until it is"
            );
        }
        let signed_by_service = contract
            .as_ref()
            .is_some_and(|contract| contract.signs_with_service_key());
        Self {
            endpoint,
            contract,
            signed_by_service,
            opened: RefCell::default(),
        }
    }

    /// The endpoint's secrets, opened with `key` unless they are open already.
    ///
    /// # Errors
    /// One of them cannot be opened: the endpoint's deliveries are undeliverable.
    pub(super) fn secrets(&self, key: &SealingKey) -> Result<Rc<OpenSecrets>, SealError> {
        if let Some(opened) = &*self.opened.borrow() {
            return Ok(Rc::clone(opened));
        }
        let opened = Rc::new(OpenSecrets::open(&self.endpoint, key)?);
        *self.opened.borrow_mut() = Some(Rc::clone(&opened));
        Ok(opened)
    }

    /// Whether a request has been signed since they were closed.
    #[cfg(test)]
    pub(super) fn has_open_secrets(&self) -> bool {
        self.opened.borrow().is_some()
    }

    /// Closes the secrets until the next request.
    pub(super) fn close_secrets(&self) {
        *self.opened.borrow_mut() = None;
    }

    /// The retry policy in force.
    pub(super) fn retry<'a>(&'a self, contract: &'a Contract) -> &'a RetryPolicy {
        self.endpoint.retry_under(contract)
    }

    /// The rate limit in force: the endpoint's own, else the contract's.
    pub(super) fn rate_limit(&self) -> Option<RateLimit> {
        let contract = self.contract.as_ref();
        self.endpoint
            .rate_limit
            .or_else(|| contract.and_then(|contract| contract.rate_limit))
    }

    /// What the lane machine needs to know.
    pub(super) fn lane_config(
        &self,
        concurrency_default: usize,
        breaker_default: &Arc<BreakerPolicy>,
    ) -> LaneConfig {
        let concurrency = self.endpoint.concurrency.unwrap_or(concurrency_default);
        let contract_timeout = self
            .contract
            .as_ref()
            .map_or(Duration::ZERO, |contract| contract.request.timeout);
        let timeout = self.endpoint.timeout.unwrap_or(contract_timeout);
        LaneConfig {
            ordered: self.endpoint.ordered,
            concurrency: u32::try_from(concurrency.clamp(1, CONCURRENCY_PER_ENDPOINT_MAX))
                .unwrap_or(1),
            held: self.endpoint.status != EndpointStatus::Active || self.contract.is_none(),
            deadline: timeout + DEADLINE_GRACE,
            rate_limit: self.rate_limit(),
            breaker: Some(self.breaker(breaker_default)).filter(|policy| policy.enabled),
        }
    }

    /// The breaker's settings in force: the endpoint's own over the service's.
    fn breaker(&self, service: &Arc<BreakerPolicy>) -> Arc<BreakerPolicy> {
        match self.endpoint.breaker.as_deref() {
            None => Arc::clone(service),
            Some(own) => Arc::new(own.over(**service)),
        }
    }
}

impl OpenSecrets {
    fn open(endpoint: &Endpoint, key: &SealingKey) -> Result<Self, SealError> {
        let sealed = &endpoint.secrets;
        Ok(Self {
            secrets: sealed
                .iter()
                .map(|sealed| open_secret(endpoint, sealed, key))
                .collect::<Result<_, _>>()?,
            expiries: sealed.iter().map(|sealed| sealed.expires_at).collect(),
        })
    }

    /// Those that sign at `now`, newest first. Older ones never outlive newer ones.
    pub(super) fn active(&self, now: Timestamp) -> &[OpenSecret] {
        let active = self
            .expiries
            .iter()
            .take_while(|expiry| expiry.is_none_or(|expiry| now < expiry))
            .count();
        self.secrets.get(..active).unwrap_or_default()
    }
}

/// Opens one of an endpoint's secrets.
///
/// # Errors
/// The key is another one, or the row was damaged.
pub(super) fn open_secret(
    endpoint: &Endpoint,
    sealed: &SealedSecret,
    key: &SealingKey,
) -> Result<OpenSecret, SealError> {
    Ok(OpenSecret::new(
        sealed.id,
        secret_text(endpoint, sealed, key)?,
    ))
}

/// The text of one of an endpoint's secrets.
///
/// # Errors
/// As [`open_secret`].
pub(super) fn secret_text(
    endpoint: &Endpoint,
    sealed: &SealedSecret,
    key: &SealingKey,
) -> Result<SecretString, SealError> {
    let place = seal::secret_place(endpoint.id, sealed.id);
    let plain = seal::open(key, &place, &sealed.sealed)?;
    let text = String::from_utf8_lossy(&plain);
    Ok(SecretString::from(text.as_ref()))
}
