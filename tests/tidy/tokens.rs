//! Rust text taken apart far enough to compare what stands in literals and identifiers, comments left out.

/// A literal's text as written between its quotes, or an identifier, with its line from 1.
pub(crate) struct Token<'a> {
    pub(crate) line: usize,
    /// The byte of the source at which the token begins, its quotes included.
    pub(crate) at: usize,
    pub(crate) kind: Kind,
    pub(crate) text: &'a str,
}

/// What a piece of source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A string literal with its escapes.
    Literal,
    /// A raw string literal.
    Raw,
    /// An identifier or a keyword.
    Word,
    /// A comment, a character literal, or the quote of a lifetime.
    Aside,
    /// A character of anything else.
    Sign,
}

/// The string literals and identifiers of `source`.
pub(crate) fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < source.len() {
        let rest = &source[at..];
        let (kind, (start, end, length)) = piece(rest);
        if end > start {
            let text = &rest[start..end];
            found.push(Token {
                line,
                at,
                kind,
                text,
            });
        }
        line += rest[..length].matches('\n').count();
        at += length;
    }
    found
}

/// The source with a blank for every byte of literals and comments: what is left is where it was, and code.
pub(crate) fn code(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    while code.len() < source.len() {
        let rest = &source[code.len()..];
        let (kind, (_, _, length)) = piece(rest);
        match kind {
            Kind::Word | Kind::Sign => code.push_str(&rest[..length]),
            Kind::Literal | Kind::Raw | Kind::Aside => code.extend(vec![' '; length]),
        }
    }
    code
}

/// What `rest` begins with: where the text of a literal or identifier begins and ends, and the whole length.
fn piece(rest: &str) -> (Kind, (usize, usize, usize)) {
    match rest.as_bytes()[0] {
        b'/' if rest.starts_with("//") => {
            (Kind::Aside, (0, 0, rest.find('\n').unwrap_or(rest.len())))
        }
        b'/' if rest.starts_with("/*") => (Kind::Aside, (0, 0, comment_length(rest))),
        b'"' => (Kind::Literal, string(rest)),
        b'r' if raw_hashes(rest).is_some() => (Kind::Raw, raw_string(rest)),
        b'b' | b'c' if rest[1..].starts_with('r') && raw_hashes(&rest[1..]).is_some() => {
            let (start, end, length) = raw_string(&rest[1..]);
            (Kind::Raw, (start + 1, end + 1, length + 1))
        }
        b'\'' => (Kind::Aside, (0, 0, quote_length(rest))),
        byte if byte.is_ascii_alphabetic() || byte == b'_' => {
            let is_part = |c: char| c.is_alphanumeric() || c == '_';
            let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
            (Kind::Word, (0, length, length))
        }
        _ => {
            let length = rest.chars().next().map_or(1, char::len_utf8);
            (Kind::Sign, (0, 0, length))
        }
    }
}

/// Where the text of a literal begins and ends, and the literal's whole length.
fn string(rest: &str) -> (usize, usize, usize) {
    let mut escaped = false;
    for (position, byte) in rest.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return (1, position, position + 1),
            _ => {}
        }
    }
    (1, rest.len(), rest.len())
}

/// How many `#` a raw string has, where it is one.
fn raw_hashes(rest: &str) -> Option<usize> {
    let after = &rest[1..];
    let hashes = after.len() - after.trim_start_matches('#').len();
    after[hashes..].starts_with('"').then_some(hashes)
}

fn raw_string(rest: &str) -> (usize, usize, usize) {
    let hashes = raw_hashes(rest).unwrap_or_default();
    let closing = format!("\"{}", "#".repeat(hashes));
    let start = hashes + 2;
    let end = rest[start..]
        .find(&closing)
        .map_or(rest.len(), |position| start + position);
    (start, end, (end + closing.len()).min(rest.len()))
}

/// Block comments nest.
fn comment_length(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest[at..].starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// A character literal, or the quote of a lifetime.
fn quote_length(rest: &str) -> usize {
    let mut characters = rest.char_indices().skip(1);
    match characters.next() {
        Some((_, '\\')) => rest[2..].find('\'').map_or(1, |end| {
            // An escaped quote is inside.
            let is_quote = rest[2..].starts_with('\'');
            if is_quote { 4 } else { end + 3 }
        }),
        Some((_, _)) => match characters.next() {
            Some((end, '\'')) => end + 1,
            _ => 1,
        },
        None => 1,
    }
}

#[test]
fn literals_and_identifiers_are_told_from_everything_else() {
    let source = "// acme\n/* acme /* acme */ acme */ let a = \"acm\\\"e\"; 'acme: loop { b('\"', '\\'', \"é\") }\nr#\"ac\"me\"#;";
    let found: Vec<(usize, &str)> = tokens(source)
        .iter()
        .map(|token| (token.line, token.text))
        .collect();
    assert_eq!(
        found,
        [
            (2, "let"),
            (2, "a"),
            (2, "acm\\\"e"),
            (2, "acme"),
            (2, "loop"),
            (2, "b"),
            (2, "é"),
            (3, "ac\"me"),
        ]
    );
}

#[test]
fn code_keeps_its_place_without_literals_and_comments() {
    let source = "a(\"(\", '(', r#\"(\"#, br#\"\"(\"#) // é(\nb";
    assert_eq!(code(source), "a(   ,    ,       ,         )       \nb");
}
