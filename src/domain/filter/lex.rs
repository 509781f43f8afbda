//! Text to tokens, each with its place.
//!
//! What a word may hold depends on where it stands: a bare word ends before an operator, so that `lat>2s` is three
//! tokens, while a value may hold colons and signs, so that `at>2026-04-13T10:18:00Z` needs no quotes.

use super::error::{FilterError, Problem, Span};

/// A token's kind and content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Open,
    Close,
    Not,
    And,
    Or,
    Word(String),
    Text(String),
    Regex { source: String, ignore_case: bool },
    Operator(Operator),
    Comma,
    Range,
}

/// An operator between a field and its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Is,
    IsNot,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Matches,
    MatchesNot,
}

/// A token and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) span: Span,
}

/// The longest spellings first, so that `<=` is not read as `<`.
const OPERATORS: [(&str, Operator); 9] = [
    ("!=", Operator::IsNot),
    ("!~", Operator::MatchesNot),
    ("=~", Operator::Matches),
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    (":", Operator::Is),
    ("=", Operator::Is),
    ("<", Operator::Less),
    (">", Operator::Greater),
];

impl Operator {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Is => ":",
            Self::IsNot => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Matches => "=~",
            Self::MatchesNot => "!~",
        }
    }
}

/// All tokens of `text`; what is not closed is taken to the end of the text and reported.
pub(super) fn tokens(text: &str, errors: &mut Vec<FilterError>) -> Vec<Placed> {
    let mut tokens: Vec<Placed> = Vec::new();
    let mut start = 0;
    while let Some(rest) = text.get(start..)
        && let Some(first) = rest.chars().next()
    {
        if first.is_whitespace() {
            start += first.len_utf8();
            continue;
        }
        let wants_value = matches!(
            tokens.last().map(|placed| &placed.token),
            Some(Token::Operator(_) | Token::Comma | Token::Range)
        );
        // A range or a comma continues a value only when it touches it: `..` elsewhere is part of a word.
        let touches_value = tokens.last().is_some_and(|placed| {
            placed.span.end == start
                && matches!(
                    placed.token,
                    Token::Word(_) | Token::Text(_) | Token::Regex { .. }
                )
        });
        let (token, length) = if touches_value && rest.starts_with("..") {
            (Token::Range, 2)
        } else if wants_value {
            value(rest, start, errors)
        } else {
            plain(rest, start, errors)
        };
        let span = Span {
            start,
            end: start + length,
        };
        tokens.push(Placed { token, span });
        start += length;
    }
    tokens
}

fn value(rest: &str, start: usize, errors: &mut Vec<FilterError>) -> (Token, usize) {
    match rest.as_bytes().first() {
        Some(b'"') => string(rest, start, errors),
        Some(b'/') => regex(rest, start, errors),
        Some(b'(') => (Token::Open, 1),
        Some(b')') => (Token::Close, 1),
        Some(b',') => (Token::Comma, 1),
        _ => {
            let ends = |(at, character): (usize, char)| {
                is_word_end(character) || rest[at..].starts_with("..")
            };
            let first = rest.chars().next().map_or(1, char::len_utf8);
            let end = rest.char_indices().find(|&found| ends(found));
            let length = end.map_or(rest.len(), |(at, _)| at).max(first);
            (Token::Word(rest[..length].to_owned()), length)
        }
    }
}

fn plain(rest: &str, start: usize, errors: &mut Vec<FilterError>) -> (Token, usize) {
    if let Some(&(spelled, operator)) = OPERATORS.iter().find(|(text, _)| rest.starts_with(text)) {
        return (Token::Operator(operator), spelled.len());
    }
    match rest.as_bytes().first() {
        Some(b'"') => string(rest, start, errors),
        Some(b'/') => regex(rest, start, errors),
        Some(b'(') => (Token::Open, 1),
        Some(b')') => (Token::Close, 1),
        Some(b',') => (Token::Comma, 1),
        Some(b'-' | b'!') => (Token::Not, 1),
        _ => {
            let ends = |(at, character): (usize, char)| {
                is_word_end(character)
                    || matches!(character, ':' | '=' | '<' | '>')
                    || rest[at..].starts_with("!=")
                    || rest[at..].starts_with("!~")
            };
            let end = rest.char_indices().find(|&found| ends(found));
            let length = end.map_or(rest.len(), |(at, _)| at);
            let word = &rest[..length];
            let token = match word {
                "and" | "AND" => Token::And,
                "or" | "OR" => Token::Or,
                "not" | "NOT" => Token::Not,
                word => Token::Word(word.to_owned()),
            };
            (token, length)
        }
    }
}

const fn is_word_end(character: char) -> bool {
    character.is_whitespace() || matches!(character, '(' | ')' | '"' | ',')
}

/// `"…"` with `\"` and `\\`.
fn string(rest: &str, start: usize, errors: &mut Vec<FilterError>) -> (Token, usize) {
    let mut content = String::new();
    let mut escaped = false;
    for (at, character) in rest.char_indices().skip(1) {
        match character {
            '"' | '\\' if escaped => {
                content.push(character);
                escaped = false;
            }
            _ if escaped => {
                content.push('\\');
                content.push(character);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => return (Token::Text(content), at + 1),
            _ => content.push(character),
        }
    }
    errors.push(unclosed(start, start + rest.len(), "quote"));
    (Token::Text(content), rest.len())
}

/// `/…/` or `/…/i`; a slash inside is written `\/`.
fn regex(rest: &str, start: usize, errors: &mut Vec<FilterError>) -> (Token, usize) {
    let mut escaped = false;
    for (at, character) in rest.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '/' => {
                let ignore_case = rest[at + 1..].starts_with('i');
                let source = rest[1..at].to_owned();
                let token = Token::Regex {
                    source,
                    ignore_case,
                };
                return (token, at + 1 + usize::from(ignore_case));
            }
            _ => {}
        }
    }
    errors.push(unclosed(start, start + rest.len(), "slash"));
    (Token::Text(String::new()), rest.len())
}

pub(super) fn unclosed(start: usize, end: usize, what: &'static str) -> FilterError {
    FilterError {
        span: Span { start, end },
        problem: Problem::Unclosed { what },
    }
}

/// Whether a value that is printed without quotes is read back as the same word.
pub(super) fn is_plain_value(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('/')
        && !text.starts_with("..")
        && !text.contains("..")
        && !text
            .chars()
            .any(|character| is_word_end(character) || character.is_control())
}
