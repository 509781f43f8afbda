//! What is wrong with a filter: each error with its place, its rule and what is known.

use std::fmt;

use super::field::field_names;
use crate::domain::limits::{
    FILTER_CHARS_MAX, FILTER_DEPTH_MAX, FILTER_TERMS_MAX, SAVED_VIEW_NAME_CHARS_MAX,
};

/// A place in a filter's text: bytes, the end not included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError {
    /// Where.
    pub span: Span,
    /// What.
    pub problem: Problem,
}

/// What can be wrong with a filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Too many characters.
    #[error("the filter has {chars} characters; at most {FILTER_CHARS_MAX} are accepted")]
    TooLong {
        /// How many it has.
        chars: usize,
    },
    /// Too many levels.
    #[error("parentheses and negations nest deeper than {FILTER_DEPTH_MAX} levels")]
    TooDeep,
    /// Too many terms.
    #[error(
        "more than {FILTER_TERMS_MAX} terms; each value of a list counts as one, a saved view as all of its own"
    )]
    TooManyTerms,
    /// No such field.
    #[error(
        "the field {name:?} is not known{}; known fields: {}",
        nearest.as_ref().map_or_else(String::new, |nearest| format!(", did you mean {nearest}?")),
        field_names().collect::<Vec<_>>().join(" ")
    )]
    UnknownField {
        /// What was written.
        name: String,
        /// The known name nearest to it.
        nearest: Option<String>,
    },
    /// A value that the field cannot have.
    #[error("{value:?} is not a value of {field}: expected {expected}")]
    BadValue {
        /// The field.
        field: String,
        /// What was written.
        value: String,
        /// What can be written.
        expected: String,
    },
    /// An operator that the field does not take.
    #[error("{field} does not take {operator}; use {expected}")]
    BadOperator {
        /// The field.
        field: String,
        /// The operator.
        operator: &'static str,
        /// What it takes.
        expected: &'static str,
    },
    /// A regular expression that does not compile.
    #[error("the regular expression does not compile: {reason}")]
    BadRegex {
        /// What its compiler said.
        reason: String,
    },
    /// Something is missing.
    #[error("expected {expected}, found {found}")]
    Expected {
        /// What should stand here.
        expected: &'static str,
        /// What stands here.
        found: String,
    },
    /// A quote, slash or parenthesis that has no partner.
    #[error("this {what} is not closed")]
    Unclosed {
        /// Which.
        what: &'static str,
    },
    /// No view is saved by this name.
    #[error(
        "no view is saved as @{name}{} `hookyard view list` shows those there are; quote the word to search for it as text",
        nearest.as_ref().map_or_else(|| ";".to_owned(), |nearest| format!(", did you mean @{nearest}?"))
    )]
    UnknownView {
        /// The name.
        name: String,
        /// The known name nearest to it.
        nearest: Option<String>,
    },
    /// A word that begins with `@` and can be the name of no view.
    #[error(
        "{word:?} names no saved view: a name has 1 to {SAVED_VIEW_NAME_CHARS_MAX} of a-z, 0-9 and -, not beginning with -; \
         quote the word to search for it as text"
    )]
    NoViewName {
        /// What was written.
        word: String,
    },
    /// A saved view inside of a filter that is to be saved.
    #[error("a saved view names no other: write what @{name} stands for in its place")]
    NestedView {
        /// Its name.
        name: String,
    },
    /// A saved view, named by somebody who is confined to a tenant.
    #[error(
        "saved views are of the whole service, and this token is confined to a tenant: write the filter out instead of \
         @{name}"
    )]
    WithheldView {
        /// The name.
        name: String,
    },
    /// A saved view whose filter was valid once.
    #[error(
        "the filter saved as @{name} cannot be read any more ({reason}): save it anew, or write it out"
    )]
    BrokenView {
        /// Its name.
        name: String,
        /// What is wrong with its filter.
        reason: String,
    },
    /// A form that the grammar has a place for, but that is not there yet.
    #[error("{what} are not known; quote the word to search for it as text")]
    NotKnown {
        /// The form.
        what: &'static str,
    },
}

/// All that is wrong with a filter's text, in the order of the text; at least one error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterErrors {
    /// The text.
    pub text: String,
    /// What is wrong with it.
    pub errors: Vec<FilterError>,
}

impl FilterErrors {
    /// The column of an error in characters, from 1.
    pub fn column(&self, error: &FilterError) -> usize {
        let before = self.text.get(..error.span.start).unwrap_or(&self.text);
        before.chars().count() + 1
    }

    /// A line of carets to stand under the text, one under each character of each error's place.
    ///
    /// Assumes one column a character, as filters have; wide characters shift it.
    pub fn carets(&self) -> String {
        let marked = |at: usize| {
            let covers = |error: &FilterError| {
                let end = error.span.end.max(error.span.start + 1);
                (error.span.start..end).contains(&at)
            };
            self.errors.iter().any(covers)
        };
        let columns = self.text.char_indices().map(|(at, _)| at);
        let carets: String = columns
            .chain([self.text.len()])
            .map(|at| if marked(at) { '^' } else { ' ' })
            .collect();
        carets.trim_end().to_owned()
    }
}

impl fmt::Display for FilterErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.errors.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            let column = self.column(error);
            write!(
                formatter,
                "{separator}at column {column}: {}",
                error.problem
            )?;
        }
        Ok(())
    }
}

impl std::error::Error for FilterErrors {}
