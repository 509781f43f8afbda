//! What an endpoint may be: every member of a wish checked against its contract, the address rules and the limits.
//!
//! Each check takes one member and gives what the endpoint keeps, or says what is wrong with it and where.

use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use super::address::AddressRules;
use super::breaker::{BreakerOverride, BreakerPolicy};
use super::contract::{Contract, ContractSet};
use super::duration::DurationText;
use super::endpoint_draft::{InvalidInput, RetryRequest};
use super::event_type::EventTypePattern;
use super::limits::{
    CONCURRENCY_PER_ENDPOINT_MAX, METADATA_CHARS_MAX, METADATA_MEMBERS_MAX, NAME_CHARS_MAX,
    PATTERNS_MAX, TIMEOUT_MAX,
};
use super::rate_limit::RateLimit;
use super::retry::{RetryPolicy, RetrySteps};
use super::tenant::Tenant;

/// The contract of this name.
///
/// # Errors
/// There is none, or it is not enabled.
pub fn contract<'a>(
    contracts: &'a ContractSet,
    name: Option<&str>,
) -> Result<&'a Contract, InvalidInput> {
    let name = name.unwrap_or_else(|| contracts.default_name());
    contracts.get(name).map(AsRef::as_ref).ok_or_else(|| {
        let enabled: Vec<_> = contracts.iter().map(|known| known.name.as_str()).collect();
        let shown: String = name.chars().take(64).collect();
        InvalidInput::at(
            "/contract",
            format!(
                "{shown:?} is not an enabled contract; there are: {}",
                enabled.join(", ")
            ),
        )
    })
}

/// The URL as it is kept.
///
/// # Errors
/// It cannot be read, or neither the address rules nor the contract allow it.
pub fn url(
    targets: &AddressRules,
    contract: &Contract,
    text: &str,
) -> Result<String, InvalidInput> {
    let refused = |detail: String| InvalidInput::at("/url", detail);
    let target = targets
        .judge_url(text)
        .map_err(|error| refused(error.to_string()))?;
    contract
        .check_url(target.as_str())
        .map_err(|error| refused(error.to_string()))?;
    Ok(target.as_str().to_owned())
}

/// A name people call it by.
///
/// # Errors
/// Empty, too long, or with control characters.
pub fn name(text: &str) -> Result<String, InvalidInput> {
    let chars = text.chars().count();
    if (1..=NAME_CHARS_MAX).contains(&chars) && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    Err(InvalidInput::at(
        "/name",
        format!(
            "a name has 1 to {NAME_CHARS_MAX} characters and no control characters, this one has {chars}"
        ),
    ))
}

/// The patterns it subscribes with; none given means all types.
///
/// # Errors
/// Too many, none in a list, one that is no pattern, or one that a closed catalogue does not know.
pub fn event_types(
    contract: &Contract,
    texts: Option<&[String]>,
) -> Result<Vec<EventTypePattern>, InvalidInput> {
    let Some(texts) = texts else {
        return Ok(vec![EventTypePattern::Any]);
    };
    if texts.is_empty() || texts.len() > PATTERNS_MAX {
        let detail = format!(
            "{} patterns are given; give 1 to {PATTERNS_MAX}, or leave the member out for all types",
            texts.len()
        );
        return Err(InvalidInput::at("/event_types", detail));
    }
    let one = |(index, text): (usize, &String)| {
        let refused = |detail: String| InvalidInput::at(format!("/event_types/{index}"), detail);
        let pattern = text
            .parse::<EventTypePattern>()
            .map_err(|error| refused(error.to_string()))?;
        contract
            .check_pattern(&pattern)
            .map_err(|error| refused(error.to_string()))?;
        Ok(pattern)
    };
    texts.iter().enumerate().map(one).collect()
}

/// Whether an endpoint of `tenant` may ask for these: operational events are for the platform's own endpoints.
///
/// # Errors
/// The first pattern of the service's own types, for an endpoint that has a tenant.
pub fn types_for(
    tenant: Option<&Tenant>,
    patterns: &[EventTypePattern],
) -> Result<(), InvalidInput> {
    let mut numbered = patterns.iter().enumerate();
    let reserved = numbered.find(|(_, pattern)| pattern.is_reserved());
    let (Some(tenant), Some((index, pattern))) = (tenant, reserved) else {
        return Ok(());
    };
    let detail = format!(
        "{pattern} goes to endpoints without a tenant, and this one is {tenant}'s: leave the pattern out"
    );
    Err(InvalidInput::at(format!("/event_types/{index}"), detail))
}

