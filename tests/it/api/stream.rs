//! The live stream: hello, changes, gaps, heartbeats, and an end in time.

use std::time::Duration;

use hookyard::api::stream::{Change, StreamFrame};
use hookyard::client::{Client, FrameStream, Target};
use hookyard::domain::actor::Actor;
use hookyard::store::AuditNote;
use serde_json::json;

use super::http::Ask;
use super::service::Service;

/// The next frame, at most ten seconds away.
async fn frame(stream: &mut FrameStream) -> StreamFrame {
    tokio::time::timeout(Duration::from_secs(10), stream.next())
        .await
        .expect("a frame in time")
        .unwrap()
        .expect("a frame")
}

/// The first change that is as wanted.
pub(super) async fn change_until(
    stream: &mut FrameStream,
    is_met: impl Fn(&Change) -> bool,
) -> Change {
    loop {
        if let StreamFrame::Change(change) = frame(stream).await
            && is_met(&change)
        {
            return *change;
        }
    }
}

#[tokio::test]
async fn a_stream_begins_with_hello_and_tells_what_changes() {
    let service = Service::start().await;
    let mut stream = service
        .client()
        .stream("deliveries,endpoints,stats,alerts")
        .await
        .unwrap();
    let StreamFrame::Hello(hello) = frame(&mut stream).await else {
        panic!("hello comes first");
    };
    assert_eq!(hello.info.role, "admin");
    assert_eq!(hello.heartbeat_s, 5);
    let stats = change_until(&mut stream, |change| change.stats.is_some()).await;
    assert_eq!(stats.stats.unwrap().ledger.created, 0);
    service
        .endpoint(json!({"url": "http://127.0.0.1:9/", "name": "one"}))
        .await;
    let change = change_until(&mut stream, |change| !change.endpoints.is_empty()).await;
    assert_eq!(change.endpoints[0].name.as_deref(), Some("one"));
    service.publish(json!({"type": "a.b", "data": 1})).await;
    let change = change_until(&mut stream, |change| !change.deliveries.is_empty()).await;
    assert_eq!(change.deliveries[0].endpoint_name.as_deref(), Some("one"));
    assert!(change.seq >= 2);
}

/// News of a commit come before the engine has taken it up; on a busy machine that may take a while.
#[tokio::test]
async fn a_stream_tells_of_an_endpoint_as_it_is_on_disk() {
    let service = Service::start().await;
    let mut stream = service.client().stream("endpoints").await.unwrap();
    service
        .endpoint(json!({"url": "http://127.0.0.1:9/", "name": "one"}))
        .await;
    let change = change_until(&mut stream, |change| !change.endpoints.is_empty()).await;
    let stored = service.store.endpoint(change.endpoints[0].id).await;
    let mut renamed = stored.unwrap();
    renamed.name = Some("two".to_owned());
    let (note, version) = (AuditNote::new(Actor::service(), "test"), renamed.version);
    let done = service.store.update_endpoint(note, renamed, version).await;
    let id = done.unwrap().id;
    assert_eq!(
        service.engine.endpoint(id).await.unwrap().name.as_deref(),
        Some("one"),
        "the engine does not know"
    );
    let change = change_until(&mut stream, |change| !change.endpoints.is_empty()).await;
    assert_eq!(change.endpoints[0].name.as_deref(), Some("two"));
}

#[tokio::test]
async fn a_stream_tells_only_the_topics_asked_for() {
    let service = Service::start().await;
    let mut stream = service.client().stream("endpoints").await.unwrap();
    assert!(matches!(frame(&mut stream).await, StreamFrame::Hello(_)));
    service
        .endpoint(json!({"url": "http://127.0.0.1:9/"}))
        .await;
    service.publish(json!({"type": "a.b", "data": 1})).await;
    service
        .endpoint(json!({"url": "http://127.0.0.1:9/"}))
        .await;
    let mut endpoints = 0;
    while endpoints < 2 {
        let StreamFrame::Change(change) = frame(&mut stream).await else {
            continue;
        };
        assert!(change.deliveries.is_empty() && change.stats.is_none());
        endpoints += change.endpoints.len();
    }
}

#[tokio::test]
async fn a_quiet_stream_shows_that_it_lives() {
    let service = Service::start().await;
    let mut stream = service.client().stream("alerts").await.unwrap();
    assert!(matches!(frame(&mut stream).await, StreamFrame::Hello(_)));
    assert!(matches!(
        frame(&mut stream).await,
        StreamFrame::Heartbeat { .. }
    ));
}

#[tokio::test]
async fn streams_say_bye_and_end_when_the_service_stops() {
    let mut service = Service::start().await;
    let mut stream = service.client().stream("alerts").await.unwrap();
    assert!(matches!(frame(&mut stream).await, StreamFrame::Hello(_)));
    service.begin_stop();
    assert_eq!(frame(&mut stream).await, StreamFrame::Bye);
    assert_eq!(stream.next().await.unwrap(), None);
    service.stop().await;
}

