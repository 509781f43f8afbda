//! The layer around reqwest's connector: the contract's own time limit, the second look at the address, and the
//! notes about the connection.

use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::client::legacy::connect::{Connection, HttpInfo};
use tower::{Layer, Service};

use super::failure::{Refused, Unconnected};
use super::probe::{self, Ends};
use crate::clock;
use crate::domain::address::AddressRules;

type BoxError = Box<dyn Error + Send + Sync>;

/// Wraps each connector of a client in a [`WatchedConnector`].
#[derive(Clone)]
pub(super) struct ConnectorWatch {
    /// What may be connected to.
    pub(super) rules: Arc<AddressRules>,
}

impl<S> Layer<S> for ConnectorWatch {
    type Service = WatchedConnector<S>;

    fn layer(&self, inner: S) -> WatchedConnector<S> {
        WatchedConnector {
            inner,
            rules: Arc::clone(&self.rules),
        }
    }
}

/// A connector whose connections are timed, bounded and judged before any HTTP byte is written.
#[derive(Clone)]
pub(super) struct WatchedConnector<S> {
    inner: S,
    rules: Arc<AddressRules>,
}

impl<S, R> Service<R> for WatchedConnector<S>
where
    S: Service<R, Error = BoxError>,
    S::Response: Connection + Send,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let connecting = self.inner.call(request);
        let rules = Arc::clone(&self.rules);
        let probe = probe::current();
        Box::pin(async move {
            let probe = probe.ok_or("a connection was asked for outside of a request")?;
            probe.connecting();
            // When a kept connection comes free meanwhile, hyper-util lets this one finish in a task of its own,
            // where the scope is gone: put it back.
            let scoped = probe::scope(Arc::clone(&probe), connecting);
            let limit = probe.connect_timeout;
            let connected = clock::within(limit, scoped)
                .await
                .ok_or_else(|| late(limit, &probe))??;
            let ends = ends_of(&connected).ok_or(Unconnected::Gone)?;
            rules.judge_socket(ends.remote).map_err(Refused)?;
            probe.connected(ends);
            Ok(connected)
        })
    }
}

fn late(limit: Duration, probe: &probe::Probe) -> BoxError {
    Box::new(Unconnected::Late {
        limit,
        stage: probe.stage(),
    })
}

/// Both ends of `connection`; `None` when it has been closed already.
fn ends_of(connection: &impl Connection) -> Option<Ends> {
    let mut extras = Default::default();
    connection.connected().get_extras(&mut extras);
    let info = extras.get::<HttpInfo>()?;
    Some(Ends {
        local: info.local_addr(),
        remote: info.remote_addr(),
    })
}
