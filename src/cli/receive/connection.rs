//! Requests off a connection, answers onto it, until either side has enough.

use std::future::Future;
use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::behaviour::Answer;
use super::request::{BadRequest, Framing, Received, cut_chunks};
use crate::clock::SharedClock;

/// Bytes read at once.
const READ_BYTES: usize = 16 * 1024;

/// Answers every request of a connection by `answer`, until it closes.
///
/// # Errors
/// The connection broke, or what came is no HTTP; then 400 was answered.
pub(crate) async fn serve<S: AsyncRead + AsyncWrite + Unpin, A: Future<Output = Answer>>(
    mut stream: S,
    clock: &SharedClock,
    mut answer: impl FnMut(Received) -> A,
) -> io::Result<()> {
    let mut buffer = Vec::new();
    loop {
        let received = match read_request(&mut stream, &mut buffer).await? {
            Ok(Some(received)) => received,
            Ok(None) => return Ok(()),
            Err(error) => {
                let answer = Answer {
                    body: error.to_string().into_bytes(),
                    ..Answer::status(400)
                };
                write_answer(&mut stream, &answer, true).await?;
                return Err(io::Error::new(io::ErrorKind::InvalidData, error));
            }
        };
        let close = received
            .header("Connection")
            .is_some_and(|value| value.eq_ignore_ascii_case("close"));
        let answer = answer(received).await;
        if !answer.delay.is_zero() {
            clock.sleep_until(clock.now() + answer.delay).await;
        }
        write_answer(&mut stream, &answer, close).await?;
        if close {
            return Ok(());
        }
    }
}

/// The next request; `None` where the connection closed before one began.
async fn read_request<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    buffer: &mut Vec<u8>,
) -> io::Result<Result<Option<Received>, BadRequest>> {
    let mut received = loop {
        match Received::cut_head(buffer) {
            Err(error) => return Ok(Err(error)),
            Ok(Some((received, length))) => {
                buffer.drain(..length);
                break received;
            }
            Ok(None) if read_more(stream, buffer).await? => {}
            Ok(None) if buffer.is_empty() => return Ok(Ok(None)),
            Ok(None) => return Ok(Err(BadRequest::Unfinished)),
        }
    };
    if received
        .header("Expect")
        .is_some_and(|value| value.eq_ignore_ascii_case("100-continue"))
    {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    }
    match received.framing() {
        Err(error) => return Ok(Err(error)),
        Ok(Framing::None) => {}
        Ok(Framing::Length(expected)) => {
            while buffer.len() < expected {
                if !read_more(stream, buffer).await? {
                    let found = buffer.len();
                    return Ok(Err(BadRequest::Short { found, expected }));
                }
            }
            received.body = buffer.drain(..expected).collect();
        }
        Ok(Framing::Chunked) => loop {
            match cut_chunks(buffer, &mut received.body) {
                Err(error) => return Ok(Err(error)),
                Ok(std::ops::ControlFlow::Break(used)) => {
                    buffer.drain(..used);
                    break;
                }
                Ok(std::ops::ControlFlow::Continue(used)) => {
                    buffer.drain(..used);
                    if !read_more(stream, buffer).await? {
                        return Ok(Err(BadRequest::Chunks));
                    }
                }
            }
        },
    }
    Ok(Ok(Some(received)))
}

/// Whether more came.
async fn read_more<S: AsyncRead + Unpin>(stream: &mut S, buffer: &mut Vec<u8>) -> io::Result<bool> {
    buffer.reserve(READ_BYTES);
    Ok(stream.read_buf(buffer).await? > 0)
}

async fn write_answer<S: AsyncWrite + Unpin>(
    stream: &mut S,
    answer: &Answer,
    close: bool,
) -> io::Result<()> {
    let mut text = format!("HTTP/1.1 {} {}\r\n", answer.status, reason(answer.status));
    for (name, value) in &answer.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if close {
        text.push_str("Connection: close\r\n");
    }
    if !matches!(answer.status, 100..=199 | 204 | 304) {
        text.push_str(&format!("Content-Length: {}\r\n", answer.body.len()));
    }
    text.push_str("\r\n");
    let mut bytes = text.into_bytes();
    if !matches!(answer.status, 100..=199 | 204 | 304) {
        bytes.extend_from_slice(&answer.body);
    }
    stream.write_all(&bytes).await?;
    stream.flush().await
}

const fn reason(status: u16) -> &'static str {
    match status {
        200..=299 => "OK",
        400..=499 => "No",
        500..=599 => "Trouble",
        _ => "Answer",
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;
    use std::sync::Arc;

    use super::*;
    use crate::clock::SystemClock;

    #[tokio::test]
    async fn one_connection_carries_request_after_request() {
        let (client, server) = tokio::io::duplex(1024);
        let clock: SharedClock = Arc::new(SystemClock::new());
        let serving = tokio::spawn(async move {
            let mut seen = Vec::new();
            let result = serve(server, &clock, |received| {
                seen.push((received.path, received.body.len()));
                ready(Answer::status(if seen.len() == 1 { 200 } else { 204 }))
            })
            .await;
            (result.is_ok(), seen)
        });
        let (mut reading, mut writing) = tokio::io::split(client);
        writing
            .write_all(
                b"POST /1 HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}\
                  POST /2 HTTP/1.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            )
            .await
            .unwrap();
        let mut answers = String::new();
        reading.read_to_string(&mut answers).await.unwrap();
        assert_eq!(
            answers,
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 204 OK\r\nConnection: close\r\n\r\n"
        );
        let seen = vec![("/1".to_owned(), 2), ("/2".to_owned(), 3)];
        assert_eq!(serving.await.unwrap(), (true, seen));
    }

    #[tokio::test]
    async fn what_is_no_http_is_told_so() {
        let (mut client, server) = tokio::io::duplex(1024);
        let clock: SharedClock = Arc::new(SystemClock::new());
        client.write_all(b"hello there\r\n\r\n").await.unwrap();
        assert!(
            serve(server, &clock, |_| ready(Answer::status(200)))
                .await
                .is_err()
        );
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 400 No\r\n"), "{answer}");
    }
}
