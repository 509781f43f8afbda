//! Dead letters together: discarded by plan, read one after the other for an export, brought back.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::error::EngineError;
use super::handle::Engine;
use super::replays::{Selection, Walk, note_fits, note_views};
use crate::domain::actor::Actor;
use crate::domain::attempt::Attempt;
use crate::domain::dead_letter::{BroughtBack, DeadLetter};
use crate::domain::delivery::Delivery;
use crate::domain::endpoint::{Endpoint, EndpointStatus};
use crate::domain::event::Event;
use crate::domain::fingerprint::CauseId;
use crate::domain::id::{EndpointId, PlanId};
use crate::domain::limits::DEAD_IMPORT_TOGETHER_MAX;
use crate::store::{AuditNote, StoreError, StoredReplay};

/// How long a plan stays taken while its deliveries are discarded; beyond it the rest is planned anew.
const CLAIM: Duration = Duration::from_hours(1);

/// What came of discarding a plan's deliveries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discarded {
    /// The plan.
    pub plan: StoredReplay,
    /// Those that were dead and are discarded.
    pub discarded: u64,
    /// Those that were not dead any more.
    pub skipped: u64,
}

/// A dead delivery with what an export tells of it.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The delivery.
    pub delivery: Delivery,
    /// Why no request could be made of it, where that is known.
    pub note: Option<String>,
    /// Its endpoint, where that is still there.
    pub endpoint: Option<Arc<Endpoint>>,
    /// Its event, or why that cannot be read.
    pub event: Result<Arc<Event>, String>,
    /// What its cause says, where that is remembered.
    pub cause_message: Option<String>,
    /// Its latest attempt, where retention has left it.
    pub latest: Option<Attempt>,
}

/// An export under way: what is dead when its turn comes, endpoint by endpoint, oldest first.
pub struct Letters {
    engine: Engine,
    walk: Walk,
    waiting: VecDeque<Delivery>,
    /// What causes say, once each: there are few.
    messages: HashMap<CauseId, Option<String>>,
}

impl Engine {
    /// The dead deliveries that a filter picks, all of them where it is empty, to be read one after the other.
    ///
    /// # Errors
    /// Invalid (a filter that does not parse).
    pub async fn dead_letters(&self, filter: &str) -> Result<Letters, EngineError> {
        Ok(Letters {
            engine: self.clone(),
            walk: Walk::of_dead(self, filter).await?,
            waiting: VecDeque::new(),
            messages: HashMap::new(),
        })
    }

    /// Freezes the dead deliveries that a filter picks, all of them where it is empty.
    ///
    /// # Errors
    /// Those of [`Engine::plan_replay`].
    pub async fn plan_dead(
        &self,
        actor: &Actor,
        filter: &str,
    ) -> Result<StoredReplay, EngineError> {
        let selection = Selection::GivenUp(filter.to_owned());
        self.plan_replay(actor, selection).await
    }

    /// Discards what is dead of a plan's deliveries. Whoever gives up waiting stops it: what was not reached stays dead.
    ///
    /// # Errors
    /// Invalid (note); Conflict (the plan has expired, was started or is being discarded); Busy, Draining, Full.
    pub async fn discard_plan(
        &self,
        actor: &Actor,
        id: PlanId,
        note: &str,
    ) -> Result<Discarded, EngineError> {
        self.desk.open()?;
        check_note(note)?;
        let gone = |error: EngineError| match error {
            EngineError::NotFound { .. } => EngineError::Conflict(format!(
                "{id} cannot be discarded: it has expired, was started, or is being discarded; plan it again"
            )),
            other => other,
        };
        let plan = self.plan(id).await.map_err(gone)?;
        let store = &self.desk.store;
        let noted = |more: serde_json::Value| AuditNote {
            detail: Some(more.to_string()),
            words: Some(note.to_owned()),
            ..AuditNote::new(actor.clone(), "dead.discard")
        };
        let mut began = serde_json::json!({
            "selection": plan.selection, "hash": plan.flight.hash,
        });
        note_views(&mut began, &plan);
        let began = noted(began);
        let until = self.desk.now() + CLAIM;
        let claimed = store.claim_plan(began, id, plan.total, until).await;
        claimed.map_err(|error| gone(error.into()))?;
        let (mut after, mut discarded, mut skipped) = (Some(0), 0, 0);
        while let Some(place) = after {
            let step = store.discard_planned(id, place, note.to_owned()).await?;
            after = step.next;
            discarded += step.discarded;
            skipped += step.skipped;
        }
        let ended = noted(serde_json::json!({"discarded": discarded, "skipped": skipped}));
        store.note_audit(ended, id.to_string(), discarded).await?;
        // One that is not removed now expires.
        let _ = store.drop_replay_plan(plan.id).await;
        Ok(Discarded {
            plan,
            discarded,
            skipped,
        })
    }

