//! `/v1/dead`: dead deliveries discarded together, exported line by line, and imported again.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use futures_util::stream;

use super::answers::{draining, list_refusal, ok};
use super::body;
use super::caller::Caller;
use super::dead_lines::{letter_of, line_of};
use super::problem::{Kind, Refusal};
use super::publish::lines;
use super::query::Query;
use super::replay_views;
use super::state::State;
use crate::api::dead::{
    DeadLetterLine, DeadQuery, DiscardDeadBody, DiscardedView, ImportQuery, ImportedView,
    RefusedLine,
};
use crate::api::paths;
use crate::api::problem::Problem;
use crate::domain::dead_letter::BroughtBack;
use crate::domain::id::{EndpointId, PlanId};
use crate::domain::limits::{BATCH_BYTES_MAX, DEAD_IMPORT_LINES_MAX};
use crate::domain::replay::Settings;
use crate::engine::{EngineError, Letters};

/// Bytes that are gathered before they are sent.
const CHUNK_BYTES: usize = 64 * 1024;

/// Discards dead deliveries together: a filter with `dry_run` freezes a set, a plan discards what of it is dead, a filter
/// alone does both.
#[utoipa::path(post, path = paths::DEAD_DISCARD, tag = "dead letters", request_body = DiscardDeadBody,
    responses((status = 200, body = DiscardedView, description = "What was discarded; with `dry_run` a plan, as of `POST /v1/replays`."),
        (status = 409, body = Problem, description = "The plan has expired, was started, or is being discarded."),
        (status = 422, body = Problem)))]
pub(super) async fn discard(
    caller: Caller,
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    whole(&caller)?;
    let wanted: DiscardDeadBody = body::command(&state, &request, payload).await?;
    let actor = caller.actor();
    let plan = match (wanted.plan, wanted.filter) {
        (Some(_), Some(_)) => {
            let detail = "a plan has its filter already: give one of filter and plan";
            return Err(Refusal::invalid_at("/filter", detail));
        }
        (Some(_), None) if wanted.dry_run => {
            let detail = "a plan has been planned already: leave dry_run out to discard it";
            return Err(Refusal::invalid_at("/dry_run", detail));
        }
        (Some(plan), None) => plan,
        (None, filter) => {
            let filter = filter.unwrap_or_default();
            let plan = state.engine.plan_dead(&actor, &filter).await?;
            if wanted.dry_run {
                return ok(&replay_views::plan(&state, &plan, Settings::default().rate));
            }
            PlanId::from_i64(plan.id.as_i64())
        }
    };
    let note = wanted.note.unwrap_or_default();
    let done = state.engine.discard_plan(&actor, plan, &note).await?;
    ok(&DiscardedView {
        plan,
        selection: done.plan.selection,
        matched: done.plan.total,
        discarded: done.discarded,
        skipped: done.skipped,
    })
}

/// Exports dead deliveries with their events, one JSON object a line; the text is safe to show in a terminal.
#[utoipa::path(get, path = paths::DEAD_EXPORT, tag = "dead letters", params(DeadQuery),
    responses((status = 200, content_type = "application/x-ndjson", body = DeadLetterLine),
        (status = 400, body = Problem)))]
pub(super) async fn export(
    caller: Caller,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    whole(&caller)?;
    let query = Query::of(&request, &["filter"])?;
    let filter = query.text("filter").unwrap_or_default();
    let letters = state.engine.dead_letters(filter).await;
    let letters = letters.map_err(list_refusal)?;
    Ok(HttpResponse::Ok()
        .insert_header((
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-ndjson"),
        ))
        .insert_header((CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .streaming(stream::unfold(Some(letters), chunk)))
}

/// The next lines, and what is left; an error cuts the answer off, which its framing tells the reader.
async fn chunk(letters: Option<Letters>) -> Option<(Result<Bytes, EngineError>, Option<Letters>)> {
    let mut letters = letters?;
    let mut text = String::new();
    loop {
        match letters.next().await {
            Ok(Some(letter)) => {
                text.push_str(&line_of(&letter));
                text.push('\n');
                if text.len() >= CHUNK_BYTES {
                    return Some((Ok(text.into()), Some(letters)));
                }
            }
            Ok(None) if text.is_empty() => return None,
            Ok(None) => return Some((Ok(text.into()), None)),
            Err(error) => {
                tracing::error!(%error, "an export of dead deliveries was cut off");
                return Some((Err(error), None));
            }
        }
    }
}

/// Imports what was exported: up to 1,000 lines and 8 MiB. Each becomes a dead delivery, and nothing is sent until that
/// is replayed. Importing again makes nothing twice. Lines that are refused are named, the others are kept.
#[utoipa::path(post, path = paths::DEAD_IMPORT, tag = "dead letters", params(ImportQuery),
    request_body(content((DeadLetterLine = "application/x-ndjson"))),
    responses((status = 200, body = ImportedView), (status = 404, body = Problem), (status = 413, body = Problem),
        (status = 503, body = Problem), (status = 507, body = Problem)))]
pub(super) async fn import(
    caller: Caller,
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    whole(&caller)?;
    if state.is_draining() {
        return Err(draining());
    }
    let query = Query::of(&request, &["endpoint_id"])?;
    let to = query.text("endpoint_id").map(str::parse::<EndpointId>);
    let to = to
        .transpose()
        .map_err(|error| Refusal::bad_query("endpoint_id", error.to_string()))?;
    body::media_type(&request)?;
    let body = body::read(&state, &request, payload, BATCH_BYTES_MAX).await?;
    let texts = lines(body.as_bytes());
    if texts.len() > DEAD_IMPORT_LINES_MAX {
        return Err(Refusal::new(
            Kind::TooLarge,
            format!(
                "the body has {} lines; at most {DEAD_IMPORT_LINES_MAX} are taken at once: send the rest in another \
                 call",
                texts.len()
            ),
        ));
    }
    let mut answer = ImportedView {
        lines: texts.len() as u64,
        ..ImportedView::default()
    };
    let event_bytes_max = state.options.limits.load().event_bytes_max;
    let (mut numbers, mut letters) = (Vec::new(), Vec::new());
    for (number, text) in texts {
        let line = number.unwrap_or(1) as u64;
        match letter_of(text, event_bytes_max) {
            Ok(letter) => {
                numbers.push(line);
                letters.push(letter);
            }
            Err(detail) => answer.refused.push(RefusedLine { line, detail }),
        }
    }
    let results = state
        .engine
        .bring_back(&caller.actor(), to, letters)
        .await?;
    for (line, result) in numbers.into_iter().zip(results) {
        match result {
            Ok(BroughtBack::Made(_)) => answer.imported += 1,
            Ok(BroughtBack::Revived(_)) => answer.revived += 1,
            Ok(BroughtBack::Here(..)) => answer.existing += 1,
            Err(detail) => answer.refused.push(RefusedLine { line, detail }),
        }
    }
    answer.refused.sort_by_key(|refused| refused.line);
    ok(&answer)
}

/// Dead letters are of every tenant.
fn whole(caller: &Caller) -> Result<(), Refusal> {
    caller.whole_service(
        "dead letters concern",
        "list deliveries by state:dead and discard or replay them one by one instead",
    )
}
