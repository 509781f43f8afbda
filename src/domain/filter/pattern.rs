//! Texts to match: words with wildcards, regular expressions of bounded size, ids and their beginnings.
//!
//! Smart case, by ASCII letters only: a pattern in lower case ignores case, one with a capital does not. SQLite
//! folds no more than ASCII either, so both sides of a [`super::Plan`] agree.

use std::borrow::Cow;

use regex_lite::{Regex, RegexBuilder};

use super::error::Problem;
use crate::domain::id::{Id, IdKind};
use crate::domain::limits::{FILTER_REGEX_BYTES_MAX, FILTER_REGEX_DEPTH_MAX};

/// A word or string to match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    literal: bool,
}

/// A compiled regular expression, with the text it was made of.
#[derive(Clone, Debug)]
pub struct RegexMatch {
    source: String,
    ignore_case: bool,
    regex: Regex,
}

/// What an id in a filter identifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdNoun {
    /// `dlv_…`
    Delivery,
    /// `evt_…`
    Event,
    /// `ep_…`
    Endpoint,
    /// `rpl_…`
    Replay,
}

/// An id, or the beginning of one (`dlv_0e6k*`): a range of numbers, because ids sort as their texts do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdMatch {
    noun: IdNoun,
    text: String,
    from: i64,
    to: i64,
}

impl Pattern {
    /// A word as written without quotes: `*` stands for any characters, `?` for one.
    pub fn word(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            literal: !text.contains(['*', '?']),
        }
    }

    /// A string as written in quotes: nothing in it is special.
    pub fn literal(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            literal: true,
        }
    }

    /// The text as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it has no wildcards.
    pub const fn is_literal(&self) -> bool {
        self.literal
    }

    /// Whether capitals count: the pattern has one.
    pub fn minds_case(&self) -> bool {
        self.text.bytes().any(|byte| byte.is_ascii_uppercase())
    }

    /// Whether it matches all of `subject`.
    pub fn matches(&self, subject: &str) -> bool {
        let subject = self.fold(subject);
        if self.literal {
            return subject == self.text;
        }
        glob(&self.text, &subject)
    }

    /// Whether `subject` contains it; a pattern with wildcards may match anywhere in it.
    pub fn is_in(&self, subject: &str) -> bool {
        let subject = self.fold(subject);
        if self.literal {
            return subject.contains(&self.text);
        }
        glob(&format!("*{}*", self.text), &subject)
    }

    fn fold<'s>(&self, subject: &'s str) -> Cow<'s, str> {
        let is_folded = !subject.bytes().any(|byte| byte.is_ascii_uppercase());
        if is_folded || self.minds_case() {
            return Cow::Borrowed(subject);
        }
        Cow::Owned(subject.to_ascii_lowercase())
    }
}

/// Matches all of `text`; goes back to the latest `*` only, so the cost is at most the product of both lengths.
fn glob(pattern: &str, text: &str) -> bool {
    let (mut pattern_rest, mut text_rest) = (pattern.chars(), text.chars());
    let mut retry: Option<(std::str::Chars<'_>, std::str::Chars<'_>)> = None;
    loop {
        match (pattern_rest.next(), text_rest.clone().next()) {
            (Some('*'), _) => retry = Some((pattern_rest.clone(), text_rest.clone())),
            (None, None) => return true,
            (Some(wanted), Some(found)) if wanted == '?' || wanted == found => {
                text_rest.next();
            }
            _ => {
                let Some((pattern_after, text_after)) = &mut retry else {
                    return false;
                };
                if text_after.next().is_none() {
                    return false;
                }
                pattern_rest = pattern_after.clone();
                text_rest = text_after.clone();
            }
        }
    }
}

impl RegexMatch {
    /// Compiles a regular expression; `ignore_case` is its flag `i`.
    ///
    /// Linear time in the text, whatever the expression (regex-lite); its program is bounded in size.
    ///
    /// # Errors
    /// Bad syntax, or too large: [`Problem::BadRegex`].
    pub(super) fn new(source: &str, ignore_case: bool) -> Result<Self, Problem> {
        let regex = RegexBuilder::new(source)
            .case_insensitive(ignore_case)
            .size_limit(FILTER_REGEX_BYTES_MAX)
            .nest_limit(FILTER_REGEX_DEPTH_MAX)
            .build()
            .map_err(|error| Problem::BadRegex {
                reason: error.to_string(),
            })?;
        Ok(Self {
            source: source.to_owned(),
            ignore_case,
            regex,
        })
    }

    /// Whether it matches anywhere in `subject`.
    pub fn is_in(&self, subject: &str) -> bool {
        self.regex.is_match(subject)
    }

    /// Its text between the slashes.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether it has the flag `i`.
    pub const fn ignores_case(&self) -> bool {
        self.ignore_case
    }
}

impl PartialEq for RegexMatch {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source && self.ignore_case == other.ignore_case
    }
}

impl IdNoun {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Delivery => "dlv_",
            Self::Event => "evt_",
            Self::Endpoint => "ep_",
            Self::Replay => "rpl_",
        }
    }
}

impl IdMatch {
    /// Reads an id of one of `nouns`, or the beginning of one; with or without a `*` at its end when it is not whole.
    ///
    /// `None` for anything else.
    pub fn read(text: &str, nouns: &[IdNoun]) -> Option<Self> {
        let lower = text.to_ascii_lowercase();
        let noun = nouns
            .iter()
            .copied()
            .find(|noun| lower.starts_with(noun.prefix()))?;
        let body = lower[noun.prefix().len()..].strip_suffix('*');
        let body = body.unwrap_or(&lower[noun.prefix().len()..]);
        let missing = BODY_CHARS.checked_sub(body.len())?;
        let from = number(&format!("{body}{}", "0".repeat(missing)))?;
        // The highest ids end below "7zzz…": what lies beyond is cut off at the highest number.
        let to = number(&format!("{body}{}", "z".repeat(missing))).unwrap_or(i64::MAX);
        let star = if missing > 0 { "*" } else { "" };
        Some(Self {
            noun,
            text: format!("{}{body}{star}", noun.prefix()),
            from,
            to,
        })
    }

    /// The id that a bare word may be the beginning of.
    pub fn of_word(word: &Pattern) -> Option<Self> {
        Self::read(
            &word.text,
            &[IdNoun::Delivery, IdNoun::Event, IdNoun::Endpoint],
        )
    }

    /// What it identifies.
    pub const fn noun(&self) -> IdNoun {
        self.noun
    }

    /// Its text, with a `*` where it is only a beginning.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The numbers of the ids it matches, both ends included.
    pub const fn range(&self) -> (i64, i64) {
        (self.from, self.to)
    }

    /// Whether it matches an id by its number.
    pub fn matches<K: IdKind>(&self, id: Id<K>) -> bool {
        K::PREFIX == self.noun.prefix() && (self.from..=self.to).contains(&id.as_i64())
    }
}

/// Characters of an id after its prefix.
const BODY_CHARS: usize = 13;

fn number(body: &str) -> Option<i64> {
    Id::<crate::domain::id::DeliveryKind>::from_body(body).map(Id::as_i64)
}
