//! The keys in force as rows of a list, and as the table that the README has.

use serde::Serialize;

use super::keymap::{Binding, Keymap};
use super::scope::Scope;
use crate::console::actions::{ACTIONS, Action, Danger};

/// A key in force; an action that has none has a row without one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyRow {
    /// The strokes, such as `g d`; `None` where the action has no key.
    pub key: Option<String>,
    /// The action's name, as files of keys have it.
    pub action: &'static str,
    /// Where it applies: `everywhere`, `list`, or views.
    pub scope: String,
    /// When it does, such as `marks > 0`; `None` for always.
    pub when: Option<String>,
    /// What it does.
    pub title: &'static str,
    /// Whether it changes something.
    pub changes: bool,
    /// The command that does the same.
    pub command: Option<&'static str>,
    /// `preset ops`, or the place in a file; `None` where there is no key.
    pub from: Option<String>,
    /// Whether the action has a key only where a file gives it one: nothing is amiss without.
    #[serde(skip)]
    pub optional: bool,
}

impl Keymap {
    /// Every key, action by action in the order of footer and help.
    pub fn rows(&self) -> Vec<KeyRow> {
        let mut rows = Vec::new();
        for action in ACTIONS {
            let row = |binding: Option<&Binding>| KeyRow {
                key: binding.map(|binding| binding.strokes.to_string()),
                action: action.name,
                scope: Scope::words(binding.map_or(action.places, |binding| &binding.places)),
                when: binding.and_then(|binding| Some(binding.when.as_ref()?.to_string())),
                title: action.title,
                changes: action.danger != Danger::Look,
                command: action.command,
                from: binding.map(|binding| binding.origin.to_string()),
                optional: action.keys.is_empty(),
            };
            let before = rows.len();
            rows.extend(self.of(action).map(|binding| row(Some(binding))));
            if rows.len() == before {
                rows.push(row(None));
            }
        }
        rows
    }

    /// The keys as a table in Markdown.
    pub fn markdown(&self) -> String {
        let told = |action: &&Action| !action.keys.is_empty() || self.of(action).next().is_some();
        let rows = ACTIONS.iter().filter(told).map(|action| self.line(action));
        let head = "| key | what it does | where | the same by command |\n|---|---|---|---|\n";
        format!("{head}{}", rows.collect::<String>())
    }

    fn line(&self, action: &Action) -> String {
        let keys = self.of(action).map(|binding| {
            // One that applies in a part of the action's views says which.
            let within = if binding.places.len() == action.places.len() {
                String::new()
            } else {
                let titles = binding.places.iter().map(|place| place.title());
                format!(" ({})", titles.collect::<Vec<_>>().join(", "))
            };
            let when = binding.when.as_ref();
            let when = when.map_or_else(String::new, |when| {
                // A bar would end the cell.
                format!(" when `{}`", when.to_string().replace('|', "\\|"))
            });
            format!("`{}`{within}{when}", binding.strokes)
        });
        let keys: Vec<String> = keys.collect();
        let asks = match action.danger {
            Danger::Look => "",
            Danger::Change => " **(changes)**",
            Danger::Ask => " **(changes, asks first)**",
        };
        let places = if action.is_everywhere() {
            "everywhere".to_owned()
        } else if action.is_in_every_dialog() {
            "every dialog".to_owned()
        } else {
            let places = action.places.iter().map(|place| place.title());
            places.collect::<Vec<_>>().join(", ")
        };
        let command = action
            .command
            .map_or_else(String::new, |command| format!("`{command}`"));
        let title = action.title.replace(" (asks)", "");
        format!(
            "| {} | {title}{asks} | {places} | {command} |\n",
            keys.join(" ")
        )
    }

    fn of(&self, action: &Action) -> impl Iterator<Item = &Binding> {
        let id = action.id;
        self.bindings.iter().filter(move |one| one.action.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::keys::KeyShelf;

    #[test]
    fn rows_tell_where_each_key_is_from_and_which_action_has_none() {
        let text = "unbind = [\"=\"]\n[deliveries]\n\"F\" = \"list.follow\"\n";
        let keys = KeyShelf::new(None).text("keys.toml", text.to_owned());
        let rows = keys.unwrap().rows();
        let of = |action: &str| -> Vec<&KeyRow> {
            rows.iter().filter(|row| row.action == action).collect()
        };
        let follow = of("list.follow");
        assert_eq!(follow[0].key.as_deref(), Some("F"));
        assert_eq!(follow[0].from.as_deref(), Some("keys.toml:3:1"));
        assert_eq!(follow[1].from.as_deref(), Some("preset ops"));
        assert_eq!(of("command")[0].key, None);
        assert_eq!(of("command")[0].scope, "everywhere");
    }

    #[test]
    fn the_readme_has_the_keys_of_the_table() {
        let marks = ("<!-- keys -->\n", "<!-- end of keys -->\n");
        let readme = include_str!("../../../README.md");
        let start = readme.find(marks.0).expect("the README has the mark") + marks.0.len();
        let end = readme.find(marks.1).expect("the README has the end mark");
        let expected = Keymap::ops().markdown();
        assert!(
            readme[start..end] == expected,
            "between the marks the README should have:\n{expected}"
        );
    }
}
