//! What rings a terminal: BEL, and words for the desktop where nothing stands between that would take them for itself.

/// Characters of the words.
const WORDS_MAX: usize = 100;

/// BEL, inside tmux the window's flag; and with `words` a notification (OSC 9). They may be anybody's: what is not a
/// printable character of ASCII becomes a question mark, so that nothing in them ends the sequence or begins another, in
/// whichever character set a terminal reads them.
pub(crate) fn bell(words: Option<&str>) -> Vec<u8> {
    let mut bytes = b"\x07".to_vec();
    if let Some(words) = words {
        let plain = |letter: char| match letter {
            ' '..='~' => letter,
            _ => '?',
        };
        let words: String = words.chars().take(WORDS_MAX).map(plain).collect();
        // The words before it keep a text from being read as one of the numbered commands that some have under 9.
        bytes.extend_from_slice(format!("\x1b]9;hookyard: {words}\x07").as_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_the_words_are_there_are_two_bells_and_one_sequence() {
        for hostile in [
            "\u{7}\u{1b}]0;title\u{7}",
            "\u{1b}\\\u{9c}\u{90}1;2|",
            "\u{2028}\u{202e}é",
            &"x".repeat(10_000),
            "4;1;50",
            "",
        ] {
            let bytes = bell(Some(hostile));
            let (start, rest) = bytes.split_at(13);
            assert_eq!(start, b"\x07\x1b]9;hookyard".as_slice());
            let (end, words) = rest.split_last().unwrap();
            assert_eq!(*end, 7);
            assert!(words.len() <= 2 + WORDS_MAX);
            assert!(words.iter().all(|byte| (b' '..=b'~').contains(byte)));
        }
        assert_eq!(bell(None), b"\x07");
    }
}
