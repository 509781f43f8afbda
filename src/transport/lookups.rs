//! Name lookups that cannot hurt each other.
//!
//! `getaddrinfo` blocks its thread, with a dead name server for half a minute. So: one lookup per name at a time,
//! which everybody who wants that name shares; a bounded number of threads; and a share of them for names that
//! answer, which names that do not can never take.
//!
//! ```text
//! proven names  ───────────────────────────────►┐
//! new names     ──────────────► unproven (24) ─►├─► all (32) ─► a thread each
//! failing names ─► failing (8) ─► unproven ─────┘
//! ```

use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};

use crate::clock;
use crate::domain::limits::{
    LOOKUP_NAMES_MAX, LOOKUPS_FAILING_MAX, LOOKUPS_MAX, LOOKUPS_UNPROVEN_MAX,
};

/// Finds the addresses of a name; blocks its thread while it does.
pub trait Lookup: Send + Sync + 'static {
    /// The addresses of `name`, with port 0.
    ///
    /// # Errors
    ///
    /// Whatever the system says, in a text for people.
    fn lookup(&self, name: &str) -> io::Result<Vec<SocketAddr>>;
}

impl<F> Lookup for F
where
    F: Fn(&str) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static,
{
    fn lookup(&self, name: &str) -> io::Result<Vec<SocketAddr>> {
        self(name)
    }
}

/// The system's own resolver: hosts file, search domains and name servers as the machine has them.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn lookup(&self, name: &str) -> io::Result<Vec<SocketAddr>> {
        (name, 0).to_socket_addrs().map(Iterator::collect)
    }
}

/// A name that did not resolve.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unresolved {
    /// The system said no.
    #[error("{name} did not resolve: {reason}")]
    Refused {
        /// The name.
        name: String,
        /// The system's words.
        reason: String,
    },
    /// The system said nothing in time.
    #[error("{name} did not resolve within {} s", .limit.as_secs_f64())]
    Late {
        /// The name.
        name: String,
        /// How long was waited.
        limit: Duration,
    },
    /// Too many other lookups are waiting for name servers that do not answer.
    #[error("{name} was not looked up within {} s: too many other lookups hang", .limit.as_secs_f64())]
    Crowded {
        /// The name.
        name: String,
        /// How long was waited.
        limit: Duration,
    },
    /// Nobody is left to look it up.
    #[error("the lookup of {name} was abandoned")]
    Abandoned {
        /// The name.
        name: String,
    },
}

type Answer = Result<Arc<[SocketAddr]>, Unresolved>;

/// How a name's latest lookup went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    New,
    Proven,
    Failing,
}

/// Every lookup of one transport.
#[derive(Clone)]
pub(super) struct Lookups {
    shared: Arc<Shared>,
}

struct Shared {
    lookup: Arc<dyn Lookup>,
    deadline: Duration,
    all: Arc<Semaphore>,
    unproven: Arc<Semaphore>,
    failing: Arc<Semaphore>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Lookups under way, by name. An entry stays until its thread is back, however late that is: a dead name
    /// holds one thread, not one for each attempt.
    flights: HashMap<String, watch::Receiver<Option<Answer>>>,
    /// Whether the latest lookup of a name succeeded; emptied when full.
    standings: HashMap<String, bool>,
}

impl Lookups {
    /// Lookups by `lookup`, with the bounds of `domain::limits`; nobody waits for longer than `deadline`.
    pub(super) fn new(lookup: Arc<dyn Lookup>, deadline: Duration) -> Self {
        let semaphore = |permits| Arc::new(Semaphore::new(permits));
        Self {
            shared: Arc::new(Shared {
                lookup,
                deadline,
                all: semaphore(LOOKUPS_MAX),
                unproven: semaphore(LOOKUPS_UNPROVEN_MAX),
                failing: semaphore(LOOKUPS_FAILING_MAX),
                state: Mutex::default(),
            }),
        }
    }

