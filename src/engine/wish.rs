//! From what a caller asks for to an endpoint: all members checked, all that is wrong collected.

use crate::domain::address::AddressRules;
use crate::domain::breaker::BreakerPolicy;
use crate::domain::contract::{Contract, ContractSet};
use crate::domain::endpoint::{Endpoint, EndpointStatus, HoldClock};
use crate::domain::endpoint_check as check;
use crate::domain::endpoint_draft::{
    Change, EndpointPatch, InvalidInput, NewEndpoint, RetryRequest,
};
use crate::domain::id::EndpointId;
use crate::domain::time::Timestamp;

/// Collects what is wrong; what was right is kept.
#[derive(Default)]
struct Review(Vec<InvalidInput>);

impl Review {
    fn take<T>(&mut self, checked: Result<T, InvalidInput>) -> Option<T> {
        checked.map_err(|wrong| self.0.push(wrong)).ok()
    }
}

/// A new endpoint, without its secret.
///
/// # Errors
/// Everything that is wrong with the wish.
pub(super) fn granted(
    id: EndpointId,
    contract: &Contract,
    targets: &AddressRules,
    service: BreakerPolicy,
    new: NewEndpoint,
    now: Timestamp,
) -> Result<Endpoint, Vec<InvalidInput>> {
    let mut review = Review::default();
    let url = review.take(check::url(targets, contract, &new.url));
    let name = new
        .name
        .as_deref()
        .and_then(|name| review.take(check::name(name)));
    let event_types = review.take(check::event_types(contract, new.event_types.as_deref()));
    if let Some(patterns) = &event_types {
        review.take(check::types_for(new.tenant.as_ref(), patterns));
    }
    if let Some(secret) = &new.secret {
        review.take(check::secret(contract, secret));
    }
    let headers = review.take(check::headers(contract, new.headers));
    let metadata = review.take(check::metadata(new.metadata));
    let concurrency = new
        .concurrency
        .and_then(|count| review.take(check::concurrency(count)));
    let retry = review.take(check::retry(contract, &new.retry)).flatten();
    let timeout = new
        .timeout
        .and_then(|timeout| review.take(check::timeout(timeout)));
    let rate_limit = new
        .rate_limit
        .and_then(|limit| review.take(check::rate_limit(contract, limit)));
    let breaker = new
        .breaker
        .and_then(|own| review.take(check::breaker(service, own)).flatten());
    let (Some(url), true) = (url, review.0.is_empty()) else {
        return Err(review.0);
    };
    let status = match new.disabled {
        Some(reason) => EndpointStatus::Disabled { reason },
        None => EndpointStatus::Active,
    };
    let hold = HoldClock::default();
    let held = status.holds();
    Ok(Endpoint {
        id,
        tenant: new.tenant,
        name,
        url,
        contract: contract.name.clone(),
        event_types: event_types.unwrap_or_default(),
        headers: headers.unwrap_or_default(),
        metadata: metadata.unwrap_or_default(),
        ordered: new.ordered,
        concurrency,
        retry,
        rate_limit,
        breaker,
        breaker_open_since: None,
        timeout,
        test_mode: new.test_mode,
        status,
        hold: if held { hold.start(now) } else { hold },
        secrets: Vec::new(),
        created_at: now,
        updated_at: now,
        version: 1,
    })
}

/// `endpoint` with the patch applied, its secrets as they were.
///
/// What the patch does not name is not checked again, unless the contract changes.
///
/// # Errors
/// Everything that is wrong with the patch.
pub(super) fn patched(
    endpoint: &Endpoint,
    contracts: &ContractSet,
    targets: &AddressRules,
    service: BreakerPolicy,
    patch: &EndpointPatch,
) -> Result<Endpoint, Vec<InvalidInput>> {
    let name = patch.contract.as_deref().unwrap_or(&endpoint.contract);
    let contract = check::contract(contracts, Some(name)).map_err(|wrong| vec![wrong])?;
    let moves = contract.name != endpoint.contract;
    let mut review = Review::default();
    let mut next = endpoint.clone();
    next.contract.clone_from(&contract.name);
    if patch.url.is_some() || moves {
        let url = patch.url.as_deref().unwrap_or(&endpoint.url);
        next.url = review
            .take(check::url(targets, contract, url))
            .unwrap_or_default();
    }
    next.name = apply(&patch.name, next.name, |name| {
        review.take(check::name(name))
    });
    match &patch.event_types {
        Change::Keep => {}
        Change::Clear => {
            next.event_types = review
                .take(check::event_types(contract, None))
                .unwrap_or_default()
        }
        Change::Set(texts) => {
            next.event_types = review
                .take(check::event_types(contract, Some(texts)))
                .unwrap_or_default();
        }
    }
    review.take(check::types_for(next.tenant.as_ref(), &next.event_types));
    next = with_notes(next, contract, patch, &mut review);
    next.concurrency = apply(&patch.concurrency, next.concurrency, |&count| {
        review.take(check::concurrency(count))
    });
    next.timeout = apply(&patch.timeout, next.timeout, |&timeout| {
        review.take(check::timeout(timeout))
    });
    next.retry = apply(&patch.retry, next.retry, |asked: &RetryRequest| {
        review.take(check::retry(contract, asked)).flatten()
    });
    next.breaker = apply(&patch.breaker, next.breaker, |&own| {
        review.take(check::breaker(service, own)).flatten()
    });
    next.rate_limit = apply(&patch.rate_limit, next.rate_limit, |&limit| {
        review.take(check::rate_limit(contract, limit))
    });
    if let Some(secret) = &patch.secret {
        review.take(check::secret(contract, secret));
    }
    next.ordered = patch.ordered.unwrap_or(next.ordered);
    next.test_mode = patch.test_mode.unwrap_or(next.test_mode);
    if review.0.is_empty() {
        Ok(next)
    } else {
        Err(review.0)
    }
}

/// The headers and metadata as the patch wants them.
fn with_notes(
    mut next: Endpoint,
    contract: &Contract,
    patch: &EndpointPatch,
    review: &mut Review,
) -> Endpoint {
    let headers = apply(&patch.headers, Some(next.headers), |headers| {
        Some(headers.clone())
    });
    next.headers = review
        .take(check::headers(contract, headers.unwrap_or_default()))
        .unwrap_or_default();
    let metadata = apply(&patch.metadata, Some(next.metadata), |metadata| {
        Some(metadata.clone())
    });
    next.metadata = review
        .take(check::metadata(metadata.unwrap_or_default()))
        .unwrap_or_default();
    next
}

fn apply<T, V>(change: &Change<V>, old: Option<T>, set: impl FnOnce(&V) -> Option<T>) -> Option<T> {
    match change {
        Change::Keep => old,
        Change::Clear => None,
        Change::Set(value) => set(value),
    }
}
