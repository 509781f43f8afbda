//! From a terminal's bytes to keys and pastes.
//!
//! **Promise.** Any bytes in any pieces: never a panic, never unbounded memory, and a sequence that is cut in two
//! reads as one key. A lone escape is a key only when [`KeyBytes::settle`] says that nothing follows. Of the terminal's
//! replies the one on its background is told; others, and sequences that no key of ours has, are dropped.

use super::key::{Key, KeyCode};
use crate::console::term::background;
use crate::console::theme::Appearance;

/// Bytes of one paste that are kept: a filter line is far shorter.
const PASTE_BYTES_MAX: usize = 16 * 1024;
/// Bytes of an escape sequence; a longer one is no key.
const SEQUENCE_BYTES_MAX: usize = 64;
const PASTE_BEGIN: &[u8] = b"\x1b[200~";
const PASTE_END: &[u8] = b"\x1b[201~";

/// What the terminal's bytes meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted; it never acts.
    Paste(String),
    /// The terminal told its background.
    Background(Appearance),
}

/// Collects bytes until they are keys.
#[derive(Debug, Default)]
pub(crate) struct KeyBytes {
    buffer: Vec<u8>,
    /// The text of a paste whose end has not come.
    paste: Option<Vec<u8>>,
}

/// What stands at the front of the buffer.
enum Front {
    /// A key of so many bytes; `None` for a sequence that is none.
    Key(Option<Key>, usize),
    PasteBegin,
    /// Word of the background, in so many bytes.
    Background(Appearance, usize),
    Incomplete,
}

impl KeyBytes {
    /// Takes bytes and gives the keys that they complete.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Vec<Typed> {
        self.buffer.extend_from_slice(bytes);
        self.drain(false)
    }

    /// Whether bytes wait for others that may never come.
    pub(crate) fn is_waiting(&self) -> bool {
        self.paste.is_none() && !self.buffer.is_empty() && !is_answer(&self.buffer)
    }

    /// Nothing followed for a while: what waits is a key by itself, or nothing.
    pub(crate) fn settle(&mut self) -> Vec<Typed> {
        self.drain(true)
    }

    fn drain(&mut self, settled: bool) -> Vec<Typed> {
        let mut typed = Vec::new();
        loop {
            if self.paste.is_some() {
                match self.take_paste() {
                    Some(text) => typed.push(Typed::Paste(text)),
                    None => return typed,
                }
            }
            match front(&self.buffer, settled) {
                Front::Incomplete => return typed,
                Front::PasteBegin => {
                    self.buffer.drain(..PASTE_BEGIN.len());
                    self.paste = Some(Vec::new());
                }
                Front::Key(key, length) => {
                    self.buffer.drain(..length);
                    typed.extend(key.map(Typed::Key));
                }
                Front::Background(background, length) => {
                    self.buffer.drain(..length);
                    typed.push(Typed::Background(background));
                }
            }
        }
    }

    /// Moves bytes into the open paste; its text once its end is here.
    fn take_paste(&mut self) -> Option<String> {
        let mut paste = self.paste.take()?;
        let end = self
            .buffer
            .windows(PASTE_END.len())
            .position(|window| window == PASTE_END);
        // Without an end, what could be its beginning stays.
        let taken = end.unwrap_or(self.buffer.len().saturating_sub(PASTE_END.len() - 1));
        let room = PASTE_BYTES_MAX.saturating_sub(paste.len());
        paste.extend(self.buffer.drain(..taken).take(room));
        if end.is_some() {
            self.buffer.drain(..PASTE_END.len());
            return Some(String::from_utf8_lossy(&paste).into_owned());
        }
        self.paste = Some(paste);
        None
    }
}

fn front(bytes: &[u8], settled: bool) -> Front {
    match bytes {
        [] => Front::Incomplete,
        [0x1b] if settled => Front::Key(Some(Key::plain(KeyCode::Esc)), 1),
        [0x1b] => Front::Incomplete,
        [0x1b, 0x1b, ..] => Front::Key(Some(Key::plain(KeyCode::Esc)), 1),
        [0x1b, b'[', rest @ ..] => control_sequence(bytes, rest, settled),
        [0x1b, b'O', rest @ ..] => match rest {
            [] => cut_short(settled, bytes.len()),
            // A sequence broke off and another began.
            [0x1b, ..] => Front::Key(None, 2),
            [last, ..] => Front::Key(cursor_key(*last), 3),
        },
        // Replies of the terminal: they end with a bell or with ESC \.
        [0x1b, b']' | b'P' | b'_' | b'^', rest @ ..] => match string_end(rest) {
            Some(end) => reply(bytes, 2 + end),
            // The rest of an answer comes however late, and is no key.
            None => cut_short(settled && !is_answer(bytes), bytes.len()),
        },
        [0x1b, rest @ ..] => match character(rest, settled) {
            Front::Key(key, length) => {
                Front::Key(key.map(|key| Key { alt: true, ..key }), length + 1)
            }
            other => other,
        },
        _ => character(bytes, settled),
    }
}

