//! What the service has to tell reaches the operator's own command and URL.

use std::path::Path;

use super::program::run;
use super::running::WAIT_MAX;
use super::service::{Home, http};
use crate::support::receiver::Receiver;
use crate::support::receiver_answer::Behaviour;

/// A configuration that tells this command and this URL.
fn config(home: &Home, command: &[&str], url: &str) -> String {
    let path = home.path().join("hookyard.toml");
    let text = format!("[notify]\ncommand = {command:?}\nurl = {url:?}\ntimeout = \"10s\"\n");
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

/// The lines of a file that another program writes, once there are so many.
pub(super) fn lines(path: &Path, count: usize) -> Vec<serde_json::Value> {
    let deadline = std::time::Instant::now() + WAIT_MAX;
    loop {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        if text.lines().count() >= count && text.ends_with('\n') {
            let read = |line| serde_json::from_str(line).unwrap();
            return text.lines().map(read).collect();
        }
        assert!(std::time::Instant::now() < deadline, "{text}");
        std::thread::yield_now();
    }
}

fn metric(address: &str, name: &str) -> String {
    let (_, page) = http(address, "GET", "/metrics", "none", "");
    let line = page.lines().find(|line| line.starts_with(name));
    line.unwrap_or_else(|| panic!("{name}: {page}")).to_owned()
}

#[test]
fn a_command_and_a_url_are_told_when_an_endpoint_is_disabled() {
    let (home, desk) = (Home::new(), Receiver::start());
    let told = home.path().join("told");
    let script = format!("cat >> '{0}'; env > '{0}.env'", told.display());
    let url = desk.url("/desk?key=hunter2");
    let config = config(&home, &["/bin/sh", "-c", &script], &url);
    let mut serve = home.serve(&["--config", &config]);
    let service = home.start_by(serve.env("HOOKYARD_LOG", "info"));
    let made = home.json(&[
        "endpoint",
        "create",
        "http://127.0.0.1:9/",
        "--name",
        "shop",
    ]);
    let id = made["id"].as_str().unwrap().to_owned();
    let disabled = home.client(&["endpoint", "disable", &id, "--yes"]);
    assert_eq!(disabled.code, Some(0), "{disabled:?}");
    let line = lines(&told, 1).remove(0);
    assert_eq!(line["type"], "hookyard.endpoint.disabled");
    assert_eq!(line["data"]["endpoint"]["name"], "shop");
    assert_eq!(line["data"]["reason"], "operator");
    assert_eq!(line["missed_before"], 0);
    desk.block_until("the URL is told", |desk| desk.requests().len() == 1);
    let environment = std::fs::read_to_string(home.path().join("told.env")).unwrap();
    assert!(!environment.contains("HOOKYARD_"), "{environment}");
    let posted = desk.requests().remove(0);
    assert_eq!(posted.path, "/desk?key=hunter2");
    let posted: serde_json::Value = serde_json::from_slice(&posted.body).unwrap();
    assert_eq!(posted, line);
    let shown = run(home.path(), &["config", "show", "--config", &config]);
    assert!(!shown.out.contains("hunter2"), "{}", shown.out);
    let name = "hookyard_notifications_total{outcome=\"told\"}";
    let deadline = std::time::Instant::now() + WAIT_MAX;
    while metric(&service.address, name) != format!("{name} 2") {
        assert!(std::time::Instant::now() < deadline);
    }
}

#[test]
fn a_command_that_fails_is_logged_and_counted_and_holds_nothing_up() {
    let (home, receiver) = (Home::new(), Receiver::start());
    receiver.always(Behaviour::status(404));
    let config = config(&home, &["/bin/false"], &receiver.url("/desk"));
    let mut service = home.start_by(&mut home.serve(&["--config", &config]));
    let made = home.json(&[
        "endpoint",
        "create",
        "http://127.0.0.1:9/",
        "--name",
        "shop",
    ]);
    let id = made["id"].as_str().unwrap().to_owned();
    let disabled = home.client(&["endpoint", "disable", &id, "--yes"]);
    assert_eq!(disabled.code, Some(0), "{disabled:?}");
    let said = service.running.err_after("failed to tell the operator");
    assert!(
        said.contains("/bin/false ended with exit status: 1"),
        "{said}"
    );
    let said = service.running.err_after("failed to tell the operator");
    assert!(said.contains("answered 404"), "{said}");
    let name = "hookyard_notifications_total{outcome=\"failed\"}";
    let deadline = std::time::Instant::now() + WAIT_MAX;
    while metric(&service.address, name) != format!("{name} 2") {
        assert!(std::time::Instant::now() < deadline);
    }
}

#[test]
fn a_command_that_takes_too_long_is_killed_and_a_url_that_is_back_hears_of_it() {
    let (home, receiver) = (Home::new(), Receiver::start());
    receiver.script([Behaviour::status(503)]);
    let path = home.path().join("hookyard.toml");
    let (url, mark) = (receiver.url("/desk"), home.path().join("outlived"));
    // It ignores its standard input, and so does what it starts.
    let script = format!("(read line; sleep 600; touch '{}') & wait", mark.display());
    let text = format!(
        "[notify]\ncommand = [\"/bin/sh\", \"-c\", {script:?}]\nurl = {url:?}\ntimeout = \"1s\"\n"
    );
    std::fs::write(&path, text).unwrap();
    let config = path.display().to_string();
    let mut service = home.start_by(&mut home.serve(&["--config", &config]));
    home.json(&[
        "endpoint",
        "create",
        "http://127.0.0.1:9/",
        "--name",
        "shop",
    ]);
    let disabled = home.client(&["endpoint", "disable", "shop", "--yes"]);
    assert_eq!(disabled.code, Some(0), "{disabled:?}");
    let said = service.running.err_after("failed to tell the operator");
    let killed = "/bin/sh took longer than 1 s and was killed";
    assert!(said.contains(killed), "{said}");
    let said = service.running.err_after("trying again");
    assert!(said.contains("answered 503"), "{said}");
    service.running.err_after("the operator was told");
    let posted: Vec<serde_json::Value> = receiver
        .requests()
        .iter()
        .map(|request| serde_json::from_slice(&request.body).unwrap())
        .collect();
    assert_eq!(posted.len(), 2);
    assert_eq!(posted[0], posted[1], "one thing, one id");
    assert!(posted[0]["id"].is_string(), "{}", posted[0]);
    assert!(!mark.exists());
}

#[test]
fn a_command_that_is_no_program_is_refused_before_it_is_needed() {
    let home = Home::new();
    let config = config(&home, &["/nowhere/tell"], "http://127.0.0.1:9/");
    let checked = run(home.path(), &["config", "check", "--config", &config]);
    let problem = format!(
        "{config}:2: notify.command: /nowhere/tell is no program that can be run: name one, or remove the key"
    );
    assert_eq!(checked.code, Some(2), "{checked:?}");
    assert!(checked.err.contains(&problem), "{}", checked.err);
    let (code, said) = home.refused(&mut home.serve(&["--config", &config]));
    assert_eq!(code, Some(2));
    let problem = problem.replace(home.path().to_str().unwrap(), "HOME");
    assert!(said.contains(&problem), "{said}");
}
