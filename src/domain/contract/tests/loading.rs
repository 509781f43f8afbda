//! What loads, what does not, and what the refusals say.

use std::time::Duration;

use super::super::{
    Algorithm, BodyForm, Catalogue, Contract, ContractSet, GoneRule, KeyKind, Revision, SuccessRule,
};
use super::{MINIMAL, load};
use crate::domain::retry::RetrySteps;

/// Every key that this version knows, none of them at its default.
const WIDE: &str = r#"
name = "wide"
summary = "a \"wide\" one \\ é"
id_prefix = "webhook_"
catalogue = "closed"

[request]
method = "PUT"
timeout = "10s"
connect_timeout = "1500ms"
success = [204, 200]
gone = "disable"
require_https = true
headers = { "X-Event-Type" = "{event.type}", "A-First" = "z" }

[body]
form = "compact"
root = "members"
members = [
  { name = "ev\"ent", value = "event.type" },
  { name = "id", value = "event.id" },
  { name = "tracking", value = "event.attributes.track.id" },
  { spread = "event.attributes" },
  { name = "data", value = "event.data" },
]

[[signature]]
algorithm = "hmac-sha256"
key = "text"
secrets = "newest"
signed = "{attempt.unix}.{body}"
encoding = "hex"
header = "X-SIGNATURE"
prefix = "t={attempt.unix},"
value = "sha256={signature}"
separator = ","

[retry]
exponential = { first = "5s", factor = 5, retries = 3, cap = "1h" }
retries_max = 10
window = "24h"
jitter = 0.125

[[event_type]]
name = "task.created"
description = "A task was created"

[[event_type]]
name = "task.updated"
description = "A task was updated"
"#;

#[test]
fn every_key_of_the_language_is_read() {
    let contract = load(WIDE);
    assert_eq!(contract.summary, "a \"wide\" one \\ é");
    assert_eq!(contract.catalogue, Catalogue::Closed);
    assert_eq!(contract.request.method, "PUT");
    assert_eq!(
        contract.request.connect_timeout,
        Duration::from_millis(1_500)
    );
    assert_eq!(contract.request.success, SuccessRule::Codes(vec![200, 204]));
    assert_eq!(contract.request.gone, GoneRule::Disable);
    let names: Vec<&str> = contract
        .request
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(
        names,
        ["Content-Type", "User-Agent", "X-Event-Type", "A-First"]
    );
    assert_eq!(contract.retry.jitter_permille, 125);
    assert_eq!(contract.retry.window, Some(Duration::from_hours(24)));
    assert_eq!(contract.retries_max, Some(10));
    assert_eq!(contract.event_types.len(), 2);
    assert!(matches!(
        contract.retry.steps,
        RetrySteps::Exponential {
            factor: 5,
            retries: 3,
            ..
        }
    ));
}

#[test]
fn the_canonical_text_loads_to_the_same_contract() {
    let set = ContractSet::built_in("standard").unwrap();
    let built_in = set.iter_known().map(|contract| Contract::clone(contract));
    for contract in built_in.chain([load(WIDE), load(MINIMAL)]) {
        let again = Contract::load("revision", contract.canonical_text()).unwrap();
        assert_eq!(again, contract);
        assert_eq!(Revision::of(contract.canonical_text()), contract.revision());
    }
}

/// Attempts made by an older version are stored under this revision, and endpoints' requests must not change under
/// their feet: a new key of the language is printed only where a contract uses it.
#[test]
fn the_default_contracts_revision_is_what_it_was_first_released_with() {
    let set = ContractSet::built_in("standard").unwrap();
    let contract = set.get(set.default_name()).unwrap();
    // The version is part of the user agent, and so of the text.
    let version = concat!("Hookyard/", env!("CARGO_PKG_VERSION"));
    let text = contract.canonical_text().replace(version, "Hookyard/0.1.0");
    assert_eq!(
        Revision::of(&text).to_string(),
        "f7088f370031da42e63f74b692b3358555d130c35c2b4cff1cd281e6710c534e"
    );
}

#[test]
fn a_rate_limit_is_read_and_printed() {
    let contract = load(&format!(
        "{MINIMAL}[rate_limit]\nrequests = 60\nper = \"1m\"\n"
    ));
    let limit = "60 per 1m".parse().unwrap();
    assert_eq!(contract.rate_limit, Some(limit));
    assert_eq!(load(contract.canonical_text()), contract);
    assert!(!load(MINIMAL).canonical_text().contains("rate_limit"));
}

