//! The bench's child processes: what each needs to know, and how each is run.

use std::sync::Arc;

use anyhow::{Context, Result};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::child::Orders;
use super::raw::{self, RawTarget, SignedPost};
use super::{ChildRole, load, payload, sink};
use crate::clock::{Clock, SystemClock};
use crate::config::CONTRACT_DEFAULT;
use crate::domain::contract::verify::Verifier;
use crate::domain::contract::{Contract, ContractSet, RenderInput};
use crate::domain::event::NewEvent;
use crate::domain::id::IdMint;
use crate::domain::json::RawJson;
use crate::domain::sign::secret::OpenSecret;
use crate::domain::tenant::Audience;

/// What a child needs to know; travels as JSON on its command line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Channel {
    /// The receiver.
    Sink {
        /// What all requests are signed with.
        secret: String,
    },
    /// The publisher.
    Load {
        /// The service's TCP port.
        port: u16,
        /// A publisher's token.
        token: String,
        /// Connections.
        connections: u64,
    },
    /// The bare client.
    Raw {
        /// The sink's port.
        port: u16,
        /// Requests in flight.
        connections: u64,
        /// What it signs with.
        secret: String,
    },
}

impl Channel {
    /// The arguments that start this child.
    pub(super) fn arguments(&self) -> Result<Vec<String>> {
        let role = match self {
            Self::Sink { .. } => "sink",
            Self::Load { .. } => "load",
            Self::Raw { .. } => "raw",
        };
        let channel = serde_json::to_string(self)?;
        Ok(vec![
            "bench".into(),
            "--role".into(),
            role.into(),
            "--channel".into(),
            channel,
        ])
    }
}

/// The contract that the bench delivers under: the default one.
pub(super) fn contract() -> Result<Arc<Contract>> {
    let contracts = ContractSet::built_in(CONTRACT_DEFAULT)?;
    contracts
        .get(contracts.default_name())
        .cloned()
        .context("the default contract is always enabled")
}

/// Runs a child until its orders end.
pub(super) async fn run(role: ChildRole, channel: &str) -> Result<()> {
    let channel: Channel =
        serde_json::from_str(channel).context("failed to read what the child was told")?;
    debug_assert!(
        channel
            .arguments()?
            .iter()
            .any(|argument| format!("{role:?}").eq_ignore_ascii_case(argument))
    );
    let orders = Orders::from_stdin();
    match channel {
        Channel::Sink { secret } => sink::run(orders, verifier(&secret)?).await,
        Channel::Load {
            port,
            token,
            connections,
        } => {
            let target = load::LoadTarget {
                address: ([127, 0, 0, 1], port).into(),
                token,
                connections: usize::try_from(connections)?,
            };
            load::run(orders, target).await
        }
        Channel::Raw {
            port,
            connections,
            secret,
        } => {
            let target = RawTarget {
                url: format!("http://127.0.0.1:{port}/0"),
                connections: usize::try_from(connections)?,
            };
            let sign = signer(&secret)?;
            raw::run(orders, target, sign).await
        }
    }
}

fn open(secret: &str) -> OpenSecret {
    OpenSecret::new(
        IdMint::after(0).next(SystemClock::new().now()),
        SecretString::from(secret.to_owned()),
    )
}

fn verifier(secret: &str) -> Result<Box<sink::Verify>> {
    let (verifier, clock) = (Verifier::new(contract()?, secret)?, SystemClock::new());
    Ok(Box::new(move |message| {
        let headers: Vec<(String, String)> = message
            .headers()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        verifier
            .verify(clock.now(), &headers, message.body)
            .map(drop)
            .map_err(|why| why.to_string())
    }))
}

fn signer(secret: &str) -> Result<Arc<raw::Sign>> {
    let (contract, secrets, clock) = (contract()?, [open(secret)], SystemClock::new());
    let event_type: crate::domain::event_type::EventType = "bench.raw".parse()?;
    Ok(Arc::new(move |number| {
        let now = clock.now();
        let mut mint = IdMint::after(i64::try_from(number)?);
        let new = NewEvent {
            key: None,
            audience: Audience::Tenantless,
            event_type: event_type.clone(),
            occurred_at: None,
            attributes: None,
            data: RawJson::from_stored(&payload::data(number)),
            test: false,
        };
        let event = new.accept(mint.next(now), now);
        let request = contract.render(&RenderInput {
            event: &event,
            endpoint_id: mint.next(now),
            endpoint_url: "http://127.0.0.1/0",
            endpoint_headers: &[],
            timeout: None,
            delivery_id: mint.next(now),
            attempt_id: mint.next(now),
            attempt_number: 1,
            attempt_time: now,
            secrets: &secrets,
            service_keys: &[],
        })?;
        Ok(SignedPost {
            headers: request.headers,
            body: request.body,
        })
    }))
}
