//! The operator's URL: a POST of JSON by the transport that carries deliveries.
//!
//! Its address rules keep consumers from naming addresses of the operator's network; here the operator names one, so
//! this machine and private networks are open. Where no service lies (link-local and metadata addresses) is not.

use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::config::Targets;
use crate::domain::address::{AddressRules, network_from_text};
use crate::domain::attempt::FailureClass;
use crate::domain::request::PreparedRequest;
use crate::transport::{HttpTransport, Transport as _, TransportOptions};

/// The longest that connecting may take.
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// Networks besides public addresses.
const OPEN: [&str; 7] = [
    "127.0.0.0/8",
    "::1/128",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "fc00::/7",
];

/// How the transport for it is made: with other address rules, and otherwise as for deliveries.
pub(super) fn transport_options(targets: &Targets) -> TransportOptions {
    TransportOptions {
        targets: rules(),
        extra_roots: targets.extra_roots.clone(),
        source_addresses: targets.source_addresses.clone(),
        ..TransportOptions::default()
    }
}

fn rules() -> AddressRules {
    let open = OPEN.iter().filter_map(|text| network_from_text(text).ok());
    AddressRules {
        allow: open.collect(),
        ..AddressRules::default()
    }
}

/// Why nobody was told, and whether another try may help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Untold {
    /// Why.
    pub(super) why: String,
    /// Whether it may be otherwise in a moment: nobody answered, or with 408, 429 or 500 and more.
    pub(super) passing: bool,
}

/// Posts `text`.
///
/// # Errors
/// No complete answer came in time, or it is none of 200 to 299.
pub(super) async fn post(
    transport: &HttpTransport,
    url: &str,
    timeout: Duration,
    text: &str,
) -> Result<(), Untold> {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let request = PreparedRequest {
        method: "POST".to_owned(),
        url: url.to_owned(),
        headers: vec![
            header("Content-Type", "application/json"),
            header(
                "User-Agent",
                concat!("hookyard/", env!("CARGO_PKG_VERSION")),
            ),
        ],
        body: text.as_bytes().to_vec(),
        signatures: Vec::new(),
        secret_ids: Vec::new(),
        service_key_ids: Vec::new(),
        body_sha256: Sha256::digest(text).into(),
        timeout,
        connect_timeout: CONNECT_MAX.min(timeout),
    };
    let exchange = transport.send(request).await;
    if let Some(failure) = exchange.failure {
        let passing = !matches!(failure.class, FailureClass::Blocked | FailureClass::Status);
        let why = failure.text;
        return Err(Untold { why, passing });
    }
    judge(exchange.response.map(|response| response.status))
}

fn judge(status: Option<u16>) -> Result<(), Untold> {
    let (why, passing) = match status {
        Some(200..=299) => return Ok(()),
        Some(status) => (
            format!("answered {status}"),
            matches!(status, 408 | 429 | 500..),
        ),
        None => ("answered nothing".to_owned(), true),
    };
    Err(Untold { why, passing })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_told_apart_from_what_stays() {
        for (status, passing) in [
            (500, true),
            (503, true),
            (429, true),
            (408, true),
            (404, false),
            (301, false),
        ] {
            let untold = judge(Some(status)).unwrap_err();
            assert_eq!(
                (untold.why, untold.passing),
                (format!("answered {status}"), passing)
            );
        }
        assert_eq!((judge(Some(200)), judge(Some(204))), (Ok(()), Ok(())));
        assert!(judge(None).unwrap_err().passing);
    }

    #[test]
    fn this_machine_and_private_networks_are_open_and_metadata_is_not() {
        let rules = rules();
        assert_eq!(rules.allow.len(), OPEN.len());
        let judge = |text: &str| rules.judge_ip(text.parse().unwrap()).is_ok();
        for open in [
            "127.0.0.1",
            "::1",
            "10.1.2.3",
            "192.168.1.1",
            "fd00::1",
            "1.1.1.1",
        ] {
            assert!(judge(open), "{open}");
        }
        for shut in ["169.254.169.254", "fe80::1", "0.0.0.0", "224.0.0.1"] {
            assert!(!judge(shut), "{shut}");
        }
    }
}
