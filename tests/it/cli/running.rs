//! A program that runs beside the test: its lines are waited for with a bound, and it does not outlive the test.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How long a test waits for what it means: far beyond what a busy machine needs.
pub(super) const WAIT_MAX: Duration = Duration::from_secs(30);

/// A running program.
pub(super) struct Running {
    child: Child,
    out: Lines,
    err: Lines,
}

/// The lines of one of its outputs, as they come.
struct Lines {
    coming: Receiver<String>,
    /// Those that came, for the messages of failures.
    seen: Vec<String>,
}

impl Running {
    /// Starts it; its outputs must be pipes.
    pub(super) fn start(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let out = Lines::of(child.stdout.take().unwrap());
        let err = Lines::of(child.stderr.take().unwrap());
        Self { child, out, err }
    }

    /// The rest of the first line of standard error, from here on, that holds `mark`.
    pub(super) fn err_after(&mut self, mark: &str) -> String {
        self.err.after(mark)
    }

    /// The next line of standard output.
    pub(super) fn out_line(&mut self) -> String {
        self.out.after("")
    }

    /// Its process id.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    pub(super) fn signal(&self, signal: rustix::process::Signal) {
        let pid = i32::try_from(self.child.id()).unwrap();
        rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), signal)
            .unwrap();
    }

    /// Waits for its end: the status, and all of standard error.
    pub(super) fn end(&mut self) -> (ExitStatus, String) {
        let deadline = Instant::now() + WAIT_MAX;
        // Its standard error closes when it ends.
        while let Ok(line) = self
            .err
            .coming
            .recv_timeout(deadline.saturating_duration_since(Instant::now()))
        {
            self.err.seen.push(line);
        }
        let status = self.child.try_wait().unwrap();
        let status = status.unwrap_or_else(|| {
            assert!(
                Instant::now() < deadline,
                "it did not end; stderr: {:#?}",
                self.err.seen
            );
            self.child.wait().unwrap()
        });
        (status, self.err.seen.join("\n"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Lines {
    fn of(output: impl Read + Send + 'static) -> Self {
        let (sender, coming) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self {
            coming,
            seen: Vec::new(),
        }
    }

    fn after(&mut self, mark: &str) -> String {
        let deadline = Instant::now() + WAIT_MAX;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.coming.recv_timeout(left) {
                Ok(line) => {
                    self.seen.push(line.clone());
                    if let Some((_, rest)) = line.split_once(mark) {
                        return rest.to_owned();
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    panic!("no line with {mark:?} in time; came: {:#?}", self.seen)
                }
                Err(RecvTimeoutError::Disconnected) => {
                    panic!(
                        "it ended before a line with {mark:?}; came: {:#?}",
                        self.seen
                    )
                }
            }
        }
    }
}
