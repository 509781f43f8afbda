//! A theme file as written.

use std::collections::BTreeMap;

use ratatui::style::{Color, Modifier, Style};
use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::contrast::is_dark;

/// How roles look, by their names.
pub(super) type Roles = BTreeMap<Spanned<String>, RoleLook>;
/// Colours by their local names.
pub(super) type Palette = BTreeMap<String, String>;

/// The basic colours' names in theme files; what each looks like is the terminal's business.
const BASIC: [(&str, Color); 17] = [
    ("default", Color::Reset),
    ("black", Color::Black),
    ("red", Color::Red),
    ("green", Color::Green),
    ("yellow", Color::Yellow),
    ("blue", Color::Blue),
    ("magenta", Color::Magenta),
    ("cyan", Color::Cyan),
    ("white", Color::Gray),
    ("bright-black", Color::DarkGray),
    ("bright-red", Color::LightRed),
    ("bright-green", Color::LightGreen),
    ("bright-yellow", Color::LightYellow),
    ("bright-blue", Color::LightBlue),
    ("bright-magenta", Color::LightMagenta),
    ("bright-cyan", Color::LightCyan),
    ("bright-white", Color::White),
];

/// A theme file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ThemeFile {
    /// What it is.
    pub theme: Head,
    /// Local names of colours.
    #[serde(default)]
    pub palette: Palette,
    /// How each role looks.
    #[serde(default)]
    pub roles: Roles,
    /// Exact choices for poor terminals, by the number of colours: `16`.
    #[serde(default)]
    pub depth: BTreeMap<Spanned<String>, DepthTable>,
    /// Which glyphs it wants.
    #[serde(default)]
    pub glyphs: GlyphTable,
}

/// What a theme is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    /// The file's name without `.toml`.
    pub name: Spanned<String>,
    /// The version of this form: 1.
    pub version: Spanned<u32>,
    /// The background it is made for.
    #[serde(default)]
    pub appearance: Appearance,
    /// The theme that has the roles which this one leaves out.
    pub extends: Option<Spanned<String>>,
    /// The terminal's background for which its colours were chosen: contrast is measured against it. It is not painted.
    pub background: Option<Spanned<String>>,
}

/// The background a theme is made for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Appearance {
    /// Light text on dark.
    Dark,
    /// Dark text on light.
    Light,
    /// Whatever the terminal has.
    #[default]
    Any,
}

impl Appearance {
    /// What text of the built-in themes needs on this background.
    pub(crate) fn of(background: [u8; 3]) -> Self {
        if is_dark(background) {
            Self::Dark
        } else {
            Self::Light
        }
    }

    /// Its name in theme files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
            Self::Any => "any",
        }
    }
}

/// Roles for one depth.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DepthTable {
    /// How each role looks at this depth.
    #[serde(default)]
    pub roles: Roles,
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
    pub fg: Option<Spanned<String>>,
    /// The background, likewise.
    pub bg: Option<Spanned<String>>,
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

/// The modifiers' names in theme files.
const MODIFIERS: [(&str, Modifier); 5] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underline", Modifier::UNDERLINED),
    ("reverse", Modifier::REVERSED),
];

impl RoleLook {
    /// The style, or the colour that could not be read.
    pub(super) fn style(&self, palette: &Palette) -> Result<Style, &Spanned<String>> {
        let mut style = Style::default();
        if let Some(fg) = &self.fg {
            style = style.fg(color(fg.get_ref(), palette).ok_or(fg)?);
        }
        if let Some(bg) = &self.bg {
            style = style.bg(color(bg.get_ref(), palette).ok_or(bg)?);
        }
        let set = [
            self.bold,
            self.dim,
            self.italic,
            self.underline,
            self.reverse,
        ];
        for ((_, modifier), set) in MODIFIERS.into_iter().zip(set) {
            if set {
                style = style.add_modifier(modifier);
            }
        }
        Ok(style)
    }
}

/// Reads a colour; palette names stand for one level only, so that they cannot go round.
pub(super) fn color(text: &str, palette: &Palette) -> Option<Color> {
    let written = palette.get(text).map_or(text, String::as_str);
    let basic = || BASIC.iter().find(|(name, _)| *name == written);
    hex(written)
        .or_else(|| basic().map(|(_, color)| *color))
        .or_else(|| written.parse().ok().map(Color::Indexed))
}

/// A colour as a theme file has it, palette names apart.
pub(super) fn color_text(color: Color) -> String {
    match color {
        Color::Rgb(red, green, blue) => format!("#{red:02x}{green:02x}{blue:02x}"),
        Color::Indexed(index) => index.to_string(),
        basic => {
            let named = BASIC.iter().find(|(_, color)| *color == basic);
            named.map_or_else(String::new, |(name, _)| (*name).to_owned())
        }
    }
}

/// A style's modifiers as a theme file names them.
pub(super) fn modifier_names(style: Style) -> Vec<&'static str> {
    MODIFIERS
        .into_iter()
        .filter(|(_, modifier)| style.add_modifier.contains(*modifier))
        .map(|(name, _)| name)
        .collect()
}

fn hex(text: &str) -> Option<Color> {
    let is_hex =
        |digits: &&str| digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let digits = text.strip_prefix('#').filter(is_hex)?;
    let channel = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    Some(Color::Rgb(channel(0)?, channel(2)?, channel(4)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_hex_names_indexes_or_of_the_palette() {
        let palette = BTreeMap::from([("sky".to_owned(), "#7cc7ff".to_owned())]);
        for (text, expected) in [
            ("#7cc7ff", Some(Color::Rgb(0x7c, 0xc7, 0xff))),
            ("sky", Some(Color::Rgb(0x7c, 0xc7, 0xff))),
            ("bright-red", Some(Color::LightRed)),
            ("213", Some(Color::Indexed(213))),
            ("256", None),
            ("#12345", None),
            ("#éab1", None),
            ("#+1+2+3", None),
        ] {
            assert_eq!(color(text, &palette), expected, "{text}");
        }
        for (name, _) in BASIC {
            assert_eq!(color(name, &palette).map(color_text).as_deref(), Some(name));
        }
        for text in ["#7cc7ff", "213"] {
            assert_eq!(color(text, &palette).map(color_text).as_deref(), Some(text));
        }
    }
}
