//! `/v1/operators`: who watches the service live.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::answers::ok;
use super::caller::Caller;
use super::problem::Refusal;
use super::query::Query;
use super::state::State;
use crate::api::operator::OperatorView;
use crate::api::page::Page;
use crate::api::paths;
use crate::api::problem::Problem;

/// Lists who is attached, whoever came first before the others: those whose stream is open with the topic `presence`, as
/// a console's is. A stream tells of it by itself.
#[utoipa::path(get, path = paths::OPERATORS, tag = "service",
    responses((status = 200, body = Page<OperatorView>),
        (status = 403, body = Problem, description = "Also for a token that is confined to a tenant.")))]
pub(super) async fn list(
    caller: Caller,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    caller.whole_service("operators see", "ask one of them who is there")?;
    Query::of(&request, &[])?;
    ok(&Page {
        items: state.hub.operators(),
        next: None,
        searched: None,
    })
}
