//! How far a replay was at an instant that is past.

use crate::domain::replay::{Counts, Facts, ReplayState};
use crate::domain::time::Timestamp;

/// A replay as its row has it now, as far as its past asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayNow<'a> {
    /// When it was started; none for a plan.
    pub started_at: Option<Timestamp>,
    /// When it was finished or cancelled.
    pub ended_at: Option<Timestamp>,
    /// Where it stands.
    pub facts: &'a Facts,
    /// Why it stopped by itself the last time, where it stands still since.
    pub why: Option<&'a str>,
    /// Items.
    pub total: u64,
    /// Items of its canary.
    pub canary: u64,
    /// Whether it ever went on after it had stopped by itself: that takes a canary as passed.
    pub was_let_on: bool,
}

/// A move of a replay, as the audit log has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayTurn {
    /// Where it stood before.
    pub from: ReplayState,
    /// Why it had stopped by itself, where it had.
    pub why: Option<String>,
}

/// Where the items of a replay stood at an instant, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ItemsThen {
    /// All that are kept.
    pub total: u64,
    /// Put to work until then.
    pub released: u64,
    /// Of these, without an outcome.
    pub open: u64,
    /// Of these, without a first attempt.
    pub untried: u64,
    /// Delivered.
    pub delivered: u64,
    /// Dead again.
    pub failed: u64,
    /// Left out.
    pub skipped: u64,
    /// First attempts that had succeeded.
    pub tried_well: u64,
    /// First attempts that had failed.
    pub tried_badly: u64,
}

/// All that is stored of one replay's past.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplayTraces {
    /// Its first move since the instant that is asked for.
    pub turn: Option<ReplayTurn>,
    /// Its items; none where nothing tells when what happened to them.
    pub items: Option<ItemsThen>,
}

/// A replay at an instant that is past.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayThen {
    /// Where it stood; none where nothing tells.
    pub state: Option<ReplayState>,
    /// Why it had stopped by itself, where it stood so and that is told.
    pub why: Option<String>,
    /// When it had ended, where it had.
    pub ended_at: Option<Timestamp>,
    /// How far it was, where that is told.
    pub progress: Option<Progress>,
}

/// How far a replay was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Where its items stood; `deferred` and `probed_badly` mean nothing here.
    pub counts: Counts,
    /// Items that were passed over for then; none where that is not told.
    pub deferred: Option<u64>,
    /// Whether its canary was behind it; none where that is not told.
    pub canary_done: Option<bool>,
}

/// What is told of a replay at `at`; `None` before it was started.
pub fn replay_then(
    now: &ReplayNow<'_>,
    traces: &ReplayTraces,
    at: Timestamp,
) -> Option<ReplayThen> {
    now.started_at.filter(|started| *started <= at)?;
    let ended_at = now.ended_at.filter(|ended| *ended <= at);
    let state = stood(now, traces.turn.as_ref(), ended_at);
    let why = match &traces.turn {
        Some(turn) => turn.why.clone(),
        None => now.why.map(str::to_owned),
    };
    let keeps_why = matches!(state, Some(ReplayState::Stopped | ReplayState::Cancelled));
    Some(ReplayThen {
        state,
        why: why.filter(|_| keeps_why),
        ended_at,
        progress: state.and_then(|state| progress(now, traces.items, state)),
    })
}

/// Every move is in the log: without one since then, it stands where it stood.
fn stood(
    now: &ReplayNow<'_>,
    turn: Option<&ReplayTurn>,
    ended_at: Option<Timestamp>,
) -> Option<ReplayState> {
    match turn {
        Some(turn) => Some(turn.from),
        None if now.ended_at.is_some() && ended_at.is_none() => None,
        None => Some(now.facts.state),
    }
}

