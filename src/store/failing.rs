//! Endpoints that do nothing but fail: their runs of failures, the warnings, and the end.
//!
//! A flush moves a run with the attempts that move it, from what the writer knows by heart, so that no healthy endpoint
//! costs a look. What is due by a run is decided again where it is done, in one transaction: two callers that saw the
//! same run warn once, and a success that came in between is not overlooked.

use std::collections::HashMap;
use std::sync::Arc;

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::cold::{ColdCommand, WriteTx};
use super::endpoints::{read_in, write_in};
use super::error::StoreError;
use super::handle::Store;
use super::record::AuditNote;
use crate::domain::actor::Actor;
use crate::domain::endpoint::{DisabledReason, Endpoint, EndpointStatus};
use crate::domain::failing::{FailingPolicy, FailingRun, FailingTurn};
use crate::domain::id::EndpointId;
use crate::domain::operational::Fact;
use crate::domain::time::Timestamp;

const SELECT_RUNS: &str = "SELECT endpoint_id, failing_since, failing_seen, failing_ms, failing_warned, failing_told \
     FROM endpoint_counters WHERE failing_since IS NOT NULL OR failing_told = 1";
pub(super) const SELECT_RUN: &str = "SELECT endpoint_id, failing_since, failing_seen, failing_ms, failing_warned, failing_told, \
     last_failure FROM endpoint_counters WHERE endpoint_id = $1";
const UPDATE_RUN: &str = "UPDATE endpoint_counters SET failing_since = $2, failing_seen = $3, failing_ms = $4, \
     failing_warned = $5, failing_told = $6 WHERE endpoint_id = $1";

/// The runs that the writer knows by heart: of endpoints that fail, and of those somebody was told of.
#[derive(Debug, Default)]
pub(super) struct KnownRuns(HashMap<EndpointId, FailingRun>);

/// What came of looking at an endpoint's run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judged {
    /// Nothing was due, or somebody else was faster.
    Nothing,
    /// It was warned of; how often in this run.
    Warned(u8),
    /// It is disabled now.
    Disabled(Arc<Endpoint>),
    /// It was told that it is back.
    Recovered,
}

impl KnownRuns {
    /// Those of the file, after a time of `down_ms` in which nobody was at work.
    pub(super) async fn read(
        connection: &mut SqliteConnection,
        down_ms: i64,
    ) -> Result<Self, StoreError> {
        let rows = sqlx::query(SELECT_RUNS).fetch_all(connection).await?;
        let runs = rows.iter().map(|row| {
            let (id, run) = decode(row)?;
            Ok((id, run.interrupted(down_ms)))
        });
        Ok(Self(runs.collect::<Result<_, StoreError>>()?))
    }

    /// An endpoint's run.
    pub(super) fn of(&self, id: EndpointId) -> Option<FailingRun> {
        self.0.get(&id).copied()
    }

    /// Takes up a run as it is now; one that says nothing is forgotten.
    pub(super) fn put(&mut self, id: EndpointId, run: FailingRun) {
        if run.is_blank() {
            self.0.remove(&id);
        } else {
            self.0.insert(id, run);
        }
    }
}

impl Store {
    /// Does what is due by an endpoint's run of failures: warns, disables, or tells that it is back. Each is noted and
    /// told in one transaction; none of it happens to an endpoint that is paused or disabled, but that it is back.
    ///
    /// `quiet` is for a failure of an operational event's delivery: then no operational event is made of it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Unavailable`], [`StoreError::Full`].
    pub async fn judge_failing(
        &self,
        id: EndpointId,
        policy: FailingPolicy,
        quiet: bool,
    ) -> Result<Judged, StoreError> {
        self.change(JudgeFailing { id, policy, quiet }).await
    }

    /// Disables an endpoint whose receiver answered 410, and gives it; `None` for one that is disabled or deleted
    /// already. `quiet` as in [`Store::judge_failing`].
    ///
    /// # Errors
    /// As [`Store::judge_failing`].
    pub async fn disable_gone(
        &self,
        id: EndpointId,
        quiet: bool,
    ) -> Result<Option<Arc<Endpoint>>, StoreError> {
        self.change(DisableGone { id, quiet }).await
    }
}

struct JudgeFailing {
    id: EndpointId,
    policy: FailingPolicy,
    quiet: bool,
}

impl ColdCommand for JudgeFailing {
    type Output = Judged;

    async fn run(&mut self, tx: &mut WriteTx<'_>) -> Result<Judged, StoreError> {
        let (run, last_failure) = run_in(tx, self.id).await?;
        let Some(turn) = self.policy.turn(&run) else {
            return Ok(Judged::Nothing);
        };
        let endpoint = read_in(tx.connection, self.id).await?;
        let active = endpoint.status == EndpointStatus::Active;
        match turn {
            FailingTurn::Recovered => {
                let told = FailingRun { told: false, ..run };
                put_in(tx, self.id, told).await?;
                tx.announce(Fact::recovered(&endpoint, tx.now)).await?;
                Ok(Judged::Recovered)
            }
            FailingTurn::Warn(_) | FailingTurn::Disable if !active => Ok(Judged::Nothing),
            FailingTurn::Warn(warned) => {
                let warned_run = FailingRun {
                    warned,
                    told: true,
                    ..run
                };
                put_in(tx, self.id, warned_run).await?;
                let since = Timestamp::from_millis(run.since_ms.unwrap_or(run.seen_ms));
                let since = since.moved_by(-tx.clock_offset_ms);
                let (policy, now) = (&self.policy, tx.now);
                let failure = last_failure.as_deref();
                let fact = Fact::failing(&endpoint, &run, since, failure, policy, now);
                tell(tx, fact, self.quiet).await?;
                Ok(Judged::Warned(warned))
            }
            FailingTurn::Disable => {
                let disabled = disable(tx, &endpoint, DisabledReason::Failing, self.quiet).await?;
                Ok(disabled.map_or(Judged::Nothing, Judged::Disabled))
            }
        }
    }
}

