//! Secrets in rotation, over real deliveries: which of them sign is the contract's word.

use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use hookyard::domain::endpoint::Endpoint;
use secrecy::SecretString;
use sha2::Sha256;

use crate::support::receiver::{Received, Receiver};
use crate::support::world::{World, somebody};

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
