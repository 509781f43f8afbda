//! Attempts: rows and reads. They are written by the flush only.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::error::StoreError;
use super::handle::Store;
use super::rows::Columns;
use crate::domain::attempt::{Attempt, Failure, FailureClass, Phases, Response};
use crate::domain::id::{AttemptId, DeliveryId, EndpointId, ReplayId, SecretId, ServiceKeyId};
use crate::domain::limits::{RATE_LIMIT_REQUESTS_MAX, TIMEOUT_MAX};
use crate::domain::time::Timestamp;

const TABLE: &str = "attempts";

macro_rules! attempt_columns {
    () => {
        "id, delivery_id, event_id, endpoint_id, number, started_at, revision, url, signatures, secret_ids, \
         body_sha256, remote_address, dns_us, connect_us, tls_us, first_byte_us, body_us, total_us, reused, status, \
         response_headers, response_body, truncated, failure_class, failure_text, \
         held_back, certificate_expires_at, replay_id"
    };
}

pub(super) const SELECT_OF_DELIVERY: &str = concat!(
    "SELECT ",
    attempt_columns!(),
    " FROM attempts WHERE delivery_id = $1 ORDER BY id LIMIT $2"
);
pub(super) const SELECT_ONE: &str = concat!(
    "SELECT ",
    attempt_columns!(),
    " FROM attempts WHERE delivery_id = $1 AND number = $2 ORDER BY id DESC LIMIT 1"
);

/// `$1` holds pairs of delivery and number.
pub(super) const SELECT_THESE: &str = concat!(
    "SELECT ",
    attempt_columns!(),
    " FROM attempts WHERE id IN (SELECT (SELECT max(a.id) FROM attempts a WHERE a.delivery_id = i.value->>'$[0]' \
     AND a.number = i.value->>'$[1]') FROM json_each($1) i)"
);

/// When requests under a rate limit were answered: those that began in the time given, the latest first.
pub(super) const SELECT_ANSWERED: &str = "SELECT started_at + (total_us + 999) / 1000 FROM attempts \
     WHERE held_back IS NOT NULL AND endpoint_id = $1 AND started_at >= $2 ORDER BY started_at DESC LIMIT $3";

/// Attempts that are read of one delivery: many replays of a long ladder.
const ATTEMPTS_READ_MAX: i64 = 1_000;

impl Store {
    /// The attempts of a delivery, oldest first; the first 1,000 of them.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] for a row that cannot be read.
    pub async fn attempts(&self, delivery_id: DeliveryId) -> Result<Vec<Attempt>, StoreError> {
        let rows = sqlx::query(SELECT_OF_DELIVERY)
            .bind(delivery_id.as_i64())
            .bind(ATTEMPTS_READ_MAX)
            .fetch_all(self.readers())
            .await?;
        rows.iter().map(decode).collect()
    }

    /// One attempt of each of these deliveries by its number, in no order; those that are gone are absent. To be called
    /// with a hundred at most: each may be large.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] for a row that cannot be read.
    pub async fn attempts_of(
        &self,
        numbers: &[(DeliveryId, u32)],
    ) -> Result<Vec<Attempt>, StoreError> {
        let pairs = numbers.iter().map(|(id, number)| (id.as_i64(), number));
        let pairs: Vec<_> = pairs.collect();
        let pairs = serde_json::to_string(&pairs).expect("numbers serialise");
        let rows = sqlx::query(SELECT_THESE)
            .bind(pairs)
            .fetch_all(self.readers())
            .await?;
        rows.iter().map(decode).collect()
    }

    /// One attempt of a delivery by its number, from 1.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Inconsistent`].
    pub async fn attempt(
        &self,
        delivery_id: DeliveryId,
        number: u32,
    ) -> Result<Attempt, StoreError> {
        let row = sqlx::query(SELECT_ONE)
            .bind(delivery_id.as_i64())
            .bind(number)
            .fetch_optional(self.readers())
            .await?;
        let id = || format!("{delivery_id} #{number}");
        decode(&row.ok_or_else(|| StoreError::not_found("attempt", &id()))?)
    }
}

