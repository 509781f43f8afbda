//! Two consoles of one service: each sees that the other is there, and that it has gone.

use std::process::Command;

use super::program::console;
use super::pseudo_terminal::PseudoTerminal;
use super::yard::Yard;

#[test]
fn consoles_of_one_service_see_each_other_come_and_go() {
    let yard = Yard::start();
    let mut first = PseudoTerminal::start(console(&yard.socket()));
    let alone = first.wait_for_text("LIVE");
    assert!(!alone.contains("online"), "{alone}");
    let mut second = PseudoTerminal::start(console(&yard.socket()));
    for terminal in [&mut first, &mut second] {
        terminal.wait_for_text(" +1 online");
    }
    let who = Command::new(env!("CARGO_BIN_EXE_hookyard"))
        .args(["who", "--json", "--socket"])
        .arg(yard.socket())
        .output()
        .unwrap();
    let listed: serde_json::Value = serde_json::from_slice(&who.stdout).unwrap();
    assert_eq!(
        (&listed["consoles"], &listed["via"]),
        (&2.into(), &"socket".into())
    );
    let name = listed["who"].as_str().unwrap();
    second.wait_for_text(&format!("{name} +1 online"));

    first.type_in("q");
    assert!(first.end().success());
    let screen = second.wait_for("nobody else", |screen| !screen.contains("online"));
    assert!(screen.contains("LIVE"), "{screen}");
}
