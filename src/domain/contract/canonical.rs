//! The canonical text: a contract printed with every default written out, one spelling for one meaning.
//!
//! Loading it gives the same contract, so it is what revisions keep. Keys that a later version adds must be printed
//! only where they differ from their absence, or every stored revision would change.

use std::fmt::Write as _;
use std::time::Duration;

use super::api::{
    AnswerMember, AnswerValue, ApiAction, ApiRoute, ApiRules, Literal, TestData, TestRequest,
};
use super::model::{
    BodyRoot, Contract, Member, MemberValue, SignaturePlace, SignatureSlot, SuccessRule,
};
use crate::domain::duration::DurationText;
use crate::domain::retry::RetrySteps;

/// Prints `contract`.
pub(super) fn print(contract: &Contract) -> String {
    let mut out = String::new();
    line(&mut out, "name", &quoted(&contract.name));
    line(&mut out, "summary", &quoted(&contract.summary));
    line(&mut out, "id_prefix", &quoted(&contract.id_prefix));
    line(&mut out, "catalogue", &quoted(contract.catalogue.as_str()));
    print_request(&mut out, contract);
    print_body(&mut out, contract);
    for slot in &contract.signatures {
        print_signatures(&mut out, slot);
    }
    print_retry(&mut out, contract);
    if let Some(limit) = contract.rate_limit {
        out.push_str("\n[rate_limit]\n");
        line(&mut out, "requests", &limit.requests().to_string());
        line(&mut out, "per", &duration(limit.per()));
    }
    if let Some(api) = &contract.api {
        print_api(&mut out, api);
    }
    for entry in &contract.event_types {
        out.push_str("\n[[event_type]]\n");
        line(&mut out, "name", &quoted(entry.name.as_str()));
        line(&mut out, "description", &quoted(&entry.description));
    }
    out
}

fn print_request(out: &mut String, contract: &Contract) {
    let rules = &contract.request;
    out.push_str("\n[request]\n");
    line(out, "method", &quoted(&rules.method));
    line(out, "timeout", &duration(rules.timeout));
    line(out, "connect_timeout", &duration(rules.connect_timeout));
    let success = match &rules.success {
        SuccessRule::Any2xx => quoted("2xx"),
        SuccessRule::Codes(codes) => format!("{codes:?}"),
    };
    line(out, "success", &success);
    line(out, "gone", &quoted(rules.gone.as_str()));
    line(out, "require_https", &rules.require_https.to_string());
    out.push_str("\n[request.headers]\n");
    for (name, template) in &rules.headers {
        line(out, &quoted(name), &quoted(&template.to_string()));
    }
}

fn print_body(out: &mut String, contract: &Contract) {
    out.push_str("\n[body]\n");
    line(out, "form", &quoted(contract.body.form.as_str()));
    let BodyRoot::Members(members) = &contract.body.root else {
        line(out, "root", &quoted("data"));
        return;
    };
    line(out, "root", &quoted("members"));
    out.push_str("members = [\n");
    for member in members {
        let text = match member {
            Member::Attributes => format!("spread = {}", quoted("event.attributes")),
            Member::Value { name, value, .. } => format!(
                "name = {}, value = {}",
                quoted(name),
                quoted(&source(value))
            ),
        };
        line_of_list(out, &text);
    }
    out.push_str("]\n");
}

fn source(value: &MemberValue) -> String {
    match value {
        MemberValue::EventId => "event.id".to_owned(),
        MemberValue::EventType => "event.type".to_owned(),
        MemberValue::EventTime => "event.time".to_owned(),
        MemberValue::AttemptTime => "attempt.time".to_owned(),
        MemberValue::Tenant => "tenant".to_owned(),
        MemberValue::Data => "event.data".to_owned(),
        MemberValue::Attribute(name) => format!("event.attributes.{name}"),
    }
}

fn print_signatures(out: &mut String, slot: &SignatureSlot) {
    for rule in &slot.rules {
        out.push_str("\n[[signature]]\n");
        line(out, "algorithm", &quoted(rule.algorithm.as_str()));
        line(out, "key", &quoted(rule.key.as_str()));
        line(out, "secrets", &quoted(rule.secrets.as_str()));
        line(out, "signed", &quoted(&rule.signed.to_string()));
        line(out, "encoding", &quoted(rule.encoding.as_str()));
        match &slot.place {
            SignaturePlace::Header(name) => line(out, "header", &quoted(name)),
            SignaturePlace::Member(name) => line(out, "member", &quoted(name)),
        }
        line(out, "prefix", &quoted(&slot.prefix.to_string()));
        line(out, "value", &quoted(&rule.value.to_string()));
        line(out, "separator", &quoted(&slot.separator));
    }
}

