//! A bad line between console and service: 200 ms there and back, 5 kB a second each way, for all connections together.
//!
//! Times are printed, not held to anything: `cargo test --test it console::line -- --nocapture`.

use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hookyard::api::endpoint::PauseBody;
use hookyard::clock::{Clock as _, SystemClock};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::sync::mpsc;

use super::budgets::{LARGE_BASIC, SMALL_BASIC, millis, report};
use super::pseudo_terminal::PseudoTerminal;
use super::yard::Yard;
use crate::support::receiver::Receiver;

/// One way.
const LATENCY: Duration = Duration::from_millis(100);
/// Each way.
const BYTES_A_SECOND: u64 = 5_000;
/// What is sent in one piece.
const PIECE: usize = 500;
/// Pieces that are on their way at once.
const PIECES: usize = 64;

/// A line to a service's socket, with a socket of its own.
struct Line {
    folder: TempDir,
}

impl Line {
    fn to(service: PathBuf) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("line.sock")).unwrap();
        listener.set_nonblocking(true).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        std::thread::spawn(move || {
            runtime.block_on(async move {
                let listener = tokio::net::UnixListener::from_std(listener).unwrap();
                let (up, down) = (Way::new(), Way::new());
                while let Ok((near, _)) = listener.accept().await {
                    let Ok(far) = UnixStream::connect(&service).await else {
                        return;
                    };
                    let (from_near, to_near) = near.into_split();
                    let (from_far, to_far) = far.into_split();
                    tokio::spawn(up.clone().carry(from_near, to_far));
                    tokio::spawn(down.clone().carry(from_far, to_near));
                }
            });
        });
        Self { folder }
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("line.sock")
    }
}

/// One direction of the line.
#[derive(Clone)]
struct Way {
    clock: Arc<SystemClock>,
    /// When all that is on it will have left, by the clock.
    free_at: Arc<Mutex<Duration>>,
}

impl Way {
    fn new() -> Self {
        Self {
            clock: Arc::new(SystemClock::new()),
            free_at: Arc::default(),
        }
    }

    /// Passes on what is read, each piece when the line has had the time for it.
    async fn carry(
        self,
        mut from: impl AsyncRead + Unpin,
        to: impl AsyncWrite + Unpin + Send + 'static,
    ) {
        let (sender, pieces) = mpsc::channel(PIECES);
        tokio::spawn(self.clone().deliver(pieces, to));
        let mut piece = [0; PIECE];
        while let Ok(length @ 1..) = from.read(&mut piece).await {
            let leaves = self.take_turn(length);
            self.wait_until(leaves).await;
            let arrival = (leaves + LATENCY, piece[..length].to_vec());
            if sender.send(arrival).await.is_err() {
                return;
            }
        }
    }

    async fn deliver(
        self,
        mut pieces: mpsc::Receiver<(Duration, Vec<u8>)>,
        mut to: impl AsyncWrite + Unpin,
    ) {
        while let Some((arrives, piece)) = pieces.recv().await {
            self.wait_until(arrives).await;
            if to.write_all(&piece).await.is_err() {
                return;
            }
        }
        // The other side closes its end as well.
        let _ = to.shutdown().await;
    }

    fn take_turn(&self, length: usize) -> Duration {
        let takes = Duration::from_micros(length as u64 * 1_000_000 / BYTES_A_SECOND);
        let mut free_at = self.free_at.lock().unwrap();
        *free_at = (*free_at).max(self.clock.monotonic()) + takes;
        *free_at
    }

    async fn wait_until(&self, moment: Duration) {
        let left = moment.saturating_sub(self.clock.monotonic());
        self.clock.sleep_for(left).await;
    }
}

fn console(socket: &Path) -> PseudoTerminal {
    SMALL_BASIC.start(socket)
}

