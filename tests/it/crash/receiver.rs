//! The receiver of the crash run: notes what came, what was answered, and what was open when the service died.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hookyard::clock::Clock;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How long the slow endpoint thinks.
const SLOW: Duration = Duration::from_millis(10);

/// One request.
#[derive(Clone, Debug)]
struct Request {
    path: String,
    event: String,
    /// Kills before it came.
    epoch: u32,
    /// The status it was answered with, once the answer was written.
    answered: Option<u16>,
}

#[derive(Default)]
struct Log {
    requests: Vec<Request>,
    kills: u32,
    /// How often `/failing` has refused each event.
    refusals: BTreeMap<String, u32>,
}

/// What was open at a kill.
pub(super) struct Open {
    /// Requests received and not answered.
    pub(super) unanswered: usize,
}

/// A running receiver: `/good`, `/ordered`, `/slow` accept; `/failing` refuses each event twice.
pub(super) struct Receiver {
    log: Rc<RefCell<Log>>,
    port: u16,
}

/// All that came, for the assertions.
pub(super) struct Arrivals(Vec<Request>);

impl Receiver {
    /// Starts it on a free port, on the current thread.
    pub(super) async fn start(clock: Arc<dyn Clock>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let log = Rc::new(RefCell::new(Log::default()));
        let shared = log.clone();
        actix_rt::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                actix_rt::spawn(serve(stream, shared.clone(), clock.clone()));
            }
        });
        Self { log, port }
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Notes that the service was just killed; answers what was open.
    pub(super) fn note_kill(&self) -> Open {
        let mut log = self.log.borrow_mut();
        log.kills += 1;
        let dying = log.kills - 1;
        let unanswered = log
            .requests
            .iter()
            .filter(|request| request.epoch == dying && request.answered.is_none())
            .count();
        Open { unanswered }
    }

    pub(super) fn arrivals(&self) -> Arrivals {
        Arrivals(self.log.borrow().requests.clone())
    }
}

impl Log {
    fn status_of_failing(&mut self, event: &str) -> u16 {
        let refusals = self.refusals.entry(event.to_owned()).or_insert(0);
        *refusals += 1;
        if *refusals <= 2 { 503 } else { 204 }
    }
}

async fn serve(mut stream: TcpStream, log: Rc<RefCell<Log>>, clock: Arc<dyn Clock>) {
    let mut buffer = Vec::new();
    while let Some((path, event)) = read_request(&mut stream, &mut buffer).await {
        let (index, status) = {
            let mut log = log.borrow_mut();
            let status = if path == "/failing" {
                log.status_of_failing(&event)
            } else {
                204
            };
            let epoch = log.kills;
            log.requests.push(Request {
                path: path.clone(),
                event,
                epoch,
                answered: None,
            });
            (log.requests.len() - 1, status)
        };
        if path == "/slow" {
            clock.sleep_until(clock.now() + SLOW).await;
        }
        let answer = if status == 204 {
            "HTTP/1.1 204 No Content\r\n\r\n"
        } else {
            "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n"
        };
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
        log.borrow_mut().requests[index].answered = Some(status);
    }
}

/// The path and the event's id of the next request; `None` once the peer is gone.
async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<(String, String)> {
    loop {
        if let Some(head_end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..head_end]).into_owned();
            let header = |wanted: &str| {
                head.lines().find_map(|line| {
                    let (name, value) = line.split_once(':')?;
                    name.eq_ignore_ascii_case(wanted)
                        .then(|| value.trim().to_owned())
                })
            };
            let length: usize = header("content-length").map_or(0, |text| text.parse().unwrap());
            if buffer.len() >= head_end + 4 + length {
                buffer.drain(..head_end + 4 + length);
                let path = head.split(' ').nth(1).unwrap().to_owned();
                return Some((
                    path,
                    header("webhook-id").expect("the standard contract names the event"),
                ));
            }
        }
        if stream.read_buf(buffer).await.unwrap_or(0) == 0 {
            return None;
        }
    }
}

impl Arrivals {
    /// Every accepted event was answered with success at each of the four paths.
    pub(super) fn assert_all_delivered(&self, accepted: &BTreeSet<String>) {
        for path in ["/good", "/ordered", "/slow", "/failing"] {
            let delivered: BTreeSet<&String> = self
                .0
                .iter()
                .filter(|request| request.path == path && request.answered == Some(204))
                .map(|request| &request.event)
                .collect();
            let missing: Vec<_> = accepted
                .iter()
                .filter(|event| !delivered.contains(event))
                .collect();
            assert!(
                missing.is_empty(),
                "{path}: {} accepted events never delivered: {missing:?}",
                missing.len()
            );
        }
    }

    /// The ordered endpoint saw the events in the order of their ids; a repeated head is not out of order.
    pub(super) fn assert_ordered(&self) {
        let events: Vec<&String> = self
            .0
            .iter()
            .filter(|request| request.path == "/ordered")
            .map(|request| &request.event)
            .collect();
        assert!(!events.is_empty());
        for pair in events.windows(2) {
            assert!(pair[0] <= pair[1], "{} was sent after {}", pair[1], pair[0]);
        }
    }

    /// Requests by (path, event).
    pub(super) fn requests_by_delivery(&self) -> BTreeMap<(String, String), u32> {
        let mut counts = BTreeMap::new();
        for request in &self.0 {
            *counts
                .entry((request.path.clone(), request.event.clone()))
                .or_insert(0) += 1;
        }
        counts
    }

    /// Kills after which a delivery came again that had been answered with success before: they fell between the
    /// answer and its record.
    pub(super) fn kills_that_repeated_an_answered_delivery(&self) -> u32 {
        let mut answered_in: BTreeMap<(&str, &str), u32> = BTreeMap::new();
        let mut kills = BTreeSet::new();
        for request in &self.0 {
            let delivery = (request.path.as_str(), request.event.as_str());
            if let Some(&epoch) = answered_in.get(&delivery)
                && epoch < request.epoch
            {
                kills.insert(epoch);
            }
            if request.answered == Some(204) {
                answered_in.insert(delivery, request.epoch);
            }
        }
        u32::try_from(kills.len()).unwrap()
    }
}
