//! The pipe into which a console says that it has nothing left to do: what scripts wait for.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::fs::{CWD, FileType, Mode, mknodat};
use tempfile::TempDir;

/// A moment in which a console had nothing left to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rest {
    /// Counted from 1 by each console of its own.
    pub(super) count: u64,
    /// Bytes of the keys that it had acted upon.
    pub(super) typed: u64,
    /// Bytes that it had sent to the terminal.
    pub(super) sent: usize,
    /// What it showed.
    pub(super) shown: String,
}

/// The pipe, and what came out of it.
pub(super) struct IdlePipe {
    _folder: TempDir,
    path: PathBuf,
    /// Keeps the pipe open, and ends the thread that reads it.
    own: File,
    told: Arc<Told>,
}

#[derive(Default)]
struct Told {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    latest: Rest,
    /// Every name that was shown.
    seen: BTreeSet<String>,
    /// How long each key took that a frame answered, within the console.
    answered: Vec<Duration>,
}

impl IdlePipe {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("idle");
        mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        let own = File::options().read(true).write(true).open(&path).unwrap();
        let reader = BufReader::new(own.try_clone().unwrap());
        let told = Arc::new(Told::default());
        let target = told.clone();
        std::thread::spawn(move || read(reader, &target));
        Self {
            _folder: folder,
            path,
            own,
            told,
        }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The latest rest of the latest console.
    pub(super) fn latest(&self) -> Rest {
        self.told.state().latest.clone()
    }

    /// Every name that was shown so far: of views, tabs, lines and what lay upon them.
    pub(super) fn seen(&self) -> BTreeSet<String> {
        self.told.state().seen.clone()
    }

    /// Waits until so many keys were answered, and gives how long each took, from its reading to its frame's writing.
    pub(super) fn wait_for_answers(&self, limit: Duration, many: usize) -> Option<Vec<Duration>> {
        self.wait_until(limit, |state| state.answered.len() >= many)
            .map(|state| state.answered.clone())
    }

    /// Waits for a rest as wanted; none when it does not come in time.
    pub(super) fn wait(&self, limit: Duration, wanted: impl Fn(&Rest) -> bool) -> Option<Rest> {
        self.wait_until(limit, |state| wanted(&state.latest))
            .map(|state| state.latest.clone())
    }

    fn wait_until(
        &self,
        limit: Duration,
        wanted: impl Fn(&State) -> bool,
    ) -> Option<MutexGuard<'_, State>> {
        let deadline = Instant::now() + limit;
        let mut state = self.told.state();
        while !wanted(&state) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            let woken = self.told.changed.wait_timeout(state, left);
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        Some(state)
    }
}

impl Drop for IdlePipe {
    fn drop(&mut self) {
        // An empty line ends the thread.
        let _ = self.own.write_all(b"\n");
    }
}

impl Told {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(reader: BufReader<File>, told: &Told) {
    for line in reader.lines().map_while(Result::ok) {
        if line.is_empty() {
            return;
        }
        let mut state = told.state();
        if let Some(micros) = line.strip_prefix("answered ") {
            let took = Duration::from_micros(micros.parse().unwrap());
            state.answered.push(took);
        } else {
            let rest =
                Rest::parse(&line).unwrap_or_else(|| panic!("no line of a console: {line:?}"));
            let names = rest.shown.split('+').map(str::to_owned);
            state.seen.extend(names);
            state.latest = rest;
        }
        told.changed.notify_all();
    }
}

impl Rest {
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let rest = Self {
            count: words.next()?.parse().ok()?,
            typed: words.next()?.parse().ok()?,
            sent: words.next()?.parse().ok()?,
            shown: words.next()?.to_owned(),
        };
        words.next().is_none().then_some(rest)
    }
}
