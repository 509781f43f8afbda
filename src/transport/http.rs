//! The transport over real sockets: one reqwest client per address that requests leave from.
//!
//! A request is judged, sent once, and read up to its caps. Whatever happens, the caller gets an [`Exchange`] that
//! says how far it came.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use hyper_util::client::legacy::connect::HttpInfo;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::tls::TlsInfo;
use reqwest::{Client, Method, Request};
use rustls::ClientConfig;

use super::connector::ConnectorWatch;
use super::failure::{self, lacks_address};
use super::lookups::{Lookup, Lookups, SystemLookup};
use super::probe::{self, Ends, Probe};
use super::resolver::JudgingResolver;
use super::sending::{Sending, Transport};
use super::target::{Target, Targets};
use super::tls::{self, TlsError};
use crate::clock;
use crate::domain::address::AddressRules;
use crate::domain::attempt::{Failure, FailureClass, Response};
use crate::domain::limits::{
    IDLE_CONNECTION_MAX, IDLE_CONNECTIONS_PER_HOST_MAX, LOOKUP_DEADLINE, RESPONSE_BODY_BYTES_MAX,
    RESPONSE_HEADER_BYTES_MAX, TIMEOUT_MAX,
};
use crate::domain::request::{Exchange, PreparedRequest};
use crate::domain::time::Timestamp;

/// What an [`HttpTransport`] is made of.
#[derive(Clone)]
pub struct TransportOptions {
    /// Where requests may go.
    pub targets: AddressRules,
    /// PEM files of certificates to trust beside the system's.
    pub extra_roots: Vec<PathBuf>,
    /// The local addresses that requests leave from, at most one per family; empty: the system chooses.
    pub source_addresses: Vec<IpAddr>,
    /// Kept connections to one host that wait for the next request.
    pub idle_per_host_max: usize,
    /// How long they wait.
    pub idle_max: Duration,
    /// How names are looked up.
    pub lookup: Arc<dyn Lookup>,
}

impl Default for TransportOptions {
    fn default() -> Self {
        Self {
            targets: AddressRules::default(),
            extra_roots: Vec::new(),
            source_addresses: Vec::new(),
            idle_per_host_max: IDLE_CONNECTIONS_PER_HOST_MAX,
            idle_max: IDLE_CONNECTION_MAX,
            lookup: Arc::new(SystemLookup),
        }
    }
}

/// Why there is no transport.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The roots or the TLS set-up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Two source addresses of one family.
    #[error(
        "targets.source_addresses names {first} and {second}, both of one family; expected at most one IPv4 and one IPv6 address"
    )]
    SourceAddresses {
        /// The first of them.
        first: IpAddr,
        /// The second.
        second: IpAddr,
    },
    /// reqwest refused its settings.
    #[error("failed to set up the HTTP client")]
    Client(#[from] reqwest::Error),
}

/// Sends requests over HTTP and HTTPS.
pub struct HttpTransport {
    /// What requests use at this moment; a reload puts a fresh set in its place.
    outlets: ArcSwap<Outlets>,
    lookups: Lookups,
    tls: ClientConfig,
    options: TransportOptions,
}

/// One set of address rules, and the clients that obey it.
///
/// They go together because a client's kept connections were judged by its rules.
struct Outlets {
    rules: Arc<AddressRules>,
    targets: Targets,
    outlets: Vec<Outlet>,
}

struct Outlet {
    source: Option<IpAddr>,
    client: Client,
}

impl HttpTransport {
    /// Loads the roots and builds the clients; opens no connection.
    ///
    /// # Errors
    ///
    /// [`TransportError`], naming the setting at fault.
    pub fn new(options: TransportOptions) -> Result<Self, TransportError> {
        tls::install_crypto_provider();
        let config = tls::client_config(tls::load_roots(&options.extra_roots)?)?;
        let lookups = Lookups::new(Arc::clone(&options.lookup), LOOKUP_DEADLINE);
        let outlets = Outlets::build(&options, &config, &lookups, options.targets.clone())?;
        Ok(Self {
            outlets: ArcSwap::from_pointee(outlets),
            lookups,
            tls: config,
            options,
        })
    }

    /// Makes ready what requests leave by under other rules; nothing changes yet.
    ///
    /// # Errors
    ///
    /// [`TransportError::Client`].
    pub fn prepare_targets(&self, targets: AddressRules) -> Result<NewTargets, TransportError> {
        let outlets = Outlets::build(&self.options, &self.tls, &self.lookups, targets)?;
        Ok(NewTargets(Arc::new(outlets)))
    }

