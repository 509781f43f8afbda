//! From what the console draws to frames on their way: the frame loop, in place of ratatui's `Terminal`.
//!
//! That one gives a backend no more than the cells that differ from its own last buffer: rows that moved cannot be seen
//! in them, and what a terminal really shows would be known in two places. So the whole buffer comes here, and the one
//! shadow of the screen is what [`super::encoder`] turns into the next frame.
//!
//! **Promises.** A frame in which nothing changed is no bytes. No control of a cell's text gets through, whoever put it
//! there: what sequences there are, are ours. Frames are handed on whole.

use std::io;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::encoder::encode;
use super::head::{Head, Stance};
use super::policy::Policy;
use super::settle::{columns, settle};

/// A clean slate whatever somebody else has written: plain, no cursor, no scroll region, nothing on the screen.
const CLEAN: &[u8] = b"\x1b[0m\x1b[?25l\x1b[r\x1b[2J";

/// What asks a terminal to show what follows when it is whole, and what ends that.
const SYNCHRONIZED: (&[u8], &[u8]) = (b"\x1b[?2026h", b"\x1b[?2026l");
/// Up to so many bytes a frame arrives in one piece anyway.
const ONE_PIECE: usize = 1_024;

/// Where finished frames go.
pub(crate) trait FrameSink {
    /// Takes the bytes of a frame; never empty.
    ///
    /// # Errors
    /// The terminal is gone.
    fn take(&mut self, bytes: Vec<u8>) -> io::Result<()>;

    /// Columns and rows of the terminal now.
    fn size(&self) -> (u16, u16);
}

/// Paints frames on a terminal.
#[derive(Debug)]
pub(crate) struct Painter<S> {
    sink: S,
    /// What the terminal shows, settled.
    shown: Buffer,
    /// Where the next frame is drawn: kept for its memory.
    drawing: Buffer,
    stance: Stance,
    cursor_shown: bool,
    policy: Policy,
    /// Whether the next frame begins with a clean slate.
    clean: bool,
    /// Sequences that go before the next frame.
    before: Vec<u8>,
    /// What rings before the next frame.
    bell: Vec<u8>,
}

impl<S: FrameSink> Painter<S> {
    /// Paints into `sink`, whose terminal is empty, shows no cursor and draws plain text.
    pub(crate) fn new(sink: S, policy: Policy) -> Self {
        let empty = Buffer::empty(area(&sink));
        Self {
            sink,
            shown: empty.clone(),
            drawing: empty,
            stance: Stance::UNKNOWN,
            cursor_shown: false,
            policy,
            clean: false,
            before: Vec::new(),
            bell: Vec::new(),
        }
    }

    /// Begins anew, at the size that the terminal has now: somebody else has written to it.
    pub(crate) fn forget(&mut self) {
        let area = area(&self.sink);
        for frame in [&mut self.shown, &mut self.drawing] {
            frame.resize(area);
            frame.reset();
        }
        self.stance = Stance::UNKNOWN;
        self.cursor_shown = false;
        self.clean = true;
    }

    /// Sends a sequence of our own with the next frame.
    pub(crate) fn pass(&mut self, sequence: &[u8]) {
        self.before.extend_from_slice(sequence);
    }

    /// Rings with the next frame. A terminal that takes none for a while rings once for the latest, not for each.
    pub(crate) fn ring(&mut self, bell: Vec<u8>) {
        self.bell = bell;
    }

    /// The text that the terminal shows, a line a row without the blanks at its end; no controls but the line feeds.
    pub(crate) fn text(&self) -> String {
        let width = usize::from(self.shown.area.width).max(1);
        let mut text = String::new();
        for row in self.shown.content.chunks(width) {
            let mut line = String::new();
            let mut x = 0;
            while x < row.len() {
                line.push_str(row[x].symbol());
                x += columns(&row[x]);
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    /// Where the frames go.
    pub(crate) fn sink_mut(&mut self) -> &mut S {
        &mut self.sink
    }

    /// What the terminal may be asked for from now on.
    pub(crate) fn set_policy(&mut self, policy: Policy) {
        self.policy = policy;
    }

    /// Paints what `draw` draws into an empty frame; it gives the place of the cursor, none to hide it. Gives the bytes
    /// that the frame took.
    ///
    /// # Errors
    /// The terminal is gone.
    pub(crate) fn paint(
        &mut self,
        draw: impl FnOnce(&mut Buffer) -> Option<Position>,
    ) -> io::Result<usize> {
        self.drawing.reset();
        let cursor = draw(&mut self.drawing);
        settle(&mut self.drawing);
        let (change, stance) = encode(&self.shown, &self.drawing, self.stance, self.policy.scroll);
        std::mem::swap(&mut self.shown, &mut self.drawing);
        let mut head = Head::new(stance, usize::from(self.shown.area.width));
        head.out = change;
        self.place_cursor(&mut head, cursor);
        self.stance = head.stance;
        let mut frame = std::mem::take(&mut self.before);
        frame.append(&mut self.bell);
        if std::mem::take(&mut self.clean) {
            frame.extend_from_slice(CLEAN);
        }
        if self.policy.synchronize && head.out.len() > ONE_PIECE {
            // What went before may clear the screen, and a terminal that holds that back flickers.
            frame.extend_from_slice(SYNCHRONIZED.0);
            frame.extend_from_slice(&head.out);
            frame.extend_from_slice(SYNCHRONIZED.1);
        } else {
            frame.extend_from_slice(&head.out);
        }
        let bytes = frame.len();
        if bytes > 0 {
            self.sink.take(frame)?;
        }
        Ok(bytes)
    }

    fn place_cursor(&mut self, head: &mut Head, cursor: Option<Position>) {
        match cursor {
            Some(place) => {
                head.go(usize::from(place.x), usize::from(place.y));
                if !std::mem::replace(&mut self.cursor_shown, true) {
                    head.out.extend_from_slice(b"\x1b[?25h");
                }
            }
            None if std::mem::take(&mut self.cursor_shown) => {
                head.out.extend_from_slice(b"\x1b[?25l");
            }
            None => {}
        }
    }
}

fn area(sink: &impl FrameSink) -> Rect {
    let (width, height) = sink.size();
    Rect::new(0, 0, width, height)
}

#[cfg(test)]
mod tests;
