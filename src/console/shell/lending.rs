//! The terminal given to somebody else and taken back: at the end, while the console is suspended, and for a pager or a
//! command of the operator's.
//!
//! **Promises.** No frame lands on another's screen, no answer of the terminal in another's input, and what is typed once
//! it is given away is not read here.

use std::io;
use std::time::Duration;

use super::{Shell, read};
use crate::clock::within;
use crate::console::input::reader::{Reader, TerminalEvent};
use crate::console::options::ConsoleError;
use crate::console::term::guard::TerminalGuard;
use crate::console::term::output::last_words;

/// How long a frame on its way is waited for before the terminal is given back: it must not land on the shell's screen.
const LAST_FRAME: Duration = Duration::from_millis(300);
/// How long a stop may take to take hold, at the most.
const STOP_LIMIT: Duration = Duration::from_secs(1);

impl Shell {
    /// Gives the terminal back for good, with what is left in its scrollback.
    pub(super) async fn leave(&mut self) {
        self.stop_listening().await;
        self.guard = None;
        if let Some(memory) = &self.memory {
            memory.finish();
        }
        if let Some(text) = &self.kept {
            last_words(self.tty.output(), text.as_bytes());
        }
    }

    /// Waits, but not for long, until no frame is on its way.
    async fn await_frame(&mut self) {
        if self.writer().is_busy() && within(LAST_FRAME, self.written.next()).await.is_some() {
            self.writer().written();
        }
    }

    /// Waits, but not for long, until nothing is on its way to the terminal or from it: whoever has it next would get the
    /// answer to our question as keys.
    async fn come_to_rest(&mut self) {
        self.await_frame().await;
        while let Some(owed) = self.background.owed(self.now().elapsed) {
            let heard = within(owed, read(&mut self.reader)).await;
            match heard {
                Some(TerminalEvent::Typed { typed, .. }) => self.background.hear(&typed),
                Some(TerminalEvent::HangUp) | None => return,
            }
        }
    }

    /// The same, and reads no more: what is typed from here on is for whoever has the terminal next.
    async fn stop_listening(&mut self) {
        self.come_to_rest().await;
        if let Some(reader) = self.reader.take() {
            reader.stop();
        }
    }

    /// Gives the terminal back and stops this process group until somebody continues it.
    pub(super) async fn suspend(&mut self) -> io::Result<()> {
        self.come_to_rest().await;
        self.give_back();
        let _ = rustix::process::kill_current_process_group(rustix::process::Signal::STOP);
        // The stop may take hold of this thread a little later; until it is continued the terminal is the shell's.
        // A group that cannot be stopped is never continued and goes on after the limit.
        tokio::select! {
            () = self.signals.continued() => {}
            () = self.clock.sleep_for(STOP_LIMIT) => {}
        }
        self.take()?;
        self.repaint();
        Ok(())
    }

    fn take(&mut self) -> io::Result<()> {
        self.guard = Some(TerminalGuard::take(&self.tty)?);
        self.background.renew();
        self.progress.sent += TerminalGuard::TAKING as u64;
        Ok(())
    }

    fn give_back(&mut self) {
        self.guard = None;
        self.progress.sent += TerminalGuard::GIVING as u64;
    }

    /// Gives the terminal to somebody else until they are done.
    pub(super) async fn outside<T>(
        &mut self,
        run: impl AsyncFnOnce() -> T,
    ) -> Result<T, ConsoleError> {
        self.stop_listening().await;
        self.give_back();
        let done = run().await;
        // What was typed to interrupt them does not end the console.
        self.signals.forget_interrupts();
        let taken = self.retake();
        taken.map_err(ConsoleError::Terminal)?;
        Ok(done)
    }

    fn retake(&mut self) -> io::Result<()> {
        self.take()?;
        let input = self.tty.input().try_clone_to_owned()?;
        self.reader = Some(Reader::start(input, self.progress.typed)?);
        self.repaint();
        Ok(())
    }
}
