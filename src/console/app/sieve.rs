//! Words that the rows of a list must have: decided here, over the rows that are loaded. Deliveries have the service's
//! filter instead, which knows all of them.

use super::dialogs::Pressed;
use super::line::Line;
use crate::console::actions::Inside;

/// The words of a list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sieve {
    /// The words in force.
    words: String,
    /// The line while they are typed, and the words that were in force before.
    typing: Option<(Line, String)>,
}

impl Sieve {
    /// The words in force.
    pub(crate) fn words(&self) -> &str {
        &self.words
    }

    /// Whether any row could fail.
    pub(crate) fn is_set(&self) -> bool {
        !self.words.is_empty()
    }

    /// The line while words are typed.
    pub(crate) fn line(&self) -> Option<&Line> {
        self.typing.as_ref().map(|(line, _)| line)
    }

    /// Begins to type.
    pub(crate) fn begin(&mut self) {
        self.typing = Some((Line::with(&self.words), self.words.clone()));
    }

    /// Takes the words away; whether there were any.
    pub(crate) fn clear(&mut self) -> bool {
        self.typing = None;
        !std::mem::take(&mut self.words).is_empty()
    }

    /// Puts pasted text into the line.
    pub(crate) fn paste(&mut self, text: &str) {
        if let Some((line, _)) = &mut self.typing {
            line.insert(text);
            self.words = line.text().trim().to_owned();
        }
    }

    /// Handles a key of the line: the rows follow each letter.
    pub(crate) fn key(&mut self, pressed: Pressed) {
        let Some((line, _)) = &mut self.typing else {
            return;
        };
        match pressed.means {
            Some(Inside::Leave) => self.give_up(),
            Some(Inside::Take) => self.typing = None,
            Some(_) => {}
            None => {
                line.edit(pressed.key);
                self.words = line.text().trim().to_owned();
            }
        }
    }

    /// Leaves the line; the words in force are those from before.
    pub(crate) fn give_up(&mut self) {
        if let Some((_, before)) = self.typing.take() {
            self.words = before;
        }
    }

    /// Whether a row with this text stays: it has every word, and none that a `-` stands before. Case counts for words
    /// with a capital letter.
    pub(crate) fn passes(&self, text: &str) -> bool {
        if self.words.is_empty() {
            return true;
        }
        let lower = text.to_lowercase();
        let has = |word: &str| match word.chars().any(char::is_uppercase) {
            true => text.contains(word),
            false => lower.contains(word),
        };
        self.words
            .split_whitespace()
            .all(|word| match word.strip_prefix('-') {
                Some("") | None => has(word),
                Some(unwanted) => !has(unwanted),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::actions::Dialog;
    use crate::console::input::key::Key;
    use crate::console::keys::Keymap;

    fn sieve(words: &str) -> Sieve {
        Sieve {
            words: words.to_owned(),
            typing: None,
        }
    }

    #[test]
    fn a_row_has_every_word_and_none_that_is_unwanted() {
        let row = "partner-Acme paused https://hooks.acme.example";
        for (words, passes) in [
            ("", true),
            ("acme", true),
            ("acme paused", true),
            ("acme active", false),
            ("-active", true),
            ("acme -paused", false),
            ("Acme", true),
            ("ACME", false),
            ("-", true),
        ] {
            assert_eq!(sieve(words).passes(row), passes, "{words}");
        }
    }

    #[test]
    fn rows_follow_each_letter_and_esc_brings_back_what_was_before() {
        let mut words = sieve("old");
        let keys = Keymap::ops();
        let pressed = |key: &str| {
            let key = Key::parse(key).unwrap();
            Pressed::new(&keys, Dialog::Words, true, key)
        };
        words.begin();
        for key in ["ctrl-u", "a", "c"] {
            words.key(pressed(key));
        }
        assert_eq!(words.words(), "ac");
        words.key(pressed("esc"));
        assert_eq!((words.words(), words.line()), ("old", None));
        words.begin();
        words.paste(" new");
        words.key(pressed("enter"));
        assert_eq!(words.words(), "old new");
        assert!(words.clear() && !words.clear());
    }
}
