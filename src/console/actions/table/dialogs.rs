//! What is done inside the dialogs that lie upon views, and in the lines that are typed in views.

use super::key;
use crate::console::actions::ActionId::In;
use crate::console::actions::Danger::Ask;
use crate::console::actions::Place::{self, Over};
use crate::console::actions::{Action, Dialog, Inside};

/// All dialogs.
const EVERY: &[Place] = &[
    Over(Dialog::Help),
    Over(Dialog::Confirm),
    Over(Dialog::Palette),
    Over(Dialog::Plan),
    Over(Dialog::Form),
    Over(Dialog::Choice),
    Over(Dialog::Columns),
    Over(Dialog::Line),
    Over(Dialog::Secret),
    Over(Dialog::Filter),
    Over(Dialog::Words),
];
/// Dialogs of several lines.
const LINES: &[Place] = &[
    Over(Dialog::Help),
    Over(Dialog::Palette),
    Over(Dialog::Plan),
    Over(Dialog::Form),
    Over(Dialog::Choice),
    Over(Dialog::Columns),
];
/// Dialogs of so many lines that one goes through them quickly.
const LISTS: &[Place] = &[
    Over(Dialog::Help),
    Over(Dialog::Choice),
    Over(Dialog::Columns),
];
/// The question.
const CONFIRM: &[Place] = &[Over(Dialog::Confirm)];
/// The line of a filter.
const FILTER: &[Place] = &[Over(Dialog::Filter)];
/// The columns.
const COLUMNS: &[Place] = &[Over(Dialog::Columns)];

pub(super) const DIALOGS: &[Action] = &[
    key(
        In(Inside::Leave),
        "dialog.leave",
        "close this, nothing is done",
        EVERY,
        &["esc", "q"],
    ),
    key(
        In(Inside::Take),
        "dialog.take",
        "take what is chosen or typed; in forms go on, on the last line send it",
        EVERY,
        &["enter"],
    ),
    key(
        In(Inside::Down),
        "dialog.down",
        "next line",
        LINES,
        &["j", "tab", "down", "ctrl-n"],
    ),
    key(
        In(Inside::Up),
        "dialog.up",
        "previous line",
        LINES,
        &["k", "shift-tab", "up", "ctrl-p"],
    ),
    key(
        In(Inside::First),
        "dialog.first",
        "first line",
        LISTS,
        &["g", "home"],
    ),
    key(
        In(Inside::Last),
        "dialog.last",
        "last line",
        LISTS,
        &["G", "end"],
    ),
    key(
        In(Inside::HalfDown),
        "dialog.half-down",
        "half a page down",
        LISTS,
        &["ctrl-d", "pgdn"],
    ),
    key(
        In(Inside::HalfUp),
        "dialog.half-up",
        "half a page up",
        LISTS,
        &["ctrl-u", "pgup"],
    ),
    key(
        In(Inside::Search),
        "help.search",
        "look for an action by a few letters, and do it",
        &[Over(Dialog::Help)],
        &["/"],
    ),
    key(
        In(Inside::Toggle),
        "field.toggle",
        "tick this, or not; the next of several",
        &[
            Over(Dialog::Plan),
            Over(Dialog::Form),
            Over(Dialog::Columns),
        ],
        &["space"],
    ),
    key(
        In(Inside::Right),
        "field.right",
        "the next of several",
        &[Over(Dialog::Form)],
        &["l", "right"],
    ),
    key(
        In(Inside::Left),
        "field.left",
        "the one before of several",
        &[Over(Dialog::Form)],
        &["h", "left"],
    ),
    key(In(Inside::Yes), "confirm.yes", "do it", CONFIRM, &["y"]),
    key(In(Inside::No), "confirm.no", "do nothing", CONFIRM, &["n"]),
    key(
        In(Inside::Turn),
        "confirm.turn",
        "choose the other answer; at first it is no",
        CONFIRM,
        &["tab", "shift-tab", "left", "right"],
    ),
    key(
        In(Inside::MoveDown),
        "columns.move-down",
        "move this column down: to the right in the list",
        COLUMNS,
        &["J"],
    ),
    key(
        In(Inside::MoveUp),
        "columns.move-up",
        "move this column up: to the left in the list",
        COLUMNS,
        &["K"],
    ),
    key(
        In(Inside::Reset),
        "columns.reset",
        "all columns as they come",
        COLUMNS,
        &["r"],
    ),
    key(
        In(Inside::Delete),
        "choice.delete",
        "delete this saved view (asks)",
        &[Over(Dialog::Choice)],
        &["X"],
    )
    .changes(Ask, "hookyard view delete NAME"),
    key(
        In(Inside::Copy),
        "secret.copy",
        "copy the secret",
        &[Over(Dialog::Secret)],
        &["y"],
    ),
    key(
        In(Inside::Complete),
        "filter.complete",
        "complete: the next of what could stand at the cursor",
        FILTER,
        &["tab"],
    ),
    key(
        In(Inside::CompleteBack),
        "filter.complete-back",
        "complete: the one before of what could stand there",
        FILTER,
        &["shift-tab"],
    ),
    key(
        In(Inside::Earlier),
        "filter.earlier",
        "a filter that was applied before",
        FILTER,
        &["up", "ctrl-p"],
    ),
    key(
        In(Inside::Later),
        "filter.later",
        "the one after it, at last what was being typed",
        FILTER,
        &["down", "ctrl-n"],
    ),
    key(
        In(Inside::Keys),
        "dialog.keys",
        "the keys of this",
        EVERY,
        &["?", "f1"],
    ),
];
