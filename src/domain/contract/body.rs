//! The body: the event's parts in the contract's order.

use super::error::Undeliverable;
use super::json_text::{RawMember, members, push_compact};
use super::model::{BodyRoot, BodyRules, Member, MemberValue};
use crate::domain::event::Event;
use crate::domain::time::Timestamp;

impl BodyRules {
    /// The body for `event` in an attempt started at `attempt_time`.
    ///
    /// # Errors
    /// [`Undeliverable::Attributes`].
    pub(super) fn render(
        &self,
        event: &Event,
        attempt_time: Timestamp,
    ) -> Result<Vec<u8>, Undeliverable> {
        let payload_bytes = event.data.as_str().len()
            + event
                .attributes
                .as_ref()
                .map_or(0, |text| text.as_str().len());
        let mut body = Vec::with_capacity(payload_bytes + 256);
        match &self.root {
            BodyRoot::Data => push_compact(&mut body, event.data.as_str()),
            BodyRoot::Members(list) => push_members(&mut body, list, event, attempt_time)?,
        }
        Ok(body)
    }
}

fn push_members(
    body: &mut Vec<u8>,
    list: &[Member],
    event: &Event,
    attempt_time: Timestamp,
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
                let listed = |attribute: &&RawMember<'_>| {
                    !list.iter().any(|member| member.claims(attribute))
                };
                for attribute in attributes.iter().filter(listed) {
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
