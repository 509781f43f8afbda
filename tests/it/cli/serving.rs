//! The service as a person runs it: start, publish, deliver, stop, be killed, start again.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rustix::process::Signal;

use super::program::hookyard;
use super::running::Running;
use super::service::{Home, http};

/// A listener on a port of its own.
fn listen(home: &Home, arguments: &[&str]) -> (Running, String) {
    let mut command = hookyard(home.path());
    command.args(["listen", "--json"]).args(arguments);
    let mut running = Running::start(&mut command);
    let url = running.err_after("listening on ");
    (running, url)
}

fn text(value: &serde_json::Value) -> &str {
    value.as_str().unwrap()
}

#[test]
fn what_is_published_over_tcp_arrives_verified_and_can_be_looked_back_at() {
    let home = Home::new();
    let service = home.start();
    let (probe, url) = listen(&home, &["--port", "0"]);
    drop(probe);
    let created = home.json(&[
        "endpoint", "create", &url, "--name", "shop", "--events", "packet.*",
    ]);
    let secret_file = home.path().join("secret");
    std::fs::write(&secret_file, text(&created["secret"])).unwrap();
    let port = url.trim_end_matches('/').rsplit(':').next().unwrap();
    let secret = secret_file.to_str().unwrap();
    let (mut listener, _) = listen(&home, &["--port", port, "--secret-file", secret]);

    let token = home.json(&["token", "create", "--role", "publisher"]);
    let body = r#"{"type": "packet.signed", "data": {"id": 7}, "id": "seven"}"#;
    let (status, answer) = http(
        &service.address,
        "POST",
        "/v1/events",
        text(&token["token"]),
        body,
    );
    assert_eq!(status, 202, "{answer}");
    let (status, problem) = http(&service.address, "POST", "/v1/events", "hky_wrong", body);
    assert_eq!(status, 401, "{problem}");

    let received: serde_json::Value = serde_json::from_str(&listener.out_line()).unwrap();
    assert_eq!(received["verified"], true, "{received:#}");
    let event = serde_json::from_str::<serde_json::Value>(&answer).unwrap();
    let delivered = home.wait_for(&["delivery", "list", "type:packet.signed"], |delivery| {
        delivery["state"] == "delivered"
    });
    assert_eq!(delivered["event_id"], event["id"]);
    let id = text(&delivered["id"]);
    let curl = home.client(&["delivery", "curl", id]);
    assert!(
        curl.out.starts_with("curl ") && curl.out.contains(url.trim_end_matches('/')),
        "{curl:?}"
    );
    let shown = home.client(&["delivery", "show", id, "--attempt", "1"]);
    assert!(shown.out.contains("HTTP 200"), "{shown:?}");
    let why = home.client(&["delivery", "why", id]);
    assert!(
        why.code == Some(0) && why.out.lines().count() == 1,
        "{why:?}"
    );
    let nothing = home.client(&["delivery", "list", "state:dead"]);
    assert_eq!(
        (nothing.code, nothing.err.as_str()),
        (Some(3), "hookyard: no delivery matches the filter\n")
    );
}

#[test]
fn the_addresses_to_let_in_are_printed() {
    let home = Home::new();
    let config = home.path().join("hookyard.toml");
    let text =
        "[targets]\nsource_addresses = [\"127.0.0.2\"]\negress_addresses = [\"203.0.113.7\"]\n";
    std::fs::write(&config, text).unwrap();
    let config = config.to_str().unwrap();
    let _service = home.start_by(&mut home.serve(&["--config", config]));
    let told = home.json(&["egress"]);
    assert_eq!(told["addresses"], serde_json::json!(["203.0.113.7"]));
    assert_eq!(told["origin"], "published");
    let printed = home.client(&["egress"]);
    assert_eq!(
        printed.out,
        "addresses\t203.0.113.7\norigin\tpublished (targets.egress_addresses)\n"
    );
}

