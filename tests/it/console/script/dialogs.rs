//! What keys do inside dialogs and in lines that are typed: moving, choosing, answering, their own keys, the way out.

use super::Part;
use super::endpoints::send;
use super::stage::{Scenery, Stage, opens, shows};

pub(super) const PART: Part = Part {
    actions: &[
        "dialog.leave",
        "dialog.take",
        "dialog.down",
        "dialog.up",
        "dialog.first",
        "dialog.last",
        "dialog.half-down",
        "dialog.half-up",
        "dialog.keys",
        "help.search",
        "field.toggle",
        "field.right",
        "field.left",
        "confirm.yes",
        "confirm.no",
        "confirm.turn",
        "columns.move-down",
        "columns.move-up",
        "columns.reset",
        "secret.copy",
        "filter.complete",
        "filter.complete-back",
        "filter.earlier",
        "filter.later",
    ],
    shown: &[
        "help",
        "confirm",
        "columns",
        "form-create",
        "form-rotate",
        "secret",
        "filter",
        "words",
    ],
};

/// Shows the keys of where text is typed, for a question mark is text there.
const F1: &str = "\u{1b}OP";

/// Does an action that changes the screen, and one that changes it back.
fn there_and_back(stage: &mut Stage, there: &'static str, back: &'static str) {
    let before = stage.terminal.text();
    stage.act(there, |stage| assert_ne!(stage.terminal.text(), before));
    stage.act(back, |stage| assert_eq!(stage.terminal.text(), before));
}

#[test]
fn dialogs_are_moved_through_answered_and_left_by_the_keys_of_the_table() {
    let scenery = Scenery::new();
    let acme = scenery.acme.clone();
    let mut stage = scenery.stage(&PART);
    stage.answer("3");
    stage.answer("/acme\r");

    stage.answer("?");
    there_and_back(&mut stage, "dialog.down", "dialog.up");
    there_and_back(&mut stage, "dialog.half-down", "dialog.half-up");
    there_and_back(&mut stage, "dialog.last", "dialog.first");
    stage.act("dialog.take", opens("endpoints"));
    stage.answer("?");
    stage.act("help.search", opens("palette"));
    stage.answer("\u{1b}");

    stage.answer("T");
    stage.act("dialog.keys", |stage| {
        opens("help")(stage);
        shows("choose the other answer")(stage);
    });
    stage.act("dialog.leave", opens("confirm"));
    stage.act("confirm.turn", shows("> [y] Do it"));
    stage.act("confirm.turn", shows("> [n] Cancel"));
    stage.act("confirm.no", opens("endpoints"));
    stage.answer("T");
    stage.act("dialog.leave", opens("endpoints"));
    assert_eq!(stage.yard.status(&acme), "active");
    stage.answer("T");
    stage.act_until_gone("confirm.yes", "confirm");
    shows("disabled")(&stage);
    assert_eq!(stage.yard.status(&acme), "disabled");

    stage.answer("c");
    stage.act("field.toggle", shows("[ ] NAME"));
    there_and_back(&mut stage, "columns.move-down", "columns.move-up");
    stage.act("columns.reset", shows("[x] NAME"));
    stage.act("dialog.take", opens("endpoints"));

    stage.answer("+");
    opens("form-create")(&stage);
    stage.answer("\t\t");
    there_and_back(&mut stage, "field.right", "field.left");
    stage.act("dialog.leave", opens("endpoints"));

    stage.answer("K");
    opens("form-rotate")(&stage);
    send(&mut stage, "Rotate");
    opens("secret")(&stage);
    stage.act("secret.copy", |stage| {
        assert!(stage.copied().starts_with("whsec_"));
    });
    stage.act_until_gone("dialog.leave", "secret");

    stage.answer("4/n");
    opens("words")(&stage);
    stage.answer(F1);
    opens("help")(&stage);
    shows("to the beginning of the line")(&stage);
    stage.act("dialog.leave", opens("words"));
    stage.act("dialog.leave", opens("events"));
    type_a_filter(&mut stage);
    stage.end();
}

/// Completes a filter there and back, applies it, and finds it again.
fn type_a_filter(stage: &mut Stage) {
    stage.answer("2/sta");
    opens("filter")(stage);
    stage.answer(F1);
    shows("Filter line")(stage);
    stage.act("dialog.leave", opens("filter"));
    stage.act("filter.complete", shows("/state:"));
    stage.act("filter.complete", shows("/status:"));
    stage.act("filter.complete-back", shows("/state:"));
    stage.answer("dead");
    stage.act("dialog.take", opens("deliveries"));
    stage.answer("/ x");
    stage.act("filter.earlier", shows("/state:dead"));
    stage.act("filter.later", shows("/state:dead x"));
    stage.act("dialog.leave", opens("deliveries"));
}
