//! What an endpoint's rate limit holds back, as the API tells of it.

use hookyard::domain::delivery::DeliveryState;
use serde_json::json;

use super::http::Ask;
use super::service::Service;
use crate::support::receiver::Receiver;

#[tokio::test]
async fn what_a_rate_limit_held_back_is_counted_and_marked() {
    let service = Service::start().await;
    let receiver = Receiver::start();
    let mut changes = service.engine.subscribe();
    let limit = json!({"requests": 1, "per": "1s"});
    let endpoint = service
        .endpoint(json!({"url": receiver.url("/"), "rate_limit": limit}))
        .await;
    let events = json!([{"type": "a.b", "data": 1}, {"type": "a.b", "data": 2}]);
    service
        .ask(Ask::post("/v1/events/batch", &events.to_string()))
        .await
        .expect(202);
    let mut delivered = 0;
    while delivered < 2 {
        let changes = changes.recv().await.unwrap();
        let states = changes.deliveries.iter().map(|change| change.state);
        delivered += states
            .filter(|state| *state == DeliveryState::Delivered)
            .count();
    }
    let stats = service
        .ask(Ask::get("/v1/stats?window=5m"))
        .await
        .expect(200);
    assert_eq!(
        (&stats["attempts"], &stats["held_back"]),
        (&json!(2), &json!(1))
    );
    let minutes = stats["minutes"].as_array().unwrap();
    let of_minutes = minutes.iter().map(|minute| minute["attempts"].as_u64());
    assert_eq!(of_minutes.sum::<Option<u64>>(), Some(2));
    let id = endpoint["id"].as_str().unwrap();
    let path = format!("/v1/endpoints/{id}/stats");
    let own = service.ask(Ask::get(&path)).await.expect(200);
    assert_eq!(
        (&own["endpoint_id"], &own["step_s"]),
        (&endpoint["id"], &json!(60))
    );
    assert_eq!(
        (&own["attempts"], &own["held_back"]),
        (&json!(2), &json!(1))
    );
    let too_long = service.ask(Ask::get(&format!("{path}?window=25h"))).await;
    assert!(too_long.expect(400).to_string().contains("1m to 24h"));
    let metrics = service.ask(Ask::get("/metrics")).await.body;
    assert!(
        metrics
            .lines()
            .any(|line| line == "hookyard_held_back_last_minute 1")
    );
    let endpoints = service.ask(Ask::get("/v1/endpoints")).await.expect(200);
    assert_eq!(endpoints["items"][0]["health"]["held_back_1h"], 1);
    let listed = service.ask(Ask::get("/v1/deliveries")).await.expect(200);
    let mut marks = Vec::new();
    for delivery in listed["items"].as_array().unwrap() {
        let path = format!(
            "/v1/deliveries/{}/attempts/1",
            delivery["id"].as_str().unwrap()
        );
        let attempt = service.ask(Ask::get(&path)).await.expect(200);
        marks.push(attempt["held_back"].clone());
    }
    // Newest first.
    assert_eq!(marks, [json!(true), json!(false)]);
}
