//! The recording that the README links to: made of a real session, and looked at by the tests as any terminal would.
//!
//! `HOOKYARD_TEST_CAST=1 cargo test --test it console::cast` plays the session and writes `docs/console.cast` and a
//! picture of each of its turns. `asciinema play docs/console.cast` shows it.

mod film;
mod story;
mod svg;

use std::path::{Path, PathBuf};

use serde_json::Value;

/// Names the wish to record anew.
const CAST: &str = "HOOKYARD_TEST_CAST";
/// What is seen one after the other.
const TURNS: [&str; 6] = [
    "NEEDS ATTENTION",
    "503 upstream connect error",
    "- last good",
    "Type 30 and enter to start:",
    "100%",
    "No dead letters.",
];
/// What can end a control sequence of ours: colours, places, erasing, scrolling, modes.
const FINALS: &str = "mHABCDGdJKLMSTXrhl";

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

#[test]
fn the_session_of_the_recording_can_be_played() {
    let (film, pictures) = story::play();
    let cast = film.cast(
        "Hookyard: from an alarm to its cause to a safe replay",
        story::SIZE,
    );
    assert_harmless(&cast);
    if std::env::var_os(CAST).is_some() {
        std::fs::create_dir_all(docs()).unwrap();
        std::fs::write(docs().join("console.cast"), cast).unwrap();
        for picture in pictures {
            std::fs::write(
                docs().join(format!("console-{}.svg", picture.name)),
                picture.svg,
            )
            .unwrap();
        }
    }
}

#[test]
fn the_kept_recording_is_whole_and_harmless_and_linked() {
    let cast = std::fs::read_to_string(docs().join("console.cast")).unwrap();
    assert_harmless(&cast);
    let readme = include_str!("../../../../README.md");
    for name in [
        "console.cast",
        "console-pulse.svg",
        "console-diff.svg",
        "console-plan.svg",
    ] {
        assert!(
            readme.contains(&format!("docs/{name}")),
            "the README links {name}"
        );
        let text = std::fs::read_to_string(docs().join(name)).unwrap();
        for path in ["/tmp/", "/home/", "/work/", "/root/"] {
            assert!(
                !text.contains(path),
                "{name} has a path of a machine: {path}"
            );
        }
    }
}

/// Fails unless it is a recording of version 2 that shows the turns of the session in their order, and in which a
/// terminal is asked for nothing but what the console itself asks for.
fn assert_harmless(cast: &str) {
    let mut lines = cast.lines();
    let head: Value = serde_json::from_str(lines.next().unwrap()).unwrap();
    assert_eq!(head["version"], 2);
    let size = |name: &str| u16::try_from(head[name].as_u64().unwrap()).unwrap();
    let mut terminal = vt100::Parser::new(size("height"), size("width"), 0);
    let (mut turns, mut before) = (TURNS.iter().peekable(), 0.0);
    for line in lines {
        let (at, kind, text): (f64, String, String) = serde_json::from_str(line).unwrap();
        assert!(at >= before && kind == "o", "{line}");
        before = at;
        assert_ours(&text);
        terminal.process(text.as_bytes());
        let shown = terminal.screen().contents();
        while turns.next_if(|turn| shown.contains(**turn)).is_some() {}
    }
    assert_eq!(turns.next(), None, "it never comes to that");
    assert!(
        cast.contains("\\\\x1b]0;owned"),
        "what a stranger said is shown as text"
    );
}

/// Fails where there is any other control than ours.
fn assert_ours(text: &str) {
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        if character != '\u{1b}' {
            let is_plain = !character.is_control() || "\r\n".contains(character);
            assert!(is_plain, "a control: {character:?} in {text:?}");
            continue;
        }
        assert_eq!(
            rest.next(),
            Some('['),
            "no other sequence than CSI: {text:?}"
        );
        while rest
            .next_if(|one| one.is_ascii_digit() || ";?".contains(*one))
            .is_some()
        {}
        let last = rest.next().unwrap();
        assert!(
            FINALS.contains(last),
            "ends a sequence: {last:?} in {text:?}"
        );
    }
}
