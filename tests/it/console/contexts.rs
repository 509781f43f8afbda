//! Services by name: how careful the console is with one, and how it goes to another.

use std::path::Path;

use super::program::hookyard_at_home;
use super::pseudo_terminal::PseudoTerminal;
use super::yard::Yard;

fn contexts(home: &Path, text: &str) {
    let folder = home.join(".config/hookyard");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("contexts.toml"), text).unwrap();
}

#[test]
fn a_protected_context_is_loud_and_locked_and_another_is_gone_to_with_nothing_taken_along() {
    let (one, two) = (Yard::start(), Yard::start());
    one.endpoint("http://127.0.0.1:9/in", "acme-of-one");
    two.endpoint("http://127.0.0.1:9/in", "acme-of-two");
    let home = tempfile::tempdir().unwrap();
    let text = format!(
        "[context.one]\ntarget = {:?}\nenv = \"production\"\nbanner = \"LIVE-EU\"\nprotect = true\n[context.two]\n\
         target = {:?}\nenv = \"dev\"\n[context.void]\ntarget = \"https://localhost:9\"\ntoken_file = \"none\"\n",
        one.socket(),
        two.socket()
    );
    contexts(home.path(), &text);
    let mut terminal = PseudoTerminal::start(hookyard_at_home(&["console", "one"], home.path()));
    terminal.wait_for("the banner", |screen| {
        // Between the two stands the way there and back where it takes long.
        let header = screen.lines().next().unwrap_or_default();
        header.starts_with("HOOKYARD  LIVE-EU  one  LIVE") && header.contains("  READ-ONLY")
    });
    terminal.type_in("3");
    terminal.wait_for_text("acme-of-one");
    terminal.type_in("P");
    terminal.wait_for_text("one is protected: ! arms changes");

    terminal.type_in("gc");
    terminal.wait_for("the list and how each context does", |screen| {
        let line = |name: &str| screen.lines().find(|line| line.contains(name));
        let here =
            line("here one").is_some_and(|line| line.contains("armed ") && line.contains("LIVE "));
        let two = line(" two ").is_some_and(|line| line.contains("LIVE "));
        here && two && line(" void ").is_some_and(|line| line.contains("DOWN "))
    });
    terminal.type_in("G");
    terminal.wait_for_text("https://localhost:9: ");
    terminal.type_in("k\r");
    terminal.wait_for("the other service", |screen| {
        screen.starts_with("HOOKYARD  DEV  two  LIVE") && !screen.contains("READ-ONLY")
    });
    terminal.type_in("3");
    let screen = terminal.wait_for_text("acme-of-two");
    assert!(!screen.contains("acme-of-one"), "{screen}");
    terminal.type_in("P");
    terminal.wait_for_text("pause acme-of-two: done");

    terminal.type_in("gcj\r");
    terminal.wait_for("why it is still here", |screen| {
        screen.contains("not gone to void:") && screen.starts_with("HOOKYARD  DEV  two  LIVE")
    });
    terminal.type_in("qq");
    assert!(terminal.end().success());
    terminal.assert_given_back();
}

#[test]
fn a_name_that_no_context_has_is_refused_before_the_screen_is_taken() {
    let home = tempfile::tempdir().unwrap();
    contexts(home.path(), "[context.one]\ntarget = \"/run/one.sock\"\n");
    let mut terminal = PseudoTerminal::start(hookyard_at_home(&["console", "tow"], home.path()));
    terminal.wait_for_text("context \"tow\" is not known: known are one");
    assert_eq!(terminal.end().code(), Some(2));
}
