//! TOML with positions: values that know their line and path, so that every refusal can name both.

use std::collections::HashSet;
use std::ops::Range;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::ContractError;
use super::faults::Faults;
use crate::domain::duration::DurationText;

/// The text that is being read.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) file: &'a str,
    pub(super) text: &'a str,
}

/// A table at its path.
#[derive(Clone)]
pub(super) struct Table<'a> {
    source: Source<'a>,
    path: String,
    span: Range<usize>,
    entries: &'a DeTable<'a>,
}

/// A value at its path.
#[derive(Clone)]
pub(super) struct Value<'a> {
    source: Source<'a>,
    path: String,
    span: Range<usize>,
    value: &'a DeValue<'a>,
}

impl<'a> Source<'a> {
    /// A refusal at `position` bytes into the text.
    pub(super) fn error(
        self,
        position: usize,
        key: &str,
        expected: impl Into<String>,
    ) -> ContractError {
        let before = self.text.get(..position).unwrap_or(self.text);
        ContractError {
            file: self.file.to_owned(),
            line: before.matches('\n').count() + 1,
            key: key.to_owned(),
            expected: expected.into(),
        }
    }

    /// The text taken apart, if it is TOML.
    pub(super) fn parse(self, faults: &mut Faults) -> Option<Spanned<DeTable<'a>>> {
        let (document, errors) = DeTable::parse_recoverable(self.text);
        for error in &errors {
            let position = error.span().map_or(0, |span| span.start);
            let expected = format!("TOML: {}", error.message());
            faults.note(self.error(position, "(file)", expected));
        }
        errors.is_empty().then_some(document)
    }

    /// The root table.
    pub(super) fn root(self, table: &'a Spanned<DeTable<'a>>) -> Table<'a> {
        Table {
            source: self,
            path: String::new(),
            span: 0..0,
            entries: table.get_ref(),
        }
    }
}

impl<'a> Table<'a> {
    /// Refuses every key that is not `known`; whether there was none.
    pub(super) fn allow_only(&self, known: &[&str], faults: &mut Faults) -> bool {
        let mut is_known = true;
        for key in self.entries.keys() {
            let word = key.get_ref().as_ref();
            if known.contains(&word) {
                continue;
            }
            is_known = false;
            let hint = nearest_hint(word, known.iter().copied());
            let expected = format!(
                "a known key{hint}; known keys here are {}",
                known.join(", ")
            );
            let path = self.join(&shown(word));
            faults.note(self.source.error(key.span().start, &path, expected));
        }
        is_known
    }

    /// The value of `key`, where it is written.
    pub(super) fn find(&self, key: &str) -> Option<Value<'a>> {
        self.entries
            .iter()
            .find(|(name, _)| name.get_ref() == key)
            .map(|(_, value)| self.value(key, value))
    }

    /// The value of `key`; a table without it is refused.
    pub(super) fn require(&self, key: &str, expected: &str) -> Result<Value<'a>, ContractError> {
        self.find(key)
            .ok_or_else(|| self.refuse(key, format!("{expected}; the key is missing")))
    }

    /// A refusal of the table for `key`: where the key stands, or the table where it is missing.
    pub(super) fn refuse(&self, key: &str, expected: impl Into<String>) -> ContractError {
        let written = self.entries.keys().find(|name| name.get_ref() == key);
        let position = written.map_or(self.span.start, |name| name.span().start);
        self.source.error(position, &self.join(key), expected)
    }

    /// All keys and values in the order of the text.
    pub(super) fn in_order(&self) -> Vec<(&'a str, Value<'a>)> {
        let mut entries: Vec<_> = self.entries.iter().collect();
        entries.sort_unstable_by_key(|(key, _)| key.span().start);
        entries
            .into_iter()
            .map(|(key, value)| (key.get_ref().as_ref(), self.value(key.get_ref(), value)))
            .collect()
    }

    fn value(&self, key: &str, value: &'a Spanned<DeValue<'a>>) -> Value<'a> {
        Value {
            source: self.source,
            path: self.join(key),
            span: value.span(),
            value: value.get_ref(),
        }
    }

    fn join(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }
}

impl<'a> Value<'a> {
    /// A refusal of this value.
    pub(super) fn refuse(&self, expected: impl Into<String>) -> ContractError {
        self.source.error(self.span.start, &self.path, expected)
    }

    /// A refusal of this value that says what was found.
    pub(super) fn refuse_found(&self, expected: &str) -> ContractError {
        let found = match self.value {
            DeValue::String(text) => format!("\"{}\"", shown(text)),
            DeValue::Integer(number) => number.as_str().to_owned(),
            DeValue::Float(number) => number.as_str().to_owned(),
            DeValue::Boolean(value) => value.to_string(),
            other => format!("a value of type {}", other.type_str()),
        };
        self.refuse(format!("{expected}, found {found}"))
    }

