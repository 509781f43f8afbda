//! The audit log: who did what, when, to what and from where (promise P8).

use sqlx::AssertSqlSafe;
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

const COLUMNS: &str =
    "id, at, who, via, came_from, action, subject, detail, before, after, count, note";

const COUNT: &str = "SELECT count(*) FROM audit WHERE subject = $1 AND action = $2";

/// Which entries are wanted: those that fit everything that is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// Who did it.
    pub who: Option<String>,
    /// What was done: `endpoint.pause`, or a family such as `endpoint.*`.
    pub action: Option<String>,
    /// To what: an id as people write it.
    pub subject: Option<String>,
    /// From then on.
    pub since: Option<Timestamp>,
    /// Before then.
    pub until: Option<Timestamp>,
}

impl AuditQuery {
    /// The statement, and the texts that it binds from `$4` on; `$1` and `$2` are ids, `$3` the number of rows.
    pub(super) fn sql(&self) -> (String, Vec<String>) {
        let mut sql = format!("SELECT {COLUMNS} FROM audit WHERE id < $1 AND id >= $2");
        let mut binds = Vec::new();
        let mut only = |condition: &str, text: &str| {
            binds.push(text.to_owned());
            sql.push_str(&condition.replace("$n", &format!("${}", binds.len() + 3)));
        };
        if let Some(subject) = &self.subject {
            only(" AND subject = $n", subject);
        }
        if let Some(who) = &self.who {
            only(" AND who = $n", who);
        }
        match self.action.as_deref() {
            None => {}
            Some(action) => match action.strip_suffix('*') {
                // In order of time, whichever actions come: a range of an index is not.
                Some(family) => only(" AND substr(action, 1, length($n)) = $n", family),
                None => only(" AND action = $n", action),
            },
        }
        sql.push_str(" ORDER BY id DESC LIMIT $3");
        (sql, binds)
    }
}

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
        let query = AuditQuery {
            subject: subject.map(str::to_owned),
            ..AuditQuery::default()
        };
        self.audit(&query, cursor, limit).await
    }

    /// A page of the entries that are wanted, newest first.
    ///
    /// # Errors
    /// As [`Store::audit_page`].
    pub async fn audit(
        &self,
        query: &AuditQuery,
        cursor: Option<Cursor>,
        limit: u32,
    ) -> Result<Page<AuditEntry>, StoreError> {
        let (sql, binds) = query.sql();
        let first_at = |at: Timestamp| AuditId::first_at(at).as_i64();
        let below = Cursor::below(cursor).min(query.until.map_or(i64::MAX, first_at));
        let mut select = sqlx::query(AssertSqlSafe(sql))
            .bind(below)
            .bind(query.since.map_or(i64::MIN, first_at))
            .bind(i64::from(limit) + 1);
        for text in binds {
            select = select.bind(text);
        }
        let rows = select.fetch_all(self.readers()).await?;
        let items: Result<Vec<_>, _> = rows.iter().map(decode).collect();
        Ok(Page::cut(items?, limit, |entry| entry.id.as_i64()))
    }

    /// How many entries there are of this action on this subject.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn audit_count(&self, subject: &str, action: &str) -> Result<u64, StoreError> {
        let count = sqlx::query_scalar(COUNT).bind(subject).bind(action);
        let count: i64 = count.fetch_one(self.readers()).await?;
        Ok(u64::try_from(count).unwrap_or(0))
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
