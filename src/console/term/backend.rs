//! From changed cells to bytes: a ratatui backend of our own.
//!
//! **Promises.** A frame in which nothing changed is no bytes. No control byte of a cell's text gets through, whoever
//! put it there: what sequences there are, are ours. Frames are handed on whole, so that a frame is never seen half
//! drawn because of us. The full console's encoder (erase to end, scroll regions) takes this one's place.

use std::collections::BTreeSet;
use std::io;

use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Size};
use unicode_width::UnicodeWidthStr;

use super::sgr::{Look, push_change};

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

/// Draws cells as bytes.
#[derive(Debug)]
pub(crate) struct ByteBackend<S> {
    sink: S,
    frame: Vec<u8>,
    /// Where the terminal's cursor stands, when that is known.
    at: Option<(u16, u16)>,
    /// How text that is written now would look.
    look: Look,
    cursor_shown: bool,
    /// Where wide characters begin on the screen.
    wide: BTreeSet<(u16, u16)>,
}

impl<S: FrameSink> ByteBackend<S> {
    /// Draws into `sink`, whose terminal shows no cursor and draws plain text.
    pub(crate) fn new(sink: S) -> Self {
        Self {
            sink,
            frame: Vec::new(),
            at: None,
            look: Look::PLAIN,
            cursor_shown: false,
            wide: BTreeSet::new(),
        }
    }

    /// Forgets what the terminal was told: somebody else has written to it.
    pub(crate) fn forget(&mut self) {
        self.at = None;
        self.look = Look::PLAIN;
        self.cursor_shown = false;
        self.wide.clear();
        self.frame.extend_from_slice(b"\x1b[0m\x1b[?25l");
    }

    /// Sends a sequence of our own with the next frame.
    pub(crate) fn pass(&mut self, sequence: &[u8]) {
        self.frame.extend_from_slice(sequence);
    }

    /// Where the frames go.
    pub(crate) fn sink_mut(&mut self) -> &mut S {
        &mut self.sink
    }

    fn move_to(&mut self, x: u16, y: u16) {
        if self.at == Some((x, y)) {
            return;
        }
        let sequence = match self.at {
            Some((column, row)) if row == y && x > column && x - column < 4 => {
                format!("\x1b[{}C", x - column)
            }
            _ => format!("\x1b[{};{}H", y + 1, x + 1),
        };
        self.frame.extend_from_slice(sequence.as_bytes());
        self.at = Some((x, y));
    }

    fn put(&mut self, x: u16, y: u16, cell: &Cell) {
        let width = u16::try_from(cell.symbol().width()).unwrap_or(1);
        for column in x..x.saturating_add(width.clamp(1, 2)) {
            if self.wide.remove(&(column, y)) {
                // Terminals differ about the half that is left of a wide character: blank both before.
                self.move_to(column, y);
                push_change(&mut self.frame, self.look, Look::PLAIN);
                self.look = Look::PLAIN;
                self.frame.extend_from_slice(b"  ");
                self.at = None;
            }
        }
        self.move_to(x, y);
        let look = Look {
            fg: cell.fg,
            bg: cell.bg,
            modifier: cell.modifier,
        };
        push_change(&mut self.frame, self.look, look);
        self.look = look;
        let symbol = cell.symbol();
        if symbol.chars().any(char::is_control) {
            self.frame.push(b'?');
            self.at = Some((x + 1, y));
            return;
        }
        self.frame.extend_from_slice(symbol.as_bytes());
        if width > 1 {
            self.wide.insert((x, y));
        }
        // Terminals differ about wide characters, and the last column keeps the cursor: say where to go next time.
        self.at = (width == 1 && x + 1 < self.sink.size().0).then_some((x + 1, y));
    }
}

/// Empties the cells that a wide character covers. What was drawn there before it is not on the screen, but ratatui
/// would take it for unchanged when the wide character goes.
pub(crate) fn empty_covered(buffer: &mut Buffer) {
    let area = *buffer.area();
    for y in area.top()..area.bottom() {
        let mut covered = 0;
        for x in area.left()..area.right() {
            let cell = &mut buffer[(x, y)];
            if covered > 0 {
                covered -= 1;
                cell.reset();
            } else {
                covered = cell.symbol().width().saturating_sub(1);
            }
        }
    }
}

