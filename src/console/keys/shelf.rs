//! Where keys come from: the table of actions, the presets that come along, and the user's own files before those.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::elsewhere::K9S;
use super::file::{KeyFile, perhaps};
use super::keymap::Keymap;
use crate::domain::flaw::Flaw;

/// The preset that is the table of actions itself.
const OPS: &str = "ops";
/// The presets that are files.
const BUILT_IN: [(&str, &str); 2] = [
    (K9S, include_str!("../../../keys/k9s.toml")),
    ("vim", include_str!("../../../keys/vim.toml")),
];
/// Files of keys that may lie upon each other.
const LAYERS_MAX: usize = 4;
/// Bytes of a file of keys; one that binds every action has about four thousand.
pub const KEYS_BYTES_MAX: u64 = 64 * 1024;

/// Where files of keys come from.
#[derive(Clone, Copy, Debug)]
pub struct KeyShelf<'a> {
    own: Option<&'a Path>,
}

/// Why keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// Files of keys that cannot be meant so: everything that is wrong, a line each.
    #[error("{}", lines(.0))]
    Flaws(Vec<Flaw>),
    /// No preset has this name.
    #[error("preset {name:?} is not known: known are {known}")]
    Unknown {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A file cannot be read.
    #[error("file of keys {file} cannot be read: {reason}")]
    Unreadable {
        /// The file.
        file: String,
        /// Why.
        reason: String,
    },
}

impl<'a> KeyShelf<'a> {
    /// The presets that come along, and before them the `NAME.toml` of this folder; it need not be there.
    pub const fn new(own: Option<&'a Path>) -> Self {
        Self { own }
    }

    /// The keys of a preset.
    ///
    /// # Errors
    /// There is none of that name, or its file is wrong.
    pub fn preset(self, name: &str) -> Result<Keymap, KeysError> {
        if name == OPS {
            return Ok(Keymap::ops());
        }
        let Some((file, text)) = self.find(name, false)? else {
            return Err(KeysError::Unknown {
                name: name.to_owned(),
                known: Self::built_in().collect::<Vec<_>>().join(", "),
            });
        };
        self.lay(file, text)
    }

    /// The keys of a file.
    ///
    /// # Errors
    /// It cannot be read, or is wrong.
    pub fn file(self, path: &Path) -> Result<Keymap, KeysError> {
        self.lay(path.display().to_string(), read(path)?)
    }

    /// The keys of a file's text.
    ///
    /// # Errors
    /// It is wrong.
    pub fn text(self, file: &str, text: String) -> Result<Keymap, KeysError> {
        self.lay(file.to_owned(), text)
    }

    /// The names of the presets that come along.
    pub fn built_in() -> impl Iterator<Item = &'static str> {
        let files = BUILT_IN.iter().map(|(name, _)| *name);
        std::iter::once(OPS).chain(files)
    }

    /// Lays a file upon what it builds upon; every fault of every file at once.
    fn lay(self, file: String, text: String) -> Result<Keymap, KeysError> {
        let (top, mut flaws) = KeyFile::read(file, text);
        let mut layers = vec![top];
        while let Some(layer) = layers.last()
            && let Some((name, at)) = layer.preset.clone()
            && name != OPS
        {
            if layers.len() >= LAYERS_MAX {
                let text =
                    format!("more than {LAYERS_MAX} files upon each other: take a preset out");
                flaws.push(layer.flaw(at, text));
                break;
            }
            // The second time it is the built-in one: a user's file may build upon what it replaces.
            let again = layers.iter().any(|layer| layer.is_named(&name));
            let Some((file, text)) = self.find(&name, again)? else {
                let text = format!(
                    "preset {name:?} is not known{}",
                    perhaps(&name, Self::built_in())
                );
                flaws.push(layer.flaw(at, text));
                break;
            };
            let (next, others) = KeyFile::read(file, text);
            flaws.extend(others);
            layers.push(next);
        }
        let mut keys = Keymap::ops();
        keys.knows_k9s = layers.iter().any(|layer| layer.is_named(K9S));
        for layer in layers.iter().rev() {
            flaws.extend(keys.lay(layer));
        }
        if flaws.is_empty() {
            return Ok(keys);
        }
        flaws.sort();
        Err(KeysError::Flaws(flaws))
    }

    /// A preset's name for people and its text.
    fn find(self, name: &str, again: bool) -> Result<Option<(String, String)>, KeysError> {
        if let Some(path) = self.own_file(name).filter(|_| !again) {
            return Ok(Some((path.display().to_string(), read(&path)?)));
        }
        let known = BUILT_IN.iter().find(|(known, _)| *known == name);
        Ok(known.map(|(name, text)| (format!("{name}.toml"), (*text).to_owned())))
    }

    /// The user's own file of that name, if there is one. A name with a path in it is no name.
    fn own_file(self, name: &str) -> Option<PathBuf> {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
        let path = self.own?.join(format!("{name}.toml"));
        (name.chars().all(plain) && path.exists()).then_some(path)
    }
}

