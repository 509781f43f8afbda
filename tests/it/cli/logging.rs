//! `hookyard log`: the service's own log, told by the binary while the service runs.

use std::fs;

use rustix::process::Signal;

use super::program::hookyard;
use super::running::Running;
use super::service::{Home, Service, http};

/// A service whose settings are in a file.
fn started(home: &Home, text: &str) -> Service {
    let file = home.path().join("h.toml");
    fs::write(&file, text).unwrap();
    let mut command = home.serve(&["--config"]);
    command.arg(&file);
    home.start_by(&mut command)
}

/// The lines that the arguments ask for, oldest first.
fn lines(home: &Home, arguments: &[&str]) -> Vec<serde_json::Value> {
    let ended = home.client(&[&["log", "--json"], arguments].concat());
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let read = |line| serde_json::from_str(line).unwrap();
    ended.out.lines().map(read).collect()
}

/// A request that the service refuses, and says so at info.
fn be_refused(service: &Service, path: &str) {
    let (status, _) = http(&service.address, "GET", path, "nobody", "");
    assert_eq!(status, 401);
}

#[test]
fn what_the_service_logs_is_shown_and_a_reload_decides_what_comes_next() {
    let home = Home::new();
    let mut service = started(&home, "");
    be_refused(&service, "/v1/stats?first");
    let all = lines(&home, &[]);
    let ready = all.iter().find(|line| {
        let text = line["text"].as_str().unwrap();
        text.starts_with("ready listen=127.0.0.1:")
    });
    let ready = ready.expect("the line that says where it listens");
    assert_eq!(
        (&ready["level"], &ready["part"], &ready["target"]),
        (
            &"info".into(),
            &"cli.service".into(),
            &"hookyard::cli::service::assembly".into()
        )
    );
    assert!(all.is_sorted_by_key(|line| line["seq"].as_u64()), "{all:?}");
    let refused = lines(&home, &["--contains", "REFUSED"]);
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!(refused[0]["part"], "server.envelope");
    assert_eq!(
        lines(&home, &["--level", "error"]),
        [] as [serde_json::Value; 0]
    );

    fs::write(home.path().join("h.toml"), "log = \"error\"\n").unwrap();
    service.running.signal(Signal::HUP);
    service.running.err_after("reloaded ");
    be_refused(&service, "/v1/stats?second");
    assert_eq!(lines(&home, &["--contains", "refused"]), refused);
}

#[test]
fn a_log_that_is_followed_goes_on_until_the_service_stops() {
    let home = Home::new();
    let service = home.start();
    let mut command = hookyard(home.path());
    command
        .args(["log", "--follow", "--contains", "refused", "--socket"])
        .arg(home.socket());
    let mut following = Running::start(&mut command);
    // It may look before or after these come: they are shown once in any case.
    for path in ["/v1/stats", "/v1/audit"] {
        be_refused(&service, path);
        let line = following.out_line();
        assert!(line.contains(&format!("path={path}")), "{line}");
        assert_eq!(line.split('\t').count(), 4, "{line}");
    }
    service.running.signal(Signal::TERM);
    let (status, said) = following.end();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(
        said.contains("the service stops, and its log goes on"),
        "{said}"
    );
}

#[test]
fn a_level_that_is_none_is_refused_by_the_command() {
    let home = Home::new();
    let ended = home.client(&["log", "--level", "loud"]);
    assert_eq!(ended.code, Some(2));
    assert!(
        ended
            .err
            .contains("[possible values: error, warn, info, debug, trace]"),
        "{}",
        ended.err
    );
}
