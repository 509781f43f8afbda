//! What commands read: files, standard input, and values on the command line.

use std::io::Read as _;
use std::path::Path;

use anyhow::Context as _;
use secrecy::SecretString;

use super::failure::Failure;
use crate::domain::json::RawJson;

/// Bytes of a secret's or a token's file: far above any, and no mistake with a large file fills the memory.
const SECRET_FILE_BYTES_MAX: u64 = 4 * 1024;

/// Reads a file, or standard input where the path is `-`, up to `bytes_max`.
///
/// # Errors
/// It cannot be read, is larger, or is not UTF-8.
pub(crate) fn read_text(path: &str, bytes_max: u64) -> anyhow::Result<String> {
    let bytes = read_bytes(path, bytes_max)?;
    String::from_utf8(bytes)
        .map_err(|_| Failure::usage(format!("{} is not UTF-8 text", name_of(path))))
}

/// As [`read_text`], any bytes.
///
/// # Errors
/// It cannot be read, or is larger.
pub(crate) fn read_bytes(path: &str, bytes_max: u64) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = bytes_max.saturating_add(1);
    let read = if path == "-" {
        std::io::stdin().lock().take(limit).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes))
    };
    read.map_err(|error| Failure::usage(format!("{} cannot be read: {error}", name_of(path))))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > bytes_max {
        return Err(Failure::usage(format!(
            "{} is larger than {bytes_max} bytes",
            name_of(path)
        )));
    }
    Ok(bytes)
}

/// Reads a secret or a token from a file: its one line, white space around it dropped.
///
/// # Errors
/// It cannot be read, or is empty.
pub(crate) fn read_secret(path: &Path) -> anyhow::Result<SecretString> {
    let path = path
        .to_str()
        .context("the file's name is not UTF-8: rename it")?;
    let text = read_text(path, SECRET_FILE_BYTES_MAX)?;
    let text = text.trim();
    if text.is_empty() {
        return Err(Failure::usage(format!(
            "{} is empty: write the value into it, on one line",
            name_of(path)
        )));
    }
    Ok(text.to_owned().into())
}

/// JSON given as a file, as `-` for standard input, or as the text itself where it begins like JSON.
///
/// # Errors
/// It cannot be read, or is no JSON.
pub(crate) fn read_json(given: &str, bytes_max: u64) -> anyhow::Result<RawJson> {
    let inline = given.trim_start().starts_with(['{', '[', '"']);
    let text = if inline {
        given.to_owned()
    } else {
        read_text(given, bytes_max)?
    };
    let place = if inline { "the data" } else { name_of(given) };
    RawJson::parse(&text).map_err(|error| {
        let cause = std::error::Error::source(&error)
            .map_or_else(String::new, |cause| format!(": {cause}"));
        Failure::usage(format!("{place} is not acceptable: {error}{cause}"))
    })
}

fn name_of(path: &str) -> &str {
    if path == "-" { "standard input" } else { path }
}
