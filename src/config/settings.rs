//! The validated configuration.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use secrecy::SecretString;

use super::check::Checker;
use super::environment::Environment;
use super::error::{ConfigError, ConfigErrors};
use super::keys::KEYS;
use super::notify::Notify;
use super::paths::{SocketPlaces, default_data_dir, socket_places};
use super::size::ByteSize;
use super::written::{Origin, Sources, Written};
use crate::domain::breaker::BreakerPolicy;
use crate::domain::duration::DurationText;
use crate::domain::failing::FailingPolicy;
use crate::domain::limits;
use crate::domain::retention::RetentionPolicy;

/// Everything that can be configured, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// The directory of the database.
    pub data_dir: PathBuf,
    /// The file of the sealing key.
    pub key_file: PathBuf,
    /// The sealing key itself, from `HOOKYARD_KEY`; wins over the file.
    pub key: Option<SecretString>,
    /// The address of the HTTP API.
    pub listen: SocketAddr,
    /// Where the Unix socket goes.
    pub socket: SocketPlaces,
    /// The group whose members are operators on the socket.
    pub operators_group: String,
    /// A directory of further contracts.
    pub contracts_dir: Option<PathBuf>,
    /// What is logged: a level, or levels by module, as `tracing-subscriber` reads them; not judged here.
    pub log: String,
    /// The enabled contracts; at least one.
    pub contracts: Vec<String>,
    /// One of `contracts`.
    pub default_contract: String,
    /// How long requests in flight may go on at a stop.
    pub shutdown_grace: Duration,
    /// Where requests may go.
    pub targets: Targets,
    /// How many requests at once.
    pub delivery: Delivery,
    /// When breakers open of endpoints that do not say otherwise.
    pub breaker: BreakerPolicy,
    /// When endpoints that do nothing but fail are warned of and disabled.
    pub failing: FailingPolicy,
    /// Whom to tell what the service has to tell.
    pub notify: Notify,
    /// What is kept for how long.
    pub retention: Retention,
    /// The largest event in bytes, envelope included.
    pub event_bytes: usize,
    /// Endpoints in all.
    pub endpoints_max: usize,
    /// Endpoints of one tenant.
    pub endpoints_per_tenant_max: usize,
    /// Tokens that are not revoked.
    pub tokens_max: usize,
    /// Threads that serve the HTTP API, 1–64.
    pub http_workers: usize,
    /// Whether health, readiness, metrics and the API's description answer other machines without a token.
    pub open_probes: bool,
    /// The file that was read.
    pub file: Option<PathBuf>,
    /// Each key's value as text, and where it came from.
    effective: BTreeMap<&'static str, (String, Origin)>,
}

/// Where requests may go, and from where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Targets {
    /// Networks besides public addresses.
    pub allow: Vec<IpNet>,
    /// Networks that are never allowed.
    pub deny: Vec<IpNet>,
    /// Whether endpoints must have https URLs.
    pub require_https: bool,
    /// PEM files of certificate authorities besides the system's.
    pub extra_roots: Vec<PathBuf>,
    /// Local addresses that requests leave from, at most one a family.
    pub source_addresses: Vec<IpAddr>,
    /// Public addresses that receivers see, to be published; `None` when not given, and then the source addresses are.
    pub egress_addresses: Option<Vec<IpAddr>>,
}

/// How many requests at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// All lanes together, 1–65,536.
    pub concurrency: usize,
    /// To one endpoint, 1–256.
    pub concurrency_per_endpoint: usize,
}

/// What is kept for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Events' data.
    pub payloads: Duration,
    /// Attempts, and deliveries that were delivered or discarded.
    pub attempts: Duration,
    /// Dead deliveries.
    pub dead: Duration,
    /// The audit log.
    pub audit: Duration,
    /// Bytes that the database's rows may take before payloads and attempts go ahead of their time.
    pub disk_bytes: u64,
    /// Bytes of free disk below which no events are accepted.
    pub reserve_bytes: u64,
}

impl Retention {
    /// What the store's rounds go by.
    pub const fn policy(&self) -> RetentionPolicy {
        RetentionPolicy {
            payloads: self.payloads,
            attempts: self.attempts,
            dead: self.dead,
            audit: self.audit,
            disk: Some(self.disk_bytes),
        }
    }
}

