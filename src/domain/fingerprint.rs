//! Failure fingerprints: what a failed attempt has in common with others, so that a thousand failures are four causes.
//!
//! A cause is the failure's class, the answer's status, and a message from which everything is folded away that
//! differs from one request to the next: numbers, ids, times, hex, quoted values, addresses. Of an answer the message
//! is its JSON error text, its HTML title, or its beginning; without an answer it is the failure's own text.
//!
//! **Promises.** The same failure has the same cause in every yard and after every restart. A message is one line of at
//! most [`CAUSE_MESSAGE_CHARS_MAX`] characters, safe to show. The work is bounded whatever the receiver sends.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use super::attempt::{Attempt, Failure, FailureClass, Response};
use super::escape;
use super::limits::{CAUSE_BODY_BYTES_MAX, CAUSE_MESSAGE_CHARS_MAX};

/// Members of a JSON answer that say what is wrong, in the order of belief.
const MEMBERS: [&str; 7] = [
    "message",
    "error",
    "detail",
    "title",
    "reason",
    "error_description",
    "code",
];
/// What stands for a cause beyond the most that are told apart.
const OTHER: &str = "other failures of this class";

/// A cause's id: 48 bits, shown as 12 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CauseId(i64);

/// A text that is no cause's id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not the id of a cause: expected 12 hex digits, as `hookyard causes` shows them"
)]
pub struct InvalidCauseId {
    text: String,
}

/// What failures have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// Its id.
    pub id: CauseId,
    /// The stage at which they failed.
    pub class: FailureClass,
    /// The status they were answered with, where that is what failed.
    pub status: Option<u16>,
    /// What was said, without what differs; escaped.
    pub message: String,
}

impl Fingerprint {
    /// The fingerprint of a failed attempt.
    pub fn of(failure: &Failure, response: Option<&Response>) -> Self {
        let answer = response.filter(|_| failure.class == FailureClass::Status);
        let said = answer.map(|response| said(&response.body));
        let message = match &said {
            Some(text) => normalised(text),
            None => normalised(&failure.text),
        };
        Self::made(failure.class, answer.map(|answer| answer.status), message)
    }

    /// What an attempt failed of; `None` of a success.
    pub fn of_attempt(attempt: &Attempt) -> Option<Self> {
        let failure = attempt.failure.as_ref()?;
        Some(Self::of(failure, attempt.response.as_ref()))
    }

    /// The one that stands for all failures of a class that are not told apart.
    pub fn other(class: FailureClass) -> Self {
        Self::made(class, None, OTHER.to_owned())
    }

    /// The one that these parts make.
    pub fn made(class: FailureClass, status: Option<u16>, message: String) -> Self {
        let mut digest = Sha256::new();
        digest.update(class.as_str());
        digest.update([0]);
        digest.update(status.unwrap_or(0).to_be_bytes());
        digest.update(message.as_bytes());
        let digest = digest.finalize();
        let id = digest
            .iter()
            .take(6)
            .fold(0, |id, &byte| id << 8 | i64::from(byte));
        Self {
            id: CauseId(id),
            class,
            status,
            message,
        }
    }
}

/// What an answer says is wrong.
fn said(body: &[u8]) -> String {
    let body = &body[..body.len().min(CAUSE_BODY_BYTES_MAX)];
    if let Ok(value) = serde_json::from_slice::<serde_json::Value>(body)
        && let Some(text) = json_said(&value, 0)
    {
        return text;
    }
    let text = String::from_utf8_lossy(body);
    title(&text).unwrap_or_else(|| text.into_owned())
}

/// The first text among the known members; one level of nesting, as in `{"error": {"message": …}}`.
fn json_said(value: &serde_json::Value, depth: usize) -> Option<String> {
    let members = value.as_object()?;
    MEMBERS.iter().find_map(|name| match members.get(*name)? {
        serde_json::Value::String(text) => Some(text.clone()),
        inner if depth == 0 => json_said(inner, depth + 1),
        _ => None,
    })
}

/// What stands in an HTML page's title.
fn title(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let start = lower.find("<title>")? + "<title>".len();
    let end = start + lower[start..].find("</title>")?;
    Some(text[start..end].to_owned())
}