#[test]
fn spelling_does_not_change_the_revision_and_meaning_does() {
    let minimal = load(MINIMAL);
    assert_eq!(
        load(&format!("# a remark\n{MINIMAL}jitter = 0\n")).revision(),
        minimal.revision()
    );
    assert_ne!(
        load(&format!("{MINIMAL}jitter = 0.1\n")).revision(),
        minimal.revision()
    );
}

#[test]
fn the_standard_ladder_is_the_published_one() {
    let set = ContractSet::built_in("standard").unwrap();
    let contract = set.get(set.default_name()).unwrap();
    let RetrySteps::Ladder(ladder) = &contract.retry.steps else {
        panic!("a ladder");
    };
    assert_eq!(ladder.len(), 9);
    // 75 h 35 min 5 s from the first attempt to the last, as the specification adds it up.
    assert_eq!(
        ladder.iter().sum::<Duration>(),
        Duration::from_secs(75 * 3600 + 35 * 60 + 5)
    );
    assert_eq!(contract.request.gone, GoneRule::Disable);
    assert!(contract.request.success.accepts(299) && !contract.request.success.accepts(304));
    assert_eq!(contract.retry.jitter_permille, 200);
}

/// Replaces `from` in [`WIDE`] by `to` and compares the refusal.
fn check(from: &str, to: &str, refusal: &str) {
    assert!(WIDE.contains(from), "{from}");
    let error = Contract::load("acme.toml", &WIDE.replacen(from, to, 1)).unwrap_err();
    assert_eq!(error.to_string(), refusal);
}

/// Name, request, retries and event types: what is replaced, by what, and the refusal.
const TERMS: &[(&str, &str, &str)] = &[
    (
        "name = \"wide\"",
        "name = \"Wide\"",
        "acme.toml:2: name: a name of 1 to 64 characters of a-z 0-9 -, such as \"acme\", found \"Wide\"",
    ),
    (
        "summary",
        "sumary",
        "acme.toml:1: summary: one line of 1 to 200 characters for listings; the key is missing\n\
         acme.toml:3: sumary: a known key; did you mean summary?; known keys here are name, summary, id_prefix, catalogue, request, body, signature, retry, rate_limit, api, event_type",
    ),
    (
        "timeout = \"10s\"",
        "timout = \"10s\"",
        "acme.toml:9: request.timout: a known key; did you mean timeout?; known keys here are method, timeout, connect_timeout, success, gone, require_https, headers",
    ),
    (
        "\"10s\"",
        "10",
        "acme.toml:9: request.timeout: a duration such as \"10s\" or \"1h30m\", found 10",
    ),
    (
        "\"10s\"",
        "\"10 s\"",
        "acme.toml:9: request.timeout: a duration: \"10 s\" is not a duration: a unit is missing; expected whole numbers with units from y w d h m s ms, the largest first, such as 10s, 5m or 1h30m",
    ),
    (
        "\"10s\"",
        "\"10m\"",
        "acme.toml:9: request.timeout: a duration from 1s to 2m, found \"10m\"",
    ),
    (
        "\"1500ms\"",
        "\"11s\"",
        "acme.toml:10: request.connect_timeout: a duration from 100ms to 10s, found \"11s\"",
    ),
    (
        "[204, 200]",
        "[204, 302]",
        "acme.toml:11: request.success[1]: a whole number from 200 to 299, found 302",
    ),
    (
        "[204, 200]",
        "\"200\"",
        "acme.toml:11: request.success: \"2xx\" or a list of statuses from 200 to 299 such as [200, 204], found \"200\"",
    ),
    (
        "gone = \"disable\"",
        "gone = \"ignore\"",
        "acme.toml:12: request.gone: one of disable, retry, found \"ignore\"",
    ),
    (
        "require_https = true",
        "require_https = \"yes\"",
        "acme.toml:13: request.require_https: true or false, found \"yes\"",
    ),
    (
        "jitter = 0.125",
        "jitter = 1.5",
        "acme.toml:42: retry.jitter: a number from 0 to 1 with at most three decimals, such as 0.2, found 1.5",
    ),
    (
        "retries_max = 10",
        "retries_max = 2",
        "acme.toml:40: retry.retries_max: a whole number from 3 to 50, found 2",
    ),
    (
        "window",
        "ladder",
        "acme.toml:39: retry.exponential: either ladder or exponential, found both",
    ),
    (
        "\"task.updated\"",
        "\"task.created\"",
        "acme.toml:49: event_type[1].name: every type once, found task.created again",
    ),
    (
        "\"task.updated\"",
        "\"task updated\"",
        "acme.toml:49: event_type[1].name: an event type: \"task updated\" is not an event type: expected dotted segments of A-Z a-z 0-9 _ - such as packet.signed, at most 128 characters",
    ),
];

