//! A request from bytes: head, then a body by length, in chunks, or to the end.

use std::ops::ControlFlow;

/// Bytes that a request's head may have.
pub(super) const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Bytes that a request's body may have: far above the largest event.
pub(super) const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A request as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Received {
    /// The method.
    pub(crate) method: String,
    /// Path and query.
    pub(crate) path: String,
    /// Names and values in order; bytes that are no UTF-8 come as U+FFFD.
    pub(crate) headers: Vec<(String, String)>,
    /// The body, chunks put together.
    pub(crate) body: Vec<u8>,
}

/// Bytes that are no request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadRequest {
    /// The first line.
    #[error(
        "the first line is no request line: expected a method, a path and HTTP/1.1, such as POST /hooks HTTP/1.1"
    )]
    RequestLine,
    /// A header line.
    #[error("line {0} is no header: expected a name, a colon and a value")]
    Header(usize),
    /// No empty line.
    #[error("the head does not end: expected an empty line between headers and body")]
    Unfinished,
    /// The head is too large.
    #[error("the head has more than {HEAD_BYTES_MAX} bytes")]
    HeadTooLarge,
    /// The body is too large.
    #[error("the body has more than {BODY_BYTES_MAX} bytes")]
    BodyTooLarge,
    /// A length that is no number.
    #[error("Content-Length is no number of bytes")]
    Length,
    /// The body ends too early.
    #[error(
        "the body ends after {found} bytes, Content-Length says {expected}: copy the whole request"
    )]
    Short {
        /// Bytes there are.
        found: usize,
        /// Bytes there should be.
        expected: usize,
    },
    /// A chunk that is none.
    #[error("the body is not in chunks as Transfer-Encoding says")]
    Chunks,
}

/// How the body's end is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// No body.
    None,
    /// So many bytes.
    Length(usize),
    /// In chunks.
    Chunked,
}

