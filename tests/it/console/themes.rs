//! Themes laid out on a terminal: each role drawn as it would be.

use std::process::Command;

use super::pseudo_terminal::PseudoTerminal;

/// `hookyard themes show` in a terminal with all colours.
fn show(name: &str, variables: &[(&str, &str)]) -> PseudoTerminal {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_hookyard"));
    command
        .args(["themes", "show", name])
        .env_clear()
        .env("HOME", home.path())
        .env("TERM", "xterm-256color")
        .env("COLORTERM", "truecolor")
        .envs(variables.iter().copied());
    PseudoTerminal::start(command)
}

#[test]
fn a_role_is_drawn_in_its_own_style_beside_what_it_is() {
    let mut terminal = show("cvd-safe", &[]);
    terminal.wait_for_sent(
        "\u{1b}[1;38;2;20;23;28;48;2;232;116;59mSample 0123 -=#\u{1b}[m  armed           #14171c         #e8743b         \
         5.98      bold\r\n",
    );
    assert!(terminal.end().success());
}

#[test]
fn where_colours_are_not_wanted_the_roles_are_told_and_not_drawn() {
    let mut terminal = show("cvd-safe", &[("NO_COLOR", "1")]);
    let screen = terminal.wait_for("the last role", |screen| screen.contains("\narmed "));
    assert!(!screen.contains("Sample"), "{screen}");
    assert!(terminal.end().success());
}
