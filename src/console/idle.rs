//! Tells a script that drives the console when there is nothing left to do, so that it waits and never sleeps.
//!
//! Each time nothing waits in the input, no request is on its way and no frame is owed, a line goes into a pipe:
//! `COUNT TYPED SENT SHOWN`, such as `12 31 4820 deliveries+confirm`. `COUNT` counts the lines from 1, `TYPED` the bytes
//! of the keys that were acted upon, `SENT` those that went to the terminal, and `SHOWN` is one of [`all_shown`]. A script
//! that has typed 31 bytes waits for a line with as many, reads the terminal as far as `SENT`, and sees what came of them.
//! What is fetched or told later by the clock alone, such as news that go away, is not waited for.
//!
//! Between these, a line `answered MICROSECONDS` for each frame that answers a key: the time from the reading of the
//! key's last byte to the writing of the frame's. It is for those who measure the console and not the machine around it.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

pub use super::app::shown::all_shown;

/// Where the lines go.
#[derive(Debug)]
pub struct IdleLines {
    pipe: File,
    count: u64,
}

/// How far the console has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Bytes of the keys that were acted upon.
    pub typed: u64,
    /// Bytes that went to the terminal.
    pub sent: u64,
}

impl IdleLines {
    /// Takes a named pipe that somebody reads already.
    ///
    /// # Errors
    /// There is none, or nobody reads it.
    pub fn open(path: &Path) -> io::Result<Self> {
        let flags = rustix::fs::OFlags::NONBLOCK.bits();
        let flags = i32::try_from(flags).map_err(io::Error::other)?;
        let mut options = File::options();
        let pipe = options.append(true).custom_flags(flags).open(path)?;
        Ok(Self { pipe, count: 0 })
    }

    /// Says how long a key took from its reading to the frame that answers it.
    pub(crate) fn tell_answered(&mut self, took: Duration) {
        self.put(&format!("answered {}\n", took.as_micros()));
    }

    /// Says that there is nothing left to do.
    pub(crate) fn tell(&mut self, progress: Progress, shown: &str) {
        self.count += 1;
        let Progress { typed, sent } = progress;
        self.put(&format!("{} {typed} {sent} {shown}\n", self.count));
    }

    fn put(&mut self, line: &str) {
        // A reader that is gone, or does not keep up, is none of the console's business.
        let _ = self.pipe.write_all(line.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader};

    use super::*;

    #[test]
    fn each_rest_is_a_line_and_a_reader_that_is_gone_does_no_harm() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        assert!(IdleLines::open(&path).is_err(), "there is none");
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        assert!(IdleLines::open(&path).is_err(), "nobody reads it");
        let both = File::options().read(true).write(true).open(&path).unwrap();
        let mut lines = IdleLines::open(&path).unwrap();
        lines.tell(Progress::default(), "pulse");
        let progress = Progress { typed: 3, sent: 90 };
        lines.tell_answered(Duration::from_micros(1_250));
        lines.tell(progress, "deliveries+confirm");
        let mut reader = BufReader::new(both);
        let mut read = String::new();
        for _ in 0..3 {
            reader.read_line(&mut read).unwrap();
        }
        assert_eq!(
            read,
            "1 0 0 pulse\nanswered 1250\n2 3 90 deliveries+confirm\n"
        );
        for _ in 0..10_000 {
            lines.tell(progress, "pulse");
        }
        drop(reader);
        lines.tell(progress, "pulse");
        assert_eq!(lines.count, 10_003);
    }
}
