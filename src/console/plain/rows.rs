//! Rows and details as sentences; not escaped.

use crate::api::audit::AuditEntryView;
use crate::api::cause::CausesView;
use crate::api::dead::{DeadCauseView, DeadCausesView};
use crate::api::delivery::{DeliveryDetail, DeliveryView};
use crate::api::endpoint::EndpointView;
use crate::api::event::EventView;
use crate::api::log::LogLineView;
use crate::api::replay::ReplayView;
use crate::api::saved_view::SavedView;
use crate::api::stats::StatsView;
use crate::console::view::dead::name;
use crate::console::view::format;
use crate::domain::id::{DeliveryId, EventId};

/// A row of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub text: String,
    pub target: Target,
}

/// What a row stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Delivery(DeliveryId),
    Endpoint(Box<EndpointView>),
    Event(EventId),
    /// A cause of dead letters, and its name.
    Cause {
        id: String,
        name: String,
    },
    Replay(Box<ReplayView>),
    /// A saved view.
    Saved(String),
    /// Nothing that can be opened.
    Text,
}

impl Target {
    /// What lists the deliveries that it leads to; none where it is one itself, or leads to none.
    pub(super) fn filter(&self) -> Option<String> {
        match self {
            Self::Endpoint(endpoint) => Some(format!("ep:{}", endpoint.id)),
            Self::Event(id) => Some(format!("event:{id}")),
            Self::Cause { id, .. } => Some(format!("state:dead cause:{id}")),
            Self::Replay(replay) => Some(format!("replay:{}", replay.id)),
            Self::Saved(name) => Some(format!("@{name}")),
            Self::Delivery(_) | Self::Text => None,
        }
    }
}

pub(super) fn delivery(row: &DeliveryView) -> Row {
    let endpoint = row
        .endpoint_name
        .clone()
        .unwrap_or_else(|| row.endpoint_id.to_string());
    let mut text = format!(
        "{}, {} to {endpoint}, attempt {}",
        row.state, row.event_type, row.attempts
    );
    if let Some(status) = row.last_status {
        text += &format!(", status {status}");
    }
    if let Some(class) = &row.last_class {
        text += &format!(", failed by {class}");
    }
    if let Some(at) = row.next_attempt_at {
        text += &format!(", next attempt at {}", format::time(at));
    }
    text += &format!(", of {}, {}", format::time(row.created_at), row.id);
    Row {
        text,
        target: Target::Delivery(row.id),
    }
}

pub(super) fn detail(detail: &DeliveryDetail) -> Vec<String> {
    let row = &detail.delivery;
    let mut lines = vec![delivery(row).text, detail.why.clone()];
    lines.extend(detail.history.iter().map(|attempt| {
        let ended = match (&attempt.failure, attempt.status) {
            (Some(failure), _) => failure.clone(),
            (None, Some(status)) => format!("status {status}"),
            (None, None) => "no answer".to_owned(),
        };
        let at = format::time_millis(attempt.started_at);
        format!("attempt {} at {at}: {ended}", attempt.number)
    }));
    lines.push(format!(
        "requests and responses: hookyard delivery show {} --attempt N",
        row.id
    ));
    lines
}

pub(super) fn endpoint(row: &EndpointView) -> Row {
    let called = row.name.clone().unwrap_or_else(|| row.id.to_string());
    let queue = &row.health.deliveries;
    Row {
        text: format!(
            "{called}, {}, breaker {}, {} pending, {} dead, {} attempts in the last hour of which {} succeeded, {}",
            row.status,
            row.health.breaker,
            queue.pending,
            queue.dead,
            row.health.attempts_1h,
            row.health.successes_1h,
            row.url
        ),
        target: Target::Endpoint(Box::new(row.clone())),
    }
}

pub(super) fn event(row: &EventView) -> Row {
    Row {
        text: format!(
            "{}, accepted at {}, {}",
            row.event_type,
            format::time(row.accepted_at),
            row.id
        ),
        target: Target::Event(row.id),
    }
}

pub(super) fn dead(causes: &DeadCausesView) -> Vec<Row> {
    let row = |cause: &DeadCauseView| Row {
        text: format!(
            "{}: {} dead at {} endpoints",
            name(cause),
            cause.dead,
            cause.endpoints
        ),
        target: Target::Cause {
            id: cause.id.clone(),
            name: name(cause),
        },
    };
    causes.items.iter().map(row).collect()
}

pub(super) fn replay(row: &ReplayView) -> Row {
    let counts = row.now();
    Row {
        text: format!(
            "{}, {} of {} delivered, {} failed, of {}, by {}, {}",
            row.state, counts.delivered, row.total, counts.failed, row.selection, row.who, row.id
        ),
        target: Target::Replay(Box::new(row.clone())),
    }
}

pub(super) fn audit(row: &AuditEntryView) -> Row {
    let target = row.target.as_deref().unwrap_or("nothing by itself");
    Row {
        text: format!(
            "{}, {} on {target}, by {}",
            format::time(row.at),
            row.what,
            row.who
        ),
        target: Target::Text,
    }
}

pub(super) fn saved(row: &SavedView) -> Row {
    Row {
        text: format!(
            "@{} stands for {}, saved by {} at {}",
            row.name, row.filter, row.who, row.updated_at
        ),
        target: Target::Saved(row.name.clone()),
    }
}

pub(super) fn log(row: &LogLineView) -> Row {
    Row {
        text: format!(
            "{}, {} of {}: {}",
            format::time(row.at),
            row.level,
            row.part,
            row.text
        ),
        target: Target::Text,
    }
}

/// How the service fares.
pub(super) fn pulse(stats: &StatsView, causes: &CausesView) -> Vec<String> {
    let ledger = &stats.ledger;
    let failed = stats
        .traffic
        .attempts
        .saturating_sub(stats.traffic.successes);
    let mut lines = vec![
        format!(
            "{} pending, {} held, {} dead, {} delivered, {} in flight",
            ledger.pending, ledger.held, ledger.dead, ledger.delivered, stats.in_flight
        ),
        format!(
            "the last hour: {} attempts, {failed} failed",
            stats.traffic.attempts
        ),
    ];
    lines.extend(causes.items.iter().take(5).map(|cause| {
        format!(
            "failing: {} times {}, dead {}",
            cause.failures, cause.message, cause.dead
        )
    }));
    lines
}
