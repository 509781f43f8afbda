//! Moving through lists, their order and their columns.

use super::{EVERYWHERE, SORTED, key};
use crate::console::actions::Action;
use crate::console::actions::ActionId as Id;
use crate::console::actions::Place::{Deliveries, Pulse};
use crate::console::actions::{Arranging, LookingBack, Ordering};
use crate::console::app::columns::CHOSEN_IN;

pub(super) const LISTS: &[Action] = &[
    key(
        Id::Count,
        "count",
        "a digit of a count: what moves next moves so often; a row by its number",
        EVERYWHERE,
        &[],
    ),
    key(Id::Down, "row.down", "down", EVERYWHERE, &["j", "down"]),
    key(Id::Up, "row.up", "up", EVERYWHERE, &["k", "up"]),
    key(
        Id::Order(Ordering::Choose),
        "list.sort",
        "sort the loaded rows by a column",
        SORTED,
        &["s"],
    )
    .short("sort"),
    key(
        Id::Order(Ordering::Turn),
        "list.turn",
        "turn the order of the sorted rows round",
        SORTED,
        &["S"],
    ),
    key(
        Id::Columns(Arranging::Choose),
        "columns.choose",
        "choose the columns of this view: which, and in which order",
        CHOSEN_IN,
        &["c"],
    ),
    key(
        Id::Columns(Arranging::Right),
        "columns.right",
        "let a column at the left go, for one that had no room",
        CHOSEN_IN,
        &["l", "right"],
    ),
    key(
        Id::Columns(Arranging::Left),
        "columns.left",
        "bring a column at the left back",
        CHOSEN_IN,
        &["h", "left"],
    ),
    key(
        Id::NextFailure,
        "failure.next",
        "next delivery whose latest attempt failed",
        &[Deliveries],
        &["}"],
    ),
    key(
        Id::PreviousFailure,
        "failure.previous",
        "previous delivery whose latest attempt failed",
        &[Deliveries],
        &["{"],
    ),
    key(
        Id::Window(LookingBack::Less),
        "window.shorter",
        "look back less far: 7d 24h 6h 60m 15m",
        &[Pulse],
        &["{"],
    ),
    key(
        Id::Window(LookingBack::More),
        "window.longer",
        "look back further: 15m 60m 6h 24h 7d",
        &[Pulse],
        &["}"],
    ),
    key(
        Id::First,
        "row.first",
        "first row",
        EVERYWHERE,
        &["g g", "home"],
    ),
    key(Id::Last, "row.last", "last row", EVERYWHERE, &["G", "end"]),
    key(
        Id::HalfDown,
        "row.half-down",
        "half a page down",
        EVERYWHERE,
        &["ctrl-d", "pgdn"],
    ),
    key(
        Id::HalfUp,
        "row.half-up",
        "half a page up",
        EVERYWHERE,
        &["ctrl-u", "pgup"],
    ),
];
