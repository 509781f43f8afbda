//! What the painter's bytes make of a terminal.

use std::io;

use proptest::prelude::*;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier, Style};

use super::super::policy::Policy;
use super::{FrameSink, Painter, settle};

/// A terminal that may be asked for everything but synchronized output, which vt100 ignores.
const SCROLLING: Policy = Policy {
    scroll: true,
    sweep: false,
    synchronize: false,
};
const PLAIN: Policy = Policy {
    scroll: false,
    ..SCROLLING
};

struct Kept {
    frames: Vec<Vec<u8>>,
    size: (u16, u16),
}

impl FrameSink for Kept {
    fn take(&mut self, bytes: Vec<u8>) -> io::Result<()> {
        self.frames.push(bytes);
        Ok(())
    }

    fn size(&self) -> (u16, u16) {
        self.size
    }
}

/// A painter with a terminal that shows what comes of it.
struct Easel {
    painter: Painter<Kept>,
    terminal: vt100::Parser,
}

impl Easel {
    fn new(width: u16, height: u16) -> Self {
        let sink = Kept {
            frames: Vec::new(),
            size: (width, height),
        };
        Self {
            painter: Painter::new(sink, SCROLLING),
            terminal: vt100::Parser::new(height, width, 0),
        }
    }

    /// Paints; gives the bytes it took.
    fn paint(&mut self, draw: impl FnOnce(&mut Buffer) -> Option<Position>) -> Vec<u8> {
        self.painter.paint(draw).unwrap();
        let frames = &mut self.painter.sink_mut().frames;
        let bytes: Vec<u8> = frames.drain(..).flatten().collect();
        self.terminal.process(&bytes);
        bytes
    }

    fn paint_frame(&mut self, frame: &Buffer) -> Vec<u8> {
        self.paint(|buffer| {
            buffer.clone_from(frame);
            None
        })
    }

    /// The first cell that the terminal shows otherwise than it should.
    fn wrong_cell(&self, frame: &Buffer) -> Option<String> {
        let mut wanted = frame.clone();
        settle(&mut wanted);
        let screen = self.terminal.screen();
        for (x, y) in wanted.area.positions().map(Into::into) {
            let shown = screen.cell(y, x).unwrap();
            let cell = &wanted[(x, y)];
            if shown.is_wide_continuation() {
                continue;
            }
            if !shows(shown, cell) {
                return Some(format!("{x},{y}: {shown:?} for {cell:?}"));
            }
        }
        None
    }
}

fn shows(shown: &vt100::Cell, cell: &Cell) -> bool {
    let text = match shown.contents() {
        "" => " ",
        text => text,
    };
    let has = |modifier| cell.modifier.contains(modifier);
    if text != cell.symbol()
        || shown.bgcolor() != color(cell.bg)
        || shown.inverse() != has(Modifier::REVERSED)
        || shown.underline() != has(Modifier::UNDERLINED)
    {
        return false;
    }
    // Nobody sees more than that of a blank.
    if text == " " {
        return !(shown.inverse() || shown.underline()) || shown.fgcolor() == color(cell.fg);
    }
    // vt100 keeps one of the two.
    let both = has(Modifier::BOLD) && has(Modifier::DIM);
    let intensity = shown.bold() == has(Modifier::BOLD) && shown.dim() == has(Modifier::DIM);
    shown.fgcolor() == color(cell.fg)
        && shown.italic() == has(Modifier::ITALIC)
        && (both || intensity)
}

fn color(color: Color) -> vt100::Color {
    match color {
        Color::Green => vt100::Color::Idx(2),
        Color::DarkGray => vt100::Color::Idx(8),
        Color::LightBlue => vt100::Color::Idx(12),
        Color::Indexed(index) => vt100::Color::Idx(index),
        Color::Rgb(red, green, blue) => vt100::Color::Rgb(red, green, blue),
        _ => vt100::Color::Default,
    }
}

/// A list in follow mode: a heading, the newest row on top, a footer that counts.
fn list(width: u16, height: u16, newest: u32, truecolor: bool) -> Buffer {
    let ink = |rgb: (u8, u8, u8), basic| {
        let color = if truecolor {
            Color::Rgb(rgb.0, rgb.1, rgb.2)
        } else {
            basic
        };
        Style::default().fg(color)
    };
    let mut frame = Buffer::empty(Rect::new(0, 0, width, height));
    let head = format!("HOOKYARD local  LIVE  delivered {newest}");
    frame.set_string(0, 0, head, ink((214, 218, 227), Color::Reset));
    frame.set_string(0, 1, "TIME         STATE       ENDPOINT", Style::default());
    for (y, row) in (2..height - 1).zip((0..newest).rev()) {
        let time = format!("14:03:{:02}.{:03}", row / 10 % 60, row * 97 % 1000);
        frame.set_string(0, y, time, ink((143, 152, 168), Color::DarkGray));
        frame.set_string(13, y, "✔ delivered", ink((143, 214, 148), Color::Green));
        let endpoint = format!("acme-{}", row * 31 % 7);
        frame.set_string(25, y, endpoint, ink((214, 218, 227), Color::Reset));
        frame.set_string(40, y, "packet.signed", ink((214, 218, 227), Color::Reset));
        frame.set_string(
            60,
            y,
            format!("{:>5}", row * 7 % 300),
            ink((143, 152, 168), Color::DarkGray),
        );
    }
    frame.set_string(
        0,
        height - 1,
        "enter open  r replay  ? help",
        ink((124, 199, 255), Color::LightBlue),
    );
    frame
}