impl Store {
    /// When the latest requests of an endpoint under a rate limit were answered, from `since` on, rising; the latest
    /// 10,000 of them at most.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn answered_since(
        &self,
        endpoint_id: EndpointId,
        since: Timestamp,
    ) -> Result<Vec<Timestamp>, StoreError> {
        // An attempt may have begun as long before its answer as an exchange may take.
        let longest = i64::try_from(TIMEOUT_MAX.as_millis()).unwrap_or(i64::MAX);
        let rows = sqlx::query(SELECT_ANSWERED)
            .bind(endpoint_id.as_i64())
            .bind(since.moved_by(-longest).as_millis())
            .bind(RATE_LIMIT_REQUESTS_MAX)
            .fetch_all(self.readers())
            .await?;
        let mut answered = Vec::with_capacity(rows.len());
        for row in &rows {
            let at = Timestamp::from_millis(row.try_get(0)?);
            if at > since {
                answered.push(at);
            }
        }
        answered.sort_unstable();
        Ok(answered)
    }
}

fn decode(row: &SqliteRow) -> Result<Attempt, StoreError> {
    let mut columns = Columns::with_id(row, TABLE, 0)?;
    let delivery_id = columns.id_of("delivery_id")?;
    let event_id = columns.id_of("event_id")?;
    let endpoint_id = columns.id_of("endpoint_id")?;
    let number = columns.take("number")?;
    let started_at = columns.time("started_at")?;
    let revision = columns.read("revision", digest)?;
    let url = columns.take("url")?;
    let signatures = columns.read("signatures", |text: &str| serde_json::from_str(text).ok())?;
    let signers: SignersColumn =
        columns.read("secret_ids", |text: &str| serde_json::from_str(text).ok())?;
    let (secret_ids, service_key_ids) = signers.ids();
    let body_sha256 = columns.read("body_sha256", digest)?;
    let remote_address = columns.read_or_null("remote_address", |text: &str| text.parse().ok())?;
    let phases = Phases {
        dns: columns.read_or_null("dns_us", micros)?,
        connect: columns.read_or_null("connect_us", micros)?,
        tls: columns.read_or_null("tls_us", micros)?,
        first_byte: columns.read_or_null("first_byte_us", micros)?,
        body: columns.read_or_null("body_us", micros)?,
        total: columns.read("total_us", micros)?,
        reused: columns.take("reused")?,
    };
    let response = response(&mut columns)?;
    let class = columns.read_or_null("failure_class", FailureClass::from_word)?;
    let text: Option<String> = columns.take("failure_text")?;
    let held_back = columns.take("held_back")?;
    let certificate_expires_at = columns.time_or_null("certificate_expires_at")?;
    let replay_id: Option<i64> = columns.take("replay_id")?;
    Ok(Attempt {
        replay_id: replay_id.map(ReplayId::from_i64),
        id: AttemptId::from_i64(columns.id()),
        delivery_id,
        event_id,
        endpoint_id,
        number,
        started_at,
        revision,
        url,
        signatures,
        secret_ids,
        service_key_ids,
        body_sha256,
        held_back,
        remote_address,
        certificate_expires_at,
        phases,
        response,
        failure: class.zip(text).map(|(class, text)| Failure { class, text }),
    })
}

/// What the column `secret_ids` holds: who signed. Attempts that no key of the service's own signed, those of versions
/// before there were any included, have a bare list of the endpoint's secrets.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum SignersColumn {
    Secrets(Vec<i64>),
    All {
        secrets: Vec<i64>,
        service_keys: Vec<i64>,
    },
}

