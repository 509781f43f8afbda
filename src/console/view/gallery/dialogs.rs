//! Everything that lies upon a view, and the lines that are typed in one.

use super::views::{FROM_RIGHT, WIDE};
use super::{Scene, assert_ascii, keep};
use crate::console::app::msg::Msg;
use crate::console::app::recorded::{Mood, Recorded};
use crate::console::app::shown::{all_shown, shown};
use crate::console::app::update::update;
use crate::console::app::writes::Writes;
use crate::console::surroundings::{Environ, Neighbour};

/// What is shown, by its name, and the keys that lead to it; where a dialog is deaf at first, some of them come later.
const DIALOGS: &[(&str, &str)] = &[
    ("filter", "2 / s t a t e : d e a d space e p :"),
    ("words", "4 / i n v - p a c k"),
    ("help", "3 ?"),
    ("confirm", "3 j T"),
    ("palette", "5 : r e p"),
    ("plan-replay", "5 j R"),
    ("plan-discard", "5 j X"),
    ("form-create", "3 + h t t p s tab a c m e"),
    ("form-edit", "3 j E"),
    ("form-rotate", "3 j K"),
    ("prompt-file", "5 W"),
    ("prompt-command", "5 |"),
    ("secret", "3 j K later enter enter enter"),
    ("arm", "5 ! e u"),
    ("contexts", "5 g c"),
    ("themes", "5 g t j"),
    ("columns", "5 c j space J"),
    ("sort", "2 s j j"),
    ("note", "3 j a t o l d"),
    ("save", "2 / s t a t e : d e a d enter F m y - o n e"),
    ("views", "5 g s j"),
    ("tour", "3 g ?"),
];

fn scene(keys: &str) -> Scene {
    let mut scene = Scene::new(Recorded::new(Mood::Well), "");
    let neighbour = |name: &str, env, changes, target: &str| Neighbour {
        name: name.into(),
        target: target.into(),
        env,
        changes,
        probe: None,
    };
    let around = &mut scene.model.session.surroundings;
    around.context = Some("eu-1".into());
    around.contexts = vec![
        neighbour("eu-1", Some(Environ::Production), "armed", "ssh://ops@eu-1"),
        neighbour("lab", Some(Environ::Dev), "changes", "/run/hookyard.sock"),
    ];
    if keys.contains('!') {
        scene.model.writes = Writes::Locked;
    }
    for (millis, keys) in [500, 900].into_iter().zip(keys.split(" later ")) {
        scene.service.press(&mut scene.model, millis, keys);
    }
    scene
}

#[test]
fn every_dialog_and_line() {
    for (name, keys) in DIALOGS {
        let scene = scene(keys);
        let names = shown(&scene.model);
        assert_eq!(names.rsplit('+').next(), Some(*name), "{names}");
        keep(&format!("over-{name}"), scene);
    }
}

#[test]
fn saved_views_where_a_filter_is_typed_a_name_is_taken_and_in_the_palette() {
    for (name, keys) in [
        ("filter-of-views", "2 / e p : a space - @"),
        ("filter-of-no-view", "2 / e p : a space - @ o n c a l x"),
        (
            "save-replaces",
            "2 / s t a t e : d e a d enter F o n c a l l",
        ),
        ("palette-of-views", "5 : @"),
        ("deliveries-of-a-view", "5 : @ o n enter"),
    ] {
        keep(&format!("over-{name}"), scene(keys));
    }
}

/// What a receiver, a publisher or a colleague could try on a terminal.
const HOSTILE: &[(&str, &str)] = &[
    ("partner-acme", "\u{1b}[2J\u{202e}emca\u{7}"),
    ("hooks-apac", "\u{9b}31m\u{200b}apac"),
    ("upstream connect error", "\u{1b}]0;owned\u{7}"),
];

/// The keys before a dialog, answered well, and those behind, answered by a service in this mood.
fn turned(mood: Mood, before: &str, behind: &[&str]) -> Scene {
    let mut scene = scene(before);
    scene.service = Recorded::new(mood);
    for (millis, keys) in (1_000..).step_by(500).zip(behind) {
        scene.service.press(&mut scene.model, millis, keys);
    }
    scene.later(3_000)
}

