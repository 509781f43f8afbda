//! The terminal is given back however the console ends, and it never lingers.

use std::time::Duration;

use rustix::process::Signal;

use super::program::{console, console_that_panics};
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
    terminal.wait_for_text("Ok(Signal)");
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
    terminal.wait_for_text("the panic that the test asked for");
}

#[test]
fn a_terminal_that_goes_away_ends_the_console() {
    let yard = Yard::start();
    let mut terminal = PseudoTerminal::start(console(&yard.socket()));
    terminal.wait_for_text("LIVE");
    terminal.hang_up();
    terminal.signal(Signal::HUP);
    terminal.end();
}

#[test]
fn q_and_ctrl_c_leave_and_an_unreachable_service_is_no_reason_to_hang() {
    let nowhere = tempfile::tempdir().unwrap();
    for keys in ["q", "\u{3}\u{3}", "Q"] {
        let mut terminal = PseudoTerminal::start(console(&nowhere.path().join("none.sock")));
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
    terminal.wait_for_text("No deliveries yet.");
    terminal.wait_for_text("0.0/s");
    let sent = terminal.silent_for(Duration::from_secs(6));
    assert_eq!(sent, Vec::<u8>::new(), "{}", String::from_utf8_lossy(&sent));
}
