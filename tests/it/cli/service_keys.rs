//! A service with contracts of its own: its keys, what it sends, and what it shows after their files have changed.

use std::path::Path;

use rustix::process::Signal;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::program::{hookyard, run_with_input};
use super::running::Running;
use super::service::{Home, Service, http};
use crate::support::receiver::{Received, Receiver};

/// Nothing in its requests is left to chance or time but the event.
const PLAIN: &str = r#"
name = "plain"
summary = "For tests: a secret alone"
[request]
headers = { "X-Kind" = "{event.type}" }
[body]
form = "ecmascript"
members = [ { name = "kind", value = "event.type" }, { name = "data", value = "event.data" } ]
[[signature]]
algorithm = "hmac-sha256"
key = "text"
signed = "{body}"
encoding = "hex"
header = "X-Plain"
value = "sha256={signature}"
[[signature]]
algorithm = "hmac-sha512"
key = "text"
signed = "{body}"
encoding = "base64"
member = "seal"
[retry]
ladder = []
"#;

const KEYED: &str = r#"
name = "keyed"
summary = "For tests: a secret and the service's key"
[request]
success = [202]
[body]
root = "data"
[[signature]]
algorithm = "hmac-sha256"
key = "text"
signed = "{body}"
encoding = "hex"
header = "X-Secret"
[[signature]]
algorithm = "ed25519"
key = "service"
secrets = "all"
signed = "{body}"
encoding = "base64"
header = "X-Service"
separator = " "
[retry]
ladder = []
"#;

const EVENT: &str = r#"{"type":"thing.made","data":{"n":1.0,"t":"é\/"}}"#;

/// A home whose configuration names a directory with both contracts.
fn home() -> Home {
    let home = Home::new();
    let directory = home.path().join("contracts");
    std::fs::create_dir(&directory).unwrap();
    std::fs::write(directory.join("plain.toml"), PLAIN).unwrap();
    std::fs::write(directory.join("keyed.toml"), KEYED).unwrap();
    std::fs::write(home.path().join("secret"), "consumer's own").unwrap();
    std::fs::write(home.path().join("event.json"), EVENT).unwrap();
    let config = "contracts_dir = \"contracts\"\ncontracts = [\"plain\", \"keyed\"]\ndefault_contract = \"plain\"\n";
    std::fs::write(home.path().join("h.toml"), config).unwrap();
    home
}

fn start(home: &Home) -> Service {
    let config = home.path().join("h.toml");
    home.start_by(home.serve(&[]).arg("--config").arg(config))
}

fn stop(mut service: Service) {
    service.running.signal(Signal::TERM);
    assert!(service.running.end().0.success());
}

fn text(path: &Path, name: &str) -> String {
    path.join(name).to_str().unwrap().to_owned()
}

/// Makes an endpoint with the consumer's own secret; its id.
fn endpoint(home: &Home, url: &str, contract: &str) -> String {
    let secret = text(home.path(), "secret");
    let created = home.json(&[
        "endpoint",
        "create",
        url,
        "--contract",
        contract,
        "--secret-file",
        &secret,
    ]);
    created["id"].as_str().unwrap().to_owned()
}

/// Publishes an event and gives its one delivery once it is delivered, with what came.
fn delivered(home: &Home, receiver: &Receiver, data: &str) -> (String, Received) {
    let before = receiver.requests().len();
    let event = home.json(&["event", "publish", "--type", "thing.made", "--data", data]);
    receiver.block_until("the request comes", |one| one.requests().len() > before);
    let filter = format!("event:{}", event["id"].as_str().unwrap());
    let delivery = home.wait_for(&["delivery", "list", &filter], |one| {
        one["state"] == "delivered"
    });
    let id = delivery["id"].as_str().unwrap().to_owned();
    (id, receiver.requests().remove(before))
}

/// The request of an attempt as the service shows it.
fn shown(home: &Home, delivery: &str) -> Value {
    home.json(&["delivery", "show", delivery, "--attempt", "1"])["request"].clone()
}

