//! A theme file as written.

use std::collections::BTreeMap;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

/// A theme file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ThemeFile {
    /// What it is.
    pub theme: Head,
    /// Local names of colours.
    #[serde(default)]
    pub palette: BTreeMap<String, String>,
    /// How each role looks.
    #[serde(default)]
    pub roles: BTreeMap<String, RoleLook>,
    /// Exact choices for poor terminals, by the number of colours: `16`.
    #[serde(default)]
    pub depth: BTreeMap<String, DepthTable>,
    /// Which glyphs it wants.
    #[serde(default)]
    pub glyphs: GlyphTable,
}

/// What a theme is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    /// The file's name without `.toml`.
    pub name: String,
    /// The version of this form: 1.
    pub version: u32,
    /// The background it is made for.
    #[serde(default)]
    pub appearance: Appearance,
    /// The theme that has the roles which this one leaves out.
    pub extends: Option<String>,
}

/// The background a theme is made for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Appearance {
    /// Light text on dark.
    Dark,
    /// Dark text on light.
    Light,
    /// Whatever the terminal has.
    #[default]
    Any,
}

/// Roles for one depth.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DepthTable {
    /// How each role looks at this depth.
    #[serde(default)]
    pub roles: BTreeMap<String, RoleLook>,
}

/// Which glyphs a theme wants.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GlyphTable {
    /// The set.
    #[serde(default)]
    pub set: GlyphChoice,
}

/// A set of glyphs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum GlyphChoice {
    /// What the locale can show.
    #[default]
    Auto,
    /// Always Unicode.
    Unicode,
    /// Always ASCII.
    Ascii,
}

/// How a role looks; what is absent stays as the terminal has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RoleLook {
    /// `#rrggbb`, a basic colour's name, an index 0–255, or a name of the palette.
    pub fg: Option<String>,
    /// The background, likewise.
    pub bg: Option<String>,
    /// Bold.
    pub bold: bool,
    /// Dim.
    pub dim: bool,
    /// Italic.
    pub italic: bool,
    /// Underlined.
    pub underline: bool,
    /// Foreground and background exchanged.
    pub reverse: bool,
}

impl RoleLook {
    /// The style, or the colour that could not be read.
    pub(super) fn style(&self, palette: &BTreeMap<String, String>) -> Result<Style, String> {
        let mut style = Style::default();
        if let Some(fg) = &self.fg {
            style = style.fg(color(fg, palette)?);
        }
        if let Some(bg) = &self.bg {
            style = style.bg(color(bg, palette)?);
        }
        for (set, modifier) in [
            (self.bold, Modifier::BOLD),
            (self.dim, Modifier::DIM),
            (self.italic, Modifier::ITALIC),
            (self.underline, Modifier::UNDERLINED),
            (self.reverse, Modifier::REVERSED),
        ] {
            if set {
                style = style.add_modifier(modifier);
            }
        }
        Ok(style)
    }
}

/// Reads a colour; palette names stand for one level only, so that they cannot go round.
fn color(text: &str, palette: &BTreeMap<String, String>) -> Result<Color, String> {
    let written = palette.get(text).map_or(text, String::as_str);
    hex(written)
        .or_else(|| basic(written))
        .or_else(|| written.parse().ok().map(Color::Indexed))
        .ok_or_else(|| text.to_owned())
}

fn hex(text: &str) -> Option<Color> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    let channel = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    Some(Color::Rgb(channel(0)?, channel(2)?, channel(4)?))
}

fn basic(name: &str) -> Option<Color> {
    let color = match name {
        "default" => Color::Reset,
        "black" => Color::Black,
        "red" => Color::Red,
        "green" => Color::Green,
        "yellow" => Color::Yellow,
        "blue" => Color::Blue,
        "magenta" => Color::Magenta,
        "cyan" => Color::Cyan,
        "white" => Color::Gray,
        "bright-black" => Color::DarkGray,
        "bright-red" => Color::LightRed,
        "bright-green" => Color::LightGreen,
        "bright-yellow" => Color::LightYellow,
        "bright-blue" => Color::LightBlue,
        "bright-magenta" => Color::LightMagenta,
        "bright-cyan" => Color::LightCyan,
        "bright-white" => Color::White,
        _ => return None,
    };
    Some(color)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_hex_names_indexes_or_of_the_palette() {
        let palette = BTreeMap::from([("sky".to_owned(), "#7cc7ff".to_owned())]);
        for (text, expected) in [
            ("#7cc7ff", Ok(Color::Rgb(0x7c, 0xc7, 0xff))),
            ("sky", Ok(Color::Rgb(0x7c, 0xc7, 0xff))),
            ("bright-red", Ok(Color::LightRed)),
            ("213", Ok(Color::Indexed(213))),
            ("256", Err("256".to_owned())),
            ("#12345", Err("#12345".to_owned())),
            ("#éab1", Err("#éab1".to_owned())),
        ] {
            assert_eq!(color(text, &palette), expected, "{text}");
        }
    }
}
