//! What may change while a service runs, and what a newer configuration changes of it.

use super::keys::KEYS;
use super::settings::Config;

/// Keys that take effect without a restart. All others are read once, at the start.
const RELOADED: &[&str] = &[
    "targets.allow",
    "targets.deny",
    "targets.require_https",
    "targets.egress_addresses",
    "log",
    "contracts_dir",
    "contracts",
    "default_contract",
    "delivery.concurrency",
    "delivery.concurrency_per_endpoint",
    "auto_disable.after",
    "auto_disable.warn",
    "notify.command",
    "notify.url",
    "notify.timeout",
    "breaker.enabled",
    "breaker.consecutive",
    "breaker.share",
    "breaker.window",
    "breaker.attempts_min",
    "breaker.probe_first",
    "breaker.probe_max",
    "retention.payloads",
    "retention.attempts",
    "retention.dead",
    "retention.audit",
    "retention.disk",
    "retention.reserve",
    "limits.event_bytes",
    "limits.endpoints",
    "limits.endpoints_per_tenant",
    "limits.tokens",
    "http.open_probes",
];

/// What a newer configuration changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Keys that take effect at once.
    pub applied: Vec<&'static str>,
    /// Keys that take effect at the next start.
    pub at_restart: Vec<&'static str>,
}

impl Config {
    /// What `newer` changes of a service that was started with `started` and was last reloaded with `self`.
    pub fn difference(&self, started: &Self, newer: &Self) -> Difference {
        let mut difference = Difference::default();
        for key in KEYS.iter().map(|key| key.name) {
            if RELOADED.contains(&key) {
                if self.value(key) != newer.value(key) {
                    difference.applied.push(key);
                }
            } else if started.value(key) != newer.value(key) {
                difference.at_restart.push(key);
            }
        }
        difference
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Environment, Sources};

    fn sources(pairs: &[(&str, &str)]) -> Sources {
        let home = [("HOME", "/home/somebody")];
        let pairs = home.iter().chain(pairs).copied();
        Sources {
            environment: pairs.collect::<Environment>(),
            ..Sources::default()
        }
    }

    fn config(pairs: &[(&str, &str)]) -> Config {
        Config::load(&sources(pairs)).unwrap()
    }

    #[test]
    fn every_reloaded_key_exists() {
        for name in RELOADED {
            assert!(KEYS.iter().any(|key| key.name == *name), "{name}");
        }
    }

    #[test]
    fn what_changed_is_told_apart_by_when_it_takes_effect() {
        let started = config(&[]);
        let once = config(&[
            ("HOOKYARD_TARGETS__DENY", "10.0.0.0/8"),
            ("HOOKYARD_HTTP__WORKERS", "2"),
        ]);
        let difference = started.difference(&started, &once);
        assert_eq!(difference.applied, ["targets.deny"]);
        assert_eq!(difference.at_restart, ["http.workers"]);
        // What was applied is no news, what waits for a restart still does.
        let again = once.difference(&started, &once);
        assert_eq!(again.applied, Vec::<&str>::new());
        assert_eq!(again.at_restart, ["http.workers"]);
        let back = once.difference(&started, &started);
        assert_eq!(back.applied, ["targets.deny"]);
        assert_eq!(back.at_restart, Vec::<&str>::new());
    }
}
