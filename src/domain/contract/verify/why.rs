//! Why a request is not what its signature says: a sentence for each reason, with what to look at.

use super::super::model::{Encoding, SignatureRule, SignatureSlot};
use super::TOLERANCE_SECONDS;

/// Why a consumer would refuse the request. Text from the request is escaped and cut short.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WhyNot {
    /// The contract does not sign.
    #[error("contract {contract} does not sign its requests: there is nothing to verify")]
    Unsigned {
        /// The contract.
        contract: String,
    },
    /// A header is missing.
    #[error(
        "header {name} is missing: it was not sent under this contract, or something on the way dropped it"
    )]
    MissingHeader {
        /// The header.
        name: String,
    },
    /// A header comes more than once.
    #[error("header {name} comes {times} times: once is expected")]
    RepeatedHeader {
        /// The header.
        name: String,
        /// How often it came.
        times: usize,
    },
    /// The body has no such member.
    #[error(
        "the body has no member {name:?}: it was not sent under this contract, or something on the way dropped it"
    )]
    MissingMember {
        /// The member.
        name: String,
    },
    /// The body is no JSON object, so that it cannot carry its signature.
    #[error("the body is not a JSON object: its signature is expected in its member {name:?}")]
    NoObject {
        /// The member.
        name: String,
    },
    /// A header or member does not have the contract's form.
    #[error("{place} is malformed: {expected} is expected, found \"{found}\"")]
    Malformed {
        /// The header or member, as sentences name it.
        place: String,
        /// Its form under the contract.
        expected: String,
        /// What came.
        found: String,
    },
    /// The bare signature, without what the contract writes around it.
    #[error(
        "{place} holds a bare signature: {expected} is expected; something on the way, or the code that reads it, \
         cut the rest off"
    )]
    MissingPrefix {
        /// The header or member, as sentences name it.
        place: String,
        /// Its form under the contract.
        expected: String,
    },
    /// A signature of the right length in another encoding.
    #[error("{place} holds a signature in {found}: {expected} is expected")]
    OtherEncoding {
        /// The header or member, as sentences name it.
        place: String,
        /// The contract's encoding.
        expected: &'static str,
        /// The encoding that it is in.
        found: &'static str,
    },
    /// The contract signs over something that the request does not carry.
    #[error(
        "{{{variable}}} is signed but the request does not carry it: this contract cannot be verified from outside"
    )]
    NotCarried {
        /// The name in the contract's template.
        variable: &'static str,
    },
    /// The signature is there, but made with another kind of key.
    #[error(
        "{place} holds no value of the form {expected}, only others: the request was signed with a secret of \
         another kind than this one"
    )]
    OtherKind {
        /// The header or member, as sentences name it.
        place: String,
        /// The form that this secret can check.
        expected: String,
    },
    /// The signed time is too old.
    #[error(
        "the signature is right but {seconds} s old, and {TOLERANCE_SECONDS} s are allowed: the request was replayed, \
         or this machine's clock is fast"
    )]
    Stale {
        /// Its age.
        seconds: i64,
    },
    /// The signed time has not come yet.
    #[error(
        "the signature is right but from {seconds} s in the future, and {TOLERANCE_SECONDS} s are allowed: \
         this machine's clock is slow"
    )]
    Future {
        /// How far ahead it is.
        seconds: i64,
    },
    /// The signature fits another spelling of the body.
    #[error(
        "the body was changed on the way: the signature is right for {spelling}; verify the bytes as they came"
    )]
    BodyChanged {
        /// The spelling that it fits.
        spelling: &'static str,
    },
    /// The signature fits another reading of the secret.
    #[error("the secret is read wrong: the signature is right for {reading}")]
    SecretMisread {
        /// The reading that it fits.
        reading: &'static str,
    },
    /// The signature fits nothing, and the body is not as this contract sends any.
    #[error(
        "no signature in {place} fits, and the body is not in the form that this contract sends ({form}): something \
         on the way parsed it and wrote it again; verify the bytes as they came"
    )]
    BodyReencoded {
        /// The header or member, as sentences name it.
        place: String,
        /// The contract's form of JSON.
        form: &'static str,
    },
    /// The signature fits nothing.
    #[error(
        "no signature in {place} was made with this secret over this request: the secret is another one, or \
         the body or a signed header was changed on the way{}",
        if *keeps_text {
            "; the body may also have been parsed and written again, which cannot be told here because the contract \
             sends numbers and members as the publisher wrote them: verify the raw bytes"
        } else {
            ""
        }
    )]
    Mismatch {
        /// The header or member, as sentences name it.
        place: String,
        /// Whether the contract sends the publisher's text, so that a body written again looks like any other.
        keeps_text: bool,
    },
}

/// A value of the right form whose signature cannot be one.
pub(super) fn malformed_signature(
    slot: &SignatureSlot,
    rule: &SignatureRule,
    signature: &str,
) -> WhyNot {
    let place = slot.place.to_string();
    if let Some(found) = other_encoding(rule, signature) {
        return WhyNot::OtherEncoding {
            place,
            expected: rule.encoding.as_str(),
            found: found.as_str(),
        };
    }
    WhyNot::Malformed {
        place,
        expected: format!(
            "{} with {} of {} bytes",
            rule.value,
            rule.encoding.as_str(),
            rule.algorithm.signature_bytes()
        ),
        found: "a signature of another length or alphabet".to_owned(),
    }
}

/// The encoding in which `text` is a signature of the rule's length, where it is not the rule's own.
fn other_encoding(rule: &SignatureRule, text: &str) -> Option<Encoding> {
    let other = match rule.encoding {
        Encoding::Hex => Encoding::Base64,
        Encoding::Base64 => Encoding::Hex,
    };
    is_signature(rule, other, text).then_some(other)
}

fn is_signature(rule: &SignatureRule, encoding: Encoding, text: &str) -> bool {
    let bytes = encoding.decode(text);
    bytes.is_some_and(|bytes| bytes.len() == rule.algorithm.signature_bytes())
}

/// No value has a form that the secret can check.
pub(super) fn no_value(slot: &SignatureSlot, ours: &[&SignatureRule], texts: &[&str]) -> WhyNot {
    let forms: Vec<String> = ours.iter().map(|rule| rule.value.to_string()).collect();
    let (place, expected) = (slot.place.to_string(), forms.join(" or "));
    let others = slot.rules.iter().filter(|rule| !ours.contains(rule));
    let has_other = others.clone().any(|rule| {
        texts
            .iter()
            .any(|text| super::request::signature_in(rule, text).is_some())
    });
    if has_other {
        return WhyNot::OtherKind { place, expected };
    }
    let is_bare = |text: &&str| {
        let mut rules = ours.iter();
        rules.any(|rule| is_signature(rule, rule.encoding, text))
    };
    if texts.iter().any(is_bare) {
        return WhyNot::MissingPrefix { place, expected };
    }
    WhyNot::Malformed {
        place,
        expected,
        found: shown(&texts.join(&slot.separator)),
    }
}

/// At most the first 64 characters, control characters escaped.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(64).flat_map(char::escape_debug).collect()
}