#[test]
fn an_unchanged_frame_is_no_bytes() {
    let mut easel = Easel::new(12, 4);
    let red = Style::default().fg(Color::Red);
    let draw = |buffer: &mut Buffer| {
        buffer.set_string(1, 1, "steady", red);
        None
    };
    assert_eq!(easel.paint(draw), b"\x1b[2;2H\x1b[31msteady");
    for _ in 0..4 {
        assert_eq!(easel.paint(draw), b"");
    }
}

#[test]
fn a_terminal_that_took_no_frame_for_a_while_rings_once() {
    let mut easel = Easel::new(10, 3);
    let empty = Buffer::empty(Rect::new(0, 0, 10, 3));
    easel.paint_frame(&empty);
    easel.painter.ring(b"\x07\x1b]9;one\x07".to_vec());
    easel.painter.ring(b"\x07\x1b]9;two\x07".to_vec());
    assert_eq!(easel.paint_frame(&empty), b"\x07\x1b]9;two\x07");
    assert_eq!(easel.paint_frame(&empty), b"");
}

#[test]
fn a_cursor_is_shown_and_hidden_once() {
    let mut easel = Easel::new(12, 4);
    let at = |place| move |_: &mut Buffer| place;
    assert_eq!(
        easel.paint(at(Some(Position::new(3, 2)))),
        b"\x1b[3;4H\x1b[?25h"
    );
    assert_eq!(easel.paint(at(Some(Position::new(3, 2)))), b"");
    assert_eq!(easel.paint(at(None)), b"\x1b[?25l");
    assert_eq!(easel.paint(at(None)), b"");
}

#[test]
fn a_control_in_a_cell_does_not_get_through() {
    let mut easel = Easel::new(12, 4);
    let bytes = easel.paint(|buffer| {
        buffer[(0, 0)].set_symbol("\u{1b}]0;owned\u{7}");
        buffer[(0, 1)].set_symbol("\u{9b}");
        None
    });
    assert_eq!(bytes, b"\x1b[H?\r\n?");
}

#[test]
fn what_a_wide_character_covered_is_drawn_when_it_goes() {
    let mut easel = Easel::new(12, 4);
    for wide in [true, false] {
        easel.paint(|buffer| {
            buffer.set_string(6, 1, if wide { "漢" } else { "x" }, Style::default());
            buffer[(7, 1)].set_symbol("y");
            None
        });
    }
    assert_eq!(easel.terminal.screen().contents().trim(), "xy");
}

#[test]
fn a_painter_that_forgets_draws_over_whatever_stands_there_at_the_size_of_now() {
    let mut easel = Easel::new(12, 4);
    let frame = list(40, 10, 9, true);
    easel.paint_frame(&list(12, 4, 3, true));
    easel.terminal.process(b"\x1b[41m\x1b[2;3rvandal");
    easel.terminal.screen_mut().set_size(10, 40);
    easel.painter.sink_mut().size = (40, 10);
    easel.painter.forget();
    easel.paint_frame(&frame);
    assert_eq!(easel.wrong_cell(&frame), None);
}

#[test]
fn a_new_row_on_top_of_a_list_costs_that_row() {
    for (width, height, truecolor, most) in [
        (80, 24, true, 200),
        (80, 24, false, 150),
        (160, 48, true, 200),
        (160, 48, false, 150),
    ] {
        let mut easel = Easel::new(width, height);
        easel.paint_frame(&list(width, height, 500, truecolor));
        for newest in 501..530 {
            let frame = list(width, height, newest, truecolor);
            let bytes = easel.paint_frame(&frame);
            assert_eq!(easel.wrong_cell(&frame), None);
            assert!(
                bytes.len() <= most,
                "{width}x{height}: {} bytes",
                bytes.len()
            );
        }
    }
}

#[test]
fn where_rows_may_not_be_moved_none_is() {
    let mut easel = Easel::new(80, 24);
    easel.painter.set_policy(PLAIN);
    easel.paint_frame(&list(80, 24, 500, true));
    let frame = list(80, 24, 501, true);
    let bytes = easel.paint_frame(&frame);
    assert_eq!(easel.wrong_cell(&frame), None);
    assert!(
        bytes.len() > 500 && !bytes.contains(&b'r'),
        "{} bytes",
        bytes.len()
    );
}

#[test]
fn the_rest_of_a_row_is_erased_and_not_written_over() {
    let mut easel = Easel::new(80, 2);
    let row = |text: &'static str| {
        move |buffer: &mut Buffer| {
            buffer.set_string(0, 0, text, Style::default().bg(Color::Blue));
            None
        }
    };
    easel.paint(row("a long row of words upon a background"));
    assert_eq!(easel.paint(row("a")), b"\x1b[36D\x1b[m\x1b[K");
}

