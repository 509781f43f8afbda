//! What reading a tab's text comes to on the screen.

use crate::api::delivery::BodyView;
use crate::console::app::inspector::{Inspector, Tab};
use crate::console::app::model::{Model, Screen};
use crate::console::app::msg::Msg;
use crate::console::app::samples::{at, connected, exchange, press, serve};
use crate::console::app::update::update;
use crate::console::input::bytes::Typed;
use crate::console::input::key::Key;
use crate::console::view::tests::screen;

/// Looks at the request of an attempt with this body and at the response with the other.
fn reading(request: &str, response: &str) -> Model {
    let mut model = connected(false);
    let cmds = press(&mut model, 0, "j enter");
    serve(&mut model, 10, cmds);
    let cmds = press(&mut model, 20, "l");
    serve(&mut model, 30, cmds);
    let Screen::Inspector(inspector) = model.screen_mut() else {
        panic!("no delivery is looked at");
    };
    let number = inspector.current().unwrap().number;
    let mut shown = exchange(number);
    if let (Some(sent), Some(came)) = (&mut shown.request, &mut shown.response) {
        sent.body = BodyView::Text(request.to_owned());
        came.body = BodyView::Text(response.to_owned());
    }
    inspector.take_exchange(Box::new(shown));
    model
}

fn inspector(model: &Model) -> &Inspector {
    match model.screen() {
        Screen::Inspector(inspector) => inspector,
        other => panic!("{other:?}"),
    }
}

/// The line under the bar, as it is drawn.
fn bar(model: &Model) -> String {
    let reading = &inspector(model).reading;
    let row = 3 + reading.line - reading.scroll;
    screen(model, 9_000).lines().nth(row).unwrap().to_owned()
}

const NESTED: &str = r#"{"type":"packet.signed","data":{"id":7,"list":[1,2,3]},"tail":true}"#;

#[test]
fn an_object_folds_under_the_bar_and_unfolds_there() {
    let mut model = reading(NESTED, "");
    assert!(bar(&model).starts_with("POST "));
    press(&mut model, 100, "j j j j j j j");
    assert_eq!(bar(&model), "    \"id\": 7,");
    press(&mut model, 200, "z");
    assert_eq!(bar(&model), "> \"data\": { 2 members },");
    assert!(!screen(&model, 300).contains("\"list\""));
    press(&mut model, 400, "z");
    assert_eq!(bar(&model), "  \"data\": {");
    press(&mut model, 500, "j j");
    assert_eq!(bar(&model), "    \"list\": [");
    press(&mut model, 600, "z");
    assert_eq!(bar(&model), "  > \"list\": [ 3 items ]");
}

#[test]
fn all_fold_at_once_but_the_outermost_and_unfold_at_once() {
    let mut model = reading(NESTED, "");
    press(&mut model, 100, "Z");
    let shown = screen(&model, 200);
    assert!(
        shown.contains("  \"type\"") && shown.contains("> \"data\": { 2 members }"),
        "{shown}"
    );
    press(&mut model, 300, "Z");
    assert!(screen(&model, 400).contains("\"list\": ["));
    let mut other = reading(NESTED, "");
    press(&mut other, 100, "z");
    assert!(
        screen(&other, 200).contains("> { 3 members }"),
        "above the body it is all of it"
    );
}

#[test]
fn what_does_not_fold_says_so_and_moves_as_text() {
    let mut model = reading("plain text", "{}");
    press(&mut model, 100, "z");
    assert!(
        model
            .toast
            .as_ref()
            .unwrap()
            .text
            .starts_with("nothing folds here")
    );
    let long = "line\n".repeat(100);
    let mut model = reading(&long, "");
    press(&mut model, 100, "j j j");
    assert_eq!(inspector(&model).reading.scroll, 3);
    press(&mut model, 200, "G");
    assert!(screen(&model, 300).contains("line"));
    let end = inspector(&model).reading.scroll;
    press(&mut model, 400, "j");
    assert_eq!(
        inspector(&model).reading.scroll,
        end,
        "there is nothing below the end"
    );
}

