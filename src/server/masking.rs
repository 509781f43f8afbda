//! Header values that open doors: an endpoint's `Authorization` or API key, a receiver's cookie.
//!
//! They are kept, for the request must be rendered again as it was, and shown to those who operate. Whoever may only
//! look reads [`MASKED`] in their place. A value cannot be told from its looks, so the name decides.

use std::collections::BTreeMap;

use super::caller::Caller;
use crate::api::delivery::{AttemptDetail, HeaderView};
use crate::api::endpoint::EndpointView;
use crate::domain::token::Role;

/// What stands in the place of a value.
const MASKED: &str = "(hidden)";

/// Names whose values are credentials.
const NAMES: [&str; 4] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
];

/// Parts of such names, as `X-API-Key`, `X-Auth-Token`, `Client-Secret` have them; hyphens and underscores left out.
const PARTS: [&str; 6] = [
    "apikey",
    "accesskey",
    "token",
    "secret",
    "password",
    "credential",
];

/// Hides the values that this caller may not see in an attempt.
pub(super) fn attempt(caller: &Caller, detail: &mut AttemptDetail) {
    if operates(caller) {
        return;
    }
    let request = detail
        .request
        .iter_mut()
        .flat_map(|request| &mut request.headers);
    let response = detail
        .response
        .iter_mut()
        .flat_map(|response| &mut response.headers);
    for HeaderView { name, value } in request.chain(response) {
        mask(name, value);
    }
}

/// Hides the values that this caller may not see in an endpoint's settings; its owner made them.
pub(super) fn endpoint(caller: &Caller, view: &mut EndpointView) {
    if !operates(caller) && caller.role() != Role::Consumer {
        settings(&mut view.headers);
    }
}

/// Hides the values among an endpoint's headers.
pub(super) fn settings(headers: &mut BTreeMap<String, String>) {
    for (name, value) in headers {
        mask(name, value);
    }
}

fn operates(caller: &Caller) -> bool {
    matches!(caller.role(), Role::Operator | Role::Admin)
}

fn mask(name: &str, value: &mut String) {
    if is_credential(name) {
        MASKED.clone_into(value);
    }
}

/// Whether a header of this name carries a credential.
fn is_credential(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let joined = name.replace(['-', '_'], "");
    NAMES.contains(&name.as_str()) || PARTS.iter().any(|part| joined.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_credentials_are_known_however_they_are_written() {
        for name in [
            "Authorization",
            "proxy-authorization",
            "COOKIE",
            "Set-Cookie",
            "X-API-Key",
            "x_api_key",
            "ApiKey",
            "X-Auth-Token",
            "Client-Secret",
            "X-Access-Key-Id",
        ] {
            assert!(is_credential(name), "{name}");
        }
        for name in [
            "Content-Type",
            "Webhook-Signature",
            "Webhook-Id",
            "User-Agent",
            "X-Request-Id",
            "Authorization-Scheme",
        ] {
            assert!(!is_credential(name), "{name}");
        }
    }
}
