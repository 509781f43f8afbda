//! What arrives is verified as a consumer would, and every refusal says why.

use std::sync::Arc;

use proptest::prelude::*;

use super::super::verify::{Verified, Verifier, WhyNot};
use super::super::{Contract, ContractSet, RenderInput};
use super::{NOON, PRIVATE, SECRET, event, input, load, secrets};
use crate::domain::id::ServiceKeyId;
use crate::domain::request::PreparedRequest;
use crate::domain::sign::hmac::{self, Hash};
use crate::domain::sign::secret::{self, InvalidSecret};
use crate::domain::sign::service_key::ServiceKey;
use crate::domain::time::Timestamp;

const PUBLIC: &str = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";
const OTHER: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// The time before the values of the one signature header.
const TIMED: &str = "name = \"timed\"\nsummary = \"x\"\n[body]\nmembers = [{ name = \"id\", value = \"event.id\" }, \
    { name = \"d\", value = \"event.data\" }]\n[[signature]]\nalgorithm = \"hmac-sha256\"\nkey = \"text\"\n\
    secrets = \"all\"\nsigned = \"{attempt.unix}.{body}\"\nencoding = \"hex\"\nheader = \"Timed-Signature\"\n\
    prefix = \"t={attempt.unix},\"\nvalue = \"v1={signature}\"\nseparator = \",\"\n[retry]\nladder = []\n";

fn default_contract() -> Arc<Contract> {
    let set = ContractSet::built_in("standard").unwrap();
    Arc::clone(set.get(set.default_name()).unwrap())
}

fn sent(contract: &Contract, texts: &[&str]) -> PreparedRequest {
    let (event, secrets) = (event(None, "{\"a\": 1}"), secrets(texts));
    contract.render(&input(&event, &secrets)).unwrap()
}

fn verify(
    contract: &Arc<Contract>,
    secret: &str,
    request: &PreparedRequest,
) -> Result<Verified, WhyNot> {
    let verifier = Verifier::new(Arc::clone(contract), secret).unwrap();
    verifier.verify(NOON, &request.headers, &request.body)
}

fn without(request: &PreparedRequest, name: &str) -> PreparedRequest {
    let mut request = request.clone();
    request.headers.retain(|(other, _)| other != name);
    request
}

fn with(request: &PreparedRequest, name: &str, value: &str) -> PreparedRequest {
    let mut request = without(request, name);
    request
        .headers
        .push((name.to_lowercase(), value.to_owned()));
    request
}

#[test]
fn what_is_sent_verifies_with_every_secret_that_signed() {
    let contract = default_contract();
    let request = sent(&contract, &[PRIVATE, OTHER, SECRET]);
    for secret in [SECRET, OTHER, PRIVATE, PUBLIC] {
        let verified = verify(&contract, secret, &request).unwrap();
        assert_eq!(verified.signed_at, Some(NOON.as_unix_seconds()));
        assert_eq!(verified.event_id.as_deref(), Some("evt_0000000000007"));
        assert_eq!(verified.headers, ["Webhook-Signature"]);
    }
    let timed = Arc::new(load(TIMED));
    let request = sent(&timed, &["new", "old"]);
    let verified = verify(&timed, "old", &request).unwrap();
    assert_eq!(verified.signed_at, Some(NOON.as_unix_seconds()));
    assert_eq!(verified.event_id.as_deref(), Some("evt_0000000000007"));
}

/// Two well-known schemes as contracts of our language: `(before the first value, around a value, signed bytes)`.
fn scheme(prefix: &str, value: &str, signed: &str) -> Arc<Contract> {
    Arc::new(load(&format!(
        "{}[[signature]]\nalgorithm = \"hmac-sha256\"\nkey = \"text\"\nsigned = \"{signed}\"\nencoding = \"hex\"\n\
         header = \"Signature\"\nprefix = \"{prefix}\"\nvalue = \"{value}\"\nseparator = \",\"\n",
        super::MINIMAL
    )))
}

