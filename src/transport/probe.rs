//! What one request notes about its connection while reqwest works for it.
//!
//! reqwest tells nothing about the stages of an exchange. A probe is put into the task's scope around the call;
//! the resolver, the TLS session store and the connector find it there and note when they were reached.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Stopwatch;
use crate::domain::attempt::Phases;

tokio::task_local! {
    static PROBE: Arc<Probe>;
}

/// Runs `future` with `probe` in its scope.
pub(super) fn scope<F: Future>(
    probe: Arc<Probe>,
    future: F,
) -> impl Future<Output = F::Output> + use<F> {
    PROBE.scope(probe, future)
}

/// The probe of the request that the current task works for.
pub(super) fn current() -> Option<Arc<Probe>> {
    PROBE.try_with(Arc::clone).ok()
}

/// Notes something on the current probe, where there is one.
pub(super) fn note(with: impl FnOnce(&Probe)) {
    // Without a probe nobody wants to know.
    let _ = PROBE.try_with(|probe| with(probe));
}

/// The stage that a request has reached, for the sentence about its failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The name is being looked up.
    Dns,
    /// TCP is connecting.
    Connect,
    /// TLS shakes hands.
    Tls,
    /// The request is out, or on its way on a kept connection.
    Request,
}

/// Both ends of a connection, which tell one from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ends {
    /// Our address and port.
    pub(super) local: SocketAddr,
    /// The receiver's.
    pub(super) remote: SocketAddr,
}

/// One request's notes. All times count from the start of the request.
#[derive(Debug)]
pub(super) struct Probe {
    stopwatch: Stopwatch,
    /// The longest that connecting may take, name resolution and TLS included.
    pub(super) connect_timeout: Duration,
    /// The port that the request goes to.
    pub(super) port: u16,
    notes: Mutex<Notes>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Notes {
    /// A connection of its own was begun.
    connecting: Option<Duration>,
    dns_started: Option<Duration>,
    dns_done: Option<Duration>,
    tls_started: Option<Duration>,
    connected: Option<(Duration, Ends)>,
}

impl Probe {
    /// Starts now.
    pub(super) fn start(connect_timeout: Duration, port: u16) -> Self {
        Self {
            stopwatch: Stopwatch::start(),
            connect_timeout,
            port,
            notes: Mutex::default(),
        }
    }

    /// Time since the start.
    pub(super) fn elapsed(&self) -> Duration {
        self.stopwatch.elapsed()
    }

    /// A fresh connection is begun; whatever an earlier one noted is void.
    pub(super) fn connecting(&self) {
        let connecting = Some(self.elapsed());
        *self.notes() = Notes {
            connecting,
            ..Notes::default()
        };
    }

    /// The name goes to the resolver.
    pub(super) fn dns_started(&self) {
        self.notes().dns_started = Some(self.elapsed());
    }

    /// The name's addresses are known.
    pub(super) fn dns_done(&self) {
        self.notes().dns_done = Some(self.elapsed());
    }

    /// TCP is connected and TLS starts.
    pub(super) fn tls_started(&self) {
        self.notes().tls_started = Some(self.elapsed());
    }

    /// The connection is ready for the request.
    pub(super) fn connected(&self, ends: Ends) {
        self.notes().connected = Some((self.elapsed(), ends));
    }

    /// How far the request has come.
    pub(super) fn stage(&self) -> Stage {
        let notes = *self.notes();
        match notes {
            Notes {
                connecting: None, ..
            }
            | Notes {
                connected: Some(_), ..
            } => Stage::Request,
            Notes {
                tls_started: Some(_),
                ..
            } => Stage::Tls,
            Notes {
                dns_started: Some(_),
                dns_done: None,
                ..
            } => Stage::Dns,
            _ => Stage::Connect,
        }
    }

    /// The address that this request's own connection reached.
    pub(super) fn remote(&self) -> Option<SocketAddr> {
        self.notes().connected.map(|(_, ends)| ends.remote)
    }

    /// Puts the notes together once the exchange has ended.
    ///
    /// `carrier` is the connection that carried the answer, where one came. When it is not the one that this
    /// request opened, a kept one won the race and the stages of connecting are not part of the exchange.
    pub(super) fn phases(&self, carrier: Option<Ends>, head: Option<Duration>) -> Phases {
        let total = self.elapsed();
        let notes = *self.notes();
        let own = notes.connected.map(|(_, ends)| ends);
        let reused = match carrier {
            Some(carrier) => own != Some(carrier),
            None => notes.connecting.is_none(),
        };
        let mut phases = Phases {
            body: head.map(|head| total.saturating_sub(head)),
            total,
            reused,
            ..Phases::default()
        };
        if reused {
            phases.first_byte = head;
            return phases;
        }
        let between =
            |from: Option<Duration>, to: Option<Duration>| Some(to?.saturating_sub(from?));
        let ready = notes.connected.map(|(ready, _)| ready);
        phases.dns = between(notes.dns_started, notes.dns_done);
        phases.connect = between(
            notes.dns_done.or(notes.connecting),
            notes.tls_started.or(ready),
        );
        phases.tls = between(notes.tls_started, ready);
        phases.first_byte = between(ready, head);
        phases
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
