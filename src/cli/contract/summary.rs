//! What a contract does, in words: for whoever has just written one.

use crate::cli::output::Field;
use crate::domain::contract::{
    BodyRoot, Contract, KeyKind, Member, SignatureRule, SignatureSlot, SuccessRule, WhichSecrets,
};
use crate::domain::duration::DurationText;

/// The members of a summary, in the order in which a delivery meets them.
pub(super) fn fields(contract: &Contract) -> Vec<Field> {
    let request = &contract.request;
    let mut fields = vec![
        ("contract", contract.name.clone()),
        ("summary", contract.summary.clone()),
        ("revision", contract.revision().to_string()),
    ];
    fields.extend(routes(contract).into_iter().map(|route| ("route", route)));
    fields.extend([
        (
            "sends",
            format!(
                "{}{}, at most {}",
                request.method,
                if request.require_https {
                    " to https only"
                } else {
                    ""
                },
                DurationText(request.timeout)
            ),
        ),
        ("body", body(contract)),
    ]);
    let signed = signatures(contract);
    fields.extend(signed.into_iter().map(|text| ("signature", text)));
    fields.extend([
        ("success", success(&request.success)),
        ("410", request.gone.as_str().to_owned()),
        ("retries", ladder(contract)),
    ]);
    if let Some(limit) = contract.rate_limit {
        fields.push(("rate limit", limit.to_string()));
    }
    let types = contract.event_types.len();
    fields.push((
        "event types",
        format!("{types}, {} to others", contract.catalogue.as_str()),
    ));
    fields
}

/// Its own routes, one line each.
pub(super) fn routes(contract: &Contract) -> Vec<String> {
    let routes = contract.routes().iter();
    routes
        .map(|route| format!("{route} ({}, {})", route.action.as_str(), route.status))
        .collect()
}

/// The places of its signatures with what makes them, one line each.
pub(super) fn signatures(contract: &Contract) -> Vec<String> {
    if contract.signatures.is_empty() {
        return vec!["none: requests are not signed".to_owned()];
    }
    contract.signatures.iter().map(signature).collect()
}

/// The delays between attempts.
pub(super) fn ladder(contract: &Contract) -> String {
    let policy = &contract.retry;
    let delays: Vec<String> = (1..=policy.retries())
        .map_while(|retry| policy.step(retry))
        .map(|delay| DurationText(delay).to_string())
        .collect();
    if delays.is_empty() {
        return "none: one attempt".to_owned();
    }
    let mut text = format!("{} after {}", delays.len(), delays.join(", "));
    if policy.jitter_permille > 0 {
        let percent = f64::from(policy.jitter_permille) / 10.0;
        text.push_str(&format!(" (each ± {percent} %)"));
    }
    if let Some(window) = policy.window {
        text.push_str(&format!(", within {}", DurationText(window)));
    }
    if let Some(most) = contract.retries_max {
        text.push_str(&format!(", up to {most} where an endpoint asks"));
    }
    text
}

fn success(rule: &SuccessRule) -> String {
    match rule {
        SuccessRule::Any2xx => "2xx".to_owned(),
        SuccessRule::Codes(codes) => {
            let codes: Vec<String> = codes.iter().map(u16::to_string).collect();
            codes.join(", ")
        }
    }
}

fn body(contract: &Contract) -> String {
    let form = contract.body.form.as_str();
    let BodyRoot::Members(members) = &contract.body.root else {
        return format!("the data alone, {form}");
    };
    let names: Vec<&str> = members
        .iter()
        .map(|member| match member {
            Member::Value { name, .. } => name.as_str(),
            Member::Attributes => "…attributes",
        })
        .collect();
    format!("{}, {form}", names.join(", "))
}

fn signature(slot: &SignatureSlot) -> String {
    let rules: Vec<String> = slot.rules.iter().map(rule).collect();
    format!("{}: {}", slot.place, rules.join("; "))
}

fn rule(rule: &SignatureRule) -> String {
    let key = match (rule.key, rule.secrets) {
        (KeyKind::Service, WhichSecrets::Newest) => "the service's newest key".to_owned(),
        (KeyKind::Service, WhichSecrets::All) => "all of the service's keys in force".to_owned(),
        (kind, WhichSecrets::Newest) => format!("the newest {} secret", kind.as_str()),
        (kind, WhichSecrets::All) => format!("all active {} secrets", kind.as_str()),
    };
    format!(
        "{} over {} by {key}, as {} in {}",
        rule.algorithm.as_str(),
        rule.signed,
        rule.value,
        rule.encoding.as_str()
    )
}
