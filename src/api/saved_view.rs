//! Saved views on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::time::Timestamp;

/// A filter with a name: `@name` stands for it in any other filter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SavedView {
    /// Its name, without the `@`: 1 to 64 of `a-z`, `0-9` and `-`, not beginning with `-`.
    pub name: String,
    /// The filter, not escaped.
    pub filter: String,
    /// Who saved it last: a unix name on the socket, a token's name on TCP.
    pub who: String,
    /// When that was.
    #[schema(value_type = String)]
    pub updated_at: Timestamp,
}

/// A filter to be saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaveView {
    /// The filter: not empty, and without saved views of its own.
    pub filter: String,
}
