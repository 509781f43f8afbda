//! SIGHUP: what a running service applies, what it says of the rest, and that a faulty file changes nothing. And its log
//! as JSON.

use std::fs;
use std::path::PathBuf;

use rustix::process::Signal;

use super::program::hookyard;
use super::running::Running;
use super::service::{Home, Service};

/// Nobody listens there.
const URL: &str = "http://127.0.0.1:9/";

fn file(home: &Home) -> PathBuf {
    home.path().join("h.toml")
}

/// A service that has all its settings from a file, but for its places.
fn start(home: &Home, text: &str, arguments: &[&str]) -> Running {
    fs::write(file(home), text).unwrap();
    let mut command = hookyard(home.path());
    command
        .args(["serve", "--config"])
        .arg(file(home))
        .arg("--data-dir")
        .arg(home.data_dir())
        .arg("--socket")
        .arg(home.socket())
        .args(arguments)
        .env("HOOKYARD_LISTEN", "127.0.0.1:0");
    Running::start(&mut command)
}

fn started(home: &Home, text: &str) -> Service {
    let mut running = start(home, text, &[]);
    let address = running.err_after("ready listen=");
    Service { running, address }
}

/// Writes the file anew, sends the signal, and waits for the first line with `mark`: the rest of it.
fn reload(home: &Home, service: &mut Service, text: &str, mark: &str) -> String {
    fs::write(file(home), text).unwrap();
    service.running.signal(Signal::HUP);
    service.running.err_after(mark)
}

