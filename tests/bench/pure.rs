//! How long the pure parts on the way of an event take: `cargo bench --bench pure`.
//!
//! They decide what one core can deliver at best; sockets and disk come on top, and `hookyard bench` measures those.

#![expect(
    clippy::unwrap_used,
    reason = "a bench that cannot set up its input should fail"
)]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use hookyard::domain::address::AddressRules;
use hookyard::domain::breaker::BreakerPolicy;
use hookyard::domain::contract::{ContractSet, RenderInput};
use hookyard::domain::delivery::{Delivery, DeliveryState};
use hookyard::domain::endpoint::{Endpoint, EndpointStatus, HoldClock};
use hookyard::domain::event::{Event, NewEvent};
use hookyard::domain::filter::{Filter, Subject};
use hookyard::domain::id::{AttemptId, DeliveryId, EndpointId, EventId, SecretId, ServiceKeyId};
use hookyard::domain::json::RawJson;
use hookyard::domain::lane::slots::Slots;
use hookyard::domain::lane::{Input, Item, LaneConfig, LaneMachine, Pace, Settlement};
use hookyard::domain::sign::secret::OpenSecret;
use hookyard::domain::sign::service_key::ServiceKey;
use hookyard::domain::tenant::Audience;
use hookyard::domain::time::Timestamp;
use hookyard::server::read_event;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

const NOW: Timestamp = Timestamp::from_millis(1_776_075_480_250);
/// With it the request body comes to about 1 KiB.
const PAD_CHARS: usize = 900;

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    render_and_sign(&mut criterion);
    filter(&mut criterion);
    lane(&mut criterion);
    address(&mut criterion);
    publish(&mut criterion);
    criterion.final_summary();
}

