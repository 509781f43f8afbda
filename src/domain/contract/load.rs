//! From a contract's text to the contract: name, catalogue, event types and retries here, the wire in `load_wire`.

use std::time::Duration;

use super::api::{AnswerValue, ApiAction, NativeField};
use super::error::ContractError;
use super::model::{Catalogue, Contract, EventTypeEntry, Revision, SignaturePlace};
use super::reader::{Source, Table, Value};
use super::{canonical, load_api, load_wire};
use crate::domain::event_type::EventType;
use crate::domain::limits::{
    CONTRACT_BYTES_MAX, CONTRACT_EVENT_TYPES_MAX, CONTRACT_NAME_CHARS_MAX, RETRIES_MAX,
    RETRY_SPAN_MAX,
};
use crate::domain::retry::{RetryPolicy, RetrySteps};

const ROOT_KEYS: &[&str] = &[
    "name",
    "summary",
    "id_prefix",
    "catalogue",
    "request",
    "body",
    "signature",
    "retry",
    "rate_limit",
    "api",
    "event_type",
];

impl Contract {
    /// Reads a contract; `file` is what errors call it.
    ///
    /// # Errors
    /// The first thing that is wrong, in the order of the language, with its line and key.
    pub fn load(file: &str, text: &str) -> Result<Self, ContractError> {
        let source = Source { file, text };
        if text.len() > CONTRACT_BYTES_MAX {
            let expected = format!("at most {CONTRACT_BYTES_MAX} bytes, found {}", text.len());
            return Err(source.error(0, "(file)", expected));
        }
        let document = source.parse()?;
        let root = source.root(&document);
        root.allow_only(ROOT_KEYS)?;
        let mut contract = Self {
            name: name(&root)?,
            summary: summary(&root)?,
            id_prefix: id_prefix(&root)?,
            catalogue: catalogue(&root)?,
            request: load_wire::request(&root)?,
            body: load_wire::body(&root)?,
            signatures: load_wire::signatures(&root)?,
            retry: retry(&root)?,
            retries_max: retries_max(&root)?,
            rate_limit: load_api::rate_limit(&root)?,
            api: load_api::api(&root)?,
            event_types: event_types(&root)?,
            canonical_text: String::new(),
            revision: Revision::of(""),
        };
        check_whole(&root, &contract)?;
        contract.canonical_text = canonical::print(&contract);
        contract.revision = Revision::of(&contract.canonical_text);
        Ok(contract)
    }
}

/// What no part can see alone.
fn check_whole(root: &Table<'_>, contract: &Contract) -> Result<(), ContractError> {
    let listed = |name: &str| {
        let mut headers = contract.request.headers.iter();
        headers.any(|(header, _)| header == name)
    };
    let mut signed = contract.signatures.iter().map(|slot| &slot.place);
    if let Some(name) = signed
        .clone()
        .filter_map(SignaturePlace::header_name)
        .find(|name| listed(name))
    {
        return Err(root.refuse(
            "signature",
            format!("a header of its own; request.headers already has {name}"),
        ));
    }
    if let Some(name) = signed.find_map(SignaturePlace::member_name) {
        contract
            .body
            .check_signature_member(name)
            .map_err(|expected| root.refuse("signature", expected))?;
    }
    if contract.catalogue == Catalogue::Closed && contract.event_types.is_empty() {
        return Err(root.refuse(
            "catalogue",
            "at least one [[event_type]] under \"closed\": no event could have a type",
        ));
    }
    check_secret_is_known(root, contract)
}

/// A consumer must bring the secret or be told the one that was made, or it could verify nothing.
fn check_secret_is_known(root: &Table<'_>, contract: &Contract) -> Result<(), ContractError> {
    let Some(api) = &contract.api else {
        return Ok(());
    };
    let Some(create) = api.route(ApiAction::Create) else {
        return Ok(());
    };
    let shown = AnswerValue::Field(NativeField::Secret);
    let is_shown = create.answer.iter().any(|member| member.value == shown);
    if !contract.signs_with_secrets() || is_shown || api.required.contains(&NativeField::Secret) {
        return Ok(());
    }
    Err(root.refuse(
        "api",
        "the secret in required or in the answer to create: a consumer that knows none could verify nothing",
    ))
}

