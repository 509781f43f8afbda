//! `/v1/ledger`: everything a caller can read of it, and what it refuses.

use serde_json::json;

use super::http::Ask;
use super::service::Service;

#[tokio::test]
async fn the_ledger_tells_totals_days_and_endpoints_and_that_they_add_up() {
    let service = Service::start().await;
    let endpoint = service
        .endpoint(json!({"url": "http://127.0.0.1:9/", "name": "sink"}))
        .await;
    let id = endpoint["id"].as_str().unwrap();
    let pause = format!("/v1/endpoints/{id}/pause");
    service.ask(Ask::post(&pause, "{}")).await.expect(200);
    service.publish(json!({"type": "a.b", "data": 1})).await;
    let ledger = service.ask(Ask::get("/v1/ledger")).await.expect(200);
    assert_eq!(ledger["adds_up"], true);
    assert_eq!(ledger["total"]["held"], 1, "{ledger:#}");
    let day = &ledger["days"][0];
    assert_eq!(
        day["day"].as_str().unwrap(),
        &ledger["at"].as_str().unwrap()[..10]
    );
    assert_eq!((&day["created"], &day["pending"]), (&json!(1), &json!(1)));
    let line = &ledger["endpoints"][0];
    assert_eq!(
        (&line["name"], &line["status"]),
        (&json!("sink"), &json!("paused"))
    );
    assert_eq!((&line["held"], &line["created"]), (&json!(1), &json!(1)));
    assert_eq!(ledger["next"], json!(null));
}

#[tokio::test]
async fn numbers_out_of_range_and_callers_of_one_tenant_are_refused() {
    let service = Service::start().await;
    for days in ["0", "401", "many"] {
        let answer = service
            .ask(Ask::get(&format!("/v1/ledger?days={days}")))
            .await;
        let detail = format!("?days: {days:?} is not a number of days from 1 to 400");
        assert_eq!(answer.problem(), (400, "bad-query".to_owned(), detail));
    }
    let viewer = service.token("viewer", Some("acme")).await;
    let answer = service.ask_as(&viewer, Ask::get("/v1/ledger")).await;
    assert_eq!(
        answer.problem(),
        (
            403,
            "forbidden".to_owned(),
            "the ledger is of the whole service and this token is confined to tenant acme; its endpoints' deliveries \
             are counted in /v1/endpoints"
                .to_owned()
        )
    );
}