    /// The value as text.
    pub(super) fn text(&self, expected: &str) -> Result<&'a str, ContractError> {
        self.value
            .as_str()
            .ok_or_else(|| self.refuse_found(expected))
    }

    /// The value as text that `accept` takes.
    pub(super) fn text_where(
        &self,
        expected: &str,
        accept: impl Fn(&str) -> bool,
    ) -> Result<&'a str, ContractError> {
        let text = self.text(expected)?;
        if accept(text) {
            return Ok(text);
        }
        Err(self.refuse_found(expected))
    }

    /// The value as one of `words`.
    pub(super) fn word<T: Copy>(&self, words: &[(&str, T)]) -> Result<T, ContractError> {
        let names: Vec<&str> = words.iter().map(|&(word, _)| word).collect();
        let expected = format!("one of {}", names.join(", "));
        let text = self.text(&expected)?;
        let found = words.iter().find(|&&(word, _)| word == text);
        found
            .map(|&(_, meaning)| meaning)
            .ok_or_else(|| self.refuse_found(&expected))
    }

    /// The value as true or false.
    pub(super) fn boolean(&self) -> Result<bool, ContractError> {
        self.value
            .as_bool()
            .ok_or_else(|| self.refuse_found("true or false"))
    }

    /// The value as a whole number within `range`.
    pub(super) fn number(
        &self,
        range: std::ops::RangeInclusive<u32>,
    ) -> Result<u32, ContractError> {
        self.value
            .as_integer()
            .and_then(|number| {
                u32::from_str_radix(&number.as_str().replace('_', ""), number.radix()).ok()
            })
            .filter(|number| range.contains(number))
            .ok_or_else(|| {
                self.refuse_found(&format!(
                    "a whole number from {} to {}",
                    range.start(),
                    range.end()
                ))
            })
    }

    /// The value as a share from 0 to 1, in thousandths.
    pub(super) fn permille(&self) -> Result<u16, ContractError> {
        let text = match self.value {
            DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
            DeValue::Float(number) => number.as_str(),
            _ => "",
        };
        // The comparison refuses what is no number, too, and the cast cannot cut off what lies within 0 to 1000.
        let thousandths = text.replace('_', "").parse::<f64>().unwrap_or(f64::NAN) * 1000.0;
        (0..=1000_u16)
            .find(|&whole| (f64::from(whole) - thousandths).abs() < 1e-6)
            .ok_or_else(|| {
                self.refuse_found("a number from 0 to 1 with at most three decimals, such as 0.2")
            })
    }

    /// The value as a duration such as `1h30m` within `range`.
    pub(super) fn duration(
        &self,
        range: std::ops::RangeInclusive<Duration>,
    ) -> Result<Duration, ContractError> {
        let text = self.text("a duration such as \"10s\" or \"1h30m\"")?;
        let duration: DurationText = text
            .parse()
            .map_err(|error| self.refuse(format!("a duration: {error}")))?;
        if range.contains(&duration.0) {
            return Ok(duration.0);
        }
        let (from, to) = (DurationText(*range.start()), DurationText(*range.end()));
        Err(self.refuse_found(&format!("a duration from {from} to {to}")))
    }

    /// The value as a list of at most `most` items.
    pub(super) fn list(&self, most: usize, expected: &str) -> Result<Vec<Self>, ContractError> {
        let items = self
            .value
            .as_array()
            .ok_or_else(|| self.refuse_found(expected))?;
        if items.len() > most {
            return Err(self.refuse(format!(
                "{expected}; at most {most} of them, found {}",
                items.len()
            )));
        }
        let item = |(index, item): (usize, &'a Spanned<DeValue<'a>>)| Value {
            source: self.source,
            path: format!("{}[{index}]", self.path),
            span: item.span(),
            value: item.get_ref(),
        };
        Ok(items.iter().enumerate().map(item).collect())
    }

    /// The value as a table.
    pub(super) fn table(&self, expected: &str) -> Result<Table<'a>, ContractError> {
        Ok(Table {
            source: self.source,
            path: self.path.clone(),
            span: self.span.clone(),
            entries: self
                .value
                .as_table()
                .ok_or_else(|| self.refuse_found(expected))?,
        })
    }

    /// Whether the value is true or false.
    pub(super) fn is_boolean(&self) -> bool {
        self.value.is_bool()
    }

    /// Whether the value is text.
    pub(super) fn is_text(&self) -> bool {
        self.value.is_str()
    }
}

/// The first name that occurs twice.
pub(super) fn first_repeated<'a>(names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut seen = HashSet::new();
    names.into_iter().find(|&name| !seen.insert(name))
}

/// `; did you mean x?` for the known name that is most like `name`, where one is like it at all.
pub(super) fn nearest_hint<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    known
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|&(likeness, _)| likeness > 0.75)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map_or(String::new(), |(_, candidate)| {
            format!("; did you mean {candidate}?")
        })
}

/// At most the first 64 characters, control characters escaped.
fn shown(text: &str) -> String {
    text.chars().take(64).flat_map(char::escape_debug).collect()
}
