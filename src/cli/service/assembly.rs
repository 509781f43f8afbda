//! Putting a service together, and taking it down.

use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::contract_files;
use super::key::{self, WhenMissing};
use super::socket::{self, BoundSocket};
use super::upkeep;
use crate::cli::entropy::entropy;
use crate::cli::failure::Failure;
use crate::client::Target;
use crate::clock::{SharedClock, Stopwatch};
use crate::config::Config;
use crate::domain::address::AddressRules;
use crate::domain::contract::ContractSet;
use crate::domain::seal::SealingKey;
use crate::engine::{Engine, EngineOptions, EngineParts, KEY_CHECK};
use crate::server::{Listeners, ServeError, ServerOptions, serve};
use crate::store::{HandOverReceiver, Store, StoreError, StoreOptions};
use crate::transport::descriptors::raise_open_files_limit;
use crate::transport::{HttpTransport, TransportOptions};

/// Where Linux tells the host's name.
const HOST_NAME_FILE: &str = "/proc/sys/kernel/hostname";

/// A running service.
pub(crate) struct Service {
    engine: Engine,
    store: Store,
    /// Told to stop the server.
    stop_server: oneshot::Sender<()>,
    serving: JoinHandle<Result<(), ServeError>>,
    /// Retention and the like.
    upkeep: JoinHandle<()>,
    /// Kept for its file.
    socket: BoundSocket,
    grace: Duration,
}

impl Service {
    /// Starts everything; it answers when this returns.
    ///
    /// # Errors
    /// Whatever cannot work, with what to do about it. Nothing is left behind but files.
    pub(crate) async fn start(config: &Config, clock: SharedClock) -> anyhow::Result<Self> {
        let since = Stopwatch::start();
        keep_files_private();
        raise_descriptors();
        make_data_dir(&config.data_dir)?;
        let (store, hand_over) = open_store(config, Arc::clone(&clock)).await?;
        let sealed_before = store.meta(KEY_CHECK).await?.is_some();
        let sealing_key = key::load(
            config,
            if sealed_before {
                WhenMissing::Refuse
            } else {
                WhenMissing::Make
            },
        )?;
        let contracts = Arc::new(contract_files::load(config)?);
        let tcp = bind_tcp(config, &store, &clock).await?;
        let mut socket = socket::bind(config)?;
        let address = tcp.local_addr()?;
        let engine = start_engine(
            config,
            address,
            Ingredients {
                store: store.clone(),
                hand_over,
                contracts,
                clock: Arc::clone(&clock),
                sealing_key,
            },
        )
        .await?;
        let listeners = Listeners {
            tcp: Some(tcp),
            unix: socket.listener.take(),
        };
        let upkeep_clock = Arc::clone(&clock);
        let options = server_options(config, clock, socket.group.clone());
        let (stop_server, stopped) = oneshot::channel();
        let serving = tokio::spawn(serve(engine.clone(), listeners, options, async move {
            // A sender that is dropped means the same.
            let _ = stopped.await;
        }));
        let upkeep = tokio::spawn(upkeep::keep(
            store.clone(),
            config.retention.policy(),
            upkeep_clock,
        ));
        tracing::info!(
            listen = %address,
            socket = %socket.path.display(),
            data_dir = %config.data_dir.display(),
            pid = std::process::id(),
            start_ms = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX),
            "ready"
        );
        Ok(Self {
            engine,
            store,
            stop_server,
            serving,
            upkeep,
            socket,
            grace: config.shutdown_grace,
        })
    }

    /// What a client on this machine connects to.
    pub(crate) fn target(&self) -> Target {
        Target::Socket(self.socket.path.clone())
    }

    /// Completes when the server ends by itself, which it should not.
    pub(crate) async fn failed(&mut self) -> anyhow::Error {
        match (&mut self.serving).await {
            Ok(Ok(())) => anyhow::anyhow!("the server stopped without being told to"),
            Ok(Err(error)) => error.into(),
            Err(error) => anyhow::Error::from(error).context("the server's task ended"),
        }
    }

    /// Drains: stops accepting, ends streams, lets requests in flight finish for up to the grace, records them, and
    /// leaves the rest pending.
    ///
    /// # Errors
    /// The server ended otherwise than it should.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        // An error means that the server has ended already.
        let _ = self.stop_server.send(());
        self.upkeep.abort();
        let drain = self.engine.shutdown(self.grace);
        let ((), served) = tokio::join!(drain, self.serving);
        self.store.close().await;
        drop(self.socket);
        served
            .context("the server's task ended")?
            .context("the server did not stop as it should")
    }
}

