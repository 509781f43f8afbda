//! Who is attached, on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::time::Timestamp;

/// Somebody who watches the service live: a console, or whatever else has a stream with the topic `presence` open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OperatorView {
    /// Who: a unix name on the socket, a token's name on TCP.
    pub who: String,
    /// By which door: `socket` or `tcp`.
    pub via: String,
    /// Since when; of several consoles the first.
    #[schema(value_type = String)]
    pub since: Timestamp,
    /// How many consoles of theirs are attached by that door.
    pub consoles: u32,
}
