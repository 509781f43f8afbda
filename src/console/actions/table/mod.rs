//! The rows of the table, in the order of footer and help.

mod dialogs;
mod lists;
mod rows;
mod taking_away;
mod views;

use super::Place::{
    self, Audit, Dead, Deliveries, Endpoints, Events, Inspector, Log, Pulse, Replays,
};
use super::{Action, ActionId};

/// All views.
pub(crate) const EVERYWHERE: &[Place] = &[
    Pulse, Deliveries, Inspector, Endpoints, Events, Dead, Replays, Audit, Log,
];
/// Views with rows that can be opened.
const ROWS: &[Place] = &[Pulse, Deliveries, Endpoints, Events, Dead, Replays];
/// Views in which the style of times has a key: in the list of endpoints it means a test.
const TIMED: &[Place] = &[
    Pulse, Deliveries, Inspector, Events, Dead, Replays, Audit, Log,
];
/// Views whose rows can be sorted.
const SORTED: &[Place] = &[Deliveries, Endpoints, Events, Dead, Replays, Audit];
/// Views whose row is, or has, an endpoint.
const OF_ENDPOINTS: &[Place] = &[Pulse, Deliveries, Inspector, Endpoints];

/// Views whose row is, or stands for, something that notes can be about.
const NOTED: &[Place] = &[Pulse, Deliveries, Inspector, Endpoints, Events, Dead];

/// Views whose row, or whose filter, can have a bell.
const BELLED: &[Place] = &[Pulse, Deliveries, Inspector, Endpoints, Replays];

const fn key(
    id: ActionId,
    name: &'static str,
    title: &'static str,
    places: &'static [Place],
    keys: &'static [&'static str],
) -> Action {
    Action::look(id, name, title, places, keys)
}

/// All actions.
pub(crate) const ACTIONS: &[Action] = &joined::<{ count(PARTS) }>(PARTS);

const PARTS: &[&[Action]] = &[
    rows::ROWS_AND_CHANGES,
    taking_away::LEAVING,
    lists::LISTS,
    views::VIEWS,
    dialogs::DIALOGS,
];

const fn count(parts: &[&[Action]]) -> usize {
    let (mut part, mut count) = (0, 0);
    while part < parts.len() {
        count += parts[part].len();
        part += 1;
    }
    count
}

/// The parts after each other.
const fn joined<const COUNT: usize>(parts: &[&[Action]]) -> [Action; COUNT] {
    let mut all = [parts[0][0]; COUNT];
    let (mut part, mut at) = (0, 0);
    while part < parts.len() {
        let mut row = 0;
        while row < parts[part].len() {
            all[at] = parts[part][row];
            at += 1;
            row += 1;
        }
        part += 1;
    }
    all
}
