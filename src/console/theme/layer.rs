//! One theme file as read, and what is wrong with it: each flaw with its place.

use ratatui::style::{Color, Style};
use toml::Spanned;

use super::depth::Depth;
use super::role::Role;
use super::schema::{Appearance, GlyphChoice, Roles, ThemeFile, color};
use crate::domain::flaw::Flaw;

/// The version of the theme form.
const VERSION: u32 = 1;
/// The number of colours for which a theme can have choices of its own.
const DEPTH: &str = "16";

/// A theme file as read.
#[derive(Debug)]
pub(super) struct Layer {
    file: String,
    text: String,
    parsed: ThemeFile,
}

/// How a role looks, and where that stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub(super) role: Role,
    pub(super) style: Style,
    /// The byte at which the role stands.
    pub(super) at: usize,
}

/// A line about a role that gives no look.
#[derive(Clone, Debug)]
pub(super) enum Unusable {
    /// No such role: the rest of the theme is as good as ever.
    Role(Flaw),
    /// No such colour.
    Color(Flaw),
}

impl Layer {
    /// Reads a theme file's text.
    ///
    /// # Errors
    /// It is no TOML, not of the form, or of another version of it.
    pub(super) fn read(file: String, text: String) -> Result<Self, Flaw> {
        let parsed: ThemeFile = match toml::from_str(&text) {
            Ok(parsed) => parsed,
            Err(error) => {
                let at = error.span().map_or(0, |span| span.start);
                return Err(Flaw::at(&file, &text, at, error.message().to_owned()));
            }
        };
        let version = &parsed.theme.version;
        if *version.get_ref() != VERSION {
            let problem = format!("version {version} of the theme form is not known: expected 1");
            return Err(Flaw::at(&file, &text, version.span().start, problem));
        }
        Ok(Self { file, text, parsed })
    }

    /// What the theme calls itself.
    pub(super) fn name(&self) -> &Spanned<String> {
        &self.parsed.theme.name
    }

    /// The theme that this one builds upon.
    pub(super) fn extends(&self) -> Option<&Spanned<String>> {
        self.parsed.theme.extends.as_ref()
    }

    pub(super) fn appearance(&self) -> Appearance {
        self.parsed.theme.appearance
    }

    pub(super) fn glyphs(&self) -> GlyphChoice {
        self.parsed.glyphs.set
    }

    /// The background that it is made for, if it says so.
    ///
    /// # Errors
    /// The colour is not known.
    pub(super) fn background(&self) -> Option<Result<Color, Flaw>> {
        let written = self.parsed.theme.background.as_ref()?;
        let read = color(written.get_ref(), &self.parsed.palette);
        Some(read.ok_or_else(|| self.unknown_color(written, "the background")))
    }

    /// Every role that it speaks of as it looks at this depth; a later look replaces an earlier one.
    pub(super) fn looks(&self, depth: Depth) -> Vec<Result<Look, Unusable>> {
        let exact = match depth {
            Depth::Sixteen => self.parsed.depth.get(DEPTH),
            Depth::Mono | Depth::Indexed | Depth::True => None,
        };
        let tables = std::iter::once(&self.parsed.roles).chain(exact.map(|exact| &exact.roles));
        tables
            .flat_map(|roles| self.looks_of(roles, depth))
            .collect()
    }

    /// The depths that it has choices for although no terminal would ask for them.
    pub(super) fn unknown_depths(&self) -> impl Iterator<Item = Flaw> {
        let unknown = self
            .parsed
            .depth
            .keys()
            .filter(|key| *key.get_ref() != DEPTH);
        unknown.map(|key| {
            let text = format!(
                "depth {:?} is not known: there is only {DEPTH}",
                key.get_ref()
            );
            self.flaw(key.span().start, text)
        })
    }

    /// A flaw at this byte.
    pub(super) fn flaw(&self, at: usize, text: String) -> Flaw {
        Flaw::at(&self.file, &self.text, at, text)
    }

    fn looks_of(
        &self,
        roles: &Roles,
        depth: Depth,
    ) -> impl Iterator<Item = Result<Look, Unusable>> {
        roles.iter().map(move |(name, look)| {
            let Some(role) = Role::ALL.iter().find(|role| role.name() == name.get_ref()) else {
                return Err(Unusable::Role(self.unknown_role(name)));
            };
            match look.style(&self.parsed.palette) {
                Ok(style) => Ok(Look {
                    role: *role,
                    style: depth.fit(style),
                    at: name.span().start,
                }),
                Err(color) => {
                    let of = format!("role {:?}", name.get_ref());
                    Err(Unusable::Color(self.unknown_color(color, &of)))
                }
            }
        })
    }

    fn unknown_role(&self, name: &Spanned<String>) -> Flaw {
        let nearest = Role::ALL
            .iter()
            .map(|role| role.name())
            .min_by_key(|known| strsim::levenshtein(known, name.get_ref()))
            .unwrap_or("text");
        let name_text = name.get_ref();
        let text = format!("role {name_text:?} is not known, perhaps {nearest:?}");
        self.flaw(name.span().start, text)
    }

    fn unknown_color(&self, color: &Spanned<String>, of: &str) -> Flaw {
        let text = format!(
            "colour {:?} of {of} is not known: write #rrggbb, a basic colour such as bright-red, an index 0-255, or a name of [palette]",
            color.get_ref()
        );
        self.flaw(color.span().start, text)
    }
}
