//! The receiver of the crash run: notes what came, what was answered, and what each kill caught.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hookyard::clock::Clock;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// How long the slow endpoint thinks.
const SLOW: Duration = Duration::from_millis(10);

/// A delivery as a receiver knows it: the path it comes to and the event's id.
pub(super) type DeliveryName = (String, String);

/// One request.
#[derive(Clone, Debug)]
struct Request {
    delivery: DeliveryName,
    /// Kills before its service was started.
    life: u32,
    /// The status it was answered with, once the answer was written; never after the kill was sent.
    answered: Option<u16>,
    /// Whether the kill that ended its life left it without a recorded attempt.
    caught: bool,
}

#[derive(Default)]
struct Log {
    requests: Vec<Request>,
    /// Kills so far.
    life: u32,
    /// The kill was sent and the service's connections have not all ended: nothing is answered.
    dying: bool,
    /// Connections that are open.
    open: u32,
    /// Where the latest connection came from.
    latest: Option<SocketAddr>,
    /// How often `/failing` has refused each event.
    refusals: BTreeMap<String, u32>,
}

/// What one kill caught in flight: requests without a recorded attempt.
pub(super) struct Caught {
    /// Requests by path.
    pub(super) by_path: BTreeMap<String, u32>,
    /// Those that had no answer yet.
    pub(super) unanswered: u32,
    /// Those whose answer was written.
    pub(super) answered: u32,
}

/// A running receiver: `/good`, `/ordered`, `/slow` accept; `/failing` refuses each event twice.
pub(super) struct Receiver {
    shared: Rc<Shared>,
    address: SocketAddr,
}

#[derive(Default)]
struct Shared {
    log: RefCell<Log>,
    /// Told of every connection's start and end.
    connections: Notify,
}

/// All that came, for the assertions.
pub(super) struct Arrivals(Vec<Request>);

impl Receiver {
    /// Starts it on a free port, on the current thread.
    pub(super) async fn start(clock: Arc<dyn Clock>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Rc::new(Shared::default());
        let accepting = shared.clone();
        actix_rt::spawn(async move {
            while let Ok((stream, peer)) = listener.accept().await {
                accepting.change(|log| {
                    log.open += 1;
                    log.latest = Some(peer);
                });
                let (shared, clock) = (accepting.clone(), clock.clone());
                actix_rt::spawn(async move {
                    serve(stream, &shared, &*clock).await;
                    shared.change(|log| log.open -= 1);
                });
            }
        });
        Self { shared, address }
    }

    pub(super) fn port(&self) -> u16 {
        self.address.port()
    }

    /// To be called right before the kill, without a point to wait at in between: from now on nothing is answered.
    pub(super) fn note_kill(&self) {
        self.shared.log.borrow_mut().dying = true;
    }

    /// Waits until all that the dead service had sent has been read, which may lie in a socket still.
    pub(super) async fn read_the_rest(&self) {
        // Connections are accepted in the order they were made: once this one is, so are all of the dead.
        let probe = TcpStream::connect(self.address).await.unwrap();
        let probe = probe.local_addr().map(|address| (probe, address));
        let (_open, address) = probe.unwrap();
        loop {
            let changed = self.shared.connections.notified();
            {
                let log = self.shared.log.borrow();
                if log.latest == Some(address) && log.open == 1 {
                    return;
                }
            }
            changed.await;
        }
    }

    /// Holds the requests of the life that has just ended against the attempts `recorded` of it: each but the last of
    /// a delivery was answered and recorded. Tells which were caught, and begins the next life.
    pub(super) fn end_life(&self, recorded: &BTreeMap<DeliveryName, u32>) -> Caught {
        let mut log = self.shared.log.borrow_mut();
        let life = log.life;
        let mut requests: BTreeMap<DeliveryName, Vec<&mut Request>> = BTreeMap::new();
        for request in log.requests.iter_mut().rev() {
            if request.life < life {
                break;
            }
            let of_delivery = requests.entry(request.delivery.clone()).or_default();
            of_delivery.insert(0, request);
        }
        for delivery in recorded.keys() {
            assert!(requests.contains_key(delivery), "{delivery:?} never came");
        }
        let mut caught = Caught {
            by_path: BTreeMap::new(),
            unanswered: 0,
            answered: 0,
        };
        for (delivery, mut requests) in requests {
            let recorded = recorded.get(&delivery).copied().unwrap_or(0) as usize;
            assert!(
                (recorded..=recorded + 1).contains(&requests.len()),
                "life {life}, {delivery:?}: {recorded} attempts recorded of {requests:?}"
            );
            for known in &requests[..recorded] {
                assert!(known.answered.is_some(), "recorded unanswered: {known:?}");
            }
            if let Some(last) = requests.get_mut(recorded) {
                last.caught = true;
                *caught.by_path.entry(delivery.0).or_insert(0) += 1;
                match last.answered {
                    Some(_) => caught.answered += 1,
                    None => caught.unanswered += 1,
                }
            }
        }
        log.life += 1;
        log.dying = false;
        caught
    }

