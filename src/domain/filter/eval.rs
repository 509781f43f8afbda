//! Whether a delivery passes a filter.
//!
//! Two-valued: a fact that is not there fails its test, so its negation passes. A store's SQL must say the same.

use serde_json::Value;

use super::ast::{
    AmountTest, ClassMatch, Comparison, Expr, MemberMatch, MemberTest, StateWord, StatusMatch,
    Term, Test, TextMatch,
};
use super::field::Field;
use super::parse::Filter;
use super::pattern::{IdMatch, IdNoun, Pattern};
use super::subject::Subject;
use crate::domain::attempt::LastAttempt;
use crate::domain::delivery::DeliveryState;
use crate::domain::past::Stood;
use crate::domain::time::Timestamp;

impl Filter {
    /// Whether `subject` passes at `now`.
    pub fn matches(&self, now: Timestamp, subject: &Subject<'_>) -> bool {
        self.expr
            .as_ref()
            .is_none_or(|expr| expr.matches(now, subject))
    }
}

impl Expr {
    /// Whether `subject` passes at `now`.
    pub fn matches(&self, now: Timestamp, subject: &Subject<'_>) -> bool {
        match self {
            Self::And(parts) => parts.iter().all(|part| part.matches(now, subject)),
            Self::Or(parts) => parts.iter().any(|part| part.matches(now, subject)),
            Self::Not(inner) => !inner.matches(now, subject),
            Self::Term(Term::Word(pattern)) => word(pattern, subject),
            Self::Term(Term::Field(field, test)) => field_passes(now, field, test, subject),
        }
    }
}

fn word(pattern: &Pattern, subject: &Subject<'_>) -> bool {
    let names = [
        Some(subject.event_type),
        subject.endpoint_name,
        subject.tenant,
    ];
    let is_named = names.into_iter().flatten().any(|name| {
        if pattern.is_literal() {
            pattern.is_in(name)
        } else {
            pattern.matches(name)
        }
    });
    is_named || IdMatch::of_word(pattern).is_some_and(|id| has_id(&id, subject))
}

fn has_id(id: &IdMatch, subject: &Subject<'_>) -> bool {
    match id.noun() {
        IdNoun::Delivery => id.matches(subject.delivery_id),
        IdNoun::Event => id.matches(subject.event_id),
        IdNoun::Endpoint => id.matches(subject.endpoint_id),
        IdNoun::Replay => subject.replay_id.is_some_and(|replay| id.matches(replay)),
    }
}

fn field_passes(now: Timestamp, field: &Field, test: &Test, subject: &Subject<'_>) -> bool {
    match test {
        Test::Text(matches) if *field == Field::Text => {
            matches.iter().any(|wanted| anywhere(wanted, subject))
        }
        Test::Text(matches) => matches.iter().any(|wanted| text(field, wanted, subject)),
        Test::State(states) => states.iter().any(|wanted| state(*wanted, subject)),
        Test::Status(statuses) => {
            let last = subject.last_attempt;
            statuses.iter().any(|wanted| status(*wanted, last))
        }
        Test::Class(classes) => {
            let class = subject.last_attempt.and_then(|last| last.class);
            class.is_some_and(|class| {
                classes
                    .iter()
                    .any(|wanted| *wanted == ClassMatch::Any || *wanted == ClassMatch::Class(class))
            })
        }
        Test::Amount(test) => {
            amount(now, field, subject).is_some_and(|amount| passes(test, amount))
        }
        Test::Flag(wanted) => subject.test == *wanted,
        Test::Network(networks) => subject.ip.is_some_and(|ip| {
            let ip = ip.to_canonical();
            networks.iter().any(|network| network.contains(&ip))
        }),
        Test::Member(test) => match field {
            Field::Body(path) => subject
                .payload
                .as_ref()
                .and_then(|payload| payload.value(path))
                .is_some_and(|value| json_passes(test, value)),
            Field::Header(name) => subject
                .answer_headers
                .iter()
                .filter(|(header, _)| header.eq_ignore_ascii_case(name))
                .any(|(_, value)| member_passes(test, &String::from_utf8_lossy(value))),
            _ => false,
        },
    }
}

fn text(field: &Field, wanted: &TextMatch, subject: &Subject<'_>) -> bool {
    if let TextMatch::Id(id) = wanted {
        return has_id(id, subject);
    }
    let is = |value: &str| match wanted {
        TextMatch::Pattern(pattern) => pattern.matches(value),
        TextMatch::Regex(regex) => regex.is_in(value),
        TextMatch::Id(_) => false,
    };
    match field {
        Field::Event => is(subject.event_type) || subject.event_key.is_some_and(is),
        Field::Type => is(subject.event_type),
        Field::Endpoint => subject.endpoint_name.is_some_and(is),
        Field::Tenant => subject.tenant.is_some_and(is),
        Field::Contract => is(subject.contract),
        Field::Cause => subject.cause.as_deref().is_some_and(is),
        Field::Host => subject.host.as_deref().is_some_and(is),
        Field::Metadata(key) => subject
            .metadata
            .and_then(|metadata| metadata.get(key))
            .is_some_and(|value| is(value)),
        _ => false,
    }
}

