//! The members of a JSON object as they stand in a body, each with its text unread.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::api::problem::InputError;
use crate::server::json::{self, JsonError};

/// The members in their order; of a repeated one the last counts, as it does for JavaScript and for most libraries.
#[derive(Debug, Default)]
pub(super) struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Members<'a> {
    /// The members of the object that `bytes` are.
    ///
    /// # Errors
    /// What is not JSON, or JSON but no object.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, JsonError> {
        json::parse_borrowed(bytes)
    }

    /// The member of this name; `null` is as good as absent where the caller treats it so.
    pub(super) fn get(&self, name: &str) -> Option<&'a RawValue> {
        let mut latest_first = self.0.iter().rev();
        latest_first
            .find(|(known, _)| known == name)
            .map(|&(_, value)| value)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// What a JSON text holds, in words: `a number`.
pub(super) fn kind_of(value: &RawValue) -> &'static str {
    match value.get().as_bytes().first() {
        Some(b'"') => "text",
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b't' | b'f') => "true or false",
        Some(b'n') => "null",
        _ => "a number",
    }
}

/// Whether it is `null`.
pub(super) fn is_null(value: &RawValue) -> bool {
    value.get() == "null"
}

/// The JSON pointer (RFC 6901) to `member` of what `base` points at.
pub(super) fn pointer(base: &str, member: &str) -> String {
    format!("{base}/{}", member.replace('~', "~0").replace('/', "~1"))
}

/// Reads `value` as text.
///
/// # Errors
/// It is something else, or no text that can be kept.
pub(super) fn text(pointer: &str, value: &RawValue) -> Result<String, InputError> {
    serde_json::from_str(value.get()).map_err(|_| match kind_of(value) {
        "text" => refused(
            pointer,
            "the text has half of a surrogate pair, which nothing can keep",
        ),
        other => refused(pointer, format!("expected text, found {other}")),
    })
}

/// Reads `value` as what `expected` says.
///
/// # Errors
/// It is something else.
pub(super) fn plain<T: serde::de::DeserializeOwned>(
    pointer: &str,
    value: &RawValue,
    expected: &str,
) -> Result<T, InputError> {
    serde_json::from_str(value.get()).map_err(|_| {
        let shown: String = value.get().chars().take(64).collect();
        let found = match kind_of(value) {
            "a number" | "true or false" => shown,
            other => other.to_owned(),
        };
        refused(pointer, format!("expected {expected}, found {found}"))
    })
}

/// Reads `value` as a list of texts.
///
/// # Errors
/// The first thing that is something else.
pub(super) fn texts(pointer: &str, value: &RawValue) -> Result<Vec<String>, InputError> {
    let items: Vec<&RawValue> = serde_json::from_str(value.get()).map_err(|_| {
        refused(
            pointer,
            format!("expected a list of texts, found {}", kind_of(value)),
        )
    })?;
    let one = |(index, item): (usize, &&RawValue)| text(&format!("{pointer}/{index}"), item);
    items.iter().enumerate().map(one).collect()
}

/// Reads `value` as an object of texts, by name; of a repeated member the last counts.
///
/// # Errors
/// The first thing that is something else.
pub(super) fn named_texts(
    base: &str,
    value: &RawValue,
) -> Result<BTreeMap<String, String>, InputError> {
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(value.get()).map_err(|_| {
        refused(
            base,
            format!("expected an object of texts, found {}", kind_of(value)),
        )
    })?;
    let one = |(name, value): (String, &RawValue)| {
        let value = text(&pointer(base, &name), value)?;
        Ok((name, value))
    };
    members.into_iter().map(one).collect()
}

/// One thing wrong at `pointer`.
pub(super) fn refused(pointer: &str, detail: impl Into<String>) -> InputError {
    InputError {
        pointer: pointer.to_owned(),
        detail: detail.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_repeated_member_the_last_counts() {
        let text = br#"{"a":1,"b":2,"a":3,"~/":null}"#;
        let members = Members::parse(text).unwrap();
        assert_eq!(members.get("a").unwrap().get(), "3");
        assert!(members.get("c").is_none());
        assert_eq!(pointer("/x", "~/"), "/x/~0~1");
    }

    #[test]
    fn what_is_no_object_is_refused_with_what_it_is() {
        for (text, malformed) in [("[]", false), ("5", false), ("{", true), ("{a:1}", true)] {
            let error = Members::parse(text.as_bytes()).unwrap_err();
            assert_eq!(
                matches!(error, JsonError::Malformed(_)),
                malformed,
                "{text}"
            );
        }
    }

    #[test]
    fn other_kinds_are_named_with_the_place_and_what_was_expected() {
        let raw = |text: &str| RawValue::from_string(text.to_owned()).unwrap();
        let told = |error: InputError| format!("{}: {}", error.pointer, error.detail);
        for (value, expected) in [
            ("5", "/x: expected text, found a number"),
            ("null", "/x: expected text, found null"),
            (
                r#""\ud800""#,
                "/x: the text has half of a surrogate pair, which nothing can keep",
            ),
        ] {
            assert_eq!(told(text("/x", &raw(value)).unwrap_err()), expected);
        }
        let number =
            |value: &str| told(plain::<u32>("/n", &raw(value), "a whole number").unwrap_err());
        assert_eq!(number("1.5"), "/n: expected a whole number, found 1.5");
        assert_eq!(number("\"7\""), "/n: expected a whole number, found text");
        assert_eq!(
            told(texts("/l", &raw(r#"["a",{}]"#)).unwrap_err()),
            "/l/1: expected text, found an object"
        );
        assert_eq!(
            told(texts("/l", &raw("true")).unwrap_err()),
            "/l: expected a list of texts, found true or false"
        );
        assert_eq!(
            told(named_texts("/m", &raw(r#"{"a/b":1}"#)).unwrap_err()),
            "/m/a~1b: expected text, found a number"
        );
        assert_eq!(
            told(named_texts("/m", &raw("[]")).unwrap_err()),
            "/m: expected an object of texts, found a list"
        );
    }
}
