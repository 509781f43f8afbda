//! Access tokens and the roles they grant. Only a token's digest is kept; its text is shown once.

use serde::{Deserialize, Serialize};

use super::id::TokenId;
use super::tenant::Tenant;
use super::time::Timestamp;

/// What the bearer of a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Publish events.
    Publisher,
    /// Manage its own tenant's endpoints and see their deliveries.
    Consumer,
    /// Read everything.
    Viewer,
    /// Read, publish, and operate endpoints and deliveries.
    Operator,
    /// Everything, tokens included.
    Admin,
}

/// A token as the store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// What people call it; the audit log shows this.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The tenant it is bound to, if any.
    pub tenant: Option<Tenant>,
    /// The first characters of its text, for lists.
    pub prefix: String,
    /// SHA-256 of its text.
    pub sha256: [u8; 32],
    /// When it was made.
    pub created_at: Timestamp,
    /// From when it is refused; `None` for never.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked; `None` while it is valid.
    pub revoked_at: Option<Timestamp>,
}

impl Token {
    /// Whether it is accepted at `now`.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|expiry| now < expiry)
    }
}

impl Role {
    /// All of them, the weakest first.
    pub const ALL: [Self; 5] = [
        Self::Publisher,
        Self::Consumer,
        Self::Viewer,
        Self::Operator,
        Self::Admin,
    ];

    /// The word in SQL, JSON and on screen.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Publisher => "publisher",
            Self::Consumer => "consumer",
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }

    /// Reads the word of [`Role::as_str`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn role_words_read_back() {
        for role in Role::ALL {
            assert_eq!(Role::from_word(role.as_str()), Some(role));
            assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
        }
        assert_eq!(Role::from_word("root"), None);
    }

    #[test]
    fn a_token_is_refused_from_its_expiry_on_and_once_revoked() {
        let at = Timestamp::from_millis;
        let token = Token {
            id: TokenId::from_i64(1),
            name: "ci".to_owned(),
            role: Role::Publisher,
            tenant: None,
            prefix: "hky_abcd".to_owned(),
            sha256: [0; 32],
            created_at: at(0),
            expires_at: Some(at(10)),
            revoked_at: None,
        };
        assert!(token.is_valid(at(9)));
        assert!(!token.is_valid(at(10)));
        let revoked = Token {
            revoked_at: Some(at(1)),
            ..token
        };
        assert!(!revoked.is_valid(at(9)));
    }
}
