//! A pseudo-terminal with a program in it: keys in, and what a terminal would show of what comes out.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use super::idle::{IdlePipe, Rest};

/// How long a test waits for what it means: far beyond what a busy machine needs.
pub(super) const WAIT_MAX: Duration = Duration::from_secs(30);

/// What is read within so short a time is one frame.
const PAUSE: Duration = Duration::from_millis(4);

/// A terminal with a program in it.
pub(super) struct PseudoTerminal {
    keys: Option<File>,
    /// Ends the thread that reads, which keeps the terminal open too.
    reading: Option<(UnixStream, JoinHandle<()>)>,
    /// Our end of the other side, so that its modes can be looked at after the program has gone.
    slave: OwnedFd,
    child: Child,
    shown: Arc<Shown>,
    /// Bytes that were typed.
    typed: u64,
    /// Where a console says that it has nothing left to do.
    idle: Option<IdlePipe>,
}

struct Shown {
    screen: Mutex<Screen>,
    changed: Condvar,
}

struct Screen {
    terminal: vt100::Parser,
    bytes: Vec<u8>,
    /// Reads that began after a pause: about as many as frames.
    bursts: usize,
    read_at: Option<Instant>,
    closed: bool,
}

impl PseudoTerminal {
    /// Starts a program whose standard streams are a new terminal of 80x24.
    pub(super) fn start(command: Command) -> Self {
        Self::start_sized(command, 80, 24)
    }

    /// Starts a console that says when it has nothing left to do, and waits for the first time.
    pub(super) fn start_told(mut console: Command, columns: u16, rows: u16) -> Self {
        let idle = IdlePipe::new();
        console.arg("--idle-to").arg(idle.path());
        let mut terminal = Self::start_sized(console, columns, rows);
        terminal.idle = Some(idle);
        terminal.rest_once(|_| true);
        terminal
    }

    /// The same in a terminal of so many columns and rows.
    pub(super) fn start_sized(mut command: Command, columns: u16, rows: u16) -> Self {
        let master =
            openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let slave = rustix::fs::open(
            name.as_c_str(),
            rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY | rustix::fs::OFlags::CLOEXEC,
            rustix::fs::Mode::empty(),
        )
        .unwrap();
        resize(&master, columns, rows);
        let stream = || Stdio::from(slave.try_clone().unwrap());
        let child = command
            .stdin(stream())
            .stdout(stream())
            .stderr(stream())
            .spawn()
            .unwrap();
        drop(command);
        let shown = Arc::new(Shown {
            screen: Mutex::new(Screen {
                terminal: vt100::Parser::new(rows, columns, 0),
                bytes: Vec::new(),
                bursts: 0,
                read_at: None,
                closed: false,
            }),
            changed: Condvar::new(),
        });
        let master = File::from(master);
        let reader = master.try_clone().unwrap();
        let target = shown.clone();
        let (wake, woken) = UnixStream::pair().unwrap();
        let thread = std::thread::spawn(move || read_all(reader, &woken, &target));
        Self {
            keys: Some(master),
            reading: Some((wake, thread)),
            slave,
            child,
            shown,
            typed: 0,
            idle: None,
        }
    }

    /// Types bytes.
    pub(super) fn type_in(&mut self, keys: &str) {
        let master = self.keys.as_mut().unwrap();
        master.write_all(keys.as_bytes()).unwrap();
        self.typed += keys.len() as u64;
    }

    /// Types keys with so much time after each and takes nothing of what comes meanwhile, as a line that stalls.
    pub(super) fn type_and_stall(&mut self, keys: &str, time: Duration) {
        let shown = self.shown.clone();
        let nobody_reads = shown.screen.lock().unwrap();
        let time = time.try_into().unwrap();
        for key in keys.chars() {
            self.type_in(key.encode_utf8(&mut [0; 4]));
            assert_eq!(poll(&mut [], Some(&time)), Ok(0));
        }
        drop(nobody_reads);
    }

    /// Types bytes that a program inside the console gets.
    pub(super) fn type_elsewhere(&mut self, keys: &str) {
        self.type_in(keys);
        self.typed -= keys.len() as u64;
    }

    /// What a console of [`Self::start_told`] says about itself.
    pub(super) fn idle(&self) -> &IdlePipe {
        self.idle.as_ref().expect("it was started to be told")
    }

    /// Waits until the console has done all that was typed, and the screen is what came of it.
    pub(super) fn settle(&self) -> Rest {
        self.rest_once(|rest| rest.typed >= self.typed)
    }

