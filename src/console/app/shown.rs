//! What is shown, by names that scripts know: the view and its tab, the line that is being typed, and what lies upon it.

use super::columns::Wants;
use super::endpoint_form::Subject;
use super::inspector::Tab;
use super::model::{Model, Overlay, Screen};
use super::plan::Intent;
use super::take_away::Wanted;
use crate::console::actions::{Dialog, EVERYWHERE, Place};

/// Lines that are typed in a view.
const LINES: [&str; 2] = [Dialog::Filter.name(), Dialog::Words.name()];

/// What stands below a view.
const TOUR: &str = "tour";

/// What can lie upon a view.
const OVERLAYS: [&str; 19] = [
    "help",
    "confirm",
    "palette",
    "plan-replay",
    "plan-discard",
    "form-create",
    "form-edit",
    "form-rotate",
    "prompt-file",
    "prompt-command",
    "secret",
    "arm",
    "contexts",
    "themes",
    "note",
    "save",
    "columns",
    "sort",
    "views",
];

/// Every name that can stand in what is shown: views, tabs of a delivery as `inspector.raw`, lines, overlays.
pub fn all_shown() -> Vec<String> {
    let views = EVERYWHERE
        .iter()
        .filter(|place| **place != Place::Inspector);
    let views = views.map(|place| place.name().to_owned());
    let tabs = Tab::ALL.iter().map(|tab| name_of(*tab));
    let others = LINES.iter().chain(&OVERLAYS).chain([&TOUR]);
    let others = others.map(|name| (*name).to_owned());
    views.chain(tabs).chain(others).collect()
}

/// The names of what is shown now, from the view upwards, joined by `+`.
pub(crate) fn shown(model: &Model) -> String {
    let mut names = match model.screen() {
        Screen::Inspector(inspector) => name_of(inspector.tab),
        other => other.place().name().to_owned(),
    };
    let mut add = |name: &str| {
        names.push('+');
        names.push_str(name);
    };
    if let Some(line) = model.line() {
        add(line.name());
    }
    if model.tour.is_some() {
        add(TOUR);
    }
    for overlay in &model.overlays {
        add(OVERLAYS[number_of(overlay)]);
    }
    names
}

fn name_of(tab: Tab) -> String {
    let word = tab.word().to_ascii_lowercase();
    format!("{}.{word}", Place::Inspector.name())
}

/// Its place among [`OVERLAYS`].
const fn number_of(overlay: &Overlay) -> usize {
    match overlay {
        Overlay::Help { .. } => 0,
        Overlay::Confirm(_) => 1,
        Overlay::Palette(_) => 2,
        Overlay::Plan(dialog) => match dialog.intent {
            Intent::Replay => 3,
            Intent::Discard => 4,
        },
        Overlay::Form(form) => match form.subject {
            Subject::Create => 5,
            Subject::Edit(_) => 6,
            Subject::Rotate(..) => 7,
        },
        Overlay::Prompt(prompt) => match prompt.wanted {
            Wanted::File => 8,
            Wanted::Command => 9,
        },
        Overlay::Secret(_) => 10,
        Overlay::Arm(_) => 11,
        Overlay::Contexts(_) => 12,
        Overlay::Themes(_) => 13,
        Overlay::Note(_) => 14,
        Overlay::Save(_) => 15,
        Overlay::Columns(choice) => match choice.wants {
            Wants::Columns => 16,
            Wants::Order => 17,
        },
        Overlay::Saved(_) => 18,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::app::samples::{connected, press, serve};

    #[test]
    fn what_is_shown_has_a_name_of_the_list_for_each_of_its_layers() {
        let mut model = connected(false);
        assert_eq!(shown(&model), "deliveries");
        press(&mut model, 0, "/");
        assert_eq!(shown(&model), "deliveries+filter");
        press(&mut model, 0, "esc j enter l");
        assert_eq!(shown(&model), "inspector.request");
        for keys in ["5", "X"] {
            let cmds = press(&mut model, 100, keys);
            serve(&mut model, 110, cmds);
        }
        assert_eq!(shown(&model), "dead+plan-discard");
        press(&mut model, 1_000, "esc 7 /");
        assert_eq!(shown(&model), "audit+words");
        let known = all_shown();
        for name in "dead+plan-discard+audit+words+inspector.request".split('+') {
            assert!(known.iter().any(|one| one == name), "{name}");
        }
    }
}
