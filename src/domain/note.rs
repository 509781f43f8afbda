//! Notes: what operators write down about a delivery, an endpoint, an event or a cause, for those who come after.

use std::fmt;
use std::str::FromStr;

use super::fingerprint::CauseId;
use super::id::{DeliveryId, EndpointId, EventId};

/// What a note is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteTarget {
    /// A delivery.
    Delivery(DeliveryId),
    /// An endpoint.
    Endpoint(EndpointId),
    /// An event.
    Event(EventId),
    /// A cause of failures, as dead letters are grouped.
    Cause(CauseId),
}

/// A text that names nothing that notes can be about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is nothing that notes can be about: expected the id of a delivery (dlv_…), an endpoint (ep_…), an event \
     (evt_…) or a cause (twelve hexadecimal digits of `hookyard dead causes`)"
)]
pub struct InvalidNoteTarget {
    /// What was given.
    pub text: String,
}

impl NoteTarget {
    /// What the audit log calls a note about it.
    pub const fn action(self) -> &'static str {
        match self {
            Self::Delivery(_) => "delivery.note",
            Self::Endpoint(_) => "endpoint.note",
            Self::Event(_) => "event.note",
            Self::Cause(_) => "cause.note",
        }
    }
}

impl fmt::Display for NoteTarget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delivery(id) => id.fmt(formatter),
            Self::Endpoint(id) => id.fmt(formatter),
            Self::Event(id) => id.fmt(formatter),
            Self::Cause(id) => id.fmt(formatter),
        }
    }
}

impl FromStr for NoteTarget {
    type Err = InvalidNoteTarget;

    fn from_str(text: &str) -> Result<Self, InvalidNoteTarget> {
        let delivery = text.parse().map(Self::Delivery).ok();
        delivery
            .or_else(|| text.parse().map(Self::Endpoint).ok())
            .or_else(|| text.parse().map(Self::Event).ok())
            .or_else(|| text.parse().map(Self::Cause).ok())
            .ok_or_else(|| InvalidNoteTarget {
                text: text.to_owned(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_reads_back_and_says_what_it_is() {
        for (target, action) in [
            (
                NoteTarget::Delivery(DeliveryId::from_i64(7)),
                "delivery.note",
            ),
            (
                NoteTarget::Endpoint(EndpointId::from_i64(7)),
                "endpoint.note",
            ),
            (NoteTarget::Event(EventId::from_i64(7)), "event.note"),
            (NoteTarget::Cause(CauseId::from_i64(7)), "cause.note"),
        ] {
            assert_eq!(target.to_string().parse(), Ok(target));
            assert_eq!(target.action(), action);
        }
    }

    #[test]
    fn what_is_none_of_them_is_refused_with_the_forms_there_are() {
        for text in ["", "acme", "rpl_0000000000005", "7"] {
            let error = text.parse::<NoteTarget>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("{text:?} is nothing that notes")));
            assert!(error.contains("(dlv_…)"), "{error}");
        }
    }
}
