//! Keys that cannot be bound: others take them, or no terminal sends them.

use super::keymap::Strokes;
use crate::console::input::key::{Key, KeyCode};

/// Keys of one stroke after another; nobody remembers more.
const STROKES_MAX: usize = 4;

/// Keys that never come here, or mean something to whoever stands between, and why.
const TAKEN: [(&str, &str); 13] = [
    ("ctrl-a", "screen takes it for itself"),
    ("ctrl-b", "tmux takes it for itself"),
    (
        "ctrl-c",
        "it always leaves what is open, and twice it quits",
    ),
    ("ctrl-q", "terminals take it to go on with output"),
    ("ctrl-s", "terminals take it to stop output"),
    ("ctrl-\\", "terminals take it to kill a program"),
    (
        "ctrl-4",
        "terminals send it as ctrl-\\, which kills a program",
    ),
    (
        "ctrl-space",
        "many multiplexers and editors of input take it",
    ),
    ("ctrl-h", "terminals send it as backspace"),
    ("ctrl-i", "terminals send it as tab"),
    ("ctrl-j", "terminals send it as enter"),
    ("ctrl-m", "terminals send it as enter"),
    ("ctrl-[", "terminals send it as esc"),
];

/// Reads strokes such as `g d`.
///
/// # Errors
/// What is wrong with them, and what would be right.
pub(super) fn read_strokes(text: &str) -> Result<Strokes, String> {
    let names: Vec<&str> = text.split(' ').collect();
    if names.len() > STROKES_MAX {
        return Err(format!(
            "{text:?} has {} strokes: at most {STROKES_MAX} make a key",
            names.len()
        ));
    }
    let mut keys = Vec::new();
    for name in names {
        let Some(key) = Key::parse(name) else {
            return Err(format!(
                "{name:?} is no key: write one character, ctrl- or alt- before it, or one of {}, with one space \
                 between two strokes",
                Key::names().collect::<Vec<_>>().join(", ")
            ));
        };
        if let Some(why) = why_not(key) {
            return Err(format!("{key} cannot be bound: {why}"));
        }
        keys.push(key);
    }
    Ok(Strokes(keys))
}

/// Why a key cannot be bound; `None` for one that can.
pub(crate) fn why_not(key: Key) -> Option<String> {
    let taken = TAKEN.iter().find(|(name, _)| Key::parse(name) == Some(key));
    if let Some((_, why)) = taken {
        return Some((*why).to_owned());
    }
    let never = "no terminal sends it";
    match (key.code, key.ctrl, key.alt) {
        (KeyCode::Char(letter), true, _) if letter.is_ascii_uppercase() => Some(format!(
            "{never}: write ctrl-{}",
            letter.to_ascii_lowercase()
        )),
        (KeyCode::Char(letter), true, _) => {
            // Of the digits, those that stand for the last control characters.
            let is_sent = letter.is_ascii_lowercase() || ('5'..='7').contains(&letter);
            (!is_sent).then(|| never.to_owned())
        }
        (KeyCode::Char('[' | 'O' | ']' | 'P' | '_' | '^'), false, true) => {
            Some("with esc before it, it begins what a terminal sends by itself".to_owned())
        }
        (KeyCode::Char(letter), ..) => letter.is_control().then(|| never.to_owned()),
        (KeyCode::Enter | KeyCode::Esc | KeyCode::Tab | KeyCode::Backspace, true, _)
        | (KeyCode::Esc, _, true) => Some(never.to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::input::bytes::{KeyBytes, Typed};

    #[test]
    fn keys_that_others_take_are_refused_with_the_reason() {
        for (name, _) in TAKEN {
            let problem = read_strokes(name).unwrap_err();
            assert!(problem.contains("cannot be bound"), "{problem}");
        }
        assert_eq!(
            read_strokes("g ctrl-b").unwrap_err(),
            "ctrl-b cannot be bound: tmux takes it for itself"
        );
        assert_eq!(
            read_strokes("ctrl-D").unwrap_err(),
            "ctrl-D cannot be bound: no terminal sends it: write ctrl-d"
        );
        for never in ["ctrl-enter", "ctrl-é", "ctrl-1", "alt-[", "alt-esc"] {
            assert!(read_strokes(never).is_err(), "{never}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused_with_what_would_be_one() {
        for wrong in ["", "entr", "g  d", " g", "a b c d e"] {
            let problem = read_strokes(wrong).unwrap_err();
            assert!(
                problem.contains("is no key: write one character") || problem.contains("at most 4"),
                "{problem}"
            );
        }
        for right in [
            "g d",
            "space",
            "ctrl-w",
            "alt-x",
            "é",
            "shift-tab",
            "ctrl-left",
        ] {
            assert_eq!(read_strokes(right).unwrap().to_string(), right);
        }
    }

    #[test]
    fn every_control_byte_and_letter_that_a_terminal_sends_can_be_bound_unless_it_is_taken() {
        for byte in 0_u8..0x80 {
            let mut bytes = KeyBytes::default();
            let mut typed = bytes.feed(&[byte]);
            typed.extend(bytes.settle());
            for one in typed {
                let Typed::Key(key) = one else { continue };
                let taken = TAKEN.iter().any(|(name, _)| Key::parse(name) == Some(key));
                assert_eq!(why_not(key).is_some(), taken, "{key}");
            }
        }
    }
}
