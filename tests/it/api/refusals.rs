//! What people read when they are refused, word for word.

use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncWriteExt;

use super::http::Ask;
use super::service::Service;

async fn check(service: &Service, ask: Ask, status: u16, kind: &str, detail: &str) {
    let shown = format!("{ask:?}");
    let answer = service.ask(ask).await;
    assert_eq!(
        answer.problem(),
        (status, kind.to_owned(), detail.to_owned()),
        "{shown}"
    );
}

#[tokio::test]
async fn unknown_routes_and_methods_are_problems_too() {
    let service = Service::start().await;
    check(
        &service,
        Ask::get("/v1/event"),
        404,
        "no-route",
        "/v1/event is no route of this API; did you mean /v1/events?",
    )
    .await;
    check(
        &service,
        Ask::get("/zzz"),
        404,
        "no-route",
        "/zzz is no route of this API; all routes are in /openapi.json",
    )
    .await;
    check(
        &service,
        Ask::new("DELETE", "/v1/events"),
        405,
        "method-not-allowed",
        "DELETE is not a method of this route; it has POST, GET",
    )
    .await;
    let answer = service
        .ask(Ask::new("PUT", "/v1/endpoints/ep_0000000000001"))
        .await;
    assert_eq!(answer.header("allow"), Some("GET, PATCH, DELETE"));
    assert_eq!(answer.json()["instance"], "/v1/endpoints/ep_0000000000001");
}

#[tokio::test]
async fn bodies_of_the_wrong_kind_are_refused() {
    let service = Service::start().await;
    check(
        &service,
        Ask::new("POST", "/v1/events")
            .header("content-type", "application/x-www-form-urlencoded")
            .body("a=b"),
        415,
        "unsupported-media-type",
        "the body says it is \"application/x-www-form-urlencoded\"; send JSON with \
         `Content-Type: application/json`",
    )
    .await;
    check(
        &service,
        Ask::new("POST", "/v1/events")
            .header("content-type", "application/x-ndjson")
            .body("{}"),
        415,
        "unsupported-media-type",
        "the body says it is NDJSON; this takes one JSON object, /v1/events/batch takes many",
    )
    .await;
    check(
        &service,
        Ask::post("/v1/endpoints", "{\"url\": "),
        400,
        "malformed-body",
        "the body is not JSON: EOF while parsing a value at line 1 column 8",
    )
    .await;
    check(
        &service,
        Ask::post("/v1/events", "[1]"),
        422,
        "invalid-input",
        "this is JSON but no object: expected members in { }",
    )
    .await;
}

