//! Access tokens: kept as digests, listed by prefix.

use serde_json::{Value, json};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::audit_change::AuditChange;
use super::cold::{ColdCommand, WriteTx};
use super::error::StoreError;
use super::handle::Store;
use super::record::AuditNote;
use super::rows::Columns;
use crate::domain::id::TokenId;
use crate::domain::token::{Role, Token};

const TABLE: &str = "tokens";

const SELECT_ALL: &str = "SELECT id, name, sha256, prefix, role, tenant, created_at, expires_at, revoked_at FROM tokens \
     ORDER BY id DESC";
pub(super) const SELECT_BY_DIGEST: &str = "SELECT id, name, sha256, prefix, role, tenant, created_at, expires_at, revoked_at \
     FROM tokens WHERE sha256 = $1";
const SELECT_ONE: &str = "SELECT id, name, sha256, prefix, role, tenant, created_at, expires_at, revoked_at \
     FROM tokens WHERE id = $1";
const COUNT_LIVING: &str = "SELECT count(*) FROM tokens WHERE revoked_at IS NULL";
const SELECT_TAKEN: &str = "SELECT 1 FROM tokens WHERE sha256 = $1";
const INSERT: &str = "INSERT INTO tokens (id, name, sha256, prefix, role, tenant, created_at, expires_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const UPDATE_REVOKED: &str =
    "UPDATE tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";

impl Store {
    /// All tokens, revoked ones included, newest first.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] for a row that cannot be read.
    pub async fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        let rows = sqlx::query(SELECT_ALL).fetch_all(self.readers()).await?;
        rows.iter().map(decode).collect()
    }

    /// The token whose value has this SHA-256, also when it is revoked or expired ([`Token::is_valid`]).
    ///
    /// A look-up by digest gives nothing away in time: who can steer it towards a stored digest can invert SHA-256.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`].
    pub async fn token_by_hash(&self, sha256: [u8; 32]) -> Result<Option<Token>, StoreError> {
        let row = sqlx::query(SELECT_BY_DIGEST)
            .bind(sha256.to_vec())
            .fetch_optional(self.readers())
            .await?;
        row.as_ref().map(decode).transpose()
    }

    /// Stores a token under the id it has (from [`Store::mint`]), if fewer than `living_max` are not revoked.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when a token has the same value; [`StoreError::TooMany`].
    pub async fn insert_token(
        &self,
        note: AuditNote,
        token: Token,
        living_max: usize,
    ) -> Result<Token, StoreError> {
        self.change(InsertToken {
            note,
            token,
            living_max,
        })
        .await
    }

    /// Ends a token; one that is revoked stays as it is.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn revoke_token(&self, note: AuditNote, id: TokenId) -> Result<Token, StoreError> {
        self.change(RevokeToken { note, id }).await
    }
}

struct InsertToken {
    note: AuditNote,
    token: Token,
    living_max: usize,
}

impl ColdCommand for InsertToken {
    type Output = Token;

    async fn run(&mut self, tx: &mut WriteTx<'_>) -> Result<Token, StoreError> {
        let taken = sqlx::query(SELECT_TAKEN)
            .bind(self.token.sha256.to_vec())
            .fetch_all(&mut *tx.connection)
            .await?;
        if !taken.is_empty() {
            return Err(StoreError::Taken { noun: "token" });
        }
        let living: i64 = sqlx::query(COUNT_LIVING)
            .fetch_one(&mut *tx.connection)
            .await?
            .try_get(0)?;
        if usize::try_from(living).is_ok_and(|living| living >= self.living_max) {
            return Err(StoreError::TooMany {
                noun: "tokens",
                max: self.living_max,
            });
        }
        let id = self.token.id;
        sqlx::query(INSERT)
            .bind(id.as_i64())
            .bind(self.token.name.clone())
            .bind(self.token.sha256.to_vec())
            .bind(self.token.prefix.clone())
            .bind(self.token.role.as_str())
            .bind(self.token.tenant.as_ref().map(ToString::to_string))
            .bind(self.token.created_at.as_millis())
            .bind(self.token.expires_at.map(|at| at.as_millis()))
            .execute(&mut *tx.connection)
            .await?;
        let token = &self.token;
        // Its value is nowhere, and its beginning belongs in no log either.
        let made = json!({
            "name": token.name,
            "role": token.role.as_str(),
            "tenant": token.tenant.as_ref().map(|tenant| tenant.as_str()),
            "expires_at": token.expires_at,
        });
        let change = AuditChange::new_thing(&made);
        tx.audit_with(&self.note, Some(id.to_string()), change, None)
            .await?;
        read_in(tx, id).await
    }
}

struct RevokeToken {
    note: AuditNote,
    id: TokenId,
}

impl ColdCommand for RevokeToken {
    type Output = Token;

    async fn run(&mut self, tx: &mut WriteTx<'_>) -> Result<Token, StoreError> {
        let done = sqlx::query(UPDATE_REVOKED)
            .bind(self.id.as_i64())
            .bind(tx.now.as_millis())
            .execute(&mut *tx.connection)
            .await?;
        if done.rows_affected() == 1 {
            let change = AuditChange::of_member("revoked_at", &Value::Null, &json!(tx.now));
            tx.audit_with(&self.note, Some(self.id.to_string()), change, None)
                .await?;
        }
        read_in(tx, self.id).await
    }
}

async fn read_in(tx: &mut WriteTx<'_>, id: TokenId) -> Result<Token, StoreError> {
    let row = sqlx::query(SELECT_ONE)
        .bind(id.as_i64())
        .fetch_all(&mut *tx.connection)
        .await?
        .pop();
    decode(&row.ok_or_else(|| StoreError::not_found("token", &id))?)
}

fn decode(row: &SqliteRow) -> Result<Token, StoreError> {
    let mut columns = Columns::with_id(row, TABLE, 0)?;
    Ok(Token {
        id: TokenId::from_i64(columns.id()),
        name: columns.take("name")?,
        sha256: columns.read("sha256", |bytes: &[u8]| bytes.try_into().ok())?,
        prefix: columns.take("prefix")?,
        role: columns.read("role", Role::from_word)?,
        tenant: columns.read_or_null("tenant", |text: &str| text.parse().ok())?,
        created_at: columns.time("created_at")?,
        expires_at: columns.time_or_null("expires_at")?,
        revoked_at: columns.time_or_null("revoked_at")?,
    })
}
