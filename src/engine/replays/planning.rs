//! A selection frozen: read piece by piece, judged, and written piece by piece, so that neither a reader nor the writer
//! is held for long.

use super::Selection;
use super::missed::MissedEvents;
use crate::domain::actor::Actor;
use crate::domain::filter::{Expanded, Expr, Field, Filter, Plan, StateWord, Term, Test};
use crate::domain::id::{EndpointId, ReplayId};
use crate::domain::limits::{REPLAY_ITEMS_MAX, REPLAY_JUDGED_MAX, REPLAY_PLAN_LIFE};
use crate::domain::replay::{Flight, FlightPlanner, Matched};
use crate::domain::time::Timestamp;
use crate::engine::error::EngineError;
use crate::engine::handle::Engine;
use crate::engine::judging::JUDGED_TOGETHER;
use crate::engine::views::DeliveryQuery;
use crate::store::{Candidate, CandidateScope, SqlCondition, SqlValue, StoredReplay};

/// A selection walked piece by piece, so that no read lasts long.
pub(in crate::engine) struct Walk {
    search: Search,
    /// Which of the scopes, and from behind which delivery on.
    place: usize,
    after: i64,
    /// Deliveries that were judged one by one.
    judged: usize,
}

/// A selection as it is looked for.
struct Search {
    /// As people read it.
    words: String,
    /// The same with saved views written out, where there were any.
    stands_for: Option<String>,
    /// Where to look, one after the other.
    scopes: Vec<CandidateScope>,
    /// What SQL decides.
    condition: Option<SqlCondition>,
    /// What is decided row by row.
    rest: Option<Expr>,
}

/// Where the items come from.
enum Source {
    /// To be sent: what cannot be is left out.
    Deliveries(Search),
    /// To be given up: what cannot be sent as well.
    Dead(Search),
    Missed(MissedEvents),
}

impl Source {
    async fn of(engine: &Engine, selection: Selection) -> Result<Self, EngineError> {
        match selection {
            Selection::Missed {
                endpoint_id,
                since,
                until,
            } => {
                let endpoint = engine.desk.endpoint(endpoint_id)?;
                if endpoint.test_mode {
                    return Err(EngineError::Conflict(format!(
                        "{endpoint_id} gets test events alone, and none of them is delivered afterwards: it was meant for \
                         whoever was there; publish another with test, or use `hookyard endpoint test`"
                    )));
                }
                Ok(Self::Missed(MissedEvents {
                    endpoint,
                    since,
                    until,
                }))
            }
            Selection::Dead {
                endpoint_id,
                since,
                until,
            } => {
                let search = dead_of(engine, endpoint_id, since, until)?;
                Ok(Self::Deliveries(search))
            }
            Selection::Filter(text) => Ok(Self::Deliveries(by_filter(engine, text).await?)),
            Selection::GivenUp(text) => Ok(Self::Dead(dead_by_filter(engine, &text).await?)),
        }
    }

    /// As people read it.
    fn words(&self) -> String {
        match self {
            Self::Deliveries(search) | Self::Dead(search) => search.words.clone(),
            Self::Missed(missed) => missed.words(),
        }
    }

    /// The same with saved views written out, where there were any.
    fn stands_for(&self) -> Option<String> {
        match self {
            Self::Deliveries(search) | Self::Dead(search) => search.stands_for.clone(),
            Self::Missed(_) => None,
        }
    }
}

/// Freezes the selection.
pub(super) async fn plan(
    engine: &Engine,
    actor: &Actor,
    selection: Selection,
) -> Result<StoredReplay, EngineError> {
    let source = Source::of(engine, selection).await?;
    let store = &engine.desk.store;
    let now = engine.desk.now();
    let id: ReplayId = store.mint(now);
    store
        .begin_replay_plan(
            id,
            source.words(),
            actor.who.clone(),
            now + REPLAY_PLAN_LIFE,
        )
        .await?;
    let stands_for = source.stands_for();
    let frozen = match source {
        Source::Deliveries(search) => {
            let planner = FlightPlanner::default();
            freeze(engine, id, planner, &mut Walk::of(search)).await
        }
        Source::Dead(search) => {
            let planner = FlightPlanner::of_given_up();
            freeze(engine, id, planner, &mut Walk::of(search)).await
        }
        Source::Missed(missed) => missed.freeze(engine, id).await,
    };
    let planner = match frozen {
        Ok(planner) => planner,
        Err(error) => {
            // What cannot be removed now expires.
            let _ = store.drop_replay_plan(id).await;
            return Err(error);
        }
    };
    let expires_at = engine.desk.now() + REPLAY_PLAN_LIFE;
    let flight = Flight {
        stands_for,
        ..planner.finish()
    };
    Ok(store.complete_replay_plan(id, flight, expires_at).await?)
}

