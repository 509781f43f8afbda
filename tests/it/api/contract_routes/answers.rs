//! What contract routes take and tell: members by the contract's names, in its order.

use serde_json::{Value, json};

use super::{native, path, registered, service};
use crate::api::http::Ask;
use crate::api::service::Service;

/// Whole seconds of UTC: `2026-04-13T10:18:00Z`.
fn assert_whole_seconds(value: &Value) {
    let text = value.as_str().unwrap();
    let shape: String = text
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    assert_eq!(shape, "0000-00-00T00:00:00Z", "{text}");
}

#[tokio::test]
async fn an_endpoint_lives_its_whole_life_under_the_contracts_names_and_order() {
    let service = service().await;
    let token = service.token("consumer", Some("acme")).await;
    let body = r#"{"title":"Quay 1","callback":"http://127.0.0.1:9/a","topics":["ship.sailed","ship.*"],"key":"given","on":true}"#;
    let created = service
        .ask_as(&token, Ask::post("/harbour/hooks", body))
        .await;
    let shown = created.expect(201);
    assert_whole_seconds(&shown["made"]);
    let (id, made) = (
        shown["berth"].as_str().unwrap(),
        shown["made"].as_str().unwrap(),
    );
    assert!(id.starts_with("berth_"), "{id}");
    assert_eq!(
        created.body,
        format!(
            r#"{{"key":"given","berth":"{id}","callback":"http://127.0.0.1:9/a","topics":["ship.sailed","ship.*"],"on":true,"made":"{made}","kind":"berth","version":2}}"#
        )
    );
    assert_eq!(created.header("content-type"), Some("application/json"));
    assert_eq!(created.header("cache-control"), Some("no-store"));

    let got = service.ask_as(&token, Ask::get(&path(&shown))).await;
    let row = format!(
        r#"{{"berth":"{id}","title":"Quay 1","callback":"http://127.0.0.1:9/a","topics":["ship.sailed","ship.*"],"on":true,"dry":false,"again":3,"extra":{{}},"la/bels":{{}},"queue":false,"width":null,"made":"{made}","changed":"{made}"}}"#
    );
    assert_eq!((got.status, got.body), (200, row.clone()));
    let list = service.ask_as(&token, Ask::get("/harbour/hooks")).await;
    assert_eq!(
        (list.status, list.body),
        (200, format!(r#"{{"hooks":[{row}]}}"#))
    );

    let patch =
        Ask::new("PATCH", &path(&shown)).json(r#"{"title":"Quay 2","topics":["crane.stuck"]}"#);
    let changed = service.ask_as(&token, patch).await;
    let when = changed.expect(200)["changed"].clone();
    assert_whole_seconds(&when);
    assert_eq!(
        changed.body,
        format!(r#"{{"berth":"{id}","title":"Quay 2","changed":{when}}}"#)
    );
    let after = native(&service, &shown).await;
    assert_eq!(
        (
            &after["name"],
            &after["event_types"],
            &after["url"],
            &after["contract"],
            &after["tenant"]
        ),
        (
            &json!("Quay 2"),
            &json!(["crane.stuck"]),
            &json!("http://127.0.0.1:9/a"),
            &json!("harbour"),
            &json!("acme")
        )
    );
    deleted_is_gone(&service, &token, &shown).await;
}

async fn deleted_is_gone(service: &Service, token: &str, shown: &Value) {
    let id = shown["berth"].as_str().unwrap();
    let deleted = service
        .ask_as(token, Ask::new("DELETE", &path(shown)))
        .await;
    assert_eq!(
        (deleted.status, deleted.body),
        (200, format!(r#"{{"berth":"{id}","gone":true}}"#))
    );
    for method in ["GET", "PATCH", "DELETE"] {
        let (status, _, detail) = service
            .ask_as(token, Ask::new(method, &path(shown)))
            .await
            .problem();
        assert_eq!(
            (status, detail),
            (404, format!("no endpoint {id} is visible to this caller")),
            "{method}"
        );
    }
    let list = service.ask_as(token, Ask::get("/harbour/hooks")).await;
    assert_eq!(list.body, r#"{"hooks":[]}"#);
}

#[tokio::test]
async fn every_listed_field_goes_in_and_comes_out() {
    let service = service().await;
    let token = service.token("consumer", Some("acme")).await;
    let fields = json!({
        "title": "t", "topics": ["crane.stuck"], "on": false, "dry": true, "again": 4, "queue": true,
        "extra": {"X-More": "1"}, "la/bels": {"team": "blue", "a": ""}, "width": 1,
    });
    let created = registered(&service, &token, fields.clone()).await;
    let shown = service
        .ask_as(&token, Ask::get(&path(&created)))
        .await
        .expect(200);
    for (name, value) in fields.as_object().unwrap() {
        assert_eq!(&shown[name], value, "{name}");
    }
    let cleared = json!({
        "title": null, "topics": [], "again": null, "extra": null, "la/bels": {}, "width": null,
        "callback": null, "key": null, "on": null, "dry": null, "queue": null,
    });
    let patch = Ask::new("PATCH", &path(&created)).json(&cleared.to_string());
    service.ask_as(&token, patch).await.expect(200);
    let shown = service
        .ask_as(&token, Ask::get(&path(&created)))
        .await
        .expect(200);
    for (name, expected) in [
        ("title", json!(null)),
        ("topics", json!(["*"])),
        ("again", json!(3)),
        ("extra", json!({})),
        ("la/bels", json!({})),
        ("width", json!(null)),
        ("callback", json!("http://127.0.0.1:9/")),
        ("on", json!(false)),
        ("dry", json!(true)),
        ("queue", json!(true)),
    ] {
        assert_eq!(shown[name], expected, "{name}");
    }
}

#[tokio::test]
async fn members_that_the_contract_does_not_list_are_ignored_and_so_are_those_nobody_can_set() {
    let service = service().await;
    let token = service.token("consumer", Some("acme")).await;
    let created = registered(
        &service,
        &token,
        json!({"tenant": "other", "contract": "standard", "url": 5, "berth": "berth_x", "made": 1, "title": null}),
    )
    .await;
    assert_ne!(created["berth"], "berth_x");
    assert_eq!(native(&service, &created).await["tenant"], "acme");
    let patch = r#"{"secret":"x","berth":"y","changed":null,"retry":{"ladder":[]},"title":"one","title":"two"}"#;
    let patched = service
        .ask_as(&token, Ask::new("PATCH", &path(&created)).json(patch))
        .await
        .expect(200);
    assert_eq!(
        (&patched["berth"], &patched["title"]),
        (&created["berth"], &json!("two"))
    );
    let query = format!("{}?unknown=1", path(&created));
    service.ask_as(&token, Ask::get(&query)).await.expect(200);
}

#[tokio::test]
async fn a_secret_is_made_where_none_was_sent_and_shown_once() {
    let service = service().await;
    let token = service.token("consumer", Some("acme")).await;
    let created = registered(&service, &token, json!({"key": null})).await;
    let key = created["key"].as_str().unwrap();
    assert!(key.len() >= 32, "{key}");
    let id = native(&service, &created).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let secret = Ask::get(&format!("/v1/endpoints/{id}/secret"));
    assert_eq!(service.ask(secret.clone()).await.expect(200)["secret"], key);
    let patch = Ask::new("PATCH", &path(&created)).json(r#"{"key":"another"}"#);
    for ask in [Ask::get("/harbour/hooks"), Ask::get(&path(&created)), patch] {
        let answer = service.ask_as(&token, ask).await;
        assert!(
            !answer.body.contains(key) && !answer.body.contains("another"),
            "{}",
            answer.body
        );
    }
    assert_eq!(service.ask(secret).await.expect(200)["secret"], "another");
}

#[tokio::test]
async fn lists_are_whole_and_begin_with_the_oldest() {
    let service = service().await;
    let token = service.token("consumer", Some("acme")).await;
    let mut ids = Vec::new();
    for number in 0..60 {
        let created = registered(&service, &token, json!({"title": number.to_string()})).await;
        ids.push(created["berth"].clone());
    }
    let list = service
        .ask_as(&token, Ask::get("/harbour/hooks"))
        .await
        .expect(200);
    let listed = list["hooks"].as_array().unwrap().iter();
    assert_eq!(
        listed.map(|item| item["berth"].clone()).collect::<Vec<_>>(),
        ids
    );
}

#[tokio::test]
async fn a_bare_list_and_an_answer_without_body_are_as_the_contract_says() {
    let service = service().await;
    let token = service.token("consumer", Some("acme")).await;
    let body = r#"{"url":"http://127.0.0.1:9/","events":[]}"#;
    let created = service
        .ask_as(&token, Ask::post("/pier/hooks", body))
        .await
        .expect(200);
    assert_eq!(created["events"], json!(["*"]));
    let list = service.ask_as(&token, Ask::get("/pier/hooks")).await;
    let mut item = created.clone();
    item.as_object_mut().unwrap().remove("secret");
    assert_eq!(list.json(), json!([item]));
    let id = created["id"].as_str().unwrap();
    let deleted = service
        .ask_as(&token, Ask::new("DELETE", &format!("/pier/hooks/{id}")))
        .await;
    assert_eq!((deleted.status, deleted.body.as_str()), (204, ""));
}

#[tokio::test]
async fn another_number_of_retries_leaves_an_operators_own_delays_in_place() {
    let service = service().await;
    let token = service.token("consumer", Some("acme")).await;
    let created = registered(&service, &token, json!({})).await;
    let id = native(&service, &created).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let own = r#"{"retry":{"ladder":["7s","8s"],"window":"1h","jitter":0.5}}"#;
    let patch = Ask::new("PATCH", &format!("/v1/endpoints/{id}")).json(own);
    service.ask(patch).await.expect(200);
    let patch = Ask::new("PATCH", &path(&created)).json(r#"{"again":3}"#);
    service.ask_as(&token, patch).await.expect(200);
    let retry = native(&service, &created).await["retry"].clone();
    assert_eq!(retry["ladder"], json!(["7s", "8s", "8s"]));
    assert_eq!(
        (&retry["window"], &retry["jitter"]),
        (&json!("1h"), &json!(0.5))
    );
}

#[tokio::test]
async fn the_description_has_the_routes_of_enabled_contracts_alone() {
    let service = service().await;
    let document = service.ask(Ask::get("/openapi.json")).await.expect(200);
    let operation = |path: &str, method: &str| document["paths"][path][method].clone();
    assert_eq!(
        operation("/harbour/hooks/{id}/try", "post")["summary"],
        "Sends an endpoint a test event (contract harbour)"
    );
    assert!(operation("/harbour/hooks", "post")["responses"]["201"].is_object());
    assert_eq!(
        operation("/harbour/hooks/{id}", "patch")["parameters"][0]["name"],
        "id"
    );
    assert!(operation("/pier/hooks", "get").is_object());
    let without = Service::under(&[super::HARBOUR], &["standard"], |_| {}).await;
    let document = without.ask(Ask::get("/openapi.json")).await.expect(200);
    assert!(document["paths"]["/harbour/hooks"].is_null());
}
