//! A bad half hour on a virtual clock: two endpoints fail, one is gone, one is paused, one breaks
//! off, one is well; then what can be replayed is, and something is given up.

use std::sync::Arc;
use std::time::Duration;

use hookyard::domain::service_log::LogLevel;
use hookyard::server::{Listeners, ServerOptions, ServiceLog, serve};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::AsyncReadExt as _;
use tokio::sync::oneshot;

use crate::api::http::{Ask, Door};
use crate::support::receiver::Receiver;
use crate::support::receiver_answer::{Answer, Behaviour};
use crate::support::world::{Making, World};

const MINUTE: Duration = Duration::from_secs(60);

/// A world with a server, in the middle of the incident.
pub(super) struct Incident {
    world: World,
    door: Door,
    /// Who takes the requests, under the names that stand for their addresses.
    receivers: Vec<(&'static str, Receiver)>,
    log: ServiceLog,
    _stop: oneshot::Sender<()>,
    _directory: TempDir,
}

impl Incident {
    /// Lets all of it happen.
    pub(super) async fn happen() -> Self {
        let incident = Self::begin().await;
        incident.endpoints().await;
        incident.good_minutes().await;
        incident.bad_minutes().await;
        incident.operators().await;
        incident
    }

    async fn begin() -> Self {
        let world = World::make(Making {
            contract: Some("standard"),
            ..Making::default()
        })
        .await;
        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join("s.sock");
        let listeners = Listeners {
            unix: Some(std::os::unix::net::UnixListener::bind(&socket).unwrap()),
            tcp: None,
        };
        let log = ServiceLog::new(Arc::new(world.clock.clone()));
        let options = ServerOptions {
            log: log.clone(),
            host: "eu-1".into(),
            ..ServerOptions::new(Arc::new(world.clock.clone()))
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let served = serve(world.engine.clone(), listeners, options, async {
            // A test that ends stops it as well.
            let _ = stopped.await;
        });
        tokio::spawn(served);
        let names = [
            "partner-acme",
            "billing-prod",
            "crm-sync",
            "partner-old",
            "lab-eu",
            "hooks-apac",
        ];
        Self {
            world,
            door: Door::Unix(socket),
            receivers: names.map(|name| (name, Receiver::start())).into(),
            log,
            _stop: stop,
            _directory: directory,
        }
    }

    fn receiver(&self, name: &str) -> &Receiver {
        let found = self.receivers.iter().find(|(known, _)| *known == name);
        &found.unwrap().1
    }

    async fn endpoints(&self) {
        // When a breaker probes is up to chance.
        let breaker = json!({"enabled": false});
        for (name, types, ladder) in [
            ("billing-prod", "invoice.*", json!(["5s", "5m"])),
            ("partner-acme", "packet.*", json!(["5s", "2m"])),
            ("crm-sync", "contact.*", json!(["5s", "5m"])),
            ("partner-old", "order.*", json!(["5s"])),
            ("lab-eu", "sample.*", json!([])),
            ("hooks-apac", "stock.*", json!(["1h"])),
        ] {
            let url = self.receiver(name).url("/in");
            let retry = json!({"ladder": ladder, "jitter": 0});
            let body = json!({
                "name": name, "url": url, "event_types": [types], "retry": retry, "breaker": breaker,
            });
            self.post("/v1/endpoints", body).await;
        }
    }

    /// Lines as the service's own: what tests log meanwhile is not to be among them.
    fn log(&self, lines: &[(LogLevel, &str, &str)]) {
        for (level, target, text) in lines {
            self.log.note(*level, target, text);
        }
    }

    async fn good_minutes(&self) {
        self.log(&[
            (
                LogLevel::Info,
                "hookyard::cli::service",
                "ready listen=127.0.0.1:8420 socket=/run/hookyard/hookyard.sock",
            ),
            (
                LogLevel::Debug,
                "hookyard::engine::lane",
                "a lane was started endpoint=partner-acme",
            ),
        ]);
        for minute in 0..5 {
            self.publish("invoice.paid", 3 + minute % 3).await;
            self.publish("packet.signed", 2).await;
            self.publish("contact.changed", 1).await;
            self.world.run_for(MINUTE).await;
        }
    }

    async fn bad_minutes(&self) {
        let refusal = Answer::status(503)
            .header("retry-after", "7")
            .body("upstream connect error\nreset reason: timeout\n");
        self.receiver("partner-acme")
            .always(Behaviour::Answer(refusal));
        self.receiver("hooks-apac").always(Behaviour::status(500));
        self.receiver("partner-old").always(Behaviour::status(410));
        self.receiver("lab-eu").always(Behaviour::Close);
        self.publish("order.placed", 1).await;
        self.log(&[
            (
                LogLevel::Warn,
                "hookyard::engine::endpoints",
                "an endpoint is gone and was disabled endpoint=partner-old",
            ),
            (
                LogLevel::Error,
                "hookyard::server::envelope",
                "a request failed on our side status=500",
            ),
            (
                LogLevel::Info,
                "hookyard::server::envelope",
                "a request was refused status=401 caller=unknown",
            ),
        ]);
        for minute in 0..12 {
            self.publish("invoice.paid", 4).await;
            self.publish("packet.signed", 1).await;
            self.publish("packet.created", 1).await;
            self.publish("stock.low", 1).await;
            if minute % 4 == 0 {
                self.publish("sample.measured", 1).await;
            }
            self.world.run_for(MINUTE).await;
        }
    }

    /// Ids are found by what they name: nothing here depends on how they are made.
    async fn operators(&self) {
        let endpoints = self.get("/v1/endpoints?limit=50").await;
        let id = |name: &str| {
            let all = endpoints["items"].as_array().unwrap();
            let found = all.iter().find(|endpoint| endpoint["name"] == name);
            found.unwrap()["id"].as_str().unwrap().to_owned()
        };
        let (crm, billing) = (id("crm-sync"), id("billing-prod"));
        let pause = json!({"reason": "their maintenance"});
        self.post(&format!("/v1/endpoints/{crm}/pause"), pause)
            .await;
        self.publish("contact.changed", 3).await;
        self.post(&format!("/v1/endpoints/{billing}/test"), json!({}))
            .await;
        self.world.settle().await;
        let discard =
            json!({"filter": "state:dead ep:lab-eu age>6m", "note": "the device is broken"});
        self.post("/v1/dead/discard", discard).await;
        self.receiver("lab-eu").always(Behaviour::status(200));
        let slow = json!({"filter": "state:dead ep:lab-eu", "rate": "6/m", "note": "INC-411"});
        self.post("/v1/replays", slow).await;
        self.world.run_for(MINUTE).await;
        let much =
            json!({"filter": "state:dead ep:partner-acme", "rate": "1/m", "note": "INC-412"});
        let replay = self.post("/v1/replays", much).await;
        self.world.run_for(MINUTE).await;
        let replay = replay["id"].as_str().unwrap();
        self.post(&format!("/v1/replays/{replay}/pause"), json!({}))
            .await;
        self.publish("invoice.paid", 2).await;
        self.world.settle().await;
    }

    async fn publish(&self, event_type: &str, count: usize) {
        for number in 0..count {
            let data = json!({"number": number, "total": "12.50", "tags": ["a", "b"]});
            let event = json!({"type": event_type, "data": data});
            self.post("/v1/events", event).await;
            self.world.settle().await;
        }
    }

    /// Asks; fails unless it is answered well.
    pub(super) async fn get(&self, path: &str) -> Value {
        let answer = Ask::get(path).send(&self.door).await;
        answer.expect(200)
    }

    /// The same with a body.
    pub(super) async fn post(&self, path: &str, body: Value) -> Value {
        let answer = Ask::post(path, &body.to_string()).send(&self.door).await;
        assert!(answer.status < 300, "{path}: {answer:?}");
        match answer.body.is_empty() {
            true => Value::Null,
            false => answer.json(),
        }
    }

    /// Saves a view.
    pub(super) async fn save_view(&self, name: &str, filter: &str) {
        let body = json!({ "filter": filter }).to_string();
        let ask = Ask::new("PUT", &format!("/v1/views/{name}")).json(&body);
        ask.send(&self.door).await.expect(200);
    }

    /// The first frame of the stream.
    pub(super) async fn hello(&self) -> Value {
        let stream = Ask::get("/v1/stream?topics=deliveries,endpoints,stats,alerts,replays");
        let mut wire = stream.start(&self.door).await;
        let mut came = Vec::new();
        loop {
            let read = wire.read_buf(&mut came).await.unwrap();
            assert!(read > 0, "the stream has ended");
            let text = String::from_utf8_lossy(&came);
            let data = text.lines().find_map(|line| line.strip_prefix("data: "));
            let frame = data.and_then(|data| serde_json::from_str(data).ok());
            if let Some(frame) = frame {
                return frame;
            }
        }
    }

    /// Who is attached while somebody is.
    pub(super) async fn operators_attached(&self) -> Value {
        let _stream = Ask::get("/v1/stream?topics=presence")
            .start(&self.door)
            .await;
        loop {
            let attached = self.get("/v1/operators").await;
            if attached["items"]
                .as_array()
                .is_some_and(|some| !some.is_empty())
            {
                return attached;
            }
            tokio::task::yield_now().await;
        }
    }

    /// A text in which the receivers' addresses are names.
    pub(super) fn named(&self, text: &str) -> String {
        let mut named = text.to_owned();
        for (name, receiver) in &self.receivers {
            let address = receiver.address();
            named = named.replace(
                &format!("http://{address}"),
                &format!("https://{name}.example"),
            );
            named = named.replace(&address.to_string(), "203.0.113.9:443");
        }
        named
    }
}
