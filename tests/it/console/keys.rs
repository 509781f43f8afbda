//! A console with keys of the user's own.

use super::program::hookyard;
use super::pseudo_terminal::PseudoTerminal;
use super::yard::Yard;

#[test]
fn keys_of_the_users_own_file_are_in_force_and_shown() {
    let yard = Yard::start();
    yard.endpoint("http://127.0.0.1:9/in", "acme");
    let folder = yard.socket().with_file_name(".config").join("hookyard");
    std::fs::create_dir_all(&folder).unwrap();
    let keys = "unbind = [\"3\", \"q\"]\n[everywhere]\n\"ctrl-x q\" = \"quit\"\n\"E\" = \"view.endpoints\"\n[endpoints]\n\
                \"m p\" = \"endpoint.pause\"\n";
    std::fs::write(folder.join("keys.toml"), keys).unwrap();
    let mut terminal = PseudoTerminal::start(hookyard(&["console"], &yard.socket()));
    terminal.wait_for_text("LIVE");
    terminal.type_in("3");
    terminal.wait_for_text("3 does nothing here: ? shows the keys");
    terminal.type_in("E");
    terminal.wait_for_text("m p pause");
    terminal.type_in("m");
    terminal.wait_for_text("m -  p pause");
    terminal.type_in("p");
    terminal.wait_for_text("pause acme: done, m p resumes it");
    terminal.type_in("\u{18}q");
    assert!(terminal.end().success());
    terminal.assert_given_back();
}

#[test]
fn a_key_with_a_condition_acts_while_it_is_met() {
    let yard = Yard::start();
    yard.endpoint("http://127.0.0.1:9/in", "acme");
    let file = yard.socket().with_file_name("mine.toml");
    let keys = "unbind = [\"P\"]\n[endpoints]\n\"P\" = { action = \"endpoint.pause\", when = \"!readonly && filtered\" }\n";
    std::fs::write(&file, keys).unwrap();
    let arguments = ["console", "--keys", file.to_str().unwrap()];
    let mut terminal = PseudoTerminal::start(hookyard(&arguments, &yard.socket()));
    terminal.wait_for_text("LIVE");
    terminal.type_in("3");
    terminal.wait_for_text("acme");
    terminal.type_in("P");
    let screen = terminal.wait_for_text("P does nothing here now: it needs !readonly && filtered");
    assert!(!screen.contains("P pause"), "{screen}");
    terminal.type_in("/acme\r");
    terminal.wait_for_text("P pause");
    terminal.type_in("P");
    terminal.wait_for_text("pause acme: done, P resumes it");
}

#[test]
fn a_key_of_k9s_is_explained_in_one_run_and_not_in_the_next() {
    let yard = Yard::start();
    yard.endpoint("http://127.0.0.1:9/in", "acme");
    let run = || {
        let command = hookyard(&["console", "--keys", "k9s"], &yard.socket());
        let terminal = PseudoTerminal::start(command);
        terminal.wait_for_text("LIVE");
        terminal
    };
    let explained = "ctrl-d is delete in k9s, here: half a page down; X deletes an endpoint";
    let mut terminal = run();
    terminal.type_in("\u{4}");
    terminal.wait_for_text(explained);
    terminal.type_in("\u{b}");
    terminal.wait_for_text("ctrl-k is kill in k9s, here: nothing; x cancels a replay");
    terminal.type_in("q");
    assert!(terminal.end().success());
    let mut terminal = run();
    terminal.type_in("\u{4}\u{b}");
    let screen = terminal.wait_for_text("ctrl-k does nothing here");
    assert!(!screen.contains("in k9s"), "{screen}");
}

#[test]
fn a_file_of_keys_that_is_wrong_is_refused_before_the_screen_is_taken() {
    let yard = Yard::start();
    let file = yard.socket().with_file_name("mine.toml");
    std::fs::write(&file, "[list]\n\"ctrl-a\" = \"help\"\n\"g\" = \"hlep\"\n").unwrap();
    let path = file.to_str().unwrap().to_owned();
    let arguments = ["console", "--keys", &path];
    let mut terminal = PseudoTerminal::start(hookyard(&arguments, &yard.socket()));
    let screen = terminal.wait_for("both faults", |screen| {
        screen.contains("mine.toml:2:1: ctrl-a cannot be bound")
            && screen
                .replace('\n', "")
                .contains("mine.toml:3:7: action \"hlep\"")
    });
    assert!(!screen.contains("LIVE"), "{screen}");
    assert_eq!(terminal.end().code(), Some(2));
}
