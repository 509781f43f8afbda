//! What people read when a value on the command line, in a file or on standard input cannot be taken.

use std::ffi::OsString;
use std::net::TcpListener;
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;

use super::program::{Ended, hookyard, run, run_with_input};

/// Nobody listens there; what is refused before is refused without a service.
const NOWHERE: [&str; 2] = ["--url", "http://127.0.0.1:1"];

/// Exit code and text, the home's path as `HOME`; nothing is printed besides.
fn said(home: &Path, ended: &Ended) -> (Option<i32>, String) {
    assert_eq!(ended.out, "", "{ended:?}");
    let text = ended.err.replace(home.to_str().unwrap(), "HOME");
    (ended.code, text)
}

/// Runs each in `home` and compares exit code and text; tells all that differ at once.
fn check_all(home: &Path, table: &[(&[&str], i32, &str)]) {
    let mut differ = Vec::new();
    for (arguments, code, text) in table {
        let arguments: Vec<String> = arguments
            .iter()
            .map(|argument| argument.replace("HOME", home.to_str().unwrap()))
            .collect();
        let found = said(home, &run(home, &arguments));
        if found != (Some(*code), format!("hookyard: {text}\n")) {
            differ.push(format!(
                "{arguments:?}\n  read   {found:?}\n  wanted {text:?}"
            ));
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

#[test]
fn settings_that_contradict_or_do_not_read_are_refused_before_anything_is_sent() {
    let home = tempfile::tempdir().unwrap();
    let exponential = |text: &str, what: &str| {
        let arguments = [
            "endpoint",
            "create",
            "http://127.0.0.1:9/",
            "--retry-exponential",
            text,
        ];
        let ended = run(home.path(), &[&arguments[..], &NOWHERE].concat());
        let wanted = format!(
            "hookyard: --retry-exponential {text:?}: {what}; write first=5s,factor=5,retries=3,cap=1h\n"
        );
        assert_eq!(said(home.path(), &ended), (Some(2), wanted));
    };
    exponential("first5s", "\"first5s\" has no =");
    exponential("frist=5s", "\"frist\" is not known");
    exponential("first=5s", "factor is missing");
    exponential(
        "first=5s,factor=five,retries=3,cap=1h",
        "factor is not a whole number",
    );
    let edit = |more: &[&'static str]| [&["endpoint", "edit", "x"], more, &NOWHERE].concat();
    let publish =
        |more: &[&'static str]| [&["event", "publish", "--type", "a"], more, &NOWHERE].concat();
    check_all(
        home.path(),
        &[
            (
                &edit(&[]),
                2,
                "nothing to change: name a setting, such as --concurrency 2, or --reset one",
            ),
            (
                &edit(&["--name", "a", "--reset", "name"]),
                2,
                "--name is given and reset at once: choose one",
            ),
            (
                &publish(&["--data", "-", "--attributes", "-"]),
                2,
                "--data and --attributes cannot both be standard input: put one into a file",
            ),
            (
                &publish(&["--data", "{"]),
                2,
                "the data is not acceptable: not JSON: EOF while parsing an object at line 1 column 1",
            ),
            (
                &["listen", "--delay", "11m"],
                2,
                "--delay 11m is too long: at most 10m",
            ),
        ],
    );
    for (arguments, hint) in [
        (["--header", "nocolon"], "write it as NAME: VALUE"),
        (["--metadata", "nothing"], "write it as KEY=VALUE"),
    ] {
        let ended = run(
            home.path(),
            &[&["endpoint", "create", "http://a/"], &arguments[..]].concat(),
        );
        assert_eq!(ended.code, Some(2));
        assert!(ended.err.contains(hint), "{}", ended.err);
    }
}

#[test]
fn files_that_cannot_be_used_are_named_with_what_is_wrong() {
    let home = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(home.path().join(name), bytes).unwrap();
    write("latin", b"caf\xe9");
    write("empty", b" \n");
    write("large", &[b'x'; 5_000]);
    write("two-lines", b"one\ntwo\n");
    let create = |file: &'static str| {
        let arguments = [
            "endpoint",
            "create",
            "http://127.0.0.1:9/",
            "--secret-file",
            file,
        ];
        [&arguments[..], &NOWHERE].concat()
    };
    check_all(
        home.path(),
        &[
            (&create("HOME/latin"), 2, "HOME/latin is not UTF-8 text"),
            (
                &create("HOME/empty"),
                2,
                "HOME/empty is empty: write the value into it, on one line",
            ),
            (
                &create("HOME/large"),
                2,
                "HOME/large is larger than 4096 bytes",
            ),
            (
                &[&["stats", "--token-file", "HOME/two-lines"], &NOWHERE[..]].concat(),
                2,
                "token holds characters that cannot be sent: expected visible ASCII on one line\n\
                 check the token file: one line, nothing else",
            ),
        ],
    );
    let name = OsString::from_vec(b"\xff".to_vec());
    let mut arguments: Vec<OsString> = ["stats", "--url", "http://127.0.0.1:1", "--token-file"]
        .map(OsString::from)
        .to_vec();
    arguments.push(name);
    let ended = run(home.path(), &arguments);
    assert_eq!(
        said(home.path(), &ended),
        (
            Some(1),
            "hookyard: the file's name is not UTF-8: rename it\n".to_owned()
        )
    );
}

#[test]
fn two_services_named_at_once_are_one_too_many() {
    let home = tempfile::tempdir().unwrap();
    let output = hookyard(home.path())
        .arg("stats")
        .envs([("HOOKYARD_SOCKET", "/a"), ("HOOKYARD_URL", "http://b")])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "hookyard: HOOKYARD_SOCKET and HOOKYARD_URL are both set: unset one, or say --socket or --url\n"
    );
}

#[test]
fn a_port_that_is_taken_is_told_with_the_way_out() {
    let home = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let ended = run(home.path(), &["listen", "--port", &port.to_string()]);
    assert_eq!(
        said(home.path(), &ended),
        (
            Some(1),
            format!(
                "hookyard: port {port} of 127.0.0.1 cannot be used: Address already in use (os error 98); choose \
                 another with --port, or --port 0\n"
            )
        )
    );
}

#[test]
fn what_is_no_request_is_told_apart_from_a_wrong_signature() {
    for (request, text) in [
        (
            "hello\r\n\r\n".to_owned(),
            "the first line is no request line: expected a method, a path and HTTP/1.1, such as POST /hooks HTTP/1.1",
        ),
        (
            "POST / HTTP/1.1\r\nno colon\r\n\r\n".to_owned(),
            "line 2 is no header: expected a name, a colon and a value",
        ),
        (
            "POST / HTTP/1.1\r\na: b\r\n".to_owned(),
            "the head does not end: expected an empty line between headers and body",
        ),
        (
            format!("POST / HTTP/1.1\r\na: {}\r\n\r\n", "x".repeat(70_000)),
            "the head has more than 65536 bytes",
        ),
        (
            "POST / HTTP/1.1\r\ncontent-length: two\r\n\r\n".to_owned(),
            "Content-Length is no number of bytes",
        ),
        (
            "POST / HTTP/1.1\r\ncontent-length: 3\r\n\r\n{}".to_owned(),
            "the body ends after 2 bytes, Content-Length says 3: copy the whole request",
        ),
        (
            "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n".to_owned(),
            "the body is not in chunks as Transfer-Encoding says",
        ),
    ] {
        let text = format!("hookyard: standard input is no HTTP request: {text}\n");
        assert_eq!(verified(&request, "2026-04-13T10:18:00Z"), (Some(2), text));
    }
    let home = tempfile::tempdir().unwrap();
    let ended = run_with_input(home.path(), &["verify"], b"");
    assert_eq!(
        said(home.path(), &ended),
        (
            Some(2),
            "hookyard: give the secret with --secret S or --secret-file F, or a public key with --public-key K or \
                 --fetch-keys\n".to_owned()
        )
    );
}

/// The exit code and text of `hookyard verify` at this time.
fn verified(request: &str, at: &str) -> (Option<i32>, String) {
    let home = tempfile::tempdir().unwrap();
    let secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    let arguments = ["verify", "--secret", secret, "--at", at];
    let ended = run_with_input(home.path(), &arguments, request.as_bytes());
    (ended.code, ended.err)
}

#[test]
fn a_signature_that_is_not_right_is_told_with_what_to_look_at() {
    // Over {} and over {"a":1} with the secret as it is meant, then over {} with it read as text.
    let (braces, member) = (
        "v1,mEc61m38NWy79PVjw8jLFpY/EiQfC5ieSWk9yR+UQAo=",
        "v1,Z/ViusfyZrkDvrIgQrnPAficWLz/aEy7CVUXKG9ZN5Y=",
    );
    let as_text = "v1,m1uNifboxM5kngfGbG3X3MlsdLtdJGA/fXUwfvADI8w=";
    let then = "2026-04-13T10:18:00Z";
    let differs = "no signature in header Webhook-Signature was made with this secret over this request: the secret is \
                   another one, or the body or a signed header was changed on the way; the body may also have been \
                   parsed and written again, which cannot be told here because the contract sends numbers and members \
                   as the publisher wrote them: verify the raw bytes";
    for (signature, body, at, text) in [
        (
            braces,
            "{}",
            "2026-04-13T10:28:00Z",
            "the signature is right but 600 s old, and 300 s are allowed: the request was replayed, or this machine's \
             clock is fast",
        ),
        (
            braces,
            "{}",
            "2026-04-13T10:08:00Z",
            "the signature is right but from 600 s in the future, and 300 s are allowed: this machine's clock is slow",
        ),
        (
            member,
            "{\"a\": 1}",
            then,
            "the body was changed on the way: the signature is right for the body without white space between its \
             members; verify the bytes as they came",
        ),
        (
            as_text,
            "{}",
            then,
            "the secret is read wrong: the signature is right for the whole secret as text, not as base64",
        ),
        (braces, "[]", then, differs),
        (
            "v1,AAAA",
            "{}",
            then,
            "header Webhook-Signature is malformed: v1,{signature} with base64 of 32 bytes is expected, found \"a \
             signature of another length or alphabet\"",
        ),
        (
            "v1a,AAAA",
            "{}",
            then,
            "header Webhook-Signature holds no value of the form v1,{signature}, only others: the request was signed \
             with a secret of another kind than this one",
        ),
    ] {
        let request = format!(
            "POST / HTTP/1.1\r\nwebhook-id: evt_1\r\nwebhook-timestamp: 1776075480\r\nwebhook-signature: \
             {signature}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let text = format!("hookyard: not verified: {text}\n");
        assert_eq!(verified(&request, at), (Some(1), text));
    }
    let bare = verified("POST / HTTP/1.1\r\n\r\n{}", then);
    let text = "hookyard: not verified: header Webhook-Signature is missing: it was not sent under this contract, or \
                something on the way dropped it\n";
    assert_eq!(bare, (Some(1), text.to_owned()));
}

/// A contract with one signature.
fn contract(algorithm: &str, key: &str, signed: &str) -> String {
    format!(
        "name = \"exact\"\nsummary = \"for tests\"\n[request]\ntimeout = \"10s\"\n[body]\nroot = \"data\"\n\
         [[signature]]\nalgorithm = \"{algorithm}\"\nkey = \"{key}\"\nsigned = \"{signed}\"\nencoding = \"hex\"\n\
         header = \"Signature\"\nvalue = \"{{signature}}\"\n[retry]\nladder = [\"5s\"]\n"
    )
}

#[test]
fn a_secret_that_does_not_fit_its_contract_is_told_what_would() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("exact.toml");
    let zeros = "A".repeat(86) + "==";
    let plain = contract("hmac-sha256", "text", "{body}");
    let unsigned =
        plain.split("[[signature]]").next().unwrap().to_owned() + "[retry]\nladder = [\"5s\"]\n";
    let fits = "the secret does not fit contract exact: ";
    for (contract, secret, code, text) in [
        (
            &plain,
            "x".repeat(300),
            2,
            format!("{fits}the secret has 300 bytes: at most 256 are allowed"),
        ),
        (
            &contract("hmac-sha256", "whsec", "{body}"),
            format!("whsk_{zeros}"),
            2,
            format!(
                "{fits}a symmetric secret is expected (whsec_ and base64 of 24 to 64 bytes), this is a private ed25519 \
                 key"
            ),
        ),
        (
            &contract("ed25519", "whsk", "{body}"),
            "words".to_owned(),
            2,
            format!("{fits}a private ed25519 key is expected: whsk_ and base64 of 64 bytes"),
        ),
        (
            &unsigned,
            "words".to_owned(),
            1,
            "not verified: contract exact does not sign its requests: there is nothing to verify".to_owned(),
        ),
        (
            &contract("hmac-sha256", "text", "{event.id}.{body}"),
            "words".to_owned(),
            1,
            "not verified: {event.id} is signed but the request does not carry it: this contract cannot be verified from \
             outside"
                .to_owned(),
        ),
    ] {
        std::fs::write(&file, contract).unwrap();
        let arguments = ["verify", "--contract", file.to_str().unwrap(), "--secret", &secret];
        let request = format!("POST / HTTP/1.1\r\nsignature: {}\r\n\r\n{{}}", "a".repeat(64));
        let ended = run_with_input(home.path(), &arguments, request.as_bytes());
        assert_eq!((ended.code, ended.err), (Some(code), format!("hookyard: {text}\n")));
    }
}
