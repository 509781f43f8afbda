//! Tokens that were good a moment ago, so that publishing does not ask the store who is calling each time.
//!
//! A token is remembered by its SHA-256 and forgotten after a few seconds, or at once when any token is revoked here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::caller::Identity;
use crate::clock::Stopwatch;
use crate::domain::time::Timestamp;
use crate::domain::token::Token;

/// How long a token is believed without asking the store again.
const BELIEVED_FOR: Duration = Duration::from_secs(5);
/// Tokens remembered; beyond it all are forgotten.
const REMEMBERED_MAX: usize = 4_096;

/// The tokens that were good a moment ago. Shared by all workers.
#[derive(Debug, Default)]
pub(super) struct KnownTokens {
    known: Mutex<HashMap<[u8; 32], Known>>,
}

#[derive(Debug)]
struct Known {
    since: Stopwatch,
    sha256: [u8; 32],
    expires_at: Option<Timestamp>,
    identity: Arc<Identity>,
}

impl KnownTokens {
    /// Whom the token speaks for, if it is remembered and good at `now`.
    pub(super) fn recall(&self, text: &str, now: Timestamp) -> Option<Arc<Identity>> {
        let sha256 = digest(text);
        let known = self.known();
        let entry = known.get(&sha256)?;
        let same = bool::from(entry.sha256.ct_eq(&sha256));
        let fresh = entry.since.elapsed() < BELIEVED_FOR
            && entry.expires_at.is_none_or(|expiry| now < expiry);
        (same && fresh).then(|| entry.identity.clone())
    }

    /// Remembers a token that the store has just called good.
    pub(super) fn remember(&self, text: &SecretString, token: &Token) -> Arc<Identity> {
        let identity = Arc::new(Identity::of_token(token));
        let sha256 = digest(text.expose_secret());
        let mut known = self.known();
        if known.len() >= REMEMBERED_MAX {
            known.clear();
        }
        known.insert(
            sha256,
            Known {
                since: Stopwatch::start(),
                sha256,
                expires_at: token.expires_at,
                identity: identity.clone(),
            },
        );
        identity
    }

    /// Forgets all: one of them was revoked.
    pub(super) fn forget(&self) {
        self.known().clear();
    }

    fn known(&self) -> MutexGuard<'_, HashMap<[u8; 32], Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::TokenId;
    use crate::domain::token::Role;

    fn token() -> Token {
        Token {
            id: TokenId::from_i64(1),
            name: "ci".to_owned(),
            role: Role::Publisher,
            tenant: None,
            prefix: "hky_".to_owned(),
            sha256: digest("hky_x"),
            created_at: Timestamp::EPOCH,
            expires_at: Some(Timestamp::from_millis(10)),
            revoked_at: None,
        }
    }

    #[test]
    fn a_token_is_recalled_until_it_expires_or_is_forgotten() {
        let tokens = KnownTokens::default();
        let at = Timestamp::from_millis;
        assert!(tokens.recall("hky_x", at(1)).is_none());
        tokens.remember(&"hky_x".into(), &token());
        assert_eq!(tokens.recall("hky_x", at(9)).unwrap().name, "ci");
        assert!(tokens.recall("hky_y", at(9)).is_none());
        assert!(tokens.recall("hky_x", at(10)).is_none());
        tokens.forget();
        assert!(tokens.recall("hky_x", at(9)).is_none());
    }
}
