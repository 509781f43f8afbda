//! Breakers as the API takes and shows them.

use serde_json::json;

use super::certificates::alert;
use super::http::Ask;
use super::service::Service;
use crate::support::receiver::Receiver;
use crate::support::receiver_answer::Behaviour;

#[tokio::test]
async fn settings_are_those_of_the_service_until_an_endpoint_has_its_own() {
    let service = Service::start().await;
    let own = json!({"url": "http://127.0.0.1:9/", "breaker": {"share": 0.25, "probe_max": "1h"}});
    let endpoint = service.endpoint(own).await;
    let path = format!("/v1/endpoints/{}", endpoint["id"].as_str().unwrap());
    let mut expected = json!({
        "enabled": true, "consecutive": 20, "share": 0.25, "window": 100, "attempts_min": 20,
        "probe_first": "5s", "probe_max": "1h",
    });
    assert_eq!(endpoint["breaker"], expected);
    let patch = Ask::new("PATCH", &path).json(r#"{"breaker":{"enabled":false}}"#);
    let patched = service.ask(patch).await.expect(200);
    assert_eq!(patched["breaker"]["enabled"], false);
    assert_eq!(patched["breaker"]["share"], 0.5, "what it had is replaced");
    let patch = Ask::new("PATCH", &path).json(r#"{"breaker":null}"#);
    expected["share"] = json!(0.5);
    expected["probe_max"] = json!("5m");
    assert_eq!(service.ask(patch).await.expect(200)["breaker"], expected);
}

#[tokio::test]
async fn settings_out_of_their_range_are_refused_by_name() {
    let service = Service::start().await;
    for (settings, pointer, detail) in [
        (
            json!({"share": 1.5}),
            "/breaker/share",
            "1.5 is out of range: choose 0.001 to 1",
        ),
        (
            json!({"window": 10, "attempts_min": 20}),
            "/breaker/attempts_min",
            "20 attempts at least are out of range: choose 2 to 10, the window",
        ),
        (
            json!({"probe_first": "1ms"}),
            "/breaker/probe_first",
            "a wait of 1ms between probes is out of range: choose 1s to 1d",
        ),
        (
            json!({"consecutive": 0}),
            "/breaker/consecutive",
            "0 failures in a row are out of range: choose 1 to 1000",
        ),
    ] {
        let body = json!({"url": "http://127.0.0.1:9/", "breaker": settings}).to_string();
        let refused = service.ask(Ask::post("/v1/endpoints", &body)).await;
        let (_, kind, found) = refused.problem();
        let expected = format!("{pointer}: {detail}");
        assert_eq!((kind.as_str(), found), ("invalid-input", expected));
    }
}

#[tokio::test]
async fn an_open_breaker_is_told_everywhere() {
    let service = Service::start().await;
    let receiver = Receiver::start();
    receiver.always(Behaviour::status(500));
    let mut stream = service.client().stream("alerts").await.unwrap();
    let billing = json!({"url": receiver.url("/"), "name": "billing"});
    let endpoint = service.endpoint(billing).await;
    let events: Vec<_> = (0..40)
        .map(|number| json!({"type": "a.b", "data": number}))
        .collect();
    let batch = Ask::post("/v1/events/batch", &json!(events).to_string());
    service.ask(batch).await.expect(202);
    let alert = alert(&mut stream).await;
    assert_eq!(alert.name, "breaker.opened");
    let id = endpoint["id"].as_str().unwrap();
    let told =
        format!("billing ({id}) fails: its breaker is open, and nothing but probes goes out");
    assert_eq!(alert.text, told);
    let path = format!("/v1/endpoints/{}", endpoint["id"].as_str().unwrap());
    // Subscribers hear of a commit before the endpoints in memory are what it made of them.
    let shown = loop {
        let shown = service.ask(Ask::get(&path)).await.expect(200);
        if !shown["health"]["breaker_open_since"].is_null() {
            break shown;
        }
    };
    assert_eq!(shown["health"]["breaker"], "open");
    assert!(shown["health"]["next_probe_at"].is_string());
    let metrics = service.ask(Ask::get("/metrics")).await.body;
    for line in [
        "hookyard_breakers_open 1",
        "hookyard_breakers_opened_total 1",
    ] {
        assert!(metrics.lines().any(|known| known == line), "{line}");
    }
}