/// The vectors of other people's documentation, as the requests that would carry them.
#[test]
fn published_signatures_verify_under_a_contract_that_describes_them() {
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../../../../tests/vectors/signatures.json")).unwrap();
    let mut kinds = Vec::new();
    for vector in vectors.as_array().unwrap() {
        let text = |key: &str| vector[key].as_str().unwrap().to_owned();
        let (signature, secret) = (text("signature"), text("secret"));
        let parts: Vec<String> = text("before_body").split('.').map(str::to_owned).collect();
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let version = if text("key") == "whsk" { "v1a" } else { "v1" };
        let (contract, headers) = match parts.as_slice() {
            [id, unix, _] => (
                default_contract(),
                vec![
                    header("webhook-id", id),
                    header("webhook-timestamp", unix),
                    header("webhook-signature", &format!("{version},{signature}")),
                ],
            ),
            [unix, _] => (
                scheme(
                    "t={attempt.unix},",
                    "v1={signature}",
                    "{attempt.unix}.{body}",
                ),
                vec![header(
                    "signature",
                    &format!("t={unix},v1={signature},v0=00"),
                )],
            ),
            _ => (
                scheme("", "sha256={signature}", "{body}"),
                vec![header("signature", &format!("sha256={signature}"))],
            ),
        };
        let unix = parts
            .iter()
            .find_map(|part| part.parse::<i64>().ok())
            .unwrap_or_default();
        let body = hex::decode(text("body_hex")).unwrap();
        let verifier = Verifier::new(contract, &secret).unwrap();
        let verified = verifier.verify(Timestamp::from_millis(unix * 1_000), &headers, &body);
        assert!(verified.is_ok(), "{}: {verified:?}", text("from"));
        kinds.push(parts.len());
    }
    assert_eq!(kinds, [3, 3, 3, 3, 3, 1, 2]);
}

fn built_in(name: &str) -> Arc<Contract> {
    let set = ContractSet::built_in("standard").unwrap();
    Arc::clone(set.get(name).unwrap())
}

/// GitHub's documentation has the SHA-256, and Stripe's libraries compute the other as they document it.
#[test]
fn the_built_in_forms_of_known_platforms_verify_their_vectors() {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let sha256 = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let sha1 = "sha1=01dc10d0c83e72ed246219cdd91669667fe2ca59";
    let verifier = Verifier::new(built_in("github"), "It's a Secret to Everybody").unwrap();
    let headers = [
        header("X-Hub-Signature-256", sha256),
        header("x-hub-signature", sha1),
    ];
    let verified = verifier.verify(NOON, &headers, b"Hello, World!").unwrap();
    assert_eq!(verified.headers, ["X-Hub-Signature-256", "X-Hub-Signature"]);
    assert_eq!(verified.signed_at, None);
    assert!(verifier.verify(NOON, &headers, b"Hello, World").is_err());

    let verifier = Verifier::new(built_in("stripe"), "whsec_test_secret").unwrap();
    let v1 = "10c96c6fd3f320fcfc264cdc4f476c15060ede8e8a08404cea2ddf3b72544a9c";
    let headers = [header(
        "Stripe-Signature",
        &format!("t=1614265330,v1={v1},v0=00"),
    )];
    let now = Timestamp::from_millis(1_614_265_330_000);
    let verified = verifier
        .verify(now, &headers, b"{\"test\": 2432232314}")
        .unwrap();
    assert_eq!(verified.signed_at, Some(1_614_265_330));
}

