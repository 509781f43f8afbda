//! One attempt, from the event to the record: a free task on the engine's thread.
//!
//! It decides by itself what follows from the answer and writes it to the store, so that the outcome is kept even if
//! its lane is gone. To the lane it reports twice: when the exchange is over and when the record is on disk.

use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{AbortRegistration, Abortable, FutureExt};

use super::berth::{Berth, Report};
use super::kept::EventRef;
use super::setup::LaneSetup;
use super::yard::Yard;
use crate::clock::Stopwatch;
use crate::domain::attempt::{Attempt, Failure, FailureClass, Phases};
use crate::domain::contract::{Contract, RenderInput};
use crate::domain::delivery::DeadReason;
use crate::domain::event::Event;
use crate::domain::id::{AttemptId, DeliveryId};
use crate::domain::lane::{Item, Pace, Settlement};
use crate::domain::outcome::{self, Verdict};
use crate::domain::request::{Exchange, PreparedRequest};
use crate::domain::retry::{Budget, NextTry};
use crate::domain::sign::secret::OpenSecret;
use crate::domain::time::Timestamp;
use crate::domain::tries::Try;
use crate::store::{AfterAttempt, AttemptRecord, Kept, Recorded, StoreError};

/// How long a task waits before it tries again to reach a store that does not answer.
const STORE_RETRY: Duration = Duration::from_secs(1);
/// How often an outcome is offered to a store that refuses it as such. A disk that is full or fails is not a refusal:
/// for that a task waits as long as it takes.
const REFUSALS_MAX: u32 = 3;

/// Everything one attempt needs.
pub(super) struct Sending {
    pub(super) yard: Rc<Yard>,
    pub(super) berth: Rc<Berth>,
    pub(super) setup: Rc<LaneSetup>,
    pub(super) item: Item<EventRef>,
    /// Whether the rate limit made it wait.
    pub(super) held_back: bool,
    /// Whether it only asks if the receiver is back.
    pub(super) probe: bool,
    /// [`Yard::set_ms`] at take-off, to which the item's times belong.
    pub(super) set_ms: i64,
}

/// What stands in for an attempt that was never made.
enum Unsent {
    /// No request can be made of the delivery, and why.
    Undeliverable(String),
    /// Nobody knows what became of it: the store is asked.
    Unknown,
}

/// What statistics count of an attempt.
const fn made(record: &AttemptRecord) -> Try {
    Try {
        number: record.attempt.number,
        is_last: record.next.state().is_final(),
        took: record.attempt.phases.total,
    }
}

/// Reports a delivery as unknown if its task ends before it is settled, by a panic.
struct SettleGuard {
    berth: Rc<Berth>,
    id: DeliveryId,
    settled: bool,
}

impl Drop for SettleGuard {
    fn drop(&mut self) {
        if !self.settled {
            let settlement = Settlement::Stale;
            self.berth.report(Report::Settled {
                id: self.id,
                settlement,
            });
        }
    }
}

impl Sending {
    /// Makes the attempt and sees it recorded.
    pub(super) async fn run(self, abort: AbortRegistration) {
        let mut guard = SettleGuard {
            berth: Rc::clone(&self.berth),
            id: self.item.id,
            settled: false,
        };
        let settlement = match self.attempt(abort).await {
            Ok((record, is_test)) => {
                let made = made(&record);
                let started_at = record.attempt.started_at;
                let gone = record.next == AfterAttempt::Dead(DeadReason::Gone);
                // Times are decided and the record begins in one go: no step can be agreed on in between.
                let (settlement, quiet) = self.record(record, self.yard.set_ms()).await;
                if !is_test && settlement != Settlement::Stale {
                    let id = self.berth.endpoint_id;
                    self.yard.gathered.add(id, started_at, made);
                }
                if gone {
                    let desk = Arc::clone(&self.yard.desk);
                    let id = self.berth.endpoint_id;
                    actix_rt::spawn(async move { desk.disable_gone(id, quiet).await });
                }
                settlement
            }
            Err(Unsent::Undeliverable(why)) => self.bury(&why).await,
            Err(Unsent::Unknown) => Settlement::Stale,
        };
        guard.settled = true;
        let id = self.item.id;
        self.berth.report(Report::Settled { id, settlement });
        self.yard.moved();
        self.yard.landed.notify_waiters();
    }

