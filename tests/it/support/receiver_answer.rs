//! What a receiver does with a request: the well-behaved answers and the hostile ones.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// What a request gets.
#[derive(Clone, Debug)]
pub(crate) enum Behaviour {
    /// A whole answer; the connection is kept.
    Answer(Answer),
    /// A whole answer that does not say so, then the connection is closed.
    AnswerThenClose(Answer),
    /// The other behaviour, later.
    After(Duration, Box<Self>),
    /// No answer for as long as the client waits.
    Hang,
    /// No answer; the connection is closed.
    Close,
    /// These bytes, then the connection is closed.
    Bytes(Vec<u8>),
    /// A good head, then the body one byte at a time for ever.
    Drip(Duration),
    /// A good head and a body of so many bytes, as fast as they are taken.
    LongBody(usize),
    /// A head whose one header has so many bytes.
    LongHead(usize),
    /// A chunked body that never ends, as fast as it is taken.
    EndlessChunks,
}

/// What becomes of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It waits for the next request.
    KeepOpen,
    /// It is closed.
    Close,
}

/// A whole answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    status: u16,
    reason: Vec<u8>,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

impl Answer {
    /// An answer with this status and nothing else.
    pub(crate) fn status(status: u16) -> Self {
        Self {
            status,
            reason: b"Scripted".to_vec(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// The same with these words behind the status.
    pub(crate) fn reason(mut self, reason: impl Into<Vec<u8>>) -> Self {
        self.reason = reason.into();
        self
    }

    /// The same with one more header.
    pub(crate) fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The same with a body.
    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = format!("HTTP/1.1 {} ", self.status).into_bytes();
        bytes.extend_from_slice(&self.reason);
        for (name, value) in &self.headers {
            bytes.extend_from_slice(format!("\r\n{name}: ").as_bytes());
            bytes.extend_from_slice(value);
        }
        if self.status != 204 && self.status != 304 {
            let length = format!("\r\ncontent-length: {}", self.body.len());
            bytes.extend_from_slice(length.as_bytes());
        }
        bytes.extend_from_slice(b"\r\n\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

impl From<Answer> for Behaviour {
    fn from(answer: Answer) -> Self {
        Self::Answer(answer)
    }
}

impl Behaviour {
    /// 200 with a short body.
    pub(crate) fn ok() -> Self {
        Answer::status(200).body("ok").into()
    }

    /// This status with nothing else.
    pub(crate) fn status(status: u16) -> Self {
        Answer::status(status).into()
    }

    /// The same behaviour, this much later.
    pub(crate) fn after(self, delay: Duration) -> Self {
        Self::After(delay, Box::new(self))
    }

    /// Does it. An error is a client that went away.
    pub(super) async fn perform(
        &self,
        stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    ) -> io::Result<Next> {
        let mut behaviour = self;
        while let Self::After(delay, then) = behaviour {
            gone_within(stream, *delay).await?;
            behaviour = then;
        }
        match behaviour {
            Self::Answer(answer) => {
                stream.write_all(&answer.to_bytes()).await?;
                return Ok(Next::KeepOpen);
            }
            Self::AnswerThenClose(answer) => stream.write_all(&answer.to_bytes()).await?,
            Self::After(..) => unreachable!("unwrapped above"),
            Self::Hang => gone_within(stream, Duration::MAX).await?,
            Self::Close => {}
            Self::Bytes(bytes) => stream.write_all(bytes).await?,
            Self::Drip(every) => drip(stream, *every).await?,
            Self::LongBody(bytes) => long_body(stream, *bytes).await?,
            Self::LongHead(bytes) => long_head(stream, *bytes).await?,
            Self::EndlessChunks => endless_chunks(stream).await?,
        }
        Ok(Next::Close)
    }
}

/// Waits for `delay`, or for the client to go away, which is an error.
async fn gone_within(stream: &mut (impl AsyncRead + Unpin), delay: Duration) -> io::Result<()> {
    let mut byte = [0];
    match tokio::time::timeout(delay, stream.read(&mut byte)).await {
        Err(_) => Ok(()),
        Ok(_) => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

async fn drip(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    every: Duration,
) -> io::Result<()> {
    stream
        .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
        .await?;
    loop {
        stream.write_all(b".").await?;
        gone_within(stream, every).await?;
    }
}

async fn long_body(stream: &mut (impl AsyncWrite + Unpin), bytes: usize) -> io::Result<()> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {bytes}\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    pour(stream, bytes).await
}

async fn long_head(stream: &mut (impl AsyncWrite + Unpin), bytes: usize) -> io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\nx-long: ").await?;
    pour(stream, bytes).await?;
    stream.write_all(b"\r\ncontent-length: 0\r\n\r\n").await
}

async fn endless_chunks(stream: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
    stream
        .write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        .await?;
    loop {
        stream.write_all(b"4\r\nmore\r\n").await?;
    }
}

async fn pour(stream: &mut (impl AsyncWrite + Unpin), bytes: usize) -> io::Result<()> {
    let piece = [b'x'; 16 * 1024];
    let mut left = bytes;
    while left > 0 {
        let now = left.min(piece.len());
        stream.write_all(&piece[..now]).await?;
        left -= now;
    }
    Ok(())
}
