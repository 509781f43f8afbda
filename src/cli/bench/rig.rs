//! A service under measurement with the sink it delivers to and the client that publishes to it.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use secrecy::ExposeSecret;
use tempfile::TempDir;

use super::child::Child;
use super::figures::megabytes;
use super::past::Subscribers;
use super::protocol::{Arrived, Command, Sent};
use super::roles::{self, Channel};
use super::service::Service;
use crate::api::endpoint::LedgerCounts;
use crate::clock::{Clock, SystemClock};
use crate::domain::id::EndpointId;
use crate::domain::seal::SealingKey;
use crate::domain::sign::secret::ENTROPY_BYTES;

/// The longest wait for a phase's deliveries, and what it grows by with each of them: 2,000 a second is too slow.
const PHASE_LIMIT_MS: u64 = 120_000;
const PHASE_LIMIT_PER_DELIVERY_US: u64 = 500;
/// How often the service is asked whether all is recorded.
const SETTLED_EVERY: Duration = Duration::from_millis(10);
/// How often at most.
const SETTLED_TRIES_MAX: u32 = 6_000;

/// Sink, data directory and key: what is there before the service starts.
pub(super) struct Site {
    /// Gone with the site.
    pub(super) directory: TempDir,
    /// Receives.
    pub(super) sink: Child,
    key: SealingKey,
    /// What all endpoints are signed with.
    pub(super) secret: String,
}

/// A running service and its surroundings.
pub(super) struct Rig {
    /// What it stands on.
    pub(super) site: Site,
    /// What is measured.
    pub(super) service: Service,
    /// Publishes; started when first needed.
    load: Option<Child>,
    concurrency: u64,
    /// Where the deliveries of the past stand.
    standing: LedgerCounts,
    /// Deliveries that were checked to have arrived, each with a good signature.
    pub(super) checked: u64,
    /// Copies beyond the first.
    pub(super) extra: u64,
}

impl Site {
    /// An empty directory and a sink.
    pub(super) async fn new() -> Result<Self> {
        let directory = tempfile::Builder::new()
            .prefix("hookyard-bench-")
            .tempdir()
            .context("no directory")?;
        let secret = roles::contract()?
            .new_secret(&[7; ENTROPY_BYTES])
            .expose_secret()
            .to_owned();
        let channel = Channel::Sink {
            secret: secret.clone(),
        };
        Ok(Self {
            directory,
            sink: Child::start(&channel.arguments()?).await?,
            key: super::past::new_key()?,
            secret,
        })
    }

    /// How endpoints are made that deliver to this sink.
    pub(super) fn subscribers(&self) -> Subscribers<'_> {
        Subscribers {
            key: &self.key,
            secret: &self.secret,
            sink_port: self.sink.port,
        }
    }

    /// Tells the sink what will come.
    pub(super) async fn expect(&mut self, numbers: u64, copies: u64) -> Result<()> {
        self.sink.order(&Command::Expect { numbers, copies }).await
    }

    /// Starts the service on it.
    pub(super) async fn start(self, concurrency: u64) -> Result<Rig> {
        let service = Service::start(self.directory.path(), &self.key).await?;
        Ok(Rig {
            site: self,
            service,
            load: None,
            concurrency,
            standing: LedgerCounts::default(),
            checked: 0,
            extra: 0,
        })
    }
}

impl Rig {
    /// From now on, whatever waits or is dead is of the past, and stays so.
    pub(super) async fn note_standing(&mut self) -> Result<()> {
        self.standing = self.service.client.stats("1m").await?.ledger;
        Ok(())
    }

    /// Creates an endpoint at a path of the sink.
    pub(super) async fn endpoint(
        &self,
        path: u64,
        event_type: &str,
        concurrency: u64,
    ) -> Result<EndpointId> {
        let url = format!("http://127.0.0.1:{}/{path}", self.site.sink.port);
        let (secret, concurrency) = (&self.site.secret, usize::try_from(concurrency)?);
        self.service
            .endpoint(url, event_type, secret, concurrency)
            .await
    }

