//! What an endpoint may ask for, and how it hears that it may not.

use std::time::Duration;

use secrecy::ExposeSecret as _;

use super::super::{ContractSet, RefusedTerm};
use super::{MINIMAL, PRIVATE, SECRET, load};
use crate::domain::retry::{RetryPolicy, RetrySteps};
use crate::domain::sign::secret::InvalidSecret;

fn ladder(retries: usize) -> RetryPolicy {
    RetryPolicy {
        steps: RetrySteps::Ladder(vec![Duration::from_secs(1); retries]),
        window: None,
        jitter_permille: 0,
    }
}

#[test]
fn an_endpoints_retries_stay_within_the_contracts() {
    let capped = load(&format!("{MINIMAL}retries_max = 3\n"));
    assert_eq!(capped.effective_retry(None), Ok(&capped.retry));
    assert_eq!(capped.effective_retry(Some(&ladder(3))), Ok(&ladder(3)));
    assert_eq!(
        capped
            .effective_retry(Some(&ladder(4)))
            .unwrap_err()
            .to_string(),
        "4 retries are asked for: contract x allows at most 3"
    );
    let open = load(MINIMAL);
    assert!(open.effective_retry(Some(&ladder(50))).is_ok());
    assert!(open.effective_retry(Some(&ladder(51))).is_err());
}

#[test]
fn a_policy_without_sense_is_refused() {
    let contract = load(MINIMAL);
    let check = |policy: &RetryPolicy, message: &str| {
        assert_eq!(
            contract
                .effective_retry(Some(policy))
                .unwrap_err()
                .to_string(),
            message
        );
    };
    let long = Duration::from_hours(9_000);
    let steps = RetrySteps::Ladder(vec![long]);
    check(
        &RetryPolicy { steps, ..ladder(0) },
        "the retry delay of 375d is out of range: at most 365d is allowed",
    );
    let window = Some(long);
    check(
        &RetryPolicy {
            window,
            ..ladder(0)
        },
        "the retry window of 375d is out of range: at most 365d is allowed",
    );
    check(
        &RetryPolicy {
            jitter_permille: 1_001,
            ..ladder(0)
        },
        "the retry jitter must be from 0 to 1",
    );
    let (first, cap) = (Duration::from_secs(5), Duration::from_secs(1));
    let steps = RetrySteps::Exponential {
        first,
        factor: 5,
        retries: 1,
        cap,
    };
    check(
        &RetryPolicy { steps, ..ladder(0) },
        "the retry factor must be at least 1 and the cap at least the first delay",
    );
}

#[test]
fn a_secret_must_fit_one_of_the_signatures() {
    let set = ContractSet::built_in("standard").unwrap();
    let contract = set.get(set.default_name()).unwrap();
    assert_eq!(contract.check_secret(SECRET), Ok(()));
    assert_eq!(contract.check_secret(PRIVATE), Ok(()));
    assert_eq!(
        contract.check_secret("hunter2hunter2x*"),
        Err(InvalidSecret::NotBase64("whsec_"))
    );
    assert_eq!(
        contract.check_secret("whsk_AAAA"),
        Err(InvalidSecret::PrivateLength(3))
    );
    assert!(
        contract
            .new_secret(&[1; 32])
            .expose_secret()
            .starts_with("whsec_")
    );
    let text = load(&format!(
        "{MINIMAL}[[signature]]\nalgorithm = \"hmac-sha256\"\nkey = \"text\"\nsigned = \"{{body}}\"\n\
         encoding = \"hex\"\nheader = \"X-Sig\"\n"
    ));
    assert_eq!(text.check_secret("x"), Ok(()));
    assert_eq!(text.check_secret(""), Err(InvalidSecret::Empty));
    assert_eq!(text.new_secret(&[1; 32]).expose_secret(), "01".repeat(32));
    assert_eq!(
        load(MINIMAL).check_secret(&"x".repeat(257)),
        Err(InvalidSecret::TextTooLong(257))
    );
}

#[test]
fn an_endpoints_headers_are_refused_with_the_reason() {
    let set = ContractSet::built_in("standard").unwrap();
    let contract = set.get(set.default_name()).unwrap();
    let check = |headers: &[(&str, &str)], message: &str| {
        let headers: Vec<_> = headers
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        assert_eq!(
            contract.check_headers(&headers).unwrap_err().to_string(),
            message
        );
    };
    assert_eq!(
        contract.check_headers(&[("Authorization".to_owned(), "Bearer x".to_owned())]),
        Ok(())
    );
    check(
        &[("webhook-SIGNATURE", "x")],
        "header Webhook-Signature is set by contract standard: an endpoint cannot replace it",
    );
    check(
        &[("host", "x")],
        "header Host is set by the connection: an endpoint cannot replace it",
    );
    check(
        &[("X-A", "1"), ("x-a", "2")],
        "header X-A is given twice: give it once",
    );
    check(
        &[("X A", "1")],
        "\"X A\" is not a header's name: letters, digits and - are expected, such as X-Customer",
    );
    let value = "the value of header X-A cannot be sent: at most 1024 characters of printable ASCII \
                 without space at the ends are expected";
    for text in ["a\nb", " a", "é", &"x".repeat(1_025)] {
        check(&[("X-A", text)], value);
    }
    check(
        &[("X-A", "1"); 33],
        "33 headers are asked for: at most 32 are allowed",
    );
}

#[test]
fn a_closed_catalogue_refuses_other_types_and_names_its_own() {
    let closed = load(&format!(
        "catalogue = \"closed\"\n{MINIMAL}[[event_type]]\nname = \"task.created\"\ndescription = \"x\"\n"
    ));
    assert_eq!(
        closed.check_event_type(&"task.created".parse().unwrap()),
        Ok(())
    );
    assert_eq!(closed.check_pattern(&"task.*".parse().unwrap()), Ok(()));
    assert_eq!(
        closed
            .check_pattern(&"agent.*".parse().unwrap())
            .unwrap_err()
            .to_string(),
        "agent.* matches no event type of contract x, whose catalogue is closed; it has task.created"
    );
    assert_eq!(
        load(MINIMAL).check_event_type(&"anything".parse().unwrap()),
        Ok(())
    );
}

#[test]
fn a_contract_may_insist_on_https() {
    let contract = load(&format!("{MINIMAL}[request]\nrequire_https = true\n"));
    assert_eq!(contract.check_url("https://example.com/"), Ok(()));
    let contract_name = "x".to_owned();
    assert_eq!(
        contract.check_url("http://example.com/"),
        Err(RefusedTerm::Https {
            contract: contract_name
        })
    );
    assert_eq!(load(MINIMAL).check_url("http://example.com/"), Ok(()));
}

#[test]
fn an_endpoint_may_tighten_the_rate_limit_and_not_loosen_it() {
    let contract = load(&format!(
        "{MINIMAL}[rate_limit]\nrequests = 60\nper = \"1m\"\n"
    ));
    let check = |text: &str| contract.check_rate_limit(text.parse().unwrap());
    assert_eq!(check("1 per 1s"), Ok(()));
    assert_eq!(
        check("2 per 1s").unwrap_err().to_string(),
        format!(
            "2 per 1s lets more through than contract {} allows: at most 60 per 1m",
            contract.name
        )
    );
    assert_eq!(
        load(MINIMAL).check_rate_limit("100 per 1s".parse().unwrap()),
        Ok(())
    );
}
