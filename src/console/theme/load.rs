//! From theme files to styles: built-in ones, the user's own, and what is wrong with them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ratatui::style::Style;

use super::super::options::TerminalTraits;
use super::depth::Depth;
use super::role::Role;
use super::schema::{Appearance, GlyphChoice, RoleLook, ThemeFile};

/// The themes that come along.
const BUILT_IN: [(&str, &str); 6] = [
    ("ansi16", include_str!("../../../themes/ansi16.toml")),
    ("cvd-safe", include_str!("../../../themes/cvd-safe.toml")),
    (
        "high-contrast",
        include_str!("../../../themes/high-contrast.toml"),
    ),
    ("mono", include_str!("../../../themes/mono.toml")),
    ("yard-dark", include_str!("../../../themes/yard-dark.toml")),
    (
        "yard-light",
        include_str!("../../../themes/yard-light.toml"),
    ),
];

/// Themes that one theme may build upon.
const EXTENDS_MAX: usize = 4;
/// Bytes of a theme file; real ones have two or three thousand.
const FILE_BYTES_MAX: u64 = 64 * 1024;

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
    #[error("theme {file}:{line}:{column}: {problem}")]
    Malformed {
        /// The file.
        file: String,
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What is wrong there.
        problem: String,
    },
    /// The file cannot be read.
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
}

/// Where themes come from.
#[derive(Debug)]
struct Shelf<'a> {
    own: Option<&'a Path>,
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

    /// The theme of that name, the user's own before the built-in one; without a name the one that fits the
    /// terminal: `ansi16`, or `mono` where there are no colours.
    ///
    /// # Errors
    /// No such theme, or one that is not well formed. An unknown role is only a [warning](Self::warnings).
    pub fn find(
        name: Option<&str>,
        own: Option<&Path>,
        traits: &TerminalTraits,
    ) -> Result<Self, ThemeError> {
        let depth = Depth::of(traits);
        let fallback = if depth == Depth::Mono {
            "mono"
        } else {
            "ansi16"
        };
        let name = name.unwrap_or(fallback);
        let shelf = Shelf { own };
        let mut theme = Self {
            name: name.to_owned(),
            styles: vec![Style::default(); Role::ALL.len()],
            ascii: !traits.speaks_unicode(),
            warnings: Vec::new(),
        };
        let mut chain = Vec::new();
        let mut next = Some(name.to_owned());
        while let Some(name) = next {
            if chain.len() > EXTENDS_MAX {
                return Err(ThemeError::TooDeep { name: theme.name });
            }
            let again = chain
                .iter()
                .any(|(_, _, parsed): &(_, _, ThemeFile)| parsed.theme.name == name);
            let (file, text) = shelf.text(&name, again)?;
            let parsed = parse(&file, &text)?;
            next = parsed.theme.extends.clone();
            chain.push((file, text, parsed));
        }
        for (file, text, parsed) in chain.iter().rev() {
            theme.apply(file, text, parsed, depth)?;
        }
        Ok(theme)
    }

    /// The built-in themes' names.
    pub fn built_in() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// What was ignored while loading, with file and line.
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

    fn apply(
        &mut self,
        file: &str,
        text: &str,
        parsed: &ThemeFile,
        depth: Depth,
    ) -> Result<(), ThemeError> {
        self.apply_roles(file, text, &parsed.roles, &parsed.palette, depth)?;
        if depth == Depth::Sixteen
            && let Some(table) = parsed.depth.get("16")
        {
            self.apply_roles(file, text, &table.roles, &parsed.palette, depth)?;
        }
        match parsed.glyphs.set {
            GlyphChoice::Auto => {}
            GlyphChoice::Unicode => self.ascii = false,
            GlyphChoice::Ascii => self.ascii = true,
        }
        Ok(())
    }

    fn apply_roles(
        &mut self,
        file: &str,
        text: &str,
        roles: &BTreeMap<String, RoleLook>,
        palette: &BTreeMap<String, String>,
        depth: Depth,
    ) -> Result<(), ThemeError> {
        for (name, look) in roles {
            let Some(role) = Role::ALL.iter().find(|role| role.name() == name) else {
                self.warnings.push(unknown_role(file, text, name));
                continue;
            };
            let style = look.style(palette).map_err(|color| {
                let (line, column) = place_of(text, &color);
                ThemeError::Malformed {
                    file: file.to_owned(),
                    line,
                    column,
                    problem: format!(
                        "colour {color:?} of role {name:?} is not known: write #rrggbb, a basic colour such as bright-red, an index 0-255, or a name of [palette]"
                    ),
                }
            })?;
            self.styles[*role as usize] = depth.fit(style);
        }
        Ok(())
    }
}

