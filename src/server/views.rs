//! The engine's types as the wire shows them. One direction only, and no secret has a way through here.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::time::Duration;

use crate::api::delivery::{
    AttemptDetail, AttemptView, BodyView, DeliveryView, HeaderView, PhasesView, RequestView,
    ResponseView,
};
use crate::api::endpoint::{
    BreakerBody, EndpointHealth, EndpointView, ExponentialBody, LedgerCounts, RateLimitBody,
    RetryBody, SecretView,
};
use crate::api::event::{EventView, FanoutView};
use crate::api::token::TokenView;
use crate::domain::attempt::{Attempt, Phases, Response};
use crate::domain::breaker::BreakerPolicy;
use crate::domain::delivery::Delivery;
use crate::domain::duration::DurationText;
use crate::domain::endpoint::{Endpoint, EndpointStatus};
use crate::domain::event::Event;
use crate::domain::fanout::Fanout;
use crate::domain::ledger::Counts;
use crate::domain::rate_limit::RateLimit;
use crate::domain::request::PreparedRequest;
use crate::domain::retry::{RetryPolicy, RetrySteps};
use crate::domain::token::Token;
use crate::engine;

/// A stored event with its data.
pub(super) fn event(event: &Event) -> EventView {
    EventView {
        data: Some(event.data.clone()),
        ..event_row(event)
    }
}

/// A stored event in a list: without its data.
pub(super) fn event_row(event: &Event) -> EventView {
    EventView {
        id: event.id,
        key: event.key.clone(),
        tenant: event.audience.as_text().map(str::to_owned),
        event_type: event.event_type.clone(),
        occurred_at: event.occurred_at,
        accepted_at: event.accepted_at,
        attributes: event.attributes.clone(),
        data: None,
        size: wire_count(event.data.as_str().len()),
        test: event.test,
        deliveries: None,
    }
}

/// How the deliveries of an event fare.
pub(super) fn fanout(fanout: &Fanout) -> FanoutView {
    FanoutView {
        total: fanout.total(),
        delivered: fanout.delivered,
        pending: fanout.pending,
        dead: fanout.dead,
        discarded: fanout.discarded,
    }
}

/// A delivery; `endpoint_name` is its endpoint's, where that has one.
pub(super) fn delivery(delivery: &Delivery, endpoint_name: Option<String>) -> DeliveryView {
    let last = delivery.last_attempt.as_ref();
    DeliveryView {
        id: delivery.id,
        event_id: delivery.event_id,
        event_type: delivery.event_type.clone(),
        endpoint_id: delivery.endpoint_id,
        endpoint_name,
        state: delivery.state.as_str().to_owned(),
        reason: delivery.state.reason().map(str::to_owned),
        attempts: delivery.attempts,
        next_attempt_at: delivery.next_attempt_at,
        last_attempt_at: last.map(|last| last.at),
        last_status: last.and_then(|last| last.status),
        last_class: last
            .and_then(|last| last.class)
            .map(|class| class.as_str().to_owned()),
        cause: delivery.cause.map(|cause| cause.to_string()),
        last_latency_us: last.map(|last| micros(last.latency)),
        test: delivery.test,
        created_at: delivery.created_at,
        updated_at: delivery.updated_at,
        replay_id: delivery.replay_id,
    }
}

/// An attempt in a list.
pub(super) fn attempt(attempt: &Attempt) -> AttemptView {
    AttemptView {
        id: attempt.id,
        number: attempt.number,
        started_at: attempt.started_at,
        remote_address: attempt.remote_address.map(|address| address.to_string()),
        status: attempt.response.as_ref().map(|response| response.status),
        class: attempt
            .failure
            .as_ref()
            .map(|failure| failure.class.as_str().to_owned()),
        failure: attempt.failure.as_ref().map(|failure| failure.text.clone()),
        held_back: attempt.held_back,
        certificate_expires_at: attempt.certificate_expires_at,
        replay_id: attempt.replay_id,
        phases: phases(&attempt.phases),
    }
}

/// An attempt with what was sent and what came back.
pub(super) fn attempt_detail(view: &engine::AttemptView) -> AttemptDetail {
    AttemptDetail {
        attempt: attempt(&view.attempt),
        request: view.request.as_ref().ok().map(request),
        request_missing: view.request.as_ref().err().cloned(),
        response: view.attempt.response.as_ref().map(response),
    }
}

fn phases(phases: &Phases) -> PhasesView {
    PhasesView {
        dns_us: phases.dns.map(micros),
        connect_us: phases.connect.map(micros),
        tls_us: phases.tls.map(micros),
        first_byte_us: phases.first_byte.map(micros),
        body_us: phases.body.map(micros),
        total_us: micros(phases.total),
        reused: phases.reused,
    }
}

fn request(request: &PreparedRequest) -> RequestView {
    RequestView {
        method: request.method.clone(),
        url: request.url.clone(),
        headers: request
            .headers
            .iter()
            .map(|(name, value)| HeaderView {
                name: name.clone(),
                value: value.clone(),
            })
            .collect(),
        body: body(&request.body),
        body_sha256: hex::encode(request.body_sha256),
        secret_ids: request.secret_ids.clone(),
        service_key_ids: request.service_key_ids.clone(),
    }
}

fn response(response: &Response) -> ResponseView {
    ResponseView {
        status: response.status,
        headers: response
            .headers
            .iter()
            .map(|(name, value)| HeaderView {
                name: name.clone(),
                value: String::from_utf8_lossy(value).into_owned(),
            })
            .collect(),
        body: body(&response.body),
        truncated: response.truncated,
    }
}

