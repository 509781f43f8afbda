//! What may change while a service runs, and what a newer configuration changes of it.

use super::error::ConfigError;
use super::keys::KEYS;
use super::settings::Config;
use super::written::{Sources, Written};

/// Keys that take effect without a restart. All others are read once, at the start.
const RELOADED: &[&str] = &[
    "targets.allow",
    "targets.deny",
    "targets.require_https",
    "targets.egress_addresses",
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
    "limits.event_bytes",
    "limits.endpoints",
    "limits.endpoints_per_tenant",
    "limits.tokens",
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

    /// Reads and checks everything, and tells of every value that breaks a rule.
    ///
    /// # Errors
    /// All that is wrong; of a file that does not parse, or a name that no key has, the first alone.
    pub fn load_or_all_faults(sources: &Sources) -> Result<Self, Vec<ConfigError>> {
        let mut written = Written::gather(sources).map_err(|error| vec![error])?;
        let mut faults = Vec::new();
        loop {
            let error = match Self::from_written(&written, &sources.environment) {
                Ok(config) if faults.is_empty() => return Ok(config),
                Ok(_) => return Err(faults),
                Err(error) => error,
            };
            // Without this value the next one that is wrong is found.
            let removed = match &error {
                ConfigError::BadValue { key, .. } => written.remove(key),
                _ => false,
            };
            faults.push(error);
            if !removed {
                return Err(faults);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Environment;

    fn sources(pairs: &[(&str, &str)]) -> Sources {
        let home = [("HOME", "/home/somebody")];
        let pairs = home.iter().chain(pairs).copied();
        Sources {
            environment: pairs.collect::<Environment>(),
            ..Sources::default()
        }
    }

    fn config(pairs: &[(&str, &str)]) -> Config {
        Config::load_or_all_faults(&sources(pairs)).unwrap()
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

    #[test]
    fn every_bad_value_is_told_at_once() {
        let faults = Config::load_or_all_faults(&sources(&[
            ("HOOKYARD_LISTEN", "nowhere"),
            ("HOOKYARD_LIMITS__TOKENS", "0"),
            ("HOOKYARD_RETENTION__DEAD", "soon"),
        ]));
        let faults: Vec<String> = faults
            .unwrap_err()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(faults.len(), 3, "{faults:?}");
        for key in ["LISTEN: listen: ", "retention.dead: ", "limits.tokens: "] {
            assert!(faults.iter().any(|fault| fault.contains(key)), "{key}");
        }
    }
}