fn raise_descriptors() {
    match raise_open_files_limit() {
        Ok(limit) => tracing::debug!(?limit, "open files"),
        Err(error) => tracing::warn!(%error, "the limit of open files could not be raised"),
    }
}

/// Makes every file from now on readable by the service's user alone: database, key, log.
pub(crate) fn keep_files_private() {
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
}

fn make_data_dir(path: &Path) -> anyhow::Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| {
            Failure::failed(format!(
                "data directory {} cannot be made: {error}; choose another with --data-dir",
                path.display()
            ))
        })
}

async fn open_store(
    config: &Config,
    clock: SharedClock,
) -> anyhow::Result<(Store, HandOverReceiver)> {
    let options = StoreOptions {
        reserve_bytes: config.retention.reserve_bytes,
        ..StoreOptions::new(&config.data_dir)
    };
    Store::open(options, clock).await.map_err(|error| match error {
        StoreError::InUse { path, pid } => Failure::failed(format!(
            "data directory {} is in use by process {pid}: stop that service first, or choose another directory with \
             --data-dir",
            path.display()
        )),
        other => other.into(),
    })
}

/// Binds TCP; beyond loopback only where somebody could have a token.
async fn bind_tcp(
    config: &Config,
    store: &Store,
    clock: &SharedClock,
) -> anyhow::Result<TcpListener> {
    let address = config.listen;
    if !address.ip().is_loopback() {
        let now = clock.now();
        let has_token = store
            .tokens()
            .await?
            .iter()
            .any(|token| token.is_valid(now));
        if !has_token {
            return Err(Failure::usage(format!(
                "{}: listen: {address} can be reached by other machines, and no token exists that could keep them \
                 out: start once with --listen 127.0.0.1:{}, make one with `hookyard token create --role admin`, and \
                 start again",
                config.origin("listen"),
                address.port()
            )));
        }
    }
    TcpListener::bind(address).map_err(|error| {
        Failure::failed(format!(
            "{}: listen: {address} cannot be used: {error}; choose another with --listen",
            config.origin("listen")
        ))
    })
}

/// What the engine is made of besides settings.
struct Ingredients {
    store: Store,
    hand_over: HandOverReceiver,
    contracts: Arc<ContractSet>,
    clock: SharedClock,
    sealing_key: SealingKey,
}

async fn start_engine(
    config: &Config,
    own_listener: SocketAddr,
    ingredients: Ingredients,
) -> anyhow::Result<Engine> {
    let targets = AddressRules {
        allow: config.targets.allow.clone(),
        deny: config.targets.deny.clone(),
        require_https: config.targets.require_https,
        own_listeners: vec![own_listener],
    };
    let transport = HttpTransport::new(TransportOptions {
        targets: targets.clone(),
        extra_roots: config.targets.extra_roots.clone(),
        source_addresses: config.targets.source_addresses.clone(),
        ..TransportOptions::default()
    })?;
    let parts = EngineParts {
        store: ingredients.store,
        hand_over: ingredients.hand_over,
        transport: Arc::new(transport),
        contracts: ingredients.contracts,
        clock: ingredients.clock,
        seed: entropy()?,
        sealing_key: ingredients.sealing_key,
        options: EngineOptions {
            concurrency: config.delivery.concurrency,
            concurrency_per_endpoint: config.delivery.concurrency_per_endpoint,
            targets,
            ..EngineOptions::default()
        },
    };
    Engine::start(parts)
        .await
        .map_err(|error| Failure::failed(format!("failed to start: {error}")))
}

fn server_options(
    config: &Config,
    clock: SharedClock,
    operators_group: Option<String>,
) -> ServerOptions {
    ServerOptions {
        concurrency_per_endpoint: config.delivery.concurrency_per_endpoint,
        operators_group,
        workers: config.http_workers,
        event_bytes_max: config.event_bytes,
        shutdown_timeout: config.shutdown_grace,
        host: host_name().into(),
        ..ServerOptions::new(clock)
    }
}

fn host_name() -> String {
    std::fs::read_to_string(HOST_NAME_FILE)
        .map(|name| name.trim().to_owned())
        .ok()
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "localhost".to_owned())
}

/// The file that an embedded service logs to.
pub(crate) fn log_path(data_dir: &Path) -> PathBuf {
    data_dir.join("hookyard.log")
}
