//! The body: the event's parts in the contract's order.

use super::ecmascript;
use super::error::Undeliverable;
use super::json_text::{RawMember, members, push_compact};
use super::model::{BodyForm, BodyRoot, BodyRules, Member, MemberValue};
use crate::domain::event::Event;
use crate::domain::time::Timestamp;

impl BodyRules {
    /// Whether a signature can stand in the member `name`, behind the others.
    ///
    /// # Errors
    /// What was expected instead.
    pub(super) fn check_signature_member(&self, name: &str) -> Result<(), String> {
        let BodyRoot::Members(list) = &self.root else {
            return Err(
                "a header: under root = \"data\" the body has no member of its own".to_owned(),
            );
        };
        let is_listed =
            |member: &Member| matches!(member, Member::Value { name: own, .. } if own == name);
        if list.iter().any(is_listed) {
            return Err(format!(
                "a member of its own; body.members already has {name:?}"
            ));
        }
        if self.form == BodyForm::Ecmascript && ecmascript::is_array_index(name) {
            return Err(format!(
                "a member that can be the last: in ECMAScript {name:?} stands before all others"
            ));
        }
        Ok(())
    }

    /// The body for `event` in an attempt started at `attempt_time`, without the member `signature_member` that a
    /// signature will take.
    ///
    /// # Errors
    /// [`Undeliverable::Attributes`]; in ECMAScript form [`Undeliverable::Number`] and [`Undeliverable::Scalar`].
    pub(super) fn render(
        &self,
        event: &Event,
        attempt_time: Timestamp,
        signature_member: Option<&str>,
    ) -> Result<Vec<u8>, Undeliverable> {
        let payload_bytes = event.data.as_str().len()
            + event
                .attributes
                .as_ref()
                .map_or(0, |text| text.as_str().len());
        let mut body = Vec::with_capacity(payload_bytes + 256);
        match (&self.root, self.form) {
            (BodyRoot::Data, BodyForm::Compact) => push_compact(&mut body, event.data.as_str()),
            (BodyRoot::Data, BodyForm::Ecmascript) => {
                if !event.data.as_str().starts_with(['{', '[']) {
                    return Err(Undeliverable::Scalar);
                }
                push_ecmascript(&mut body, event.data.as_str())?;
            }
            (BodyRoot::Members(list), BodyForm::Compact) => {
                push_members(&mut body, list, event, attempt_time, signature_member)?;
            }
            (BodyRoot::Members(list), BodyForm::Ecmascript) => {
                let mut written = Vec::with_capacity(payload_bytes + 256);
                push_members(&mut written, list, event, attempt_time, signature_member)?;
                // Pieces of text put together are text: nothing is replaced here.
                push_ecmascript(&mut body, &String::from_utf8_lossy(&written))?;
            }
        }
        Ok(body)
    }
}

fn push_ecmascript(body: &mut Vec<u8>, json: &str) -> Result<(), Undeliverable> {
    ecmascript::push(body, json).map_err(|too_large| Undeliverable::Number { text: too_large.0 })
}

/// Puts a member behind the others; `value` is printable ASCII.
pub(super) fn append_member(body: &mut Vec<u8>, name: &str, value: &str) {
    if body.last() == Some(&b'}') {
        body.pop();
    }
    // Both forms write such texts alike, and serializing text cannot fail.
    let quoted = |text: &str| serde_json::to_string(text).unwrap_or_default();
    push_key(body, &format!("{}:", quoted(name)));
    body.extend_from_slice(quoted(value).as_bytes());
    body.push(b'}');
}

fn push_members(
    body: &mut Vec<u8>,
    list: &[Member],
    event: &Event,
    attempt_time: Timestamp,
    signature_member: Option<&str>,
) -> Result<(), Undeliverable> {
    let attributes = if list.iter().any(Member::needs_attributes) {
        attributes_of(event)?
    } else {
        Vec::new()
    };
    body.push(b'{');
    for member in list {
        match member {
            Member::Value {
                key_text, value, ..
            } => {
                push_value(body, key_text, value, event, attempt_time, &attributes);
            }
            Member::Attributes => {
                let is_free = |attribute: &&RawMember<'_>| {
                    !list.iter().any(|member| member.claims(attribute))
                        && !signature_member.is_some_and(|name| attribute.is_named(name))
                };
                for attribute in attributes.iter().filter(is_free) {
                    push_separator(body);
                    body.extend_from_slice(attribute.key.as_bytes());
                    body.push(b':');
                    push_compact(body, attribute.value);
                }
            }
        }
    }
    body.push(b'}');
    Ok(())
}

fn attributes_of(event: &Event) -> Result<Vec<RawMember<'_>>, Undeliverable> {
    match &event.attributes {
        Some(json) => members(json.as_str()).ok_or(Undeliverable::Attributes),
        None => Ok(Vec::new()),
    }
}

fn push_value(
    body: &mut Vec<u8>,
    key_text: &str,
    value: &MemberValue,
    event: &Event,
    attempt_time: Timestamp,
    attributes: &[RawMember<'_>],
) {
    // These texts have no character that JSON would escape; `text` relies on it.
    let text = match value {
        MemberValue::EventId => event.id.to_string(),
        MemberValue::EventType => event.event_type.as_str().to_owned(),
        MemberValue::EventTime => event.occurred_at.to_rfc3339_seconds(),
        MemberValue::AttemptTime => attempt_time.to_rfc3339_seconds(),
        MemberValue::Tenant => match event.audience.as_text() {
            Some(tenant) => tenant.to_owned(),
            None => return,
        },
        MemberValue::Data => {
            push_key(body, key_text);
            return push_compact(body, event.data.as_str());
        }
        MemberValue::Attribute(name) => {
            // Of repeated keys every common parser takes the last.
            if let Some(attribute) = attributes
                .iter()
                .rfind(|attribute| attribute.is_named(name))
            {
                push_key(body, key_text);
                push_compact(body, attribute.value);
            }
            return;
        }
    };
    push_key(body, key_text);
    body.push(b'"');
    body.extend_from_slice(text.as_bytes());
    body.push(b'"');
}

fn push_key(body: &mut Vec<u8>, key_text: &str) {
    push_separator(body);
    body.extend_from_slice(key_text.as_bytes());
}

fn push_separator(body: &mut Vec<u8>) {
    if body.last() != Some(&b'{') {
        body.push(b',');
    }
}

impl Member {
    fn needs_attributes(&self) -> bool {
        matches!(
            self,
            Self::Attributes
                | Self::Value {
                    value: MemberValue::Attribute(_),
                    ..
                }
        )
    }

    /// Whether this entry takes the attribute out of the spread: as its source, or by having its name.
    fn claims(&self, attribute: &RawMember<'_>) -> bool {
        match self {
            Self::Attributes => false,
            Self::Value { name, value, .. } => {
                let source = match value {
                    MemberValue::Attribute(source) => Some(source),
                    MemberValue::EventId
                    | MemberValue::EventType
                    | MemberValue::EventTime
                    | MemberValue::AttemptTime
                    | MemberValue::Tenant
                    | MemberValue::Data => None,
                };
                attribute.is_named(name) || source.is_some_and(|source| attribute.is_named(source))
            }
        }
    }
}
