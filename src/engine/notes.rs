//! Notes: kept in the audit log, read from there.

use super::dead::check_note;
use super::error::EngineError;
use super::handle::Engine;
use crate::domain::actor::Actor;
use crate::domain::note::NoteTarget;
use crate::store::{AuditEntry, AuditNote, AuditQuery};

/// The notes about one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notes {
    /// The newest, newest first.
    pub newest: Vec<AuditEntry>,
    /// How many there are, as far as retention has left them.
    pub count: u64,
}

impl Engine {
    /// Writes a note down; it is on disk when this returns.
    ///
    /// # Errors
    /// NotFound, Invalid (an empty note, or one that is too long), Busy, Full, Draining.
    pub async fn add_note(
        &self,
        actor: &Actor,
        target: NoteTarget,
        text: String,
    ) -> Result<(), EngineError> {
        self.desk.open()?;
        check_note(&text)?;
        self.find_target(target).await?;
        let note = AuditNote {
            words: Some(text),
            ..AuditNote::new(actor.clone(), target.action())
        };
        let subject = Some(target.to_string());
        Ok(self.desk.store.append_audit(note, subject).await?)
    }

    /// The newest `limit` notes about it, and how many there are.
    ///
    /// # Errors
    /// Internal.
    pub async fn notes(&self, target: NoteTarget, limit: u32) -> Result<Notes, EngineError> {
        let subject = target.to_string();
        let count = self
            .desk
            .store
            .audit_count(&subject, target.action())
            .await?;
        let query = AuditQuery {
            subject: Some(subject),
            action: Some(target.action().to_owned()),
            ..AuditQuery::default()
        };
        let page = self.desk.store.audit(&query, None, limit).await?;
        Ok(Notes {
            newest: page.items,
            count,
        })
    }

    /// Refuses what is not there.
    async fn find_target(&self, target: NoteTarget) -> Result<(), EngineError> {
        match target {
            NoteTarget::Delivery(id) => self.desk.store.delivery(id).await.map(drop)?,
            NoteTarget::Endpoint(id) => self.endpoint(id).await.map(drop)?,
            NoteTarget::Event(id) => self.stored_event(id).await.map(drop)?,
            NoteTarget::Cause(id) => {
                let message = self.desk.store.cause_message(id).await?;
                message.map(drop).ok_or_else(|| EngineError::NotFound {
                    noun: "cause",
                    id: id.to_string(),
                })?;
            }
        }
        Ok(())
    }
}
