//! One file of keys as read, and everything that is wrong with it by itself.
//!
//! ```toml
//! preset = "ops"                  # what it builds upon; ops, the table of actions, when absent
//! unbind = ["x"]                  # keys below that are to mean nothing, everywhere
//! [list]                          # everywhere, list, dialog, or the name of a view or a dialog
//! "r" = "delivery.replay"
//! "g d" = "view.deliveries"
//! "R" = { action = "replay.plan", when = "marks > 0" }       # else what R means below
//! "x" = [{ action = "row.unmark", when = "marks > 0" }, "list.follow"]
//! ```

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keymap::{Origin, Strokes};
use super::scope::Scope;
use super::taken::read_strokes;
use super::when::Condition;
use super::within::{LEAVES, heard, is_fixed};
use crate::console::actions::{ACTIONS, Action, ActionId, Place};
use crate::console::app::count::digit;
use crate::domain::flaw::{Flaw, line_and_column};

/// Names what a file builds upon.
const PRESET: &str = "preset";
/// Names keys that are to mean nothing.
const UNBIND: &str = "unbind";
/// Names what is meant, and when.
const ACTION: &str = "action";
const WHEN: &str = "when";
/// What a key can mean, by one condition after the other.
const ALTERNATIVES_MAX: usize = 8;
/// What the TOML parser says of a key that stands twice in a table.
const TWICE: &str = "duplicate key";

/// A file of keys as read.
#[derive(Debug)]
pub(super) struct KeyFile {
    name: String,
    text: String,
    /// What it builds upon, and where that stands.
    pub(super) preset: Option<(String, usize)>,
    /// What means nothing from here on, in the file's order.
    pub(super) unbound: Vec<Unbound>,
    /// What it binds, in the file's order.
    pub(super) bound: Vec<Bound>,
}

/// Strokes that are to mean nothing.
#[derive(Debug)]
pub(super) struct Unbound {
    pub(super) strokes: Strokes,
    pub(super) scope: Scope,
    /// The byte at which it stands.
    pub(super) at: usize,
}

/// Strokes that are to mean an action.
#[derive(Debug)]
pub(super) struct Bound {
    pub(super) strokes: Strokes,
    pub(super) action: &'static Action,
    /// Those of its scope in which the action does something; never empty.
    pub(super) places: Vec<Place>,
    /// When it is; always without one.
    pub(super) when: Option<Condition>,
    /// The byte at which it stands.
    pub(super) at: usize,
}

impl KeyFile {
    /// Reads a file's text; beside what could be read comes all that could not.
    pub(super) fn read(name: String, text: String) -> (Self, Vec<Flaw>) {
        let mut file = Self {
            name,
            text: String::new(),
            preset: None,
            unbound: Vec::new(),
            bound: Vec::new(),
        };
        let (table, errors) = DeTable::parse_recoverable(&text);
        let mut flaws = Vec::new();
        for error in &errors {
            let at = error.span().map_or(0, |span| span.start);
            flaws.push((at, file.syntax(&text, table.get_ref(), at, error.message())));
        }
        // Of a text that is no TOML, what was understood may not be what was meant.
        if errors.iter().all(|error| error.message() == TWICE) {
            for (key, value) in table.get_ref() {
                file.part(key, value, &mut flaws);
            }
        }
        file.bound.sort_by_key(|bound| bound.at);
        file.unbound.sort_by_key(|unbound| unbound.at);
        file.text = text;
        flaws.sort();
        let flaws = flaws.into_iter();
        let flaws = flaws.map(|(at, problem)| file.flaw(at, problem)).collect();
        (file, flaws)
    }

    /// Whether this is the file of the preset of that name.
    pub(super) fn is_named(&self, preset: &str) -> bool {
        let name = std::path::Path::new(&self.name).file_stem();
        name.is_some_and(|name| name == preset)
    }

    /// A flaw at this byte.
    pub(super) fn flaw(&self, at: usize, problem: String) -> Flaw {
        Flaw::at(&self.name, &self.text, at, problem)
    }

    /// The place of this byte.
    pub(super) fn origin(&self, at: usize) -> Origin {
        let (line, column) = line_and_column(&self.text, at);
        Origin::Line {
            file: self.name.clone(),
            line,
            column,
        }
    }

