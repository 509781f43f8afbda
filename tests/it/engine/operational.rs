//! Operational events: told to those who ask for them, once, and never about themselves.

use std::time::Duration;

use hookyard::domain::breaker::BreakerOverride;
use hookyard::domain::delivery::DeliveryState;
use hookyard::domain::endpoint::{DisabledReason, Endpoint, EndpointStatus};
use hookyard::domain::endpoint_draft::NewEndpoint;
use hookyard::domain::event::NewEvent;
use hookyard::domain::id::PlanId;
use hookyard::domain::replay::Settings;
use hookyard::domain::tenant::Audience;
use hookyard::engine::{EngineError, PageRequest, Selection};

use crate::support::receiver::Receiver;
use crate::support::receiver_answer::Behaviour;
use crate::support::world::{Making, START, World, event, somebody};

const EVERY_8_HOURS: &str =
    r#"["8h","8h","8h","8h","8h","8h","8h","8h","8h","8h","8h","8h","8h","8h","8h","8h","8h"]"#;

fn hours(hours: u64) -> Duration {
    Duration::from_hours(hours)
}

async fn world(ladder: &'static str) -> World {
    World::make(Making {
        ladder,
        ..Making::default()
    })
    .await
}

/// An endpoint that asks for these types, without a breaker.
async fn asking(world: &World, url: &str, types: &[&str]) -> Endpoint {
    let types = types.iter().map(|&text| text.to_owned()).collect();
    let change = |new: &mut NewEndpoint| {
        new.event_types = Some(types);
        new.breaker = Some(BreakerOverride {
            enabled: Some(false),
            ..BreakerOverride::default()
        });
    };
    world.endpoint_like(url, change).await
}

/// What an endpoint was to be told, oldest first: the types of its deliveries.
async fn types_for(world: &World, endpoint: &Endpoint) -> Vec<String> {
    let deliveries = world.deliveries().await;
    let own = deliveries
        .iter()
        .filter(|delivery| delivery.endpoint_id == endpoint.id);
    own.map(|delivery| delivery.event_type.to_string())
        .collect()
}

/// The types of all events, oldest first.
async fn event_types(world: &World) -> Vec<String> {
    let page = world
        .engine
        .events(None, None, PageRequest::default())
        .await;
    let events = page.unwrap().items.into_iter().rev();
    events.map(|event| event.event_type.to_string()).collect()
}

fn bodies(receiver: &Receiver) -> Vec<serde_json::Value> {
    let requests = receiver.requests();
    let body = |body: &[u8]| serde_json::from_slice(body).unwrap();
    requests.iter().map(|request| body(&request.body)).collect()
}

#[tokio::test]
async fn who_asks_is_told_of_an_endpoint_that_fails_once_and_over_restarts() {
    let (mut world, bad, desk) = (
        world(EVERY_8_HOURS).await,
        Receiver::start(),
        Receiver::start(),
    );
    bad.always(Behaviour::status(500));
    let failing = world.endpoint(&bad.url("/bad")).await;
    let told = asking(&world, &desk.url("/desk"), &["hookyard.endpoint.*"]).await;
    world.publish(1).await;
    for _ in 0..11 {
        world.run_for(hours(11)).await;
        world = world.crash_and_restart().await;
    }
    desk.wait_until("all is told", |desk| desk.requests().len() == 3)
        .await;
    world.settle().await;
    let expected = [
        "hookyard.endpoint.failing",
        "hookyard.endpoint.failing",
        "hookyard.endpoint.disabled",
    ];
    assert_eq!(types_for(&world, &told).await, expected);
    assert_eq!(
        types_for(&world, &failing).await,
        ["a.b"],
        "who wants everything is told nothing, and nobody is told of itself"
    );
    let bodies = bodies(&desk);
    assert_eq!(bodies.len(), 3);
    for body in &bodies {
        assert_eq!(body["endpoint"]["id"], failing.id.to_string());
    }
    assert_eq!(bodies[2]["reason"], "failing");
    assert_eq!(world.ledger_total().await, 4);
}

#[tokio::test]
async fn where_nobody_asks_no_event_is_made() {
    let (world, bad) = (world("[]").await, Receiver::start());
    bad.always(Behaviour::status(500));
    world.endpoint(&bad.url("/bad")).await;
    world.publish(3).await;
    world.run_for(hours(1)).await;
    assert_eq!(event_types(&world).await, ["a.b"; 3]);
}

