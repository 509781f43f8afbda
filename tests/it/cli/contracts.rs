//! `hookyard contract` without a service: files that load or not, and requests as they would be sent.

use std::path::{Path, PathBuf};

use hookyard::domain::contract::ContractSet;

use super::program::{Ended, run, run_with_input};

/// A platform of our own: signs in the body, and a second time over the attempt's time.
const OURS: &str = r#"
name = "ours"
summary = "For tests: a platform of our own"
[request]
success = [202]
timeout = "3s"
require_https = true
headers = { "X-Sent" = "{attempt.unix}" }
[body]
form = "ecmascript"
members = [ { name = "kind", value = "event.type" }, { spread = "event.attributes" }, { name = "data", value = "event.data" } ]
[[signature]]
algorithm = "hmac-sha256"
key = "text"
signed = "{body}"
encoding = "hex"
member = "seal"
[[signature]]
algorithm = "hmac-sha256"
key = "text"
signed = "{attempt.unix}.{body}"
encoding = "hex"
header = "X-Ours"
value = "sha256={signature}"
[retry]
ladder = ["1m", "1h30m"]
jitter = 0.1
window = "1d"
[api]
create = "POST /ours/hooks"
delete = "DELETE /ours/hooks/{id}"
status = { create = 201 }
fields = { id = "id", url = "url", secret = "key" }
required = ["url", "key"]
[[event_type]]
name = "thing.made"
description = "A thing was made"
"#;

const EVENT: &str =
    r#"{"type":"thing.made","attributes":{"b":1.0,"7":"é"},"data":{"n":1e2,"t":"a/b"}}"#;
const NOON: &str = "2026-04-13T10:18:00Z";

