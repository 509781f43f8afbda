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
    /// A header does not have the contract's form.
    #[error("header {name} is malformed: {expected} is expected, found \"{found}\"")]
    Malformed {
        /// The header.
        name: String,
        /// Its form under the contract.
        expected: String,
        /// What came.
        found: String,
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
        "header {name} holds no value of the form {expected}, only others: the request was signed with a secret of \
         another kind than this one"
    )]
    OtherKind {
        /// The header.
        name: String,
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
    /// The signature fits nothing.
    #[error(
        "no signature in header {name} was made with this secret over this request: the secret is another one, or \
         the body or a signed header was changed on the way"
    )]
    Mismatch {
        /// The header.
        name: String,
    },
}

/// A value of the right form whose signature cannot be one.
pub(super) fn malformed_signature(slot: &SignatureSlot, rule: &SignatureRule) -> WhyNot {
    let encoding = match rule.encoding {
        Encoding::Hex => "hex",
        Encoding::Base64 => "base64",
    };
    WhyNot::Malformed {
        name: slot.place.header_name().to_owned(),
        expected: format!(
            "{} with {encoding} of {} bytes",
            rule.value,
            rule.algorithm.signature_bytes()
        ),
        found: "a signature of another length or alphabet".to_owned(),
    }
}

/// No value has a form that the secret can check.
pub(super) fn no_value(slot: &SignatureSlot, ours: &[&SignatureRule], texts: &[&str]) -> WhyNot {
    let forms: Vec<String> = ours.iter().map(|rule| rule.value.to_string()).collect();
    let (name, expected) = (slot.place.header_name().to_owned(), forms.join(" or "));
    let others = slot.rules.iter().filter(|rule| !ours.contains(rule));
    let has_other = others.clone().any(|rule| {
        texts
            .iter()
            .any(|text| super::request::signature_in(rule, text).is_some())
    });
    if has_other {
        return WhyNot::OtherKind { name, expected };
    }
    WhyNot::Malformed {
        name,
        expected,
        found: shown(&texts.join(&slot.separator)),
    }
}

/// At most the first 64 characters, control characters escaped.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(64).flat_map(char::escape_debug).collect()
}
