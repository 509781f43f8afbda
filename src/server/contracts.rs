//! `/v1/contracts`: the wire contracts that this service knows.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::answers::ok;
use super::body;
use super::caller::Caller;
use super::endpoint_input::overlap;
use super::json::nearest;
use super::problem::{Kind, Refusal};
use super::state::State;
use crate::api::contract::{
    ContractView, EventTypeView, ListedEventType, RotateKeyBody, ServiceKeyView,
};
use crate::api::page::Page;
use crate::api::paths;
use crate::api::problem::Problem;
use crate::domain::contract::{Catalogue, Contract, ContractSet};
use crate::domain::operational::FactKind;
use crate::domain::sign::secret;
use crate::domain::sign::service_key::VerificationKey;

/// Stands for any contract.
const ANY_CONTRACT: &str = "*";

/// Lists the contracts that this service knows, enabled or not.
#[utoipa::path(get, path = paths::CONTRACTS, tag = "contracts",
    responses((status = 200, body = Page<ContractView>)))]
pub(super) async fn list(_: Caller, state: Data<State>) -> Result<HttpResponse, Refusal> {
    let set = state.engine.contracts();
    ok(&Page {
        items: set
            .iter_known()
            .map(|contract| view(&set, contract))
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
    ok(&view(&set, named(&set, &request)?))
}

/// Lists the public halves of the keys that the service signs with under one contract, newest first; retired ones
/// stay, so that what they signed can be verified.
#[utoipa::path(get, path = paths::CONTRACT_KEYS, tag = "contracts", params(("name" = String, Path)),
    responses((status = 200, body = Page<ServiceKeyView>), (status = 404, body = Problem)))]
pub(super) async fn keys(
    _: Caller,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    let set = state.engine.contracts();
    let contract = named(&set, &request)?;
    ok(&key_page(state.engine.verification_keys(&contract.name)))
}

/// Makes the next key that the service signs with under one contract, and lists all of them.
#[utoipa::path(post, path = paths::CONTRACT_KEYS_ROTATE, tag = "contracts", params(("name" = String, Path)),
    request_body = RotateKeyBody,
    responses((status = 200, body = Page<ServiceKeyView>), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn rotate_key(
    caller: Caller,
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    let wanted: RotateKeyBody = body::command(&state, &request, payload).await?;
    let overlap = overlap(wanted.overlap.as_deref())?;
    let set = state.engine.contracts();
    let contract = named(&set, &request)?;
    let keys = state
        .engine
        .rotate_service_key(&caller.actor(), &contract.name, overlap)
        .await?;
    ok(&key_page(keys))
}

/// The contract that the path names.
fn named<'a>(set: &'a ContractSet, request: &HttpRequest) -> Result<&'a Contract, Refusal> {
    let name = request.match_info().query("name");
    set.get_known(name).map(AsRef::as_ref).ok_or_else(|| {
        let known: Vec<&str> = set
            .iter_known()
            .map(|contract| contract.name.as_str())
            .collect();
        let hint = nearest(name, known.iter().copied()).map_or_else(
            || format!("known are {}", known.join(", ")),
            |near| format!("did you mean {near}?"),
        );
        Refusal::new(Kind::NotFound, format!("no contract {name:?}; {hint}"))
    })
}

fn key_page(keys: Vec<VerificationKey>) -> Page<ServiceKeyView> {
    let view = |key: VerificationKey| ServiceKeyView {
        id: key.id,
        algorithm: VerificationKey::ALGORITHM.to_owned(),
        public_key: secret::public_text(key.key),
        created_at: key.created_at,
        retired_at: key.retired_at,
        signs_until: key.signs_until,
    };
    Page {
        items: keys.into_iter().map(view).collect(),
        next: None,
        searched: None,
    }
}

/// Lists the event types that enabled contracts describe, by contract, and those that the service tells of itself.
#[utoipa::path(get, path = paths::EVENT_TYPES, tag = "contracts",
    responses((status = 200, body = Page<ListedEventType>)))]
pub(super) async fn event_types(_: Caller, state: Data<State>) -> Result<HttpResponse, Refusal> {
    let set = state.engine.contracts();
    let items = set.iter().flat_map(|contract| {
        contract.event_types.iter().map(|entry| ListedEventType {
            name: entry.name.to_string(),
            description: entry.description.clone(),
            contract: contract.name.clone(),
            catalogue: contract.catalogue.as_str().to_owned(),
        })
    });
    let own = FactKind::ALL.into_iter().map(|kind| ListedEventType {
        name: kind.event_type().to_string(),
        description: kind.description().to_owned(),
        contract: ANY_CONTRACT.to_owned(),
        catalogue: Catalogue::Closed.as_str().to_owned(),
    });
    ok(&Page {
        items: items.chain(own).collect(),
        next: None,
        searched: None,
    })
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
