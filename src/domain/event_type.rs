//! Event types and the patterns endpoints subscribe with.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::limits::EVENT_TYPE_CHARS_MAX;

/// What the types begin with under which the service itself speaks: nobody else publishes them.
pub const RESERVED: &str = "hookyard.";

/// A dotted name of `[A-Za-z0-9_-]` segments, such as `packet.signed`; at most 128 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventType(Arc<str>);

/// Which event types an endpoint wants.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventTypePattern {
    /// `*`: all of them but those under which the service itself speaks.
    Any,
    /// `packet.*`: every type below `packet.`, at any depth; the text kept is `packet.`.
    Below(Arc<str>),
    /// One type.
    Exact(EventType),
}

/// A text that is no event type, or no pattern of one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEventType {
    /// Not a type.
    #[error(
        "{0:?} is not an event type: expected dotted segments of A-Z a-z 0-9 _ - such as packet.signed, \
         at most {EVENT_TYPE_CHARS_MAX} characters"
    )]
    Type(String),
    /// Not a pattern.
    #[error(
        "{0:?} is not an event type pattern: expected a type such as packet.signed, packet.* or *"
    )]
    Pattern(String),
}

impl EventType {
    /// The type as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is one under which the service itself speaks, such as `hookyard.endpoint.failing`.
    pub fn is_reserved(&self) -> bool {
        self.0.starts_with(RESERVED)
    }
}

impl EventTypePattern {
    /// Whether it asks for operational events: they go to those who name them, never to those who want everything.
    pub fn is_reserved(&self) -> bool {
        match self {
            Self::Any => false,
            Self::Below(prefix) => prefix.starts_with(RESERVED),
            Self::Exact(wanted) => wanted.is_reserved(),
        }
    }

    /// Whether an event of this type is wanted.
    pub fn matches(&self, event_type: &EventType) -> bool {
        match self {
            Self::Any => !event_type.is_reserved(),
            Self::Below(prefix) => event_type.as_str().starts_with(&**prefix),
            Self::Exact(wanted) => wanted == event_type,
        }
    }
}

fn is_dotted_name(text: &str) -> bool {
    let is_segment = |segment: &str| {
        !segment.is_empty()
            && segment
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
    };
    text.len() <= EVENT_TYPE_CHARS_MAX && text.split('.').all(is_segment)
}

impl FromStr for EventType {
    type Err = InvalidEventType;

    fn from_str(text: &str) -> Result<Self, InvalidEventType> {
        if is_dotted_name(text) {
            return Ok(Self(text.into()));
        }
        Err(InvalidEventType::Type(text.chars().take(64).collect()))
    }
}

impl FromStr for EventTypePattern {
    type Err = InvalidEventType;

    fn from_str(text: &str) -> Result<Self, InvalidEventType> {
        if text == "*" {
            return Ok(Self::Any);
        }
        if let Some(parent) = text.strip_suffix(".*")
            && is_dotted_name(parent)
        {
            return Ok(Self::Below(format!("{parent}.").into()));
        }
        text.parse()
            .map(Self::Exact)
            .map_err(|_| InvalidEventType::Pattern(text.chars().take(64).collect()))
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Display for EventTypePattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => formatter.write_str("*"),
            Self::Below(prefix) => write!(formatter, "{prefix}*"),
            Self::Exact(event_type) => event_type.fmt(formatter),
        }
    }
}

macro_rules! serde_as_text {
    ($($name:ident),*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}
serde_as_text!(EventType, EventTypePattern);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_by_whole_segments() {
        let check = |pattern: &str, event_type: &str, expected: bool| {
            let pattern: EventTypePattern = pattern.parse().unwrap();
            let event_type: EventType = event_type.parse().unwrap();
            assert_eq!(
                pattern.matches(&event_type),
                expected,
                "{pattern} {event_type}"
            );
        };
        check("*", "packet.signed", true);
        check("*", "hookyard.endpoint.failing", false);
        check("hookyard.*", "hookyard.endpoint.failing", true);
        check("hookyard.endpoint.*", "hookyard.endpoint.failing", true);
        check("packet.*", "packet.signed", true);
        check("packet.*", "packet.signed.again", true);
        check("packet.*", "packet", false);
        check("packet.*", "packets.signed", false);
        check("packet.signed", "packet.signed", true);
        check("packet.signed", "packet.signed.again", false);
    }

    #[test]
    fn malformed_types_and_patterns_are_refused() {
        for text in [
            "",
            ".",
            "a.",
            ".a",
            "a..b",
            "a b",
            "é",
            "a.*",
            &"x".repeat(129),
        ] {
            assert!(text.parse::<EventType>().is_err(), "{text}");
        }
        for text in ["", ".*", "a*", "*.a", "a.*.b", "**"] {
            assert!(text.parse::<EventTypePattern>().is_err(), "{text}");
        }
    }

    #[test]
    fn patterns_print_as_they_were_written() {
        for text in ["*", "packet.*", "packet.signed"] {
            assert_eq!(text.parse::<EventTypePattern>().unwrap().to_string(), text);
        }
    }
}