struct DisableGone {
    id: EndpointId,
    quiet: bool,
}

impl ColdCommand for DisableGone {
    type Output = Option<Arc<Endpoint>>;

    async fn run(&mut self, tx: &mut WriteTx<'_>) -> Result<Self::Output, StoreError> {
        let endpoint = read_in(tx.connection, self.id).await?;
        disable(tx, &endpoint, DisabledReason::Gone, self.quiet).await
    }
}

/// Disables an endpoint in the service's name; `None` where it is disabled or deleted already.
async fn disable(
    tx: &mut WriteTx<'_>,
    endpoint: &Endpoint,
    reason: DisabledReason,
    quiet: bool,
) -> Result<Option<Arc<Endpoint>>, StoreError> {
    let Some(disabled) = endpoint.disabled(tx.now, reason) else {
        return Ok(None);
    };
    let disabled = Endpoint {
        version: endpoint.version + 1,
        updated_at: tx.now,
        ..disabled
    };
    write_in(tx.connection, &disabled, endpoint.version).await?;
    let (run, _) = run_in(tx, endpoint.id).await?;
    put_in(tx, endpoint.id, FailingRun { told: true, ..run }).await?;
    let actor = Actor::service();
    let fact = Fact::disabled(&disabled, reason, &actor.who, tx.now);
    tell(tx, fact, quiet).await?;
    let note = AuditNote::new(actor, "endpoint.disable");
    tx.audit_endpoint(&note, Some(endpoint), &disabled).await?;
    tx.effects.endpoints.push(disabled.clone());
    tx.effects.endpoints_changed.push(disabled.id);
    Ok(Some(Arc::new(disabled)))
}

/// What a change by a person does to the run: who enables an endpoint or gives it another URL begins anew, and the time
/// of a pause does not count.
pub(super) async fn follow_change(
    tx: &mut WriteTx<'_>,
    before: &Endpoint,
    after: &Endpoint,
) -> Result<(), StoreError> {
    let enabled = matches!(before.status, EndpointStatus::Disabled { .. })
        && after.status.accepts_deliveries();
    let anew = enabled || before.url != after.url || after.status == EndpointStatus::Deleted;
    let resumed = matches!(before.status, EndpointStatus::Paused { .. })
        && after.status == EndpointStatus::Active;
    if !anew && !resumed {
        return Ok(());
    }
    let (run, _) = run_in(tx, after.id).await?;
    let moved = match anew {
        true => run.ended(),
        false => FailingRun {
            seen_ms: run.seen_ms.max(tx.steady_ms(tx.now)),
            ..run
        },
    };
    let moved = match after.status {
        EndpointStatus::Deleted => FailingRun::default(),
        _ => moved,
    };
    if moved == run || (run.is_blank() && moved.is_blank()) {
        return Ok(());
    }
    put_in(tx, after.id, moved).await
}

async fn run_in(
    tx: &mut WriteTx<'_>,
    id: EndpointId,
) -> Result<(FailingRun, Option<String>), StoreError> {
    let row = sqlx::query(SELECT_RUN)
        .bind(id.as_i64())
        .fetch_all(&mut *tx.connection)
        .await?
        .pop()
        .ok_or_else(|| StoreError::not_found("endpoint", &id))?;
    Ok((decode(&row)?.1, row.try_get(6)?))
}

async fn put_in(tx: &mut WriteTx<'_>, id: EndpointId, run: FailingRun) -> Result<(), StoreError> {
    sqlx::query(UPDATE_RUN)
        .bind(id.as_i64())
        .bind(run.since_ms)
        .bind(run.since_ms.map(|_| run.seen_ms))
        .bind(run.failing_ms)
        .bind(i64::from(run.warned))
        .bind(run.told)
        .execute(&mut *tx.connection)
        .await?;
    tx.effects.failing.push((id, run));
    Ok(())
}

/// Tells subscribers, and the endpoints that ask for it unless a delivery to one of them brought it about.
async fn tell(tx: &mut WriteTx<'_>, fact: Fact, quiet: bool) -> Result<(), StoreError> {
    if quiet {
        tx.tell(fact);
        return Ok(());
    }
    tx.announce(fact).await
}

fn decode(row: &SqliteRow) -> Result<(EndpointId, FailingRun), StoreError> {
    let id: i64 = row.try_get(0)?;
    let inconsistent = |column| StoreError::Inconsistent {
        table: "endpoint_counters",
        column,
        id,
    };
    let warned: i64 = row.try_get(4)?;
    let run = FailingRun {
        since_ms: row.try_get(1).map_err(|_| inconsistent("failing_since"))?,
        seen_ms: row.try_get::<Option<i64>, _>(2)?.unwrap_or(0),
        failing_ms: row.try_get(3).map_err(|_| inconsistent("failing_ms"))?,
        warned: u8::try_from(warned).map_err(|_| inconsistent("failing_warned"))?,
        told: row.try_get(5)?,
    };
    Ok((EndpointId::from_i64(id), run))
}
