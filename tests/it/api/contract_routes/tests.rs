//! Test calls of contract routes: what reaches the receiver, and that it stays apart from real traffic.

use serde_json::{Value, json};

use super::{errors, path, registered, service};
use crate::api::http::Ask;
use crate::support::receiver::{Received, Receiver};

/// What came, once `count` requests have.
async fn arrived(receiver: &Receiver, count: usize) -> Vec<Received> {
    let what = format!("{count} requests");
    receiver
        .wait_until(&what, |receiver| receiver.requests().len() >= count)
        .await;
    receiver.requests()
}

#[tokio::test]
async fn a_test_reaches_the_endpoint_whatever_its_filters_with_type_and_data_from_the_body() {
    let service = service().await;
    let receiver = Receiver::start();
    let token = service.token("consumer", Some("acme")).await;
    let created = registered(&service, &token, json!({"callback": receiver.url("/in")})).await;
    let body = r#"{"topic":"crane.stuck","cargo":{"b":1.0,"a":[]},"unknown":1}"#;
    let sent = service
        .ask_as(&token, Ask::post(&format!("{}/try", path(&created)), body))
        .await;
    let told = sent.expect(200);
    let event_id = told["sent"].as_str().unwrap();
    let at = told["at"].as_str().unwrap();
    assert_eq!(
        sent.body,
        format!(
            r#"{{"berth":{},"sent":"{event_id}","topic":"crane.stuck","at":"{at}"}}"#,
            created["berth"]
        )
    );
    assert!(
        event_id.starts_with("evt_") && at.len() == "2026-04-13T10:18:00Z".len(),
        "{told}"
    );
    let received = arrived(&receiver, 1).await;
    assert_eq!(received[0].body, br#"{"b":1.0,"a":[]}"#);
    assert!(received[0].header("x-harbour-signature").is_some());
    let event = service
        .ask(Ask::get(&format!("/v1/events/{event_id}")))
        .await
        .expect(200);
    assert_eq!(
        (&event["test"], &event["type"], &event["tenant"]),
        (&json!(true), &json!("crane.stuck"), &json!("acme"))
    );
}

#[tokio::test]
async fn without_type_and_data_a_test_has_the_endpoints_first_type_and_data_of_ours() {
    let service = service().await;
    let receiver = Receiver::start();
    let token = service.token("consumer", Some("acme")).await;
    let members = json!({"callback": receiver.url("/"), "topics": ["ship.*", "ship.sailed"]});
    let created = registered(&service, &token, members).await;
    for body in ["", "{}", r#"{"topic":null,"cargo":null}"#] {
        let ask = Ask::post(&format!("{}/try", path(&created)), body);
        let told = service.ask_as(&token, ask).await.expect(200);
        assert_eq!(told["topic"], "ship.sailed", "{body}");
    }
    for received in arrived(&receiver, 3).await {
        let data: Value = serde_json::from_slice(&received.body).unwrap();
        assert_eq!(data["test"], true);
    }
}

#[tokio::test]
async fn where_the_whole_body_is_the_data_it_arrives_as_the_contract_writes_it() {
    let service = service().await;
    let receiver = Receiver::start();
    let token = service.token("consumer", Some("acme")).await;
    let body = json!({"url": receiver.url("/"), "events": ["boat.sunk"]}).to_string();
    let created = service
        .ask_as(&token, Ask::post("/pier/hooks", &body))
        .await
        .expect(200);
    let path = format!("/pier/hooks/{}/test", created["id"].as_str().unwrap());
    let sample = r#"{ "event": "x", "2": 1.0, "1": "é" }"#;
    let told = service
        .ask_as(&token, Ask::post(&path, sample))
        .await
        .expect(200);
    let received = arrived(&receiver, 1).await;
    assert_eq!(
        received[0].body,
        r#"{"1":"é","2":1,"event":"x"}"#.as_bytes()
    );
    let event = format!("/v1/events/{}", told["test_event_id"].as_str().unwrap());
    assert_eq!(
        service.ask(Ask::get(&event)).await.expect(200)["type"],
        "boat.sunk"
    );
    let broken = service.ask_as(&token, Ask::post(&path, "{")).await;
    assert_eq!(broken.problem().0, 400);
}

#[tokio::test]
async fn what_cannot_be_sent_as_a_test_is_refused_by_the_contracts_names() {
    let service = service().await;
    let token = service.token("consumer", Some("acme")).await;
    let created = registered(&service, &token, json!({})).await;
    let url = format!("{}/try", path(&created));
    let deep = format!(r#"{{"cargo":{}{}}}"#, "[".repeat(65), "]".repeat(65));
    for (body, pointer, detail) in [
        (r#"{"topic":5}"#, "/topic", "expected text, found a number"),
        (
            r#"{"topic":"a b"}"#,
            "/topic",
            "\"a b\" is not an event type: expected dotted segments of A-Z a-z 0-9 _ - such as packet.signed, \
             at most 128 characters",
        ),
        (deep.as_str(), "/cargo", "nested deeper than 64 levels"),
    ] {
        let found = errors(&service.ask_as(&token, Ask::post(&url, body)).await);
        assert_eq!(found, [(pointer.to_owned(), detail.to_owned())]);
    }
    let off = Ask::new("PATCH", &path(&created)).json(r#"{"on":false}"#);
    service.ask_as(&token, off).await.expect(200);
    let (status, kind, _) = service
        .ask_as(&token, Ask::post(&url, "{}"))
        .await
        .problem();
    assert_eq!((status, kind.as_str()), (409, "conflict"));
}
