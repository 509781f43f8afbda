//! Access tokens: 256 random bits or a value given out before, kept as its digest.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use super::error::EngineError;
use super::handle::Engine;
use crate::domain::actor::Actor;
use crate::domain::endpoint_check;
use crate::domain::id::TokenId;
use crate::domain::tenant::Tenant;
use crate::domain::time::Timestamp;
use crate::domain::token::{Role, Token};
use crate::store::{AuditNote, StoreError};

/// What generated tokens begin with.
const PREFIX: &str = "hky_";
/// Characters of a token that lists show.
const SHOWN_CHARS: usize = 8;
/// The shortest and longest value that is taken over from elsewhere.
const VALUE_BYTES: std::ops::RangeInclusive<usize> = 16..=512;

/// A token as somebody asks for it.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The tenant it is bound to.
    pub tenant: Option<Tenant>,
    /// From when it is refused.
    pub expires_at: Option<Timestamp>,
    /// A value that was given out already; `None` to have one made.
    pub value: Option<SecretString>,
}

impl Engine {
    /// Makes a token; its text is shown here only.
    ///
    /// # Errors
    /// Invalid (name, expiry, value), Conflict (value known already, as many as may be), Busy, Draining.
    pub async fn create_token(
        &self,
        actor: &Actor,
        new: NewToken,
    ) -> Result<(Token, SecretString), EngineError> {
        self.desk.open()?;
        let now = self.desk.clock.now();
        let name =
            endpoint_check::name(&new.name).map_err(|wrong| EngineError::Invalid(vec![wrong]))?;
        if let Some(expiry) = new.expires_at.filter(|&expiry| expiry <= now) {
            let detail = format!("{expiry} has passed: give a later instant, or none");
            return Err(EngineError::invalid("/expires_at", detail));
        }
        if new.role == Role::Consumer && new.tenant.is_none() {
            let detail = "a consumer's token is bound to a tenant: name it";
            return Err(EngineError::invalid("/tenant", detail));
        }
        let text = match new.value {
            Some(value) => checked_value(value)?,
            None => self.random_token(),
        };
        let shown = text.expose_secret().chars().take(SHOWN_CHARS).collect();
        let token = Token {
            id: self.desk.store.mint(now),
            name,
            role: new.role,
            tenant: new.tenant,
            prefix: shown,
            sha256: Sha256::digest(text.expose_secret()).into(),
            created_at: now,
            expires_at: new.expires_at,
            revoked_at: None,
        };
        let note = AuditNote::new(actor.clone(), "token.create");
        let max = self.desk.limits.load().tokens_max;
        let stored = self.desk.store.insert_token(note, token, max).await;
        let token = stored.map_err(|error| match error {
            StoreError::TooMany { .. } => EngineError::Conflict(format!(
                "{error}: revoke some (hookyard token revoke), or raise limits.tokens"
            )),
            other => other.into(),
        })?;
        Ok((token, text))
    }

    /// All tokens, revoked ones included, newest first.
    ///
    /// # Errors
    /// Internal.
    pub async fn tokens(&self) -> Result<Vec<Token>, EngineError> {
        let mut tokens = self.desk.store.tokens().await?;
        tokens.sort_by_key(|token| std::cmp::Reverse(token.id));
        Ok(tokens)
    }

    /// Revokes a token; one that is revoked stays as it is.
    ///
    /// # Errors
    /// NotFound, Busy, Draining.
    pub async fn revoke_token(&self, actor: &Actor, id: TokenId) -> Result<(), EngineError> {
        self.desk.open()?;
        let note = AuditNote::new(actor.clone(), "token.revoke");
        self.desk.store.revoke_token(note, id).await?;
        Ok(())
    }

    /// The token with this text, if it is valid now.
    ///
    /// # Errors
    /// Internal.
    pub async fn authenticate(&self, text: &SecretString) -> Result<Option<Token>, EngineError> {
        let digest = Sha256::digest(text.expose_secret()).into();
        let token = self.desk.store.token_by_hash(digest).await?;
        let now = self.desk.clock.now();
        Ok(token.filter(|token| token.is_valid(now)))
    }

    fn random_token(&self) -> SecretString {
        let bits: [u8; 32] = self.desk.randomness();
        SecretString::from(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bits)))
    }
}

fn checked_value(value: SecretString) -> Result<SecretString, EngineError> {
    let text = value.expose_secret();
    let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
    if VALUE_BYTES.contains(&text.len()) && visible {
        return Ok(value);
    }
    let detail = format!(
        "a value has {} to {} visible ASCII characters, this one has {}",
        VALUE_BYTES.start(),
        VALUE_BYTES.end(),
        text.len()
    );
    Err(EngineError::invalid("/value", detail))
}
