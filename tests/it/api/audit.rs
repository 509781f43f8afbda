//! `/v1/audit`: for operators of the whole service.

use serde_json::json;

use super::http::Ask;
use super::service::Service;

#[tokio::test]
async fn the_log_comes_in_pages_and_by_filters() {
    let service = Service::start().await;
    for _ in 0..3 {
        service
            .endpoint(json!({"url": "http://127.0.0.1:9/"}))
            .await;
    }
    let first = service.ask(Ask::get("/v1/audit?limit=2")).await.expect(200);
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    let next = format!(
        "/v1/audit?limit=2&cursor={}",
        first["next"].as_str().unwrap()
    );
    let rest = service.ask(Ask::get(&next)).await.expect(200);
    let oldest = &rest["items"][0];
    assert_eq!(oldest["what"], "endpoint.create");
    assert_eq!(oldest["after"]["url"], "http://127.0.0.1:9/");
    assert_eq!(oldest.get("before"), None);
    assert_eq!(rest["next"], json!(null));
    let path = format!("/v1/audit?target={}", oldest["target"].as_str().unwrap());
    let about = service.ask(Ask::get(&path)).await.expect(200);
    assert_eq!(about["items"], json!([oldest]));
    let none = service
        .ask(Ask::get(
            "/v1/audit?what=token.*&since=2026-01-01T00:00:00Z",
        ))
        .await
        .expect(200);
    assert_eq!(none["items"], json!([]));
}

#[tokio::test]
async fn a_bad_instant_is_refused_with_its_form() {
    let service = Service::start().await;
    let refused = service
        .ask(Ask::get("/v1/audit?until=soon"))
        .await
        .expect(400);
    let text = refused.to_string();
    assert!(
        text.contains("\\\"soon\\\" is no instant: give one such as 2026-04-13T10:18:00Z"),
        "{text}"
    );
    let refused = service
        .ask(Ask::get("/v1/audit?whom=ada"))
        .await
        .expect(400);
    assert!(
        refused.to_string().contains("did you mean who?"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_token_of_one_tenant_does_not_read_it() {
    let service = Service::start().await;
    let operator = service.token("operator", Some("acme")).await;
    let answer = service.ask_as(&operator, Ask::get("/v1/audit")).await;
    let detail = "the audit log is of the whole service and this token is confined to tenant acme; ask an operator of it";
    assert_eq!(
        answer.problem(),
        (403, "forbidden".to_owned(), detail.to_owned())
    );
}