/// Everything a consumer checks with: a secret, or the service's public key.
#[test]
fn what_every_built_in_contract_sends_verifies_and_is_refused_once_changed() {
    let key = ServiceKey::from_seed(ServiceKeyId::from_i64(1), &[7; 32]);
    let public = secret::public_text(key.public());
    for contract in ContractSet::built_in("standard").unwrap().iter() {
        let (event, keys) = (event(None, "{\"a\": 1.0}"), [key.clone()]);
        let secrets = secrets(&[SECRET, OTHER]);
        let request = contract
            .render(&RenderInput {
                service_keys: &keys,
                ..input(&event, &secrets)
            })
            .unwrap();
        let mut texts = vec![SECRET];
        if contract.signs_with_service_key() {
            texts.push(&public);
        }
        for text in texts {
            let verified = verify(contract, text, &request).unwrap();
            assert!(!(verified.headers.is_empty() && verified.members.is_empty()));
            let mut changed = request.clone();
            let digit = changed.body.iter().position(|&byte| byte == b'1').unwrap();
            changed.body[digit] = b'2';
            let refused = verify(contract, text, &changed).unwrap_err();
            assert!(
                matches!(refused, WhyNot::Mismatch { .. }),
                "{}: {refused}",
                contract.name
            );
        }
        // "Another" is a secret of every kind here, and it is the wrong one.
        let another = "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e";
        let refused = verify(contract, another, &request).unwrap_err().to_string();
        assert!(
            refused.contains("the secret is another one"),
            "{}: {refused}",
            contract.name
        );
    }
}

#[test]
fn a_signature_in_the_body_verifies_as_a_consumer_would_who_deletes_it() {
    let contract = built_in("shipment");
    let request = sent(&contract, &["hush"]);
    let verified = verify(&contract, "hush", &request).unwrap();
    assert_eq!(
        (verified.headers.len(), verified.members.as_slice()),
        (0, &["signature".to_owned()][..])
    );
    let with_body = |body: &str| PreparedRequest {
        body: body.as_bytes().to_vec(),
        ..request.clone()
    };
    // Parsed and printed with white space: what is left after deleting is the same.
    let body = String::from_utf8(request.body.clone()).unwrap();
    assert!(verify(&contract, "hush", &with_body(&body.replace(',', " ,\n"))).is_ok());
    let check = |body: &str, message: &str| {
        let refused = verify(&contract, "hush", &with_body(body)).unwrap_err();
        assert_eq!(refused.to_string(), message);
    };
    check(
        &body.replace("\"signature\"", "\"sign\""),
        "the body has no member \"signature\": it was not sent under this contract, or something on the way dropped it",
    );
    check(
        "[1]",
        "the body is not a JSON object: its signature is expected in its member \"signature\"",
    );
    check(
        "{\"signature\":1}",
        "member \"signature\" of the body is malformed: text is expected, found \"1\"",
    );
    check(
        "{\"signature\":\"abc\"}",
        "member \"signature\" of the body is malformed: {signature} with hex of 32 bytes is expected, \
         found \"a signature of another length or alphabet\"",
    );
}

#[test]
fn a_body_that_was_written_again_is_told_from_a_wrong_secret() {
    let contract = built_in("taskhub");
    let (event, secrets) = (event(None, "{\"a\":\"é/\",\"b\":2}"), secrets(&["hush"]));
    let sent = contract.render(&input(&event, &secrets)).unwrap();
    let refused = |body: &str, secret: &str| {
        let body = body.as_bytes().to_vec();
        verify(
            &contract,
            secret,
            &PreparedRequest {
                body,
                ..sent.clone()
            },
        )
        .unwrap_err()
        .to_string()
    };
    // As PHP and Python write it.
    let escaped = "{\"a\": \"\\u00e9\\/\", \"b\": 2.0}";
    assert!(
        refused(escaped, "hush")
            .contains("right for the body as JSON.stringify(JSON.parse(body)) prints it"),
        "{}",
        refused(escaped, "hush")
    );
    assert_eq!(
        refused(escaped, "other"),
        "no signature in header X-Hub-Signature fits, and the body is not in the form that this contract sends \
         (ecmascript): something on the way parsed it and wrote it again; verify the bytes as they came"
    );
    let plain = String::from_utf8(sent.body.clone()).unwrap();
    assert!(refused(&plain, "other").contains("the secret is another one"));
}

