//! How the text of a delivery's tab is read: how far it is scrolled, which of its JSON is folded, and what is looked for
//! in it. The view knows which lines that makes; whatever depends on them is asked of it.

use std::collections::BTreeSet;

use super::deliveries::window;
use super::inspector::Inspector;
use super::model::{Level, Model, Screen};
use super::msg::Now;
use super::sieve::Sieve;
use crate::console::actions::{ActionId, InText};
use crate::console::view::inspector::{Layout, layout};

/// How a text is read.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// The first line on the screen.
    pub scroll: usize,
    /// The line that keys act on, in a text that has something to fold.
    pub line: usize,
    /// What is folded.
    pub folded: BTreeSet<Node>,
    /// Whether long lines are cut instead of going on in further rows.
    pub cuts: bool,
    /// The words that are looked for.
    pub words: Sieve,
    /// The line of the match that was gone to last.
    pub found: Option<usize>,
    /// Where reading was before words were typed.
    origin: (usize, usize),
}

/// A body that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// What was sent.
    Request,
    /// What came back.
    Response,
}

/// An object or an array of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Node {
    /// The body.
    pub part: Part,
    /// How many begin before it, so 0 is the whole of it.
    pub number: usize,
}

impl Reading {
    /// Begins at the top; words stay to be looked for in another text.
    pub(crate) fn begin(&mut self) {
        self.scroll = 0;
        self.line = 0;
        self.found = None;
    }

    /// The line from which it is read on.
    fn top(&self, layout: &Layout) -> usize {
        match layout.nodes.is_empty() {
            true => self.scroll,
            false => self.line,
        }
    }

    /// Goes to a line, so that it can be seen.
    fn go(&mut self, line: usize, layout: &Layout) {
        self.line = line;
        let is_seen = (self.scroll..self.scroll + layout.height).contains(&line);
        if !is_seen {
            // Some lines above it tell where it stands.
            self.scroll = line.saturating_sub(layout.height / 3);
        }
        self.settle(layout);
    }

    /// Keeps line and scroll where there is text.
    fn settle(&mut self, layout: &Layout) {
        self.line = self.line.min(layout.lines.saturating_sub(1));
        if layout.nodes.is_empty() {
            self.scroll = self.scroll.min(layout.scroll_end());
        } else {
            self.scroll = window(self.scroll, self.line, layout.lines, layout.height);
        }
    }
}

/// The delivery that is looked at, and how its text lies.
fn open(model: &mut Model) -> Option<(&mut Inspector, Layout)> {
    let layout = layout(model)?;
    match model.screen_mut() {
        Screen::Inspector(inspector) => Some((inspector, layout)),
        _ => None,
    }
}

/// Moves by so many lines: the line that keys act on where there is one, else the text.
pub(super) fn step(model: &mut Model, steps: isize) {
    let Some((inspector, layout)) = open(model) else {
        return;
    };
    let reading = &mut inspector.reading;
    if layout.nodes.is_empty() {
        reading.scroll = reading.scroll.saturating_add_signed(steps);
    } else {
        reading.line = reading.line.saturating_add_signed(steps);
    }
    reading.settle(&layout);
}

/// Does what an action on the text says.
pub(super) fn act(model: &mut Model, now: Now, how: InText) {
    match how {
        InText::Search => begin_search(model),
        InText::Next => go_on(model, now, true),
        InText::Previous => go_on(model, now, false),
        InText::Fold => fold(model, now),
        InText::FoldAll => fold_all(model, now),
        InText::Wrap => wrap(model, now),
    }
}

fn begin_search(model: &mut Model) {
    if let Screen::Inspector(inspector) = model.screen_mut() {
        let reading = &mut inspector.reading;
        reading.origin = (reading.scroll, reading.line);
        reading.words.begin();
    }
}

/// Goes to the next line that has the words, or to the one before, round the corner.
fn go_on(model: &mut Model, now: Now, forth: bool) {
    let begins = model.key(ActionId::InText(InText::Search));
    let Some((inspector, layout)) = open(model) else {
        return;
    };
    let reading = &mut inspector.reading;
    if !reading.words.is_set() {
        let text = format!("nothing is looked for: {begins} begins");
        model.tell(now, Level::Info, text);
        return;
    }
    let here = reading.found.unwrap_or(reading.top(&layout));
    let (next, corner, from) = if forth {
        let next = layout.found.iter().find(|line| **line > here);
        (next, layout.found.first(), "top")
    } else {
        let next = layout.found.iter().rev().find(|line| **line < here);
        (next, layout.found.last(), "end")
    };
    let news = match (next, corner) {
        (Some(_), _) => None,
        (None, Some(_)) => Some(format!("on from the {from}")),
        (None, None) => Some(format!("this tab has no {}", reading.words.words())),
    };
    if let Some(to) = next.or(corner).copied() {
        reading.found = Some(to);
        reading.go(to, &layout);
    }
    if let Some(news) = news {
        model.tell(now, Level::Info, news);
    }
}

/// Follows the words that are being typed to the first match from where reading was.
pub(super) fn seek(model: &mut Model) {
    let Some((inspector, layout)) = open(model) else {
        return;
    };
    let reading = &mut inspector.reading;
    (reading.scroll, reading.line) = reading.origin;
    reading.found = None;
    if reading.words.line().is_none() {
        // The line was left.
        return;
    }
    let from = reading.top(&layout);
    let first = layout.found.iter().find(|line| **line >= from);
    if let Some(first) = first.or(layout.found.first()).copied() {
        reading.found = Some(first);
        reading.go(first, &layout);
    }
}

/// Folds or unfolds what the line belongs to; above a body keys act on all of it.
fn fold(model: &mut Model, now: Now) {
    let Some((inspector, layout)) = open(model) else {
        return;
    };
    let reading = &mut inspector.reading;
    let own = layout.nodes.get(&reading.line);
    let Some(node) = own.or(layout.nodes.values().next()).copied() else {
        return nothing_folds(model, now);
    };
    if !reading.folded.remove(&node) {
        reading.folded.insert(node);
    }
    reading.found = None;
    let Some((inspector, layout)) = open(model) else {
        return;
    };
    let head = layout.nodes.iter().find(|(_, other)| **other == node);
    let line = head.map_or(0, |(line, _)| *line);
    inspector.reading.go(line, &layout);
}

/// Folds all but the outermost, or unfolds all.
fn fold_all(model: &mut Model, now: Now) {
    let Some((inspector, layout)) = open(model) else {
        return;
    };
    let reading = &mut inspector.reading;
    if layout.foldable.is_empty() {
        return nothing_folds(model, now);
    }
    if reading.folded.is_empty() {
        let inner = layout.foldable.into_iter().filter(|node| node.number > 0);
        reading.folded.extend(inner);
    } else {
        reading.folded.clear();
    }
    reading.begin();
}

fn nothing_folds(model: &mut Model, now: Now) {
    let text = "nothing folds here: the JSON of Request and Response does";
    model.tell(now, Level::Info, text);
}

/// Lets long lines go on in further rows, or cuts them.
fn wrap(model: &mut Model, now: Now) {
    let Some((inspector, _)) = open(model) else {
        return;
    };
    let reading = &mut inspector.reading;
    reading.cuts = !reading.cuts;
    reading.begin();
    let text = match reading.cuts {
        true => "long lines are cut",
        false => "long lines go on in further rows",
    };
    model.tell(now, Level::Info, text);
}

#[cfg(test)]
#[path = "reading_tests.rs"]
mod tests;
