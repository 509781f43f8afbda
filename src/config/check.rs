//! The rules, key by key: each reader takes what was written or the default, judges it, and notes the value.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;

use super::error::ConfigError;
use super::settings::duration_text;
use super::size::ByteSize;
use super::written::{Origin, Raw, Written};
use crate::domain::address::network_from_text;
use crate::domain::duration::DurationText;
use crate::domain::limits::EGRESS_ADDRESSES_MAX;

/// The longest path that a Unix socket can have.
const SOCKET_PATH_BYTES_MAX: usize = 107;
/// Where the API listens unless said otherwise: nobody but this machine.
const LISTEN_DEFAULT: &str = "127.0.0.1:8420";
/// The group of operators unless said otherwise.
const GROUP_DEFAULT: &str = "hookyard";
/// What is logged unless said otherwise: the HTTP library's start is no news.
pub const LOG_DEFAULT: &str = "info,actix_server=warn";
/// The contract that is enabled unless said otherwise.
pub const CONTRACT_DEFAULT: &str = "standard";

/// Reads values one by one and remembers what came out.
pub(super) struct Checker<'a> {
    written: &'a Written,
    effective: BTreeMap<&'static str, (String, Origin)>,
}

impl<'a> Checker<'a> {
    pub(super) fn new(written: &'a Written) -> Self {
        Self {
            written,
            effective: BTreeMap::new(),
        }
    }

    /// Notes the value that a key has in the end.
    pub(super) fn note(&mut self, key: &'static str, value: impl Display) {
        let origin = self.origin(key);
        self.effective.insert(key, (value.to_string(), origin));
    }

