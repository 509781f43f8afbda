//! The console in lines: for screen readers, and for terminals that cannot place text.
//!
//! A question a line and its answer in sentences that stand alone: no control sequence, no redrawing, nothing that
//! changes once it is printed. Rows have numbers, and the numbers are what other lines refer to. What happens is told
//! between the lines where that is wanted, never while an answer is waited for. What it cannot do it says, with the
//! command that can.

mod answer;
mod ask;
mod asking;
mod deeds;
mod follow;
mod help;
mod listing;
mod numbers;
mod planning;
mod rows;

use std::io::{self, Write};
use std::time::Duration;

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _};

use super::app::msg::Msg;
use super::app::writes::Writes;
use super::perform::Stream;
use crate::client::Client;
use crate::clock::{SharedClock, pace};
use crate::domain::escape;
use answer::Desk;
use follow::News;

/// Bytes of a line that are read as one.
const LINE_MAX: u64 = 8_192;
const PROMPT: &str = "hookyard> ";

/// What a console in lines is started with.
pub struct PlainOptions {
    /// The service to look at.
    pub client: Client,
    /// What it is called: to be typed where much is changed. Escaped before it is printed.
    pub label: String,
    /// What its context says of it besides. Escaped before it is printed.
    pub banner: Option<String>,
    /// Whether every change is refused.
    pub read_only: bool,
    /// Whether changes have to be armed by typing what it is called.
    pub protected: bool,
    /// The time.
    pub clock: SharedClock,
}

/// Answers line after line until the end of the input, or until somebody leaves.
///
/// # Errors
/// The input cannot be read, or the output not be written. A service that does not answer is told, never an error.
pub async fn run(
    options: PlainOptions,
    input: impl AsyncBufRead + Unpin,
    output: impl Write,
) -> io::Result<()> {
    let mut paper = Paper(output);
    let (writes, changes) = match (options.read_only, options.protected) {
        (true, _) => (
            Writes::Never,
            " Nothing can be changed: this console is read-only.",
        ),
        (false, true) => (
            Writes::Locked,
            " It is protected: nothing is changed until arm and its name are typed.",
        ),
        (false, false) => (Writes::On, ""),
    };
    let banner = options.banner.map(|banner| format!(" ({banner})"));
    paper.say(&format!(
        "Hookyard at {}{}.{changes} help says what can be asked.",
        options.label,
        banner.unwrap_or_default()
    ))?;
    let clock = options.clock.clone();
    let mut ears = Ears {
        input,
        typed: Typed::default(),
        client: options.client.clone(),
        clock: options.clock,
        stream: Stream::Closed,
        news: News::default(),
    };
    let mut desk = Desk::new(options.client, clock, options.label, writes);
    paper.prompt()?;
    loop {
        match ears.next(desk.asks()).await? {
            Heard::News(lines) => {
                // The prompt stands there, and what may be typed behind it.
                paper.say("")?;
                paper.say_all(&lines)?;
            }
            Heard::End => return paper.say(""),
            Heard::Line(None) => paper.say(&format!(
                "A line has at most {LINE_MAX} bytes: nothing of this one is taken, say it shorter."
            ))?,
            Heard::Line(Some(line)) => {
                let Some(lines) = desk.answer(&line).await else {
                    return Ok(());
                };
                paper.say_all(&lines)?;
                ears.follow(desk.follows());
            }
        }
        paper.prompt()?;
    }
}

/// What is heard: lines of the operator, and what happens at the service where that is followed.
struct Ears<R> {
    input: R,
    /// A line that is not at its end yet.
    typed: Typed,
    client: Client,
    clock: SharedClock,
    stream: Stream,
    news: News,
}

/// What was heard.
enum Heard {
    /// A line; none where it is too long to be one.
    Line(Option<String>),
    /// The end of the input.
    End,
    /// What happened, in lines.
    News(Vec<String>),
}

impl<R: AsyncBufRead + Unpin> Ears<R> {
    /// Begins to follow what happens, or ends it.
    fn follow(&mut self, follows: bool) {
        match (follows, &self.stream) {
            (true, Stream::Closed) if self.news.again_in(self.clock.monotonic()).is_none() => {
                self.stream = Stream::open(&self.client);
            }
            (false, _) => {
                self.stream = Stream::Closed;
                self.news = News::default();
            }
            (true, _) => {}
        }
    }

    /// Waits for whatever comes first; nothing is told while an answer is waited for.
    async fn next(&mut self, asks: bool) -> io::Result<Heard> {
        loop {
            let now = self.clock.monotonic();
            let told_in = self.news.told_in(now).filter(|_| !asks);
            let again_in = self.news.again_in(now);
            let wait = |wait: Option<Duration>| pace(wait.unwrap_or(Duration::MAX));
            tokio::select! {
                biased;
                line = read_line(&mut self.input, &mut self.typed) => {
                    return Ok(line?.map_or(Heard::End, |line| Heard::Line(line.text())));
                }
                msg = self.stream.next() => self.hear(msg),
                () = wait(told_in), if told_in.is_some() => {
                    let now = self.clock.monotonic();
                    return Ok(Heard::News(self.news.tell(now)));
                }
                () = wait(again_in), if again_in.is_some() => {
                    self.news.opens();
                    self.stream = Stream::open(&self.client);
                }
            }
        }
    }

    fn hear(&mut self, msg: Msg) {
        self.news.take(self.clock.monotonic(), msg);
    }
}

/// Where the lines go.
struct Paper<W>(W);

impl<W: Write> Paper<W> {
    fn say(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.0, "{}", escape::line(line))
    }

    fn say_all(&mut self, lines: &[String]) -> io::Result<()> {
        lines.iter().try_for_each(|line| self.say(line))
    }

    fn prompt(&mut self) -> io::Result<()> {
        write!(self.0, "{PROMPT}")?;
        self.0.flush()
    }
}

/// What was read of a line.
#[derive(Debug, Default)]
struct Typed {
    bytes: Vec<u8>,
    /// Whether it was more than is read as one, and the beginning is dropped.
    is_over: bool,
}

impl Typed {
    /// The line; none where it is too long: half a line may mean something else.
    fn text(self) -> Option<String> {
        (!self.is_over).then(|| String::from_utf8_lossy(&self.bytes).into_owned())
    }
}

/// The next line; none at the end. What was read of it stays in `typed` where the future is dropped.
async fn read_line(
    input: &mut (impl AsyncBufRead + Unpin),
    typed: &mut Typed,
) -> io::Result<Option<Typed>> {
    loop {
        let room = LINE_MAX.saturating_sub(typed.bytes.len() as u64);
        let mut bounded = input.take(room);
        let bytes = bounded.read_until(b'\n', &mut typed.bytes).await?;
        if bytes == 0 && room > 0 || typed.bytes.ends_with(b"\n") {
            let line = std::mem::take(typed);
            return Ok((line.is_over || !line.bytes.is_empty()).then_some(line));
        }
        if typed.bytes.len() as u64 >= LINE_MAX {
            typed.bytes.clear();
            typed.is_over = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_line_that_is_too_long_is_none_and_the_next_is_one() {
        let long = "x".repeat(usize::try_from(LINE_MAX).unwrap());
        let text = format!("{long} 1\nyes\n{long}{long}\nlast");
        let (mut input, mut typed) = (text.as_bytes(), Typed::default());
        let mut lines = Vec::new();
        while let Some(line) = read_line(&mut input, &mut typed).await.unwrap() {
            lines.push(line.text());
        }
        let expected = [None, Some("yes\n"), None, Some("last")];
        assert_eq!(lines, expected.map(|line| line.map(str::to_owned)));
    }
}
