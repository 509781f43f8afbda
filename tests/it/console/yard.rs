//! A real service on a Unix socket: store, engine, transport and server, on the machine's clock.

use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hookyard::api::endpoint::{CreateEndpoint, EndpointView, RetryBody};
use hookyard::api::event::PublishEvent;
use hookyard::api::page::PageQuery;
use hookyard::api::token::CreateToken;
use hookyard::client::{Client, Target};
use hookyard::clock::{SharedClock, SystemClock};
use hookyard::domain::contract::ContractSet;
use hookyard::domain::id::DeliveryId;
use hookyard::domain::json::RawJson;
use hookyard::domain::seal::SealingKey;
use hookyard::domain::token::Role;
use hookyard::engine::{Engine, EngineOptions, EngineParts};
use hookyard::server::{Listeners, ServerOptions, serve};
use hookyard::store::{Store, StoreOptions};
use hookyard::transport::{HttpTransport, TransportOptions};
use tempfile::TempDir;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;
use tokio::task::JoinHandle;

use crate::transport::harness::loopback;

/// A service that can be reached on its socket, or not.
pub(super) struct Yard {
    runtime: Handle,
    /// Dropping it ends the runtime's thread.
    _end: oneshot::Sender<()>,
    engine: Engine,
    clock: SharedClock,
    /// Where it listens on TCP, from the first time on.
    address: SocketAddr,
    served: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
    directory: TempDir,
}

impl Yard {
    /// A service without endpoints.
    pub(super) fn start() -> Self {
        let own = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let runtime = own.handle().clone();
        let (end, ended) = oneshot::channel::<()>();
        std::thread::spawn(move || own.block_on(ended));
        let directory = tempfile::tempdir().unwrap();
        let clock: SharedClock = Arc::new(SystemClock::new());
        let contracts = Arc::new(ContractSet::built_in("standard").unwrap());
        let engine = runtime.block_on(engine(&directory, &contracts, &clock));
        let mut yard = Self {
            runtime,
            _end: end,
            engine,
            clock,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            served: None,
            directory,
        };
        yard.serve();
        yard
    }

    /// Where it listens.
    pub(super) fn socket(&self) -> PathBuf {
        self.directory.path().join("hookyard.sock")
    }

    /// Where it listens for callers with a token.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// A token of an operator.
    pub(super) fn token(&self) -> String {
        let body = CreateToken {
            name: "ops".to_owned(),
            role: Role::Operator,
            tenant: None,
            expires_at: None,
            value: None,
        };
        let client = self.client();
        let made = self.runtime.block_on(client.create_token(&body)).unwrap();
        made.token.expose().to_owned()
    }

    /// Begins to listen.
    pub(super) fn serve(&mut self) {
        let unix = UnixListener::bind(self.socket()).unwrap();
        let tcp = TcpListener::bind(self.address).unwrap();
        self.address = tcp.local_addr().unwrap();
        let listeners = Listeners {
            tcp: Some(tcp),
            unix: Some(unix),
        };
        let options = ServerOptions::new(self.clock.clone());
        let (stop, stopped) = oneshot::channel::<()>();
        let engine = self.engine.clone();
        let task = self.runtime.spawn(async move {
            let until = async move {
                let _ = stopped.await;
            };
            serve(engine, listeners, options, until).await.unwrap();
        });
        self.served = Some((stop, task));
    }

    /// Stops listening; the engine goes on.
    pub(super) fn go_silent(&mut self) {
        if let Some((stop, task)) = self.served.take() {
            stop.send(()).unwrap();
            self.runtime.block_on(task).unwrap();
            std::fs::remove_file(self.socket()).unwrap();
        }
    }

    /// Makes an endpoint.
    pub(super) fn endpoint(&self, url: &str, name: &str) -> EndpointView {
        let body = CreateEndpoint {
            url: url.to_owned(),
            name: Some(name.to_owned()),
            ..CreateEndpoint::default()
        };
        let client = self.client();
        self.runtime
            .block_on(client.create_endpoint(&body))
            .unwrap()
            .endpoint
    }

    /// Makes an endpoint to which nothing is sent.
    pub(super) fn paused_endpoint(&self, name: &str) {
        let endpoint = self.endpoint("http://127.0.0.1:9/in", name);
        let client = self.client();
        self.runtime
            .block_on(client.pause_endpoint(endpoint.id, &Default::default()))
            .unwrap();
    }

    /// Makes an endpoint whose deliveries are dead after their first failure.
    pub(super) fn endpoint_that_gives_up(&self, url: &str, name: &str) {
        let retry = RetryBody {
            ladder: Some(Vec::new()),
            ..RetryBody::default()
        };
        let body = CreateEndpoint {
            url: url.to_owned(),
            name: Some(name.to_owned()),
            retry: Some(retry),
            ..CreateEndpoint::default()
        };
        let client = self.client();
        let made = self.runtime.block_on(client.create_endpoint(&body));
        made.unwrap();
    }

    /// The endpoint's status now.
    pub(super) fn status(&self, endpoint: &EndpointView) -> String {
        let client = self.client();
        let known = self.runtime.block_on(client.endpoint(endpoint.id));
        known.unwrap().status
    }