/// Three desks that refuse whatever they are told: of their refusals nothing is made, however long it goes on.
#[tokio::test]
async fn what_is_told_in_vain_makes_nothing_more() {
    let world = world(r#"["8h", "8h", "8h", "8h"]"#).await;
    let (bad, deaf) = (Receiver::start(), Receiver::start());
    bad.always(Behaviour::status(500));
    deaf.always(Behaviour::status(500));
    world.endpoint(&bad.url("/bad")).await;
    let mut desks = Vec::new();
    for number in 0..3 {
        let url = deaf.url(&format!("/deaf/{number}"));
        desks.push(asking(&world, &url, &["hookyard.*"]).await);
    }
    world.publish(1).await;
    world.run_for(hours(33)).await;
    for desk in &desks {
        let ledger = world.store.endpoint_ledger(desk.id).await.unwrap();
        assert_eq!(ledger.failing_since, Some(START + hours(24)));
    }
    world.run_for(hours(24 * 20)).await;
    world.settle().await;
    let own = ["hookyard.endpoint.failing", "hookyard.delivery.dead"];
    for desk in &desks {
        assert_eq!(types_for(&world, desk).await, own);
    }
    let states = world.states().await;
    let dead = states
        .iter()
        .filter(|state| matches!(state, DeliveryState::Dead(_)));
    assert_eq!(dead.count(), 7, "all of them: {states:?}");
    assert_eq!(event_types(&world).await, ["a.b", own[0], own[1]]);
    // In silence nobody is left: log, stream and metrics have the desks' own warnings.
    assert_eq!(world.engine.failing_counts().warned, 4);
}

#[tokio::test]
async fn a_desk_that_is_gone_is_told_to_no_other_desk() {
    let world = world("[]").await;
    let (bad, gone, good) = (Receiver::start(), Receiver::start(), Receiver::start());
    bad.always(Behaviour::status(500));
    gone.always(Behaviour::status(410));
    world.endpoint(&bad.url("/bad")).await;
    let desk = asking(&world, &gone.url("/gone"), &["hookyard.*"]).await;
    let other = asking(&world, &good.url("/good"), &["hookyard.*"]).await;
    world.publish(1).await;
    world
        .watch("the desk is disabled", |_| {
            world.engine.failing_counts().disabled_gone == 1
        })
        .await;
    world.settle().await;
    let reason = DisabledReason::Gone;
    let status = world.engine.endpoint(desk.id).await.unwrap().status;
    assert_eq!(status, EndpointStatus::Disabled { reason });
    let told = types_for(&world, &other).await;
    assert_eq!(told, ["hookyard.delivery.dead"]);
}

#[tokio::test]
async fn a_storm_of_deaths_is_told_in_few_events_that_count_them_all() {
    let (world, bad, desk) = (world("[]").await, Receiver::start(), Receiver::start());
    bad.always(Behaviour::status(500));
    let failing = asking(&world, &bad.url("/bad"), &["a.b"]).await;
    asking(&world, &desk.url("/desk"), &["hookyard.delivery.dead"]).await;
    world.publish_together(200).await;
    let counted = |desk: &Receiver| {
        let counts = bodies(desk);
        let counts = counts.iter().map(|body| body["count"].as_u64().unwrap());
        counts.sum::<u64>()
    };
    desk.wait_until("all are told", |desk| counted(desk) == 200)
        .await;
    world.settle().await;
    let told = bodies(&desk);
    for body in &told {
        assert_eq!(body["endpoint"]["id"], failing.id.to_string());
        let named = body["deliveries"].as_array().unwrap();
        assert!(!named.is_empty() && named.len() <= 20);
        assert_eq!(named[0]["reason"], "exhausted");
    }
    assert_eq!(counted(&desk), 200);
}

#[tokio::test]
async fn a_tenants_endpoint_is_told_of_to_the_platform_alone() {
    let (world, bad, desk) = (world("[]").await, Receiver::start(), Receiver::start());
    bad.always(Behaviour::status(500));
    let tenant = || Some("acme".parse().unwrap());
    let of_tenant = world
        .endpoint_like(&bad.url("/"), |new| new.tenant = tenant())
        .await;
    let told = asking(&world, &desk.url("/desk"), &["hookyard.*"]).await;
    let theirs = NewEvent {
        audience: Audience::from_text(Some("acme")).unwrap(),
        ..event(1)
    };
    world.engine.publish(vec![theirs]).await.unwrap();
    desk.wait_until("it is told", |desk| desk.requests().len() == 1)
        .await;
    let types = types_for(&world, &told).await;
    assert_eq!(types, ["hookyard.delivery.dead"]);
    assert_eq!(types_for(&world, &of_tenant).await, ["a.b"]);

    let somebody = somebody();
    let new = NewEndpoint {
        url: bad.url("/"),
        tenant: tenant(),
        event_types: Some(vec!["a.b".to_owned(), "hookyard.endpoint.*".to_owned()]),
        ..NewEndpoint::default()
    };
    let refused = world.engine.create_endpoint(&somebody, new).await;
    let Err(EngineError::Invalid(wrong)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(
        wrong[0].to_string(),
        "/event_types/1: hookyard.endpoint.* goes to endpoints without a tenant, and this one is acme's: leave the \
         pattern out"
    );
}

#[tokio::test]
async fn nobody_else_publishes_under_the_services_own_types() {
    let world = World::new().await;
    let forged = NewEvent {
        event_type: "hookyard.endpoint.disabled".parse().unwrap(),
        ..event(1)
    };
    let refused = world.engine.publish(vec![event(0), forged]).await;
    let Err(EngineError::Invalid(wrong)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(
        wrong[0].to_string(),
        "/1/type: hookyard.endpoint.disabled begins with hookyard., under which the service itself speaks: choose \
         another type"
    );
    assert_eq!(event_types(&world).await, Vec::<String>::new());
}

#[tokio::test]
async fn an_endpoint_that_is_back_and_one_that_somebody_disabled_are_told() {
    let world = world(EVERY_8_HOURS).await;
    let (bad, desk) = (Receiver::start(), Receiver::start());
    bad.always(Behaviour::status(500));
    let endpoint = world.endpoint(&bad.url("/bad")).await;
    asking(&world, &desk.url("/desk"), &["hookyard.*"]).await;
    world.publish(1).await;
    world.run_for(hours(25)).await;
    bad.always(Behaviour::ok());
    world.run_for(hours(8)).await;
    let somebody = somebody();
    let operator = DisabledReason::Operator;
    let disabled = world
        .engine
        .disable_endpoint(&somebody, endpoint.id, operator);
    disabled.await.unwrap();
    desk.wait_until("all is told", |desk| desk.requests().len() == 3)
        .await;
    let told: Vec<_> = event_types(&world).await.split_off(1);
    let expected =
        ["failing", "recovered", "disabled"].map(|word| format!("hookyard.endpoint.{word}"));
    assert_eq!(told, expected);
    assert_eq!(bodies(&desk)[2]["by"], somebody.who);
}

#[tokio::test]
async fn the_end_of_a_replay_is_told_with_what_became_of_it() {
    let (world, receiver, desk) = (world("[]").await, Receiver::start(), Receiver::start());
    receiver.always(Behaviour::status(500));
    asking(&world, &receiver.url("/"), &["a.b"]).await;
    asking(&world, &desk.url("/desk"), &["hookyard.replay.*"]).await;
    world.publish(3).await;
    world.settle().await;
    receiver.always(Behaviour::ok());
    let (somebody, dead) = (somebody(), Selection::Filter("state:dead".to_owned()));
    let plan = world.engine.plan_replay(&somebody, dead).await.unwrap();
    let id = PlanId::from_i64(plan.id.as_i64());
    let started = world
        .engine
        .start_replay(&somebody, id, Settings::default());
    started.await.unwrap();
    world.run_for(Duration::from_mins(5)).await;
    desk.wait_until("it is told", |desk| desk.requests().len() == 1)
        .await;
    let told = bodies(&desk).remove(0);
    assert_eq!(told["replay"]["id"], plan.id.to_string());
    assert_eq!(
        (&told["delivered"], &told["failed"]),
        (&3.into(), &0.into())
    );
    assert_eq!(event_types(&world).await[3..], ["hookyard.replay.finished"]);
}

#[tokio::test]
async fn a_breaker_is_told_of_but_not_that_of_a_desk() {
    let world = World::new().await;
    let (bad, deaf, desk) = (Receiver::start(), Receiver::start(), Receiver::start());
    bad.always(Behaviour::status(500));
    deaf.always(Behaviour::status(500));
    world.endpoint(&bad.url("/bad")).await;
    asking(&world, &desk.url("/desk"), &["hookyard.breaker.*"]).await;
    // Its breaker opens as well, but it might be for what it was told.
    let both = |new: &mut NewEndpoint| {
        new.event_types = Some(vec!["a.b".to_owned(), "hookyard.replay.*".to_owned()]);
    };
    world.endpoint_like(&deaf.url("/deaf"), both).await;
    world.publish_together(30).await;
    world.settle().await;
    assert_eq!(world.engine.lanes().await.unwrap().breakers_opened, 2);
    bad.always(Behaviour::ok());
    world.run_for(Duration::from_mins(10)).await;
    desk.wait_until("all is told", |desk| desk.requests().len() == 2)
        .await;
    let told = event_types(&world).await.split_off(30);
    let expected = ["hookyard.breaker.opened", "hookyard.breaker.closed"];
    assert_eq!(told, expected);
}