impl SignersColumn {
    /// The column of an attempt.
    pub(super) fn of(attempt: &Attempt) -> Self {
        let secrets = attempt.secret_ids.iter().map(|id| id.as_i64()).collect();
        let service_keys: Vec<i64> = attempt
            .service_key_ids
            .iter()
            .map(|id| id.as_i64())
            .collect();
        if service_keys.is_empty() {
            return Self::Secrets(secrets);
        }
        Self::All {
            secrets,
            service_keys,
        }
    }

    fn ids(self) -> (Vec<SecretId>, Vec<ServiceKeyId>) {
        let (secrets, service_keys) = match self {
            Self::Secrets(secrets) => (secrets, Vec::new()),
            Self::All {
                secrets,
                service_keys,
            } => (secrets, service_keys),
        };
        (
            secrets.into_iter().map(SecretId::from_i64).collect(),
            service_keys
                .into_iter()
                .map(ServiceKeyId::from_i64)
                .collect(),
        )
    }
}

fn response(columns: &mut Columns<'_>) -> Result<Option<Response>, StoreError> {
    let status: Option<u16> = columns.take("status")?;
    let headers = columns.read_or_null("response_headers", headers_from_bytes)?;
    let body: Option<Vec<u8>> = columns.take("response_body")?;
    let truncated = columns.take("truncated")?;
    Ok(status.map(|status| Response {
        status,
        headers: headers.unwrap_or_default(),
        body: body.unwrap_or_default(),
        truncated,
    }))
}

fn digest(bytes: &[u8]) -> Option<[u8; 32]> {
    bytes.try_into().ok()
}

fn micros(micros: i64) -> Option<Duration> {
    u64::try_from(micros).ok().map(Duration::from_micros)
}

/// Appends headers to `bytes`: for each, lengths of name and value (32 bits, little end first), name, value.
pub(super) fn headers_to_bytes(headers: &[(String, Vec<u8>)], bytes: &mut Vec<u8>) {
    for (name, value) in headers {
        for part in [name.as_bytes(), value] {
            let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
            bytes.extend_from_slice(&length.to_le_bytes());
        }
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(value);
    }
}

/// Reads what [`headers_to_bytes`] wrote.
fn headers_from_bytes(mut bytes: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
    let mut headers = Vec::new();
    while !bytes.is_empty() {
        let (name_length, rest) = bytes.split_first_chunk::<4>()?;
        let (value_length, rest) = rest.split_first_chunk::<4>()?;
        let name_length = usize::try_from(u32::from_le_bytes(*name_length)).ok()?;
        let value_length = usize::try_from(u32::from_le_bytes(*value_length)).ok()?;
        let (name, rest) = rest.split_at_checked(name_length)?;
        let (value, rest) = rest.split_at_checked(value_length)?;
        headers.push((String::from_utf8(name.to_vec()).ok()?, value.to_vec()));
        bytes = rest;
    }
    Some(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signers_of_before_there_were_service_keys_are_a_list_of_secrets() {
        let read = |text: &str| serde_json::from_str(text).map(SignersColumn::ids).ok();
        let (secret, key) = (SecretId::from_i64(3), ServiceKeyId::from_i64(5));
        assert_eq!(read("[3]"), Some((vec![secret], vec![])));
        assert_eq!(
            read(r#"{"secrets":[3],"service_keys":[5]}"#),
            Some((vec![secret], vec![key]))
        );
        assert_eq!(read(r#"{"secrets":[3]}"#), None);
        assert_eq!(read("3"), None);
    }

    #[test]
    fn headers_of_any_bytes_read_back_and_cut_ones_do_not() {
        let headers = vec![
            ("x-a".to_owned(), b"1\r\n\xff\x00:".to_vec()),
            ("x-empty".to_owned(), Vec::new()),
        ];
        let mut bytes = Vec::new();
        headers_to_bytes(&headers, &mut bytes);
        assert_eq!(headers_from_bytes(&bytes), Some(headers));
        assert_eq!(headers_from_bytes(&bytes[..bytes.len() - 1]), None);
        assert_eq!(headers_from_bytes(&[]), Some(Vec::new()));
    }
}
