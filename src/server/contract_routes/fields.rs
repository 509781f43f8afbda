//! An endpoint as a caller of contract routes writes it: each field under the contract's name, the rest ignored.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde_json::value::RawValue;

use super::members::{self, Members};
use crate::api::problem::InputError;
use crate::domain::contract::{ApiRules, Contract, NativeField};
use crate::domain::endpoint::{DisabledReason, Endpoint};
use crate::domain::endpoint_draft::{Change, EndpointPatch, NewEndpoint, RetryRequest};
use crate::domain::tenant::Tenant;

/// The fields that a body has: kept where it says nothing, cleared where it says `null`.
#[derive(Default, PartialEq)]
pub(super) struct Written {
    name: Change<String>,
    url: Change<String>,
    /// An empty list clears: all types.
    event_types: Change<Vec<String>>,
    secret: Change<String>,
    enabled: Change<bool>,
    test_mode: Change<bool>,
    retries: Change<u32>,
    headers: Change<Vec<(String, String)>>,
    metadata: Change<BTreeMap<String, String>>,
    ordered: Change<bool>,
    concurrency: Change<u64>,
}

impl Written {
    /// Reads the fields that create takes.
    ///
    /// # Errors
    /// Every required field that is absent or `null`, and every one of another kind.
    pub(super) fn to_create(
        api: &ApiRules,
        members: &Members<'_>,
    ) -> Result<Self, Vec<InputError>> {
        let mut errors = Vec::new();
        for &field in &api.required {
            let name = api.name_of(field).unwrap_or_default();
            if members.get(name).is_none_or(members::is_null) {
                let detail = format!("{name} is missing: it is required");
                errors.push(members::refused(&members::pointer("", name), detail));
            }
        }
        Self::read(api, members, errors)
    }

    /// Reads the fields that update takes.
    ///
    /// # Errors
    /// Every one of another kind.
    pub(super) fn to_update(
        api: &ApiRules,
        members: &Members<'_>,
    ) -> Result<Self, Vec<InputError>> {
        Self::read(api, members, Vec::new())
    }

    fn read(
        api: &ApiRules,
        members: &Members<'_>,
        mut errors: Vec<InputError>,
    ) -> Result<Self, Vec<InputError>> {
        let mut written = Self::default();
        for listed in &api.fields {
            let Some(value) = members.get(&listed.name) else {
                continue;
            };
            let pointer = members::pointer("", &listed.name);
            if let Err(error) = written.take(listed.field, &pointer, value) {
                errors.push(error);
            }
        }
        if errors.is_empty() {
            Ok(written)
        } else {
            Err(errors)
        }
    }

    fn take(
        &mut self,
        field: NativeField,
        pointer: &str,
        value: &RawValue,
    ) -> Result<(), InputError> {
        const FLAG: &str = "true or false";
        const NUMBER: &str = "a whole number";
        let plain_flag = || members::plain(pointer, value, FLAG);
        match field {
            NativeField::Name => set(&mut self.name, value, || members::text(pointer, value)),
            NativeField::Url => set(&mut self.url, value, || members::text(pointer, value)),
            NativeField::EventTypes => {
                set(&mut self.event_types, value, || {
                    members::texts(pointer, value)
                })?;
                if matches!(&self.event_types, Change::Set(types) if types.is_empty()) {
                    self.event_types = Change::Clear;
                }
                Ok(())
            }
            NativeField::Secret => set(&mut self.secret, value, || members::text(pointer, value)),
            NativeField::Enabled => set(&mut self.enabled, value, plain_flag),
            NativeField::TestMode => set(&mut self.test_mode, value, plain_flag),
            NativeField::Ordered => set(&mut self.ordered, value, plain_flag),
            NativeField::Retries => set(&mut self.retries, value, || {
                members::plain(pointer, value, NUMBER)
            }),
            NativeField::Concurrency => set(&mut self.concurrency, value, || {
                members::plain(pointer, value, NUMBER)
            }),
            NativeField::Headers => set(&mut self.headers, value, || {
                Ok(members::named_texts(pointer, value)?.into_iter().collect())
            }),
            NativeField::Metadata => set(&mut self.metadata, value, || {
                members::named_texts(pointer, value)
            }),
            // Not a caller's to set, and sent back by those who change what they got: ignored like unknown members.
            NativeField::Id
            | NativeField::CreatedAt
            | NativeField::UpdatedAt
            | NativeField::VerificationKeys => Ok(()),
        }
    }

