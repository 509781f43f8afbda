//! Keys inside a dialog: which are text there, what the others mean, how the dialog names them; and which of a file
//! are refused, so that no slip of a finger begins what a dialog asks about.

use super::keymap::{Binding, Keymap, Meaning, Strokes};
use super::scope::Scope;
use super::when::Facts;
use crate::console::actions::{ActionId, Dialog, Inside, Place};
use crate::console::app::line::Line;
use crate::console::input::key::{Key, KeyCode};

/// Why nobody says what escape means in a dialog.
pub(super) const LEAVES: &str = "esc always closes a dialog";

/// The keys inside a dialog.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Within<'a> {
    keys: &'a Keymap,
    dialog: Dialog,
}

impl Keymap {
    /// The keys inside this dialog.
    pub(crate) const fn within(&self, dialog: Dialog) -> Within<'_> {
        Within { keys: self, dialog }
    }
}

impl Within<'_> {
    /// The key of this, as a word of a sentence.
    pub(crate) fn key(&self, what: Inside) -> String {
        let facts = Facts::of(Place::Over(self.dialog));
        self.keys.key_of(&facts, ActionId::In(what))
    }

    /// What a key asks for; none where it is text, or nothing.
    pub(crate) fn meaning(&self, key: Key, is_typing: bool) -> Option<Inside> {
        if is_typing && Line::takes(key) {
            return None;
        }
        let facts = Facts::of(Place::Over(self.dialog));
        match self.keys.meaning(&facts, &[key]) {
            Meaning::Action(action) => match action.id {
                ActionId::In(what) => Some(what),
                _ => None,
            },
            Meaning::Prefix | Meaning::Nothing => None,
        }
    }
}

/// Those of the places in which these strokes can be this action's, for they are no text there.
pub(super) fn not_text(strokes: &Strokes, id: ActionId, places: &[Place]) -> Vec<Place> {
    let is_text = |place: &Place| match (place, id) {
        (Place::Over(dialog), ActionId::In(what)) => {
            let is_typed = dialog.takes_text() && !what.is_beside_text();
            is_typed && strokes.0.iter().any(|key| Line::takes(*key))
        }
        _ => false,
    };
    let all = places.iter().copied();
    all.filter(|place| !is_text(place)).collect()
}

/// Whether nobody may say what these strokes mean in a place: escape closes every dialog.
pub(super) fn is_fixed(place: Place, strokes: &Strokes) -> bool {
    !place.is_view() && strokes.0.iter().any(|key| key.code == KeyCode::Esc)
}

/// Those of the places of one line of a file in which its strokes are heard.
///
/// # Errors
/// Why they can be no key of a dialog, and what could.
pub(super) fn heard(
    strokes: &Strokes,
    id: ActionId,
    has_condition: bool,
    places: &[Place],
) -> Result<Vec<Place>, String> {
    let Some(dialog) = places.iter().find(|place| !place.is_view()) else {
        return Ok(places.to_vec());
    };
    let key = strokes.to_string();
    if is_fixed(*dialog, strokes) {
        return Err(format!("{LEAVES}: bind another key"));
    }
    if strokes.0.len() > 1 {
        return Err(format!(
            "{key:?} is no key of a dialog: dialogs hear one stroke at a time"
        ));
    }
    if has_condition {
        return Err(format!(
            "{key:?} has a condition, but what a key does in a dialog may not change under the finger: leave when out"
        ));
    }
    if id == ActionId::In(Inside::Yes) && strokes.0 == [Key::plain(KeyCode::Enter)] {
        return Err(
            "enter takes the answer that is chosen, at first it is no: bind another key to \
             confirm.yes"
                .to_owned(),
        );
    }
    let heard = not_text(strokes, id, places);
    if heard.is_empty() {
        let places = Scope::words(places);
        return Err(format!(
            "{key:?} types or edits text in {places}: bind a key that does not, such as ctrl-o or \
             alt-o"
        ));
    }
    Ok(heard)
}

/// What is wrong with two keys of which one begins something in a dialog that the other opens: a key held down, or
/// pressed twice by a slip, would do both.
pub(super) fn opens_and_begins(one: &Binding, other: &Binding) -> Option<String> {
    let is_same = one.strokes.0.last() == other.strokes.0.last();
    let meet = |opener: &Binding, beginner: &Binding| {
        let begins = begins(beginner);
        opens(opener).any(|dialog| begins.contains(&dialog))
    };
    if !is_same || !(meet(one, other) || meet(other, one)) {
        return None;
    }
    let (name, other, origin) = (one.action.name, other.action.name, &other.origin);
    let key = one.strokes.0.last()?;
    Some(format!(
        "{key} would open a dialog and begin what it asks about: here it is {name}, {origin} has it \
         as {other}: bind another key to one of them"
    ))
}

