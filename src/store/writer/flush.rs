//! A flush written: one call, and what to do when it fails.

use std::future::Future;
use std::pin::Pin;

use sqlx::SqliteConnection;

use super::super::counters::minute_of;
use super::super::error::StoreError;
use super::super::record::Changes;
use super::batch::{Answer, Batch, Hot, Known};
use super::look::look;
use super::task::Writer;
use crate::domain::time::Timestamp;

impl Writer {
    /// Writes `calls` and answers them. Never fails: whatever goes wrong is somebody's answer.
    pub(super) async fn flush(&mut self, mut calls: Vec<Hot>) {
        let now = self.time.now();
        if let Err(full) = self.space_for(&calls) {
            calls = answer_publishes(calls, &full);
        }
        if calls.is_empty() {
            return;
        }
        match self.try_flush(&calls, now).await {
            Ok(batch) => self.done(calls, batch),
            Err(error) => self.take_apart(calls, error, now).await,
        }
    }

    fn space_for(&mut self, calls: &[Hot]) -> Result<(), StoreError> {
        let publishes = calls.iter().any(|call| matches!(call, Hot::Publish(..)));
        if publishes {
            self.space.check()
        } else {
            Ok(())
        }
    }

    async fn try_flush(&mut self, calls: &[Hot], now: Timestamp) -> Result<Batch, StoreError> {
        let look = look(&mut self.connection, calls).await?;
        let offset = self.offset();
        let known = Known {
            causes: &mut self.causes,
            runs: &self.runs,
        };
        let mut batch = Batch::of(calls, look, &self.mint, known, now, offset);
        if batch.is_empty() {
            return Ok(batch);
        }
        if batch.has_dead() {
            self.tell_dead(&mut batch);
        }
        batch.complete(&self.runs);
        let connection = &mut self.connection;
        let written = match self.views.ensure(connection, batch.mix).await {
            Ok(()) => write(connection, &mut batch, offset).await,
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            self.roll_back().await;
            return Err(error);
        }
        Ok(batch)
    }

    /// Tells of deliveries that died, where anybody wants to hear of it. Where the disk has no room for what it is told
    /// with, they are counted, and the next event tells how many.
    fn tell_dead(&mut self, batch: &mut Batch) {
        if !self.dead.has_listeners(&self.index) {
            return;
        }
        let room = match self.space.check() {
            Ok(()) => self.dead.room(batch.now),
            Err(_) => 0,
        };
        batch.tell_dead(&self.index, &self.mint, room, self.dead.untold());
    }

    /// After a failed flush: no neighbour of a poisoned command fails with it, and outcomes go before new events
    /// when space is short.
    fn take_apart(
        &mut self,
        mut calls: Vec<Hot>,
        error: StoreError,
        now: Timestamp,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            self.facts.note(|facts| {
                facts.flush_failures += 1;
                facts.failing = true;
            });
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                calls = calls.len(),
                "a flush failed"
            );
            let error = match error {
                StoreError::Full { .. } => self.space.full(),
                error => error,
            };
            if matches!(error, StoreError::Full { .. }) {
                let before = calls.len();
                calls = answer_publishes(calls, &error);
                if calls.len() < before && !calls.is_empty() {
                    return self.again(calls, now).await;
                }
            }
            if calls.len() < 2 || !error.is_about_the_request() {
                for call in calls {
                    fail(call, error.clone());
                }
                return;
            }
            let later = calls.split_off(calls.len() / 2);
            self.again(calls, now).await;
            self.again(later, now).await;
        })
    }

    async fn again(&mut self, calls: Vec<Hot>, now: Timestamp) {
        match self.try_flush(&calls, now).await {
            Ok(batch) => self.done(calls, batch),
            Err(error) => self.take_apart(calls, error, now).await,
        }
    }

    /// After the commit: answers, hints, news.
    fn done(&mut self, calls: Vec<Hot>, batch: Batch) {
        let wrote = !batch.is_empty();
        let commands = u64::try_from(calls.len()).unwrap_or(u64::MAX);
        let events = u32::try_from(batch.accepted.len()).unwrap_or(u32::MAX);
        if batch.mix.attempts {
            for (endpoint_id, run) in batch.runs() {
                self.runs.put(endpoint_id, run);
            }
        }
        for (call, answer) in calls.into_iter().zip(batch.answers) {
            deliver(call, answer);
        }
        if !batch.facts.is_empty() || batch.untold > 0 {
            let told = batch.facts.len();
            self.dead.spend(batch.now, told, batch.untold);
        }
        if wrote {
            self.hand_over.send(batch.accepted);
            self.committed(
                commands,
                Changes {
                    events,
                    deliveries: batch.changed,
                    replays: batch.replays.into_ids(),
                    facts: batch.facts,
                    ..Changes::default()
                },
            );
        }
    }
}

