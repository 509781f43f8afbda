//! `/v1/notes`: what operators write down for those who come after.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::answers::{json, ok};
use super::body;
use super::caller::Caller;
use super::deliveries::visible_delivery;
use super::endpoints::visible_endpoint;
use super::events::visible_event;
use super::problem::Refusal;
use super::query::Query;
use super::state::State;
use crate::api::note::{AddNote, NoteView, NotesQuery, NotesView};
use crate::api::paths;
use crate::api::problem::Problem;
use crate::domain::limits::PAGE_ROWS_DEFAULT;
use crate::domain::note::NoteTarget;
use crate::engine::AuditEntry;

/// Writes a note about a delivery, an endpoint, an event or a cause into the audit log; answers with the newest notes about
/// it.
#[utoipa::path(post, path = paths::NOTES, tag = "service", request_body = AddNote,
    responses((status = 201, body = NotesView), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn add(
    caller: Caller,
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    let AddNote { target, note } = body::command(&state, &request, payload).await?;
    let target: NoteTarget = target
        .parse()
        .map_err(|error| Refusal::invalid_at("/target", format!("{error}")))?;
    check_sight(&caller, &state, target).await?;
    state.engine.add_note(&caller.actor(), target, note).await?;
    json(
        StatusCode::CREATED,
        &view(&state, target, PAGE_ROWS_DEFAULT).await?,
    )
}

/// Lists the notes about a delivery, an endpoint, an event or a cause, newest first.
#[utoipa::path(get, path = paths::NOTES, tag = "service", params(NotesQuery),
    responses((status = 200, body = NotesView), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn list(
    caller: Caller,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    let query = Query::of(&request, &["target", "limit"])?;
    let target: NoteTarget = query
        .text("target")
        .unwrap_or_default()
        .parse()
        .map_err(|error| Refusal::bad_query("target", format!("{error}")))?;
    let limit = query.page()?.limit.unwrap_or(PAGE_ROWS_DEFAULT);
    check_sight(&caller, &state, target).await?;
    ok(&view(&state, target, limit).await?)
}

/// Refuses those who are confined to a tenant what is another's.
async fn check_sight(caller: &Caller, state: &State, target: NoteTarget) -> Result<(), Refusal> {
    if caller.tenant().is_none() {
        return Ok(());
    }
    match target {
        NoteTarget::Delivery(id) => visible_delivery(caller, state, id).await.map(drop),
        NoteTarget::Endpoint(id) => visible_endpoint(caller, state, id).await.map(drop),
        NoteTarget::Event(id) => visible_event(caller, state, id).await.map(drop),
        NoteTarget::Cause(_) => caller.whole_service(
            "notes about causes are of",
            "note it at a delivery or an endpoint of yours",
        ),
    }
}

async fn view(state: &State, target: NoteTarget, limit: u32) -> Result<NotesView, Refusal> {
    let notes = state.engine.notes(target, limit).await?;
    Ok(NotesView {
        target: target.to_string(),
        count: notes.count,
        items: notes.newest.into_iter().map(note).collect(),
    })
}

fn note(entry: AuditEntry) -> NoteView {
    NoteView {
        at: entry.at,
        who: entry.actor.who,
        via: entry.actor.via.as_str().to_owned(),
        note: entry.note.unwrap_or_default(),
    }
}
