//! The key that seals secrets at rest: `HOOKYARD_KEY`, the key file, or a new one made at the first start.

use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use secrecy::ExposeSecret as _;
use zeroize::Zeroizing;

use crate::cli::entropy::entropy;
use crate::cli::failure::Failure;
use crate::config::Config;
use crate::domain::seal::SealingKey;

/// Permission bits of everybody but the owner.
const OTHERS: u32 = 0o077;

/// Whether a key may be made where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WhenMissing {
    /// The store is new.
    Make,
    /// The store's secrets were sealed with a key that must be found.
    Refuse,
}

/// The sealing key of a configuration, looked at and not made.
pub(crate) struct KeyFacts {
    /// Where it is, in words: a path, or the variable's name.
    pub(crate) place: String,
    /// The key, or why there is none.
    pub(crate) key: anyhow::Result<SealingKey>,
}

/// Looks at the sealing key of this configuration.
pub(crate) fn facts(config: &Config) -> KeyFacts {
    let place = match config.key {
        Some(_) => "HOOKYARD_KEY".to_owned(),
        None => config.key_file.display().to_string(),
    };
    KeyFacts {
        place,
        key: load(config, WhenMissing::Refuse),
    }
}

/// The sealing key of this configuration.
///
/// # Errors
/// A key that does not read, a file that others can read, or no key where there must be one.
pub(super) fn load(config: &Config, when_missing: WhenMissing) -> anyhow::Result<SealingKey> {
    if let Some(text) = &config.key {
        return SealingKey::parse(text.expose_secret())
            .map_err(|error| Failure::usage(format!("HOOKYARD_KEY: {error}")));
    }
    let path = &config.key_file;
    match std::fs::read_to_string(path).map(Zeroizing::new) {
        Ok(text) => {
            refuse_readable_by_others(path)?;
            SealingKey::parse(&text)
                .map_err(|error| Failure::usage(format!("key file {}: {error}", path.display())))
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Failure::usage(format!(
            "key file {} cannot be read: {error}",
            path.display()
        ))),
        Err(_) if when_missing == WhenMissing::Refuse => Err(Failure::usage(format!(
            "key file {} is missing, and the secrets in {} were sealed with its key: bring it back from a backup, or \
             give the key in HOOKYARD_KEY",
            path.display(),
            config.data_dir.display()
        ))),
        Err(_) => make(path),
    }
}

fn refuse_readable_by_others(path: &Path) -> anyhow::Result<()> {
    let mode = std::fs::metadata(path)?.mode();
    if mode & OTHERS == 0 {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "key file {} has mode {:04o}, so others can read the key: chmod 600 {}",
        path.display(),
        mode & 0o7777,
        path.display()
    )))
}

/// Makes a key and its file, on disk before anything is sealed with it.
fn make(path: &Path) -> anyhow::Result<SealingKey> {
    let key = SealingKey::from_bytes(entropy()?);
    let written = || -> io::Result<()> {
        let mut file = std::fs::File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        file.write_all(key.to_file_text().as_bytes())?;
        file.sync_all()?;
        match path.parent() {
            Some(directory) => std::fs::File::open(directory)?.sync_all(),
            None => Ok(()),
        }
    };
    written().map_err(|error| {
        Failure::failed(format!(
            "key file {} cannot be made: {error}",
            path.display()
        ))
    })?;
    tracing::info!(key_file = %path.display(), "made a key for the secrets at rest: keep a copy of it");
    Ok(key)
}
