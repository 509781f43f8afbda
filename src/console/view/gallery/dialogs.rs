//! Everything that lies upon a view, and the lines that are typed in one.

use super::{Scene, assert_ascii, keep};
use crate::console::app::recorded::{Mood, Recorded};
use crate::console::app::shown::{all_shown, shown};
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
