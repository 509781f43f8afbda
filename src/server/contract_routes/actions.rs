//! What contract routes do: the native actions on endpoints, with the contract's names going in and coming out.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};

use super::answer::{self, Told};
use super::fields::Written;
use super::members::{self, Members};
use super::refusal;
use crate::domain::contract::{
    AnswerValue, ApiRoute, ApiRules, Contract, NativeField, TestData, TestRequest,
};
use crate::domain::endpoint::Endpoint;
use crate::domain::event_type::EventType;
use crate::domain::json::{InvalidJson, RawJson};
use crate::domain::sign::service_key::VerificationKey;
use crate::engine::EngineError;
use crate::server::body::{self, Body};
use crate::server::caller::Caller;
use crate::server::endpoints::{disabled_by, switch_by};
use crate::server::json::JsonError;
use crate::server::problem::{Kind, Refusal};
use crate::server::state::State;

/// A call of a contract route by a caller whom its rule admits.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) state: &'a State,
    pub(super) caller: &'a Caller,
    pub(super) contract: &'a Contract,
    pub(super) api: &'a ApiRules,
    pub(super) route: &'a ApiRoute,
    /// What stands for the id in the path; empty where the path has none.
    pub(super) id: &'a str,
}

/// Registers an endpoint of the caller's tenant.
pub(super) async fn create(
    call: Call<'_>,
    request: &HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    let body = body::command_text(call.state, request, payload).await?;
    let members = members_of(body.as_ref())?;
    let written = Written::to_create(call.api, &members).map_err(Refusal::invalid)?;
    let tenant = call.caller.tenant().cloned();
    let new = written.into_new(call.contract, tenant, disabled_by(call.caller));
    let created = call
        .state
        .engine
        .create_endpoint(&call.caller.actor(), new)
        .await;
    let (endpoint, secret) = created.map_err(|error| refusal::of_new(call.api, error))?;
    let keys = verification_keys(call);
    answer::one(
        call.route,
        &Told {
            secret: Some(&secret),
            ..call.told(&endpoint, &keys)
        },
    )
}

/// Lists all endpoints that exist for the caller, oldest first.
pub(super) async fn list(call: Call<'_>) -> Result<HttpResponse, Refusal> {
    let endpoints = call
        .state
        .engine
        .endpoints_under(&call.contract.name, call.caller.tenant());
    let keys = verification_keys(call);
    let told = endpoints.iter().map(|endpoint| call.told(endpoint, &keys));
    answer::list(call.route, call.api.list_member.as_deref(), told)
}

/// Shows one endpoint.
pub(super) async fn get(call: Call<'_>) -> Result<HttpResponse, Refusal> {
    let endpoint = call.endpoint().await?;
    call.answer(&endpoint).await
}

/// Changes the fields that the body has.
pub(super) async fn update(
    call: Call<'_>,
    request: &HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    let body = body::command_text(call.state, request, payload).await?;
    let members = members_of(body.as_ref())?;
    let written = Written::to_update(call.api, &members).map_err(Refusal::invalid)?;
    let mut endpoint = call.endpoint().await?;
    let switch = written.switch();
    let switch = switch.map(|enabled| switch_by(call.caller, enabled));
    let patch = written.into_patch(&endpoint);
    if patch.is_some() || switch.is_some() {
        let changed = call
            .state
            .engine
            .edit_endpoint(&call.caller.actor(), endpoint.id, patch, switch)
            .await;
        endpoint =
            changed.map_err(|error| refusal::of_one(call.api, endpoint.id, call.id, error))?;
    }
    call.answer(&endpoint).await
}

/// Deletes one endpoint; answers as it was.
pub(super) async fn delete(call: Call<'_>) -> Result<HttpResponse, Refusal> {
    let endpoint = call.endpoint().await?;
    let deleted = call
        .state
        .engine
        .delete_endpoint(&call.caller.actor(), endpoint.id)
        .await;
    deleted.map_err(|error| refusal::of_one(call.api, endpoint.id, call.id, error))?;
    call.answer(&endpoint).await
}