fn data() -> String {
    format!(r#"{{"n":7,"pad":"{}"}}"#, "x".repeat(PAD_CHARS))
}

fn event() -> Event {
    let new = NewEvent {
        key: None,
        audience: Audience::Tenantless,
        event_type: "packet.signed".parse().unwrap(),
        occurred_at: None,
        attributes: None,
        data: RawJson::parse(&data()).unwrap(),
        test: false,
    };
    new.accept(EventId::from_i64(100), NOW)
}

fn endpoint() -> Endpoint {
    Endpoint {
        id: EndpointId::from_i64(7),
        tenant: Some("crm.eu".parse().unwrap()),
        name: Some("Acme warehouse".to_owned()),
        url: "https://hooks.acme.example:8443/in".to_owned(),
        contract: "standard".to_owned(),
        event_types: vec!["*".parse().unwrap()],
        headers: Vec::new(),
        metadata: BTreeMap::new(),
        ordered: false,
        concurrency: None,
        rate_limit: None,
        breaker: None,
        breaker_open_since: None,
        retry: None,
        timeout: None,
        test_mode: false,
        status: EndpointStatus::Active,
        hold: HoldClock::default(),
        secrets: Vec::new(),
        created_at: NOW,
        updated_at: NOW,
        version: 1,
    }
}

/// An event of 1 KiB under each built-in contract: envelope, headers, signatures.
fn render_and_sign(criterion: &mut Criterion) {
    let contracts = ContractSet::built_in("standard").unwrap();
    let event = event();
    let service_keys = [ServiceKey::from_seed(ServiceKeyId::from_i64(4), &[5; 32])];
    let mut group = criterion.benchmark_group("contract");
    for contract in contracts.iter() {
        let secret = contract.new_secret(&[7; 32]);
        let secrets = [OpenSecret::new(SecretId::from_i64(3), secret)];
        let input = RenderInput {
            event: &event,
            endpoint_id: EndpointId::from_i64(7),
            endpoint_url: "https://hooks.acme.example:8443/in",
            endpoint_headers: &[],
            timeout: None,
            delivery_id: DeliveryId::from_i64(8),
            attempt_id: AttemptId::from_i64(9),
            attempt_number: 1,
            attempt_time: NOW,
            secrets: &secrets,
            service_keys: &service_keys,
        };
        let bytes = contract.render(&input).unwrap().body.len();
        group.throughput(Throughput::Bytes(bytes.try_into().unwrap()));
        group.bench_function(
            format!("render and sign 1 KiB: {}", contract.name),
            |bencher| {
                bencher.iter(|| contract.render(black_box(&input)).unwrap());
            },
        );
    }
    group.finish();
}

/// A filter as an operator types it, on one delivery that passes every term.
fn filter(criterion: &mut Criterion) {
    let event = event();
    let endpoint = endpoint();
    let delivery = Delivery {
        id: DeliveryId::from_i64(8),
        event_id: event.id,
        event_type: event.event_type.clone(),
        endpoint_id: endpoint.id,
        state: DeliveryState::Pending,
        attempts: 0,
        budget_attempts: 0,
        budget_started_at: NOW,
        held_before_ms: 0,
        next_attempt_at: None,
        last_attempt: None,
        cause: None,
        test: false,
        created_at: NOW,
        updated_at: NOW,
        replay_id: None,
    };
    let text = "state:pending type:packet.* ep:acme* age<2h -status:5xx";
    let parsed = Filter::parse(text).unwrap();
    let subject = Subject::new(&delivery, &endpoint, false).with_event(&event);
    assert!(parsed.matches(NOW, &subject));
    criterion.bench_function("filter: parse", |bencher| {
        bencher.iter(|| Filter::parse(black_box(text)).unwrap());
    });
    criterion.bench_function("filter: five terms", |bencher| {
        bencher.iter(|| parsed.matches(NOW, black_box(&subject)));
    });
}

/// One delivery's way through its lane: handed over, sent, answered, recorded.
fn lane(criterion: &mut Criterion) {
    let config = LaneConfig {
        ordered: false,
        concurrency: 8,
        held: false,
        deadline: Duration::from_secs(15),
        rate_limit: None,
        breaker: Some(std::sync::Arc::new(BreakerPolicy::default())),
    };
    let endpoint = EndpointId::from_i64(7);
    let mut machine = LaneMachine::new(endpoint, config, NOW, 0, false, std::iter::empty());
    let mut slots = Slots::new(2_048);
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut effects = Vec::new();
    let mut number = 0;
    let mut step = |input| {
        machine.step(NOW, &mut rng, &mut slots, input, &mut effects);
        effects.drain(..).count()
    };
    // The first step asks the store; it has nothing, so that hints are taken from now on.
    assert_eq!(step(Input::Wake), 1);
    step(Input::Loaded(hookyard::domain::lane::Batch {
        epoch: 0,
        due: Vec::new(),
        fresh: Vec::new(),
        due_more: false,
        fresh_more: false,
        next_due: None,
        answered: None,
    }));
    criterion.bench_function("lane: one delivery, three steps", |bencher| {
        bencher.iter(|| {
            number += 1;
            let id = DeliveryId::from_i64(number);
            let sent = step(Input::Handed(vec![Item {
                id,
                attempts: 0,
                budget_attempts: 0,
                budget_started_at: NOW,
                held_before_ms: 0,
                due_at: None,
                payload: (),
            }]));
            assert_eq!(sent, 1);
            let pace = Pace::Well;
            step(Input::Answered { id, pace });
            let settlement = Settlement::Done;
            step(Input::Settled { id, settlement })
        });
    });
}

/// Whether a URL may be a target: a public address and one that is refused.
fn address(criterion: &mut Criterion) {
    let rules = AddressRules::default();
    let public = "https://93.184.215.14:8443/in";
    let metadata = "https://[::ffff:169.254.169.254]/latest";
    assert!(rules.judge_url(public).is_ok());
    assert!(rules.judge_url(metadata).is_err());
    let socket = "93.184.215.14:8443".parse().unwrap();
    criterion.bench_function("address: judge a URL", |bencher| {
        bencher.iter(|| rules.judge_url(black_box(public)).is_ok());
    });
    criterion.bench_function("address: refuse a URL", |bencher| {
        bencher.iter(|| rules.judge_url(black_box(metadata)).is_err());
    });
    criterion.bench_function("address: judge a resolved address", |bencher| {
        bencher.iter(|| rules.judge_socket(black_box(socket)).is_ok());
    });
}

/// The body of a publish call, 1 KiB, to a checked event.
fn publish(criterion: &mut Criterion) {
    let body = format!(r#"{{"type":"packet.signed","data":{}}}"#, data());
    assert!(read_event(body.as_bytes()).is_ok());
    let mut group = criterion.benchmark_group("publish");
    group.throughput(Throughput::Bytes(body.len().try_into().unwrap()));
    group.bench_function("read 1 KiB", |bencher| {
        bencher.iter(|| read_event(black_box(body.as_bytes())).unwrap());
    });
    group.finish();
}
