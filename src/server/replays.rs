//! `/v1/replays`: planned, started, looked at, paused, resumed, cancelled; and an endpoint recovered.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::answers::{json, list_refusal, ok, page};
use super::body;
use super::caller::Caller;
use super::deliveries::NoMembers;
use super::endpoints::visible_endpoint;
use super::past;
use super::problem::{Kind, Refusal};
use super::query::{Query, path_id};
use super::replay_views as views;
use super::state::State;
use crate::api::page::{Page, PageQuery};
use crate::api::paths;
use crate::api::problem::Problem;
use crate::api::replay::{PlanView, RecoverBody, ReplayBody, ReplayView};
use crate::domain::actor::Actor;
use crate::domain::id::{PlanId, PlanKind, ReplayId};
use crate::domain::replay::{Settings, rate_from_text};
use crate::engine::{Engine, EngineError, Selection, StoredReplay};

/// Plans a replay (`dry_run`), starts a plan, or plans and starts at once.
#[utoipa::path(post, path = paths::REPLAYS, tag = "replays", request_body = ReplayBody,
    responses((status = 200, body = PlanView, description = "The plan, where `dry_run` is asked for."),
        (status = 201, body = ReplayView, description = "The replay, which runs."),
        (status = 409, body = Problem, description = "The plan has expired, or was started."), (status = 422, body = Problem)))]
pub(super) async fn create(
    caller: Caller,
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    whole(&caller)?;
    let wanted: ReplayBody = body::command(&state, &request, payload).await?;
    let settings = Settings {
        skip_delivered: wanted.skip_delivered,
        ..settings(wanted.rate, wanted.canary, wanted.stop, wanted.note)?
    };
    let asked = match (wanted.filter, wanted.plan) {
        (Some(filter), None) => Asked::Select(Selection::Filter(filter)),
        (None, Some(plan)) if !wanted.dry_run => Asked::Start(plan),
        (None, Some(_)) => {
            let detail = "a plan has been planned already: leave dry_run out to start it";
            return Err(Refusal::invalid_at("/dry_run", detail));
        }
        (Some(_), Some(_)) => {
            let detail = "a plan has its filter already: give one of filter and plan";
            return Err(Refusal::invalid_at("/filter", detail));
        }
        (None, None) => {
            let detail = "filter is missing: say which deliveries, or give the plan to start";
            return Err(Refusal::invalid_at("/filter", detail));
        }
    };
    answer(&caller, &state, asked, wanted.dry_run, settings).await
}

/// Replays the dead deliveries of an endpoint since a time, or delivers the events that it never got.
#[utoipa::path(post, path = paths::ENDPOINT_RECOVER, tag = "replays", params(("id" = String, Path)),
    request_body = RecoverBody,
    responses((status = 200, body = PlanView, description = "The plan, where `dry_run` is asked for."),
        (status = 201, body = ReplayView, description = "The replay, which runs."),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn recover(
    caller: Caller,
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    let id = path_id(&request)?;
    let wanted: RecoverBody = body::command(&state, &request, payload).await?;
    let endpoint = visible_endpoint(&caller, &state, id).await?;
    let RecoverBody {
        missed,
        since,
        until,
        ..
    } = wanted;
    if until.is_some_and(|until| until <= since) {
        let detail = "until lies before since: give a later instant, or none";
        return Err(Refusal::invalid_at("/until", detail));
    }
    let settings = settings(wanted.rate, wanted.canary, wanted.stop, wanted.note)?;
    let endpoint_id = endpoint.id;
    let asked = Asked::Select(if missed {
        Selection::Missed {
            endpoint_id,
            since,
            until,
        }
    } else {
        Selection::Dead {
            endpoint_id,
            since,
            until,
        }
    });
    answer(&caller, &state, asked, wanted.dry_run, settings).await
}

/// Lists the replays that were started, newest first; with `at`, those that had been started at that instant, as they
/// were.
///
/// Where they stood is told by the audit log, and how far they were by their items. What nothing tells is absent. The
/// items of up to 1,000,000 deliveries are counted, of the newest replays on the page first; of a replay that is left out
/// of that `limited` says so.
#[utoipa::path(get, path = paths::REPLAYS, tag = "replays", params(PageQuery),
    responses((status = 200, body = Page<ReplayView>),
        (status = 400, body = Problem, description = "Also where `at` is in the future, or before what is kept.")))]
pub(super) async fn list(
    caller: Caller,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    whole(&caller)?;
    let query = Query::of(&request, &["limit", "cursor", "at"])?;
    let at = past::kept_instant(&query, &state).await?;
    let query = query.page()?;
    let Some(at) = at else {
        let found = state.engine.replays(&query).await.map_err(list_refusal)?;
        return ok(&page(found, |replay| views::replay(&replay)));
    };
    let then = state.engine.replays_then(&query, at).await;
    let then = then.map_err(list_refusal)?;
    ok(&page(then, |replay| views::replay_then(&replay)))
}

