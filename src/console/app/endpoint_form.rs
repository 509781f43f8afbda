//! The forms of endpoints: one to create, one to edit, one to rotate the secret. What is filled in becomes a call; an
//! edit sends only what was changed.

use super::form::{Field, Form, Value};
use super::msg::Call;
use crate::api::contract::ContractView;
use crate::api::endpoint::{
    CreateEndpoint, EndpointView, PatchEndpoint, RateLimitBody, RetryBody, RotateBody,
};
use crate::api::secret::Secret;
use crate::domain::duration::DurationText;
use crate::domain::id::EndpointId;
use crate::domain::rate_limit::RateLimit;

const URL: &str = "url";
const NAME: &str = "name";
const CONTRACT: &str = "contract";
const TYPES: &str = "event types";
const PATTERNS: &str = "patterns";
const RETRIES: &str = "retries";
const TIMEOUT: &str = "timeout";
const IN_FLIGHT: &str = "in flight";
const RATE_LIMIT: &str = "rate limit";
const TEST_MODE: &str = "test mode";
const SECRET: &str = "secret";
const OVERLAP: &str = "overlap";

/// What the form of an endpoint makes or changes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Subject {
    /// A new endpoint.
    Create,
    /// The settings of this one.
    Edit(Box<EndpointView>),
    /// The secret of this one.
    Rotate(EndpointId, String),
}

/// A form of an endpoint.
pub(crate) type EndpointForm = Form<Subject>;