#[test]
fn the_event_types_that_enabled_contracts_describe_are_listed() {
    let home = Home::new();
    let _service = home.start_by(&mut home.serve(&["--contracts", "standard,taskhub,shipment"]));
    let ended = home.client(&["event", "types"]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let rows: Vec<Vec<&str>> = ended
        .out
        .lines()
        .map(|line| line.split('\t').collect())
        .collect();
    assert!(rows.iter().all(|row| row.len() == 4), "{}", ended.out);
    let of = |name: &str| rows.iter().filter(|row| row[1] == name).count();
    assert_eq!((of("shipment"), of("taskhub"), of("*")), (4, 6, 9));
    assert_eq!(rows.len(), 19);
    assert_eq!(rows[0][2], "open");
    let json = home.client(&["event", "types", "--json"]);
    let first: serde_json::Value = serde_json::from_str(json.out.lines().next().unwrap()).unwrap();
    assert_eq!(text(&first["name"]), rows[0][0]);
    assert_eq!(text(&first["contract"]), rows[0][1]);
}

#[test]
fn sigterm_drains_and_takes_the_socket_away() {
    let home = Home::new();
    let mut service = home.start();
    assert!(home.socket().exists());
    service.running.signal(Signal::TERM);
    let (status, err) = service.running.end();
    assert_eq!(status.code(), Some(0), "{err}");
    assert!(err.contains("draining") && err.contains("stopped"), "{err}");
    assert!(!home.socket().exists());
}

#[test]
fn a_second_signal_exits_at_once() {
    let home = Home::new();
    let mut service = home.start();
    let (_listener, url) = listen(&home, &["--port", "0", "--delay", "60s"]);
    home.json(&["endpoint", "create", &url, "--timeout", "60s"]);
    home.json(&["event", "publish", "--type", "a.b"]);
    home.wait_for(&["stats"], |stats| stats["in_flight"] == 1);
    service.running.signal(Signal::INT);
    service.running.err_after("draining");
    service.running.signal(Signal::INT);
    let (status, err) = service.running.end();
    assert_eq!(status.code(), Some(1), "{err}");
    assert!(err.contains("exiting at once"), "{err}");
}

#[test]
fn what_was_accepted_before_a_kill_is_delivered_after_the_next_start() {
    let home = Home::new();
    let mut service = home.start();
    let (probe, url) = listen(&home, &["--port", "0"]);
    drop(probe);
    home.json(&[
        "endpoint",
        "create",
        &url,
        "--name",
        "shop",
        "--retry",
        "1s,1s,1s,1s,1s,1s,1s,1s",
    ]);
    home.json(&[
        "event",
        "publish",
        "--type",
        "packet.sent",
        "--data",
        "{\"id\": 8}",
    ]);
    home.wait_for(&["delivery", "list"], |delivery| {
        delivery["attempts"].as_u64() >= Some(1)
    });
    service.running.signal(Signal::KILL);
    assert_eq!(service.running.end().0.code(), None);
    assert!(
        home.socket().exists(),
        "a killed service leaves its socket behind"
    );

    let _service = home.start();
    let port = url.trim_end_matches('/').rsplit(':').next().unwrap();
    let (mut listener, _) = listen(&home, &["--port", port]);
    let received: serde_json::Value = serde_json::from_str(&listener.out_line()).unwrap();
    assert!(
        text(&received["body"]["text"]).contains("{\"id\":8}"),
        "{received:#}"
    );
    home.wait_for(&["delivery", "list"], |delivery| {
        delivery["state"] == "delivered"
    });
}

#[test]
fn a_second_service_is_refused_with_the_first_ones_pid() {
    let home = Home::new();
    let service = home.start();
    let (code, said) = home.refused(&mut home.serve(&[]));
    assert_eq!(code, Some(1));
    assert_eq!(
        said,
        format!(
            "hookyard: data directory HOME/data is in use by process {}: stop that service first, or choose another \
             directory with --data-dir",
            service.running.pid()
        )
    );
}

#[test]
fn files_are_private_and_the_socket_is_for_the_group_whatever_the_umask() {
    let home = Home::new();
    let serve = home.serve(&[]);
    let line: Vec<String> = [serve.get_program()]
        .into_iter()
        .chain(serve.get_args())
        .map(|word| format!("'{}'", word.to_str().unwrap()))
        .collect();
    let mut shell = std::process::Command::new("sh");
    shell
        .arg("-c")
        .arg(format!("umask 000; exec {}", line.join(" ")))
        .env_clear()
        .env("HOME", home.path())
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let _service = home.start_by(&mut shell);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&home.data_dir()), 0o700);
    assert_eq!(mode(&home.data_dir().join("hookyard.key")), 0o600);
    assert_eq!(mode(&home.data_dir().join("hookyard.db")), 0o600);
    assert_eq!(mode(&home.socket()), 0o660);
}