#[test]
fn the_text_of_the_screen_is_its_rows_without_what_wide_characters_cover() {
    let mut easel = Easel::new(10, 3);
    easel.paint(|buffer| {
        buffer.set_string(0, 0, "漢字 ok", Style::default());
        buffer[(2, 2)].set_symbol("\u{1b}");
        None
    });
    assert_eq!(easel.painter.text(), "漢字 ok\n\n  ?\n");
}

#[test]
fn only_a_long_frame_is_synchronized_and_never_a_clear_with_it() {
    let mut easel = Easel::new(80, 24);
    easel.painter.set_policy(Policy {
        synchronize: true,
        ..SCROLLING
    });
    easel.painter.forget();
    let long = String::from_utf8(easel.paint_frame(&list(80, 24, 500, true))).unwrap();
    let (before, frame) = long.split_once("\u{1b}[?2026h").unwrap();
    assert_eq!(before, "\u{1b}[0m\u{1b}[?25l\u{1b}[r\u{1b}[2J");
    assert!(frame.ends_with("\u{1b}[?2026l") && !frame.contains("\u{1b}[2J"));
    let short = easel.paint_frame(&list(80, 24, 501, true));
    assert!(!short.is_empty() && !short.windows(5).any(|bytes| bytes == b"?2026"));
}

/// What may happen to a screen between two frames.
#[derive(Clone, Debug)]
enum Change {
    /// Text is written.
    Write(u16, u16, String, u8),
    /// The rows from one to another move down, or up.
    Move(u16, u16, i16),
    /// A row is emptied from a column on.
    Erase(u16, u16),
    /// Part of a row is shaded.
    Shade(u16, u16, u16, u8),
}

const WIDTH: u16 = 14;
const HEIGHT: u16 = 8;

fn style(choice: u8) -> Style {
    match choice % 7 {
        0 => Style::default(),
        1 => Style::default().fg(Color::Green),
        2 => Style::default().add_modifier(Modifier::REVERSED | Modifier::BOLD),
        3 => Style::default().bg(Color::Indexed(3)).fg(Color::LightBlue),
        4 => Style::default()
            .fg(Color::Green)
            .add_modifier(Modifier::DIM),
        5 => Style::default().bg(Color::Rgb(1, 2, 3)),
        _ => Style::default()
            .fg(Color::Rgb(10, 20, 30))
            .add_modifier(Modifier::UNDERLINED | Modifier::ITALIC),
    }
}

fn change() -> impl Strategy<Value = Change> {
    let (x, y) = (0..WIDTH, 0..HEIGHT);
    prop_oneof![
        4 => (x.clone(), y.clone(), "[a-z ü漢🦀\u{1b}\u{301}]{0,14}", any::<u8>())
            .prop_map(|(x, y, text, look)| Change::Write(x, y, text, look)),
        2 => (y.clone(), y.clone(), -3_i16..=3).prop_map(|(top, end, by)| Change::Move(top, end, by)),
        1 => (x.clone(), y.clone()).prop_map(|(x, y)| Change::Erase(x, y)),
        1 => (x.clone(), y, x, any::<u8>())
            .prop_map(|(x, y, width, look)| Change::Shade(x, y, width, look)),
    ]
}

fn apply(frame: &mut Buffer, change: &Change) {
    match change {
        Change::Write(x, y, text, look) => {
            frame.set_string(*x, *y, text, style(*look));
        }
        Change::Move(top, end, by) => {
            let (top, end) = (top.min(end), top.max(end));
            let before = frame.clone();
            for y in *top..*end {
                let from = y.saturating_add_signed(*by).min(HEIGHT - 1);
                for x in 0..WIDTH {
                    frame[(x, y)] = before[(x, from)].clone();
                }
            }
        }
        Change::Erase(x, y) => {
            for x in *x..WIDTH {
                frame[(x, *y)].reset();
            }
        }
        Change::Shade(x, y, width, look) => {
            let area = Rect::new(*x, *y, *width, 1).intersection(frame.area);
            frame.set_style(area, style(*look));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_terminal_shows_what_was_drawn(
        frames in proptest::collection::vec(proptest::collection::vec(change(), 0..7), 1..10)
    ) {
        let mut scrolling = Easel::new(WIDTH, HEIGHT);
        let mut plain = Easel::new(WIDTH, HEIGHT);
        plain.painter.set_policy(PLAIN);
        let mut frame = Buffer::empty(Rect::new(0, 0, WIDTH, HEIGHT));
        for changes in &frames {
            for change in changes {
                apply(&mut frame, change);
            }
            for easel in [&mut scrolling, &mut plain] {
                easel.paint_frame(&frame);
                prop_assert_eq!(easel.wrong_cell(&frame), None);
                prop_assert_eq!(easel.paint_frame(&frame), b"", "the same again");
            }
        }
    }
}
