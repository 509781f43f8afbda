//! Running the server: bound listeners in, a future that completes once everything is answered.

use std::io;
use std::sync::Arc;

use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};
use tokio::sync::{oneshot, watch};

use super::envelope;
use super::options::{Listeners, ServerOptions};
use super::peer::Gatekeeper;
use super::routes;
use super::state::{Core, State};
use super::stream::Hub;
use crate::domain::limits::{CONNECTIONS_MAX, KEEP_ALIVE};
use crate::engine::Engine;

/// Why the server stopped otherwise than by its shutdown signal.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The listeners or worker threads failed.
    #[error("failed to serve the API: {0}")]
    Io(#[from] io::Error),
    /// The server's thread panicked; the panic is in the log.
    #[error("the API's thread ended by a panic")]
    Panicked,
}

/// Answers the API on `listeners` until `shutdown` completes.
///
/// Then no more connections are accepted, streams say `bye` and end, publishing is refused with 503, requests in
/// progress are answered for up to `options.shutdown_timeout`, and the future completes. Runs in a thread of its own
/// with its own runtime, so it may be awaited anywhere.
///
/// # Errors
/// A listener that cannot be used, or a thread that cannot be started.
pub async fn serve(
    engine: Engine,
    listeners: Listeners,
    options: ServerOptions,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let (report, reported) = oneshot::channel();
    std::thread::Builder::new()
        .name("hookyard-http".to_owned())
        .spawn(move || {
            let served =
                actix_rt::System::new().block_on(run(engine, listeners, options, shutdown));
            // An error means that nobody waits for the server any more.
            let _ = report.send(served);
        })?;
    reported.await.map_err(|_| ServeError::Panicked)?
}

async fn run(
    engine: Engine,
    listeners: Listeners,
    options: ServerOptions,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let (drain, draining) = watch::channel(false);
    let gatekeeper = Arc::new(Gatekeeper::new(options.operators_group.clone()));
    let workers = options.workers.max(1);
    let grace_s = options.shutdown_timeout.as_secs();
    let started_at = options.clock.now();
    let core = Arc::new(Core {
        engine,
        clock: options.clock.clone(),
        options,
    });
    let hub = Hub::start(core.clone());
    let state = web::Data::new(State {
        core,
        tokens: Default::default(),
        limiter: Default::default(),
        description: Default::default(),
        bodies: Default::default(),
        publishes_refused: Default::default(),
        hub,
        draining,
        started_at,
    });
    let mut server = HttpServer::new(move || {
        App::new()
            .wrap(from_fn(envelope::around))
            .app_data(state.clone())
            .configure(routes::configure)
    })
    // Before the listeners: they take over what is set by then.
    .on_connect(move |connection, extensions| gatekeeper.note(connection, extensions))
    .workers(workers)
    .max_connections(CONNECTIONS_MAX)
    .tcp_nodelay(true)
    .keep_alive(KEEP_ALIVE)
    .disable_signals()
    .shutdown_timeout(grace_s)
    .shutdown_signal(async move {
        shutdown.await;
        // Streams hold the shutdown for its whole timeout unless they end by themselves.
        drain.send_replace(true);
    });
    if let Some(listener) = listeners.tcp {
        listener.set_nonblocking(true)?;
        server = server.listen(listener)?;
    }
    if let Some(listener) = listeners.unix {
        listener.set_nonblocking(true)?;
        server = server.listen_uds(listener)?;
    }
    Ok(server.run().await?)
}