    /// An error of the parser; of a key that stands twice, with the place where it stood first.
    fn syntax(&self, text: &str, table: &DeTable<'_>, at: usize, message: &str) -> String {
        if message != TWICE {
            return message.replace('\n', "; ");
        }
        let written = |at: usize| text.get(at..).unwrap_or_default();
        let inner = table
            .values()
            .filter_map(|value| value.get_ref().as_table());
        let first = std::iter::once(table)
            .chain(inner)
            .flat_map(DeTable::keys)
            .filter(|key| key.span().start < at)
            .filter(|key| written(at).starts_with(&text[key.span()]))
            .max_by_key(|key| key.span().start);
        match first {
            Some(key) => {
                let (line, column) = line_and_column(text, key.span().start);
                let name = key.get_ref();
                let first = &self.name;
                format!("{name:?} stands twice, first at {first}:{line}:{column}: keep one of them")
            }
            None => "this stands twice: keep one of them".to_owned(),
        }
    }

    /// A part of the file: a scope, or a word at its top.
    fn part(
        &mut self,
        key: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
        flaws: &mut Vec<(usize, String)>,
    ) {
        let (name, at) = (&**key.get_ref(), key.span().start);
        match (name, value.get_ref()) {
            (PRESET, DeValue::String(preset)) => {
                self.preset = Some((preset.to_string(), value.span().start));
            }
            (PRESET, _) => flaws.push((
                value.span().start,
                "expected the name of a preset in quotes, such as \"ops\"".to_owned(),
            )),
            (UNBIND, list) => self.unbind(Scope::All, value.span().start, list, flaws),
            (_, DeValue::Table(table)) => match Scope::named(name) {
                Some(scope) => {
                    for (key, value) in table {
                        self.line(scope, key, value, flaws);
                    }
                }
                None => flaws.push((at, unknown_scope(name))),
            },
            _ => flaws.push((
                at,
                format!(
                    "{name:?} stands in no part: write it below [everywhere], [list], [dialog] or [NAME]"
                ),
            )),
        }
    }

    /// A line of a scope.
    fn line(
        &mut self,
        scope: Scope,
        key: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
        flaws: &mut Vec<(usize, String)>,
    ) {
        let at = key.span().start;
        if &**key.get_ref() == UNBIND {
            return self.unbind(scope, value.span().start, value.get_ref(), flaws);
        }
        let strokes = read_strokes(key.get_ref()).map_err(|problem| flaws.push((at, problem)));
        let before = flaws.len();
        let meanings = match value.get_ref() {
            DeValue::Array(items) => {
                if !(1..=ALTERNATIVES_MAX).contains(&items.len()) {
                    let problem =
                        format!("a list of what a key means has 1 to {ALTERNATIVES_MAX} entries");
                    flaws.push((value.span().start, problem));
                }
                let items = items.iter().take(ALTERNATIVES_MAX);
                items
                    .filter_map(|item| meaning(item.span().start, item, flaws))
                    .collect()
            }
            _ => Vec::from_iter(meaning(at, value, flaws)),
        };
        let Ok(strokes) = strokes else { return };
        // What stands after one that cannot be read may depend on it.
        for meaning in meanings.into_iter().filter(|_| flaws.len() == before) {
            let places = meaning.action.places.iter().copied();
            let places: Vec<Place> = places.filter(|place| scope.has(*place)).collect();
            if places.is_empty() {
                let problem = format!(
                    "{} does nothing in [{}]: it works in {}",
                    meaning.action.name,
                    scope.name(),
                    Scope::words(meaning.action.places)
                );
                return flaws.push((meaning.named_at, problem));
            }
            if meaning.action.id == ActionId::Count && !is_count(&strokes) {
                let problem = format!(
                    "{:?} is no digit that begins a count: bind one of 1 to 9 to count",
                    strokes.to_string()
                );
                return flaws.push((meaning.at, problem));
            }
            let places = match heard(&strokes, meaning.action.id, meaning.when.is_some(), &places) {
                Ok(places) => places,
                Err(problem) => return flaws.push((meaning.at, problem)),
            };
            self.bound.push(Bound {
                strokes: strokes.clone(),
                action: meaning.action,
                places,
                when: meaning.when,
                at: meaning.at,
            });
        }
    }