#[tokio::test]
async fn members_that_are_unknown_missing_or_wrong_are_pointed_at() {
    let service = Service::start().await;
    let answer = service
        .ask(Ask::post(
            "/v1/endpoints",
            r#"{"url":"http://127.0.0.1:9/","retry":{"jiter":0.1}}"#,
        ))
        .await;
    assert_eq!(
        answer.json()["errors"],
        json!([{"pointer": "/retry/jiter", "detail": "jiter is not known here; did you mean jitter?"}])
    );
    check(
        &service,
        Ask::post("/v1/endpoints", "{}"),
        422,
        "invalid-input",
        "/url: url is missing: it is required",
    )
    .await;
    check(
        &service,
        Ask::post("/v1/tokens", r#"{"name":"x","role":"consumer"}"#),
        422,
        "invalid-input",
        "/tenant: a consumer manages its own tenant's endpoints: name the tenant",
    )
    .await;
    check(
        &service,
        Ask::post("/v1/tokens", r#"{"name":"x","role":"admin","tenant":"a"}"#),
        422,
        "invalid-input",
        "/tenant: an admin may do everything and cannot be confined to a tenant: leave tenant out, or choose \
         operator",
    )
    .await;
    let past = r#"{"name":"x","role":"viewer","expires_at":"2020-01-01T00:00:00Z"}"#;
    let (status, _, detail) = service.ask(Ask::post("/v1/tokens", past)).await.problem();
    assert_eq!(status, 422);
    assert!(
        detail.starts_with("/expires_at: 2020-01-01T00:00:00.000Z has passed: it is "),
        "{detail}"
    );
}

#[tokio::test]
async fn queries_and_ids_are_checked() {
    let service = Service::start().await;
    check(
        &service,
        Ask::get("/v1/deliveries?limit=0"),
        400,
        "bad-query",
        "?limit: \"0\" is not a number of rows from 1 to 500",
    )
    .await;
    check(
        &service,
        Ask::get("/v1/events?filter=state:dead"),
        400,
        "bad-query",
        "?filter: filter is not known here; known are limit, cursor, at",
    )
    .await;
    check(
        &service,
        Ask::get("/v1/stats?window=1s"),
        400,
        "bad-query",
        "?window: 1s is not a window from 1m to 90d",
    )
    .await;
    check(
        &service,
        Ask::get("/v1/stream?topics=weather"),
        400,
        "bad-query",
        "?topics: \"weather\" is not a topic; known are deliveries, endpoints, stats, alerts, replays, log, presence",
    )
    .await;
    check(
        &service,
        Ask::get("/v1/events/dlv_0000000000001"),
        400,
        "bad-id",
        "\"dlv_0000000000001\" is not an event id: expected evt_ and 13 characters of 0-9 and a-z without i, l, \
         o, u",
    )
    .await;
    check(
        &service,
        Ask::get("/v1/deliveries/dlv_0000000000001/attempts/0"),
        400,
        "bad-id",
        "\"0\" is not the number of an attempt: expected 1 for the first, 2 for the second",
    )
    .await;
}

#[tokio::test]
async fn a_filter_that_does_not_parse_shows_where() {
    let service = Service::start().await;
    let answer = service
        .ask(Ask::get("/v1/deliveries?filter=sate%3Adead"))
        .await;
    let (status, kind, detail) = answer.problem();
    assert_eq!((status, kind.as_str()), (400, "bad-query"));
    assert!(detail.starts_with("?filter: "), "{detail}");
    assert!(detail.contains("state"), "{detail}");
}

#[tokio::test]
async fn things_that_do_not_exist_are_named() {
    let service = Service::start().await;
    for (path, noun) in [
        ("/v1/events/evt_0000000000001", "event"),
        ("/v1/endpoints/ep_0000000000001", "endpoint"),
        ("/v1/deliveries/dlv_0000000000001", "delivery"),
    ] {
        let id = path.rsplit('/').next().unwrap();
        check(
            &service,
            Ask::get(path),
            404,
            "not-found",
            &format!("no {noun} {id} is visible to this caller"),
        )
        .await;
    }
    check(
        &service,
        Ask::get("/v1/contracts/standart"),
        404,
        "not-found",
        "no contract \"standart\"; did you mean standard?",
    )
    .await;
}

#[tokio::test]
async fn bodies_beyond_their_limit_are_refused_before_and_while_they_are_read() {
    let service = Service::with(
        |_| {},
        |options| {
            let limits = hookyard::server::ServerLimits {
                event_bytes_max: 100,
                ..hookyard::server::ServerLimits::default()
            };
            options.limits.store(limits.into());
        },
    )
    .await;
    let event = json!({"type": "a", "data": "x".repeat(200)}).to_string();
    check(
        &service,
        Ask::post("/v1/events", &event),
        413,
        "too-large",
        &format!(
            "the body has {} bytes; at most 100 bytes are taken here",
            event.len()
        ),
    )
    .await;
    let chunked = format!("{:x}\r\n{event}\r\n0\r\n\r\n", event.len());
    check(
        &service,
        Ask::new("POST", "/v1/events")
            .header("transfer-encoding", "chunked")
            .body(chunked),
        413,
        "too-large",
        "the body has more than 100 bytes; at most 100 bytes are taken here",
    )
    .await;
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_not_waited_for() {
    let service = Service::with(
        |_| {},
        |options| options.body_time_max = Duration::from_millis(50),
    )
    .await;
    check(
        &service,
        Ask::new("POST", "/v1/events")
            .header("content-length", "100")
            .body("{"),
        408,
        "slow-body",
        "the body did not arrive within 50ms; send it at once",
    )
    .await;
}

#[tokio::test]
async fn a_body_in_many_pieces_is_read_whole() {
    let service = Service::start().await;
    let ask = Ask::new("POST", "/v1/events").header("content-length", "27");
    let mut wire = ask.start(&service.unix()).await;
    for piece in ["{\"type\":\"a.b\",", "\"data\":", "[1,2]", "}"] {
        wire.write_all(piece.as_bytes()).await.unwrap();
        wire.flush().await.unwrap();
        tokio::task::yield_now().await;
    }
    let mut answer = String::new();
    tokio::io::AsyncReadExt::read_to_string(&mut wire, &mut answer)
        .await
        .unwrap();
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
}

#[tokio::test]
async fn what_a_caller_sent_comes_back_without_control_characters() {
    let service = Service::start().await;
    let answer = service
        .ask(Ask::post("/v1/endpoints", r#"{"\u001b[2J\u202e":1}"#))
        .await;
    let detail = answer.problem().2;
    assert!(detail.contains("\\x1b[2J\\u{202e}"), "{detail}");
    assert!(!detail.contains(['\u{1b}', '\u{202e}']), "{detail}");
}
