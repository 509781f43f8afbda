//! An attempt can be shown as it was sent, byte for byte, whatever became of its contract, secrets and keys since.

use std::time::Duration;

use hookyard::domain::delivery::DeliveryState;
use hookyard::domain::event::NewEvent;
use hookyard::domain::id::DeliveryId;
use hookyard::domain::json::RawJson;
use hookyard::domain::request::PreparedRequest;
use hookyard::domain::tenant::Audience;
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};

use crate::support::receiver::{Received, Receiver};
use crate::support::world::{World, somebody};

/// Signs in the body, with the endpoint's secret in a header, and with the service's key.
const BEFORE: &str = r#"
name = "changing"
summary = "For tests: before"
id_prefix = "hook_"
[request]
headers = { "X-Endpoint" = "{endpoint.id}", "X-Attempt" = "{attempt.id}/{attempt.number}" }
[body]
form = "ecmascript"
members = [
  { name = "event", value = "event.type" },
  { name = "at", value = "attempt.time" },
  { name = "pinned", value = "event.attributes.pinned" },
  { spread = "event.attributes" },
  { name = "data", value = "event.data" },
]
[[signature]]
algorithm = "hmac-sha256"
key = "text"
signed = "{body}"
encoding = "hex"
member = "signature"
value = "sha256={signature}"
[[signature]]
algorithm = "hmac-sha512"
key = "text"
secrets = "all"
signed = "{attempt.unix}.{body}"
encoding = "base64"
header = "X-Signature"
prefix = "t={attempt.unix},"
value = "v1={signature}"
separator = ","
[[signature]]
algorithm = "ed25519"
key = "service"
signed = "{event.id}.{body}"
encoding = "base64"
header = "X-Service"
[retry]
ladder = ["1m"]
"#;

/// The same contract after somebody edited its file: other headers, members, form, signatures.
const AFTER: &str = r#"
name = "changing"
summary = "For tests: after"
[request]
headers = { "X-Kind" = "{event.type}" }
[body]
members = [ { name = "payload", value = "event.data" } ]
[[signature]]
algorithm = "hmac-sha1"
key = "text"
signed = "{body}"
encoding = "hex"
header = "X-Sha1"
[retry]
ladder = ["1m"]
"#;

async fn publish(world: &World) {
    let event = NewEvent {
        key: None,
        audience: Audience::Tenantless,
        event_type: "a.b".parse().unwrap(),
        occurred_at: None,
        attributes: Some(RawJson::parse(r#"{"z":1.0, "pinned":"p", "2":2, "1":1e3}"#).unwrap()),
        data: RawJson::parse(r#"{"n":1.50,"t":"\u00e9\/","10":null,"9":[-0]}"#).unwrap(),
        test: false,
    };
    world.engine.publish(vec![event]).await.unwrap();
    world.settle().await;
}

/// The attempt as the service shows it must be the request that came: its own headers in their order, the body, and
/// the digest that was stored when it was sent.
async fn check_shown(world: &World, id: DeliveryId, number: u32, came: &Received) {
    let shown = world.engine.attempt(id, number).await.unwrap();
    let request: PreparedRequest = shown.request.unwrap();
    assert_eq!(request.body, came.body);
    let digest: [u8; 32] = Sha256::digest(&came.body).into();
    assert_eq!(shown.attempt.body_sha256, digest);
    let ours = |name: &str| {
        let own = ["accept", "host", "content-length"];
        !own.iter().any(|other| name.eq_ignore_ascii_case(other))
    };
    let came_headers: Vec<(String, String)> = came
        .headers
        .iter()
        .filter(|(name, _)| ours(name))
        .map(|(name, value)| (name.clone(), String::from_utf8(value.clone()).unwrap()))
        .collect();
    assert_eq!(request.headers, came_headers);
    assert_eq!(request.method, came.method);
    assert!(request.url.ends_with(&came.path), "{}", request.url);
}

#[tokio::test]
async fn an_old_attempt_is_shown_as_it_was_after_contract_secret_and_key_have_changed() {
    let (world, receiver) = (World::under(BEFORE).await, Receiver::start());
    let endpoint = world
        .endpoint_like(&receiver.url("/hook?x=1"), |new| {
            new.secret = Some(SecretString::from("the old secret"));
            new.headers = vec![("X-Own".to_owned(), "its own".to_owned())];
        })
        .await;
    publish(&world).await;
    let old = world.deliveries().await.remove(0);
    assert_eq!(old.state, DeliveryState::Delivered);
    let came = receiver.requests().remove(0);
    assert!(came.header("x-signature").unwrap().starts_with("t="));
    assert_eq!(came.header("x-service").map(str::len), Some(88));
    let body = String::from_utf8(came.body.clone()).unwrap();
    assert!(
        body.starts_with(r#"{"1":1000,"2":2,"event":"a.b","at":""#)
            && body.contains(r#","signature":"sha256="#),
        "{body}"
    );
    check_shown(&world, old.id, 1, &came).await;

    // Everything that took part goes: the secret, the key, the endpoint's header, the contract's text.
    let actor = somebody();
    let rotated = world
        .engine
        .rotate_secret(&actor, endpoint.id, Some(Duration::ZERO))
        .await;
    assert_eq!(rotated.unwrap().0.secrets.len(), 1);
    let rotated = world
        .engine
        .rotate_service_key(&actor, "changing", Some(Duration::ZERO))
        .await;
    assert_eq!(rotated.unwrap().len(), 2);
    let world = world.restart_under(AFTER).await;
    check_shown(&world, old.id, 1, &came).await;

    publish(&world).await;
    let new = world.deliveries().await.pop().unwrap();
    let second = receiver.requests().remove(1);
    assert_eq!(
        second.body, br#"{"payload":{"n":1.50,"t":"\u00e9\/","10":null,"9":[-0]}}"#,
        "new attempts are made by the new text"
    );
    assert_eq!(second.header("x-kind"), Some("a.b"));
    assert_eq!(second.header("x-sha1").map(str::len), Some(40));
    assert_eq!(second.header("x-signature"), None);
    check_shown(&world, new.id, 1, &second).await;
    let revision = async |id| world.engine.attempt(id, 1).await.unwrap().attempt.revision;
    assert_ne!(revision(old.id).await, revision(new.id).await);

    // Deleting the endpoint takes its secrets with it, not its past.
    world
        .engine
        .delete_endpoint(&actor, endpoint.id)
        .await
        .unwrap();
    let world = world.crash_and_restart().await;
    check_shown(&world, old.id, 1, &came).await;
    check_shown(&world, new.id, 1, &second).await;
}

#[tokio::test]
async fn a_retry_after_the_change_is_made_by_the_new_text_and_both_can_be_shown() {
    use crate::support::receiver_answer::Behaviour;

    let (world, receiver) = (World::under(BEFORE).await, Receiver::start());
    receiver.script([Behaviour::status(500)]);
    world.endpoint(&receiver.url("/")).await;
    publish(&world).await;
    let delivery = world.deliveries().await.remove(0);
    assert_eq!(delivery.state, DeliveryState::Pending);
    let world = world.restart_under(AFTER).await;
    world.run_for(Duration::from_mins(1)).await;
    let came = receiver.requests();
    assert_eq!(came.len(), 2);
    assert!(came[1].body.starts_with(b"{\"payload\":"));
    check_shown(&world, delivery.id, 1, &came[0]).await;
    check_shown(&world, delivery.id, 2, &came[1]).await;
}
