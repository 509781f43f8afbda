//! What passes and what does not, on one delivery that has everything.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Filter, Plan, Subject, shown_state};
use crate::domain::attempt::{Attempt, Failure, FailureClass, Phases, Response};
use crate::domain::delivery::{DeadReason, Delivery, DeliveryState, DiscardReason};
use crate::domain::endpoint::{Endpoint, EndpointStatus, HoldClock};
use crate::domain::event::Event;
use crate::domain::fingerprint::CauseId;
use crate::domain::id::{DeliveryId, EndpointId, EventId, Id};
use crate::domain::json::RawJson;
use crate::domain::tenant::Audience;
use crate::domain::time::Timestamp;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn event() -> Event {
    let data = r#"{"amount": 250, "currency": "EUR", "items": [{"sku": "X-1"}], "tags": ["a", "b"], "paid": true}"#;
    Event {
        id: EventId::from_i64(100),
        key: Some("order-7".parse().unwrap()),
        audience: Audience::Tenantless,
        event_type: "invoice.Paid".parse().unwrap(),
        occurred_at: at("2026-04-13T10:00:00Z"),
        accepted_at: at("2026-04-13T10:00:00Z"),
        attributes: Some(RawJson::parse(r#"{"region": "eu"}"#).unwrap()),
        data: RawJson::parse(data).unwrap(),
        test: false,
    }
}

fn endpoint(status: EndpointStatus) -> Endpoint {
    Endpoint {
        id: EndpointId::from_i64(7),
        tenant: Some("crm.eu".parse().unwrap()),
        name: Some("Acme warehouse".to_owned()),
        url: "https://hooks.Acme.example:8443/in".to_owned(),
        contract: "standard".to_owned(),
        event_types: vec!["*".parse().unwrap()],
        headers: Vec::new(),
        metadata: BTreeMap::from([("team".to_owned(), "billing".to_owned())]),
        ordered: false,
        concurrency: None,
        retry: None,
        rate_limit: None,
        breaker: None,
        breaker_open_since: None,
        timeout: None,
        test_mode: false,
        status,
        hold: HoldClock::default(),
        secrets: Vec::new(),
        created_at: at("2026-01-01T00:00:00Z"),
        updated_at: at("2026-01-01T00:00:00Z"),
        version: 1,
    }
}

fn attempt() -> Attempt {
    Attempt {
        id: Id::from_i64(900),
        delivery_id: DeliveryId::from_i64(500),
        event_id: EventId::from_i64(100),
        endpoint_id: EndpointId::from_i64(7),
        number: 3,
        started_at: at("2026-04-13T11:00:00Z"),
        revision: [0; 32],
        url: "https://hooks.acme.example:8443/in".to_owned(),
        signatures: Vec::new(),
        secret_ids: Vec::new(),
        service_key_ids: Vec::new(),
        body_sha256: [0; 32],
        held_back: None,
        replay_id: None,
        certificate_expires_at: None,
        remote_address: Some("[::ffff:10.1.2.3]:8443".parse().unwrap()),
        phases: Phases {
            total: Duration::from_micros(2_000_900),
            ..Phases::default()
        },
        response: Some(Response {
            status: 503,
            headers: vec![("Retry-After".to_owned(), b"120".to_vec())],
            body: b"sorry: insufficient Funds".to_vec(),
            truncated: false,
        }),
        failure: Some(Failure {
            class: FailureClass::Status,
            text: "the answer was 503 Service Unavailable".to_owned(),
        }),
    }
}

fn delivery(attempt: Option<&Attempt>) -> Delivery {
    Delivery {
        id: DeliveryId::from_i64(500),
        event_id: EventId::from_i64(100),
        event_type: "invoice.Paid".parse().unwrap(),
        endpoint_id: EndpointId::from_i64(7),
        state: DeliveryState::Pending,
        attempts: 3,
        budget_attempts: attempt.map_or(0, |_| 1),
        budget_started_at: at("2026-04-13T10:00:00Z"),
        held_before_ms: 0,
        next_attempt_at: None,
        last_attempt: attempt.map(Attempt::summary),
        cause: attempt.map(|_| CauseId::from_i64(0x9f)),
        test: false,
        created_at: at("2026-04-13T10:00:00Z"),
        updated_at: at("2026-04-13T10:00:00Z"),
        replay_id: None,
    }
}

/// Noon: two hours after creation, one after the latest attempt.
fn passes(text: &str, status: EndpointStatus, tried: bool) -> bool {
    let (event, endpoint, attempt) = (event(), endpoint(status), attempt());
    let delivery = delivery(tried.then_some(&attempt));
    let mut subject = Subject::new(&delivery, &endpoint, tried).with_event(&event);
    if tried {
        subject = subject.with_attempt(&attempt);
    }
    let filter = Filter::parse(text).unwrap_or_else(|errors| panic!("{text}: {errors}"));
    filter.matches(at("2026-04-13T12:00:00Z"), &subject)
}

const TRUE_OF_IT: [&str; 87] = [
    "",
    "invoice",
    "Paid",
    "acme",
    "warehouse",
    "crm",
    "dlv_",
    "invoice.*",
    "ep_0000000000007",
    "id:dlv_*",
    "id:evt_0000000000034",
    "event:order-7",
    "event:invoice.paid",
    "event:evt_0*",
    "type:invoice.Paid",
    "type:INVOICE.paid or type:invoice.p?id",
    "type:/^invoice\\.P/",
    "type=~paid or type=~Paid",
    "type:/PAID/i",
    "ep:\"acme warehouse\"",
    "ep:acme*",
    "ep:Acme*",
    "ep:ep_0*",
    "tenant:crm.*",
    "contract:standard",
    "host:hooks.acme.example",
    "host:*.example",
    "metadata.team:billing",
    "state:pending",
    "state:retrying",
    "state:inflight",
    "-state:held",
    "status:503",
    "status:5xx",
    "status:500..503",
    "status>=503",
    "status:err",
    "status:status",
    "class:status",
    "class:any",
    "try:3",
    "try>2",
    "try<=3",
    "try:1,2..4",
    "lat>=2s",
    "lat:2s",
    "lat:1s..3s",
    "age:2h",
    "age>1h",
    "age<121m",
    "at:2026-04-13",
    "at<2026-04-14",
    "at>2026-04-12",
    "at>=2026-04-13",
    "at<=2026-04-13T10:00:00Z",
    "at:2026-04-12..2026-04-13",
    "last:1h",
    "last:2h",
    "last>59m",
    "last:1h..1h",
    "size>100",
    "size<1kb",
    "ip:10.0.0.0/8",
    "ip:10.1.2.3",
    "test:no",
    "header.retry-after:120",
    "header.Retry-After>=120",
    "header.retry-after:/^1/",
    "body.data.amount>=250",
    "body.data.amount:250",
    "body.data.amount:200..300",
    "body.data.currency:EUR",
    "body.data.currency:e*",
    "body.data.items.0.sku:X-1",
    "body.data.tags:b",
    "body.data.paid:true",
    "body.region:eu",
    "body.data.amount:*",
    "\"insufficient funds\"",
    "text:\"service unavailable\"",
    "text:\"X-1\"",
    "text:region",
    "text:/insuff.+unds/i",
    "-ep:beta",
    "ep!=beta",
    "ep:beta or type:invoice.*",
    "state:pending (try:1 or try:3) -test:yes",
];

#[test]
fn a_delivery_that_has_everything_passes_what_is_true_of_it() {
    for text in TRUE_OF_IT {
        assert!(passes(text, EndpointStatus::Active, true), "{text}");
    }
}

#[test]
fn and_does_not_pass_what_is_not() {
    for text in [
        "invoices",
        "PAID",
        "beta",
        "dlv_1",
        "evt_z",
        "id:dlv_0000000000001",
        "event:order",
        "type:invoice",
        "type:invoice.PAID",
        "type:/^Invoice/",
        "ep:acme",
        "ep:ACME*",
        "ep:ep_1*",
        "tenant:crm",
        "contract:std",
        "host:example",
        "metadata.team:bill",
        "metadata.owner:*",
        "state:held",
        "state:dead,delivered,discarded",
        "status:200",
        "status:4xx",
        "status>503",
        "status:timeout",
        "status:none",
        "class:tls",
        "try:2",
        "try<3",
        "try>3",
        "lat>2s",
        "lat<2s",
        "age<2h",
        "age>2h",
        "at<2026-04-13",
        "at>2026-04-13",
        "at:2026-04-14",
        "last:59m",
        "last>1h",
        "size<100",
        "ip:11.0.0.0/8",
        "test:yes",
        "header.retry-after>120",
        "header.x:*",
        "body.data.amount>250",
        "body.data.amount:25",
        "body.data.currency:eUR",
        "body.data.tags:c",
        "body.data.items:*",
        "body.data.currency>1",
        "body.amount:*",
        "body.data.items.1.sku:*",
        "text:\"INSUFFICIENT\"",
        "-ep:acme*",
        "ep!=acme*",
        "invoice beta",
        "-(invoice or beta)",
    ] {
        assert!(!passes(text, EndpointStatus::Active, true), "{text}");
    }
}

#[test]
fn what_was_never_tried_fails_every_test_of_an_attempt_and_passes_its_negation() {
    for text in [
        "status:5xx",
        "status<600",
        "status:err",
        "class:any",
        "lat>0s",
        "lat<1h",
        "ip:0.0.0.0/0",
        "header.retry-after:*",
        "text:sorry",
        "state:retrying",
        "state:inflight",
    ] {
        assert!(!passes(text, EndpointStatus::Active, false), "{text}");
        assert!(
            passes(&format!("-{text}"), EndpointStatus::Active, false),
            "-{text}"
        );
    }
    assert!(passes("status:none", EndpointStatus::Active, false));
    assert!(passes("last:2h -last:119m", EndpointStatus::Active, false));
}

#[test]
fn held_and_discarded_are_derived_from_the_endpoint() {
    let paused = || EndpointStatus::Paused {
        until: None,
        reason: None,
    };
    assert!(passes(
        "state:held -state:pending -state:retrying",
        paused(),
        true
    ));
    assert!(passes(
        "state:discarded -state:pending",
        EndpointStatus::Deleted,
        true
    ));
    assert_eq!(
        shown_state(DeliveryState::Pending, &EndpointStatus::Deleted),
        DeliveryState::Discarded(DiscardReason::EndpointDeleted)
    );
    let dead = DeliveryState::Dead(DeadReason::Gone);
    assert_eq!(shown_state(dead, &paused()), dead);
}

#[test]
fn a_plan_knows_how_far_back_its_filter_reaches() {
    let now = at("2026-04-13T12:00:00Z");
    let since = |text: &str| Plan::of(&Filter::parse(text).unwrap()).created_since(now);
    assert_eq!(
        since("age<2h state:dead"),
        Some(at("2026-04-13T10:00:00.001Z"))
    );
    assert_eq!(since("at:2026-04-12 or x"), None);
    assert_eq!(since("at:2026-04-12"), Some(at("2026-04-12T00:00:00Z")));
    assert_eq!(
        since("at>2026-04-10 age<=1h text:x"),
        Some(at("2026-04-13T11:00:00Z"))
    );
    for unbounded in [
        "",
        "age>1h",
        "-age<1h",
        "at<2026-04-12",
        "last:1h",
        "state:dead",
    ] {
        assert_eq!(since(unbounded), None, "{unbounded}");
    }
}