    /// The attempt, and whether it is test traffic.
    async fn attempt(&self, abort: AbortRegistration) -> Result<(AttemptRecord, bool), Unsent> {
        let undeliverable = |why: &str| Unsent::Undeliverable(why.to_owned());
        let secrets = self.setup.secrets(&self.yard.desk.sealing_key);
        let secrets = secrets.map_err(|error| {
            undeliverable(&format!("the endpoint's secret cannot be opened: {error}"))
        })?;
        let contract = self.setup.contract.as_ref().ok_or(Unsent::Unknown)?;
        let event = self.event().await?;
        let started_at = self.yard.now();
        let attempt_id = self.yard.store.mint_attempt_id(started_at);
        let request = self
            .render(
                contract,
                &event,
                secrets.active(started_at),
                started_at,
                attempt_id,
            )
            .map_err(|why| undeliverable(&why))?;
        let blank = self.blank_attempt(&request, contract, event.as_ref(), started_at, attempt_id);
        let exchange = self.exchange(request, abort).await;
        let ended_at = self.yard.now();
        if let Some(expires_at) = exchange.certificate_expires_at {
            let watch = &self.yard.certificates;
            watch.seen(self.setup.endpoint.id, expires_at, ended_at);
        }
        let rules = &contract.request;
        let verdict = outcome::classify(ended_at, &rules.success, rules.gone, &exchange);
        let id = self.item.id;
        let pace = pace(&verdict);
        self.berth.report(Report::Answered { id, pace });
        let record = AttemptRecord {
            next: self.next(contract, &verdict, ended_at),
            attempt: Attempt {
                remote_address: exchange.remote_address,
                certificate_expires_at: exchange.certificate_expires_at,
                phases: exchange.phases,
                response: exchange.response,
                failure: verdict.failure().cloned(),
                ..blank
            },
        };
        Ok((record, event.test))
    }

    async fn event(&self) -> Result<Arc<Event>, Unsent> {
        let id = match &self.item.payload {
            EventRef::Kept(kept) => return Ok(Arc::clone(&kept.event)),
            EventRef::Stored(id) => *id,
        };
        match self.yard.store.event(id).await {
            Ok(stored) if stored.payload_gone => Err(Unsent::Undeliverable(
                "the event's payload is gone: it is past its retention time".to_owned(),
            )),
            Ok(stored) => Ok(stored.event),
            Err(error @ (StoreError::Inconsistent { .. } | StoreError::NotFound { .. })) => {
                Err(Unsent::Undeliverable(error.to_string()))
            }
            Err(error) => {
                tracing::error!(%error, event.id = %id, "failed to read an event that is due");
                self.yard.clock.sleep_for(STORE_RETRY).await;
                Err(Unsent::Unknown)
            }
        }
    }

    fn render(
        &self,
        contract: &Contract,
        event: &Event,
        secrets: &[OpenSecret],
        attempt_time: Timestamp,
        attempt_id: AttemptId,
    ) -> Result<PreparedRequest, String> {
        let endpoint = &self.setup.endpoint;
        // Asked for each request: a rotation counts from the next one on.
        let keys = (self.setup.signed_by_service)
            .then(|| self.yard.desk.service_keys.line(&contract.name))
            .flatten();
        let input = RenderInput {
            event,
            endpoint_id: endpoint.id,
            endpoint_url: &endpoint.url,
            endpoint_headers: &endpoint.headers,
            timeout: endpoint.timeout,
            delivery_id: self.item.id,
            attempt_id,
            attempt_number: self.item.attempts + 1,
            attempt_time,
            secrets,
            service_keys: keys.as_ref().map_or(&[], |line| line.signing(attempt_time)),
        };
        // A renderer that panics must not take its delivery round and round.
        std::panic::catch_unwind(AssertUnwindSafe(|| contract.render(&input)))
            .map_err(|_| "the request could not be rendered: the renderer panicked".to_owned())?
            .map_err(|error| error.to_string())
    }

