//! Requests byte for byte, and the same bytes again without the secrets.

use std::time::Duration;

use proptest::prelude::*;
use serde::Deserialize;

use super::super::{Contract, ContractSet, RenderInput, Undeliverable};
use super::{MINIMAL, NOON, PRIVATE, SECRET, event, input, load, secrets};
use crate::domain::attempt::{Attempt, Phases};
use crate::domain::event::Event;
use crate::domain::id::{SecretId, ServiceKeyId};
use crate::domain::request::PreparedRequest;
use crate::domain::sign::service_key::ServiceKey;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    what: String,
    contract: String,
    event: EnvelopeEvent,
    secrets: Vec<String>,
    /// Of the service's own keys, newest first; hex.
    #[serde(default)]
    service_seeds: Vec<String>,
    attempt: EnvelopeAttempt,
    headers: Vec<(String, String)>,
    body: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EnvelopeEvent {
    id: String,
    r#type: String,
    occurred_at: String,
    attributes: Option<String>,
    data: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EnvelopeAttempt {
    number: u32,
    time: String,
}

fn envelopes() -> Vec<Envelope> {
    serde_json::from_str(include_str!("../../../../tests/vectors/envelopes.json")).unwrap()
}

fn service_keys(seeds: &[String]) -> Vec<ServiceKey> {
    let key = |(seed, id): (&String, i64)| {
        let seed = hex::decode(seed).unwrap();
        ServiceKey::from_seed(ServiceKeyId::from_i64(id), &seed.try_into().unwrap())
    };
    seeds.iter().zip(1..).map(key).collect()
}

/// And once more from what is stored: the revision's text, no secret, no key.
#[test]
fn every_envelope_of_the_vectors_is_rendered_to_the_letter() {
    let built_in = ContractSet::built_in("standard").unwrap();
    let envelopes = envelopes();
    assert_eq!(envelopes.len(), 11);
    for envelope in envelopes {
        let contract = match envelope.contract.split_once(':') {
            Some(("builtin", name)) => Contract::clone(built_in.get(name).unwrap()),
            _ if envelope.contract == "builtin" => default_contract(),
            _ => load(&envelope.contract),
        };
        let mut event = event(envelope.event.attributes.as_deref(), &envelope.event.data);
        event.id = envelope.event.id.parse().unwrap();
        event.event_type = envelope.event.r#type.parse().unwrap();
        event.occurred_at = envelope.event.occurred_at.parse().unwrap();
        let texts: Vec<&str> = envelope.secrets.iter().map(String::as_str).collect();
        let (secrets, service_keys) = (secrets(&texts), service_keys(&envelope.service_seeds));
        let input = RenderInput {
            attempt_number: envelope.attempt.number,
            attempt_time: envelope.attempt.time.parse().unwrap(),
            service_keys: &service_keys,
            ..input(&event, &secrets)
        };
        let request = contract.render(&input).unwrap();
        let version = env!("CARGO_PKG_VERSION");
        let expected: Vec<_> = envelope
            .headers
            .into_iter()
            .map(|(name, value)| (name, value.replace("VERSION", version)))
            .collect();
        let body = String::from_utf8(request.body.clone()).unwrap();
        assert_eq!(body, envelope.body, "{}", envelope.what);
        assert_eq!(request.headers, expected, "{}", envelope.what);
        let attempt = stored(&input, &contract, &request);
        let revision = load(contract.canonical_text());
        let again = revision.render_again(&attempt, &event).unwrap();
        assert_eq!(again, request, "{}", envelope.what);
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Printed {
    json: String,
    printed: String,
}

/// What Node.js printed of each text, kept for machines that have none.
#[test]
fn javascripts_form_of_the_vectors_is_sent_to_the_letter() {
    let vectors: Vec<Printed> =
        serde_json::from_str(include_str!("../../../../tests/vectors/ecmascript.json")).unwrap();
    assert_eq!(vectors.len(), 10);
    let contract = load(&MINIMAL.replace("[body]", "[body]\nform = \"ecmascript\""));
    for vector in vectors {
        let event = event(None, &vector.json);
        let body = contract.render(&input(&event, &[])).unwrap().body;
        assert_eq!(String::from_utf8(body).unwrap(), vector.printed);
    }
}

#[test]
fn what_javascript_cannot_carry_is_undeliverable_with_the_reason() {
    let contract = load(&MINIMAL.replace("[body]", "[body]\nform = \"ecmascript\""));
    let refused = |data: &str| {
        let event = event(None, data);
        contract
            .render(&input(&event, &[]))
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        refused("{\"a\": [-1e400]}"),
        "the number -1e400 is too large for JavaScript, whose form of JSON this contract promises: publish it as a \
         string"
    );
    for data in ["1", "\"x\"", "null"] {
        assert!(
            refused(data).contains("neither an object nor an array"),
            "{data}"
        );
    }
    // In an envelope any value has its place, and in the compact form any number.
    let envelope = load(&MINIMAL.replace(
        "root = \"data\"",
        "form = \"ecmascript\"\nmembers = [{ name = \"d\", value = \"event.data\" }]",
    ));
    let scalar = event(None, "null");
    assert_eq!(
        envelope.render(&input(&scalar, &[])).unwrap().body,
        b"{\"d\":null}"
    );
    let huge = event(None, "1e400");
    assert_eq!(
        load(MINIMAL).render(&input(&huge, &[])).unwrap().body,
        b"1e400"
    );
}

#[test]
fn without_a_key_of_the_services_own_nothing_half_signed_goes_out() {
    let built_in = ContractSet::built_in("standard").unwrap();
    let (event, secrets) = (event(None, "{}"), secrets(&["x"]));
    let refused = built_in
        .get("fed")
        .unwrap()
        .render(&input(&event, &secrets));
    let contract = "fed".to_owned();
    assert_eq!(refused, Err(Undeliverable::NoServiceKey { contract }));
}

fn default_contract() -> Contract {
    let set = ContractSet::built_in("standard").unwrap();
    Contract::clone(set.get(set.default_name()).unwrap())
}

#[test]
fn the_kind_of_the_secret_decides_which_signature_it_makes() {
    let (contract, event) = (default_contract(), event(None, "1"));
    let check = |texts: &[&str], versions: &[&str], signers: &[i64]| {
        let secrets = secrets(texts);
        let request = contract.render(&input(&event, &secrets)).unwrap();
        let [(_, value)] = request.signatures.as_slice() else {
            panic!("one header expected");
        };
        let found: Vec<&str> = value
            .split(' ')
            .map(|one| one.split_once(',').unwrap().0)
            .collect();
        assert_eq!(found, versions);
        let signers: Vec<SecretId> = signers.iter().map(|&id| SecretId::from_i64(id)).collect();
        assert_eq!(request.secret_ids, signers);
    };
    check(&[SECRET], &["v1"], &[1]);
    check(&[PRIVATE], &["v1a"], &[1]);
    check(&[PRIVATE, SECRET, SECRET], &["v1", "v1", "v1a"], &[1, 2, 3]);
    // A secret that fits nothing is passed over as long as another one signs.
    check(&["short", SECRET], &["v1"], &[2]);
}

#[test]
fn without_a_fitting_secret_there_is_no_request() {
    let (contract, event) = (default_contract(), event(None, "1"));
    for texts in [&[][..], &["short"]] {
        let secrets = secrets(texts);
        let error = contract.render(&input(&event, &secrets)).unwrap_err();
        assert!(matches!(error, Undeliverable::NoSecret { .. }));
        assert!(!error.to_string().contains("short"));
    }
}

#[test]
fn an_endpoints_headers_follow_the_contracts_and_never_replace_them() {
    let (contract, event, secrets) = (default_contract(), event(None, "1"), secrets(&[SECRET]));
    let own = [
        ("x-customer".to_owned(), "acme".to_owned()),
        ("WEBHOOK-ID".to_owned(), "forged".to_owned()),
        ("content-type".to_owned(), "text/plain".to_owned()),
    ];
    let request = contract
        .render(&RenderInput {
            endpoint_headers: &own,
            timeout: Some(Duration::from_secs(2)),
            ..input(&event, &secrets)
        })
        .unwrap();
    assert_eq!(
        request.headers.last().unwrap(),
        &("X-Customer".to_owned(), "acme".to_owned())
    );
    assert_eq!(request.headers.len(), 6);
    assert!(
        request
            .headers
            .iter()
            .all(|(_, value)| value != "forged" && value != "text/plain")
    );
    assert_eq!(request.timeout, Duration::from_secs(2));
    assert_eq!(request.connect_timeout, Duration::from_secs(2));
}

#[test]
fn a_value_that_could_end_a_header_is_refused() {
    let (contract, event) = (load(MINIMAL), event(None, "1"));
    for value in ["a\r\nX-Evil: 1", "a\0", "\u{1b}[2J", "é"] {
        let own = [("X-Customer".to_owned(), value.to_owned())];
        let refused = contract.render(&RenderInput {
            endpoint_headers: &own,
            ..input(&event, &[])
        });
        let name = "X-Customer".to_owned();
        assert_eq!(refused, Err(Undeliverable::Header { name }));
    }
}

#[test]
fn attributes_that_are_no_object_make_no_request() {
    let contract = load(
        "name = \"x\"\nsummary = \"x\"\n[body]\nmembers = [{ spread = \"event.attributes\" }]\n[retry]\nladder = []\n",
    );
    let event = event(Some("[1]"), "1");
    assert_eq!(
        contract.render(&input(&event, &[])),
        Err(Undeliverable::Attributes)
    );
}

/// What the store keeps of an attempt that sent `request`.
fn stored(input: &RenderInput<'_>, contract: &Contract, request: &PreparedRequest) -> Attempt {
    Attempt {
        id: input.attempt_id,
        delivery_id: input.delivery_id,
        event_id: input.event.id,
        endpoint_id: input.endpoint_id,
        number: input.attempt_number,
        started_at: input.attempt_time,
        revision: contract.revision().to_bytes(),
        url: request.url.clone(),
        signatures: request.signatures.clone(),
        secret_ids: request.secret_ids.clone(),
        service_key_ids: request.service_key_ids.clone(),
        body_sha256: request.body_sha256,
        held_back: None,
        replay_id: None,
        remote_address: None,
        certificate_expires_at: None,
        phases: Phases::default(),
        response: None,
        failure: None,
    }
}

#[test]
fn another_event_is_not_passed_off_as_what_was_sent() {
    let (contract, sent, secrets) = (default_contract(), event(None, "1"), secrets(&[SECRET]));
    let input = input(&sent, &secrets);
    let attempt = stored(&input, &contract, &contract.render(&input).unwrap());
    let other: Event = event(None, "2");
    assert_eq!(
        contract.render_again(&attempt, &other),
        Err(Undeliverable::OtherBody)
    );
}

proptest! {
    /// The contract is loaded from its canonical text, as a revision is; no secret and no endpoint is at hand.
    #[test]
    fn what_was_sent_is_rendered_again_without_secrets(
        data in "\"[a-z é\\[\\]{}:,]{0,40}\"",
        attributes in prop::option::of("\\{ \"[a-d]{1,2}\" : [1-9][0-9]{0,2}(, \"[a-d]{1,2}\": \"[a-z ]{0,5}\" )?\\}"),
        number in 1..50_u32,
        millis in 0..4_000_000_000_000_i64,
        customer in "[a-zA-Z0-9]{0,20}",
        pinned: bool,
    ) {
        let contract = if pinned {
            load("name = \"x\"\nsummary = \"x\"\n[request]\nheaders = { \"X-All\" = \"{event.id} {event.type} \
                  {event.time} {event.unix} {endpoint.id} {delivery.id} {attempt.id} {attempt.number} \
                  {attempt.time} {attempt.unix} {tenant}\" }\n[body]\nmembers = [{ name = \"a\", value = \
                  \"event.attributes.a\" }, { spread = \"event.attributes\" }, { name = \"d\", value = \"event.data\" }]\n\
                  [[signature]]\nalgorithm = \"hmac-sha256\"\nkey = \"text\"\nsigned = \"{attempt.id}{body}\"\n\
                  encoding = \"hex\"\nheader = \"X-Sig\"\n[retry]\nladder = []\n")
        } else {
            default_contract()
        };
        let (event, secrets) = (event(attributes.as_deref(), &data), secrets(&[SECRET, PRIVATE]));
        let own = [("X-Customer".to_owned(), customer)];
        let input = RenderInput {
            attempt_number: number,
            attempt_time: crate::domain::time::Timestamp::from_millis(millis),
            endpoint_headers: &own,
            ..input(&event, &secrets)
        };
        let request = contract.render(&input).unwrap();
        let attempt = stored(&input, &contract, &request);
        let revision = Contract::load("revision", contract.canonical_text()).unwrap();
        prop_assert_eq!(revision.render_again(&attempt, &event).unwrap(), request);
    }
}

#[test]
fn an_attempt_of_an_older_version_keeps_that_versions_name() {
    let contract = load(MINIMAL);
    let older = contract.canonical_text().replace(
        concat!("Hookyard/", env!("CARGO_PKG_VERSION")),
        "Hookyard/0.0.9",
    );
    let event = event(None, "1");
    let request = load(&older).render(&input(&event, &[])).unwrap();
    assert!(
        request
            .headers
            .contains(&("User-Agent".to_owned(), "Hookyard/0.0.9".to_owned()))
    );
    assert_eq!(NOON.as_unix_seconds(), 1_776_075_480);
}
