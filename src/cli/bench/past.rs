//! What files are filled with before the service starts: endpoints, and deliveries of the past.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use rand::Rng as _;

use super::payload;
use super::roles;
use crate::cli::entropy::{entropy, seeded_rng};
use crate::clock::{Clock, SystemClock};
use crate::domain::endpoint::{Endpoint, EndpointStatus, HoldClock, SealedSecret};
use crate::domain::id::{EndpointId, IdMint};
use crate::domain::seal::{self, SealingKey};
use crate::domain::time::Timestamp;
use crate::store::{Fate, Filling, Store, StoreOptions};

/// The type of all events of the past; nobody publishes more of it.
const PAST_TYPE: &str = "bench.past";
/// The furthest that a past goes back: well within what retention keeps.
const SPAN_MAX: Duration = Duration::from_hours(7 * 24);

/// The key that this run's services seal secrets with.
pub(super) fn new_key() -> Result<SealingKey> {
    Ok(SealingKey::from_bytes(entropy()?))
}

/// What the endpoints of a past have in common.
pub(super) struct Subscribers<'a> {
    /// Seals their secrets.
    pub(super) key: &'a SealingKey,
    /// What all are signed with.
    pub(super) secret: &'a str,
    /// The sink's port; each endpoint has a path of its own, its number.
    pub(super) sink_port: u16,
}

/// A past to make.
pub(super) struct Past {
    /// Who is subscribed.
    pub(super) endpoints: Vec<Endpoint>,
    /// Deliveries made to them, evenly.
    pub(super) deliveries: u64,
    /// What became of those.
    pub(super) fate: Fate,
    /// Characters of filling in each event's data.
    pub(super) pad_chars: usize,
}

impl Subscribers<'_> {
    /// `count` endpoints, each subscribed to the type that `event_type` gives for its number.
    pub(super) fn endpoints(
        &self,
        count: u64,
        event_type: impl Fn(u64) -> String,
    ) -> Result<Vec<Endpoint>> {
        let now = SystemClock::new().now();
        let (mut mint, mut rng) = (IdMint::after(0), seeded_rng()?);
        let contract = roles::contract()?;
        (0..count)
            .map(|number| {
                let (id, secret_id): (EndpointId, _) = (mint.next(now), mint.next(now));
                let mut nonce = [0; seal::NONCE_BYTES];
                rng.fill_bytes(&mut nonce);
                let place = seal::secret_place(id, secret_id);
                let sealed = seal::seal(self.key, nonce, &place, self.secret.as_bytes())?;
                let url = format!("http://127.0.0.1:{}/{number}", self.sink_port);
                let mut endpoint = blank_endpoint(id, url, contract.name.clone(), now);
                endpoint.event_types.push(event_type(number).parse()?);
                endpoint.secrets.push(SealedSecret {
                    id: secret_id,
                    sealed,
                    created_at: now,
                    expires_at: None,
                });
                Ok(endpoint)
            })
            .collect()
    }

    /// `count` endpoints that are subscribed to nothing but the past.
    pub(super) fn of_the_past(&self, count: u64) -> Result<Vec<Endpoint>> {
        self.endpoints(count, |_| PAST_TYPE.to_owned())
    }
}

impl Past {
    /// Makes the store of `data_dir` with this past.
    pub(super) async fn write(self, data_dir: &Path) -> Result<()> {
        let spacing_ms = SPAN_MAX.as_millis() / u128::from(self.deliveries.max(1));
        let spacing_ms = u64::try_from(spacing_ms)?.clamp(1, 100);
        let (data_head, data_tail) = payload::around_number(self.pad_chars);
        let filling = Filling {
            endpoints: self.endpoints,
            deliveries: self.deliveries,
            fate: self.fate,
            event_type: PAST_TYPE.parse()?,
            data_head,
            data_tail,
            revision: roles::contract()?.revision().to_bytes(),
            until: SystemClock::new().now(),
            spacing: Duration::from_millis(spacing_ms),
        };
        Ok(Store::fill(&StoreOptions::new(data_dir), &filling).await?)
    }
}

/// An endpoint with defaults throughout, without types and secrets.
fn blank_endpoint(id: EndpointId, url: String, contract: String, now: Timestamp) -> Endpoint {
    Endpoint {
        id,
        tenant: None,
        name: None,
        url,
        contract,
        event_types: Vec::new(),
        headers: Vec::new(),
        metadata: std::collections::BTreeMap::new(),
        ordered: false,
        concurrency: None,
        rate_limit: None,
        breaker: None,
        breaker_open_since: None,
        retry: None,
        timeout: None,
        test_mode: false,
        status: EndpointStatus::Active,
        hold: HoldClock::default(),
        secrets: Vec::new(),
        created_at: now,
        updated_at: now,
        version: 1,
    }
}