    fn blank_attempt(
        &self,
        request: &PreparedRequest,
        contract: &Contract,
        event: &Event,
        started_at: Timestamp,
        id: AttemptId,
    ) -> Attempt {
        Attempt {
            id,
            delivery_id: self.item.id,
            event_id: event.id,
            endpoint_id: self.setup.endpoint.id,
            number: self.item.attempts + 1,
            started_at,
            revision: contract.revision().to_bytes(),
            url: request.url.clone(),
            signatures: request.signatures.clone(),
            secret_ids: request.secret_ids.clone(),
            service_key_ids: request.service_key_ids.clone(),
            body_sha256: request.body_sha256,
            held_back: self.setup.rate_limit().map(|_| self.held_back),
            replay_id: None,
            remote_address: None,
            certificate_expires_at: None,
            phases: Phases::default(),
            response: None,
            failure: None,
        }
    }

    async fn exchange(&self, request: PreparedRequest, abort: AbortRegistration) -> Exchange {
        let timeout = request.timeout;
        let stopwatch = Stopwatch::start();
        let sending = AssertUnwindSafe(async { self.yard.transport.send(request).await });
        let (class, text) = match Abortable::new(sending.catch_unwind(), abort).await {
            Ok(Ok(exchange)) => return exchange,
            Ok(Err(_)) => (
                FailureClass::Internal,
                "the transport panicked; the log says where".to_owned(),
            ),
            Err(_) => (
                FailureClass::Timeout,
                format!("no complete answer within {} ms", timeout.as_millis()),
            ),
        };
        Exchange {
            phases: Phases {
                total: stopwatch.elapsed(),
                ..Phases::default()
            },
            failure: Some(Failure { class, text }),
            ..Exchange::default()
        }
    }

    /// What follows; by the endpoint's hold clock as it is now, not as it was when the attempt started.
    fn next(&self, contract: &Contract, verdict: &Verdict, ended_at: Timestamp) -> AfterAttempt {
        let retry_after = match verdict {
            Verdict::Success => return AfterAttempt::Delivered,
            Verdict::Gone { .. } => return AfterAttempt::Dead(DeadReason::Gone),
            Verdict::Retry { retry_after, .. } => *retry_after,
        };
        if self.probe {
            // It stays due, behind those that are: the next probe is another delivery's.
            let at = ended_at + retry_after.unwrap_or_default();
            return AfterAttempt::Unspent { at };
        }
        let held_ms = self.berth.setup.borrow().endpoint.hold.held_ms(ended_at);
        let held_ms = held_ms.saturating_sub(self.item.held_before_ms);
        let budget = Budget {
            attempts: self.item.budget_attempts + 1,
            started_at: self
                .item
                .budget_started_at
                .moved_by(self.yard.set_ms() - self.set_ms),
            held: Duration::from_millis(u64::try_from(held_ms).unwrap_or(0)),
        };
        let policy = self.setup.retry(contract);
        let mut rng = self.yard.rng.borrow_mut();
        match policy.next(ended_at, &mut *rng, budget, retry_after) {
            NextTry::At(at) => AfterAttempt::Retry { at },
            NextTry::Exhausted => AfterAttempt::Dead(DeadReason::Exhausted),
            NextTry::Expired => AfterAttempt::Dead(DeadReason::Expired),
        }
    }

