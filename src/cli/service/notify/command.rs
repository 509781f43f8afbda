//! The operator's command: no shell, JSON on its standard input, and an end.

use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};

use crate::clock::within;
use crate::config::Notify;

/// Where its programs lie. It is all that it gets of an environment: ours holds the key of the secrets.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Runs the command with `text` and a line's end on its standard input.
///
/// # Errors
/// It cannot be started, ends otherwise than with 0, or takes longer than it may; then it is killed with all that it
/// started.
pub(super) async fn run(settings: &Notify, text: &str) -> Result<(), String> {
    let Some((program, arguments)) = settings.command.split_first() else {
        return Ok(());
    };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .env("PATH", PATH)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true);
    let mut child = command
        .spawn()
        .map_err(|error| format!("{program} cannot be started: {error}"))?;
    let group = child.id();
    match within(settings.timeout, feed(&mut child, text)).await {
        Some(ended) => ended.map_err(|why| format!("{program} {why}")),
        None => {
            kill(group);
            let limit = settings.timeout.as_secs();
            Err(format!(
                "{program} took longer than {limit} s and was killed"
            ))
        }
    }
}

async fn feed(child: &mut Child, text: &str) -> Result<(), String> {
    if let Some(mut input) = child.stdin.take() {
        // A program that does not read it to the end may be content with less.
        let _ = input.write_all(text.as_bytes()).await;
        let _ = input.write_all(b"\n").await;
    }
    let status = child
        .wait()
        .await
        .map_err(|error| format!("cannot be waited for: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("ended with {status}"))
    }
}

fn kill(group: Option<u32>) {
    let pid = group
        .and_then(|id| i32::try_from(id).ok())
        .and_then(Pid::from_raw);
    if let Some(pid) = pid {
        // An error means that it has just ended.
        let _ = kill_process_group(pid, Signal::KILL);
    }
}
