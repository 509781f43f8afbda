//! Signals that concern a terminal program, as one stream.

use std::io;

use futures_util::FutureExt as _;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignalEvent {
    /// SIGTERM, SIGHUP or SIGINT: end.
    End,
    /// SIGWINCH: the size may be another.
    Resize,
    /// SIGTSTP: give the terminal back and stop.
    Suspend,
    /// SIGCONT: somebody else may have drawn.
    Continue,
}

/// The signals of this process.
#[derive(Debug)]
pub(crate) struct Signals {
    terminate: Signal,
    hang_up: Signal,
    interrupt: Signal,
    resize: Signal,
    suspend: Signal,
    resume: Signal,
}

impl Signals {
    /// Listens from now on; the signals no longer do what they do by default.
    ///
    /// # Errors
    /// The system refuses a handler.
    pub(crate) fn listen() -> io::Result<Self> {
        use rustix::process::Signal as Number;
        let raw = |number: Number| signal(SignalKind::from_raw(number.as_raw()));
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            resize: signal(SignalKind::window_change())?,
            suspend: raw(Number::TSTP)?,
            resume: raw(Number::CONT)?,
        })
    }

    /// Completes once this process is continued.
    pub(crate) async fn continued(&mut self) {
        self.resume.recv().await;
    }

    /// Forgets interrupts that were meant for a program that had the terminal.
    pub(crate) fn forget_interrupts(&mut self) {
        while self.interrupt.recv().now_or_never().is_some() {}
    }

    /// The next one. Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) -> SignalEvent {
        tokio::select! {
            _ = self.terminate.recv() => SignalEvent::End,
            _ = self.hang_up.recv() => SignalEvent::End,
            _ = self.interrupt.recv() => SignalEvent::End,
            _ = self.resize.recv() => SignalEvent::Resize,
            _ = self.suspend.recv() => SignalEvent::Suspend,
            _ = self.resume.recv() => SignalEvent::Continue,
        }
    }
}
