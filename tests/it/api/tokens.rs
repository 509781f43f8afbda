//! Tokens: shown once, listed without their values, refused when too weak.

use serde_json::json;

use super::http::Ask;
use super::service::Service;

#[tokio::test]
async fn a_tokens_value_is_in_one_answer_only() {
    let service = Service::start().await;
    let answer = service
        .ask(Ask::post(
            "/v1/tokens",
            r#"{"name":"ci","role":"publisher","tenant":"acme"}"#,
        ))
        .await;
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let made = answer.expect(201);
    let value = made["token"].as_str().unwrap();
    assert!(value.starts_with("hky_") && value.len() >= 40, "{value}");
    let list = service.ask(Ask::get("/v1/tokens")).await;
    assert!(!list.body.contains(value), "{}", list.body);
    let item = &list.json()["items"][0];
    assert_eq!(
        (&item["id"], &item["role"], &item["tenant"]),
        (&made["id"], &json!("publisher"), &json!("acme"))
    );
    assert!(value.starts_with(item["prefix"].as_str().unwrap()));
}

#[tokio::test]
async fn a_revoked_token_leaves_the_list_and_cannot_be_revoked_again() {
    let service = Service::start().await;
    let made = service
        .ask(Ask::post("/v1/tokens", r#"{"name":"ci","role":"viewer"}"#))
        .await
        .expect(201);
    let path = format!("/v1/tokens/{}", made["id"].as_str().unwrap());
    let answer = service.ask(Ask::new("DELETE", &path)).await;
    assert_eq!((answer.status, answer.body.as_str()), (204, ""));
    let list = service.ask(Ask::get("/v1/tokens")).await.expect(200);
    assert_eq!(list["items"], json!([]));
    let unknown = service
        .ask(Ask::new("DELETE", "/v1/tokens/tok_0000000000001"))
        .await;
    assert_eq!(unknown.problem().0, 404);
}

#[tokio::test]
async fn an_imported_value_must_be_long_enough() {
    let service = Service::start().await;
    let answer = service
        .ask(Ask::post(
            "/v1/tokens",
            r#"{"name":"x","role":"viewer","value":"short"}"#,
        ))
        .await;
    let (status, _, detail) = answer.problem();
    assert_eq!(status, 422);
    assert!(
        detail.starts_with("/value: ") && detail.contains("16"),
        "{detail}"
    );
    assert!(
        !detail.contains("short\""),
        "the refusal repeats the value: {detail}"
    );
}

#[tokio::test]
async fn tokens_are_listed_page_by_page() {
    let service = Service::start().await;
    for _ in 0..3 {
        service.token("viewer", None).await;
    }
    let first = service
        .ask(Ask::get("/v1/tokens?limit=2"))
        .await
        .expect(200);
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    let cursor = first["next"].as_str().unwrap();
    let second = service
        .ask(Ask::get(&format!("/v1/tokens?limit=2&cursor={cursor}")))
        .await
        .expect(200);
    assert_eq!(second["items"].as_array().unwrap().len(), 1);
    assert_eq!(second["next"], json!(null));
    let bad = service.ask(Ask::get("/v1/tokens?cursor=x")).await;
    assert_eq!(
        bad.problem().2,
        "?cursor: it is not the `next` of an earlier page"
    );
}