    /// Puts other rules in force for every request from now on; connections kept under the old ones are given up.
    pub fn set_targets(&self, targets: NewTargets) {
        self.outlets.store(targets.0);
    }
}

/// What requests leave by under rules that are not in force yet: see [`HttpTransport::prepare_targets`].
pub struct NewTargets(Arc<Outlets>);

impl fmt::Debug for NewTargets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("NewTargets").finish_non_exhaustive()
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: PreparedRequest) -> Sending {
        let outlets = self.outlets.load_full();
        Box::pin(async move { outlets.exchange(request).await })
    }
}

impl Outlets {
    fn build(
        options: &TransportOptions,
        tls: &ClientConfig,
        lookups: &Lookups,
        rules: AddressRules,
    ) -> Result<Self, TransportError> {
        let rules = Arc::new(rules);
        let mut outlets: Vec<Outlet> = Vec::with_capacity(2);
        for &source in &options.source_addresses {
            let same_family = |other: IpAddr| other.is_ipv4() == source.is_ipv4();
            let taken = outlets.iter().find_map(|outlet| outlet.source);
            if let Some(first) = taken.filter(|&first| same_family(first)) {
                let second = source;
                return Err(TransportError::SourceAddresses { first, second });
            }
            let client = build_client(options, tls, lookups, &rules, Some(source))?;
            outlets.push(Outlet {
                source: Some(source),
                client,
            });
        }
        if outlets.is_empty() {
            let client = build_client(options, tls, lookups, &rules, None)?;
            outlets.push(Outlet {
                source: None,
                client,
            });
        }
        Ok(Self {
            rules,
            targets: Targets::default(),
            outlets,
        })
    }

    async fn exchange(&self, request: PreparedRequest) -> Exchange {
        let target = match self.targets.get(&self.rules, &request.url) {
            Ok(target) => target,
            Err(bad) => return unsent(FailureClass::Blocked, &bad.to_string()),
        };
        if let Err(blocked) = target.judge(&self.rules) {
            let text = format!("{} is not allowed: {blocked}", target.label);
            return unsent(FailureClass::Blocked, &text);
        }
        let limit = request.timeout.min(TIMEOUT_MAX);
        let probe = Arc::new(Probe::start(request.connect_timeout, target.port));
        let http = match http_request(&target, request) {
            Ok(http) => http,
            Err(text) => return unsent(FailureClass::Internal, &text),
        };
        let mut progress = Progress::default();
        let run = probe::scope(
            Arc::clone(&probe),
            self.run(http, &target, &probe, &mut progress),
        );
        let failure = match clock::within(limit, run).await {
            Some(result) => result.err(),
            None => Some(failure::deadline(
                limit,
                &target.label,
                probe.stage(),
                progress.response.is_some(),
            )),
        };
        Exchange {
            remote_address: progress
                .carrier
                .map(|ends| ends.remote)
                .or_else(|| probe.remote()),
            certificate_expires_at: progress.certificate_expires_at,
            phases: probe.phases(progress.carrier, progress.head_at),
            response: progress.response,
            failure,
        }
    }

    async fn run(
        &self,
        mut request: Request,
        target: &Target,
        probe: &Probe,
        progress: &mut Progress,
    ) -> Result<(), Failure> {
        let mut outlets = self.outlets.iter().filter(|outlet| outlet.reaches(target));
        let mut next = outlets.next();
        while let Some(outlet) = next {
            next = outlets.next();
            // Only a name of one family, under two source addresses, needs a second outlet: nothing has been
            // sent when the first finds no address.
            let spare = next.as_ref().and_then(|_| request.try_clone());
            match (outlet.client.execute(request).await, spare) {
                (Ok(response), _) => {
                    progress.head(&response, probe);
                    return progress.read(response, target).await;
                }
                (Err(error), Some(spare)) if lacks_address(&error) => request = spare,
                (Err(error), _) => {
                    return Err(failure::before_head(&error, &target.label, probe.stage()));
                }
            }
        }
        let text = format!(
            "could not connect to {}: requests leave from {} only",
            target.label,
            self.sources()
        );
        Err(failure::failure(FailureClass::Connect, &text))
    }

    fn sources(&self) -> String {
        let sources: Vec<String> = self
            .outlets
            .iter()
            .filter_map(|outlet| outlet.source.map(|source| source.to_string()))
            .collect();
        sources.join(" and ")
    }
}

