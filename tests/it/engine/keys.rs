//! The service's own keys: made when first needed, kept sealed, rotated, and listed for good.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use hookyard::domain::sign::secret;
use hookyard::domain::sign::service_key::VerificationKey;
use hookyard::engine::EngineError;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

use crate::support::receiver::{Received, Receiver};
use crate::support::world::{START, World, somebody};

const HOUR: Duration = Duration::from_hours(1);

/// A contract that signs with the service's key; `secrets` says with which of them.
fn contract(secrets: &str) -> String {
    format!(
        r#"
name = "keyed"
summary = "For tests: signed by the service"
[body]
root = "data"
[[signature]]
algorithm = "ed25519"
key = "service"
secrets = "{secrets}"
signed = "{{attempt.unix}}.{{body}}"
encoding = "base64"
header = "X-Service"
separator = " "
[request]
headers = {{ "X-Time" = "{{attempt.unix}}" }}
[retry]
ladder = []
"#
    )
}

/// What the crate under our own code says, from the text that a consumer has.
fn verifies(key: &VerificationKey, request: &Received, signature: &str) -> bool {
    let text = secret::public_text(key.key);
    let bytes = STANDARD
        .decode(text.strip_prefix("whpk_").unwrap())
        .unwrap();
    let key = VerifyingKey::from_bytes(&bytes.try_into().unwrap()).unwrap();
    let mut message = format!("{}.", request.header("x-time").unwrap()).into_bytes();
    message.extend_from_slice(&request.body);
    let signature = STANDARD.decode(signature).unwrap();
    let signature = Signature::from_slice(&signature).unwrap();
    key.verify_strict(&message, &signature).is_ok()
}

fn signatures(request: &Received) -> Vec<&str> {
    request.header("x-service").unwrap().split(' ').collect()
}

async fn sent(world: &World, receiver: &Receiver) -> Received {
    let before = receiver.requests().len();
    world.publish(1).await;
    world.settle().await;
    let mut requests = receiver.requests();
    assert_eq!(requests.len(), before + 1);
    requests.remove(before)
}

async fn audited(world: &World) -> Vec<(String, Option<String>)> {
    let page = world.store.audit_page(Some("keyed"), None, 10).await;
    let entries = page.unwrap().items.into_iter();
    entries.map(|entry| (entry.action, entry.detail)).collect()
}

#[tokio::test]
async fn a_contract_that_needs_a_key_has_one_from_the_start_and_keeps_it() {
    let (world, receiver) = (World::under(&contract("newest")).await, Receiver::start());
    let keys = world.engine.verification_keys("keyed");
    assert_eq!(keys.len(), 1);
    assert_eq!((keys[0].created_at, keys[0].retired_at), (START, None));
    world.endpoint(&receiver.url("/")).await;
    let request = sent(&world, &receiver).await;
    assert!(verifies(&keys[0], &request, signatures(&request)[0]));

    let world = world.crash_and_restart().await;
    assert_eq!(world.engine.verification_keys("keyed"), keys);
    let request = sent(&world, &receiver).await;
    assert!(verifies(&keys[0], &request, signatures(&request)[0]));
    let delivery = world.deliveries().await.pop().unwrap();
    let attempts = world.engine.attempts(delivery.id).await.unwrap();
    assert_eq!(attempts[0].service_key_ids, [keys[0].id]);
    assert_eq!(attempts[0].secret_ids, []);
    let detail = format!("{{\"key\":\"{}\"}}", keys[0].id);
    assert_eq!(
        audited(&world).await,
        [("contract.make-key".to_owned(), Some(detail))]
    );
}

#[tokio::test]
async fn a_contract_without_such_a_signature_has_no_key_and_none_to_rotate() {
    let world = World::new().await;
    assert_eq!(world.engine.verification_keys("exact"), []);
    let actor = somebody();
    let rotate = |name| world.engine.rotate_service_key(&actor, name, None);
    let refused = rotate("exact").await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "contract exact does not sign with the service's key, so it has none to rotate"
    );
    let unknown = rotate("nonesuch").await.unwrap_err();
    assert!(matches!(unknown, EngineError::NotFound { .. }), "{unknown}");
}

