//! A secret on the wire: the same text as any other, but no debug output prints it.

use std::fmt;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// A signing secret or a token's value. Only [`Secret::expose`] and JSON show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Its text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<Secret> for SecretString {
    fn from(secret: Secret) -> Self {
        Self::from(secret.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

impl PartialSchema for Secret {
    fn schema() -> RefOr<Schema> {
        String::schema()
    }
}

impl ToSchema for Secret {}

#[cfg(test)]
mod tests {
    use crate::api::endpoint::{CreateEndpoint, RotateBody};
    use crate::api::token::{CreateToken, Role};

    #[test]
    fn bodies_with_secrets_print_without_them_and_serialise_with_them() {
        let create = CreateEndpoint {
            secret: Some("whsec_SESAME".into()),
            ..CreateEndpoint::default()
        };
        let rotate = RotateBody {
            secret: Some("whsec_SESAME".into()),
            ..RotateBody::default()
        };
        let token = CreateToken {
            name: "ci".to_owned(),
            role: Role::Viewer,
            tenant: None,
            expires_at: None,
            value: Some("hky_SESAME".into()),
        };
        let printed = format!("{create:?} {rotate:#?} {token:?}");
        assert!(!printed.contains("SESAME"), "{printed}");
        let wire = serde_json::to_value(&token).unwrap();
        assert_eq!(wire["value"], "hky_SESAME");
        let read: CreateToken = serde_json::from_value(wire).unwrap();
        assert_eq!(read, token);
    }
}