    /// Whether an update says that the endpoint is to be enabled or disabled.
    pub(super) fn switch(&self) -> Option<bool> {
        given(&self.enabled).copied()
    }

    /// The draft of a new endpoint; `disabled` is the reason where it is written as not enabled.
    pub(super) fn into_new(
        self,
        contract: &Contract,
        tenant: Option<Tenant>,
        disabled: DisabledReason,
    ) -> NewEndpoint {
        let starts_disabled = self.switch() == Some(false);
        NewEndpoint {
            url: taken(self.url).unwrap_or_default(),
            name: taken(self.name),
            contract: Some(contract.name.clone()),
            event_types: taken(self.event_types),
            tenant,
            secret: taken(self.secret).map(SecretString::from),
            headers: taken(self.headers).unwrap_or_default(),
            metadata: taken(self.metadata).unwrap_or_default(),
            ordered: taken(self.ordered).unwrap_or_default(),
            concurrency: taken(self.concurrency),
            retry: RetryRequest {
                retries: taken(self.retries),
                ..RetryRequest::default()
            },
            timeout: None,
            rate_limit: None,
            breaker: None,
            test_mode: taken(self.test_mode).unwrap_or_default(),
            disabled: starts_disabled.then_some(disabled),
        }
    }

    /// The draft of a change to `endpoint`, the switch apart; `None` where it changes nothing else. `null` stands for
    /// the default where there is one, and else for nothing.
    pub(super) fn into_patch(self, endpoint: &Endpoint) -> Option<EndpointPatch> {
        let switch_alone = Self {
            enabled: self.enabled.clone(),
            ..Self::default()
        };
        if self == switch_alone {
            return None;
        }
        Some(EndpointPatch {
            url: taken(self.url),
            name: self.name,
            contract: None,
            event_types: self.event_types,
            secret: taken(self.secret).map(SecretString::from),
            headers: self.headers,
            metadata: self.metadata,
            ordered: taken(self.ordered),
            concurrency: self.concurrency,
            retry: match self.retries {
                Change::Keep => Change::Keep,
                Change::Clear => Change::Clear,
                Change::Set(retries) => Change::Set(with_retries(endpoint, retries)),
            },
            timeout: Change::Keep,
            rate_limit: Change::Keep,
            breaker: Change::Keep,
            test_mode: taken(self.test_mode),
        })
    }
}

/// The retry policy that the endpoint has, with another number of retries.
fn with_retries(endpoint: &Endpoint, retries: u32) -> RetryRequest {
    let own = endpoint.retry.as_ref();
    RetryRequest {
        steps: own.map(|policy| policy.steps.clone()),
        retries: Some(retries),
        window: own.and_then(|policy| policy.window),
        jitter: own.map(|policy| f64::from(policy.jitter_permille) / 1_000.0),
    }
}

/// Keeps what `value` says; `null` clears.
fn set<T>(
    slot: &mut Change<T>,
    value: &RawValue,
    read: impl FnOnce() -> Result<T, InputError>,
) -> Result<(), InputError> {
    *slot = if members::is_null(value) {
        Change::Clear
    } else {
        Change::Set(read()?)
    };
    Ok(())
}

fn given<T>(change: &Change<T>) -> Option<&T> {
    match change {
        Change::Set(value) => Some(value),
        Change::Keep | Change::Clear => None,
    }
}

fn taken<T>(change: Change<T>) -> Option<T> {
    match change {
        Change::Set(value) => Some(value),
        Change::Keep | Change::Clear => None,
    }
}
