//! A real HTTP/1.1 receiver on a loopback port, which does what its script says and remembers what came.
//!
//! All receivers live on one thread with a runtime of its own, so they work beside any runtime of a test, and
//! beside none. A dropped receiver closes its listener and all its connections at once.
//!
//! Nothing here sleeps to let something happen: tests wait for what they mean, with a bound.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use super::receiver_answer::{Behaviour, Next};

/// How long a test waits for what it means before it fails: far beyond what a busy machine needs.
const WAIT_MAX: Duration = Duration::from_secs(20);
/// Bytes of a request head that are read before the receiver gives up.
const HEAD_BYTES_MAX: usize = 256 * 1024;

/// The thread on which all receivers live.
static RUNTIME: LazyLock<Handle> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let handle = runtime.handle().clone();
    std::thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
    handle
});

/// One request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// Which of the receiver's connections brought it, counted from 1.
    pub(crate) connection: usize,
    /// The head, byte for byte, with its blank line.
    pub(crate) head: Vec<u8>,
    /// The method.
    pub(crate) method: String,
    /// Path and query.
    pub(crate) path: String,
    /// Names and values in order, in the letter case that came.
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Received {
    /// The first value of a header, whatever its letter case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .and_then(|(_, value)| std::str::from_utf8(value).ok())
    }
}

/// What a connection speaks.
#[derive(Clone)]
enum Speech {
    Http,
    Https(TlsAcceptor),
    /// Takes what comes first, writes these bytes and closes.
    Bytes(Vec<u8>),
    /// Takes everything, says nothing.
    Nothing,
}

/// A receiver that runs until it is dropped.
pub(crate) struct Receiver {
    shared: Arc<Shared>,
    address: SocketAddr,
    scheme: &'static str,
    serving: AbortHandle,
}

/// A port whose queue is full.
pub(crate) struct BlackHole {
    /// Where it does not answer.
    pub(crate) address: SocketAddr,
    _listener: TcpListener,
    _queued: Vec<std::net::TcpStream>,
}

struct Shared {
    state: Mutex<State>,
    /// Told of every change, for waits of async tests.
    changes: watch::Sender<u64>,
    /// The same for tests without a runtime.
    changed: Condvar,
}

struct State {
    /// What the next requests get, one each.
    script: VecDeque<Behaviour>,
    /// What requests beyond the script get.
    otherwise: Behaviour,
    requests: Vec<Received>,
    /// Where each connection came from.
    peers: Vec<IpAddr>,
    open: usize,
}

impl Receiver {
    /// Answers 200 to everything, on a free port of 127.0.0.1.
    pub(crate) fn start() -> Self {
        Self::listen("127.0.0.1:0", "http", Speech::Http)
    }

    /// The same on a port that a receiver had before.
    pub(crate) fn start_on(address: SocketAddr) -> Self {
        Self::listen(&address.to_string(), "http", Speech::Http)
    }

    /// The same over TLS.
    pub(crate) fn start_tls(acceptor: TlsAcceptor) -> Self {
        Self::listen("127.0.0.1:0", "https", Speech::Https(acceptor))
    }

    /// Takes the first bytes of each connection, writes `bytes` and closes.
    pub(crate) fn start_bytes(scheme: &'static str, bytes: &[u8]) -> Self {
        Self::listen("127.0.0.1:0", scheme, Speech::Bytes(bytes.to_vec()))
    }

    /// Accepts connections and never says a word.
    pub(crate) fn start_silent(scheme: &'static str) -> Self {
        Self::listen("127.0.0.1:0", scheme, Speech::Nothing)
    }

