//! `hookyard log`: what the service wrote into its log lately, and on from there.

use clap::{Args, ValueEnum};

use super::connect::ConnectArgs;
use super::context::Context;
use super::failure::Failure;
use super::instant::AtArgs;
use super::output::{Format, FormatArgs, Output, counted, json_line, note};
use crate::api::log::{LogLineView, LogParams, LogView};
use crate::api::stream::StreamFrame;
use crate::client::{Client, ClientError};
use crate::domain::escape;
use crate::domain::limits::PAGE_ROWS_MAX;
use crate::domain::time::Timestamp;

/// Show the newest lines of the service's own log, oldest first.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  hookyard log --level warn\n  hookyard log --follow\n  hookyard log --at 15m\n  hookyard log --contains breaker --limit 200 --json\n\n\
                  The service keeps its newest 4096 lines (1 MiB) in memory; what it wrote before is in its journal or file. \
                  Where lines are gone, a note on stderr says how many.\n\
                  What is written at all is decided by the setting log of the service, such as info or info,sqlx=warn: \
                  --level debug shows nothing that was never written. For operators and admins."
)]
pub(crate) struct LogArgs {
    /// Only lines so bad or worse.
    #[arg(long, value_enum, value_name = "LEVEL", default_value_t)]
    level: Level,
    /// Only lines with these letters, whatever their case.
    #[arg(long, value_name = "TEXT")]
    contains: Option<String>,
    /// Lines to show, the newest.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..))]
    limit: u64,
    /// Go on with each new line until the service stops.
    #[arg(long, short, conflicts_with = "at")]
    follow: bool,
    #[command(flatten)]
    at: AtArgs,
    #[command(flatten)]
    connect: ConnectArgs,
    #[command(flatten)]
    format: FormatArgs,
}

/// How bad a line is.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Level {
    /// Something failed on the service's side.
    Error,
    /// Something is odd, or will fail.
    Warn,
    /// Something happened.
    Info,
    /// For whoever looks for a fault.
    Debug,
    /// Everything.
    #[default]
    Trace,
}