async fn freeze(
    engine: &Engine,
    id: ReplayId,
    mut planner: FlightPlanner,
    walk: &mut Walk,
) -> Result<FlightPlanner, EngineError> {
    let store = &engine.desk.store;
    let mut piece = walk.next_matched(engine).await?;
    while let Some(found) = piece {
        let mut items = Vec::with_capacity(found.len());
        for matched in &found {
            let endpoint = engine.desk.book.get(matched.endpoint_id);
            items.extend(planner.add(matched, endpoint.as_deref()));
        }
        bounded(planner.count(), walk.judged)?;
        let written = async {
            match items.is_empty() {
                true => Ok(()),
                false => store.add_replay_items(id, &items).await,
            }
        };
        // The next piece is read while this one is written.
        let (next, written) = tokio::join!(walk.next_matched(engine), written);
        written?;
        piece = next?;
    }
    Ok(planner)
}

impl Walk {
    /// Of the dead deliveries that a text in the filter language picks, all of them where it is empty.
    ///
    /// # Errors
    /// Invalid (it does not parse), Internal.
    pub(in crate::engine) async fn of_dead(
        engine: &Engine,
        text: &str,
    ) -> Result<Self, EngineError> {
        Ok(Self::of(dead_by_filter(engine, text).await?))
    }

    const fn of(search: Search) -> Self {
        Self {
            search,
            place: 0,
            after: 0,
            judged: 0,
        }
    }

    /// The next piece as far as a plan needs to know it.
    async fn next_matched(&mut self, engine: &Engine) -> Result<Option<Vec<Matched>>, EngineError> {
        if self.search.rest.is_some() {
            let found = self.next(engine).await?;
            let matched = |one: &Candidate| Matched::of(&one.delivery, one.bytes);
            return Ok(found.map(|found| found.iter().map(matched).collect()));
        }
        let Some(&scope) = self.search.scopes.get(self.place) else {
            return Ok(None);
        };
        let condition = self.search.condition.as_ref();
        let store = &engine.desk.store;
        let piece = store.replay_matched(scope, condition, self.after).await?;
        self.moved_to(piece.next);
        Ok(Some(piece.found))
    }

    /// Behind the piece that was read; in the next scope where that was the last.
    fn moved_to(&mut self, next: Option<i64>) {
        self.after = next.unwrap_or(0);
        self.place += usize::from(next.is_none());
    }

    /// The next piece, oldest first in each scope, which may be empty; `None` after the last.
    pub(in crate::engine) async fn next(
        &mut self,
        engine: &Engine,
    ) -> Result<Option<Vec<Candidate>>, EngineError> {
        let Some(&scope) = self.search.scopes.get(self.place) else {
            return Ok(None);
        };
        let condition = self.search.condition.as_ref();
        let store = &engine.desk.store;
        let piece = store
            .replay_candidates(scope, condition, self.after)
            .await?;
        self.moved_to(piece.next);
        let Some(rest) = &self.search.rest else {
            return Ok(Some(piece.found));
        };
        self.judged += piece.found.len();
        let mut found = Vec::new();
        let (query, now) = (DeliveryQuery::default(), engine.desk.now());
        let mut left = piece.found.into_iter().peekable();
        while left.peek().is_some() {
            let together: Vec<_> = left.by_ref().take(JUDGED_TOGETHER).collect();
            let wanted = engine.wanted(&query, Some(rest), now, &together).await?;
            let judged = together.into_iter().zip(wanted);
            found.extend(judged.filter_map(|(one, wanted)| wanted.then_some(one)));
        }
        Ok(Some(found))
    }
}

pub(super) fn bounded(items: usize, judged: usize) -> Result<(), EngineError> {
    if items > REPLAY_ITEMS_MAX {
        return Err(EngineError::Conflict(format!(
            "more than {REPLAY_ITEMS_MAX} deliveries match, and a replay has at most so many: narrow the filter, by \
             ep:, type: or age for example, and replay one part after the other"
        )));
    }
    if judged > REPLAY_JUDGED_MAX {
        return Err(EngineError::Conflict(format!(
            "the filter needs each delivery's content, and more than {REPLAY_JUDGED_MAX} pass the rest of it: narrow it \
             with state:, ep:, type: or age"
        )));
    }
    Ok(())
}

