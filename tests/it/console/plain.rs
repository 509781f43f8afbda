//! The console in lines, as a screen reader or a dumb terminal has it.

use super::program::hookyard;
use super::pseudo_terminal::PseudoTerminal;
use super::yard::Yard;
use crate::support::receiver::Receiver;
use crate::support::receiver_answer::{Answer, Behaviour};

fn plain(yard: &Yard, arguments: &[&str]) -> PseudoTerminal {
    let all = [&["console", "--plain"], arguments].concat();
    let mut command = hookyard(&all, &yard.socket());
    command.env("TERM", "dumb");
    PseudoTerminal::start_sized(command, 160, 48)
}

#[test]
fn a_delivery_is_listed_opened_and_replayed_without_a_control_sequence() {
    let receiver = Receiver::start();
    let hostile = Answer::status(503).body("\u{1b}]0;owned\u{7}\u{1b}[2Jno");
    receiver.script([Behaviour::Answer(hostile)]);
    let yard = Yard::start();
    yard.endpoint_that_gives_up(&receiver.url("/in"), "acme");
    yard.publish("packet.signed");
    yard.wait_for_dead(1);
    let mut terminal = plain(&yard, &[]);
    terminal.type_in("filter state:dead\r");
    terminal.wait_for_text("1. dead, packet.signed to acme, attempt 1, status 503");
    terminal.type_in("open 1\r");
    terminal.wait_for_text("attempt 1 at ");
    terminal.type_in("replay 1\r");
    terminal.wait_for_text("Answer yes or no.");
    terminal.type_in("no\r");
    terminal.wait_for_text("Nothing was done.");
    terminal.type_in("yes\r");
    terminal.wait_for_text("Nothing was asked.");
    terminal.type_in("replay 1\ryes\r");
    terminal.wait_for_text("Done: replay dlv_");
    receiver.block_until("the replay", |receiver| receiver.requests().len() == 2);
    terminal.type_in("follow\r");
    terminal.wait_for_text("\"follow\" is not known here. help says what is.");
    terminal.type_in("quit\r");
    assert!(terminal.end().success());
    let sent = terminal.sent_text();
    let controls: String = sent
        .chars()
        .filter(|character| character.is_control() && !"\r\n".contains(*character))
        .collect();
    assert_eq!(controls, "", "{sent}");
}

#[test]
fn an_endpoint_is_paused_and_resumed_by_its_number_and_never_read_only() {
    let yard = Yard::start();
    let endpoint = yard.endpoint("http://127.0.0.1:9/", "acme");
    let mut terminal = plain(&yard, &[]);
    terminal.type_in("3\rpause 1\ryes\r");
    terminal.wait_for_text("Done: pause acme. It is paused.");
    assert_eq!(yard.status(&endpoint), "paused");
    terminal.type_in("resume 2\r");
    terminal.wait_for_text("No row 2: the list has 1.");
    let mut reader = plain(&yard, &["--read-only"]);
    reader.type_in("endpoints\rresume 1\ryes\r");
    reader.wait_for_text("Refused: this console is read-only: resume acme");
    reader.wait_for_text("Nothing was asked.");
    assert_eq!(yard.status(&endpoint), "paused");
    terminal.type_in("resume 1\ry\r");
    terminal.wait_for_text("Done: resume acme. It is active.");
    // The end of the input.
    terminal.type_in("\u{4}");
    assert!(terminal.end().success());
}

#[test]
fn a_dumb_terminal_is_told_of_the_lines() {
    let yard = Yard::start();
    let mut command = hookyard(&["console"], &yard.socket());
    command.env("TERM", "dumb");
    let mut terminal = PseudoTerminal::start(command);
    terminal.wait_for("the way out", |screen| {
        screen
            .replace('\n', "")
            .contains("`hookyard console --plain`")
    });
    assert!(!terminal.end().success());
}
