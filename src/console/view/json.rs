//! JSON to be read: a member a line, objects and arrays that are folded in one line each.
//!
//! It is laid out from its own tokens, so numbers, texts and the order of members are shown as they came.

use std::collections::BTreeSet;

use serde::de::IgnoredAny;

use super::text::{Text, TextLine};
use crate::console::app::reading::{Node, Part};
use crate::console::theme::Role;
use crate::domain::escape;

/// Columns that members stand in from what holds them.
const STEP: usize = 2;

/// A piece of JSON as it came.
#[derive(Clone, Copy, Debug)]
struct Token<'a> {
    text: &'a str,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// `{` or `[`, and which object or array it begins.
    Open(usize),
    /// `}` or `]`.
    Close,
    Colon,
    Comma,
    Text,
    Number,
    /// `true`, `false` or `null`.
    Literal,
}

/// An object or an array.
#[derive(Clone, Copy, Debug, Default)]
struct Container {
    members: usize,
    /// The token that ends it.
    end: usize,
}

/// Adds the lines of an object or array; whether the text is one.
pub(super) fn add(text: &mut Text, body: &str, part: Part, folded: &BTreeSet<Node>) -> bool {
    if !body.trim_start().starts_with(['{', '['])
        || serde_json::from_str::<IgnoredAny>(body).is_err()
    {
        return false;
    }
    let tokens = tokens(body);
    let containers = containers(&tokens);
    let filled = containers
        .iter()
        .enumerate()
        .filter(|(_, one)| one.members > 0);
    text.foldable
        .extend(filled.map(|(number, _)| Node { part, number }));
    let start = text.lines.len();
    Writer {
        text,
        part,
        held: Vec::new(),
        line: TextLine::new(),
    }
    .write(&tokens, &containers, folded, start);
    true
}

/// The tokens of valid JSON.
fn tokens(body: &str) -> Vec<Token<'_>> {
    let bytes = body.as_bytes();
    let (mut tokens, mut at, mut opened) = (Vec::new(), 0, 0);
    while let Some(byte) = bytes.get(at) {
        let (kind, end) = match byte {
            b'{' | b'[' => {
                opened += 1;
                (Kind::Open(opened - 1), at + 1)
            }
            b'}' | b']' => (Kind::Close, at + 1),
            b':' => (Kind::Colon, at + 1),
            b',' => (Kind::Comma, at + 1),
            b'"' => (Kind::Text, end_of_text(bytes, at)),
            byte if byte.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            first => {
                let ends = |byte: &u8| b",:]}".contains(byte) || byte.is_ascii_whitespace();
                let length = bytes[at..]
                    .iter()
                    .position(ends)
                    .unwrap_or(bytes.len() - at);
                let is_literal = first.is_ascii_alphabetic();
                let kind = if is_literal {
                    Kind::Literal
                } else {
                    Kind::Number
                };
                (kind, at + length.max(1))
            }
        };
        let text = body.get(at..end).unwrap_or_default();
        tokens.push(Token { text, kind });
        at = end;
    }
    tokens
}

/// Behind the closing quotation mark of a text.
fn end_of_text(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The objects and arrays, in the order in which they begin.
fn containers(tokens: &[Token<'_>]) -> Vec<Container> {
    let (mut found, mut open): (Vec<Container>, Vec<usize>) = Default::default();
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Open(number) => {
                let is_empty = matches!(tokens.get(at + 1), Some(next) if next.kind == Kind::Close);
                open.push(number);
                found.push(Container {
                    members: usize::from(!is_empty),
                    end: at,
                });
            }
            Kind::Close => {
                if let Some(number) = open.pop() {
                    found[number].end = at;
                }
            }
            Kind::Comma => {
                if let Some(number) = open.last() {
                    found[*number].members += 1;
                }
            }
            _ => {}
        }
    }
    found
}

/// Puts tokens into lines.
struct Writer<'a> {
    text: &'a mut Text,
    part: Part,
    /// What holds the line that is being put together, the innermost last.
    held: Vec<usize>,
    line: TextLine,
}

