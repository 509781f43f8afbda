//! A line of text that is being typed, with the keys of readline.

use unicode_segmentation::UnicodeSegmentation;

use crate::console::input::key::{Key, KeyCode};
use crate::domain::escape::is_hazard;

/// Characters that a line may have: what the filter language takes.
const CHARS_MAX: usize = 2_048;

/// A line that is being typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    text: String,
    /// A byte offset, always between two graphemes.
    cursor: usize,
}

impl Line {
    /// A line with this text and the cursor at its end.
    pub(crate) fn with(text: &str) -> Self {
        let mut line = Self::default();
        line.insert(text);
        line
    }

    /// The text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The text before the cursor.
    pub(crate) fn before_cursor(&self) -> &str {
        &self.text[..self.cursor]
    }

    /// Puts text at the cursor; what cannot be seen, and what is too much, is left out.
    pub(crate) fn insert(&mut self, text: &str) {
        let room = CHARS_MAX.saturating_sub(self.text.chars().count());
        let clean: String = text
            .chars()
            .map(|character| {
                if character == '\n' || character == '\t' {
                    ' '
                } else {
                    character
                }
            })
            .filter(|character| !is_hazard(*character))
            .take(room)
            .collect();
        self.text.insert_str(self.cursor, &clean);
        self.cursor += clean.len();
        self.settle();
    }

    /// Puts text in the place of what stands between a byte offset before the cursor and the cursor.
    pub(crate) fn replace_from(&mut self, start: usize, text: &str) {
        self.delete_to(start.min(self.cursor));
        self.insert(text);
    }

    /// Whether a key types a character or edits a line.
    pub(crate) fn takes(key: Key) -> bool {
        Self::default().edit(key)
    }

    /// Handles an editing key; whether it was one.
    pub(crate) fn edit(&mut self, key: Key) -> bool {
        match (key.code, key.ctrl, key.alt) {
            (KeyCode::Char(character), false, false) => {
                self.insert(character.encode_utf8(&mut [0; 4]));
            }
            (KeyCode::Backspace, _, false) => self.delete_to(self.previous()),
            (KeyCode::Delete, ..) => self.delete_to(self.next()),
            (KeyCode::Left, false, false) | (KeyCode::Char('b'), true, false) => {
                self.cursor = self.previous();
            }
            (KeyCode::Right, false, false) | (KeyCode::Char('f'), true, false) => {
                self.cursor = self.next();
            }
            (KeyCode::Home, ..) | (KeyCode::Char('a'), true, false) => self.cursor = 0,
            (KeyCode::End, ..) | (KeyCode::Char('e'), true, false) => self.cursor = self.text.len(),
            (KeyCode::Char('u'), true, false) => self.delete_to(0),
            (KeyCode::Char('k'), true, false) => self.delete_to(self.text.len()),
            (KeyCode::Char('w'), true, false) | (KeyCode::Backspace, _, true) => {
                self.delete_to(self.word_before());
            }
            (KeyCode::Char('b'), false, true) | (KeyCode::Left, ..) => {
                self.cursor = self.word_before();
            }
            (KeyCode::Char('f'), false, true) | (KeyCode::Right, ..) => {
                self.cursor = self.word_after();
            }
            _ => return false,
        }
        true
    }

    fn delete_to(&mut self, other: usize) {
        let (from, to) = (self.cursor.min(other), self.cursor.max(other));
        self.text.drain(from..to);
        self.cursor = from;
        self.settle();
    }

    /// Two graphemes may have become one around the cursor.
    fn settle(&mut self) {
        let cursor = self.cursor;
        self.cursor = self
            .text
            .grapheme_indices(true)
            .map(|(at, _)| at)
            .find(|at| *at >= cursor)
            .unwrap_or(self.text.len());
    }

    fn previous(&self) -> usize {
        self.text[..self.cursor]
            .grapheme_indices(true)
            .next_back()
            .map_or(0, |(at, _)| at)
    }

    fn next(&self) -> usize {
        self.text[self.cursor..]
            .graphemes(true)
            .next()
            .map_or(self.cursor, |grapheme| self.cursor + grapheme.len())
    }

    fn word_before(&self) -> usize {
        let trimmed = self.text[..self.cursor].trim_end();
        trimmed.rfind(' ').map_or(0, |at| at + 1)
    }

    fn word_after(&self) -> usize {
        let rest = &self.text[self.cursor..];
        let start = rest.len() - rest.trim_start().len();
        let end = rest[start..].find(' ').unwrap_or(rest.len() - start);
        self.cursor + start + end
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn typed(keys: &str) -> String {
        let mut line = Line::default();
        for key in keys.split(' ') {
            assert!(line.edit(Key::parse(key).unwrap()), "{key}");
        }
        format!(
            "{}|{}",
            line.before_cursor(),
            &line.text()[line.before_cursor().len()..]
        )
    }

    #[test]
    fn readline_keys_edit() {
        for (keys, expected) in [
            ("a b c", "abc|"),
            ("a b left c", "ac|b"),
            ("a b space c d ctrl-w", "ab |"),
            ("a b space c d ctrl-a ctrl-k x", "x|"),
            ("a b space c alt-b backspace", "ab|c"),
            ("a b home delete end x", "bx|"),
            ("a b ctrl-b ctrl-u", "|b"),
        ] {
            assert_eq!(typed(keys), expected, "{keys}");
        }
    }

    #[test]
    fn what_cannot_be_seen_is_left_out_and_length_is_bounded() {
        let mut line = Line::with("a\u{202e}b\u{1b}[2Jc\nd");
        assert_eq!(line.text(), "ab[2Jc d");
        line.insert(&"x".repeat(5_000));
        assert_eq!(line.text().chars().count(), CHARS_MAX);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn any_editing_keeps_the_cursor_between_graphemes(
            texts in proptest::collection::vec("\\PC{0,4}", 0..6),
            keys in proptest::collection::vec(0_usize..10, 0..30),
        ) {
            let mut line = Line::default();
            for text in &texts { line.insert(text); }
            let editing = ["left", "right", "backspace", "delete", "ctrl-w", "alt-b", "alt-f", "ctrl-k", "home", "x"];
            for key in keys {
                line.edit(Key::parse(editing[key]).unwrap());
                prop_assert!(line.text().is_char_boundary(line.before_cursor().len()));
            }
        }
    }
}