#[test]
fn a_refusal_names_file_line_key_and_expectation() {
    for (from, to, refusal) in TERMS {
        check(from, to, refusal);
    }
}

/// Headers, body and signatures: what is replaced, by what, and the refusal.
const WIRE: &[(&str, &str, &str)] = &[
    (
        "{event.type}",
        "{event.typ}",
        "acme.toml:14: request.headers.X-Event-Type: a known name in braces, found {event.typ}; did you mean event.type?; expected one of event.id, event.type, event.time, event.unix, endpoint.id, delivery.id, attempt.id, attempt.number, attempt.time, attempt.unix, tenant",
    ),
    (
        "{event.type}",
        "a\\nb",
        "acme.toml:14: request.headers.X-Event-Type: printable ASCII only: other characters cannot stand in a header",
    ),
    (
        "\"A-First\"",
        "\"x-event-TYPE\"",
        "acme.toml:14: request.headers.x-event-TYPE: every header once, found X-Event-Type again",
    ),
    (
        "\"A-First\"",
        "\"Content-Length\"",
        "acme.toml:14: request.headers.Content-Length: another header: Content-Length belongs to the connection",
    ),
    (
        "\"A-First\"",
        "\"A First\"",
        "acme.toml:14: request.headers.A First: a header's name of letters, digits and - such as X-Event-Type",
    ),
    (
        "\"A-First\"",
        "\"X-Signature\"",
        "acme.toml:27: signature: a header of its own; request.headers already has X-Signature",
    ),
    (
        "value = \"event.id\"",
        "value = \"event.uid\"",
        "acme.toml:21: body.members[1].value: one of event.id, event.type, event.time, attempt.time, tenant, event.data, event.attributes.NAME, found \"event.uid\"; did you mean event.id?",
    ),
    (
        "name = \"id\"",
        "name = \"data\"",
        "acme.toml:19: body.members: every member once, found \"data\" again",
    ),
    (
        "spread = \"event.attributes\"",
        "spread = \"event.data\"",
        "acme.toml:23: body.members[3].spread: \"event.attributes\", found \"event.data\"",
    ),
    (
        "root = \"members\"",
        "root = \"data\"",
        "acme.toml:19: body.members: no members under root = \"data\"",
    ),
    (
        "key = \"text\"",
        "key = \"whsk\"",
        "acme.toml:29: signature[0].key: \"whsk\" or \"service\" with ed25519, \"text\" or \"whsec\" with an HMAC, found \"whsk\"",
    ),
    (
        "{attempt.unix}.{body}",
        "{attempt.unix}",
        "acme.toml:31: signature[0].signed: {body} once: a signature that leaves it out protects nothing",
    ),
    (
        "sha256={signature}",
        "sha256=",
        "acme.toml:35: signature[0].value: {signature} once",
    ),
    (
        "t={attempt.unix},",
        "t={attempt.unix}",
        "acme.toml:34: signature[0].prefix: text behind the last name, so that the first value can be told apart",
    ),
    (
        "form = \"compact\"",
        "form = \"pretty\"",
        "acme.toml:17: body.form: one of compact, ecmascript, found \"pretty\"",
    ),
    (
        "algorithm = \"hmac-sha256\"",
        "algorithm = \"ed25519\"",
        "acme.toml:29: signature[0].key: \"whsk\" or \"service\" with ed25519, \"text\" or \"whsec\" with an HMAC, found \"text\"",
    ),
    (
        "algorithm = \"hmac-sha256\"",
        "algorithm = \"hmac-md5\"",
        "acme.toml:28: signature[0].algorithm: one of hmac-sha256, hmac-sha1, hmac-sha512, ed25519, found \"hmac-md5\"",
    ),
    (
        "header = \"X-SIGNATURE\"",
        "header = \"X-SIGNATURE\"\nmember = \"signature\"",
        "acme.toml:34: signature[0].member: either header or member, found both",
    ),
    (
        "header = \"X-SIGNATURE\"",
        "",
        "acme.toml:27: signature[0].header: the header or the member that carries the signature; the key is missing",
    ),
    (
        "header = \"X-SIGNATURE\"",
        "member = \"data\"",
        "acme.toml:27: signature: a member of its own; body.members already has \"data\"",
    ),
    (
        "header = \"X-SIGNATURE\"",
        "member = \"\"",
        "acme.toml:33: signature[0].member: the member's name, 1 to 128 characters, found \"\"",
    ),
    (
        "[retry]",
        "[rate_limit]\nrequests = 0\nper = \"1m\"\n[retry]",
        "acme.toml:39: rate_limit.requests: a whole number from 1 to 10000, found 0",
    ),
    (
        "[retry]",
        "[rate_limit]\nrequests = 60\nper = \"100ms\"\n[retry]",
        "acme.toml:40: rate_limit.per: a duration from 1s to 1d, found \"100ms\"",
    ),
    (
        "[retry]",
        "[rate_limit]\nrequests = 60\n[retry]",
        "acme.toml:38: rate_limit.per: a duration such as \"1m\"; the key is missing",
    ),
    (
        "encoding = \"hex\"",
        "",
        "acme.toml:27: signature[0].encoding: hex or base64; the key is missing",
    ),
];