#[tokio::test]
async fn where_all_keys_sign_an_old_one_goes_on_until_its_overlap_is_over() {
    let (world, receiver) = (World::under(&contract("all")).await, Receiver::start());
    world.endpoint(&receiver.url("/")).await;
    let before = sent(&world, &receiver).await;
    world.run_for(HOUR).await;
    let rotated = world
        .engine
        .rotate_service_key(&somebody(), "keyed", Some(2 * HOUR))
        .await
        .unwrap();
    assert_eq!(rotated, world.engine.verification_keys("keyed"));
    let [new, old] = rotated.as_slice() else {
        panic!("{rotated:?}");
    };
    let now = START + HOUR;
    assert_eq!((new.created_at, new.retired_at), (now, None));
    assert_eq!(
        (old.retired_at, old.signs_until),
        (Some(now), Some(now + 2 * HOUR))
    );

    let during = sent(&world, &receiver).await;
    let [first, second] = signatures(&during)[..] else {
        panic!("{during:?}");
    };
    assert!(verifies(new, &during, first) && verifies(old, &during, second));
    assert!(!verifies(old, &during, first), "the newest signs first");

    // Also a service that was started in the overlap signs with both.
    let world = world.crash_and_restart().await;
    assert_eq!(signatures(&sent(&world, &receiver).await).len(), 2);
    world.run_for(2 * HOUR).await;
    let after = sent(&world, &receiver).await;
    assert_eq!(signatures(&after).len(), 1);
    assert!(verifies(new, &after, signatures(&after)[0]));
    assert!(
        verifies(
            &world.engine.verification_keys("keyed")[1],
            &before,
            signatures(&before)[0]
        ),
        "what a retired key signed can still be verified"
    );
    let actions: Vec<String> = audited(&world)
        .await
        .into_iter()
        .map(|(action, _)| action)
        .collect();
    assert_eq!(actions, ["contract.rotate-key", "contract.make-key"]);
}

#[tokio::test]
async fn where_the_newest_key_signs_the_old_one_signs_no_more() {
    let (world, receiver) = (World::under(&contract("newest")).await, Receiver::start());
    world.endpoint(&receiver.url("/")).await;
    let actor = somebody();
    let rotate = world.engine.rotate_service_key(&actor, "keyed", None);
    let keys = rotate.await.unwrap();
    assert_eq!(keys[1].signs_until, keys[1].retired_at);
    let request = sent(&world, &receiver).await;
    assert_eq!(signatures(&request).len(), 1);
    assert!(verifies(&keys[0], &request, signatures(&request)[0]));
}

#[tokio::test]
async fn an_overlap_has_bounds_and_so_has_the_number_of_keys_that_sign() {
    let world = World::under(&contract("all")).await;
    let actor = somebody();
    let rotate = |overlap| world.engine.rotate_service_key(&actor, "keyed", overlap);
    let refused = rotate(Some(8 * 24 * HOUR)).await.unwrap_err();
    assert!(matches!(refused, EngineError::Invalid(_)), "{refused}");
    for _ in 1..10 {
        rotate(None).await.unwrap();
    }
    let refused = rotate(None).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "10 keys of contract keyed sign already: wait until one's overlap is over, or use overlap 0s"
    );
    let keys = rotate(Some(Duration::ZERO)).await.unwrap();
    let signing = keys.iter().filter(|key| key.signs_at(START));
    assert_eq!(
        signing.count(),
        1,
        "all others ended with the new one's beginning"
    );
    assert_eq!(keys.len(), 11);
}

/// Stops `world`, runs `sql` over its file and starts it again; gives the refusal.
async fn refused_after(world: World, sql: &str) -> String {
    world.stop().await;
    let mut connection = SqliteConnectOptions::new()
        .filename(world.database())
        .connect()
        .await
        .unwrap();
    let done = sqlx::query(AssertSqlSafe(sql.to_owned()))
        .execute(&mut connection)
        .await;
    assert_eq!(done.unwrap().rows_affected(), 1);
    connection.close().await.unwrap();
    world.refused_start().await.to_string()
}

#[tokio::test]
async fn a_key_that_does_not_open_is_refused_at_the_start_by_its_name() {
    let world = World::under(&contract("newest")).await;
    let id = world.engine.verification_keys("keyed")[0].id;
    let said = refused_after(world, "UPDATE service_keys SET sealed = zeroblob(72)").await;
    assert_eq!(
        said,
        format!(
            "key {id} of contract keyed cannot be opened: the sealed value does not open: it was sealed with another \
             key, for another row, or was changed; check HOOKYARD_KEY and key_file"
        )
    );

    let world = World::under(&contract("newest")).await;
    let id = world.engine.verification_keys("keyed")[0].id;
    let other = hex::encode(
        STANDARD
            .decode("1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=")
            .unwrap(),
    );
    let sql = format!("UPDATE service_keys SET public_key = x'{other}'");
    assert_eq!(
        refused_after(world, &sql).await,
        format!(
            "key {id} of contract keyed cannot be opened: its two halves do not belong together"
        )
    );
}

#[tokio::test]
async fn another_sealing_key_is_refused_before_any_key_is_touched() {
    let world = World::under(&contract("newest")).await;
    world.engine.halt().await;
    let refused = world.start_with_another_key().await.to_string();
    assert!(
        refused.starts_with("the key does not open this store's secrets"),
        "{refused}"
    );
}