#[test]
fn over_a_bad_line_keys_are_as_quick_as_ever_and_changes_come_through() {
    let receiver = Receiver::start();
    let yard = Yard::start();
    let endpoint = yard.endpoint(&receiver.url("/in"), "acme");
    yard.publish_many("packet.signed", 20);
    receiver.block_until("all of them", |receiver| receiver.requests().len() == 20);
    let line = Line::to(yard.socket());
    let begun = Instant::now();
    let mut terminal = console(&line.socket());
    report(
        "start to rest over a bad line",
        SMALL_BASIC,
        &millis(begun.elapsed()),
    );
    let begun = Instant::now();
    terminal.type_in("2");
    terminal.wait_for_text("20 loaded");
    report(
        "a list of 20 over a bad line",
        SMALL_BASIC,
        &millis(begun.elapsed()),
    );
    terminal.settle();
    let shown = terminal.text();
    let round_trip = shown
        .split_once("LIVE ")
        .and_then(|(_, rest)| rest.split_once("ms"));
    let millis_shown: u64 = round_trip.expect("how long the way is").0.parse().unwrap();
    assert!(
        u128::from(millis_shown) >= 2 * LATENCY.as_millis(),
        "{shown}"
    );
    let mut waits: Vec<Duration> = (0..10)
        .map(|press| {
            let begun = Instant::now();
            terminal.type_in(if press % 2 == 0 { "j" } else { "k" });
            terminal.settle();
            begun.elapsed()
        })
        .collect();
    waits.sort();
    let text = format!("p50 {}, most {}", millis(waits[5]), millis(waits[9]));
    report("key to screen over a bad line", SMALL_BASIC, &text);
    terminal.type_in("3");
    terminal.settle();
    let begun = Instant::now();
    terminal.type_in("P");
    terminal.wait_for_text("pause acme: done");
    report(
        "a change over a bad line",
        SMALL_BASIC,
        &millis(begun.elapsed()),
    );
    assert_eq!(yard.status(&endpoint), "paused");
    terminal.type_in("qq");
    assert!(terminal.end().success());
}

#[test]
fn a_line_that_stalls_gets_fewer_frames_and_sixteen_colours() {
    const TRUECOLOR: &str = "38;2;";
    let yard = Yard::start();
    let mut command = super::program::console(&yard.socket());
    command.args(["--theme", "yard-dark"]);
    command.env("COLORTERM", "truecolor");
    command.env("SSH_CONNECTION", "192.0.2.7 50000 192.0.2.1 22");
    let mut terminal = PseudoTerminal::start_told(command, 160, 48);
    terminal.wait_for_text("LIVE");
    assert!(terminal.sent_text().contains(TRUECOLOR));
    // More repaints than a pseudo-terminal holds that nobody reads.
    terminal.type_and_stall(&"\u{c}".repeat(40), Duration::from_millis(25));
    terminal.wait_for_text("the line is slow: two frames a second in sixteen colours");
    terminal.settle();
    let before = terminal.sent();
    terminal.type_in("\u{c}");
    terminal.wait_for_sent_after(before, "\u{1b}[2J");
    terminal.settle();
    let repainted = terminal.sent_bytes_after(before);
    let repainted = String::from_utf8_lossy(&repainted);
    assert!(repainted.contains("LIVE") && !repainted.contains(TRUECOLOR));
    terminal.type_in("q");
    assert!(terminal.end().success());
}

#[test]
fn a_burst_that_a_bad_line_needs_seconds_for_arrives_whole() {
    let yard = Yard::start();
    let acme = yard.endpoint("http://127.0.0.1:9/in", "acme");
    // What is held changes once: however busy the machine is, each row is told once.
    yard.ask(async |client| client.pause_endpoint(acme.id, &PauseBody::default()).await)
        .unwrap();
    let line = Line::to(yard.socket());
    let mut terminal = LARGE_BASIC.start(&line.socket());
    terminal.type_in("2");
    terminal.wait_for_text("No deliveries yet.");
    // Their rows are six seconds of the line, and fit into one frame.
    let events = 80;
    let begun = Instant::now();
    yard.publish_many("packet.signed", events);
    let told = format!("held {events} ");
    terminal.wait_for("every delivery in the header", |screen| {
        screen.contains(&told)
    });
    terminal.wait_for_text(&format!("{events} loaded"));
    report(
        "80 events over a bad line",
        LARGE_BASIC,
        &millis(begun.elapsed()),
    );
    terminal.type_in("j");
    terminal.settle();
    assert!(terminal.text().contains("HELD"), "keys are heard meanwhile");
    terminal.wait_for_text("LIVE");
}
