//! `/v1/notes`: what operators write down, kept in the audit log.

use serde_json::{Value, json};

use super::http::Ask;
use super::service::Service;

async fn add(service: &Service, target: &str, note: &str) -> Value {
    let body = json!({"target": target, "note": note}).to_string();
    service.ask(Ask::post("/v1/notes", &body)).await.expect(201)
}

async fn list(service: &Service, target: &str) -> Value {
    let path = format!("/v1/notes?target={target}");
    service.ask(Ask::get(&path)).await.expect(200)
}

/// An endpoint where nothing is, an event for it, its delivery, and the cause of its failure.
async fn scene(service: &Service) -> [String; 4] {
    let endpoint = service
        .endpoint(json!({"url": "http://127.0.0.1:9/", "retry": {"ladder": []}}))
        .await;
    let event = service.publish(json!({"type": "a.b", "data": 1})).await;
    let mut stream = service.client().stream("deliveries").await.unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let path = format!("/v1/events/{}/deliveries", text(&event["id"]));
    loop {
        let listed = service.ask(Ask::get(&path)).await.expect(200);
        let delivery = &listed["items"][0];
        if let Some(cause) = delivery["cause"].as_str() {
            return [
                text(&delivery["id"]),
                text(&endpoint["id"]),
                text(&event["id"]),
                cause.to_owned(),
            ];
        }
        stream.next().await.unwrap();
    }
}

#[tokio::test]
async fn a_note_about_anything_is_in_the_audit_log_and_listed_newest_first() {
    let service = Service::start().await;
    let targets = scene(&service).await;
    let actions = ["delivery.note", "endpoint.note", "event.note", "cause.note"];
    for (target, action) in targets.iter().zip(actions) {
        let first = add(&service, target, "told them \u{1b}[2J").await;
        assert_eq!(
            (&first["count"], &first["target"]),
            (&json!(1), &json!(target))
        );
        let second = add(&service, target, "they mended it").await;
        assert_eq!(second["count"], 2);
        let listed = list(&service, target).await;
        assert_eq!(listed, second);
        let newest = &listed["items"][0];
        assert_eq!(
            (&newest["note"], &newest["via"]),
            (&json!("they mended it"), &json!("socket"))
        );
        assert_eq!(listed["items"][1]["note"], "told them \u{1b}[2J");
        let path = format!("/v1/audit?target={target}&what={action}");
        let audited = service.ask(Ask::get(&path)).await.expect(200);
        let entries = audited["items"].as_array().unwrap();
        assert_eq!(entries.len(), 2, "{audited}");
        assert_eq!(entries[0]["who"], newest["who"]);
        assert_eq!(entries[0]["note"], newest["note"]);
    }
    let one = format!("/v1/notes?target={}&limit=1", targets[0]);
    let one = service.ask(Ask::get(&one)).await.expect(200);
    assert_eq!(
        (&one["count"], one["items"].as_array().map(Vec::len)),
        (&json!(2), Some(1))
    );
}

#[tokio::test]
async fn what_cannot_be_noted_is_refused_with_the_remedy() {
    let service = Service::start().await;
    let made = service
        .endpoint(json!({"url": "http://127.0.0.1:9/"}))
        .await;
    let id = made["id"].as_str().unwrap();
    let long = "x".repeat(501);
    for (target, note, status, words) in [
        (id, " ", 422, "the note is missing"),
        (
            id,
            &*long,
            422,
            "the note has 501 characters: at most 500 are kept",
        ),
        (
            "acme",
            "x",
            422,
            "is nothing that notes can be about: expected the id of a delivery (dlv_…), an endpoint (ep_…), an event (evt_…) or a cause (twelve hexadecimal digits of `hookyard dead causes`)",
        ),
        ("dlv_0000000000001", "x", 404, "dlv_0000000000001"),
        ("ep_0000000000001", "x", 404, "ep_0000000000001"),
        ("evt_0000000000001", "x", 404, "evt_0000000000001"),
        ("00000000000a", "x", 404, "00000000000a"),
    ] {
        let body = json!({"target": target, "note": note}).to_string();
        let refused = service.ask(Ask::post("/v1/notes", &body)).await;
        assert_eq!(refused.status, status, "{target}: {}", refused.body);
        assert!(refused.body.contains(words), "{target}: {}", refused.body);
    }
    let refused = service.ask(Ask::get("/v1/notes?target=acme")).await;
    assert_eq!(refused.status, 400, "{}", refused.body);
    assert_eq!(list(&service, id).await["count"], 0);
}

#[tokio::test]
async fn viewers_read_notes_and_write_none_and_a_tenant_sees_its_own() {
    let service = Service::start().await;
    let made = service
        .endpoint(json!({"url": "http://127.0.0.1:9/", "tenant": "acme"}))
        .await;
    let id = made["id"].as_str().unwrap();
    add(&service, id, "told them").await;
    let body = json!({"target": id, "note": "x"}).to_string();
    let path = format!("/v1/notes?target={id}");
    let viewer = service.token("viewer", None).await;
    let read = service.ask_as(&viewer, Ask::get(&path)).await.expect(200);
    assert_eq!(read["count"], 1);
    let refused = service.ask_as(&viewer, Ask::post("/v1/notes", &body)).await;
    assert_eq!(refused.status, 403, "{}", refused.body);
    let own = service.token("operator", Some("acme")).await;
    let written = service.ask_as(&own, Ask::post("/v1/notes", &body)).await;
    assert_eq!(written.expect(201)["count"], 2);
    let other = service.token("operator", Some("other")).await;
    for ask in [Ask::get(&path), Ask::post("/v1/notes", &body)] {
        assert_eq!(service.ask_as(&other, ask).await.status, 404);
    }
    let cause = service
        .ask_as(&own, Ask::get("/v1/notes?target=00000000000a"))
        .await;
    assert_eq!(cause.status, 403, "{}", cause.body);
}
