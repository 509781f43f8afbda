//! From a contract's text to the contract: name, catalogue, event types and retries here, the rest in its
//! neighbours `load_…`.

use std::time::Duration;

use super::api::{AnswerValue, ApiAction, ApiRules, NativeField};
use super::error::{ContractError, ContractErrors};
use super::faults::Faults;
use super::model::{
    BodyRules, Catalogue, Contract, EventTypeEntry, RequestRules, Revision, SignatureSlot,
};
use super::reader::{Source, Table, Value};
use super::{canonical, load_api, load_signatures, load_wire};
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
    /// Everything that is wrong, each with its line and key; what depends on a part that is wrong is not judged.
    pub fn load(file: &str, text: &str) -> Result<Self, ContractErrors> {
        let mut faults = Faults::default();
        let read = read(Source { file, text }, &mut faults);
        let mut contract = faults.judge(read)?;
        contract.canonical_text = canonical::print(&contract);
        contract.revision = Revision::of(&contract.canonical_text);
        Ok(contract)
    }
}

/// The contract but for its canonical text and revision.
fn read(source: Source<'_>, faults: &mut Faults) -> Option<Contract> {
    let size = source.text.len();
    if size > CONTRACT_BYTES_MAX {
        let expected = format!("at most {CONTRACT_BYTES_MAX} bytes, found {size}");
        faults.note(source.error(0, "(file)", expected));
        return None;
    }
    let document = source.parse(faults)?;
    let root = source.root(&document);
    root.allow_only(ROOT_KEYS, faults);
    let name = faults.keep(name(&root));
    let summary = faults.keep(summary(&root));
    let id_prefix = faults.keep(id_prefix(&root));
    let catalogue = faults.keep(catalogue(&root));
    let request = load_wire::request(&root, faults);
    let body = load_wire::body(&root, faults);
    let signatures = load_signatures::signatures(&root, faults);
    let retry = retry(&root, faults);
    let rate_limit = load_api::rate_limit(&root, faults);
    let api = load_api::api(&root, faults);
    let event_types = event_types(&root, faults);

    // What no part can see alone.
    if let (Some(request), Some(signatures)) = (&request, &signatures) {
        faults.keep(check_signature_headers(&root, request, signatures));
    }
    if let (Some(body), Some(signatures)) = (&body, &signatures) {
        faults.keep(check_signature_member(&root, body, signatures));
    }
    if let (Some(catalogue), Some(event_types)) = (catalogue, &event_types) {
        faults.keep(check_catalogue(&root, catalogue, event_types));
    }
    if let (Some(Some(api)), Some(signatures)) = (&api, &signatures) {
        faults.keep(check_secret_is_known(&root, api, signatures));
    }
    let (retry, retries_max) = retry?;
    Some(Contract {
        name: name?,
        summary: summary?,
        id_prefix: id_prefix?,
        catalogue: catalogue?,
        request: request?,
        body: body?,
        signatures: signatures?,
        retry,
        retries_max,
        rate_limit: rate_limit?,
        api: api?,
        event_types: event_types?,
        canonical_text: String::new(),
        revision: Revision::of(""),
    })
}

/// A header carries what the contract lists or signatures, not both.
fn check_signature_headers(
    root: &Table<'_>,
    request: &RequestRules,
    signatures: &[SignatureSlot],
) -> Result<(), ContractError> {
    let mut signed = signatures
        .iter()
        .filter_map(|slot| slot.place.header_name());
    let taken = signed.find(|name| request.headers.iter().any(|(header, _)| header == name));
    match taken {
        Some(name) => Err(root.refuse(
            "signature",
            format!("a header of its own; request.headers already has {name}"),
        )),
        None => Ok(()),
    }
}

/// The body has room for the signature that it carries.
fn check_signature_member(
    root: &Table<'_>,
    body: &BodyRules,
    signatures: &[SignatureSlot],
) -> Result<(), ContractError> {
    let mut signed = signatures
        .iter()
        .filter_map(|slot| slot.place.member_name());
    let checked = signed.try_for_each(|name| body.check_signature_member(name));
    checked.map_err(|expected| root.refuse("signature", expected))
}

/// Some event can have a type.
fn check_catalogue(
    root: &Table<'_>,
    catalogue: Catalogue,
    event_types: &[EventTypeEntry],
) -> Result<(), ContractError> {
    if catalogue == Catalogue::Closed && event_types.is_empty() {
        return Err(root.refuse(
            "catalogue",
            "at least one [[event_type]] under \"closed\": no event could have a type",
        ));
    }
    Ok(())
}

