//! What the server is started with.

use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;

use super::egress::Egress;
use super::notifications::NotifyCounts;
use super::service_log::ServiceLog;
use crate::clock::SharedClock;
use crate::domain::limits::{BODY_TIME_MAX, EVENT_BYTES_DEFAULT};

/// The sockets to answer on, bound by the caller, who knows where they are and cleans up after them.
#[derive(Debug, Default)]
pub struct Listeners {
    /// TCP, tokens required.
    pub tcp: Option<TcpListener>,
    /// The Unix socket, judged by peer credentials.
    pub unix: Option<UnixListener>,
}

/// How the server behaves.
#[derive(Clone)]
pub struct ServerOptions {
    /// What time it is: for expiries and answers.
    pub clock: SharedClock,
    /// Members of this unix group are operators on the socket; `None` for root and the service's own user alone.
    pub operators_group: Option<String>,
    /// Worker threads of each listener; 1 serves two cores best.
    pub workers: usize,
    /// What may change while it runs.
    pub limits: Arc<ArcSwap<ServerLimits>>,
    /// The longest that a request body may take to arrive.
    pub body_time_max: Duration,
    /// How long requests in progress may take to finish at a shutdown, in whole seconds.
    pub shutdown_timeout: Duration,
    /// How often the operator's command or URL was told something.
    pub notifications: Arc<NotifyCounts>,
    /// The newest lines of the service's own log, for `/v1/log`.
    pub log: ServiceLog,
    /// The host's name, for `/v1/info`.
    pub host: Arc<str>,
}

/// The settings that may change while the server runs.
#[derive(Clone, Debug)]
pub struct ServerLimits {
    /// Bytes of one published event, envelope included.
    pub event_bytes_max: usize,
    /// The addresses that requests leave from, for `/v1/egress`.
    pub egress: Egress,
    /// Whether health, readiness and metrics answer anybody, not only this machine.
    pub open_probes: bool,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            event_bytes_max: EVENT_BYTES_DEFAULT,
            egress: Egress::default(),
            open_probes: false,
        }
    }
}

impl ServerOptions {
    /// The defaults, with this clock.
    pub fn new(clock: SharedClock) -> Self {
        Self {
            log: ServiceLog::new(Arc::clone(&clock)),
            clock,
            operators_group: None,
            workers: 1,
            limits: Arc::new(ArcSwap::from_pointee(ServerLimits::default())),
            body_time_max: BODY_TIME_MAX,
            shutdown_timeout: Duration::from_secs(5),
            notifications: Arc::default(),
            host: "localhost".into(),
        }
    }
}

impl std::fmt::Debug for ServerOptions {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ServerOptions")
            .field("operators_group", &self.operators_group)
            .field("workers", &self.workers)
            .field("limits", &self.limits.load())
            .field("shutdown_timeout", &self.shutdown_timeout)
            .finish_non_exhaustive()
    }
}
