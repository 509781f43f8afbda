//! `/v1/contracts`: the wire contracts that this service knows.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::answers::ok;
use super::caller::Caller;
use super::json::nearest;
use super::problem::{Kind, Refusal};
use super::state::State;
use crate::api::contract::{ContractView, EventTypeView};
use crate::api::page::Page;
use crate::api::paths;
use crate::api::problem::Problem;
use crate::domain::contract::{Contract, ContractSet};

/// Lists the contracts that this service knows, enabled or not.
#[utoipa::path(get, path = paths::CONTRACTS, tag = "contracts",
    responses((status = 200, body = Page<ContractView>)))]
pub(super) async fn list(_: Caller, state: Data<State>) -> Result<HttpResponse, Refusal> {
    let set = state.engine.contracts();
    ok(&Page {
        items: set
            .iter_known()
            .map(|contract| view(set, contract))
            .collect(),
        next: None,
        searched: None,
    })
}

/// Shows one contract.
#[utoipa::path(get, path = paths::CONTRACT, tag = "contracts", params(("name" = String, Path)),
    responses((status = 200, body = ContractView), (status = 404, body = Problem)))]
pub(super) async fn show(
    _: Caller,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    let set = state.engine.contracts();
    let name = request.match_info().query("name");
    let contract = set.get_known(name).ok_or_else(|| {
        let known: Vec<&str> = set
            .iter_known()
            .map(|contract| contract.name.as_str())
            .collect();
        let hint = nearest(name, known.iter().copied()).map_or_else(
            || format!("known are {}", known.join(", ")),
            |near| format!("did you mean {near}?"),
        );
        Refusal::new(Kind::NotFound, format!("no contract {name:?}; {hint}"))
    })?;
    ok(&view(set, contract))
}

fn view(set: &ContractSet, contract: &Contract) -> ContractView {
    ContractView {
        name: contract.name.clone(),
        summary: contract.summary.clone(),
        enabled: set.get(&contract.name).is_some(),
        default: set.default_name() == contract.name,
        revision: contract.revision().to_string(),
        text: contract.canonical_text().to_owned(),
        event_types: contract
            .event_types
            .iter()
            .map(|entry| EventTypeView {
                name: entry.name.to_string(),
                description: entry.description.clone(),
            })
            .collect(),
    }
}
