//! What contract routes refuse, and that they point at members by the contract's names.

use serde_json::{Value, json};

use super::{HARBOUR, errors, path, registered, service};
use crate::api::http::Ask;
use crate::api::service::Service;

/// Member, what it is given, where the refusal points, and what it says; "" where the address rules or the contract's
/// secrets word it.
const BAD: &[(&str, &str, &str, &str)] = &[
    (
        "callback",
        r#"5"#,
        "/callback",
        "expected text, found a number",
    ),
    ("callback", r#""ftp://127.0.0.1/""#, "/callback", ""),
    ("callback", r#""http://10.0.0.1/""#, "/callback", ""),
    ("title", r#"["x"]"#, "/title", "expected text, found a list"),
    (
        "title",
        r#""""#,
        "/title",
        "a name has 1 to 128 characters and no control characters, this one has 0",
    ),
    (
        "topics",
        r#""ship.sailed""#,
        "/topics",
        "expected a list of texts, found text",
    ),
    (
        "topics",
        r#"["ship.sailed", 7]"#,
        "/topics/1",
        "expected text, found a number",
    ),
    (
        "topics",
        r#"["ship.sailed", "a b"]"#,
        "/topics/1",
        "\"a b\" is not an event type pattern: expected a type such as packet.signed, packet.* or *",
    ),
    ("key", r#""""#, "/key", ""),
    (
        "on",
        r#""yes""#,
        "/on",
        "expected true or false, found text",
    ),
    ("dry", r#"1"#, "/dry", "expected true or false, found 1"),
    (
        "again",
        r#"-1"#,
        "/again",
        "expected a whole number, found -1",
    ),
    (
        "again",
        r#"2.5"#,
        "/again",
        "expected a whole number, found 2.5",
    ),
    (
        "again",
        r#"5"#,
        "/again",
        "5 retries are asked for: contract harbour allows at most 4",
    ),
    (
        "extra",
        r#"{"Host": "x"}"#,
        "/extra",
        "header Host is set by the connection: an endpoint cannot replace it",
    ),
    (
        "extra",
        r#"{"X-A": 1}"#,
        "/extra/X-A",
        "expected text, found a number",
    ),
    (
        "la/bels",
        r#"[]"#,
        "/la~1bels",
        "expected an object of texts, found a list",
    ),
    (
        "la/bels",
        r#"{"a~/": true}"#,
        "/la~1bels/a~0~1",
        "expected text, found true or false",
    ),
    (
        "queue",
        r#"{}"#,
        "/queue",
        "expected true or false, found an object",
    ),
    (
        "width",
        r#"1000"#,
        "/width",
        "1000 is out of range: choose 1 to 256",
    ),
];

#[tokio::test]
async fn every_bad_member_is_pointed_at_by_the_contracts_name() {
    let service = service().await;
    let token = service.token("consumer", Some("acme")).await;
    let created = registered(&service, &token, json!({})).await;
    let fine = json!({"callback": "http://127.0.0.1:9/", "topics": []});
    for &(member, value, pointer, detail) in BAD {
        let value: Value = serde_json::from_str(value).unwrap();
        let mut body = fine.clone();
        body[member] = value.clone();
        let create = Ask::post("/harbour/hooks", &body.to_string());
        let update = Ask::new("PATCH", &path(&created)).json(&json!({member: value}).to_string());
        for ask in [create, update] {
            let found = errors(&service.ask_as(&token, ask).await);
            assert_eq!(found.len(), 1, "{member} {value}: {found:?}");
            assert_eq!(found[0].0, pointer, "{member} {value}: {found:?}");
            if !detail.is_empty() {
                assert_eq!(found[0].1, detail);
            }
        }
    }
}

#[tokio::test]
async fn what_is_missing_is_named_all_at_once_and_null_is_as_good_as_missing() {
    let service = service().await;
    let token = service.token("consumer", Some("acme")).await;
    for body in [
        "",
        "{}",
        r#"{"callback":null,"topics":null}"#,
        r#"{"url":"x","event_types":["x"]}"#,
    ] {
        let answer = service
            .ask_as(&token, Ask::post("/harbour/hooks", body))
            .await;
        assert_eq!(
            errors(&answer),
            [
                (
                    "/callback".to_owned(),
                    "callback is missing: it is required".to_owned()
                ),
                (
                    "/topics".to_owned(),
                    "topics is missing: it is required".to_owned()
                ),
            ],
            "{body}"
        );
    }
    let mixed = Ask::post("/harbour/hooks", r#"{"topics":[],"on":1}"#);
    let pointers: Vec<String> = errors(&service.ask_as(&token, mixed).await)
        .into_iter()
        .map(|(pointer, _)| pointer)
        .collect();
    assert_eq!(pointers, ["/callback", "/on"]);
}

#[tokio::test]
async fn bodies_that_are_no_json_object_are_refused_before_anything_is_looked_up() {
    let service = service().await;
    let token = service.token("consumer", Some("acme")).await;
    for (ask, status, detail) in [
        (
            Ask::post("/harbour/hooks", "{"),
            400,
            "the body is not JSON: EOF while parsing an object at line 1 column 1",
        ),
        (
            Ask::post("/harbour/hooks", "[]"),
            422,
            "this is JSON but no object: expected members in { }",
        ),
        (
            Ask::new("PATCH", "/harbour/hooks/x")
                .header("content-type", "text/plain")
                .body("{}"),
            415,
            "the body says it is \"text/plain\"; send JSON with `Content-Type: application/json`",
        ),
        (
            Ask::post("/harbour/hooks/x/try", "5"),
            422,
            "this is JSON but no object: expected members in { }",
        ),
    ] {
        let (found, _, text) = service.ask_as(&token, ask).await.problem();
        assert_eq!((found, text.as_str()), (status, detail));
    }
    let large = Ask::post("/harbour/hooks", &" ".repeat(64 * 1024 + 1));
    assert_eq!(service.ask_as(&token, large).await.problem().0, 413);
}

#[tokio::test]
async fn other_methods_of_a_path_get_405_with_those_it_has_and_other_paths_404() {
    let service = service().await;
    for (method, path, allow) in [
        ("PUT", "/harbour/hooks", "POST, GET"),
        ("POST", "/harbour/hooks/x", "GET, PATCH, DELETE"),
        ("GET", "/harbour/hooks/x/try", "POST"),
    ] {
        let answer = service.ask(Ask::new(method, path)).await;
        let (status, _, detail) = answer.problem();
        assert_eq!(
            (status, detail),
            (
                405,
                format!("{method} is not a method of this route; it has {allow}")
            )
        );
        assert_eq!(answer.header("allow"), Some(allow));
    }
    for (path, hint) in [
        ("/harbour/hook", "did you mean /harbour/hooks?"),
        ("/harbour/hooks/", "did you mean /harbour/hooks?"),
        ("/xyz", "all routes are in /openapi.json"),
    ] {
        let (status, kind, detail) = service.ask(Ask::get(path)).await.problem();
        assert_eq!(
            (status, kind.as_str(), detail),
            (
                404,
                "no-route",
                format!("{path} is no route of this API; {hint}")
            )
        );
    }
}

#[tokio::test]
async fn a_contract_that_is_not_enabled_has_no_routes() {
    let service = Service::under(&[HARBOUR], &["standard"], |_| {}).await;
    for method in ["GET", "POST", "PUT"] {
        let answer = service.ask(Ask::new(method, "/harbour/hooks")).await;
        assert_eq!(answer.problem().1, "no-route", "{method}");
    }
}