    /// Waits until the console has nothing left to do after what is on the screen now; of no use once another program
    /// has written to the terminal.
    pub(super) fn settle_drawn(&self) -> Rest {
        let received = self.sent();
        self.rest_once(|rest| rest.typed >= self.typed && rest.sent >= received)
    }

    fn rest_once(&self, wanted: impl Fn(&Rest) -> bool) -> Rest {
        let is_rest = |rest: &Rest| rest.count > 0 && wanted(rest);
        let Some(rest) = self.idle().wait(WAIT_MAX, is_rest) else {
            panic!(
                "typed {}, but {:?} and\n{}",
                self.typed,
                self.idle().latest(),
                self.text()
            );
        };
        self.wait("frame that was sent", |screen| {
            (screen.bytes.len() >= rest.sent).then_some(())
        });
        rest
    }

    /// Waits until the screen's text is as wanted; gives the text.
    pub(super) fn wait_for(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        self.wait(what, |screen| {
            let text = screen.terminal.screen().contents();
            wanted(&text).then_some(text)
        })
    }

    /// Waits until the text is on the screen; gives all of it.
    pub(super) fn wait_for_text(&self, text: &str) -> String {
        self.wait_for(text, |screen| screen.contains(text))
    }

    /// Waits until the program has sent this, control sequences and all.
    pub(super) fn wait_for_sent(&self, sent: &str) {
        self.wait(sent, |screen| {
            let mut windows = screen.bytes.windows(sent.len());
            windows
                .any(|window| window == sent.as_bytes())
                .then_some(())
        });
    }

    /// The program's process.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Bytes that the program has sent.
    pub(super) fn sent(&self) -> usize {
        self.screen().bytes.len()
    }

    /// All of them as text.
    pub(super) fn sent_text(&self) -> String {
        String::from_utf8_lossy(&self.screen().bytes).into_owned()
    }

    /// Those behind the first so many.
    pub(super) fn sent_bytes_after(&self, start: usize) -> Vec<u8> {
        self.screen().bytes[start..].to_vec()
    }

    /// Looks at the screen itself.
    pub(super) fn with_screen<T>(&self, look: impl FnOnce(&vt100::Screen) -> T) -> T {
        look(self.screen().terminal.screen())
    }

    /// In how many frames, about.
    pub(super) fn bursts(&self) -> usize {
        self.screen().bursts
    }

    /// Waits until nothing has come for so long.
    pub(super) fn rest(&self, time: Duration) {
        while !self.silent_for(time).is_empty() {}
    }

    /// Bytes that come in about so long, and how long it was.
    pub(super) fn measure(&self, time: Duration) -> (usize, Duration) {
        let (begun, before) = (Instant::now(), self.sent());
        while let Some(left) = time.checked_sub(begun.elapsed()) {
            self.silent_for(left);
        }
        (self.sent() - before, begun.elapsed())
    }

    /// Waits until the program has sent this behind its first so many bytes.
    pub(super) fn wait_for_sent_after(&self, start: usize, sent: &str) {
        self.wait(sent, |screen| {
            let mut windows = screen.bytes[start..].windows(sent.len());
            windows
                .any(|window| window == sent.as_bytes())
                .then_some(())
        });
    }

    /// Waits until the cell in this row and column, both from 0, is as wanted.
    pub(super) fn wait_for_cell(&self, at: (u16, u16), wanted: impl Fn(&vt100::Cell) -> bool) {
        self.wait("a cell", |screen| {
            let cell = screen.terminal.screen().cell(at.0, at.1)?;
            wanted(cell).then_some(())
        });
    }

    /// Waits until the cursor's bar lies on this row, from 0.
    pub(super) fn wait_for_row(&self, row: u16) {
        self.wait("bar", |screen| {
            let cell = screen.terminal.screen().cell(row, 0)?;
            cell.inverse().then_some(())
        });
    }

    /// The text of the row that the cursor's bar lies on; empty where there is none.
    pub(super) fn bar(&self) -> String {
        let shown = self.screen();
        let screen = shown.terminal.screen();
        let (rows, columns) = screen.size();
        let is_bar = |row: &u16| screen.cell(*row, 0).is_some_and(vt100::Cell::inverse);
        let bar = (0..rows).find(is_bar);
        bar.map_or_else(String::new, |row| {
            screen.contents_between(row, 0, row, columns)
        })
    }