    /// Publishes as fast as answers come and waits for all that is to arrive.
    pub(super) async fn closed_loop(
        &mut self,
        events: u64,
        types: Vec<String>,
        copies: u64,
    ) -> Result<(Sent, Arrived)> {
        self.site.expect(events, copies).await?;
        let sent = self.publish(events, types, None).await?;
        Ok((sent, self.arrived(events * copies).await?))
    }

    /// Publishes, and fails when an event is refused.
    pub(super) async fn publish(
        &mut self,
        events: u64,
        types: Vec<String>,
        rate: Option<u64>,
    ) -> Result<Sent> {
        let command = Command::Publish {
            events,
            types,
            rate,
        };
        let sent: Sent = self.load().await?.order(&command).await?;
        if sent.refused > 0 {
            bail!(
                "{} events were refused, the first with {:?}",
                sent.refused,
                sent.first_refusal
            );
        }
        Ok(sent)
    }

    /// Lets the publisher go: the service closes connections that rest as long as other measurements take. The next one
    /// connects anew.
    pub(super) fn rest(&mut self) {
        self.load = None;
    }

    async fn load(&mut self) -> Result<&mut Child> {
        if self.load.is_none() {
            let channel = Channel::Load {
                port: self.service.port,
                token: self.service.publisher_token().await?,
                connections: self.concurrency,
            };
            self.load = Some(Child::start(&channel.arguments()?).await?);
        }
        self.load.as_mut().context("it was started just now")
    }

    /// Waits for everything expected, and fails when something is missing or does not verify.
    pub(super) async fn arrived(&mut self, expected: u64) -> Result<Arrived> {
        let timeout_ms = PHASE_LIMIT_MS + expected * PHASE_LIMIT_PER_DELIVERY_US / 1_000;
        let wait = Command::Await { timeout_ms };
        let arrived: Arrived = self.site.sink.order(&wait).await?;
        ensure!(
            arrived.distinct == expected,
            "only {} of {expected} deliveries arrived",
            arrived.distinct
        );
        if let Some(reason) = &arrived.first_reason {
            bail!(
                "{} signatures do not verify, the first: {reason}",
                arrived.bad_signatures
            );
        }
        self.checked += arrived.distinct;
        self.extra += arrived.extra;
        Ok(arrived)
    }

    /// Waits until every outcome is recorded.
    pub(super) async fn settled(&self) -> Result<()> {
        for _ in 0..SETTLED_TRIES_MAX {
            let stats = self.service.client.stats("1m").await?;
            if stats.ledger.pending == self.standing.pending && stats.in_flight == 0 {
                return Ok(());
            }
            pause(SETTLED_EVERY).await;
        }
        bail!("deliveries stayed pending after all had arrived")
    }

    /// Fails unless every delivery that was made since is delivered.
    pub(super) async fn all_delivered(&self) -> Result<()> {
        self.settled().await?;
        let ledger = self.service.client.stats("1m").await?.ledger;
        let made = ledger.created - self.standing.created;
        let delivered = ledger.delivered - self.standing.delivered;
        ensure!(
            made == delivered,
            "{made} deliveries were made and {delivered} delivered: {ledger:?}"
        );
        Ok(())
    }

    /// Resident memory now, in 10⁶ bytes.
    pub(super) fn resident_mb(&self) -> Result<f64> {
        Ok(megabytes(self.service.memory_bytes("VmRSS")?))
    }

    /// The highest that it was.
    pub(super) fn resident_peak_mb(&self) -> Result<f64> {
        Ok(megabytes(self.service.memory_bytes("VmHWM")?))
    }
}

/// Waits.
pub(super) async fn pause(duration: Duration) {
    let clock = SystemClock::new();
    clock.sleep_until(clock.now() + duration).await;
}
