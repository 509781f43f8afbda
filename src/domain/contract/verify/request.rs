//! A received request, read back by the contract's templates.

use std::borrow::Cow;

use super::super::ecmascript;
use super::super::json_text::{self, RawMember};
use super::super::model::{
    BodyForm, BodyRoot, Contract, Member, MemberValue, SignaturePlace, SignatureRule, SignatureSlot,
};
use super::super::template::{Template, Variable};
use super::why::{WhyNot, shown};
use crate::domain::json::RawJson;
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
            if let Ok(text) = request.signature_text(slot) {
                let read = slot.prefix.read(&text);
                request.learn(read.map(|(values, _)| values).unwrap_or_default());
            }
        }
        request.learn_from_body();
        request
    }

    /// The form of JSON that the contract sends.
    pub(super) fn form(&self) -> BodyForm {
        self.contract.body.form
    }

    /// The body with the members that the contract lists in its order, and those of its spread in the order that they
    /// came in; `None` where it is no such object.
    pub(super) fn in_contract_order(&self) -> Option<Vec<u8>> {
        let BodyRoot::Members(list) = &self.contract.body.root else {
            return Some(self.body.to_vec());
        };
        let mut rest = json_text::members(std::str::from_utf8(self.body).ok()?)?;
        let mut take = |name: &str| {
            let found = rest.iter().position(|member| member.is_named(name));
            found.map(|position| rest.remove(position))
        };
        // The signature was appended; what no entry names is of the spread.
        let mut slots = self.contract.signatures.iter();
        let sealed = slots.find_map(|slot| take(slot.place.member_name()?));
        let mut listed: Vec<Option<RawMember<'_>>> = list
            .iter()
            .map(|member| match member {
                Member::Value { name, .. } => take(name),
                Member::Attributes => None,
            })
            .collect();
        let spread = list
            .iter()
            .position(|member| *member == Member::Attributes)
            .unwrap_or(list.len());
        let behind = listed.split_off(spread);
        let listed = listed.into_iter().flatten();
        let all = listed
            .chain(rest)
            .chain(behind.into_iter().flatten())
            .chain(sealed);
        let members: Vec<String> = all
            .map(|member| format!("{}:{}", member.key, member.value))
            .collect();
        Some(format!("{{{}}}", members.join(",")).into_bytes())
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
            place: self
                .carrier(Variable::AttemptUnix)
                .map_or("the time".to_owned(), |place| place.to_string()),
            expected: "the time in Unix seconds".to_owned(),
            found: shown(text),
        })
    }

    /// What stands in the slot's place, all of it.
    pub(super) fn signature_text(&self, slot: &SignatureSlot) -> Result<Cow<'a, str>, WhyNot> {
        let name = match &slot.place {
            SignaturePlace::Header(name) => name,
            SignaturePlace::Member(name) => return self.member_text(name).map(Cow::Owned),
        };
        let times = self
            .headers
            .iter()
            .filter(|(other, _)| other.eq_ignore_ascii_case(name))
            .count();
        if times > 1 {
            let name = name.to_owned();
            return Err(WhyNot::RepeatedHeader { name, times });
        }
        self.header(name)
            .map(Cow::Borrowed)
            .ok_or_else(|| missing(name))
    }

    fn member_text(&self, name: &str) -> Result<String, WhyNot> {
        let members = self.body_members(self.body, name)?;
        let found = members.iter().rfind(|member| member.is_named(name));
        let raw = found.ok_or_else(|| WhyNot::MissingMember {
            name: name.to_owned(),
        })?;
        serde_json::from_str(raw.value).map_err(|_| WhyNot::Malformed {
            place: SignaturePlace::Member(name.to_owned()).to_string(),
            expected: "text".to_owned(),
            found: shown(raw.value),
        })
    }

    /// The members of `body`, which is expected to carry a signature as its member `name`.
    fn body_members<'b>(&self, body: &'b [u8], name: &str) -> Result<Vec<RawMember<'b>>, WhyNot> {
        let text = std::str::from_utf8(body).ok();
        // What arrives may be anything: nothing looks into it before it is known to be JSON of bounded depth.
        text.filter(|text| RawJson::parse(text).is_ok())
            .and_then(json_text::members)
            .ok_or_else(|| WhyNot::NoObject {
                name: name.to_owned(),
            })
    }

    /// What a signature in `place` is made over: `body`, without the member that carries it.
    fn signed_part<'b>(
        &self,
        place: &SignaturePlace,
        body: &'b [u8],
    ) -> Result<Cow<'b, [u8]>, WhyNot> {
        let Some(name) = place.member_name() else {
            return Ok(Cow::Borrowed(body));
        };
        let mut rest = b"{".to_vec();
        for member in self.body_members(body, name)? {
            if !member.is_named(name) {
                if rest.len() > 1 {
                    rest.push(b',');
                }
                rest.extend_from_slice(member.key.as_bytes());
                rest.push(b':');
                rest.extend_from_slice(member.value.as_bytes());
            }
        }
        rest.push(b'}');
        Ok(Cow::Owned(match self.contract.body.form {
            BodyForm::Compact => rest,
            // Consumers parse the body, delete the member and print what is left.
            BodyForm::Ecmascript => ecmascript::of_bytes(&rest).unwrap_or(rest),
        }))
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
        let body = self.signed_part(&slot.place, body)?;
        let mut message = Vec::with_capacity(body.len() + 96);
        rule.signed
            .write(&mut message, |variable, out| match variable {
                Variable::Body => out.extend_from_slice(&body),
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

    /// Where the contract puts `variable`, outside of the body.
    fn carrier(&self, variable: Variable) -> Option<SignaturePlace> {
        let names = |template: &Template| template.count(variable) > 0;
        let mut listed = self.contract.request.headers.iter();
        let mut slots = self.contract.signatures.iter();
        let header = listed.find(|(_, template)| names(template));
        header
            .map(|(name, _)| SignaturePlace::Header(name.clone()))
            .or_else(|| {
                let slot = slots.find(|slot| names(&slot.prefix));
                slot.map(|slot| slot.place.clone())
            })
    }

    fn why_absent(&self, slot: &SignatureSlot, variable: Variable) -> WhyNot {
        let Some(place) = self.carrier(variable) else {
            let variable = variable.name();
            return WhyNot::NotCarried { variable };
        };
        let listed = place.header_name().and_then(|name| {
            let mut headers = self.contract.request.headers.iter();
            headers.find(|(other, _)| other == name)
        });
        let expected = listed.map_or(&slot.prefix, |(_, template)| template);
        match place.header_name().map(|name| (name, self.header(name))) {
            Some((name, None)) => missing(name),
            Some((_, Some(found))) => WhyNot::Malformed {
                place: place.to_string(),
                expected: expected.to_string(),
                found: shown(found),
            },
            None => WhyNot::NotCarried {
                variable: variable.name(),
            },
        }
    }
}

/// The values in the text of a slot's place.
pub(super) fn values_of<'t>(slot: &SignatureSlot, text: &'t str) -> Result<Vec<&'t str>, WhyNot> {
    let (_, values) = slot.prefix.read(text).ok_or_else(|| WhyNot::Malformed {
        place: slot.place.to_string(),
        expected: slot.prefix.to_string(),
        found: shown(text),
    })?;
    if slot.separator.is_empty() {
        return Ok(vec![values]);
    }
    let values = values.split(slot.separator.as_str());
    Ok(values.filter(|value| !value.is_empty()).collect())
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
