//! Endpoints that do nothing but fail: warned of, disabled in the end, and never in silence.

use std::sync::Arc;
use std::time::Duration;

use hookyard::clock::Clock as _;
use hookyard::domain::delivery::DeliveryState;
use hookyard::domain::endpoint::{DisabledReason, Endpoint, EndpointStatus};
use hookyard::domain::failing::FailingPolicy;
use hookyard::domain::operational::{Fact, FactKind};
use hookyard::domain::time::Timestamp;
use hookyard::engine::EngineOptions;
use hookyard::store::Changes;
use tokio::sync::broadcast::Receiver as Subscription;

use crate::support::receiver::Receiver;
use crate::support::receiver_answer::Behaviour;
use crate::support::world::{Making, START, World, somebody};

use FactKind::{EndpointDisabled, EndpointFailing, EndpointRecovered};

/// A retry every eight hours, for longer than any endpoint may fail.
const EVERY_8_HOURS: &str = r#"["8h","8h","8h","8h","8h","8h","8h","8h","8h","8h","8h","8h","8h","8h","8h","8h","8h",
    "8h","8h","8h","8h","8h","8h","8h","8h","8h","8h","8h","8h","8h","8h","8h","8h","8h","8h","8h","8h","8h","8h",
    "8h"]"#;

fn hours(hours: u64) -> Duration {
    Duration::from_hours(hours)
}

async fn world() -> World {
    World::make(Making {
        ladder: EVERY_8_HOURS,
        ..Making::default()
    })
    .await
}

/// The facts that were told since the last look.
fn told(changes: &mut Subscription<Arc<Changes>>) -> Vec<Fact> {
    let mut facts = Vec::new();
    while let Ok(change) = changes.try_recv() {
        facts.extend(change.facts.iter().cloned());
    }
    facts
}

/// Lets the world go on hour by hour until then; what is told, with the hours since the start.
async fn watched(world: &World, until: u64) -> Vec<(u64, FactKind)> {
    let mut changes = world.store.subscribe();
    let mut all = Vec::new();
    let now = world.clock.now();
    let mut hour = now.since(START).as_secs() / 3_600;
    while hour < until {
        hour += 1;
        world.run_until(START + hours(hour)).await;
        all.extend(told(&mut changes).iter().map(|fact| (hour, fact.kind)));
    }
    all
}

async fn status(world: &World, endpoint: &Endpoint) -> EndpointStatus {
    world.engine.endpoint(endpoint.id).await.unwrap().status
}

const FAILING: EndpointStatus = EndpointStatus::Disabled {
    reason: DisabledReason::Failing,
};

/// The actions of the audit log about an endpoint, oldest first, with who did them.
async fn audit(world: &World, endpoint: &Endpoint) -> Vec<(String, String)> {
    let subject = endpoint.id.to_string();
    let page = world.store.audit_page(Some(&subject), None, 100).await;
    let entries = page.unwrap().items.into_iter().rev();
    entries
        .map(|entry| (entry.action, entry.actor.who))
        .collect()
}

#[tokio::test]
async fn five_days_of_failures_warn_twice_and_disable_once_over_restarts() {
    let (mut world, bad, good) = (world().await, Receiver::start(), Receiver::start());
    bad.always(Behaviour::status(500));
    let neighbour = world.endpoint(&good.url("/good")).await;
    let endpoint = world.endpoint(&bad.url("/bad")).await;
    world.publish(1).await;
    let mut all = Vec::new();
    for until in [12, 24, 30, 73, 119, 121] {
        all.extend(watched(&world, until).await);
        world = world.crash_and_restart().await;
    }
    let expected = [
        (24, EndpointFailing),
        (72, EndpointFailing),
        (120, EndpointDisabled),
    ];
    assert_eq!(all, expected);
    assert_eq!(status(&world, &endpoint).await, FAILING);
    assert_eq!(bad.requests().len(), 16);

    assert_eq!(watched(&world, 300).await, [], "and that is all");
    world.publish(1).await;
    world.settle().await;
    assert_eq!(bad.requests().len(), 16, "nothing goes out any more");
    let states = world.states().await;
    let (held, delivered) = (DeliveryState::Held, DeliveryState::Delivered);
    assert_eq!(states, [delivered, held, delivered]);
    assert_eq!(status(&world, &neighbour).await, EndpointStatus::Active);
    let service = |action: &str| (action.to_owned(), "hookyard".to_owned());
    let expected = [service("endpoint.create"), service("endpoint.disable")];
    assert_eq!(audit(&world, &endpoint).await, expected);
    assert_eq!(world.ledger_total().await, 3);
}

