//! What runs outside the console: the operator's pager, a command of theirs, a file. The caller has given the terminal
//! back, and takes it again when these are done.

use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::Command;

/// What shows text where nobody says what should: raw control characters are never passed on.
const PAGER: &str = "less";

/// Shows a text in this pager, else in less.
///
/// # Errors
/// No such program, or it failed, in words.
pub(super) async fn page(pager: Option<&str>, text: &str) -> Result<(), String> {
    let pager = pager.unwrap_or(PAGER);
    let status = feed(pager, text).await;
    succeeded(pager, status)
}

/// Gives a text to a command and waits for a key, so that what it said can be read.
///
/// # Errors
/// It could not be run or failed, in words.
pub(super) async fn pipe(command: &str, text: &str) -> Result<(), String> {
    let status = feed(command, text).await;
    // Nobody who cannot write to the terminal waits to be read.
    let mut output = tokio::io::stdout();
    let _ = output.write_all(b"\n-- enter goes back --").await;
    let _ = output.flush().await;
    let mut line = String::new();
    let _ = BufReader::new(tokio::io::stdin())
        .read_line(&mut line)
        .await;
    succeeded(command, status)
}

async fn feed(command: &str, text: &str) -> io::Result<ExitStatus> {
    let mut child = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    if let Some(mut input) = child.stdin.take() {
        // Who reads only the beginning has seen enough.
        let _ = input.write_all(text.as_bytes()).await;
    }
    child.wait().await
}

fn succeeded(command: &str, status: io::Result<ExitStatus>) -> Result<(), String> {
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{command}: {status}")),
        Err(error) => Err(format!("{command}: {error}")),
    }
}

/// Writes a new file that only this user may read.
///
/// # Errors
/// There is one of this name already, or the system refuses, in words.
pub(super) async fn write(
    path: String,
    text: String,
    home: Option<PathBuf>,
) -> Result<String, String> {
    let path = match path.strip_prefix("~/").zip(home) {
        Some((rest, home)) => home.join(rest),
        None => path.into(),
    };
    let written = tokio::task::spawn_blocking(move || write_new(&path, &text)).await;
    written.unwrap_or_else(|error| Err(error.to_string()))
}

fn write_new(path: &Path, text: &str) -> Result<String, String> {
    let options = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    let written = options.and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    match written {
        Ok(()) => Ok(format!("wrote {} bytes to {}", text.len(), path.display())),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(format!(
            "{} is there already: choose another name",
            path.display()
        )),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_is_the_operators_own_and_never_overwritten() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("rows.csv");
        assert!(write_new(&path, "a\n").unwrap().contains("2 bytes"));
        let mode = path.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(
            write_new(&path, "b\n")
                .unwrap_err()
                .contains("there already")
        );
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a\n");
    }

    #[tokio::test]
    async fn a_command_that_fails_is_told_with_how_it_ended() {
        let status = feed("cat > /dev/null; exit 3", "rows").await;
        let told = succeeded("it", status).unwrap_err();
        assert!(told.contains("it: exit status: 3"), "{told}");
        // What reads nothing of a long text is no failure of ours.
        let status = feed("true", &"x".repeat(1 << 20)).await;
        assert_eq!(succeeded("true", status), Ok(()));
    }
}
