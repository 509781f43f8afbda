//! Access tokens on the wire.

use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::Type;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::secret::Secret;
use crate::domain::id::TokenId;
use crate::domain::tenant::Tenant;
use crate::domain::time::Timestamp;

pub use crate::domain::token::Role;

impl PartialSchema for Role {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("What a caller may do."))
            .enum_values(Some(Self::ALL.map(Self::as_str)))
            .into()
    }
}

impl ToSchema for Role {}

/// The body of `POST /v1/tokens`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateToken {
    /// What people call it.
    pub name: String,
    /// What its bearer may do.
    pub role: Role,
    /// The one tenant it is confined to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub tenant: Option<Tenant>,
    /// When it stops working.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub expires_at: Option<Timestamp>,
    /// A value that was given out before, at least 16 bytes; made when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub value: Option<Secret>,
}

/// A token without its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenView {
    /// Its id.
    #[schema(value_type = String)]
    pub id: TokenId,
    /// What people call it.
    pub name: String,
    /// What its bearer may do.
    pub role: Role,
    /// The one tenant it is confined to.
    #[schema(value_type = Option<String>)]
    pub tenant: Option<Tenant>,
    /// The value's first characters, to tell tokens apart.
    pub prefix: String,
    /// When it was made.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// When it stops working.
    #[schema(value_type = Option<String>)]
    pub expires_at: Option<Timestamp>,
}

/// The answer to a created token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreatedToken {
    /// The token without its value.
    #[serde(flatten)]
    pub view: TokenView,
    /// Its value, shown once.
    #[schema(value_type = String)]
    pub token: Secret,
}
