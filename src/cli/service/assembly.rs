//! Putting a service together, and taking it down.

use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use arc_swap::ArcSwap;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::check::check_command;
use super::contract_files;
use super::key::{self, WhenMissing};
use super::notify::{self, Addressee, Notifier};
use super::reload::{Reloadable, limits};
use super::socket::{self, BoundSocket};
use super::supervisor;
use super::upkeep;
use crate::cli::entropy::entropy;
use crate::cli::failure::Failure;
use crate::client::Target;
use crate::clock::{SharedClock, Stopwatch};
use crate::config::{Config, Targets};
use crate::domain::address::AddressRules;
use crate::domain::contract::ContractSet;
use crate::domain::failing::FailingPolicy;
use crate::domain::seal::SealingKey;
use crate::engine::{Engine, EngineLimits, EngineOptions, EngineParts, KEY_CHECK};
use crate::server::{
    Egress, Listeners, ServeError, ServerLimits, ServerOptions, ServiceLog, serve,
};
use crate::store::{HandOverReceiver, Store, StoreError, StoreOptions};
use crate::transport::HttpTransport;
use crate::transport::descriptors::raise_open_files_limit;

/// Where Linux tells the host's name.
const HOST_NAME_FILE: &str = "/proc/sys/kernel/hostname";

/// A running service.
pub(crate) struct Service {
    pub(super) engine: Engine,
    pub(super) store: Store,
    /// Told to stop the server.
    stop_server: oneshot::Sender<()>,
    serving: JoinHandle<Result<(), ServeError>>,
    /// Retention and the like.
    upkeep: JoinHandle<()>,
    /// Tells the operator's command or URL.
    pub(super) notifier: Notifier,
    /// Tells systemd that it is alive.
    alive: JoinHandle<()>,
    /// Kept for its file.
    socket: BoundSocket,
    grace: Duration,
    /// What a reload works with.
    pub(super) reloadable: Reloadable,
}

