//! FED: one registration call, `X-FED-SIGNATURE` by the consumer's key, and one by the service's own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};
use serde_json::{Value, json};

use super::cutting::{Block, Call, request_line};
use super::guide::Guide;
use super::platform::{Platform, event_of, member_names};
use super::verifier::{HMAC_PY, folder, python};
use crate::api::http::Ask;

/// The registration: its line in one block, its body in the next.
fn registration(blocks: &[Block]) -> Option<Call> {
    let start = blocks.iter().position(|block| block.language == "http")?;
    let (method, path) = request_line(&blocks[start].text)?;
    let body = serde_json::from_str(&blocks.get(start + 1)?.text).ok()?;
    Some(Call { method, path, body })
}

#[tokio::test]
async fn the_guides_sample_arrives_with_both_signatures() {
    let test = "the_guides_sample_arrives_with_both_signatures (fed)";
    let guide = Guide::open("fed");
    let call = guide.call("create", registration);
    let sample = guide
        .values("samples", |block| block.is_under("Sample Payload"))
        .remove(0);
    let platform = Platform::start("fed").await;
    let url = platform.receiver.url("/fed/events");
    let registered = platform.register(&call, "url", &url).await;
    assert_eq!(
        member_names(&registered),
        [
            "id",
            "url",
            "events",
            "active",
            "created_at",
            "verification_keys"
        ]
    );
    platform
        .publish(event_of(&sample, "event", None, "metadata"))
        .await;
    let received = platform.delivered().await;
    let body: Value = serde_json::from_slice(&received.body).unwrap();
    // The time is the attempt's, which guards against replays; all the rest is the sample's, in its order.
    let mut expected = sample.clone();
    expected["timestamp"] = body["timestamp"].clone();
    assert_eq!(
        String::from_utf8_lossy(&received.body),
        expected.to_string()
    );
    let sent_at = body["timestamp"].as_str().unwrap();
    assert_ne!(body["timestamp"], sample["timestamp"]);
    assert_eq!(sent_at.len(), "2025-05-19T17:05:42Z".len(), "{sent_at}");

    let key = &registered["verification_keys"][0];
    assert_eq!(key["algorithm"], "ed25519");
    let public = key["public_key"].as_str().unwrap();
    let public = BASE64
        .decode(public.strip_prefix("whpk_").unwrap())
        .unwrap();
    let public = VerifyingKey::from_bytes(&public.try_into().unwrap()).unwrap();
    let signature = received.header("X-FED-SIGNATURE-ED25519").unwrap();
    let signature = Signature::from_slice(&BASE64.decode(signature).unwrap()).unwrap();
    public.verify(&received.body, &signature).unwrap();
    let changed = [&received.body[..], b" "].concat();
    assert!(public.verify(&changed, &signature).is_err());

    let Some(folder) = folder(test) else { return };
    let input = json!({"body": BASE64.encode(&received.body), "secret": call.body["verify_key"]});
    let expected = python(&folder, HMAC_PY, &input);
    assert_eq!(received.header("X-FED-SIGNATURE"), expected.as_str());
}

/// The guide's own key is a few dots: taken, and warned about.
#[tokio::test]
async fn a_short_key_is_taken_and_shown_to_be_short() {
    let guide = Guide::open("fed");
    let call = guide.call("create", registration);
    assert!(call.body["verify_key"].as_str().unwrap().len() < 16);
    let platform = Platform::start("fed").await;
    let url = platform.receiver.url("/fed/events");
    platform.register(&call, "url", &url).await;
    let listed = platform.service.ask(Ask::get("/v1/endpoints")).await;
    assert_eq!(listed.expect(200)["items"][0]["secrets"][0]["short"], true);
}
