//! Contracts on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A contract in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContractView {
    /// Its name.
    pub name: String,
    /// One line on what it is.
    pub summary: String,
    /// Whether endpoints may be served under it.
    pub enabled: bool,
    /// Whether new endpoints get it unasked.
    pub default: bool,
    /// SHA-256 of its canonical text, hex.
    pub revision: String,
    /// Its canonical text, TOML.
    pub text: String,
    /// The event types it describes.
    pub event_types: Vec<EventTypeView>,
}

/// A described event type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventTypeView {
    /// Its name.
    pub name: String,
    /// What it tells.
    pub description: String,
}