impl Service {
    /// Starts everything; it answers when this returns. `log` is what it shows of its log.
    ///
    /// # Errors
    /// Whatever cannot work, with what to do about it. Nothing is left behind but files.
    pub(crate) async fn start(
        config: &Config,
        clock: SharedClock,
        log: ServiceLog,
    ) -> anyhow::Result<Self> {
        let since = Stopwatch::start();
        keep_files_private();
        raise_descriptors();
        make_data_dir(&config.data_dir)?;
        let contracts = Arc::new(contract_files::load(config)?);
        let (store, hand_over) = open_store(config, &contracts, Arc::clone(&clock)).await?;
        let sealed_before = store.meta(KEY_CHECK).await?.is_some();
        let when_missing = match sealed_before {
            true => WhenMissing::Refuse,
            false => WhenMissing::Make,
        };
        let sealing_key = key::load(config, when_missing)?;
        let tcp = bind_tcp(config, &store, &clock).await?;
        let mut socket = socket::bind(config)?;
        let address = tcp.local_addr()?;
        let reloadable = Reloadable::new(config, address)?;
        let ingredients = Ingredients {
            store: store.clone(),
            hand_over,
            contracts,
            clock: Arc::clone(&clock),
            sealing_key,
            transport: Arc::clone(&reloadable.transport),
        };
        let engine = start_engine(config, address, ingredients).await?;
        let listeners = Listeners {
            tcp: Some(tcp),
            unix: socket.listener.take(),
        };
        let upkeep_clock = Arc::clone(&clock);
        let alive = tokio::spawn(supervisor::keep_alive(engine.clone(), Arc::clone(&clock)));
        let limits = Arc::clone(&reloadable.server);
        let options = server_options(config, clock, socket.group.clone(), limits, log);
        let notifier = start_notifier(config, &store, &options)?;
        let (stop_server, stopped) = oneshot::channel();
        let serving = tokio::spawn(serve(engine.clone(), listeners, options, async move {
            // A sender that is dropped means the same.
            let _ = stopped.await;
        }));
        let policy = reloadable.retention.subscribe();
        let upkeep = tokio::spawn(upkeep::keep(store.clone(), policy, upkeep_clock));
        tracing::info!(
            listen = %address,
            socket = %socket.path.display(),
            data_dir = %config.data_dir.display(),
            pid = std::process::id(),
            start_ms = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX),
            "ready"
        );
        supervisor::tell_ready();
        Ok(Self {
            engine,
            store,
            stop_server,
            serving,
            upkeep,
            notifier,
            alive,
            socket,
            grace: config.shutdown_grace,
            reloadable,
        })
    }

    /// What a client on this machine connects to.
    pub(crate) fn target(&self) -> Target {
        Target::Socket(self.socket.path.clone())
    }

    /// Completes when a part ends by itself, which none should: the process is to end then, and whoever supervises
    /// it starts it again.
    pub(crate) async fn failed(&mut self) -> anyhow::Error {
        tokio::select! {
            served = &mut self.serving => match served {
                Ok(Ok(())) => anyhow::anyhow!("the server stopped without being told to"),
                Ok(Err(error)) => error.into(),
                Err(error) => anyhow::Error::from(error).context("the server's task ended"),
            },
            () = self.store.writer_ended() => anyhow::anyhow!(
                "the store's writer panicked and nothing can be written any more: start the service again, nothing \
                 accepted is lost; the log says where it panicked"
            ),
            why = self.engine.ended() => anyhow::anyhow!(
                "the lanes have ended ({why}) and nothing is delivered any more: start the service again, nothing \
                 accepted is lost; the log says where it panicked"
            ),
        }
    }

    /// Drains: stops accepting, ends streams, lets requests in flight finish for up to the grace, records them, and
    /// leaves the rest pending.
    ///
    /// # Errors
    /// The server ended otherwise than it should.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        supervisor::tell_stopping();
        // An error means that the server has ended already.
        let _ = self.stop_server.send(());
        self.upkeep.abort();
        drop(self.notifier);
        let drain = self.engine.shutdown(self.grace);
        let ((), served) = tokio::join!(drain, self.serving);
        self.alive.abort();
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
    contracts: &ContractSet,
    clock: SharedClock,
) -> anyhow::Result<(Store, HandOverReceiver)> {
    let options = StoreOptions {
        reserve_bytes: config.retention.reserve_bytes,
        catalogues: contracts.closed_catalogues(),
        tell_dead: config.notify.is_wanted(),
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
    transport: Arc<HttpTransport>,
}

async fn start_engine(
    config: &Config,
    own_listener: SocketAddr,
    ingredients: Ingredients,
) -> anyhow::Result<Engine> {
    let EngineLimits {
        concurrency,
        concurrency_per_endpoint,
        targets,
        breaker,
        failing,
        endpoints_max,
        endpoints_per_tenant_max,
        tokens_max,
    } = limits(config, own_listener);
    let parts = EngineParts {
        store: ingredients.store,
        hand_over: ingredients.hand_over,
        transport: ingredients.transport,
        contracts: ingredients.contracts,
        clock: ingredients.clock,
        seed: entropy()?,
        sealing_key: ingredients.sealing_key,
        options: EngineOptions {
            concurrency,
            concurrency_per_endpoint,
            breaker: *breaker,
            failing: FailingPolicy::clone(&failing),
            targets,
            endpoints_max,
            endpoints_per_tenant_max,
            tokens_max,
            ..EngineOptions::default()
        },
    };
    Engine::start(parts)
        .await
        .map_err(|error| Failure::failed(format!("failed to start: {error}")))
}

fn start_notifier(
    config: &Config,
    store: &Store,
    options: &ServerOptions,
) -> anyhow::Result<Notifier> {
    check_command(config)?;
    let addressee = Addressee::of(&config.notify, &config.targets)?;
    let here = (Arc::clone(&options.host), Arc::clone(&options.clock));
    let (changes, counts) = (store.subscribe(), &options.notifications);
    Ok(notify::start(addressee, changes, here, counts))
}

/// Where requests may go; never to the service's own listener.
pub(super) fn rules(config: &Config, own_listener: SocketAddr) -> AddressRules {
    AddressRules {
        allow: config.targets.allow.clone(),
        deny: config.targets.deny.clone(),
        require_https: config.targets.require_https,
        own_listeners: vec![own_listener],
    }
}

fn server_options(
    config: &Config,
    clock: SharedClock,
    operators_group: Option<String>,
    limits: Arc<ArcSwap<ServerLimits>>,
    log: ServiceLog,
) -> ServerOptions {
    ServerOptions {
        log,
        operators_group,
        workers: config.http_workers,
        shutdown_timeout: config.shutdown_grace,
        limits,
        host: host_name().into(),
        ..ServerOptions::new(clock)
    }
}

/// What `/v1/egress` tells.
pub(super) fn egress(targets: &Targets) -> Egress {
    match (&targets.egress_addresses, &targets.source_addresses) {
        (Some(published), _) => Egress::Published(published.clone()),
        (None, sources) if sources.is_empty() => Egress::System,
        (None, sources) => Egress::Sources(sources.clone()),
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::clock::{Clock, Sleep, SystemClock, within};
    use crate::config::{Environment, Sources};
    use crate::domain::time::Timestamp;

    /// How long anything may take.
    const PATIENCE: Duration = Duration::from_secs(20);

    /// The machine's clock, which panics once when a certain thread reads it.
    struct Breaker {
        inner: SystemClock,
        thread: &'static str,
        armed: Arc<AtomicBool>,
    }

    impl Breaker {
        fn strike(&self) {
            let here = std::thread::current().name() == Some(self.thread);
            let armed = here && self.armed.swap(false, Ordering::SeqCst);
            assert!(!armed, "the test breaks {}", self.thread);
        }
    }

    impl Clock for Breaker {
        fn now(&self) -> Timestamp {
            self.strike();
            self.inner.now()
        }

        fn monotonic(&self) -> Duration {
            self.strike();
            self.inner.monotonic()
        }

        fn sleep_until(&self, deadline: Timestamp) -> Sleep {
            self.inner.sleep_until(deadline)
        }

        fn nap_until(&self, end: Duration) -> Sleep {
            self.inner.nap_until(end)
        }
    }

    /// What a service ends with whose thread of this name panics.
    async fn ending_without(thread: &'static str) -> String {
        let directory = tempfile::tempdir().unwrap();
        let place = |name: &str| directory.path().join(name).display().to_string();
        let environment = Environment::from_iter([
            ("HOOKYARD_DATA_DIR", place("data")),
            ("HOOKYARD_SOCKET", place("socket")),
            ("HOOKYARD_LISTEN", "127.0.0.1:0".to_owned()),
        ]);
        let config = Config::load(&Sources {
            environment,
            ..Sources::default()
        });
        let armed = Arc::new(AtomicBool::new(false));
        let clock: SharedClock = Arc::new(Breaker {
            inner: SystemClock::new(),
            thread,
            armed: Arc::clone(&armed),
        });
        let log = ServiceLog::new(Arc::clone(&clock));
        let mut service = Service::start(&config.unwrap(), clock, log).await.unwrap();
        armed.store(true, Ordering::SeqCst);
        // The engine's thread looks at the clock by itself; the writer's when it has something to write.
        let store = service.store.clone();
        let poke = store.put_meta("poke", Vec::new());
        let (_, error) = tokio::join!(poke, within(PATIENCE, service.failed()));
        error.expect("it is noticed").to_string()
    }

    #[tokio::test]
    async fn a_service_whose_writer_panics_says_so_and_ends() {
        let text = ending_without("hookyard-writer").await;
        assert_eq!(
            text,
            "the store's writer panicked and nothing can be written any more: start the service again, nothing \
             accepted is lost; the log says where it panicked"
        );
    }

    #[tokio::test]
    async fn a_service_whose_lanes_end_says_so_and_ends() {
        let text = ending_without("hookyard-engine").await;
        let rest = ") and nothing is delivered any more: start the service again, nothing accepted is lost; the log \
                    says where it panicked";
        assert!(text.starts_with("the lanes have ended (the "), "{text}");
        assert!(text.ends_with(rest), "{text}");
    }
}
