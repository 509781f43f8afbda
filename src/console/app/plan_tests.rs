//! What the dialog before a replay or a discard asks for.

use super::model::{Model, Overlay, Screen};
use super::msg::{Answer, Call, Cmd, Failure, Msg};
use super::plan::{Field, Intent, PlanDialog, Start};
use super::sample_views::plan;
use super::samples::{at, connected, press, serve};
use super::update::update;
use crate::console::input::bytes::Typed;

/// A console with the dialog for the first cause of the dead letters, its plan answered at 1,000 ms.
fn dialog(intent_key: &str, matched: u64) -> Model {
    let mut model = connected(false);
    let cmds = press(&mut model, 100, "5");
    serve(&mut model, 200, cmds);
    let cmds = press(&mut model, 500, intent_key);
    let [Cmd::Call(request, Call::Plan(_, filter))] = &cmds[..] else {
        panic!("no plan is asked for: {cmds:?}");
    };
    assert_eq!(filter, "state:dead cause:9f86d081884c");
    let answer = Answer::Plan(Box::new(plan(matched)));
    let msg = Msg::Answered(*request, None, Box::new(Ok(answer)));
    update(&mut model, at(1_000), msg);
    model
}

fn shown(model: &Model) -> &PlanDialog {
    match model.overlays.last() {
        Some(Overlay::Plan(dialog)) => dialog,
        other => panic!("no dialog: {other:?}"),
    }
}

fn typed(model: &mut Model, millis: u64, text: &str) -> Vec<Cmd> {
    let keys: Vec<String> = text.chars().map(String::from).collect();
    press(model, millis, &keys.join(" "))
}

#[test]
fn the_more_is_concerned_the_more_has_to_be_typed() {
    for (key, matched, text, note) in [
        ("R", 20, "y", false),
        ("R", 21, "21", false),
        ("R", 1_000, "1000", false),
        ("R", 1_001, "local", true),
        ("X", 1, "1", true),
        ("X", 1_001, "local", true),
    ] {
        let gate = shown(&dialog(key, matched)).gate().unwrap();
        assert_eq!((&*gate.text, gate.note), (text, note), "{key} {matched}");
    }
}

#[test]
fn what_was_frozen_starts_with_what_was_typed_and_the_replay_is_shown() {
    let mut model = dialog("R", 212);
    assert_eq!(press(&mut model, 2_000, "enter"), [], "nothing was typed");
    typed(&mut model, 2_100, "212");
    let cmds = press(&mut model, 2_300, "enter");
    let [Cmd::Call(_, Call::Start(start))] = &cmds[..] else {
        panic!("nothing is started: {cmds:?}");
    };
    let Start::Replay(body) = &**start else {
        panic!("no replay: {start:?}");
    };
    assert_eq!(body.plan, Some(plan(212).id));
    assert_eq!(
        (body.rate.as_deref(), body.canary, body.stop.as_deref()),
        (Some("10/s"), Some(5), Some("20%/50"))
    );
    assert!(body.skip_delivered && body.filter.is_none());
    assert_eq!(press(&mut model, 2_400, "enter"), [], "it starts once");
    serve(&mut model, 2_500, cmds);
    assert!(model.overlays.is_empty());
    let Screen::Replays(list) = model.screen() else {
        panic!("no replays");
    };
    assert_eq!(list.selected().unwrap().state, "running");
}

#[test]
fn keys_that_come_at_once_and_pasted_text_start_nothing() {
    let mut model = dialog("R", 20);
    assert_eq!(press(&mut model, 1_100, "y enter"), []);
    assert_eq!(shown(&model).typed.text(), "", "it was deaf");
    let paste = Msg::Typed(Typed::Paste("y\n".into()));
    assert_eq!(update(&mut model, at(2_000), paste), []);
    assert_eq!(shown(&model).typed.text(), "");
    press(&mut model, 2_100, "shift-tab");
    assert_eq!(shown(&model).field, Field::Note);
    update(
        &mut model,
        at(2_200),
        Msg::Typed(Typed::Paste("INC-412".into())),
    );
    assert_eq!(shown(&model).note.text(), "INC-412");
}

#[test]
fn a_discard_wants_a_note() {
    let mut model = dialog("X", 3);
    assert_eq!(shown(&model).intent, Intent::Discard);
    typed(&mut model, 2_000, "3");
    assert_eq!(press(&mut model, 2_100, "enter"), []);
    assert_eq!(shown(&model).field, Field::Note, "it leads there");
    typed(&mut model, 2_200, "gone");
    let cmds = press(&mut model, 2_400, "enter enter");
    let [Cmd::Call(_, Call::Start(start))] = &cmds[..] else {
        panic!("nothing is started: {cmds:?}");
    };
    let Start::Discard(body) = &**start else {
        panic!("no discard: {start:?}");
    };
    assert_eq!(body.note.as_deref(), Some("gone"));
}

#[test]
fn a_refusal_leaves_the_dialog_open_in_the_services_own_words() {
    let mut model = dialog("R", 2);
    let cmds = press(&mut model, 2_000, "y enter");
    let [Cmd::Call(request, _)] = cmds[..] else {
        panic!("nothing is started: {cmds:?}");
    };
    let failure = Failure::said("the plan has expired");
    update(
        &mut model,
        at(2_100),
        Msg::Answered(request, None, Box::new(Err(failure))),
    );
    assert_eq!(
        shown(&model).problem.as_deref(),
        Some("the plan has expired")
    );
    press(&mut model, 2_200, "esc");
    assert!(model.overlays.is_empty());
}

#[test]
fn an_answer_for_a_dialog_that_was_closed_is_dropped() {
    let mut model = connected(false);
    let cmds = press(&mut model, 100, "5");
    serve(&mut model, 200, cmds);
    let first = press(&mut model, 500, "R");
    press(&mut model, 600, "esc j");
    press(&mut model, 700, "R");
    serve(&mut model, 800, first);
    assert!(shown(&model).plan().is_none(), "it waits for its own");
}

#[test]
fn marked_rows_are_planned_and_all_deliveries_are_not() {
    let mut model = connected(false);
    assert_eq!(press(&mut model, 100, "R"), []);
    assert!(model.overlays.is_empty());
    let cmds = press(&mut model, 200, "space space R");
    let Some(Cmd::Call(_, Call::Plan(Intent::Replay, filter))) = cmds.last() else {
        panic!("no plan is asked for: {cmds:?}");
    };
    assert!(
        filter.starts_with("id:dlv_") && filter.matches(',').count() == 1,
        "{filter}"
    );
}