impl Config {
    /// Reads and checks everything.
    ///
    /// # Errors
    /// All that is wrong, each with its place, its rule and a remedy. A file that does not parse has one fault, and what
    /// else may be wrong with it shows once that is mended.
    pub fn load(sources: &Sources) -> Result<Self, ConfigErrors> {
        let (mut written, mut faults) = Written::gather(sources);
        loop {
            let error = match Self::from_written(&written, &sources.environment) {
                Ok(config) if faults.is_empty() => return Ok(config),
                Ok(_) => return Err(ConfigErrors::of(faults)),
                Err(error) => error,
            };
            // Without this value the next one that is wrong is found.
            let removed = match &error {
                ConfigError::BadValue { key, .. } => written.remove(key),
                _ => false,
            };
            faults.push(error);
            if !removed {
                return Err(ConfigErrors::of(faults));
            }
        }
    }

    /// Checks what was written.
    ///
    /// # Errors
    /// The first value that breaks a rule.
    pub fn from_written(written: &Written, environment: &Environment) -> Result<Self, ConfigError> {
        let mut check = Checker::new(written);
        let data_dir = match check.path("data_dir")? {
            Some(path) => path,
            None => default_data_dir(environment).ok_or(ConfigError::NoDataDir)?,
        };
        check.note("data_dir", data_dir.display());
        let key_file = check
            .path("key_file")?
            .unwrap_or_else(|| data_dir.join("hookyard.key"));
        check.note("key_file", key_file.display());
        let socket = match check.socket()? {
            Some(path) => SocketPlaces::Configured(path),
            None => SocketPlaces::Usual(socket_places(environment, Some(&data_dir))),
        };
        check.note("socket", socket_text(&socket));
        let contracts_dir = check.path("contracts_dir")?;
        check.note(
            "contracts_dir",
            contracts_dir
                .as_ref()
                .map_or_else(String::new, |path| path.display().to_string()),
        );
        let (contracts, default_contract) = check.contracts()?;
        let mut config = Self {
            key: environment.get("HOOKYARD_KEY").map(SecretString::from),
            listen: check.listen()?,
            operators_group: check.group()?,
            log: check.log(),
            shutdown_grace: check.duration("shutdown_grace", "20s", ("0s", "10m"))?,
            targets: check.targets()?,
            delivery: check.delivery()?,
            breaker: check.breaker()?,
            failing: check.auto_disable()?,
            notify: check.notify()?,
            retention: check.retention()?,
            event_bytes: check.event_bytes()?,
            endpoints_max: check.number(
                "limits.endpoints",
                limits::ENDPOINTS_DEFAULT,
                1..=10_000_000,
            )?,
            endpoints_per_tenant_max: check.number(
                "limits.endpoints_per_tenant",
                limits::ENDPOINTS_PER_TENANT_DEFAULT,
                1..=10_000_000,
            )?,
            tokens_max: check.number("limits.tokens", limits::TOKENS_DEFAULT, 1..=1_000_000)?,
            http_workers: check.number("http.workers", 1, 1..=64)?,
            open_probes: check.switch("http.open_probes", false),
            file: written.file.clone(),
            effective: BTreeMap::new(),
            data_dir,
            key_file,
            socket,
            contracts_dir,
            contracts,
            default_contract,
        };
        config.effective = check.into_effective();
        debug_assert_eq!(
            config.effective.len(),
            KEYS.len(),
            "every key is read and noted"
        );
        Ok(config)
    }

    /// Every key in the order of the documents, with its value as text and its origin.
    pub fn effective(&self) -> impl Iterator<Item = (&'static str, &str, &Origin)> {
        KEYS.iter().filter_map(|key| {
            let (text, origin) = self.effective.get(key.name)?;
            Some((key.name, text.as_str(), origin))
        })
    }

    /// A key's value as text.
    pub(super) fn value(&self, key: &str) -> Option<&str> {
        self.effective.get(key).map(|(text, _)| text.as_str())
    }

    /// Where a key's value came from.
    pub fn origin(&self, key: &str) -> &Origin {
        self.effective
            .get(key)
            .map_or(&Origin::Default, |(_, origin)| origin)
    }
}

fn socket_text(places: &SocketPlaces) -> String {
    let texts: Vec<String> = places
        .all()
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    texts.join(" or ")
}

