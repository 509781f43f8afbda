//! The ladders of published contracts on virtual time: real actors, sockets and files, exact instants.

use std::sync::Arc;
use std::time::Duration;

use hookyard::domain::delivery::{DeadReason, DeliveryState};
use hookyard::domain::endpoint_draft::{NewEndpoint, RetryRequest};
use hookyard::domain::retry::RetrySteps;
use hookyard::domain::time::Timestamp;
use hookyard::transport::{HttpTransport, TransportOptions};

use crate::support::receiver::Receiver;
use crate::support::receiver_answer::{Answer, Behaviour};
use crate::support::receiver_tls::Authority;
use crate::support::world::{Making, START, World};
use crate::transport::harness::loopback;

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A world that speaks this contract, and a receiver behind https that it trusts.
async fn speaking(contract: &'static str) -> (World, Receiver) {
    let authority = Authority::new();
    let transport = HttpTransport::new(TransportOptions {
        targets: loopback(),
        extra_roots: vec![authority.roots_file()],
        ..TransportOptions::default()
    });
    let world = World::make(Making {
        contract: Some(contract),
        transport: Some(Arc::new(transport.unwrap())),
        ..Making::default()
    })
    .await;
    let receiver = Receiver::start_tls(authority.valid(&["127.0.0.1"]));
    (world, receiver)
}

/// Publishes one event and gives the seconds from the start to each of its attempts, and how it ended.
async fn attempts(
    contract: &'static str,
    answers: impl IntoIterator<Item = Behaviour>,
    change: impl FnOnce(&mut NewEndpoint),
) -> (Vec<Duration>, DeliveryState) {
    let (world, receiver) = speaking(contract).await;
    receiver.always(Behaviour::status(500));
    receiver.script(answers);
    world.endpoint_like(&receiver.url("/"), change).await;
    world.publish_object().await;
    world.run_until(START + secs(4 * 86_400)).await;
    let delivery = world.deliveries().await.remove(0);
    let attempts = world.engine.attempts(delivery.id).await.unwrap();
    let since_start = |at: Timestamp| at.since(START);
    let starts = attempts
        .iter()
        .map(|attempt| since_start(attempt.started_at));
    (starts.collect(), delivery.state)
}

fn seconds(all: &[u64]) -> Vec<Duration> {
    all.iter().copied().map(secs).collect()
}

const EXHAUSTED: DeliveryState = DeliveryState::Dead(DeadReason::Exhausted);

#[tokio::test]
async fn ladders_without_jitter_are_exact() {
    let agentfactory = attempts("agentfactory", [], |_| {}).await;
    assert_eq!(agentfactory, (seconds(&[0, 60, 360, 2_160]), EXHAUSTED));
    let taskhub = attempts("taskhub", [], |_| {}).await;
    assert_eq!(taskhub, (seconds(&[0, 5, 30, 155]), EXHAUSTED));
}

#[tokio::test]
async fn an_endpoint_may_ask_for_ten_retries_and_each_waits_at_most_the_cap() {
    let ten = |new: &mut NewEndpoint| {
        new.retry = RetryRequest {
            retries: Some(10),
            ..RetryRequest::default()
        };
    };
    let (starts, state) = attempts("taskhub", [], ten).await;
    let mut expected = vec![Duration::ZERO];
    let mut at = 0;
    for delay in [5, 25, 125, 625, 3_125, 3_600, 3_600, 3_600, 3_600, 3_600] {
        at += delay;
        expected.push(secs(at));
    }
    assert_eq!((starts, state), (expected, EXHAUSTED));
}

#[tokio::test]
async fn a_retry_that_would_start_behind_the_window_is_not_made() {
    let slow = |new: &mut NewEndpoint| {
        new.retry = RetryRequest {
            steps: Some(RetrySteps::Ladder(vec![secs(20 * 3_600), secs(5 * 3_600)])),
            ..RetryRequest::default()
        };
    };
    let (starts, state) = attempts("agentfactory", [], slow).await;
    assert_eq!(starts, seconds(&[0, 72_000]));
    assert_eq!(state, DeliveryState::Dead(DeadReason::Expired));
}

#[tokio::test]
async fn retry_after_counts_in_both_forms_and_never_shortens_a_step() {
    let wait = |text: &str| Behaviour::Answer(Answer::status(503).header("Retry-After", text));
    // The world starts at 10:18:00.250.
    let answers = [wait("90"), wait("Mon, 13 Apr 2026 10:22:00 GMT"), wait("1")];
    let (starts, state) = attempts("taskhub", answers, |_| {}).await;
    let date = secs(240) - Duration::from_millis(250);
    assert_eq!(starts, [secs(0), secs(90), date, date + secs(125)]);
    assert_eq!(state, EXHAUSTED);
}

#[tokio::test]
async fn retry_after_is_capped_at_ten_hours() {
    let answer = Answer::status(429).header("Retry-After", "864000");
    let (starts, _) = attempts("taskhub", [Behaviour::Answer(answer)], |_| {}).await;
    assert_eq!(starts[1], secs(36_000));
}

#[tokio::test]
async fn a_410_is_a_failure_like_any_other_where_the_contract_says_so() {
    let gone = [Behaviour::status(410)];
    let (starts, state) = attempts("agentfactory", gone, |_| {}).await;
    assert_eq!((starts.len(), state), (4, EXHAUSTED));
    let gone = [Behaviour::status(410)];
    let (starts, state) = attempts("standard", gone, |_| {}).await;
    assert_eq!(starts.len(), 1);
    assert_eq!(state, DeliveryState::Dead(DeadReason::Gone));
}

#[tokio::test]
async fn a_success_outside_the_contracts_list_is_a_failure() {
    let created = || [Behaviour::status(201)];
    let (starts, _) = attempts("agentfactory", created(), |_| {}).await;
    assert_eq!(starts.len(), 4);
    let (starts, state) = attempts("taskhub", created(), |_| {}).await;
    assert_eq!((starts.len(), state), (1, DeliveryState::Delivered));
}

#[tokio::test]
async fn a_contracts_rate_limit_holds_for_its_endpoints() {
    let (world, receiver) = speaking("taskhub").await;
    world.endpoint(&receiver.url("/")).await;
    for _ in 0..61 {
        world.publish_object().await;
    }
    world.run_until(START + secs(59)).await;
    assert_eq!(receiver.requests().len(), 60);
    world.run_until(START + secs(61)).await;
    assert_eq!(receiver.requests().len(), 61);
}
