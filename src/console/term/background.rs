//! What lies behind the text: asks the terminal for its background, and reads its answer, so that a console for which no
//! theme was named has one that fits.
//!
//! It is asked by OSC 11 after the first frame, never waited for, and may answer at any time: tmux and lines over ssh have
//! held up consoles that wait. Mode 2031 has the terminal say by itself when it changes between dark and light.

use std::time::Duration;

use crate::console::input::bytes::Typed;
use crate::console::theme::Appearance;

/// What asks for the background, and for word of changes.
const ASK: &[u8] = b"\x1b]11;?\x1b\\\x1b[?2031h";
/// How an answer begins.
pub(crate) const ANSWER: &[u8] = b"\x1b]11;";
/// What is behind the `ESC [` of word of a change before its final `n`.
const CHANGED: &str = "?997;";
/// So long after the question an answer may still be on its way: whoever reads the terminal next would get it as keys.
const ON_ITS_WAY: Duration = Duration::from_millis(500);

/// The question to the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BackgroundQuestion {
    /// Is not asked: the theme is given.
    Needless,
    /// Goes with the frame after the next one, which it does not hold up.
    Due,
    /// Goes with the next frame.
    Ready,
    /// Was asked at that time, and is not answered.
    Asked(Duration),
    /// Is answered.
    Answered,
}

impl BackgroundQuestion {
    /// What a frame that is drawn now has to ask.
    pub(crate) fn ask(&mut self, now: Duration) -> Option<&'static [u8]> {
        match self {
            Self::Due => {
                *self = Self::Ready;
                None
            }
            Self::Ready => {
                *self = Self::Asked(now);
                Some(ASK)
            }
            Self::Needless | Self::Asked(_) | Self::Answered => None,
        }
    }

    /// The terminal was somebody else's: it has forgotten what it was asked for.
    pub(crate) fn renew(&mut self) {
        if *self != Self::Needless {
            *self = Self::Due;
        }
    }

    /// Something came from the terminal; it may be the answer.
    pub(crate) fn hear(&mut self, typed: &Typed) {
        if let (Self::Asked(_), Typed::Background(_)) = (&*self, typed) {
            *self = Self::Answered;
        }
    }

    /// How long an answer has to be waited for before somebody else reads the terminal.
    pub(crate) fn owed(self, now: Duration) -> Option<Duration> {
        match self {
            Self::Asked(at) => ON_ITS_WAY.checked_sub(now.saturating_sub(at)),
            Self::Needless | Self::Due | Self::Ready | Self::Answered => None,
        }
    }
}

/// The background that the text of an OSC 11 answer tells, `rgb:16/18/1d` with one to four digits a channel; `None` for
/// anything else.
pub(crate) fn answer(text: &[u8]) -> Option<Appearance> {
    let text = std::str::from_utf8(text).ok()?;
    let channels = text
        .strip_prefix("rgb:")
        .or_else(|| Some(text.strip_prefix("rgba:")?.rsplit_once('/')?.0))?;
    let mut channels = channels.split('/').map(|digits| {
        let most = match digits.len() {
            length @ 1..=4 => (1_u32 << (4 * length)) - 1,
            _ => return None,
        };
        let value = u32::from_str_radix(digits, 16).ok()?;
        u8::try_from(value * 255 / most).ok()
    });
    let color = [channels.next()??, channels.next()??, channels.next()??];
    let whole = channels.next().is_none();
    whole.then(|| Appearance::of(color))
}

/// The background that the parameters of a sequence ending in `n` tell.
pub(crate) fn change(parameters: &str) -> Option<Appearance> {
    match parameters.strip_prefix(CHANGED)? {
        "1" => Some(Appearance::Dark),
        "2" => Some(Appearance::Light),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_dark_or_light_or_none() {
        for (text, expected) in [
            ("rgb:1616/1818/1d1d", Some(Appearance::Dark)),
            ("rgb:fb/fb/f8", Some(Appearance::Light)),
            ("rgb:f/f/f", Some(Appearance::Light)),
            ("rgba:0000/0000/0000/ffff", Some(Appearance::Dark)),
            ("rgb:fffff/0/0", None),
            ("rgb:ff/ff", None),
            ("rgb:ff/ff/ff/ff", None),
            ("rgb:+f/ff/gg", None),
            ("#ffffff", None),
            ("", None),
        ] {
            assert_eq!(answer(text.as_bytes()), expected, "{text}");
        }
        assert_eq!(answer(b"rgb:\xff/0/0"), None);
    }

    #[test]
    fn it_is_asked_once_and_again_after_somebody_else_had_the_terminal() {
        let second = Duration::from_secs(1);
        let mut question = BackgroundQuestion::Due;
        assert_eq!(question.ask(second), None, "the first frame goes alone");
        assert_eq!(question.owed(second), None, "nothing was asked yet");
        assert_eq!(question.ask(second), Some(ASK));
        assert_eq!(question.ask(second), None);
        assert_eq!(question.owed(second), Some(ON_ITS_WAY));
        assert_eq!(question.owed(3 * second), None, "nobody waits for ever");
        question.hear(&Typed::Paste("j".into()));
        assert_ne!(question.owed(second), None);
        question.hear(&Typed::Background(Appearance::Dark));
        assert_eq!(question.owed(second), None);
        question.renew();
        assert_eq!(question.ask(second), None);
        assert_eq!(question.ask(second), Some(ASK));
        let mut needless = BackgroundQuestion::Needless;
        needless.renew();
        assert_eq!(needless.ask(second), None);
        assert_eq!(needless.ask(second), None);
    }
}
