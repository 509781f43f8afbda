//! Stripe's header, verified by Stripe's own packages of PyPI and npm.

use serde_json::{Value, json};

use super::platform::Platform;
use super::verifier::{folder, node, python};

const PYTHON: &str = r#"
import json, sys
import stripe
given = json.load(sys.stdin)
try:
    print(json.dumps(stripe.WebhookSignature.verify_header(given["body"], given["header"], given["secret"], 300)))
except stripe.SignatureVerificationError:
    print("false")
"#;
const NODE: &str = r#"
const stripe = require("stripe");
const Stripe = stripe.Stripe ?? stripe.default ?? stripe;
const given = JSON.parse(require("fs").readFileSync(0, "utf8"));
try {
  new Stripe("sk_test_none").webhooks.constructEvent(given.body, given.header, given.secret);
  console.log("true");
} catch (error) {
  if (error.type !== "StripeSignatureVerificationError") throw error;
  console.log("false");
}
"#;

#[tokio::test]
async fn stripes_packages_accept_what_arrives_and_refuse_it_changed() {
    let test = "stripes_packages_accept_what_arrives_and_refuse_it_changed";
    let platform = Platform::start("stripe").await;
    let secret = "whsec_0123456789abcdefghijklmnop";
    platform.register_natively(secret).await;
    let event = json!({
        "type": "charge.succeeded", "attributes": {"object": "event"}, "data": {"object": {"amount": 7}},
    });
    let Value::Object(event) = event else {
        unreachable!("it is written as an object")
    };
    platform.publish(event).await;
    let received = platform.delivered().await;
    let header = received.header("Stripe-Signature").unwrap();
    let body = String::from_utf8(received.body.clone()).unwrap();
    let Some(folder) = folder(test) else { return };
    for (body, expected) in [(body.clone(), true), (body.replace('7', "8"), false)] {
        let input = json!({"body": body, "header": header, "secret": secret});
        assert_eq!(python(&folder, PYTHON, &input), expected, "PyPI: {body}");
        assert_eq!(node(&folder, NODE, &input), expected, "npm: {body}");
    }
}