    /// Brings dead letters back, each for the endpoint `to`, or for its own. Tells of each in order what became of it,
    /// or why nothing did and what to do.
    ///
    /// # Errors
    /// NotFound (`to`), Busy, Draining, Full; what was brought back before such an error stays.
    pub async fn bring_back(
        &self,
        actor: &Actor,
        to: Option<EndpointId>,
        letters: Vec<DeadLetter>,
    ) -> Result<Vec<Result<BroughtBack, String>>, EngineError> {
        self.desk.open()?;
        let to = to.map(|id| self.desk.endpoint(id)).transpose()?;
        let by_url = self.by_url(&letters);
        let mut results = Vec::with_capacity(letters.len());
        let mut letters = letters.into_iter().peekable();
        while letters.peek().is_some() {
            let mut places = Vec::new();
            let mut together = Vec::new();
            for letter in letters.by_ref().take(DEAD_IMPORT_TOGETHER_MAX) {
                let found = match &to {
                    Some(endpoint) => Ok(Arc::clone(endpoint)),
                    None => self.endpoint_of(&letter, &by_url),
                };
                match found.and_then(|endpoint| reached(&letter, &endpoint)) {
                    Ok(endpoint_id) => {
                        places.push(results.len());
                        results.push(Err(String::new()));
                        together.push((letter, endpoint_id));
                    }
                    Err(why) => results.push(Err(why)),
                }
            }
            let note = AuditNote::new(actor.clone(), "dead.import");
            let done = self.desk.store.bring_back(note, together).await?;
            for (place, done) in places.into_iter().zip(done) {
                results[place] = done.map_err(in_words);
            }
        }
        Ok(results)
    }

    /// The endpoints that have the letters' URLs.
    fn by_url(&self, letters: &[DeadLetter]) -> HashMap<String, Vec<Arc<Endpoint>>> {
        let mut found: HashMap<String, Vec<Arc<Endpoint>>> = HashMap::new();
        for letter in letters {
            found.entry(letter.endpoint_url.clone()).or_default();
        }
        let wanted = |endpoint: &Endpoint| {
            endpoint.status != EndpointStatus::Deleted && found.contains_key(&endpoint.url)
        };
        let all = self.desk.book.page(None, usize::MAX, wanted);
        for endpoint in all {
            if let Some(those) = found.get_mut(&endpoint.url) {
                those.push(endpoint);
            }
        }
        found
    }

    /// The letter's own endpoint: the one with its id and URL, else the only one with its URL that the event reaches.
    fn endpoint_of(
        &self,
        letter: &DeadLetter,
        by_url: &HashMap<String, Vec<Arc<Endpoint>>>,
    ) -> Result<Arc<Endpoint>, String> {
        let with_url = by_url
            .get(&letter.endpoint_url)
            .map_or(&[][..], Vec::as_slice);
        if let Some(own) = with_url.iter().find(|one| one.id == letter.endpoint_id) {
            return Ok(Arc::clone(own));
        }
        let audience = &letter.event.audience;
        let mut reached = with_url
            .iter()
            .filter(|endpoint| audience.reaches(endpoint.tenant.as_ref()));
        let (id, url) = (letter.endpoint_id, &letter.endpoint_url);
        match (reached.next(), reached.next()) {
            (Some(only), None) => Ok(Arc::clone(only)),
            (Some(_), Some(_)) => Err(format!(
                "several endpoints have the URL {url}, and none of them is {id}: name the one that is meant with \
                 endpoint_id (--to)"
            )),
            (None, _) if self.desk.endpoint(id).is_ok() => Err(format!(
                "{id} has another URL here than {url}: if it is meant all the same, name it with endpoint_id (--to)"
            )),
            (None, _) => Err(format!(
                "there is no endpoint {id} here, and none with the URL {url} that the event reaches: make it with \
                 `hookyard endpoint create`, or name another with endpoint_id (--to)"
            )),
        }
    }
}

