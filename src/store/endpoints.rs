//! Endpoints: rows, reads, and the changes that people make.

use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;

use super::cold::{ColdCommand, WriteTx};
use super::error::StoreError;
use super::failing;
use super::handle::Store;
use super::record::AuditNote;
use super::rows::Columns;
use crate::domain::breaker::BreakerOverride;
use crate::domain::endpoint::{DisabledReason, Endpoint, EndpointStatus, HoldClock, SealedSecret};
use crate::domain::id::{EndpointId, SecretId};
use crate::domain::operational::Fact;
use crate::domain::retry::{RetryPolicy, RetrySteps};
use crate::domain::time::Timestamp;

const TABLE: &str = "endpoints";

/// The columns of [`decode`], in its order.
macro_rules! endpoint_columns {
    () => {
        "id, tenant, name, url, contract, event_types, headers, metadata, ordered, concurrency, retry, timeout_ms, \
         test_mode, status, paused_until, pause_reason, disabled_reason, hold_total_ms, hold_since, secrets, \
         created_at, updated_at, version, rate_limit, breaker, breaker_open_since"
    };
}

const SELECT_ALL: &str = concat!(
    "SELECT ",
    endpoint_columns!(),
    " FROM endpoints ORDER BY id"
);
const SELECT_ONE: &str = concat!(
    "SELECT ",
    endpoint_columns!(),
    " FROM endpoints WHERE id = $1"
);
const INSERT: &str = concat!(
    "INSERT INTO endpoints (",
    endpoint_columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, \
     $23, $24, $25, $26)"
);
const UPDATE: &str = "UPDATE endpoints SET tenant = $2, name = $3, url = $4, contract = $5, event_types = $6, \
     headers = $7, metadata = $8, ordered = $9, concurrency = $10, retry = $11, timeout_ms = $12, test_mode = $13, \
     status = $14, paused_until = $15, pause_reason = $16, disabled_reason = $17, hold_total_ms = $18, \
     hold_since = $19, secrets = $20, created_at = $21, updated_at = $22, version = $23, \
     rate_limit = $24, breaker = $25, breaker_open_since = $26 WHERE id = $1 AND version = $27";

impl Store {
    /// All endpoints, deleted ones included, by rising id.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] for the first row that cannot be read.
    pub async fn endpoints(&self) -> Result<Vec<Endpoint>, StoreError> {
        let mut connection = self.readers().acquire().await?;
        let mut endpoints = Vec::new();
        read_all_in(&mut connection, |endpoint| endpoints.push(endpoint)).await?;
        Ok(endpoints)
    }

    /// One endpoint, also a deleted one.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Inconsistent`].
    pub async fn endpoint(&self, id: EndpointId) -> Result<Endpoint, StoreError> {
        let row = sqlx::query(SELECT_ONE)
            .bind(id.as_i64())
            .fetch_optional(self.readers())
            .await?;
        decode(&row.ok_or_else(|| StoreError::not_found("endpoint", &id))?)
    }

    /// Stores a new endpoint under the id it has (from [`Store::mint`]); events accepted from then on reach it.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when the id is taken.
    pub async fn insert_endpoint(
        &self,
        note: AuditNote,
        endpoint: Endpoint,
    ) -> Result<Arc<Endpoint>, StoreError> {
        self.change(InsertEndpoint { note, endpoint }).await
    }

    /// Stores an endpoint's new settings as version `expected_version + 1`.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when the stored version is another one.
    pub async fn update_endpoint(
        &self,
        note: AuditNote,
        endpoint: Endpoint,
        expected_version: i64,
    ) -> Result<Arc<Endpoint>, StoreError> {
        self.change(UpdateEndpoint {
            note,
            endpoint,
            expected_version,
        })
        .await
    }
}

struct InsertEndpoint {
    note: AuditNote,
    endpoint: Endpoint,
}

impl ColdCommand for InsertEndpoint {
    type Output = Arc<Endpoint>;

    async fn run(&mut self, tx: &mut WriteTx<'_>) -> Result<Self::Output, StoreError> {
        let endpoint = Endpoint {
            version: 1,
            ..self.endpoint.clone()
        };
        insert_in(tx.connection, &endpoint).await?;
        tx.audit_endpoint(&self.note, None, &endpoint).await?;
        tx.effects.endpoints.push(endpoint.clone());
        tx.effects.endpoints_changed.push(endpoint.id);
        Ok(Arc::new(endpoint))
    }
}

