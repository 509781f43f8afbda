//! The script that does everything: every action of the table by its key, every view, tab and dialog, on a real service
//! with real receivers, and what came of each on the screen, in the service's answers or its audit log.
//!
//! A part promises what it does; it fails when it does less, and the tests here when the parts together leave something
//! out. Whoever adds an action, a view or a dialog is told its name by them.

mod counting;
mod dialogs;
mod endpoints;
mod inspecting;
mod leaving;
mod moving;
mod noting;
mod other_ways;
mod replaying;
mod ringing;
mod saving;
mod stage;
mod taking_away;
mod touring;
mod viewing;

use std::collections::BTreeSet;

use hookyard::console::idle::all_shown;
use hookyard::console::keys::Keymap;

/// What a part of the script promises.
struct Part {
    /// Actions by their names.
    actions: &'static [&'static str],
    /// Views, tabs, lines that are typed, and what lies upon them.
    shown: &'static [&'static str],
}

const PARTS: &[&Part] = &[
    &counting::PART,
    &dialogs::PART,
    &endpoints::PART,
    &inspecting::PART,
    &leaving::PART,
    &moving::PART,
    &moving::ARRANGING,
    &moving::PREVIEWING,
    &moving::REWINDING,
    &noting::PART,
    &replaying::ARMING,
    &replaying::DISCARDING,
    &replaying::PART,
    &ringing::PART,
    &saving::PART,
    &taking_away::PART,
    &touring::PART,
    &viewing::PART,
];

fn assert_all_are_covered(
    what: &str,
    known: &BTreeSet<&str>,
    promised: impl Fn(&Part) -> &'static [&'static str],
) {
    let promised: BTreeSet<&str> = PARTS
        .iter()
        .flat_map(|part| promised(part))
        .copied()
        .collect();
    let left_out: Vec<_> = known.difference(&promised).collect();
    assert!(
        left_out.is_empty(),
        "{what} that no part of the script has: {left_out:?}"
    );
    let unknown: Vec<_> = promised.difference(known).collect();
    assert!(
        unknown.is_empty(),
        "{what} of the script that are none: {unknown:?}"
    );
}

#[test]
fn every_action_of_the_table_is_in_the_script() {
    let rows = Keymap::ops().rows();
    let actions = rows.iter().map(|row| row.action).collect();
    assert_all_are_covered("actions", &actions, |part| part.actions);
}

#[test]
fn every_view_tab_line_and_dialog_is_in_the_script() {
    let names = all_shown();
    let names = names.iter().map(String::as_str).collect();
    assert_all_are_covered("views, tabs and dialogs", &names, |part| part.shown);
}
