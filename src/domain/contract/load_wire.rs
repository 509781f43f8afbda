//! The part of a contract's text that says what goes over the wire: request, body, signatures.

use std::time::Duration;

use super::error::ContractError;
use super::header;
use super::model::{
    Algorithm, BodyForm, BodyRoot, BodyRules, Encoding, GoneRule, KeyKind, Member, MemberValue,
    RequestRules, SignaturePlace, SignatureRule, SignatureSlot, SuccessRule, WhichSecrets,
};
use super::reader::{Table, Value, first_repeated, nearest_hint};
use super::template::{Template, TemplatePlace, Variable};
use crate::domain::limits::{CONTRACT_LIST_MAX, TIMEOUT_MAX};

/// What a request says of its sender unless the contract says otherwise. It is part of the canonical text, so an
/// attempt made by an older version is rendered again with that version's name.
const USER_AGENT: &str = concat!("Hookyard/", env!("CARGO_PKG_VERSION"));

const MEMBER_NAME: &str = "the member's name, 1 to 128 characters";
const MEMBER_WORDS: [&str; 7] = [
    "event.id",
    "event.type",
    "event.time",
    "attempt.time",
    "tenant",
    "event.data",
    "event.attributes.NAME",
];

/// Reads `[request]`; everything in it has a default.
pub(super) fn request(root: &Table<'_>) -> Result<RequestRules, ContractError> {
    let table = match root.find("request") {
        Some(value) => Some(value.table("a [request] table")?),
        None => None,
    };
    if let Some(table) = &table {
        table.allow_only(&[
            "method",
            "timeout",
            "connect_timeout",
            "success",
            "gone",
            "require_https",
            "headers",
        ])?;
    }
    let find = |key: &str| table.as_ref().and_then(|table| table.find(key));
    let second = Duration::from_secs(1);
    let timeout = find("timeout").map_or(Ok(15 * second), |value| {
        value.duration(second..=TIMEOUT_MAX)
    })?;
    let connect_timeout = find("connect_timeout").map_or(Ok(timeout.min(5 * second)), |value| {
        value.duration(Duration::from_millis(100)..=timeout)
    })?;
    let methods = &[("POST", "POST"), ("PUT", "PUT"), ("PATCH", "PATCH")];
    Ok(RequestRules {
        method: find("method")
            .map_or(Ok("POST"), |value| value.word(methods))?
            .to_owned(),
        timeout,
        connect_timeout,
        success: find("success").map_or(Ok(SuccessRule::Any2xx), |value| success(&value))?,
        gone: find("gone").map_or(Ok(GoneRule::Retry), |value| value.word(GoneRule::WORDS))?,
        require_https: find("require_https").map_or(Ok(false), |value| value.boolean())?,
        headers: headers(find("headers"))?,
    })
}

fn success(value: &Value<'_>) -> Result<SuccessRule, ContractError> {
    let expected = "\"2xx\" or a list of statuses from 200 to 299 such as [200, 204]";
    if value.is_text() {
        value.text_where(expected, |text| text == "2xx")?;
        return Ok(SuccessRule::Any2xx);
    }
    let mut codes = Vec::new();
    for item in value.list(100, expected)? {
        codes.push(u16::try_from(item.number(200..=299)?).map_err(|_| item.refuse(expected))?);
    }
    if codes.is_empty() {
        return Err(value.refuse(format!("{expected}, found none")));
    }
    codes.sort_unstable();
    codes.dedup();
    Ok(SuccessRule::Codes(codes))
}

/// The contract's headers, behind the two that every request has.
fn headers(value: Option<Value<'_>>) -> Result<Vec<(String, Template)>, ContractError> {
    let expected = "a table of headers such as { \"X-Event-Type\" = \"{event.type}\" }";
    let mut listed: Vec<(String, Template)> = Vec::new();
    if let Some(value) = value {
        let entries = value.table(expected)?.in_order();
        if entries.len() > CONTRACT_LIST_MAX {
            return Err(value.refuse(format!("at most {CONTRACT_LIST_MAX} headers")));
        }
        for (name, text) in entries {
            let name = header_name(name, &text)?;
            if listed.iter().any(|(other, _)| *other == name) {
                return Err(text.refuse(format!("every header once, found {name} again")));
            }
            listed.push((name, template(&text, TemplatePlace::Header)?));
        }
    }
    let mut all = Vec::new();
    for (name, default) in [
        ("Content-Type", "application/json"),
        ("User-Agent", USER_AGENT),
    ] {
        if !listed.iter().any(|(other, _)| other == name) {
            let template = Template::parse(default, TemplatePlace::Header).unwrap_or_default();
            all.push((name.to_owned(), template));
        }
    }
    all.append(&mut listed);
    Ok(all)
}