impl<S: FrameSink> Backend for ByteBackend<S> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        for (x, y, cell) in content {
            self.put(x, y, cell);
        }
        Ok(())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.cursor_shown) {
            self.frame.extend_from_slice(b"\x1b[?25l");
        }
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        if !std::mem::replace(&mut self.cursor_shown, true) {
            self.frame.extend_from_slice(b"\x1b[?25h");
        }
        Ok(())
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        // Asking the terminal would mean to wait for it.
        Ok(self.at.map_or(Position::ORIGIN, Position::from))
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let position = position.into();
        self.move_to(position.x, position.y);
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        push_change(&mut self.frame, self.look, Look::PLAIN);
        self.look = Look::PLAIN;
        self.wide.clear();
        self.frame.extend_from_slice(b"\x1b[2J");
        Ok(())
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        match clear_type {
            ClearType::All => return self.clear(),
            ClearType::AfterCursor => self.frame.extend_from_slice(b"\x1b[J"),
            ClearType::BeforeCursor => self.frame.extend_from_slice(b"\x1b[1J"),
            ClearType::CurrentLine => self.frame.extend_from_slice(b"\x1b[2K"),
            ClearType::UntilNewLine => self.frame.extend_from_slice(b"\x1b[K"),
        }
        Ok(())
    }

    fn size(&self) -> io::Result<Size> {
        let (width, height) = self.sink.size();
        Ok(Size { width, height })
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize {
            columns_rows: self.size()?,
            pixels: Size::default(),
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.frame.is_empty() {
            return Ok(());
        }
        self.sink.take(std::mem::take(&mut self.frame))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ratatui::Terminal;
    use ratatui::style::{Color, Modifier, Style};

    #[derive(Default)]
    struct Kept {
        frames: Vec<Vec<u8>>,
    }

    impl FrameSink for Kept {
        fn take(&mut self, bytes: Vec<u8>) -> io::Result<()> {
            self.frames.push(bytes);
            Ok(())
        }

        fn size(&self) -> (u16, u16) {
            (12, 4)
        }
    }

    fn terminal() -> Terminal<ByteBackend<Kept>> {
        Terminal::new(ByteBackend::new(Kept::default())).unwrap()
    }

    /// What a wide character hid shows when it goes, though nothing was drawn there anew.
    #[test]
    fn what_a_wide_character_covered_is_drawn_when_it_goes() {
        let mut terminal = terminal();
        let mut screen = vt100::Parser::new(4, 12, 0);
        for wide in [true, false] {
            terminal
                .draw(|frame| {
                    let buffer = frame.buffer_mut();
                    buffer.set_string(6, 1, if wide { "漢" } else { "x" }, Style::default());
                    buffer.set_string(7, 1, "y", Style::default());
                    empty_covered(buffer);
                })
                .unwrap();
            for bytes in terminal.backend_mut().sink_mut().frames.drain(..) {
                screen.process(&bytes);
            }
        }
        assert_eq!(screen.screen().contents().trim(), "xy");
    }

    #[test]
    fn an_unchanged_frame_is_no_bytes() {
        let mut terminal = terminal();
        for _ in 0..5 {
            terminal
                .draw(|frame| {
                    frame
                        .buffer_mut()
                        .set_string(1, 1, "steady", Style::default().fg(Color::Red));
                })
                .unwrap();
        }
        assert_eq!(terminal.backend_mut().sink_mut().frames.len(), 1);
    }

    #[test]
    fn a_cursor_is_shown_and_hidden_once() {
        let mut terminal = terminal();
        for _ in 0..3 {
            terminal
                .draw(|frame| frame.set_cursor_position((3, 2)))
                .unwrap();
        }
        for _ in 0..3 {
            terminal.draw(|_| {}).unwrap();
        }
        assert_eq!(
            terminal.backend_mut().sink_mut().frames,
            [b"\x1b[?25h\x1b[3;4H".to_vec(), b"\x1b[?25l".to_vec()]
        );
    }

    #[test]
    fn a_control_in_a_cell_does_not_get_through() {
        let mut terminal = terminal();
        terminal
            .draw(|frame| {
                frame.buffer_mut()[(0, 0)].set_symbol("\u{1b}]0;owned\u{7}");
                frame.buffer_mut()[(0, 1)].set_symbol("\u{9b}");
            })
            .unwrap();
        assert_eq!(
            terminal.backend_mut().sink_mut().frames,
            [b"\x1b[1;1H?\x1b[2;1H?".to_vec()]
        );
    }

    fn style(choice: u8) -> Style {
        match choice % 5 {
            0 => Style::default(),
            1 => Style::default().fg(Color::Green),
            2 => Style::default().add_modifier(Modifier::REVERSED | Modifier::BOLD),
            3 => Style::default().bg(Color::Indexed(3)).fg(Color::LightBlue),
            _ => Style::default()
                .fg(Color::Rgb(10, 20, 30))
                .add_modifier(Modifier::UNDERLINED),
        }
    }

    type Write = (u16, u16, String, u8);

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn a_terminal_shows_what_was_drawn(frames in proptest::collection::vec(
            proptest::collection::vec((0_u16..12, 0_u16..4, "[a-z ü漢]{0,9}", any::<u8>()), 0..6), 1..6)
        ) {
            let mut terminal = terminal();
            let mut screen = vt100::Parser::new(4, 12, 0);
            for writes in &frames {
                let writes: &Vec<Write> = writes;
                terminal.draw(|frame| {
                    for (x, y, text, choice) in writes {
                        frame.buffer_mut().set_string(*x, *y, text, style(*choice));
                    }
                    empty_covered(frame.buffer_mut());
                }).unwrap();
                for bytes in terminal.backend_mut().sink_mut().frames.drain(..) {
                    screen.process(&bytes);
                }
                let mut fresh = Terminal::new(ratatui::backend::TestBackend::new(12, 4)).unwrap();
                fresh.draw(|frame| for (x, y, text, choice) in writes {
                    frame.buffer_mut().set_string(*x, *y, text, style(*choice));
                }).unwrap();
                let expected = fresh.backend().buffer();
                for y in 0..4 {
                    let mut covered = 0;
                    for x in 0..12 {
                        let shown = screen.screen().cell(y, x).unwrap();
                        let cell = &expected[(x, y)];
                        if covered > 0 {
                            covered -= 1;
                            continue;
                        }
                        covered = cell.symbol().width().saturating_sub(1);
                        let text = if shown.contents().is_empty() { " " } else { shown.contents() };
                        prop_assert_eq!(text, cell.symbol(), "at {},{}", x, y);
                        prop_assert_eq!(shown.inverse(), cell.modifier.contains(Modifier::REVERSED));
                        // Nobody sees the foreground of a blank.
                        prop_assert!(text == " " || (shown.fgcolor() == vt100::Color::Default) == (cell.fg == Color::Reset));
                    }
                }
            }
        }
    }
}
