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

#[test]
fn a_key_with_a_condition_is_shown_while_it_is_met_and_says_what_it_needs() {
    let text = "unbind = [\"U\"]\n[deliveries]\n\"r\" = { action = \"delivery.replay\", when = \"!following\" }\n\
                \"Z\" = { action = \"row.unmark\", when = \"marks > 0 && !readonly\" }\n";
    let keys = KeyShelf::new(None).text("keys.toml", text.to_owned());
    let mut model = connected(false);
    model.keys = keys.unwrap();
    press(&mut model, 0, "Z");
    let shown = screen(&model, 10);
    let told = "Z does nothing here now: it needs marks > 0 && !readonly";
    assert!(shown.contains(told), "{shown}");
    press(&mut model, 20, "?");
    let shown = screen(&model, 30);
    assert!(
        shown.contains("Z when marks > 0 && !readonly: not now"),
        "{shown}"
    );
    press(&mut model, 40, "esc space");
    press(&mut model, 60, "?");
    let shown = screen(&model, 70);
    assert!(
        shown.contains("Z when marks > 0 && !readonly: now"),
        "{shown}"
    );
    press(&mut model, 80, "esc Z");
    assert!(list(&model).marks.is_empty());
    press(&mut model, 100, "space !");
    press(&mut model, 120, "Z");
    assert!(!list(&model).marks.is_empty(), "it only looks now");
    assert!(screen(&model, 130).contains(told));
}

#[test]
fn the_footer_has_a_key_with_a_condition_only_while_it_is_met() {
    let text = "unbind = [\"space\"]\n[deliveries]\n\"B\" = { action = \"row.mark\", when = \"!following\" }\n";
    let keys = KeyShelf::new(None).text("keys.toml", text.to_owned());
    let mut model = connected(false);
    model.keys = keys.unwrap();
    let footer = |model: &Model| screen(model, 10).lines().last().unwrap().to_owned();
    assert!(!footer(&model).contains("B mark"), "{}", footer(&model));
    press(&mut model, 20, "j");
    assert!(footer(&model).contains("B mark"), "{}", footer(&model));
}
