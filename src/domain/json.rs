//! JSON text kept exactly as its publisher wrote it.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::limits::JSON_DEPTH_MAX;

/// One JSON value as text: member order, number text and repeated keys are the publisher's.
///
/// The text is valid JSON (RFC 8259) and nests at most 64 deep.
#[derive(Clone, PartialEq, Eq)]
pub struct RawJson(Arc<str>);

/// A text that is not acceptable JSON.
#[derive(Debug, thiserror::Error)]
pub enum InvalidJson {
    /// The text does not parse.
    #[error("not JSON")]
    Syntax(#[source] serde_json::Error),
    /// The text nests too deep to be handled in bounded space.
    #[error("nested deeper than {JSON_DEPTH_MAX} levels")]
    TooDeep,
}

impl RawJson {
    /// Takes `text` if it is one JSON value, white space around it dropped.
    ///
    /// # Errors
    /// Bad syntax, or more than 64 levels of nesting.
    pub fn parse(text: &str) -> Result<Self, InvalidJson> {
        if depth(text) > JSON_DEPTH_MAX {
            return Err(InvalidJson::TooDeep);
        }
        let value: &RawValue = serde_json::from_str(text).map_err(InvalidJson::Syntax)?;
        Ok(Self(value.get().into()))
    }

    /// Takes a value that serde_json has read already: one copy of its text and no second parse.
    ///
    /// # Errors
    /// More than 64 levels of nesting.
    pub fn from_raw(value: &RawValue) -> Result<Self, InvalidJson> {
        if depth(value.get()) > JSON_DEPTH_MAX {
            return Err(InvalidJson::TooDeep);
        }
        Ok(Self(value.get().into()))
    }

    /// Takes text that [`RawJson::parse`] accepted before, such as a column of the store.
    pub fn from_stored(text: &str) -> Self {
        debug_assert!(
            Self::parse(text).is_ok(),
            "stored JSON was checked when it was accepted"
        );
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The deepest nesting of arrays and objects in `text`, which need not be valid.
fn depth(text: &str) -> usize {
    let (mut now, mut deepest) = (0_usize, 0);
    let (mut in_string, mut escaped) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                now += 1;
                deepest = deepest.max(now);
            }
            b'}' | b']' if !in_string => now = now.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

impl fmt::Debug for RawJson {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "RawJson({} bytes)", self.0.len())
    }
}

impl Serialize for RawJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value: &RawValue = serde_json::from_str(&self.0).map_err(serde::ser::Error::custom)?;
        value.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RawJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Box::<RawValue>::deserialize(deserializer)?;
        Self::parse(value.get()).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_publishers_text_survives_to_the_letter() {
        let text = r#"{"b": 1.0, "a":1e400,"b" : "\ud800"}"#;
        assert_eq!(
            RawJson::parse(&format!(" {text}\n")).unwrap().as_str(),
            text
        );
    }

    #[test]
    fn sixty_four_levels_are_accepted_and_sixty_five_refused() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(RawJson::parse(&nested(64)).is_ok());
        assert!(matches!(
            RawJson::parse(&nested(65)),
            Err(InvalidJson::TooDeep)
        ));
        assert!(RawJson::parse(r#""[[[[\"[[""#).is_ok());
    }

    #[test]
    fn text_that_is_not_one_value_is_refused() {
        for text in ["", "{", "1 2", "{a:1}", "nul", "\u{0}"] {
            assert!(
                matches!(RawJson::parse(text), Err(InvalidJson::Syntax(_))),
                "{text}"
            );
        }
    }
}
