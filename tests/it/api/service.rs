//! A whole service on loopback and on a socket of its own, in a directory that goes with it.

use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hookyard::client::{Client, Target};
use hookyard::clock::{SharedClock, SystemClock};
use hookyard::domain::address::{AddressRules, network_from_text};
use hookyard::domain::contract::{ContractSet, ContractText};
use hookyard::domain::seal::SealingKey;
use hookyard::engine::{Engine, EngineOptions, EngineParts};
use hookyard::server::{Listeners, ServeError, ServerOptions, serve};
use hookyard::store::{Store, StoreOptions};
use hookyard::transport::{HttpTransport, TransportOptions};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::http::{Answer, Ask, Door};

/// A running service.
pub(crate) struct Service {
    pub(crate) engine: Engine,
    /// What the engine stands on.
    pub(crate) store: Store,
    pub(crate) tcp: SocketAddr,
    pub(crate) socket: PathBuf,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<Result<(), ServeError>>,
    _directory: TempDir,
}

impl Service {
    /// A service with default settings that may deliver to loopback.
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}, |_| {}).await
    }

    /// A service with other settings.
    pub(crate) async fn with(
        change_store: impl FnOnce(&mut StoreOptions),
        change_server: impl FnOnce(&mut ServerOptions),
    ) -> Self {
        let contracts = ContractSet::built_in("standard").unwrap();
        Self::assemble(contracts, Vec::new(), change_store, change_server).await
    }

    /// A service with these contracts that trusts the certificates in this file.
    pub(crate) async fn speaking(contracts: ContractSet, roots: PathBuf) -> Self {
        Self::assemble(contracts, vec![roots], |_| {}, |_| {}).await
    }

    /// A service with default settings that trusts the certificates in this file.
    pub(crate) async fn trusting(roots: PathBuf) -> Self {
        let contracts = ContractSet::built_in("standard").unwrap();
        Self::assemble(contracts, vec![roots], |_| {}, |_| {}).await
    }

    /// A service that knows the built-in contracts and these, of which only those named are enabled; the first is the
    /// default.
    pub(crate) async fn under(
        texts: &[&str],
        enabled: &[&str],
        change_server: impl FnOnce(&mut ServerOptions),
    ) -> Self {
        let own: Vec<ContractText<'_>> = texts
            .iter()
            .map(|text| ContractText {
                file: "own.toml",
                text,
            })
            .collect();
        let names: Vec<String> = enabled.iter().map(|&name| name.to_owned()).collect();
        let contracts = ContractSet::load(&own, &names, enabled[0]).unwrap();
        Self::assemble(contracts, Vec::new(), |_| {}, change_server).await
    }

    async fn assemble(
        contracts: ContractSet,
        extra_roots: Vec<PathBuf>,
        change_store: impl FnOnce(&mut StoreOptions),
        change_server: impl FnOnce(&mut ServerOptions),
    ) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock: SharedClock = Arc::new(SystemClock::new());
        let mut store_options = StoreOptions::new(directory.path());
        store_options.catalogues = contracts.closed_catalogues();
        change_store(&mut store_options);
        let (store, hand_over) = Store::open(store_options, clock.clone()).await.unwrap();
        let targets = AddressRules {
            allow: vec![network_from_text("127.0.0.0/8").unwrap()],
            ..AddressRules::default()
        };
        let transport = HttpTransport::new(TransportOptions {
            targets: targets.clone(),
            extra_roots,
            ..TransportOptions::default()
        })
        .unwrap();
        let engine = Engine::start(EngineParts {
            store: store.clone(),
            hand_over,
            transport: Arc::new(transport),
            contracts: Arc::new(contracts),
            clock: clock.clone(),
            seed: [7; 32],
            sealing_key: SealingKey::from_bytes([9; 32]),
            options: EngineOptions {
                targets,
                ..EngineOptions::default()
            },
        })
        .await
        .unwrap();
        let mut options = ServerOptions::new(clock);
        change_server(&mut options);
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let socket = directory.path().join("hookyard.sock");
        let listeners = Listeners {
            unix: Some(UnixListener::bind(&socket).unwrap()),
            tcp: Some(tcp.try_clone().unwrap()),
        };
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(serve(engine.clone(), listeners, options, async {
            // A service that is dropped stops as well.
            let _ = stopped.await;
        }));
        Self {
            engine,
            store,
            tcp: tcp.local_addr().unwrap(),
            socket,
            stop: Some(stop),
            served,
            _directory: directory,
        }
    }

    /// The socket: whoever runs the tests is its admin.
    pub(crate) fn unix(&self) -> Door {
        Door::Unix(self.socket.clone())
    }

    /// The TCP listener.
    pub(crate) fn tcp(&self) -> Door {
        Door::Tcp(self.tcp)
    }

    /// Asks on the socket, as admin.
    pub(crate) async fn ask(&self, ask: Ask) -> Answer {
        ask.send(&self.unix()).await
    }

    /// Asks on TCP with a token.
    pub(crate) async fn ask_as(&self, token: &str, ask: Ask) -> Answer {
        ask.token(token).send(&self.tcp()).await
    }

    /// The typed client on the socket.
    pub(crate) fn client(&self) -> Client {
        Client::new(Target::Socket(self.socket.clone())).unwrap()
    }

    /// The typed client on TCP with this token.
    pub(crate) fn client_with(&self, token: &str) -> Client {
        let target = Target::Url {
            url: format!("http://{}", self.tcp).parse().unwrap(),
            token: Some(token.to_owned().into()),
        };
        Client::new(target).unwrap()
    }

    /// Makes a token and tells its value.
    pub(crate) async fn token(&self, role: &str, tenant: Option<&str>) -> String {
        let body = json!({"name": format!("{role} of a test"), "role": role, "tenant": tenant});
        let made = self.ask(Ask::post("/v1/tokens", &body.to_string())).await;
        made.expect(201)["token"].as_str().unwrap().to_owned()
    }

    /// Makes an endpoint with these members and tells all of it.
    pub(crate) async fn endpoint(&self, members: Value) -> Value {
        let made = self
            .ask(Ask::post("/v1/endpoints", &members.to_string()))
            .await;
        made.expect(201)
    }

    /// Publishes an event and tells the answer.
    pub(crate) async fn publish(&self, event: Value) -> Value {
        self.ask(Ask::post("/v1/events", &event.to_string()))
            .await
            .expect(202)
    }

    /// Tells the server to stop, without waiting.
    pub(crate) fn begin_stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // A server that has ended needs no telling.
            let _ = stop.send(());
        }
    }

    /// Stops the server and waits until it has.
    pub(crate) async fn stop(mut self) {
        self.begin_stop();
        tokio::time::timeout(Duration::from_secs(20), &mut self.served)
            .await
            .expect("the server stops in time")
            .unwrap()
            .unwrap();
    }
}