fn name(root: &Table<'_>) -> Result<String, ContractError> {
    let expected = "a name of 1 to 64 characters of a-z 0-9 -, such as \"acme\"";
    let is_name = |text: &str| {
        (1..=CONTRACT_NAME_CHARS_MAX).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    Ok(root
        .require("name", expected)?
        .text_where(expected, is_name)?
        .to_owned())
}

fn summary(root: &Table<'_>) -> Result<String, ContractError> {
    let expected = "one line of 1 to 200 characters for listings";
    let is_line = |text: &str| {
        (1..=200).contains(&text.chars().count()) && !text.chars().any(char::is_control)
    };
    Ok(root
        .require("summary", expected)?
        .text_where(expected, is_line)?
        .to_owned())
}

fn id_prefix(root: &Table<'_>) -> Result<String, ContractError> {
    let expected = "at most 32 characters of A-Z a-z 0-9 _ -, such as \"webhook_\"";
    let is_prefix = |text: &str| {
        text.len() <= 32
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
    };
    match root.find("id_prefix") {
        Some(value) => Ok(value.text_where(expected, is_prefix)?.to_owned()),
        None => Ok("ep_".to_owned()),
    }
}

fn catalogue(root: &Table<'_>) -> Result<Catalogue, ContractError> {
    root.find("catalogue")
        .map_or(Ok(Catalogue::Open), |value| value.word(Catalogue::WORDS))
}

fn event_types(root: &Table<'_>) -> Result<Vec<EventTypeEntry>, ContractError> {
    let Some(list) = root.find("event_type") else {
        return Ok(Vec::new());
    };
    let mut entries: Vec<EventTypeEntry> = Vec::new();
    for item in list.list(CONTRACT_EVENT_TYPES_MAX, "[[event_type]] tables")? {
        let table = item.table("a table with name and description")?;
        table.allow_only(&["name", "description"])?;
        let value = table.require("name", "an event type such as \"task.created\"")?;
        let name: EventType = value
            .text("an event type such as \"task.created\"")?
            .parse()
            .map_err(|error| value.refuse(format!("an event type: {error}")))?;
        if entries.iter().any(|entry| entry.name == name) {
            return Err(value.refuse(format!("every type once, found {name} again")));
        }
        let expected = "what the type means, in 1 to 500 characters";
        let is_line = |text: &str| {
            (1..=500).contains(&text.chars().count()) && !text.chars().any(char::is_control)
        };
        let description = table
            .require("description", expected)?
            .text_where(expected, is_line)?;
        entries.push(EventTypeEntry {
            name,
            description: description.to_owned(),
        });
    }
    Ok(entries)
}

fn retry_table<'a>(root: &Table<'a>) -> Result<Table<'a>, ContractError> {
    let table = root
        .require("retry", "a [retry] table")?
        .table("a [retry] table")?;
    table.allow_only(&["ladder", "exponential", "retries_max", "window", "jitter"])?;
    Ok(table)
}

fn retry(root: &Table<'_>) -> Result<RetryPolicy, ContractError> {
    let table = retry_table(root)?;
    let steps = match (table.find("ladder"), table.find("exponential")) {
        (Some(list), None) => RetrySteps::Ladder(ladder(&list)?),
        (None, Some(value)) => exponential(&value)?,
        (Some(_), Some(value)) => {
            return Err(value.refuse("either ladder or exponential, found both"));
        }
        (None, None) => {
            return Err(table.refuse("ladder", "either ladder or exponential, found neither"));
        }
    };
    let window = match table.find("window") {
        Some(value) => Some(value.duration(Duration::from_secs(1)..=RETRY_SPAN_MAX)?),
        None => None,
    };
    let jitter_permille = table
        .find("jitter")
        .map_or(Ok(0), |value| value.permille())?;
    Ok(RetryPolicy {
        steps,
        window,
        jitter_permille,
    })
}

/// What an endpoint may ask for is never less than what the contract does by itself.
fn retries_max(root: &Table<'_>) -> Result<Option<u32>, ContractError> {
    let own = match retry(root)?.steps {
        RetrySteps::Ladder(delays) => u32::try_from(delays.len()).unwrap_or(u32::MAX),
        RetrySteps::Exponential { retries, .. } => retries,
    };
    match retry_table(root)?.find("retries_max") {
        Some(value) => value.number(own..=RETRIES_MAX).map(Some),
        None => Ok(None),
    }
}

fn ladder(list: &Value<'_>) -> Result<Vec<Duration>, ContractError> {
    let most = usize::try_from(RETRIES_MAX).unwrap_or(usize::MAX);
    list.list(most, "a list of durations such as [\"1m\", \"5m\"]")?
        .iter()
        .map(|item| item.duration(Duration::ZERO..=RETRY_SPAN_MAX))
        .collect()
}

fn exponential(value: &Value<'_>) -> Result<RetrySteps, ContractError> {
    let expected = "a table such as { first = \"5s\", factor = 5, retries = 3, cap = \"1h\" }";
    let table = value.table(expected)?;
    table.allow_only(&["first", "factor", "retries", "cap"])?;
    let first = table
        .require("first", "a duration")?
        .duration(Duration::from_millis(1)..=RETRY_SPAN_MAX)?;
    Ok(RetrySteps::Exponential {
        first,
        factor: table
            .require("factor", "a whole number")?
            .number(1..=1_000)?,
        retries: table
            .require("retries", "a whole number")?
            .number(0..=RETRIES_MAX)?,
        cap: table
            .require("cap", "a duration")?
            .duration(first..=RETRY_SPAN_MAX)?,
    })
}
