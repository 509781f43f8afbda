//! The console in lines: for screen readers, and for terminals that cannot place text.
//!
//! A question a line and its answer in sentences that stand alone: no control sequence, no redrawing, nothing that
//! changes once it is printed. Rows have numbers, and the numbers are what other lines refer to. What it cannot do it
//! says, with the command that can.

mod answer;
mod ask;
mod rows;

use std::io::{self, Write};

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _};

use crate::client::Client;
use crate::domain::escape;
use answer::Desk;
use ask::Ask;

/// Bytes of a line that are read as one.
const LINE_MAX: u64 = 8_192;
const PROMPT: &str = "hookyard> ";

/// What a console in lines is started with.
pub struct PlainOptions {
    /// The service to look at.
    pub client: Client,
    /// What it is called. Escaped before it is printed.
    pub label: String,
    /// Why every change is refused; `None` where it is not.
    pub refusal: Option<&'static str>,
}

/// Answers line after line until the end of the input, or until somebody leaves.
///
/// # Errors
/// The input cannot be read, or the output not be written. A service that does not answer is told, never an error.
pub async fn run(
    options: PlainOptions,
    mut input: impl AsyncBufRead + Unpin,
    output: impl Write,
) -> io::Result<()> {
    let mut paper = Paper(output);
    let changes = options.refusal.map_or_else(String::new, |reason| {
        format!(" Nothing can be changed: {reason}.")
    });
    paper.say(&format!(
        "Hookyard at {}.{changes} help says what can be asked.",
        options.label
    ))?;
    let mut desk = Desk::new(options.client, options.refusal);
    loop {
        paper.prompt()?;
        let Some(line) = read_line(&mut input).await? else {
            return paper.say("");
        };
        let ask = Ask::parse(&line);
        if ask == Ask::Quit {
            return Ok(());
        }
        for line in desk.answer(ask).await {
            paper.say(&line)?;
        }
    }
}

/// Where the lines go.
struct Paper<W>(W);

impl<W: Write> Paper<W> {
    fn say(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.0, "{}", escape::line(line))
    }

    fn prompt(&mut self) -> io::Result<()> {
        write!(self.0, "{PROMPT}")?;
        self.0.flush()
    }
}

/// The next line, or as much of it as is read as one; none at the end.
async fn read_line(input: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    let mut bounded = input.take(LINE_MAX);
    bounded.read_until(b'\n', &mut bytes).await?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Ok((!bytes.is_empty()).then_some(text))
}