    /// The addresses of `name`; joins a lookup of it that is under way.
    ///
    /// # Errors
    ///
    /// [`Unresolved`], at the latest after the deadline.
    pub(super) async fn resolve(&self, name: &str) -> Answer {
        let mut flight = self.join(name);
        let landed = clock::within(self.shared.deadline, flight.wait_for(Option::is_some)).await;
        match landed {
            Some(Ok(answer)) => answer.clone().unwrap_or_else(|| Err(abandoned(name))),
            Some(Err(_)) => Err(abandoned(name)),
            None => {
                self.shared.settle(name, false);
                Err(Unresolved::Late {
                    name: name.to_owned(),
                    limit: self.shared.deadline,
                })
            }
        }
    }

    fn join(&self, name: &str) -> watch::Receiver<Option<Answer>> {
        let mut state = self.shared.state();
        if let Some(flight) = state.flights.get(name) {
            return flight.clone();
        }
        let (land, flight) = watch::channel(None);
        state.flights.insert(name.to_owned(), flight.clone());
        let standing = match state.standings.get(name) {
            None => Standing::New,
            Some(true) => Standing::Proven,
            Some(false) => Standing::Failing,
        };
        drop(state);
        let flight_end = FlightEnd {
            shared: Arc::clone(&self.shared),
            name: name.to_owned(),
        };
        tokio::spawn(fly(flight_end, standing, land));
        flight
    }
}

async fn fly(flight: FlightEnd, standing: Standing, land: watch::Sender<Option<Answer>>) {
    let shared = Arc::clone(&flight.shared);
    let name = flight.name.clone();
    // Shorter than the wait for the answer, so that who waits hears why there is none.
    let patience = shared.deadline * 3 / 4;
    let answer = match clock::within(patience, shared.permits(standing)).await {
        None => Err(Unresolved::Crowded {
            name,
            limit: patience,
        }),
        Some(permits) => {
            let answer = look_up(&shared, name, permits).await;
            shared.settle(&flight.name, answer.is_ok());
            answer
        }
    };
    // The entry goes first: whoever finds none starts afresh, whoever holds one gets this answer.
    drop(flight);
    land.send_replace(Some(answer));
}

async fn look_up(shared: &Shared, name: String, permits: Vec<OwnedSemaphorePermit>) -> Answer {
    let lookup = Arc::clone(&shared.lookup);
    let (tell, told) = oneshot::channel();
    let wanted = name.clone();
    // A thread of its own and not the runtime's pool: shutting a runtime down waits for its pool.
    let thread = std::thread::Builder::new().name("lookup".to_owned());
    let started = thread.spawn(move || {
        let answer = lookup.lookup(&wanted);
        drop(permits);
        // Nobody may be left to hear it.
        let _ = tell.send(answer);
    });
    let answer = match started {
        Ok(_) => told.await.map_err(|_| abandoned(&name))?,
        Err(error) => Err(error),
    };
    answer.map(Arc::from).map_err(|error| Unresolved::Refused {
        name,
        reason: error.to_string(),
    })
}

fn abandoned(name: &str) -> Unresolved {
    Unresolved::Abandoned {
        name: name.to_owned(),
    }
}

impl Shared {
    async fn permits(&self, standing: Standing) -> Vec<OwnedSemaphorePermit> {
        let narrow_to_wide: &[&Arc<Semaphore>] = match standing {
            Standing::Failing => &[&self.failing, &self.unproven, &self.all],
            Standing::New => &[&self.unproven, &self.all],
            Standing::Proven => &[&self.all],
        };
        let mut permits = Vec::with_capacity(narrow_to_wide.len());
        for &semaphore in narrow_to_wide {
            // The semaphores are never closed.
            permits.extend(Arc::clone(semaphore).acquire_owned().await.ok());
        }
        permits
    }

    fn settle(&self, name: &str, succeeded: bool) {
        let mut state = self.state();
        if state.standings.len() >= LOOKUP_NAMES_MAX && !state.standings.contains_key(name) {
            state.standings.clear();
        }
        state.standings.insert(name.to_owned(), succeeded);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a flight off the list at its end, also when its runtime is shut down under it.
struct FlightEnd {
    shared: Arc<Shared>,
    name: String,
}

impl Drop for FlightEnd {
    fn drop(&mut self) {
        self.shared.state().flights.remove(&self.name);
    }
}

#[cfg(test)]
mod tests;
