//! Test traffic: marked wherever it shows, kept apart from real endpoints, counted in no statistics.

use std::time::Duration;

use serde_json::{Value, json};

use super::http::Ask;
use super::service::Service;
use crate::support::receiver::Receiver;
use crate::support::receiver_answer::Behaviour;

/// The deliveries that a filter picks, once there are `count` of them; at most ten seconds.
async fn deliveries(service: &Service, filter: &str, count: usize) -> Vec<Value> {
    let path = format!("/v1/deliveries?filter={filter}");
    let waiting = async {
        loop {
            let list = service.ask(Ask::get(&path)).await.expect(200);
            let items = list["items"].as_array().unwrap();
            if items.len() >= count {
                return items.clone();
            }
        }
    };
    let found = tokio::time::timeout(Duration::from_secs(10), waiting).await;
    found.unwrap_or_else(|_| panic!("{count} deliveries for {filter}"))
}

#[tokio::test]
async fn test_events_reach_test_endpoints_alone_and_real_ones_real_endpoints_alone() {
    let service = Service::start().await;
    let receiver = Receiver::start();
    for (name, test_mode) in [("real", false), ("test", true)] {
        service
            .endpoint(json!({"url": receiver.url("/"), "name": name, "test_mode": test_mode}))
            .await;
    }
    for test in [false, true] {
        let published = service
            .publish(json!({"type": "a.b", "data": {}, "test": test}))
            .await;
        assert_eq!(published["deliveries"], 1);
        let event = published["id"].as_str().unwrap();
        let path = format!("/v1/events/{event}/deliveries");
        let list = service.ask(Ask::get(&path)).await.expect(200);
        let delivery = &list["items"][0];
        let name = if test { "test" } else { "real" };
        assert_eq!(
            (&delivery["endpoint_name"], &delivery["test"]),
            (&json!(name), &json!(test))
        );
        let event = service.ask(Ask::get(&format!("/v1/events/{event}"))).await;
        assert_eq!(event.expect(200)["test"], test);
    }
    let tests = deliveries(&service, "test%3Ayes", 1).await;
    assert_eq!(tests.len(), 1, "{tests:?}");
}

#[tokio::test]
async fn failed_tests_leave_statistics_and_the_endpoints_health_alone() {
    let service = Service::start().await;
    let receiver = Receiver::start();
    let endpoint = service
        .endpoint(
            json!({"url": receiver.url("/"), "retry": {"ladder": []}, "event_types": ["x.y"]}),
        )
        .await;
    let path = format!("/v1/endpoints/{}", endpoint["id"].as_str().unwrap());
    service.publish(json!({"type": "x.y", "data": {}})).await;
    deliveries(&service, "state%3Adelivered", 1).await;
    receiver.always(Behaviour::status(500));
    let test = Ask::post(&format!("{path}/test"), r#"{"event_type":"other.type"}"#);
    service.ask(test).await.expect(202);
    let dead = deliveries(&service, "state%3Adead", 1).await;
    assert_eq!(
        (
            &dead[0]["test"],
            &dead[0]["event_type"],
            &dead[0]["last_status"]
        ),
        (&json!(true), &json!("other.type"), &json!(500))
    );
    service
        .publish(json!({"type": "nobody.listens", "data": {}, "test": true}))
        .await;

    let stats = service
        .ask(Ask::get("/v1/stats?window=60m"))
        .await
        .expect(200);
    assert_eq!(
        (&stats["attempts"], &stats["successes"], &stats["failures"]),
        (&json!(1), &json!(1), &json!({}))
    );
    // The ledger is no statistic: it answers whether anything was lost, tests included.
    assert_eq!(
        (&stats["events"], &stats["ledger"]["created"]),
        (&json!(3), &json!(2))
    );
    let health = service.ask(Ask::get(&path)).await.expect(200)["health"].clone();
    assert_eq!(health["consecutive_failures"], 0);
    assert!(health["last_failure"].is_null(), "{health}");
    assert!(health["last_success_at"].is_string(), "{health}");
}
