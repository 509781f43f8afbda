//! The choice of a theme: each is in force while it is chosen.

use super::choice::moved;
use super::dialogs::Pressed;
use super::model::{Level, Model, Overlay};
use super::msg::{Cmd, Now};
use crate::console::actions::Inside;
use crate::console::theme::{Appearance, Theme};

/// The choice of a theme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ThemeChoice {
    /// The chosen one by its place in the session's list.
    pub chosen: usize,
    /// The one that was in force before.
    before: String,
}

/// Opens the choice, at the theme in force.
pub(super) fn open(model: &mut Model) {
    let session = &model.session;
    let shown = session
        .themes
        .iter()
        .position(|name| *name == session.theme);
    let choice = ThemeChoice {
        chosen: shown.unwrap_or(0),
        before: session.theme.clone(),
    };
    model.overlays.push(Overlay::Themes(choice));
}

/// A key for the choice.
pub(super) fn key(model: &mut Model, now: Now, pressed: Pressed) -> Vec<Cmd> {
    let count = model.session.themes.len();
    let rows = model.size.1;
    let Some(Overlay::Themes(choice)) = model.overlays.last_mut() else {
        return Vec::new();
    };
    choice.chosen = moved(pressed.means, choice.chosen, count, rows);
    match pressed.means {
        Some(Inside::Take) => {
            model.overlays.pop();
            let name = model.session.theme.clone();
            chosen(model, now, &name);
            return Vec::new();
        }
        Some(Inside::Leave) => {
            let before = std::mem::take(&mut choice.before);
            model.overlays.pop();
            return vec![Cmd::Theme(before)];
        }
        Some(_) => {}
        None => return Vec::new(),
    }
    let name = model.session.themes.get(choice.chosen);
    name.map(|name| Cmd::Theme(name.clone()))
        .into_iter()
        .collect()
}

/// This one was chosen: none that would fit the background better takes its place.
pub(super) fn chosen(model: &mut Model, now: Now, name: &str) {
    model.session.fitted = false;
    let text = format!("theme {name} until you quit: --theme {name} begins with it");
    model.tell(now, Level::Info, text);
}

/// The terminal has told its background: the theme that fits it, where none was named or chosen.
pub(super) fn fit(model: &mut Model, background: Appearance) -> Vec<Cmd> {
    if !model.session.fitted {
        return Vec::new();
    }
    let name = Theme::upon(background).to_owned();
    let open = model.overlays.iter_mut().find_map(|overlay| match overlay {
        Overlay::Themes(choice) => Some(choice),
        _ => None,
    });
    match open {
        // Another is being looked at.
        Some(choice) => choice.before = name,
        None if name != model.session.theme => return vec![Cmd::Theme(name)],
        None => {}
    }
    Vec::new()
}

/// What brings the theme back that was in force before a choice that is closed unmade.
pub(super) fn cancelled(closed: impl Iterator<Item = Overlay>) -> Vec<Cmd> {
    let before = closed.filter_map(|overlay| match overlay {
        Overlay::Themes(choice) => Some(Cmd::Theme(choice.before)),
        _ => None,
    });
    before.collect()
}

/// What came of it: the theme that is in force now, or why one cannot be.
pub(super) fn take(model: &mut Model, now: Now, result: Result<String, String>) {
    match result {
        Ok(name) => model.session.theme = name,
        Err(reason) => model.tell(now, Level::Error, reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::app::msg::Msg;
    use crate::console::app::samples::{at, connected, press};
    use crate::console::app::update::update;
    use crate::console::input::bytes::Typed;

    fn model() -> Model {
        let mut model = connected(false);
        model.session.themes = ["ansi16", "broken", "mono"].map(str::to_owned).to_vec();
        model.session.theme = "ansi16".to_owned();
        model
    }

    fn themed(model: &mut Model, result: Result<&str, &str>) {
        let result = result.map(str::to_owned).map_err(str::to_owned);
        update(model, at(150), Msg::Themed(result));
    }

    #[test]
    fn a_theme_is_in_force_while_it_is_chosen_and_stays_with_enter() {
        let mut model = model();
        assert_eq!(press(&mut model, 100, "g t"), []);
        assert_eq!(press(&mut model, 110, "k"), [Cmd::Theme("ansi16".into())]);
        assert_eq!(press(&mut model, 120, "j"), [Cmd::Theme("broken".into())]);
        themed(&mut model, Err("broken.toml:3:1: no colour"));
        assert!(model.toast.as_ref().unwrap().text.contains(":3:1"));
        assert_eq!(model.session.theme, "ansi16", "it stays as it was");
        assert_eq!(
            press(&mut model, 160, "j j"),
            [Cmd::Theme("mono".into()), Cmd::Theme("mono".into())]
        );
        themed(&mut model, Ok("mono"));
        assert_eq!(press(&mut model, 170, "enter"), []);
        assert!(model.overlays.is_empty());
        assert!(model.toast.unwrap().text.contains("--theme mono"));
    }

    #[test]
    fn the_theme_goes_with_the_background_until_one_is_chosen() {
        let mut model = model();
        let told = |model: &mut Model, background| {
            let told = Msg::Typed(Typed::Background(background));
            update(model, at(100), told)
        };
        assert_eq!(told(&mut model, Appearance::Light), [], "one was named");
        model.session.fitted = true;
        let light = [Cmd::Theme("yard-light".into())];
        assert_eq!(told(&mut model, Appearance::Light), light);
        themed(&mut model, Ok("yard-light"));
        assert_eq!(told(&mut model, Appearance::Light), []);
        press(&mut model, 160, "g t");
        assert_eq!(
            told(&mut model, Appearance::Dark),
            [],
            "a choice is not interrupted"
        );
        let dark = [Cmd::Theme("yard-dark".into())];
        assert_eq!(press(&mut model, 170, "esc"), dark);
        themed(&mut model, Ok("yard-dark"));
        press(&mut model, 180, "g t enter");
        assert_eq!(told(&mut model, Appearance::Light), [], "one was chosen");
    }

    #[test]
    fn leaving_the_choice_puts_the_theme_before_in_force_again() {
        for key in ["esc", "ctrl-c"] {
            let mut model = model();
            press(&mut model, 100, "g t G j j");
            themed(&mut model, Ok("mono"));
            assert_eq!(press(&mut model, 160, key), [Cmd::Theme("ansi16".into())]);
            assert!(model.overlays.is_empty());
        }
    }
}