    fn unbind(
        &mut self,
        scope: Scope,
        at: usize,
        list: &DeValue<'_>,
        flaws: &mut Vec<(usize, String)>,
    ) {
        let DeValue::Array(items) = list else {
            return flaws.push((
                at,
                "expected a list of keys, such as [\"x\", \"g d\"]".into(),
            ));
        };
        for item in items {
            let at = item.span().start;
            let DeValue::String(text) = item.get_ref() else {
                flaws.push((at, "expected a key in quotes, such as \"x\"".into()));
                continue;
            };
            match read_strokes(text) {
                Ok(strokes) if scope.places().any(|place| is_fixed(place, &strokes)) => {
                    flaws.push((at, format!("{LEAVES}: leave it out")));
                }
                Ok(strokes) => self.unbound.push(Unbound { strokes, scope, at }),
                Err(problem) => flaws.push((at, problem)),
            }
        }
    }
}

/// Whether these strokes can begin a count.
fn is_count(strokes: &Strokes) -> bool {
    matches!(strokes.0[..], [key] if digit(key).is_some_and(|digit| digit > 0))
}

/// What a key means, and when.
struct Meant {
    action: &'static Action,
    when: Option<Condition>,
    /// The byte at which it is said, and the one at which the action is named.
    at: usize,
    named_at: usize,
}

/// An action by its name, or a table with it and a condition.
fn meaning(
    at: usize,
    value: &Spanned<DeValue<'_>>,
    flaws: &mut Vec<(usize, String)>,
) -> Option<Meant> {
    let DeValue::Table(table) = value.get_ref() else {
        let action = named(value, flaws)?;
        return Some(Meant {
            action,
            when: None,
            at,
            named_at: value.span().start,
        });
    };
    let (mut action, mut when, mut is_read) = (None, None, true);
    for (key, value) in table {
        match &**key.get_ref() {
            ACTION => {
                action = named(value, flaws).map(|action| (action, value.span().start));
                is_read &= action.is_some();
            }
            WHEN => {
                when = condition(value, flaws);
                is_read &= when.is_some();
            }
            other => {
                let problem = format!("{other:?} is not known here: there are {ACTION} and {WHEN}");
                flaws.push((key.span().start, problem));
                is_read = false;
            }
        }
    }
    if action.is_none() && is_read {
        let problem = "an action is missing: write { action = \"NAME\", when = \"CONDITION\" }";
        flaws.push((value.span().start, problem.to_owned()));
    }
    let (action, named_at) = action.filter(|_| is_read)?;
    Some(Meant {
        action,
        when,
        at,
        named_at,
    })
}

fn named(
    value: &Spanned<DeValue<'_>>,
    flaws: &mut Vec<(usize, String)>,
) -> Option<&'static Action> {
    let named = match value.get_ref() {
        DeValue::String(name) => action_named(name),
        _ => Err("expected the name of an action in quotes, such as \"delivery.replay\"".into()),
    };
    let named = named.map_err(|problem| flaws.push((value.span().start, problem)));
    named.ok()
}

fn condition(value: &Spanned<DeValue<'_>>, flaws: &mut Vec<(usize, String)>) -> Option<Condition> {
    let span = value.span();
    let DeValue::String(text) = value.get_ref() else {
        let problem = "expected a condition in quotes, such as \"marks > 0\"".to_owned();
        flaws.push((span.start, problem));
        return None;
    };
    let read = Condition::read(text).map_err(|(at, problem)| {
        // Where nothing is escaped, a byte of the text is a byte of the file.
        let is_plain = span.len() == text.len() + 2;
        let at = if is_plain {
            span.start + 1 + at
        } else {
            span.start
        };
        flaws.push((at, problem));
    });
    read.ok()
}

fn action_named(name: &str) -> Result<&'static Action, String> {
    let known = ACTIONS.iter().find(|action| action.name == name);
    known.ok_or_else(|| {
        let names = ACTIONS.iter().map(|action| action.name);
        format!(
            "action {name:?} is not known{}: `hookyard keys print` lists them",
            perhaps(name, names)
        )
    })
}

fn unknown_scope(name: &str) -> String {
    let names: Vec<&str> = Scope::every().map(Scope::name).collect();
    format!(
        "[{name}] is no part of a file of keys{}: there are {}",
        perhaps(name, names.iter().copied()),
        names.join(", ")
    )
}

/// The nearest of the known names as the rest of a sentence.
pub(super) fn perhaps<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let distance = |known: &&str| {
        let own = known.rsplit('.').next().unwrap_or(known);
        strsim::damerau_levenshtein(known, name).min(strsim::damerau_levenshtein(own, name) + 1)
    };
    known
        .min_by_key(distance)
        .map_or_else(String::new, |nearest| format!(", perhaps {nearest:?}"))
}
