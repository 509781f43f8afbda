//! What can be wrong with a contract's text, and with a delivery under a contract.

use crate::domain::limits::CONTRACT_FAULTS_MAX;

/// A contract that does not load: where, and what was expected there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {key}: {expected}")]
pub struct ContractError {
    /// The file, or what stands for it.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The key with its path, such as `signature[0].value`; `(file)` where the text as a whole is meant.
    pub key: String,
    /// What was expected, and what was found.
    pub expected: String,
}

/// All that is wrong with the texts of contracts, in the order of each text; never empty. Printed with a line for each.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", lines(.0))]
pub struct ContractErrors(Vec<ContractError>);

impl ContractErrors {
    /// The faults of one text, ordered by line; of very many the first ones and how many more there are.
    pub(super) fn of(mut faults: Vec<ContractError>) -> Self {
        faults.sort_by_key(|fault| fault.line);
        let more = faults.len().saturating_sub(CONTRACT_FAULTS_MAX);
        faults.truncate(CONTRACT_FAULTS_MAX);
        if let (true, Some(last)) = (more > 0, faults.last().cloned()) {
            faults.push(ContractError {
                key: "(file)".to_owned(),
                expected: format!("fewer faults: {more} more are not listed"),
                ..last
            });
        }
        Self(faults)
    }

    /// Puts the faults of another text behind these.
    pub(super) fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &ContractError> {
        self.0.iter()
    }
}

fn lines(faults: &[ContractError]) -> String {
    let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// Why no request can be made of a delivery: it will not be tried again by itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undeliverable {
    /// A header's value cannot be sent.
    #[error(
        "header {name} would hold a character that cannot be sent (only printable ASCII can): change its value"
    )]
    Header {
        /// The header.
        name: String,
    },
    /// Nothing can sign.
    #[error(
        "contract {contract} signs its requests, and none of the endpoint's active secrets fits it: rotate the secret"
    )]
    NoSecret {
        /// The contract's name.
        contract: String,
    },
    /// The service has no key of its own for the contract.
    #[error(
        "contract {contract} signs its requests with a key of the service's own, and there is none: make one"
    )]
    NoServiceKey {
        /// The contract's name.
        contract: String,
    },
    /// A number that the body's form has no room for.
    #[error(
        "the number {text} is too large for JavaScript, whose form of JSON this contract promises: publish it as a \
         string"
    )]
    Number {
        /// The number, cut short.
        text: String,
    },
    /// Data that cannot be a whole body.
    #[error(
        "the event's data is neither an object nor an array, and under this contract it is the whole body: publish \
         an object"
    )]
    Scalar,
    /// The attributes cannot be spread into the body.
    #[error("the event's attributes are no JSON object")]
    Attributes,
    /// The stored event is not the one that the attempt was made of.
    #[error(
        "the rendered body is not the one that was sent: its SHA-256 differs from the attempt's"
    )]
    OtherBody,
}
