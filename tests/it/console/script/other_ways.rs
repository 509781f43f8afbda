//! The other ways to every action: its further keys, and the palette.

use std::collections::BTreeSet;

use hookyard::console::keys::{KeyRow, Keymap};

use super::Part;
use super::stage::{Scenery, Stage, bytes_of_key};
use crate::console::program::hookyard;

/// What belongs to no action is typed here, and nothing is promised.
const NOTHING: Part = Part {
    actions: &[],
    shown: &[],
};

/// Actions of several keys, and what is typed before one of them is pressed.
const FURTHER: &[(&str, &str)] = &[
    ("tab.previous", "2gg\rl"),
    ("tab.next", "2gg\r"),
    ("palette", "2"),
    ("yank.id", "2ggyj"),
    ("row.down", "2gg"),
    ("row.up", "2G"),
    ("columns.right", "3hhhhhh"),
    ("columns.left", "3hhhhhhl"),
    ("row.first", "2G"),
    ("row.last", "2gg"),
    ("row.half-down", "2gg"),
    ("row.half-up", "2G"),
    ("view.pulse", "2"),
    ("view.deliveries", "1"),
    ("view.endpoints", "1"),
    ("view.dead", "1"),
    ("view.replays", "1"),
    ("view.events", "1"),
    ("view.audit", "1"),
    ("view.log", "1"),
    ("dialog.leave", "2?"),
    ("dialog.down", "2?"),
    ("dialog.up", "2?G"),
    ("dialog.first", "2?G"),
    ("dialog.last", "2?"),
    ("dialog.half-down", "2?"),
    ("dialog.half-up", "2?G"),
    ("dialog.keys", "2c"),
    ("field.right", "3+\t\t"),
    ("field.left", "3+\t\t"),
    ("confirm.turn", "3ggT"),
    ("filter.earlier", "2/\u{15}ep:acme\r/\u{15}x"),
    ("filter.later", "2/\u{15}ep:acme\r/\u{15}x\u{1b}[A"),
];

/// What the palette leaves to keys, and what gives the terminal away.
const NOT_BY_PALETTE: [&str; 13] = [
    "count",
    "row.down",
    "row.up",
    "row.half-down",
    "row.half-up",
    "row.first",
    "row.last",
    "back",
    "cancel",
    "palette",
    "quit",
    "suspend",
    "row.page",
];

/// What can lie upon a view at once, and a few more.
const CLOSES_MAX: usize = 6;

/// Actions of which the screen tells nothing where nothing is new, or there is one attempt.
const UNSEEN: [&str; 4] = ["refetch", "repaint", "attempt.next", "attempt.previous"];

/// Letters of a title that are typed.
const LETTERS: usize = 12;

/// A service with some deliveries, good ones and a dead one.
fn scenery() -> Scenery {
    let scenery = Scenery::new();
    scenery.deliver(4);
    scenery.fail(1);
    scenery
}

/// The screen's rows without the header, which tells what happens elsewhere.
fn rows(stage: &Stage) -> Vec<String> {
    let text = stage.terminal.text();
    text.lines().skip(1).map(str::to_owned).collect()
}

/// Closes what is open, and types what leads to where an action is to be done.
fn prepare(stage: &mut Stage, keys: &str) {
    for _ in 0..CLOSES_MAX {
        let shown = stage.shown();
        match shown.rsplit_once('+') {
            // Only its own key ends a tour.
            Some((_, "tour")) => stage.answer("g?"),
            Some(_) => stage.answer("\u{1b}"),
            None => break,
        }
    }
    assert!(!stage.shown().contains('+'), "{}", stage.shown());
    // Where an action has left the past on the screen, this goes back to now.
    for _ in 0..CLOSES_MAX {
        if !stage.terminal.text().contains("  AT ") {
            break;
        }
        stage.answer(">");
    }
    // Its rows are fetched before anything is done with them.
    let (view, rest) = keys.split_at(1);
    stage.answer(view);
    if !rest.is_empty() {
        stage.answer(rest);
    }
    stage.terminal.settle_drawn();
}

/// What came of an action: what is shown, its rows without news and footer but with a filter that is typed there, and
/// what was copied.
fn outcome(stage: &Stage, action: &str) -> (String, Vec<String>, String) {
    let shown = stage.shown();
    let mut rows = rows(stage);
    if !action.starts_with("filter.") {
        rows.truncate(rows.len().saturating_sub(2));
    }
    if action.starts_with("view.") {
        // What a view tells goes on by itself.
        rows.clear();
    }
    let copied = match action.starts_with("yank.") {
        true => stage.copied(),
        false => String::new(),
    };
    (shown, rows, copied)
}

