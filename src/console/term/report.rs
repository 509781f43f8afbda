//! What is left of a panic for whoever mends it: one file that this user alone may read.
//!
//! **Promises.** It is escaped. A panic's words may quote what the console was just reading, so what looks like a secret,
//! an URL's credentials or query, and every long quotation is left out of them; the backtrace has names and places of the
//! program and no values.

use std::backtrace::Backtrace;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::PathBuf;

use crate::domain::escape;

/// Characters of a panic's words that are kept.
const WORDS_CHARS_MAX: usize = 400;
/// Characters of a quotation that is kept: a name, a number, a state.
const QUOTED_CHARS_MAX: usize = 40;
/// Letters without a break that may be a name of the program; a key or a token has more.
const UNBROKEN_CHARS_MAX: usize = 24;

/// Writes the report into a new file; gives its path.
///
/// # Errors
/// There is no place for it.
pub(super) fn write(place: &str, words: &str) -> io::Result<PathBuf> {
    // Made under a name nobody could have laid out before, with mode 0600.
    let mut file = tempfile::Builder::new()
        .prefix("hookyard-panic-")
        .suffix(".txt")
        .tempfile()?;
    let trace = Backtrace::force_capture().to_string();
    file.write_all(report(place, words, &trace).as_bytes())?;
    Ok(file.keep()?.1)
}

fn report(place: &str, words: &str, trace: &str) -> String {
    let mut text = format!(
        "hookyard {} ({} {}): the console panicked\nplace: {}\nwords: {}\n\n",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH,
        escape::line(place),
        escape::line(&redacted(words)),
    );
    text.push_str(&escape::block(trace));
    text.push('\n');
    text
}

/// The words without what must not leave the machine, and not too many of them.
pub(super) fn redacted(words: &str) -> String {
    let mut kept = String::new();
    let mut rest = words;
    while let Some((before, quoted, after)) = next_quotation(rest) {
        push_words(&mut kept, before);
        let length = quoted.chars().count();
        if length > QUOTED_CHARS_MAX {
            push(
                &mut kept,
                format_args!("\"({length} characters left out)\""),
            );
        } else {
            kept.push('"');
            push_words(&mut kept, quoted);
            kept.push('"');
        }
        rest = after;
    }
    push_words(&mut kept, rest);
    let length = kept.chars().count();
    if length > WORDS_CHARS_MAX {
        let end = kept.chars().take(WORDS_CHARS_MAX).collect::<String>();
        return format!("{end} ({} characters left out)", length - WORDS_CHARS_MAX);
    }
    kept
}

/// The text before the next quotation, the quotation, and the text behind it. One that does not end goes to the end.
fn next_quotation(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('"')?;
    let mut escaped = false;
    for (at, letter) in rest.char_indices() {
        match letter {
            '"' if !escaped => return Some((before, &rest[..at], &rest[at + 1..])),
            _ => escaped = letter == '\\' && !escaped,
        }
    }
    Some((before, rest, ""))
}

/// Adds text word by word; of a word that may be a secret its length alone.
fn push_words(kept: &mut String, text: &str) {
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end_matches(char::is_whitespace);
        push_word(kept, word);
        kept.push_str(&piece[word.len()..]);
    }
}

fn push_word(kept: &mut String, word: &str) {
    if let Some((scheme, rest)) = word.split_once("://") {
        // User and password stand before the host, keys behind the question mark.
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
        let host = host.split('/').next().unwrap_or_default();
        push(kept, format_args!("{scheme}://{host}/..."));
        return;
    }
    let is_name = |part: &str| part.chars().count() <= UNBROKEN_CHARS_MAX;
    let breaks = |letter: char| {
        matches!(
            letter,
            ':' | '.' | '/' | ',' | '(' | ')' | '[' | ']' | '\'' | '`'
        )
    };
    if is_secret(word) || !word.split(breaks).all(is_name) {
        push(
            kept,
            format_args!("({} characters left out)", word.chars().count()),
        );
        return;
    }
    kept.push_str(word);
}

/// Whether a word has a part that begins as the secrets and tokens that Hookyard gives out or is given.
fn is_secret(word: &str) -> bool {
    ["hky_", "whsec_", "whsk_", "sk_", "Bearer", "bearer"]
        .iter()
        .any(|mark| word.contains(mark))
}

fn push(kept: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing into a String cannot fail.
    let _ = kept.write_fmt(arguments);
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn words_of_a_panic_keep_names_and_places_and_lose_what_they_quote() {
        let body = "x".repeat(200);
        for (words, kept) in [
            (
                "index out of bounds: the len is 3 but the index is 7",
                "index out of bounds: the len is 3 but the index is 7",
            ),
            (
                "byte index 2 is not a char boundary; it is inside 'é' (bytes 1..3) of `dlv_0e6kq3v9xjz00`",
                "byte index 2 is not a char boundary; it is inside 'é' (bytes 1..3) of `dlv_0e6kq3v9xjz00`",
            ),
            (
                "called `Result::unwrap()` on an `Err` value: ParseIntError { kind: InvalidDigit }",
                "called `Result::unwrap()` on an `Err` value: ParseIntError { kind: InvalidDigit }",
            ),
            (
                &format!("not a status: \"{body}\" of \"acme\""),
                "not a status: \"(200 characters left out)\" of \"acme\"",
            ),
            (
                "key \"hky_abc\" and whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                "key \"(7 characters left out)\" and (38 characters left out)",
            ),
            (
                "at https://ada:pw@hooks.example/in/key9?token=7 there",
                "at https://hooks.example/... there",
            ),
            (
                "no end: \"abc MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYqrTw",
                "no end: \"(50 characters left out)\"",
            ),
        ] {
            assert_eq!(redacted(words), kept, "{words}");
        }
        let many = "a word ".repeat(200);
        assert!(redacted(&many).ends_with("a (1000 characters left out)"));
    }

    #[test]
    fn a_report_is_escaped_and_for_this_user_alone() {
        let path = write("src/a.rs:1:2", "it said \u{1b}]0;x\u{7}\u{202e}").unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_file(path).unwrap();
        assert!(text.starts_with(concat!("hookyard ", env!("CARGO_PKG_VERSION"))));
        assert!(
            text.contains("\nplace: src/a.rs:1:2\nwords: it said \\x1b]0;x\\x07\\u{202e}\n"),
            "{text}"
        );
        assert!(
            text.contains("report"),
            "the backtrace names this test: {text}"
        );
        assert!(!text.contains('\u{1b}'));
    }
}
