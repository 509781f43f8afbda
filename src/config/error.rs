//! Why a configuration is refused.

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
