//! The demo's receivers: one for every way in which a consumer can behave.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::future::ready;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet, spawn_local};

use crate::cli::receive::{Answer, Received, serve};
use crate::clock::SharedClock;
use crate::domain::contract::verify::Verifier;

/// How long the receiver that is down stays away, and then stays up.
const AWAY: Duration = Duration::from_secs(15);
const UP: Duration = Duration::from_secs(10);
/// The slow receiver's time to answer.
const SLOW: Duration = Duration::from_millis(700);
/// How long the rude receiver is rude, and then takes what waited for it: long enough to be looked at, and short enough
/// that what waits is hundreds after an hour, too.
const RUDE: Duration = Duration::from_secs(60);
const POLITE: Duration = Duration::from_secs(30);
/// The flaky receiver refuses one of so many events that come, as many times as its ladder has attempts: few enough that
/// most of its attempts succeed, else its breaker would hold back all the others as well.
const TROUBLE_EVERY: usize = 25;
const TROUBLE_ATTEMPTS: usize = 4;

/// How a receiver behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// Takes everything at once.
    Good,
    /// Takes everything, late.
    Slow,
    /// Refuses some events' attempts, more than their ladder has: a replay goes through.
    Flaky,
    /// Nobody listens, and after a while somebody does.
    Down,
    /// Refuses with terminal escapes in its answer, and is polite for a while after that.
    Rude,
}

/// A receiver and what it has seen.
pub(super) struct DemoReceiver {
    /// How it behaves.
    pub(super) manner: Manner,
    /// Where requests go.
    pub(super) address: SocketAddr,
    /// What it has seen.
    pub(super) seen: Rc<RefCell<Seen>>,
}

/// What a receiver has seen.
#[derive(Default)]
pub(super) struct Seen {
    /// Checks what comes; set once the endpoint exists.
    pub(super) verifier: Option<Verifier>,
    /// Each event's number among those that came, and its attempts so far.
    events: BTreeMap<String, (usize, usize)>,
    /// Events that were answered with success.
    pub(super) accepted: BTreeSet<String>,
    /// Requests that came.
    pub(super) requests: u64,
    /// Why the first request with a wrong signature was wrong.
    pub(super) wrong: Option<String>,
}

impl Manner {
    /// All of them, the best first.
    pub(super) const ALL: [Self; 5] = [Self::Good, Self::Slow, Self::Flaky, Self::Down, Self::Rude];

    /// The endpoint's name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Slow => "slow",
            Self::Flaky => "flaky",
            Self::Down => "down",
            Self::Rude => "rude",
        }
    }

    /// Its endpoint's delays between attempts.
    pub(super) const fn ladder(self) -> &'static [&'static str] {
        match self {
            Self::Good | Self::Slow | Self::Flaky => &["1s", "2s", "4s"],
            Self::Down => &["1s", "2s", "4s", "8s", "15s", "30s"],
            Self::Rude => &["1s", "3s"],
        }
    }

    /// The answer to the `attempt`-th request for the `number`-th event, so long after it began to listen.
    fn answer(self, number: usize, attempt: usize, since: Duration) -> Answer {
        match self {
            Self::Good | Self::Down => Answer::status(200),
            Self::Slow => Answer {
                delay: SLOW,
                ..Answer::status(200)
            },
            Self::Flaky if number.is_multiple_of(TROUBLE_EVERY) && attempt <= TROUBLE_ATTEMPTS => {
                Answer {
                    body: b"{\"error\": \"our database is at lunch\"}".to_vec(),
                    ..Answer::status(503)
                }
            }
            Self::Flaky => Answer::status(200),
            Self::Rude if since.as_secs() % (RUDE + POLITE).as_secs() >= RUDE.as_secs() => {
                Answer::status(200)
            }
            Self::Rude => Answer {
                headers: vec![("X-Mood".into(), "\u{1f4a9} \u{202e}toor".into())],
                body: b"\x1b[2J\x1b[31mALL YOUR TERMINAL\x1b]0;owned\x07\x9b31m\n".to_vec(),
                ..Answer::status(500)
            },
        }
    }
}

