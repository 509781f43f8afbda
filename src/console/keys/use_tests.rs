//! A console whose keys are others than the table's: what they do, and what the screen says of them.

use super::KeyShelf;
use crate::console::app::model::Model;
use crate::console::app::msg::{Call, Msg};
use crate::console::app::samples::{at, calls, connected, deliveries, list, press};
use crate::console::app::update::update;
use crate::console::view::tests::screen;

const KEYS: &str = "unbind = [\"r\", \"?\", \"=\"]\n[deliveries]\n\"z r\" = \"delivery.replay\"\n\"z z\" = \
                    \"list.follow\"\n\"F\" = \"list.follow\"\nunbind = [\"f\"]\n[everywhere]\n\"e\" = \"help\"\n";

fn rebound() -> Model {
    let keys = KeyShelf::new(None).text("keys.toml", KEYS.to_owned());
    let mut model = connected(false);
    model.keys = keys.unwrap();
    model
}

#[test]
fn a_rebound_key_acts_and_the_old_one_does_not() {
    let mut model = rebound();
    press(&mut model, 0, "j");
    assert_eq!(calls(&press(&mut model, 10, "r")), [] as [&Call; 0]);
    assert!(screen(&model, 10).contains("r does nothing here: e shows the keys"));
    let chosen = deliveries()[0].id;
    press(&mut model, 20, "z r");
    let sent = update(&mut model, at(4_000), Msg::Tick);
    assert_eq!(calls(&sent), [&Call::Replay(chosen)]);
    press(&mut model, 4_100, "F");
    assert!(list(&model).follows());
    press(&mut model, 4_200, "z z");
    assert!(!list(&model).follows());
}

#[test]
fn footer_help_palette_and_what_may_follow_show_the_keys_in_force() {
    let mut model = rebound();
    let shown = screen(&model, 0);
    let footer = shown.lines().last().unwrap();
    assert!(footer.contains("z r replay"), "{footer}");
    assert!(footer.ends_with("e help"), "{footer}");
    assert!(
        footer.contains("z z hold") || footer.contains("F hold"),
        "{footer}"
    );

    press(&mut model, 10, "z");
    let shown = screen(&model, 10);
    let footer = shown.lines().last().unwrap();
    assert!(footer.starts_with("z -  r replay"), "{footer}");
    press(&mut model, 20, "esc e");
    let shown = screen(&model, 30);
    assert!(
        shown.contains("z r            replay this delivery"),
        "{shown}"
    );
    assert!(shown.contains("z z, F         follow new rows"), "{shown}");
    press(&mut model, 40, "e");
    assert_eq!(model.overlays, [], "the key that opens the help closes it");

    press(&mut model, 50, ": r e p l a y");
    let shown = screen(&model, 120);
    let line = shown
        .lines()
        .find(|line| line.contains("replay this delivery"));
    assert!(line.unwrap().contains("z r"), "{shown}");
}

#[test]
fn an_action_without_a_key_is_left_to_the_palette() {
    let mut model = rebound();
    press(&mut model, 0, "e G");
    let shown = screen(&model, 10);
    let command = "show the command that does what is shown";
    assert!(
        !shown.contains(&format!("=              {command}")),
        "{shown}"
    );
    press(&mut model, 20, "esc");
    press(&mut model, 30, ": s h o w");
    assert!(screen(&model, 80).contains(command));
}
