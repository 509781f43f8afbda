//! A platform that put Hookyard behind its guide: its contract enabled, its consumer's token imported.

use hookyard::domain::contract::ContractSet;
use serde_json::{Map, Value, json};

use super::cutting::Call;
use crate::api::http::{Answer, Ask};
use crate::api::service::Service;
use crate::support::receiver::{Received, Receiver};
use crate::support::receiver_tls::Authority;

/// The token that the platform gave out before anybody thought of Hookyard.
const TOKEN: &str = "given-out-long-ago-0123456789";
/// The consumer whose token it is.
const TENANT: &str = "acme";

/// The platform, one consumer, and that consumer's receiver.
pub(super) struct Platform {
    pub(super) service: Service,
    pub(super) receiver: Receiver,
    contract: &'static str,
}

impl Platform {
    /// The platform of this contract, its consumer behind https where the contract insists on it.
    pub(super) async fn start(contract: &'static str) -> Self {
        let names = [contract.to_owned()];
        let contracts = ContractSet::load(&[], &names, contract).expect("a built-in contract");
        let https = contracts
            .get(contract)
            .expect("enabled")
            .request
            .require_https;
        let authority = Authority::new();
        let receiver = match https {
            true => Receiver::start_tls(authority.valid(&["127.0.0.1"])),
            false => Receiver::start(),
        };
        let service = Service::speaking(contracts, authority.roots_file()).await;
        let token =
            json!({"name": "consumer", "role": "consumer", "tenant": TENANT, "value": TOKEN});
        let imported = service
            .ask(Ask::post("/v1/tokens", &token.to_string()))
            .await;
        imported.expect(201);
        Self {
            service,
            receiver,
            contract,
        }
    }

    /// Makes the call with the consumer's token.
    pub(super) async fn ask(&self, call: &Call) -> Answer {
        let mut ask = Ask::new(&call.method, &call.path);
        if !call.body.is_null() {
            ask = ask.json(&call.body.to_string());
        }
        self.service.ask_as(TOKEN, ask).await
    }

    /// Makes the guide's call to register, the URL in `member` being the receiver's, and gives the answer.
    pub(super) async fn register(&self, call: &Call, member: &str, url: &str) -> Value {
        let mut call = call.clone();
        call.body[member] = url.into();
        self.ask(&call).await.expect(201)
    }

    /// Registers in the console's and the operators' way, with this secret.
    pub(super) async fn register_natively(&self, secret: &str) {
        let endpoint = json!({
            "url": self.receiver.url("/hook"), "contract": self.contract, "tenant": TENANT, "secret": secret,
        });
        self.service.endpoint(endpoint).await;
    }

    /// Publishes as the platform does, for this consumer.
    pub(super) async fn publish(&self, event: Map<String, Value>) {
        let mut event = event;
        event.insert("tenant".to_owned(), TENANT.into());
        let published = self.service.publish(Value::Object(event)).await;
        assert_eq!(published["deliveries"], 1, "{published}");
    }

    /// The request that the receiver got, after it is recorded as delivered.
    pub(super) async fn delivered(&self) -> Received {
        self.receiver
            .wait_until("the delivery", |receiver| !receiver.requests().is_empty())
            .await;
        self.receiver.requests().remove(0)
    }
}

/// The event that a sample shows: the members named here, and the rest as attributes.
pub(super) fn event_of(
    sample: &Value,
    event_type: &str,
    time: Option<&str>,
    data: &str,
) -> Map<String, Value> {
    let mut attributes = sample.as_object().expect("a sample is an object").clone();
    let mut event = Map::new();
    event.insert("type".to_owned(), take(&mut attributes, event_type));
    event.insert("data".to_owned(), take(&mut attributes, data));
    if let Some(time) = time {
        event.insert("occurred_at".to_owned(), take(&mut attributes, time));
    }
    if !attributes.is_empty() {
        event.insert("attributes".to_owned(), Value::Object(attributes));
    }
    event
}

fn take(members: &mut Map<String, Value>, name: &str) -> Value {
    members
        .shift_remove(name)
        .unwrap_or_else(|| panic!("the sample has no {name}"))
}

/// The bodies' names of members, in order.
pub(super) fn member_names(value: &Value) -> Vec<&str> {
    let members = value.as_object().expect("an object");
    members.keys().map(String::as_str).collect()
}