/// The dialogs in which a key of this action changes something that it opens.
fn opens(binding: &Binding) -> impl Iterator<Item = Dialog> {
    let id = binding.action.id;
    let of_palette = binding.places.contains(&Place::Over(Dialog::Palette));
    // What is taken in the palette can open a question, too.
    let takes = id == ActionId::In(Inside::Take) && of_palette;
    let opened = move |dialog: &Dialog| {
        dialog.openers().contains(&id) || takes && *dialog == Dialog::Confirm
    };
    Dialog::ALL.into_iter().filter(opened)
}

/// The dialogs in which this binding begins something.
fn begins(binding: &Binding) -> Vec<Dialog> {
    let dialogs: &[Dialog] = match binding.action.id {
        ActionId::In(Inside::Yes) => &[Dialog::Confirm],
        ActionId::In(Inside::Take) => &[Dialog::Plan, Dialog::Form, Dialog::Line],
        _ => &[],
    };
    let has = |dialog: &Dialog| binding.places.contains(&Place::Over(*dialog));
    dialogs.iter().copied().filter(has).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::actions::ACTIONS;
    use crate::console::keys::{KeyShelf, why_not};

    fn laid(text: &str) -> Result<Keymap, Vec<String>> {
        let keys = KeyShelf::new(None).text("keys.toml", text.to_owned());
        keys.map_err(|error| error.to_string().lines().map(str::to_owned).collect())
    }

    fn flaws(text: &str) -> Vec<String> {
        laid(text).unwrap_err()
    }

    fn means(keys: &Keymap, dialog: Dialog, key: &str) -> Option<Inside> {
        let key = Key::parse(key).unwrap();
        keys.within(dialog).meaning(key, dialog.takes_text())
    }

    #[test]
    fn no_key_of_a_dialog_means_two_things_and_none_opens_what_it_begins() {
        for name in KeyShelf::built_in() {
            let keys = KeyShelf::new(None).preset(name).unwrap();
            for dialog in Dialog::ALL {
                let place = Place::Over(dialog);
                let own: Vec<&Binding> = keys
                    .bindings
                    .iter()
                    .filter(|one| one.places.contains(&place))
                    .collect();
                for (index, one) in own.iter().enumerate() {
                    assert_eq!(one.strokes.0.len(), 1, "{}", one.strokes);
                    assert_eq!(why_not(one.strokes.0[0]), None);
                    let other = own[..index].iter().find(|two| two.strokes == one.strokes);
                    assert!(other.is_none(), "{name}: {dialog:?} {}", one.strokes);
                }
            }
            for (index, one) in keys.bindings.iter().enumerate() {
                let others = &keys.bindings[..index];
                let clash = others.iter().find_map(|two| opens_and_begins(one, two));
                assert_eq!(clash, None, "{name}");
            }
        }
    }

    #[test]
    fn a_dialog_has_the_actions_that_open_it_in_the_table() {
        for dialog in Dialog::ALL {
            for id in dialog.openers() {
                assert!(ACTIONS.iter().any(|action| action.id == *id), "{id:?}");
            }
        }
    }

    #[test]
    fn a_file_says_what_keys_mean_in_all_dialogs_or_in_one() {
        let keys = laid(
            "unbind = [\"q\"]\n[dialog]\n\"x\" = \"dialog.leave\"\n\"ctrl-o\" = \"dialog.take\"\n[confirm]\n\
             \"Y\" = \"confirm.yes\"\nunbind = [\"y\"]\n",
        )
        .unwrap();
        assert_eq!(means(&keys, Dialog::Help, "x"), Some(Inside::Leave));
        assert_eq!(
            means(&keys, Dialog::Help, "q"),
            Some(Inside::Leave),
            "views only"
        );
        assert_eq!(means(&keys, Dialog::Line, "x"), None, "it is text there");
        assert_eq!(means(&keys, Dialog::Line, "ctrl-o"), Some(Inside::Take));
        assert_eq!(means(&keys, Dialog::Confirm, "Y"), Some(Inside::Yes));
        assert_eq!(means(&keys, Dialog::Confirm, "y"), None);
        assert_eq!(keys.within(Dialog::Line).key(Inside::Take), "ctrl-o");
        assert_eq!(keys.within(Dialog::Line).key(Inside::Yes), "no key");
    }

    #[test]
    fn what_would_make_a_dialog_unsafe_or_never_be_heard_is_refused() {
        for (text, problem) in [
            (
                "[dialog]\n\"esc\" = \"dialog.take\"\n",
                "keys.toml:2:1: esc always closes a dialog: bind another key",
            ),
            (
                "[confirm]\nunbind = [\"esc\"]\n",
                "keys.toml:2:11: esc always closes a dialog: leave it out",
            ),
            (
                "[help]\n\"g g\" = \"dialog.first\"\n",
                "keys.toml:2:1: \"g g\" is no key of a dialog: dialogs hear one stroke at a time",
            ),
            (
                "[help]\n\"z\" = { action = \"dialog.first\", when = \"live\" }\n",
                "keys.toml:2:1: \"z\" has a condition, but what a key does in a dialog may not change under the finger: \
                 leave when out",
            ),
            (
                "[line]\n\"z\" = \"dialog.leave\"\n",
                "keys.toml:2:1: \"z\" types or edits text in line: bind a key that does not, such as ctrl-o or alt-o",
            ),
            (
                "[form]\n\"ctrl-w\" = \"dialog.leave\"\n",
                "keys.toml:2:1: \"ctrl-w\" types or edits text in form: bind a key that does not, such as ctrl-o or alt-o",
            ),
            (
                "[confirm]\n\"enter\" = \"confirm.yes\"\n",
                "keys.toml:2:1: enter takes the answer that is chosen, at first it is no: bind another key to confirm.yes",
            ),
            (
                "[confirm]\n\"T\" = \"confirm.yes\"\n",
                "keys.toml:2:1: T would open a dialog and begin what it asks about: here it is confirm.yes, preset ops \
                 has it as endpoint.enable: bind another key to one of them",
            ),
            (
                "[endpoints]\n\"z y\" = \"endpoint.delete\"\n",
                "keys.toml:2:1: y would open a dialog and begin what it asks about: here it is endpoint.delete, preset \
                 ops has it as confirm.yes: bind another key to one of them",
            ),
            (
                "unbind = [\"ctrl-r\"]\n[plan]\n\"ctrl-r\" = \"dialog.take\"\n[dead]\n\"ctrl-r\" = \"dead.discard\"\n",
                "keys.toml:5:1: ctrl-r would open a dialog and begin what it asks about: here it is dead.discard, \
                 keys.toml:3:1 has it as dialog.take: bind another key to one of them",
            ),
            (
                "[dialog]\n\"x\" = \"dialog.leave\"\n[confirm]\n\"x\" = \"confirm.no\"\n",
                "keys.toml:4:1: \"x\" is bound twice in confirm: here to confirm.no, at keys.toml:2:1 to dialog.leave",
            ),
            (
                "[list]\n\"z\" = \"dialog.leave\"\n",
                "keys.toml:2:7: dialog.leave does nothing in [list]: it works in dialog",
            ),
            (
                "[dialog]\n\"z\" = \"delivery.replay\"\n",
                "keys.toml:2:7: delivery.replay does nothing in [dialog]: it works in deliveries, inspector",
            ),
            (
                "[columns]\nunbind = [\"z\"]\n",
                "keys.toml:2:11: \"z\" means nothing in [columns]: leave it out",
            ),
        ] {
            assert_eq!(flaws(text), [problem], "{text}");
        }
    }

    #[test]
    fn lines_that_are_typed_in_views_have_the_rules_of_dialogs() {
        for (text, problem) in [
            (
                "[filter]\n\"ctrl-o\" = [ { action = \"dialog.take\", when = \"live\" }, \"dialog.leave\" ]\n",
                "keys.toml:2:14: \"ctrl-o\" has a condition, but what a key does in a dialog may not change under the \
                 finger: leave when out",
            ),
            (
                "[filter]\n\"esc\" = \"dialog.take\"\n[words]\nunbind = [\"esc\"]\n",
                "keys.toml:2:1: esc always closes a dialog: bind another key\nkeys.toml:4:11: esc always closes a \
                 dialog: leave it out",
            ),
            (
                "[filter]\n\"x\" = \"filter.complete\"\n",
                "keys.toml:2:1: \"x\" types or edits text in filter: bind a key that does not, such as ctrl-o or alt-o",
            ),
            (
                "[words]\n\"ctrl-k\" = \"dialog.take\"\n",
                "keys.toml:2:1: \"ctrl-k\" types or edits text in words: bind a key that does not, such as ctrl-o or alt-o",
            ),
            (
                "[dialog]\n\"alt-o\" = \"dialog.take\"\n[filter]\n\"alt-o\" = \"filter.later\"\n",
                "keys.toml:4:1: \"alt-o\" is bound twice in filter: here to filter.later, at keys.toml:2:1 to dialog.take",
            ),
            (
                "[words]\n\"tab\" = \"filter.complete\"\n",
                "keys.toml:2:9: filter.complete does nothing in [words]: it works in filter",
            ),
        ] {
            assert_eq!(flaws(text).join("\n"), problem, "{text}");
        }
    }
}