fn progress(now: &ReplayNow<'_>, items: Option<ItemsThen>, state: ReplayState) -> Option<Progress> {
    if state == ReplayState::Finished {
        // Nothing of it changes after that, and its items are kept for a while only.
        return Some(Progress {
            counts: now.facts.counts,
            deferred: Some(0),
            canary_done: Some(now.facts.canary_done),
        });
    }
    let items = items.filter(|items| items.total == now.total)?;
    let passed = items.open + items.delivered + items.failed + items.skipped;
    let left = items.total.checked_sub(passed)?;
    let cancelled = state == ReplayState::Cancelled;
    let counts = Counts {
        waiting: if cancelled { 0 } else { left },
        cancelled: if cancelled { left } else { 0 },
        open: items.open,
        untried: items.untried,
        delivered: items.delivered,
        failed: items.failed,
        skipped: items.skipped,
        tried_well: items.tried_well,
        tried_badly: items.tried_badly,
        deferred: 0,
        probed_badly: 0,
    };
    Some(Progress {
        counts,
        deferred: (counts.waiting == 0).then_some(0),
        canary_done: canary_done(now, &items),
    })
}

/// A canary is behind a replay once something is released after it, all of it having been tried.
fn canary_done(now: &ReplayNow<'_>, items: &ItemsThen) -> Option<bool> {
    if now.canary == 0 || items.released > now.canary {
        return Some(true);
    }
    if !now.facts.canary_done {
        return Some(false);
    }
    let is_under_way = items.released < now.canary || items.untried > 0;
    (is_under_way && !now.was_let_on).then_some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(1_776_075_480_000 + seconds * 1_000)
    }

    /// Of ten items: three delivered, one failed, one left out, two under way, three to come.
    const HALF_WAY: ItemsThen = ItemsThen {
        total: 10,
        released: 6,
        open: 2,
        untried: 1,
        delivered: 3,
        failed: 1,
        skipped: 1,
        tried_well: 3,
        tried_badly: 2,
    };

    fn facts(state: ReplayState) -> Facts {
        Facts {
            state,
            released: 9,
            canary_done: true,
            counts: Counts {
                delivered: 8,
                failed: 1,
                skipped: 1,
                ..Counts::default()
            },
        }
    }

    /// Started at the second 10, and ended at the second 50 where it has.
    fn now(facts: &Facts) -> ReplayNow<'_> {
        ReplayNow {
            started_at: Some(at(10)),
            ended_at: (!facts.state.is_active()).then(|| at(50)),
            facts,
            why: None,
            total: 10,
            canary: 0,
            was_let_on: false,
        }
    }

    fn traces(from: Option<ReplayState>) -> ReplayTraces {
        ReplayTraces {
            turn: from.map(|from| ReplayTurn { from, why: None }),
            items: Some(HALF_WAY),
        }
    }

    #[test]
    fn before_it_was_started_there_is_no_replay() {
        let facts = facts(ReplayState::Running);
        let nothing = ReplayTraces::default();
        assert_eq!(replay_then(&now(&facts), &nothing, at(9)), None);
        assert!(replay_then(&now(&facts), &nothing, at(10)).is_some());
    }

    #[test]
    fn it_stood_where_its_first_move_since_then_found_it() {
        use ReplayState::{Cancelled, Finished, Paused, Running, Stopped};
        for (is, turn, second, expected) in [
            (Running, None, 20, Some(Running)),
            (Finished, Some(Running), 20, Some(Running)),
            (Finished, Some(Paused), 20, Some(Paused)),
            (Running, Some(Stopped), 20, Some(Stopped)),
            (Cancelled, Some(Stopped), 49, Some(Stopped)),
            (Cancelled, None, 50, Some(Cancelled)),
            (Finished, None, 50, Some(Finished)),
            // Its end is not in the log.
            (Finished, None, 49, None),
        ] {
            let facts = facts(is);
            let then = replay_then(&now(&facts), &traces(turn), at(second)).unwrap();
            assert_eq!(then.state, expected, "{is:?} {turn:?} {second}");
            let had_ended = matches!(expected, Some(Finished | Cancelled));
            assert_eq!(then.ended_at, had_ended.then(|| at(50)));
            assert_eq!(then.progress.is_some(), expected.is_some());
        }
    }

    #[test]
    fn why_it_stood_still_is_told_as_long_as_it_did() {
        let facts = facts(ReplayState::Cancelled);
        let now = ReplayNow {
            why: Some("the canary failed"),
            ..now(&facts)
        };
        let why = |turn: Option<(ReplayState, Option<&str>)>| {
            let turn = turn.map(|(from, why)| ReplayTurn {
                from,
                why: why.map(str::to_owned),
            });
            let traces = ReplayTraces { turn, items: None };
            replay_then(&now, &traces, at(50)).unwrap().why
        };
        assert_eq!(why(None).as_deref(), Some("the canary failed"));
        let stopped = ReplayState::Stopped;
        assert_eq!(
            why(Some((stopped, Some("before")))).as_deref(),
            Some("before")
        );
        assert_eq!(why(Some((stopped, None))), None, "an older version's entry");
        assert_eq!(why(Some((ReplayState::Running, None))), None);
    }

    #[test]
    fn every_item_stands_in_one_place() {
        for (state, waiting, cancelled) in [
            (ReplayState::Running, 3, 0),
            (ReplayState::Paused, 3, 0),
            (ReplayState::Cancelled, 0, 3),
        ] {
            let facts = facts(state);
            let then = replay_then(&now(&facts), &traces(None), at(50)).unwrap();
            let progress = then.progress.unwrap();
            let counts = progress.counts;
            assert!(counts.adds_up(10), "{counts:?}");
            assert_eq!((counts.waiting, counts.cancelled), (waiting, cancelled));
            assert_eq!((counts.open, counts.untried, counts.tried_badly), (2, 1, 2));
            // What waited for its endpoint is not written down; what does not wait does not.
            let deferred = (state == ReplayState::Cancelled).then_some(0);
            assert_eq!(progress.deferred, deferred);
        }
    }

    #[test]
    fn one_that_had_finished_was_what_it_is_and_of_others_items_must_be_kept() {
        let finished = facts(ReplayState::Finished);
        let nothing = ReplayTraces::default();
        let then = replay_then(&now(&finished), &nothing, at(50)).unwrap();
        assert_eq!(then.progress.unwrap().counts, finished.counts);
        let running = facts(ReplayState::Running);
        let some = ReplayTraces {
            items: Some(ItemsThen {
                total: 9,
                ..HALF_WAY
            }),
            ..ReplayTraces::default()
        };
        for traces in [nothing, some] {
            let then = replay_then(&now(&running), &traces, at(50)).unwrap();
            assert_eq!(
                (then.state, then.progress),
                (Some(ReplayState::Running), None)
            );
        }
    }

    #[test]
    fn a_canary_is_told_where_what_was_released_tells_it() {
        for (canary, released, untried, done_now, let_on, expected) in [
            (0, 0, 0, true, false, Some(true)),
            (5, 6, 1, true, false, Some(true)),
            (5, 4, 0, true, false, Some(false)),
            (5, 5, 1, true, false, Some(false)),
            (5, 5, 0, false, false, Some(false)),
            // All of it was tried, and whether what came next had come past it is not told.
            (5, 5, 0, true, false, None),
            // Whoever let it go on took it as passed, then or later.
            (5, 4, 0, true, true, None),
        ] {
            let facts = Facts {
                canary_done: done_now,
                ..facts(ReplayState::Running)
            };
            let now = ReplayNow {
                canary,
                was_let_on: let_on,
                ..now(&facts)
            };
            let items = ItemsThen {
                released,
                untried,
                ..HALF_WAY
            };
            let case = (canary, released, untried, done_now, let_on);
            assert_eq!(canary_done(&now, &items), expected, "{case:?}");
        }
    }
}
