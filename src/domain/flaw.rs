//! Something that is wrong at a place of a file that a person writes.

use std::fmt;

/// What is wrong, and where. Shown as `FILE:LINE:COLUMN: TEXT`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Flaw {
    /// The file; of one that comes along its name alone.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// What is wrong there, and what would be right.
    pub text: String,
}

impl Flaw {
    /// A flaw at byte `at` of a file with this `text`; beyond its end is its end.
    pub fn at(file: &str, text: &str, at: usize, problem: String) -> Self {
        let (line, column) = line_and_column(text, at);
        Self {
            file: file.to_owned(),
            line,
            column,
            text: problem,
        }
    }
}

/// Line and column of a byte of a text, both from 1, the column in characters.
pub fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    (before.matches('\n').count() + 1, column)
}

impl fmt::Display for Flaw {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            line,
            column,
            text,
        } = self;
        write!(to, "{file}:{line}:{column}: {text}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters_from_one() {
        let text = "ä = 1\nbc = 2\n";
        let place = |at| line_and_column(text, at);
        assert_eq!(place(0), (1, 1));
        assert_eq!(place(3), (1, 3));
        assert_eq!(place(text.find("bc").unwrap() + 1), (2, 2));
        assert_eq!(place(1_000), (3, 1));
        let flaw = Flaw::at("a.toml", text, 7, "no".into());
        assert_eq!(flaw.to_string(), "a.toml:2:1: no");
    }
}