struct UpdateEndpoint {
    note: AuditNote,
    endpoint: Endpoint,
    expected_version: i64,
}

impl ColdCommand for UpdateEndpoint {
    type Output = Arc<Endpoint>;

    async fn run(&mut self, tx: &mut WriteTx<'_>) -> Result<Self::Output, StoreError> {
        let endpoint = Endpoint {
            version: self.expected_version + 1,
            updated_at: tx.now,
            ..self.endpoint.clone()
        };
        let before = match read_in(tx.connection, endpoint.id).await {
            // Retention took it: there is no such version any more.
            Err(StoreError::NotFound { .. }) => {
                return Err(StoreError::stale("endpoint", &endpoint.id));
            }
            read => read?,
        };
        write_in(tx.connection, &endpoint, self.expected_version).await?;
        tx.audit_endpoint(&self.note, Some(&before), &endpoint)
            .await?;
        failing::follow_change(tx, &before, &endpoint).await?;
        if let (EndpointStatus::Disabled { reason }, true) =
            (&endpoint.status, before.status.accepts_deliveries())
        {
            let who = &self.note.actor.who;
            tx.announce(Fact::disabled(&endpoint, *reason, who, tx.now))
                .await?;
        }
        tx.effects.endpoints.push(endpoint.clone());
        tx.effects.endpoints_changed.push(endpoint.id);
        Ok(Arc::new(endpoint))
    }
}

/// Stores a new endpoint with its empty ledger inside a transaction.
pub(super) async fn insert_in(
    connection: &mut sqlx::SqliteConnection,
    endpoint: &Endpoint,
) -> Result<(), StoreError> {
    bind_columns(INSERT, endpoint)
        .execute(&mut *connection)
        .await?;
    sqlx::query("INSERT INTO endpoint_counters (endpoint_id) VALUES ($1)")
        .bind(endpoint.id.as_i64())
        .execute(connection)
        .await?;
    Ok(())
}

/// Writes an endpoint inside a transaction, over its version `expected`.
///
/// # Errors
/// [`StoreError::Stale`] when the stored version is another one.
pub(super) async fn write_in(
    connection: &mut sqlx::SqliteConnection,
    endpoint: &Endpoint,
    expected: i64,
) -> Result<(), StoreError> {
    let done = bind_columns(UPDATE, endpoint)
        .bind(expected)
        .execute(connection)
        .await?;
    if done.rows_affected() == 1 {
        return Ok(());
    }
    Err(StoreError::stale("endpoint", &endpoint.id))
}

/// One endpoint as the writer sees it inside its transaction.
pub(super) async fn read_in(
    connection: &mut sqlx::SqliteConnection,
    id: EndpointId,
) -> Result<Endpoint, StoreError> {
    let row = sqlx::query(SELECT_ONE)
        .bind(id.as_i64())
        .fetch_all(connection)
        .await?
        .pop();
    decode(&row.ok_or_else(|| StoreError::not_found("endpoint", &id))?)
}

/// Reads all endpoints of a connection one by one: their rows together would take several times the memory.
pub(super) async fn read_all_in(
    connection: &mut sqlx::SqliteConnection,
    mut take: impl FnMut(Endpoint),
) -> Result<(), StoreError> {
    let mut rows = sqlx::query(SELECT_ALL).fetch(connection);
    while let Some(row) = rows.try_next().await? {
        take(decode(&row)?);
    }
    Ok(())
}

type Bound = sqlx::query::Query<'static, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

