//! Contracts and limits that change while the engine runs: what takes effect when, and what is refused.

use std::sync::Arc;
use std::time::Duration;

use hookyard::domain::contract::{ContractSet, ContractText};
use hookyard::domain::delivery::DeliveryState;
use hookyard::domain::endpoint_draft::NewEndpoint;
use hookyard::domain::failing::FailingPolicy;
use hookyard::engine::{ContractChange, EngineError, EngineLimits, EngineOptions, LanesSnapshot};

use crate::support::receiver::Receiver;
use crate::support::receiver_answer::Behaviour;
use crate::support::world::{Making, START, World, somebody};
use crate::transport::harness::loopback;

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A contract of this name and ladder; with `more` at its end.
fn contract(name: &str, ladder: &str, more: &str) -> String {
    format!(
        "name = \"{name}\"\nsummary = \"For tests\"\n[request]\nheaders = {{ \"X-Contract\" = \"{name} {{attempt.number}}\" }}\n\
         [body]\nroot = \"data\"\n[retry]\nladder = {ladder}\njitter = 0\n{more}"
    )
}

/// These contracts, all enabled; the first is the default.
fn set(texts: &[String]) -> Arc<ContractSet> {
    let own = texts.iter().map(|text| ContractText {
        file: "own.toml",
        text,
    });
    let own: Vec<ContractText<'_>> = own.collect();
    let names = texts.iter().map(|text| text.split('"').nth(1).unwrap());
    let names: Vec<String> = names.map(str::to_owned).collect();
    Arc::new(ContractSet::load(&own, &names, &names[0]).unwrap())
}

/// The limits that a world is made with.
fn limits() -> EngineLimits {
    let options = EngineOptions::default();
    EngineLimits {
        concurrency: options.concurrency,
        concurrency_per_endpoint: options.concurrency_per_endpoint,
        targets: loopback(),
        breaker: Arc::new(options.breaker),
        failing: Arc::new(options.failing),
        endpoints_max: options.endpoints_max,
        endpoints_per_tenant_max: options.endpoints_per_tenant_max,
        tokens_max: options.tokens_max,
    }
}