/// Why a form cannot be sent: the line, and what is wrong with it.
type Refusal = (&'static str, String);

/// The form for a new endpoint; its contracts come later.
pub(crate) fn create() -> EndpointForm {
    let contract = Value::Choice {
        options: Vec::new(),
        at: 0,
    };
    let mut fields = vec![
        Field::text(URL, "", "where requests go: http or https"),
        Field::text(NAME, "", "what people call it; optional"),
        Field::new(CONTRACT, contract, "left and right choose"),
    ];
    fields.extend(settings(None));
    fields.push(Field::new(
        SECRET,
        Value::Secret(super::line::Line::default()),
        "what it verifies with; empty makes one, shown once",
    ));
    Form::new("New endpoint".to_owned(), Subject::Create, fields, "Create")
}

/// The form for the settings of an endpoint.
pub(crate) fn edit(endpoint: &EndpointView) -> EndpointForm {
    let name = endpoint.name.as_deref().unwrap_or_default();
    let mut fields = vec![
        Field::text(URL, &endpoint.url, "where requests go"),
        Field::text(NAME, name, "what people call it; empty takes it away"),
        Field::new(CONTRACT, Value::Fixed(endpoint.contract.clone()), ""),
    ];
    fields.extend(settings(Some(endpoint)));
    Form::new(
        format!("Endpoint {}", endpoint.id),
        Subject::Edit(Box::new(endpoint.clone())),
        fields,
        "Save",
    )
}

/// The form to rotate a secret.
pub(crate) fn rotate(endpoint: &EndpointView, name: String) -> EndpointForm {
    let secret = Value::Secret(super::line::Line::default());
    let fields = vec![
        Field::text(
            OVERLAP,
            "24h",
            "how long the old secret signs too: 0s to 7d",
        ),
        Field::new(SECRET, secret, "the new one; empty makes one, shown once"),
    ];
    Form::new(
        format!("Rotate the secret of {name}"),
        Subject::Rotate(endpoint.id, name),
        fields,
        "Rotate",
    )
}

/// The lines that new endpoints and known ones share.
fn settings(endpoint: Option<&EndpointView>) -> [Field; 7] {
    let ticks = Value::Ticks {
        options: Vec::new(),
        at: 0,
    };
    let text = |of: fn(&EndpointView) -> String| endpoint.map(of).unwrap_or_default();
    [
        Field::new(
            TYPES,
            ticks,
            "left and right move, space ticks; none is all",
        ),
        Field::text(
            PATTERNS,
            &text(|endpoint| {
                let patterns = endpoint.event_types.iter().map(ToString::to_string);
                let wanted: Vec<String> = patterns.filter(|pattern| pattern != "*").collect();
                wanted.join(", ")
            }),
            "others, such as invoice.*, order.paid",
        ),
        Field::text(RETRIES, &text(retries), "empty: the contract's"),
        Field::text(
            TIMEOUT,
            &text(|endpoint| endpoint.timeout.clone()),
            "of an exchange, such as 10s; empty: the contract's",
        ),
        Field::text(
            IN_FLIGHT,
            &text(|endpoint| endpoint.concurrency.to_string()),
            "requests at once, 1 to 256; empty: the service's",
        ),
        Field::text(
            RATE_LIMIT,
            &text(|endpoint| {
                let limit = endpoint.rate_limit.as_ref();
                limit.map_or_else(String::new, |limit| {
                    format!("{}/{}", limit.requests, limit.per)
                })
            }),
            "such as 60/1m; empty: the contract's",
        ),
        Field::new(
            TEST_MODE,
            Value::Flag(endpoint.is_some_and(|endpoint| endpoint.test_mode)),
            "only test events",
        ),
    ]
}

fn retries(endpoint: &EndpointView) -> String {
    let retry = &endpoint.retry;
    match (&retry.ladder, &retry.exponential) {
        (Some(ladder), _) => ladder.len().to_string(),
        (None, Some(growing)) => growing.retries.to_string(),
        (None, None) => String::new(),
    }
}

impl EndpointForm {
    /// Takes over the contracts: which may be chosen, and which event types they describe.
    pub(crate) fn take_contracts(&mut self, contracts: &[ContractView]) {
        let usable = contracts.iter().filter(|contract| contract.enabled);
        if let Some(field) = self.field_mut(CONTRACT)
            && let Value::Choice { options, at } = &mut field.value
            && options.is_empty()
        {
            *at = usable
                .clone()
                .position(|contract| contract.default)
                .unwrap_or(0);
            *options = usable.map(|contract| contract.name.clone()).collect();
        }
        self.offer_types(contracts);
    }

    /// Offers the event types of the contract that is chosen; what is ticked or written stays.
    pub(crate) fn offer_types(&mut self, contracts: &[ContractView]) {
        let chosen = match &self.subject {
            Subject::Edit(endpoint) => Some(endpoint.contract.clone()),
            Subject::Create => self.chosen(CONTRACT).map(str::to_owned),
            Subject::Rotate(..) => None,
        };
        let ticked = self.ticked(TYPES);
        let mut written = split(self.text(PATTERNS));
        let contract = contracts
            .iter()
            .find(|contract| Some(&contract.name) == chosen.as_ref());
        let described = contract.iter().flat_map(|contract| &contract.event_types);
        let offered: Vec<(String, bool)> = described
            .map(|described| {
                let name = described.name.clone();
                let wanted = ticked.contains(&name) || written.contains(&name);
                (name, wanted)
            })
            .collect();
        // What can be ticked need not be written.
        written.retain(|pattern| !offered.iter().any(|(name, _)| name == pattern));
        if let Some(field) = self.field_mut(TYPES) {
            field.value = Value::Ticks {
                options: offered,
                at: 0,
            };
        }
        if let Some(field) = self.field_mut(PATTERNS)
            && let Value::Text(line) = &mut field.value
        {
            *line = super::line::Line::with(&written.join(", "));
        }
    }

    /// The call that the form asks for; `None` where nothing was changed.
    ///
    /// # Errors
    /// The line that cannot be read, and why.
    pub(crate) fn call(&self) -> Result<Option<Call>, Refusal> {
        match &self.subject {
            Subject::Create => self.creation().map(Some),
            Subject::Edit(endpoint) => self.patch(endpoint),
            Subject::Rotate(id, _) => {
                let body = RotateBody {
                    overlap: self.filled(OVERLAP),
                    secret: self.filled(SECRET).as_deref().map(Secret::from),
                };
                Ok(Some(Call::RotateSecret(*id, body)))
            }
        }
    }

    /// What is done, for the news.
    pub(crate) fn what(&self) -> String {
        match &self.subject {
            Subject::Create => format!("create an endpoint for {}", self.text(URL)),
            Subject::Edit(endpoint) => format!("edit {}", endpoint.id),
            Subject::Rotate(_, name) => format!("rotate the secret of {name}"),
        }
    }

    fn creation(&self) -> Result<Call, Refusal> {
        if self.text(URL).is_empty() {
            return Err((URL, "an endpoint needs a URL, such as https://…".to_owned()));
        }
        let types = self.types();
        Ok(Call::CreateEndpoint(Box::new(CreateEndpoint {
            url: self.text(URL).to_owned(),
            name: self.filled(NAME),
            contract: self.chosen(CONTRACT).map(str::to_owned),
            event_types: (!types.is_empty()).then_some(types),
            secret: self.filled(SECRET).as_deref().map(Secret::from),
            concurrency: self.number(IN_FLIGHT)?,
            retry: self.retry()?,
            rate_limit: self.rate_limit()?,
            timeout: self.filled(TIMEOUT),
            test_mode: self.is_set(TEST_MODE).then_some(true),
            ..CreateEndpoint::default()
        })))
    }

    fn patch(&self, endpoint: &EndpointView) -> Result<Option<Call>, Refusal> {
        let before = edit(endpoint);
        let changed = |name: &str| self.text(name) != before.text(name);
        let mut patch = PatchEndpoint::default();
        if changed(URL) {
            patch.url = Some(self.text(URL).to_owned());
        }
        if changed(NAME) {
            patch.name = Some(self.filled(NAME));
        }
        let types = match self.types() {
            none if none.is_empty() => vec!["*".to_owned()],
            types => types,
        };
        let known = endpoint.event_types.iter().map(ToString::to_string);
        let mut known: Vec<String> = known.collect();
        let mut wanted = types.clone();
        known.sort();
        wanted.sort();
        if known != wanted {
            patch.event_types = Some(types);
        }
        if changed(RETRIES) {
            patch.retry = Some(self.retry()?);
        }
        if changed(TIMEOUT) {
            patch.timeout = Some(self.filled(TIMEOUT));
        }
        if changed(IN_FLIGHT) {
            patch.concurrency = Some(self.number(IN_FLIGHT)?);
        }
        if changed(RATE_LIMIT) {
            patch.rate_limit = Some(self.rate_limit()?);
        }
        if self.is_set(TEST_MODE) != endpoint.test_mode {
            patch.test_mode = Some(self.is_set(TEST_MODE));
        }
        let is_empty = patch == PatchEndpoint::default();
        Ok((!is_empty).then(|| Call::EditEndpoint(endpoint.id, Box::new(patch))))
    }

    /// The event types that are ticked or written, each once.
    fn types(&self) -> Vec<String> {
        let mut types = self.ticked(TYPES);
        for pattern in split(self.text(PATTERNS)) {
            if !types.contains(&pattern) {
                types.push(pattern);
            }
        }
        types
    }

    fn retry(&self) -> Result<Option<RetryBody>, Refusal> {
        let retries = self.number(RETRIES)?;
        Ok(retries.map(|retries| RetryBody {
            retries: Some(retries),
            ..RetryBody::default()
        }))
    }

    fn rate_limit(&self) -> Result<Option<RateLimitBody>, Refusal> {
        let Some(text) = self.filled(RATE_LIMIT) else {
            return Ok(None);
        };
        let limit: RateLimit = text
            .parse()
            .map_err(|error| (RATE_LIMIT, format!("{error}")))?;
        Ok(Some(RateLimitBody {
            requests: limit.requests().into(),
            per: DurationText(limit.per()).to_string(),
        }))
    }

    fn number(&self, name: &'static str) -> Result<Option<u32>, Refusal> {
        let Some(text) = self.filled(name) else {
            return Ok(None);
        };
        match text.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err((name, format!("{name}: {text} is no number"))),
        }
    }
}

fn split(text: &str) -> Vec<String> {
    let parts = text.split([',', ' ']).filter(|part| !part.is_empty());
    parts.map(str::to_owned).collect()
}