impl Outlet {
    /// Whether the target may have an address that this outlet's source can connect to.
    fn reaches(&self, target: &Target) -> bool {
        match (self.source, target.literal) {
            (Some(source), Some(literal)) => source.is_ipv4() == literal.is_ipv4(),
            _ => true,
        }
    }
}

/// What has come back so far. Outlives the deadline that may end the reading.
#[derive(Default)]
struct Progress {
    carrier: Option<Ends>,
    certificate_expires_at: Option<Timestamp>,
    head_at: Option<Duration>,
    response: Option<Response>,
}

impl Progress {
    fn head(&mut self, response: &reqwest::Response, probe: &Probe) {
        self.head_at = Some(probe.elapsed());
        self.carrier = response.extensions().get().map(|info: &HttpInfo| Ends {
            local: info.local_addr(),
            remote: info.remote_addr(),
        });
        self.certificate_expires_at = response
            .extensions()
            .get()
            .and_then(|info: &TlsInfo| info.peer_certificate())
            .and_then(tls::certificate_expiry);
        let (headers, truncated) = kept_headers(response.headers());
        self.response = Some(Response {
            status: response.status().as_u16(),
            headers,
            body: Vec::new(),
            truncated,
        });
    }

    /// Reads the body up to its cap; what lies beyond is never read, which closes the connection.
    async fn read(
        &mut self,
        mut response: reqwest::Response,
        target: &Target,
    ) -> Result<(), Failure> {
        let kept = self.response.get_or_insert_default();
        loop {
            let chunk = response
                .chunk()
                .await
                .map_err(|error| failure::in_body(&error, &target.label))?;
            let Some(chunk) = chunk else { return Ok(()) };
            let room = RESPONSE_BODY_BYTES_MAX - kept.body.len();
            if chunk.len() > room {
                kept.body.extend_from_slice(&chunk[..room]);
                kept.truncated = true;
                return Ok(());
            }
            kept.body.extend_from_slice(&chunk);
        }
    }
}

/// The headers that fit the cap, in order, and whether some did not.
fn kept_headers(headers: &HeaderMap) -> (Vec<(String, Vec<u8>)>, bool) {
    let mut room = RESPONSE_HEADER_BYTES_MAX;
    let mut kept = Vec::with_capacity(headers.len());
    for (name, value) in headers {
        let bytes = name.as_str().len() + value.len();
        let Some(left) = room.checked_sub(bytes) else {
            return (kept, true);
        };
        room = left;
        kept.push((name.as_str().to_owned(), value.as_bytes().to_vec()));
    }
    (kept, false)
}

fn http_request(target: &Target, request: PreparedRequest) -> Result<Request, String> {
    let method = Method::from_bytes(request.method.as_bytes())
        .map_err(|_| format!("{:?} is not an HTTP method", request.method))?;
    let mut headers = HeaderMap::with_capacity(request.headers.len());
    for (name, value) in &request.headers {
        let header = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| format!("{name:?} is not a header name"))?;
        let value = HeaderValue::from_bytes(value.as_bytes())
            .map_err(|_| format!("the value of header {name:?} holds a control character"))?;
        headers.append(header, value);
    }
    let mut http = Request::new(method, target.url.clone());
    *http.headers_mut() = headers;
    *http.body_mut() = Some(request.body.into());
    Ok(http)
}

fn unsent(class: FailureClass, text: &str) -> Exchange {
    Exchange {
        failure: Some(failure::failure(class, text)),
        ..Exchange::default()
    }
}

fn build_client(
    options: &TransportOptions,
    tls: &ClientConfig,
    lookups: &Lookups,
    rules: &Arc<AddressRules>,
    source: Option<IpAddr>,
) -> Result<Client, reqwest::Error> {
    let resolver = JudgingResolver {
        rules: Arc::clone(rules),
        lookups: lookups.clone(),
        turns: Arc::default(),
        source,
    };
    let watch = ConnectorWatch {
        rules: Arc::clone(rules),
    };
    Client::builder()
        .tls_backend_preconfigured(tls.clone())
        .tls_info(true)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .http1_only()
        .http1_title_case_headers()
        .tcp_nodelay(true)
        .pool_max_idle_per_host(options.idle_per_host_max)
        .pool_idle_timeout(options.idle_max)
        .local_address(source)
        .dns_resolver(Arc::new(resolver))
        .connector_layer(watch)
        .build()
}