/// A home directory with a contract and an event in it.
struct Desk {
    home: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let desk = Self {
            home: tempfile::tempdir().unwrap(),
        };
        desk.write("ours.toml", OURS);
        desk.write("event.json", EVENT);
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> String {
        std::fs::write(self.path(name), text).unwrap();
        self.text(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        let all: Vec<String> = arguments
            .iter()
            .map(|&argument| match Path::new(argument).extension() {
                Some(_) if !argument.contains('/') && self.path(argument).exists() => {
                    self.text(argument)
                }
                _ => argument.to_owned(),
            })
            .collect();
        run(self.home.path(), &all)
    }

    fn verify(&self, arguments: &[&str], request: &str) -> Ended {
        let ours = self.text("ours.toml");
        let all = [&["verify", "--contract", &ours], arguments].concat();
        run_with_input(self.home.path(), &all, request.as_bytes())
    }

    /// The request for the event under our contract, at noon, with the secret `k`.
    fn request(&self) -> String {
        let ended = self.run(&[
            "contract",
            "render",
            "ours.toml",
            "--event",
            "event.json",
            "--at",
            NOON,
            "--secret",
            "k",
        ]);
        assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
        ended.out
    }
}

#[test]
fn a_file_that_loads_is_summed_up() {
    let desk = Desk::new();
    let ended = desk.run(&["contract", "check", "ours.toml"]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    for line in [
        "contract\tours\n",
        "route\tPOST /ours/hooks (create, 201)\n",
        "route\tDELETE /ours/hooks/{id} (delete, 200)\n",
        "sends\tPOST to https only, at most 3s\n",
        "body\tkind, …attributes, data, ecmascript\n",
        "signature\tmember \"seal\" of the body: hmac-sha256 over {body} by the newest text secret, as {signature} in hex\n",
        "signature\theader X-Ours: hmac-sha256 over {attempt.unix}.{body} by the newest text secret, as \
         sha256={signature} in hex\n",
        "success\t202\n",
        "retries\t2 after 1m, 1h30m (each ± 10 %), within 1d\n",
        "event types\t1, open to others\n",
        "verdict\tit loads\n",
    ] {
        assert!(ended.out.contains(line), "{line:?} in {}", ended.out);
    }
    let json = desk.run(&["contract", "check", "ours.toml", "--json"]);
    let answer: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(answer["ok"], true);
    assert_eq!(answer["routes"].as_array().unwrap().len(), 2);
}

#[test]
fn every_file_that_does_not_load_is_named_with_line_key_and_what_was_expected() {
    let desk = Desk::new();
    let first = desk.write("a.toml", "name = \"a\"\nsumary = \"x\"\n");
    let second = desk.write(
        "b.toml",
        &OURS.replace("sha256={signature}", r"sha256={sig\u001b[2J}"),
    );
    let third = desk.write("c.toml", OURS);
    let arguments = [
        "contract",
        "check",
        "a.toml",
        "b.toml",
        "ours.toml",
        "c.toml",
    ];
    let ended = desk.run(&arguments);
    assert_eq!(ended.code, Some(1));
    let lines: Vec<&str> = ended.err.lines().collect();
    // Everything that is wrong with the first file, by line.
    let expected = [
        format!("hookyard: {first}:1: summary: "),
        format!("{first}:1: body: "),
        format!("{first}:1: retry: "),
        format!("{first}:2: sumary: "),
        format!("{second}:24: signature[1].value: "),
    ];
    for (line, expected) in lines.iter().zip(&expected) {
        assert!(line.starts_with(expected), "{expected} in {}", ended.err);
    }
    let twice = format!(
        "contract ours is in {} and in {third}: keep one of them",
        desk.text("ours.toml")
    );
    assert_eq!(lines[5..], [twice.as_str()], "{}", ended.err);
    assert!(!ended.err.contains('\u{1b}'), "{}", ended.err);
    assert!(
        ended.out.contains("contract\tours\n"),
        "the good ones are shown"
    );

    let json = desk.run(&["contract", "check", "a.toml", "--json"]);
    let answers: Vec<serde_json::Value> = json
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), 4, "{}", json.out);
    let last = &answers[3];
    assert_eq!(
        (&last["ok"], &last["line"], &last["key"]),
        (&false.into(), &2.into(), &"sumary".into())
    );
    let missing = desk.run(&["contract", "check", "nowhere.toml"]);
    assert_eq!(missing.code, Some(2));
    assert!(
        missing.err.contains("nowhere.toml cannot be read"),
        "{}",
        missing.err
    );
}

#[test]
fn a_rendered_request_is_the_contract_to_the_byte() {
    let desk = Desk::new();
    let request = desk.request();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let (signed, seal) = body.split_once(",\"seal\":\"").unwrap();
    assert_eq!(
        signed,
        r#"{"7":"é","kind":"thing.made","b":1,"data":{"n":100,"t":"a/b"}"#
    );
    assert_eq!(seal.len(), 64 + 2);
    let lines: Vec<&str> = head.lines().collect();
    assert_eq!(lines[0], "POST /hooks HTTP/1.1");
    let names: Vec<&str> = lines[1..]
        .iter()
        .map(|line| line.split_once(": ").unwrap().0)
        .collect();
    assert_eq!(
        names,
        [
            "Content-Type",
            "User-Agent",
            "X-Sent",
            "X-Ours",
            "Accept",
            "Host",
            "Content-Length"
        ]
    );
    assert!(head.contains("\r\nHost: example.com\r\n"), "{head}");
    assert!(
        head.ends_with(&format!("Content-Length: {}", body.len())),
        "{head}"
    );
    assert!(head.contains("\r\nX-Sent: 1776075480\r\n"), "{head}");
    assert_eq!(request, desk.request(), "nothing in it is left to chance");
    let to = desk.run(&[
        "contract",
        "render",
        "ours.toml",
        "--event",
        "event.json",
        "--secret",
        "k",
        "--to",
        "https://h.example:8443/a?b=c",
    ]);
    assert!(
        to.out.starts_with("POST /a?b=c HTTP/1.1\r\n")
            && to.out.contains("\r\nHost: h.example:8443\r\n"),
        "{}",
        to.out
    );
}

