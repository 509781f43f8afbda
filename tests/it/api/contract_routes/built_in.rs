//! The built-in contracts on their own routes, as their guides have them: statuses, members and their order.

use serde_json::{Value, json};

use crate::api::http::{Answer, Ask};
use crate::api::service::Service;

/// The members of an object in their order.
fn members(value: &Value) -> Vec<&str> {
    let object = value.as_object().unwrap();
    object.keys().map(String::as_str).collect()
}

/// A service with a token that the platform gave out before.
async fn service() -> Service {
    let service = Service::start().await;
    let body =
        r#"{"name":"customer","role":"consumer","tenant":"c1","value":"consumer-token-0001"}"#;
    service.ask(Ask::post("/v1/tokens", body)).await.expect(201);
    service
}

async fn call(service: &Service, method: &str, path: &str, body: Value) -> Answer {
    let mut ask = Ask::new(method, path);
    if !body.is_null() {
        ask = ask.json(&body.to_string());
    }
    service.ask_as("consumer-token-0001", ask).await
}

#[tokio::test]
async fn agentfactory_answers_member_for_member() {
    let service = service().await;
    let base = "/api/v1/webhooks";
    let body = json!({
        "name": "Mine", "url": "https://127.0.0.1:9/hook", "events": ["agent.created", "usage.limit"],
        "secret": "s3cret", "active": true,
    });
    let created = call(&service, "POST", base, body.clone()).await.expect(201);
    let order = [
        "id",
        "name",
        "url",
        "events",
        "secret",
        "active",
        "created_at",
    ];
    assert_eq!(members(&created), order);
    for name in ["name", "url", "events", "secret", "active"] {
        assert_eq!(created[name], body[name], "{name}");
    }
    let id = created["id"].as_str().unwrap();
    assert!(id.starts_with("webhook_"), "{id}");
    let one = format!("{base}/{id}");
    let shown = ["id", "name", "url", "events", "active", "created_at"];
    let list = call(&service, "GET", base, Value::Null).await.expect(200);
    assert_eq!(members(&list), ["webhooks"]);
    assert_eq!(members(&list["webhooks"][0]), shown);
    let got = call(&service, "GET", &one, Value::Null).await.expect(200);
    assert_eq!(
        (members(&got), &got),
        (shown.to_vec(), &list["webhooks"][0])
    );
    let change = json!({"name": "Ours", "events": ["agent.updated"]});
    let changed = call(&service, "PATCH", &one, change).await.expect(200);
    let order = ["id", "name", "url", "events", "active", "updated_at"];
    assert_eq!(members(&changed), order);
    assert_eq!(
        (&changed["name"], &changed["events"]),
        (&json!("Ours"), &json!(["agent.updated"]))
    );
    let test = json!({"event": "agent.deleted", "test_data": {"agent_id": "a"}});
    let sent = call(&service, "POST", &format!("{one}/test"), test)
        .await
        .expect(200);
    assert_eq!(members(&sent), ["status", "test_event_id"]);
    assert_eq!(sent["status"], "sent");
    let deleted = call(&service, "DELETE", &one, Value::Null).await;
    assert_eq!(
        (deleted.status, deleted.body),
        (200, format!(r#"{{"id":"{id}","deleted":true}}"#))
    );
    let plain = json!({"url": "http://127.0.0.1:9/"});
    let (status, _, detail) = call(&service, "POST", base, plain).await.problem();
    assert_eq!(
        (status, detail.as_str()),
        (
            422,
            "/url: contract agentfactory sends to https URLs only: give an https URL"
        )
    );
}

#[tokio::test]
async fn fed_registers_and_hands_out_the_key_that_it_signs_with() {
    let service = service().await;
    let path = "/api/webhooks/register";
    let body =
        json!({"url": "https://127.0.0.1:9/fed", "events": ["packet.signed"], "verify_key": "..."});
    let created = call(&service, "POST", path, body).await.expect(201);
    let order = [
        "id",
        "url",
        "events",
        "active",
        "created_at",
        "verification_keys",
    ];
    assert_eq!(members(&created), order);
    let keys = created["verification_keys"].as_array().unwrap();
    assert_eq!(keys.len(), 1);
    assert_eq!(members(&keys[0]), ["id", "algorithm", "public_key"]);
    assert_eq!(keys[0]["algorithm"], "ed25519");
    assert!(
        keys[0]["public_key"].as_str().unwrap().starts_with("whpk_"),
        "{keys:?}"
    );
    let listed = service
        .ask(Ask::get("/v1/contracts/fed/keys"))
        .await
        .expect(200);
    assert_eq!(listed["items"][0]["public_key"], keys[0]["public_key"]);
    let missing = call(
        &service,
        "POST",
        path,
        json!({"url": "https://127.0.0.1:9/"}),
    )
    .await;
    let pointers: Vec<Value> = missing.expect(422)["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["pointer"].clone())
        .collect();
    assert_eq!(pointers, ["/events", "/verify_key"]);
}

#[tokio::test]
async fn flowmint_manages_subscriptions_under_its_own_names() {
    let service = service().await;
    let body = json!({
        "endpoint_url": "https://127.0.0.1:9/f", "signing_secret": "replace me", "enabled": true,
        "event_filters": ["container.updated"], "metadata": {"environment": "production"},
    });
    let created = call(
        &service,
        "POST",
        "/api/v1/subscriptions/webhooks",
        body.clone(),
    )
    .await;
    let created = created.expect(201);
    for (name, value) in body.as_object().unwrap() {
        assert_eq!(&created[name], value, "{name}");
    }
    let list = call(&service, "GET", "/api/v1/subscriptions", Value::Null)
        .await
        .expect(200);
    assert_eq!(list["subscriptions"][0]["target_id"], created["target_id"]);
    assert!(
        list["subscriptions"][0].get("signing_secret").is_none(),
        "{list}"
    );
    let one = format!(
        "/api/v1/subscriptions/{}",
        created["target_id"].as_str().unwrap()
    );
    let off = call(&service, "PATCH", &one, json!({"enabled": false}))
        .await
        .expect(200);
    assert_eq!(off["enabled"], false);
    assert_eq!(
        call(&service, "DELETE", &one, Value::Null).await.status,
        200
    );
    assert_eq!(
        call(&service, "DELETE", &one, Value::Null).await.status,
        404
    );
}

#[tokio::test]
async fn taskhub_takes_test_mode_and_retries_and_tells_its_limit() {
    let service = service().await;
    let body = json!({
        "name": "Mine", "url": "https://127.0.0.1:9/t", "events": ["task.completed"], "secret": "k",
        "testMode": true, "maxRetries": 10,
    });
    let answer = call(&service, "POST", "/api/webhooks", body.clone()).await;
    let created = answer.expect(201);
    for (name, value) in body.as_object().unwrap() {
        assert_eq!(&created[name], value, "{name}");
    }
    assert_eq!(answer.header("x-ratelimit-limit"), Some("60"));
    assert_eq!(answer.header("x-ratelimit-remaining"), Some("59"));
    let one = format!("/api/webhooks/{}", created["id"].as_str().unwrap());
    let more = call(&service, "PATCH", &one, json!({"maxRetries": 11})).await;
    assert_eq!(
        more.problem().2,
        "/maxRetries: 11 retries are asked for: contract taskhub allows at most 10"
    );
    let sample = json!({"taskId": "123", "status": "completed"});
    let sent = call(&service, "POST", &format!("{one}/test"), sample.clone())
        .await
        .expect(200);
    let event = format!("/v1/events/{}", sent["eventId"].as_str().unwrap());
    let event = service.ask(Ask::get(&event)).await.expect(200);
    assert_eq!(
        (&event["type"], &event["data"], &event["test"]),
        (&json!("task.completed"), &sample, &json!(true))
    );
    assert_eq!(
        call(&service, "GET", "/api/webhooks", Value::Null)
            .await
            .status,
        200
    );
}

/// One platform registers at a path that, with another method, would be read as another platform's endpoint.
#[tokio::test]
async fn a_path_that_one_contract_spells_out_is_no_endpoint_of_another() {
    let service = service().await;
    let path = "/api/webhooks/register";
    let answer = call(&service, "GET", path, Value::Null).await;
    answer.expect(405);
    assert_eq!(answer.header("allow"), Some("POST"));
    // The same form with another word is an id, and there is no such endpoint.
    let other = call(&service, "GET", "/api/webhooks/other", Value::Null).await;
    other.expect(404);
}
