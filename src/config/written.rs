//! What was written, before anybody judges it: file, environment and flags, each value with its origin.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::environment::Environment;
use super::error::ConfigError;
use super::keys::{KEYS, Key, Kind, nearest};
use super::paths::default_file;

/// What variables of ours begin with.
const PREFIX: &str = "HOOKYARD_";
/// Variables of ours that are no keys.
const OTHER_VARIABLES: [&str; 4] = [
    "HOOKYARD_KEY",
    "HOOKYARD_URL",
    "HOOKYARD_TOKEN",
    "HOOKYARD_GUIDES",
];
/// What variables of the tests begin with.
const TEST_PREFIX: &str = "HOOKYARD_TEST_";

/// Where a value came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything.
    #[default]
    Default,
    /// A line of a file.
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// A variable of the environment.
    Variable(String),
    /// A flag of the command line.
    Flag(&'static str),
}

/// A value as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Raw {
    /// A text.
    Text(String),
    /// A list of texts.
    List(Vec<String>),
    /// A whole number.
    Number(i64),
    /// `true` or `false`.
    Switch(bool),
}

/// A flag that was given: its name, the key it sets, and the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The flag, such as `--listen`.
    pub flag: &'static str,
    /// The key.
    pub key: &'static str,
    /// The value.
    pub value: Raw,
}

/// Everything that configuration is read from.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The file that `--config` names; else the usual places are tried.
    pub file: Option<PathBuf>,
    /// The environment.
    pub environment: Environment,
    /// The flags.
    pub flags: Vec<Setting>,
}

/// Every key that somebody set, with the strongest value and its origin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    values: BTreeMap<&'static str, (Raw, Origin)>,
    /// The file that was read.
    pub file: Option<PathBuf>,
}

impl Written {
    /// Reads file, environment and flags: the one function here that touches the disk.
    ///
    /// Beside what could be read comes all that could not: a file that is named and cannot be read or is no TOML, keys
    /// that do not exist, values of another kind.
    pub fn gather(sources: &Sources) -> (Self, Vec<ConfigError>) {
        let mut written = Self::default();
        let mut faults = match read_file(sources) {
            Ok(None) => Vec::new(),
            Ok(Some((path, text))) => {
                let faults = written.add_file(&path, &text);
                written.file = Some(path);
                faults
            }
            Err(error) => vec![error],
        };
        faults.extend(written.add_environment(&sources.environment));
        written.add_flags(sources.flags.iter().cloned());
        (written, faults)
    }

    /// Nothing but these flags: neither file nor environment.
    pub fn of_flags(settings: impl IntoIterator<Item = Setting>) -> Self {
        let mut written = Self::default();
        written.add_flags(settings);
        written
    }

    fn add_flags(&mut self, settings: impl IntoIterator<Item = Setting>) {
        for setting in settings {
            let origin = Origin::Flag(setting.flag);
            self.values.insert(setting.key, (setting.value, origin));
        }
    }

    /// The value of a key, and where it came from.
    pub fn get(&self, key: &str) -> Option<&(Raw, Origin)> {
        self.values.get(key)
    }

    /// Forgets a key; answers whether it was there.
    pub(super) fn remove(&mut self, key: &str) -> bool {
        self.values.remove(key).is_some()
    }

    /// Adds the keys of a file's text; gives those that cannot be. Of a text that is no TOML nothing is added.
    pub(super) fn add_file(&mut self, path: &Path, text: &str) -> Vec<ConfigError> {
        let line_of = |offset: usize| 1 + text[..offset.min(text.len())].matches('\n').count();
        let table = match DeTable::parse(text) {
            Ok(table) => table,
            Err(error) => {
                return vec![ConfigError::Syntax {
                    path: path.to_path_buf(),
                    line: line_of(error.span().map_or(0, |span| span.start)),
                    message: error.message().replace('\n', "; "),
                }];
            }
        };
        let mut found = Vec::new();
        flatten(table.get_ref(), "", &mut found);
        let mut faults = Vec::new();
        for (name, value, offset) in found {
            let at = Origin::File {
                path: path.to_path_buf(),
                line: line_of(offset),
            };
            let added =
                known(&name, &at).and_then(|key| self.add(key, from_toml(key, value), at.clone()));
            faults.extend(added.err());
        }
        faults
    }

    fn add(&mut self, key: &Key, raw: Result<Raw, String>, at: Origin) -> Result<(), ConfigError> {
        match raw {
            Ok(raw) => {
                self.values.insert(key.name, (raw, at));
                Ok(())
            }
            Err(problem) => Err(ConfigError::BadValue {
                at,
                key: key.name,
                problem,
            }),
        }
    }