fn check_shown(request: &Value, came: &Received) {
    assert_eq!(
        request["body"]["text"].as_str().unwrap().as_bytes(),
        came.body
    );
    assert_eq!(
        request["body_sha256"],
        hex::encode(Sha256::digest(&came.body))
    );
    let headers = request["headers"].as_array().unwrap();
    let shown = headers.iter().map(|header| {
        let part = |name: &str| header[name].as_str().unwrap().to_owned();
        (part("name"), part("value"))
    });
    let added = ["Accept", "Host", "Content-Length"];
    let came = came
        .headers
        .iter()
        .filter(|(name, _)| !added.contains(&name.as_str()));
    let came = came.map(|(name, value)| (name.clone(), String::from_utf8(value.clone()).unwrap()));
    assert_eq!(shown.collect::<Vec<_>>(), came.collect::<Vec<_>>());
}

#[test]
fn what_contract_render_prints_is_what_the_service_sends() {
    let (home, receiver) = (home(), Receiver::start());
    let service = start(&home);
    let url = receiver.url("/hook?tenant=1");
    endpoint(&home, &url, "plain");
    let data = r#"{"n":1.0,"t":"é\/"}"#;
    let (_, came) = delivered(&home, &receiver, data);
    stop(service);
    let (event, secret) = (text(home.path(), "event.json"), text(home.path(), "secret"));
    let contract = text(home.path(), "contracts/plain.toml");
    let rendered = super::program::run(
        home.path(),
        &[
            "contract",
            "render",
            &contract,
            "--event",
            &event,
            "--secret-file",
            &secret,
            "--to",
            &url,
        ],
    );
    assert_eq!(rendered.code, Some(0), "{}", rendered.err);
    let sent = [came.head, came.body].concat();
    assert_eq!(rendered.out, String::from_utf8(sent).unwrap());
}

