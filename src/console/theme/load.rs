//! From theme files to styles: a theme as it looks on one terminal.

use ratatui::style::Style;

use super::super::options::TerminalTraits;
use super::depth::Depth;
use super::layer::{Layer, Unusable};
use super::role::Role;
use super::schema::{Appearance, GlyphChoice};
use super::shelf::{EXTENDS_MAX, OWN_MAX, Shelf};
use crate::domain::flaw::Flaw;

/// How each role looks on one terminal.
#[derive(Clone, Debug)]
pub struct Theme {
    name: String,
    styles: Vec<Style>,
    ascii: bool,
    warnings: Vec<String>,
}

/// Why a theme cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ThemeError {
    /// No theme has this name.
    #[error("theme {name:?} is not known: known are {known}")]
    Unknown {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The file is no theme.
    #[error("theme {0}")]
    Malformed(Flaw),
    /// The file, or the folder of the user's own themes, cannot be read.
    #[error("theme file {file} cannot be read")]
    Unreadable {
        /// The file.
        file: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Themes extend each other in a circle, or too deep.
    #[error("theme {name:?} builds upon more than {EXTENDS_MAX} others: shorten its `extends`")]
    TooDeep {
        /// The theme asked for.
        name: String,
    },
    /// The user's folder holds more themes than can be listed.
    #[error("{folder} holds more than {OWN_MAX} themes: move those away that nobody uses")]
    TooMany {
        /// The folder.
        folder: String,
    },
}

impl ThemeError {
    /// The whole of it in words, with its cause.
    pub fn whole(&self) -> String {
        match std::error::Error::source(self) {
            Some(source) => format!("{self}: {source}"),
            None => self.to_string(),
        }
    }

    /// As a flaw: at its own place where it has one, else at this one.
    pub(super) fn at(self, place: Flaw) -> Flaw {
        match self {
            Self::Malformed(flaw) => flaw,
            other => Flaw {
                text: other.whole(),
                ..place
            },
        }
    }
}

impl Theme {
    /// A theme in which nothing looks like anything: for what is measured and not drawn.
    pub(crate) fn plain() -> Self {
        Self {
            name: String::new(),
            styles: vec![Style::default(); Role::ALL.len()],
            ascii: true,
            warnings: Vec::new(),
        }
    }

    /// The name of the theme that fits a terminal: `yard-dark` or `yard-light` on a background that is known and with
    /// colours enough, else `ansi16`, or `mono` where there are no colours.
    pub fn fitting(traits: &TerminalTraits) -> &'static str {
        match Depth::of(traits) {
            Depth::Mono => "mono",
            Depth::Sixteen => "ansi16",
            Depth::Indexed | Depth::True => Self::upon(traits.background),
        }
    }

    /// The name of the theme for a background, where there are colours enough.
    pub(crate) const fn upon(background: Appearance) -> &'static str {
        match background {
            Appearance::Dark => "yard-dark",
            Appearance::Light => "yard-light",
            Appearance::Any => "ansi16",
        }
    }

    /// Whether the theme that fits a terminal depends on its background.
    pub(crate) fn depends_on_background(traits: &TerminalTraits) -> bool {
        matches!(Depth::of(traits), Depth::Indexed | Depth::True)
    }

    /// The theme of that name, the user's own before the built-in one; without a name the one that
    /// [fits](Self::fitting) the terminal.
    ///
    /// # Errors
    /// No such theme, or one that is not well formed. An unknown role is only a [warning](Self::warnings).
    pub fn find(
        name: Option<&str>,
        shelf: Shelf<'_>,
        traits: &TerminalTraits,
    ) -> Result<Self, ThemeError> {
        let name = name.unwrap_or_else(|| Self::fitting(traits));
        let mut theme = Self {
            name: name.to_owned(),
            ascii: !traits.speaks_unicode(),
            ..Self::plain()
        };
        for layer in shelf.stack(name)?.iter().rev() {
            theme.apply(layer, Depth::of(traits))?;
        }
        Ok(theme)
    }

    /// What was ignored while loading, with its place.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether only ASCII glyphs should be drawn.
    pub fn wants_ascii(&self) -> bool {
        self.ascii
    }

    /// How a role looks.
    pub(crate) fn style(&self, role: Role) -> Style {
        self.styles[role as usize]
    }

    fn apply(&mut self, layer: &Layer, depth: Depth) -> Result<(), ThemeError> {
        for look in layer.looks(depth) {
            match look {
                Ok(look) => self.styles[look.role as usize] = look.style,
                Err(Unusable::Role(flaw)) => self.warnings.push(format!("theme {flaw}")),
                Err(Unusable::Color(flaw)) => return Err(flaw.into()),
            }
        }
        match layer.glyphs() {
            GlyphChoice::Auto => {}
            GlyphChoice::Unicode => self.ascii = false,
            GlyphChoice::Ascii => self.ascii = true,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::Color;

    fn traits(colorterm: &str) -> TerminalTraits {
        TerminalTraits {
            colorterm: Some(colorterm.into()),
            locale: Some("C.UTF-8".into()),
            ..TerminalTraits::default()
        }
    }

    #[test]
    fn every_built_in_theme_is_well_formed_and_names_every_state() {
        for name in Shelf::built_in() {
            for colorterm in ["truecolor", ""] {
                let theme = Theme::find(Some(name), Shelf::new(None), &traits(colorterm)).unwrap();
                assert_eq!(theme.warnings(), [] as [String; 0], "{name}");
                let cursor = theme.style(Role::Cursor);
                assert_ne!(cursor, Style::default(), "{name} shows no cursor");
            }
            let stack = Shelf::new(None).stack(name).unwrap();
            assert_eq!(stack[0].name().get_ref(), name);
        }
    }

    #[test]
    fn a_users_theme_wins_and_says_what_it_got_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path();
        let write = |text: &str| std::fs::write(own.join("mono.toml"), text).unwrap();
        write(
            "[theme]\nname = \"mono\"\nversion = 1\nextends = \"yard-dark\"\n[roles]\n\"state.okay\" = { fg = \"red\" }\naccent = { fg = \"red\" }\n",
        );
        let theme = Theme::find(Some("mono"), Shelf::new(Some(own)), &traits("truecolor")).unwrap();
        assert_eq!(theme.style(Role::Accent).fg, Some(Color::Red));
        assert_eq!(
            theme.style(Role::StateOk).fg,
            Some(Color::Rgb(0x8f, 0xd6, 0x94))
        );
        assert!(
            theme.warnings()[0]
                .ends_with("mono.toml:6:1: role \"state.okay\" is not known, perhaps \"state.ok\""),
            "{:?}",
            theme.warnings()
        );

        write("[theme]\nname = \"mono\"\nversion = 1\n[roles]\naccent = { fg = \"rde\" }\n");
        let error =
            Theme::find(Some("mono"), Shelf::new(Some(own)), &traits("truecolor")).unwrap_err();
        assert!(
            error.to_string().contains("mono.toml:5:17: colour \"rde\""),
            "{error}"
        );

        write("[theme]\nname = \"circle\"\nversion = 1\nextends = \"mono\"\n");
        let error =
            Theme::find(Some("mono"), Shelf::new(Some(own)), &traits("truecolor")).unwrap_err();
        assert!(matches!(error, ThemeError::TooDeep { .. }), "{error}");

        write("[theme\nname = 1");
        let error =
            Theme::find(Some("mono"), Shelf::new(Some(own)), &traits("truecolor")).unwrap_err();
        assert!(error.to_string().contains("mono.toml:1:"), "{error}");
    }

    #[test]
    fn the_background_decides_where_there_are_colours_enough() {
        use Appearance::{Any, Dark, Light};
        for (colorterm, background, fitting) in [
            ("truecolor", Any, "ansi16"),
            ("truecolor", Dark, "yard-dark"),
            ("truecolor", Light, "yard-light"),
            ("", Light, "ansi16"),
        ] {
            let traits = TerminalTraits {
                background,
                ..traits(colorterm)
            };
            assert_eq!(Theme::fitting(&traits), fitting, "{colorterm}");
        }
    }

    #[test]
    fn an_unknown_theme_is_refused_with_the_known_ones() {
        let error = Theme::find(Some("../etc/passwd"), Shelf::new(None), &traits("")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "theme \"../etc/passwd\" is not known: known are ansi16, cvd-safe, high-contrast, mono, yard-dark, yard-light"
        );
    }

    #[test]
    fn without_colours_the_theme_is_mono_and_any_theme_is_colourless() {
        let plain = TerminalTraits {
            no_color: true,
            ..traits("truecolor")
        };
        assert_eq!(
            Theme::find(None, Shelf::new(None), &plain).unwrap().name(),
            "mono"
        );
        let theme = Theme::find(Some("yard-dark"), Shelf::new(None), &plain).unwrap();
        assert!(
            theme
                .styles
                .iter()
                .all(|style| style.fg.is_none() && style.bg.is_none())
        );
    }
}