#[tokio::test]
async fn what_changed_in_a_burst_is_listed_or_counted_and_never_lost_silently() {
    let service = Service::start().await;
    service
        .endpoint(json!({"url": "http://127.0.0.1:9/", "enabled": true}))
        .await;
    let mut stream = service.client().stream("deliveries").await.unwrap();
    assert!(matches!(frame(&mut stream).await, StreamFrame::Hello(_)));
    let events = vec![json!({"type": "a.b", "data": 1}); 500];
    service
        .ask(Ask::post("/v1/events/batch", &json!(events).to_string()))
        .await
        .expect(202);
    let change = change_until(&mut stream, |change| change.deliveries_unlisted > 0).await;
    assert!(
        change.deliveries.len() <= 100,
        "{}",
        change.deliveries.len()
    );
    assert!(change.deliveries.is_sorted_by_key(|delivery| delivery.id));
}

#[tokio::test]
async fn a_closed_stream_gives_its_seat_back_and_too_many_are_refused() {
    let service = Service::start().await;
    let mut open = Vec::new();
    for _ in 0..hookyard::domain::limits::STREAMS_MAX {
        let mut wire = Ask::get("/v1/stream?topics=alerts")
            .start(&service.unix())
            .await;
        let mut first = [0; 64];
        tokio::io::AsyncReadExt::read_exact(&mut wire, &mut first)
            .await
            .unwrap();
        open.push(wire);
    }
    let answer = service.ask(Ask::get("/v1/stream")).await;
    assert_eq!(answer.header("retry-after"), Some("10"));
    assert_eq!(
        answer.problem(),
        (
            503,
            "busy".to_owned(),
            "128 streams are open already; close one and try again".to_owned()
        )
    );
    open.clear();
    let freed = async {
        loop {
            let answer = Ask::get("/v1/stream").send_for_head(&service.unix()).await;
            if answer.status == 200 {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), freed)
        .await
        .expect("seats are given back");
}

#[tokio::test]
async fn a_tenants_viewer_does_not_see_the_whole_service() {
    let service = Service::start().await;
    let token = service.token("viewer", Some("acme")).await;
    let answer = service.ask_as(&token, Ask::get("/v1/stream")).await;
    assert_eq!(
        answer.problem(),
        (
            403,
            "forbidden".to_owned(),
            "the stream shows the whole service and this token is confined to tenant acme; list /v1/deliveries \
             instead"
                .to_owned()
        )
    );
}

#[tokio::test]
async fn a_stream_ends_when_its_token_is_revoked() {
    let service = Service::start().await;
    let made = service
        .ask(Ask::post(
            "/v1/tokens",
            r#"{"name":"wall","role":"viewer"}"#,
        ))
        .await
        .expect(201);
    let target = Target::Url {
        url: format!("http://{}", service.tcp).parse().unwrap(),
        token: Some(made["token"].as_str().unwrap().to_owned().into()),
    };
    let mut stream = Client::new(target).unwrap().stream("stats").await.unwrap();
    assert!(matches!(frame(&mut stream).await, StreamFrame::Hello(_)));
    let path = format!("/v1/tokens/{}", made["id"].as_str().unwrap());
    service.ask(Ask::new("DELETE", &path)).await.expect(204);
    while frame(&mut stream).await != StreamFrame::Bye {}
    assert_eq!(stream.next().await.unwrap(), None);
}

/// Goal: memory stays bounded and the client learns the truth. Method: one client reads nothing while another one
/// sees enough frames go by to overflow the first one's socket and queue.
#[tokio::test]
async fn a_client_that_does_not_read_gets_a_gap_and_then_goes_on() {
    let service = Service::start().await;
    let endpoint = service
        .endpoint(json!({"url": "http://127.0.0.1:9/"}))
        .await;
    let pause = format!("/v1/endpoints/{}/pause", endpoint["id"].as_str().unwrap());
    service.ask(Ask::post(&pause, "{}")).await.expect(200);
    let mut lazy = Ask::get("/v1/stream?topics=deliveries")
        .start(&service.unix())
        .await;
    let mut watching = service.client().stream("deliveries").await.unwrap();
    assert!(matches!(frame(&mut watching).await, StreamFrame::Hello(_)));
    let batch = json!(vec![json!({"type": "a.b", "data": 1}); 150]).to_string();
    for _ in 0..60 {
        service
            .ask(Ask::post("/v1/events/batch", &batch))
            .await
            .expect(202);
        change_until(&mut watching, |change| !change.deliveries.is_empty()).await;
    }
    let mut read = Vec::new();
    let found = async {
        loop {
            let mut chunk = vec![0; 65_536];
            let bytes = tokio::io::AsyncReadExt::read(&mut lazy, &mut chunk)
                .await
                .unwrap();
            assert!(bytes > 0, "the stream ended");
            read.extend_from_slice(&chunk[..bytes]);
            let text = String::from_utf8_lossy(&read);
            if let Some((_, after)) =
                text.split_once("event: gap\ndata: {\"kind\":\"gap\",\"missed\":")
                && after.contains("event: change")
            {
                return after.split('}').next().unwrap().parse::<u64>().unwrap();
            }
        }
    };
    let missed = tokio::time::timeout(Duration::from_secs(10), found)
        .await
        .expect("a gap is announced");
    assert!(missed > 0);
}
