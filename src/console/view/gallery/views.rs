//! Each view as recorded, with nothing in it, before its answer, with a refusal, without news, with names in other
//! scripts, and with very many rows.

use super::{SIZES, Scene, assert_ascii, keep};
use crate::console::app::log::LogRow;
use crate::console::app::model::Screen;
use crate::console::app::recorded::{Mood, Recorded};

/// How many rows there are of a crowd.
const MANY: usize = 100_000;

/// Names of two columns a character.
pub(super) const WIDE: &[(&str, &str)] = &[
    ("partner-acme", "東京支店・決済連携サービス"),
    ("billing-prod", "請求書(本番)"),
    ("upstream connect error", "上流への接続エラー"),
    ("their maintenance", "先方の保守作業のため"),
    ("anna", "安奈"),
    ("INC-412", "障害412"),
];

/// Names that are read from right to left.
pub(super) const FROM_RIGHT: &[(&str, &str)] = &[
    ("partner-acme", "مكتب-الرياض"),
    ("billing-prod", "חיוב-ייצור"),
    ("upstream connect error", "خطأ في الاتصال"),
    ("their maintenance", "תחזוקה אצלם"),
    ("anna", "חנה"),
    ("INC-412", "حادث-412"),
];

fn well(keys: &str) -> Scene {
    Scene::new(Recorded::new(Mood::Well), keys)
}

/// The view behind these keys in every state that a list can have.
fn keep_states(view: &str, keys: &str) {
    let chosen = format!("{keys} j j");
    keep(view, well(&chosen));
    assert_ascii(well(&chosen));
    for (state, mood) in [
        ("empty", Mood::Empty),
        ("loading", Mood::Silent),
        ("error", Mood::Refusing),
    ] {
        let scene = Scene::new(Recorded::new(mood), keys);
        keep(&format!("{view}-{state}"), scene);
    }
    // Heartbeats are five seconds apart.
    keep(&format!("{view}-stale"), well(keys).later(14_000));
    for (state, words) in [("wide", WIDE), ("rtl", FROM_RIGHT)] {
        let service = Recorded::new(Mood::Well).saying(words);
        keep(&format!("{view}-{state}"), Scene::new(service, &chosen));
    }
}

/// A view with very many rows.
fn crowd(rows: &'static str, keys: &str) -> Scene {
    Scene::new(Recorded::new(Mood::Crowded(rows, MANY)), keys)
}

#[test]
fn pulse() {
    keep_states("pulse", "1");
}

#[test]
fn deliveries() {
    keep_states("deliveries", "2");
}

#[test]
fn the_past() {
    for (view, keys) in [
        ("pulse-rewound", "1 <"),
        ("deliveries-rewound", "2 < <"),
        ("dead-rewound", "2 < 5"),
        ("replays-rewound", "2 < 6"),
        ("log-rewound", "2 < 8"),
        ("endpoints-while-rewound", "2 < 3"),
    ] {
        keep(view, well(keys));
        assert_ascii(well(keys));
    }
}

#[test]
fn endpoints() {
    keep_states("endpoints", "3");
}

#[test]
fn events() {
    keep_states("events", "4");
}

#[test]
fn dead_letters() {
    keep_states("dead", "5");
}

#[test]
fn replays() {
    keep_states("replays", "6");
}

#[test]
fn audit() {
    keep_states("audit", "7");
}

#[test]
fn log() {
    keep_states("log", "8");
}

#[test]
fn a_log_that_is_off_says_so() {
    let service = Recorded::new(Mood::Well).saying(&[("debug", "off")]);
    let shown = Scene::new(service, "8").text();
    assert!(
        shown.contains("nothing is written (setting log)"),
        "{shown}"
    );
}

/// The recorded delivery, opened by a service in this mood.
fn opened(mood: Mood, words: &[(&str, &str)]) -> Scene {
    let mut scene = Scene::new(Recorded::new(Mood::Well).saying(words), "2");
    scene.service.choose_recorded(&mut scene.model);
    scene.service = Recorded::new(mood).saying(words);
    scene.service.press(&mut scene.model, 500, "enter");
    scene
}

#[test]
fn inspector() {
    let tabs = [
        "request",
        "response",
        "timeline",
        "diff",
        "raw",
        "signature",
    ];
    keep("inspector", opened(Mood::Well, &[]));
    assert_ascii(opened(Mood::Well, &[]));
    for (turns, tab) in (1..).zip(tabs) {
        let mut scene = opened(Mood::Well, &[]);
        for _ in 0..turns {
            scene.service.press(&mut scene.model, 600, "l");
        }
        keep(&format!("inspector-{tab}"), scene);
    }
    keep("inspector-loading", opened(Mood::Silent, &[]));
    keep("inspector-error", opened(Mood::Refusing, &[]));
    keep("inspector-stale", opened(Mood::Well, &[]).later(14_000));
    keep("inspector-wide", opened(Mood::Well, WIDE));
    keep("inspector-rtl", opened(Mood::Well, FROM_RIGHT));
}

/// Where the cursor is among all lines of the list.
fn line_of_cursor(scene: &Scene) -> Option<usize> {
    Some(match scene.model.screen() {
        Screen::Deliveries(list) => list.rows.line_of(list.cursor?),
        Screen::Endpoints(list) => list.line(&list.order(&scene.model.data.endpoints)),
        Screen::Events(list) => list.line(),
        Screen::Dead(list) => list.line(),
        Screen::Replays(list) => list.line(),
        Screen::Audit(list) => list.line(),
        Screen::Log(log) => {
            let key = log.cursor?;
            log.rows()
                .iter()
                .position(|row| *row == LogRow::Line(key))?
        }
        Screen::Pulse(_) | Screen::Inspector(_) => return None,
    })
}

#[test]
fn very_many_rows_are_held_as_a_window() {
    for (view, rows, keys, many, held) in [
        ("deliveries", "deliveries", "2 j", 50_000, "50,000+ loaded"),
        ("events", "events", "4", 5_000, "5,000+ loaded"),
        ("audit", "audit", "7", 5_000, "5,000+ loaded"),
        ("replays", "replays", "6", 5_000, "5,000+ loaded"),
        ("endpoints", "endpoints", "3", 5_000, "5,000+ in all"),
        ("log", "log", "8 j", 5_000, ""),
        ("dead", "dead_causes", "5", 1_000, " of 1,000 causes"),
    ] {
        let mut scene = crowd(rows, keys);
        scene.resize(SIZES[2]);
        let first = line_of_cursor(&scene);
        assert_eq!(first, Some(0), "{view}");
        // Each brings a page of two hundred, and one more shows that there is no other.
        for _ in 0..=many / 200 {
            scene.service.press(&mut scene.model, 800, "G");
        }
        let last = line_of_cursor(&scene);
        let text = scene.text();
        assert!(text.contains(held), "{view}: {text}");
        assert_eq!(
            last,
            Some(many - 1),
            "{view}: the last row that is held: {text}"
        );
        keep(&format!("{view}-many"), scene);
    }
}
