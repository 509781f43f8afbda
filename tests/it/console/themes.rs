//! Themes on a terminal: each role laid out as it would be drawn, and the one that fits the terminal's background.

use std::process::Command;

use vt100::Color;

use super::program::{console, console_before_a_shell};
use super::pseudo_terminal::PseudoTerminal;
use super::yard::Yard;

/// What asks a terminal for its background.
const QUESTION: &str = "\u{1b}]11;?\u{1b}\\";

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

/// Waits until the console's name has the accent of a theme.
fn wait_for_accent(terminal: &PseudoTerminal, accent: Color) {
    terminal.wait_for_cell((0, 0), |cell| {
        cell.contents() == "H" && cell.fgcolor() == accent
    });
}

#[test]
fn a_console_without_a_theme_of_its_own_goes_with_the_terminals_background() {
    const YARD_DARK: Color = Color::Rgb(0x7c, 0xc7, 0xff);
    const YARD_LIGHT: Color = Color::Rgb(0x0b, 0x5f, 0xae);
    let yard = Yard::start();
    let mut command = console(&yard.socket());
    command.env("COLORTERM", "truecolor");
    let mut terminal = PseudoTerminal::start(command);
    terminal.wait_for_sent(QUESTION);
    terminal.type_in("\u{1b}]11;rgb:fbfb/fbfb/f8f8\u{1b}\\");
    wait_for_accent(&terminal, YARD_LIGHT);
    // The terminal says by itself that it went dark.
    terminal.wait_for_sent("\u{1b}[?2031h");
    terminal.type_in("\u{1b}[?997;1n");
    wait_for_accent(&terminal, YARD_DARK);
    terminal.type_in("q");
    assert!(terminal.end().success());
    terminal.assert_given_back();
    terminal.wait_for_sent("\u{1b}[?2031l");
}

#[test]
fn a_console_with_a_theme_of_its_own_asks_for_no_background() {
    let yard = Yard::start();
    let mut command = console(&yard.socket());
    command
        .env("COLORTERM", "truecolor")
        .args(["--theme", "mono"]);
    let mut terminal = PseudoTerminal::start_told(command, 80, 24);
    terminal.wait_for_text("LIVE");
    terminal.type_in("q");
    assert!(terminal.end().success());
    assert!(!terminal.sent_text().contains("]11;"));
}

#[test]
fn an_answer_that_comes_while_the_console_ends_is_not_typed_into_the_shell() {
    let yard = Yard::start();
    let mut terminal = PseudoTerminal::start(console_before_a_shell(&yard.socket()));
    terminal.wait_for_sent(QUESTION);
    terminal.type_in("q\u{1b}]11;rgb:0000/0000/0000\u{1b}\\");
    terminal.assert_given_back();
    terminal.type_in("over\r");
    terminal.wait_for_text("<over>");
    assert!(terminal.end().success());
}
