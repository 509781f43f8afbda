//! Keys that mean something else to fingers that know another program: what they do there, and what does likewise here.

use super::keymap::{Keymap, Meaning};
use super::when::Facts;
use crate::console::actions::{ActionId, InText, Place, Yank};
use crate::console::input::key::Key;

/// The preset for fingers that know k9s.
pub(super) const K9S: &str = "k9s";

/// A key of another program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Elsewhere {
    /// The key.
    pub key: &'static str,
    /// What the program calls what it does there.
    there: &'static str,
    /// What it may do here without a word, for it is much the same.
    alike: &'static [ActionId],
    /// What does it here, in which view, and in words behind its key.
    instead: Option<(ActionId, Place, &'static str)>,
}

/// The keys of k9s that do something else here.
const OF_K9S: &[Elsewhere] = &[
    of_k9s("ctrl-d", "delete").instead(
        ActionId::DeleteEndpoint,
        Place::Endpoints,
        "deletes an endpoint",
    ),
    of_k9s("ctrl-k", "kill").instead(ActionId::CancelReplay, Place::Replays, "cancels a replay"),
    of_k9s("ctrl-z", "toggle faults"),
    of_k9s("d", "describe").alike(&[ActionId::Open]),
    of_k9s("l", "logs").alike(&[ActionId::Open]),
    of_k9s("p", "logs of before").instead(
        ActionId::View(Place::Log),
        Place::Pulse,
        "shows the log",
    ),
    of_k9s("y", "YAML").instead(
        ActionId::Yank(Yank::Json),
        Place::Deliveries,
        "copies as JSON",
    ),
    of_k9s("s", "shell").alike(&[ActionId::EnableOrDisable]),
    of_k9s("e", "edit").alike(&[ActionId::EditEndpoint]),
    of_k9s("a", "attach"),
    of_k9s("r", "restart"),
    of_k9s("x", "decode"),
    of_k9s("f", "port-forward"),
    of_k9s("c", "copy").instead(ActionId::Yank(Yank::Id), Place::Deliveries, "copies the id"),
    of_k9s("n", "copy namespace").alike(&[ActionId::InText(InText::Next)]),
    of_k9s("u", "used by"),
];

const fn of_k9s(key: &'static str, there: &'static str) -> Elsewhere {
    Elsewhere {
        key,
        there,
        alike: &[],
        instead: None,
    }
}

impl Elsewhere {
    const fn alike(self, alike: &'static [ActionId]) -> Self {
        Self { alike, ..self }
    }

    const fn instead(self, id: ActionId, place: Place, words: &'static str) -> Self {
        Self {
            instead: Some((id, place, words)),
            ..self
        }
    }

    /// The one whose key has this name.
    pub(crate) fn named(key: &str) -> Option<&'static Self> {
        OF_K9S.iter().find(|one| one.key == key)
    }

    /// What there is to say of it where its key means this.
    pub(crate) fn in_words(&self, keys: &Keymap, meaning: Meaning) -> String {
        let here = match meaning {
            Meaning::Action(action) => action.title,
            Meaning::Prefix => "begins longer keys",
            Meaning::Nothing => "nothing",
        };
        let told = format!("{} is {} in k9s, here: {here}", self.key, self.there);
        let Some((id, place, words)) = self.instead else {
            return told;
        };
        let facts = Facts::of(place);
        match keys.has_key(&facts, id) {
            true => format!("{told}; {} {words}", keys.key_of(&facts, id)),
            false => told,
        }
    }
}

impl Keymap {
    /// What this key, as the first of its strokes, does in the program that the preset in force is for, where it means
    /// something else here.
    pub(crate) fn elsewhere(&self, key: Key, meaning: Meaning) -> Option<&'static Elsewhere> {
        let known = OF_K9S.iter().filter(|_| self.knows_k9s);
        let mut known = known.filter(|one| Key::parse(one.key) == Some(key));
        known.find(|one| match meaning {
            Meaning::Action(action) => {
                let does_it = one.instead.is_some_and(|(id, ..)| id == action.id);
                !does_it && !one.alike.contains(&action.id)
            }
            Meaning::Prefix | Meaning::Nothing => true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::actions::ACTIONS;
    use crate::console::keys::{KeyShelf, why_not};

    #[test]
    fn every_key_is_one_that_comes_here_and_what_does_it_here_has_a_key() {
        let keys = KeyShelf::new(None).preset(K9S).unwrap();
        for (index, one) in OF_K9S.iter().enumerate() {
            let key = Key::parse(one.key).unwrap();
            assert_eq!(why_not(key), None, "{}", one.key);
            assert!(OF_K9S[..index].iter().all(|other| other.key != one.key));
            assert!(
                ACTIONS
                    .iter()
                    .any(|action| { one.alike.is_empty() || one.alike.contains(&action.id) })
            );
            if let Some((id, place, _)) = one.instead {
                assert!(keys.has_key(&Facts::of(place), id), "{}", one.key);
            }
            let told = one.in_words(&keys, Meaning::Nothing);
            assert!(told.chars().count() <= 80, "{told}");
        }
    }

    #[test]
    fn keys_are_explained_where_the_preset_is_for_them_and_they_mean_something_else() {
        let text = |text: &str| {
            let keys = KeyShelf::new(None).text("keys.toml", text.to_owned());
            keys.unwrap()
        };
        let told = |keys: &Keymap, place, key| {
            let key = Key::parse(key).unwrap();
            let meaning = keys.meaning(&Facts::of(place), &[key]);
            let found = keys.elsewhere(key, meaning)?;
            Some(found.in_words(keys, meaning))
        };
        let k9s = text("preset = \"k9s\"\n");
        for (place, key, expected) in [
            (
                Place::Deliveries,
                "ctrl-d",
                Some("ctrl-d is delete in k9s, here: half a page down; X deletes an endpoint"),
            ),
            (
                Place::Pulse,
                "ctrl-k",
                Some("ctrl-k is kill in k9s, here: nothing; x cancels a replay"),
            ),
            (Place::Deliveries, "d", None),
            (
                Place::Inspector,
                "d",
                Some(
                    "d is describe in k9s, here: this attempt beside the last one that the endpoint took well",
                ),
            ),
            (
                Place::Endpoints,
                "y",
                Some("y is YAML in k9s, here: begins longer keys; y j copies as JSON"),
            ),
            (Place::Replays, "j", None),
        ] {
            assert_eq!(told(&k9s, place, key).as_deref(), expected, "{key}");
        }
        assert_eq!(told(&text(""), Place::Deliveries, "ctrl-d"), None);
        let own = "preset = \"k9s\"\n[endpoints]\n\"e\" = \"endpoint.edit\"\n\"ctrl-d\" = \"endpoint.delete\"\n";
        let own = text(own);
        assert_eq!(told(&own, Place::Endpoints, "e"), None);
        assert_eq!(told(&own, Place::Endpoints, "ctrl-d"), None);
    }
}