/// A consumer must bring the secret or be told the one that was made, or it could verify nothing.
fn check_secret_is_known(
    root: &Table<'_>,
    api: &ApiRules,
    signatures: &[SignatureSlot],
) -> Result<(), ContractError> {
    let Some(create) = api.route(ApiAction::Create) else {
        return Ok(());
    };
    let shown = AnswerValue::Field(NativeField::Secret);
    let is_shown = create.answer.iter().any(|member| member.value == shown);
    let mut rules = signatures.iter().flat_map(|slot| &slot.rules);
    let signs = rules.any(|rule| rule.key.is_endpoints());
    if !signs || is_shown || api.required.contains(&NativeField::Secret) {
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

fn event_types(root: &Table<'_>, faults: &mut Faults) -> Option<Vec<EventTypeEntry>> {
    let Some(list) = root.find("event_type") else {
        return Some(Vec::new());
    };
    let mut entries: Vec<EventTypeEntry> = Vec::new();
    let items = faults.keep(list.list(CONTRACT_EVENT_TYPES_MAX, "[[event_type]] tables"))?;
    let mut is_whole = true;
    for item in items {
        match event_type(&item, &entries, faults) {
            Some(entry) => entries.push(entry),
            None => is_whole = false,
        }
    }
    is_whole.then_some(entries)
}

fn event_type(
    item: &Value<'_>,
    before: &[EventTypeEntry],
    faults: &mut Faults,
) -> Option<EventTypeEntry> {
    let table = faults.keep(item.table("a table with name and description"))?;
    table.allow_only(&["name", "description"], faults);
    let name = faults.keep(event_type_name(&table, before));
    let expected = "what the type means, in 1 to 500 characters";
    let is_line = |text: &str| {
        (1..=500).contains(&text.chars().count()) && !text.chars().any(char::is_control)
    };
    let description = table
        .require("description", expected)
        .and_then(|value| value.text_where(expected, is_line));
    let description = faults.keep(description);
    Some(EventTypeEntry {
        name: name?,
        description: description?.to_owned(),
    })
}

fn event_type_name(
    table: &Table<'_>,
    before: &[EventTypeEntry],
) -> Result<EventType, ContractError> {
    let expected = "an event type such as \"task.created\"";
    let value = table.require("name", expected)?;
    let name: EventType = value
        .text(expected)?
        .parse()
        .map_err(|error| value.refuse(format!("an event type: {error}")))?;
    if before.iter().any(|entry| entry.name == name) {
        return Err(value.refuse(format!("every type once, found {name} again")));
    }
    Ok(name)
}

/// Reads `[retry]`: what the contract does by itself, and how many retries an endpoint may ask for.
fn retry(root: &Table<'_>, faults: &mut Faults) -> Option<(RetryPolicy, Option<u32>)> {
    let table = root
        .require("retry", "a [retry] table")
        .and_then(|value| value.table("a [retry] table"));
    let table = faults.keep(table)?;
    table.allow_only(
        &["ladder", "exponential", "retries_max", "window", "jitter"],
        faults,
    );
    let steps = steps(&table, faults);
    let window = table
        .find("window")
        .map(|value| value.duration(Duration::from_secs(1)..=RETRY_SPAN_MAX));
    let window = faults.keep(window.transpose());
    let jitter = table.find("jitter").map_or(Ok(0), |value| value.permille());
    let jitter = faults.keep(jitter);
    let steps = steps?;
    let retries_max = faults.keep(retries_max(&table, &steps))?;
    let policy = RetryPolicy {
        steps,
        window: window?,
        jitter_permille: jitter?,
    };
    Some((policy, retries_max))
}

fn steps(table: &Table<'_>, faults: &mut Faults) -> Option<RetrySteps> {
    match (table.find("ladder"), table.find("exponential")) {
        (Some(list), None) => ladder(&list, faults).map(RetrySteps::Ladder),
        (None, Some(value)) => exponential(&value, faults),
        (Some(_), Some(value)) => {
            faults.note(value.refuse("either ladder or exponential, found both"));
            None
        }
        (None, None) => {
            let expected = "either ladder or exponential, found neither";
            faults.note(table.refuse("ladder", expected));
            None
        }
    }
}

/// What an endpoint may ask for is never less than what the contract does by itself.
fn retries_max(table: &Table<'_>, steps: &RetrySteps) -> Result<Option<u32>, ContractError> {
    let own = match steps {
        RetrySteps::Ladder(delays) => u32::try_from(delays.len()).unwrap_or(u32::MAX),
        RetrySteps::Exponential { retries, .. } => *retries,
    };
    match table.find("retries_max") {
        Some(value) => value.number(own..=RETRIES_MAX).map(Some),
        None => Ok(None),
    }
}

fn ladder(list: &Value<'_>, faults: &mut Faults) -> Option<Vec<Duration>> {
    let most = usize::try_from(RETRIES_MAX).unwrap_or(usize::MAX);
    let items = list.list(most, "a list of durations such as [\"1m\", \"5m\"]");
    let delays = faults.keep(items)?.into_iter();
    faults.all(delays.map(|item| item.duration(Duration::ZERO..=RETRY_SPAN_MAX)))
}

fn exponential(value: &Value<'_>, faults: &mut Faults) -> Option<RetrySteps> {
    let expected = "a table such as { first = \"5s\", factor = 5, retries = 3, cap = \"1h\" }";
    let table = faults.keep(value.table(expected))?;
    table.allow_only(&["first", "factor", "retries", "cap"], faults);
    let least = Duration::from_millis(1);
    let first = table
        .require("first", "a duration")
        .and_then(|value| value.duration(least..=RETRY_SPAN_MAX));
    let first = faults.keep(first);
    let factor = table
        .require("factor", "a whole number")
        .and_then(|value| value.number(1..=1_000));
    let factor = faults.keep(factor);
    let retries = table
        .require("retries", "a whole number")
        .and_then(|value| value.number(0..=RETRIES_MAX));
    let retries = faults.keep(retries);
    let cap = table
        .require("cap", "a duration")
        .and_then(|value| value.duration(first.unwrap_or(least)..=RETRY_SPAN_MAX));
    let cap = faults.keep(cap);
    Some(RetrySteps::Exponential {
        first: first?,
        factor: factor?,
        retries: retries?,
        cap: cap?,
    })
}