fn bind_columns(sql: &'static str, endpoint: &Endpoint) -> Bound {
    let (until, pause_reason, disabled_reason) = match &endpoint.status {
        EndpointStatus::Active | EndpointStatus::Deleted => (None, None, None),
        EndpointStatus::Paused { until, reason } => (*until, reason.clone(), None),
        EndpointStatus::Disabled { reason } => (None, None, Some(reason.as_str())),
    };
    sqlx::query(sql)
        .bind(endpoint.id.as_i64())
        .bind(endpoint.tenant.as_ref().map(ToString::to_string))
        .bind(endpoint.name.clone())
        .bind(endpoint.url.clone())
        .bind(endpoint.contract.clone())
        .bind(to_json(&endpoint.event_types))
        .bind(to_json(&endpoint.headers))
        .bind(to_json(&endpoint.metadata))
        .bind(endpoint.ordered)
        .bind(
            endpoint
                .concurrency
                .and_then(|count| i64::try_from(count).ok()),
        )
        .bind(
            endpoint
                .retry
                .as_ref()
                .map(|retry| to_json(&StoredRetry::from(retry))),
        )
        .bind(endpoint.timeout.map(millis))
        .bind(endpoint.test_mode)
        .bind(endpoint.status.as_str())
        .bind(until.map(Timestamp::as_millis))
        .bind(pause_reason)
        .bind(disabled_reason)
        .bind(endpoint.hold.total_ms)
        .bind(endpoint.hold.since.map(Timestamp::as_millis))
        .bind(to_json(
            &endpoint
                .secrets
                .iter()
                .map(StoredSecret::from)
                .collect::<Vec<_>>(),
        ))
        .bind(endpoint.created_at.as_millis())
        .bind(endpoint.updated_at.as_millis())
        .bind(endpoint.version)
        .bind(endpoint.rate_limit.map(|limit| limit.to_string()))
        .bind(
            endpoint
                .breaker
                .as_deref()
                .map(|own| to_json(&StoredBreaker::from(*own))),
        )
        .bind(endpoint.breaker_open_since.map(Timestamp::as_millis))
}

fn decode(row: &SqliteRow) -> Result<Endpoint, StoreError> {
    let mut columns = Columns::with_id(row, TABLE, 0)?;
    let tenant = columns.read_or_null("tenant", |text: &str| text.parse().ok())?;
    let name = columns.take("name")?;
    let url = columns.take("url")?;
    let contract = columns.take("contract")?;
    let event_types = columns.read("event_types", from_json)?;
    let headers = columns.read("headers", from_json)?;
    let metadata = columns.read("metadata", from_json)?;
    let ordered = columns.take("ordered")?;
    let concurrency =
        columns.read_or_null("concurrency", |count: i64| usize::try_from(count).ok())?;
    let retry = columns.read_or_null("retry", |text: &str| {
        from_json::<StoredRetry>(text)?.into_policy()
    })?;
    let timeout = columns.read_or_null("timeout_ms", duration)?;
    let test_mode = columns.take("test_mode")?;
    let status: String = columns.take("status")?;
    let until = columns.time_or_null("paused_until")?;
    let reason = columns.take("pause_reason")?;
    let disabled = columns.read_or_null("disabled_reason", DisabledReason::from_word)?;
    let status = match (status.as_str(), disabled) {
        ("active", None) => EndpointStatus::Active,
        ("paused", None) => EndpointStatus::Paused { until, reason },
        ("disabled", Some(reason)) => EndpointStatus::Disabled { reason },
        ("deleted", None) => EndpointStatus::Deleted,
        _ => return Err(columns.unreadable("status")),
    };
    Ok(Endpoint {
        id: EndpointId::from_i64(columns.id()),
        tenant,
        name,
        url,
        contract,
        event_types,
        headers,
        metadata,
        ordered,
        concurrency,
        retry,
        timeout,
        test_mode,
        status,
        hold: HoldClock {
            total_ms: columns.take("hold_total_ms")?,
            since: columns.time_or_null("hold_since")?,
        },
        secrets: columns.read("secrets", secrets_from_json)?,
        created_at: columns.time("created_at")?,
        updated_at: columns.time("updated_at")?,
        version: columns.take("version")?,
        rate_limit: columns.read_or_null("rate_limit", |text: &str| text.parse().ok())?,
        breaker: columns.read_or_null("breaker", |text: &str| {
            from_json::<StoredBreaker>(text).map(|stored| Box::new(stored.into_override()))
        })?,
        breaker_open_since: columns.time_or_null("breaker_open_since")?,
    })
}

/// A secret in the JSON of the `secrets` column.
#[derive(Serialize, Deserialize)]
struct StoredSecret {
    id: i64,
    sealed: String,
    created_at: i64,
    expires_at: Option<i64>,
}

