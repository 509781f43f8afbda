//! Deliveries and attempts, seen from outside while a real receiver answers.

use std::time::Duration;

use serde_json::{Value, json};

use super::http::Ask;
use super::service::Service;
use crate::support::receiver::Receiver;
use crate::support::receiver_answer::Behaviour;

/// Asks for the delivery until it is as wanted; at most ten seconds.
async fn delivery_until(service: &Service, id: &str, is_met: impl Fn(&Value) -> bool) -> Value {
    let waiting = async {
        loop {
            let delivery = service
                .ask(Ask::get(&format!("/v1/deliveries/{id}")))
                .await
                .expect(200);
            if is_met(&delivery) {
                return delivery;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), waiting)
        .await
        .expect("the delivery gets there in time")
}

async fn published_delivery(service: &Service, receiver: &Receiver) -> String {
    service
        .endpoint(json!({"url": receiver.url("/hook"), "name": "sink", "retry": {"ladder": []}}))
        .await;
    let event = service
        .publish(json!({"type": "a.b", "data": {"n": 1}}))
        .await;
    let path = format!("/v1/events/{}/deliveries", event["id"].as_str().unwrap());
    let list = service.ask(Ask::get(&path)).await.expect(200);
    list["items"][0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_delivered_one_shows_the_exact_request_and_answer() {
    let service = Service::start().await;
    let receiver = Receiver::start();
    let id = published_delivery(&service, &receiver).await;
    let delivery = delivery_until(&service, &id, |delivery| delivery["state"] == "delivered").await;
    assert_eq!(delivery["attempts"], 1);
    assert_eq!(delivery["endpoint_name"], "sink");
    assert!(!delivery["why"].as_str().unwrap().is_empty());
    let attempt = service
        .ask(Ask::get(&format!("/v1/deliveries/{id}/attempts/1")))
        .await
        .expect(200);
    let received = &receiver.requests()[0];
    let body = attempt["request"]["body"]["text"].as_str().unwrap();
    assert_eq!(body.as_bytes(), &received.body[..]);
    let headers = attempt["request"]["headers"].as_array().unwrap();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        let shown = headers
            .iter()
            .find(|header| header["name"].as_str().unwrap().eq_ignore_ascii_case(name))
            .unwrap_or_else(|| panic!("{name} in {headers:?}"));
        assert_eq!(shown["value"].as_str(), received.header(name), "{name}");
    }
    assert_eq!(attempt["response"]["status"], 200);
    assert_eq!(attempt["phases"]["reused"], false);
    assert!(attempt["phases"]["total_us"].as_u64().unwrap() > 0);
    let missing = service
        .ask(Ask::get(&format!("/v1/deliveries/{id}/attempts/2")))
        .await;
    assert_eq!(missing.problem().0, 404);
}

#[tokio::test]
async fn a_dead_one_is_replayed_or_discarded_and_a_delivered_one_is_not_discarded() {
    let service = Service::start().await;
    let receiver = Receiver::start();
    receiver.always(Behaviour::status(500));
    let id = published_delivery(&service, &receiver).await;
    let dead = delivery_until(&service, &id, |delivery| delivery["state"] == "dead").await;
    assert_eq!(
        (&dead["reason"], &dead["last_class"], &dead["last_status"]),
        (&json!("exhausted"), &json!("status"), &json!(500))
    );
    receiver.always(Behaviour::ok());
    let replayed = service
        .ask(Ask::new("POST", &format!("/v1/deliveries/{id}/replay")))
        .await
        .expect(200);
    assert_eq!(replayed["state"], "pending");
    delivery_until(&service, &id, |delivery| delivery["state"] == "delivered").await;
    let (status, kind, detail) = service
        .ask(Ask::new("POST", &format!("/v1/deliveries/{id}/discard")))
        .await
        .problem();
    assert_eq!((status, kind.as_str()), (409, "conflict"));
    assert!(detail.contains("delivered"), "{detail}");
}

#[tokio::test]
async fn deliveries_are_picked_by_filter() {
    let service = Service::start().await;
    let receiver = Receiver::start();
    let id = published_delivery(&service, &receiver).await;
    delivery_until(&service, &id, |delivery| delivery["state"] == "delivered").await;
    for (filter, expected) in [("state%3Adelivered", 1), ("state%3Adead", 0), ("", 1)] {
        let list = service
            .ask(Ask::get(&format!("/v1/deliveries?filter={filter}")))
            .await
            .expect(200);
        assert_eq!(
            list["items"].as_array().unwrap().len(),
            expected,
            "{filter}"
        );
    }
}

/// What `GET /v1/deliveries/count` answers.
async fn count(service: &Service, filter: &str) -> Value {
    let filter: String = url::form_urlencoded::byte_serialize(filter.as_bytes()).collect();
    let path = format!("/v1/deliveries/count?filter={filter}");
    service.ask(Ask::get(&path)).await.expect(200)
}

fn counted(count: u64, exact: bool, looked_at: u64) -> Value {
    json!({"count": count, "exact": exact, "looked_at": looked_at})
}

#[tokio::test]
async fn what_a_filter_picks_is_counted_as_far_as_that_is_cheap_and_told_to_be_exact_or_not() {
    let service = Service::start().await;
    // Held: nothing is sent meanwhile.
    for number in 0..11 {
        let tenant = (number == 0).then_some("acme");
        let name = format!("e-{number}");
        let body = json!({"url": "http://127.0.0.1:9/", "name": name, "tenant": tenant});
        let id = service.endpoint(body).await["id"].clone();
        let path = format!("/v1/endpoints/{}/pause", id.as_str().unwrap());
        service.ask(Ask::post(&path, "{}")).await.expect(200);
    }
    assert_eq!(count(&service, "").await, counted(0, true, 0));
    let events =
        (0..1_000).map(|number| json!({"type": "a.b", "tenant": "*", "data": {"n": number}}));
    let batch = Value::Array(events.collect()).to_string();
    service
        .ask(Ask::post("/v1/events/batch", &batch))
        .await
        .expect(202);
    for (filter, expected) in [
        ("", counted(10_000, false, 11_000)),
        ("state:held", counted(10_000, false, 11_000)),
        ("state:dead", counted(0, true, 11_000)),
        ("ep:e-3", counted(1_000, true, 11_000)),
        ("ep:e-3,e-4 age<1h -test:yes", counted(2_000, true, 11_000)),
        // Looked for in the deliveries themselves, the newest of them.
        ("body.data.n>=0", counted(2_000, false, 2_000)),
        ("ep:e-3 body.data.n<7", counted(7, true, 1_000)),
    ] {
        assert_eq!(count(&service, filter).await, expected, "{filter}");
    }
    let put = Ask::new("PUT", "/v1/views/three").json(r#"{"filter": "ep:e-3"}"#);
    service.ask(put).await.expect(200);
    assert_eq!(
        count(&service, "@three").await,
        counted(1_000, true, 11_000)
    );
    let own = service.token("consumer", Some("acme")).await;
    let path = "/v1/deliveries/count?filter=ep:e-0";
    let of_own = service.ask_as(&own, Ask::get(path)).await.expect(200);
    assert_eq!(of_own, counted(1_000, true, 1_000));
    let path = "/v1/deliveries/count?filter=ep:e-3";
    let of_others = service.ask_as(&own, Ask::get(path)).await.expect(200);
    assert_eq!(of_others, counted(0, true, 0));
    for query in ["filter=state:dad", "filter=%40nobody", "limit=5"] {
        let path = format!("/v1/deliveries/count?{query}");
        let refused = service.ask(Ask::get(&path)).await;
        assert_eq!(refused.status, 400, "{query}: {}", refused.body);
    }
}

#[tokio::test]
async fn an_endpoints_health_tells_its_last_failure_in_words_and_its_last_success() {
    let service = Service::start().await;
    let receiver = Receiver::start();
    receiver.always(Behaviour::status(503));
    let id = published_delivery(&service, &receiver).await;
    let dead = delivery_until(&service, &id, |delivery| delivery["state"] == "dead").await;
    let path = format!("/v1/endpoints/{}", dead["endpoint_id"].as_str().unwrap());
    let failing = service.ask(Ask::get(&path)).await.expect(200)["health"].clone();
    let words = json!("status: answered 503; the contract takes 2xx for success");
    assert_eq!(failing["last_failure"], words);
    assert_eq!(failing["consecutive_failures"], 1);
    assert!(failing["last_failure_at"].is_string(), "{failing}");
    assert!(failing["last_success_at"].is_null(), "{failing}");

    receiver.always(Behaviour::ok());
    service
        .ask(Ask::new("POST", &format!("/v1/deliveries/{id}/replay")))
        .await
        .expect(200);
    delivery_until(&service, &id, |delivery| delivery["state"] == "delivered").await;
    let list = service.ask(Ask::get("/v1/endpoints")).await.expect(200);
    let well = &list["items"][0]["health"];
    assert_eq!(well["consecutive_failures"], 0);
    assert!(well["last_success_at"].is_string(), "{well}");
    assert_eq!(well["last_failure"], words);
}

/// A filter that looks into bodies reads rows one by one, over a window that ends.
#[tokio::test]
async fn a_filter_that_the_store_cannot_decide_says_how_far_it_looked() {
    let service = Service::start().await;
    let created = service
        .endpoint(json!({"url": "http://127.0.0.1:9/"}))
        .await;
    let pause = format!("/v1/endpoints/{}/pause", created["id"].as_str().unwrap());
    service.ask(Ask::post(&pause, "{}")).await.expect(200);
    let event = json!({"type": "a.b", "data": {"n": 1}});
    for _ in 0..3 {
        service.publish(event.clone()).await;
    }
    let list = async |filter: &str| -> Value {
        let path = format!("/v1/deliveries?filter={filter}");
        service.ask(Ask::get(&path)).await.expect(200)
    };
    let found = list("body.data.n:1").await;
    assert_eq!(found["items"].as_array().unwrap().len(), 3);
    assert_eq!(found["searched"], json!({"rows": 3, "limited": false}));
    assert_eq!(list("type:a.b").await.get("searched"), None);

    let batch = Value::Array(vec![event; 1_000]).to_string();
    let ask = Ask::post("/v1/events/batch", &batch);
    service.ask(ask).await.expect(202);
    let found = list("body.data.n:2").await;
    assert_eq!(found["items"], json!([]));
    assert_eq!(found["searched"], json!({"rows": 500, "limited": true}));
    assert!(found["next"].is_string(), "{found}");
}

#[tokio::test]
async fn credentials_among_an_endpoints_headers_are_shown_to_those_who_operate_alone() {
    let service = Service::start().await;
    let receiver = Receiver::start();
    let created = service
        .endpoint(json!({
            "url": receiver.url("/hook"),
            "tenant": "acme",
            "headers": {"authorization": "Bearer SESAME", "x-plain": "seen"},
        }))
        .await;
    let event = json!({"type": "a.b", "data": 1, "tenant": "acme"});
    let event = service.publish(event).await;
    let path = format!("/v1/events/{}/deliveries", event["id"].as_str().unwrap());
    let list = service.ask(Ask::get(&path)).await.expect(200);
    let id = list["items"][0]["id"].as_str().unwrap();
    delivery_until(&service, id, |delivery| delivery["state"] == "delivered").await;
    let sent = receiver.requests().remove(0);
    assert_eq!(sent.header("authorization"), Some("Bearer SESAME"));

    let attempt = format!("/v1/deliveries/{id}/attempts/1");
    let endpoint = format!("/v1/endpoints/{}", created["id"].as_str().unwrap());
    for (role, in_attempt, in_endpoint) in [
        ("viewer", "(hidden)", "(hidden)"),
        ("consumer", "(hidden)", "Bearer SESAME"),
        ("operator", "Bearer SESAME", "Bearer SESAME"),
    ] {
        let token = service.token(role, Some("acme")).await;
        let shown = service.ask_as(&token, Ask::get(&attempt)).await.expect(200);
        let value = |name: &str| -> Value {
            let headers = shown["request"]["headers"].as_array().unwrap();
            let found = headers.iter().find(|header| {
                let shown = header["name"].as_str().unwrap();
                shown.eq_ignore_ascii_case(name)
            });
            found.unwrap()["value"].clone()
        };
        assert_eq!(value("authorization"), in_attempt, "{role}");
        assert_eq!(value("x-plain"), "seen", "{role}");
        let shown = service
            .ask_as(&token, Ask::get(&endpoint))
            .await
            .expect(200);
        let headers = json!({"authorization": in_endpoint, "x-plain": "seen"});
        assert_eq!(shown["headers"], headers, "{role}");
    }
}
