//! Publishing: one, many, idempotent, confined, and refused when there is no room.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use super::http::Ask;
use super::service::Service;

#[tokio::test]
async fn an_accepted_event_can_be_looked_up_to_the_letter() {
    let service = Service::start().await;
    service
        .endpoint(json!({"url": "http://127.0.0.1:9/", "event_types": ["a.*"], "name": "one"}))
        .await;
    let body =
        r#"{"type":"a.b","data":{"z":1.0,"a" : 1e400,"z":2},"attributes":{"k":"v"},"id":"key-1"}"#;
    let published = service.ask(Ask::post("/v1/events", body)).await.expect(202);
    assert_eq!(
        (&published["deliveries"], &published["duplicate"]),
        (&json!(1), &json!(false))
    );
    let id = published["id"].as_str().unwrap();
    let shown = service.ask(Ask::get(&format!("/v1/events/{id}"))).await;
    assert!(
        shown.body.contains(r#""data":{"z":1.0,"a" : 1e400,"z":2}"#),
        "{}",
        shown.body
    );
    assert!(shown.body.contains(r#""key":"key-1""#), "{}", shown.body);
    let list = service.ask(Ask::get("/v1/events")).await.expect(200);
    assert_eq!(list["items"][0]["id"], id);
    assert_eq!(list["items"][0]["data"], Value::Null);
    let deliveries = service
        .ask(Ask::get(&format!("/v1/events/{id}/deliveries")))
        .await
        .expect(200);
    assert_eq!(deliveries["items"][0]["endpoint_name"], "one");
}

#[tokio::test]
async fn a_key_makes_publishing_idempotent_as_member_and_as_header() {
    let service = Service::start().await;
    service
        .endpoint(json!({"url": "http://127.0.0.1:9/"}))
        .await;
    let first = service
        .publish(json!({"type": "a.b", "data": 1, "id": "k"}))
        .await;
    let again = service
        .ask(Ask::post("/v1/events", r#"{"type":"a.b","data":1}"#).header("idempotency-key", "k"))
        .await
        .expect(202);
    assert_eq!(
        (&again["id"], &again["duplicate"]),
        (&first["id"], &json!(true))
    );
    assert_eq!(again["deliveries"], first["deliveries"]);
    let (status, kind, detail) = service
        .ask(Ask::post(
            "/v1/events",
            r#"{"type":"a.b","data":2,"id":"k"}"#,
        ))
        .await
        .problem();
    assert_eq!((status, kind.as_str()), (409, "conflict"));
    assert!(detail.contains('k'), "{detail}");
    let answer = service
        .ask(Ask::post("/v1/events", r#"{"type":"a.b","data":1}"#).header("idempotency-key", "a b"))
        .await;
    assert_eq!(
        answer.problem().2,
        "the Idempotency-Key header: \"a b\" is not an event id: expected 1 to 128 of A-Z a-z 0-9 _ -"
    );
}

#[tokio::test]
async fn a_batch_is_stored_whole_or_not_at_all() {
    let service = Service::start().await;
    let ndjson = |text: &str| {
        Ask::new("POST", "/v1/events/batch")
            .header("content-type", "application/x-ndjson")
            .body(text)
    };
    let answer = service
        .ask(ndjson(
            "{\"type\":\"a\",\"data\":1}\n{\"type\":\"b c\",\"data\":1}\n{\"type\":\"d\"}\n",
        ))
        .await;
    assert_eq!(answer.problem().0, 422);
    assert_eq!(
        answer.json()["errors"],
        json!([
            {"pointer": "/1/type", "detail": "line 2: \"b c\" is not an event type: expected dotted segments of \
              A-Z a-z 0-9 _ - such as packet.signed, at most 128 characters"},
            {"pointer": "/2/data", "detail": "line 3: data is missing: it is required"},
        ])
    );
    let none = service.ask(Ask::get("/v1/events")).await.expect(200);
    assert_eq!(none["items"], json!([]));

    let stored = service
        .ask(ndjson(
            "{\"type\":\"a\",\"data\":1}\n{\"type\":\"b\",\"data\":2}\n",
        ))
        .await
        .expect(202);
    assert_eq!(stored.as_array().unwrap().len(), 2);
    let array = r#"[{"type":"c","data":3,"id":"c"},{"type":"c","data":3,"id":"c"}]"#;
    let stored = service
        .ask(Ask::post("/v1/events/batch", array))
        .await
        .expect(202);
    assert_eq!(stored[0]["id"], stored[1]["id"]);
    assert_eq!(stored[1]["duplicate"], true);
    let empty = service.ask(Ask::post("/v1/events/batch", "[]")).await;
    assert_eq!(empty.expect(202), json!([]));
    let keyed = service
        .ask(Ask::post("/v1/events/batch", "[]").header("idempotency-key", "x"))
        .await;
    assert_eq!(
        keyed.problem().2,
        "the Idempotency-Key header names one event; in a batch give each event its own id"
    );
}

#[tokio::test]
async fn a_tenants_publisher_publishes_for_its_tenant_only() {
    let service = Service::start().await;
    service
        .endpoint(json!({"url": "http://127.0.0.1:9/", "tenant": "acme"}))
        .await;
    let acme = service.token("publisher", Some("acme")).await;
    let publish =
        |tenant: &str| Ask::post("/v1/events", &format!(r#"{{"type":"a","data":1{tenant}}}"#));
    let published = service.ask_as(&acme, publish("")).await.expect(202);
    assert_eq!(published["deliveries"], 1);
    for (tenant, detail) in [
        (
            r#","tenant":"other""#,
            "this token publishes for tenant acme only, not for other; leave tenant out or use another token",
        ),
        (
            r#","tenant":"*""#,
            "this token publishes for tenant acme only; * takes a token without tenant",
        ),
    ] {
        let (status, _, actual) = service.ask_as(&acme, publish(tenant)).await.problem();
        assert_eq!((status, actual.as_str()), (403, detail));
    }
    let everyone = service.ask(publish(r#","tenant":"*""#)).await.expect(202);
    assert_eq!(everyone["deliveries"], 1);
}

#[tokio::test]
async fn a_full_disk_refuses_publishing_with_507_and_recovers() {
    let free = Arc::new(AtomicU64::new(0));
    let shown = free.clone();
    let service = Service::with(
        move |store| {
            store.free_space = Arc::new(move |_| Ok(shown.load(Ordering::Relaxed)));
            store.free_space_every = std::time::Duration::ZERO;
        },
        |_| {},
    )
    .await;
    let ask = Ask::post("/v1/events", r#"{"type":"a","data":1}"#);
    let refused = service.ask(ask.clone()).await;
    assert_eq!(refused.header("retry-after"), Some("30"));
    let (status, kind, detail) = refused.problem();
    assert_eq!((status, kind.as_str()), (507, "disk-full"));
    assert_eq!(
        detail,
        "free disk is below the reserve; free some space and try again"
    );
    let metrics = service.ask(Ask::get("/metrics")).await.body;
    assert!(
        metrics.contains("hookyard_publishes_refused_total 1\n"),
        "{metrics}"
    );
    free.store(u64::MAX, Ordering::Relaxed);
    service.ask(ask).await.expect(202);
}

#[tokio::test]
async fn a_full_queue_refuses_publishing_for_the_moment() {
    let service = Service::with(|store| store.publishes_waiting_max = 0, |_| {}).await;
    let answer = service
        .ask(Ask::post("/v1/events", r#"{"type":"a","data":1}"#))
        .await;
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(
        answer.problem(),
        (
            503,
            "busy".to_owned(),
            "too much at once; try again in 1 s".to_owned()
        )
    );
}

#[tokio::test]
async fn a_stored_event_can_be_sent_to_an_endpoint_it_never_reached() {
    let service = Service::start().await;
    let published = service.publish(json!({"type": "a.b", "data": 1})).await;
    assert_eq!(published["deliveries"], 0);
    let endpoint = service
        .endpoint(json!({"url": "http://127.0.0.1:9/", "name": "late"}))
        .await;
    let path = format!("/v1/events/{}/deliver", published["id"].as_str().unwrap());
    let body = json!({"endpoint_id": endpoint["id"]}).to_string();
    let made = service.ask(Ask::post(&path, &body)).await.expect(201);
    assert_eq!(made["endpoint_name"], "late");
    assert_eq!(service.ask(Ask::post(&path, &body)).await.problem().0, 409);
}
