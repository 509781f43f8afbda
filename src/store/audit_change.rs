//! What was before and after, as the audit log keeps it: of an endpoint the members that changed, never a secret.
//!
//! Secrets are named by their ids. Values of headers, and what follows a `?` in a URL, may be credentials: that they
//! changed is said, not what they are.

use serde_json::{Map, Value, json};

use super::endpoints::{StoredBreaker, StoredRetry};
use crate::domain::endpoint::{Endpoint, EndpointStatus};

/// Stands for what the log does not keep.
const HIDDEN: &str = "(hidden)";

/// The members of a JSON object that changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct AuditChange {
    /// As they were; `None` for something new.
    pub(super) before: Option<String>,
    /// As they are; `None` for something that is gone.
    pub(super) after: Option<String>,
}

impl AuditChange {
    /// What changed of an endpoint; all of it where there was none before.
    pub(super) fn of_endpoint(before: Option<&Endpoint>, after: &Endpoint) -> Self {
        let Some(before) = before else {
            return Self::made(members(after));
        };
        let mut changed = Self::between(&members(before), members(after));
        let hidden = [
            ("url", before.url != after.url),
            ("headers", before.headers != after.headers),
        ];
        for (member, differs) in hidden {
            changed.note_hidden(member, differs);
        }
        changed.finish()
    }

    /// Of a thing that was made, what is worth keeping: an object.
    pub(super) fn new_thing(after: &Value) -> Self {
        Self {
            before: None,
            after: Some(after.to_string()),
        }
    }

    /// Of a thing that is there no more, what was worth keeping: an object.
    pub(super) fn gone_thing(before: &Value) -> Self {
        Self {
            before: Some(before.to_string()),
            after: None,
        }
    }

    /// The one member that changed, such as `state`.
    pub(super) fn of_member(name: &str, before: &Value, after: &Value) -> Self {
        let object = |value| Some(json!({ name: value }).to_string());
        Self {
            before: object(before),
            after: object(after),
        }
    }

    /// What is new.
    fn made(after: Map<String, Value>) -> Self {
        Self {
            before: None,
            after: Some(Value::Object(after).to_string()),
        }
    }

    /// Members that differ between two objects.
    fn between(before: &Map<String, Value>, after: Map<String, Value>) -> Unfinished {
        let mut changed = Unfinished::default();
        for (name, is) in after {
            let was = before.get(&name).cloned().unwrap_or(Value::Null);
            if was != is {
                changed.before.insert(name.clone(), was);
                changed.after.insert(name, is);
            }
        }
        changed
    }
}

#[derive(Default)]
struct Unfinished {
    before: Map<String, Value>,
    after: Map<String, Value>,
}

impl Unfinished {
    /// A member whose difference does not show gets it said.
    fn note_hidden(&mut self, member: &str, differs: bool) {
        if differs && !self.after.contains_key(member) {
            self.before.insert(member.to_owned(), HIDDEN.into());
            let changed = "(hidden, changed)";
            self.after.insert(member.to_owned(), changed.into());
        }
    }

    fn finish(self) -> AuditChange {
        if self.after.is_empty() {
            return AuditChange::default();
        }
        AuditChange {
            before: Some(Value::Object(self.before).to_string()),
            after: Some(Value::Object(self.after).to_string()),
        }
    }
}

