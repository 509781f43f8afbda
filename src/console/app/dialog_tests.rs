//! What keys do inside dialogs and in the lines of views, whatever files of keys make of them.

use super::model::{Model, Overlay};
use super::msg::{Call, Cmd, Msg};
use super::samples::{at, calls, connected, list, press, serve};
use super::shown::shown;
use super::update::update;
use super::writes::Writes;
use crate::console::actions::{Dialog, Place};
use crate::console::input::bytes::Typed;
use crate::console::keys::{KeyShelf, Keymap};
use crate::console::surroundings::Neighbour;
use crate::console::view::tests::screen;

/// Keys that open each kind of dialog.
const WAYS: [(&str, &str); 14] = [
    ("3 ?", "help"),
    ("3 j T", "confirm"),
    ("3 :", "palette"),
    ("5 j R", "plan-replay"),
    ("3 +", "form-create"),
    ("3 j K", "form-rotate"),
    ("5 g t", "themes"),
    ("5 g c", "contexts"),
    ("2 g s", "views"),
    ("2 s", "sort"),
    ("2 c", "columns"),
    ("2 W", "prompt-file"),
    ("3 j a", "note"),
    ("3 !", "arm"),
];

fn rebound(text: &str) -> Keymap {
    let keys = KeyShelf::new(None).text("keys.toml", text.to_owned());
    keys.unwrap()
}

/// A console with the dialog that these keys open, at 1,000 ms.
fn opened(keys: Keymap, way: &str) -> Model {
    let mut model = connected(false);
    model.session.themes = vec!["ansi16".into(), "mono".into()];
    model.session.surroundings.contexts = vec![Neighbour {
        name: "lab".into(),
        target: "/run/hookyard.sock".into(),
        env: None,
        changes: "changes",
        probe: None,
    }];
    if way.contains('!') {
        model.writes = Writes::Locked;
    }
    for (millis, key) in (900..).zip(way.split(' ')) {
        let cmds = press(&mut model, millis, key);
        serve(&mut model, millis, cmds);
    }
    // What opens a dialog may have another key there.
    model.keys = keys;
    model
}

fn toast(model: &Model) -> &str {
    model.toast.as_ref().map_or("", |toast| &toast.text)
}

#[test]
fn escape_closes_every_dialog_and_its_keys_whatever_else_is_bound() {
    let other = "[dialog]\nunbind = [\"q\", \"enter\", \"?\", \"tab\"]\n\"alt-q\" = \"dialog.leave\"\n\
                 \"ctrl-o\" = \"dialog.take\"\n[confirm]\n\"Y\" = \"confirm.yes\"\n";
    for text in ["", other, "preset = \"vim\"\n", "preset = \"k9s\"\n"] {
        for (way, name) in WAYS {
            for key in ["esc", "f1 esc esc", "ctrl-c"] {
                let mut model = opened(rebound(text), way);
                assert_eq!(shown(&model).rsplit('+').next(), Some(name), "{way}");
                let cmds = press(&mut model, 2_000, key);
                assert!(calls(&cmds).iter().all(|call| !call.changes()));
                assert_eq!(model.overlays, [], "{key} in {name} with {text:?}");
            }
        }
    }
}

#[test]
fn every_dialog_shows_its_keys_and_what_edits_its_text() {
    for (way, name) in WAYS {
        let mut model = opened(Keymap::ops(), way);
        if name == "help" {
            continue;
        }
        let dialog = model.overlays.last().map(Overlay::dialog).unwrap();
        press(&mut model, 2_000, "f1");
        let text = screen(&model, 2_010);
        assert!(text.contains("close this, nothing is done"), "{text}");
        assert!(text.contains(Place::Over(dialog).title()), "{text}");
        press(&mut model, 2_020, "G");
        let text = screen(&model, 2_030);
        let edits = text.contains("delete the word before");
        assert_eq!(edits, dialog.takes_text(), "{name}: {text}");
        press(&mut model, 2_040, "f1");
        assert_eq!(shown(&model).rsplit('+').next(), Some(name));
    }
}

#[test]
fn a_question_mark_is_text_where_text_is_typed_and_shows_the_keys_elsewhere() {
    for (way, name) in WAYS {
        let mut model = opened(Keymap::ops(), way);
        let dialog = model.overlays.last().map(Overlay::dialog).unwrap();
        press(&mut model, 2_000, "?");
        let helps = model.overlays.len() == 2;
        let expected = !dialog.takes_text() && dialog != Dialog::Help;
        assert_eq!(helps, expected, "{name}");
    }
}