#[tokio::test]
async fn what_is_told_says_which_endpoint_since_when_and_why() {
    let (world, bad) = (world().await, Receiver::start());
    bad.always(Behaviour::status(503));
    let named = |new: &mut hookyard::domain::endpoint_draft::NewEndpoint| {
        new.name = Some("shop".to_owned());
    };
    let endpoint = world.endpoint_like(&bad.url("/bad"), named).await;
    let mut changes = world.store.subscribe();
    world.publish(1).await;
    world.run_for(hours(24)).await;
    let facts = told(&mut changes);
    let [failing] = facts.as_slice() else {
        panic!("{facts:?}");
    };
    assert_eq!(failing.endpoint_id, Some(endpoint.id));
    let since = START.to_rfc3339_seconds();
    let expected = format!(
        "shop ({}) has had nothing but failures since {since}: it is disabled after 5d of them",
        endpoint.id
    );
    assert_eq!(failing.text, expected);
    let data: serde_json::Value = serde_json::from_str(failing.data.as_str()).unwrap();
    assert_eq!(data["endpoint"]["name"], "shop");
    assert_eq!(data["failing_for"], "1d");
    assert_eq!(data["disabled_after"], "5d");
    let failure = data["last_failure"].as_str().unwrap();
    assert!(failure.starts_with("status: "), "{failure}");
    let ledger = world.store.endpoint_ledger(endpoint.id).await.unwrap();
    assert_eq!(ledger.failing_since, Some(START));
    let counts = world.engine.failing_counts();
    assert_eq!((counts.warned, counts.disabled_failing), (1, 0));
}

#[tokio::test]
async fn a_success_begins_anew_and_is_told() {
    let (world, receiver) = (world().await, Receiver::start());
    let endpoint = world.endpoint(&receiver.url("/")).await;
    receiver.always(Behaviour::status(500));
    world.publish(1).await;
    let first = watched(&world, 97).await;
    assert_eq!(first, [(24, EndpointFailing), (72, EndpointFailing)]);
    receiver.script([Behaviour::ok()]);
    assert_eq!(watched(&world, 105).await, [(104, EndpointRecovered)]);
    let ledger = world.store.endpoint_ledger(endpoint.id).await.unwrap();
    assert_eq!(ledger.failing_since, None);
    world.publish(1).await;
    let again = watched(&world, 105 + 119).await;
    assert_eq!(again, [(129, EndpointFailing), (177, EndpointFailing)]);
    assert_eq!(status(&world, &endpoint).await, EndpointStatus::Active);
    assert_eq!(watched(&world, 226).await, [(225, EndpointDisabled)]);
}

#[tokio::test]
async fn a_clock_that_is_set_disables_nobody_and_spares_nobody() {
    for by_days in [30, -30] {
        let (world, bad) = (world().await, Receiver::start());
        bad.always(Behaviour::status(500));
        let endpoint = world.endpoint(&bad.url("/bad")).await;
        world.publish(1).await;
        assert_eq!(watched(&world, 25).await, [(24, EndpointFailing)]);
        let by_ms = by_days * 86_400_000;
        world.clock.set(world.clock.now().moved_by(by_ms));
        world
            .watch("the clock is followed", |lanes| {
                // Whoever keeps the time may have looked just before it was set: it looks again every second.
                world.clock.advance(Duration::from_secs(1));
                lanes.clock_set_ms == by_ms
            })
            .await;
        let at = |hour: u64| (START + hours(hour)).moved_by(by_ms);
        let ledger = world.store.endpoint_ledger(endpoint.id).await.unwrap();
        assert_eq!(ledger.failing_since, Some(at(0)));
        let mut changes = world.store.subscribe();
        world.run_until(at(71)).await;
        assert_eq!(told(&mut changes), [], "{by_days}");
        world.run_until(at(119)).await;
        let kinds: Vec<_> = told(&mut changes).iter().map(|fact| fact.kind).collect();
        assert_eq!(kinds, [EndpointFailing], "{by_days}");
        world.run_until(at(121)).await;
        assert_eq!(status(&world, &endpoint).await, FAILING, "{by_days}");
    }
}