    /// The screen's text as it is now.
    pub(super) fn text(&self) -> String {
        self.screen().terminal.screen().contents()
    }

    /// Waits until nothing has come for so long, or something does; gives what came.
    pub(super) fn silent_for(&self, time: Duration) -> Vec<u8> {
        let deadline = Instant::now() + time;
        let mut screen = self.screen();
        let before = screen.bytes.len();
        while screen.bytes.len() == before {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            screen = self
                .shown
                .changed
                .wait_timeout(screen, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        screen.bytes[before..].to_vec()
    }

    /// Another size, as when a window is resized.
    pub(super) fn resize(&self, columns: u16, rows: u16) {
        self.screen().terminal.screen_mut().set_size(rows, columns);
        resize(self.keys.as_ref().unwrap(), columns, rows);
    }

    /// Sends the program a signal.
    pub(super) fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).unwrap();
    }

    /// Waits until the program is stopped: a signal to go on that comes before would be lost.
    pub(super) fn wait_until_stopped(&self) {
        let deadline = Instant::now() + WAIT_MAX;
        let stat = format!("/proc/{}/stat", self.child.id());
        while !std::fs::read_to_string(&stat).unwrap().contains(") T ") {
            assert!(Instant::now() < deadline, "the console does not stop");
            std::thread::yield_now();
        }
    }

    /// The terminal goes away.
    pub(super) fn hang_up(&mut self) {
        self.keys = None;
        let (wake, thread) = self.reading.take().unwrap();
        drop(wake);
        thread.join().unwrap();
    }

    /// Waits for the program's end.
    pub(super) fn end(&mut self) -> ExitStatus {
        let deadline = Instant::now() + WAIT_MAX;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(
                Instant::now() < deadline,
                "the console does not end; it shows\n{}",
                self.screen().terminal.screen().contents()
            );
            let screen = self.screen();
            // Woken by output, or soon enough.
            drop(
                self.shown
                    .changed
                    .wait_timeout(screen, Duration::from_millis(20)),
            );
        }
    }

    /// Fails unless the terminal is as a shell wants it: its own screen, its cursor, its line modes.
    pub(super) fn assert_given_back(&self) {
        self.wait("the terminal's own screen", |screen| {
            let terminal = screen.terminal.screen();
            (!terminal.alternate_screen() && !terminal.hide_cursor() && !terminal.bracketed_paste())
                .then_some(())
        });
        // The modes follow the bytes.
        let wanted = LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
        let deadline = Instant::now() + WAIT_MAX;
        while !tcgetattr(&self.slave).unwrap().local_modes.contains(wanted) {
            assert!(
                Instant::now() < deadline,
                "the terminal's modes are not as they were"
            );
            std::thread::yield_now();
        }
    }

    fn wait<T>(&self, what: &str, wanted: impl Fn(&Screen) -> Option<T>) -> T {
        let deadline = Instant::now() + WAIT_MAX;
        let mut screen = self.screen();
        loop {
            if let Some(found) = wanted(&screen) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero() && !screen.closed,
                "no {what} on\n{}",
                screen.terminal.screen().contents()
            );
            screen = self
                .shown
                .changed
                .wait_timeout(screen, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    fn screen(&self) -> MutexGuard<'_, Screen> {
        self.shown
            .screen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for PseudoTerminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read_all(mut reader: File, woken: &UnixStream, shown: &Shown) {
    let mut buffer = [0_u8; 8192];
    loop {
        let mut watched = [
            PollFd::new(&reader, PollFlags::IN),
            PollFd::new(woken, PollFlags::IN),
        ];
        let polled = poll(&mut watched, None);
        if polled == Err(rustix::io::Errno::INTR) {
            continue;
        }
        if !watched[1].revents().is_empty() {
            return;
        }
        let read = reader.read(&mut buffer);
        let mut screen = shown.screen.lock().unwrap_or_else(PoisonError::into_inner);
        match read {
            Ok(length) if length > 0 => {
                screen.terminal.process(&buffer[..length]);
                screen.bytes.extend_from_slice(&buffer[..length]);
                let now = Instant::now();
                let before = screen.read_at.replace(now);
                if before.is_none_or(|before| now - before > PAUSE) {
                    screen.bursts += 1;
                }
            }
            _ => {
                screen.closed = true;
                shown.changed.notify_all();
                return;
            }
        }
        shown.changed.notify_all();
    }
}

fn resize(master: &impl std::os::fd::AsFd, columns: u16, rows: u16) {
    let size = Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(master, size).unwrap();
}