/// The text in lower case without what differs from one request to the next.
fn normalised(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.trim();
    let mut written = 0;
    while let Some(first) = rest.chars().next() {
        if written >= CAUSE_MESSAGE_CHARS_MAX {
            break;
        }
        let before = out.len();
        let inside_word = out.ends_with(char::is_alphanumeric);
        if let Some(after) = quoted(first, rest).filter(|_| !inside_word) {
            out.push('…');
            rest = after;
        } else if is_of_word(first) {
            let end = rest.find(|next| !is_of_word(next)).unwrap_or(rest.len());
            // A full stop or colon ends a sentence, not a word.
            let word = rest[..end].trim_end_matches(['.', ':', '-', '/']);
            let word = if word.is_empty() { &rest[..end] } else { word };
            push_word(&mut out, word);
            rest = &rest[word.len()..];
        } else if first.is_whitespace() {
            if !out.ends_with(' ') {
                out.push(' ');
            }
            rest = rest.trim_start();
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
        written += out[before..].chars().count();
    }
    let line: String = escape::line(out.trim_end()).into_owned();
    line.chars().take(CAUSE_MESSAGE_CHARS_MAX).collect()
}

/// What follows a quoted value that begins here.
fn quoted(first: char, rest: &str) -> Option<&str> {
    let close = match first {
        '"' | '`' => first,
        '“' => '”',
        '\'' => '\'',
        _ => return None,
    };
    let inner = &rest[first.len_utf8()..];
    let end = inner.find(close)?;
    Some(&inner[end + close.len_utf8()..])
}

fn is_of_word(character: char) -> bool {
    character.is_alphanumeric()
        || matches!(
            character,
            '_' | '-' | '.' | ':' | '/' | '@' | '%' | '+' | '\u{2019}'
        )
}

/// A word, or what stands for it.
fn push_word(out: &mut String, word: &str) {
    let is_hex = word.len() >= 8 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let inner_dot = word
        .char_indices()
        .any(|(at, character)| character == '.' && at > 0 && at + 1 < word.len());
    let folded = if word.contains("://") {
        "<url>"
    } else if word.contains('@') {
        "<address>"
    } else if word.chars().any(|character| character.is_numeric()) || is_hex {
        "#"
    } else if word.starts_with('/') && word.len() > 1 {
        "<path>"
    } else if inner_dot {
        "<name>"
    } else {
        out.extend(word.chars().flat_map(char::to_lowercase));
        return;
    };
    out.push_str(folded);
}

impl CauseId {
    /// The id with this number.
    pub const fn from_i64(value: i64) -> Self {
        Self(value)
    }

    /// The number that the store keeps.
    pub const fn as_i64(self) -> i64 {
        self.0
    }
}

impl fmt::Display for CauseId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:012x}", self.0)
    }
}

impl FromStr for CauseId {
    type Err = InvalidCauseId;

    fn from_str(text: &str) -> Result<Self, InvalidCauseId> {
        let is_one = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let value = i64::from_str_radix(text, 16).ok().filter(|_| is_one);
        value.map(Self).ok_or_else(|| InvalidCauseId {
            text: text.chars().take(64).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn answered(status: u16, body: &str) -> Fingerprint {
        let failure = Failure {
            class: FailureClass::Status,
            text: format!("answered {status}; the contract takes 2xx for success"),
        };
        let response = Response {
            status,
            body: body.as_bytes().to_vec(),
            ..Response::default()
        };
        Fingerprint::of(&failure, Some(&response))
    }

    #[test]
    fn what_differs_from_request_to_request_is_folded_away() {
        for (text, message) in [
            ("Customer 4711 not found.", "customer # not found."),
            (
                "lock cf23df2207d99a74 is held by evt_0e6kq3v9xjz00",
                "lock # is held by #",
            ),
            ("user 'Ada Lovelace' has no \"plan\"", "user … has no …"),
            ("2026-04-13T10:18:00Z: too late", "#: too late"),
            ("  no\n\troute   to 10.0.0.7:443  ", "no route to #"),
            (
                "api.example.com does not resolve",
                "<name> does not resolve",
            ),
            (
                "see https://example.com/x?y=1 or ask ops@example.com",
                "see <url>?y=# or ask <address>",
            ),
            ("/srv/app/run failed: deadbeef", "<path> failed: #"),
            ("Größe stimmt nicht", "größe stimmt nicht"),
            ("", ""),
        ] {
            assert_eq!(normalised(text), message, "{text}");
        }
    }

    #[test]
    fn an_answer_is_known_by_what_it_says_is_wrong() {
        for (body, message) in [
            (
                r#"{"id": 5, "error": {"message": "No such order 7"}}"#,
                "no such order #",
            ),
            (r#"{"trace": "a1b2", "detail": "Busy"}"#, "busy"),
            (
                "<html><head><TITLE>502 Bad Gateway</TITLE></head><body>7</body></html>",
                "# bad gateway",
            ),
            ("plain words", "plain words"),
            ("", ""),
        ] {
            let found = answered(502, body);
            assert_eq!(
                (found.message.as_str(), found.status),
                (message, Some(502)),
                "{body}"
            );
        }
    }

    #[test]
    fn class_status_and_message_make_a_cause_and_nothing_else_does() {
        let one = answered(500, "order 1 failed");
        assert_eq!(one, answered(500, "Order 22 failed"));
        assert_ne!(one.id, answered(503, "order 1 failed").id);
        assert_ne!(one.id, answered(500, "other").id);
        let timeout = Failure {
            class: FailureClass::Timeout,
            text: "no answer within 10s".to_owned(),
        };
        let late = Fingerprint::of(&timeout, None);
        assert_eq!(
            (late.message.as_str(), late.status),
            ("no answer within #", None)
        );
        assert_ne!(
            Fingerprint::other(FailureClass::Dns).id,
            Fingerprint::other(FailureClass::Tls).id
        );
    }

    #[test]
    fn ids_read_back_and_other_texts_are_refused() {
        let id = answered(500, "x").id;
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(CauseId::from_i64(7).to_string(), "000000000007");
        let error = "7".parse::<CauseId>().unwrap_err().to_string();
        assert_eq!(
            error,
            "\"7\" is not the id of a cause: expected 12 hex digits, as `hookyard causes` shows them"
        );
    }

    proptest! {
        #[test]
        fn any_bytes_give_a_short_safe_line(body in proptest::collection::vec(any::<u8>(), 0..5_000), status in 300_u16..600) {
            let body = String::from_utf8_lossy(&body).into_owned();
            let found = answered(status, &body);
            prop_assert!(found.message.chars().count() <= CAUSE_MESSAGE_CHARS_MAX);
            prop_assert!(!found.message.chars().any(escape::is_hazard));
            prop_assert_eq!(answered(status, &body), found);
        }
    }
}