/// Starts one receiver of every manner on this thread's local tasks.
///
/// # Errors
/// No free port on 127.0.0.1.
pub(super) async fn start(
    clock: &SharedClock,
    tasks: &mut JoinSet<()>,
) -> anyhow::Result<Vec<DemoReceiver>> {
    let mut receivers = Vec::new();
    for manner in Manner::ALL {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let seen = Rc::new(RefCell::new(Seen::default()));
        let post = Post {
            manner,
            seen: Rc::clone(&seen),
            began: clock.monotonic(),
            clock: clock.clone(),
        };
        if manner == Manner::Down {
            drop(listener);
            tasks.spawn_local(come_and_go(address, post));
        } else {
            tasks.spawn_local(accept(listener, post));
        }
        receivers.push(DemoReceiver {
            manner,
            address,
            seen,
        });
    }
    Ok(receivers)
}

/// What each connection of a receiver needs.
#[derive(Clone)]
struct Post {
    manner: Manner,
    seen: Rc<RefCell<Seen>>,
    /// When it began to listen.
    began: Duration,
    clock: SharedClock,
}

/// Aborts a connection's task when its receiver goes away.
struct Connection(JoinHandle<()>);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn accept(listener: TcpListener, post: Post) {
    let mut connections: Vec<Connection> = Vec::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.retain(|connection| !connection.0.is_finished());
        let post = post.clone();
        connections.push(Connection(spawn_local(async move {
            // A connection that breaks is the service's business to notice.
            let answer = |received| ready(post.take(&received));
            let _ = serve(stream, &post.clock, answer).await;
        })));
    }
}

/// Stays away, listens for a while, goes away again.
async fn come_and_go(address: SocketAddr, post: Post) {
    let clock = post.clock.clone();
    loop {
        clock.sleep_until(clock.now() + AWAY).await;
        if let Ok(listener) = TcpListener::bind(address).await {
            let until = clock.sleep_until(clock.now() + UP);
            tokio::select! {
                () = accept(listener, post.clone()) => {}
                () = until => {}
            }
        }
    }
}

impl Post {
    fn take(&self, received: &Received) -> Answer {
        let mut seen = self.seen.borrow_mut();
        seen.requests += 1;
        let verdict = seen
            .verifier
            .as_ref()
            .map(|verifier| verifier.verify(self.clock.now(), &received.headers, &received.body));
        let event = match verdict {
            Some(Ok(verified)) => verified.event_id.unwrap_or_default(),
            Some(Err(why)) => {
                seen.wrong.get_or_insert(why.to_string());
                String::new()
            }
            None => String::new(),
        };
        let next_number = seen.events.len();
        let (number, attempt) = seen.events.entry(event.clone()).or_insert((next_number, 0));
        *attempt += 1;
        let since = self.clock.monotonic().saturating_sub(self.began);
        let answer = self.manner.answer(*number, *attempt, since);
        if (200..300).contains(&answer.status) && !event.is_empty() {
            seen.accepted.insert(event);
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(manner: Manner, number: usize, attempt: usize, seconds: u64) -> u16 {
        let since = Duration::from_secs(seconds);
        manner.answer(number, attempt, since).status
    }

    #[test]
    fn most_attempts_at_the_flaky_receiver_succeed_and_some_events_die() {
        let (mut failed, mut all, mut dead) = (0, 0, 0);
        let attempts = 1 + Manner::Flaky.ladder().len();
        for number in 0..1_000 {
            let taken =
                (1..=attempts).find(|attempt| status(Manner::Flaky, number, *attempt, 0) < 300);
            dead += usize::from(taken.is_none());
            all += taken.unwrap_or(attempts);
            failed += taken.map_or(attempts, |taken| taken - 1);
        }
        assert!(dead >= 20, "{dead} die");
        assert!(failed * 4 < all, "{failed} of {all} fail");
        assert!(
            status(Manner::Flaky, 0, attempts + 1, 0) < 300,
            "a replay goes through"
        );
    }

    #[test]
    fn the_rude_receiver_takes_what_waited_for_it_every_now_and_then() {
        let rude: Vec<bool> = (0..3_600)
            .map(|second| status(Manner::Rude, 7, 1, second) >= 300)
            .collect();
        assert!(rude[0], "one sees it at once");
        let longest = rude.split(|rude| !rude).map(<[bool]>::len).max();
        assert_eq!(longest, Some(60));
        assert!(rude.iter().filter(|rude| !**rude).count() > 900);
    }
}
