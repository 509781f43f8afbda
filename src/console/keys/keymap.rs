//! The keys in force: asked for what strokes mean, and for the keys that an action has.

use std::fmt;

use super::when::{Condition, Facts};
use super::within::not_text;
use crate::console::actions::{ACTIONS, Action, ActionId, Place, actions_of};
use crate::console::input::key::Key;

/// What stands in a sentence for the key of an action that has none: "no key retries now".
const NO_KEY: &str = "no key";

/// The keys in force. Those that were said last stand first, so that they are the ones that are shown.
#[derive(Clone, Debug)]
pub struct Keymap {
    pub(super) bindings: Vec<Binding>,
    /// Whether they are for fingers that know k9s.
    pub(super) knows_k9s: bool,
}

/// Strokes that mean an action in some places.
#[derive(Clone, Debug)]
pub(super) struct Binding {
    pub(super) action: &'static Action,
    pub(super) strokes: Strokes,
    /// Where they do; never empty.
    pub(super) places: Vec<Place>,
    /// When they do; always without one.
    pub(super) when: Option<Condition>,
    pub(super) origin: Origin,
}

/// One key, or several after each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Strokes(pub(super) Vec<Key>);

/// Who said what a key means.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    /// The table of actions.
    Table,
    /// A file of keys.
    Line {
        /// The file; of a preset that comes along its name alone.
        file: String,
        /// From 1.
        line: usize,
        /// In characters, from 1.
        column: usize,
    },
}

/// What strokes so far mean in a place.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Meaning {
    /// They are an action's key.
    Action(&'static Action),
    /// They begin the keys of several.
    Prefix,
    /// They are nothing.
    Nothing,
}

impl Meaning {
    /// Whether it is that action.
    pub(crate) fn is(self, id: ActionId) -> bool {
        matches!(self, Self::Action(action) if action.id == id)
    }
}

impl Keymap {
    /// The keys of the table of actions.
    pub fn ops() -> Self {
        let bindings = ACTIONS.iter().flat_map(|action| {
            action.keys.iter().map(move |keys| {
                let strokes = Strokes(keys.split(' ').filter_map(Key::parse).collect());
                Binding {
                    action,
                    places: not_text(&strokes, action.id, action.places),
                    strokes,
                    when: None,
                    origin: Origin::Table,
                }
            })
        });
        Self {
            bindings: bindings.collect(),
            knows_k9s: false,
        }
    }

    /// Whether a key depends on more than the place.
    pub(crate) fn has_conditions(&self) -> bool {
        self.bindings.iter().any(|binding| binding.when.is_some())
    }

    /// What the strokes mean now.
    pub(crate) fn meaning(&self, facts: &Facts, strokes: &[Key]) -> Meaning {
        let mut meaning = Meaning::Nothing;
        for binding in self.at(facts) {
            if binding.strokes.0 == strokes {
                return Meaning::Action(binding.action);
            }
            if binding.strokes.0.starts_with(strokes) {
                meaning = Meaning::Prefix;
            }
        }
        meaning
    }

    /// What has to be so that the strokes mean something where they mean nothing now.
    pub(crate) fn unmet(&self, facts: &Facts, strokes: &[Key]) -> Option<&Condition> {
        let mut bindings = self.in_place(facts.place);
        bindings.find(|one| one.strokes.0 == strokes)?.when.as_ref()
    }

    /// The keys of an action that have a condition in a place, with that and whether it is met.
    pub(crate) fn conditional(
        &self,
        facts: &Facts,
        id: ActionId,
    ) -> Vec<(String, &Condition, bool)> {
        let own = self.in_place(facts.place).filter(|one| one.action.id == id);
        let own = own.filter_map(|one| {
            let when = one.when.as_ref()?;
            Some((one.strokes.to_string(), when, when.holds(facts)))
        });
        own.collect()
    }

    /// The keys that an action has now, the one to be shown first.
    pub(crate) fn keys_of(&self, facts: &Facts, id: ActionId) -> Vec<String> {
        let own = self.at(facts).filter(|one| one.action.id == id);
        own.map(|binding| binding.strokes.to_string()).collect()
    }