    pub(super) fn into_effective(self) -> BTreeMap<&'static str, (String, Origin)> {
        self.effective
    }

    fn origin(&self, key: &str) -> Origin {
        self.written
            .get(key)
            .map_or(Origin::Default, |(_, origin)| origin.clone())
    }

    pub(super) fn bad(&self, key: &'static str, problem: impl Display) -> ConfigError {
        ConfigError::BadValue {
            at: self.origin(key),
            key,
            problem: problem.to_string(),
        }
    }

    pub(super) fn text(&self, key: &str) -> Option<&'a str> {
        match self.written.get(key) {
            Some((Raw::Text(text), _)) => Some(text),
            _ => None,
        }
    }

    pub(super) fn list(&self, key: &str) -> Option<&'a [String]> {
        match self.written.get(key) {
            Some((Raw::List(items), _)) => Some(items),
            _ => None,
        }
    }

    /// A path: one in a file is relative to the file's directory, any other to the current one.
    pub(super) fn path(&self, key: &'static str) -> Result<Option<PathBuf>, ConfigError> {
        self.text(key)
            .map(|text| self.resolve(key, text))
            .transpose()
    }

    fn resolve(&self, key: &'static str, text: &str) -> Result<PathBuf, ConfigError> {
        if text.is_empty() {
            return Err(self.bad(key, "the path is empty: give one or remove the key"));
        }
        if text.starts_with('~') {
            return Err(self.bad(
                key,
                format_args!(
                    "{text:?} begins with ~, which only a shell replaces: write the whole path"
                ),
            ));
        }
        let base = match self.origin(key) {
            Origin::File { path, .. } => path.parent().map(Path::to_path_buf),
            Origin::Default | Origin::Variable(_) | Origin::Flag(_) => None,
        };
        let path = base.unwrap_or_default().join(text);
        // Only an empty path cannot be made absolute, and that is refused above.
        Ok(std::path::absolute(&path).unwrap_or(path))
    }

    pub(super) fn files(&mut self, key: &'static str) -> Result<Vec<PathBuf>, ConfigError> {
        let items = self.list(key).unwrap_or_default();
        let paths = items
            .iter()
            .map(|text| self.resolve(key, text))
            .collect::<Result<Vec<PathBuf>, ConfigError>>()?;
        self.note(key, items.join(","));
        Ok(paths)
    }

    pub(super) fn socket(&self) -> Result<Option<PathBuf>, ConfigError> {
        let Some(path) = self.path("socket")? else {
            return Ok(None);
        };
        let length = path.as_os_str().len();
        if length > SOCKET_PATH_BYTES_MAX {
            return Err(self.bad(
                "socket",
                format_args!(
                    "{} has {length} bytes: a Unix socket's path has at most {SOCKET_PATH_BYTES_MAX}; choose a \
                     shorter one",
                    path.display()
                ),
            ));
        }
        Ok(Some(path))
    }

    pub(super) fn listen(&mut self) -> Result<SocketAddr, ConfigError> {
        let text = self.text("listen").unwrap_or(LISTEN_DEFAULT);
        let address = text.parse().map_err(|_| {
            self.bad(
                "listen",
                format_args!(
                    "{text:?} is not an IP address and a port: write {LISTEN_DEFAULT}, or 0.0.0.0:8420 for every \
                     address"
                ),
            )
        })?;
        self.note("listen", address);
        Ok(address)
    }

    pub(super) fn group(&mut self) -> Result<String, ConfigError> {
        let name = self.text("operators_group").unwrap_or(GROUP_DEFAULT);
        if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c == ':') {
            return Err(self.bad(
                "operators_group",
                format_args!(
                    "{name:?} cannot be the name of a group: give one of the group database"
                ),
            ));
        }
        self.note("operators_group", name);
        Ok(name.to_owned())
    }

    pub(super) fn log(&mut self) -> String {
        let directives = self.text("log").unwrap_or(LOG_DEFAULT);
        self.note("log", directives);
        directives.to_owned()
    }

    /// The enabled contracts and the default one among them.
    pub(super) fn contracts(&mut self) -> Result<(Vec<String>, String), ConfigError> {
        let names = self
            .list("contracts")
            .map_or_else(|| vec![CONTRACT_DEFAULT.to_owned()], <[String]>::to_vec);
        let Some(first) = names.first() else {
            return Err(self.bad(
                "contracts",
                "the list is empty: enable at least one, such as [\"standard\"]",
            ));
        };
        let default = match self.text("default_contract") {
            Some(name) => name.to_owned(),
            None if names.iter().any(|name| name == CONTRACT_DEFAULT) => {
                CONTRACT_DEFAULT.to_owned()
            }
            None => first.clone(),
        };
        if !names.contains(&default) {
            return Err(self.bad(
                "default_contract",
                format_args!(
                    "{default:?} is not among the enabled contracts ({}): add it to contracts, or choose one of them",
                    names.join(", ")
                ),
            ));
        }
        self.note("contracts", names.join(","));
        self.note("default_contract", &default);
        Ok((names, default))
    }

    pub(super) fn duration(
        &mut self,
        key: &'static str,
        default: &str,
        (least, most): (&str, &str),
    ) -> Result<Duration, ConfigError> {
        let read = |text: &str| text.parse::<DurationText>().map(Duration::from);
        let text = self.text(key).unwrap_or(default);
        let duration = read(text).map_err(|error| self.bad(key, error))?;
        let in_range = read(least).is_ok_and(|least| least <= duration)
            && read(most).is_ok_and(|most| duration <= most);
        if !in_range {
            return Err(self.bad(
                key,
                format_args!("{text} is out of range: choose {least} to {most}"),
            ));
        }
        self.note(key, duration_text(duration));
        Ok(duration)
    }

    pub(super) fn size(
        &mut self,
        key: &'static str,
        default: ByteSize,
        (least, most): (ByteSize, ByteSize),
    ) -> Result<ByteSize, ConfigError> {
        let size = match self.text(key) {
            None => default,
            Some(text) => text.parse().map_err(|error| self.bad(key, error))?,
        };
        if size < least || size > most {
            return Err(self.bad(
                key,
                format_args!("{size} is out of range: choose {least} to {most}"),
            ));
        }
        self.note(key, size);
        Ok(size)
    }

    pub(super) fn number(
        &mut self,
        key: &'static str,
        default: usize,
        range: RangeInclusive<usize>,
    ) -> Result<usize, ConfigError> {
        let number = match self.written.get(key) {
            Some((Raw::Number(number), _)) => usize::try_from(*number)
                .ok()
                .filter(|number| range.contains(number))
                .ok_or_else(|| {
                    self.bad(
                        key,
                        format_args!(
                            "{number} is out of range: choose {} to {}",
                            range.start(),
                            range.end()
                        ),
                    )
                })?,
            _ => default,
        };
        self.note(key, number);
        Ok(number)
    }

    pub(super) fn switch(&mut self, key: &'static str, default: bool) -> bool {
        let value = match self.written.get(key) {
            Some((Raw::Switch(value), _)) => *value,
            _ => default,
        };
        self.note(key, value);
        value
    }

    pub(super) fn networks(&mut self, key: &'static str) -> Result<Vec<IpNet>, ConfigError> {
        let items = self.list(key).unwrap_or_default();
        let networks = items
            .iter()
            .map(|text| network_from_text(text).map_err(|error| self.bad(key, error)))
            .collect::<Result<Vec<IpNet>, ConfigError>>()?;
        self.note(key, items.join(","));
        Ok(networks)
    }

    pub(super) fn source_addresses(&mut self) -> Result<Vec<IpAddr>, ConfigError> {
        let key = "targets.source_addresses";
        let items = self.list(key).unwrap_or_default();
        let mut addresses: Vec<IpAddr> = Vec::new();
        for text in items {
            let address = self.host_address(key, text, "one of this machine's")?;
            if addresses
                .iter()
                .any(|other| other.is_ipv4() == address.is_ipv4())
            {
                return Err(self.bad(
                    key,
                    format_args!("{text:?} is the second of its family: name one IPv4 and one IPv6 address at most"),
                ));
            }
            addresses.push(address);
        }
        self.note(key, items.join(","));
        Ok(addresses)
    }

    /// The addresses to publish; noted as what is published in the end.
    pub(super) fn egress_addresses(&mut self) -> Result<Option<Vec<IpAddr>>, ConfigError> {
        let key = "targets.egress_addresses";
        let Some(items) = self.list(key) else {
            let sources = self.list("targets.source_addresses").unwrap_or_default();
            self.note(key, sources.join(","));
            return Ok(None);
        };
        if items.len() > EGRESS_ADDRESSES_MAX {
            return Err(self.bad(
                key,
                format_args!(
                    "the list has {} addresses: name at most {EGRESS_ADDRESSES_MAX}",
                    items.len()
                ),
            ));
        }
        let mut addresses: Vec<IpAddr> = Vec::new();
        for text in items {
            let address = self.host_address(key, text, "one that receivers see")?;
            if addresses.contains(&address) {
                return Err(self.bad(key, format_args!("{text:?} is named twice: write it once")));
            }
            addresses.push(address);
        }
        self.note(key, items.join(","));
        Ok(Some(addresses))
    }

    /// An address that a single host can have.
    fn host_address(
        &self,
        key: &'static str,
        text: &str,
        wanted: &str,
    ) -> Result<IpAddr, ConfigError> {
        let address: IpAddr = text.parse().map_err(|_| {
            self.bad(
                key,
                format_args!("{text:?} is not an IP address: write {wanted}"),
            )
        })?;
        let is_broadcast = address == IpAddr::V4(Ipv4Addr::BROADCAST);
        if address.is_unspecified() || address.is_multicast() || is_broadcast {
            return Err(self.bad(
                key,
                format_args!("{text:?} is no address of a single host: write {wanted}"),
            ));
        }
        Ok(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Environment, KEYS};

    fn load(text: &str) -> Result<Config, ConfigError> {
        let environment: Environment = [("HOME", "/home/ada")].into_iter().collect();
        let mut written = Written::default();
        let fault = written.add_file(Path::new("/etc/h/h.toml"), text).pop();
        fault.map_or(Ok(()), Err)?;
        Config::from_written(&written, &environment)
    }

    #[test]
    fn an_empty_file_gives_the_documented_defaults() {
        let config = load("").unwrap();
        assert_eq!(config.listen, "127.0.0.1:8420".parse().unwrap());
        assert_eq!(
            config.data_dir,
            Path::new("/home/ada/.local/share/hookyard")
        );
        assert_eq!(config.key_file, config.data_dir.join("hookyard.key"));
        assert_eq!(
            (config.contracts.len(), config.default_contract.as_str()),
            (1, "standard")
        );
        assert_eq!(config.shutdown_grace, Duration::from_secs(20));
        assert_eq!(config.delivery.concurrency, 2048);
        assert_eq!(config.retention.reserve_bytes, 256 << 20);
        assert_eq!(config.event_bytes, 256 << 10);
        assert!(!config.open_probes);
        assert_eq!(
            (
                config.endpoints_max,
                config.endpoints_per_tenant_max,
                config.tokens_max
            ),
            (100_000, 10_000, 10_000)
        );
        assert_eq!(config.effective().count(), KEYS.len());
        assert_eq!(config.origin("listen"), &Origin::Default);
    }

    #[test]
    fn what_is_written_is_taken_and_its_place_remembered() {
        let config = load(
            "data_dir = \"data\"\nshutdown_grace = \"1m30s\"\ncontracts = [\"a\", \"b\"]\n\
             [targets]\nallow = [\"127.0.0.0/8\", \"::1\"]\nsource_addresses = [\"10.0.0.1\", \"::1\"]\n\
             [limits]\nevent_bytes = \"1MiB\"\n[http]\nworkers = 2\nopen_probes = true",
        )
        .unwrap();
        assert_eq!(config.data_dir, Path::new("/etc/h/data"));
        assert_eq!(config.default_contract, "a");
        assert_eq!(config.targets.allow.len(), 2);
        assert_eq!((config.event_bytes, config.http_workers), (1 << 20, 2));
        assert!(config.open_probes);
        assert_eq!(
            config.origin("http.workers").to_string(),
            "/etc/h/h.toml:10"
        );
        let shown: Vec<(&str, &str)> = config
            .effective()
            .map(|(key, value, _)| (key, value))
            .filter(|(key, _)| ["shutdown_grace", "targets.allow"].contains(key))
            .collect();
        assert_eq!(
            shown,
            [
                ("shutdown_grace", "1m30s"),
                ("targets.allow", "127.0.0.0/8,::1")
            ]
        );
    }

    #[test]
    fn every_refusal_names_place_value_rule_and_remedy() {
        let check = |text: &str, message: &str| {
            let error = load(text).unwrap_err().to_string();
            assert_eq!(error.strip_prefix("/etc/h/h.toml:1: ").unwrap(), message);
        };
        check(
            "listen = \"localhost\"",
            "listen: \"localhost\" is not an IP address and a port: write 127.0.0.1:8420, or 0.0.0.0:8420 for every \
             address",
        );
        check(
            "shutdown_grace = \"1h\"",
            "shutdown_grace: 1h is out of range: choose 0s to 10m",
        );
        check(
            "limits.event_bytes = \"1GiB\"",
            "limits.event_bytes: 1GiB is out of range: choose 1KiB to 8MiB",
        );
        check(
            "delivery.concurrency = 0",
            "delivery.concurrency: 0 is out of range: choose 1 to 65536",
        );
        check(
            "default_contract = \"fed\"",
            "default_contract: \"fed\" is not among the enabled contracts (standard): add it to contracts, or choose \
             one of them",
        );
        check(
            "contracts = []",
            "contracts: the list is empty: enable at least one, such as [\"standard\"]",
        );
        check(
            "targets.source_addresses = [\"10.0.0.1\", \"10.0.0.2\"]",
            "targets.source_addresses: \"10.0.0.2\" is the second of its family: name one IPv4 and one IPv6 address \
             at most",
        );
        check(
            "operators_group = \"a b\"",
            "operators_group: \"a b\" cannot be the name of a group: give one of the group database",
        );
        check(
            "data_dir = \"~/x\"",
            "data_dir: \"~/x\" begins with ~, which only a shell replaces: write the whole path",
        );
        check(
            "key_file = \"\"",
            "key_file: the path is empty: give one or remove the key",
        );
        let long = load(&format!("socket = \"/{}\"", "s".repeat(107))).unwrap_err();
        assert!(
            long.to_string()
                .contains("has 108 bytes: a Unix socket's path has at most 107")
        );
        for text in [
            "shutdown_grace = \"soon\"",
            "retention.reserve = \"much\"",
            "targets.allow = [\"10.0.0.0/33\"]",
            "targets.source_addresses = [\"eth0\"]",
            "targets.source_addresses = [\"0.0.0.0\"]",
            "targets.egress_addresses = [\"203.0.113.0/24\"]",
            "targets.egress_addresses = [\"ff02::1\"]",
            "targets.egress_addresses = [\"255.255.255.255\"]",
        ] {
            assert!(
                matches!(load(text), Err(ConfigError::BadValue { .. })),
                "{text}"
            );
        }
    }

    #[test]
    fn an_egress_address_that_nobody_can_have_is_refused_by_name() {
        for (list, problem) in [
            (
                "\"gateway\"",
                "\"gateway\" is not an IP address: write one that receivers see",
            ),
            (
                "\"0.0.0.0\"",
                "\"0.0.0.0\" is no address of a single host: write one that receivers see",
            ),
            (
                "\"203.0.113.7\", \"203.0.113.7\"",
                "\"203.0.113.7\" is named twice: write it once",
            ),
        ] {
            let error = load(&format!("targets.egress_addresses = [{list}]")).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("/etc/h/h.toml:1: targets.egress_addresses: {problem}")
            );
        }
    }

    #[test]
    fn what_is_published_is_what_is_given_or_else_the_sources() {
        let published = |text: &str| {
            let config = load(text).unwrap();
            let shown = config
                .effective()
                .find(|(key, ..)| *key == "targets.egress_addresses")
                .map(|(_, shown, _)| shown.to_owned());
            (config.targets.egress_addresses.clone(), shown.unwrap())
        };
        let sources = "targets.source_addresses = [\"10.0.0.1\", \"fd00::1\"]\n";
        assert_eq!(published(""), (None, String::new()));
        assert_eq!(published(sources), (None, "10.0.0.1,fd00::1".to_owned()));
        let both =
            format!("{sources}targets.egress_addresses = [\"203.0.113.7\", \"203.0.113.8\"]");
        let given = ["203.0.113.7", "203.0.113.8"].map(|text| text.parse().unwrap());
        assert_eq!(
            published(&both),
            (Some(given.to_vec()), "203.0.113.7,203.0.113.8".to_owned())
        );
        let too_many: Vec<String> = (0..65)
            .map(|number| format!("\"203.0.113.{number}\""))
            .collect();
        let error = load(&format!(
            "targets.egress_addresses = [{}]",
            too_many.join(",")
        ))
        .unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("the list has 65 addresses: name at most 64")
        );
    }

    #[test]
    fn without_a_home_the_data_directory_must_be_named() {
        let error = Config::from_written(&Written::default(), &Environment::default()).unwrap_err();
        assert!(error.to_string().ends_with("give --data-dir"));
    }
}
