//! The bench's receiver: counts, checks every signature, and measures publish → arrival.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use super::child::Orders;
use super::protocol::{Arrived, Command, Ready};
use super::wire::{Connection, Message, find};
use crate::clock::{Clock, SystemClock, machine_uptime};

/// How a request's signature is judged: `Err` says why it is wrong.
pub(super) type Verify = dyn Fn(&Message<'_>) -> Result<(), String>;

const ANSWER: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";

#[derive(Default)]
struct State {
    arrived: Arrived,
    copies: u64,
    expected: u64,
    /// One bit for each (number, path).
    seen: Vec<u64>,
    latencies_us: Vec<u32>,
}

struct Sink {
    state: RefCell<State>,
    complete: Notify,
    verify: Box<Verify>,
}

/// Runs the sink until its orders end.
pub(super) async fn run(mut orders: Orders, verify: Box<Verify>) -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))
        .await
        .context("failed to listen")?;
    orders.answer(&Ready {
        port: listener.local_addr()?.port(),
    })?;
    let sink = Rc::new(Sink {
        state: RefCell::default(),
        complete: Notify::new(),
        verify,
    });
    let accepting = sink.clone();
    tokio::task::spawn_local(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::task::spawn_local(serve(accepting.clone(), stream));
        }
    });
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    while let Some(command) = orders.next().await? {
        match command {
            Command::Expect { numbers, copies } => {
                sink.expect(numbers, copies);
                orders.answer(&())?;
            }
            Command::Await { timeout_ms } => {
                let deadline = clock.sleep_until(clock.now() + Duration::from_millis(timeout_ms));
                tokio::select! {
                    () = sink.completion() => {}
                    () = deadline => {}
                }
                orders.answer(&sink.summary())?;
            }
            Command::Publish { .. } | Command::Post { .. } => anyhow::bail!("a sink only receives"),
        }
    }
    Ok(())
}

async fn serve(sink: Rc<Sink>, stream: TcpStream) {
    let Ok(mut connection) = Connection::new(stream) else {
        return;
    };
    while let Ok(Some(message)) = connection.read().await {
        sink.receive(&message);
        if connection.write(ANSWER).await.is_err() {
            return;
        }
    }
}

impl Sink {
    fn expect(&self, numbers: u64, copies: u64) {
        let expected = numbers * copies;
        let words = usize::try_from(expected.div_ceil(64)).unwrap_or(0);
        *self.state.borrow_mut() = State {
            copies,
            expected,
            seen: vec![0; words],
            ..State::default()
        };
    }

    async fn completion(&self) {
        loop {
            let notified = self.complete.notified();
            if self.state.borrow().arrived.distinct >= self.state.borrow().expected {
                return;
            }
            notified.await;
        }
    }

    fn receive(&self, message: &Message<'_>) {
        let verdict = (self.verify)(message);
        let mut state = self.state.borrow_mut();
        if let Err(reason) = verdict {
            state.arrived.bad_signatures += 1;
            state.arrived.first_reason.get_or_insert(reason);
        }
        let number = number_after(message.body, b"\"n\":");
        let path = message
            .path()
            .rsplit('/')
            .next()
            .and_then(|path| path.parse::<u64>().ok());
        let (Some(number), Some(path)) = (number, path) else {
            return;
        };
        let bit = number * state.copies + path % state.copies.max(1);
        let (word, mask) = (
            usize::try_from(bit / 64).unwrap_or(usize::MAX),
            1_u64 << (bit % 64),
        );
        let Some(seen) = state.seen.get_mut(word) else {
            return;
        };
        if *seen & mask != 0 {
            state.arrived.extra += 1;
            return;
        }
        *seen |= mask;
        state.arrived.distinct += 1;
        let now_us = uptime_us();
        state.arrived.last_at_us = now_us;
        if state.arrived.distinct == 1 {
            state.arrived.first_at_us = now_us;
        }
        if let Some(sent_us) = number_after(message.body, b"\"at_us\":") {
            state
                .latencies_us
                .push(u32::try_from(now_us.saturating_sub(sent_us)).unwrap_or(u32::MAX));
        }
        if state.arrived.distinct == state.expected {
            self.complete.notify_one();
        }
    }

    fn summary(&self) -> Arrived {
        let mut state = self.state.borrow_mut();
        state.latencies_us.sort_unstable();
        let at = |permille: usize| {
            let rank = (state.latencies_us.len() * permille)
                .div_ceil(1000)
                .saturating_sub(1);
            state.latencies_us.get(rank).copied().map_or(0, u64::from)
        };
        Arrived {
            p50_us: at(500),
            p99_us: at(990),
            p999_us: at(999),
            ..state.arrived.clone()
        }
    }
}

/// Microseconds of machine uptime.
pub(super) fn uptime_us() -> u64 {
    u64::try_from(machine_uptime().as_micros()).unwrap_or(u64::MAX)
}

fn number_after(body: &[u8], marker: &[u8]) -> Option<u64> {
    let start = find(body, marker)? + marker.len();
    let digits = body[start..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit());
    Some(digits.fold(0_u64, |number, digit| {
        number
            .wrapping_mul(10)
            .wrapping_add(u64::from(digit - b'0'))
    }))
}
