//! What the console has been told stays for the next time, in a file of the operator's own.

use super::program::console;
use super::pseudo_terminal::PseudoTerminal;
use super::yard::Yard;

fn leave(mut terminal: PseudoTerminal) {
    terminal.type_in("Q");
    assert!(terminal.end().success());
}

#[test]
fn columns_times_and_the_window_are_found_again_and_a_broken_file_is_told_and_left() {
    let yard = Yard::start();
    yard.endpoint("http://127.0.0.1:9/in", "acme");
    yard.publish("packet.signed");
    let home = yard.socket().parent().unwrap().to_owned();
    let file = home.join(".local/state/hookyard/console.toml");
    let mut terminal = PseudoTerminal::start(console(&yard.socket()));
    terminal.type_in("2");
    terminal.wait_for_text("TIME");
    assert!(!file.exists(), "nothing was chosen yet");
    terminal.type_in("1}");
    terminal.wait_for_text("last 6 hours");
    terminal.type_in("2c q");
    terminal.wait_for("a list without times", |screen| {
        screen.contains("STATE") && !screen.contains("TIME")
    });
    leave(terminal);

    let mut terminal = PseudoTerminal::start(console(&yard.socket()));
    terminal.wait_for_text("last 6 hours");
    terminal.type_in("2");
    terminal.wait_for("the same list", |screen| {
        screen.contains("STATE") && screen.contains("acme") && !screen.contains("TIME")
    });
    leave(terminal);

    let broken = "[[service]]\nname = 3\n";
    std::fs::write(&file, broken).unwrap();
    let mut terminal = PseudoTerminal::start(console(&yard.socket()));
    terminal.wait_for_text("nothing is remembered: ");
    terminal.type_in("1}");
    terminal.wait_for_text("last 6 hours");
    leave(terminal);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), broken);
}
