//! Who is calling: tokens on TCP, peer credentials on the socket, tenants that see only their own.

use std::time::Duration;

use serde_json::{Value, json};

use super::http::Ask;
use super::service::Service;

#[tokio::test]
async fn a_caller_without_a_token_is_told_how_to_get_one() {
    let service = Service::start().await;
    let answer = Ask::get("/v1/info").send(&service.tcp()).await;
    assert_eq!(
        answer.header("www-authenticate"),
        Some("Bearer realm=\"hookyard\"")
    );
    assert!(answer.header("x-request-id").is_some());
    assert_eq!(
        answer.problem(),
        (
            401,
            "unauthenticated".to_owned(),
            "this takes a token: send `Authorization: Bearer hky_…` (hookyard token create makes one), or use \
             the Unix socket"
                .to_owned()
        )
    );
}

#[tokio::test]
async fn other_schemes_and_unknown_tokens_are_refused() {
    let service = Service::start().await;
    for value in ["Basic abc", "Bearer", "Bearer ", "hky_abc"] {
        let answer = Ask::get("/v1/info")
            .header("authorization", value)
            .send(&service.tcp())
            .await;
        let (status, _, detail) = answer.problem();
        assert_eq!(
            (status, detail.as_str()),
            (
                401,
                "the Authorization header is not of the form `Bearer hky_…`"
            ),
            "{value}"
        );
    }
    let answer = service
        .ask_as("hky_nobody_has_this", Ask::get("/v1/info"))
        .await;
    assert_eq!(
        answer.problem().2,
        "the bearer token is unknown, expired or revoked; ask an admin for a new one (hookyard token create)"
    );
}

