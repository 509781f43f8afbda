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

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::TcpListener;

    use super::*;
    use crate::transport::probe::Probe;
    use crate::transport::tls::install_crypto_provider;

    /// The second net, alone: nothing before it has judged the address.
    #[tokio::test]
    async fn a_connection_to_a_forbidden_address_is_dropped_before_any_byte() {
        install_crypto_provider();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let accepting = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let (mut stream, _) = listener.accept().unwrap();
            stream.read_to_end(&mut bytes).unwrap();
            bytes
        });
        let watch = ConnectorWatch {
            rules: Arc::new(AddressRules::default()),
        };
        let client = reqwest::Client::builder()
            .no_proxy()
            .connector_layer(watch)
            .build()
            .unwrap();
        let probe = Arc::new(Probe::start(Duration::from_secs(20), 80));
        let sent = probe::scope(Arc::clone(&probe), client.post(&url).body("x").send()).await;
        let error = sent.unwrap_err();
        let failure = crate::transport::failure::before_head(&error, "it", probe.stage());
        assert_eq!(
            failure.class,
            crate::domain::attempt::FailureClass::Blocked,
            "{}",
            failure.text
        );
        assert_eq!(accepting.join().unwrap(), b"", "not a byte was written");
    }

    #[tokio::test]
    async fn a_connection_without_a_probe_is_refused() {
        install_crypto_provider();
        let watch = ConnectorWatch {
            rules: Arc::new(AddressRules::default()),
        };
        let client = reqwest::Client::builder()
            .no_proxy()
            .connector_layer(watch)
            .build()
            .unwrap();
        let error = client.post("http://127.0.0.1:1/").send().await.unwrap_err();
        assert!(format!("{error:?}").contains("outside of a request"));
    }
}