fn body(bytes: &[u8]) -> BodyView {
    match std::str::from_utf8(bytes) {
        Ok(text) => BodyView::Text(text.to_owned()),
        Err(_) => BodyView::Base64(BASE64.encode(bytes)),
    }
}

/// What an endpoint takes from elsewhere: its contract and its fate.
#[derive(Clone, Debug, Default)]
pub(super) struct EndpointContext {
    /// The contract's retry policy.
    pub(super) retry: Option<RetryPolicy>,
    /// The contract's rate limit.
    pub(super) rate_limit: Option<RateLimit>,
    /// The service's breaker settings.
    pub(super) breaker: BreakerPolicy,
    /// The contract's limit on an exchange.
    pub(super) timeout: Duration,
    /// Requests in flight at once, unless it says otherwise.
    pub(super) concurrency: usize,
    /// How it fares.
    pub(super) health: EndpointHealth,
}

/// An endpoint, with its secrets' values left out.
pub(super) fn endpoint(endpoint: &Endpoint, context: EndpointContext) -> EndpointView {
    let (status_reason, paused_until) = match &endpoint.status {
        EndpointStatus::Paused { until, reason } => (reason.clone(), *until),
        EndpointStatus::Disabled { reason } => (Some(reason.as_str().to_owned()), None),
        EndpointStatus::Active | EndpointStatus::Deleted => (None, None),
    };
    let policy = endpoint.retry.as_ref().or(context.retry.as_ref());
    let concurrency = endpoint.concurrency.unwrap_or(context.concurrency);
    EndpointView {
        id: endpoint.id,
        tenant: endpoint.tenant.clone(),
        name: endpoint.name.clone(),
        url: endpoint.url.clone(),
        contract: endpoint.contract.clone(),
        event_types: endpoint.event_types.clone(),
        headers: endpoint.headers.iter().cloned().collect(),
        metadata: endpoint.metadata.clone(),
        ordered: endpoint.ordered,
        concurrency: if endpoint.ordered {
            1
        } else {
            u32::try_from(concurrency).unwrap_or(u32::MAX)
        },
        retry: policy.map(retry).unwrap_or_default(),
        rate_limit: endpoint.rate_limit.or(context.rate_limit).map(rate_limit),
        breaker: breaker(match endpoint.breaker.as_deref() {
            Some(own) => own.over(context.breaker),
            None => context.breaker,
        }),
        timeout: DurationText(endpoint.timeout.unwrap_or(context.timeout)).to_string(),
        test_mode: endpoint.test_mode,
        status: endpoint.status.as_str().to_owned(),
        status_reason,
        paused_until,
        secrets: endpoint
            .secrets
            .iter()
            .map(|secret| SecretView {
                id: secret.id,
                created_at: secret.created_at,
                expires_at: secret.expires_at,
                short: secret.is_short(),
            })
            .collect(),
        health: context.health,
        created_at: endpoint.created_at,
        updated_at: endpoint.updated_at,
    }
}

fn rate_limit(limit: RateLimit) -> RateLimitBody {
    RateLimitBody {
        requests: u64::from(limit.requests()),
        per: DurationText(limit.per()).to_string(),
    }
}

fn breaker(policy: BreakerPolicy) -> BreakerBody {
    let text = |duration: Duration| DurationText(duration).to_string();
    BreakerBody {
        enabled: Some(policy.enabled),
        consecutive: Some(policy.consecutive),
        share: serde_json::Number::from_f64(f64::from(policy.share_permille) / 1_000.0),
        window: Some(policy.window),
        attempts_min: Some(policy.attempts_min),
        probe_first: Some(text(policy.probe_first)),
        probe_max: Some(text(policy.probe_max)),
    }
}

fn retry(policy: &RetryPolicy) -> RetryBody {
    let text = |duration: Duration| DurationText(duration).to_string();
    let (ladder, exponential) = match &policy.steps {
        RetrySteps::Ladder(delays) => (Some(delays.iter().copied().map(text).collect()), None),
        RetrySteps::Exponential {
            first,
            factor,
            retries,
            cap,
        } => (
            None,
            Some(ExponentialBody {
                first: text(*first),
                factor: *factor,
                retries: *retries,
                cap: text(*cap),
            }),
        ),
    };
    RetryBody {
        ladder,
        exponential,
        retries: None,
        window: policy.window.map(text),
        jitter: serde_json::Number::from_f64(f64::from(policy.jitter_permille) / 1_000.0),
    }
}

/// Deliveries by state.
pub(super) fn counts(counts: &Counts) -> LedgerCounts {
    let wire = |count: i64| u64::try_from(count).unwrap_or(0);
    LedgerCounts {
        created: wire(counts.created),
        delivered: wire(counts.delivered),
        pending: wire(counts.pending),
        held: wire(counts.held),
        dead: wire(counts.dead),
        discarded: wire(counts.discarded),
    }
}

/// A token without its value.
pub(super) fn token(token: &Token) -> TokenView {
    TokenView {
        id: token.id,
        name: token.name.clone(),
        role: token.role,
        tenant: token.tenant.clone(),
        prefix: token.prefix.clone(),
        created_at: token.created_at,
        expires_at: token.expires_at,
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Whole milliseconds.
pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A number of things in memory.
pub(super) fn wire_count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
