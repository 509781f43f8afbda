//! The part of a contract's text that says what goes over the wire: request and body; signatures are in
//! `load_signatures`.

use std::time::Duration;

use super::error::ContractError;
use super::faults::Faults;
use super::header;
use super::model::{
    BodyForm, BodyRoot, BodyRules, GoneRule, Member, MemberValue, RequestRules, SuccessRule,
};
use super::reader::{Table, Value, first_repeated, nearest_hint};
use super::template::{Template, TemplatePlace};
use crate::domain::limits::{CONTRACT_LIST_MAX, TIMEOUT_MAX};

/// What a request says of its sender unless the contract says otherwise. It is part of the canonical text, so an
/// attempt made by an older version is rendered again with that version's name.
const USER_AGENT: &str = concat!("Hookyard/", env!("CARGO_PKG_VERSION"));

/// What a member of the body is called.
pub(super) const MEMBER_NAME: &str = "the member's name, 1 to 128 characters";
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
pub(super) fn request(root: &Table<'_>, faults: &mut Faults) -> Option<RequestRules> {
    let table = root.find("request");
    let table = faults.keep(
        table
            .map(|value| value.table("a [request] table"))
            .transpose(),
    )?;
    if let Some(table) = &table {
        table.allow_only(
            &[
                "method",
                "timeout",
                "connect_timeout",
                "success",
                "gone",
                "require_https",
                "headers",
            ],
            faults,
        );
    }
    let find = |key: &str| table.as_ref().and_then(|table| table.find(key));
    let second = Duration::from_secs(1);
    let methods = &[("POST", "POST"), ("PUT", "PUT"), ("PATCH", "PATCH")];
    let method = faults.keep(find("method").map_or(Ok("POST"), |value| value.word(methods)));
    let timeout = faults.keep(find("timeout").map_or(Ok(15 * second), |value| {
        value.duration(second..=TIMEOUT_MAX)
    }));
    let whole = timeout.unwrap_or(TIMEOUT_MAX);
    let connect_timeout = find("connect_timeout").map_or(Ok(whole.min(5 * second)), |value| {
        value.duration(Duration::from_millis(100)..=whole)
    });
    let connect_timeout = faults.keep(connect_timeout);
    let success = match find("success") {
        Some(value) => success(&value, faults),
        None => Some(SuccessRule::Any2xx),
    };
    let gone = find("gone").map_or(Ok(GoneRule::Retry), |value| value.word(GoneRule::WORDS));
    let gone = faults.keep(gone);
    let require_https = find("require_https").map_or(Ok(false), |value| value.boolean());
    let require_https = faults.keep(require_https);
    let headers = headers(find("headers"), faults);
    Some(RequestRules {
        method: method?.to_owned(),
        timeout: timeout?,
        connect_timeout: connect_timeout?,
        success: success?,
        gone: gone?,
        require_https: require_https?,
        headers: headers?,
    })
}

fn success(value: &Value<'_>, faults: &mut Faults) -> Option<SuccessRule> {
    let expected = "\"2xx\" or a list of statuses from 200 to 299 such as [200, 204]";
    if value.is_text() {
        let text = faults.keep(value.text_where(expected, |text| text == "2xx"));
        return text.map(|_| SuccessRule::Any2xx);
    }
    let items = faults.keep(value.list(100, expected))?;
    if items.is_empty() {
        faults.note(value.refuse(format!("{expected}, found none")));
        return None;
    }
    let code =
        |item: Value<'_>| u16::try_from(item.number(200..=299)?).map_err(|_| item.refuse(expected));
    let mut codes = faults.all(items.into_iter().map(code))?;
    codes.sort_unstable();
    codes.dedup();
    Some(SuccessRule::Codes(codes))
}

/// The contract's headers, behind the two that every request has.
fn headers(value: Option<Value<'_>>, faults: &mut Faults) -> Option<Vec<(String, Template)>> {
    let mut listed = match value {
        Some(value) => listed_headers(&value, faults)?,
        None => Vec::new(),
    };
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
    Some(all)
}