    /// A port that swallows connections: its queue is full and nobody accepts. Lives as long as what is returned.
    #[must_use]
    pub(crate) fn black_hole() -> BlackHole {
        use rustix::net::{AddressFamily, SocketType, bind, listen, socket};

        let listener = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        bind(&listener, &SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        listen(&listener, 0).unwrap();
        let listener = TcpListener::from(listener);
        let address = listener.local_addr().unwrap();
        // The queue of length 0 takes one connection; each further one waits for ever.
        let fill = |_| std::net::TcpStream::connect_timeout(&address, Duration::from_millis(100));
        let queued = (0..8).map_while(|number| fill(number).ok()).collect();
        BlackHole {
            address,
            _listener: listener,
            _queued: queued,
        }
    }

    fn listen(address: &str, scheme: &'static str, speech: Speech) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                script: VecDeque::new(),
                otherwise: Behaviour::ok(),
                requests: Vec::new(),
                peers: Vec::new(),
                open: 0,
            }),
            changes: watch::Sender::new(0),
            changed: Condvar::new(),
        });
        let serving = RUNTIME
            .spawn(accept(listener, speech, Arc::clone(&shared)))
            .abort_handle();
        Self {
            shared,
            address,
            scheme,
            serving,
        }
    }

    /// What the next requests get, one each, after what is scripted already.
    pub(crate) fn script(&self, behaviours: impl IntoIterator<Item = Behaviour>) {
        self.shared.state().script.extend(behaviours);
    }

    /// What every request beyond the script gets.
    pub(crate) fn always(&self, behaviour: Behaviour) {
        self.shared.state().otherwise = behaviour;
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// A URL of it, by address.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    /// A URL of it, by a name that the test resolves.
    pub(crate) fn url_by_name(&self, name: &str, path: &str) -> String {
        format!("{}://{name}:{}{path}", self.scheme, self.address.port())
    }

    /// Every request so far, in the order they came.
    pub(crate) fn requests(&self) -> Vec<Received> {
        self.shared.state().requests.clone()
    }

    /// How many connections were accepted so far.
    pub(crate) fn connections(&self) -> usize {
        self.shared.state().peers.len()
    }

    /// Where each connection came from, in order.
    pub(crate) fn peers(&self) -> Vec<IpAddr> {
        self.shared.state().peers.clone()
    }

    /// How many connections are open.
    pub(crate) fn open_connections(&self) -> usize {
        self.shared.state().open
    }

    /// Waits until `is_met`, asked after every request and every connection's start and end.
    ///
    /// Panics with `what` and what had come when it is not met in 20 s.
    pub(crate) async fn wait_until(&self, what: &str, is_met: impl Fn(&Self) -> bool) {
        let mut changes = self.shared.changes.subscribe();
        let met = tokio::time::timeout(WAIT_MAX, async {
            while !is_met(self) {
                changes.changed().await.unwrap();
            }
        });
        if met.await.is_err() {
            self.give_up(what);
        }
    }

    /// The same for tests without a runtime: blocks the thread.
    pub(crate) fn block_until(&self, what: &str, is_met: impl Fn(&Self) -> bool) {
        let give_up_at = std::time::Instant::now() + WAIT_MAX;
        while !is_met(self) {
            let state = self.shared.state();
            let left = give_up_at.saturating_duration_since(std::time::Instant::now());
            if left.is_zero() {
                drop(state);
                self.give_up(what);
            }
            // A change between the question and the wait is noticed by the next slice.
            let slice = left.min(Duration::from_millis(50));
            drop(self.shared.changed.wait_timeout(state, slice).unwrap());
        }
    }

    fn give_up(&self, what: &str) -> ! {
        let state = self.shared.state();
        panic!(
            "not in {WAIT_MAX:?}: {what}; {} requests, {} connections, {} of them open",
            state.requests.len(),
            state.peers.len(),
            state.open
        );
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.state());
        self.changes.send_modify(|count| *count += 1);
        self.changed.notify_all();
        result
    }

    /// Records a request and tells what it gets.
    fn take(&self, request: Received) -> Behaviour {
        self.change(|state| {
            state.requests.push(request);
            state
                .script
                .pop_front()
                .unwrap_or_else(|| state.otherwise.clone())
        })
    }
}

async fn accept(listener: TcpListener, speech: Speech, shared: Arc<Shared>) {
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            continue;
        };
        // Ended connections are swept here, so that the set does not grow.
        while connections.try_join_next().is_some() {}
        stream.set_nodelay(true).unwrap();
        let open = Open::new(&shared, peer.ip());
        let (speech, shared) = (speech.clone(), Arc::clone(&shared));
        connections.spawn(async move {
            // How a connection ends is the client's business; the test looks at what was recorded.
            let _ = speak(stream, speech, open.number, &shared).await;
            drop(open);
        });
    }
}

async fn speak(
    mut stream: tokio::net::TcpStream,
    speech: Speech,
    connection: usize,
    shared: &Shared,
) -> io::Result<()> {
    match speech {
        Speech::Http => serve(stream, connection, shared).await,
        Speech::Https(acceptor) => serve(acceptor.accept(stream).await?, connection, shared).await,
        Speech::Bytes(bytes) => {
            let _taken = stream.read(&mut [0; 4096]).await?;
            stream.write_all(&bytes).await?;
            stream.shutdown().await
        }
        Speech::Nothing => {
            while stream.read(&mut [0; 4096]).await? > 0 {}
            Ok(())
        }
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    connection: usize,
    shared: &Shared,
) -> io::Result<()> {
    let mut buffer = Vec::new();
    while let Some(request) = read_request(&mut stream, &mut buffer, connection).await? {
        let behaviour = shared.take(request);
        match behaviour.perform(&mut stream).await? {
            Next::KeepOpen => {}
            Next::Close => break,
        }
    }
    stream.shutdown().await
}

/// One request, or `None` at the end of the connection. What came beyond it stays in `buffer`.
async fn read_request(
    stream: &mut (impl AsyncRead + Unpin),
    buffer: &mut Vec<u8>,
    connection: usize,
) -> io::Result<Option<Received>> {
    let head_end = loop {
        if let Some(at) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if buffer.len() > HEAD_BYTES_MAX || stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    };
    let head: Vec<u8> = buffer.drain(..head_end).collect();
    let text = String::from_utf8_lossy(&head);
    let mut lines = text.lines();
    let mut first = lines.next().unwrap_or_default().split(' ');
    let method = first.next().unwrap_or_default().to_owned();
    let path = first.next().unwrap_or_default().to_owned();
    let headers: Vec<(String, Vec<u8>)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()))
        .collect();
    let mut request = Received {
        connection,
        head,
        method,
        path,
        headers,
        body: Vec::new(),
    };
    let length = request
        .header("content-length")
        .map_or(0, |length| length.parse().unwrap());
    while buffer.len() < length {
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
    request.body = buffer.drain(..length).collect();
    Ok(Some(request))
}

/// Counts a connection while it lives.
struct Open {
    shared: Arc<Shared>,
    number: usize,
}

impl Open {
    fn new(shared: &Arc<Shared>, peer: IpAddr) -> Self {
        let number = shared.change(|state| {
            state.peers.push(peer);
            state.open += 1;
            state.peers.len()
        });
        Self {
            shared: Arc::clone(shared),
            number,
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.shared.change(|state| state.open -= 1);
    }
}