/// `text`: a part of the payload, of the latest failure's text or of the latest answer's body.
fn anywhere(wanted: &TextMatch, subject: &Subject<'_>) -> bool {
    let is_in = |value: &str| match wanted {
        TextMatch::Pattern(pattern) => pattern.is_in(value),
        TextMatch::Regex(regex) => regex.is_in(value),
        TextMatch::Id(_) => false,
    };
    let payload = subject.payload.as_ref();
    payload.is_some_and(|payload| payload.texts().any(is_in))
        || subject.failure_text.is_some_and(is_in)
        || subject
            .answer_body
            .is_some_and(|body| is_in(&String::from_utf8_lossy(body)))
}

fn state(wanted: StateWord, subject: &Subject<'_>) -> bool {
    match wanted {
        StateWord::Pending => subject.stood == Stood::Told(DeliveryState::Pending),
        StateWord::Held => subject.stood == Stood::Told(DeliveryState::Held),
        StateWord::Delivered => subject.stood == Stood::Told(DeliveryState::Delivered),
        StateWord::Dead => matches!(
            subject.stood,
            Stood::Dead | Stood::Told(DeliveryState::Dead(_))
        ),
        StateWord::Discarded => matches!(
            subject.stood,
            Stood::Discarded | Stood::Told(DeliveryState::Discarded(_))
        ),
        StateWord::Retrying => {
            subject.stood == Stood::Told(DeliveryState::Pending) && subject.budget_attempts > 0
        }
        StateWord::InFlight => subject.in_flight,
    }
}

fn status(wanted: StatusMatch, last: Option<&LastAttempt>) -> bool {
    let code = last.and_then(|last| last.status);
    let class = last.and_then(|last| last.class);
    match wanted {
        StatusMatch::Codes(from, to) => code.is_some_and(|code| (from..=to).contains(&code)),
        StatusMatch::Class(wanted) => class == Some(wanted),
        StatusMatch::AnyFailure => class.is_some(),
        StatusMatch::NoAnswer => code.is_none(),
    }
}

/// The amount a field has, in its own unit.
fn amount(now: Timestamp, field: &Field, subject: &Subject<'_>) -> Option<i64> {
    let since = |instant: Timestamp| i64::try_from(now.since(instant).as_millis()).ok();
    match field {
        Field::Attempts => Some(i64::from(subject.attempts)),
        Field::Latency => i64::try_from(subject.last_attempt?.latency.as_millis()).ok(),
        Field::Age => since(subject.created_at),
        Field::Last => since(
            subject
                .last_attempt
                .map_or(subject.created_at, |last| last.at),
        ),
        Field::At => Some(subject.created_at.as_millis()),
        Field::Size => i64::try_from(subject.size?).ok(),
        _ => None,
    }
}

fn passes(test: &AmountTest, amount: i64) -> bool {
    test.ranges()
        .into_iter()
        .any(|(from, to)| (from..=to).contains(&amount))
}

/// A value inside a payload: an array passes when one of its items does, an object never does.
fn json_passes(test: &MemberTest, value: &Value) -> bool {
    match value {
        Value::Array(items) => items
            .iter()
            .any(|item| !item.is_array() && json_passes(test, item)),
        Value::Object(_) => false,
        Value::String(text) => member_passes(test, text),
        Value::Null | Value::Bool(_) | Value::Number(_) => member_passes(test, &value.to_string()),
    }
}

fn member_passes(test: &MemberTest, text: &str) -> bool {
    let number = || {
        text.trim()
            .parse::<f64>()
            .ok()
            .filter(|found| found.is_finite())
    };
    match test {
        MemberTest::Compare(comparison, wanted) => number().is_some_and(|found| match comparison {
            Comparison::Less => found < *wanted,
            Comparison::LessOrEqual => found <= *wanted,
            Comparison::Greater => found > *wanted,
            Comparison::GreaterOrEqual => found >= *wanted,
        }),
        MemberTest::AnyOf(matches) => matches.iter().any(|wanted| match wanted {
            MemberMatch::Pattern(pattern) => pattern.matches(text),
            MemberMatch::Regex(regex) => regex.is_in(text),
            MemberMatch::Between(from, to) => {
                number().is_some_and(|found| (*from..=*to).contains(&found))
            }
        }),
    }
}
