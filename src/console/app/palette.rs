//! The palette: every action, endpoint, saved view and theme by a few letters of its name, and what a filter or an id finds.

use super::dialogs::Pressed;
use super::jump;
use super::line::Line;
use super::model::Data;
use crate::api::endpoint::EndpointView;
use crate::console::actions::{Action, ActionId, Inside, actions_of};
use crate::console::keys::{Facts, Keymap};
use crate::domain::id::EndpointId;

/// Entries that are listed; more letters find the others.
const LISTED_MAX: usize = 200;

/// The palette.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Palette {
    /// The letters.
    pub line: Line,
    /// The chosen entry.
    pub chosen: usize,
}

/// Something that can be chosen.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// What it is called: not escaped.
    pub title: String,
    /// Its key, empty where it has none.
    pub keys: String,
    /// The command that does the same.
    pub command: Option<&'static str>,
    /// What it does.
    pub target: Target,
}

/// What choosing does.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// An action of the table.
    Action(&'static Action),
    /// The deliveries of an endpoint.
    Endpoint(EndpointId),
    /// The deliveries of a saved view, by its name.
    Saved(String),
    /// The deliveries that a filter finds.
    Found(String),
    /// A theme by its name.
    Theme(String),
}

/// What a key of the palette asks for.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    /// Nothing but to be drawn.
    Nothing,
    /// To be closed.
    Close,
    /// To be closed, and this to be done.
    Do(Target),
}

impl Palette {
    /// What fits the letters now, the best first.
    pub(crate) fn entries(
        &self,
        keys: &Keymap,
        facts: &Facts,
        data: &Data,
        themes: &[String],
    ) -> Vec<Entry> {
        let letters = self.line.text().trim().to_lowercase();
        let actions = actions_of(facts.place).filter(|action| !is_only_a_key(action.id));
        let actions = actions.map(|action| Entry {
            title: action.title.to_owned(),
            keys: keys
                .keys_of(facts, action.id)
                .into_iter()
                .next()
                .unwrap_or_default(),
            command: action.command,
            target: Target::Action(action),
        });
        let endpoints = data.endpoints.values().map(|endpoint| Entry {
            title: format!("deliveries of {}", name(endpoint)),
            keys: String::new(),
            command: Some("hookyard delivery list ep:ENDPOINT"),
            target: Target::Endpoint(endpoint.id),
        });
        let saved = data.saved.views().iter().map(|view| Entry {
            title: format!("@{} {}", view.name, view.filter),
            keys: String::new(),
            command: Some("hookyard delivery list @NAME"),
            target: Target::Saved(view.name.clone()),
        });
        let themes = themes.iter().map(|name| Entry {
            title: format!("theme {name}"),
            keys: String::new(),
            command: None,
            target: Target::Theme(name.clone()),
        });
        let all = actions.chain(endpoints).chain(saved).chain(themes);
        let mut fitting: Vec<(u32, Entry)> = all
            .filter_map(|entry| Some((entry.rank(&letters)?, entry)))
            .collect();
        fitting.sort_by_key(|(rank, _)| *rank);
        fitting.truncate(LISTED_MAX);
        // What can be read as a filter was meant as one.
        let found = jump::filter(self.line.text().trim(), data).map(found);
        let fitting = fitting.into_iter().map(|(_, entry)| entry);
        found.into_iter().chain(fitting).collect()
    }

    /// Handles a key.
    pub(crate) fn key(
        &mut self,
        pressed: Pressed,
        keys: &Keymap,
        facts: &Facts,
        data: &Data,
        themes: &[String],
    ) -> Asked {
        let mut entries = self.entries(keys, facts, data, themes);
        match pressed.means {
            Some(Inside::Leave) => return Asked::Close,
            Some(Inside::Take) => {
                return match self.chosen < entries.len() {
                    true => Asked::Do(entries.swap_remove(self.chosen).target),
                    false => Asked::Nothing,
                };
            }
            Some(Inside::Down) => {
                self.chosen = (self.chosen + 1).min(entries.len().saturating_sub(1));
            }
            Some(Inside::Up) => {
                self.chosen = self.chosen.saturating_sub(1);
            }
            Some(_) => {}
            None => {
                if self.line.edit(pressed.key) {
                    self.chosen = 0;
                }
            }
        }
        Asked::Nothing
    }
}