#[test]
fn a_body_whose_members_were_sorted_is_put_into_the_contracts_order() {
    let contract = default_contract();
    let request = sent(&contract, &[SECRET]);
    let body = String::from_utf8(request.body.clone()).unwrap();
    let (kind, rest) = body[1..body.len() - 1].split_once(',').unwrap();
    let sorted = format!("{{{rest},{kind}}}");
    let refused = |body: &str, secret: &str| {
        let body = body.as_bytes().to_vec();
        let request = PreparedRequest {
            body,
            ..request.clone()
        };
        verify(&contract, secret, &request).unwrap_err().to_string()
    };
    let why = refused(&sorted, SECRET);
    assert!(
        why.contains("right for the body with its members in the contract's order"),
        "{why}"
    );
    // Whatever the secret: no such body was sent.
    let why = refused(&sorted, OTHER);
    assert!(
        why.contains("not in the form that this contract sends (compact)"),
        "{why}"
    );
}

/// What JSON.stringify(JSON.parse(body)) does to a number cannot be undone, so no other secret is claimed.
#[test]
fn a_body_whose_numbers_were_written_again_may_be_just_that_and_the_diagnosis_says_so() {
    let contract = default_contract();
    let (event, secrets) = (event(None, "{\"b\":1.0,\"7\":1}"), secrets(&[SECRET]));
    let sent = contract.render(&input(&event, &secrets)).unwrap();
    let body = String::from_utf8(sent.body.clone()).unwrap();
    let again = body.replace("{\"b\":1.0,\"7\":1}", "{\"7\":1,\"b\":1}");
    assert_ne!(again, body);
    let request = PreparedRequest {
        body: again.into_bytes(),
        ..sent
    };
    let why = verify(&contract, SECRET, &request).unwrap_err().to_string();
    assert!(
        why.ends_with("the publisher wrote them: verify the raw bytes"),
        "{why}"
    );
}

#[test]
fn a_publishers_escapes_are_tried_for_a_body_that_lost_them() {
    let contract = default_contract();
    for (written, spelling) in [
        ("\"\\u00e9 \\ud83d\\ude00 /\"", "Python's json.dumps"),
        ("\"\\u00e9 \\ud83d\\ude00 \\/\"", "PHP's json_encode"),
    ] {
        let (event, secrets) = (event(None, written), secrets(&[SECRET]));
        let sent = contract.render(&input(&event, &secrets)).unwrap();
        let body = String::from_utf8(sent.body.clone()).unwrap();
        let request = PreparedRequest {
            body: body.replace(written, "\"é 😀 /\"").into_bytes(),
            ..sent
        };
        let why = verify(&contract, SECRET, &request).unwrap_err().to_string();
        assert!(why.contains(spelling), "{why}");
    }
}

#[test]
fn a_replayed_request_is_stale_by_the_time_in_its_body() {
    let contract = built_in("fed");
    let (event, secrets) = (event(None, "{}"), secrets(&["hush"]));
    let keys = [ServiceKey::from_seed(ServiceKeyId::from_i64(1), &[7; 32])];
    let request = contract
        .render(&RenderInput {
            service_keys: &keys,
            ..input(&event, &secrets)
        })
        .unwrap();
    let verifier = Verifier::new(contract, "hush").unwrap();
    let later = Timestamp::from_millis(NOON.as_millis() + 301_000);
    assert!(
        verifier
            .verify(NOON, &request.headers, &request.body)
            .is_ok()
    );
    let refused = verifier.verify(later, &request.headers, &request.body);
    assert_eq!(refused, Err(WhyNot::Stale { seconds: 301 }));
}

