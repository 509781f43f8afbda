//! `/v1/log`: the service's own log, for operators of the whole service.

use std::sync::{Arc, Mutex};

use hookyard::api::stream::StreamFrame;
use hookyard::domain::limits::LOG_LINES_MAX;
use hookyard::domain::service_log::LogLevel;
use hookyard::server::ServiceLog;
use serde_json::{Value, json};

use super::http::Ask;
use super::service::Service;
use super::stream::change_until;

/// A service, and what it writes its log with.
async fn logging() -> (Service, ServiceLog) {
    let log = Arc::new(Mutex::new(None));
    let taken = Arc::clone(&log);
    let service = Service::with(
        |_| {},
        move |options| *taken.lock().unwrap() = Some(options.log.clone()),
    )
    .await;
    let log = log.lock().unwrap().take().unwrap();
    (service, log)
}

async fn read(service: &Service, query: &str) -> Value {
    let path = format!("/v1/log?{query}");
    service.ask(Ask::get(&path)).await.expect(200)
}

fn texts(view: &Value) -> Vec<&str> {
    let lines = view["items"].as_array().unwrap();
    lines
        .iter()
        .map(|line| line["text"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn lines_come_newest_first_by_level_number_and_letters_and_in_pages() {
    let (service, log) = logging().await;
    log.note(LogLevel::Info, "hookyard::cli::serve", "ready");
    log.note(LogLevel::Warn, "hookyard::engine::lane", "breaker opened");
    log.note(LogLevel::Error, "sqlx::query", "gone");
    let all = read(&service, "").await;
    assert_eq!(texts(&all), ["gone", "breaker opened", "ready"]);
    assert_eq!((&all["lost"], &all["newest"]), (&json!(0), &json!(3)));
    let line = &all["items"][1];
    assert_eq!(
        (&line["level"], &line["part"], &line["target"], &line["seq"]),
        (
            &json!("warn"),
            &json!("engine.lane"),
            &json!("hookyard::engine::lane"),
            &json!(2)
        )
    );
    for (query, expected) in [
        ("level=warn", vec!["gone", "breaker opened"]),
        ("after=1", vec!["gone", "breaker opened"]),
        ("after=3", vec![]),
        ("contains=BREAKER", vec!["breaker opened"]),
        ("contains=sqlx", vec!["gone"]),
        ("limit=1", vec!["gone"]),
        ("limit=1&cursor=3", vec!["breaker opened"]),
    ] {
        assert_eq!(texts(&read(&service, query).await), expected, "{query}");
    }
    assert_eq!(read(&service, "limit=2").await["next"], "2");
    assert_eq!(read(&service, "limit=3").await["next"], json!(null));
}

#[tokio::test]
async fn the_log_of_an_instant_ends_with_it_and_says_where_it_begins() {
    let (service, log) = logging().await;
    log.note(LogLevel::Info, "a", "first");
    let first = read(&service, "").await["items"][0]["at"].clone();
    let then = first.as_str().unwrap();
    // The next line is of a later millisecond.
    while service.ask(Ask::get("/v1/info")).await.expect(200)["now"] == first {}
    log.note(LogLevel::Info, "a", "second");
    let past = read(&service, &format!("at={then}")).await;
    assert_eq!(texts(&past), ["first"]);
    assert_eq!((&past["newest"], &past["oldest_at"]), (&json!(1), &first));
    let early = read(&service, "at=1h").await;
    assert_eq!(texts(&early), Vec::<&str>::new());
    assert_eq!((&early["newest"], &early["oldest_at"]), (&json!(0), &first));
    let refused = service
        .ask(Ask::get("/v1/log?at=2999-01-01T00:00:00Z"))
        .await;
    assert!(refused.problem().2.contains("is in the future"));
}

#[tokio::test]
async fn an_answer_says_how_many_lines_are_lost() {
    let (service, log) = logging().await;
    for number in 0..LOG_LINES_MAX + 3 {
        log.note(LogLevel::Info, "hookyard::cli", &number.to_string());
    }
    assert_eq!(read(&service, "").await["lost"], 3);
    assert_eq!(read(&service, "after=1").await["lost"], 2);
    assert_eq!(read(&service, "after=3").await["lost"], 0);
}

#[tokio::test]
async fn what_is_no_query_of_the_log_is_refused_with_the_remedy() {
    let (service, log) = logging().await;
    log.note(LogLevel::Info, "a", "b");
    let long = format!("contains={}", "x".repeat(201));
    for (query, words) in [
        (
            "level=loud",
            "\"loud\" is no level; known are error, warn, info, debug, trace",
        ),
        (
            "after=2",
            "2 is beyond the newest line, which is 1: the service was started again",
        ),
        (
            "after=x",
            "\"x\" is no number of a line: give the seq of one, such as 42",
        ),
        ("cursor=-1", "\"-1\" is no number of a line"),
        ("limit=501", "is not a number of rows from 1 to 500"),
        (&long, "201 characters are too many; at most 200"),
        ("levle=warn", "did you mean level?"),
    ] {
        let path = format!("/v1/log?{query}");
        let refused = service.ask(Ask::get(&path)).await;
        let (status, _, detail) = refused.problem();
        assert_eq!(status, 400, "{query}");
        assert!(detail.contains(words), "{query}: {detail}");
    }
}

#[tokio::test]
async fn hostile_words_in_a_line_are_harmless_in_the_answer() {
    let (service, log) = logging().await;
    log.note(
        LogLevel::Warn,
        "a",
        "it said \u{1b}]0;x\u{7}\u{9b}2J\u{202e}\nand",
    );
    let answer = service.ask(Ask::get("/v1/log")).await;
    assert!(answer.body.is_ascii(), "{}", answer.body);
    let shown = answer.expect(200);
    assert_eq!(
        texts(&shown),
        ["it said \\x1b]0;x\\x07\\u{9b}2J\\u{202e}\\nand"]
    );
}

#[tokio::test]
async fn a_token_of_one_tenant_does_not_read_it() {
    let (service, _) = logging().await;
    let operator = service.token("operator", Some("acme")).await;
    let answer = service.ask_as(&operator, Ask::get("/v1/log")).await;
    let detail = "the log is of the whole service and this token is confined to tenant acme; ask an operator of it";
    assert_eq!(
        answer.problem(),
        (403, "forbidden".to_owned(), detail.to_owned())
    );
}

#[tokio::test]
async fn the_stream_tells_operators_how_far_the_log_has_come_and_viewers_nothing() {
    let (service, log) = logging().await;
    let viewer = service.token("viewer", None).await;
    let refused = service
        .ask_as(&viewer, Ask::get("/v1/stream?topics=log"))
        .await;
    let (status, _, detail) = refused.problem();
    assert_eq!(status, 403);
    assert!(
        detail.contains("the topic log takes the role operator or admin"),
        "{detail}"
    );
    let mut operators = service.client().stream("log,endpoints").await.unwrap();
    let mut viewers = service
        .client_with(&viewer)
        .stream("log,endpoints")
        .await
        .unwrap();
    for stream in [&mut operators, &mut viewers] {
        assert!(matches!(
            stream.next().await.unwrap(),
            Some(StreamFrame::Hello(_))
        ));
    }
    log.note(LogLevel::Warn, "a", "odd");
    log.note(LogLevel::Info, "a", "fine");
    let told = change_until(&mut operators, |change| {
        change.log.is_some_and(|log| log.newest == 2)
    })
    .await;
    assert_eq!(told.log.unwrap().newest_warning, 1);
    service
        .endpoint(json!({"url": "http://127.0.0.1:9/"}))
        .await;
    let heard = change_until(&mut viewers, |_| true).await;
    assert_eq!((heard.endpoints.len(), heard.log), (1, None));
}
