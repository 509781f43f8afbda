//! The log: a sentence and fields on stderr, as text or as JSON.
//!
//! **Promise.** Every line is escaped as a whole on its way out, whoever wrote its fields: no byte of a receiver,
//! publisher or consumer reaches the terminal or the log file raw.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use clap::ValueEnum;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::{EnvFilter, reload};

use crate::cli::failure::Failure;
use crate::config::Config;
use crate::domain::escape;

/// What log lines look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Sends the log to stderr from now on. What it gives can put other levels in force.
///
/// # Errors
/// `log` does not read.
pub(crate) fn start_log(format: LogFormat, config: &Config) -> anyhow::Result<LogLevels> {
    install(format, config, Sink::Stderr)
}

/// Sends the log to a file from now on: the terminal belongs to the console.
///
/// # Errors
/// The file cannot be made, or `log` does not read.
pub(crate) fn start_log_file(path: &Path, config: &Config) -> anyhow::Result<()> {
    let file = File::options()
        .create(true)
        .append(true)
        .open(path)
        .with_context(|| format!("log file {} cannot be opened", path.display()))?;
    let sink = Sink::File(Arc::new(Mutex::new(file)));
    install(LogFormat::Text, config, sink).map(drop)
}

/// What passes into the log, by the setting `log`.
///
/// # Errors
/// It does not read.
pub(super) fn filter(config: &Config) -> anyhow::Result<EnvFilter> {
    let (origin, directives) = (config.origin("log"), &config.log);
    EnvFilter::builder().parse(directives).map_err(|error| {
        Failure::usage(format!(
            "{origin}: log: {directives:?} does not read: {error}; write a level such as info, or info,sqlx=warn"
        ))
    })
}

/// Puts other levels in force in a log that runs.
pub(crate) struct LogLevels(Box<dyn Fn(EnvFilter) -> Result<(), reload::Error>>);

impl LogLevels {
    /// What passes from now on.
    pub(super) fn set(&self, filter: EnvFilter) {
        if let Err(error) = (self.0)(filter) {
            tracing::error!(%error, "the levels of the log cannot be changed");
        }
    }
}

fn install(format: LogFormat, config: &Config, sink: Sink) -> anyhow::Result<LogLevels> {
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter(config)?)
        .with_ansi(false)
        .with_writer(EscapedLines { sink, format });
    let (levels, installed) = match format {
        LogFormat::Text => {
            let builder = builder.with_target(false).with_filter_reloading();
            let handle = builder.reload_handle();
            let levels = LogLevels(Box::new(move |filter| handle.reload(filter)));
            (levels, builder.try_init())
        }
        LogFormat::Json => {
            let builder = builder.json().flatten_event(true).with_filter_reloading();
            let handle = builder.reload_handle();
            let levels = LogLevels(Box::new(move |filter| handle.reload(filter)));
            (levels, builder.try_init())
        }
    };
    installed.map_err(|error| Failure::failed(format!("the log cannot be started: {error}")))?;
    // A panic's words may quote what a receiver sent: they take the same escaped way.
    std::panic::set_hook(Box::new(
        |panic| tracing::error!(%panic, "a thread panicked"),
    ));
    Ok(levels)
}

#[derive(Clone)]
enum Sink {
    Stderr,
    File(Arc<Mutex<File>>),
}

/// Makes a writer for each line.
#[derive(Clone)]
struct EscapedLines {
    sink: Sink,
    format: LogFormat,
}

/// Escapes what is written, the line feed at its end apart.
struct LineWriter<'a>(&'a EscapedLines);

impl<'a> MakeWriter<'a> for EscapedLines {
    type Writer = LineWriter<'a>;

    fn make_writer(&'a self) -> LineWriter<'a> {
        LineWriter(self)
    }
}

impl Write for LineWriter<'_> {
    /// The formatter hands over whole lines, one a call.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let line = escaped(bytes, self.0.format);
        match &self.0.sink {
            Sink::Stderr => io::stderr().lock().write_all(line.as_bytes())?,
            Sink::File(file) => file
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .write_all(line.as_bytes())?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn escaped(bytes: &[u8], format: LogFormat) -> String {
    let text = String::from_utf8_lossy(bytes);
    let (line, end) = match text.strip_suffix('\n') {
        Some(line) => (line, "\n"),
        None => (&*text, ""),
    };
    let line = match format {
        LogFormat::Text => escape::line(line),
        LogFormat::Json => escape::json(line),
    };
    format!("{line}{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_escaped_and_its_end_kept() {
        let line = "it said \u{1b}[2J\u{9b}31m\nand more\n".as_bytes();
        assert_eq!(
            escaped(line, LogFormat::Text),
            "it said \\x1b[2J\\u{9b}31m\\nand more\n"
        );
        let json = "{\"text\":\"\u{9b}\u{202e}\"}\n".as_bytes();
        assert_eq!(
            escaped(json, LogFormat::Json),
            "{\"text\":\"\\u009b\\u202e\"}\n"
        );
    }
}
