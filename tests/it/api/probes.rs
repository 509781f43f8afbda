//! Health, readiness, metrics, the pointer at `/`: what machines ask.

use std::sync::Arc;

use hookyard::server::ServerLimits;
use serde_json::json;

use super::http::Ask;
use super::service::Service;

const PROBES: [&str; 5] = ["/healthz", "/readyz", "/metrics", "/openapi.json", "/docs"];

#[tokio::test]
async fn probes_answer_anybody_on_this_machine() {
    let service = Service::start().await;
    for path in PROBES {
        for door in [service.unix(), service.tcp()] {
            let answer = Ask::get(path).send(&door).await;
            assert_eq!(answer.status, 200, "{path} {}", answer.body);
        }
    }
    assert_eq!(service.ask(Ask::get("/healthz")).await.body, "ok\n");
    assert_eq!(service.ask(Ask::get("/readyz")).await.body, "ready\n");
}

#[tokio::test]
async fn a_proxy_on_this_machine_does_not_make_strangers_local() {
    let service = Service::start().await;
    let viewer = service.token("viewer", None).await;
    let publisher = service.token("publisher", None).await;
    for path in PROBES {
        let proxied = Ask::get(path).header("x-forwarded-for", "203.0.113.9");
        assert_eq!(proxied.send(&service.tcp()).await.status, 401, "{path}");
        let as_viewer = proxied.clone().token(&viewer);
        assert_eq!(as_viewer.send(&service.tcp()).await.status, 200, "{path}");
        let as_publisher = proxied.token(&publisher);
        assert_eq!(
            as_publisher.send(&service.tcp()).await.status,
            403,
            "{path}"
        );
    }
}

#[tokio::test]
async fn figures_of_the_whole_service_are_not_for_those_confined_to_a_tenant() {
    let service = Service::start().await;
    for role in ["viewer", "operator"] {
        let confined = service.token(role, Some("acme")).await;
        let free = service.token(role, None).await;
        let stats = Ask::get("/v1/stats");
        assert_eq!(service.ask_as(&free, stats.clone()).await.status, 200);
        let refused = (
            403,
            "forbidden".to_owned(),
            "these figures count the whole service and this token is confined to tenant acme; its endpoints have \
             their own in /v1/endpoints"
                .to_owned(),
        );
        assert_eq!(service.ask_as(&confined, stats).await.problem(), refused);
        let metrics = Ask::get("/metrics").header("forwarded", "for=203.0.113.9");
        assert_eq!(service.ask_as(&free, metrics.clone()).await.status, 200);
        let refused = (
            403,
            "forbidden".to_owned(),
            "the metrics count the whole service and this token is confined to tenant acme; use a token without tenant"
                .to_owned(),
        );
        assert_eq!(service.ask_as(&confined, metrics).await.problem(), refused);
        let alive = Ask::get("/healthz").header("forwarded", "for=203.0.113.9");
        assert_eq!(service.ask_as(&confined, alive).await.status, 200);
    }
}

#[tokio::test]
async fn probes_can_be_opened_to_everybody() {
    let open = ServerLimits {
        open_probes: true,
        ..ServerLimits::default()
    };
    let service = Service::with(|_| {}, |options| options.limits.store(Arc::new(open))).await;
    let answer = Ask::get("/metrics")
        .header("forwarded", "for=203.0.113.9")
        .send(&service.tcp())
        .await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn a_service_that_drains_is_not_ready_and_says_why() {
    let service = Service::start().await;
    service.engine.shutdown(std::time::Duration::ZERO).await;
    let (status, kind, detail) = service.ask(Ask::get("/readyz")).await.problem();
    assert_eq!((status, kind.as_str()), (503, "not-ready"));
    let unready = service.ask(Ask::get("/readyz")).await;
    assert_eq!(unready.header("retry-after"), Some("5"));
    assert!(detail.contains("the service is shutting down"), "{detail}");
    assert_eq!(service.ask(Ask::get("/healthz")).await.status, 200);
    let publish = Ask::post("/v1/events", r#"{"type":"a","data":1}"#);
    let answer = service.ask(publish).await;
    assert_eq!(answer.header("retry-after"), Some("5"));
    assert_eq!(
        answer.problem(),
        (
            503,
            "draining".to_owned(),
            "the service is shutting down; nothing was stored, try again when it is back"
                .to_owned()
        )
    );
}

#[tokio::test]
async fn metrics_count_what_happened_and_name_nothing_a_caller_chose() {
    let service = Service::start().await;
    service
        .endpoint(json!({"url": "http://127.0.0.1:9/", "name": "SECRETNAME"}))
        .await;
    service
        .publish(json!({"type": "SECRET.type", "data": 1}))
        .await;
    let answer = service.ask(Ask::get("/metrics")).await;
    assert_eq!(
        answer.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    let text = &answer.body;
    for line in [
        "hookyard_events_total 1",
        "hookyard_deliveries_created_total 1",
        "hookyard_endpoints{status=\"active\"} 1",
        "hookyard_deliveries{state=\"delivered\"} 0",
        "hookyard_lane_restarts_total 0",
        "hookyard_stream_clients 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} in {text}");
    }
    assert!(!text.contains("SECRET"), "{text}");
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (_, value) = line.rsplit_once(' ').unwrap();
        assert!(value.parse::<u64>().is_ok(), "{line}");
    }
}

#[tokio::test]
async fn statistics_and_contracts_are_there() {
    let service = Service::start().await;
    service
        .endpoint(json!({"url": "http://127.0.0.1:9/"}))
        .await;
    service.publish(json!({"type": "a", "data": 1})).await;
    let stats = service
        .ask(Ask::get("/v1/stats?window=5m"))
        .await
        .expect(200);
    assert_eq!(stats["window_s"], 300);
    assert_eq!(stats["events"], 1);
    assert_eq!(stats["ledger"]["created"], 1);
    let contracts = service.ask(Ask::get("/v1/contracts")).await.expect(200);
    let names: Vec<&str> = contracts["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["name"].as_str().unwrap())
        .collect();
    assert!(names.contains(&"standard"), "{names:?}");
    let one = service
        .ask(Ask::get("/v1/contracts/standard"))
        .await
        .expect(200);
    assert_eq!(one["revision"].as_str().unwrap().len(), 64);
}

#[tokio::test]
async fn the_root_points_people_to_the_console_and_the_api() {
    let service = Service::start().await;
    let answer = Ask::get("/").send(&service.tcp()).await;
    assert_eq!(answer.status, 200);
    assert!(
        answer.body.starts_with("This is Hookyard"),
        "{}",
        answer.body
    );
    assert_eq!(Ask::new("POST", "/").send(&service.tcp()).await.status, 405);
}

#[tokio::test]
async fn an_idle_connection_does_not_hold_the_stop_up() {
    let service = Service::with(
        |_| {},
        |options| options.shutdown_timeout = std::time::Duration::from_hours(1),
    )
    .await;
    let client = service.client();
    client.info().await.unwrap();
    service.stop().await;
    assert!(client.info().await.is_err());
}
