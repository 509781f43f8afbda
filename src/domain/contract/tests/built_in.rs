//! The built-in contracts, against the facts of the platforms they speak for.

use std::time::Duration;

use super::super::{Contract, ContractSet, GoneRule, SuccessRule};
use crate::domain::rate_limit::RateLimit;

/// What is known of one: success, seconds from the first attempt to each (if all fail at once), jitter in
/// thousandths, timeout in seconds, https only, described event types, routes.
struct Facts {
    name: &'static str,
    ok_is_200_only: bool,
    attempts: &'static [u64],
    jitter: u16,
    timeout: u64,
    https: bool,
    event_types: usize,
    routes: &'static [&'static str],
}

const STANDARD_LADDER: &[u64] = &[
    0, 5, 305, 2_105, 9_305, 27_305, 63_305, 113_705, 185_705, 272_105,
];

const FACTS: &[Facts] = &[
    Facts {
        name: "agentfactory",
        ok_is_200_only: true,
        attempts: &[0, 60, 360, 2_160],
        jitter: 0,
        timeout: 15,
        https: true,
        event_types: 12,
        routes: &[
            "POST /api/v1/webhooks",
            "GET /api/v1/webhooks",
            "GET /api/v1/webhooks/{id}",
            "PATCH /api/v1/webhooks/{id}",
            "DELETE /api/v1/webhooks/{id}",
            "POST /api/v1/webhooks/{id}/test",
        ],
    },
    Facts {
        name: "fed",
        ok_is_200_only: true,
        attempts: &[0, 10, 70, 430],
        jitter: 200,
        timeout: 15,
        https: false,
        event_types: 6,
        routes: &["POST /api/webhooks/register"],
    },
    Facts {
        name: "flowmint",
        ok_is_200_only: false,
        attempts: STANDARD_LADDER,
        jitter: 200,
        timeout: 15,
        https: false,
        event_types: 2,
        routes: &[
            "POST /api/v1/subscriptions/webhooks",
            "GET /api/v1/subscriptions",
            "PATCH /api/v1/subscriptions/{id}",
            "DELETE /api/v1/subscriptions/{id}",
        ],
    },
    Facts {
        name: "shipment",
        ok_is_200_only: true,
        attempts: &[0, 30, 150, 630, 2_550, 10_230],
        jitter: 200,
        timeout: 15,
        https: true,
        event_types: 4,
        routes: &[],
    },
    Facts {
        name: "taskhub",
        ok_is_200_only: false,
        attempts: &[0, 5, 30, 155],
        jitter: 0,
        timeout: 10,
        https: false,
        event_types: 6,
        routes: &[
            "POST /api/webhooks",
            "GET /api/webhooks",
            "GET /api/webhooks/{id}",
            "PATCH /api/webhooks/{id}",
            "DELETE /api/webhooks/{id}",
            "POST /api/webhooks/{id}/test",
        ],
    },
];

fn contract(name: &str) -> Contract {
    let set = ContractSet::built_in("standard").unwrap();
    Contract::clone(set.get(name).unwrap())
}

#[test]
fn the_five_platforms_have_their_guides_terms() {
    for facts in FACTS {
        let contract = contract(facts.name);
        let success = if facts.ok_is_200_only {
            SuccessRule::Codes(vec![200])
        } else {
            SuccessRule::Any2xx
        };
        assert_eq!(contract.request.success, success, "{}", facts.name);
        assert_eq!(contract.request.gone, GoneRule::Retry, "{}", facts.name);
        let seconds: Vec<u64> = contract
            .retry
            .preview()
            .iter()
            .map(Duration::as_secs)
            .collect();
        assert_eq!(seconds, facts.attempts, "{}", facts.name);
        assert_eq!(
            contract.retry.jitter_permille, facts.jitter,
            "{}",
            facts.name
        );
        assert_eq!(
            contract.request.timeout.as_secs(),
            facts.timeout,
            "{}",
            facts.name
        );
        assert_eq!(
            contract.request.require_https, facts.https,
            "{}",
            facts.name
        );
        assert_eq!(
            contract.event_types.len(),
            facts.event_types,
            "{}",
            facts.name
        );
        let routes: Vec<String> = contract.routes().iter().map(ToString::to_string).collect();
        assert_eq!(routes, facts.routes, "{}", facts.name);
    }
}

#[test]
fn one_platform_has_limits_and_one_a_window() {
    let limit: Option<RateLimit> = Some("60 per 1m".parse().unwrap());
    let limited = contract("taskhub");
    assert_eq!(limited.rate_limit, limit);
    assert_eq!(limited.api.as_ref().unwrap().rate_limit, limit);
    assert_eq!(limited.retries_max, Some(10));
    let window = contract("agentfactory").retry.window;
    assert_eq!(window, Some(Duration::from_hours(24)));
}

/// Consumers that send an endpoint's secret under its published name must find it required or shown.
#[test]
fn the_names_on_the_routes_are_the_guides() {
    let names = |name: &str| -> Vec<String> {
        let api = contract(name).api.unwrap();
        api.fields.into_iter().map(|field| field.name).collect()
    };
    assert_eq!(
        names("flowmint"),
        [
            "target_id",
            "endpoint_url",
            "signing_secret",
            "enabled",
            "event_filters",
            "metadata"
        ]
    );
    assert_eq!(
        names("taskhub"),
        [
            "id",
            "name",
            "url",
            "events",
            "secret",
            "testMode",
            "maxRetries"
        ]
    );
    assert_eq!(
        names("fed"),
        [
            "id",
            "url",
            "events",
            "verify_key",
            "active",
            "created_at",
            "verification_keys"
        ]
    );
}
