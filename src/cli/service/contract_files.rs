//! The contracts that a service knows: the built-in ones and those of the configured directory.

use std::path::PathBuf;

use crate::cli::failure::Failure;
use crate::config::Config;
use crate::domain::contract::{ContractSet, ContractText};

/// Loads them.
///
/// # Errors
/// A directory or a file that cannot be read, and whatever does not load or fit together.
pub(super) fn load(config: &Config) -> anyhow::Result<ContractSet> {
    let texts = read(config)?;
    let own: Vec<ContractText<'_>> = texts
        .iter()
        .map(|(file, text)| ContractText { file, text })
        .collect();
    ContractSet::load(&own, &config.contracts, &config.default_contract)
        .map_err(|error| Failure::usage(error.to_string()))
}

/// The files of the configured directory, each with its text, by name.
///
/// # Errors
/// A directory or a file that cannot be read.
pub(crate) fn read(config: &Config) -> anyhow::Result<Vec<(String, String)>> {
    let Some(directory) = &config.contracts_dir else {
        return Ok(Vec::new());
    };
    let unreadable = |path: &std::path::Path, error: std::io::Error| {
        Failure::usage(format!(
            "contracts_dir: {} cannot be read: {error}",
            path.display()
        ))
    };
    let entries = std::fs::read_dir(directory).map_err(|error| unreadable(directory, error))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .collect();
    files.sort();
    let mut texts = Vec::with_capacity(files.len());
    for path in files {
        let text = std::fs::read_to_string(&path).map_err(|error| unreadable(&path, error))?;
        texts.push((path.display().to_string(), text));
    }
    Ok(texts)
}
