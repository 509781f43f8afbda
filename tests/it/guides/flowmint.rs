//! FlowMint: subscriptions under their own names of members, a flat envelope, `sha256=` over the body.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::cutting::{Block, Call, request_line};
use super::guide::Guide;
use super::platform::{Platform, event_of};
use super::verifier::{HMAC_PY, folder, python};

fn subscription(blocks: &[Block]) -> Option<Call> {
    let block = blocks
        .iter()
        .find(|block| block.is_under("Create webhook subscription"))?;
    let (method, path) = request_line(&block.lead)?;
    let body = serde_json::from_str(&block.text).ok()?;
    Some(Call { method, path, body })
}

#[tokio::test]
async fn the_guides_samples_arrive_as_shown_and_are_signed() {
    let test = "the_guides_samples_arrive_as_shown_and_are_signed (flowmint)";
    let guide = Guide::open("flowmint");
    let call = guide.call("create", subscription);
    let samples = guide.values("samples", |block| block.text.contains("\"occurred_at\""));
    for sample in samples {
        let platform = Platform::start("flowmint").await;
        let url = platform.receiver.url("/webhooks/flowmint");
        let subscribed = platform.register(&call, "endpoint_url", &url).await;
        for member in ["enabled", "event_filters", "metadata"] {
            assert_eq!(subscribed[member], call.body[member], "{member}");
        }
        platform
            .publish(event_of(&sample, "event", Some("occurred_at"), "data"))
            .await;
        let received = platform.delivered().await;
        assert_eq!(String::from_utf8_lossy(&received.body), sample.to_string());
        let Some(folder) = folder(test) else { continue };
        let input = json!({
            "body": BASE64.encode(&received.body), "secret": call.body["signing_secret"],
        });
        let expected = python(&folder, HMAC_PY, &input);
        let signature = received.header("X-FlowMint-Signature").unwrap();
        assert_eq!(signature.strip_prefix("sha256="), expected.as_str());
    }
}

#[tokio::test]
async fn a_subscription_is_listed_changed_and_deleted_under_the_guides_paths() {
    let guide = Guide::open("flowmint");
    let platform = Platform::start("flowmint").await;
    let call = guide.call("create", subscription);
    let url = platform.receiver.url("/");
    let subscribed = platform.register(&call, "endpoint_url", &url).await;
    let id = subscribed["target_id"].as_str().unwrap();
    let line = |method: &str, path: &str, body: Value| Call {
        method: method.to_owned(),
        path: path.replace("{target_id}", id),
        body,
    };
    let list = line("GET", "/api/v1/subscriptions", Value::Null);
    let listed = platform.ask(&list).await.expect(200);
    assert_eq!(listed["subscriptions"][0]["target_id"], id);
    assert_eq!(listed["subscriptions"][0]["signing_secret"], Value::Null);
    let update = line(
        "PATCH",
        "/api/v1/subscriptions/{target_id}",
        json!({"enabled": false}),
    );
    assert_eq!(platform.ask(&update).await.expect(200)["enabled"], false);
    let delete = line("DELETE", "/api/v1/subscriptions/{target_id}", Value::Null);
    assert!((200..300).contains(&platform.ask(&delete).await.status));
    let listed = platform.ask(&list).await.expect(200);
    assert_eq!(listed["subscriptions"], json!([]));
}
