//! Agent Factory: six routes with exact answers, `sha256=` over the body, verified by the guide's Python.

use serde_json::{Value, json};

use super::cutting::{Block, Call, request_line};
use super::guide::Guide;
use super::platform::{Platform, event_of, member_names};
use super::verifier::{HMAC_PY, folder, python};

/// The guide's function where it is at hand, else the same promise in our words.
fn verifying_code(guide: &Guide) -> String {
    let theirs = guide.code("python").map(|code| {
        format!(
            "{code}\nimport base64, json, sys\ngiven = json.load(sys.stdin)\n\
             body = base64.b64decode(given['body']).decode('utf-8')\n\
             print(json.dumps(verify_signature(body, given['signature'], given['secret'])))"
        )
    });
    theirs.unwrap_or_else(|| {
        HMAC_PY.replace(
            "print(json.dumps(hmac.new(",
            "print(json.dumps(given[\"signature\"] == hmac.new(",
        )
    })
}

/// The call under a heading: its line in the text, its body the block after the word "Request".
fn call_under(heading: &'static str) -> impl Fn(&[Block]) -> Option<Call> {
    move |blocks| {
        let block = blocks
            .iter()
            .find(|block| block.is_under(heading) && block.lead.contains("Endpoint"))?;
        let (method, path) = request_line(&block.lead)?;
        let body = match block.lead.contains("Request") {
            true => serde_json::from_str(&block.text).ok()?,
            false => Value::Null,
        };
        Some(Call { method, path, body })
    }
}

/// The answer that the guide shows under a heading, or the names of our facts.
fn answer_names(guide: &Guide, heading: &str, fact: &str) -> Vec<String> {
    let shown = guide.values(fact, |block| {
        block.is_under(heading) && block.lead.contains("Response")
    });
    member_names(&shown[0])
        .into_iter()
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn the_guides_samples_arrive_as_shown_and_its_code_accepts_them() {
    let test = "the_guides_samples_arrive_as_shown_and_its_code_accepts_them (agentfactory)";
    let guide = Guide::open("agentfactory");
    let create = guide.call("create", call_under("Create Webhook"));
    let secret = create.body["secret"].as_str().unwrap().to_owned();
    let samples = guide.values("samples", |block| block.is_under("Payload"));
    for sample in samples {
        let platform = Platform::start("agentfactory").await;
        let url = platform.receiver.url("/webhooks/agentfactory");
        platform.register(&create, "url", &url).await;
        let event = event_of(&sample, "event", Some("timestamp"), "data");
        let subscribed = create.body["events"].as_array().unwrap();
        assert!(subscribed.contains(&event["type"]), "{event:?}");
        platform.publish(event).await;
        let received = platform.delivered().await;
        assert_eq!(String::from_utf8_lossy(&received.body), sample.to_string());
        assert_eq!(received.header("content-type"), Some("application/json"));
        let signature = received.header("X-AgentFactory-Signature").unwrap();
        let signature = signature.strip_prefix("sha256=").unwrap();
        let Some(folder) = folder(test) else { continue };
        let accepts = |secret: &str| {
            let input =
                json!({"body": base64(&received.body), "signature": signature, "secret": secret});
            python(&folder, &verifying_code(&guide), &input)
        };
        assert_eq!(accepts(&secret), true);
        assert_eq!(accepts("another secret"), false);
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[tokio::test]
async fn every_route_answers_member_for_member_as_the_guide_shows() {
    let guide = Guide::open("agentfactory");
    let platform = Platform::start("agentfactory").await;
    let create = guide.call("create", call_under("Create Webhook"));
    let url = platform.receiver.url("/webhooks");
    let created = platform.register(&create, "url", &url).await;
    let names = |heading, fact| answer_names(&guide, heading, fact);
    assert_eq!(
        member_names(&created),
        names("Create Webhook", "create_answer")
    );
    assert_eq!(created["secret"], create.body["secret"]);
    assert_eq!(created["events"], create.body["events"]);
    let id = created["id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("webhook_"), "{id}");
    let at = |call: Call| Call {
        path: call.path.replace("{webhook_id}", &id),
        ..call
    };
    let list = platform
        .ask(&guide.call("list", call_under("List Webhooks")))
        .await
        .expect(200);
    let shown = guide.values("list_answer", |block| block.is_under("List Webhooks"));
    assert_eq!(member_names(&list), member_names(&shown[0]));
    assert_eq!(
        member_names(&list["webhooks"][0]),
        member_names(&shown[0]["webhooks"][0])
    );
    let get = platform
        .ask(&at(guide.call("get", call_under("Get Webhook"))))
        .await
        .expect(200);
    assert_eq!(member_names(&get), names("Get Webhook", "get_answer"));
    let update = at(guide.call("update", call_under("Update Webhook")));
    let updated = platform.ask(&update).await.expect(200);
    assert_eq!(
        member_names(&updated),
        names("Update Webhook", "update_answer")
    );
    assert_eq!(updated["name"], update.body["name"]);
    assert_eq!(updated["events"], update.body["events"]);
    let test = at(guide.call("test", call_under("Test Webhook")));
    let tested = platform.ask(&test).await.expect(200);
    assert_eq!(member_names(&tested), names("Test Webhook", "test_answer"));
    assert_eq!(tested["status"], "sent");
    let received = platform.delivered().await;
    let body: Value = serde_json::from_slice(&received.body).unwrap();
    assert_eq!(body["event"], test.body["event"]);
    assert_eq!(body["data"], test.body["test_data"]);
    let deleted = platform
        .ask(&at(guide.call("delete", call_under("Delete Webhook"))))
        .await
        .expect(200);
    assert_eq!(deleted, json!({"id": id, "deleted": true}));
}
