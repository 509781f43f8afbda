//! Dead letters, one method per route.

use std::sync::Arc;

use bytes::BytesMut;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;

use super::calls::{AtQuery, NoQuery};
use super::door::Door;
use super::{Client, ClientError, query_text};
use crate::api::dead::{
    DeadCausesView, DeadQuery, DiscardDeadBody, DiscardedView, ImportQuery, ImportedView,
};
use crate::api::paths;
use crate::api::replay::PlanView;

/// Bytes that one line may have: a batch's worth of data, as JSON and in base64, fits.
const LINE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// An export as it comes, line by line.
pub struct DeadLines {
    bytes: BoxStream<'static, Result<bytes::Bytes, reqwest::Error>>,
    buffer: BytesMut,
    /// How much of the buffer is known to hold no line feed.
    looked_at: usize,
    door: Arc<Door>,
}

impl Client {
    /// Dead deliveries by cause, most of them first.
    ///
    /// # Errors
    /// See [`Client::plan_discard`].
    pub async fn dead_causes(&self) -> Result<DeadCausesView, ClientError> {
        self.get(paths::DEAD_CAUSES, &NoQuery {}).await
    }

    /// The same at an instant that is past.
    ///
    /// # Errors
    /// See [`Client::plan_discard`].
    pub async fn dead_causes_then(&self, at: &str) -> Result<DeadCausesView, ClientError> {
        self.get(paths::DEAD_CAUSES, &AtQuery { at }).await
    }

    /// Freezes dead deliveries; `body` asks for a dry run.
    ///
    /// # Errors
    /// As every method here: not reachable, or refused with the service's problem.
    pub async fn plan_discard(&self, body: &DiscardDeadBody) -> Result<PlanView, ClientError> {
        self.post(paths::DEAD_DISCARD, body).await
    }

    /// Discards what is dead of a plan.
    ///
    /// # Errors
    /// See [`Client::plan_discard`].
    pub async fn discard_dead(&self, body: &DiscardDeadBody) -> Result<DiscardedView, ClientError> {
        self.post(paths::DEAD_DISCARD, body).await
    }

    /// Exports dead deliveries.
    ///
    /// # Errors
    /// See [`Client::plan_discard`].
    pub async fn export_dead(&self, query: &DeadQuery) -> Result<DeadLines, ClientError> {
        let query = query_text(query);
        let request = self
            .http
            .get(format!("{}{}{query}", self.base, paths::DEAD_EXPORT));
        let response = self.send(request).await?;
        Ok(DeadLines {
            bytes: response.bytes_stream().boxed(),
            buffer: BytesMut::new(),
            looked_at: 0,
            door: self.door.clone(),
        })
    }

    /// Imports lines of an export, as many as the service takes at once.
    ///
    /// # Errors
    /// See [`Client::plan_discard`].
    pub async fn import_dead(
        &self,
        query: &ImportQuery,
        lines: Vec<u8>,
    ) -> Result<ImportedView, ClientError> {
        let query = query_text(query);
        let request = self
            .http
            .post(format!("{}{}{query}", self.base, paths::DEAD_IMPORT))
            .header(reqwest::header::CONTENT_TYPE, "application/x-ndjson")
            .body(lines);
        self.call(request).await
    }
}

impl DeadLines {
    /// The next line without its end; `None` after the last.
    ///
    /// # Errors
    /// The connection broke before the end.
    pub async fn next(&mut self) -> Result<Option<String>, ClientError> {
        loop {
            let fresh = &self.buffer[self.looked_at..];
            if let Some(end) = fresh.iter().position(|&byte| byte == b'\n') {
                let line = self.buffer.split_to(self.looked_at + end + 1);
                self.looked_at = 0;
                let text = String::from_utf8_lossy(&line[..line.len() - 1]);
                return Ok(Some(text.into_owned()));
            }
            self.looked_at = self.buffer.len();
            match self.bytes.next().await {
                Some(Ok(chunk)) if self.buffer.len() + chunk.len() <= LINE_BYTES_MAX => {
                    self.buffer.extend_from_slice(&chunk);
                }
                Some(Ok(_)) => return Err(self.broken("a line is too long to be one of an export")),
                Some(Err(error)) => return Err(self.door.unreachable(&error)),
                None if self.buffer.is_empty() => return Ok(None),
                None => return Err(self.broken("the export was cut off")),
            }
        }
    }

    fn broken(&self, reason: &str) -> ClientError {
        ClientError::Unreachable {
            target: self.door.target().to_string(),
            reason: reason.to_owned(),
        }
    }
}