#[test]
fn the_wire_is_checked_when_the_contract_loads() {
    for (from, to, refusal) in WIRE {
        check(from, to, refusal);
    }
}

const MEMBER_SIGNATURE: &str = "[[signature]]\nalgorithm = \"hmac-sha512\"\nkey = \"text\"\n\
    signed = \"{body}\"\nencoding = \"hex\"\nmember = \"signature\"\n";

#[test]
fn a_signature_in_the_body_needs_a_place_there_that_stays() {
    let refused = |text: &str| Contract::load("acme.toml", text).unwrap_err().to_string();
    assert_eq!(
        refused(&format!("{MINIMAL}{MEMBER_SIGNATURE}")),
        "acme.toml:7: signature: a header: under root = \"data\" the body has no member of its own"
    );
    let wide = WIDE.replace("header = \"X-SIGNATURE\"", "member = \"7\"");
    assert!(Contract::load("acme.toml", &wide).is_ok());
    assert_eq!(
        refused(&wide.replace("form = \"compact\"", "form = \"ecmascript\"")),
        "acme.toml:27: signature: a member that can be the last: in ECMAScript \"7\" stands before all others"
    );
    let other = MEMBER_SIGNATURE.replace("member = \"signature\"", "member = \"mac\"");
    assert_eq!(
        refused(&format!("{wide}{other}")),
        "acme.toml:51: signature[1]: one member at most: each would have to sign the other"
    );
    let other = MEMBER_SIGNATURE.replace("\"signature\"", "\"7\"");
    assert_eq!(
        refused(&format!("{wide}{other}")),
        "acme.toml:51: signature[1]: the same prefix and separator as the other entries of member \"7\" of the body"
    );
}

#[test]
fn every_algorithm_and_kind_of_key_is_read() {
    let service = MEMBER_SIGNATURE
        .replace("hmac-sha512", "ed25519")
        .replace("\"text\"", "\"service\"")
        .replace("member", "header");
    let sha1 = MEMBER_SIGNATURE.replace("sha512", "sha1");
    let body = "[body]\nform = \"ecmascript\"\nmembers = []";
    let minimal = MINIMAL.replace("[body]\nroot = \"data\"", body);
    let contract = load(&format!("{minimal}{service}{MEMBER_SIGNATURE}{sha1}"));
    assert_eq!(contract.body.form, BodyForm::Ecmascript);
    let [header, member] = contract.signatures.as_slice() else {
        panic!("two places");
    };
    assert_eq!(header.place.header_name(), Some("Signature"));
    assert_eq!(header.rules[0].algorithm, Algorithm::Ed25519);
    assert_eq!(member.place.member_name(), Some("signature"));
    let algorithms: Vec<Algorithm> = member.rules.iter().map(|rule| rule.algorithm).collect();
    assert_eq!(algorithms, [Algorithm::HmacSha512, Algorithm::HmacSha1]);
    assert_eq!(contract.key_kinds(), [KeyKind::Service, KeyKind::Text]);
    assert!(contract.signs_with_secrets() && contract.signs_with_service_key());
    let again = load(contract.canonical_text());
    assert_eq!(again, contract);
}

