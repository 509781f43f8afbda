//! `/v1/horizon`: what is ahead of a backlog that retries, of one that is held, and what it refuses.

use std::time::Duration;

use serde_json::{Value, json};

use super::http::Ask;
use super::service::Service;
use crate::support::receiver::Receiver;
use crate::support::receiver_answer::Behaviour;

async fn retrying(service: &Service, path: &str) -> Value {
    let waiting = async {
        loop {
            let found = service
                .ask(Ask::get("/v1/deliveries?filter=state:pending%20attempts:1"))
                .await
                .expect(200);
            if found["items"].as_array().unwrap().len() == 2 {
                return service.ask(Ask::get(path)).await.expect(200);
            }
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(10), waiting).await;
    waited.expect("both have failed once in time")
}

#[tokio::test]
async fn the_horizon_tells_what_is_due_what_gives_up_and_what_is_held() {
    let service = Service::start().await;
    let receiver = Receiver::start();
    receiver.always(Behaviour::status(500));
    let failing = json!({"url": receiver.url("/"), "name": "shop", "event_types": ["shop.*"],
        "retry": {"ladder": ["10m", "2h"], "jitter": 0}});
    let failing = service.endpoint(failing).await;
    let held = json!({"url": "http://127.0.0.1:9/", "event_types": ["held.*"]});
    let held = service.endpoint(held).await;
    let pause = format!("/v1/endpoints/{}/pause", held["id"].as_str().unwrap());
    service.ask(Ask::post(&pause, "{}")).await.expect(200);
    for event_type in ["shop.a", "shop.b", "held.a"] {
        service
            .publish(json!({"type": event_type, "data": 1}))
            .await;
    }
    let horizon = retrying(&service, "/v1/horizon").await;
    let total = &horizon["total"];
    assert_eq!((&total["pending"], &total["held"]), (&json!(2), &json!(1)));
    let due = |outlook: &Value| {
        ["due_now", "due_5m", "due_15m", "due_24h", "later"]
            .map(|name| outlook[name].as_u64().unwrap())
    };
    assert_eq!(due(total), [0, 0, 2, 2, 0], "{horizon:#}");
    assert_eq!(total["drains_in_s"], 0);
    let shop = &horizon["endpoints"][0];
    assert_eq!(
        (&shop["id"], &shop["name"]),
        (&failing["id"], &json!("shop"))
    );
    // The third attempt, two hours and ten minutes from now, is the last.
    assert_eq!(
        (&shop["give_up_1h"], &shop["give_up_24h"]),
        (&json!(0), &json!(2))
    );
    assert!(shop["first_gives_up_at"].as_str() > shop["next_at"].as_str());
    let paused = &horizon["endpoints"][1];
    assert_eq!(
        (&paused["status"], &paused["held"]),
        (&json!("paused"), &json!(1))
    );
    assert_eq!(
        (&paused["due_now"], &paused["give_up_24h"]),
        (&json!(0), &json!(0))
    );

    let one = format!("/v1/horizon?endpoint={}", held["id"].as_str().unwrap());
    let one = service.ask(Ask::get(&one)).await.expect(200);
    assert_eq!(one["endpoints"].as_array().unwrap().len(), 1);
    assert_eq!(one["endpoints"][0]["id"], held["id"]);
    let first = service
        .ask(Ask::get("/v1/horizon?limit=1"))
        .await
        .expect(200);
    assert_eq!(
        (
            first["endpoints"].as_array().unwrap().len(),
            &first["not_shown"]
        ),
        (1, &json!(1))
    );
}

#[tokio::test]
async fn unknown_endpoints_and_callers_of_one_tenant_are_refused() {
    let service = Service::start().await;
    let unknown = format!("/v1/horizon?endpoint=ep_{}", "0".repeat(26));
    let answer = service.ask(Ask::get(&unknown)).await;
    assert_eq!(answer.problem().0, 400, "{answer:?}");
    let viewer = service.token("viewer", Some("acme")).await;
    let answer = service.ask_as(&viewer, Ask::get("/v1/horizon")).await;
    let detail = "the horizon is of the whole service and this token is confined to tenant acme; its deliveries in \
                  /v1/deliveries say when they are due";
    assert_eq!(
        answer.problem(),
        (403, "forbidden".to_owned(), detail.to_owned())
    );
}
