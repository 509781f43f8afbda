//! What people read about a value that cannot be taken, value by value.

use serde_json::json;

use super::http::Ask;
use super::service::Service;

/// Asks each and compares kind and detail; tells all that differ at once.
async fn check_all(service: &Service, table: Vec<(Ask, &str, String)>) {
    let mut differ = Vec::new();
    for (ask, kind, detail) in table {
        let shown = format!("{ask:?}");
        let answer = service.ask(ask).await;
        assert!(answer.status >= 400, "taken: {shown}");
        let (_, found_kind, found) = answer.problem();
        if (found_kind.as_str(), &found) != (kind, &detail) {
            let shown: String = shown.chars().take(200).collect();
            differ.push(format!(
                "{shown}\n  read   {found_kind}: {found}\n  wanted {kind}: {detail}"
            ));
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

fn create(members: &serde_json::Value) -> Ask {
    let mut body = json!({"url": "http://127.0.0.1:9/"});
    for (name, value) in members.as_object().unwrap() {
        body[name] = value.clone();
    }
    Ask::post("/v1/endpoints", &body.to_string())
}

#[tokio::test]
async fn a_url_that_cannot_be_a_target_is_refused_with_its_rule() {
    let service = Service::start().await;
    let long = format!("http://127.0.0.1/{}", "x".repeat(2_100));
    let mut table = Vec::new();
    for (url, detail) in [
        (
            long.as_str(),
            "/url: the URL has 2117 characters; at most 2048 are accepted",
        ),
        (
            "http://exa mple.com/",
            "/url: the URL has the character ' ' at position 11; white space, control characters and backslashes are \
             not accepted, percent-encode them",
        ),
        (
            "example.com/hooks",
            "/url: \"example.com/hooks\" is not a URL (relative URL without a base); expected one such as \
             https://example.com/hooks",
        ),
        (
            "ftp://example.com/",
            "/url: the scheme \"ftp\" is not accepted; use https or http",
        ),
        (
            "http://user:word@example.com/",
            "/url: a user name or password in the URL is not accepted; put credentials into a header of the endpoint",
        ),
        (
            "http://a..b/",
            "/url: the host \"a..b\" is not a host name: a label between its dots is empty",
        ),
        (
            "http://example.com:0/",
            "/url: port 0 cannot be connected to; name a port from 1 to 65535 or leave it out",
        ),
    ] {
        table.push((
            create(&json!({"url": url})),
            "invalid-input",
            detail.to_owned(),
        ));
    }
    check_all(&service, table).await;
}

#[tokio::test]
async fn a_secret_that_cannot_sign_is_refused_and_not_repeated() {
    let service = Service::start().await;
    let zeros = |bytes: usize| {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(vec![0; bytes])
    };
    let table = [
        (
            String::new(),
            "the secret is empty: give one, or leave it out to have one made",
        ),
        (
            "whsec_???".to_owned(),
            "what follows whsec_ is not base64 (A-Z a-z 0-9 + /): copy the whole secret, or leave it out to have one made",
        ),
        (
            format!("whsec_{}", zeros(8)),
            "the secret has 8 bytes after base64: whsec_ and base64 of 24 to 64 bytes is expected; leave it out to have one made",
        ),
        (
            format!("whsk_{}", zeros(8)),
            "the key has 8 bytes after base64: whsk_ and base64 of 64 bytes (seed, then public key) is expected",
        ),
        (
            format!("whsk_{}", zeros(64)),
            "the two halves of the whsk_ key do not belong together: copy the whole key again",
        ),
        (
            format!("whpk_{}", zeros(32)),
            "this is a public key (whpk_): it verifies but cannot sign; give the private whsk_ key",
        ),
    ];
    let table = table.into_iter().map(|(secret, detail)| {
        let detail = format!("/secret: {detail}");
        (create(&json!({"secret": secret})), "invalid-input", detail)
    });
    check_all(&service, table.collect()).await;
}

#[tokio::test]
async fn a_filter_that_cannot_be_read_says_why() {
    let service = Service::start().await;
    let deep = format!("{}state:dead{}", "(".repeat(40), ")".repeat(40));
    let long = "x".repeat(2_100);
    let many = vec!["state:dead"; 70].join(" ");
    let table = [
        (
            long.as_str(),
            "at column 2049: the filter has 2100 characters; at most 2048 are accepted",
        ),
        (
            deep.as_str(),
            "at column 33: parentheses and negations nest deeper than 32 levels",
        ),
        (
            many.as_str(),
            "at column 711: more than 64 terms; each value of a list counts as one, a saved view as all of its own",
        ),
        (
            "sate:dead",
            "at column 1: the field \"sate\" is not known, did you mean state?; known fields: id event type endpoint (ep) tenant contract state status class cause attempts (try) latency (lat) age at last size host ip replay test text header.* body.* metadata.*",
        ),
        (
            "state:ded",
            "at column 7: \"ded\" is not a value of state: expected one of pending held delivered dead discarded retrying inflight",
        ),
        (
            "state>dead",
            "at column 6: state does not take >; use : or !=",
        ),
        (
            "event:/(/",
            "at column 7: the regular expression does not compile: found open group without closing ')'",
        ),
        ("state:\"dead", "at column 7: this quote is not closed"),
        (
            "state:dead and",
            "at column 15: expected a word or a field, found the end",
        ),
        (
            "~mine",
            "at column 1: fuzzy words (~word) are not known; quote the word to search for it as text",
        ),
        (
            "@mine",
            "at column 1: no view is saved as @mine; `hookyard view list` shows those there are; quote the word to search for it as text",
        ),
    ];
    let table = table.into_iter().map(|(filter, detail)| {
        let filter: String = url::form_urlencoded::byte_serialize(filter.as_bytes()).collect();
        let ask = Ask::get(&format!("/v1/deliveries?filter={filter}"));
        (ask, "bad-query", format!("?filter: {detail}"))
    });
    check_all(&service, table.collect()).await;
}

#[tokio::test]
async fn bodies_and_headers_that_cannot_be_read_are_told_apart() {
    let service = Service::start().await;
    let deep = format!("{}1{}", "[".repeat(70), "]".repeat(70));
    let endpoint = service
        .endpoint(json!({"url": "http://127.0.0.1:9/"}))
        .await;
    let id = endpoint["id"].as_str().unwrap();
    let table = vec![
        (
            Ask::new("POST", "/v1/endpoints")
                .header("content-type", "application/x-ndjson")
                .body("{}\n{}"),
            "unsupported-media-type",
            "the body says it is NDJSON; this takes one JSON object with `Content-Type: application/json`".to_owned(),
        ),
        (
            Ask::new("POST", "/v1/events")
                .header("transfer-encoding", "chunked")
                .header("content-type", "application/json")
                .body("zz\r\n{}\r\n"),
            "malformed-body",
            "the body broke off or is badly framed: payload reached EOF before completing: None".to_owned(),
        ),
        (
            Ask::post("/v1/events/batch", "[{]"),
            "malformed-body",
            "the body is not a JSON array: key must be a string at line 1 column 3".to_owned(),
        ),
        (
            Ask::post("/v1/events/batch", "7"),
            "invalid-input",
            "/0: line 1: this is JSON but no object: expected members in { }".to_owned(),
        ),
        (
            Ask::post("/v1/events", r#"{"type":"a","data":1}"#).header("idempotency-key", "é"),
            "invalid-input",
            "the Idempotency-Key header holds bytes outside of ASCII".to_owned(),
        ),
        (
            Ask::post("/v1/events", &format!(r#"{{"type":"a","data":{deep}}}"#)),
            "invalid-input",
            "/data: nested deeper than 64 levels".to_owned(),
        ),
        (
            Ask::post("/v1/events", r#"{"type":"a","data":1,"tenant":"a b"}"#),
            "invalid-input",
            "/tenant: \"a b\" is not a tenant: expected 1 to 128 of A-Z a-z 0-9 _ . : -".to_owned(),
        ),
        (
            Ask::post(&format!("/v1/endpoints/{id}/resume"), r#"{"a":1}"#),
            "invalid-input",
            "/a: a is not known here; this takes no members".to_owned(),
        ),
    ];
    check_all(&service, table).await;
}

#[tokio::test]
async fn pages_that_cannot_be_found_are_refused_with_what_to_use() {
    let service = Service::start().await;
    let table = vec![
        (
            Ask::get("/v1/deliveries?cursor=x"),
            "bad-query",
            "?cursor: not a cursor: use the next member of the page before, or the id of a row"
                .to_owned(),
        ),
        (
            Ask::get("/v1/endpoints?cursor=x"),
            "bad-query",
            "?cursor: not a cursor: use the next member of the page before".to_owned(),
        ),
        (
            Ask::get("/v1/tokens?cursor=x"),
            "bad-query",
            "?cursor: it is not the `next` of an earlier page".to_owned(),
        ),
        (
            Ask::get("/v1/deliveries?limit=1&limit=2"),
            "bad-query",
            "?limit: limit stands there twice; give it once".to_owned(),
        ),
    ];
    check_all(&service, table).await;
}

#[tokio::test]
async fn what_the_present_state_forbids_says_what_to_do_first() {
    let service = Service::start().await;
    let endpoint = service
        .endpoint(json!({"url": "http://127.0.0.1:9/"}))
        .await;
    let id = endpoint["id"].as_str().unwrap();
    let act = |action: &str| Ask::post(&format!("/v1/endpoints/{id}/{action}"), "{}");
    let event = service.publish(json!({"type": "a.b", "data": 1})).await;
    let event = event["id"].as_str().unwrap();
    let deliver = || {
        let body = json!({"endpoint_id": id}).to_string();
        Ask::post(&format!("/v1/events/{event}/deliver"), &body)
    };
    let deliveries = service.ask(Ask::get("/v1/deliveries")).await.expect(200);
    let delivery = deliveries["items"][0]["id"].as_str().unwrap();
    let token = r#"{"name":"x","role":"viewer","value":"a-value-given-out-before"}"#;
    service
        .ask(Ask::post("/v1/tokens", token))
        .await
        .expect(201);
    check_all(
        &service,
        vec![
            (
                deliver(),
                "conflict",
                format!("the event already has {delivery} to this endpoint: replay that one"),
            ),
            (
                Ask::post("/v1/tokens", token),
                "conflict",
                "there is already a token with this value".to_owned(),
            ),
        ],
    )
    .await;
    service.ask(act("disable")).await.expect(200);
    check_all(
        &service,
        vec![
            (
                act("pause"),
                "conflict",
                format!("{id} is disabled, so nothing is sent: enable it before you pause it"),
            ),
            (
                act("resume"),
                "conflict",
                format!("{id} is disabled, not paused: enable it"),
            ),
            (
                deliver(),
                "conflict",
                "the endpoint is disabled and takes no delivery".to_owned(),
            ),
        ],
    )
    .await;
    service.ask(act("enable")).await.expect(200);
    for _ in 0..9 {
        service.ask(act("rotate-secret")).await.expect(200);
    }
    let full =
        format!("{id} has 10 active secrets already: wait until one expires, or use overlap 0s");
    check_all(&service, vec![(act("rotate-secret"), "conflict", full)]).await;
}
