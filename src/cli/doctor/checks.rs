//! What is looked at, one check after the other.

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs as _};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use rustix::fs::Access;
use rustix::process::{Resource, getrlimit};

use super::finding::{Finding, clock, descriptors, disk};
use crate::cli::failure::text_of;
use crate::cli::service;
use crate::client::{Client, Target};
use crate::clock::{Clock as _, SystemClock, within};
use crate::config::Config;
use crate::domain::limits::CONNECTIONS_MAX;
use crate::engine::{KEY_CHECK, key_opens};
use crate::store::StoreOptions;
use crate::store::backup::meta_of;
use crate::store::inspect::{FileFacts, file_facts};
use crate::transport::tls::load_roots;

/// How long a name may take to be looked up, and a service to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Permission bits of everybody but the owner.
const OTHERS: u32 = 0o077;

/// An installation, as its settings say.
pub(super) struct Patient<'a> {
    config: &'a Config,
    store: StoreOptions,
    look_up: &'a str,
}

impl<'a> Patient<'a> {
    pub(super) fn new(config: &'a Config, look_up: &'a str) -> Self {
        Self {
            config,
            store: StoreOptions::new(&config.data_dir),
            look_up,
        }
    }

    /// Everything, in the order in which it is to be mended.
    pub(super) async fn examine(&self) -> Vec<Finding> {
        let mut findings = vec![self.configuration(), self.contracts(), self.certificates()];
        findings.push(self.data_dir());
        findings.push(self.disk());
        let facts = match self.store.database_path() {
            path if path.exists() => Some(file_facts(&path).await),
            _ => None,
        };
        findings.push(self.database(facts.as_ref().map(Result::as_ref)));
        findings.push(self.key(facts.is_some()).await);
        let facts = facts.and_then(Result::ok);
        let seen = facts.and_then(|facts| facts.wall_seen);
        findings.push(clock(SystemClock::new().now(), seen));
        let requests = self.config.delivery.concurrency as u64;
        let hard = getrlimit(Resource::Nofile).maximum;
        findings.push(descriptors(hard, requests, CONNECTIONS_MAX as u64));
        findings.push(self.socket().await);
        findings.push(self.listen().await);
        findings.push(self.names().await);
        findings
    }

    fn configuration(&self) -> Finding {
        let text = self.config.file.as_ref().map_or_else(
            || "no file: defaults, environment and flags".to_owned(),
            |file| format!("read from {}", file.display()),
        );
        Finding::ok("configuration", text)
    }

    fn contracts(&self) -> Finding {
        match service::check_contracts(self.config) {
            Ok(names) => Finding::ok("contracts", names.join(", ")),
            Err(error) => Finding::fail(
                "contracts",
                text_of(&error),
                "mend the files; `hookyard contract check FILE` tells the same",
            ),
        }
    }

    /// The roots by which receivers' certificates are judged.
    fn certificates(&self) -> Finding {
        const CHECK: &str = "root certificates";
        let remedy = "install ca-certificates, or set targets.extra_roots: every https receiver fails without";
        if let Err(error) = service::check_roots(self.config) {
            let remedy = "mend targets.extra_roots: PEM files that the service's user may read";
            return Finding::fail(CHECK, text_of(&error), remedy);
        }
        match load_roots(&self.config.targets.extra_roots) {
            Ok(roots) if roots.is_empty() => Finding::warn(CHECK, "none", remedy),
            Ok(roots) => Finding::ok(CHECK, format!("{} of them", roots.len())),
            Err(error) => Finding::fail(CHECK, error.to_string(), remedy),
        }
    }

