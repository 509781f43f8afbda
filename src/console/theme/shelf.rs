//! Where themes come from: the ones that come along, and the user's own folder before them.

use std::path::{Path, PathBuf};

use super::layer::Layer;
use super::load::ThemeError;
use super::schema::Appearance;
use crate::domain::flaw::Flaw;

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
pub(super) const EXTENDS_MAX: usize = 4;
/// Bytes of a theme file; real ones have two or three thousand.
pub const THEME_BYTES_MAX: u64 = 64 * 1024;
/// Themes of the user's own that are listed: far more than anybody tells apart.
pub(super) const OWN_MAX: usize = 200;

/// Where themes come from.
#[derive(Clone, Copy, Debug)]
pub struct Shelf<'a> {
    own: Option<&'a Path>,
}

/// A theme that can be named.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// The background that it is made for; `None` where its file cannot be used.
    pub appearance: Option<Appearance>,
    /// The user's own file; `None` for a built-in theme.
    pub file: Option<PathBuf>,
    /// Why its file cannot be used.
    pub fault: Option<String>,
}

impl<'a> Shelf<'a> {
    /// The built-in themes, and before them the `NAME.toml` of this folder; it need not be there.
    pub const fn new(own: Option<&'a Path>) -> Self {
        Self { own }
    }

    /// Every theme by name, the user's own in place of a built-in one of the same name.
    ///
    /// # Errors
    /// The user's folder cannot be read, or holds more than 200 themes. A file that is no theme is listed with its
    /// fault.
    pub fn list(self) -> Result<Vec<Listed>, ThemeError> {
        let mut names = self.own_names()?;
        names.extend(Self::built_in().map(str::to_owned));
        names.sort();
        names.dedup();
        Ok(names.into_iter().map(|name| self.listed(name)).collect())
    }

    /// Whether there is a theme of this name.
    pub fn has(self, name: &str) -> bool {
        self.own_file(name).is_some() || Self::built_in().any(|known| known == name)
    }

    /// The built-in themes' names.
    pub fn built_in() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// A theme and what it builds upon, itself first.
    pub(super) fn stack(self, name: &str) -> Result<Vec<Layer>, ThemeError> {
        let top = self.top(name)?;
        self.stack_upon(name, top)
    }

    /// The same of a theme that is read already.
    pub(super) fn stack_upon(self, name: &str, top: Layer) -> Result<Vec<Layer>, ThemeError> {
        let mut layers = vec![top];
        while let Some(next) = layers.last().and_then(Layer::extends) {
            if layers.len() > EXTENDS_MAX {
                let name = name.to_owned();
                return Err(ThemeError::TooDeep { name });
            }
            let again = layers.iter().any(|layer| layer.name() == next);
            let next = self.layer(next.get_ref(), again)?;
            layers.push(next);
        }
        Ok(layers)
    }

    /// A theme's own file alone.
    pub(super) fn top(self, name: &str) -> Result<Layer, ThemeError> {
        self.layer(name, false)
    }

    /// The theme's own file. The second time it is the built-in one: a user's file may build upon what it replaces.
    fn layer(self, name: &str, again: bool) -> Result<Layer, ThemeError> {
        if let Some(path) = self.own_file(name).filter(|_| !again) {
            let file = path.display().to_string();
            return match read(&path) {
                Ok(text) => Ok(Layer::read(file, text)?),
                Err(source) => Err(ThemeError::Unreadable { file, source }),
            };
        }
        let Some((known, text)) = BUILT_IN.iter().find(|(known, _)| *known == name) else {
            return Err(self.unknown(name));
        };
        Ok(Layer::read(format!("{known}.toml"), (*text).to_owned())?)
    }

    fn unknown(self, name: &str) -> ThemeError {
        let known = self.list().map_or_else(
            |_| Self::built_in().map(str::to_owned).collect(),
            |listed| listed.into_iter().map(|one| one.name).collect::<Vec<_>>(),
        );
        ThemeError::Unknown {
            name: name.to_owned(),
            known: known.join(", "),
        }
    }

    fn listed(self, name: String) -> Listed {
        let (appearance, fault) = match self.top(&name) {
            Ok(layer) => (Some(layer.appearance()), None),
            Err(error) => (None, Some(error.whole())),
        };
        Listed {
            appearance,
            file: self.own_file(&name),
            fault,
            name,
        }
    }

    /// The names that the user's own files have.
    fn own_names(self) -> Result<Vec<String>, ThemeError> {
        let Some(folder) = self.own.filter(|folder| folder.exists()) else {
            return Ok(Vec::new());
        };
        let unreadable = |source| ThemeError::Unreadable {
            file: folder.display().to_string(),
            source,
        };
        let mut names = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            let is_theme = path
                .extension()
                .is_some_and(|extension| extension == "toml");
            let name = path.file_stem().and_then(|name| name.to_str());
            if let Some(name) = name.filter(|name| is_theme && is_plain(name)) {
                names.push(name.to_owned());
            }
            if names.len() > OWN_MAX {
                return Err(ThemeError::TooMany {
                    folder: folder.display().to_string(),
                });
            }
        }
        Ok(names)
    }

    /// The user's own file of that name, if there is one. A name with a path in it is no name.
    fn own_file(self, name: &str) -> Option<PathBuf> {
        let path = self.own?.join(format!("{name}.toml"));
        (is_plain(name) && path.exists()).then_some(path)
    }
}

impl From<Flaw> for ThemeError {
    fn from(flaw: Flaw) -> Self {
        Self::Malformed(flaw)
    }
}

fn is_plain(name: &str) -> bool {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    !name.is_empty() && name.chars().all(plain)
}

fn read(path: &Path) -> std::io::Result<String> {
    if std::fs::metadata(path)?.len() > THEME_BYTES_MAX {
        let text = format!("larger than {THEME_BYTES_MAX} bytes");
        return Err(std::io::Error::other(text));
    }
    std::fs::read_to_string(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_own_themes_are_listed_beside_and_before_the_built_in_ones() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path();
        let write = |name: &str, text: &str| std::fs::write(own.join(name), text).unwrap();
        write(
            "mono.toml",
            "[theme]\nname = \"mono\"\nversion = 1\nappearance = \"light\"\n",
        );
        write("broken.toml", "[theme]\nname = 7\n");
        write("no theme.toml", "");
        write("notes.txt", "");
        let listed = Shelf::new(Some(own)).list().unwrap();
        let names: Vec<&str> = listed.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "ansi16",
                "broken",
                "cvd-safe",
                "high-contrast",
                "mono",
                "yard-dark",
                "yard-light"
            ]
        );
        let mono = &listed[4];
        assert_eq!(mono.appearance, Some(Appearance::Light));
        assert_eq!(mono.file, Some(own.join("mono.toml")));
        let fault = listed[1].fault.as_deref().unwrap();
        assert!(fault.contains("broken.toml:2:8: "), "{fault}");
        assert_eq!(listed[5].file, None);
        assert_eq!(Shelf::new(None).list().unwrap().len(), BUILT_IN.len());
        let nowhere = own.join("nowhere");
        assert_eq!(
            Shelf::new(Some(&nowhere)).list().unwrap().len(),
            BUILT_IN.len()
        );
    }

    #[test]
    fn a_folder_with_more_themes_than_can_be_listed_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..=OWN_MAX {
            std::fs::write(folder.path().join(format!("t{number}.toml")), "").unwrap();
        }
        let error = Shelf::new(Some(folder.path())).list().unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "{} holds more than 200 themes: move those away that nobody uses",
                folder.path().display()
            )
        );
    }
}
