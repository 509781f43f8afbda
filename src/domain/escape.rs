//! Untrusted text made safe to show (promise P6): what a receiver, publisher or consumer controls is printed, drawn
//! and logged only through here.
//!
//! **Promise.** What comes out holds no C0 or C1 control, no escape sequence, no bidirectional control and no
//! invisible character, and no cluster of combining marks that spills over its neighbours; it is what a terminal
//! shows, character by character. A control becomes a visible escape: `\n`, `\x1b`, `\u{202e}`. A backslash of the
//! text stands for itself, so this is for reading, not for reading back; [`json`] is exact.

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthChar;

/// Code points that one grapheme may have: the longest in living use (Indic conjuncts, flags of regions) need fewer.
const GRAPHEME_CHARS_MAX: usize = 8;

/// What a tab becomes where lines are kept.
const TAB: &str = "    ";

/// `text` on one line: line breaks and tabs become `\n`, `\r` and `\t`.
pub fn line(text: &str) -> Cow<'_, str> {
    if text.bytes().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    push_line(&mut shown, text);
    Cow::Owned(shown)
}

/// `text` with its line feeds kept and each tab as four spaces; all else as [`line()`].
pub fn block(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| is_plain(byte) || byte == b'\n') {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for (index, part) in text.split('\n').enumerate() {
        if index > 0 {
            shown.push('\n');
        }
        for (index, piece) in part.split('\t').enumerate() {
            if index > 0 {
                shown.push_str(TAB);
            }
            push_line(&mut shown, piece);
        }
    }
    Cow::Owned(shown)
}

/// Valid JSON text with every character that is not safe to show as `\uXXXX`: the same value, to the letter.
pub fn json(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| is_plain(byte) || byte == b'\n') {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        // White space stands only between values: inside of strings JSON has it escaped.
        if matches!(character, '\r' | '\t') {
            shown.push(' ');
        } else if character != '\n' && is_hazard(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                push_format(&mut shown, format_args!("\\u{unit:04x}"));
            }
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// Bytes of a body or a header: UTF-8 as [`line()`], and every byte that is not as `\xNN`.
pub fn bytes_line(bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        push_line(&mut shown, chunk.valid());
        for byte in chunk.invalid() {
            push_format(&mut shown, format_args!("\\x{byte:02x}"));
        }
    }
    shown
}

/// Bytes of a body with their line feeds kept: UTF-8 as [`block`], and every byte that is not as `\xNN`.
pub fn bytes_block(bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        shown.push_str(&block(chunk.valid()));
        for byte in chunk.invalid() {
            push_format(&mut shown, format_args!("\\x{byte:02x}"));
        }
    }
    shown
}

/// Whether a terminal, or a reader's eye, could be misled by this character.
pub fn is_hazard(character: char) -> bool {
    character.is_control()
        || matches!(character,
            // Bidirectional controls.
            '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}'
            // Zero width, fillers, and what is drawn as nothing.
            | '\u{00ad}' | '\u{034f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0e}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
            // Line and paragraph separators.
            | '\u{2028}' | '\u{2029}')
}

const fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~')
}

fn push_line(shown: &mut String, text: &str) {
    for grapheme in text.graphemes(true) {
        for (index, character) in grapheme.chars().enumerate() {
            // A mark without a base would sit on whatever stands before it on the screen.
            let lone_mark = index == 0 && character.width() == Some(0);
            if is_hazard(character) || lone_mark || index >= GRAPHEME_CHARS_MAX {
                push_escape(shown, character);
            } else {
                shown.push(character);
            }
        }
    }
}

fn push_escape(shown: &mut String, character: char) {
    match character {
        '\n' => shown.push_str("\\n"),
        '\r' => shown.push_str("\\r"),
        '\t' => shown.push_str("\\t"),
        _ if u32::from(character) < 0x80 => {
            push_format(shown, format_args!("\\x{:02x}", u32::from(character)));
        }
        _ => push_format(shown, format_args!("\\u{{{:x}}}", u32::from(character))),
    }
}

fn push_format(shown: &mut String, arguments: std::fmt::Arguments<'_>) {
    shown
        .write_fmt(arguments)
        .expect("writing to a String does not fail");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_text_is_passed_on_without_a_copy() {
        assert!(matches!(line(r#"{"a": "\n"}"#), Cow::Borrowed(_)));
        assert!(matches!(block("two\nlines"), Cow::Borrowed(_)));
    }

    #[test]
    fn what_moves_the_cursor_or_the_eye_becomes_visible() {
        let check = |text: &str, expected: &str| assert_eq!(line(text), expected);
        check("\u{1b}[2J\u{7}", "\\x1b[2J\\x07");
        check("a\r\nb\tc\u{0}", "a\\r\\nb\\tc\\x00");
        check("\u{7f}\u{9b}31m", "\\x7f\\u{9b}31m");
        check("gnp.\u{202e}exe", "gnp.\\u{202e}exe");
        check("\u{2066}x\u{2069}", "\\u{2066}x\\u{2069}");
        check("pay\u{200b}pal\u{feff}", "pay\\u{200b}pal\\u{feff}");
        check("a\u{e0041}", "a\\u{e0041}");
        check("Grüße, 東京 ✓ e\u{301}", "Grüße, 東京 ✓ e\u{301}");
    }

    #[test]
    fn marks_cannot_be_piled_up_nor_put_on_the_text_before() {
        let pile = format!("e{}", "\u{301}".repeat(20));
        let shown = line(&pile).into_owned();
        assert_eq!(
            shown.chars().take_while(|&c| c != '\\').count(),
            GRAPHEME_CHARS_MAX
        );
        assert_eq!(shown.matches("\\u{301}").count(), 21 - GRAPHEME_CHARS_MAX);
        assert_eq!(line("\u{301}x"), "\\u{301}x");
    }

    #[test]
    fn a_block_keeps_line_feeds_and_nothing_else() {
        assert_eq!(block("a\n\tb\r\n\u{1b}c"), "a\n    b\\r\n\\x1bc");
    }

    #[test]
    fn bytes_that_are_no_text_are_shown_as_numbers() {
        assert_eq!(bytes_line(b"a\xff\x1b\nb"), "a\\xff\\x1b\\nb");
        assert_eq!(bytes_block(b"a\xff\nb"), "a\\xff\nb");
    }

    #[test]
    fn json_stays_the_same_value() {
        let value = serde_json::json!({"k\u{9b}": "\u{202e}x\u{7f}\u{e0041}\n"});
        let text = serde_json::to_string_pretty(&value)
            .unwrap()
            .replace('\n', "\r\n\t");
        let shown = json(&text);
        assert!(!shown.chars().any(|c| c != '\n' && is_hazard(c)), "{shown}");
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&shown).unwrap(),
            value
        );
    }

    proptest! {
        #[test]
        fn nothing_hazardous_comes_out(text: String) {
            prop_assert!(!line(&text).chars().any(is_hazard));
            prop_assert!(!block(&text).chars().any(|c| c != '\n' && is_hazard(c)));
            prop_assert!(!bytes_line(text.as_bytes()).chars().any(is_hazard));
        }

        #[test]
        fn controls_in_any_mixture_never_come_out(text in "[\\x00-\\x1f\\x7f-\\u{9f}\\u{200b}-\\u{206f}a-z\\u{300}-\\u{310}]{0,60}") {
            prop_assert!(!line(&text).chars().any(is_hazard));
        }
    }
}
