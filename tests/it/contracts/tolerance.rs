//! Odd JSON from publisher to receiver: what a publisher writes is what a receiver gets, to the letter.

use hookyard::api::endpoint::CreateEndpoint;
use hookyard::api::event::PublishEvent;
use hookyard::domain::json::RawJson;

use crate::support::receiver::Receiver;
use crate::support::service::Service;

/// A contract that sends attributes and data, one attribute in a place of its own.
const CONTRACT: &str = "name = \"odd\"\nsummary = \"x\"\n[body]\nmembers = [\n\
    { name = \"pinned\", value = \"event.attributes.pinned\" }, { spread = \"event.attributes\" },\n\
    { name = \"data\", value = \"event.data\" }]\n[retry]\nladder = []\n";

/// Attributes and data as published, and the body that must arrive.
const PUBLISHED: &[(&str, &str, &str)] = &[
    (
        "{ \"z\" : 1.0, \"pinned\": -0, \"a\": 1e400, \"z\": 2 }",
        "{ \"b\": 1.50, \"a\" : [ 1E5, 0.10 ], \"b\": {} }",
        "{\"pinned\":-0,\"z\":1.0,\"a\":1e400,\"z\":2,\"data\":{\"b\":1.50,\"a\":[1E5,0.10],\"b\":{}}}",
    ),
    (
        "{\"\\ud800\": \"\\udc00 x\", \"p\\u0069nned\": 1, \"pinned\": 2}",
        "\"nul \\u0000 and \\u001f and \\ud83d\\ude00 and / and \\/\"",
        "{\"pinned\":2,\"\\ud800\":\"\\udc00 x\",\"data\":\"nul \\u0000 and \\u001f and \\ud83d\\ude00 and / and \\/\"}",
    ),
    ("{}", "null", "{\"data\":null}"),
    (
        "{}",
        "123456789012345678901234567890.000100",
        "{\"data\":123456789012345678901234567890.000100}",
    ),
];

#[actix_web::test]
async fn order_number_text_and_escapes_survive_from_publisher_to_receiver() {
    let directory = tempfile::tempdir().unwrap();
    let contracts = directory.path().join("contracts");
    std::fs::create_dir(&contracts).unwrap();
    std::fs::write(contracts.join("odd.toml"), CONTRACT).unwrap();
    let service = Service::start_with(
        directory.path(),
        &[
            ("HOOKYARD_CONTRACTS_DIR", contracts.to_str().unwrap()),
            ("HOOKYARD_CONTRACTS", "odd"),
            ("HOOKYARD_DEFAULT_CONTRACT", "odd"),
        ],
    )
    .await;
    let receiver = Receiver::start();
    let endpoint = CreateEndpoint {
        url: receiver.url("/hook"),
        ordered: Some(true),
        ..CreateEndpoint::default()
    };
    service.client.create_endpoint(&endpoint).await.unwrap();
    let deepest = format!("{}{}", "[".repeat(64), "]".repeat(64));
    let deep_body = format!("{{\"data\":{deepest}}}");
    let mut published = PUBLISHED.to_vec();
    published.push(("{}", &deepest, &deep_body));
    for (attributes, data, _) in &published {
        let event = PublishEvent {
            event_type: "odd.one".parse().unwrap(),
            data: RawJson::parse(data).unwrap(),
            id: None,
            tenant: None,
            attributes: Some(RawJson::parse(attributes).unwrap()),
            occurred_at: None,
            test: false,
        };
        service.client.publish(&event).await.unwrap();
    }
    receiver
        .wait_until("all deliveries", |receiver| {
            receiver.requests().len() == published.len()
        })
        .await;
    service.stop().await;
    let bodies = receiver.requests().into_iter().map(|request| request.body);
    for (body, (attributes, data, expected)) in bodies.zip(&published) {
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert_eq!(&body, expected, "of {attributes} and {data}");
    }
}