fn dead_of(
    engine: &Engine,
    endpoint_id: EndpointId,
    since: Timestamp,
    until: Option<Timestamp>,
) -> Result<Search, EngineError> {
    engine.desk.endpoint(endpoint_id)?;
    let upto = until.map_or_else(String::new, |until| format!(" until {until}"));
    let last = until.map_or(i64::MAX, |until| until.as_millis().saturating_sub(1));
    Ok(Search {
        stands_for: None,
        words: format!("dead deliveries of {endpoint_id} since {since}{upto}"),
        scopes: vec![CandidateScope::Dead(endpoint_id)],
        condition: Some(SqlCondition {
            sql: "d.updated_at BETWEEN $1 AND $2".to_owned(),
            binds: vec![SqlValue::Int(since.as_millis()), SqlValue::Int(last)],
        }),
        rest: None,
    })
}

async fn by_filter(engine: &Engine, text: String) -> Result<Search, EngineError> {
    let read = engine.read_filter(&text, None).await?;
    if read.filter.expr.is_none() {
        return Err(EngineError::invalid(
            "/filter",
            "an empty filter takes every delivery there is: say which ones, such as state:dead",
        ));
    }
    Ok(search_for(engine, text, read))
}

/// What only lets dead deliveries pass, and of them those of the filter.
async fn dead_by_filter(engine: &Engine, text: &str) -> Result<Search, EngineError> {
    let text = text.trim();
    let read = engine.read_filter(text, None).await?;
    let dead = Expr::Term(Term::Field(
        Field::State,
        Test::State(vec![StateWord::Dead]),
    ));
    let parts = [Some(dead), read.filter.expr];
    let expr = Expr::all(parts.into_iter().flatten().collect());
    let filter = Filter { expr };
    let words = match text.is_empty() {
        true => "state:dead".to_owned(),
        false => format!("state:dead and ({text})"),
    };
    Ok(search_for(engine, words, Expanded { filter, ..read }))
}

fn search_for(engine: &Engine, words: String, read: Expanded) -> Search {
    let Expanded { filter, views } = read;
    let stands_for = (!views.is_empty()).then(|| filter.to_string());
    let plan = Plan::of(&filter);
    let condition = plan
        .sql
        .as_ref()
        .and_then(|expr| SqlCondition::of_filter(expr, engine.desk.now()));
    // Dead deliveries have indexes, by endpoint and by cause; for others every row is looked at.
    let is_dead_only = plan.sql.as_ref().is_some_and(is_dead_only);
    let scopes = match (is_dead_only, plan.cause()) {
        (true, Some(cause)) => vec![CandidateScope::DeadOfCause(cause)],
        (true, None) => {
            // Deleted endpoints have left some too.
            let endpoints = engine.desk.book.ids().into_iter();
            endpoints.map(CandidateScope::Dead).collect()
        }
        (false, _) => vec![CandidateScope::All],
    };
    let rest = match condition {
        Some(_) => plan.rest,
        None => filter.expr,
    };
    Search {
        words,
        stands_for,
        scopes,
        condition,
        rest,
    }
}

/// Whether nothing but dead deliveries can pass.
fn is_dead_only(expr: &Expr) -> bool {
    match expr {
        Expr::And(parts) => parts.iter().any(is_dead_only),
        Expr::Term(Term::Field(Field::State, Test::State(states))) => {
            states.iter().all(|state| *state == StateWord::Dead)
        }
        Expr::Or(_) | Expr::Not(_) | Expr::Term(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_that_is_too_large_is_refused_with_what_to_do() {
        assert!(bounded(REPLAY_ITEMS_MAX, REPLAY_JUDGED_MAX).is_ok());
        assert_eq!(
            bounded(REPLAY_ITEMS_MAX + 1, 0).unwrap_err().to_string(),
            "more than 1000000 deliveries match, and a replay has at most so many: narrow the filter, by ep:, type: or \
             age for example, and replay one part after the other"
        );
        assert_eq!(
            bounded(0, REPLAY_JUDGED_MAX + 1).unwrap_err().to_string(),
            "the filter needs each delivery's content, and more than 100000 pass the rest of it: narrow it with state:, \
             ep:, type: or age"
        );
    }

    #[test]
    fn dead_deliveries_are_looked_for_by_their_index_where_nothing_else_can_match() {
        for (text, dead_only) in [
            ("state:dead", true),
            ("state:dead ep:acme age<2h", true),
            ("state:dead,held", false),
            ("-state:dead", false),
            ("state:dead or status:500", false),
            ("status:500", false),
        ] {
            let filter = Filter::parse(text).unwrap();
            assert_eq!(is_dead_only(&filter.expr.unwrap()), dead_only, "{text}");
        }
    }
}