#[tokio::test]
async fn a_revoked_token_is_refused_from_the_next_call_on() {
    let service = Service::start().await;
    let made = service
        .ask(Ask::post("/v1/tokens", r#"{"name":"ci","role":"viewer"}"#))
        .await
        .expect(201);
    let (id, token) = (
        made["id"].as_str().unwrap(),
        made["token"].as_str().unwrap(),
    );
    service
        .ask_as(token, Ask::get("/v1/info"))
        .await
        .expect(200);
    service
        .ask(Ask::new("DELETE", &format!("/v1/tokens/{id}")))
        .await
        .expect(204);
    assert_eq!(
        service.ask_as(token, Ask::get("/v1/info")).await.status,
        401
    );
}

#[tokio::test]
async fn an_expired_token_is_refused() {
    let service = Service::start().await;
    let soon = service.ask(Ask::get("/v1/info")).await.json()["now"].clone();
    let soon: hookyard::domain::time::Timestamp = serde_json::from_value(soon).unwrap();
    let body =
        json!({"name": "brief", "role": "viewer", "expires_at": soon + Duration::from_millis(700)});
    let made = service
        .ask(Ask::post("/v1/tokens", &body.to_string()))
        .await
        .expect(201);
    let token = made["token"].as_str().unwrap();
    assert_eq!(
        service.ask_as(token, Ask::get("/v1/info")).await.status,
        200
    );
    let refused =
        async { while service.ask_as(token, Ask::get("/v1/info")).await.status != 401 {} };
    tokio::time::timeout(Duration::from_secs(10), refused)
        .await
        .expect("the token is refused once it has expired");
}

#[tokio::test]
async fn a_token_that_was_given_out_elsewhere_works_as_it_is() {
    let service = Service::start().await;
    let body = r#"{"name":"old","role":"viewer","value":"given-out-long-ago-1"}"#;
    let made = service.ask(Ask::post("/v1/tokens", body)).await.expect(201);
    assert_eq!(made["token"], "given-out-long-ago-1");
    let info = service
        .ask_as("given-out-long-ago-1", Ask::get("/v1/info"))
        .await
        .expect(200);
    assert_eq!(
        (&info["caller"], &info["role"]),
        (&json!("old"), &json!("viewer"))
    );
}

#[tokio::test]
async fn on_the_socket_the_kernel_says_who_is_calling() {
    let service = Service::start().await;
    let info = service.ask(Ask::get("/v1/info")).await.expect(200);
    assert_eq!(info["role"], "admin");
    let own = nix::unistd::User::from_uid(nix::unistd::Uid::effective());
    let own = own.unwrap().unwrap().name;
    assert_eq!(info["caller"], json!(own));
}

#[tokio::test]
async fn a_consumer_sees_and_touches_only_its_tenants_things() {
    let service = Service::start().await;
    let acme = service.token("consumer", Some("acme")).await;
    let other = service
        .endpoint(json!({"url": "http://127.0.0.1:9/other", "tenant": "other", "enabled": false}))
        .await;
    let own = service
        .ask_as(
            &acme,
            Ask::post("/v1/endpoints", r#"{"url":"http://127.0.0.1:9/own"}"#),
        )
        .await
        .expect(201);
    assert_eq!(own["tenant"], "acme");
    let path = |endpoint: &Value, rest: &str| {
        format!("/v1/endpoints/{}{rest}", endpoint["id"].as_str().unwrap())
    };
    for (method, rest) in [
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("GET", "/secret"),
        ("POST", "/test"),
        ("POST", "/enable"),
        ("POST", "/disable"),
        ("POST", "/rotate-secret"),
    ] {
        let ask = Ask::new(method, &path(&other, rest)).json("{}");
        let (status, _, detail) = service.ask_as(&acme, ask).await.problem();
        let expected = format!(
            "no endpoint {} is visible to this caller",
            other["id"].as_str().unwrap()
        );
        assert_eq!((status, detail), (404, expected), "{method} {rest}");
    }
    let list = service
        .ask_as(&acme, Ask::get("/v1/endpoints"))
        .await
        .expect(200);
    let ids: Vec<&Value> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["id"])
        .collect();
    assert_eq!(ids, [&own["id"]]);
    let answer = service
        .ask_as(
            &acme,
            Ask::post(
                "/v1/endpoints",
                r#"{"url":"http://127.0.0.1:9/","tenant":"other"}"#,
            ),
        )
        .await;
    assert_eq!(
        answer.problem().2,
        "this token manages the endpoints of tenant acme only, not of other"
    );
}

#[tokio::test]
async fn a_consumer_sees_only_its_tenants_deliveries() {
    let service = Service::start().await;
    for tenant in ["acme", "other"] {
        service
            .endpoint(json!({"url": "http://127.0.0.1:9/", "tenant": tenant, "name": tenant}))
            .await;
        service
            .publish(json!({"type": "a.b", "data": 1, "tenant": tenant}))
            .await;
    }
    let all = service.ask(Ask::get("/v1/deliveries")).await.expect(200);
    assert_eq!(all["items"].as_array().unwrap().len(), 2);
    let acme = service.token("consumer", Some("acme")).await;
    let list = service
        .ask_as(&acme, Ask::get("/v1/deliveries"))
        .await
        .expect(200);
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 1);
    assert_eq!(items[0]["endpoint_name"], "acme");
    for delivery in all["items"].as_array().unwrap() {
        let id = delivery["id"].as_str().unwrap();
        let answer = service
            .ask_as(&acme, Ask::get(&format!("/v1/deliveries/{id}")))
            .await;
        let expected = if delivery["endpoint_name"] == "acme" {
            200
        } else {
            404
        };
        assert_eq!(answer.status, expected, "{}", answer.body);
    }
}

#[tokio::test]
async fn an_owner_cannot_enable_what_an_operator_disabled() {
    let service = Service::start().await;
    let acme = service.token("consumer", Some("acme")).await;
    let endpoint = service
        .endpoint(json!({"url": "http://127.0.0.1:9/", "tenant": "acme"}))
        .await;
    let path = format!("/v1/endpoints/{}", endpoint["id"].as_str().unwrap());
    let post = |rest: &str| Ask::post(&format!("{path}{rest}"), "");
    let disabled = service.ask_as(&acme, post("/disable")).await.expect(200);
    assert_eq!(
        (&disabled["status"], &disabled["status_reason"]),
        (&json!("disabled"), &json!("owner"))
    );
    service.ask_as(&acme, post("/enable")).await.expect(200);
    let disabled = service.ask(post("/disable")).await.expect(200);
    assert_eq!(disabled["status_reason"], "operator");
    for ask in [
        post("/enable"),
        Ask::new("PATCH", &path).json(r#"{"enabled":true}"#),
    ] {
        assert_eq!(
            service.ask_as(&acme, ask).await.problem(),
            (
                403,
                "forbidden".to_owned(),
                "an operator of this service has disabled the endpoint; ask them to enable it"
                    .to_owned()
            )
        );
    }
    assert_eq!(
        service.ask(post("/enable")).await.expect(200)["status"],
        "active"
    );
}
