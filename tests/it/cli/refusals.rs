//! What people read when a command cannot be done, and what scripts see.

use std::os::unix::net::UnixListener;

use super::program::{run, run_with_input};

/// Runs it and compares exit code and text.
fn check(arguments: &[&str], code: i32, text: &str) {
    let home = tempfile::tempdir().unwrap();
    let ended = run(home.path(), arguments);
    let shown = ended.err.replace(home.path().to_str().unwrap(), "HOME");
    assert_eq!(
        (ended.code, shown.as_str()),
        (Some(code), text),
        "{arguments:?}"
    );
    assert_eq!(ended.out, "", "{arguments:?}");
}

#[test]
fn without_a_service_every_client_command_says_where_it_looked_and_what_to_do() {
    for arguments in [
        &["endpoint", "list"][..],
        &["event", "list", "--json"],
        &["delivery", "list", "state:dead"],
        &["token", "list"],
        &["contract", "list"],
        &["stats"],
    ] {
        check(
            arguments,
            5,
            "hookyard: no service found: no socket at /run/hookyard/hookyard.sock, \
             HOME/.local/share/hookyard/hookyard.sock\n\
             start one with `hookyard serve`, or name another with --socket PATH or --url URL\n",
        );
    }
}

#[test]
fn a_socket_that_refuses_is_an_error_and_not_passed_over() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("hookyard.sock");
    drop(UnixListener::bind(&path).unwrap());
    let socket = path.to_str().unwrap();
    let ended = run(home.path(), &["stats", "--socket", socket]);
    assert_eq!(ended.code, Some(5));
    assert!(
        ended
            .err
            .starts_with(&format!("hookyard: service at {socket} is not reachable: ")),
        "{}",
        ended.err
    );
    assert!(ended.err.ends_with(
        "start the service with `hookyard serve`, or name another one with --socket PATH or --url URL\n"
    ));
}

#[test]
fn targets_that_make_no_sense_are_refused_before_anything_is_sent() {
    check(
        &["stats", "--url", "localhost:8420"],
        2,
        "hookyard: \"localhost:8420\" is not the URL of a service: write http://, https:// or ssh:// and a host, such as \
         https://hooks.example.com\n",
    );
    check(
        &["stats", "--token-file", "/x"],
        2,
        "hookyard: --token-file goes with --url: a Unix socket takes no token, the kernel says who is calling\n",
    );
    check(
        &[
            "stats",
            "--url",
            "http://127.0.0.1:1",
            "--token-file",
            "/nowhere/token",
        ],
        2,
        "hookyard: /nowhere/token cannot be read: No such file or directory (os error 2)\n",
    );
}

#[test]
fn a_misspelt_command_or_value_is_a_usage_error_with_a_hint() {
    let home = tempfile::tempdir().unwrap();
    for (arguments, hint) in [
        (&["endpiont", "list"][..], "'endpoint'"),
        (&["endpoint", "list", "--jsn"], "'--json'"),
        (
            &["delivery", "show", "evt_0000000000001"],
            "is not a delivery id: expected dlv_",
        ),
        (
            &["endpoint", "pause", "x", "--for", "2 hours"],
            "is not a duration",
        ),
        (
            &["token", "create", "--role", "root"],
            "publisher, consumer, viewer, operator, admin",
        ),
        (
            &["event", "publish", "--type", "a b", "--data", "{}"],
            "is not an event type",
        ),
        (&["event", "publish", "--data", "{}"], "<TYPE>"),
        (&["endpoint", "create"], "<URL>"),
        (&["endpoint", "list", "--limit", "0"], "0 is not in 1.."),
    ] {
        let ended = run(home.path(), arguments);
        assert_eq!(ended.code, Some(2), "{arguments:?}");
        assert!(ended.err.contains(hint), "{arguments:?}: {}", ended.err);
        assert_eq!(ended.out, "");
    }
}

#[test]
fn a_contract_is_checked_without_a_service() {
    let home = tempfile::tempdir().unwrap();
    let good = include_str!("../../../src/domain/contract/builtin/standard.toml");
    let ended = run_with_input(home.path(), &["contract", "check", "-"], good.as_bytes());
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(ended.out.contains("contract\tstandard\n"), "{}", ended.out);
    let bad = good.replace("timeout = \"20s\"", "timeout = 5");
    let ended = run_with_input(home.path(), &["contract", "check", "-"], bad.as_bytes());
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.err.starts_with("hookyard: -:6: request.timeout: "),
        "{}",
        ended.err
    );
}