impl Level {
    fn word(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// Prints the log.
pub(crate) async fn run(args: LogArgs, context: &Context) -> anyhow::Result<()> {
    let client = context.client(&args.connect)?;
    let at = args.at.asked(&client).await?;
    // Opened first: no line between the look and the first frame is missed.
    let stream = match args.follow {
        true => Some(client.stream("log").await?),
        false => None,
    };
    let mut tail = Tail {
        client,
        output: context.output,
        format: args.format,
        wanted: LogParams {
            level: Some(args.level.word()),
            contains: args.contains,
            at: at.map(|at| at.to_string()),
            ..LogParams::default()
        },
        seen: 0,
        oldest_at: None,
    };
    let shown = tail.print(Some(args.limit)).await?;
    if let Some(oldest) = tail
        .oldest_at
        .filter(|oldest| at.is_some_and(|at| at < *oldest))
    {
        note(&format!(
            "of then nothing is kept any more: the oldest line that is was written at {oldest}"
        ));
    }
    let Some(mut stream) = stream else {
        if shown == 0 && context.output.is_terminal() {
            note("nothing of that is in the log");
        }
        return Ok(());
    };
    loop {
        match stream.next().await? {
            None | Some(StreamFrame::Bye) => {
                let text = "the service stops, and its log goes on when it is started again: follow it then";
                return Err(Failure::failed(text));
            }
            Some(StreamFrame::Change(change)) if change.log.is_none() => {}
            Some(StreamFrame::Hello(_) | StreamFrame::Heartbeat { .. }) => {}
            // Something may have been left out.
            Some(StreamFrame::Change(_) | StreamFrame::Gap { .. }) => {
                tail.print(None).await?;
            }
        }
    }
}

/// A log as far as it was printed.
struct Tail {
    client: Client,
    output: Output,
    format: FormatArgs,
    wanted: LogParams,
    /// The number of the newest line that was looked at.
    seen: u64,
    /// When the oldest line was written that the service has.
    oldest_at: Option<Timestamp>,
}

impl Tail {
    /// Prints what came since, the newest `limit` lines of it; how many.
    async fn print(&mut self, limit: Option<u64>) -> anyhow::Result<usize> {
        let wanted = limit.map_or(usize::MAX, |limit| {
            usize::try_from(limit).unwrap_or(usize::MAX)
        });
        let (lines, lost) = self.gather(wanted).await?;
        if lost > 0 && (lines.len() < wanted || self.output.is_terminal()) {
            note(&gone(lost));
        }
        for line in &lines {
            let line = match self.output.format(self.format) {
                Format::Json => json_line(line)?,
                Format::Plain => plain(line),
                Format::Table => self.words(line),
            };
            self.output.print(&(line + "\n"))?;
        }
        Ok(lines.len())
    }

    /// The newest lines since the last look, oldest first, and how many are gone.
    async fn gather(&mut self, wanted: usize) -> Result<(Vec<LogLineView>, u64), ClientError> {
        let mut lines = Vec::new();
        let mut newest = None;
        let mut cursor = None;
        loop {
            let left = u32::try_from(wanted - lines.len()).unwrap_or(u32::MAX);
            let query = LogParams {
                limit: Some(left.min(PAGE_ROWS_MAX)),
                after: (self.seen > 0).then_some(self.seen),
                cursor: cursor.take(),
                ..self.wanted.clone()
            };
            let LogView {
                items,
                next,
                lost,
                newest: now,
                oldest_at,
                ..
            } = self.client.log(&query).await?;
            lines.extend(items);
            self.oldest_at = oldest_at;
            // The first page has the newest line; what comes while the others are read is for the next look.
            let newest = *newest.get_or_insert(now);
            cursor = next;
            if cursor.is_none() || lines.len() >= wanted {
                self.seen = newest;
                lines.reverse();
                return Ok((lines, lost));
            }
        }
    }

    fn words(&self, line: &LogLineView) -> String {
        let level = format!("{:5}", line.level.to_uppercase());
        let level = match line.level.as_str() {
            "error" => self.output.bad(&level),
            "warn" => self.output.strong(&level),
            _ => level,
        };
        let (part, text) = (escape::line(&line.part), escape::line(&line.text));
        format!("{} {level} {part:18} {text}", line.at)
    }
}

fn plain(line: &LogLineView) -> String {
    let (part, text) = (escape::line(&line.part), escape::line(&line.text));
    format!("{}\t{}\t{part}\t{text}", line.at, line.level)
}

fn gone(lost: u64) -> String {
    let lines = counted(lost, "older line is", "older lines are");
    format!("{lines} not kept any more: the service's journal or file has them")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;

    #[test]
    fn a_line_for_pipes_has_four_cells_and_no_raw_control() {
        let line = LogLineView {
            seq: 7,
            at: Timestamp::EPOCH,
            level: "warn".to_owned(),
            part: "engine.lane".to_owned(),
            target: "hookyard::engine::lane".to_owned(),
            text: "it said \u{1b}[2J\t".to_owned(),
        };
        assert_eq!(
            plain(&line),
            "1970-01-01T00:00:00.000Z\twarn\tengine.lane\tit said \\x1b[2J\\t"
        );
    }

    #[test]
    fn what_is_gone_is_counted() {
        let text = "1 older line is not kept any more: the service's journal or file has them";
        assert_eq!(gone(1), text);
        assert!(gone(12).starts_with("12 older lines are "));
    }

    #[test]
    fn levels_are_those_of_the_service() {
        use crate::domain::service_log::LogLevel;
        for level in Level::value_variants() {
            assert!(LogLevel::from_word(&level.word()).is_some(), "{level:?}");
        }
    }
}