impl Shelf<'_> {
    /// The file's name and text of a theme. The second time it is the built-in one: a user's file may build upon
    /// what it replaces.
    fn text(&self, name: &str, again: bool) -> Result<(String, String), ThemeError> {
        if let Some(path) = self.own_file(name).filter(|_| !again) {
            let file = path.display().to_string();
            let read = std::fs::metadata(&path).and_then(|metadata| {
                if metadata.len() > FILE_BYTES_MAX {
                    return Err(std::io::Error::other(format!(
                        "larger than {FILE_BYTES_MAX} bytes"
                    )));
                }
                std::fs::read_to_string(&path)
            });
            return match read {
                Ok(text) => Ok((file, text)),
                Err(source) => Err(ThemeError::Unreadable { file, source }),
            };
        }
        BUILT_IN
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(known, text)| (format!("{known}.toml"), (*text).to_owned()))
            .ok_or_else(|| ThemeError::Unknown {
                name: name.to_owned(),
                known: Theme::built_in().collect::<Vec<_>>().join(", "),
            })
    }

    /// The user's own file of that name, if there is one. A name with a path in it is no name.
    fn own_file(&self, name: &str) -> Option<PathBuf> {
        let plain = name
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || "-_".contains(character));
        let path = self.own?.join(format!("{name}.toml"));
        (plain && path.exists()).then_some(path)
    }
}

fn parse(file: &str, text: &str) -> Result<ThemeFile, ThemeError> {
    let malformed = |offset: usize, problem: String| {
        let (line, column) = line_and_column(text, offset);
        ThemeError::Malformed {
            file: file.to_owned(),
            line,
            column,
            problem,
        }
    };
    let parsed: ThemeFile = toml::from_str(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        malformed(offset, error.message().to_owned())
    })?;
    if parsed.theme.version != 1 {
        let problem = format!(
            "version {} of the theme form is not known: expected 1",
            parsed.theme.version
        );
        return Err(malformed(text.find("version").unwrap_or(0), problem));
    }
    debug_assert!(matches!(
        parsed.theme.appearance,
        Appearance::Dark | Appearance::Light | Appearance::Any
    ));
    debug_assert!(!parsed.theme.name.is_empty());
    Ok(parsed)
}

fn unknown_role(file: &str, text: &str, name: &str) -> String {
    let (line, _) = place_of(text, name);
    let nearest = Role::ALL
        .iter()
        .map(|role| role.name())
        .min_by_key(|known| strsim::levenshtein(known, name))
        .unwrap_or("text");
    format!("theme {file}:{line}: role {name:?} is not known, perhaps {nearest:?}")
}

fn place_of(text: &str, part: &str) -> (usize, usize) {
    line_and_column(text, text.find(part).unwrap_or(0))
}

fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    (line, column)
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
        for name in Theme::built_in() {
            for colorterm in ["truecolor", ""] {
                let theme = Theme::find(Some(name), None, &traits(colorterm)).unwrap();
                assert_eq!(theme.warnings(), [] as [String; 0], "{name}");
                let cursor = theme.style(Role::Cursor);
                assert_ne!(cursor, Style::default(), "{name} shows no cursor");
            }
            let (file, text) = Shelf { own: None }.text(name, false).unwrap();
            assert_eq!(parse(&file, &text).unwrap().theme.name, name);
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
        let theme = Theme::find(Some("mono"), Some(own), &traits("truecolor")).unwrap();
        assert_eq!(theme.style(Role::Accent).fg, Some(Color::Red));
        assert_eq!(
            theme.style(Role::StateOk).fg,
            Some(Color::Rgb(0x8f, 0xd6, 0x94))
        );
        assert!(
            theme.warnings()[0]
                .ends_with("mono.toml:6: role \"state.okay\" is not known, perhaps \"state.ok\""),
            "{:?}",
            theme.warnings()
        );

        write("[theme]\nname = \"mono\"\nversion = 1\n[roles]\naccent = { fg = \"rde\" }\n");
        let error = Theme::find(Some("mono"), Some(own), &traits("truecolor")).unwrap_err();
        assert!(
            error.to_string().contains("mono.toml:5:18: colour \"rde\""),
            "{error}"
        );

        write("[theme]\nname = \"circle\"\nversion = 1\nextends = \"mono\"\n");
        let error = Theme::find(Some("mono"), Some(own), &traits("truecolor")).unwrap_err();
        assert!(matches!(error, ThemeError::TooDeep { .. }), "{error}");

        write("[theme\nname = 1");
        let error = Theme::find(Some("mono"), Some(own), &traits("truecolor")).unwrap_err();
        assert!(error.to_string().contains("mono.toml:1:"), "{error}");
    }

    #[test]
    fn an_unknown_theme_is_refused_with_the_known_ones() {
        let error = Theme::find(Some("../etc/passwd"), None, &traits("")).unwrap_err();
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
        assert_eq!(Theme::find(None, None, &plain).unwrap().name(), "mono");
        let theme = Theme::find(Some("yard-dark"), None, &plain).unwrap();
        assert!(
            theme
                .styles
                .iter()
                .all(|style| style.fg.is_none() && style.bg.is_none())
        );
    }
}
