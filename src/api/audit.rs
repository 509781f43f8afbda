//! The audit log on the wire.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::domain::id::AuditId;
use crate::domain::time::Timestamp;

/// Something that a person, a token or the service did. Entries are added, never changed; retention takes old ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AuditEntryView {
    /// Its id.
    #[schema(value_type = String)]
    pub id: AuditId,
    /// When it was done.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// Who did it: a unix name on the socket, a token's name on TCP, `hookyard` for the service itself.
    pub who: String,
    /// By which door: `socket`, `tcp` or `internal`.
    pub via: String,
    /// From which address, on TCP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What was done, such as `endpoint.pause`.
    pub what: String,
    /// To what: an id as people write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// How many things were concerned, where it is not just the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// The members that changed as they were; absent for something new. Secrets and what may be credentials are never
    /// in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub before: Option<Value>,
    /// The same as they are since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub after: Option<Value>,
    /// Anything else worth keeping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub detail: Option<Value>,
    /// What the person had to say about it, not escaped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Which entries are wanted: those that fit everything that is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditParams {
    /// Rows wanted, 1–500; 50 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// What was done: `endpoint.pause`, or a family such as `endpoint.*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
    /// To what: an id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// From then on, such as `2026-04-13T10:18:00Z`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    pub since: Option<Timestamp>,
    /// Before then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    pub until: Option<Timestamp>,
    /// The log as it was then: an instant, or how long ago, such as `15m`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}
