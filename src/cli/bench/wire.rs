//! Just enough HTTP/1.1 on raw sockets for the bench's sink and load client.
//!
//! They share two cores with the service they measure, so they do as little as can be done: no header map, no
//! parser, one buffer a connection. Both ends are ours or the service's, and anything unexpected ends the run.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Bytes that a message's head may have.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// One kept connection with its read buffer.
pub(super) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// Bytes of `buffer` that belong to the message returned last.
    consumed: usize,
}

/// A message as it lies in the connection's buffer.
pub(super) struct Message<'a> {
    /// Start line and headers, without the empty line.
    pub(super) head: &'a str,
    /// The body.
    pub(super) body: &'a [u8],
}

impl Connection {
    /// Wraps an open connection.
    pub(super) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::with_capacity(8 * 1024),
            consumed: 0,
        })
    }

    /// Writes a whole message.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Reads the next message; `None` when the peer closed between two.
    pub(super) async fn read(&mut self) -> io::Result<Option<Message<'_>>> {
        self.buffer.drain(..self.consumed);
        self.consumed = 0;
        let head_end = loop {
            if let Some(at) = find(&self.buffer, b"\r\n\r\n") {
                break at;
            }
            if self.buffer.len() > HEAD_BYTES_MAX {
                return Err(io::Error::other("head too large"));
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return if self.buffer.is_empty() {
                    Ok(None)
                } else {
                    Err(io::ErrorKind::UnexpectedEof.into())
                };
            }
        };
        let length = content_length(&self.buffer[..head_end])?;
        let end = head_end + 4 + length;
        while self.buffer.len() < end {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        self.consumed = end;
        let head = std::str::from_utf8(&self.buffer[..head_end]).map_err(io::Error::other)?;
        Ok(Some(Message {
            head,
            body: &self.buffer[head_end + 4..end],
        }))
    }
}

impl Message<'_> {
    /// The headers, names as they were sent.
    pub(super) fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(": "))
    }

    /// The status of an answer.
    pub(super) fn status(&self) -> Option<u16> {
        self.head.split(' ').nth(1)?.parse().ok()
    }

    /// The path of a request.
    pub(super) fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or("")
    }
}

/// Where `needle` first stands in `haystack`.
pub(super) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}

fn content_length(head: &[u8]) -> io::Result<usize> {
    let head = std::str::from_utf8(head).map_err(io::Error::other)?;
    let value = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim())
    });
    value.map_or(Ok(0), |text| text.parse().map_err(io::Error::other))
}
