//! The terminal is given back however the console ends, and it never lingers.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use rustix::process::Signal;

use super::program::{
    console, console_that_panics, console_without_signals, embedded_console, hookyard,
    unchecked_console,
};
use super::pseudo_terminal::PseudoTerminal;
use super::yard::Yard;

#[test]
fn sigterm_gives_the_terminal_back() {
    let yard = Yard::start();
    let mut terminal = PseudoTerminal::start(console(&yard.socket()));
    terminal.wait_for_text("LIVE");
    terminal.signal(Signal::TERM);
    assert!(terminal.end().success());
    terminal.assert_given_back();
}

#[test]
fn a_panic_gives_the_terminal_back_before_it_is_told() {
    let yard = Yard::start();
    let trigger = yard.socket().with_file_name("panic");
    let mut terminal = PseudoTerminal::start(console_that_panics(&yard.socket(), &trigger));
    terminal.wait_for_text("LIVE");
    std::fs::write(&trigger, "").unwrap();
    terminal.type_in("j");
    assert!(!terminal.end().success());
    terminal.assert_given_back();
    let screen = terminal.wait_for("the report", |screen| {
        screen.contains("a report that you alone can read: ") && screen.contains(".txt")
    });
    assert!(
        screen.contains("the panic that the test asked for"),
        "{screen}"
    );
    // A long path goes on in the next row.
    let whole = screen.replace('\n', "");
    let (_, rest) = whole.split_once("you alone can read: ").unwrap();
    let end = rest.find(".txt").expect("the whole path") + 4;
    let path = std::path::Path::new(&rest[..end]);
    let mode = path.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let report = std::fs::read_to_string(path).unwrap();
    std::fs::remove_file(path).unwrap();
    assert!(
        report.contains("words: the panic that the test asked for\n"),
        "{report}"
    );
    assert!(
        report.contains("place: tests/it/console/program.rs:"),
        "{report}"
    );
    assert!(
        report.contains("console_of_a_test"),
        "a backtrace: {report}"
    );
}

#[test]
fn a_terminal_that_goes_away_ends_the_console() {
    let yard = Yard::start();
    let mut terminal = PseudoTerminal::start(console(&yard.socket()));
    terminal.wait_for_text("LIVE");
    terminal.hang_up();
    terminal.end();
}

#[test]
fn a_terminal_that_goes_away_without_a_signal_ends_the_console_too() {
    let yard = Yard::start();
    let mut terminal = PseudoTerminal::start(console_without_signals(&yard.socket()));
    terminal.wait_for_text("LIVE");
    terminal.hang_up();
    terminal.end();
}

#[test]
fn what_was_shown_last_is_left_in_the_scrollback_by_capital_q_and_by_no_other_key() {
    let yard = Yard::start();
    for (keys, left) in [("Q", true), ("q", false)] {
        let mut terminal = PseudoTerminal::start(console(&yard.socket()));
        terminal.wait_for_text("no endpoints yet");
        terminal.type_in(keys);
        assert!(terminal.end().success());
        terminal.assert_given_back();
        if left {
            // From its first row, which the last one scrolls out of sight.
            terminal.wait_for_sent("\u{1b}[?1049lHOOKYARD");
            terminal.wait_for_text("no endpoints yet");
        } else {
            assert_eq!(terminal.text().trim(), "");
        }
    }
}

#[test]
fn q_and_ctrl_c_leave_and_an_unreachable_service_is_no_reason_to_hang() {
    let nowhere = tempfile::tempdir().unwrap();
    for keys in ["q", "\u{3}\u{3}", "Q"] {
        let mut terminal =
            PseudoTerminal::start(unchecked_console(&nowhere.path().join("none.sock")));
        terminal.wait_for_text("DOWN");
        terminal.type_in(keys);
        assert!(terminal.end().success(), "{keys:?}");
        terminal.assert_given_back();
    }
}

#[test]
fn a_console_that_is_stopped_gives_the_terminal_back_until_it_goes_on() {
    let yard = Yard::start();
    let mut terminal = PseudoTerminal::start(console(&yard.socket()));
    terminal.wait_for_text("LIVE");
    terminal.type_in("\u{1a}");
    terminal.assert_given_back();
    terminal.wait_until_stopped();
    terminal.signal(Signal::CONT);
    terminal.wait_for_text("LIVE");
    terminal.type_in("q");
    assert!(terminal.end().success());
}

#[test]
fn an_idle_console_sends_nothing_over_a_heartbeat() {
    let yard = Yard::start();
    let terminal = PseudoTerminal::start(console(&yard.socket()));
    terminal.wait_for("all that is fetched", |screen| {
        screen.contains("no endpoints yet")
            && screen.contains("none: no attempt failed")
            && screen.contains("QUEUE 0 pending")
    });
    let sent = terminal.silent_for(Duration::from_secs(6));
    assert_eq!(sent, Vec::<u8>::new(), "{}", String::from_utf8_lossy(&sent));
}

#[test]
fn a_question_that_is_not_answered_with_yes_changes_nothing() {
    let yard = Yard::start();
    let endpoint = yard.endpoint("http://127.0.0.1:9/", "acme");
    let mut terminal =
        PseudoTerminal::start(hookyard(&["endpoint", "delete", "acme"], &yard.socket()));
    terminal.wait_for_text("Go on? [y/N]");
    terminal.type_in("n\r");
    terminal.wait_for_text("hookyard: nothing was changed");
    assert!(!terminal.end().success());
    assert_eq!(yard.status(&endpoint), "active");
}

#[test]
fn a_pipe_that_nobody_reads_is_refused_before_the_screen_is_taken() {
    let yard = Yard::start();
    let mut command = console(&yard.socket());
    command.args(["--idle-to", "/nowhere/pipe"]);
    let mut terminal = PseudoTerminal::start(command);
    terminal.wait_for("the refusal", |screen| {
        let text = screen.replace('\n', "");
        text.contains(
            "pipe /nowhere/pipe cannot be written to: make it with mkfifo, and read it first",
        )
    });
    assert!(!terminal.end().success());
}

#[test]
fn an_embedded_service_without_its_log_file_is_refused_before_the_screen_is_taken() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join(".local/share/hookyard");
    std::fs::create_dir_all(directory.join("hookyard.log")).unwrap();
    let mut terminal = PseudoTerminal::start(embedded_console(home.path()));
    terminal.wait_for("the refusal", |screen| {
        let text = screen.replace('\n', "");
        text.contains("hookyard.log cannot be opened: Is a directory (os error 21)")
    });
    assert!(!terminal.end().success());
}
