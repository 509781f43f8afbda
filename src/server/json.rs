//! JSON into types, with errors that a person can act on: where (a JSON pointer), what, and what would be right.

use serde::de::{Deserialize, DeserializeOwned};
use serde_json::error::Category;

use crate::api::problem::InputError;

/// How alike two names must be for one to be offered in place of the other (Jaro-Winkler, 0–1).
const ALIKE_MIN: f64 = 0.75;

/// Why a text does not become a value of the wanted type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum JsonError {
    /// It is not JSON; says where it stops being so.
    Malformed(String),
    /// It is JSON of another shape.
    Shape(InputError),
}

/// Parses an object into an owned type.
///
/// # Errors
/// The first thing that is wrong.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, JsonError> {
    parse_borrowed(bytes)
}

/// Whether the text can only be an object: serde would take an array for one, member by member.
pub(super) fn begins_object(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().first() == Some(&b'{')
}

/// Parses an object into a type that may borrow from `bytes`. Slower than serde alone: it keeps track of where it is.
///
/// # Errors
/// The first thing that is wrong.
pub(super) fn parse_borrowed<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, JsonError> {
    if !begins_object(bytes) {
        serde_json::from_slice::<serde::de::IgnoredAny>(bytes)
            .map_err(|error| JsonError::Malformed(malformed(&error)))?;
        return Err(JsonError::Shape(InputError {
            pointer: String::new(),
            detail: "this is JSON but no object: expected members in { }".to_owned(),
        }));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = pointer(error.path());
        explain(&path, error.inner())
    })?;
    deserializer
        .end()
        .map_err(|error| JsonError::Malformed(malformed(&error)))?;
    Ok(value)
}

/// The JSON pointer (RFC 6901) of a path.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        pointer.push('/');
        match segment {
            Segment::Seq { index } => pointer.push_str(&index.to_string()),
            Segment::Map { key } | Segment::Enum { variant: key } => {
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            Segment::Unknown => pointer.push('?'),
        }
    }
    pointer
}

fn malformed(error: &serde_json::Error) -> String {
    format!("the body is not JSON: {error}")
}

fn explain(path: &str, error: &serde_json::Error) -> JsonError {
    match error.classify() {
        Category::Data => {}
        Category::Io | Category::Syntax | Category::Eof => {
            return JsonError::Malformed(malformed(error));
        }
    }
    let text = without_position(&error.to_string(), error);
    if let Some(rest) = text.strip_prefix("unknown field `") {
        return JsonError::Shape(unknown_member(path, rest));
    }
    if let Some(name) = quoted_after(&text, "missing field `") {
        return JsonError::Shape(InputError {
            pointer: format!("{path}/{name}"),
            detail: format!("{name} is missing: it is required"),
        });
    }
    if let Some(name) = quoted_after(&text, "duplicate field `") {
        return JsonError::Shape(InputError {
            pointer: format!("{path}/{name}"),
            detail: format!("{name} stands there twice: give it once"),
        });
    }
    JsonError::Shape(InputError {
        pointer: path.to_owned(),
        detail: text,
    })
}

/// Drops serde_json's ` at line 1 column 7`: the pointer says where.
fn without_position(text: &str, error: &serde_json::Error) -> String {
    let position = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&position).unwrap_or(text).to_owned()
}

fn quoted_after<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    text.strip_prefix(start)?.strip_suffix('`')
}

/// From serde's ``jiter`, expected one of `ladder`, `jitter``.
fn unknown_member(path: &str, rest: &str) -> InputError {
    let (name, expected) = rest
        .rsplit_once("`, expected ")
        .or_else(|| rest.rsplit_once("`, there are no "))
        .unwrap_or((rest, ""));
    let known: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
    let detail = match nearest(name, known.iter().copied()) {
        Some(near) => format!("{name} is not known here; did you mean {near}?"),
        None if known.is_empty() => format!("{name} is not known here; this takes no members"),
        None => format!("{name} is not known here; known are {}", known.join(", ")),
    };
    InputError {
        // The path ends with the unknown name where serde has told it, which it does not for a whole struct.
        pointer: if path.ends_with(&format!("/{name}")) {
            path.to_owned()
        } else {
            format!("{path}/{name}")
        },
        detail,
    }
}