impl Letters {
    /// The next one; `None` after the last.
    ///
    /// # Errors
    /// Internal.
    pub async fn next(&mut self) -> Result<Option<Letter>, EngineError> {
        while self.waiting.is_empty() {
            match self.walk.next(&self.engine).await? {
                Some(found) => {
                    let found = found.into_iter().map(|candidate| candidate.delivery);
                    self.waiting.extend(found);
                }
                None => return Ok(None),
            }
        }
        let Some(delivery) = self.waiting.pop_front() else {
            return Ok(None);
        };
        let store = &self.engine.desk.store;
        let event = match store.event(delivery.event_id).await {
            Ok(stored) if stored.payload_gone => Err(StoreError::PayloadGone {
                event_id: delivery.event_id,
            }
            .to_string()),
            Ok(stored) => Ok(stored.event),
            Err(error @ (StoreError::Inconsistent { .. } | StoreError::NotFound { .. })) => {
                Err(error.to_string())
            }
            Err(error) => return Err(error.into()),
        };
        let note = match store.delivery_note(delivery.id).await {
            // Retention may have taken it since it was found.
            Err(StoreError::NotFound { .. }) => None,
            other => other?,
        };
        let cause_message = match delivery.cause {
            None => None,
            Some(cause) => self.message_of(cause).await?,
        };
        Ok(Some(Letter {
            note,
            cause_message,
            endpoint: self.engine.desk.book.get(delivery.endpoint_id),
            latest: self.engine.latest_attempt(&delivery).await?,
            event,
            delivery,
        }))
    }
}

impl Letters {
    async fn message_of(&mut self, cause: CauseId) -> Result<Option<String>, EngineError> {
        if let Some(known) = self.messages.get(&cause) {
            return Ok(known.clone());
        }
        let message = self.engine.desk.store.cause_message(cause).await?;
        self.messages.insert(cause, message.clone());
        Ok(message)
    }
}

/// The endpoint's id, if the event may go there.
fn reached(letter: &DeadLetter, endpoint: &Endpoint) -> Result<EndpointId, String> {
    let audience = &letter.event.audience;
    if audience.reaches(endpoint.tenant.as_ref()) {
        return Ok(endpoint.id);
    }
    let tenant = |name: Option<&str>| {
        name.map_or_else(|| "no tenant".to_owned(), |name| format!("tenant {name}"))
    };
    Err(format!(
        "the event is of {}, and {} is of {}: name an endpoint that it reaches with endpoint_id (--to)",
        tenant(audience.as_text()),
        endpoint.id,
        tenant(endpoint.tenant.as_ref().map(|tenant| tenant.as_str())),
    ))
}

fn in_words(error: StoreError) -> String {
    match error {
        StoreError::Conflict { key, event_id } => format!(
            "the key {key} belongs to another event here{}: publish this one anew under another id, with `hookyard \
             event publish`",
            event_id.map_or_else(String::new, |id| format!(", {id}"))
        ),
        StoreError::NotAccepting { status } => {
            format!("its endpoint is {status} by now: name another with endpoint_id (--to)")
        }
        other => other.to_string(),
    }
}

pub(super) fn check_note(note: &str) -> Result<(), EngineError> {
    if note.trim().is_empty() {
        let detail = "the note is missing: say why, for those who come after";
        return Err(EngineError::invalid("/note", detail));
    }
    note_fits(note)
}