    fn data_dir(&self) -> Finding {
        const CHECK: &str = "data directory";
        let path = &self.config.data_dir;
        let shown = path.display();
        let metadata = match path.metadata() {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return match writable(existing(path)) {
                    Ok(()) => Finding::ok(CHECK, format!("{shown} is made at the first start")),
                    Err(error) => Finding::fail(
                        CHECK,
                        format!("{shown} is not there and cannot be made: {error}"),
                        "make it for the service's user with mode 0700, or choose another with --data-dir",
                    ),
                };
            }
            Err(error) => {
                let remedy = "run doctor as the service's user";
                return Finding::fail(CHECK, format!("{shown}: {error}"), remedy);
            }
        };
        if !metadata.is_dir() {
            let remedy = "move it away, or choose another directory with --data-dir";
            return Finding::fail(CHECK, format!("{shown} is no directory"), remedy);
        }
        if let Err(error) = writable(path) {
            let remedy = "give it to the service's user with chown, or run doctor as that user";
            return Finding::fail(
                CHECK,
                format!("{shown} cannot be written to: {error}"),
                remedy,
            );
        }
        let mode = metadata.mode() & 0o7777;
        if mode & OTHERS != 0 {
            return Finding::warn(
                CHECK,
                format!("{shown} has mode {mode:04o}, so others can look into it"),
                format!("chmod 700 {shown}"),
            );
        }
        Finding::ok(CHECK, format!("{shown}"))
    }

    fn disk(&self) -> Finding {
        match (self.store.free_space)(existing(&self.config.data_dir)) {
            Ok(free) => disk(free, self.config.retention.reserve_bytes),
            Err(error) => Finding::warn(
                "disk",
                format!("how much is free cannot be told: {error}"),
                "keep the data directory on a local disk",
            ),
        }
    }

    fn database(&self, facts: Option<Result<&FileFacts, &crate::store::StoreError>>) -> Finding {
        const CHECK: &str = "database";
        let path = self.store.database_path();
        let shown = path.display();
        let restore = "stop the service and restore a backup; `hookyard fsck` tells more";
        match facts {
            None => Finding::ok(CHECK, format!("{shown} is made at the first start")),
            Some(Err(error)) => {
                let why = std::error::Error::source(error)
                    .map_or_else(String::new, |source| format!(": {source}"));
                Finding::fail(CHECK, format!("{shown}: {error}{why}"), restore)
            }
            Some(Ok(facts)) => {
                let (schema, known) = (facts.schema, facts.known);
                match &facts.damage {
                    Some(damage) => {
                        Finding::fail(CHECK, format!("{shown}: SQLite finds: {damage}"), restore)
                    }
                    None if schema > known => Finding::fail(
                        CHECK,
                        format!(
                            "{shown} has schema {schema}, and this hookyard knows up to {known}"
                        ),
                        "run the newer hookyard, or restore a backup",
                    ),
                    None if schema < known => Finding::warn(
                        CHECK,
                        format!("{shown} has schema {schema}, and this hookyard's is {known}"),
                        "the next start brings it up to date, and makes a copy before",
                    ),
                    None => Finding::ok(
                        CHECK,
                        format!("{shown}: schema {schema}, quick check passed"),
                    ),
                }
            }
        }
    }

    async fn key(&self, has_database: bool) -> Finding {
        const CHECK: &str = "key";
        let facts = service::key_facts(self.config);
        let path = self.store.database_path();
        let sealed = match has_database {
            true => meta_of(&path, KEY_CHECK).await.ok().flatten(),
            false => None,
        };
        let missing = self.config.key.is_none() && !self.config.key_file.exists();
        let key = match facts.key {
            Err(_) if missing && sealed.is_none() => {
                let text = format!("{} is made at the first start", facts.place);
                return Finding::ok(CHECK, text);
            }
            Err(error) => {
                let remedy = "the key must be the one that this database was made with";
                return Finding::fail(CHECK, text_of(&error), remedy);
            }
            Ok(key) => key,
        };
        let place = facts.place;
        let text = format!("{place}, fingerprint {}", key.fingerprint());
        match sealed {
            Some(sealed) if !key_opens(&key, &sealed) => Finding::fail(
                CHECK,
                format!("{text}: it does not open the database's secrets"),
                "give the key that the database was made with (HOOKYARD_KEY or key_file)",
            ),
            _ => Finding::ok(CHECK, text),
        }
    }

    async fn socket(&self) -> Finding {
        const CHECK: &str = "socket";
        let places = self.config.socket.all();
        let Some(path) = places.iter().find(|path| path.exists()) else {
            let directory = |path: &&std::path::PathBuf| {
                path.parent().is_some_and(|parent| writable(parent).is_ok())
            };
            return match places.iter().find(directory) {
                Some(path) => {
                    let text = format!("{} is free: no service runs", path.display());
                    Finding::ok(CHECK, text)
                }
                None => Finding::fail(
                    CHECK,
                    "no place for it can be written to",
                    "make the directory for the service's user, or choose another place with --socket",
                ),
            };
        };
        let shown = path.display();
        match UnixStream::connect(path) {
            Ok(_) => match answers(Target::Socket(path.clone())).await {
                Ok(()) => Finding::ok(CHECK, format!("a service answers at {shown}")),
                Err(why) => Finding::fail(
                    CHECK,
                    format!("the service at {shown} is not ready: {why}"),
                    "its log says more; /readyz says when it is",
                ),
            },
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Finding::warn(
                CHECK,
                format!("{shown} was left behind by a service that is gone"),
                "start the service: it takes the file away",
            ),
            Err(error) => Finding::fail(
                CHECK,
                format!("{shown}: {error}"),
                "run doctor as the service's user or as a member of operators_group, or move the file away",
            ),
        }
    }

    async fn listen(&self) -> Finding {
        const CHECK: &str = "listen";
        let address = self.config.listen;
        let Err(error) = TcpListener::bind(address) else {
            return Finding::ok(CHECK, format!("{address} is free"));
        };
        if error.kind() == io::ErrorKind::AddrInUse && is_hookyard(address).await {
            return Finding::ok(CHECK, format!("a Hookyard answers at {address}"));
        }
        Finding::fail(
            CHECK,
            format!("{address} cannot be used: {error}"),
            "stop what uses it, or choose another with --listen",
        )
    }

    /// Whether receivers' names can be looked up.
    async fn names(&self) -> Finding {
        const CHECK: &str = "names";
        let name = self.look_up.to_owned();
        let lookup = tokio::task::spawn_blocking(move || {
            (name.as_str(), 443)
                .to_socket_addrs()
                .map(|mut found| found.next())
        });
        let remedy =
            "check /etc/resolv.conf and the network: receivers with names fail as dns meanwhile";
        let shown = self.look_up;
        match within(PATIENCE, lookup).await {
            Some(Ok(Ok(Some(address)))) => {
                Finding::ok(CHECK, format!("{shown} is {}", address.ip()))
            }
            Some(Ok(Ok(None))) => Finding::warn(CHECK, format!("{shown} has no address"), remedy),
            Some(Ok(Err(error))) => Finding::warn(
                CHECK,
                format!("{shown} cannot be looked up: {error}"),
                remedy,
            ),
            Some(Err(_)) | None => {
                Finding::warn(CHECK, format!("looking up {shown} takes too long"), remedy)
            }
        }
    }
}

