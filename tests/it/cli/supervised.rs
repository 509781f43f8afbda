//! The service under systemd: what it tells, and the unit that runs it.

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;

use super::program::run;
use super::service::Home;

/// The longest wait for a word.
const PATIENCE: Duration = Duration::from_secs(20);

/// What systemd is told next.
fn told(socket: &UnixDatagram) -> String {
    let mut word = [0; 256];
    let length = socket.recv(&mut word).expect("systemd is told something");
    String::from_utf8(word[..length].to_vec()).unwrap()
}

#[test]
fn systemd_is_told_that_it_is_ready_alive_and_stopping() {
    let home = Home::new();
    let path = home.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut serve = home.serve(&[]);
    serve
        .env("NOTIFY_SOCKET", &path)
        .env("WATCHDOG_USEC", "200000");
    let service = home.start_by(&mut serve);
    let mut words = vec![told(&socket)];
    while words
        .iter()
        .filter(|word| word.contains("WATCHDOG=1"))
        .count()
        < 3
    {
        words.push(told(&socket));
    }
    let ready = words.iter().filter(|word| word.contains("READY=1")).count();
    assert_eq!(ready, 1, "{words:?}");
    service.running.signal(Signal::TERM);
    let mut word = told(&socket);
    while word.contains("WATCHDOG=1") {
        word = told(&socket);
    }
    assert!(word.contains("STOPPING=1"), "{word}");
}

#[test]
fn the_unit_runs_this_binary_as_systemd_understands_it() {
    let home = tempfile::tempdir().unwrap();
    let printed = run(home.path(), &["service", "unit"]);
    assert_eq!(printed.code, Some(0), "{}", printed.err);
    let program = env!("CARGO_BIN_EXE_hookyard");
    let start = format!("ExecStart={program} serve --log-format json");
    assert!(
        printed.out.lines().any(|line| line == start),
        "{}",
        printed.out
    );
    let reload = "ExecReload=/bin/kill -HUP $MAINPID";
    assert!(printed.out.lines().any(|line| line == reload));
    let analyze = Path::new("/usr/bin/systemd-analyze");
    if !analyze.exists() {
        eprintln!("SKIPPED: there is no systemd-analyze to read the unit");
        return;
    }
    let unit = home.path().join("hookyard.service");
    std::fs::write(&unit, &printed.out).unwrap();
    let read = Command::new(analyze)
        .arg("verify")
        .arg(&unit)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&read.stderr);
    let about_it: Vec<&str> = said
        .lines()
        .filter(|line| line.contains("hookyard"))
        .collect();
    assert!(about_it.is_empty(), "{about_it:?}");
}