fn listed_headers(value: &Value<'_>, faults: &mut Faults) -> Option<Vec<(String, Template)>> {
    let expected = "a table of headers such as { \"X-Event-Type\" = \"{event.type}\" }";
    let entries = faults.keep(value.table(expected))?.in_order();
    if entries.len() > CONTRACT_LIST_MAX {
        faults.note(value.refuse(format!("at most {CONTRACT_LIST_MAX} headers")));
        return None;
    }
    let mut names: Vec<String> = Vec::new();
    let header = |(name, text): (&str, Value<'_>)| {
        let name = header_name(name, &text)?;
        if names.contains(&name) {
            return Err(text.refuse(format!("every header once, found {name} again")));
        }
        names.push(name.clone());
        Ok((name, template(&text, TemplatePlace::Header)?))
    };
    faults.all(entries.into_iter().map(header))
}

/// A header's name in the spelling of the wire; refusals are those of `at`.
pub(super) fn header_name(name: &str, at: &Value<'_>) -> Result<String, ContractError> {
    if !header::is_name(name) {
        return Err(at.refuse("a header's name of letters, digits and - such as X-Event-Type"));
    }
    if header::is_reserved(name) {
        return Err(at.refuse(format!("another header: {name} belongs to the connection")));
    }
    Ok(header::title_case(name))
}

/// A template for `place`.
pub(super) fn template(value: &Value<'_>, place: TemplatePlace) -> Result<Template, ContractError> {
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
pub(super) fn body(root: &Table<'_>, faults: &mut Faults) -> Option<BodyRules> {
    let table = root
        .require("body", "a [body] table")
        .and_then(|value| value.table("a [body] table"));
    let table = faults.keep(table)?;
    table.allow_only(&["form", "root", "members"], faults);
    let form = table
        .find("form")
        .map_or(Ok(BodyForm::Compact), |value| value.word(BodyForm::WORDS));
    let form = faults.keep(form);
    let roots = &[("members", true), ("data", false)];
    let has_members = table
        .find("root")
        .map_or(Ok(true), |value| value.word(roots));
    let root = match (faults.keep(has_members)?, table.find("members")) {
        (false, None) => BodyRoot::Data,
        (false, Some(value)) => {
            faults.note(value.refuse("no members under root = \"data\""));
            return None;
        }
        (true, _) => BodyRoot::Members(members(&table, faults)?),
    };
    Some(BodyRules { form: form?, root })
}

fn members(table: &Table<'_>, faults: &mut Faults) -> Option<Vec<Member>> {
    let expected = "a list of members such as { name = \"event\", value = \"event.type\" }";
    let value = faults.keep(table.require("members", expected))?;
    let items = faults.keep(value.list(CONTRACT_LIST_MAX, expected))?;
    let list: Vec<Option<Member>> = items.iter().map(|item| member(item, faults)).collect();
    let list: Vec<Member> = list.into_iter().collect::<Option<_>>()?;
    let names = list.iter().filter_map(|member| match member {
        Member::Value { name, .. } => Some(name.as_str()),
        Member::Attributes => None,
    });
    if let Some(name) = first_repeated(names) {
        faults.note(value.refuse(format!("every member once, found {name:?} again")));
    }
    let is_spread = |member: &&Member| matches!(member, Member::Attributes);
    if list.iter().filter(is_spread).count() > 1 {
        faults.note(value.refuse("one spread at most"));
    }
    Some(list)
}

fn member(item: &Value<'_>, faults: &mut Faults) -> Option<Member> {
    let table = item.table("{ name = …, value = … } or { spread = \"event.attributes\" }");
    let table = faults.keep(table)?;
    if let Some(spread) = table.find("spread") {
        table.allow_only(&["spread"], faults);
        let text = spread.text_where("\"event.attributes\"", |text| text == "event.attributes");
        return faults.keep(text).map(|_| Member::Attributes);
    }
    table.allow_only(&["name", "value", "spread"], faults);
    let name = table
        .require("name", MEMBER_NAME)
        .and_then(|value| value.text_where(MEMBER_NAME, is_member_name));
    let name = faults.keep(name);
    let value = table
        .require("value", "what the member holds, such as \"event.type\"")
        .and_then(|value| member_value(&value));
    let value = faults.keep(value);
    let name = name?;
    let key_text = serde_json::to_string(name).map_err(|_| item.refuse(MEMBER_NAME));
    Some(Member::Value {
        name: name.to_owned(),
        key_text: faults.keep(key_text)? + ":",
        value: value?,
    })
}

/// Whether a member of the body can be called that.
pub(super) fn is_member_name(text: &str) -> bool {
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
