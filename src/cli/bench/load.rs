//! The bench's publisher: a fixed number of connections, closed loop or at a rate.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use super::child::{self, Orders};
use super::payload;
use super::protocol::{Command, Ready, Sent};
use super::sink::uptime_us;
use super::wire::Connection;
use crate::clock::{Clock, SystemClock};

/// Where to publish, and how.
pub(super) struct LoadTarget {
    /// The service's TCP listener.
    pub(super) address: SocketAddr,
    /// A publisher's token.
    pub(super) token: String,
    /// Connections, each with one request in flight.
    pub(super) connections: usize,
}

/// What the connections of one run share.
struct Run {
    events: u64,
    next: Cell<u64>,
    types: Vec<String>,
    sent: Cell<Sent>,
    /// Permits given out at the wanted rate; `None` for a closed loop.
    pace: Option<Rc<Semaphore>>,
}

/// Runs the load client until its orders end.
pub(super) async fn run(mut orders: Orders, target: LoadTarget) -> Result<()> {
    orders.answer(&Ready { port: 0 })?;
    let mut connections = Vec::new();
    for _ in 0..target.connections {
        let stream = TcpStream::connect(target.address)
            .await
            .context("failed to reach the service")?;
        connections.push(Connection::new(stream)?);
    }
    while let Some(command) = orders.next().await? {
        let Command::Publish {
            events,
            types,
            rate,
        } = command
        else {
            bail!("a load client only publishes")
        };
        let sent;
        (sent, connections) = publish(&target, connections, events, types, rate).await?;
        orders.answer(&sent)?;
    }
    Ok(())
}

async fn publish(
    target: &LoadTarget,
    connections: Vec<Connection>,
    events: u64,
    types: Vec<String>,
    rate: Option<u64>,
) -> Result<(Sent, Vec<Connection>)> {
    let pace = rate.map(|_| Rc::new(Semaphore::new(0)));
    let run = Rc::new(Run {
        events,
        next: Cell::new(0),
        types,
        sent: Cell::default(),
        pace,
    });
    let (started_at_us, cpu) = (uptime_us(), child::cpu_time_us());
    let head = format!(
        "POST /v1/events HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n",
        target.token
    );
    let tasks: Vec<_> = connections
        .into_iter()
        .map(|connection| {
            tokio::task::spawn_local(publish_on(connection, run.clone(), head.clone()))
        })
        .collect();
    if let (Some(rate), Some(pace)) = (rate, run.pace.clone()) {
        release(&pace, events, rate).await;
    }
    let mut connections = Vec::new();
    for task in tasks {
        connections.push(task.await.context("a connection's task ended")??);
    }
    let sent = Sent {
        started_at_us,
        ended_at_us: uptime_us(),
        cpu_us: child::cpu_time_us() - cpu,
        ..run.sent.take()
    };
    Ok((sent, connections))
}

/// Gives out `events` permits evenly at `rate` a second, a millisecond's worth at a time.
async fn release(pace: &Semaphore, events: u64, rate: u64) {
    let clock = SystemClock::new();
    let mut released = 0;
    while released < events {
        clock
            .sleep_until(clock.now() + Duration::from_millis(1))
            .await;
        let elapsed_us = u64::try_from(clock.monotonic().as_micros()).unwrap_or(u64::MAX);
        let due = (elapsed_us * rate / 1_000_000).min(events);
        pace.add_permits(usize::try_from(due - released).unwrap_or(0));
        released = due;
    }
}

async fn publish_on(mut connection: Connection, run: Rc<Run>, head: String) -> Result<Connection> {
    loop {
        let number = run.next.get();
        if number >= run.events {
            return Ok(connection);
        }
        run.next.set(number + 1);
        if let Some(pace) = &run.pace {
            pace.acquire().await?.forget();
        }
        let event_type = &run.types[usize::try_from(number)? % run.types.len()];
        let body = format!(
            r#"{{"type":"{event_type}","data":{}}}"#,
            payload::data(number)
        );
        connection
            .write(format!("{head}content-length: {}\r\n\r\n{body}", body.len()).as_bytes())
            .await?;
        let answer = connection
            .read()
            .await?
            .context("the service closed the connection")?;
        let mut sent = run.sent.take();
        if answer.status() == Some(202) {
            sent.accepted += 1;
        } else {
            sent.refused += 1;
            sent.first_refusal
                .get_or_insert_with(|| answer.head.lines().next().unwrap_or("").to_owned());
        }
        run.sent.set(sent);
    }
}
