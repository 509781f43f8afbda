//! How many colours a terminal has, and the nearest one it has to a wanted one.

use ratatui::style::{Color, Style};

use super::super::options::TerminalTraits;

/// How many colours a terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// None: bold, reverse and underline only.
    Mono,
    /// The sixteen that every palette has.
    Sixteen,
    /// The 256 of xterm.
    Indexed,
    /// All.
    True,
}

/// The channel values of xterm's 6×6×6 cube.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// The sixteen colours as xterm draws them.
const BASIC: [(Color, [u8; 3]); 16] = [
    (Color::Black, [0, 0, 0]),
    (Color::Red, [205, 0, 0]),
    (Color::Green, [0, 205, 0]),
    (Color::Yellow, [205, 205, 0]),
    (Color::Blue, [0, 0, 238]),
    (Color::Magenta, [205, 0, 205]),
    (Color::Cyan, [0, 205, 205]),
    (Color::Gray, [229, 229, 229]),
    (Color::DarkGray, [127, 127, 127]),
    (Color::LightRed, [255, 0, 0]),
    (Color::LightGreen, [0, 255, 0]),
    (Color::LightYellow, [255, 255, 0]),
    (Color::LightBlue, [92, 92, 255]),
    (Color::LightMagenta, [255, 0, 255]),
    (Color::LightCyan, [0, 255, 255]),
    (Color::White, [255, 255, 255]),
];

impl Depth {
    /// What the environment promises, no more than sixteen where those are enough.
    pub fn of(traits: &TerminalTraits) -> Self {
        match Self::promised(traits) {
            Self::Indexed | Self::True if traits.few_colors => Self::Sixteen,
            depth => depth,
        }
    }

    fn promised(traits: &TerminalTraits) -> Self {
        let term = traits.term.as_deref().unwrap_or("");
        if traits.no_color {
            return Self::Mono;
        }
        match traits.colorterm.as_deref() {
            Some("truecolor" | "24bit") => return Self::True,
            _ if term.ends_with("-direct") => return Self::True,
            _ => {}
        }
        if term.ends_with("-256color") || term.starts_with("tmux") || term.starts_with("screen") {
            Self::Indexed
        } else if term.ends_with("-mono") || term.starts_with("vt1") || term.starts_with("vt2") {
            Self::Mono
        } else {
            Self::Sixteen
        }
    }

    /// The style in colours that this depth has.
    pub(super) fn fit(self, style: Style) -> Style {
        Style {
            fg: style.fg.and_then(|color| self.fit_color(color)),
            bg: style.bg.and_then(|color| self.fit_color(color)),
            ..style
        }
    }

    fn fit_color(self, color: Color) -> Option<Color> {
        match (self, color) {
            (Self::Mono, _) => None,
            (Self::Indexed, Color::Rgb(red, green, blue)) => Some(indexed([red, green, blue])),
            (Self::Sixteen, Color::Rgb(red, green, blue)) => {
                Some(nearest_basic([red, green, blue]))
            }
            (Self::Sixteen, Color::Indexed(index)) => Some(nearest_basic(rgb_of(index))),
            (Self::Sixteen | Self::Indexed | Self::True, color) => Some(color),
        }
    }
}

/// The colour itself, where it is the same on every terminal; `None` for what a terminal's palette decides.
pub(super) fn fixed(color: Color) -> Option<[u8; 3]> {
    match color {
        Color::Rgb(red, green, blue) => Some([red, green, blue]),
        Color::Indexed(index @ 16..) => Some(rgb_of(index)),
        _ => None,
    }
}

fn distance(one: [u8; 3], other: [u8; 3]) -> u32 {
    one.iter()
        .zip(other)
        .map(|(&one, other)| u32::from(one.abs_diff(other)).pow(2))
        .sum()
}

fn nearest_basic(rgb: [u8; 3]) -> Color {
    BASIC
        .iter()
        .min_by_key(|(_, candidate)| distance(rgb, *candidate))
        .map_or(Color::Reset, |(color, _)| *color)
}

/// The nearest of the cube and the greys; the first sixteen differ between palettes and are left out.
fn indexed(rgb: [u8; 3]) -> Color {
    (16..=u8::MAX)
        .min_by_key(|&index| distance(rgb, rgb_of(index)))
        .map_or(Color::Reset, Color::Indexed)
}

fn rgb_of(index: u8) -> [u8; 3] {
    match index {
        0..=15 => BASIC[usize::from(index)].1,
        16..=231 => {
            let cell = usize::from(index - 16);
            [CUBE[cell / 36], CUBE[cell / 6 % 6], CUBE[cell % 6]]
        }
        grey => [8 + 10 * (grey - 232); 3],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_decides_the_depth() {
        for (term, colorterm, no_color, expected) in [
            (Some("xterm-256color"), None, false, Depth::Indexed),
            (
                Some("xterm-256color"),
                Some("truecolor"),
                false,
                Depth::True,
            ),
            (Some("xterm-256color"), Some("truecolor"), true, Depth::Mono),
            (Some("linux"), None, false, Depth::Sixteen),
            (Some("screen"), None, false, Depth::Indexed),
            (Some("xterm-direct"), None, false, Depth::True),
            (Some("vt100"), None, false, Depth::Mono),
            (None, None, false, Depth::Sixteen),
        ] {
            let traits = TerminalTraits {
                term: term.map(str::to_owned),
                colorterm: colorterm.map(str::to_owned),
                no_color,
                ..TerminalTraits::default()
            };
            assert_eq!(Depth::of(&traits), expected, "{term:?} {colorterm:?}");
        }
    }

    #[test]
    fn sixteen_colours_are_not_exceeded_where_they_are_enough() {
        for (colorterm, no_color, expected) in [
            (Some("truecolor"), false, Depth::Sixteen),
            (None, false, Depth::Sixteen),
            (Some("truecolor"), true, Depth::Mono),
        ] {
            let traits = TerminalTraits {
                term: Some("xterm-256color".into()),
                colorterm: colorterm.map(str::to_owned),
                no_color,
                few_colors: true,
                ..TerminalTraits::default()
            };
            assert_eq!(Depth::of(&traits), expected, "{colorterm:?} {no_color}");
        }
    }

    #[test]
    fn colours_become_the_nearest_there_is() {
        let style = Style::default()
            .fg(Color::Rgb(255, 0, 0))
            .bg(Color::Indexed(232));
        assert_eq!(Depth::Indexed.fit(style).fg, Some(Color::Indexed(196)));
        assert_eq!(Depth::Sixteen.fit(style).fg, Some(Color::LightRed));
        assert_eq!(Depth::Sixteen.fit(style).bg, Some(Color::Black));
        assert_eq!(Depth::Mono.fit(style), Style::default());
        assert_eq!(Depth::True.fit(style), style);
    }

    #[test]
    fn what_a_palette_decides_is_no_fixed_colour() {
        assert_eq!(fixed(Color::Rgb(1, 2, 3)), Some([1, 2, 3]));
        assert_eq!(fixed(Color::Indexed(196)), Some([255, 0, 0]));
        for color in [Color::Indexed(15), Color::Red, Color::Reset] {
            assert_eq!(fixed(color), None, "{color:?}");
        }
    }
}
