//! `hookyard listen` and `hookyard verify`: the consumer's side.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use rustix::process::Signal;

use super::program::{hookyard, run, run_with_input};
use super::running::Running;

/// The test vector of the Standard Webhooks libraries.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const REQUEST: &str = "POST /hooks HTTP/1.1\r\nHost: x\r\nWebhook-Id: msg_p5jXN8AQM9LWM0D4loKWxJek\r\n\
                       Webhook-Timestamp: 1614265330\r\n\
                       Webhook-Signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=\r\n\
                       Content-Length: 20\r\n\r\n{\"test\": 2432232314}";
const THEN: &str = "2021-02-25T15:02:10Z";

fn verify(request: &str, more: &[&str]) -> (Option<i32>, String, String) {
    let home = tempfile::tempdir().unwrap();
    let arguments = [&["verify", "--secret", SECRET, "--at", THEN], more].concat();
    let ended = run_with_input(home.path(), &arguments, request.as_bytes());
    (ended.code, ended.out, ended.err)
}

#[test]
fn a_published_vector_verifies_also_when_pasted_with_line_feeds_alone() {
    let (code, out, err) = verify(REQUEST, &[]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.starts_with("verified\tWebhook-Signature\n"), "{out}");
    let pasted = format!("{}\n", REQUEST.replace("\r\n", "\n"));
    let (code, out, _) = verify(&pasted, &["--json"]);
    assert_eq!(code, Some(0));
    let answer: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(answer["verified"], true);
    assert_eq!(answer["event_id"], "msg_p5jXN8AQM9LWM0D4loKWxJek");
}

#[test]
fn a_wrong_signature_says_why_with_exit_code_1() {
    for (request, why) in [
        (
            REQUEST.replace("2432232314", "2432232315"),
            "hookyard: not verified: ",
        ),
        (
            REQUEST.replace("Webhook-Id", "Webhook-Ident"),
            "hookyard: not verified: header Webhook-Id is missing",
        ),
        (
            REQUEST.replace("1614265330", "1614265330\u{1b}[2J"),
            "hookyard: not verified: ",
        ),
    ] {
        let (code, out, err) = verify(&request, &[]);
        assert_eq!((code, out.as_str()), (Some(1), ""), "{err}");
        assert!(err.starts_with(why) && !err.contains('\u{1b}'), "{err}");
    }
    let home = tempfile::tempdir().unwrap();
    let ended = run_with_input(
        home.path(),
        &["verify", "--secret", SECRET],
        REQUEST.as_bytes(),
    );
    assert_eq!(
        ended.code,
        Some(1),
        "an old request is refused: {}",
        ended.err
    );
}

#[test]
fn input_that_cannot_be_judged_is_a_usage_error() {
    for (request, more, message) in [
        (
            "hello",
            &[][..],
            "hookyard: standard input is no HTTP request: the head does not end: expected an empty line between \
             headers and body\n",
        ),
        (
            &REQUEST[..REQUEST.len() - 1],
            &[],
            "hookyard: standard input is no HTTP request: the body ends after 19 bytes, Content-Length says 20: copy \
             the whole request\n",
        ),
        (
            REQUEST,
            &["--contract", "nonesuch"],
            "hookyard: \"nonesuch\" is neither a known contract nor a file: known are agentfactory, fed, \
             flowmint, github, shipment, standard, stripe, taskhub\n",
        ),
    ] {
        assert_eq!(
            verify(request, more),
            (Some(2), String::new(), message.to_owned())
        );
    }
    let home = tempfile::tempdir().unwrap();
    let without = run(home.path(), &["verify"]);
    assert_eq!(
        (without.code, without.err.as_str()),
        (
            Some(2),
            "hookyard: give the secret with --secret S or --secret-file F, or a public key with --public-key K or \
             --fetch-keys\n"
        )
    );
    let unfit = run(home.path(), &["verify", "--secret", "short"]);
    assert_eq!(unfit.code, Some(2));
    assert!(
        unfit
            .err
            .starts_with("hookyard: the secret does not fit contract standard: "),
        "{}",
        unfit.err
    );
}

/// Sends bytes to a port of this machine and reads what comes back until the other side closes.
fn exchange(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn listen(home: &std::path::Path, arguments: &[&str]) -> (Running, String) {
    let mut command = hookyard(home);
    command.args(["listen", "--port", "0"]).args(arguments);
    let mut running = Running::start(&mut command);
    let address = running.err_after("listening on http://");
    (running, address.trim_end_matches('/').to_owned())
}

#[test]
fn listen_prints_each_request_escaped_and_says_why_its_signature_is_wrong() {
    let home = tempfile::tempdir().unwrap();
    let (mut listener, address) = listen(home.path(), &["--secret", SECRET]);
    let hostile = REQUEST
        .replace(
            "Host: x",
            "Host: x\r\nConnection: close\r\nX-Evil: \u{1b}]0;owned\u{7}",
        )
        .replace(
            "{\"test\": 2432232314}",
            "{\"\u{1b}[2J\u{202e}\": 12345678}",
        );
    let answer = exchange(&address, &hostile);
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let first = listener.out_line();
    assert!(
        first.contains("POST /hooks answered 200, signature wrong: "),
        "{first}"
    );
    let mut rest = String::new();
    while !rest.contains("  | ") {
        rest.push_str(&listener.out_line());
    }
    assert!(rest.contains("X-Evil: \\x1b]0;owned\\x07"), "{rest}");
    assert!(rest.contains("  | {\"\\x1b[2J\\u{202e}\""), "{rest}");
    listener.signal(Signal::INT);
    let (status, err) = listener.end();
    assert_eq!(status.code(), Some(0));
    assert!(
        err.ends_with("1 requests, 1 with a wrong signature"),
        "{err}"
    );
}

#[test]
fn listen_fails_on_demand_and_speaks_json() {
    let home = tempfile::tempdir().unwrap();
    let (mut listener, address) = listen(
        home.path(),
        &["--json", "--status", "503", "--delay", "5ms"],
    );
    let request = REQUEST.replace("Host: x", "Host: x\r\nConnection: close");
    let answer = exchange(&address, &request);
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    let line: serde_json::Value = serde_json::from_str(&listener.out_line()).unwrap();
    assert_eq!(line["status"], 503);
    assert_eq!(line["body"]["text"], "{\"test\": 2432232314}");
    assert!(line["verified"].is_null());
}

#[test]
fn listen_refuses_what_cannot_be() {
    let home = tempfile::tempdir().unwrap();
    for (arguments, text) in [
        (&["--port", "70000"][..], "70000 is not in 0..=65535"),
        (&["--status", "600"], "600 is not in 200..=599"),
        (&["--status", "100"], "100 is not in 200..=599"),
        (
            &["--fail", "30"],
            "write a whole percentage, 0% to 100%, such as 30%",
        ),
        (&["--delay", "1h"], "--delay 1h is too long: at most 10m"),
        (
            &["--secret", "x"],
            "the secret does not fit contract standard",
        ),
    ] {
        let ended = run(home.path(), &[&["listen"], arguments].concat());
        assert_eq!(ended.code, Some(2), "{arguments:?}");
        assert!(ended.err.contains(text), "{arguments:?}: {}", ended.err);
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ended = run(home.path(), &["listen", "--port", &port]);
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.err.contains("choose another with --port"),
        "{}",
        ended.err
    );
}
