//! Copies without a clipboard library: tmux's buffer inside tmux, else the terminal's own (OSC 52).

use std::process::Stdio;

use base64::Engine as _;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::app::msg::Msg;

/// Bytes that a terminal takes in one OSC 52; what the console copies is far shorter.
const OSC52_BYTES_MAX: usize = 74_994;

/// Puts the text into tmux's buffer, and through it into the terminal's clipboard where tmux may.
pub(crate) async fn copy_by_tmux(text: String) -> Msg {
    Msg::Copied(
        load_buffer(&text)
            .await
            .map(|()| "tmux's buffer")
            .map_err(|error| format!("tmux load-buffer: {error}")),
    )
}

async fn load_buffer(text: &str) -> std::io::Result<()> {
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
        Err(std::io::Error::other(status.to_string()))
    }
}

/// The sequence that asks the terminal to keep the text; `None` for a text that is too long for one.
pub(crate) fn osc52(text: &str) -> Option<Vec<u8>> {
    let encoded = base64::engine::general_purpose::STANDARD.encode(text);
    (encoded.len() <= OSC52_BYTES_MAX).then(|| format!("\x1b]52;c;{encoded}\x07").into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_encoded_and_bounded() {
        assert_eq!(osc52("dlv_1\x1b").unwrap(), b"\x1b]52;c;ZGx2XzEb\x07");
        assert_eq!(osc52(&"x".repeat(80_000)), None);
    }
}
