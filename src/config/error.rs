//! Why a configuration is refused.

use std::error::Error as _;
use std::path::PathBuf;

use super::written::Origin;

/// Why a configuration is refused. Every text names the place, the value, the rule and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("configuration file {} cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is no TOML.
    #[error("{}:{line}: not TOML: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// What the parser says.
        message: String,
    },
    /// No key of this name exists.
    #[error("{at}: there is no key {key:?}: did you mean {nearest:?}?")]
    UnknownKey {
        /// Where it is written.
        at: Origin,
        /// The key as written.
        key: String,
        /// The nearest key that exists.
        nearest: String,
    },
    /// The value breaks a rule.
    #[error("{at}: {key}: {problem}")]
    BadValue {
        /// Where it is written.
        at: Origin,
        /// The key.
        key: &'static str,
        /// The value, the rule and the remedy in words.
        problem: String,
    },
    /// Nothing says where data goes.
    #[error(
        "data_dir is not set and neither XDG_DATA_HOME nor HOME says where it would be: give --data-dir"
    )]
    NoDataDir,
}

/// All that is wrong with a configuration, in the order in which it is written; never empty. Printed with a line for
/// each.
#[derive(Debug, thiserror::Error)]
#[error("{}", lines(.0))]
pub struct ConfigErrors(Vec<ConfigError>);

impl ConfigError {
    /// Files before the environment before flags, by line.
    fn place(&self) -> (u8, usize) {
        let at = match self {
            Self::Syntax { line, .. } => return (0, *line),
            Self::Unreadable { .. } => return (0, 0),
            Self::NoDataDir => return (3, 0),
            Self::UnknownKey { at, .. } | Self::BadValue { at, .. } => at,
        };
        match at {
            Origin::File { line, .. } => (0, *line),
            Origin::Variable(_) => (1, 0),
            Origin::Flag(_) => (2, 0),
            Origin::Default => (3, 0),
        }
    }
}

impl ConfigErrors {
    /// Those, sorted; there is at least one.
    pub(super) fn of(mut faults: Vec<ConfigError>) -> Self {
        debug_assert!(!faults.is_empty(), "a refusal has a reason");
        faults.sort_by_key(ConfigError::place);
        Self(faults)
    }

    /// Each of them, as a line of its own.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(line)
    }
}

impl From<ConfigError> for ConfigErrors {
    fn from(error: ConfigError) -> Self {
        Self(vec![error])
    }
}

fn lines(faults: &[ConfigError]) -> String {
    let lines: Vec<String> = faults.iter().map(line).collect();
    lines.join("\n")
}

/// With its cause, which a list has no other place for.
fn line(fault: &ConfigError) -> String {
    match fault.source() {
        Some(cause) => format!("{fault}: {cause}"),
        None => fault.to_string(),
    }
}
