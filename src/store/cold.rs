//! Rare changes: each a command with its own statements, run by the writer in the order they came.
//!
//! Those that wait together share a transaction. Each runs under a savepoint, so that one that is refused takes
//! nothing of its neighbours with it; what it changes in memory is applied only after the commit.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

use sqlx::SqliteConnection;
use tokio::sync::oneshot;

use super::audit_change::AuditChange;
use super::error::StoreError;
use super::record::{AcceptedEvent, AuditNote, BreakerChange, CertificateWarning, DeliveryChange};
use crate::domain::endpoint::Endpoint;
use crate::domain::endpoint_index::EndpointIndex;
use crate::domain::failing::FailingRun;
use crate::domain::fingerprint::CauseId;
use crate::domain::id::{AuditId, EndpointId, Id, IdMint, ReplayId};
use crate::domain::operational::Fact;
use crate::domain::time::Timestamp;

/// A rare change and its statements.
pub(super) trait ColdCommand: Send + 'static {
    /// What the caller gets once it is committed.
    type Output: Send + 'static;

    /// Runs it inside the open transaction.
    fn run(
        &mut self,
        tx: &mut WriteTx<'_>,
    ) -> impl Future<Output = Result<Self::Output, StoreError>> + Send;
}

/// What a cold command works with.
pub(super) struct WriteTx<'a> {
    /// The one write connection, inside a transaction.
    pub(super) connection: &'a mut SqliteConnection,
    /// The time of the transaction.
    pub(super) now: Timestamp,
    /// Steady time minus wall-clock time, in milliseconds.
    pub(super) clock_offset_ms: i64,
    /// The endpoints that accept deliveries, as they were before the transaction.
    pub(super) index: &'a EndpointIndex,
    /// Gives ids.
    pub(super) mint: &'a Mutex<IdMint>,
    /// What to do in memory after the commit.
    pub(super) effects: &'a mut Effects,
}

/// What cold commands change outside the tables, applied after the commit.
#[derive(Debug, Default)]
pub(super) struct Effects {
    /// The endpoints under other catalogues, as they were when it was made.
    pub(super) index: Option<EndpointIndex>,
    /// Endpoints whose new settings count from the next event on.
    pub(super) endpoints: Vec<Endpoint>,
    /// Endpoints changed, for subscribers.
    pub(super) endpoints_changed: Vec<EndpointId>,
    /// Deliveries made or moved, for subscribers.
    pub(super) deliveries_changed: Vec<DeliveryChange>,
    /// Ends of certificates warned of, for subscribers.
    pub(super) certificates: Vec<CertificateWarning>,
    /// Breakers that opened or closed, for subscribers.
    pub(super) breakers: Vec<BreakerChange>,
    /// What the service has to tell, for subscribers.
    pub(super) facts: Vec<Fact>,
    /// Endpoints' runs of failures that somebody moved.
    pub(super) failing: Vec<(EndpointId, FailingRun)>,
    /// Causes that are no longer kept.
    pub(super) causes_gone: Vec<CauseId>,
    /// Plans started, and replays that moved or whose items did, for subscribers.
    pub(super) replays: Vec<ReplayId>,
    /// Operational events, for the lanes.
    pub(super) accepted: Vec<AcceptedEvent>,
    /// Events accepted besides those.
    pub(super) events: u32,
    /// The new clock offset.
    pub(super) clock_offset_ms: Option<i64>,
}

impl Effects {
    /// Adds those of another command.
    pub(super) fn join(&mut self, other: Self) {
        self.index = other.index.or(self.index.take());
        self.endpoints.extend(other.endpoints);
        self.endpoints_changed.extend(other.endpoints_changed);
        self.deliveries_changed.extend(other.deliveries_changed);
        self.certificates.extend(other.certificates);
        self.breakers.extend(other.breakers);
        self.facts.extend(other.facts);
        self.failing.extend(other.failing);
        self.causes_gone.extend(other.causes_gone);
        self.replays.extend(other.replays);
        self.accepted.extend(other.accepted);
        self.events += other.events;
        self.clock_offset_ms = other.clock_offset_ms.or(self.clock_offset_ms);
    }
}

