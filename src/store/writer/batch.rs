//! A flush put together: ids given, keys decided, endpoints matched, counters summed. Does no IO.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use super::super::attempts::{SignersColumn, headers_to_bytes};
use super::super::causes::KnownCauses;
use super::super::counters::minute_of;
use super::super::error::StoreError;
use super::super::events::audience_to_column;
use super::super::failing::KnownRuns;
use super::super::ledger::{LedgerDelta, day_of};
use super::super::operational::{event_of, reached};
use super::super::record::{
    AcceptedDelivery, AcceptedEvent, AfterAttempt, AttemptRecord, DeliveryChange, Kept, Published,
    Recorded,
};
use super::super::rows::micros;
use super::cause_delta::CauseDeltas;
use super::dead_delta::DeadDeltas;
use super::endpoint_delta::EndpointDelta;
use super::look::{Look, Odd, Taken};
use super::minute_delta::MinuteDelta;
use super::queue::{PublishCall, RecordCall};
use super::replay_delta::ReplayDeltas;
use super::sql::Mix;
use super::values::{Heap, Rows};
use crate::domain::attempt::{Attempt, FailureClass};
use crate::domain::delivery::DeliveryState;
use crate::domain::endpoint::HoldClock;
use crate::domain::endpoint_index::EndpointIndex;
use crate::domain::event::{Event, NewEvent};
use crate::domain::failing::FailingRun;
use crate::domain::fingerprint::{CauseId, Fingerprint};
use crate::domain::id::{EndpointId, IdMint, ReplayId};
use crate::domain::operational::Fact;
use crate::domain::time::Timestamp;

/// Endpoints that an event reaches.
pub(super) type Matches = Vec<(EndpointId, HoldClock)>;

/// A command of the hot path.
pub(super) enum Hot {
    /// Accept events, each with the endpoints it reaches.
    Publish(PublishCall, Vec<Matches>),
    /// Keep an attempt.
    Record(RecordCall),
}

/// What the writer knows by heart.
pub(super) struct Known<'a> {
    /// The causes that failures count under.
    pub(super) causes: &'a mut KnownCauses,
    /// The endpoints that fail.
    pub(super) runs: &'a KnownRuns,
}

/// What a caller will be told.
#[derive(Debug)]
pub(super) enum Answer {
    /// To a publish call.
    Published(Vec<Published>),
    /// To an attempt.
    Recorded(Kept),
    /// Nothing of it is in the flush.
    Failed(StoreError),
}

/// A flush ready to be written.
pub(super) struct Batch {
    /// What it holds.
    pub(super) mix: Mix,
    /// `$1` to `$6`.
    pub(super) events: Rows,
    pub(super) heap: Heap,
    pub(super) deliveries: Rows,
    pub(super) attempts: Rows,
    /// `$11` and `$12`.
    pub(super) moves: Rows,
    pub(super) late: Rows,
    endpoints: BTreeMap<EndpointId, EndpointDelta>,
    days: BTreeMap<i64, LedgerDelta>,
    /// Its failures.
    pub(super) causes: CauseDeltas,
    minutes: BTreeMap<(i64, EndpointId), MinuteDelta>,
    /// Its time.
    pub(super) now: Timestamp,
    clock_offset_ms: i64,
    /// One for each call, in their order.
    pub(super) answers: Vec<Answer>,
    /// Deliveries that died, tests and those of operational events left out.
    dead: DeadDeltas,
    /// What the service has to tell of them.
    pub(super) facts: Vec<Fact>,
    /// Of them, the deaths that nobody is told of.
    pub(super) untold: u64,
    /// For the lanes.
    pub(super) accepted: Vec<AcceptedEvent>,
    /// Items of replays, and how their replays count.
    pub(super) replays: ReplayDeltas,
    /// For subscribers.
    pub(super) changed: Vec<DeliveryChange>,
}

