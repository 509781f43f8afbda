//! Replays: plans frozen, items released and ended, all in the transaction that moves their deliveries.

mod candidates;
mod control;
mod ended;
mod figures;
mod missed;
mod past;
mod planning;
mod release;
mod rows;

pub(super) use ended::end_item;

pub use candidates::{Candidate, CandidateScope, Candidates, MatchedPiece};
pub use control::ReplayMove;
pub use figures::ReplayFigures;
pub use missed::{Missed, MissedPiece};
pub use release::Release;
pub use rows::StoredReplay;

#[cfg(test)]
pub(super) use candidates::{candidates_sql, matched_sql};
#[cfg(test)]
pub(super) use statements::{ALL as STATEMENTS, GROUPED, LISTED};
#[cfg(test)]
mod statements {
    //! What the test of query plans looks at.

    use super::{candidates, control, ended, figures, missed, past, planning, release, rows};

    /// Every statement with a search in it.
    pub(in crate::store) const ALL: &[&str] = &[
        rows::SELECT_ONE,
        rows::SELECT_PAGE,
        rows::SELECT_LIVE,
        rows::SELECT_RESULTS,
        past::SELECT_PAGE_THEN,
        past::SELECT_ITEMS_THEN,
        candidates::SELECT_EDGE,
        planning::SELECT_EXPIRED,
        planning::SELECT_OLD,
        planning::DELETE_ITEMS,
        planning::DELETE_PLAN,
        planning::COMPLETE,
        planning::COUNT_PLANS,
        control::COUNT_ACTIVE,
        figures::SELECT_FIGURES,
        control::START,
        release::SELECT_NEXT,
        release::SELECT_DEFERRED,
        release::ADVANCE,
        missed::SELECT_EVENTS,
        missed::SELECT_NEXT_EVENTS,
        missed::COUNT_OPEN,
        missed::ADOPT,
        missed::REKEY,
        missed::SKIP,
        ended::SELECT_ITEM,
        ended::UPDATE_ITEM,
        ended::UPDATE_REPLAY,
    ];
    /// Those that take a list.
    pub(in crate::store) const LISTED: &[&str] = &[release::WORK, release::MARK];
    /// Those that make a few rows of many, and go through these.
    pub(in crate::store) const GROUPED: &[&str] =
        &[release::SELECT_OPEN, release::SELECT_DEFERRED_ENDPOINTS];
}
