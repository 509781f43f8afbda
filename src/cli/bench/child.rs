//! The two ends of a bench's child process: [`Child`] in the parent, [`Orders`] in the child.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines, Stdin};
use tokio::process::{ChildStdin, ChildStdout};

use super::protocol::{Command, Ready};

/// A running child that takes orders.
pub(super) struct Child {
    process: tokio::process::Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    /// The port it listens on.
    pub(super) port: u16,
}

impl Child {
    /// Starts this binary again with `arguments` and waits until it is ready.
    pub(super) async fn start(arguments: &[String]) -> Result<Self> {
        let binary = std::env::current_exe().context("failed to find this binary")?;
        let mut process = tokio::process::Command::new(binary)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("failed to start a child process")?;
        let input = process.stdin.take().context("the child has no input")?;
        let output =
            BufReader::new(process.stdout.take().context("the child has no output")?).lines();
        let mut child = Self {
            process,
            input,
            output,
            port: 0,
        };
        child.port = child.answer::<Ready>().await?.port;
        Ok(child)
    }

    /// Gives an order and waits for its answer.
    pub(super) async fn order<A: DeserializeOwned>(&mut self, command: &Command) -> Result<A> {
        let mut line = serde_json::to_string(command)?;
        line.push('\n');
        self.input
            .write_all(line.as_bytes())
            .await
            .context("a child process is gone")?;
        self.input.flush().await?;
        self.answer().await
    }

    async fn answer<A: DeserializeOwned>(&mut self) -> Result<A> {
        let Some(line) = self.output.next_line().await? else {
            bail!("a child process ended: {:?}", self.process.wait().await);
        };
        serde_json::from_str(&line)
            .with_context(|| format!("failed to read a child's answer {line:?}"))
    }
}

/// The orders that a child takes from its parent.
pub(super) struct Orders {
    input: Lines<BufReader<Stdin>>,
}

impl Orders {
    /// Orders from standard input.
    pub(super) fn from_stdin() -> Self {
        Self {
            input: BufReader::new(tokio::io::stdin()).lines(),
        }
    }

    /// The next order; `None` when the parent is done.
    pub(super) async fn next(&mut self) -> Result<Option<Command>> {
        let Some(line) = self.input.next_line().await? else {
            return Ok(None);
        };
        serde_json::from_str(&line)
            .map(Some)
            .context("failed to read an order")
    }

    /// Answers on standard output.
    #[expect(
        clippy::print_stdout,
        reason = "standard output is the channel to the parent"
    )]
    pub(super) fn answer(&mut self, answer: &impl Serialize) -> Result<()> {
        println!("{}", serde_json::to_string(answer)?);
        Ok(())
    }
}

/// CPU that this process has taken so far, in microseconds.
pub(super) fn cpu_time_us() -> u64 {
    let reading = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let seconds = Duration::from_secs(u64::try_from(reading.tv_sec).unwrap_or(0));
    let nanos = Duration::from_nanos(u64::try_from(reading.tv_nsec).unwrap_or(0));
    u64::try_from((seconds + nanos).as_micros()).unwrap_or(u64::MAX)
}
