//! Contracts on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::id::ServiceKeyId;
use crate::domain::time::Timestamp;

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

/// An event type of an enabled contract, or one that the service tells of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListedEventType {
    /// Its name.
    pub name: String,
    /// What it tells.
    pub description: String,
    /// The contract that describes it; a name may stand under several. `*` for what the service tells of itself:
    /// endpoints of any contract may ask for it.
    pub contract: String,
    /// `open` where the contract takes other types too, `closed` where it takes listed ones only.
    pub catalogue: String,
}

/// A described event type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventTypeView {
    /// Its name.
    pub name: String,
    /// What it tells.
    pub description: String,
}

/// The public half of a key that the service signs with under one contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServiceKeyView {
    /// Its id.
    #[schema(value_type = String)]
    pub id: ServiceKeyId,
    /// Always `ed25519`.
    pub algorithm: String,
    /// What signatures are verified with: `whpk_` and base64 of its 32 bytes.
    pub public_key: String,
    /// When it was made.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// Since when a newer key signs in its place; absent for the newest. What it signed before stays valid.
    #[schema(value_type = Option<String>)]
    pub retired_at: Option<Timestamp>,
    /// Until when it signs beside the newer ones, where the contract signs with all keys; absent for the newest.
    #[schema(value_type = Option<String>)]
    pub signs_until: Option<Timestamp>,
}

/// The body of `POST …/keys/rotate`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateKeyBody {
    /// How long the old keys go on signing beside the new one, where the contract signs with all keys, such as `24h`;
    /// 0 s to 7 days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlap: Option<String>,
}