impl From<&SealedSecret> for StoredSecret {
    fn from(secret: &SealedSecret) -> Self {
        Self {
            id: secret.id.as_i64(),
            sealed: hex::encode(&secret.sealed),
            created_at: secret.created_at.as_millis(),
            expires_at: secret.expires_at.map(Timestamp::as_millis),
        }
    }
}

fn secrets_from_json(text: &str) -> Option<Vec<SealedSecret>> {
    let stored: Vec<StoredSecret> = from_json(text)?;
    stored
        .into_iter()
        .map(|secret| {
            Some(SealedSecret {
                id: SecretId::from_i64(secret.id),
                sealed: hex::decode(&secret.sealed).ok()?,
                created_at: Timestamp::from_millis(secret.created_at),
                expires_at: secret.expires_at.map(Timestamp::from_millis),
            })
        })
        .collect()
}

/// An endpoint's own breaker settings in the JSON of the `breaker` column; durations in milliseconds.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredBreaker {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    enabled: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    consecutive: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    share_permille: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    window: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    attempts_min: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    probe_first_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    probe_max_ms: Option<u64>,
}

impl From<BreakerOverride> for StoredBreaker {
    fn from(own: BreakerOverride) -> Self {
        let millis = |wait: Duration| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        Self {
            enabled: own.enabled,
            consecutive: own.consecutive,
            share_permille: own.share_permille,
            window: own.window,
            attempts_min: own.attempts_min,
            probe_first_ms: own.probe_first.map(millis),
            probe_max_ms: own.probe_max.map(millis),
        }
    }
}

impl StoredBreaker {
    fn into_override(self) -> BreakerOverride {
        BreakerOverride {
            enabled: self.enabled,
            consecutive: self.consecutive,
            share_permille: self.share_permille,
            window: self.window,
            attempts_min: self.attempts_min,
            probe_first: self.probe_first_ms.map(Duration::from_millis),
            probe_max: self.probe_max_ms.map(Duration::from_millis),
        }
    }
}

/// A retry policy in the JSON of the `retry` column; durations in milliseconds.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredRetry {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ladder_ms: Option<Vec<i64>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exponential: Option<StoredExponential>,
    window_ms: Option<i64>,
    jitter_permille: u16,
}

#[derive(Serialize, Deserialize)]
struct StoredExponential {
    first_ms: i64,
    factor: u32,
    retries: u32,
    cap_ms: i64,
}

impl From<&RetryPolicy> for StoredRetry {
    fn from(policy: &RetryPolicy) -> Self {
        let (ladder_ms, exponential) = match &policy.steps {
            RetrySteps::Ladder(delays) => {
                (Some(delays.iter().copied().map(millis).collect()), None)
            }
            RetrySteps::Exponential {
                first,
                factor,
                retries,
                cap,
            } => {
                let exponential = StoredExponential {
                    first_ms: millis(*first),
                    factor: *factor,
                    retries: *retries,
                    cap_ms: millis(*cap),
                };
                (None, Some(exponential))
            }
        };
        Self {
            ladder_ms,
            exponential,
            window_ms: policy.window.map(millis),
            jitter_permille: policy.jitter_permille,
        }
    }
}

impl StoredRetry {
    fn into_policy(self) -> Option<RetryPolicy> {
        let steps = match (self.ladder_ms, self.exponential) {
            (Some(delays), None) => {
                RetrySteps::Ladder(delays.into_iter().map(duration).collect::<Option<_>>()?)
            }
            (None, Some(exponential)) => RetrySteps::Exponential {
                first: duration(exponential.first_ms)?,
                factor: exponential.factor,
                retries: exponential.retries,
                cap: duration(exponential.cap_ms)?,
            },
            _ => return None,
        };
        Some(RetryPolicy {
            steps,
            window: match self.window_ms {
                Some(window_ms) => Some(duration(window_ms)?),
                None => None,
            },
            jitter_permille: self.jitter_permille,
        })
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn duration(millis: i64) -> Option<Duration> {
    u64::try_from(millis).ok().map(Duration::from_millis)
}

fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("lists and maps of texts and numbers always serialise")
}

fn from_json<T: for<'de> Deserialize<'de>>(text: &str) -> Option<T> {
    serde_json::from_str(text).ok()
}