#[test]
fn commands_that_take_something_away_ask_and_refuse_where_nobody_can_be_asked() {
    let home = Home::new();
    let _service = home.start();
    let created = home.json(&[
        "endpoint",
        "create",
        "https://example.com/",
        "--name",
        "shop",
    ]);
    let id = text(&created["id"]);
    let refused = home.client(&["endpoint", "delete", "shop"]);
    assert_eq!(refused.code, Some(2));
    assert_eq!(
        refused.err,
        format!(
            "hookyard: Delete shop ({id}, https://example.com/) for good: 0 deliveries that wait are discarded, and \
             its secrets are gone.\nthere is no terminal to ask on: pass --yes to go on without being asked\n"
        )
    );
    for arguments in [
        &["endpoint", "disable", "shop"][..],
        &["endpoint", "rotate-secret", "shop", "--overlap", "0s"],
    ] {
        let refused = home.client(arguments);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.err.contains("pass --yes"), "{refused:?}");
    }
    assert_eq!(home.json(&["endpoint", "show", "shop"])["status"], "active");
    let paused = home.json(&[
        "endpoint", "pause", "shop", "--for", "2h", "--reason", "deploy",
    ]);
    assert_eq!(
        (text(&paused["status"]), text(&paused["status_reason"])),
        ("paused", "deploy")
    );
    assert_eq!(
        home.json(&["endpoint", "resume", "shop"])["status"],
        "active"
    );
    let edited = home.json(&[
        "endpoint",
        "edit",
        "shop",
        "--concurrency",
        "2",
        "--new-url",
        "https://example.org/x",
    ]);
    assert_eq!(
        (&edited["concurrency"], text(&edited["url"])),
        (&2.into(), "https://example.org/x")
    );
    assert_eq!(
        home.json(&["endpoint", "delete", "shop", "--yes"])["deleted"],
        true
    );
    let gone = home.client(&["endpoint", "show", "shop"]);
    assert_eq!(gone.code, Some(3), "{gone:?}");
}

#[test]
fn what_waits_for_a_deleted_endpoint_is_discarded() {
    let home = Home::new();
    let _service = home.start();
    home.json(&[
        "endpoint",
        "create",
        "https://example.com/",
        "--name",
        "shop",
    ]);
    home.json(&["endpoint", "pause", "shop"]);
    home.json(&["event", "publish", "--type", "a.b"]);
    assert_eq!(home.json(&["delivery", "list"])["state"], "held");
    home.json(&["endpoint", "delete", "shop", "--yes"]);
    let ledger = |count: &str| {
        home.wait_for(&["stats"], |stats| stats["ledger"][count] == 1);
    };
    ledger("discarded");
    ledger("created");
}

#[test]
fn wrong_input_is_refused_with_the_services_own_words() {
    let home = Home::new();
    let _service = home.start();
    for (arguments, code, hint) in [
        (&["endpoint", "create", "ftp://example.com/"][..], 2, "http"),
        (&["endpoint", "create", "http://10.0.0.1/"], 2, "10.0.0.1"),
        (&["delivery", "list", "stat:dead"], 2, "state"),
        (
            &["delivery", "show", "dlv_0000000000001"],
            3,
            "dlv_0000000000001",
        ),
        (
            &["endpoint", "edit", "ep_0000000000001"],
            2,
            "nothing to change",
        ),
        (
            &["event", "publish", "--type", "a.b", "--data", "{nope"],
            2,
            "the data is not acceptable",
        ),
    ] {
        let ended = home.client(arguments);
        assert_eq!(ended.code, Some(code), "{arguments:?}: {}", ended.err);
        assert!(
            ended.err.starts_with("hookyard: ") && ended.err.contains(hint),
            "{}",
            ended.err
        );
        assert_eq!(ended.out, "");
    }
}