impl Received {
    /// The first value of a header, whatever its letter case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Cuts a head off the front of `bytes`: the request without its body, and the head's length. `None` while the
    /// empty line has not come.
    pub(super) fn cut_head(bytes: &[u8]) -> Result<Option<(Self, usize)>, BadRequest> {
        let Some(length) = head_length(bytes) else {
            if bytes.len() > HEAD_BYTES_MAX {
                return Err(BadRequest::HeadTooLarge);
            }
            return Ok(None);
        };
        if length > HEAD_BYTES_MAX {
            return Err(BadRequest::HeadTooLarge);
        }
        let text = String::from_utf8_lossy(&bytes[..length]);
        let mut lines = text.lines();
        let mut words = lines.next().unwrap_or_default().split_ascii_whitespace();
        let (Some(method), Some(path), Some(version)) = (words.next(), words.next(), words.next())
        else {
            return Err(BadRequest::RequestLine);
        };
        if !version.starts_with("HTTP/1.") || words.next().is_some() {
            return Err(BadRequest::RequestLine);
        }
        let mut headers = Vec::new();
        for (index, line) in lines.enumerate().filter(|(_, line)| !line.is_empty()) {
            let (name, value) = line
                .split_once(':')
                .filter(|(name, _)| !name.is_empty() && !name.contains(char::is_whitespace))
                .ok_or(BadRequest::Header(index + 2))?;
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
        let received = Self {
            method: method.to_owned(),
            path: path.to_owned(),
            headers,
            body: Vec::new(),
        };
        Ok(Some((received, length)))
    }

    /// How its body's end is told.
    pub(super) fn framing(&self) -> Result<Framing, BadRequest> {
        if self
            .header("Transfer-Encoding")
            .is_some_and(|value| value.to_ascii_lowercase().contains("chunked"))
        {
            return Ok(Framing::Chunked);
        }
        let Some(text) = self.header("Content-Length") else {
            return Ok(Framing::None);
        };
        let length = text.parse().map_err(|_| BadRequest::Length)?;
        if length > BODY_BYTES_MAX {
            return Err(BadRequest::BodyTooLarge);
        }
        Ok(Framing::Length(length))
    }
}

/// Where the head ends, its empty line included. Lines may end in LF alone: people paste requests into files.
fn head_length(bytes: &[u8]) -> Option<usize> {
    let mut start = 0;
    while let Some(end) = bytes[start..].iter().position(|&byte| byte == b'\n') {
        let line = &bytes[start..start + end];
        let next = start + end + 1;
        if (line.is_empty() || line == b"\r") && start > 0 {
            return Some(next);
        }
        start = next;
    }
    None
}

/// Cuts chunks off the front of `bytes` into `body`. Breaks with the bytes used once the last one has come;
/// continues with the bytes used so far.
pub(super) fn cut_chunks(
    bytes: &[u8],
    body: &mut Vec<u8>,
) -> Result<ControlFlow<usize, usize>, BadRequest> {
    let mut used = 0;
    loop {
        let rest = &bytes[used..];
        let Some(end) = rest.windows(2).position(|pair| pair == b"\r\n") else {
            return Ok(ControlFlow::Continue(used));
        };
        let size = std::str::from_utf8(&rest[..end])
            .ok()
            .and_then(|line| {
                let digits = line.split(';').next().unwrap_or_default().trim();
                usize::from_str_radix(digits, 16).ok()
            })
            .ok_or(BadRequest::Chunks)?;
        if body.len().saturating_add(size) > BODY_BYTES_MAX {
            return Err(BadRequest::BodyTooLarge);
        }
        let data = end + 2;
        if size == 0 {
            return Ok(
                match rest[data..].windows(2).position(|pair| pair == b"\r\n") {
                    Some(trailer) => ControlFlow::Break(used + data + trailer + 2),
                    None => ControlFlow::Continue(used),
                },
            );
        }
        let Some(chunk) = rest.get(data..data + size + 2) else {
            return Ok(ControlFlow::Continue(used));
        };
        if !chunk.ends_with(b"\r\n") {
            return Err(BadRequest::Chunks);
        }
        body.extend_from_slice(&chunk[..size]);
        used += data + size + 2;
    }
}

/// Reads one request that is all of `bytes`: without a length the body is all that follows the head.
///
/// # Errors
/// Bytes that are no whole request.
pub(crate) fn read_whole(bytes: &[u8]) -> Result<Received, BadRequest> {
    let (mut received, length) = Received::cut_head(bytes)?.ok_or(BadRequest::Unfinished)?;
    let rest = &bytes[length..];
    match received.framing()? {
        Framing::None => received.body = rest.to_vec(),
        Framing::Length(expected) => {
            // An editor's line feed at the end of the file is no part of the body.
            received.body = rest
                .get(..expected)
                .ok_or(BadRequest::Short {
                    found: rest.len(),
                    expected,
                })?
                .to_vec();
        }
        Framing::Chunked => {
            let mut body = Vec::new();
            if cut_chunks(rest, &mut body)?.is_continue() {
                return Err(BadRequest::Chunks);
            }
            received.body = body;
        }
    }
    Ok(received)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_request_is_read_by_length_in_chunks_or_to_the_end() {
        let head = "POST /a?b=1 HTTP/1.1\r\nHost: x\r\n";
        for (rest, body) in [
            ("Content-Length: 3\r\n\r\n{1}\n", "{1}"),
            (
                "Transfer-Encoding: chunked\r\n\r\n2;x=y\r\n{1\r\n1\r\n}\r\n0\r\n\r\n",
                "{1}",
            ),
            ("\r\n{1}\n", "{1}\n"),
        ] {
            let received = read_whole(format!("{head}{rest}").as_bytes()).unwrap();
            assert_eq!(
                (received.method.as_str(), received.path.as_str()),
                ("POST", "/a?b=1")
            );
            assert_eq!(received.header("host"), Some("x"));
            assert_eq!(String::from_utf8(received.body).unwrap(), body);
        }
        let pasted = read_whole(b"POST / HTTP/1.1\nA: b: c\n\nx").unwrap();
        assert_eq!(
            (pasted.header("A"), &*pasted.body),
            (Some("b: c"), &b"x"[..])
        );
    }

    #[test]
    fn what_is_no_request_is_refused_by_name() {
        for (text, error) in [
            ("", BadRequest::Unfinished),
            ("POST / HTTP/1.1\r\nA: b\r\n", BadRequest::Unfinished),
            ("hello\r\n\r\n", BadRequest::RequestLine),
            ("POST / HTTP/2\r\n\r\n", BadRequest::RequestLine),
            (
                "POST / HTTP/1.1\r\nA: b\r\nc d\r\n\r\n",
                BadRequest::Header(3),
            ),
            (
                "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
                BadRequest::Length,
            ),
            (
                "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc",
                BadRequest::Short {
                    found: 3,
                    expected: 5,
                },
            ),
            (
                "POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
                BadRequest::BodyTooLarge,
            ),
            (
                "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                BadRequest::Chunks,
            ),
        ] {
            assert_eq!(read_whole(text.as_bytes()), Err(error), "{text}");
        }
        let endless = vec![b'a'; HEAD_BYTES_MAX + 1];
        assert_eq!(read_whole(&endless), Err(BadRequest::HeadTooLarge));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>, head: bool) {
            let mut text = if head {
                b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec()
            } else {
                Vec::new()
            };
            text.extend(bytes);
            let _ = read_whole(&text);
        }
    }
}