/// Shows a replay with its progress, or the plan of one that was not started; with `at`, a replay as it was at that
/// instant.
#[utoipa::path(get, path = paths::REPLAY, tag = "replays",
    params(("id" = String, Path, description = "`rpl_…`, or `pln_…` for the plan."),
        ("at" = Option<String>, Query, description = "As it was then: an instant, or how long ago. A plan has no past.")),
    responses((status = 200, body = ReplayView),
        (status = 400, body = Problem, description = "`at` is in the future, before what is kept, or given for a plan."),
        (status = 404, body = Problem, description = "Also where it was not started yet at that instant.")))]
pub(super) async fn show(
    caller: Caller,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    whole(&caller)?;
    let query = Query::of(&request, &["at"])?;
    if let Ok(id) = path_id::<PlanKind>(&request) {
        if query.text("at").is_some() {
            let detail = "a plan is frozen and has no past: leave at out";
            return Err(Refusal::bad_query("at", detail));
        }
        let plan = state.engine.plan(id).await?;
        return ok(&views::plan(&state, &plan, plan.settings.rate));
    }
    let id = path_id(&request)?;
    let Some(at) = past::kept_instant(&query, &state).await? else {
        let replay = state.engine.replay(id).await?;
        return ok(&views::replay(&replay));
    };
    match state.engine.replay_then(id, at).await? {
        Some(replay) => ok(&views::replay_then(&replay)),
        None => {
            let detail = format!("{id} was not started yet at {at}");
            Err(Refusal::new(Kind::NotFound, detail))
        }
    }
}

/// Holds a replay: once this is answered, nothing of it is released until it is resumed.
#[utoipa::path(post, path = paths::REPLAY_PAUSE, tag = "replays", params(("id" = String, Path)),
    responses((status = 200, body = ReplayView), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
pub(super) async fn pause(
    caller: Caller,
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    moved(&caller, &request, payload, &state, Engine::pause_replay).await
}

/// Lets a paused replay go on, or one that stopped by itself.
#[utoipa::path(post, path = paths::REPLAY_RESUME, tag = "replays", params(("id" = String, Path)),
    responses((status = 200, body = ReplayView), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
pub(super) async fn resume(
    caller: Caller,
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    moved(&caller, &request, payload, &state, Engine::resume_replay).await
}

/// Ends a replay: what was not released never will be, what was ends by itself.
#[utoipa::path(post, path = paths::REPLAY_CANCEL, tag = "replays", params(("id" = String, Path)),
    responses((status = 200, body = ReplayView), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
pub(super) async fn cancel(
    caller: Caller,
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    moved(&caller, &request, payload, &state, Engine::cancel_replay).await
}

async fn moved(
    caller: &Caller,
    request: &HttpRequest,
    payload: Payload,
    state: &State,
    mover: impl AsyncFnOnce(&Engine, &Actor, ReplayId) -> Result<StoredReplay, EngineError>,
) -> Result<HttpResponse, Refusal> {
    whole(caller)?;
    let id = path_id(request)?;
    let NoMembers {} = body::command(state, request, payload).await?;
    let replay = mover(&state.engine, &caller.actor(), id).await?;
    ok(&views::replay(&replay))
}

enum Asked {
    Select(Selection),
    Start(PlanId),
}

async fn answer(
    caller: &Caller,
    state: &State,
    asked: Asked,
    dry_run: bool,
    settings: Settings,
) -> Result<HttpResponse, Refusal> {
    let actor = caller.actor();
    let id = match asked {
        Asked::Start(id) => id,
        Asked::Select(selection) => {
            let plan = state.engine.plan_replay(&actor, selection).await?;
            if dry_run {
                return ok(&views::plan(state, &plan, settings.rate));
            }
            PlanId::from_i64(plan.id.as_i64())
        }
    };
    let replay: StoredReplay = state.engine.start_replay(&actor, id, settings).await?;
    json(StatusCode::CREATED, &views::replay(&replay))
}

fn settings(
    rate: Option<String>,
    canary: Option<u32>,
    stop: Option<String>,
    note: Option<String>,
) -> Result<Settings, Refusal> {
    let default = Settings::default();
    let rate = rate.map(|text| rate_from_text(&text)).transpose();
    let rate = rate.map_err(|error| Refusal::invalid_at("/rate", error.to_string()))?;
    let stop = stop.map(|text| text.parse()).transpose();
    let stop = stop.map_err(|error: crate::domain::replay::InvalidStopRule| {
        Refusal::invalid_at("/stop", error.to_string())
    })?;
    Ok(Settings {
        rate: rate.unwrap_or(default.rate),
        canary: canary.unwrap_or(0),
        stop,
        note,
        ..default
    })
}

/// A replay may reach every tenant's endpoints.
fn whole(caller: &Caller) -> Result<(), Refusal> {
    caller.whole_service(
        "replays concern",
        "recover an endpoint or replay deliveries one by one instead",
    )
}
