//! Keys of another program are explained once: what such a key does there, and what here. It is remembered, so that it is
//! once for all runs. Where it would change something or give the terminal away, the first press only tells.

use super::model::{Level, Model};
use super::msg::{Cmd, Now};
use crate::console::actions::{ActionId, Danger};
use crate::console::input::key::Key;
use crate::console::keys::Meaning;

/// What is to be said of a key.
pub(super) struct Explained {
    key: &'static str,
    text: String,
    /// Whether nothing is done this time.
    is_held: bool,
}

/// What is to be said of this key that means this here; none where it was said, or there is nothing to say.
pub(super) fn explained(model: &Model, key: Key, meaning: Meaning) -> Option<Explained> {
    let found = model.keys.elsewhere(key, meaning)?;
    if model.explained.contains(found.key) {
        return None;
    }
    let is_held = match meaning {
        Meaning::Action(action) => {
            let leaves = matches!(action.id, ActionId::Page | ActionId::Suspend);
            leaves || action.danger != Danger::Look
        }
        Meaning::Prefix | Meaning::Nothing => false,
    };
    let mut text = found.in_words(&model.keys, meaning);
    if is_held {
        text.push_str("; again does it");
    }
    Some(Explained {
        key: found.key,
        text,
        is_held,
    })
}

/// Says it, and does what the key means unless it is held back.
pub(super) fn tell(
    model: &mut Model,
    now: Now,
    explained: Explained,
    act: impl FnOnce(&mut Model) -> Vec<Cmd>,
) -> Vec<Cmd> {
    model.explained.insert(explained.key);
    let cmds = match explained.is_held {
        true => {
            model.strokes.clear();
            model.count = None;
            Vec::new()
        }
        false => act(model),
    };
    model.tell(now, Level::Warn, explained.text);
    cmds
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::app::remembered::Remembered;
    use crate::console::app::samples::{calls, connected, list, press};
    use crate::console::keys::KeyShelf;

    fn with_keys_of(preset: &str) -> Model {
        let mut model = connected(false);
        model.keys = KeyShelf::new(None).preset(preset).unwrap();
        Remembered::default().recall(&mut model);
        model
    }

    fn told(model: &Model) -> &str {
        model.toast.as_ref().map_or("", |toast| &toast.text)
    }

    #[test]
    fn a_key_of_k9s_is_explained_once_and_does_what_it_does_here() {
        let mut model = with_keys_of("k9s");
        let cmds = press(&mut model, 10, "ctrl-d");
        assert!(told(&model).starts_with("ctrl-d is delete in k9s, here: half a page down"));
        assert!(list(&model).selected().is_some(), "it moves");
        let kept = cmds.iter().find_map(|cmd| match cmd {
            Cmd::Remember(remembered) => Some(remembered.clone()),
            _ => None,
        });
        model.toast = None;
        press(&mut model, 20, "g g ctrl-d");
        assert_eq!(told(&model), "");
        let mut again = with_keys_of("k9s");
        kept.unwrap().recall(&mut again);
        press(&mut again, 10, "ctrl-d");
        assert_eq!(told(&again), "", "another run");
        press(&mut again, 20, "ctrl-k");
        assert!(told(&again).starts_with("ctrl-k is kill in k9s, here: nothing; x cancels"));
        press(&mut again, 30, "ctrl-k");
        assert!(told(&again).starts_with("ctrl-k does nothing here"));
    }

    #[test]
    fn what_would_change_something_is_explained_before_it_is_done() {
        let mut model = with_keys_of("k9s");
        press(&mut model, 10, "j");
        for (key, what) in [("r", "restart"), ("e", "edit"), ("ctrl-z", "toggle faults")] {
            let cmds = press(&mut model, 20, key);
            assert_eq!(calls(&cmds), [] as [&crate::console::app::msg::Call; 0]);
            assert!(
                cmds.iter().all(|cmd| matches!(cmd, Cmd::Remember(_))),
                "{cmds:?}"
            );
            assert!(model.grace.is_none());
            assert!(told(&model).contains(what), "{}", told(&model));
            assert!(
                told(&model).ends_with("; again does it"),
                "{}",
                told(&model)
            );
        }
        press(&mut model, 30, "r");
        assert!(model.grace.is_some());
    }

    #[test]
    fn chords_go_on_and_other_presets_explain_nothing() {
        let mut model = with_keys_of("k9s");
        press(&mut model, 10, "j y");
        assert!(told(&model).contains("y is YAML in k9s, here: begins longer keys"));
        let cmds = press(&mut model, 20, "j");
        assert!(
            cmds.iter().any(|cmd| matches!(cmd, Cmd::Copy(_))),
            "{cmds:?}"
        );
        for preset in ["ops", "vim"] {
            let mut model = with_keys_of(preset);
            press(&mut model, 10, "ctrl-d");
            assert_eq!(told(&model), "", "{preset}");
        }
    }
}
