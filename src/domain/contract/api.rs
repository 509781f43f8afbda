//! A contract's own management routes: the platform's published calls for registering and managing endpoints.
//!
//! **Invariants**, all checked when the contract loads: every action has at most one route, and no two routes of a
//! contract answer one request; a path has `{id}` exactly where its action needs it; names are unique; an answer
//! names listed fields only, and the secret stands in the answer to `create` alone. So a handler that follows these
//! tables needs to know no contract: see [`ApiRules`] for how.

use super::model::words;
use super::route::RoutePath;
use crate::domain::rate_limit::RateLimit;

/// The routes with everything that a handler needs to serve them.
///
/// A request is found by [`super::ContractSet::find_route`]; then, by [`ApiRoute::action`]:
///
/// | action | takes from the body | its answer |
/// |---|---|---|
/// | create | the writable [`ApiRules::fields`], each under its name; [`ApiRules::required`] must be there | the new endpoint's members |
/// | list | – | an array of all the caller's endpoints, oldest first, each with the members; in an object under [`ApiRules::list_member`] where that is set |
/// | get | – | the endpoint's members |
/// | update | the writable fields that are there; the others stay | the endpoint's members, after the change |
/// | delete | – | the endpoint's members, as it was before |
/// | test | what [`ApiRules::test_request`] says | the members, about the endpoint and the test event |
///
/// Unknown members of a body are ignored, `null` is as good as absent on create, times are whole seconds, errors are
/// problems (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiRules {
    /// At least one, in the order of [`ApiAction`].
    pub routes: Vec<ApiRoute>,
    /// What of an endpoint is on these routes, in the contract's order; a field that is not listed is not on them.
    pub fields: Vec<ApiField>,
    /// The fields that `create` insists on; `url` is always among them where there is a `create`.
    pub required: Vec<NativeField>,
    /// The member that wraps `list`'s array; `None` for the bare array.
    pub list_member: Option<String>,
    /// Where a call of the test route carries type and data.
    pub test_request: TestRequest,
    /// How often one token may call these routes, all of them together; `None` for no limit. With one, every answer
    /// (errors included) has `X-RateLimit-Limit`, `-Remaining` and `-Reset` (Unix seconds), and a call beyond it
    /// gets 429 with `Retry-After`.
    pub rate_limit: Option<RateLimit>,
}

/// One route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiRoute {
    /// What it does.
    pub action: ApiAction,
    /// The method it answers.
    pub method: ApiMethod,
    /// The path it answers.
    pub path: RoutePath,
    /// The status of success, 200–299.
    pub status: u16,
    /// The members of the answer, in order; for `list`, of each of its items. With status 204 there are none, and no
    /// body is sent. The contract's defaults are filled in: no reader has to know them.
    pub answer: Vec<AnswerMember>,
}

/// What a route does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ApiAction {
    /// Registers an endpoint.
    Create,
    /// Lists the caller's endpoints.
    List,
    /// Shows one.
    Get,
    /// Changes one.
    Update,
    /// Deletes one.
    Delete,
    /// Sends one a test event.
    Test,
}

/// The method of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiMethod {
    /// `GET`.
    Get,
    /// `POST`.
    Post,
    /// `PUT`.
    Put,
    /// `PATCH`.
    Patch,
    /// `DELETE`.
    Delete,
}

/// A field of an endpoint under this contract's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiField {
    /// Which.
    pub field: NativeField,
    /// Its name on these routes.
    pub name: String,
}

/// What of an endpoint can be on a contract's routes, and the JSON it has there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NativeField {
    /// Text: the id with the contract's prefix ([`super::Contract::shown_id`]). Not writable.
    Id,
    /// Text or null.
    Name,
    /// Text.
    Url,
    /// List of texts, event type patterns; written empty or left out: all types.
    EventTypes,
    /// Text; written on create and update, shown by create alone.
    Secret,
    /// Boolean, true when absent on create. Written false it disables the endpoint with the reason "owner".
    Enabled,
    /// Boolean: it gets test events, and only those.
    TestMode,
    /// Whole number: retries after the first attempt, within the contract's cap.
    Retries,
    /// Object of texts: headers it adds to its requests.
    Headers,
    /// Object of texts: the owner's own notes.
    Metadata,
    /// Boolean: one request in flight, in the order of acceptance.
    Ordered,
    /// Whole number or null: requests in flight at once.
    Concurrency,
    /// Text, RFC 3339 in UTC with whole seconds. Not writable.
    CreatedAt,
    /// As `CreatedAt`. Not writable.
    UpdatedAt,
    /// List of `{id, algorithm, public_key}`: the service's own public keys for this contract, newest first;
    /// `algorithm` is `ed25519`, `public_key` as `whpk_…`. Not writable.
    VerificationKeys,
}

