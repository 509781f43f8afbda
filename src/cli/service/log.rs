//! The log: a sentence and fields on stderr, as text or as JSON; the newest lines are kept for the API.
//!
//! **Promise.** Every line is escaped as a whole on its way out, whoever wrote its fields: no byte of a receiver,
//! publisher or consumer reaches the terminal or the log file raw.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use clap::ValueEnum;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::{DefaultFields, Writer};
use tracing_subscriber::fmt::{FormatFields as _, MakeWriter};
use tracing_subscriber::layer::{self, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, reload};

use crate::cli::failure::Failure;
use crate::clock::SharedClock;
use crate::config::Config;
use crate::domain::escape;
use crate::domain::service_log::LogLevel;
use crate::server::ServiceLog;

/// What log lines look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// A log that runs.
pub(crate) struct RunningLog {
    /// Its newest lines, for the API.
    pub(crate) lines: ServiceLog,
    levels: SetLevels,
}

type SetLevels = Box<dyn Fn(EnvFilter) -> Result<(), reload::Error>>;

/// Sends the log to stderr from now on.
///
/// # Errors
/// `log` does not read.
pub(crate) fn start_log(
    format: LogFormat,
    config: &Config,
    clock: SharedClock,
) -> anyhow::Result<RunningLog> {
    install(format, config, clock, Sink::Stderr)
}

/// Sends the log to a file from now on: the terminal belongs to the console.
///
/// # Errors
/// The file cannot be made, or `log` does not read.
pub(crate) fn start_log_file(
    path: &Path,
    config: &Config,
    clock: SharedClock,
) -> anyhow::Result<RunningLog> {
    let file = File::options()
        .create(true)
        .append(true)
        .open(path)
        .with_context(|| format!("log file {} cannot be opened", path.display()))?;
    let sink = Sink::File(Arc::new(Mutex::new(file)));
    install(LogFormat::Text, config, clock, sink)
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

impl RunningLog {
    /// What passes from now on.
    pub(super) fn set(&self, filter: EnvFilter) {
        if let Err(error) = (self.levels)(filter) {
            tracing::error!(%error, "the levels of the log cannot be changed");
        }
    }
}

/// One filter stands before both: what is written out and what is kept are the same lines.
fn install(
    format: LogFormat,
    config: &Config,
    clock: SharedClock,
    sink: Sink,
) -> anyhow::Result<RunningLog> {
    let lines = ServiceLog::new(clock);
    let (filter, handle) = reload::Layer::new(filter(config)?);
    let written = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(EscapedLines { sink, format });
    let written = match format {
        LogFormat::Text => written.with_target(false).boxed(),
        LogFormat::Json => written.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry()
        .with(filter)
        .with(written)
        .with(KeptLines(lines.clone()))
        .try_init()
        .map_err(|error| Failure::failed(format!("the log cannot be started: {error}")))?;
    // A panic's words may quote what a receiver sent: they take the same escaped way.
    std::panic::set_hook(Box::new(
        |panic| tracing::error!(%panic, "a thread panicked"),
    ));
    Ok(RunningLog {
        lines,
        levels: Box::new(move |filter| handle.reload(filter)),
    })
}

/// Keeps each line for the API, in the words of the text format.
struct KeptLines(ServiceLog);

impl<S: Subscriber> Layer<S> for KeptLines {
    fn on_event(&self, event: &Event<'_>, _: layer::Context<'_, S>) {
        let mut text = String::new();
        // A field that cannot be written ends the line there; the log on stderr says so in its own way.
        let _ = DefaultFields::new().format_fields(Writer::new(&mut text), event);
        let metadata = event.metadata();
        self.0
            .note(level_of(*metadata.level()), metadata.target(), &text);
    }
}

fn level_of(level: Level) -> LogLevel {
    match level {
        Level::ERROR => LogLevel::Error,
        Level::WARN => LogLevel::Warn,
        Level::INFO => LogLevel::Info,
        Level::DEBUG => LogLevel::Debug,
        Level::TRACE => LogLevel::Trace,
    }
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
