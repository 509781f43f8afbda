//! From a request that no native route takes to the action of a contract's route.

use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::actions::{self, Call};
use super::limit::Judgement;
use crate::domain::call_limit::CallerKey;
use crate::domain::contract::{ApiAction, Contract, FoundRoute, RouteLookup};
use crate::server::access::{Access, MANAGE_OWN, READ_OWN};
use crate::server::caller::{self, Caller};
use crate::server::peer::Peer;
use crate::server::problem::Refusal;
use crate::server::routes::{no_method, no_route};
use crate::server::state::State;

/// Answers by the contract route that the request is for, if there is one.
///
/// # Errors
/// 404 where there is none, 405 with `Allow` for another method of its path, 429 beyond the contract's rate limit, and
/// what the action refuses.
pub(in crate::server) async fn answer(
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    let contracts = state.engine.contracts();
    match contracts.find_route(request.method().as_str(), request.path()) {
        RouteLookup::Found(found) => {
            let caller = caller::who(&request).await;
            let judgement = judge(&state, &request, found.contract, &caller);
            let answered = answer_found(&state, &request, payload, found, caller, &judgement);
            with_headers(judgement.headers.clone(), answered.await)
        }
        RouteLookup::OtherMethods { contract, methods } => {
            let caller = caller::who(&request).await;
            let judgement = judge(&state, &request, contract, &caller);
            let names: Vec<&str> = methods.iter().map(|method| method.as_str()).collect();
            let refusal = judgement
                .refusal
                .unwrap_or_else(|| no_method(&request, &names.join(", ")));
            with_headers(judgement.headers, Err(refusal))
        }
        RouteLookup::Unknown => {
            let paths: Vec<String> = contracts
                .iter_routes()
                .map(|(_, route)| route.path.to_string())
                .collect();
            Err(no_route(request.path(), paths.iter().map(String::as_str)))
        }
    }
}

/// Counts the call: for a known caller as its own, else for the address it comes from.
fn judge(
    state: &State,
    request: &HttpRequest,
    contract: &Contract,
    caller: &Result<Caller, Refusal>,
) -> Judgement {
    let key = match (caller, request.conn_data::<Peer>()) {
        (Ok(caller), _) => caller.key(),
        (Err(_), Some(Peer::Tcp(from))) => CallerKey::stranger(from.ip()),
        // A user of the socket whom the kernel names and no rule admits: all of them together.
        (Err(_), Some(Peer::Socket(_)) | None) => CallerKey::User("".into()),
    };
    state.limiter.judge(&*state.clock, contract, key)
}

async fn answer_found(
    state: &State,
    request: &HttpRequest,
    payload: Payload,
    found: FoundRoute<'_>,
    caller: Result<Caller, Refusal>,
    judgement: &Judgement,
) -> Result<HttpResponse, Refusal> {
    if let Some(refusal) = &judgement.refusal {
        return Err(refusal.clone());
    }
    let caller = caller?.admitted_by(access(found.route.action))?;
    let call = Call {
        state,
        caller: &caller,
        contract: found.contract,
        api: found.api,
        route: found.route,
        id: found.id.unwrap_or_default(),
    };
    match found.route.action {
        ApiAction::Create => actions::create(call, request, payload).await,
        ApiAction::List => actions::list(call).await,
        ApiAction::Get => actions::get(call).await,
        ApiAction::Update => actions::update(call, request, payload).await,
        ApiAction::Delete => actions::delete(call).await,
        ApiAction::Test => actions::test(call, request, payload).await,
    }
}

/// Who may call a route with this action: as on the native routes.
const fn access(action: ApiAction) -> Access {
    match action {
        ApiAction::List | ApiAction::Get => READ_OWN,
        ApiAction::Create | ApiAction::Update | ApiAction::Delete | ApiAction::Test => MANAGE_OWN,
    }
}

fn with_headers(
    headers: Vec<(HeaderName, HeaderValue)>,
    answered: Result<HttpResponse, Refusal>,
) -> Result<HttpResponse, Refusal> {
    match answered {
        Ok(mut response) => {
            for (name, value) in headers {
                response.headers_mut().insert(name, value);
            }
            Ok(response)
        }
        Err(mut refusal) => {
            refusal.headers.extend(headers);
            Err(refusal)
        }
    }
}