#[test]
fn the_keys_of_a_view_are_searched_and_done_in_the_palette() {
    let mut model = opened(Keymap::ops(), "2 ?");
    assert!(screen(&model, 2_000).contains("/ searches"));
    press(&mut model, 2_000, "/ a u d i t enter");
    assert_eq!(shown(&model), "audit");
    // Nothing in the palette is done in a dialog: its keys are few enough to read.
    let mut model = opened(Keymap::ops(), "2 c");
    press(&mut model, 2_000, "? /");
    assert!(!screen(&model, 2_050).contains("searches"));
    assert_eq!(shown(&model), "deliveries+columns+help");
}

#[test]
fn keys_of_a_file_act_inside_dialogs_and_their_words_name_them() {
    let keys = rebound(
        "[confirm]\nunbind = [\"y\"]\n\"Y\" = \"confirm.yes\"\n[line]\nunbind = [\"enter\"]\n\"ctrl-o\" = \"dialog.take\"\n\
         [columns]\n\"d\" = \"columns.move-down\"\n[form]\n\"ctrl-o\" = \"dialog.down\"\n",
    );
    let mut model = opened(keys.clone(), "3 j T");
    assert!(screen(&model, 2_000).contains("[Y] Do it"));
    assert_eq!(calls(&press(&mut model, 2_000, "y")), [] as [&Call; 0]);
    assert_eq!(calls(&press(&mut model, 2_010, "Y")).len(), 1);

    let mut model = opened(keys.clone(), "3 j a");
    assert!(screen(&model, 2_000).contains("ctrl-o keeps it, esc leaves"));
    assert_eq!(press(&mut model, 2_000, "x enter"), []);
    assert_eq!(calls(&press(&mut model, 2_020, "ctrl-o")).len(), 1);

    let mut model = opened(keys.clone(), "2 c");
    assert!(screen(&model, 2_000).contains("d/K move"));
    press(&mut model, 2_000, "d esc");
    let headings = screen(&model, 2_020);
    let headings: Vec<&str> = headings
        .lines()
        .nth(2)
        .unwrap()
        .split_whitespace()
        .collect();
    assert_eq!(headings[..2], ["STATE", "TIME"]);

    let mut model = opened(keys, "3 +");
    assert!(screen(&model, 2_000).contains("ctrl-o and enter go on"));
    press(&mut model, 2_000, "ctrl-o");
    assert_eq!(model.form_mut().unwrap().at, 1);
}

/// Keys that begin to type in a view.
const LINES: [(&str, &str); 3] = [
    ("2 /", "filter"),
    ("3 /", "words"),
    ("2 j enter /", "words"),
];

#[test]
fn escape_and_ctrl_c_leave_the_lines_of_views_and_f1_shows_their_keys() {
    let other = "[dialog]\nunbind = [\"enter\", \"tab\", \"up\", \"f1\"]\n\"alt-q\" = \"dialog.leave\"\n\
                 \"ctrl-o\" = \"dialog.take\"\n\"alt-h\" = \"dialog.keys\"\n";
    for (text, keys) in [("", "f1"), ("preset = \"vim\"\n", "f1"), (other, "alt-h")] {
        for (way, name) in LINES {
            for key in ["esc", "ctrl-c"] {
                let mut model = opened(rebound(text), way);
                assert_eq!(shown(&model).rsplit('+').next(), Some(name), "{way}");
                press(&mut model, 2_000, "x");
                press(&mut model, 2_010, keys);
                let title = Place::Over(model.line().unwrap()).title();
                let told = screen(&model, 2_020);
                assert!(told.contains(title), "{told}");
                press(&mut model, 2_030, "G");
                let told = screen(&model, 2_040);
                assert!(told.contains("delete the word before"), "{told}");
                press(&mut model, 2_050, keys);
                assert_eq!(shown(&model).rsplit('+').next(), Some(name), "{way}");
                press(&mut model, 2_060, key);
                assert!(!shown(&model).contains('+'), "{}", shown(&model));
            }
        }
    }
}

#[test]
fn keys_of_a_file_act_in_the_lines_of_views_and_their_hints_name_them() {
    let keys = rebound(
        "[filter]\nunbind = [\"tab\", \"up\", \"enter\"]\n\"ctrl-o\" = \"dialog.take\"\n\"alt-c\" = \
         \"filter.complete\"\n\"alt-d\" = \"filter.complete-back\"\n\"alt-p\" = \"filter.earlier\"\n\"alt-n\" = \
         \"filter.later\"\n[words]\n\"alt-k\" = \"dialog.take\"\n",
    );
    let mut model = opened(keys.clone(), "2 /");
    let hint = "ctrl-o applies, esc leaves, alt-c completes, alt-p recalls;";
    assert!(screen(&model, 2_000).contains(hint));
    let text = |model: &Model| list(model).input.as_ref().unwrap().line.text().to_owned();
    press(&mut model, 2_000, "s t a tab enter up");
    assert_eq!(text(&model), "sta", "none of them is a key any more");
    press(&mut model, 2_010, "alt-c alt-c");
    assert_eq!(text(&model), "status:");
    press(&mut model, 2_010, "alt-d");
    assert_eq!(text(&model), "state:");
    assert!(screen(&model, 2_020).contains("alt-c  state:"));
    let cmds = press(&mut model, 2_030, "d e a d ctrl-o");
    serve(&mut model, 2_040, cmds);
    assert_eq!(list(&model).filter, "state:dead");
    press(&mut model, 2_050, "/ x alt-p");
    assert_eq!(text(&model), "state:dead");
    press(&mut model, 2_060, "alt-n");
    assert_eq!(text(&model), "state:deadx");
    let mut model = opened(keys, "3 /");
    assert!(screen(&model, 2_000).contains("alt-k keeps, esc leaves"));
    press(&mut model, 2_010, "a c m e alt-k");
    assert_eq!(shown(&model), "endpoints");
    assert_eq!(model.screen().sieve().unwrap().words(), "acme");
}

