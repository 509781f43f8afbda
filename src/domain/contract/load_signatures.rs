//! The part of a contract's text that says how requests are signed: `[[signature]]`.

use super::error::ContractError;
use super::faults::Faults;
use super::header;
use super::load_wire::{MEMBER_NAME, header_name, is_member_name, template};
use super::model::{
    Algorithm, Encoding, KeyKind, SignaturePlace, SignatureRule, SignatureSlot, WhichSecrets,
};
use super::reader::{Table, Value};
use super::template::{Template, TemplatePlace, Variable};
use crate::domain::limits::CONTRACT_LIST_MAX;

/// Reads `[[signature]]`, entries of one header put together.
pub(super) fn signatures(root: &Table<'_>, faults: &mut Faults) -> Option<Vec<SignatureSlot>> {
    let Some(list) = root.find("signature") else {
        return Some(Vec::new());
    };
    let items = faults.keep(list.list(CONTRACT_LIST_MAX, "[[signature]] tables"))?;
    let mut slots: Vec<SignatureSlot> = Vec::new();
    let mut is_whole = true;
    for item in items {
        let added = signature(&item, faults)
            .and_then(|read| faults.keep(add_signature(&mut slots, read, &item)));
        is_whole &= added.is_some();
    }
    is_whole.then_some(slots)
}

/// Puts an entry to those before it.
fn add_signature(
    slots: &mut Vec<SignatureSlot>,
    read: SignatureSlot,
    item: &Value<'_>,
) -> Result<(), ContractError> {
    if let Some(slot) = slots.iter_mut().find(|slot| slot.place == read.place) {
        if slot.prefix != read.prefix || slot.separator != read.separator {
            let expected = "the same prefix and separator as the other entries of";
            return Err(item.refuse(format!("{expected} {}", read.place)));
        }
        slot.rules.extend(read.rules);
        return Ok(());
    }
    let is_in_body = |slot: &SignatureSlot| slot.place.member_name().is_some();
    if is_in_body(&read) && slots.iter().any(is_in_body) {
        return Err(item.refuse("one member at most: each would have to sign the other"));
    }
    slots.push(read);
    Ok(())
}

/// One entry, as a slot of its own.
fn signature(item: &Value<'_>, faults: &mut Faults) -> Option<SignatureSlot> {
    let table = faults.keep(item.table("a [[signature]] table"))?;
    table.allow_only(
        &[
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
        ],
        faults,
    );
    let rule = rule(&table, faults);
    let place = faults.keep(place(&table));
    let prefix = faults.keep(prefix(&table));
    let expected = "what stands between two values, printable ASCII, such as \" \"";
    let is_separator = |text: &str| text.len() <= 16 && header::is_value(text.as_bytes());
    let separator = table
        .find("separator")
        .map_or(Ok(" "), |value| value.text_where(expected, is_separator));
    let (separator, rule) = (faults.keep(separator)?, rule?);
    if separator.is_empty() && rule.secrets == WhichSecrets::All {
        let expected = "a text between the values of all secrets";
        faults.note(table.refuse("separator", expected));
    }
    Some(SignatureSlot {
        place: place?,
        prefix: prefix?,
        separator: separator.to_owned(),
        rules: vec![rule],
    })
}

fn prefix(table: &Table<'_>) -> Result<Template, ContractError> {
    let Some(value) = table.find("prefix") else {
        return Ok(Template::default());
    };
    let prefix = template(&value, TemplatePlace::Header)?;
    if prefix.is_empty() || prefix.ends_in_text() {
        return Ok(prefix);
    }
    Err(value.refuse("text behind the last name, so that the first value can be told apart"))
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

fn rule(table: &Table<'_>, faults: &mut Faults) -> Option<SignatureRule> {
    let algorithm = table
        .require("algorithm", "a signature algorithm")
        .and_then(|value| value.word(Algorithm::WORDS));
    let algorithm = faults.keep(algorithm);
    let key = faults.keep(key(table, algorithm));
    let secrets = table
        .find("secrets")
        .map_or(Ok(WhichSecrets::Newest), |value| {
            value.word(WhichSecrets::WORDS)
        });
    let secrets = faults.keep(secrets);
    let signed = faults.keep(signed(table));
    let encoding = table
        .require("encoding", "hex or base64")
        .and_then(|value| value.word(Encoding::WORDS));
    let encoding = faults.keep(encoding);
    let value = faults.keep(written(table));
    Some(SignatureRule {
        algorithm: algorithm?,
        key: key?,
        secrets: secrets?,
        signed: signed?,
        encoding: encoding?,
        value: value?,
    })
}

/// What of a secret is the key; it fits the algorithm, if that is known.
fn key(table: &Table<'_>, algorithm: Option<Algorithm>) -> Result<KeyKind, ContractError> {
    let value = table.require("key", "what of a secret is the key")?;
    let kind = value.word(KeyKind::WORDS)?;
    let fits = |algorithm| (algorithm == Algorithm::Ed25519) == kind.is_asymmetric();
    if algorithm.is_none_or(fits) {
        return Ok(kind);
    }
    let expected = "\"whsk\" or \"service\" with ed25519, \"text\" or \"whsec\" with an HMAC";
    Err(value.refuse_found(expected))
}

fn signed(table: &Table<'_>) -> Result<Template, ContractError> {
    let value = table.require("signed", "the signed bytes, such as \"{body}\"")?;
    let signed = template(&value, TemplatePlace::Signed)?;
    if signed.count(Variable::Body) != 1 {
        return Err(value.refuse("{body} once: a signature that leaves it out protects nothing"));
    }
    Ok(signed)
}

/// How a signature is written into its place.
fn written(table: &Table<'_>) -> Result<Template, ContractError> {
    let Some(value) = table.find("value") else {
        return Ok(Template::parse("{signature}", TemplatePlace::Value).unwrap_or_default());
    };
    let written = template(&value, TemplatePlace::Value)?;
    if written.count(Variable::Signature) != 1 {
        return Err(value.refuse("{signature} once"));
    }
    Ok(written)
}