#[test]
fn an_old_attempt_is_shown_as_it_was_sent_after_its_contracts_file_has_changed() {
    let (home, receiver) = (home(), Receiver::start());
    let service = start(&home);
    let id = endpoint(&home, &receiver.url("/"), "plain");
    let (old, came) = delivered(&home, &receiver, r#"{"n":1.0}"#);
    check_shown(&shown(&home, &old), &came);
    stop(service);

    let changed = PLAIN
        .replace("ecmascript", "compact")
        .replace("\"kind\"", "\"type\"")
        .replace("X-Plain", "X-Changed")
        .replace("\"seal\"", "\"stamp\"");
    let file = home.path().join("contracts/plain.toml");
    std::fs::write(&file, changed).unwrap();
    let service = start(&home);
    let rotated = home.client(&["endpoint", "rotate-secret", &id, "--overlap", "0s", "--yes"]);
    assert_eq!(rotated.code, Some(0), "{}", rotated.err);
    check_shown(&shown(&home, &old), &came);

    let (new, second) = delivered(&home, &receiver, r#"{"n":1.0}"#);
    assert!(
        second
            .body
            .starts_with(br#"{"type":"thing.made","data":{"n":1.0},"stamp":""#)
    );
    assert!(second.header("x-changed").is_some() && second.header("x-plain").is_none());
    check_shown(&shown(&home, &new), &second);

    let deleted = home.client(&["endpoint", "delete", &id, "--yes"]);
    assert_eq!(deleted.code, Some(0), "{}", deleted.err);
    stop(service);
    let _service = start(&home);
    check_shown(&shown(&home, &old), &came);
    check_shown(&shown(&home, &new), &second);
}

#[test]
fn the_services_keys_are_told_to_whoever_is_known_and_rotated_by_admins_alone() {
    let home = home();
    let service = start(&home);
    let first = home.json(&["contract", "keys", "keyed"]);
    assert_eq!(first["algorithm"], "ed25519");
    let public = first["public_key"].as_str().unwrap();
    assert!(
        public.starts_with("whpk_") && public.len() == 49,
        "{public}"
    );
    let token = |role: &str| {
        let made = home.json(&["token", "create", "--role", role]);
        made["token"].as_str().unwrap().to_owned()
    };
    let (publisher, operator) = (token("publisher"), token("operator"));
    let path = "/v1/contracts/keyed/keys";
    let ask = |method: &str, path: &str, token: &str| {
        let body = if method == "POST" { "{}" } else { "" };
        let (status, body) = http(&service.address, method, path, token, body);
        (status, serde_json::from_str::<Value>(&body).unwrap())
    };
    let (status, page) = ask("GET", path, &publisher);
    assert_eq!((status, &page["items"][0]), (200, &first));
    let rotate = "/v1/contracts/keyed/keys/rotate";
    assert_eq!(ask("GET", path, "hky_wrong").0, 401);
    assert_eq!(ask("POST", rotate, &operator).0, 403);
    assert_eq!(ask("GET", "/v1/contracts/keyd/keys", &publisher).0, 404);
    assert_eq!(
        ask("GET", "/v1/contracts/plain/keys", &publisher).1["items"],
        Value::Array(vec![])
    );

    let unasked = home.client(&["contract", "keys", "keyed", "--rotate"]);
    assert_eq!(unasked.code, Some(2), "{}", unasked.err);
    assert!(unasked.err.contains("pass --yes"), "{}", unasked.err);
    let none = home.client(&["contract", "keys", "plain", "--rotate", "--yes"]);
    assert_eq!(none.code, Some(1), "{}", none.err);
    assert!(none.err.contains("has none to rotate"), "{}", none.err);
    let rotated = home.client(&["contract", "keys", "keyed", "--rotate", "--yes", "--json"]);
    let lines: Vec<Value> = rotated
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2, "{rotated:?}");
    assert_eq!(
        (&lines[1]["id"], &lines[0]["retired_at"]),
        (&first["id"], &Value::Null)
    );
    assert_eq!(lines[1]["retired_at"], lines[0]["created_at"]);
    let (_, page) = ask("GET", path, &publisher);
    assert_eq!(page["items"].as_array().unwrap(), &lines);
    let admin = token("admin");
    assert_eq!(ask("POST", rotate, &admin).0, 200);
    stop(service);
    let _service = start(&home);
    let kept = home.client(&["contract", "keys", "keyed", "--json"]);
    assert_eq!(kept.out.lines().count(), 3);
}

/// A listener with these keys gets a delivery under the keyed contract, verifies it and answers 202; the request.
fn heard(home: &Home, keys: &[&str]) -> String {
    let mut command = hookyard(home.path());
    command.args(["listen", "--port", "0", "--json"]).args(keys);
    let mut listener = Running::start(&mut command);
    let url = listener.err_after("listening on ");
    endpoint(home, &url, "keyed");
    home.json(&["event", "publish", "--type", "a.b", "--data", "{}"]);
    let received: Value = serde_json::from_str(&listener.out_line()).unwrap();
    assert_eq!(
        (&received["verified"], &received["status"]),
        (&true.into(), &202.into()),
        "{received:#}"
    );
    home.wait_for(&["delivery", "list", "type:a.b"], |one| {
        one["state"] == "delivered"
    });
    let mut request = "POST / HTTP/1.1\r\n".to_owned();
    for header in received["headers"].as_array().unwrap() {
        let part = |index: usize| header[index].as_str().unwrap();
        request.push_str(&format!("{}: {}\r\n", part(0), part(1)));
    }
    request + "\r\n{}"
}

#[test]
fn listen_and_verify_take_the_services_keys_from_the_service() {
    let home = home();
    let _service = start(&home);
    let contract = text(home.path(), "contracts/keyed.toml");
    let secret = text(home.path(), "secret");
    let socket = home.socket();
    let fetch = ["--fetch-keys", "--socket", socket.to_str().unwrap()];
    let keys = [
        &["--contract", &contract, "--secret-file", &secret][..],
        &fetch,
    ]
    .concat();
    let request = heard(&home, &keys);
    let verify = |more: &[&str]| {
        run_with_input(
            home.path(),
            &[&["verify"], more].concat(),
            request.as_bytes(),
        )
    };
    let right = verify(&keys);
    assert_eq!(
        (right.code, right.out.as_str()),
        (Some(0), "verified\tX-Secret, X-Service\n"),
        "{}",
        right.err
    );
    // The key alone says that the service sent it, whatever the secret is.
    let key = home.json(&["contract", "keys", "keyed"]);
    let key = key["public_key"].as_str().unwrap();
    let alone = verify(&["--contract", &contract, "--public-key", key]);
    assert_eq!(alone.out, "verified\tX-Service\n", "{}", alone.err);
    let other = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";
    let wrong = verify(&["--contract", &contract, "--public-key", other]);
    assert_eq!(wrong.code, Some(1));
    assert!(
        wrong.err.contains("no signature in header X-Service"),
        "{}",
        wrong.err
    );
    let plain = text(home.path(), "contracts/plain.toml");
    let none = verify(&[&["--contract", &plain][..], &fetch].concat());
    assert_eq!(none.code, Some(3));
    assert_eq!(
        none.err,
        "hookyard: the service has no key of its own for contract plain: leave --fetch-keys out\n"
    );
}
