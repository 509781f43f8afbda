//! The thread that writes frames: a terminal that does not take them never holds up the console.
//!
//! One frame is on its way at a time; the console draws the next one when the thread says that it is idle, so frames
//! are never queued and what is drawn is never old. A terminal that takes nothing while the console ends is left
//! alone after [`LAST_WORDS_WAIT`].

use std::io::{self, Write as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::mpsc as std_mpsc;
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::sync::mpsc;

use super::painter::FrameSink;
use super::tty::Tty;
use crate::clock::Stopwatch;

/// How long a terminal may take nothing before it is given up when the console ends.
const LAST_WORDS_WAIT: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 200_000_000,
};
/// Size to assume when a terminal suddenly has none.
const FALLBACK_SIZE: (u16, u16) = (80, 24);

/// Says when a frame has been written, or that it could not be.
#[derive(Debug)]
pub(crate) struct WrittenFrames {
    done: mpsc::Receiver<io::Result<Written>>,
}

/// A frame that the terminal has taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    /// How long it took to answer the key that it answers.
    pub answered: Option<Duration>,
}

/// A frame on its way.
#[derive(Debug)]
struct Frame {
    bytes: Vec<u8>,
    answers: Option<Stopwatch>,
}

/// Takes frames to the thread.
#[derive(Debug)]
pub(crate) struct FrameWriter {
    frames: std_mpsc::SyncSender<Frame>,
    tty: OwnedFd,
    size: (u16, u16),
    /// Runs since the oldest key was read that no frame answers yet.
    unanswered: Option<Stopwatch>,
    /// Whether a frame is on its way.
    busy: bool,
}

impl FrameWriter {
    /// Starts the thread.
    ///
    /// # Errors
    /// No thread or no file descriptor is left.
    pub(crate) fn start(tty: &Tty) -> io::Result<(Self, WrittenFrames)> {
        let output = tty.output().try_clone_to_owned()?;
        let (frames, waiting) = std_mpsc::sync_channel::<Frame>(1);
        let (sender, done) = mpsc::channel(2);
        let mut file = std::fs::File::from(output.try_clone()?);
        thread::Builder::new()
            .name("console-output".into())
            .spawn(move || {
                for frame in waiting {
                    let written = file.write_all(&frame.bytes).map(|()| Written {
                        answered: frame.answers.map(Stopwatch::elapsed),
                    });
                    if sender.blocking_send(written).is_err() {
                        return;
                    }
                }
            })?;
        let writer = Self {
            frames,
            tty: output,
            size: tty.size().unwrap_or(FALLBACK_SIZE),
            unanswered: None,
            busy: false,
        };
        Ok((writer, WrittenFrames { done }))
    }

    /// Whether a frame is on its way; then none should be drawn.
    pub(crate) fn is_busy(&self) -> bool {
        self.busy
    }

    /// The next frame answers a key that was read when this began to run.
    pub(crate) fn hear_key(&mut self, since: Stopwatch) {
        self.unanswered.get_or_insert(since);
    }

    /// There is nothing to answer.
    pub(crate) fn forget_key(&mut self) {
        self.unanswered = None;
    }

    /// The frame on its way has arrived.
    pub(crate) fn written(&mut self) {
        self.busy = false;
    }

    /// Asks the terminal for its size again.
    pub(crate) fn measure(&mut self) -> (u16, u16) {
        if let Ok(size) = rustix::termios::tcgetwinsize(&self.tty)
            && size.ws_col > 0
            && size.ws_row > 0
        {
            self.size = (size.ws_col, size.ws_row);
        }
        self.size
    }
}

impl FrameSink for FrameWriter {
    fn take(&mut self, bytes: Vec<u8>) -> io::Result<()> {
        self.busy = true;
        let answers = self.unanswered.take();
        // The one slot of the channel is free: frames are drawn only while none is on its way.
        self.frames
            .try_send(Frame { bytes, answers })
            .map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn size(&self) -> (u16, u16) {
        self.size
    }
}

impl WrittenFrames {
    /// The next frame that was written. Dropping the future loses nothing.
    ///
    /// # Errors
    /// The terminal did not take it.
    pub(crate) async fn next(&mut self) -> io::Result<Written> {
        match self.done.recv().await {
            Some(result) => result,
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }
}

/// Writes to a terminal that may have stopped listening: as far as it takes the bytes without a long wait.
pub(crate) fn last_words(output: BorrowedFd<'_>, bytes: &[u8]) {
    let mut rest = bytes;
    while !rest.is_empty() {
        let mut watched = [PollFd::from_borrowed_fd(output.as_fd(), PollFlags::OUT)];
        match poll(&mut watched, Some(&LAST_WORDS_WAIT)) {
            Ok(0) => return,
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(_) => return,
        }
        match rustix::io::write(output, rest) {
            Ok(written) => rest = &rest[written..],
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return,
        }
    }
}