#[test]
fn what_is_rendered_under_any_contract_verifies_with_what_it_says_it_was_signed_with() {
    let desk = Desk::new();
    let set = ContractSet::built_in("standard").unwrap();
    let built_in = set.iter_known().map(|contract| contract.name.clone());
    let mut names: Vec<String> = built_in.collect();
    assert!(names.len() > 1);
    names.push(desk.text("ours.toml"));
    for name in &names {
        let rendered = desk.run(&["contract", "render", name, "--event", "event.json"]);
        assert_eq!(rendered.code, Some(0), "{name}: {}", rendered.err);
        let mut arguments = vec!["verify", "--contract", name];
        for line in rendered.err.lines() {
            let (what, key) = line.rsplit_once(": ").unwrap();
            arguments.push(if what.contains("secret") {
                "--secret"
            } else {
                "--public-key"
            });
            arguments.push(key);
        }
        assert!(arguments.len() > 3, "{name}: {}", rendered.err);
        let verified = run_with_input(desk.home.path(), &arguments, rendered.out.as_bytes());
        assert_eq!(verified.code, Some(0), "{name}: {}", verified.err);
        let changed = rendered.out.replace("a/b", "a/c");
        let verified = run_with_input(desk.home.path(), &arguments, changed.as_bytes());
        assert_eq!(verified.code, Some(1), "{name}: {}", verified.out);
    }
}

#[test]
fn what_cannot_be_rendered_says_why() {
    let desk = Desk::new();
    desk.write("none.json", "{\"data\": 1}");
    desk.write("huge.json", "{\"type\": \"a.b\", \"data\": [1e400]}");
    let list = r#"{"type": "a.b", "data": 1, "attributes": []}"#;
    desk.write("list.json", list);
    let render = |more: &[&str]| {
        let base = [
            "contract",
            "render",
            "ours.toml",
            "--secret",
            "k",
            "--event",
        ];
        let ended = desk.run(&[&base, more].concat());
        assert_eq!(ended.out, "");
        (ended.code, ended.err)
    };
    for (more, code, text) in [
        (&["none.json"][..], 2, "is no event: missing field `type`"),
        (
            &["list.json"],
            2,
            "is no event: attributes are no JSON object; expected JSON as it is published, such as {\"type\": \
             \"task.created\", \"data\": {\"id\": 7}}",
        ),
        (
            &["event.json", "--to", "http://x.example/"],
            2,
            "sends to https URLs only",
        ),
        (
            &["huge.json"],
            1,
            "no request can be made of the event, so its delivery would be dead: the number 1e400 is too large",
        ),
        (&["nowhere.json"], 2, "cannot be read"),
    ] {
        let (found, err) = render(more);
        assert!(found == Some(code) && err.contains(text), "{more:?}: {err}");
    }
    let unknown = desk.run(&["contract", "render", "nonesuch", "--event", "event.json"]);
    assert_eq!(unknown.code, Some(2));
    assert!(
        unknown.err.starts_with(
            "hookyard: \"nonesuch\" is neither a known contract nor a file: known are "
        ),
        "{}",
        unknown.err
    );
    let unfit = desk.run(&[
        "contract",
        "render",
        "standard",
        "--event",
        "event.json",
        "--secret",
        "short",
    ]);
    assert_eq!(unfit.code, Some(2));
    assert!(
        unfit
            .err
            .contains("the secret does not fit contract standard"),
        "{}",
        unfit.err
    );
}