impl Batch {
    /// Puts `calls` together with what [`look`](super::look) found out about them.
    pub(super) fn of(
        calls: &[Hot],
        look: Look,
        mint: &Mutex<IdMint>,
        known: Known<'_>,
        now: Timestamp,
        clock_offset_ms: i64,
    ) -> Self {
        let mut batch = Self {
            mix: Mix::default(),
            events: Rows::new(),
            heap: Heap::default(),
            deliveries: Rows::new(),
            attempts: Rows::new(),
            moves: Rows::new(),
            late: Rows::new(),
            endpoints: BTreeMap::new(),
            days: BTreeMap::new(),
            causes: CauseDeltas::default(),
            minutes: BTreeMap::new(),
            now,
            clock_offset_ms,
            answers: Vec::with_capacity(calls.len()),
            dead: DeadDeltas::default(),
            facts: Vec::new(),
            untold: 0,
            accepted: Vec::new(),
            replays: ReplayDeltas::new(),
            changed: Vec::new(),
        };
        let Look { mut keys, odd } = look;
        let Known { causes, runs } = known;
        let mut mint = mint.lock().unwrap_or_else(PoisonError::into_inner);
        for (place, call) in calls.iter().enumerate() {
            let answer = match call {
                Hot::Publish(call, matches) => match refuse(call, &keys) {
                    Some(error) => Answer::Failed(error),
                    None => Answer::Published(batch.publish(call, matches, &mut keys, &mut mint)),
                },
                Hot::Record(call) => match odd.get(&place) {
                    None => batch.record(&call.record, causes, runs, Odd::NOT),
                    Some(odd) if odd.missing => Answer::Failed(StoreError::not_found(
                        "delivery",
                        &call.record.attempt.delivery_id,
                    )),
                    Some(odd) => batch.record(&call.record, causes, runs, *odd),
                },
            };
            batch.answers.push(answer);
        }
        batch
    }

    /// The last touch before it is written: a row holds the whole of an endpoint's run of failures, also where no attempt
    /// moved it.
    pub(super) fn complete(&mut self, runs: &KnownRuns) {
        for (endpoint_id, delta) in &mut self.endpoints {
            delta.run = delta.run.or_else(|| runs.of(*endpoint_id));
        }
        let well = self.endpoints.values().all(EndpointDelta::is_well)
            && self.minutes.values().all(MinuteDelta::is_well);
        self.mix.trouble = self.mix.attempts && !well;
    }

    /// Whether deliveries died that are worth telling.
    pub(super) fn has_dead(&self) -> bool {
        !self.dead.is_empty()
    }

    /// Tells of the dead, in at most `room` facts, and makes their events for those who ask; `untold` went untold before.
    pub(super) fn tell_dead(
        &mut self,
        index: &EndpointIndex,
        mint: &Mutex<IdMint>,
        room: usize,
        untold: u64,
    ) {
        let mut mint = mint.lock().unwrap_or_else(PoisonError::into_inner);
        let dead = std::mem::take(&mut self.dead);
        let (facts, left) = dead.facts(self.now, room, untold);
        for fact in &facts {
            let event = event_of(fact);
            let reached = reached(index, fact, &event);
            if !reached.is_empty() {
                self.accept(&event, None, &reached, &mut mint);
            }
        }
        (self.facts, self.untold) = (facts, left);
    }