    pub(super) fn arrivals(&self) -> Arrivals {
        Arrivals(self.shared.log.borrow().requests.clone())
    }
}

impl Shared {
    fn change(&self, change: impl FnOnce(&mut Log)) {
        change(&mut self.log.borrow_mut());
        self.connections.notify_waiters();
    }
}

impl Log {
    /// Notes a request; tells where it stands and what it is answered with.
    fn take(&mut self, delivery: DeliveryName) -> (usize, u16) {
        let status = if delivery.0 == "/failing" {
            self.status_of_failing(&delivery.1)
        } else {
            204
        };
        self.requests.push(Request {
            delivery,
            life: self.life,
            answered: None,
            caught: false,
        });
        (self.requests.len() - 1, status)
    }

    fn status_of_failing(&mut self, event: &str) -> u16 {
        let refusals = self.refusals.entry(event.to_owned()).or_insert(0);
        *refusals += 1;
        if *refusals <= 2 { 503 } else { 204 }
    }
}

async fn serve(mut stream: TcpStream, shared: &Shared, clock: &dyn Clock) {
    let mut buffer = Vec::new();
    while let Some(delivery) = read_request(&mut stream, &mut buffer).await {
        let is_slow = delivery.0 == "/slow";
        let (index, status) = shared.log.borrow_mut().take(delivery);
        if is_slow {
            clock.sleep_until(clock.now() + SLOW).await;
        }
        if shared.log.borrow().dying {
            continue;
        }
        let answer = if status == 204 {
            "HTTP/1.1 204 No Content\r\n\r\n"
        } else {
            "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n"
        };
        // Before it is written: from here on the service may know it.
        shared.log.borrow_mut().requests[index].answered = Some(status);
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// The next request; `None` once the peer is gone.
async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<DeliveryName> {
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
                .filter(|request| request.delivery.0 == path && request.answered == Some(204))
                .map(|request| &request.delivery.1)
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
            .filter(|request| request.delivery.0 == "/ordered")
            .map(|request| &request.delivery.1)
            .collect();
        assert!(!events.is_empty());
        for pair in events.windows(2) {
            assert!(pair[0] <= pair[1], "{} was sent after {}", pair[1], pair[0]);
        }
    }

    /// Whatever came more often than its receiver made it come was caught by a kill, and came once more for that kill
    /// and not before the restart. How many extra requests that makes of each delivery.
    pub(super) fn assert_extra_requests_are_explained(&self) -> BTreeMap<DeliveryName, u32> {
        let mut before: BTreeMap<&DeliveryName, &Request> = BTreeMap::new();
        let mut extra = BTreeMap::new();
        for request in &self.0 {
            let count = extra.entry(request.delivery.clone()).or_insert(0);
            if let Some(last) = before.insert(&request.delivery, request) {
                if last.caught {
                    assert!(last.life < request.life, "{last:?}, then {request:?}");
                    *count += 1;
                } else {
                    let refused = last.answered == Some(503);
                    assert!(refused, "without reason again: {last:?}, then {request:?}");
                }
            }
        }
        for last in before.values() {
            assert!(!last.caught, "caught and never sent again: {last:?}");
        }
        extra
    }

    /// Requests of each delivery.
    pub(super) fn requests_by_delivery(&self) -> BTreeMap<DeliveryName, u32> {
        let mut counts = BTreeMap::new();
        for request in &self.0 {
            *counts.entry(request.delivery.clone()).or_insert(0) += 1;
        }
        counts
    }
}