/// The known name most like `name`, if any is alike at all.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(likeness, _)| *likeness >= ALIKE_MIN)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::endpoint::{CreateEndpoint, PauseBody};
    use crate::api::token::CreateToken;

    fn refused<T: DeserializeOwned + std::fmt::Debug>(text: &str) -> (String, String) {
        match parse::<T>(text.as_bytes()).unwrap_err() {
            JsonError::Malformed(detail) => ("malformed".to_owned(), detail),
            JsonError::Shape(error) => (error.pointer, error.detail),
        }
    }

    fn check(text: &str, pointer: &str, detail: &str) {
        assert_eq!(
            refused::<CreateEndpoint>(text),
            (pointer.to_owned(), detail.to_owned()),
            "{text}"
        );
    }

    #[test]
    fn unknown_members_are_named_with_the_nearest_known_one() {
        check(
            r#"{"url":"http://x","retry":{"jiter":0}}"#,
            "/retry/jiter",
            "jiter is not known here; did you mean jitter?",
        );
        check(
            r#"{"url":"http://x","retry":{"qqq":0}}"#,
            "/retry/qqq",
            "qqq is not known here; known are ladder, exponential, retries, window, jitter",
        );
        assert_eq!(
            refused::<crate::server::deliveries::NoMembers>(r#"{"x":1}"#),
            (
                "/x".to_owned(),
                "x is not known here; this takes no members".to_owned()
            )
        );
        check(
            r#"{"url":"http://x","evnt_types":[]}"#,
            "/evnt_types",
            "evnt_types is not known here; did you mean event_types?",
        );
    }

    #[test]
    fn a_missing_member_is_named_where_it_should_stand() {
        check("{}", "/url", "url is missing: it is required");
        check(
            r#"{"url":"","retry":{"exponential":{"first":"1s"}}}"#,
            "/retry/exponential/factor",
            "factor is missing: it is required",
        );
    }

    #[test]
    fn wrong_shapes_are_told_with_pointer_and_without_line_numbers() {
        check(
            r#"{"url":"","event_types":["a",5]}"#,
            "/event_types/1",
            "invalid type: integer `5`, expected a string",
        );
        check(
            r#"{"url":"","url":""}"#,
            "/url",
            "url stands there twice: give it once",
        );
        let (pointer, detail) = refused::<PauseBody>(r#"{"until":"soon"}"#);
        assert_eq!(pointer, "/until");
        assert_eq!(
            detail,
            "\"soon\" is not an RFC 3339 instant such as 2026-04-13T10:18:00Z"
        );
        let (pointer, detail) = refused::<CreateToken>(r#"{"name":"x","role":"root"}"#);
        assert_eq!(pointer, "/role");
        assert_eq!(
            detail,
            "unknown variant `root`, expected one of `publisher`, `consumer`, `viewer`, `operator`, `admin`"
        );
    }

    #[test]
    fn what_is_not_json_is_told_with_its_place() {
        let (kind, detail) = refused::<PauseBody>("{\"until\": }");
        assert_eq!(kind, "malformed");
        assert_eq!(
            detail,
            "the body is not JSON: expected value at line 1 column 11"
        );
        assert_eq!(refused::<PauseBody>("{} x").0, "malformed");
        assert_eq!(refused::<PauseBody>("").0, "malformed");
        assert_eq!(
            refused::<PauseBody>("[null]").1,
            "this is JSON but no object: expected members in { }"
        );
    }

    #[test]
    fn pointers_escape_what_rfc_6901_reserves() {
        let (pointer, _) = refused::<std::collections::BTreeMap<String, u8>>(r#"{"a/b~c":"x"}"#);
        assert_eq!(pointer, "/a~1b~0c");
    }
}