#[test]
fn letters_that_sort_leave_out_what_a_file_binds() {
    let keys = rebound("[choice]\n\"a\" = \"dialog.last\"\n");
    let mut model = opened(keys, "2 s");
    assert!(screen(&model, 2_000).contains("b  the newest first"));
    press(&mut model, 2_000, "a");
    assert_eq!(model.overlays.len(), 1, "it moves");
}

#[test]
fn a_key_that_opens_a_form_does_not_send_it_before_another_key() {
    let mut model = opened(Keymap::ops(), "3 j");
    press(&mut model, 1_000, ": s e c r e t enter");
    assert_eq!(shown(&model), "endpoints+form-rotate");
    // The key is held down: through the lines, onto the button, and no further.
    for millis in (1_100..4_000).step_by(100) {
        let cmds = press(&mut model, millis, "enter");
        assert_eq!(calls(&cmds), [] as [&Call; 0]);
    }
    let problem = model.form_mut().unwrap().problem.clone().unwrap();
    assert!(problem.starts_with("enter opened this"), "{problem}");
    let cmds = press(&mut model, 4_100, "shift-tab tab enter");
    assert!(matches!(calls(&cmds)[..], [Call::RotateSecret(..)]));
}

#[test]
fn a_name_that_stands_in_a_prompt_is_not_taken_by_the_key_that_opened_it() {
    let mut model = opened(Keymap::ops(), "2");
    press(&mut model, 1_000, ": w r i t e space t h e space m enter");
    assert_eq!(shown(&model), "deliveries+prompt-file");
    assert_eq!(press(&mut model, 3_000, "enter"), []);
    assert!(toast(&model).starts_with("enter opened this"));
    let cmds = press(&mut model, 3_100, "end enter");
    assert!(matches!(cmds[..], [Cmd::Write { .. }]), "{cmds:?}");
}

#[test]
fn keys_that_come_with_a_form_send_nothing() {
    let mut model = opened(Keymap::ops(), "3 j K");
    assert_eq!(press(&mut model, 1_000, "shift-tab enter"), []);
    let problem = model.form_mut().unwrap().problem.clone().unwrap();
    assert!(problem.contains("too soon"), "{problem}");
}

#[test]
fn pasted_text_neither_confirms_nor_reaches_what_lies_below() {
    for way in ["3 j T", "3 !", "3 j K", "2 c", "2 s", "3 j T f1"] {
        let mut model = opened(Keymap::ops(), way);
        let before = model.overlays.clone();
        let cmds = update(
            &mut model,
            at(3_000),
            Msg::Typed(Typed::Paste("y\n".into())),
        );
        assert_eq!(cmds, [], "{way}");
        if way != "3 j K" {
            assert_eq!(model.overlays, before, "{way}");
        }
    }
}

#[test]
fn a_plan_that_comes_while_its_keys_are_read_is_there_below_them() {
    let mut model = connected(false);
    let cmds = press(&mut model, 100, "5");
    serve(&mut model, 200, cmds);
    let cmds = press(&mut model, 500, "R");
    press(&mut model, 600, "f1");
    serve(&mut model, 700, cmds);
    press(&mut model, 800, "esc");
    assert!(screen(&model, 2_000).contains("Type 212 and enter to start:"));
}

#[test]
fn nothing_is_changed_from_a_dialog_while_the_connection_is_lost() {
    for (way, keys) in [
        ("3 j T", "y"),
        ("3 j K", "shift-tab enter"),
        ("3 j a", "x enter"),
    ] {
        let mut model = opened(Keymap::ops(), way);
        update(&mut model, at(1_500), Msg::StreamLost("gone".into()));
        let cmds = press(&mut model, 2_000, keys);
        assert_eq!(calls(&cmds), [] as [&Call; 0], "{way}");
        let problem = model.form_mut().and_then(|form| form.problem.clone());
        let told = problem.unwrap_or_else(|| toast(&model).to_owned());
        assert!(
            told.contains("not sent") || told.contains("cannot be sent"),
            "{way}: {told}"
        );
    }
}
