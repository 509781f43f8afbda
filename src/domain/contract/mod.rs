//! Contracts: the wire as data. One TOML text says how events become requests and when they are sent again.
//!
//! **Invariants.** No Rust knows a contract by name. A contract that loads can be rendered: templates, names and
//! limits are checked at load, and a refusal names file, line, key and what was expected. A loaded contract never
//! changes; its canonical text loads to the same contract again and is stored under its SHA-256, the *revision*, so
//! that an old attempt can be rendered again after the file, or Hookyard itself, has changed.
//!
//! # Map
//! `reader` takes TOML apart with positions, `load` (with `load_wire` and `load_api`) builds the `model` from it,
//! `canonical` prints the model back, `set` holds the ones in use. `render` makes requests (`body`, `json_text` and
//! `ecmascript` the body, `template` and `header` the rest), `verify` checks them as a consumer would, `terms`
//! answers what an endpoint may ask for, `api` and `route` describe the platform's own management routes.

mod api;
mod body;
mod canonical;
mod catalogue_words;
mod ecmascript;
mod error;
mod faults;
mod header;
mod json_text;
mod load;
mod load_answers;
mod load_api;
mod load_signatures;
mod load_wire;
mod model;
mod reader;
mod render;
mod route;
mod set;
mod template;
mod terms;
pub mod verify;

pub use api::{
    AnswerMember, AnswerValue, ApiAction, ApiField, ApiMethod, ApiRoute, ApiRules, Literal,
    NativeField, TestData, TestRequest, TestValue,
};
pub use error::{ContractError, ContractErrors, Undeliverable};
pub use model::{
    Algorithm, BodyForm, BodyRoot, BodyRules, Catalogue, Contract, Encoding, EventTypeEntry,
    GoneRule, KeyKind, Member, MemberValue, RequestRules, Revision, SignaturePlace, SignatureRule,
    SignatureSlot, SuccessRule, WhichSecrets,
};
pub use render::RenderInput;
pub use route::{OWN_PATHS, RoutePath};
pub use set::{ContractSet, ContractSetError, ContractText, FoundRoute, RouteLookup, UnlistedType};
pub use template::{Template, Variable};
pub use terms::RefusedTerm;

#[cfg(test)]
mod tests;
