//! Styles as the terminal's "select graphic rendition" sequences, as short as they go.

use ratatui::style::{Color, Modifier};

/// How text looks: what a cell says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    /// Foreground.
    pub fg: Color,
    /// Background.
    pub bg: Color,
    /// Bold, reverse and the like.
    pub modifier: Modifier,
}

impl Look {
    /// What a terminal draws after a reset.
    pub(crate) const PLAIN: Self = Self {
        fg: Color::Reset,
        bg: Color::Reset,
        modifier: Modifier::empty(),
    };
}

/// Modifiers that are drawn.
pub(super) const DRAWN: Modifier = Modifier::BOLD
    .union(Modifier::DIM)
    .union(Modifier::ITALIC)
    .union(Modifier::UNDERLINED)
    .union(Modifier::REVERSED)
    .union(Modifier::CROSSED_OUT);

/// Their codes.
const MODIFIERS: [(Modifier, &str); 6] = [
    (Modifier::BOLD, "1"),
    (Modifier::DIM, "2"),
    (Modifier::ITALIC, "3"),
    (Modifier::UNDERLINED, "4"),
    (Modifier::REVERSED, "7"),
    (Modifier::CROSSED_OUT, "9"),
];

/// Appends what turns `from` into `to`; nothing when they are the same.
pub(crate) fn push_change(out: &mut Vec<u8>, from: Look, to: Look) {
    if from == to {
        return;
    }
    let after_reset = codes(Look::PLAIN, to);
    let reset = if after_reset.is_empty() {
        "\x1b[m".to_owned()
    } else {
        format!("\x1b[0;{after_reset}m")
    };
    // Taking a modifier away needs a reset: the codes for it differ between terminals.
    let kept = to.modifier.contains(from.modifier);
    let change = kept.then(|| format!("\x1b[{}m", codes(from, to)));
    let shorter = change.filter(|change| change.len() <= reset.len());
    out.extend_from_slice(shorter.unwrap_or(reset).as_bytes());
}

/// The codes of what `to` has and `from` has not.
fn codes(from: Look, to: Look) -> String {
    let mut codes: Vec<String> = Vec::new();
    for (modifier, code) in MODIFIERS {
        if to.modifier.contains(modifier) && !from.modifier.contains(modifier) {
            codes.push(code.to_owned());
        }
    }
    if to.fg != from.fg {
        codes.push(color_code(to.fg, 30));
    }
    if to.bg != from.bg {
        codes.push(color_code(to.bg, 40));
    }
    codes.join(";")
}

/// The code of a colour; `base` is 30 for the foreground and 40 for the background.
fn color_code(color: Color, base: u8) -> String {
    let basic = |number: u8| format!("{}", base + number);
    let bright = |number: u8| format!("{}", base + 60 + number);
    match color {
        Color::Reset => format!("{}", base + 9),
        Color::Black => basic(0),
        Color::Red => basic(1),
        Color::Green => basic(2),
        Color::Yellow => basic(3),
        Color::Blue => basic(4),
        Color::Magenta => basic(5),
        Color::Cyan => basic(6),
        Color::Gray => basic(7),
        Color::DarkGray => bright(0),
        Color::LightRed => bright(1),
        Color::LightGreen => bright(2),
        Color::LightYellow => bright(3),
        Color::LightBlue => bright(4),
        Color::LightMagenta => bright(5),
        Color::LightCyan => bright(6),
        Color::White => bright(7),
        Color::Indexed(index) => format!("{};5;{index}", base + 8),
        Color::Rgb(red, green, blue) => format!("{};2;{red};{green};{blue}", base + 8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(from: Look, to: Look) -> String {
        let mut out = Vec::new();
        push_change(&mut out, from, to);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn only_what_differs_is_said() {
        let red = Look {
            fg: Color::Red,
            modifier: Modifier::BOLD,
            ..Look::PLAIN
        };
        assert_eq!(change(Look::PLAIN, Look::PLAIN), "");
        assert_eq!(change(Look::PLAIN, red), "\x1b[1;31m");
        assert_eq!(change(red, Look::PLAIN), "\x1b[m");
        let blue = Look {
            fg: Color::Rgb(1, 2, 3),
            ..red
        };
        assert_eq!(change(red, blue), "\x1b[38;2;1;2;3m");
        let on_light = Look {
            bg: Color::White,
            fg: Color::Reset,
            ..red
        };
        assert_eq!(change(red, on_light), "\x1b[39;107m");
        let thin = Look {
            modifier: Modifier::empty(),
            ..red
        };
        assert_eq!(change(red, thin), "\x1b[0;31m");
        assert_eq!(change(thin, Look::PLAIN), "\x1b[m");
    }
}
