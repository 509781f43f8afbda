//! The line in which a filter is typed: what is wrong with it, what could stand there, and what was typed before.

use std::collections::VecDeque;

use super::completion::{self, Offer};
use super::dialogs::Pressed;
use super::line::Line;
use super::model::Data;
use super::rows::Rows;
use crate::console::actions::Inside;
use crate::domain::filter::{Filter, FilterErrors};

/// Filters that are remembered.
const REMEMBERED_MAX: usize = 50;

/// A filter that is being typed.
#[derive(Clone, Debug)]
pub(crate) struct FilterLine {
    /// The text.
    pub line: Line,
    /// What is wrong with it.
    pub problem: Option<FilterProblem>,
    /// What could stand at the cursor.
    pub offer: Offer,
    /// The one of them that stands there.
    pub chosen: Option<usize>,
    /// How far back in what was typed before.
    back: usize,
    /// What was typed before going back.
    draft: String,
}

/// What is wrong with a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FilterProblem {
    /// The first byte of the place.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
    /// In words.
    pub text: String,
}

/// Filters that were applied, the latest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct FilterHistory(VecDeque<String>);

/// What a key of the line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Nothing but to be drawn.
    Nothing,
    /// To be left; the filter in force stays.
    Leave,
    /// To be applied.
    Apply(String),
}

impl FilterHistory {
    /// Remembers a filter as the latest.
    pub(crate) fn remember(&mut self, filter: &str) {
        if filter.is_empty() {
            return;
        }
        self.0.retain(|known| known != filter);
        self.0.push_front(filter.to_owned());
        self.0.truncate(REMEMBERED_MAX);
    }
}

impl FilterLine {
    /// Begins with the filter in force.
    pub(crate) fn new(filter: &str, data: &Data) -> Self {
        let mut begun = Self {
            line: Line::with(filter),
            problem: None,
            offer: Offer::default(),
            chosen: None,
            back: 0,
            draft: String::new(),
        };
        begun.check(data);
        begun
    }

    /// Puts pasted text at the cursor.
    pub(crate) fn paste(&mut self, text: &str, data: &Data) {
        self.line.insert(text);
        self.check(data);
        self.offer = Offer::default();
    }

    /// Reads the text again where something was learnt: nothing is offered that was not, unless a name is being typed.
    pub(crate) fn hear(&mut self, rows: &Rows, data: &Data) {
        self.check(data);
        if self.chosen.is_none() {
            let offer = completion::offer(self.line.before_cursor(), rows, data);
            if offer.is_of_names() {
                self.offer = offer;
            }
        }
    }

    /// Handles a key.
    pub(crate) fn key(
        &mut self,
        pressed: Pressed,
        rows: &Rows,
        data: &Data,
        history: &FilterHistory,
    ) -> Asked {
        match pressed.means {
            Some(Inside::Leave) => return Asked::Leave,
            // A filter that cannot be read stays in its line, the last good one in force.
            Some(Inside::Take) if self.problem.is_some() => {}
            Some(Inside::Take) => return Asked::Apply(self.line.text().trim().to_owned()),
            Some(Inside::Complete) => self.complete(data, true),
            Some(Inside::CompleteBack) => self.complete(data, false),
            Some(Inside::Earlier) => self.recall(data, history, self.back + 1),
            Some(Inside::Later) => self.recall(data, history, self.back.saturating_sub(1)),
            Some(_) => {}
            None => {
                if self.line.edit(pressed.key) {
                    self.check(data);
                    self.chosen = None;
                    self.offer = completion::offer(self.line.before_cursor(), rows, data);
                }
            }
        }
        Asked::Nothing
    }

    /// Puts the next of what is offered into its place.
    fn complete(&mut self, data: &Data, forward: bool) {
        let count = self.offer.candidates.len();
        let next = match self.chosen {
            _ if count == 0 => return,
            None if forward => 0,
            None => count - 1,
            Some(at) if forward => (at + 1) % count,
            Some(at) => at.checked_sub(1).unwrap_or(count - 1),
        };
        let text = &self.offer.candidates[next].text;
        self.line.replace_from(self.offer.start, text);
        self.chosen = Some(next);
        self.check(data);
    }

    /// Shows what was typed before; 0 is what is being typed now.
    fn recall(&mut self, data: &Data, history: &FilterHistory, back: usize) {
        if self.back == 0 {
            self.draft = self.line.text().to_owned();
        }
        let text = match back.checked_sub(1) {
            None => self.draft.clone(),
            Some(at) => match history.0.get(at) {
                Some(filter) => filter.clone(),
                None => return,
            },
        };
        self.back = back;
        self.line = Line::with(&text);
        self.offer = Offer::default();
        self.chosen = None;
        self.check(data);
    }

    /// Reads the text again after it has changed.
    fn check(&mut self, data: &Data) {
        self.problem = Filter::check(self.line.text(), data.saved.filters())
            .err()
            .and_then(|errors| FilterProblem::first(&errors));
    }
}

impl FilterProblem {
    fn first(errors: &FilterErrors) -> Option<Self> {
        let first = errors.errors.first()?;
        Some(Self {
            start: first.span.start,
            end: first.span.end.max(first.span.start + 1),
            text: first.problem.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::actions::Dialog;
    use crate::console::input::key::Key;
    use crate::console::keys::Keymap;

    fn typed(line: &mut FilterLine, keys: &str, history: &FilterHistory) -> Asked {
        let (rows, data) = (Rows::default(), Data::default());
        let own = Keymap::ops();
        let keys = keys.split(' ').map(|key| Key::parse(key).unwrap());
        let keys = keys.map(|key| Pressed::new(&own, Dialog::Filter, true, key));
        let asked = keys.map(|key| line.key(key, &rows, &data, history));
        asked.last().unwrap()
    }

    #[test]
    fn tab_goes_through_what_could_stand_there_and_back() {
        let mut line = FilterLine::new("", &Data::default());
        let none = FilterHistory::default();
        typed(&mut line, "s t a tab", &none);
        assert_eq!(line.line.text(), "state:");
        typed(&mut line, "tab", &none);
        assert_eq!(line.line.text(), "status:");
        typed(&mut line, "shift-tab d e tab", &none);
        assert_eq!(line.line.text(), "state:dead");
        assert_eq!(
            typed(&mut line, "enter", &none),
            Asked::Apply("state:dead".into())
        );
    }

    #[test]
    fn what_was_applied_is_recalled_the_latest_first_and_what_was_being_typed_is_not_lost() {
        let mut history = FilterHistory::default();
        for filter in ["ep:a", "ep:b", "ep:a", ""] {
            history.remember(filter);
        }
        let mut line = FilterLine::new("", &Data::default());
        typed(&mut line, "x up", &history);
        assert_eq!(line.line.text(), "ep:a");
        typed(&mut line, "up up up", &history);
        assert_eq!(line.line.text(), "ep:b", "each is remembered once");
        typed(&mut line, "down down down", &history);
        assert_eq!(line.line.text(), "x");
    }

    #[test]
    fn what_cannot_be_read_is_not_applied() {
        let mut line = FilterLine::new("state:dead", &Data::default());
        let none = FilterHistory::default();
        assert_eq!(typed(&mut line, "x enter", &none), Asked::Nothing);
        assert!(line.problem.is_some());
        assert_eq!(typed(&mut line, "esc", &none), Asked::Leave);
    }
}