    /// Records the attempt, as often as it takes: what happened must not be forgotten while we live. Only what the
    /// store refuses for good is given up, and the delivery with it: sent again, it would be refused again.
    ///
    /// What was decided at `set_ms` moves with the clock, when that is set before the store has it. Answers also whether
    /// nothing more is to be made of it, because the delivery carries an operational event.
    async fn record(&self, mut record: AttemptRecord, set_ms: i64) -> (Settlement, bool) {
        let decided = record.next;
        let mut refusals = 0;
        loop {
            self.yard.until_clock_is_told().await;
            let sent_at = self.yard.set_ms();
            record.next = moved(decided, sent_at - set_ms);
            let next = record.next;
            match self.yard.store.record(record.clone()).await {
                Ok(kept) => {
                    let set_ms = self.yard.set_ms();
                    self.judge(&kept).await;
                    let settlement = match kept.recorded {
                        Recorded::Applied => settlement(moved(next, set_ms - sent_at)),
                        Recorded::Stale => Settlement::Stale,
                    };
                    return (settlement, kept.operational);
                }
                Err(error @ StoreError::NotFound { .. }) => {
                    tracing::warn!(%error, "an attempt came back for a delivery that is gone");
                    return (Settlement::Done, false);
                }
                Err(error) if error.is_lasting() => {
                    tracing::error!(%error, delivery.id = %self.item.id, "the store refuses an attempt");
                    refusals += 1;
                    if refusals == REFUSALS_MAX {
                        return (self.give_up(&record.attempt, &error).await, false);
                    }
                    // It may be what the receiver said.
                    record.attempt.response = None;
                }
                Err(error) => {
                    tracing::error!(%error, delivery.id = %self.item.id, "failed to record an attempt; trying again");
                }
            }
            self.yard.clock.sleep_for(STORE_RETRY).await;
        }
    }

    /// Has done what is due by the endpoint's run of failures, before its lane goes on.
    async fn judge(&self, kept: &Kept) {
        let desk = &self.yard.desk;
        let turn = kept
            .run
            .and_then(|run| desk.limits.load().failing.turn(&run));
        if turn.is_some() {
            let id = self.berth.endpoint_id;
            desk.judge_failing(id, kept.operational).await;
        }
    }

    /// Makes a delivery dead whose outcome the store does not take.
    async fn give_up(&self, attempt: &Attempt, error: &StoreError) -> Settlement {
        self.yard.note_refused_outcome();
        let outcome = match &attempt.failure {
            None => "succeeded".to_owned(),
            Some(failure) => format!("failed ({})", failure.text),
        };
        let number = attempt.number;
        let why = format!("attempt {number} {outcome}, but it cannot be recorded: {error}");
        self.bury(&why).await
    }

    /// Makes a delivery dead that cannot be sent or recorded.
    ///
    /// One that the store does not even let die is forgotten until its lane reads the store again.
    async fn bury(&self, why: &str) -> Settlement {
        let id = self.item.id;
        tracing::warn!(delivery.id = %id, why, "a delivery is undeliverable");
        let mut refusals = 0;
        loop {
            match self.yard.store.mark_undeliverable(id, why).await {
                Ok(_) | Err(StoreError::NotFound { .. }) => return Settlement::Done,
                Err(error) if error.is_lasting() => {
                    tracing::error!(%error, delivery.id = %id, "the store refuses to mark a delivery undeliverable");
                    refusals += 1;
                    if refusals == REFUSALS_MAX {
                        return Settlement::Done;
                    }
                }
                Err(error) => {
                    tracing::error!(%error, delivery.id = %id, "failed to mark a delivery undeliverable");
                }
            }
            self.yard.clock.sleep_for(STORE_RETRY).await;
        }
    }
}

/// The same on a clock that was set by this much.
fn moved(next: AfterAttempt, by_ms: i64) -> AfterAttempt {
    match next {
        AfterAttempt::Retry { at } => AfterAttempt::Retry {
            at: at.moved_by(by_ms),
        },
        AfterAttempt::Unspent { at } => AfterAttempt::Unspent {
            at: at.moved_by(by_ms),
        },
        AfterAttempt::Delivered | AfterAttempt::Dead(_) => next,
    }
}

const fn settlement(next: AfterAttempt) -> Settlement {
    match next {
        AfterAttempt::Delivered | AfterAttempt::Dead(_) => Settlement::Done,
        AfterAttempt::Retry { at } | AfterAttempt::Unspent { at } => Settlement::RetryAt(at),
    }
}

fn pace(verdict: &Verdict) -> Pace {
    match verdict {
        Verdict::Success => Pace::Well,
        Verdict::Gone { .. } => Pace::Failed,
        Verdict::Retry { .. } if verdict.timed_out() => Pace::TimedOut,
        Verdict::Retry {
            slow_lane: true,
            retry_after,
            ..
        } => Pace::Overloaded(*retry_after),
        Verdict::Retry { .. } => Pace::Failed,
    }
}