#[test]
fn every_further_key_of_an_action_does_what_its_first_one_does() {
    let table = Keymap::ops().rows();
    let keys_of = |action: &str| -> Vec<&str> {
        let own = table.iter().filter(|row| row.action == action);
        own.filter_map(|row| row.key.as_deref()).collect()
    };
    let several: BTreeSet<&str> = table.iter().map(|row| row.action).collect();
    let several: BTreeSet<&str> = several
        .into_iter()
        .filter(|action| keys_of(action).len() > 1)
        .collect();
    assert_eq!(several, FURTHER.iter().map(|(action, _)| *action).collect());

    let mut stage = scenery().stage(&NOTHING);
    for (action, keys) in FURTHER {
        let mut first = None;
        for key in keys_of(action) {
            prepare(&mut stage, keys);
            let before = outcome(&stage, action);
            stage.answer(&bytes_of_key(key));
            stage.terminal.settle_drawn();
            let after = outcome(&stage, action);
            assert_ne!(after, before, "{key} does nothing for {action}");
            assert_eq!(
                first.get_or_insert_with(|| after.clone()),
                &after,
                "{key} for {action}"
            );
        }
    }
}

/// What leads to where an action applies, its first place; what belongs to no action leaves news of its own there.
fn way_to(row: &KeyRow) -> String {
    let place = row.scope.split(", ").next().unwrap();
    let way = match (row.action, place) {
        ("view.deliveries", _) | (_, "pulse") => "1gg",
        ("row.unmark", _) => "2gg ",
        (_, "everywhere" | "list" | "deliveries") => "2gg",
        (_, "inspector") => "2gg\r",
        (_, "endpoints") => "3gg",
        (_, "events") => "4gg",
        (_, "dead") => "5gg",
        (_, "replays") => "6gg",
        (_, "audit") => "7gg",
        (_, "log") => "8gg",
        (_, other) => panic!("no way to {other}"),
    };
    format!("{way}\u{f}")
}

/// Chooses the action of this title in the palette, and takes it.
fn take_in_palette(stage: &mut Stage, title: &str) {
    let letters: String = title.chars().take(LETTERS).collect();
    stage.answer(&format!("\u{10}{letters}"));
    let is_it = |line: &&str| {
        // The end of a long one is cut off.
        let begins: String = title.chars().take(50).collect();
        let is_whole = title.chars().count() < 50;
        let rest = line.trim_start_matches(['│', ' ']).strip_prefix(&*begins);
        rest.is_some_and(|rest| !is_whole || rest.starts_with("  "))
    };
    let text = stage.terminal.text();
    let list = text.lines().skip_while(|line| !line.contains("│ : "));
    let inside = list.skip(1).filter_map(|line| {
        let start = line.find('│')?;
        Some(&line[start..])
    });
    let entries: Vec<&str> = inside.collect();
    let at = entries.iter().position(is_it);
    let at = at.unwrap_or_else(|| panic!("no {title} on\n{text}"));
    let downs = bytes_of_key("down").repeat(at);
    stage.answer(&format!("{downs}\r"));
}

/// The actions of the palette that change something, or those that do not.
fn in_palette(changes: bool) -> Vec<KeyRow> {
    let mut rows = Keymap::ops().rows();
    let is_of_dialog = |row: &KeyRow| {
        let dialogs = [
            "choice.", "dialog.", "field.", "confirm.", "secret.", "help.",
        ];
        dialogs.iter().any(|part| row.action.starts_with(part))
            || matches!(&*row.scope, "columns" | "filter")
    };
    rows.retain(|row| !is_of_dialog(row) && !NOT_BY_PALETTE.contains(&row.action));
    rows.retain(|row| row.changes == changes);
    rows.dedup_by_key(|row| row.action);
    rows
}

/// A console of which each action of the palette is taken where it applies, and what came of it is looked at.
fn take_all(changes: bool, check: impl Fn(&Stage, &KeyRow, &(String, Vec<String>))) {
    let scenery = scenery();
    let command = hookyard(&["console", "--read-only"], &scenery.yard.socket());
    let mut stage = scenery.stage_with(&NOTHING, command, (150, 34));
    for row in in_palette(changes) {
        prepare(&mut stage, &way_to(&row));
        let before = (stage.shown(), rows(&stage));
        take_in_palette(&mut stage, row.title);
        let shown = stage.shown();
        assert!(!shown.contains("palette"), "{}: {shown}", row.action);
        check(&stage, &row, &before);
    }
}

#[test]
fn every_action_that_looks_is_found_in_the_palette_and_done() {
    take_all(false, |stage, row, before| {
        let is_seen = &(stage.shown(), rows(stage)) != before;
        assert!(is_seen || UNSEEN.contains(&row.action), "{}", row.action);
    });
}

#[test]
fn every_action_that_changes_is_found_in_the_palette_and_refused_by_its_name_where_nothing_may_change()
 {
    take_all(true, |stage, row, _| {
        let refusal = format!("may not {}", row.title);
        let text = stage.terminal.text();
        assert!(text.contains(&refusal), "{}: {text}", row.action);
    });
}
