//! Tasks: the body is the data alone, received by a real Express application that runs the guide's own handler.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use hookyard::domain::id::DeliveryId;
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;

use super::cutting::{Block, Call, curl};
use super::guide::Guide;
use super::platform::Platform;
use super::verifier::folder;

/// The longest that the application may take to do anything.
const PATIENCE: Duration = Duration::from_secs(30);
/// The same promise as the guide's handler, for where the guide is not at hand.
const OWN_HANDLER: &str = r#"
import crypto from 'crypto';
app.post('/webhook', (req, res) => {
  const expected: string = crypto.createHmac('sha256', WEBHOOK_SECRET).update(JSON.stringify(req.body)).digest('hex');
  if (req.headers['x-hub-signature'] !== 'sha256=' + expected) return res.status(401).end();
  // Process webhook...
});
"#;

/// An Express application with a consumer's handler.
struct Express {
    process: Child,
    lines: mpsc::UnboundedReceiver<String>,
    url: String,
}

impl Express {
    async fn start(folder: &std::path::Path, handler: &str, secret: &str) -> Self {
        // The guide leaves to its readers what they do with a webhook; ours say that they did it.
        let handler = handler.replace("// Process webhook...", "res.status(200).end();");
        let mut process = Command::new("node")
            .args(["-e", include_str!("express.cjs")])
            .env("HANDLER", handler)
            .env("WEBHOOK_SECRET", secret)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, mut lines) = mpsc::unbounded_channel();
        let printed = BufReader::new(process.stdout.take().unwrap()).lines();
        std::thread::spawn(move || {
            // Ends with the application, or with the test.
            printed
                .map_while(Result::ok)
                .try_for_each(|line| sender.send(line))
        });
        let url = next_line(&mut lines).await;
        Self {
            process,
            lines,
            url,
        }
    }

    /// What the next request was and how it was answered.
    async fn next(&mut self) -> Value {
        serde_json::from_str(&next_line(&mut self.lines).await).unwrap()
    }
}

async fn next_line(lines: &mut mpsc::UnboundedReceiver<String>) -> String {
    let line = tokio::time::timeout(PATIENCE, lines.recv()).await;
    line.expect("it prints a line in time")
        .expect("it goes on running")
}

impl Drop for Express {
    fn drop(&mut self) {
        // One that has ended needs no end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn call_of_curl(heading: &'static str) -> impl Fn(&[Block]) -> Option<Call> {
    move |blocks| {
        let found = blocks
            .iter()
            .find(|block| block.language == "bash" && block.is_under(heading))?;
        Some(curl(&found.text))
    }
}

#[tokio::test]
async fn express_with_the_guides_handler_accepts_what_arrives() {
    let test = "express_with_the_guides_handler_accepts_what_arrives (taskhub)";
    let Some(folder) = folder(test) else { return };
    let guide = Guide::open("taskhub");
    let call = guide.call("create", call_of_curl("Register a Webhook"));
    let secret = call.body["secret"].as_str().unwrap();
    let handler = guide
        .code("typescript")
        .unwrap_or_else(|| OWN_HANDLER.to_owned());
    let mut express = Express::start(&folder, &handler, secret).await;
    let platform = Platform::start("taskhub").await;
    let registered = platform.register(&call, "url", &express.url).await;
    // What JavaScript prints otherwise than publishers write it: numbers, escapes, the order of number-like keys.
    let data =
        json!({"taskId": "123", "completedAt": "...", "10": 1.0, "9": "\u{2028}é", "n": 1e21});
    for (data, expected) in [
        (json!({"taskId": "123", "completedAt": "..."}), None),
        (
            data,
            Some(r#"{"9":"\u2028é","10":1,"taskId":"123","completedAt":"...","n":1e+21}"#),
        ),
    ] {
        let mut event = Map::new();
        event.insert("type".to_owned(), "task.completed".into());
        event.insert("data".to_owned(), data.clone());
        platform.publish(event).await;
        let arrived = express.next().await;
        assert_eq!(arrived["status"], 200, "{arrived}");
        let expected = expected.map_or_else(|| data.to_string(), str::to_owned);
        let expected = expected.replace("\\u2028", "\u{2028}");
        assert_eq!(arrived["body"], expected.as_str());
        let header = |name: &str| arrived["headers"][name].as_str().unwrap().to_owned();
        assert_eq!(header("content-type"), "application/json");
        assert_eq!(header("x-event-type"), "task.completed");
        assert_eq!(header("x-webhook-id"), registered["id"].as_str().unwrap());
        header("x-delivery-id").parse::<DeliveryId>().unwrap();
        assert!(header("x-hub-signature").starts_with("sha256="));
    }
}

#[tokio::test]
async fn the_guides_handler_refuses_another_consumers_secret() {
    let test = "the_guides_handler_refuses_another_consumers_secret (taskhub)";
    let Some(folder) = folder(test) else { return };
    let guide = Guide::open("taskhub");
    let call = guide.call("create", call_of_curl("Register a Webhook"));
    let handler = guide
        .code("typescript")
        .unwrap_or_else(|| OWN_HANDLER.to_owned());
    let mut express = Express::start(&folder, &handler, "another-secret").await;
    let platform = Platform::start("taskhub").await;
    platform.register(&call, "url", &express.url).await;
    let mut event = Map::new();
    event.insert("type".to_owned(), "task.completed".into());
    event.insert("data".to_owned(), json!({"taskId": "123"}));
    platform.publish(event).await;
    let arrived = express.next().await;
    assert_eq!(arrived["status"], 401);
}

#[tokio::test]
async fn a_test_endpoint_gets_the_guides_test_event() {
    let guide = Guide::open("taskhub");
    let platform = Platform::start("taskhub").await;
    let call = guide.call("create_test", call_of_curl("Test Mode"));
    let url = platform.receiver.url("/webhook");
    let registered = platform.register(&call, "url", &url).await;
    assert_eq!(registered["testMode"], true);
    let test = guide.call("test", call_of_curl("Send Test Events"));
    let test = Call {
        path: test
            .path
            .replace("{webhook-id}", registered["id"].as_str().unwrap()),
        ..test
    };
    assert_eq!(platform.ask(&test).await.expect(200)["status"], "sent");
    let received = platform.delivered().await;
    assert_eq!(
        String::from_utf8_lossy(&received.body),
        test.body.to_string()
    );
    assert_eq!(received.header("x-event-type"), Some("task.completed"));
}

#[tokio::test]
async fn every_answer_tells_how_many_calls_are_left() {
    let guide = Guide::open("taskhub");
    let platform = Platform::start("taskhub").await;
    let call = guide.call("create", call_of_curl("Register a Webhook"));
    for left in [59, 58] {
        let mut call = call.clone();
        call.body["url"] = platform.receiver.url("/").into();
        let answer = platform.ask(&call).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        assert_eq!(answer.header("x-ratelimit-limit"), Some("60"));
        assert_eq!(
            answer.header("x-ratelimit-remaining"),
            Some(left.to_string().as_str())
        );
        assert!(
            answer
                .header("x-ratelimit-reset")
                .unwrap()
                .parse::<i64>()
                .is_ok()
        );
    }
}