impl WriteTx<'_> {
    /// The next id.
    pub(super) fn mint<K>(&self) -> Id<K> {
        self.mint
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .next(self.now)
    }

    /// Steady time of a wall-clock time: what due times are stored as.
    pub(super) fn steady_ms(&self, at: Timestamp) -> i64 {
        at.as_millis().saturating_add(self.clock_offset_ms)
    }

    /// Tells subscribers, after the commit.
    pub(super) fn tell(&mut self, fact: Fact) {
        self.effects.facts.push(fact);
    }

    /// Writes an audit entry about `subject` (an id as people write it).
    pub(super) async fn audit(
        &mut self,
        note: &AuditNote,
        subject: Option<String>,
    ) -> Result<(), StoreError> {
        let nothing = AuditChange::default();
        self.audit_with(note, subject, nothing, None).await
    }

    /// The same about an endpoint, with the members that changed; all of them where there was none before.
    pub(super) async fn audit_endpoint(
        &mut self,
        note: &AuditNote,
        before: Option<&Endpoint>,
        after: &Endpoint,
    ) -> Result<(), StoreError> {
        let change = AuditChange::of_endpoint(before, after);
        let subject = Some(after.id.to_string());
        self.audit_with(note, subject, change, None).await
    }

    /// The same with what was before and after, and how many things were concerned.
    pub(super) async fn audit_with(
        &mut self,
        note: &AuditNote,
        subject: Option<String>,
        change: AuditChange,
        count: Option<u64>,
    ) -> Result<(), StoreError> {
        let id: AuditId = self.mint();
        sqlx::query(
            "INSERT INTO audit (id, at, who, via, came_from, action, subject, detail, before, after, count, note) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        )
        .bind(id.as_i64())
        .bind(self.now.as_millis())
        .bind(note.actor.who.clone())
        .bind(note.actor.via.as_str())
        .bind(note.actor.from.clone())
        .bind(note.action)
        .bind(subject)
        .bind(note.detail.clone())
        .bind(change.before)
        .bind(change.after)
        .bind(count.map(|count| i64::try_from(count).unwrap_or(i64::MAX)))
        .bind(note.words.clone())
        .execute(&mut *self.connection)
        .await?;
        Ok(())
    }
}

/// A boxed step of the writer.
pub(super) type Step<'a> = Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + 'a>>;

/// A cold command with its caller, whatever its output.
pub(super) trait PendingCold: Send {
    /// Runs it and keeps the output.
    fn run<'a>(&'a mut self, tx: &'a mut WriteTx<'_>) -> Step<'a>;

    /// Answers the caller, after the commit or once it is known to have failed.
    fn answer(self: Box<Self>, outcome: Result<(), StoreError>);
}

/// See [`PendingCold`].
pub(super) struct Pending<C: ColdCommand> {
    command: C,
    output: Option<C::Output>,
    reply: oneshot::Sender<Result<C::Output, StoreError>>,
}

impl<C: ColdCommand> Pending<C> {
    /// The command, and where its answer will come.
    pub(super) fn new(command: C) -> (Box<Self>, oneshot::Receiver<Result<C::Output, StoreError>>) {
        let (reply, answer) = oneshot::channel();
        let pending = Self {
            command,
            output: None,
            reply,
        };
        (Box::new(pending), answer)
    }
}

impl<C: ColdCommand> PendingCold for Pending<C> {
    fn run<'a>(&'a mut self, tx: &'a mut WriteTx<'_>) -> Step<'a> {
        Box::pin(async move {
            self.output = Some(self.command.run(tx).await?);
            Ok(())
        })
    }

    fn answer(self: Box<Self>, outcome: Result<(), StoreError>) {
        let Self { output, reply, .. } = *self;
        let answer = outcome.and_then(|()| output.ok_or(StoreError::CLOSED));
        // A caller that gave up needs no answer; the change stands.
        let _ = reply.send(answer);
    }
}