    /// Waits until so many deliveries are dead.
    pub(super) fn wait_for_dead(&self, dead: u64) {
        let client = self.client();
        let counted = async {
            while client.stats("1m").await.unwrap().ledger.dead < dead {
                tokio::task::yield_now().await;
            }
        };
        self.runtime.block_on(counted);
    }

    /// The newest delivery.
    pub(super) fn newest_delivery(&self) -> DeliveryId {
        self.newest_of("")
    }

    /// Puts the newest dead delivery back to work.
    pub(super) fn replay_dead(&self) {
        let dead = self.newest_of("state:dead");
        let client = self.client();
        self.runtime.block_on(client.replay_delivery(dead)).unwrap();
    }

    /// The newest that passes a filter.
    pub(super) fn newest_of(&self, filter: &str) -> DeliveryId {
        let query = PageQuery {
            limit: Some(1),
            cursor: None,
            filter: (!filter.is_empty()).then(|| filter.to_owned()),
            at: None,
        };
        let page = self.runtime.block_on(self.client().deliveries(&query));
        page.unwrap().items[0].id
    }

    /// Asks the service.
    pub(super) fn ask<T>(&self, call: impl AsyncFnOnce(Client) -> T) -> T {
        self.runtime.block_on(call(self.client()))
    }

    /// Publishes an event of this type.
    pub(super) fn publish(&self, event_type: &str) {
        let client = self.client();
        let event = event(event_type);
        self.runtime.block_on(client.publish(&event)).unwrap();
    }

    /// Publishes many.
    pub(super) fn publish_many(&self, event_type: &str, count: usize) {
        let client = self.client();
        let events: Vec<PublishEvent> = (0..count).map(|_| event(event_type)).collect();
        for events in events.chunks(500) {
            self.runtime.block_on(client.publish_batch(events)).unwrap();
        }
    }

    /// Publishes one after the other until it is stopped.
    pub(super) fn traffic(&self, event_type: &str) -> Traffic {
        let (stop, mut stopped) = oneshot::channel::<()>();
        let (client, event) = (self.client(), event(event_type));
        let task = self.runtime.spawn(async move {
            let mut published = 0;
            while stopped.try_recv() == Err(TryRecvError::Empty) {
                client.publish(&event).await.unwrap();
                published += 1;
            }
            published
        });
        Traffic {
            runtime: self.runtime.clone(),
            stop,
            task,
        }
    }

    /// Publishes so many a second, as far as the service takes them, until it is stopped.
    pub(super) fn flood(&self, event_type: &str, a_second: usize) -> Traffic {
        let (stop, mut stopped) = oneshot::channel::<()>();
        let (client, clock) = (self.client(), self.clock.clone());
        let events: Vec<PublishEvent> = (0..a_second / 10).map(|_| event(event_type)).collect();
        let task = self.runtime.spawn(async move {
            let (begun, mut published) = (clock.monotonic(), 0);
            while stopped.try_recv() == Err(TryRecvError::Empty) {
                client.publish_batch(&events).await.unwrap();
                published += events.len();
                let due = begun
                    + Duration::from_secs(1) * u32::try_from(published / events.len()).unwrap()
                        / 10;
                clock.sleep_for(due.saturating_sub(clock.monotonic())).await;
            }
            published
        });
        Traffic {
            runtime: self.runtime.clone(),
            stop,
            task,
        }
    }

    fn client(&self) -> Client {
        Client::new(Target::Socket(self.socket())).unwrap()
    }
}

/// Events that are being published.
pub(super) struct Traffic {
    runtime: Handle,
    stop: oneshot::Sender<()>,
    task: JoinHandle<usize>,
}

impl Traffic {
    /// Ends it; gives how many were published.
    pub(super) fn stop(self) -> usize {
        self.stop.send(()).unwrap();
        self.runtime.block_on(self.task).unwrap()
    }
}

fn event(event_type: &str) -> PublishEvent {
    PublishEvent {
        event_type: event_type.parse().unwrap(),
        data: RawJson::parse("{\"n\":7}").unwrap(),
        id: None,
        tenant: None,
        attributes: None,
        occurred_at: None,
        test: false,
    }
}

impl Drop for Yard {
    fn drop(&mut self) {
        self.go_silent();
    }
}

async fn engine(directory: &TempDir, contracts: &Arc<ContractSet>, clock: &SharedClock) -> Engine {
    let (store, hand_over) = Store::open(StoreOptions::new(directory.path()), clock.clone())
        .await
        .unwrap();
    let transport = HttpTransport::new(TransportOptions {
        targets: loopback(),
        ..TransportOptions::default()
    })
    .unwrap();
    Engine::start(EngineParts {
        store,
        hand_over,
        transport: Arc::new(transport),
        contracts: contracts.clone(),
        clock: clock.clone(),
        seed: [3; 32],
        sealing_key: SealingKey::from_bytes([4; 32]),
        options: EngineOptions {
            targets: loopback(),
            ..EngineOptions::default()
        },
    })
    .await
    .unwrap()
}