#[test]
fn five_minutes_either_way_are_allowed_and_a_second_more_is_not() {
    let contract = default_contract();
    let request = sent(&contract, &[SECRET]);
    let verifier = Verifier::new(contract, SECRET).unwrap();
    let at = |seconds: i64| {
        let now = Timestamp::from_millis((NOON.as_unix_seconds() + seconds) * 1_000);
        verifier.verify(now, &request.headers, &request.body)
    };
    assert!(at(300).is_ok() && at(-300).is_ok());
    assert_eq!(at(301), Err(WhyNot::Stale { seconds: 301 }));
    assert_eq!(at(-301), Err(WhyNot::Future { seconds: 301 }));
}

#[test]
fn every_missing_header_is_named() {
    let contract = default_contract();
    let request = sent(&contract, &[SECRET]);
    for name in ["Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"] {
        let refused = verify(&contract, SECRET, &without(&request, name)).unwrap_err();
        assert_eq!(
            refused,
            WhyNot::MissingHeader {
                name: name.to_owned()
            }
        );
    }
    let mut twice = request.clone();
    twice
        .headers
        .push(("webhook-signature".to_owned(), "v1,x".to_owned()));
    assert_eq!(
        verify(&contract, SECRET, &twice).unwrap_err().to_string(),
        "header Webhook-Signature comes 2 times: once is expected"
    );
}

#[test]
fn a_malformed_header_is_shown_escaped_with_what_was_expected() {
    let contract = default_contract();
    let request = sent(&contract, &[SECRET]);
    let check = |value: &str, message: &str| {
        let refused = verify(
            &contract,
            SECRET,
            &with(&request, "Webhook-Signature", value),
        )
        .unwrap_err();
        assert_eq!(refused.to_string(), message, "{value}");
    };
    let form = "header Webhook-Signature is malformed: v1,{signature} is expected, found";
    check("", &format!("{form} \"\""));
    check("\u{1b}[2Jabc", &format!("{form} \"\\u{{1b}}[2Jabc\""));
    check("sha256=abc", &format!("{form} \"sha256=abc\""));
    let bare = "header Webhook-Signature holds a bare signature: v1,{signature} is expected; something on the way, \
                or the code that reads it, cut the rest off";
    check("g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", bare);
    let hex = format!("v1,{}", "0a".repeat(32));
    check(
        &hex,
        "header Webhook-Signature holds a signature in hex: base64 is expected",
    );
    let length = "header Webhook-Signature is malformed: v1,{signature} with base64 of 32 bytes is expected, \
                  found \"a signature of another length or alphabet\"";
    for value in ["v1,", "v1,AAAA", "v1,***"] {
        check(value, length);
    }
    let timed = Arc::new(load(TIMED));
    let request = sent(&timed, &["x"]);
    let refused = verify(&timed, "x", &with(&request, "Timed-Signature", "v1=00")).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "header Timed-Signature is malformed: t={attempt.unix}, is expected, found \"v1=00\""
    );
}

#[test]
fn a_time_that_is_no_number_is_refused_even_when_it_was_signed() {
    let timed = Arc::new(load(TIMED));
    let request = sent(&timed, &["x"]);
    let signature = hex::encode(hmac::sign(
        Hash::Sha256,
        b"x",
        &[b"+5.", &request.body[..]].concat(),
    ));
    let forged = with(&request, "Timed-Signature", &format!("t=+5,v1={signature}"));
    assert_eq!(
        verify(&timed, "x", &forged).unwrap_err().to_string(),
        "header Timed-Signature is malformed: the time in Unix seconds is expected, found \"+5\""
    );
}

#[test]
fn values_of_unknown_versions_are_passed_over() {
    let contract = default_contract();
    let request = sent(&contract, &[SECRET]);
    let own = request.signatures[0].1.clone();
    for value in [
        format!("v9,abc {own}"),
        format!("{own} v1,*** v1"),
        format!("  {own}   v2,x"),
    ] {
        assert!(
            verify(
                &contract,
                SECRET,
                &with(&request, "Webhook-Signature", &value)
            )
            .is_ok(),
            "{value}"
        );
    }
}

