//! Copies without a clipboard library: tmux's buffer inside tmux, else the terminal's own (OSC 52), else a file.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::Stdio;

use base64::Engine as _;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::app::msg::Msg;

/// Bytes that a terminal takes in one OSC 52.
const OSC52_BYTES_MAX: usize = 74_994;

/// Puts the text into tmux's buffer, and through it into the terminal's clipboard where tmux may; into a file where
/// tmux does not take it.
pub(crate) async fn copy_by_tmux(text: String) -> Msg {
    match load_buffer(&text).await {
        Ok(()) => Msg::Copied(Ok("tmux's buffer".to_owned())),
        Err(error) => {
            tracing::warn!(%error, "tmux load-buffer failed");
            copy_to_file(text).await
        }
    }
}

async fn load_buffer(text: &str) -> io::Result<()> {
    let mut child = Command::new("tmux")
        .args(["load-buffer", "-w", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(text.as_bytes()).await?;
    }
    let status = child.wait().await?;
    if status.success() {
        Ok(())
    } else {
        Err(io::Error::other(status.to_string()))
    }
}

/// The sequence that asks the terminal to keep the text; `None` for a text that is too long for one.
pub(crate) fn osc52(text: &str) -> Option<Vec<u8>> {
    let encoded = base64::engine::general_purpose::STANDARD.encode(text);
    (encoded.len() <= OSC52_BYTES_MAX).then(|| format!("\x1b]52;c;{encoded}\x07").into_bytes())
}

/// Puts the text into a file of its own that only this user may read.
pub(crate) async fn copy_to_file(text: String) -> Msg {
    let written = tokio::task::spawn_blocking(move || write_file(&text)).await;
    let result = match written {
        Ok(Ok(path)) => Ok(format!("the file {}", path.display())),
        Ok(Err(error)) => Err(format!("no file can be written: {error}")),
        Err(error) => Err(format!("no file can be written: {error}")),
    };
    Msg::Copied(result)
}

fn write_file(text: &str) -> io::Result<PathBuf> {
    // Made under a name nobody could have laid out before, with mode 0600.
    let mut file = tempfile::Builder::new()
        .prefix("hookyard-copy-")
        .suffix(".txt")
        .tempfile()?;
    file.write_all(text.as_bytes())?;
    Ok(file.keep()?.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_copy_is_encoded_and_bounded() {
        assert_eq!(osc52("dlv_1\x1b").unwrap(), b"\x1b]52;c;ZGx2XzEb\x07");
        // Three bytes become four.
        assert!(osc52(&"x".repeat(OSC52_BYTES_MAX / 4 * 3)).is_some());
        assert_eq!(osc52(&"x".repeat(OSC52_BYTES_MAX / 4 * 3 + 1)), None);
    }

    #[test]
    fn a_text_that_goes_into_a_file_is_there_as_it_was_for_this_user_alone() {
        let text = "as it is: \u{1b}\u{202e}\n".repeat(9_000);
        let path = write_file(&text).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        std::fs::remove_file(path).unwrap();
    }
}
