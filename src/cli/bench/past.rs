//! What files are filled with before the service starts: endpoints, and deliveries of the past.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use rand::Rng as _;

use super::payload;
use super::roles;
use crate::cli::entropy::{entropy, seeded_rng};
use crate::clock::{Clock, SystemClock};
use crate::domain::attempt::{Failure, FailureClass, Response};
use crate::domain::endpoint::{Endpoint, EndpointStatus, HoldClock, SealedSecret};
use crate::domain::fingerprint::Fingerprint;
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

/// When the deliveries of a past were made.
#[derive(Clone, Copy, Debug)]
pub(super) struct PastSpan {
    /// The first.
    pub(super) from: Timestamp,
    /// Just after the last.
    pub(super) until: Timestamp,
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
    pub(super) async fn write(self, data_dir: &Path) -> Result<PastSpan> {
        let spacing_ms = SPAN_MAX.as_millis() / u128::from(self.deliveries.max(1));
        let spacing = Duration::from_millis(u64::try_from(spacing_ms)?.clamp(1, 100));
        let (data_head, data_tail) = payload::around_number(self.pad_chars);
        let until = SystemClock::new().now();
        let span = spacing * u32::try_from(self.deliveries)?;
        let filling = Filling {
            endpoints: self.endpoints,
            deliveries: self.deliveries,
            fate: self.fate,
            causes: causes(),
            event_type: PAST_TYPE.parse()?,
            data_head,
            data_tail,
            revision: roles::contract()?.revision().to_bytes(),
            until,
            spacing,
        };
        Store::fill(&StoreOptions::new(data_dir), &filling).await?;
        Ok(PastSpan {
            from: until - span,
            until,
        })
    }
}

/// What attempts of the past failed for: answers of eight statuses with five reasons each.
fn causes() -> Vec<Fingerprint> {
    const STATUSES: [u16; 8] = [400, 404, 409, 429, 500, 502, 503, 504];
    const REASONS: [&str; 5] = [
        "overloaded",
        "maintenance",
        "unknown tenant",
        "bad schema",
        "lock",
    ];
    let pairs = STATUSES
        .iter()
        .flat_map(|status| REASONS.iter().map(move |reason| (*status, *reason)));
    let fingerprint = |(status, reason): (u16, &str)| {
        let failure = Failure {
            class: FailureClass::Status,
            text: format!("answered {status}"),
        };
        let response = Response {
            status,
            headers: Vec::new(),
            body: reason.as_bytes().to_vec(),
            truncated: false,
        };
        Fingerprint::of(&failure, Some(&response))
    };
    pairs.map(fingerprint).collect()
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
