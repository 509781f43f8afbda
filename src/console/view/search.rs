//! Where words stand in a text, also where it goes on in the next row, and how that looks.

use std::collections::BTreeSet;
use std::ops::Range;

use super::text::{Text, TextLine};
use crate::console::theme::Role;

/// Matches of a text that are shown; beyond it words say too little.
const MATCHES_MAX: usize = 10_000;

/// A match, or the part of one that stands in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Match {
    /// Its line.
    pub(super) line: usize,
    /// Its bytes among those of the line's pieces, one behind the other.
    pub(super) bytes: Range<usize>,
    /// Whether it begins here.
    pub(super) begins: bool,
}

/// All matches. Case counts for words with a capital letter.
pub(super) fn find(text: &Text, words: &str) -> Vec<Match> {
    let is_exact = words.chars().any(char::is_uppercase);
    let wanted = fold(words, is_exact);
    let mut found = Vec::new();
    if wanted.is_empty() {
        return found;
    }
    let mut line = 0;
    while line < text.lines.len() && found.len() < MATCHES_MAX {
        let goes_on = |next: &usize| text.continued.contains(next);
        let rows = 1 + (line + 1..).take_while(goes_on).count();
        let paragraph = Paragraph::new(text, line..line + rows, is_exact);
        for (at, _) in paragraph.text.match_indices(&wanted) {
            paragraph.parts(at..at + wanted.len(), &mut found);
        }
        line += rows;
    }
    found.truncate(MATCHES_MAX);
    found
}

fn fold(text: &str, is_exact: bool) -> String {
    match is_exact {
        true => text.to_owned(),
        false => text.to_lowercase(),
    }
}

/// Lines of which each goes on with the one before.
struct Paragraph {
    /// Their text without what the further ones are indented by, as it is compared.
    text: String,
    /// For each of its bytes the line and the bytes there of the character that it is of.
    origins: Vec<(usize, Range<usize>)>,
}

impl Paragraph {
    fn new(text: &Text, lines: Range<usize>, is_exact: bool) -> Self {
        let mut paragraph = Self {
            text: String::new(),
            origins: Vec::new(),
        };
        for number in lines {
            let Some(line) = text.lines.get(number) else {
                break;
            };
            let mut at = 0;
            for (index, (piece, _)) in line.iter().enumerate() {
                let is_indent = index == 0 && text.continued.contains(&number);
                for (start, character) in piece.char_indices().filter(|_| !is_indent) {
                    let start = at + start;
                    let origin = (number, start..start + character.len_utf8());
                    let mut push = |character: char| {
                        paragraph.text.push(character);
                        let bytes = character.len_utf8();
                        let origins = std::iter::repeat_n(origin.clone(), bytes);
                        paragraph.origins.extend(origins);
                    };
                    match is_exact {
                        true => push(character),
                        false => character.to_lowercase().for_each(push),
                    }
                }
                at += piece.len();
            }
        }
        paragraph
    }

    /// The parts of a match, a line each.
    fn parts(&self, bytes: Range<usize>, found: &mut Vec<Match>) {
        let first = found.len();
        for (line, origin) in &self.origins[bytes] {
            match found[first..].last_mut() {
                Some(last) if last.line == *line => last.bytes.end = origin.end,
                _ => found.push(Match {
                    line: *line,
                    bytes: origin.clone(),
                    begins: found.len() == first,
                }),
            }
        }
    }
}

/// The lines in which matches begin, each once.
pub(super) fn lines(found: &[Match]) -> Vec<usize> {
    let begins = found.iter().filter(|one| one.begins);
    let lines: BTreeSet<usize> = begins.map(|one| one.line).collect();
    lines.into_iter().collect()
}

/// A line with the matches in it marked.
pub(super) fn marked(line: &TextLine, number: usize, found: &[Match]) -> TextLine {
    let from = found.partition_point(|one| one.line < number);
    let here: Vec<&Range<usize>> = found[from..]
        .iter()
        .take_while(|one| one.line == number)
        .map(|one| &one.bytes)
        .collect();
    if here.is_empty() {
        return line.clone();
    }
    let mut marked = TextLine::new();
    let mut at = 0;
    for (piece, role) in line {
        let mut rest = 0;
        for bytes in &here {
            let start = bytes.start.clamp(at + rest, at + piece.len()) - at;
            let end = bytes.end.clamp(at + start, at + piece.len()) - at;
            if start < end {
                marked.push((piece[rest..start].to_owned(), *role));
                marked.push((piece[start..end].to_owned(), Role::Match));
                rest = end;
            }
        }
        marked.push((piece[rest..].to_owned(), *role));
        at += piece.len();
    }
    marked.retain(|(piece, _)| !piece.is_empty());
    marked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(width: u16, block: &str) -> Text {
        let mut text = Text::new(width);
        text.block(block, Role::Text);
        text
    }

    #[test]
    fn case_counts_for_words_with_a_capital_letter() {
        let text = text(40, "Upstream connect error\nupstream\nÜber UPSTREAM");
        assert_eq!(lines(&find(&text, "upstream")), [0, 1, 2]);
        assert_eq!(lines(&find(&text, "Upstream")), [0]);
        assert_eq!(lines(&find(&text, "über")), [2]);
        assert_eq!(find(&text, ""), []);
        assert_eq!(find(&text, "nowhere"), []);
    }

    #[test]
    fn words_are_found_where_the_text_goes_on_in_the_next_row() {
        let text = text(10, "0123456789abcdef\n9abc");
        assert_eq!(text.lines.len(), 3);
        let found = find(&text, "89ab");
        assert_eq!(lines(&found), [0], "a line of its own is no part of it");
        let shown = marked(&text.lines[0], 0, &found);
        assert_eq!(shown.last().unwrap(), &("89".to_owned(), Role::Match));
        let shown = marked(&text.lines[1], 1, &found);
        assert_eq!(shown[0], ("ab".to_owned(), Role::Match));
        assert_eq!(shown[1], ("cdef".to_owned(), Role::Text));
    }

    #[test]
    fn a_match_over_pieces_is_marked_in_each_of_them() {
        let line: TextLine = vec![("key: ".into(), Role::Accent), ("value".into(), Role::Text)];
        let mut text = Text::new(40);
        text.lines.push(line.clone());
        let found = find(&text, "Y: v".to_lowercase().as_str());
        let shown = marked(&line, 0, &found);
        let shown: Vec<(&str, Role)> = shown.iter().map(|(text, role)| (&**text, *role)).collect();
        assert_eq!(
            shown,
            [
                ("ke", Role::Accent),
                ("y: ", Role::Match),
                ("v", Role::Match),
                ("alue", Role::Text)
            ]
        );
    }
}
