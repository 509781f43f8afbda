//! The service's own keys: one line of them for each contract that signs with one.

use serde_json::json;
use sqlx::SqliteExecutor;
use sqlx::sqlite::SqliteRow;

use super::audit_change::AuditChange;
use super::cold::{ColdCommand, WriteTx};
use super::error::StoreError;
use super::handle::Store;
use super::record::AuditNote;
use super::rows::Columns;
use crate::domain::id::ServiceKeyId;
use crate::domain::limits::SERVICE_KEYS_LISTED_MAX;
use crate::domain::sign::ed25519::PublicKey;
use crate::domain::sign::service_key::{SealedServiceKey, VerificationKey};
use crate::domain::time::Timestamp;

const TABLE: &str = "service_keys";

pub(super) const SELECT_OF_CONTRACT: &str = "SELECT id, contract, public_key, sealed, created_at, retired_at, signs_until \
     FROM service_keys WHERE contract = $1 ORDER BY id DESC LIMIT $2";
const INSERT: &str = "INSERT INTO service_keys (id, contract, public_key, sealed, created_at) \
     VALUES ($1, $2, $3, $4, $5)";
/// An older key never signs longer than a newer one.
pub(super) const RETIRE: &str = "UPDATE service_keys SET retired_at = coalesce(retired_at, $2), \
     signs_until = min(coalesce(signs_until, $3), $3) WHERE contract = $1";

impl Store {
    /// A contract's keys, newest first; the newest 500 of them.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] for a row that cannot be read.
    pub async fn service_keys(&self, contract: &str) -> Result<Vec<SealedServiceKey>, StoreError> {
        read_in(self.readers(), contract).await
    }

    /// Stores a contract's newest key under the id it has (from [`Store::mint`]) and retires the ones before, which go
    /// on signing until `overlap_end` at most. Gives the contract's keys, newest first.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when the id is taken.
    pub async fn insert_service_key(
        &self,
        note: AuditNote,
        key: SealedServiceKey,
        overlap_end: Timestamp,
    ) -> Result<Vec<SealedServiceKey>, StoreError> {
        self.change(InsertServiceKey {
            note,
            key,
            overlap_end,
        })
        .await
    }
}

struct InsertServiceKey {
    note: AuditNote,
    key: SealedServiceKey,
    overlap_end: Timestamp,
}

impl ColdCommand for InsertServiceKey {
    type Output = Vec<SealedServiceKey>;

    async fn run(&mut self, tx: &mut WriteTx<'_>) -> Result<Self::Output, StoreError> {
        let (key, public) = (&self.key, &self.key.public);
        sqlx::query(RETIRE)
            .bind(key.contract.clone())
            .bind(public.created_at.as_millis())
            .bind(self.overlap_end.as_millis())
            .execute(&mut *tx.connection)
            .await?;
        sqlx::query(INSERT)
            .bind(public.id.as_i64())
            .bind(key.contract.clone())
            .bind(public.key.to_bytes().to_vec())
            .bind(key.sealed.clone())
            .bind(public.created_at.as_millis())
            .execute(&mut *tx.connection)
            .await?;
        let keys = read_in(&mut *tx.connection, &key.contract).await?;
        let before = keys.get(1).map(|retired| retired.public.id);
        let change = AuditChange::of_member("key", &json!(before), &json!(public.id));
        tx.audit_with(&self.note, Some(key.contract.clone()), change, None)
            .await?;
        Ok(keys)
    }
}

async fn read_in(
    reader: impl SqliteExecutor<'_>,
    contract: &str,
) -> Result<Vec<SealedServiceKey>, StoreError> {
    let rows = sqlx::query(SELECT_OF_CONTRACT)
        .bind(contract.to_owned())
        .bind(SERVICE_KEYS_LISTED_MAX)
        .fetch_all(reader)
        .await?;
    rows.iter().map(decode).collect()
}

fn decode(row: &SqliteRow) -> Result<SealedServiceKey, StoreError> {
    let mut columns = Columns::with_id(row, TABLE, 0)?;
    let contract = columns.take("contract")?;
    let key = columns.read("public_key", |bytes: &[u8]| {
        PublicKey::from_bytes(bytes.try_into().ok()?)
    })?;
    let sealed = columns.take("sealed")?;
    Ok(SealedServiceKey {
        contract,
        public: VerificationKey {
            id: ServiceKeyId::from_i64(columns.id()),
            key,
            created_at: columns.time("created_at")?,
            retired_at: columns.time_or_null("retired_at")?,
            signs_until: columns.time_or_null("signs_until")?,
        },
        sealed,
    })
}