#[test]
fn a_contract_of_the_configured_directory_is_known_by_its_name() {
    let desk = Desk::new();
    let directory = desk.path(".config/hookyard");
    std::fs::create_dir_all(directory.join("contracts")).unwrap();
    std::fs::write(directory.join("contracts/ours.toml"), OURS).unwrap();
    std::fs::write(
        directory.join("hookyard.toml"),
        "contracts_dir = \"contracts\"\n",
    )
    .unwrap();
    let ended = desk.run(&[
        "contract",
        "render",
        "ours",
        "--event",
        "event.json",
        "--at",
        NOON,
        "--secret",
        "k",
    ]);
    assert_eq!(
        (ended.code, ended.out),
        (Some(0), desk.request()),
        "{}",
        ended.err
    );
}

#[test]
fn a_wrong_signature_is_told_by_its_cause_under_any_contract() {
    let desk = Desk::new();
    let request = desk.request();
    let at = ["--secret", "k", "--at", NOON];
    let right = desk.verify(&at, &request);
    assert_eq!(right.code, Some(0), "{}", right.err);
    assert!(
        right
            .out
            .starts_with("verified\tX-Ours, member \"seal\" of the body\n"),
        "{}",
        right.out
    );
    // A consumer that parses and prints again in JavaScript gets the same bytes; one that spaces them out does not.
    let spaced = request.replace("\"data\":{", "\"data\": {");
    let length = |text: &str| text.split_once("\r\n\r\n").unwrap().1.len();
    let spaced = spaced.replace(
        &format!("Content-Length: {}", length(&request)),
        &format!("Content-Length: {}", length(&request) + 1),
    );
    let late = "2026-04-13T10:28:00Z";
    for (arguments, request, why) in [
        (
            ["--secret", "another", "--at", NOON],
            request.clone(),
            "was made with this secret over this request: the secret is another one",
        ),
        (
            at,
            spaced,
            "the body was changed on the way: the signature is right for the body without white space",
        ),
        (
            ["--secret", "k", "--at", late],
            request.clone(),
            "the signature is right but 600 s old, and 300 s are allowed",
        ),
        (
            at,
            request.replace("sha256=", ""),
            "header X-Ours holds a bare signature: sha256={signature} is expected",
        ),
        (
            at,
            request.replace("\"seal\"", "\"sael\""),
            "the body has no member \"seal\"",
        ),
        (
            at,
            request.replace("X-Ours", "X-Other"),
            "header X-Ours is missing",
        ),
    ] {
        let ended = desk.verify(&arguments, &request);
        assert_eq!(ended.code, Some(1), "{why}: {}", ended.out);
        assert!(ended.err.contains(why), "{why}: {}", ended.err);
    }
}

#[test]
fn a_public_key_is_taken_where_the_contract_has_a_use_for_it() {
    let desk = Desk::new();
    let key = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";
    for (key, text) in [
        (
            key,
            "--public-key: contract ours has no signature that a public key verifies: give the secret",
        ),
        ("whpk_x", "--public-key: this is no public ed25519 key"),
    ] {
        let ended = desk.verify(&["--public-key", key], "");
        assert_eq!(ended.code, Some(2));
        assert!(ended.err.contains(text), "{}", ended.err);
    }
    // The published vector: the endpoint's own key, known by its public half.
    let request = "POST / HTTP/1.1\r\nWebhook-Id: msg_p5jXN8AQM9LWM0D4loKWxJek\r\nWebhook-Timestamp: 1614265330\r\n\
                   Webhook-Signature: v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==\r\n\
                   Content-Length: 20\r\n\r\n{\"test\": 2432232314}";
    let other = "whpk_O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik=";
    let verify = |keys: &[&str]| {
        let mut arguments = vec![
            "verify",
            "--contract",
            "standard",
            "--at",
            "2021-02-25T15:02:10Z",
        ];
        for key in keys {
            arguments.extend(["--public-key", key]);
        }
        run_with_input(desk.home.path(), &arguments, request.as_bytes()).code
    };
    assert_eq!(verify(&[key]), Some(0));
    assert_eq!(verify(&[other]), Some(1));
    assert_eq!(verify(&[other, key]), Some(0), "one of several must fit");
}