/// Ten days without the service and ten behind a pause are no evidence against anybody.
#[tokio::test]
async fn time_in_which_nothing_was_sent_counts_for_nothing() {
    let (world, bad) = (world().await, Receiver::start());
    bad.always(Behaviour::status(500));
    let endpoint = world.endpoint(&bad.url("/bad")).await;
    world.publish(1).await;
    assert_eq!(watched(&world, 17).await, []);
    world.stop().await;
    world.clock.advance(hours(240));
    let world = world.start_again().await;
    // The retry of hour 24 goes out now, at 257: of the time since hour 16 one hour counts.
    let somebody = somebody();
    world.settle().await;
    assert_eq!(bad.requests().len(), 4);
    assert_eq!(watched(&world, 264).await, [], "16 + 1 + 7 hours");
    assert_eq!(watched(&world, 266).await, [(265, EndpointFailing)]);
    let paused = world
        .engine
        .pause_endpoint(&somebody, endpoint.id, None, None);
    paused.await.unwrap();
    assert_eq!(watched(&world, 506).await, []);
    let resumed = world.engine.resume_endpoint(&somebody, endpoint.id);
    resumed.await.unwrap();
    // The 25 hours of before go on from here, with a failure at once and every eight hours.
    assert_eq!(watched(&world, 506 + 47).await, []);
    let then = watched(&world, 506 + 96).await;
    assert_eq!(then, [(554, EndpointFailing), (602, EndpointDisabled)]);
}

#[tokio::test]
async fn who_enables_an_endpoint_gives_it_another_five_days() {
    let (world, bad) = (world().await, Receiver::start());
    bad.always(Behaviour::status(500));
    let endpoint = world.endpoint(&bad.url("/bad")).await;
    world.publish(1).await;
    world.run_for(hours(121)).await;
    assert_eq!(status(&world, &endpoint).await, FAILING);
    let somebody = somebody();
    let enabled = world.engine.enable_endpoint(&somebody, endpoint.id);
    enabled.await.unwrap();
    world.settle().await;
    assert_eq!(status(&world, &endpoint).await, EndpointStatus::Active);
    // Its retry was due at hour 128: the first failure of a new run.
    assert_eq!(watched(&world, 153).await, [(152, EndpointFailing)]);
    bad.always(Behaviour::ok());
    assert_eq!(watched(&world, 161).await, [(160, EndpointRecovered)]);
    let counts = world.engine.failing_counts();
    assert_eq!(
        (counts.warned, counts.disabled_failing, counts.recovered),
        (3, 1, 1)
    );
}

#[tokio::test]
async fn automatic_disabling_can_be_switched_off() {
    let options = EngineOptions {
        failing: FailingPolicy {
            disable: None,
            ..FailingPolicy::default()
        },
        ..Making::default().options
    };
    let world = World::make(Making {
        ladder: EVERY_8_HOURS,
        options,
        ..Making::default()
    });
    let (world, bad) = (world.await, Receiver::start());
    bad.always(Behaviour::status(500));
    let endpoint = world.endpoint(&bad.url("/bad")).await;
    world.publish(1).await;
    let warned = [(24, EndpointFailing), (72, EndpointFailing)];
    assert_eq!(watched(&world, 200).await, warned);
    assert_eq!(status(&world, &endpoint).await, EndpointStatus::Active);
}

/// Behind an open breaker only probes go out: they are evidence enough.
#[tokio::test]
async fn probes_in_vain_are_failures_too() {
    let (world, bad) = (World::new().await, Receiver::start());
    bad.always(Behaviour::status(500));
    let endpoint = world.endpoint(&bad.url("/bad")).await;
    world.publish_together(30).await;
    world.run_for(hours(120)).await;
    assert_eq!(status(&world, &endpoint).await, EndpointStatus::Active);
    world.run_for(hours(1)).await;
    assert_eq!(status(&world, &endpoint).await, FAILING);
    assert_eq!(world.states().await, [DeliveryState::Held; 30]);
}

#[tokio::test]
async fn an_endpoint_that_is_gone_is_disabled_at_once_and_told() {
    let (world, gone) = (World::new().await, Receiver::start());
    gone.always(Behaviour::status(410));
    let endpoint = world.endpoint(&gone.url("/gone")).await;
    let mut changes = world.store.subscribe();
    world.publish(1).await;
    world
        .watch("it is disabled", |_| {
            world.engine.failing_counts().disabled_gone == 1
        })
        .await;
    world.settle().await;
    let facts = told(&mut changes);
    let kinds: Vec<_> = facts.iter().map(|fact| fact.kind).collect();
    assert_eq!(kinds, [EndpointDisabled]);
    assert!(facts[0].data.as_str().contains(r#""reason":"gone""#));
    let service = |action: &str| (action.to_owned(), "hookyard".to_owned());
    let expected = [service("endpoint.create"), service("endpoint.disable")];
    assert_eq!(audit(&world, &endpoint).await, expected);
    let now: Timestamp = world.clock.now();
    assert_eq!(facts[0].at, now);
}