#[test]
fn dialogs_before_their_answer_and_with_a_refusal() {
    for (name, mood, before, behind) in [
        ("plan-loading", Mood::Silent, "5 j", &["R"] as &[&str]),
        ("plan-refused", Mood::Refusing, "5 j", &["R"]),
        ("plan-starting", Mood::Silent, "5 j R", &["2 2 enter"]),
        ("plan-not-started", Mood::Refusing, "5 j R", &["2 2 enter"]),
        ("plan-nothing-typed", Mood::Well, "5 j R", &["enter"]),
        ("form-loading", Mood::Silent, "3", &["+ tab tab"]),
        ("form-sending", Mood::Silent, "3 j K", &["shift-tab enter"]),
        (
            "form-refused",
            Mood::Refusing,
            "3 j K",
            &["shift-tab enter"],
        ),
        ("form-wrong", Mood::Well, "3", &["+", "shift-tab enter"]),
        ("views-loading", Mood::Silent, "2", &["g s"]),
        ("views-refused", Mood::Refusing, "2", &["g s"]),
        ("views-delete", Mood::Well, "2", &["g s X"]),
        ("arm-wrong", Mood::Well, "5 !", &["e u enter"]),
    ] {
        keep(&format!("over-{name}"), turned(mood, before, behind));
    }
}

#[test]
fn dialogs_that_stay_open_while_the_connection_is_lost() {
    for (name, keys, behind) in [
        ("plan", "5 j R", "2 2 enter"),
        ("form", "3 j K", "shift-tab enter"),
        ("confirm", "3 j T", "tab"),
        ("note", "3 j a t o l d", "enter"),
    ] {
        let mut scene = scene(keys);
        let lost = Msg::StreamLost("the service is not reachable".to_owned());
        update(&mut scene.model, scene.service.at(900), lost);
        scene.service.press(&mut scene.model, 2_000, behind);
        keep(&format!("over-{name}-lost"), scene.later(2_500));
    }
}

#[test]
fn dialogs_with_names_in_other_scripts_and_with_hostile_ones() {
    for (state, words) in [("wide", WIDE), ("rtl", FROM_RIGHT), ("hostile", HOSTILE)] {
        for (name, keys) in [
            ("plan-replay", "5 R"),
            ("confirm", "3 j j T"),
            ("form-edit", "3 j j E"),
            ("palette", "3 : d e l i v e r i e s space o f"),
        ] {
            let mut scene = scene("1");
            scene.service = Recorded::new(Mood::Well).saying(words);
            scene.model = scene.service.console(super::SIZES[2]);
            scene.service.press(&mut scene.model, 500, keys);
            keep(&format!("over-{name}-{state}"), scene);
        }
    }
}

#[test]
fn the_keys_of_dialogs_lie_upon_them() {
    for (name, keys) in [
        ("form", "3 + f1"),
        ("confirm", "3 j T ?"),
        ("note", "3 j a f1 G"),
    ] {
        keep(&format!("over-keys-of-{name}"), scene(keys));
    }
}

#[test]
fn a_bell_has_its_mark_in_lists() {
    for (name, keys) in [("deliveries", "2 j j b"), ("endpoints", "3 j b")] {
        keep(&format!("{name}-bell"), scene(keys));
    }
}

#[test]
fn a_filter_that_picks_more_than_is_loaded_says_how_many() {
    for (name, count) in [("counted", 1_013), ("counted-in-part", 12_000)] {
        let mut scene = Scene::new(Recorded::new(Mood::Crowded("deliveries", count)), "");
        let keys = "2 / s t a t e : d e a d enter";
        scene.service.press(&mut scene.model, 500, keys);
        keep(&format!("deliveries-{name}"), scene);
    }
}

#[test]
fn no_dialog_or_line_is_left_out() {
    let views = [
        "pulse",
        "deliveries",
        "endpoints",
        "events",
        "dead",
        "replays",
        "audit",
        "log",
    ];
    let others = all_shown()
        .into_iter()
        .filter(|name| !views.contains(&&**name) && !name.starts_with("inspector."));
    for name in others {
        assert!(DIALOGS.iter().any(|(known, _)| *known == name), "{name}");
    }
}

#[test]
fn dialogs_in_ascii_are_ascii() {
    for (_, keys) in DIALOGS {
        assert_ascii(scene(keys));
    }
}