#[test]
fn the_bar_stays_on_the_screen_and_the_text_moves_under_it() {
    let body = format!("[{}]", vec!["1"; 100].join(","));
    let mut model = reading(&body, "");
    press(&mut model, 100, "G");
    assert_eq!(bar(&model), "]");
    press(&mut model, 200, "g g");
    assert!(bar(&model).starts_with("POST "));
    press(&mut model, 300, "ctrl-d");
    let reading = &inspector(&model).reading;
    assert!(reading.line > 5 && reading.scroll == 0, "{reading:?}");
}

#[test]
fn words_are_gone_to_as_they_are_typed_and_esc_goes_back_to_where_one_was() {
    let body = format!(
        "{}needle one\n{}needle two\n",
        "hay\n".repeat(50),
        "hay\n".repeat(50)
    );
    let mut model = reading("", &body);
    press(&mut model, 100, "l / n e e d");
    let shown = screen(&model, 200);
    assert!(
        shown.contains("needle one") && shown.contains("/need  1 of 2 lines"),
        "{shown}"
    );
    press(&mut model, 300, "esc");
    assert_eq!(inspector(&model).reading.scroll, 0);
    assert!(!inspector(&model).reading.words.is_set());

    press(&mut model, 400, "/ n e e d l e enter n");
    let shown = screen(&model, 500);
    assert!(
        shown.contains("needle two") && shown.contains("2 of 2 lines"),
        "{shown}"
    );
    press(&mut model, 600, "n");
    assert!(screen(&model, 700).contains("needle one"));
    assert!(
        model
            .toast
            .as_ref()
            .unwrap()
            .text
            .contains("on from the top")
    );
    press(&mut model, 800, "N");
    assert!(screen(&model, 900).contains("needle two"));
    press(&mut model, 1_000, "esc");
    assert!(
        !inspector(&model).reading.words.is_set(),
        "esc takes the words away before it leaves"
    );
}

#[test]
fn words_stay_from_tab_to_tab_and_tell_where_they_are_not() {
    let mut model = reading("sent", "came back");
    update(
        &mut model,
        at(100),
        Msg::Typed(Typed::Key(Key::parse("/").unwrap())),
    );
    update(
        &mut model,
        at(110),
        Msg::Typed(Typed::Paste("came back".into())),
    );
    press(&mut model, 120, "enter");
    assert!(screen(&model, 130).contains("/came back  0 lines"));
    press(&mut model, 140, "n");
    assert_eq!(
        model.toast.as_ref().unwrap().text,
        "this tab has no came back"
    );
    press(&mut model, 200, "l");
    assert_eq!(inspector(&model).tab, Tab::Response);
    assert!(screen(&model, 210).contains("/came back  1 line"));
    press(&mut model, 300, "esc n");
    assert!(
        model
            .toast
            .as_ref()
            .unwrap()
            .text
            .starts_with("nothing is looked for: /")
    );
}

#[test]
fn long_lines_go_on_or_are_cut() {
    let long = format!("{}END", "x".repeat(300));
    let mut model = reading(&long, "");
    assert!(screen(&model, 100).contains("END"));
    press(&mut model, 200, "w");
    assert!(!screen(&model, 300).contains("END"));
    press(&mut model, 400, "w");
    assert!(screen(&model, 500).contains("END"));
}

#[test]
fn another_attempt_begins_at_its_top_with_nothing_folded() {
    let mut model = reading(NESTED, "");
    press(&mut model, 100, "j j z");
    assert!(!inspector(&model).reading.folded.is_empty());
    press(&mut model, 200, "K");
    let reading = &inspector(&model).reading;
    assert!(reading.folded.is_empty() && reading.line == 0);
}