/// The path, or what of it exists.
fn existing(path: &Path) -> &Path {
    path.ancestors()
        .find(|place| place.exists())
        .unwrap_or(Path::new("/"))
}

fn writable(path: &Path) -> io::Result<()> {
    Ok(rustix::fs::access(
        path,
        Access::WRITE_OK | Access::EXEC_OK,
    )?)
}

async fn answers(target: Target) -> Result<(), String> {
    let client = Client::new(target).map_err(|error| error.to_string())?;
    match within(PATIENCE, client.ready()).await {
        Some(Ok(_)) => Ok(()),
        Some(Err(error)) => Err(error.to_string()),
        None => Err("it does not answer".to_owned()),
    }
}

/// Whether what listens there answers as this service does to anybody on this machine.
async fn is_hookyard(address: SocketAddr) -> bool {
    let mut address = address;
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    let Ok(url) = format!("http://{address}").parse() else {
        return false;
    };
    let Ok(client) = Client::new(Target::Url { url, token: None }) else {
        return false;
    };
    let alive = within(PATIENCE, client.ready()).await;
    // One that is not ready, or wants a token, is one all the same.
    match alive {
        Some(Ok(text)) => text == "ready\n",
        Some(Err(error)) => matches!(error, crate::client::ClientError::Refused(_)),
        None => false,
    }
}