impl Writer<'_> {
    fn write(
        mut self,
        tokens: &[Token<'_>],
        containers: &[Container],
        folded: &BTreeSet<Node>,
        start: usize,
    ) {
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            let next = tokens.get(at + 1).map(|next| next.kind);
            match token.kind {
                Kind::Open(number) => {
                    let container = containers[number];
                    let node = Node {
                        part: self.part,
                        number,
                    };
                    self.put(token.text, Role::JsonPunct);
                    if container.members == 0 {
                        self.put(tokens[container.end].text, Role::JsonPunct);
                        at = container.end;
                    } else if folded.contains(&node) {
                        let words = members(token.text, container.members);
                        self.put(&words, Role::Muted);
                        self.put(tokens[container.end].text, Role::JsonPunct);
                        self.mark_folded();
                        at = container.end;
                        self.note(number);
                    } else {
                        self.end_line(Some(number));
                        self.held.push(number);
                    }
                }
                Kind::Close => {
                    self.end_line(None);
                    let number = self.held.pop();
                    self.put(token.text, Role::JsonPunct);
                    if let Some(number) = number {
                        self.note(number);
                    }
                }
                Kind::Comma => {
                    self.put(token.text, Role::JsonPunct);
                    self.end_line(None);
                }
                Kind::Colon => self.put(": ", Role::JsonPunct),
                Kind::Text if next == Some(Kind::Colon) => self.put(token.text, Role::JsonKey),
                Kind::Text => self.put(token.text, Role::JsonString),
                Kind::Number => self.put(token.text, Role::JsonNumber),
                Kind::Literal => self.put(token.text, Role::JsonLiteral),
            }
            if self.text.is_full(start) {
                return;
            }
            at += 1;
        }
        self.end_line(None);
    }

    fn put(&mut self, text: &str, role: Role) {
        if self.line.is_empty() {
            let indent = " ".repeat(STEP * self.held.len());
            self.line.push((indent, Role::Text));
        }
        self.line.push((escape::line(text).into_owned(), role));
    }

    /// The line that is being put together belongs to this object or array, other than to what holds it.
    fn note(&mut self, number: usize) {
        let node = Node {
            part: self.part,
            number,
        };
        self.text.nodes.insert(self.text.lines.len(), node);
    }

    /// Marks the line as one that stands for more.
    fn mark_folded(&mut self) {
        if let Some((indent, role)) = self.line.first_mut() {
            let kept = indent.len().saturating_sub(STEP);
            indent.truncate(kept);
            indent.push_str("> ");
            *role = Role::Accent;
        }
    }

    fn end_line(&mut self, opened: Option<usize>) {
        if self.line.is_empty() {
            return;
        }
        let first = self.text.lines.len();
        let number = opened.or(self.held.last().copied()).unwrap_or(0);
        let own = Node {
            part: self.part,
            number,
        };
        let node = *self.text.nodes.entry(first).or_insert(own);
        let indent = STEP * (self.held.len() + 1);
        self.text.run(indent, std::mem::take(&mut self.line));
        for further in first + 1..self.text.lines.len() {
            self.text.nodes.insert(further, node);
        }
    }
}

/// What a folded object or array holds.
fn members(opening: &str, count: usize) -> String {
    let noun = match (opening, count) {
        ("{", 1) => "member",
        ("{", _) => "members",
        (_, 1) => "item",
        _ => "items",
    };
    format!(" {count} {noun} ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{"type":"packet.signed","data":{"big":12345678901234567890.10,"list":[1,{"a":null}],"none":{}},"text":"a \"quoted\" {"}"#;

    fn lines(body: &str, folded: &[usize], width: u16) -> Vec<String> {
        let mut text = Text::new(width);
        let folded = folded.iter().map(|number| Node {
            part: Part::Request,
            number: *number,
        });
        assert!(add(&mut text, body, Part::Request, &folded.collect()));
        let line = |line: &TextLine| line.iter().map(|(text, _)| &**text).collect();
        text.lines.iter().map(line).collect()
    }

    #[test]
    fn members_stand_a_line_each_as_they_came() {
        assert_eq!(
            lines(BODY, &[], 80),
            [
                "{",
                "  \"type\": \"packet.signed\",",
                "  \"data\": {",
                "    \"big\": 12345678901234567890.10,",
                "    \"list\": [",
                "      1,",
                "      {",
                "        \"a\": null",
                "      }",
                "    ],",
                "    \"none\": {}",
                "  },",
                "  \"text\": \"a \\\"quoted\\\" {\"",
                "}",
            ]
        );
    }

    #[test]
    fn what_is_folded_takes_a_line_and_says_how_much_it_holds() {
        assert_eq!(
            lines(BODY, &[1], 80),
            [
                "{",
                "  \"type\": \"packet.signed\",",
                "> \"data\": { 3 members },",
                "  \"text\": \"a \\\"quoted\\\" {\"",
                "}",
            ]
        );
        assert_eq!(lines(BODY, &[0], 80), ["> { 3 members }"]);
        assert_eq!(lines("[7]", &[0], 80), ["> [ 1 item ]"]);
    }

    #[test]
    fn every_line_knows_the_object_or_array_that_it_belongs_to() {
        let mut text = Text::new(80);
        add(&mut text, BODY, Part::Response, &BTreeSet::new());
        let numbers: Vec<usize> = text.nodes.values().map(|node| node.number).collect();
        assert_eq!(numbers, [0, 0, 1, 1, 2, 2, 3, 3, 3, 2, 1, 1, 0, 0]);
        let foldable: Vec<usize> = text.foldable.iter().map(|node| node.number).collect();
        assert_eq!(foldable, [0, 1, 2, 3], "an empty one cannot be folded");
    }

    #[test]
    fn what_is_no_object_or_array_is_left_as_it_came() {
        for body in ["", "7", "\"text\"", "{", "{\"a\":1} ", "[1,]", "{\"a\":1}{"] {
            let mut text = Text::new(80);
            let expected = body == "{\"a\":1} ";
            assert_eq!(
                add(&mut text, body, Part::Request, &BTreeSet::new()),
                expected,
                "{body}"
            );
            assert_eq!(text.lines.is_empty(), !expected, "{body}");
        }
    }

    #[test]
    fn long_texts_go_on_further_in_and_hazards_are_told() {
        assert_eq!(
            lines("{\"key\":\"0123456789abcdef\u{202e}\"}", &[], 20),
            ["{", "  \"key\": \"0123456789", "    abcdef\\u{202e}\"", "}"]
        );
    }
}
