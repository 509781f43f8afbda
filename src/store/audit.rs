//! The audit log: who did what, when, to what and from where (promise P8).

use sqlx::sqlite::SqliteRow;

use super::cold::{ColdCommand, WriteTx};
use super::error::StoreError;
use super::handle::Store;
use super::page::{Cursor, Page};
use super::record::AuditNote;
use super::rows::Columns;
use crate::domain::actor::{Actor, Via};
use crate::domain::id::AuditId;
use crate::domain::time::Timestamp;

pub(super) const SELECT_PAGE: &str = "SELECT id, at, who, via, came_from, action, subject, detail, before, after, count, note FROM audit \
     WHERE id < $1 ORDER BY id DESC LIMIT $2";
pub(super) const SELECT_PAGE_OF: &str = "SELECT id, at, who, via, came_from, action, subject, detail, before, after, count, note FROM audit \
     WHERE id < $1 AND subject = $3 ORDER BY id DESC LIMIT $2";

/// One entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its id.
    pub id: AuditId,
    /// When.
    pub at: Timestamp,
    /// Who, and from where.
    pub actor: Actor,
    /// What, such as `endpoint.pause`.
    pub action: String,
    /// To what: an id as people write it.
    pub subject: Option<String>,
    /// Anything else, as JSON text.
    pub detail: Option<String>,
    /// The members that changed as they were, a JSON object; `None` for something new and for what changes nothing.
    pub before: Option<String>,
    /// The same as they are since.
    pub after: Option<String>,
    /// How many things were concerned, where it is not just the subject.
    pub count: Option<u64>,
    /// What the person had to say about it, not escaped.
    pub note: Option<String>,
}

impl Store {
    /// A page of the log, newest first, about one subject or all.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] for a row that cannot be read.
    pub async fn audit_page(
        &self,
        subject: Option<&str>,
        cursor: Option<Cursor>,
        limit: u32,
    ) -> Result<Page<AuditEntry>, StoreError> {
        let sql = subject.map_or(SELECT_PAGE, |_| SELECT_PAGE_OF);
        let mut query = sqlx::query(sql)
            .bind(Cursor::below(cursor))
            .bind(i64::from(limit) + 1);
        if let Some(subject) = subject {
            query = query.bind(subject.to_owned());
        }
        let rows = query.fetch_all(self.readers()).await?;
        let items: Result<Vec<_>, _> = rows.iter().map(decode).collect();
        Ok(Page::cut(items?, limit, |entry| entry.id.as_i64()))
    }

    /// Writes down something that changed nothing but must be known, such as a secret being shown.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Full`].
    pub async fn append_audit(
        &self,
        note: AuditNote,
        subject: Option<String>,
    ) -> Result<(), StoreError> {
        self.change(AppendAudit { note, subject }).await
    }
}

struct AppendAudit {
    note: AuditNote,
    subject: Option<String>,
}

impl ColdCommand for AppendAudit {
    type Output = ();

    async fn run(&mut self, tx: &mut WriteTx<'_>) -> Result<(), StoreError> {
        tx.audit(&self.note, self.subject.clone()).await
    }
}

fn decode(row: &SqliteRow) -> Result<AuditEntry, StoreError> {
    let mut columns = Columns::with_id(row, "audit", 0)?;
    Ok(AuditEntry {
        id: AuditId::from_i64(columns.id()),
        at: columns.time("at")?,
        actor: Actor {
            who: columns.take("who")?,
            via: columns.read("via", Via::from_word)?,
            from: columns.take("came_from")?,
        },
        action: columns.take("action")?,
        subject: columns.take("subject")?,
        detail: columns.take("detail")?,
        before: columns.take("before")?,
        after: columns.take("after")?,
        count: columns.read_or_null("count", |count: i64| u64::try_from(count).ok())?,
        note: columns.take("note")?,
    })
}