/// A header's name in the spelling of the wire; refusals are those of `at`.
fn header_name(name: &str, at: &Value<'_>) -> Result<String, ContractError> {
    if !header::is_name(name) {
        return Err(at.refuse("a header's name of letters, digits and - such as X-Event-Type"));
    }
    if header::is_reserved(name) {
        return Err(at.refuse(format!("another header: {name} belongs to the connection")));
    }
    Ok(header::title_case(name))
}

fn template(value: &Value<'_>, place: TemplatePlace) -> Result<Template, ContractError> {
    let text = value.text("text with names in braces such as {event.id}")?;
    let template = Template::parse(text, place).map_err(|expected| value.refuse(expected))?;
    if place != TemplatePlace::Signed
        && !template
            .texts()
            .all(|text| header::is_value(text.as_bytes()))
    {
        return Err(value.refuse("printable ASCII only: other characters cannot stand in a header"));
    }
    Ok(template)
}

/// Reads `[body]`.
pub(super) fn body(root: &Table<'_>) -> Result<BodyRules, ContractError> {
    let table = root
        .require("body", "a [body] table")?
        .table("a [body] table")?;
    table.allow_only(&["form", "root", "members"])?;
    let form = table
        .find("form")
        .map_or(Ok(BodyForm::Compact), |value| value.word(BodyForm::WORDS))?;
    let roots = &[("members", true), ("data", false)];
    let has_members = table
        .find("root")
        .map_or(Ok(true), |value| value.word(roots))?;
    let root = match (has_members, table.find("members")) {
        (false, None) => BodyRoot::Data,
        (false, Some(value)) => return Err(value.refuse("no members under root = \"data\"")),
        (true, _) => BodyRoot::Members(members(&table)?),
    };
    Ok(BodyRules { form, root })
}

fn members(table: &Table<'_>) -> Result<Vec<Member>, ContractError> {
    let expected = "a list of members such as { name = \"event\", value = \"event.type\" }";
    let value = table.require("members", expected)?;
    let mut list = Vec::new();
    for item in value.list(CONTRACT_LIST_MAX, expected)? {
        list.push(member(&item)?);
    }
    let names = list.iter().filter_map(|member| match member {
        Member::Value { name, .. } => Some(name.as_str()),
        Member::Attributes => None,
    });
    if let Some(name) = first_repeated(names) {
        return Err(value.refuse(format!("every member once, found {name:?} again")));
    }
    if list
        .iter()
        .filter(|member| matches!(member, Member::Attributes))
        .count()
        > 1
    {
        return Err(value.refuse("one spread at most"));
    }
    Ok(list)
}

fn member(item: &Value<'_>) -> Result<Member, ContractError> {
    let table = item.table("{ name = …, value = … } or { spread = \"event.attributes\" }")?;
    if let Some(spread) = table.find("spread") {
        table.allow_only(&["spread"])?;
        spread.text_where("\"event.attributes\"", |text| text == "event.attributes")?;
        return Ok(Member::Attributes);
    }
    table.allow_only(&["name", "value", "spread"])?;
    let name = table
        .require("name", MEMBER_NAME)?
        .text_where(MEMBER_NAME, is_member_name)?;
    let value = table.require("value", "what the member holds, such as \"event.type\"")?;
    let key_text = serde_json::to_string(name).map_err(|_| item.refuse(MEMBER_NAME))?;
    Ok(Member::Value {
        name: name.to_owned(),
        key_text: key_text + ":",
        value: member_value(&value)?,
    })
}

fn is_member_name(text: &str) -> bool {
    (1..=128).contains(&text.chars().count())
}

fn member_value(value: &Value<'_>) -> Result<MemberValue, ContractError> {
    let text = value.text("what the member holds, such as \"event.type\"")?;
    Ok(match text {
        "event.id" => MemberValue::EventId,
        "event.type" => MemberValue::EventType,
        "event.time" => MemberValue::EventTime,
        "attempt.time" => MemberValue::AttemptTime,
        "tenant" => MemberValue::Tenant,
        "event.data" => MemberValue::Data,
        other => match other.strip_prefix("event.attributes.") {
            Some(name) if !name.is_empty() => MemberValue::Attribute(name.to_owned()),
            _ => {
                let hint = nearest_hint(other, MEMBER_WORDS.into_iter());
                let expected = format!("one of {}, found {other:?}{hint}", MEMBER_WORDS.join(", "));
                return Err(value.refuse(expected));
            }
        },
    })
}

