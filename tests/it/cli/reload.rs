//! SIGHUP: what a running service applies, what it says of the rest, and that a faulty file changes nothing. And its log
//! as JSON.

use std::fs;
use std::path::PathBuf;

use rustix::process::Signal;

use super::program::hookyard;
use super::running::Running;
use super::service::{Home, Service, http};

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
    let ready = running.err_after("ready listen=");
    let address = ready.split(' ').next().unwrap().to_owned();
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
}

/// A contract of the tests' own: routes, a catalogue and the service's key.
const OURS: &str = include_str!("../../../src/domain/contract/builtin/fed.toml");

#[test]
fn contracts_come_change_and_go_while_the_service_runs() {
    let home = Home::new();
    let contracts = home.path().join("contracts");
    fs::create_dir(&contracts).unwrap();
    let file = contracts.join("ours.toml");
    let good = "contracts_dir = \"contracts\"\n[targets]\nallow = [\"127.0.0.0/8\"]\n";
    let both = format!("contracts = [\"standard\", \"ours\"]\n{good}");
    let mut service = started(&home, good);
    let address = service.address.clone();
    let call = || http(&address, "POST", "/ours/register", "none", "{}").0;
    let described = || http(&address, "GET", "/openapi.json", "none", "").1;
    assert_eq!(call(), 404);
    assert!(!described().contains("/ours/register"));
    let ours = OURS.replace("name = \"fed\"", "name = \"ours\"");
    let ours = ours.replace("/api/webhooks/register", "/ours/register");
    fs::write(&file, &ours).unwrap();
    let applied = reload(&home, &mut service, &both, "reloaded ");
    assert_eq!(applied, "applied=\"contracts, contract ours (new)\"");
    assert_eq!(call(), 401, "the route is there");
    assert!(described().contains("/ours/register"));
    let keys = home.json(&["contract", "keys", "ours"]);
    assert!(keys["public_key"].is_string(), "{keys}");
    home.json(&[
        "endpoint",
        "create",
        URL,
        "--name",
        "shop",
        "--contract",
        "ours",
    ]);

    fs::write(&file, ours.replace("factor = 6", "factor = 5")).unwrap();
    let applied = reload(&home, &mut service, &both, "reloaded ");
    assert_eq!(applied, "applied=\"contract ours (new revision)\"");
    // Every fault of a file is told by line, and nothing changes, settings neither.
    fs::write(
        &file,
        ours.replace("timeout = \"15s\"", "timeout = 15")
            .replace("jitter = 0.2", "jitter = 2"),
    )
    .unwrap();
    let mark = "the settings before stay in force ";
    let sound = format!("{both}[limits]\nendpoints = 1\n");
    let said = [
        reload(&home, &mut service, &sound, mark),
        service.running.err_after(mark),
    ];
    for (said, place) in said
        .iter()
        .zip([":7: request.timeout: ", ":43: retry.jitter: "])
    {
        assert!(
            said.contains(&format!("{}{place}", file.display())),
            "{said}"
        );
    }
    assert_eq!(call(), 401);
    home.json(&["endpoint", "create", URL]);
    // An endpoint has it.
    fs::remove_file(&file).unwrap();
    let said = reload(&home, &mut service, good, mark);
    assert!(said.contains("endpoints have the contract ours"), "{said}");
    assert_eq!(call(), 401);
    let deleted = home.client(&["endpoint", "delete", "shop", "--yes"]);
    assert_eq!(deleted.code, Some(0), "{deleted:?}");
    let applied = reload(&home, &mut service, good, "reloaded ");
    assert_eq!(applied, "applied=\"contracts, contract ours (removed)\"");
    assert_eq!(call(), 404);
}

#[test]
fn the_level_of_the_log_changes_while_the_service_runs() {
    let home = Home::new();
    let mut service = started(&home, "");
    let applied = reload(&home, &mut service, "log = \"error\"\n", "reloaded ");
    assert_eq!(applied, "applied=\"log\"");
    let quiet = "log = \"error\"\n[targets]\negress_addresses = [\"203.0.113.7\"]\n";
    fs::write(file(&home), quiet).unwrap();
    service.running.signal(Signal::HUP);
    home.wait_for(&["egress"], |one| one["addresses"][0] == "203.0.113.7");
    // Nothing was said of that: the next line is about this.
    let loud = quiet.replace("error", "info");
    let applied = reload(&home, &mut service, &loud, "reloaded ");
    assert_eq!(applied, "applied=\"log\"");
    let bad = quiet.replace("error", "hookyard=loud");
    let said = reload(
        &home,
        &mut service,
        &bad,
        "the settings before stay in force ",
    );
    assert!(said.contains(":1: log: "), "{said}");
}

#[test]
fn lanes_judgement_the_reserve_probes_and_whom_to_tell_change_too() {
    let home = Home::new();
    let mut service = started(&home, "[targets]\nallow = [\"127.0.0.0/8\"]\n");
    home.json(&["endpoint", "create", URL, "--name", "shop"]);
    let told = home.path().join("told");
    let script = format!("cat >> '{}'", told.display());
    let text = format!(
        "[targets]\nallow = [\"127.0.0.0/8\"]\n[delivery]\nconcurrency = 9\nconcurrency_per_endpoint = 3\n\
         [auto_disable]\nafter = \"off\"\n[notify]\ncommand = [\"/bin/sh\", \"-c\", {script:?}]\n\
         [retention]\nreserve = \"1TiB\"\n[http]\nopen_probes = true\n"
    );
    let applied = reload(&home, &mut service, &text, "reloaded ");
    let keys = "delivery.concurrency, delivery.concurrency_per_endpoint, auto_disable.after, \
                notify.command, retention.reserve, http.open_probes";
    assert_eq!(applied, format!("applied=\"{keys}\""));
    let shown = home.json(&["endpoint", "show", "shop"]);
    assert_eq!(shown["concurrency"], 3, "{shown}");
    let full = home.client(&["event", "publish", "--type", "a.b"]);
    assert!(full.err.contains("disk"), "{full:?}");
    let disabled = home.client(&["endpoint", "disable", "shop", "--yes"]);
    assert_eq!(disabled.code, Some(0), "{disabled:?}");
    let line = super::notifying::lines(&told, 1).remove(0);
    assert_eq!(line["type"], "hookyard.endpoint.disabled");
    // And nobody is told any more.
    let applied = reload(&home, &mut service, "", "reloaded ");
    assert!(applied.contains("notify.command"), "{applied}");
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