impl Checker<'_> {
    fn targets(&mut self) -> Result<Targets, ConfigError> {
        Ok(Targets {
            allow: self.networks("targets.allow")?,
            deny: self.networks("targets.deny")?,
            require_https: self.switch("targets.require_https", false),
            extra_roots: self.files("targets.extra_roots")?,
            source_addresses: self.source_addresses()?,
            egress_addresses: self.egress_addresses()?,
        })
    }

    fn delivery(&mut self) -> Result<Delivery, ConfigError> {
        Ok(Delivery {
            concurrency: self.number(
                "delivery.concurrency",
                limits::CONCURRENCY_DEFAULT,
                1..=65_536,
            )?,
            concurrency_per_endpoint: self.number(
                "delivery.concurrency_per_endpoint",
                limits::CONCURRENCY_PER_ENDPOINT_DEFAULT,
                1..=limits::CONCURRENCY_PER_ENDPOINT_MAX,
            )?,
        })
    }

    fn retention(&mut self) -> Result<Retention, ConfigError> {
        let range = ("1m", "100y");
        Ok(Retention {
            payloads: self.duration("retention.payloads", "30d", range)?,
            attempts: self.duration("retention.attempts", "30d", range)?,
            dead: self.duration("retention.dead", "90d", range)?,
            audit: self.duration("retention.audit", "1y", range)?,
            disk_bytes: self
                .size(
                    "retention.disk",
                    ByteSize(20 << 30),
                    (ByteSize(64 << 20), ByteSize(1 << 50)),
                )?
                .0,
            reserve_bytes: self
                .size(
                    "retention.reserve",
                    ByteSize(256 << 20),
                    (ByteSize(0), ByteSize(1 << 40)),
                )?
                .0,
        })
    }

    fn event_bytes(&mut self) -> Result<usize, ConfigError> {
        let bytes = |size: usize| ByteSize(u64::try_from(size).unwrap_or(u64::MAX));
        let size = self.size(
            "limits.event_bytes",
            bytes(limits::EVENT_BYTES_DEFAULT),
            (ByteSize(1 << 10), bytes(limits::BATCH_BYTES_MAX)),
        )?;
        Ok(usize::try_from(size.0).unwrap_or(limits::BATCH_BYTES_MAX))
    }
}

/// Prints a duration as it is written.
pub(super) fn duration_text(duration: Duration) -> String {
    DurationText(duration).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, pairs: &[(&str, &str)]) -> Result<Config, Vec<String>> {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("h.toml");
        std::fs::write(&file, text).unwrap();
        let home = [("HOME", "/home/somebody")];
        let sources = Sources {
            file: Some(file),
            environment: home.iter().chain(pairs).copied().collect(),
            flags: Vec::new(),
        };
        let here = format!("{}/", directory.path().display());
        let told = |line: String| line.replace(&here, "");
        Config::load(&sources).map_err(|faults| faults.lines().map(told).collect())
    }

    /// Names, kinds and rules, of the file and of the environment.
    #[test]
    fn every_fault_is_told_at_once_in_the_order_in_which_it_is_written() {
        let text = "listen = \"nowhere\"\nsocket = 1\n[limits]\ntokens = 0\ntokns = 1\n";
        let faults = load(text, &[("HOOKYARD_RETENTION__DEAD", "soon")]).unwrap_err();
        let places: Vec<String> = faults
            .iter()
            .map(|fault| fault.split(": ").take(2).collect::<Vec<_>>().join(": "))
            .collect();
        assert_eq!(
            places,
            [
                "h.toml:1: listen",
                "h.toml:2: socket",
                "h.toml:4: limits.tokens",
                "h.toml:5: there is no key \"limits.tokns\"",
                "environment variable HOOKYARD_RETENTION__DEAD: retention.dead"
            ],
            "{faults:#?}"
        );
    }

    #[test]
    fn a_file_that_does_not_parse_hides_no_fault_outside_it() {
        let faults = load("listen = \"a\"\nb =\n", &[("HOOKYARD_LIMITS__TOKENS", "0")]);
        let faults = faults.unwrap_err();
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults[0].starts_with("h.toml:2: not TOML: "), "{faults:?}");
        assert!(faults[1].contains("limits.tokens: "), "{faults:?}");
    }

    #[test]
    fn a_file_that_is_not_there_is_told_with_why() {
        let sources = Sources {
            file: Some("/nowhere/h.toml".into()),
            environment: [("HOME", "/home/somebody")].into_iter().collect(),
            flags: Vec::new(),
        };
        let said = Config::load(&sources).unwrap_err().to_string();
        assert_eq!(
            said,
            "configuration file /nowhere/h.toml cannot be read: No such file or directory (os error 2)"
        );
    }
}