fn print_retry(out: &mut String, contract: &Contract) {
    out.push_str("\n[retry]\n");
    match &contract.retry.steps {
        RetrySteps::Ladder(delays) => {
            let delays: Vec<String> = delays.iter().copied().map(duration).collect();
            line(out, "ladder", &format!("[{}]", delays.join(", ")));
        }
        RetrySteps::Exponential {
            first,
            factor,
            retries,
            cap,
        } => {
            let (first, cap) = (duration(*first), duration(*cap));
            let table = format!(
                "{{ first = {first}, factor = {factor}, retries = {retries}, cap = {cap} }}"
            );
            line(out, "exponential", &table);
        }
    }
    if let Some(most) = contract.retries_max {
        line(out, "retries_max", &most.to_string());
    }
    if let Some(window) = contract.retry.window {
        line(out, "window", &duration(window));
    }
    let jitter = f64::from(contract.retry.jitter_permille) / 1000.0;
    line(out, "jitter", &jitter.to_string());
}

fn print_api(out: &mut String, api: &ApiRules) {
    out.push_str("\n[api]\n");
    for route in &api.routes {
        line(out, route.action.as_str(), &quoted(&route.to_string()));
    }
    let of_routes = |text: &dyn Fn(&ApiRoute) -> Option<String>| {
        let entries = api.routes.iter().filter_map(|route| {
            text(route).map(|text| format!("{} = {text}", route.action.as_str()))
        });
        inline_table(entries)
    };
    let statuses = of_routes(&|route| Some(route.status.to_string()));
    line(out, "status", &statuses);
    let fields = api
        .fields
        .iter()
        .map(|listed| format!("{} = {}", listed.field.as_str(), quoted(&listed.name)));
    line(out, "fields", &inline_table(fields));
    let required = api.required.iter().filter_map(|&field| api.name_of(field));
    if api.route(ApiAction::Create).is_some() {
        line(out, "required", &list(required.map(quoted)));
    }
    if let Some(member) = &api.list_member {
        line(out, "list_member", &quoted(member));
    }
    let answers = of_routes(&|route| {
        // Of the statuses only 204 has no answer, and then none may be written.
        let has_body = route.status != 204;
        has_body.then(|| list(route.answer.iter().map(answer_member)))
    });
    line(out, "answers", &answers);
    print_test_request(out, &api.test_request);
    if let Some(limit) = api.rate_limit {
        let entries = [
            format!("requests = {}", limit.requests()),
            format!("per = {}", duration(limit.per())),
        ];
        line(out, "rate_limit", &inline_table(entries.into_iter()));
    }
}

fn answer_member(member: &AnswerMember) -> String {
    let name = quoted(&member.name);
    match &member.value {
        AnswerValue::Field(_) => name,
        AnswerValue::Test(value) => {
            format!("{{ name = {name}, value = {} }}", quoted(value.as_str()))
        }
        AnswerValue::Literal(literal) => {
            let literal = match literal {
                Literal::Boolean(value) => value.to_string(),
                Literal::Number(number) => number.to_string(),
                Literal::Text(text) => quoted(text),
            };
            format!("{{ name = {name}, literal = {literal} }}")
        }
    }
}

fn print_test_request(out: &mut String, request: &TestRequest) {
    let event_type = request.event_type.as_deref();
    let data = match &request.data {
        TestData::None => None,
        TestData::Member(name) => Some(name.as_str()),
        TestData::Body => Some("."),
    };
    let entries: Vec<String> = [("event_type", event_type), ("data", data)]
        .into_iter()
        .filter_map(|(key, name)| name.map(|name| format!("{key} = {}", quoted(name))))
        .collect();
    if !entries.is_empty() {
        line(out, "test_request", &inline_table(entries.into_iter()));
    }
}

fn inline_table(entries: impl Iterator<Item = String>) -> String {
    let entries: Vec<String> = entries.collect();
    format!("{{ {} }}", entries.join(", "))
}

fn list(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    format!("[{}]", items.join(", "))
}

fn line(out: &mut String, key: &str, value: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{key} = {value}");
}

fn line_of_list(out: &mut String, text: &str) {
    let _ = writeln!(out, "  {{ {text} }},");
}

fn duration(duration: Duration) -> String {
    quoted(&DurationText(duration).to_string())
}

/// A TOML basic string.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            control if control.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}