fn members(endpoint: &Endpoint) -> Map<String, Value> {
    let headers: Map<String, Value> = endpoint
        .headers
        .iter()
        .map(|(name, _)| (name.clone(), HIDDEN.into()))
        .collect();
    let secrets: Vec<Value> = endpoint
        .secrets
        .iter()
        .map(|secret| json!({ "id": secret.id, "expires_at": secret.expires_at }))
        .collect();
    let (until, reason) = match &endpoint.status {
        EndpointStatus::Paused { until, reason } => (*until, reason.clone()),
        EndpointStatus::Disabled { reason } => (None, Some(reason.as_str().to_owned())),
        EndpointStatus::Active | EndpointStatus::Deleted => (None, None),
    };
    let object = json!({
        "tenant": endpoint.tenant.as_ref().map(|tenant| tenant.as_str()),
        "name": endpoint.name,
        "url": without_query(&endpoint.url),
        "contract": endpoint.contract,
        "event_types": endpoint.event_types,
        "headers": headers,
        "metadata": endpoint.metadata,
        "ordered": endpoint.ordered,
        "concurrency": endpoint.concurrency,
        "retry": endpoint.retry.as_ref().map(StoredRetry::from),
        "rate_limit": endpoint.rate_limit.map(|limit| limit.to_string()),
        "breaker": endpoint.breaker.as_deref().map(|own| StoredBreaker::from(*own)),
        "timeout_ms": endpoint.timeout.map(|timeout| u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX)),
        "test_mode": endpoint.test_mode,
        "status": endpoint.status.as_str(),
        "paused_until": until,
        "status_reason": reason,
        "secrets": secrets,
    });
    match object {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

fn without_query(url: &str) -> String {
    match url.split_once('?') {
        Some((place, _)) => format!("{place}?{HIDDEN}"),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::endpoint::{DisabledReason, HoldClock, SealedSecret};
    use crate::domain::id::{EndpointId, SecretId};
    use crate::domain::time::Timestamp;

    fn endpoint() -> Endpoint {
        Endpoint {
            id: EndpointId::from_i64(1),
            tenant: None,
            name: Some("shop".to_owned()),
            url: "https://example.com/in?token=hunter2".to_owned(),
            contract: "standard".to_owned(),
            event_types: vec!["*".parse().unwrap()],
            headers: vec![("Authorization".to_owned(), "Bearer hunter3".to_owned())],
            metadata: std::collections::BTreeMap::new(),
            ordered: false,
            concurrency: None,
            retry: None,
            rate_limit: None,
            breaker: None,
            breaker_open_since: None,
            timeout: None,
            test_mode: false,
            status: EndpointStatus::Active,
            hold: HoldClock::default(),
            secrets: vec![SealedSecret {
                id: SecretId::from_i64(2),
                sealed: b"hunter4".to_vec(),
                created_at: Timestamp::EPOCH,
                expires_at: None,
            }],
            created_at: Timestamp::EPOCH,
            updated_at: Timestamp::EPOCH,
            version: 1,
        }
    }

    #[test]
    fn a_new_endpoint_is_kept_whole_but_for_what_is_secret() {
        let made = AuditChange::of_endpoint(None, &endpoint());
        assert_eq!(made.before, None);
        let after = made.after.unwrap();
        assert!(after.contains("https://example.com/in?(hidden)"), "{after}");
        assert!(
            after.contains("Authorization") && !after.contains("hunter"),
            "{after}"
        );
    }

    #[test]
    fn only_what_changed_is_kept_and_hidden_changes_are_said() {
        let before = endpoint();
        let status = EndpointStatus::Disabled {
            reason: DisabledReason::Failing,
        };
        let disabled = Endpoint {
            status,
            ..before.clone()
        };
        let changed = AuditChange::of_endpoint(Some(&before), &disabled);
        let expected = r#"{"status":"active","status_reason":null}"#;
        assert_eq!(changed.before.as_deref(), Some(expected));
        let expected = r#"{"status":"disabled","status_reason":"failing"}"#;
        assert_eq!(changed.after.as_deref(), Some(expected));
        let mut moved = before.clone();
        moved.url = "https://example.com/in?token=hunter5".to_owned();
        moved.headers[0].1 = "Bearer hunter6".to_owned();
        let changed = AuditChange::of_endpoint(Some(&before), &moved);
        let expected = r#"{"url":"(hidden, changed)","headers":"(hidden, changed)"}"#;
        assert_eq!(changed.after.as_deref(), Some(expected));
        let same = AuditChange::of_endpoint(Some(&before), &before.clone());
        assert_eq!(same, AuditChange::default());
    }
}
