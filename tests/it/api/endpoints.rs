//! Endpoints: their whole life, and the secrets that show themselves only where they are asked for.

use serde_json::{Value, json};

use super::http::Ask;
use super::service::Service;

fn path(endpoint: &Value, rest: &str) -> String {
    format!("/v1/endpoints/{}{rest}", endpoint["id"].as_str().unwrap())
}

#[tokio::test]
async fn what_is_created_is_what_is_shown() {
    let service = Service::start().await;
    let created = service
        .endpoint(json!({
            "url": "http://127.0.0.1:9/hooks",
            "name": "Acme",
            "event_types": ["packet.*", "task.done"],
            "tenant": "acme",
            "headers": {"X-Extra": "1"},
            "metadata": {"team": "blue"},
            "ordered": true,
            "retry": {"ladder": ["5s", "1h30m"], "window": "1d"},
            "timeout": "3s",
        }))
        .await;
    assert!(
        created["secret"].as_str().unwrap().starts_with("whsec_"),
        "{created}"
    );
    let mut shown = service.ask(Ask::get(&path(&created, ""))).await.expect(200);
    for (member, expected) in [
        ("url", json!("http://127.0.0.1:9/hooks")),
        ("name", json!("Acme")),
        ("event_types", json!(["packet.*", "task.done"])),
        ("tenant", json!("acme")),
        ("contract", json!("standard")),
        ("metadata", json!({"team": "blue"})),
        ("ordered", json!(true)),
        ("concurrency", json!(1)),
        ("timeout", json!("3s")),
        ("status", json!("active")),
        ("test_mode", json!(false)),
    ] {
        assert_eq!(shown[member], expected, "{member}");
    }
    assert_eq!(shown["retry"]["ladder"], json!(["5s", "1h30m"]));
    assert_eq!(shown["retry"]["window"], "1d");
    assert_eq!(shown["headers"].as_object().unwrap().len(), 1);
    // The answer to create has the secret beside what is shown later.
    shown["secret"] = created["secret"].clone();
    assert_eq!(shown["id"], created["id"]);
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_null_clears() {
    let service = Service::start().await;
    let created = service
        .endpoint(json!({"url": "http://127.0.0.1:9/", "name": "before", "timeout": "3s"}))
        .await;
    let patch = |body: &str| Ask::new("PATCH", &path(&created, "")).json(body);
    let patched = service.ask(patch(r#"{"name":"after"}"#)).await.expect(200);
    assert_eq!(
        (&patched["name"], &patched["timeout"]),
        (&json!("after"), &json!("3s"))
    );
    let cleared = service
        .ask(patch(r#"{"name":null,"timeout":null}"#))
        .await
        .expect(200);
    assert_eq!(cleared["name"], Value::Null);
    assert_ne!(cleared["timeout"], "3s");
    let disabled = service.ask(patch(r#"{"enabled":false}"#)).await.expect(200);
    assert_eq!(disabled["status"], "disabled");
    let enabled = service.ask(patch(r#"{"enabled":true}"#)).await.expect(200);
    assert_eq!(enabled["status"], "active");
    let nothing = service.ask(patch("{}")).await.expect(200);
    assert_eq!(nothing["updated_at"], enabled["updated_at"]);
}

#[tokio::test]
async fn a_patch_that_is_refused_changes_nothing_at_all() {
    let service = Service::start().await;
    let owner = service.token("consumer", Some("acme")).await;
    let created = service
        .endpoint(json!({"url": "http://127.0.0.1:9/", "name": "before", "tenant": "acme"}))
        .await;
    let patch = |body: &str| Ask::new("PATCH", &path(&created, "")).json(body);
    let both = r#"{"name":"after","enabled":true}"#;
    service.ask(patch(r#"{"enabled":false}"#)).await.expect(200);
    let before = service.ask(Ask::get(&path(&created, ""))).await.expect(200);
    let refused = (
        403,
        "forbidden".to_owned(),
        "an operator of this service has disabled the endpoint; ask them to enable it".to_owned(),
    );
    assert_eq!(service.ask_as(&owner, patch(both)).await.problem(), refused);
    let after = service.ask(Ask::get(&path(&created, ""))).await.expect(200);
    assert_eq!(after, before);
    // Nor does a switch stay behind whose settings are refused.
    let invalid = service
        .ask(patch(r#"{"url":"nowhere","enabled":true}"#))
        .await;
    assert_eq!(invalid.status, 422);
    let after = service.ask(Ask::get(&path(&created, ""))).await.expect(200);
    assert_eq!(after, before);
    let enabled = service.ask(patch(both)).await.expect(200);
    assert_eq!(
        (&enabled["name"], &enabled["status"]),
        (&json!("after"), &json!("active"))
    );
}

#[tokio::test]
async fn an_owner_undoes_its_own_switch_together_with_settings() {
    let service = Service::start().await;
    let owner = service.token("consumer", Some("acme")).await;
    let created = service
        .endpoint(json!({"url": "http://127.0.0.1:9/", "tenant": "acme"}))
        .await;
    let patch = |body: &str| Ask::new("PATCH", &path(&created, "")).json(body);
    let off = patch(r#"{"enabled":false,"name":"off"}"#);
    let off = service.ask_as(&owner, off).await.expect(200);
    assert_eq!(
        (&off["status"], &off["name"]),
        (&json!("disabled"), &json!("off"))
    );
    assert_eq!(off["status_reason"], "owner");
    let on = patch(r#"{"enabled":true,"name":"on"}"#);
    let on = service.ask_as(&owner, on).await.expect(200);
    assert_eq!(
        (&on["status"], &on["name"]),
        (&json!("active"), &json!("on"))
    );
}

#[tokio::test]
async fn an_endpoint_is_paused_resumed_and_deleted() {
    let service = Service::start().await;
    let created = service
        .endpoint(json!({"url": "http://127.0.0.1:9/"}))
        .await;
    let paused = service
        .ask(Ask::post(
            &path(&created, "/pause"),
            r#"{"reason":"maintenance"}"#,
        ))
        .await
        .expect(200);
    assert_eq!(
        (&paused["status"], &paused["status_reason"]),
        (&json!("paused"), &json!("maintenance"))
    );
    service.publish(json!({"type": "a.b", "data": 1})).await;
    let held = service.ask(Ask::get("/v1/deliveries")).await.expect(200);
    assert_eq!(held["items"][0]["state"], "held");
    let resumed = service
        .ask(Ask::new("POST", &path(&created, "/resume")))
        .await
        .expect(200);
    assert_eq!(resumed["status"], "active");
    service
        .ask(Ask::new("DELETE", &path(&created, "")))
        .await
        .expect(204);
    assert_eq!(service.ask(Ask::get(&path(&created, ""))).await.status, 404);
    let list = service.ask(Ask::get("/v1/endpoints")).await.expect(200);
    assert_eq!(list["items"], json!([]));
}

#[tokio::test]
async fn bad_endpoints_are_refused_with_the_member_that_is_wrong() {
    let service = Service::start().await;
    for (body, pointer) in [
        (json!({"url": "ftp://127.0.0.1/"}), "/url"),
        (json!({"url": "http://10.0.0.1/"}), "/url"),
        (
            json!({"url": "http://127.0.0.1:9/", "contract": "standrd"}),
            "/contract",
        ),
        (
            json!({"url": "http://127.0.0.1:9/", "event_types": ["ok", "a b"]}),
            "/event_types/1",
        ),
        (
            json!({"url": "http://127.0.0.1:9/", "timeout": "soon"}),
            "/timeout",
        ),
        (
            json!({"url": "http://127.0.0.1:9/", "timeout": "10m"}),
            "/timeout",
        ),
        (
            json!({"url": "http://127.0.0.1:9/", "concurrency": 100_000}),
            "/concurrency",
        ),
        (
            json!({"url": "http://127.0.0.1:9/", "secret": ""}),
            "/secret",
        ),
        (
            json!({"url": "http://127.0.0.1:9/", "tenant": "a b"}),
            "/tenant",
        ),
    ] {
        let answer = service
            .ask(Ask::post("/v1/endpoints", &body.to_string()))
            .await;
        assert_eq!(answer.status, 422, "{body} {}", answer.body);
        let found = answer.json()["errors"][0]["pointer"].clone();
        assert!(
            found.as_str().unwrap().starts_with(pointer),
            "{body} {}",
            answer.body
        );
    }
}

#[tokio::test]
async fn secrets_show_themselves_only_where_they_are_asked_for() {
    let service = Service::start().await;
    let created = service
        .endpoint(json!({"url": "http://127.0.0.1:9/", "tenant": "acme"}))
        .await;
    let first = created["secret"].as_str().unwrap().to_owned();
    let rotated = service
        .ask(Ask::post(
            &path(&created, "/rotate-secret"),
            r#"{"overlap":"1h"}"#,
        ))
        .await;
    assert_eq!(rotated.header("cache-control"), Some("no-store"));
    let second = rotated.expect(200)["secret"].as_str().unwrap().to_owned();
    assert_ne!(first, second);
    let asked = service.ask(Ask::get(&path(&created, "/secret"))).await;
    assert_eq!(asked.expect(200)["secret"], json!(second));
    assert_eq!(asked.header("cache-control"), Some("no-store"));

    service
        .publish(json!({"type": "a.b", "data": 1, "tenant": "acme"}))
        .await;
    let deliveries = service.ask(Ask::get("/v1/deliveries")).await;
    let delivery = deliveries.json()["items"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut answers = vec![deliveries];
    for read in [
        path(&created, ""),
        "/v1/endpoints".to_owned(),
        "/v1/events".to_owned(),
        "/v1/stats".to_owned(),
        "/v1/info".to_owned(),
        "/v1/tokens".to_owned(),
        "/metrics".to_owned(),
        format!("/v1/deliveries/{delivery}"),
    ] {
        answers.push(service.ask(Ask::get(&read)).await);
    }
    answers.push(
        service
            .ask(Ask::new("PATCH", &path(&created, "")).json(r#"{"name":"x"}"#))
            .await,
    );
    answers.push(
        service
            .ask(Ask::post(&path(&created, "/pause"), "{}"))
            .await,
    );
    for answer in answers {
        for secret in [&first, &second] {
            let bare = secret.trim_start_matches("whsec_");
            assert!(!answer.body.contains(bare), "{}", answer.body);
        }
    }
    let shown = service.ask(Ask::get(&path(&created, ""))).await.json();
    assert_eq!(shown["secrets"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn an_overlap_is_bounded() {
    let service = Service::start().await;
    let created = service
        .endpoint(json!({"url": "http://127.0.0.1:9/"}))
        .await;
    let answer = service
        .ask(Ask::post(
            &path(&created, "/rotate-secret"),
            r#"{"overlap":"8d"}"#,
        ))
        .await;
    assert_eq!(
        answer.problem().2,
        "/overlap: 8d is too long: the overlap is at most 7d"
    );
}

#[tokio::test]
async fn endpoints_are_listed_page_by_page_newest_first() {
    let service = Service::start().await;
    for number in 0..5 {
        service
            .endpoint(json!({"url": "http://127.0.0.1:9/", "name": format!("e{number}")}))
            .await;
    }
    let mut names = Vec::new();
    let mut next = "/v1/endpoints?limit=2".to_owned();
    loop {
        let page = service.ask(Ask::get(&next)).await.expect(200);
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 2);
        names.extend(
            items
                .iter()
                .map(|item| item["name"].as_str().unwrap().to_owned()),
        );
        match page["next"].as_str() {
            Some(cursor) => next = format!("/v1/endpoints?limit=2&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(names, ["e4", "e3", "e2", "e1", "e0"]);
    let answer = service.ask(Ask::get("/v1/endpoints?cursor=nonsense")).await;
    let (status, kind, detail) = answer.problem();
    assert_eq!((status, kind.as_str()), (400, "bad-query"));
    assert!(detail.starts_with("?cursor: "), "{detail}");
}
