//! The thread that reads the terminal: sleeps in poll(2), reads only what is there, and says when the terminal is gone.
//!
//! It wakes only for bytes, for a hang-up and for its own end; crossterm's reader, which spins when the terminal
//! vanishes, is not used.

use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::thread;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::sync::mpsc;

use super::bytes::{KeyBytes, Typed};
use crate::clock::Stopwatch;

/// How long after an escape its sequence may go on: lines over SSH cut them.
const ESCAPE_WAIT: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 40_000_000,
};
/// Keys that wait to be handled; a reader that is ahead by more waits.
const QUEUE: usize = 256;

/// What the terminal did.
#[derive(Clone, Debug)]
pub(crate) enum TerminalEvent {
    /// A key or a paste.
    Typed {
        typed: Typed,
        /// The bytes of input that are used up with it, all in all.
        used: u64,
        /// Runs since the last of them was read.
        since: Stopwatch,
    },
    /// The terminal is gone; nothing follows.
    HangUp,
}

/// A running reader; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Reader {
    events: mpsc::Receiver<TerminalEvent>,
    /// Closing it wakes the thread for its end.
    wake: UnixStream,
    thread: Option<thread::JoinHandle<()>>,
}

impl Reader {
    /// Starts to read `input`, of which so many bytes were used up before.
    ///
    /// # Errors
    /// No thread or no file descriptor is left.
    pub(crate) fn start(input: OwnedFd, used: u64) -> io::Result<Self> {
        let (wake, woken) = UnixStream::pair()?;
        let (sender, events) = mpsc::channel(QUEUE);
        let thread = thread::Builder::new()
            .name("console-input".into())
            .spawn(move || {
                if read_until_end(&input, &woken, &sender, used).is_err() {
                    // A receiver that is gone no longer cares.
                    let _ = sender.blocking_send(TerminalEvent::HangUp);
                }
            })?;
        Ok(Self {
            events,
            wake,
            thread: Some(thread),
        })
    }

    /// The next event. Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) -> TerminalEvent {
        self.events.recv().await.unwrap_or(TerminalEvent::HangUp)
    }

    /// Whether nothing waits to be taken.
    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Ends the thread and waits for that: from then on somebody else may read the terminal. It reads nothing after it
    /// was woken, and what it had read already is lost.
    pub(crate) fn stop(mut self) {
        let thread = self.thread.take();
        drop(self);
        if let Some(thread) = thread {
            // A thread that panicked reads no more either.
            let _ = thread.join();
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // Closing the other end would do as well; the byte wakes even where a clone is held.
        let _ = self.wake.write_all(b"x");
    }
}

/// `Ok` when nobody listens any more, an error when the terminal is gone.
fn read_until_end(
    input: &OwnedFd,
    woken: &UnixStream,
    sender: &mpsc::Sender<TerminalEvent>,
    mut used: u64,
) -> io::Result<()> {
    let mut file = std::fs::File::from(input.try_clone()?);
    let mut keys = KeyBytes::default();
    let mut buffer = [0_u8; 4096];
    // Bytes that were read and are not used up by an event.
    let mut unused = 0;
    loop {
        let mut watched = [
            PollFd::new(input, PollFlags::IN),
            PollFd::new(woken, PollFlags::IN),
        ];
        let timeout = keys.is_waiting().then_some(ESCAPE_WAIT);
        match poll(&mut watched, timeout.as_ref()) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        let (tty, wake) = (watched[0].revents(), watched[1].revents());
        if !wake.is_empty() {
            return Ok(());
        }
        let typed = if tty.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
            return Err(io::ErrorKind::BrokenPipe.into());
        } else if tty.contains(PollFlags::IN) {
            match file.read(&mut buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(length) => {
                    unused += length as u64;
                    keys.feed(&buffer[..length])
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
        } else {
            keys.settle()
        };
        let since = Stopwatch::start();
        let mut events = typed.into_iter().peekable();
        while let Some(typed) = events.next() {
            if events.peek().is_none() && !keys.is_waiting() {
                used += std::mem::take(&mut unused);
            }
            let event = TerminalEvent::Typed { typed, used, since };
            if sender.blocking_send(event).is_err() {
                return Ok(());
            }
        }
    }
}