/// One member of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerMember {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub value: AnswerValue,
}

/// What a member of an answer holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnswerValue {
    /// This field of the endpoint; one of [`ApiRules::fields`].
    Field(NativeField),
    /// This, whatever happened.
    Literal(Literal),
    /// Of the test event; on the test route only.
    Test(TestValue),
}

/// A fixed value of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Number(u32),
    /// Text.
    Text(String),
}

/// What can be told of a test event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestValue {
    /// Text: its id, `evt_…`.
    Id,
    /// Text: its type.
    Type,
    /// Text: its time, RFC 3339 in UTC with whole seconds.
    Time,
}

/// Where a call of the test route carries type and data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestRequest {
    /// The member that holds the event type; `None`, or absent from the body, for the endpoint's first.
    pub event_type: Option<String>,
    /// Where the data is; absent from the body, a small object of ours stands in.
    pub data: TestData,
}

/// Where a test call carries the event's data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TestData {
    /// Nowhere.
    #[default]
    None,
    /// In this member of the body.
    Member(String),
    /// The whole body is the data.
    Body,
}

words! {
    ApiAction {
        Create = "create", List = "list", Get = "get", Update = "update", Delete = "delete", Test = "test",
    }
    ApiMethod { Get = "GET", Post = "POST", Put = "PUT", Patch = "PATCH", Delete = "DELETE" }
    NativeField {
        Id = "id", Name = "name", Url = "url", EventTypes = "event_types", Secret = "secret", Enabled = "enabled",
        TestMode = "test_mode", Retries = "retries", Headers = "headers", Metadata = "metadata",
        Ordered = "ordered", Concurrency = "concurrency", CreatedAt = "created_at", UpdatedAt = "updated_at",
        VerificationKeys = "verification_keys",
    }
    TestValue { Id = "test.id", Type = "test.type", Time = "test.time" }
}

impl ApiRules {
    /// The route of this action, where there is one.
    pub fn route(&self, action: ApiAction) -> Option<&ApiRoute> {
        self.routes.iter().find(|route| route.action == action)
    }

    /// The name of a field on these routes, where it is listed.
    pub fn name_of(&self, field: NativeField) -> Option<&str> {
        let found = self.fields.iter().find(|listed| listed.field == field);
        found.map(|listed| listed.name.as_str())
    }

    /// The field behind a name on these routes.
    pub fn field_named(&self, name: &str) -> Option<NativeField> {
        let found = self.fields.iter().find(|listed| listed.name == name);
        found.map(|listed| listed.field)
    }
}

impl ApiRoute {
    /// Whether both answer some request.
    pub(super) fn meets(&self, other: &Self) -> bool {
        self.method == other.method && self.path.meets(&other.path)
    }
}

/// As a contract writes it: `GET /api/webhooks/{id}`.
impl std::fmt::Display for ApiRoute {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {}", self.method.as_str(), self.path)
    }
}

impl ApiAction {
    /// Whether it is about one endpoint, so that its path has `{id}`.
    pub const fn is_about_one(self) -> bool {
        !matches!(self, Self::Create | Self::List)
    }

    /// The methods that its route may have.
    pub(super) const fn methods(self) -> &'static [ApiMethod] {
        match self {
            Self::Create => &[ApiMethod::Post, ApiMethod::Put],
            Self::List | Self::Get => &[ApiMethod::Get],
            Self::Update => &[ApiMethod::Patch, ApiMethod::Put, ApiMethod::Post],
            Self::Delete => &[ApiMethod::Delete, ApiMethod::Post],
            Self::Test => &[ApiMethod::Post],
        }
    }
}

impl NativeField {
    /// Whether a caller can set it.
    pub const fn is_writable(self) -> bool {
        !matches!(
            self,
            Self::Id | Self::CreatedAt | Self::UpdatedAt | Self::VerificationKeys
        )
    }
}
