//! Shipments: registered by an operator, signed inside the body, verified in JavaScript over the body without the
//! signature.

use serde_json::{Value, json};

use super::guide::Guide;
use super::platform::{Platform, event_of, member_names};
use super::verifier::{folder, node};

/// What a consumer in JavaScript does: the guide only says where the signature is.
const VERIFY: &str = r#"
const { createHmac } = require("crypto");
const given = JSON.parse(require("fs").readFileSync(0, "utf8"));
const body = JSON.parse(given.body);
const signature = body.signature;
delete body.signature;
const expected = createHmac("sha256", given.secret).update(JSON.stringify(body)).digest("hex");
console.log(JSON.stringify(signature === expected));
"#;

#[tokio::test]
async fn the_guides_sample_arrives_with_its_signature_inside() {
    let test = "the_guides_sample_arrives_with_its_signature_inside (shipment)";
    let guide = Guide::open("shipment");
    let sample = guide
        .values("samples", |block| block.is_under("Payload"))
        .remove(0);
    let platform = Platform::start("shipment").await;
    platform.register_natively("a secret of the consumer").await;
    let mut unsigned = sample.clone();
    unsigned.as_object_mut().unwrap().shift_remove("signature");
    platform
        .publish(event_of(&unsigned, "event", Some("timestamp"), "data"))
        .await;
    let received = platform.delivered().await;
    let body: Value = serde_json::from_slice(&received.body).unwrap();
    assert_eq!(member_names(&body), member_names(&sample));
    let mut expected = sample.clone();
    expected["signature"] = body["signature"].clone();
    assert_eq!(
        String::from_utf8_lossy(&received.body),
        expected.to_string()
    );
    let Some(folder) = folder(test) else { return };
    let accepts = |secret: &str| {
        let input = json!({"body": String::from_utf8_lossy(&received.body), "secret": secret});
        node(&folder, VERIFY, &input)
    };
    assert_eq!(accepts("a secret of the consumer"), true);
    assert_eq!(accepts("another secret"), false);
}