    /// The runs of failures that its attempts moved.
    pub(super) fn runs(&self) -> impl Iterator<Item = (EndpointId, FailingRun)> + '_ {
        let run = |(id, delta): (&EndpointId, &EndpointDelta)| Some((*id, delta.run?));
        self.endpoints.iter().filter_map(run)
    }

    /// Whether there is anything to write: a flush of refusals and duplicates has nothing.
    pub(super) const fn is_empty(&self) -> bool {
        !self.mix.events && !self.mix.attempts
    }

    /// `$5`: how ledgers move, and how attempts ended.
    pub(super) fn endpoint_rows(&self) -> Rows {
        let mut rows = Rows::new();
        for (endpoint_id, delta) in &self.endpoints {
            delta.row(*endpoint_id, self.mix, &mut rows);
        }
        rows
    }

    /// `$15`: how the ledger of days moves.
    pub(super) fn day_rows(&self) -> Rows {
        let mut rows = Rows::new();
        for (day, delta) in &self.days {
            rows.row(*day)
                .int(delta.created)
                .int(delta.pending)
                .int(delta.delivered)
                .int(delta.dead);
        }
        rows
    }

    /// `$6`: how minute statistics grow.
    pub(super) fn minute_rows(&self) -> Rows {
        let mut rows = Rows::new();
        for ((minute, endpoint_id), delta) in &self.minutes {
            delta.columns(
                rows.row(*minute).int(endpoint_id.as_i64()),
                self.mix.trouble,
            );
        }
        rows
    }

    /// `$13`: how their totals grow.
    pub(super) fn minute_total_rows(&self) -> Rows {
        let mut totals: BTreeMap<i64, MinuteDelta> = BTreeMap::new();
        for ((minute, _), delta) in &self.minutes {
            totals.entry(*minute).or_default().join(delta);
        }
        let mut rows = Rows::new();
        for (minute, delta) in &totals {
            delta.columns(rows.row(*minute), true);
        }
        rows
    }

    fn publish(
        &mut self,
        call: &PublishCall,
        matches: &[Matches],
        keys: &mut HashMap<(String, String), Taken>,
        mint: &mut IdMint,
    ) -> Vec<Published> {
        let mut answers = Vec::with_capacity(call.events.len());
        for ((event, digest), matches) in call.events.iter().zip(&call.digests).zip(matches) {
            let key = digest.and_then(|digest| Some((name_of(event)?, digest)));
            if let Some((name, _)) = &key
                && let Some(taken) = keys.get(name)
            {
                answers.push(taken.published);
                continue;
            }
            let published = self.accept(event, *digest, matches, mint);
            if let Some((name, digest)) = key {
                let published = Published {
                    duplicate: true,
                    ..published
                };
                keys.insert(name, Taken { digest, published });
            }
            answers.push(published);
        }
        answers
    }

    fn accept(
        &mut self,
        event: &NewEvent,
        digest: Option<[u8; 32]>,
        matches: &Matches,
        mint: &mut IdMint,
    ) -> Published {
        self.mix.events = true;
        let event = event.clone().accept(mint.next(self.now), self.now);
        self.event_row(&event, digest, matches.len());
        let mut deliveries = Vec::with_capacity(matches.len());
        for &(endpoint_id, hold) in matches {
            let delivery = AcceptedDelivery {
                id: mint.next(self.now),
                endpoint_id,
                held_before_ms: hold.held_ms(self.now),
            };
            self.deliveries
                .row(delivery.id.as_i64())
                .int(event.id.as_i64())
                .int(endpoint_id.as_i64())
                .text(event.event_type.as_str())
                .int(i64::from(event.test))
                .int(delivery.held_before_ms);
            let endpoint = &mut self.endpoints.entry(endpoint_id).or_default().ledger;
            let day = self.days.entry(day_of(delivery.id)).or_default();
            for delta in [endpoint, day] {
                delta.created += 1;
                delta.pending += 1;
            }
            self.changed.push(DeliveryChange {
                id: delivery.id,
                endpoint_id,
                state: DeliveryState::Pending,
            });
            deliveries.push(delivery);
        }
        let published = Published {
            event_id: event.id,
            deliveries: u32::try_from(deliveries.len()).unwrap_or(u32::MAX),
            duplicate: false,
        };
        let event = Arc::new(event);
        let clock_offset_ms = self.clock_offset_ms;
        self.accepted.push(AcceptedEvent {
            event,
            deliveries,
            clock_offset_ms,
        });
        published
    }

    fn event_row(&mut self, event: &Event, digest: Option<[u8; 32]>, deliveries: usize) {
        let digest = digest.map(|digest| self.heap.put(&digest));
        let attributes = event
            .attributes
            .as_ref()
            .map(|json| self.heap.put(json.as_str().as_bytes()));
        let data = self.heap.put(event.data.as_str().as_bytes());
        self.events
            .row(event.id.as_i64())
            .text(audience_to_column(&event.audience))
            .text_or_null(event.key.as_ref().map(|key| key.as_str()))
            .piece(digest)
            .text(event.event_type.as_str())
            .int(event.occurred_at.as_millis())
            .int(i64::from(event.test))
            .int(i64::try_from(deliveries).unwrap_or(i64::MAX))
            .piece(attributes)
            .piece(Some(data));
    }

    fn record(
        &mut self,
        record: &AttemptRecord,
        known: &mut KnownCauses,
        runs: &KnownRuns,
        odd: Odd,
    ) -> Answer {
        let Odd {
            waits,
            test,
            operational,
            ..
        } = odd;
        let replay = odd.replay.filter(|_| waits);
        self.mix.attempts = true;
        self.mix.stale |= !waits;
        self.mix.replays |= replay.is_some();
        let attempt = &record.attempt;
        self.attempt_columns(attempt, replay);
        let run = self.fared(attempt, runs, test);
        let cause = if test {
            None
        } else {
            self.cause(attempt, known)
        };
        let (id, number) = (attempt.delivery_id.as_i64(), i64::from(attempt.number));
        if !waits {
            self.late.row(id).int(number);
            let recorded = Recorded::Stale;
            return Answer::Recorded(Kept {
                recorded,
                run,
                operational,
            });
        }
        if let Some(replay) = replay {
            let first_failed = odd.first.then_some(attempt.failure.is_some());
            self.replays.tried(replay, id, record.next, first_failed);
        }
        let state = record.next.state();
        self.move_row(record, cause);
        let endpoint = self.endpoints.entry(attempt.endpoint_id).or_default();
        let day = self.days.entry(day_of(attempt.delivery_id)).or_default();
        for delta in [&mut endpoint.ledger, day] {
            delta.pending -= 1;
            *delta.counter(state.as_str()) += 1;
        }
        self.changed.push(DeliveryChange {
            id: attempt.delivery_id,
            endpoint_id: attempt.endpoint_id,
            state,
        });
        let recorded = Recorded::Applied;
        if !test && !operational {
            self.dead.note(attempt, state);
        }
        Answer::Recorded(Kept {
            recorded,
            run,
            operational,
        })
    }

    /// Where an attempt moves its delivery.
    fn move_row(&mut self, record: &AttemptRecord, cause: Option<CauseId>) {
        let attempt = &record.attempt;
        let state = record.next.state();
        let due = match record.next {
            AfterAttempt::Retry { at } | AfterAttempt::Unspent { at } => {
                Some(at.as_millis().saturating_add(self.clock_offset_ms))
            }
            AfterAttempt::Delivered | AfterAttempt::Dead(_) => None,
        };
        let last = attempt.summary();
        self.moves
            .row(attempt.delivery_id.as_i64())
            .int(i64::from(attempt.number))
            .text(state.as_str())
            .text_or_null(state.reason())
            .int_or_null(due)
            .int(last.at.as_millis())
            .int_or_null(last.status.map(i64::from))
            .text_or_null(last.class.map(FailureClass::as_str))
            .int(micros(last.latency))
            .int(i64::from(!matches!(
                record.next,
                AfterAttempt::Unspent { .. }
            )))
            .int_or_null(cause.map(CauseId::as_i64));
    }

    /// Counts how an attempt fared for its endpoint; test traffic leaves nothing but its certificate. Gives the run of
    /// failures after it.
    fn fared(&mut self, attempt: &Attempt, runs: &KnownRuns, test: bool) -> Option<FailingRun> {
        let endpoint = self.endpoints.entry(attempt.endpoint_id).or_default();
        endpoint.certificate(attempt.certificate_expires_at);
        if test {
            return None;
        }
        let before = endpoint.run.or_else(|| runs.of(attempt.endpoint_id));
        let steady_ms = self.now.as_millis().saturating_add(self.clock_offset_ms);
        endpoint.run = match &attempt.failure {
            None => before.map(FailingRun::ended),
            Some(_) => Some(before.unwrap_or_default().failed(steady_ms)),
        };
        let minute = (minute_of(attempt.started_at), attempt.endpoint_id);
        self.minutes.entry(minute).or_default().add(attempt);
        let ended_at = attempt.started_at + attempt.phases.total;
        endpoint.ended(ended_at, attempt.failure.as_ref());
        endpoint.run
    }

    /// Counts a failure under its cause.
    fn cause(&mut self, attempt: &Attempt, known: &mut KnownCauses) -> Option<CauseId> {
        let failure = attempt.failure.as_ref()?;
        let found = known.admit(Fingerprint::of(failure, attempt.response.as_ref()));
        let id = found.id;
        let ended_at = attempt.started_at + attempt.phases.total;
        self.causes.failed(found, attempt.endpoint_id, ended_at);
        Some(id)
    }

    /// An attempt's row.
    fn attempt_columns(&mut self, attempt: &Attempt, replay: Option<ReplayId>) {
        let phases = &attempt.phases;
        let response = attempt.response.as_ref();
        let digests = self.heap.put_with(|heap| {
            heap.extend_from_slice(&attempt.revision);
            heap.extend_from_slice(&attempt.body_sha256);
        });
        let headers = response.map(|response| {
            self.heap
                .put_with(|heap| headers_to_bytes(&response.headers, heap))
        });
        let body = response.map(|response| self.heap.put(&response.body));
        let address = attempt.remote_address.map(|address| address.to_string());
        let failure = attempt.failure.as_ref();
        self.attempts
            .row(attempt.id.as_i64())
            .int(attempt.delivery_id.as_i64())
            .int(attempt.event_id.as_i64())
            .int(attempt.endpoint_id.as_i64())
            .int(i64::from(attempt.number))
            .int(attempt.started_at.as_millis())
            .text(&attempt.url)
            .text(&json(&attempt.signatures))
            .text(&json(&SignersColumn::of(attempt)))
            .int(digests.start())
            .text_or_null(address.as_deref())
            .int_or_null(phases.dns.map(micros))
            .int_or_null(phases.connect.map(micros))
            .int_or_null(phases.tls.map(micros))
            .int_or_null(phases.first_byte.map(micros))
            .int_or_null(phases.body.map(micros))
            .int(micros(phases.total))
            .int(i64::from(phases.reused))
            .int_or_null(response.map(|response| i64::from(response.status)))
            .int(response.map_or(0, |response| i64::from(response.truncated)))
            .text_or_null(failure.map(|failure| failure.class.as_str()))
            .text_or_null(failure.map(|failure| failure.text.as_str()))
            .piece(headers)
            .piece(body)
            .int_or_null(attempt.held_back.map(i64::from))
            .int_or_null(attempt.certificate_expires_at.map(Timestamp::as_millis))
            .int_or_null(replay.map(ReplayId::as_i64));
    }
}

/// Why none of the call's events can be accepted: a key that stands for other content.
fn refuse(call: &PublishCall, keys: &HashMap<(String, String), Taken>) -> Option<StoreError> {
    let mut own: HashMap<(String, String), [u8; 32]> = HashMap::new();
    for (event, digest) in call.events.iter().zip(&call.digests) {
        let (Some(key), Some(digest), Some(name)) = (&event.key, digest, name_of(event)) else {
            continue;
        };
        let taken = keys.get(&name);
        let other_content = taken.map_or_else(
            || own.get(&name).is_some_and(|earlier| earlier != digest),
            |taken| taken.digest != *digest,
        );
        if other_content {
            return Some(StoreError::Conflict {
                key: key.clone(),
                event_id: taken.map(|taken| taken.published.event_id),
            });
        }
        own.insert(name, *digest);
    }
    None
}

fn name_of(event: &NewEvent) -> Option<(String, String)> {
    let key = event.key.as_ref()?;
    Some((
        audience_to_column(&event.audience).to_owned(),
        key.to_string(),
    ))
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("lists of texts and numbers always serialise")
}
