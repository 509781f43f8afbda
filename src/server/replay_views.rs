//! Plans and replays as the wire shows them, now and as they were.

use crate::api::replay::{PlanCause, PlanEndpoint, PlanView, ReplayCounts, ReplayView};
use crate::domain::duration::DurationText;
use crate::domain::fingerprint::CauseId;
use crate::domain::id::{EndpointId, PlanId};
use crate::domain::past::Progress;
use crate::domain::rate_limit::RateLimit;
use crate::domain::replay::{ReplayState, releases_take};
use crate::domain::time::Timestamp;
use crate::engine::{ReplayAt, StoredReplay};
use crate::server::state::Core;

/// A plan, with how long it takes at this rate.
pub(super) fn plan(core: &Core, plan: &StoredReplay, rate: RateLimit) -> PlanView {
    let flight = &plan.flight;
    let name = |id| {
        let endpoint = core.engine.known_endpoint(id)?;
        endpoint.name.clone()
    };
    let endpoints = flight.endpoints.iter().map(|share| {
        let id = EndpointId::from_i64(share.id);
        PlanEndpoint {
            id,
            name: name(id),
            count: share.count,
            status: share.status.clone(),
            changed: share.changed,
            breaker_open: share.breaker_open,
        }
    });
    let causes = flight.causes.iter().map(|share| PlanCause {
        class: share.class.clone(),
        status: share.status,
        cause: share
            .cause
            .map(|cause| CauseId::from_i64(cause).to_string()),
        count: share.count,
    });
    PlanView {
        id: PlanId::from_i64(plan.id.as_i64()),
        selection: plan.selection.clone(),
        stands_for: flight.stands_for.clone(),
        matched: flight.matched,
        bytes: flight.bytes,
        oldest: flight.oldest.map(Timestamp::from_millis),
        newest: flight.newest.map(Timestamp::from_millis),
        already_delivered: flight.already_delivered,
        endpoint_changed: flight.endpoint_changed,
        held: flight.held,
        behind_breaker: flight.behind_breaker,
        left_out: flight.left_out,
        endpoints: endpoints.collect(),
        endpoints_unlisted: flight.endpoints_unlisted,
        causes: causes.collect(),
        causes_unlisted: flight.causes_unlisted,
        warnings: warnings(plan),
        rate: rate.to_string(),
        eta: DurationText(releases_take(plan.total, rate)).to_string(),
        hash: flight.hash.clone(),
        expires_at: plan.expires_at,
    }
}

fn warnings(plan: &StoredReplay) -> Vec<String> {
    let flight = &plan.flight;
    [
        (flight.already_delivered, "delivered already: --skip-delivered (skip_delivered) leaves them out"),
        (flight.endpoint_changed, "for an endpoint that was changed since: they go by its settings of now"),
        (flight.held, "for an endpoint that is paused or disabled: they wait until it is not, and the others go on"),
        (flight.behind_breaker, "for an endpoint whose breaker is open or half-open: a few at a time go out as probes until it closes"),
        (flight.left_out, "left out: the endpoint is deleted, or retention has taken the payload"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| format!("{count} {what}"))
    .collect()
}

/// A replay with its progress.
pub(super) fn replay(replay: &StoredReplay) -> ReplayView {
    let settings = &replay.settings;
    let facts = &replay.facts;
    let progress = Progress {
        counts: facts.counts,
        deferred: Some(facts.counts.deferred),
        canary_done: Some(facts.canary_done),
    };
    let view = ReplayView {
        id: replay.id,
        state: facts.state.as_str().to_owned(),
        why: replay.why.clone(),
        selection: replay.selection.clone(),
        stands_for: replay.flight.stands_for.clone(),
        note: settings.note.clone(),
        who: replay.who.clone(),
        rate: settings.rate.to_string(),
        canary: settings.canary,
        canary_done: None,
        stop: settings.stop.map(|stop| stop.to_string()),
        skip_delivered: settings.skip_delivered,
        total: replay.total,
        counts: None,
        limited: false,
        first_succeeded: None,
        first_failed: None,
        eta: None,
        hash: replay.flight.hash.clone(),
        started_at: replay.started_at,
        ended_at: replay.ended_at,
    };
    with_progress(view, Some(&progress), settings.rate)
}

/// A replay as it was.
pub(super) fn replay_then(replay: &ReplayAt) -> ReplayView {
    let then = &replay.then;
    let state = then.state.map_or("unknown", ReplayState::as_str);
    let view = ReplayView {
        state: state.to_owned(),
        why: then.why.clone(),
        ended_at: then.ended_at,
        limited: replay.limited,
        ..self::replay(&replay.now)
    };
    let progress = then.progress.as_ref();
    with_progress(view, progress, replay.now.settings.rate)
}

/// The view with how far the replay is, or without where that is not told.
fn with_progress(view: ReplayView, progress: Option<&Progress>, rate: RateLimit) -> ReplayView {
    let counts = progress.map(|progress| &progress.counts);
    ReplayView {
        canary_done: progress.and_then(|progress| progress.canary_done),
        counts: progress.map(
            |Progress {
                 counts, deferred, ..
             }| ReplayCounts {
                waiting: counts.waiting,
                deferred: *deferred,
                open: counts.open,
                delivered: counts.delivered,
                failed: counts.failed,
                skipped: counts.skipped,
                cancelled: counts.cancelled,
            },
        ),
        first_succeeded: counts.map(|counts| counts.tried_well),
        first_failed: counts.map(|counts| counts.tried_badly),
        eta: counts.map(|counts| DurationText(releases_take(counts.waiting, rate)).to_string()),
        ..view
    }
}