/// An unfinished sequence: wait, unless nothing follows or it is too long to be one; then it is dropped whole.
fn cut_short(settled: bool, length: usize) -> Front {
    if settled || length > SEQUENCE_BYTES_MAX {
        Front::Key(None, length)
    } else {
        Front::Incomplete
    }
}

/// Whether these bytes begin an answer on the background.
fn is_answer(bytes: &[u8]) -> bool {
    bytes.starts_with(background::ANSWER)
}

/// A reply of so many bytes.
fn reply(bytes: &[u8], length: usize) -> Front {
    let text = bytes[..length].strip_prefix(background::ANSWER);
    let text = text.and_then(|text| text.strip_suffix(b"\x07").or(text.strip_suffix(b"\x1b\\")));
    match text.and_then(background::answer) {
        Some(background) => Front::Background(background, length),
        None => Front::Key(None, length),
    }
}

fn string_end(bytes: &[u8]) -> Option<usize> {
    let bell = bytes.iter().position(|&byte| byte == 0x07).map(|at| at + 1);
    let terminator = bytes
        .windows(2)
        .position(|pair| pair == b"\x1b\\")
        .map(|at| at + 2);
    match (bell, terminator) {
        (Some(bell), Some(terminator)) => Some(bell.min(terminator)),
        (bell, terminator) => bell.or(terminator),
    }
}

/// `ESC [` parameters and a final byte.
fn control_sequence(bytes: &[u8], rest: &[u8], settled: bool) -> Front {
    if bytes.starts_with(PASTE_BEGIN) {
        return Front::PasteBegin;
    }
    let Some(end) = rest.iter().position(|byte| !matches!(byte, 0x20..=0x3f)) else {
        return cut_short(settled, bytes.len());
    };
    if rest[end] == 0x1b {
        // A sequence broke off and another began.
        return Front::Key(None, 2 + end);
    }
    if end == 0 && rest[0] == b'[' {
        // The consoles of Linux send F1 to F5 with a letter behind a second bracket.
        return match rest.get(1) {
            None => cut_short(settled, bytes.len()),
            Some(b'A') => Front::Key(Some(Key::plain(KeyCode::F1)), 4),
            Some(b'B'..=b'E') => Front::Key(None, 4),
            Some(_) => Front::Key(None, 3),
        };
    }
    let length = 2 + end + 1;
    let parameters = String::from_utf8_lossy(&rest[..end]).into_owned();
    if rest[end] == b'n'
        && let Some(background) = background::change(&parameters)
    {
        return Front::Background(background, length);
    }
    let mut numbers = parameters
        .split(';')
        .map(|number| number.parse::<u16>().unwrap_or(0));
    let first = numbers.next().unwrap_or(0);
    let modifiers = numbers.next().unwrap_or(1).saturating_sub(1);
    let key = match rest[end] {
        b'~' => match first {
            1 | 7 => Some(Key::plain(KeyCode::Home)),
            3 => Some(Key::plain(KeyCode::Delete)),
            4 | 8 => Some(Key::plain(KeyCode::End)),
            5 => Some(Key::plain(KeyCode::PageUp)),
            6 => Some(Key::plain(KeyCode::PageDown)),
            11 => Some(Key::plain(KeyCode::F1)),
            _ => None,
        },
        b'Z' => Some(Key::plain(KeyCode::BackTab)),
        last => cursor_key(last),
    };
    let key = key.map(|key| Key {
        alt: modifiers & 2 != 0,
        ctrl: modifiers & 4 != 0,
        ..key
    });
    Front::Key(key, length)
}

fn cursor_key(last: u8) -> Option<Key> {
    let code = match last {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        b'M' => KeyCode::Enter,
        b'P' => KeyCode::F1,
        _ => return None,
    };
    Some(Key::plain(code))
}

/// A control byte or a UTF-8 character.
fn character(bytes: &[u8], settled: bool) -> Front {
    let first = bytes[0];
    let key = match first {
        b'\r' | b'\n' => Key::plain(KeyCode::Enter),
        b'\t' => Key::plain(KeyCode::Tab),
        0x7f | 0x08 => Key::plain(KeyCode::Backspace),
        0x00 => Key::ctrl(' '),
        0x01..=0x1a => Key::ctrl(char::from(first - 1 + b'a')),
        0x1b => Key::plain(KeyCode::Esc),
        0x1c..=0x1f => Key::ctrl(char::from(first - 0x1c + b'4')),
        0x20..=0x7e => Key::char(char::from(first)),
        _ => return utf8(bytes, settled),
    };
    Front::Key(Some(key), 1)
}