#[tokio::test]
async fn a_new_revision_counts_from_the_next_attempt_on_and_old_ones_can_still_be_shown() {
    let (world, receiver) = (
        World::under(&contract("ours", r#"["10s", "20s"]"#, "")).await,
        Receiver::start(),
    );
    receiver.always(Behaviour::status(500));
    world.endpoint(&receiver.url("/")).await;
    world.publish(1).await;
    world.run_until(START + secs(1)).await;
    let text = contract("ours", r#"["10s", "40s"]"#, "").replace("X-Contract", "X-Renamed");
    let changes = world.engine.set_contracts(set(&[text])).await.unwrap();
    assert_eq!(changes, [ContractChange::Changed("ours".to_owned())]);
    world.run_until(START + secs(120)).await;
    let delivery = world.deliveries().await.remove(0);
    let attempts = world.engine.attempts(delivery.id).await.unwrap();
    let at: Vec<_> = attempts
        .iter()
        .map(|one| one.started_at.since(START))
        .collect();
    assert_eq!(at, [secs(0), secs(10), secs(50)]);
    let requests = receiver.requests();
    assert_eq!(requests[0].header("x-contract"), Some("ours 1"));
    assert_eq!(requests[1].header("x-contract"), None);
    assert_eq!(requests[1].header("x-renamed"), Some("ours 2"));
    // The first one as it was sent, by the revision that it was made under.
    let shown = world.engine.attempt(delivery.id, 1).await.unwrap();
    let headers = &shown.request.as_ref().unwrap().headers;
    assert!(
        headers.iter().any(|(name, _)| name == "X-Contract"),
        "{headers:?}"
    );
}

#[tokio::test]
async fn a_contract_that_endpoints_have_cannot_be_left_out_and_one_that_none_has_can() {
    let (ours, others) = (contract("ours", "[]", ""), contract("others", "[]", ""));
    let world = World::under(&ours).await;
    let both = set(&[ours.clone(), others.clone()]);
    let changes = world.engine.set_contracts(both).await.unwrap();
    assert_eq!(changes, [ContractChange::Added("others".to_owned())]);
    let receiver = Receiver::start();
    let endpoint = world
        .endpoint_like(&receiver.url("/"), |new: &mut NewEndpoint| {
            new.contract = Some("others".to_owned());
        })
        .await;
    let refused = world
        .engine
        .set_contracts(set(std::slice::from_ref(&ours)))
        .await;
    let Err(EngineError::Conflict(why)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(
        why,
        "endpoints have the contract others, which is left out: put its file back, or delete those endpoints first"
    );
    assert!(world.engine.contracts().get_known("others").is_some());
    world.publish(1).await;
    world.settle().await;
    assert_eq!(world.states().await, [DeliveryState::Delivered]);
    world
        .engine
        .delete_endpoint(&somebody(), endpoint.id)
        .await
        .unwrap();
    let changes = world.engine.set_contracts(set(&[ours])).await.unwrap();
    assert_eq!(changes, [ContractChange::Removed("others".to_owned())]);
}

#[tokio::test]
async fn a_contract_that_comes_back_lets_go_what_waited_for_it() {
    let ours = contract("ours", "[]", "");
    let (world, receiver) = (World::under(&ours).await, Receiver::start());
    receiver.always(Behaviour::status(204));
    world.endpoint(&receiver.url("/")).await;
    let world = world.restart_under(&contract("another", "[]", "")).await;
    world.publish(2).await;
    world.settle().await;
    assert_eq!(receiver.requests().len(), 0, "nobody knows its contract");
    let both = set(&[contract("another", "[]", ""), ours]);
    world.engine.set_contracts(both).await.unwrap();
    world.settle().await;
    assert_eq!(receiver.requests().len(), 2);
}

#[tokio::test]
async fn a_catalogue_that_closes_or_opens_counts_from_the_next_event_on() {
    let open = contract("ours", "[]", "");
    let listed = "[[event_type]]\nname = \"only.this\"\ndescription = \"One\"\n";
    let closed =
        contract("ours", "[]", listed).replace("[request]", "catalogue = \"closed\"\n[request]");
    let (world, receiver) = (World::under(&open).await, Receiver::start());
    world.endpoint(&receiver.url("/")).await;
    let another = contract("another", "[]", "");
    let sets = [closed, open].map(|text| set(&[another.clone(), text]));
    world.publish(1).await;
    world
        .engine
        .set_contracts(Arc::clone(&sets[0]))
        .await
        .unwrap();
    world.publish(1).await;
    world.settle().await;
    assert_eq!(world.deliveries().await.len(), 1, "a.b is not listed");
    world
        .engine
        .set_contracts(Arc::clone(&sets[1]))
        .await
        .unwrap();
    world.publish(1).await;
    world.settle().await;
    assert_eq!(world.deliveries().await.len(), 2);
}

#[tokio::test]
async fn a_contract_that_signs_with_the_services_key_gets_one_when_it_comes() {
    let ours = contract("ours", "[]", "");
    let world = World::under(&ours).await;
    let keyed = contract(
        "keyed",
        "[]",
        "[[signature]]\nalgorithm = \"ed25519\"\nkey = \"service\"\nsigned = \"{body}\"\nencoding = \"base64\"\n\
         header = \"X-Service\"\n",
    );
    assert!(world.engine.verification_keys("keyed").is_empty());
    let both = set(&[ours, keyed]);
    world.engine.set_contracts(Arc::clone(&both)).await.unwrap();
    let keys = world.engine.verification_keys("keyed");
    assert_eq!(keys.len(), 1);
    let receiver = Receiver::start();
    world
        .endpoint_like(&receiver.url("/"), |new| {
            new.contract = Some("keyed".to_owned())
        })
        .await;
    world.publish(1).await;
    world.settle().await;
    assert!(receiver.requests()[0].header("x-service").is_some());
    world.engine.set_contracts(both).await.unwrap();
    assert_eq!(
        world.engine.verification_keys("keyed"),
        keys,
        "none is made twice"
    );
}

#[tokio::test]
async fn slots_and_requests_at_once_follow_the_limits_in_force() {
    let (world, receiver) = (World::new().await, Receiver::start());
    receiver.script([Behaviour::status(204)]);
    receiver.always(Behaviour::Hang);
    world.endpoint(&receiver.url("/")).await;
    // Its lane is proven by an answer.
    world.publish(1).await;
    world.settle().await;
    let less = EngineLimits {
        concurrency: 40,
        concurrency_per_endpoint: 1,
        ..limits()
    };
    world.engine.set_limits(less).await;
    world.publish(3).await;
    let full = |lanes: &LanesSnapshot| lanes.lanes.iter().all(|lane| lane.at_limit);
    let one = world.watch("its one request is out", full).await;
    assert_eq!((one.slots_in_use, one.slots_total), (1, 40));
    world.engine.set_limits(limits()).await;
    let all = |lanes: &LanesSnapshot| lanes.slots_in_use == 3;
    let lanes = world.watch("the others are out as well", all).await;
    assert_eq!(lanes.slots_total, 2_048);
    assert_eq!(world.engine.concurrency_per_endpoint(), 8);
}

#[tokio::test]
async fn endpoints_that_only_fail_are_judged_by_the_policy_in_force() {
    let hourly = r#"["1h", "1h", "1h", "1h", "1h", "1h"]"#;
    let world = World::make(Making {
        ladder: hourly,
        ..Making::default()
    })
    .await;
    let receiver = Receiver::start();
    receiver.always(Behaviour::status(500));
    let endpoint = world.endpoint(&receiver.url("/")).await;
    world.publish(1).await;
    world.run_until(START + secs(3 * 3_600 + 1)).await;
    let failing = FailingPolicy {
        warn: Vec::new(),
        disable: Some(Duration::from_hours(4)),
    };
    let strict = EngineLimits {
        failing: Arc::new(failing),
        ..limits()
    };
    world.engine.set_limits(strict).await;
    let now = world.engine.endpoint(endpoint.id).await.unwrap();
    assert_eq!(now.status.as_str(), "active");
    world.run_until(START + secs(4 * 3_600 + 1)).await;
    let then = world.engine.endpoint(endpoint.id).await.unwrap();
    assert_eq!(then.status.as_str(), "disabled");
}