/// Sends one endpoint a test event, whatever its filters.
pub(super) async fn test(
    call: Call<'_>,
    request: &HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    let body = body::command_text(call.state, request, payload).await?;
    let (event_type, data) = test_event(&call.api.test_request, body.as_ref())?;
    let endpoint = call.endpoint().await?;
    let sent = call
        .state
        .engine
        .test_endpoint(&call.caller.actor(), endpoint.id, event_type, data)
        .await;
    let event_id = sent.map_err(|error| match error {
        EngineError::Invalid(inputs) => refusal::of_test(&call.api.test_request, inputs),
        other => refusal::of_one(call.api, endpoint.id, call.id, other),
    })?;
    let event = call.state.engine.event(event_id).await?;
    let keys = verification_keys(call);
    answer::one(
        call.route,
        &Told {
            test: Some(&event),
            ..call.told(&endpoint, &keys)
        },
    )
}

impl<'a> Call<'a> {
    /// The endpoint that the path names, if it exists for the caller.
    ///
    /// # Errors
    /// 404 for every other one, whatever the reason.
    async fn endpoint(self) -> Result<Endpoint, Refusal> {
        let id = self
            .contract
            .read_shown_id(self.id)
            .ok_or_else(|| refusal::not_found(self.id))?;
        let found = self.state.engine.endpoint(id).await;
        let endpoint = found.map_err(|error| refusal::of_one(self.api, id, self.id, error))?;
        let is_theirs = endpoint.contract == self.contract.name
            && endpoint.tenant.as_ref() == self.caller.tenant();
        if is_theirs {
            Ok(endpoint)
        } else {
            Err(refusal::not_found(self.id))
        }
    }

    fn told(self, endpoint: &'a Endpoint, keys: &'a [VerificationKey]) -> Told<'a> {
        Told {
            contract: self.contract,
            endpoint,
            secret: None,
            test: None,
            keys,
        }
    }

    async fn answer(self, endpoint: &Endpoint) -> Result<HttpResponse, Refusal> {
        let keys = verification_keys(self);
        answer::one(self.route, &self.told(endpoint, &keys))
    }
}

/// The members of a body; none of an empty one.
fn members_of<'a>(body: Option<&'a Body<'_>>) -> Result<Members<'a>, JsonError> {
    match body {
        Some(body) => Members::parse(body.as_bytes()),
        None => Ok(Members::default()),
    }
}

/// Type and data of a test event, each where the body has it.
fn test_event(
    wanted: &TestRequest,
    body: Option<&Body<'_>>,
) -> Result<(Option<EventType>, Option<RawJson>), Refusal> {
    if wanted.data == TestData::Body {
        return Ok((None, body.map(whole).transpose()?));
    }
    let members = members_of(body)?;
    let member = |name: &str| members.get(name).filter(|value| !members::is_null(value));
    let mut event_type = None;
    if let Some(name) = &wanted.event_type
        && let Some(value) = member(name)
    {
        let pointer = members::pointer("", name);
        let text = members::text(&pointer, value).map_err(|error| Refusal::invalid(vec![error]))?;
        let parsed = text.parse::<EventType>();
        event_type = Some(parsed.map_err(|error| Refusal::invalid_at(pointer, error.to_string()))?);
    }
    let mut data = None;
    if let TestData::Member(name) = &wanted.data
        && let Some(value) = member(name)
    {
        let pointer = members::pointer("", name);
        let kept = RawJson::from_raw(value);
        data = Some(kept.map_err(|error| Refusal::invalid_at(pointer, error.to_string()))?);
    }
    Ok((event_type, data))
}

/// The whole body as an event's data, to the letter.
fn whole(body: &Body<'_>) -> Result<RawJson, Refusal> {
    let text = std::str::from_utf8(body.as_bytes()).map_err(|error| {
        let detail = format!("the body is not JSON: it is not UTF-8 ({error})");
        Refusal::new(Kind::MalformedBody, detail)
    })?;
    RawJson::parse(text).map_err(|error| match error {
        InvalidJson::Syntax(cause) => Refusal::new(
            Kind::MalformedBody,
            format!("the body is not JSON: {cause}"),
        ),
        InvalidJson::TooDeep => Refusal::invalid_at("", error.to_string()),
    })
}

/// The service's own public keys that sign for the contract now, newest first, where the answer shows them.
fn verification_keys(call: Call<'_>) -> Vec<VerificationKey> {
    let shown = AnswerValue::Field(NativeField::VerificationKeys);
    if !answer::tells(call.route, &shown) {
        return Vec::new();
    }
    let now = call.state.clock.now();
    let mut keys = call.state.engine.verification_keys(&call.contract.name);
    keys.retain(|key| key.signs_at(now));
    keys
}
