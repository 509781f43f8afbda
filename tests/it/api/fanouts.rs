//! Lists of events tell how the deliveries of each fare, to those who may see all of them.

use std::time::Duration;

use serde_json::{Value, json};

use super::http::Ask;
use super::service::Service;
use crate::support::receiver::Receiver;
use crate::support::receiver_answer::Behaviour;

#[tokio::test]
async fn what_waited_for_an_endpoint_that_is_deleted_counts_as_discarded() {
    let service = Service::start().await;
    let made = service
        .endpoint(json!({"url": "http://127.0.0.1:9/", "name": "gone"}))
        .await;
    let path = format!("/v1/endpoints/{}", made["id"].as_str().unwrap());
    let pause = Ask::post(&format!("{path}/pause"), "{}");
    service.ask(pause).await.expect(200);
    service.publish(json!({"type": "a.b", "data": 1})).await;
    let told = async || {
        let page = service.ask(Ask::get("/v1/events")).await.expect(200);
        page["items"][0]["deliveries"].clone()
    };
    let waits = json!({"total": 1, "delivered": 0, "pending": 1, "dead": 0, "discarded": 0});
    assert_eq!(told().await, waits);
    service.ask(Ask::new("DELETE", &path)).await.expect(204);
    let gone = json!({"total": 1, "delivered": 0, "pending": 0, "dead": 0, "discarded": 1});
    assert_eq!(told().await, gone);
}

#[tokio::test]
async fn a_list_of_events_tells_how_their_deliveries_fare_and_no_tenant_of_anothers() {
    let service = Service::start().await;
    let (good, bad) = (Receiver::start(), Receiver::start());
    bad.always(Behaviour::status(500));
    for (receiver, name) in [(&good, "good"), (&bad, "bad")] {
        let url = receiver.url("/hook");
        let endpoint = json!({"url": url, "name": name, "tenant": name, "retry": {"ladder": []},
            "event_types": ["a.b"]});
        service.endpoint(endpoint).await;
    }
    service
        .publish(json!({"type": "of.nobody", "tenant": "*", "data": 0}))
        .await;
    service
        .publish(json!({"type": "a.b", "tenant": "*", "data": 1}))
        .await;
    let wanted = json!({"total": 2, "delivered": 1, "pending": 0, "dead": 1, "discarded": 0});
    let counted = async {
        loop {
            let page = service.ask(Ask::get("/v1/events")).await.expect(200);
            if page["items"][0]["deliveries"] == wanted {
                return page;
            }
        }
    };
    let page = tokio::time::timeout(Duration::from_secs(10), counted)
        .await
        .expect("both have ended in time");
    assert_eq!(page["items"][1]["deliveries"]["total"], 0);

    let at = page["items"][0]["accepted_at"].as_str().unwrap();
    let path = format!("/v1/events?at={at}");
    let then = service.ask(Ask::get(&path)).await.expect(200);
    let of = |page: &Value| page["items"][0]["deliveries"].clone();
    assert_eq!(of(&then), Value::Null, "the past tells the events alone");
    let token = service.token("viewer", Some("good")).await;
    let seen = service.ask_as(&token, Ask::get("/v1/events")).await;
    let seen = seen.expect(200);
    assert_eq!(seen["items"][0]["type"], "a.b");
    assert_eq!(of(&seen), Value::Null, "one of them is another's");
}