    fn add_environment(&mut self, environment: &Environment) -> Vec<ConfigError> {
        let mut faults = Vec::new();
        for (variable, text) in environment.starting_with(PREFIX) {
            if OTHER_VARIABLES.contains(&variable) || variable.starts_with(TEST_PREFIX) {
                continue;
            }
            let at = Origin::Variable(variable.to_owned());
            let name = variable[PREFIX.len()..].replace("__", ".").to_lowercase();
            let added = known(&name, &at).and_then(|key| {
                if text.is_empty() && key.kind != Kind::List {
                    return Ok(());
                }
                self.add(key, from_text(key, text), at.clone())
            });
            faults.extend(added.err());
        }
        faults
    }
}

fn read_file(sources: &Sources) -> Result<Option<(PathBuf, String)>, ConfigError> {
    let unreadable = |path: &Path, source| ConfigError::Unreadable {
        path: path.to_path_buf(),
        source,
    };
    if let Some(path) = &sources.file {
        let text = std::fs::read_to_string(path).map_err(|source| unreadable(path, source))?;
        return Ok(Some((path.clone(), text)));
    }
    for path in default_file(&sources.environment) {
        match std::fs::read_to_string(&path) {
            Ok(text) => return Ok(Some((path, text))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(unreadable(&path, error)),
        }
    }
    Ok(None)
}

/// The key of this name, or why there is none.
fn known(name: &str, at: &Origin) -> Result<&'static Key, ConfigError> {
    if let Some(key) = Key::named(name) {
        return Ok(key);
    }
    let nearest = match at {
        Origin::Variable(_) => Key::named(nearest(name)).map_or_else(String::new, Key::variable),
        Origin::Default | Origin::File { .. } | Origin::Flag(_) => nearest(name).to_owned(),
    };
    let key = match at {
        Origin::Variable(variable) => variable.clone(),
        Origin::Default | Origin::File { .. } | Origin::Flag(_) => name.to_owned(),
    };
    Err(ConfigError::UnknownKey {
        at: at.clone(),
        key,
        nearest,
    })
}

/// Every leaf of a table with its dotted name and its place; a table that is no table of ours is a leaf too.
fn flatten<'a>(
    table: &'a DeTable<'a>,
    above: &str,
    found: &mut Vec<(String, &'a DeValue<'a>, usize)>,
) {
    for (name, value) in table {
        let dotted = format!("{above}{}", name.get_ref());
        let below = format!("{dotted}.");
        let is_ours = KEYS.iter().any(|key| key.name.starts_with(&below));
        match value.get_ref() {
            DeValue::Table(inner) if is_ours || (!inner.is_empty() && above.is_empty()) => {
                flatten(inner, &below, found);
            }
            leaf => found.push((dotted, leaf, name.span().start)),
        }
    }
}