#[test]
fn text_that_is_no_toml_is_refused_with_its_line() {
    let errors = Contract::load("acme.toml", "name = \"x\"\nsummary = \n").unwrap_err();
    let error = errors.iter().next().unwrap();
    assert_eq!((error.line, error.key.as_str()), (2, "(file)"));
    assert!(error.expected.starts_with("TOML: "), "{error}");
    let error = Contract::load("acme.toml", &" ".repeat(64 * 1024 + 1)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "acme.toml:1: (file): at most 65536 bytes, found 65537"
    );
}

#[test]
fn everything_that_is_wrong_is_told_at_once_in_the_order_of_the_text() {
    let text = WIDE
        .replace("name = \"wide\"", "name = \"Wide\"")
        .replace("catalogue", "catalog")
        .replace("\"10s\"", "10")
        .replace("[204, 200]", "[204, 302, 199]")
        .replace("{event.type}", "{event.typ}")
        .replace("form = \"compact\"", "form = \"pretty\"")
        .replace("value = \"event.id\"", "value = \"event.uid\"")
        .replace("key = \"text\"", "key = \"secret\"")
        .replace("sha256={signature}", "sha256=")
        .replace("jitter = 0.125", "jitter = 1.5")
        .replace("\"task.updated\"", "\"task updated\"");
    let errors = Contract::load("acme.toml", &text).unwrap_err();
    let found: Vec<(usize, &str)> = errors
        .iter()
        .map(|error| (error.line, error.key.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            (2, "name"),
            (5, "catalog"),
            (9, "request.timeout"),
            (11, "request.success[1]"),
            (11, "request.success[2]"),
            (14, "request.headers.X-Event-Type"),
            (17, "body.form"),
            (21, "body.members[1].value"),
            (29, "signature[0].key"),
            (35, "signature[0].value"),
            (42, "retry.jitter"),
            (49, "event_type[1].name"),
        ]
    );
    let printed = errors.to_string();
    assert_eq!(printed.lines().count(), found.len());
    assert!(printed.lines().all(|line| line.starts_with("acme.toml:")));
}

#[test]
fn a_part_that_is_wrong_is_not_held_against_what_depends_on_it() {
    // Neither the connection's share of an unknown timeout nor the retries beyond an unknown ladder.
    check(
        "\"10s\"",
        "\"10 m\"",
        "acme.toml:9: request.timeout: a duration: \"10 m\" is not a duration: a unit is missing; expected whole \
         numbers with units from y w d h m s ms, the largest first, such as 10s, 5m or 1h30m",
    );
    let errors = Contract::load("acme.toml", &WIDE.replace("first = ", "fast = ")).unwrap_err();
    let keys: Vec<&str> = errors.iter().map(|error| error.key.as_str()).collect();
    assert_eq!(keys, ["retry.exponential.fast", "retry.exponential.first"]);
}

#[test]
fn of_very_many_faults_the_first_are_listed_and_the_rest_counted() {
    let unknown: String = (0..150).map(|index| format!("key{index} = 1\n")).collect();
    let errors = Contract::load("acme.toml", &format!("{unknown}{MINIMAL}")).unwrap_err();
    assert_eq!(errors.iter().count(), 101);
    let last = errors.iter().last().unwrap().to_string();
    assert_eq!(
        last,
        "acme.toml:100: (file): fewer faults: 50 more are not listed"
    );
}

#[test]
fn every_line_that_is_no_toml_is_told() {
    let errors = Contract::load("acme.toml", "name = \"x\"\nsummary = \n\n[body\n").unwrap_err();
    let lines: Vec<usize> = errors.iter().map(|error| error.line).collect();
    assert_eq!(lines, [2, 4]);
}

#[test]
fn a_closed_catalogue_needs_types() {
    let error =
        Contract::load("acme.toml", &format!("catalogue = \"closed\"\n{MINIMAL}")).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("acme.toml:1: catalogue: at least one [[event_type]]"),
        "{error}"
    );
}
