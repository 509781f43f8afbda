//! What consumers verify with: the published Standard Webhooks libraries of PyPI and npm accept what the real service
//! sends, and refuse it once a byte is changed.
//!
//! `HOOKYARD_TEST_VERIFIERS` names a folder with a Python environment (`python/`) and `node_modules/` that hold them;
//! `.ci/run` makes it. Elsewhere these tests say loudly what they skipped.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use hookyard::api::endpoint::{CreateEndpoint, RotateBody};
use hookyard::api::event::PublishEvent;
use hookyard::domain::id::EndpointId;
use hookyard::domain::json::RawJson;

use crate::support::receiver::{Received, Receiver};
use crate::support::service::Service;
use crate::support::skip::skip;

/// One published verifier.
struct Verifier {
    name: &'static str,
    program: PathBuf,
    arguments: Vec<String>,
    folder: PathBuf,
}

/// The folder with the verifiers, or a loud word on what is skipped.
fn folder(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("HOOKYARD_TEST_VERIFIERS").map(PathBuf::from);
    if folder.is_none() {
        skip(
            test,
            "HOOKYARD_TEST_VERIFIERS is not set; .ci/run shows how to make that folder",
        );
    }
    folder
}

fn verifiers(folder: &std::path::Path) -> [Verifier; 2] {
    let python = Verifier {
        name: "standardwebhooks (PyPI)",
        program: folder.join("python/bin/python"),
        arguments: vec!["-c".into(), include_str!("verify.py").into()],
        folder: folder.to_owned(),
    };
    let node = Verifier {
        name: "standardwebhooks (npm)",
        program: "node".into(),
        arguments: vec!["-e".into(), include_str!("verify.cjs").into()],
        folder: folder.to_owned(),
    };
    [python, node]
}

impl Verifier {
    /// Whether it accepts the request under the secret; its words.
    fn accepts(&self, secret: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<(), String> {
        let input = serde_json::json!({
            "secret": secret,
            "headers": headers.iter().copied().collect::<std::collections::BTreeMap<_, _>>(),
            "body": String::from_utf8(body.to_vec()).unwrap(),
        });
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .current_dir(&self.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", self.name));
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.to_string().as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        let words = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        match output.status.code() {
            Some(0) => Ok(()),
            Some(3) => Err(words),
            other => panic!("{} ended with {other:?}: {words}", self.name),
        }
    }
}

/// Makes an endpoint at the receiver; its secret and its id.
async fn endpoint_at(service: &Service, receiver: &Receiver) -> (String, EndpointId) {
    let endpoint = CreateEndpoint {
        url: receiver.url("/hook"),
        ..CreateEndpoint::default()
    };
    let created = service.client.create_endpoint(&endpoint).await.unwrap();
    (created.secret.expose().to_owned(), created.endpoint.id)
}

/// Publishes an event and gives the request that it makes.
async fn next_delivery(service: &Service, receiver: &Receiver) -> Received {
    let event = PublishEvent {
        event_type: "packet.signed".parse().unwrap(),
        data: RawJson::parse(r#"{"packet": 7, "weight": 1.0, "name": "Ünïcode \u00e9"}"#).unwrap(),
        id: None,
        tenant: None,
        attributes: None,
        occurred_at: None,
        test: false,
    };
    service.client.publish(&event).await.unwrap();
    receiver
        .wait_until("the delivery", |receiver| !receiver.requests().is_empty())
        .await;
    receiver.requests().remove(0)
}

/// The headers that a library verifies by.
fn signing_headers(received: &Received) -> Vec<(&str, &str)> {
    let names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    let value = |name| received.header(name).expect("a Standard Webhooks header");
    names.map(|name| (name, value(name))).into()
}

#[actix_web::test]
async fn published_libraries_verify_what_arrives_and_refuse_it_changed() {
    let Some(folder) = folder("published_libraries_verify_what_arrives_and_refuse_it_changed")
    else {
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let service = Service::start(directory.path()).await;
    let receiver = Receiver::start();
    let (secret, _) = endpoint_at(&service, &receiver).await;
    let received = next_delivery(&service, &receiver).await;
    service.stop().await;
    let headers = signing_headers(&received);
    for verifier in verifiers(&folder) {
        verifier
            .accepts(&secret, &headers, &received.body)
            .unwrap_or_else(|words| panic!("{} refuses what was sent: {words}", verifier.name));
        let mut changed = received.body.clone();
        let digit = changed.iter().position(|&byte| byte == b'7').unwrap();
        changed[digit] = b'8';
        assert!(
            verifier.accepts(&secret, &headers, &changed).is_err(),
            "{} accepts a changed body",
            verifier.name
        );
    }
}

#[actix_web::test]
async fn published_libraries_take_either_secret_during_an_overlap_and_the_new_one_without() {
    let Some(folder) =
        folder("published_libraries_take_either_secret_during_an_overlap_and_the_new_one_without")
    else {
        return;
    };
    for (overlap, old_signs) in [("1h", true), ("0s", false)] {
        let directory = tempfile::tempdir().unwrap();
        let service = Service::start(directory.path()).await;
        let receiver = Receiver::start();
        let (old, endpoint) = endpoint_at(&service, &receiver).await;
        let rotate = RotateBody {
            overlap: Some(overlap.to_owned()),
            secret: None,
        };
        let rotated = service.client.rotate_secret(endpoint, &rotate).await;
        let new = rotated.unwrap().secret.expose().to_owned();
        let received = next_delivery(&service, &receiver).await;
        service.stop().await;
        for verifier in verifiers(&folder) {
            let takes = |secret: &str| {
                let headers = signing_headers(&received);
                verifier.accepts(secret, &headers, &received.body).is_ok()
            };
            let name = verifier.name;
            assert_eq!(
                (takes(&old), takes(&new)),
                (old_signs, true),
                "{name}, overlap {overlap}"
            );
        }
    }
}