fn from_toml(key: &Key, value: &DeValue<'_>) -> Result<Raw, String> {
    let raw = match (key.kind, value) {
        (Kind::Text, DeValue::String(text)) => Some(Raw::Text(text.to_string())),
        (Kind::Switch, DeValue::Boolean(value)) => Some(Raw::Switch(*value)),
        (Kind::Number, DeValue::Integer(number)) => {
            i64::from_str_radix(number.as_str(), number.radix())
                .ok()
                .map(Raw::Number)
        }
        (Kind::List, DeValue::Array(items)) => items
            .iter()
            .map(|item: &Spanned<DeValue<'_>>| item.get_ref().as_str().map(str::to_owned))
            .collect::<Option<Vec<String>>>()
            .map(Raw::List),
        _ => None,
    };
    raw.ok_or_else(|| {
        format!(
            "found {} where {} is expected",
            value.type_str(),
            key.kind.example()
        )
    })
}

fn from_text(key: &Key, text: &str) -> Result<Raw, String> {
    let raw = match key.kind {
        Kind::Text => Some(Raw::Text(text.to_owned())),
        Kind::Switch => text.parse().ok().map(Raw::Switch),
        Kind::Number => text.parse().ok().map(Raw::Number),
        Kind::List => Some(Raw::List(
            text.split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(str::to_owned)
                .collect(),
        )),
    };
    raw.ok_or_else(|| format!("{text:?} is found where {} is expected", key.kind.example()))
}

impl Kind {
    const fn example(self) -> &'static str {
        match self {
            Self::Text => "a text in quotes, such as \"10s\",",
            Self::List => "a list of texts, such as [\"a\", \"b\"],",
            Self::Number => "a whole number, such as 8,",
            Self::Switch => "true or false",
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::File { path, line } => write!(formatter, "{}:{line}", path.display()),
            Self::Variable(name) => write!(formatter, "environment variable {name}"),
            Self::Flag(flag) => formatter.write_str(flag),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        let mut faults = Written::default().add_file(Path::new("h.toml"), text);
        assert_eq!(faults.len(), 1, "{faults:?}");
        faults.remove(0).to_string()
    }

    #[test]
    fn the_file_is_refused_with_line_key_and_remedy() {
        let check = |text: &str, message: &str| assert_eq!(refusal(text), message);
        check(
            "listen = \"127.0.0.1:1\"\n\nlisten_on = \"x\"\n",
            "h.toml:3: there is no key \"listen_on\": did you mean \"listen\"?",
        );
        check(
            "[targets]\nalow = []\n",
            "h.toml:2: there is no key \"targets.alow\": did you mean \"targets.allow\"?",
        );
        check(
            "[target]\nallow = []\n",
            "h.toml:2: there is no key \"target.allow\": did you mean \"targets.allow\"?",
        );
        check(
            "shutdown_grace = 20",
            "h.toml:1: shutdown_grace: found integer where a text in quotes, such as \"10s\", is expected",
        );
        check(
            "contracts = [\"standard\", 1]",
            "h.toml:1: contracts: found array where a list of texts, such as [\"a\", \"b\"], is expected",
        );
        check(
            "targets = 1",
            "h.toml:1: there is no key \"targets\": did you mean \"targets.allow\"?",
        );
        assert!(refusal("a = [\nb").starts_with("h.toml:2: not TOML: "));
    }

    #[test]
    fn every_fault_of_a_file_is_found_and_the_rest_of_it_taken() {
        let mut written = Written::default();
        let text = "listn = 1\nsocket = 2\ndata_dir = \"/d\"\n[targets]\nalow = []\n";
        let faults = written.add_file(Path::new("h.toml"), text);
        let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(lines.len(), 3, "{lines:?}");
        for (line, place) in lines.iter().zip(["h.toml:1: ", "h.toml:2: ", "h.toml:5: "]) {
            assert!(line.starts_with(place), "{lines:?}");
        }
        assert!(written.get("data_dir").is_some());
    }

    #[test]
    fn flags_beat_the_environment_beats_the_file() {
        let mut written = Written::default();
        let text = "listen = \"1.1.1.1:1\"\nsocket = \"/file\"\ndata_dir = \"/file\"\n";
        assert!(written.add_file(Path::new("h.toml"), text).is_empty());
        let environment: Environment = [
            ("HOOKYARD_LISTEN", "2.2.2.2:2"),
            ("HOOKYARD_SOCKET", "/env"),
            ("HOOKYARD_KEY", "not a key of the file"),
            ("HOOKYARD_TEST_ROUNDS", "1"),
        ]
        .into_iter()
        .collect();
        assert!(written.add_environment(&environment).is_empty());
        let text_of = |key: &str| written.get(key).cloned().unwrap();
        assert_eq!(
            text_of("listen"),
            (
                Raw::Text("2.2.2.2:2".into()),
                Origin::Variable("HOOKYARD_LISTEN".into())
            )
        );
        assert_eq!(
            text_of("data_dir").1,
            Origin::File {
                path: "h.toml".into(),
                line: 3
            }
        );
    }

    #[test]
    fn the_environment_speaks_lists_numbers_and_switches() {
        let read = |name: &str, value: &str| {
            let mut written = Written::default();
            let environment: Environment = [(name, value)].into_iter().collect();
            let fault = written.add_environment(&environment).pop();
            fault.map_or(Ok(written), Err)
        };
        let written = read("HOOKYARD_TARGETS__ALLOW", "127.0.0.0/8, ::1").unwrap();
        assert_eq!(
            written.get("targets.allow").unwrap().0,
            Raw::List(vec!["127.0.0.0/8".into(), "::1".into()])
        );
        let check = |name: &str, value: &str, message: &str| {
            assert_eq!(read(name, value).unwrap_err().to_string(), message);
        };
        check(
            "HOOKYARD_HTTP__WORKERS",
            "two",
            "environment variable HOOKYARD_HTTP__WORKERS: http.workers: \"two\" is found where a whole number, such \
             as 8, is expected",
        );
        check(
            "HOOKYARD_LISTN",
            "x",
            "environment variable HOOKYARD_LISTN: there is no key \"HOOKYARD_LISTN\": did you mean \"HOOKYARD_LISTEN\"?",
        );
    }
}