/// Headers it adds to its requests.
///
/// # Errors
/// The first that cannot be sent or is not its to set.
pub fn headers(
    contract: &Contract,
    headers: Vec<(String, String)>,
) -> Result<Vec<(String, String)>, InvalidInput> {
    contract
        .check_headers(&headers)
        .map_err(|error| InvalidInput::at("/headers", error.to_string()))?;
    Ok(headers)
}

/// The owner's notes.
///
/// # Errors
/// Too many members, or a key or value that is too long.
pub fn metadata(
    members: BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, InvalidInput> {
    if members.len() > METADATA_MEMBERS_MAX {
        let detail = format!(
            "{} members are given, at most {METADATA_MEMBERS_MAX} are kept",
            members.len()
        );
        return Err(InvalidInput::at("/metadata", detail));
    }
    let is_long = |text: &str| text.chars().count() > METADATA_CHARS_MAX;
    let long = members
        .iter()
        .find(|(key, value)| key.is_empty() || is_long(key) || is_long(value));
    if let Some((key, _)) = long {
        let shown: String = key.chars().take(64).collect();
        let escaped = shown.replace('~', "~0").replace('/', "~1");
        let detail =
            format!("keys have 1 to {METADATA_CHARS_MAX} characters and values at most as many");
        return Err(InvalidInput::at(format!("/metadata/{escaped}"), detail));
    }
    Ok(members)
}

/// Requests in flight at once.
///
/// # Errors
/// Outside 1–256.
pub fn concurrency(count: u64) -> Result<usize, InvalidInput> {
    usize::try_from(count)
        .ok()
        .filter(|count| (1..=CONCURRENCY_PER_ENDPOINT_MAX).contains(count))
        .ok_or_else(|| {
            let detail =
                format!("{count} is out of range: choose 1 to {CONCURRENCY_PER_ENDPOINT_MAX}");
            InvalidInput::at("/concurrency", detail)
        })
}

/// The limit on a whole exchange.
///
/// # Errors
/// Zero, or above 120 s.
pub fn timeout(timeout: Duration) -> Result<Duration, InvalidInput> {
    if !timeout.is_zero() && timeout <= TIMEOUT_MAX {
        return Ok(timeout);
    }
    let detail = format!(
        "{} is out of range: choose more than 0s and at most {}",
        DurationText(timeout),
        DurationText(TIMEOUT_MAX)
    );
    Err(InvalidInput::at("/timeout", detail))
}

/// Its own rate limit.
///
/// # Errors
/// It would let more through than the contract's.
pub fn rate_limit(contract: &Contract, asked: RateLimit) -> Result<RateLimit, InvalidInput> {
    contract
        .check_rate_limit(asked)
        .map_err(|error| InvalidInput::at("/rate_limit", error.to_string()))?;
    Ok(asked)
}

/// What it wants different from the service's breaker settings; `None` where that is nothing.
///
/// # Errors
/// The settings that would be in force are out of their ranges.
pub fn breaker(
    service: BreakerPolicy,
    own: BreakerOverride,
) -> Result<Option<Box<BreakerOverride>>, InvalidInput> {
    own.over(service)
        .check()
        .map_err(|wrong| InvalidInput::at(format!("/breaker/{}", wrong.member), wrong.detail))?;
    Ok((!own.is_empty()).then(|| Box::new(own)))
}

/// Its own retry policy; `None` where it asks for nothing else than the contract's.
///
/// # Errors
/// More retries than the contract allows, or a value out of range.
pub fn retry(
    contract: &Contract,
    asked: &RetryRequest,
) -> Result<Option<RetryPolicy>, InvalidInput> {
    if asked.is_empty() {
        return Ok(None);
    }
    let jitter_permille = match asked.jitter {
        None => contract.retry.jitter_permille,
        Some(share) => permille(share).ok_or_else(|| {
            InvalidInput::at(
                "/retry/jitter",
                format!("{share} is out of range: choose 0 to 1"),
            )
        })?,
    };
    let steps = asked
        .steps
        .clone()
        .unwrap_or_else(|| contract.retry.steps.clone());
    let policy = RetryPolicy {
        steps: match asked.retries {
            Some(retries) => with_retries(steps, retries),
            None => steps,
        },
        window: asked.window.or(contract.retry.window),
        jitter_permille,
    };
    contract
        .effective_retry(Some(&policy))
        .map_err(|error| InvalidInput::at("/retry", error.to_string()))?;
    Ok(Some(policy))
}

/// A secret that the contract can sign with.
///
/// # Errors
/// It cannot; the text is never repeated.
pub fn secret(contract: &Contract, text: &SecretString) -> Result<(), InvalidInput> {
    contract
        .check_secret(text.expose_secret())
        .map_err(|error| InvalidInput::at("/secret", error.to_string()))
}

fn permille(share: f64) -> Option<u16> {
    (0..=1_000_u16).find(|&permille| (f64::from(permille) / 1_000.0 - share).abs() < 0.000_5)
}

/// The steps cut to `retries`, or with the last one repeated; growing ones just go on.
fn with_retries(steps: RetrySteps, retries: u32) -> RetrySteps {
    match steps {
        RetrySteps::Exponential {
            first, factor, cap, ..
        } => RetrySteps::Exponential {
            first,
            factor,
            retries,
            cap,
        },
        RetrySteps::Ladder(mut ladder) => {
            let last = ladder.last().copied();
            // More than any contract allows is refused later; this bounds what is made until then.
            let wanted = usize::try_from(retries).unwrap_or(usize::MAX).min(10_000);
            ladder.resize(wanted, last.unwrap_or_default());
            RetrySteps::Ladder(ladder)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set() -> ContractSet {
        ContractSet::built_in("standard").unwrap()
    }

    fn check(result: Result<impl std::fmt::Debug, InvalidInput>, expected: &str) {
        assert_eq!(result.unwrap_err().to_string(), expected);
    }

    #[test]
    fn every_refusal_names_the_member_the_value_and_the_rule() {
        let contracts = set();
        let standard = contract(&contracts, None).unwrap();
        check(
            name(""),
            "/name: a name has 1 to 128 characters and no control characters, this one has 0",
        );
        check(
            name("a\u{1b}b"),
            "/name: a name has 1 to 128 characters and no control characters, this one has 3",
        );
        check(
            event_types(standard, Some(&[])),
            "/event_types: 0 patterns are given; give 1 to 100, or leave the member out for all types",
        );
        check(
            event_types(standard, Some(&["a.b".to_owned(), "a b".to_owned()])),
            "/event_types/1: \"a b\" is not an event type pattern: expected a type such as packet.signed, packet.* or *",
        );
        check(
            concurrency(0),
            "/concurrency: 0 is out of range: choose 1 to 256",
        );
        check(
            concurrency(u64::MAX),
            "/concurrency: 18446744073709551615 is out of range: choose 1 to 256",
        );
        check(
            timeout(Duration::ZERO),
            "/timeout: 0s is out of range: choose more than 0s and at most 2m",
        );
        let jitter = RetryRequest {
            jitter: Some(1.5),
            ..RetryRequest::default()
        };
        check(
            retry(standard, &jitter),
            "/retry/jitter: 1.5 is out of range: choose 0 to 1",
        );
        let long_key = BTreeMap::from([("a/b".repeat(100), String::new())]);
        assert!(
            metadata(long_key)
                .unwrap_err()
                .pointer
                .starts_with("/metadata/a~1b")
        );
        assert!(
            contract(&contracts, Some("nope"))
                .unwrap_err()
                .to_string()
                .starts_with("/contract: \"nope\" is not an enabled contract; there are: ")
        );
    }

    #[test]
    fn a_number_of_retries_cuts_a_ladder_or_goes_on_with_its_last_step() {
        let seconds = |ladder: &[u64]| {
            RetrySteps::Ladder(ladder.iter().map(|&s| Duration::from_secs(s)).collect())
        };
        assert_eq!(with_retries(seconds(&[5, 60, 300]), 1), seconds(&[5]));
        assert_eq!(
            with_retries(seconds(&[5, 60]), 4),
            seconds(&[5, 60, 60, 60])
        );
        assert_eq!(with_retries(seconds(&[5, 60]), 0), seconds(&[]));
    }

    #[test]
    fn an_empty_ladder_is_one_attempt_and_nothing_asked_is_the_contracts_policy() {
        let contracts = set();
        let standard = contract(&contracts, None).unwrap();
        assert_eq!(retry(standard, &RetryRequest::default()), Ok(None));
        let single = RetryRequest {
            steps: Some(RetrySteps::Ladder(Vec::new())),
            ..RetryRequest::default()
        };
        let policy = retry(standard, &single).unwrap().unwrap();
        assert_eq!(policy.retries(), 0);
        assert_eq!(policy.window, standard.retry.window);
    }
}