fn utf8(bytes: &[u8], settled: bool) -> Front {
    let wanted = match bytes[0] {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Front::Key(None, 1),
    };
    if bytes.len() < wanted {
        return if settled {
            Front::Key(None, bytes.len())
        } else {
            Front::Incomplete
        };
    }
    match std::str::from_utf8(&bytes[..wanted]) {
        Ok(text) => {
            let key = text
                .chars()
                .next()
                .filter(|character| !character.is_control());
            Front::Key(key.map(Key::char), wanted)
        }
        Err(_) => Front::Key(None, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keys(bytes: &[u8]) -> Vec<String> {
        let mut reader = KeyBytes::default();
        let mut typed = reader.feed(bytes);
        typed.extend(reader.settle());
        typed
            .into_iter()
            .map(|typed| match typed {
                Typed::Key(key) => key.to_string(),
                Typed::Paste(text) => format!("paste:{text}"),
                Typed::Background(background) => format!("background:{}", background.as_str()),
            })
            .collect()
    }

    #[test]
    fn bytes_become_keys() {
        for (bytes, expected) in [
            (b"jG\r".as_slice(), vec!["j", "G", "enter"]),
            (b"\x04\x1a\x7f", vec!["ctrl-d", "ctrl-z", "backspace"]),
            (
                b"\x1b[A\x1bOB\x1b[5~\x1b[H",
                vec!["up", "down", "pgup", "home"],
            ),
            (
                b"\x1b[1;5C\x1bb\x1b[Z",
                vec!["ctrl-right", "alt-b", "shift-tab"],
            ),
            (b"\x1b", vec!["esc"]),
            (b"\x1b\x1b[A", vec!["esc", "up"]),
            ("é漢".as_bytes(), vec!["é", "漢"]),
            (
                b"\x1b[200~r\x1b[Ay\r\x1b[201~q",
                vec!["paste:r\u{1b}[Ay\r", "q"],
            ),
            (
                b"\x1b]11;rgb:00/00/00\x07x\x1bP>|tmux\x1b\\y",
                vec!["background:dark", "x", "y"],
            ),
            (
                b"\x1b[?997;2n\x1b]11;rgb:ffff/ffff/ffff\x1b\\\x1b]11;no\x07\x1b]10;rgb:0/0/0\x07z",
                vec!["background:light", "background:light", "z"],
            ),
            (b"\x1b[?1;2cz\xff\xc3", vec!["z"]),
            (b"\x1b[1\x1b[B", vec!["down"]),
            (b"\x1bO\x1b[B", vec!["down"]),
            (
                b"\x1bOP\x1b[11~\x1b[[A\x1b[[Bx",
                vec!["f1", "f1", "f1", "x"],
            ),
        ] {
            assert_eq!(keys(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn an_answer_that_comes_in_pieces_with_long_waits_is_no_key() {
        let mut reader = KeyBytes::default();
        for piece in ["\x1b]11;rg", "b:ff/ff", "/ff"] {
            assert_eq!(reader.feed(piece.as_bytes()), []);
            assert!(!reader.is_waiting());
            assert_eq!(reader.settle(), []);
        }
        let typed = reader.feed(b"\x1b\\j");
        assert_eq!(
            typed,
            [
                Typed::Background(Appearance::Light),
                Typed::Key(Key::char('j'))
            ]
        );
    }

    #[test]
    fn a_paste_keeps_no_more_than_its_bound() {
        let mut reader = KeyBytes::default();
        assert_eq!(reader.feed(b"\x1b[200~"), []);
        for _ in 0..100 {
            assert_eq!(reader.feed(&[b'x'; 1_000]), []);
        }
        let typed = reader.feed(b"\x1b[201~");
        assert!(matches!(&typed[..], [Typed::Paste(text)] if text.len() == PASTE_BYTES_MAX));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn cuts_change_nothing(bytes in proptest::collection::vec(prop_oneof![
            Just(0x1b_u8), Just(b'['), Just(b'~'), Just(b'2'), Just(b'0'), Just(b'1'), Just(b';'), any::<u8>()
        ], 0..60), cut in 0_usize..60) {
            let mut whole = KeyBytes::default();
            let mut expected = whole.feed(&bytes);
            expected.extend(whole.settle());
            let cut = cut.min(bytes.len());
            let mut pieces = KeyBytes::default();
            let mut typed = pieces.feed(&bytes[..cut]);
            typed.extend(pieces.feed(&bytes[cut..]));
            typed.extend(pieces.settle());
            prop_assert_eq!(typed, expected);
            prop_assert!(!pieces.is_waiting());
        }
    }
}
