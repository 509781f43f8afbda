//! The live stream, frame by frame.

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;

use super::door::Door;
use super::{Client, ClientError};
use crate::api::paths;
use crate::api::stream::StreamFrame;

/// Bytes that one frame may have: 100 deliveries and as many endpoints fit many times over.
const FRAME_BYTES_MAX: usize = 4 * 1024 * 1024;

/// An open stream of frames. Dropping it closes the connection.
pub struct FrameStream {
    bytes: BoxStream<'static, Result<bytes::Bytes, reqwest::Error>>,
    buffer: Vec<u8>,
    door: Arc<Door>,
}

impl Client {
    /// Opens the live stream for the named topics, such as `deliveries,endpoints,stats,alerts,replays,log,presence`.
    ///
    /// # Errors
    /// Not reachable, or refused with the service's problem.
    pub async fn stream(&self, topics: &str) -> Result<FrameStream, ClientError> {
        let request = self
            .http
            .get(format!("{}{}?topics={topics}", self.base, paths::STREAM));
        let response = self.send(request).await?;
        Ok(FrameStream {
            bytes: response.bytes_stream().boxed(),
            buffer: Vec::new(),
            door: self.door.clone(),
        })
    }
}

impl FrameStream {
    /// The next frame; `None` when the service has ended the stream. Dropping the future loses nothing.
    ///
    /// # Errors
    /// The connection broke, or a frame is not of this version's API.
    pub async fn next(&mut self) -> Result<Option<StreamFrame>, ClientError> {
        loop {
            if let Some(message) = take_message(&mut self.buffer) {
                match data_of(&message) {
                    Some(data) => {
                        return serde_json::from_str(&data)
                            .map(Some)
                            .map_err(ClientError::Unreadable);
                    }
                    None => continue,
                }
            }
            match self.bytes.next().await {
                None => return Ok(None),
                Some(Err(error)) => return Err(self.door.unreachable(&error)),
                Some(Ok(chunk)) if self.buffer.len() + chunk.len() <= FRAME_BYTES_MAX => {
                    self.buffer.extend_from_slice(&chunk);
                }
                Some(Ok(_)) => {
                    return Err(ClientError::Unreachable {
                        target: self.door.target().to_string(),
                        reason: format!("a stream frame is larger than {FRAME_BYTES_MAX} bytes"),
                    });
                }
            }
        }
    }
}

/// Cuts the first whole message (up to its empty line) off the buffer.
fn take_message(buffer: &mut Vec<u8>) -> Option<String> {
    let end = buffer.windows(2).position(|pair| pair == b"\n\n")?;
    let message: Vec<u8> = buffer.drain(..end + 2).collect();
    Some(String::from_utf8_lossy(&message).into_owned())
}

/// The `data` of a message, its lines joined; `None` for a comment.
fn data_of(message: &str) -> Option<String> {
    let lines: Vec<&str> = message
        .lines()
        .filter_map(|line| line.strip_prefix("data:"))
        .map(|data| data.strip_prefix(' ').unwrap_or(data))
        .collect();
    if lines.is_empty() {
        None
    } else {
        Some(lines.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_cut_at_empty_lines_and_comments_carry_nothing() {
        let mut buffer =
            b": hello\n\nevent: x\nid: 4\ndata: {\"a\":\ndata: 1}\n\nevent: half".to_vec();
        assert_eq!(data_of(&take_message(&mut buffer).unwrap()), None);
        assert_eq!(
            data_of(&take_message(&mut buffer).unwrap()).unwrap(),
            "{\"a\":\n1}"
        );
        assert_eq!(take_message(&mut buffer), None);
        assert_eq!(buffer, b"event: half");
    }
}
