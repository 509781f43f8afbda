//! Notes on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::time::Timestamp;

/// A note to be written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddNote {
    /// What it is about: the id of a delivery, an endpoint, an event or a cause.
    pub target: String,
    /// The note, 1–500 characters.
    pub note: String,
}

/// The notes about one thing. They stand in the audit log, and go with its retention.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NotesView {
    /// What they are about.
    pub target: String,
    /// How many there are.
    pub count: u64,
    /// The newest, newest first.
    pub items: Vec<NoteView>,
}

/// A note that somebody wrote down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NoteView {
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// Who: a unix name on the socket, a token's name on TCP.
    pub who: String,
    /// By which door: `socket` or `tcp`.
    pub via: String,
    /// What they wrote, not escaped.
    pub note: String,
}

/// Whose notes are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct NotesQuery {
    /// The id of a delivery, an endpoint, an event or a cause.
    pub target: String,
    /// Notes wanted, 1–500, the newest; 50 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}
