//! The audit log, read.

use super::error::EngineError;
use super::handle::Engine;
use super::paging;
use super::views::{Page, PageRequest};
use crate::store::{AuditEntry, AuditQuery};

impl Engine {
    /// A page of the audit log, newest first: the entries that fit everything that is asked for.
    ///
    /// # Errors
    /// Invalid (cursor, limit), Internal.
    pub async fn audit(
        &self,
        query: &AuditQuery,
        page: &PageRequest,
    ) -> Result<Page<AuditEntry>, EngineError> {
        let (cursor, limit) = paging::checked(page)?;
        let read = self.desk.store.audit(query, cursor, limit).await?;
        Ok(Page {
            items: read.items,
            next: read.next.map(|cursor| cursor.to_string()),
            searched: None,
        })
    }
}
