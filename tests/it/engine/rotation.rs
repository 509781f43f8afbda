//! Secrets in rotation, over real deliveries: which of them sign is the contract's word.

use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use hookyard::domain::contract::verify::Verifier;
use hookyard::domain::endpoint::Endpoint;
use hookyard::domain::endpoint_draft::NewEndpoint;
use hookyard::domain::time::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

use crate::support::receiver::{Received, Receiver};
use crate::support::world::{Making, World, somebody};

const HOUR: Duration = Duration::from_hours(1);

fn contract(secrets: &str) -> String {
    format!(
        r#"
name = "rotating"
summary = "For tests: secrets in rotation"
[body]
root = "data"
[[signature]]
algorithm = "hmac-sha256"
key = "text"
secrets = "{secrets}"
signed = "{{body}}"
encoding = "hex"
header = "X-Signature"
prefix = "v="
separator = ";"
[retry]
ladder = []
"#
    )
}

fn by(secret: &str, request: &Received) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(&request.body);
    hex::encode(mac.finalize().into_bytes())
}

/// An endpoint with the secret "first", rotated to "second" with an overlap of two hours.
async fn rotated(world: &World, receiver: &Receiver) -> Endpoint {
    let endpoint = world
        .endpoint_like(&receiver.url("/"), |new| {
            new.secret = Some(SecretString::from("first"));
        })
        .await;
    let actor = somebody();
    let rotate = world.engine.rotate_secret_to(
        &actor,
        endpoint.id,
        Some(2 * HOUR),
        Some(SecretString::from("second")),
    );
    rotate.await.unwrap().0
}

/// Publishes one, and gives what came with how many secrets the attempt says that signed.
async fn sent(world: &World, receiver: &Receiver) -> (Received, usize) {
    let before = receiver.requests().len();
    world.publish(1).await;
    world.settle().await;
    let delivery = world.deliveries().await.pop().unwrap();
    let attempts = world.engine.attempts(delivery.id).await.unwrap();
    (
        receiver.requests().remove(before),
        attempts[0].secret_ids.len(),
    )
}

#[tokio::test]
async fn under_all_both_secrets_sign_newest_first_until_the_overlap_is_over() {
    let (world, receiver) = (World::under(&contract("all")).await, Receiver::start());
    let endpoint = rotated(&world, &receiver).await;
    let (request, signers) = sent(&world, &receiver).await;
    let both = format!("v={};{}", by("second", &request), by("first", &request));
    assert_eq!(request.header("x-signature"), Some(both.as_str()));
    assert_eq!((signers, endpoint.secrets.len()), (2, 2));
    world.run_for(2 * HOUR).await;
    let (request, signers) = sent(&world, &receiver).await;
    let newest = format!("v={}", by("second", &request));
    assert_eq!(request.header("x-signature"), Some(newest.as_str()));
    assert_eq!(signers, 1);
}

#[tokio::test]
async fn under_newest_the_new_secret_signs_alone_at_once() {
    let (world, receiver) = (World::under(&contract("newest")).await, Receiver::start());
    let endpoint = rotated(&world, &receiver).await;
    assert_eq!(endpoint.secrets.len(), 2, "the old one is still active");
    let (request, signers) = sent(&world, &receiver).await;
    let newest = format!("v={}", by("second", &request));
    assert_eq!(request.header("x-signature"), Some(newest.as_str()));
    assert_eq!(signers, 1);
}

/// Whether a consumer with this secret takes the request, at the time it was signed.
fn takes(world: &World, secret: &SecretString, request: &Received) -> bool {
    let verifier = Verifier::new(world.contract("standard"), secret.expose_secret()).unwrap();
    let signed_at: i64 = request
        .header("webhook-timestamp")
        .unwrap()
        .parse()
        .unwrap();
    let text = |value: &[u8]| String::from_utf8(value.to_vec()).unwrap();
    let headers: Vec<(String, String)> = request
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), text(value)))
        .collect();
    let now = Timestamp::from_millis(signed_at * 1_000);
    verifier.verify(now, &headers, &request.body).is_ok()
}

#[tokio::test]
async fn a_consumer_takes_either_secret_to_the_millisecond_when_the_overlap_ends() {
    let making = Making {
        contract: Some("standard"),
        ..Making::default()
    };
    let (world, receiver) = (World::make(making).await, Receiver::start());
    let wanted = NewEndpoint {
        url: receiver.url("/"),
        ..NewEndpoint::default()
    };
    let created = world.engine.create_endpoint(&somebody(), wanted).await;
    let (endpoint, old) = created.unwrap();
    world.publish(1).await;
    world.settle().await;

    let overlap = HOUR;
    let rotated = world
        .engine
        .rotate_secret(&somebody(), endpoint.id, Some(overlap))
        .await;
    let new = rotated.unwrap().1;
    world.publish(1).await;
    let just_before = Duration::from_millis(1);
    world.run_for(overlap - just_before).await;
    world.publish(1).await;
    world.run_for(just_before).await;
    world.publish(1).await;
    world.settle().await;

    let requests = receiver.requests();
    let taken: Vec<_> = requests
        .iter()
        .map(|request| [&old, &new].map(|secret| takes(&world, secret, request)))
        .collect();
    assert_eq!(
        taken,
        [[true, false], [true, true], [true, true], [false, true]]
    );
    let signatures: Vec<_> = requests
        .iter()
        .map(|request| {
            request
                .header("webhook-signature")
                .unwrap()
                .split(' ')
                .count()
        })
        .collect();
    assert_eq!(signatures, [1, 2, 2, 1]);
}
