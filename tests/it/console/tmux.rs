//! Inside tmux: what the pane holds is what the console drew, and a new row is moved where that saves bytes.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use hookyard::api::endpoint::PauseBody;

use super::program::console_in_tmux;
use super::pseudo_terminal::{PseudoTerminal, WAIT_MAX};
use super::yard::Yard;
use crate::support::receiver::Receiver;
use crate::support::skip::skip;

/// So long nothing may come for tmux to be done.
const QUIET: Duration = Duration::from_millis(500);

/// A tmux server of a test's own; it ends with the test.
struct Tmux {
    socket: PathBuf,
}

impl Tmux {
    /// None where there is no tmux.
    fn beside(socket: &Path) -> Option<Self> {
        let found = Command::new("tmux").arg("-V").output();
        if found.is_err() {
            return None;
        }
        let socket = socket.with_file_name("tmux");
        Some(Self { socket })
    }

    /// Runs a command of tmux; gives what it prints.
    fn run(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("tmux");
        command.env_remove("TMUX").arg("-S").arg(&self.socket);
        let output = command.args(arguments).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "tmux {arguments:?}: {told}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The body of the console's pane.
    fn pane(&self) -> String {
        body(&self.run(&["capture-pane", "-p", "-t", ":0.0"]), usize::MAX)
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let mut command = Command::new("tmux");
        command.env_remove("TMUX").arg("-S").arg(&self.socket);
        // A server that has ended by itself is no reason to fail.
        let _ = command.arg("kill-server").stderr(Stdio::null()).status();
    }
}

/// The rows below the header, whose figures follow by themselves, as far as so many columns.
fn body(text: &str, columns: usize) -> String {
    let cut = |line: &str| line.chars().take(columns).collect::<String>();
    let rows = text.lines().skip(1).map(cut);
    let rows: Vec<String> = rows.map(|row| row.trim_end().to_owned()).collect();
    rows.join("\n").trim_end().to_owned()
}

/// Publishes so many events and waits for each to be listed.
fn publish(yard: &Yard, terminal: &PseudoTerminal, listed: &mut usize, events: usize) {
    for _ in 0..events {
        yard.publish("packet.signed");
        *listed += 1;
        terminal.wait_for_text(&format!("{listed} loaded"));
    }
}

#[test]
fn a_pane_holds_what_was_drawn_in_full_width_and_beside_another() {
    let yard = Yard::start();
    let Some(tmux) = Tmux::beside(&yard.socket()) else {
        return skip("console::tmux", "tmux");
    };
    let receiver = Receiver::start();
    yard.endpoint(&receiver.url("/in"), "acme");
    let command = console_in_tmux(&yard.socket(), &tmux.socket);
    let mut terminal = PseudoTerminal::start_sized(command, 120, 24);
    terminal.wait_for_text("LIVE");
    terminal.type_in("2");
    terminal.wait_for_text("No deliveries yet.");
    let mut listed = 0;
    // More than a screenful: what runs out at the bottom has to go.
    publish(&yard, &terminal, &mut listed, 30);
    terminal.rest(QUIET);
    let before = terminal.sent();
    publish(&yard, &terminal, &mut listed, 5);
    terminal.rest(QUIET);
    let sent = terminal.sent() - before;
    assert!(sent < 5 * 500, "{sent} B for five rows that tmux passes on");
    let drawn = tmux.pane();
    assert_eq!(body(&terminal.text(), usize::MAX), drawn);

    terminal.type_in("\u{c}");
    terminal.rest(QUIET);
    assert_eq!(tmux.pane(), drawn, "the same when it is drawn anew");

    tmux.run(&["split-window", "-h", "-d", "-t", ":0.0", "cat"]);
    publish(&yard, &terminal, &mut listed, 10);
    terminal.rest(QUIET);
    let split = tmux.pane();
    let width = tmux.run(&["display-message", "-p", "-t", ":0.0", "#{pane_width}"]);
    let width: usize = width.trim().parse().unwrap();
    assert!((40..80).contains(&width), "{width} columns");
    assert_eq!(body(&terminal.text(), width), split);
    terminal.type_in("\u{c}");
    terminal.rest(QUIET);
    assert_eq!(tmux.pane(), split, "the same when it is drawn anew");

    // Beside another pane tmux would draw all rows again: they stay, and the oldest goes.
    let before = terminal.sent();
    publish(&yard, &terminal, &mut listed, 5);
    terminal.rest(QUIET);
    let sent = terminal.sent() - before;
    assert!(sent < 5 * 500, "{sent} B for five rows beside another pane");
    let swept = tmux.pane();
    assert_eq!(body(&terminal.text(), width), swept);
    assert_eq!(swept.matches('◂').count(), 1, "{swept}");
    let kept = swept.lines().filter(|line| split.contains(*line)).count();
    assert!(kept + 8 >= split.lines().count(), "{split}\n{swept}");
}

#[test]
fn a_bell_marks_the_window_and_no_notification_goes_to_tmux() {
    let yard = Yard::start();
    let Some(tmux) = Tmux::beside(&yard.socket()) else {
        return skip("console::tmux", "tmux");
    };
    let receiver = Receiver::start();
    let acme = yard.endpoint(&receiver.url("/in"), "acme");
    let command = console_in_tmux(&yard.socket(), &tmux.socket);
    let mut terminal = PseudoTerminal::start_sized(command, 120, 24);
    terminal.wait_for_text("LIVE");
    terminal.type_in("3");
    // The endpoints come a little after the connection.
    terminal.wait_for_text("1 in all");
    terminal.type_in("b");
    terminal.wait_for_text("a bell on acme");
    tmux.run(&["new-window", "cat"]);
    let flag = || tmux.run(&["display-message", "-p", "-t", ":0", "#{window_bell_flag}"]);
    assert_eq!(flag().trim(), "0");
    let pause = PauseBody::default();
    let paused = yard.ask(async |client| client.pause_endpoint(acme.id, &pause).await);
    paused.unwrap();
    let deadline = Instant::now() + WAIT_MAX;
    while flag().trim() != "1" {
        assert!(Instant::now() < deadline, "no bell");
    }
    assert!(!tmux.pane().contains("hookyard:"), "nothing is printed");
    assert!(!terminal.sent_text().contains("]9;"));
}