#[test]
fn a_secret_of_the_other_kind_is_told_apart_from_a_wrong_one() {
    let contract = default_contract();
    let refused = verify(&contract, SECRET, &sent(&contract, &[PRIVATE])).unwrap_err();
    assert!(matches!(refused, WhyNot::OtherKind { .. }), "{refused}");
    let refused = verify(&contract, PUBLIC, &sent(&contract, &[SECRET])).unwrap_err();
    assert!(matches!(refused, WhyNot::OtherKind { .. }), "{refused}");
    let refused = verify(&contract, OTHER, &sent(&contract, &[SECRET])).unwrap_err();
    assert!(matches!(refused, WhyNot::Mismatch { .. }), "{refused}");
    let refused = Verifier::new(contract, "no secret").unwrap_err();
    assert_eq!(refused, InvalidSecret::NotBase64("whsec_"));
    let unsigned = Arc::new(load(super::MINIMAL));
    let refused = verify(&unsigned, "x", &sent(&unsigned, &[])).unwrap_err();
    assert!(matches!(refused, WhyNot::Unsigned { .. }), "{refused}");
}

#[test]
fn common_mistakes_with_body_and_secret_are_named() {
    let contract = default_contract();
    let mut request = sent(&contract, &[SECRET]);
    let original = request.body.clone();
    let check = |request: &PreparedRequest, spelling: &str| {
        let refused = verify(&contract, SECRET, request).unwrap_err().to_string();
        assert!(refused.contains(spelling), "{refused}");
    };
    request.body.push(b'\n');
    check(
        &request,
        "right for the body without white space at its ends",
    );
    request.body = String::from_utf8(original)
        .unwrap()
        .replace("\":", "\": ")
        .into_bytes();
    check(
        &request,
        "right for the body without white space between its members",
    );
    request.body = b"{}".to_vec();
    check(
        &request,
        "the secret is another one, or the body or a signed header was changed",
    );
    let timed = Arc::new(load(TIMED));
    let refused = verify(&timed, "x\n", &sent(&timed, &["x"])).unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("the secret without white space at its ends"),
        "{refused}"
    );
}

proptest! {
    /// One changed bit in anything that is signed, or in the signature, is noticed.
    #[test]
    fn a_single_changed_bit_is_refused(position: prop::sample::Index, bit in 0..7_u8, part in 0..4_usize) {
        let contract = default_contract();
        let mut request = sent(&contract, &[SECRET]);
        if part == 3 {
            let position = position.index(request.body.len());
            request.body[position] ^= 1 << bit;
        } else {
            // The last three headers are id, time and signature; a change that leaves no ASCII text is no header.
            let count = request.headers.len();
            let value = &mut request.headers[count - 3 + part].1;
            let mut bytes = value.clone().into_bytes();
            let position = position.index(bytes.len());
            bytes[position] ^= 1 << bit;
            prop_assume!(bytes[position].is_ascii_graphic());
            *value = String::from_utf8(bytes).unwrap();
        }
        prop_assert!(verify(&contract, SECRET, &request).is_err());
    }

    #[test]
    fn no_request_makes_it_panic(
        value in "(v1,|v1a,|t=[0-9]{0,3},v1=)?[ -~é]{0,40}",
        time in "[0-9+. ]{0,12}",
        body: Vec<u8>,
    ) {
        let headers = [
            ("webhook-id".to_owned(), value.clone()),
            ("webhook-timestamp".to_owned(), time),
            ("webhook-signature".to_owned(), value.clone()),
            ("timed-signature".to_owned(), value),
        ];
        for (contract, secret) in [(default_contract(), SECRET), (Arc::new(load(TIMED)), "x")] {
            prop_assert!(Verifier::new(contract, secret).unwrap().verify(NOON, &headers, &body).is_err());
        }
    }
}
