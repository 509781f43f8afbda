//! Plain HTTP/1.1 to a socket, without the manners of a client: what is sent is what the test says.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};

/// Both directions of a connection.
pub(crate) trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// Where a request goes.
#[derive(Clone, Debug)]
pub(crate) enum Door {
    /// A TCP address.
    Tcp(SocketAddr),
    /// A Unix socket.
    Unix(PathBuf),
}

impl From<&Path> for Door {
    fn from(path: &Path) -> Self {
        Self::Unix(path.to_owned())
    }
}

/// A request to be sent as it is.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Ask {
    /// A request without body.
    pub(crate) fn new(method: &str, path: &str) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub(crate) fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    /// A POST of JSON.
    pub(crate) fn post(path: &str, body: &str) -> Self {
        Self::new("POST", path).json(body)
    }

    /// With this JSON body.
    pub(crate) fn json(self, body: &str) -> Self {
        self.header("content-type", "application/json").body(body)
    }

    /// With this body and no media type.
    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// With this header beside `Host`, `Connection` and `Content-Length`.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With this bearer token.
    pub(crate) fn token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    fn bytes(&self) -> Vec<u8> {
        let mut text = format!(
            "{} {} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n",
            self.method, self.path
        );
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        let has_length = self
            .headers
            .iter()
            .any(|(name, _)| name == "content-length" || name == "transfer-encoding");
        if !has_length && (!self.body.is_empty() || self.method != "GET") {
            text.push_str(&format!("content-length: {}\r\n", self.body.len()));
        }
        text.push_str("\r\n");
        [text.as_bytes(), &self.body].concat()
    }

    /// Sends it and leaves the answer to be read.
    pub(crate) async fn start(&self, door: &Door) -> Box<dyn Wire> {
        let mut wire: Box<dyn Wire> = match door {
            Door::Tcp(address) => Box::new(TcpStream::connect(address).await.unwrap()),
            Door::Unix(path) => Box::new(UnixStream::connect(path).await.unwrap()),
        };
        wire.write_all(&self.bytes()).await.unwrap();
        wire
    }

    /// Sends it and reads the whole answer.
    pub(crate) async fn send(&self, door: &Door) -> Answer {
        let mut wire = self.start(door).await;
        let mut bytes = Vec::new();
        // A server that refuses early may reset the connection behind its answer.
        let _ = wire.read_to_end(&mut bytes).await;
        Answer::parse(&bytes)
    }

    /// Sends it and reads the answer's head only: for streams that do not end.
    pub(crate) async fn send_for_head(&self, door: &Door) -> Answer {
        let mut wire = self.start(door).await;
        let mut bytes = Vec::new();
        while !contains(&bytes, b"\r\n\r\n") {
            let mut chunk = [0; 4_096];
            let read = wire.read(&mut chunk).await.unwrap();
            assert!(read > 0, "no answer to {self:?}");
            bytes.extend_from_slice(&chunk[..read]);
        }
        Answer::parse(&bytes)
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let end = position(bytes, b"\r\n\r\n")
            .unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(bytes)));
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap();
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let body = &bytes[end + 4..];
        let chunked = headers
            .iter()
            .any(|(name, value)| name == "transfer-encoding" && value == "chunked");
        let body = if chunked {
            unchunk(body)
        } else {
            body.to_vec()
        };
        Self {
            status: status.parse().unwrap(),
            headers,
            body: String::from_utf8(body).unwrap(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {} {:?}", self.status, self.body))
    }

    /// The body as JSON, of an answer with this status.
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        if self.body.is_empty() {
            Value::Null
        } else {
            self.json()
        }
    }

    /// The problem: its status, the last segment of its type, and its detail.
    pub(crate) fn problem(&self) -> (u16, String, String) {
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{} {}",
            self.status,
            self.body
        );
        let problem = self.json();
        assert_eq!(problem["status"], self.status, "{}", self.body);
        let kind = problem["type"].as_str().unwrap();
        (
            self.status,
            kind.strip_prefix("/problems/").unwrap().to_owned(),
            problem["detail"].as_str().unwrap().to_owned(),
        )
    }
}

fn unchunk(mut bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = position(bytes, b"\r\n") {
        let size = std::str::from_utf8(&bytes[..end]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        let rest = &bytes[end + 2..];
        if size == 0 || rest.len() < size {
            break;
        }
        body.extend_from_slice(&rest[..size]);
        bytes = rest.get(size + 2..).unwrap_or_default();
    }
    body
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    position(bytes, part).is_some()
}

fn position(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}