impl Entry {
    /// How well letters fit it, 0 best; none when they do not.
    fn rank(&self, letters: &str) -> Option<u32> {
        match &self.target {
            Target::Action(action) if jump::is_short(letters, action.name) => Some(0),
            _ => rank(&self.title, letters).map(|rank| rank + 1),
        }
    }
}

/// The deliveries of a filter that was typed.
fn found(filter: String) -> Entry {
    Entry {
        title: format!("deliveries that fit {filter}"),
        keys: String::new(),
        command: Some("hookyard delivery list FILTER"),
        target: Target::Found(filter),
    }
}

/// What is quicker by its key than by any letters.
const fn is_only_a_key(id: ActionId) -> bool {
    matches!(
        id,
        ActionId::Count
            | ActionId::Down
            | ActionId::Up
            | ActionId::HalfDown
            | ActionId::HalfUp
            | ActionId::First
            | ActionId::Last
            | ActionId::Back
            | ActionId::Cancel
            | ActionId::Palette
    )
}

fn name(endpoint: &EndpointView) -> String {
    endpoint
        .name
        .clone()
        .unwrap_or_else(|| endpoint.url.clone())
}

/// How well letters fit a title, 0 best: as they stand at its beginning, at a word's, anywhere, or one by one in their
/// order; none when they do not.
fn rank(title: &str, letters: &str) -> Option<u32> {
    let title = title.to_lowercase();
    if title.starts_with(letters) {
        return Some(0);
    }
    match title.find(letters) {
        Some(at) if title[..at].ends_with(' ') => return Some(1),
        Some(_) => return Some(2),
        None => {}
    }
    let mut rest = title.chars();
    letters
        .chars()
        .filter(|letter| !letter.is_whitespace())
        .all(|letter| rest.any(|other| other == letter))
        .then_some(3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::actions::Place;
    use crate::console::app::model::Model;
    use crate::console::app::msg::{Call, Cmd};
    use crate::console::app::samples::{calls, connected, delivery_id, press};
    use crate::console::view::tests::screen;
    use crate::domain::id::ReplayId;

    #[test]
    fn letters_fit_better_the_more_they_are_together() {
        for (letters, expected) in [
            ("pau", Some(0)),
            ("", Some(0)),
            ("this", Some(1)),
            ("end", Some(1)),
            ("point", Some(2)),
            ("pse", Some(3)),
            ("p e", Some(3)),
            ("xyz", None),
        ] {
            assert_eq!(rank("pause this endpoint", letters), expected, "{letters}");
        }
    }

    fn opened() -> Model {
        let mut model = connected(false);
        model.session.themes = ["ansi16", "mono"].map(str::to_owned).to_vec();
        model
    }

    fn typed(model: &mut Model, text: &str) -> Vec<Cmd> {
        press(model, 0, ":");
        let letters = text.chars().map(|letter| match letter {
            ' ' => "space".to_owned(),
            letter => letter.to_string(),
        });
        let keys: Vec<String> = letters.chain(["enter".to_owned()]).collect();
        press(model, 10, &keys.join(" "))
    }

    #[test]
    fn an_id_or_a_filter_that_is_typed_leads_to_its_deliveries_from_any_view() {
        let id = delivery_id(3).to_string();
        let replay = ReplayId::from_i64(9);
        for (text, filter) in [
            (id.clone(), id),
            ("state:dead lat>2s".into(), "state:dead lat>2s".into()),
            (replay.to_string(), format!("replay:{replay}")),
        ] {
            let mut model = opened();
            let cmds = typed(&mut model, &text);
            let cursor = None;
            assert_eq!(calls(&cmds), [&Call::Deliveries { filter, cursor }]);
        }
    }

    #[test]
    fn what_is_no_filter_is_looked_for_among_names_only() {
        let mut model = opened();
        assert_eq!(typed(&mut model, "state:nonsense"), []);
        assert!(screen(&model, 500).contains("nothing fits"));
    }

    #[test]
    fn views_are_found_by_the_names_that_other_consoles_give_them() {
        for (short, place) in [
            ("dl", Place::Deliveries),
            ("ep", Place::Endpoints),
            ("dlq", Place::Dead),
            ("jobs", Place::Replays),
        ] {
            let mut model = opened();
            typed(&mut model, short);
            assert_eq!(model.place(), place, "{short}");
        }
    }

    #[test]
    fn a_theme_is_taken_by_its_name() {
        let mut model = opened();
        let cmds = typed(&mut model, "theme mo");
        assert_eq!(cmds, [Cmd::Theme("mono".to_owned())]);
    }
}