fn read(path: &Path) -> Result<String, KeysError> {
    let unreadable = |reason: String| KeysError::Unreadable {
        file: path.display().to_string(),
        reason,
    };
    let file = std::fs::File::open(path).map_err(|error| unreadable(error.to_string()))?;
    let mut text = String::new();
    file.take(KEYS_BYTES_MAX + 1)
        .read_to_string(&mut text)
        .map_err(|error| unreadable(error.to_string()))?;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > KEYS_BYTES_MAX {
        return Err(unreadable(format!(
            "it is larger than {KEYS_BYTES_MAX} bytes"
        )));
    }
    Ok(text)
}

fn lines(flaws: &[Flaw]) -> String {
    let lines: Vec<String> = flaws.iter().map(Flaw::to_string).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_that_comes_along_can_be_used() {
        for name in KeyShelf::built_in() {
            let keys = KeyShelf::new(None).preset(name);
            assert!(keys.is_ok(), "{name}: {}", keys.unwrap_err());
        }
        let error = KeyShelf::new(None).preset("emacs").unwrap_err();
        assert_eq!(
            error.to_string(),
            "preset \"emacs\" is not known: known are ops, k9s, vim"
        );
    }

    #[test]
    fn a_users_preset_wins_over_a_built_in_one_and_may_build_upon_it() {
        let folder = tempfile::tempdir().unwrap();
        let vim = folder.path().join("vim.toml");
        std::fs::write(&vim, "preset = \"vim\"\n[everywhere]\n\"é\" = \"help\"\n").unwrap();
        let shelf = KeyShelf::new(Some(folder.path()));
        let text = |text: &str| shelf.text("keys.toml", text.to_owned());
        assert!(text("preset = \"vim\"\nunbind = [\"é\"]\n").is_ok());
        let error = KeyShelf::new(None).text("keys.toml", "preset = \"vmi\"\n".into());
        assert_eq!(
            error.unwrap_err().to_string(),
            "keys.toml:1:10: preset \"vmi\" is not known, perhaps \"vim\""
        );
        std::fs::write(&vim, "preset = \"vi\"\n[lists]\n").unwrap();
        let other = folder.path().join("vi.toml");
        std::fs::write(&other, "[everywhere]\n\"w\" = \"hlep\"\n").unwrap();
        let error = text("preset = \"vim\"\n[everywhere]\n\"ctrl-m\" = \"help\"\n").unwrap_err();
        let KeysError::Flaws(flaws) = error else {
            panic!("{error}")
        };
        assert_eq!(flaws.len(), 3, "every file's faults at once: {flaws:?}");
    }

    #[test]
    fn files_that_build_upon_each_other_without_end_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        for (name, next) in [("a", "b"), ("b", "c"), ("c", "d"), ("d", "a")] {
            let text = format!("preset = \"{next}\"\n");
            std::fs::write(folder.path().join(format!("{name}.toml")), text).unwrap();
        }
        let shelf = KeyShelf::new(Some(folder.path()));
        let error = shelf.preset("a").unwrap_err();
        assert!(error.to_string().contains("more than 4 files"), "{error}");
    }
}