/// The one call of a flush.
async fn write(
    connection: &mut SqliteConnection,
    batch: &mut Batch,
    clock_offset_ms: i64,
) -> Result<(), StoreError> {
    use super::values::Rows;
    let events = i64::try_from(batch.accepted.len()).unwrap_or(i64::MAX);
    let real = batch.accepted.iter().filter(|one| !one.event.test).count();
    let real = i64::try_from(real).unwrap_or(i64::MAX);
    let (endpoints, minutes) = (batch.endpoint_rows(), batch.minute_rows());
    let (minute_totals, days) = (batch.minute_total_rows(), batch.day_rows());
    let take = |rows: &mut Rows| std::mem::replace(rows, Rows::new()).finish();
    sqlx::query(batch.mix.sql())
        .bind(take(&mut batch.events))
        .bind(std::mem::take(&mut batch.heap).finish())
        .bind(take(&mut batch.deliveries))
        .bind(take(&mut batch.attempts))
        .bind(endpoints.finish())
        .bind(minutes.finish())
        .bind(batch.now.as_millis())
        .bind(minute_of(batch.now))
        .bind(events)
        .bind(clock_offset_ms)
        .bind(take(&mut batch.moves))
        .bind(take(&mut batch.late))
        .bind(minute_totals.finish())
        .bind(real)
        .bind(days.finish())
        .bind(batch.causes.cause_rows().finish())
        .bind(batch.causes.endpoint_rows().finish())
        .bind(take(&mut batch.replays.items))
        .bind(batch.replays.rows().finish())
        .execute(connection)
        .await?;
    Ok(())
}

/// Answers the publish calls with `error`; the attempts remain.
fn answer_publishes(calls: Vec<Hot>, error: &StoreError) -> Vec<Hot> {
    let (publishes, rest): (Vec<_>, Vec<_>) = calls
        .into_iter()
        .partition(|call| matches!(call, Hot::Publish(..)));
    for call in publishes {
        fail(call, error.clone());
    }
    rest
}

fn fail(call: Hot, error: StoreError) {
    deliver(call, Answer::Failed(error));
}

/// Gives a caller its answer. One that gave up needs none: what was committed stands.
fn deliver(call: Hot, answer: Answer) {
    match (call, answer) {
        (Hot::Publish(call, _), Answer::Published(published)) => {
            let _ = call.reply.send(Ok(published));
        }
        (Hot::Publish(call, _), Answer::Failed(error)) => {
            let _ = call.reply.send(Err(error));
        }
        (Hot::Record(call), Answer::Recorded(recorded)) => {
            let _ = call.reply.send(Ok(recorded));
        }
        (Hot::Record(call), Answer::Failed(error)) => {
            let _ = call.reply.send(Err(error));
        }
        (Hot::Publish(..), Answer::Recorded(_)) | (Hot::Record(_), Answer::Published(_)) => {
            debug_assert!(false, "answers are made by matching on their calls");
        }
    }
}
