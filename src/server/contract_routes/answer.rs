//! The answers of contract routes: the members that the contract lists, in its order.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use crate::domain::contract::{
    AnswerMember, AnswerValue, ApiRoute, Contract, Literal, NativeField, TestValue,
};
use crate::domain::endpoint::{Endpoint, EndpointStatus};
use crate::domain::event::Event;
use crate::domain::sign::secret;
use crate::domain::sign::service_key::VerificationKey;
use crate::domain::time::Timestamp;
use crate::server::answers;
use crate::server::problem::Refusal;

/// What an answer may tell.
pub(super) struct Told<'a> {
    /// Whose routes they are.
    pub(super) contract: &'a Contract,
    /// The endpoint that the call was about.
    pub(super) endpoint: &'a Endpoint,
    /// Its secret, in the answer that creates it.
    pub(super) secret: Option<&'a SecretString>,
    /// The event that a test sent.
    pub(super) test: Option<&'a Event>,
    /// The service's own public keys for this contract, newest first.
    pub(super) keys: &'a [VerificationKey],
}

/// The answer of a route about one endpoint.
///
/// # Errors
/// A status that is none, which loading the contract rules out.
pub(super) fn one(route: &ApiRoute, told: &Told<'_>) -> Result<HttpResponse, Refusal> {
    let status = status(route)?;
    if status == StatusCode::NO_CONTENT {
        return Ok(HttpResponse::NoContent().finish());
    }
    let body = members(&route.answer, told);
    let shows_secret = |member: &AnswerMember| {
        member.value == AnswerValue::Field(NativeField::Secret) && told.secret.is_some()
    };
    if route.answer.iter().any(shows_secret) {
        return answers::secret(status, &body);
    }
    answers::json(status, &body)
}

/// The answer of a route that lists: an array, wrapped in an object where `wrapper` names a member for it.
///
/// # Errors
/// As [`one`].
pub(super) fn list<'a>(
    route: &ApiRoute,
    wrapper: Option<&str>,
    told: impl Iterator<Item = Told<'a>>,
) -> Result<HttpResponse, Refusal> {
    let items = told.map(|told| members(&route.answer, &told)).collect();
    let body = match wrapper {
        Some(name) => Value::Object(Map::from_iter([(name.to_owned(), Value::Array(items))])),
        None => Value::Array(items),
    };
    answers::json(status(route)?, &body)
}

/// Whether the route's answer has this value.
pub(super) fn tells(route: &ApiRoute, value: &AnswerValue) -> bool {
    route.answer.iter().any(|member| member.value == *value)
}

fn status(route: &ApiRoute) -> Result<StatusCode, Refusal> {
    StatusCode::from_u16(route.status)
        .map_err(|_| Refusal::internal(format!("{route} has the status {}", route.status)))
}

fn members(listed: &[AnswerMember], told: &Told<'_>) -> Value {
    let pairs = listed
        .iter()
        .map(|member| (member.name.clone(), value(&member.value, told)));
    Value::Object(pairs.collect())
}

fn value(answer: &AnswerValue, told: &Told<'_>) -> Value {
    match answer {
        AnswerValue::Field(native) => field(*native, told),
        AnswerValue::Literal(Literal::Boolean(value)) => json!(value),
        AnswerValue::Literal(Literal::Number(value)) => json!(value),
        AnswerValue::Literal(Literal::Text(value)) => json!(value),
        AnswerValue::Test(value) => told.test.map_or(Value::Null, |event| match value {
            TestValue::Id => json!(event.id),
            TestValue::Type => json!(event.event_type),
            TestValue::Time => time(event.occurred_at),
        }),
    }
}

fn field(native: NativeField, told: &Told<'_>) -> Value {
    let endpoint = told.endpoint;
    match native {
        NativeField::Id => json!(told.contract.shown_id(endpoint.id)),
        NativeField::Name => json!(endpoint.name),
        NativeField::Url => json!(endpoint.url),
        NativeField::EventTypes => json!(endpoint.event_types),
        NativeField::Secret => told
            .secret
            .map_or(Value::Null, |secret| json!(secret.expose_secret())),
        NativeField::Enabled => {
            let is_disabled = matches!(endpoint.status, EndpointStatus::Disabled { .. });
            json!(!is_disabled)
        }
        NativeField::TestMode => json!(endpoint.test_mode),
        NativeField::Retries => {
            let policy = endpoint.retry_under(told.contract);
            json!(policy.retries())
        }
        NativeField::Headers => Value::Object(
            endpoint
                .headers
                .iter()
                .map(|(name, value)| (name.clone(), json!(value)))
                .collect(),
        ),
        NativeField::Metadata => json!(endpoint.metadata),
        NativeField::Ordered => json!(endpoint.ordered),
        NativeField::Concurrency => json!(endpoint.concurrency),
        NativeField::CreatedAt => time(endpoint.created_at),
        NativeField::UpdatedAt => time(endpoint.updated_at),
        NativeField::VerificationKeys => Value::Array(told.keys.iter().map(key).collect()),
    }
}

fn time(at: Timestamp) -> Value {
    json!(at.to_rfc3339_seconds())
}

fn key(key: &VerificationKey) -> Value {
    json!({
        "id": key.id,
        "algorithm": VerificationKey::ALGORITHM,
        "public_key": secret::public_text(key.key),
    })
}
