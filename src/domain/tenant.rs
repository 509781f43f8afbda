//! Tenants: the platform's customers, and which of them an event is for.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::limits::TENANT_CHARS_MAX;

/// A tenant's name: 1–128 of `[A-Za-z0-9_.:-]`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tenant(Arc<str>);

/// A text that cannot name a tenant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a tenant: expected 1 to {TENANT_CHARS_MAX} of A-Z a-z 0-9 _ . : -{hint}")]
pub struct InvalidTenant {
    text: String,
    hint: &'static str,
}

/// Whose endpoints an event reaches.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Audience {
    /// Endpoints without a tenant: the event names none.
    #[default]
    Tenantless,
    /// The endpoints of one tenant.
    Tenant(Tenant),
    /// Every endpoint, written `*`.
    Everyone,
}

impl Tenant {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Audience {
    /// Whether an endpoint of `tenant` (or of none) is reached.
    pub fn reaches(&self, tenant: Option<&Tenant>) -> bool {
        match self {
            Self::Tenantless => tenant.is_none(),
            Self::Tenant(own) => tenant == Some(own),
            Self::Everyone => true,
        }
    }

    /// The text on the wire and in the store: absent, a tenant's name, or `*`.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Tenantless => None,
            Self::Tenant(tenant) => Some(tenant.as_str()),
            Self::Everyone => Some("*"),
        }
    }

    /// Reads what [`Audience::as_text`] gives.
    ///
    /// # Errors
    /// A text that is neither `*` nor a tenant's name.
    pub fn from_text(text: Option<&str>) -> Result<Self, InvalidTenant> {
        match text {
            None => Ok(Self::Tenantless),
            Some("*") => Ok(Self::Everyone),
            Some(name) => name.parse().map(Self::Tenant),
        }
    }
}

impl FromStr for Tenant {
    type Err = InvalidTenant;

    fn from_str(text: &str) -> Result<Self, InvalidTenant> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte);
        if (1..=TENANT_CHARS_MAX).contains(&text.len()) && text.bytes().all(allowed) {
            return Ok(Self(text.into()));
        }
        let hint = if text == "*" {
            " (* is for events that reach every tenant)"
        } else {
            ""
        };
        Err(InvalidTenant {
            text: text.chars().take(64).collect(),
            hint,
        })
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Serialize for Tenant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Tenant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_reaches_its_own_tenant_only_unless_it_is_for_everyone() {
        let acme: Tenant = "acme".parse().unwrap();
        let other: Tenant = "other".parse().unwrap();
        assert!(Audience::Tenantless.reaches(None) && !Audience::Tenantless.reaches(Some(&acme)));
        let own = Audience::Tenant(acme.clone());
        assert!(own.reaches(Some(&acme)) && !own.reaches(Some(&other)) && !own.reaches(None));
        assert!(Audience::Everyone.reaches(None) && Audience::Everyone.reaches(Some(&other)));
    }

    #[test]
    fn names_outside_the_alphabet_are_refused() {
        for text in ["", "a b", "a/b", "é", &"x".repeat(129)] {
            assert!(text.parse::<Tenant>().is_err(), "{text}");
        }
        assert!(
            "*".parse::<Tenant>()
                .unwrap_err()
                .to_string()
                .ends_with("every tenant)")
        );
    }
}