#[test]
fn targets_and_limits_change_while_the_service_runs_and_the_rest_waits_for_a_restart() {
    let home = Home::new();
    let mut service = started(&home, "");
    let refused = home.client(&["endpoint", "create", URL]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    let more =
        "[targets]\nallow = [\"127.0.0.0/8\"]\n[limits]\nendpoints = 1\n[http]\nworkers = 2\n";
    let applied = reload(&home, &mut service, more, "reloaded ");
    assert_eq!(applied, "applied=\"targets.allow, limits.endpoints\"");
    let waits = service.running.err_after("restart to apply them ");
    assert_eq!(waits, "settings=\"http.workers\"");
    home.json(&[
        "endpoint", "create", URL, "--name", "shop", "--retry", "1ms",
    ]);
    let full = home.client(&["endpoint", "create", URL]);
    assert_eq!(full.code, Some(1), "{full:?}");
    assert!(full.err.contains("limits.endpoints"), "{full:?}");
    home.json(&["event", "publish", "--type", "a.b"]);
    home.wait_for(&["delivery", "list"], |one| one["last_class"] == "connect");

    // Requests obey the new rules too, also those of endpoints that were made under the old ones.
    let less = "[limits]\nendpoints = 1\n[http]\nworkers = 2\n";
    let applied = reload(&home, &mut service, less, "reloaded ");
    assert_eq!(applied, "applied=\"targets.allow\"");
    home.json(&["event", "publish", "--type", "c.d"]);
    let blocked = home.json(&["delivery", "list", "type:c.d"]);
    let show = ["delivery", "list", "type:c.d"];
    home.wait_for(&show, |one| one["last_class"] == "blocked");
    assert_eq!(blocked["event_type"], "c.d");
    let again = reload(&home, &mut service, less, "reloaded ");
    assert_eq!(again, "applied=\"\"");
    service.running.signal(Signal::TERM);
    assert_eq!(service.running.end().0.code(), Some(0));
}

#[test]
fn event_sizes_addresses_and_breakers_change_too() {
    let home = Home::new();
    let mut service = started(&home, "[targets]\nallow = [\"127.0.0.0/8\"]\n");
    let created = home.json(&["endpoint", "create", URL, "--name", "shop"]);
    assert_eq!(created["breaker"]["consecutive"], 20);
    // Its lane is awake by now.
    home.json(&["event", "publish", "--type", "a.b"]);
    let text = "[targets]\nallow = [\"127.0.0.0/8\"]\negress_addresses = [\"203.0.113.7\"]\n\
                [breaker]\nconsecutive = 30\n[limits]\nevent_bytes = \"1KiB\"\n";
    let applied = reload(&home, &mut service, text, "reloaded ");
    let keys = "targets.egress_addresses, breaker.consecutive, limits.event_bytes";
    assert_eq!(applied, format!("applied=\"{keys}\""));
    let shown = home.json(&["endpoint", "show", "shop"]);
    assert_eq!(shown["breaker"]["consecutive"], 30);
    let egress = home.json(&["egress"]);
    assert_eq!(egress["addresses"], serde_json::json!(["203.0.113.7"]));
    let large = format!("\"{}\"", "x".repeat(2_000));
    let refused = home.client(&["event", "publish", "--type", "a.b", "--data", &large]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(
        refused.err.contains("at most 1024 bytes are taken"),
        "{refused:?}"
    );
}

#[test]
fn a_faulty_file_changes_nothing_and_every_fault_is_told() {
    let home = Home::new();
    let good = "[targets]\nallow = [\"127.0.0.0/8\"]\n";
    let mut service = started(&home, good);
    let bad = "shutdown_grace = \"1h\"\n[targets]\nallow = []\n[limits]\ntokens = 0\n";
    let mark = "the settings before stay in force ";
    let first = reload(&home, &mut service, bad, mark);
    let second = service.running.err_after(mark);
    let place = file(&home).display().to_string();
    assert!(
        first.contains(&format!("{place}:1: shutdown_grace: ")),
        "{first}"
    );
    assert!(
        second.contains(&format!("{place}:5: limits.tokens: ")),
        "{second}"
    );
    for (text, fault) in [
        ("listn = 1\n", "there is no key"),
        (
            "[targets]\nextra_roots = [\"/nowhere.pem\"]\n",
            "targets.extra_roots: failed to read",
        ),
        ("contracts_dir = \"nowhere\"\n", "contracts_dir: "),
    ] {
        let said = reload(&home, &mut service, text, mark);
        assert!(said.contains(fault), "{said}");
    }
    home.json(&["endpoint", "create", URL]);
    // What contracts say is read at the start only, and a change is not passed over.
    let contracts = home.path().join("contracts");
    fs::create_dir(&contracts).unwrap();
    let standard = include_str!("../../../src/domain/contract/builtin/standard.toml");
    let changed = standard.replace("timeout = \"20s\"", "timeout = \"21s\"");
    fs::write(contracts.join("standard.toml"), changed).unwrap();
    let text = format!("contracts_dir = \"contracts\"\n{good}");
    let waits = reload(&home, &mut service, &text, "restart to apply them ");
    assert_eq!(waits, "settings=\"contracts_dir, the text of contracts\"");
}

#[test]
fn the_log_is_one_json_object_a_line_where_that_is_asked_for() {
    let home = Home::new();
    let mut running = start(&home, "", &["--log-format", "json"]);
    let ready = running.err_after("");
    let mut lines = vec![ready];
    while !lines.last().unwrap().contains("\"ready\"") {
        lines.push(running.err_after(""));
    }
    let refused = home.client(&["endpoint", "create", "http://127.0.0.1:9/\u{9b}31m"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    running.signal(Signal::TERM);
    let (status, rest) = running.end();
    assert_eq!(status.code(), Some(0));
    let seen = rest.lines().map(str::to_owned);
    let mut messages = Vec::new();
    for line in lines.into_iter().chain(seen) {
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        for member in ["timestamp", "level", "message"] {
            assert!(value[member].is_string(), "{line}");
        }
        assert!(line.chars().all(|letter| !letter.is_control()), "{line}");
        messages.push(value["message"].as_str().unwrap().to_owned());
    }
    for message in ["ready", "draining", "stopped"] {
        assert!(messages.iter().any(|one| one == message), "{messages:?}");
    }
}