    /// The key that an action has now as a word of a sentence: `ctrl-r`, or `no key`.
    pub(crate) fn key_of(&self, facts: &Facts, id: ActionId) -> String {
        let first = self.at(facts).find(|one| one.action.id == id);
        first.map_or_else(|| NO_KEY.to_owned(), |binding| binding.strokes.to_string())
    }

    /// Whether an action has a key now.
    pub(crate) fn has_key(&self, facts: &Facts, id: ActionId) -> bool {
        self.at(facts).any(|one| one.action.id == id)
    }

    /// How these strokes can go on now: what is still to be typed, and what it does, in the order of the table.
    pub(crate) fn continuations(
        &self,
        facts: &Facts,
        strokes: &[Key],
    ) -> Vec<(String, &'static Action)> {
        let mut found = Vec::new();
        for action in actions_of(facts.place) {
            let own = self.at(facts).filter(|one| one.action.id == action.id);
            for binding in own {
                let rest = binding.strokes.0.strip_prefix(strokes);
                if let Some(rest) = rest.filter(|rest| !rest.is_empty()) {
                    found.push((Strokes(rest.to_vec()).to_string(), action));
                }
            }
        }
        found
    }

    /// The keys of a place whose conditions are met: the first that fits counts.
    fn at<'a>(&'a self, facts: &'a Facts) -> impl Iterator<Item = &'a Binding> {
        let is_met = |one: &&Binding| one.when.as_ref().is_none_or(|when| when.holds(facts));
        self.in_place(facts.place).filter(is_met)
    }

    fn in_place(&self, place: Place) -> impl Iterator<Item = &Binding> {
        self.bindings
            .iter()
            .filter(move |binding| binding.places.contains(&place))
    }
}

impl fmt::Display for Strokes {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, key) in self.0.iter().enumerate() {
            let gap = if index == 0 { "" } else { " " };
            write!(to, "{gap}{key}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table => to.write_str("preset ops"),
            Self::Line { file, line, column } => write!(to, "{file}:{line}:{column}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::actions::ActionId as Id;
    use crate::console::actions::Place::{Deliveries, Inspector};

    fn strokes(text: &str) -> Vec<Key> {
        let keys = text.split(' ').map(|key| Key::parse(key).unwrap());
        keys.collect()
    }

    #[test]
    fn strokes_add_up_to_an_action() {
        let keys = Keymap::ops();
        let meaning = |place, text| keys.meaning(&Facts::of(place), &strokes(text));
        assert!(matches!(meaning(Deliveries, "g"), Meaning::Prefix));
        assert!(
            matches!(meaning(Deliveries, "g e"), Meaning::Action(action) if action.id == Id::View(Place::Endpoints))
        );
        assert!(matches!(meaning(Deliveries, "g z"), Meaning::Nothing));
        assert!(matches!(meaning(Inspector, "f"), Meaning::Nothing));
        assert!(
            matches!(meaning(Inspector, "J"), Meaning::Action(action) if action.id == Id::NextAttempt)
        );
    }

    #[test]
    fn unfinished_strokes_tell_how_they_go_on() {
        let going_on = Keymap::ops().continuations(&Facts::of(Deliveries), &strokes("g"));
        assert!(
            going_on
                .iter()
                .any(|(rest, action)| rest == "e" && action.name == "view.endpoints")
        );
        assert!(going_on.iter().all(|(rest, _)| rest.len() == 1));
        assert!(
            Keymap::ops()
                .continuations(&Facts::of(Deliveries), &strokes("g z"))
                .is_empty()
        );
    }

    #[test]
    fn an_action_without_a_key_here_says_so_in_a_sentence() {
        let keys = Keymap::ops();
        assert_eq!(keys.key_of(&Facts::of(Deliveries), Id::Refetch), "ctrl-r");
        assert_eq!(keys.key_of(&Facts::of(Inspector), Id::Follow), "no key");
        assert_eq!(
            keys.keys_of(&Facts::of(Deliveries), Id::First),
            ["g g", "home"]
        );
        assert!(
            keys.has_key(&Facts::of(Deliveries), Id::Follow)
                && !keys.has_key(&Facts::of(Inspector), Id::Follow)
        );
    }
}