/// Reads `[[signature]]`, entries of one header put together.
pub(super) fn signatures(root: &Table<'_>) -> Result<Vec<SignatureSlot>, ContractError> {
    let Some(list) = root.find("signature") else {
        return Ok(Vec::new());
    };
    let mut slots: Vec<SignatureSlot> = Vec::new();
    for item in list.list(CONTRACT_LIST_MAX, "[[signature]] tables")? {
        let read = signature(&item)?;
        match slots.iter_mut().find(|slot| slot.place == read.place) {
            None => slots.push(read),
            Some(slot) if slot.prefix == read.prefix && slot.separator == read.separator => {
                slot.rules.extend(read.rules);
            }
            Some(_) => {
                return Err(item.refuse(format!(
                    "the same prefix and separator as the other entries of {}",
                    read.place
                )));
            }
        }
        let members = slots
            .iter()
            .filter(|slot| slot.place.member_name().is_some());
        if members.count() > 1 {
            return Err(item.refuse("one member at most: each would have to sign the other"));
        }
    }
    Ok(slots)
}

/// One entry, as a slot of its own.
fn signature(item: &Value<'_>) -> Result<SignatureSlot, ContractError> {
    let table = item.table("a [[signature]] table")?;
    table.allow_only(&[
        "algorithm",
        "key",
        "secrets",
        "signed",
        "encoding",
        "header",
        "member",
        "prefix",
        "value",
        "separator",
    ])?;
    let rule = rule(&table)?;
    let place = place(&table)?;
    let prefix = table
        .find("prefix")
        .map_or(Ok(Template::default()), |value| {
            template(&value, TemplatePlace::Header)
        })?;
    if !prefix.is_empty() && !prefix.ends_in_text() {
        return Err(table.refuse(
            "prefix",
            "text behind the last name, so that the first value can be told apart",
        ));
    }
    let expected = "what stands between two values, printable ASCII, such as \" \"";
    let is_separator = |text: &str| text.len() <= 16 && header::is_value(text.as_bytes());
    let separator = table
        .find("separator")
        .map_or(Ok(" "), |value| value.text_where(expected, is_separator))?;
    if separator.is_empty() && rule.secrets == WhichSecrets::All {
        return Err(table.refuse("separator", "a text between the values of all secrets"));
    }
    Ok(SignatureSlot {
        place,
        prefix,
        separator: separator.to_owned(),
        rules: vec![rule],
    })
}

fn place(table: &Table<'_>) -> Result<SignaturePlace, ContractError> {
    match (table.find("header"), table.find("member")) {
        (Some(name), None) => {
            header_name(name.text("a header's name")?, &name).map(SignaturePlace::Header)
        }
        (None, Some(name)) => {
            let name = name.text_where(MEMBER_NAME, is_member_name)?;
            Ok(SignaturePlace::Member(name.to_owned()))
        }
        (Some(_), Some(member)) => Err(member.refuse("either header or member, found both")),
        (None, None) => Err(table.refuse(
            "header",
            "the header or the member that carries the signature; the key is missing",
        )),
    }
}

fn rule(table: &Table<'_>) -> Result<SignatureRule, ContractError> {
    let algorithm = table
        .require("algorithm", "a signature algorithm")?
        .word(Algorithm::WORDS)?;
    let key = table.require("key", "what of a secret is the key")?;
    let kind = key.word(KeyKind::WORDS)?;
    if (algorithm == Algorithm::Ed25519) != kind.is_asymmetric() {
        return Err(key.refuse_found(
            "\"whsk\" or \"service\" with ed25519, \"text\" or \"whsec\" with an HMAC",
        ));
    }
    let secrets = table
        .find("secrets")
        .map_or(Ok(WhichSecrets::Newest), |value| {
            value.word(WhichSecrets::WORDS)
        })?;
    let value = table.require("signed", "the signed bytes, such as \"{body}\"")?;
    let signed = template(&value, TemplatePlace::Signed)?;
    if signed.count(Variable::Body) != 1 {
        return Err(value.refuse("{body} once: a signature that leaves it out protects nothing"));
    }
    let encoding = table
        .require("encoding", "hex or base64")?
        .word(Encoding::WORDS)?;
    let written = match table.find("value") {
        Some(value) => {
            let written = template(&value, TemplatePlace::Value)?;
            if written.count(Variable::Signature) != 1 {
                return Err(value.refuse("{signature} once"));
            }
            written
        }
        None => Template::parse("{signature}", TemplatePlace::Value).unwrap_or_default(),
    };
    Ok(SignatureRule {
        algorithm,
        key: kind,
        secrets,
        signed,
        encoding,
        value: written,
    })
}
