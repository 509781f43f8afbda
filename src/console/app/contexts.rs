//! The choice of another service by its context.

use super::choice::moved;
use super::dialogs::Pressed;
use super::grace;
use super::model::{Level, Model, Overlay};
use super::msg::{Cmd, Now};
use super::probing;
use crate::console::actions::Inside;
use crate::console::options::ExitReason;

/// The choice of a context.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ContextChoice {
    /// The chosen one by its place in the session's list.
    pub chosen: usize,
}

/// Opens the choice, at the context that is shown, and asks how each of them does.
pub(super) fn open(model: &mut Model) -> Vec<Cmd> {
    let around = &model.session.surroundings;
    let is_shown = |name: &String| around.context.as_ref() == Some(name);
    let shown = around.contexts.iter().position(|one| is_shown(&one.name));
    let chosen = shown.unwrap_or(0);
    model
        .overlays
        .push(Overlay::Contexts(ContextChoice { chosen }));
    probing::begin(model)
}

/// A key for the choice.
pub(super) fn key(model: &mut Model, now: Now, pressed: Pressed) -> Vec<Cmd> {
    let count = model.session.surroundings.contexts.len();
    let rows = model.size.1;
    let Some(Overlay::Contexts(choice)) = model.overlays.last_mut() else {
        return Vec::new();
    };
    choice.chosen = moved(pressed.means, choice.chosen, count, rows);
    match pressed.means {
        Some(Inside::Leave) => {
            model.overlays.pop();
            Vec::new()
        }
        Some(Inside::Take) => go(model, now),
        _ => Vec::new(),
    }
}

/// Goes to the chosen one: this console ends and one for that service begins, so that nothing of this one is taken along.
fn go(model: &mut Model, now: Now) -> Vec<Cmd> {
    let Some(Overlay::Contexts(choice)) = model.overlays.pop() else {
        return Vec::new();
    };
    let around = &model.session.surroundings;
    let Some(neighbour) = around.contexts.get(choice.chosen) else {
        return Vec::new();
    };
    if around.context.as_ref() == Some(&neighbour.name) {
        return Vec::new();
    }
    if model.session.embedded {
        let text = "the service runs in this process: going elsewhere would stop all deliveries";
        model.tell(now, Level::Warn, text);
        return Vec::new();
    }
    if model.grace.is_some() {
        // What waits goes out first, and is seen to.
        return grace::flush(model, now);
    }
    vec![Cmd::Exit(ExitReason::Switch(choice.chosen))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::app::samples::{connected, press};
    use crate::console::surroundings::{Environ, Neighbour};
    use crate::console::view::tests::screen;

    fn model() -> Model {
        let mut model = connected(false);
        let neighbour = |name: &str, env, changes| Neighbour {
            name: name.to_owned(),
            target: format!("ssh://ops@{name}.example.com"),
            env,
            changes,
            probe: None,
        };
        let around = &mut model.session.surroundings;
        around.contexts = vec![
            neighbour("prod", Some(Environ::Production), "armed"),
            neighbour("local", None, "changes"),
        ];
        around.context = Some("local".to_owned());
        model
    }

    #[test]
    fn contexts_are_listed_and_enter_goes_to_the_chosen_one() {
        let mut model = model();
        press(&mut model, 0, "g c");
        let shown = screen(&model, 20);
        assert!(
            shown.contains("prod")
                && shown.contains("production")
                && shown.contains("production armed "),
            "{shown}"
        );
        let current = shown.lines().find(|line| line.contains("ssh://ops@local"));
        assert!(current.unwrap().contains("here"), "{shown}");
        assert_eq!(press(&mut model, 30, "enter"), [], "it is here already");
        assert_eq!(model.overlays, []);
        press(&mut model, 40, "g c");
        assert_eq!(
            press(&mut model, 45, "k k enter"),
            [Cmd::Exit(ExitReason::Switch(0))]
        );
    }

    #[test]
    fn a_service_of_this_process_is_not_left_for_another() {
        let mut model = model();
        model.session.embedded = true;
        press(&mut model, 0, "g c");
        assert_eq!(press(&mut model, 10, "k enter"), []);
        assert!(screen(&model, 50).contains("would stop all deliveries"));
        press(&mut model, 60, "g c q");
        assert_eq!(model.overlays, []);
    }

    #[test]
    fn without_contexts_the_list_says_where_they_are_written() {
        let mut model = connected(false);
        press(&mut model, 0, "g c");
        assert!(screen(&model, 20).contains("contexts.toml"));
        assert_eq!(press(&mut model, 30, "j enter"), []);
    }
}
