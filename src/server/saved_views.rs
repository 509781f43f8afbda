//! `/v1/views`: filters with a name, used as `@name` in others.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::answers::ok;
use super::body;
use super::caller::Caller;
use super::problem::{Kind, Refusal};
use super::query::Query;
use super::state::State;
use crate::api::page::Page;
use crate::api::paths;
use crate::api::problem::Problem;
use crate::api::saved_view::{SaveView, SavedView};
use crate::domain::filter::{self, InvalidViewName, ViewName};

/// Lists the saved views by their names; there are 200 at most.
#[utoipa::path(get, path = paths::VIEWS, tag = "saved views",
    responses((status = 200, body = Page<SavedView>),
        (status = 403, body = Problem, description = "Also for a token that is confined to a tenant.")))]
pub(super) async fn list(
    caller: Caller,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    whole(&caller)?;
    Query::of(&request, &[])?;
    let views = state.engine.saved_views().await?;
    ok(&Page {
        items: views.into_iter().map(on_wire).collect(),
        next: None,
        searched: None,
    })
}

/// Shows one saved view.
#[utoipa::path(get, path = paths::VIEW, tag = "saved views", params(("name" = String, Path)),
    responses((status = 200, body = SavedView), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn show(
    caller: Caller,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    whole(&caller)?;
    let view = state.engine.saved_view(&path_name(&request)?).await?;
    ok(&on_wire(view))
}

/// Saves a filter by this name, in place of the one that had it. What was planned with the old one stays as it is.
#[utoipa::path(put, path = paths::VIEW, tag = "saved views", params(("name" = String, Path)), request_body = SaveView,
    responses((status = 200, body = SavedView), (status = 400, body = Problem),
        (status = 409, body = Problem, description = "There are as many as may be."),
        (status = 422, body = Problem, description = "The filter does not parse, is empty, or names a saved view; the detail shows where.")))]
pub(super) async fn save(
    caller: Caller,
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    whole(&caller)?;
    let name = path_name(&request)?;
    let SaveView { filter } = body::command(&state, &request, payload).await?;
    let actor = caller.actor();
    let saved = state.engine.save_view(&actor, name, &filter).await?;
    ok(&on_wire(saved))
}

/// Removes a saved view: filters that name it are refused from then on.
#[utoipa::path(delete, path = paths::VIEW, tag = "saved views", params(("name" = String, Path)),
    responses((status = 204), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn delete(
    caller: Caller,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    whole(&caller)?;
    let name = path_name(&request)?;
    state.engine.delete_view(&caller.actor(), name).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A filter may name another tenant's things.
fn whole(caller: &Caller) -> Result<(), Refusal> {
    caller.whole_service("saved views are of", "write the filter out instead")
}

fn path_name(request: &HttpRequest) -> Result<ViewName, Refusal> {
    let text = request.match_info().query("name");
    let refused = |error: InvalidViewName| Refusal::new(Kind::BadId, error.to_string());
    text.parse().map_err(refused)
}

fn on_wire(view: filter::SavedView) -> SavedView {
    SavedView {
        name: view.name.to_string(),
        filter: view.filter,
        who: view.who,
        updated_at: view.updated_at,
    }
}
