//! What the engine refuses, in the words of a contract's routes: members by the contract's names, ids as it shows them.

use super::members::pointer;
use crate::api::problem::InputError;
use crate::domain::contract::{ApiRules, NativeField, TestRequest};
use crate::domain::endpoint_draft::InvalidInput;
use crate::domain::id::EndpointId;
use crate::engine::EngineError;
use crate::server::problem::Refusal;

/// The refusal of a call about an endpoint that is not created yet.
pub(super) fn of_new(api: &ApiRules, error: EngineError) -> Refusal {
    match error {
        EngineError::Invalid(inputs) => {
            let renamed = inputs.into_iter().map(|input| renamed(api, input));
            Refusal::invalid(renamed.collect())
        }
        other => other.into(),
    }
}

/// The refusal of a call about the endpoint `id`, which the caller knows as `shown`.
pub(super) fn of_one(api: &ApiRules, id: EndpointId, shown: &str, error: EngineError) -> Refusal {
    match error {
        EngineError::NotFound { .. } => not_found(shown),
        EngineError::Conflict(detail) => {
            EngineError::Conflict(detail.replace(&id.to_string(), shown)).into()
        }
        other => of_new(api, other),
    }
}

/// The refusal of a test: what is wrong with its input is the event type, the only thing that is judged.
pub(super) fn of_test(wanted: &TestRequest, inputs: Vec<InvalidInput>) -> Refusal {
    let place = wanted
        .event_type
        .as_ref()
        .map_or_else(String::new, |name| pointer("", name));
    let told = inputs.into_iter().map(|input| InputError {
        pointer: place.clone(),
        detail: input.detail,
    });
    Refusal::invalid(told.collect())
}

/// No endpoint of this contract and this caller has the id.
pub(super) fn not_found(shown: &str) -> Refusal {
    let shown: String = shown.chars().take(64).collect();
    Refusal::not_found("endpoint", shown)
}

/// The same complaint about the member that the caller wrote. One about what is on no contract route points nowhere.
fn renamed(api: &ApiRules, input: InvalidInput) -> InputError {
    let native = input.pointer.strip_prefix('/').unwrap_or_default();
    let (head, rest) = native.split_once('/').unwrap_or((native, ""));
    // On these routes a retry policy is its number of retries.
    let (word, rest) = match head {
        "retry" => (NativeField::Retries.as_str(), ""),
        other => (other, rest),
    };
    let listed = api
        .fields
        .iter()
        .find(|listed| listed.field.as_str() == word);
    let Some(listed) = listed else {
        return InputError {
            pointer: String::new(),
            detail: input.detail,
        };
    };
    let base = pointer("", &listed.name);
    InputError {
        pointer: if rest.is_empty() {
            base
        } else {
            format!("{base}/{rest}")
        },
        detail: input.detail,
    }
}
