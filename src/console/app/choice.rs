//! The keys of a list that one line is chosen of: those that move in views move here too.

use super::model::Model;
use crate::console::actions::ActionId;
use crate::console::input::key::{Key, KeyCode};
use crate::console::keys::Meaning;

/// What a key means to a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meant {
    /// The next line.
    Down,
    /// The line before.
    Up,
    /// This one.
    Take,
    /// None of them.
    Leave,
    /// Nothing that all choices know.
    Other,
}

impl Meant {
    /// What this key means.
    pub(super) fn by(model: &Model, key: Key) -> Self {
        let action = match model.keys.meaning(&model.facts(), &[key]) {
            Meaning::Action(action) => Some(action.id),
            Meaning::Prefix | Meaning::Nothing => None,
        };
        match (key.code, action) {
            (KeyCode::Down, _) | (_, Some(ActionId::Down)) => Self::Down,
            (KeyCode::Up, _) | (_, Some(ActionId::Up)) => Self::Up,
            (KeyCode::Enter, _) => Self::Take,
            (KeyCode::Esc, _) | (_, Some(ActionId::Back | ActionId::Leave)) => Self::Leave,
            _ => Self::Other,
        }
    }

    /// The line that is chosen then, of `count`.
    pub(super) fn moved(self, chosen: usize, count: usize) -> usize {
        match self {
            Self::Down => (chosen + 1).min(count.saturating_sub(1)),
            Self::Up => chosen.saturating_sub(1),
            Self::Take | Self::Leave | Self::Other => chosen,
        }
    }
}
