//! A received request, read back by the contract's templates.

use super::super::json_text;
use super::super::model::{BodyRoot, Contract, Member, MemberValue, SignatureRule, SignatureSlot};
use super::super::template::{Template, Variable};
use super::why::{WhyNot, shown};
use crate::domain::time::Timestamp;

/// A request with the values that its headers and body give to the contract's variables.
pub(super) struct Request<'a> {
    contract: &'a Contract,
    headers: &'a [(String, String)],
    pub(super) body: &'a [u8],
    /// What is known, the headers' values first; the first of several counts.
    values: Vec<(Variable, String)>,
}

impl<'a> Request<'a> {
    pub(super) fn new(
        contract: &'a Contract,
        headers: &'a [(String, String)],
        body: &'a [u8],
    ) -> Self {
        let mut request = Self {
            contract,
            headers,
            body,
            values: Vec::new(),
        };
        for (name, template) in &contract.request.headers {
            if let Some(text) = request.header(name) {
                let read = template.read(text).filter(|(_, rest)| rest.is_empty());
                request.learn(read.map(|(values, _)| values).unwrap_or_default());
            }
        }
        for slot in &contract.signatures {
            if let Some(text) = request.header(slot.place.header_name()) {
                request.learn(
                    slot.prefix
                        .read(text)
                        .map(|(values, _)| values)
                        .unwrap_or_default(),
                );
            }
        }
        request.learn_from_body();
        request
    }

    /// The value of `variable`, where the request carries it.
    pub(super) fn value(&self, variable: Variable) -> Option<&str> {
        let found = self.values.iter().find(|(known, _)| *known == variable);
        found.map(|(_, value)| value.as_str())
    }

    /// The time of the attempt in Unix seconds, where the request carries one.
    pub(super) fn signed_at(&self) -> Result<Option<i64>, WhyNot> {
        let Some(text) = self.value(Variable::AttemptUnix) else {
            return Ok(None);
        };
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let seconds = text.parse::<i64>().ok().filter(|_| is_number);
        seconds.map(Some).ok_or_else(|| WhyNot::Malformed {
            name: self
                .carrier(Variable::AttemptUnix)
                .unwrap_or("with the time")
                .to_owned(),
            expected: "the time in Unix seconds".to_owned(),
            found: shown(text),
        })
    }

    /// The slot's values as they came, taken apart.
    pub(super) fn signature_texts(&self, slot: &SignatureSlot) -> Result<Vec<&'a str>, WhyNot> {
        let name = slot.place.header_name();
        let times = self
            .headers
            .iter()
            .filter(|(other, _)| other.eq_ignore_ascii_case(name))
            .count();
        if times > 1 {
            let name = name.to_owned();
            return Err(WhyNot::RepeatedHeader { name, times });
        }
        let text = self.header(name).ok_or_else(|| missing(name))?;
        let (_, values) = slot.prefix.read(text).ok_or_else(|| WhyNot::Malformed {
            name: name.to_owned(),
            expected: slot.prefix.to_string(),
            found: shown(text),
        })?;
        if slot.separator.is_empty() {
            return Ok(vec![values]);
        }
        Ok(values
            .split(slot.separator.as_str())
            .filter(|value| !value.is_empty())
            .collect())
    }

    /// The bytes that `rule` signs, with `body` in the body's place.
    pub(super) fn message(
        &self,
        slot: &SignatureSlot,
        rule: &SignatureRule,
        body: &[u8],
    ) -> Result<Vec<u8>, WhyNot> {
        if let Some(absent) = rule
            .signed
            .variables()
            .find(|&variable| variable != Variable::Body && self.value(variable).is_none())
        {
            return Err(self.why_absent(slot, absent));
        }
        let mut message = Vec::with_capacity(body.len() + 96);
        rule.signed
            .write(&mut message, |variable, out| match variable {
                Variable::Body => out.extend_from_slice(body),
                other => out.extend_from_slice(self.value(other).unwrap_or_default().as_bytes()),
            });
        Ok(message)
    }

    fn header(&self, name: &str) -> Option<&'a str> {
        let found = self
            .headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim())
    }

    fn learn(&mut self, values: Vec<(Variable, &str)>) {
        for (variable, value) in values {
            self.values.push((variable, value.to_owned()));
            let instant = || value.parse::<Timestamp>().ok();
            let derived = match variable {
                Variable::AttemptTime => instant().map(|at| (Variable::AttemptUnix, at)),
                Variable::EventTime => instant().map(|at| (Variable::EventUnix, at)),
                _ => None,
            };
            if let Some((variable, at)) = derived {
                self.values
                    .push((variable, at.as_unix_seconds().to_string()));
            }
        }
    }

    /// The members that repeat a variable; only texts can.
    fn learn_from_body(&mut self) {
        let BodyRoot::Members(list) = &self.contract.body.root else {
            return;
        };
        let Ok(text) = std::str::from_utf8(self.body) else {
            return;
        };
        let found = json_text::members(text).unwrap_or_default();
        for member in list {
            let Member::Value { name, value, .. } = member else {
                continue;
            };
            let variable = match value {
                MemberValue::EventId => Variable::EventId,
                MemberValue::EventType => Variable::EventType,
                MemberValue::EventTime => Variable::EventTime,
                MemberValue::AttemptTime => Variable::AttemptTime,
                MemberValue::Tenant => Variable::Tenant,
                MemberValue::Data | MemberValue::Attribute(_) => continue,
            };
            let raw = found.iter().rfind(|member| member.is_named(name));
            if let Some(text) = raw.and_then(|raw| serde_json::from_str::<String>(raw.value).ok()) {
                self.learn(vec![(variable, text.as_str())]);
            }
        }
    }

    /// The header that the contract puts `variable` into.
    fn carrier(&self, variable: Variable) -> Option<&'a str> {
        let names = |template: &Template| template.count(variable) > 0;
        let listed = self
            .contract
            .request
            .headers
            .iter()
            .find(|(_, template)| names(template));
        let slot = || {
            self.contract
                .signatures
                .iter()
                .find(|slot| names(&slot.prefix))
        };
        listed
            .map(|(name, _)| name.as_str())
            .or_else(|| slot().map(|slot| slot.place.header_name()))
    }

    fn why_absent(&self, slot: &SignatureSlot, variable: Variable) -> WhyNot {
        let Some(name) = self.carrier(variable) else {
            let variable = variable.name();
            return WhyNot::NotCarried { variable };
        };
        let template = self
            .contract
            .request
            .headers
            .iter()
            .find(|(other, _)| other == name);
        let expected = template.map_or(&slot.prefix, |(_, template)| template);
        match self.header(name) {
            None => missing(name),
            Some(found) => WhyNot::Malformed {
                name: name.to_owned(),
                expected: expected.to_string(),
                found: shown(found),
            },
        }
    }
}

/// The signature inside a value, where the value has the rule's form.
pub(super) fn signature_in<'a>(rule: &SignatureRule, value: &'a str) -> Option<&'a str> {
    let (values, rest) = rule.value.read(value)?;
    let signature = values
        .iter()
        .find(|(variable, _)| *variable == Variable::Signature)?;
    rest.is_empty().then_some(signature.1)
}

fn missing(name: &str) -> WhyNot {
    WhyNot::MissingHeader {
        name: name.to_owned(),
    }
}
