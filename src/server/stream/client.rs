//! One client's stream: hello, changes, gaps, heartbeats, bye.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use futures_util::stream;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};

use super::frame::{Frame, Position, Topics, write};
use super::hub::Seat;
use crate::api::paths;
use crate::api::problem::Problem;
use crate::api::stream::{Hello, StreamFrame};
use crate::clock::{self, Stopwatch};
use crate::domain::limits::STREAMS_MAX;
use crate::server::access::OPERATE;
use crate::server::answers::draining;
use crate::server::caller::{Caller, bearer};
use crate::server::problem::{Kind, Refusal};
use crate::server::query::Query;
use crate::server::service::info_view;
use crate::server::state::State;

/// Time without frames after which a heartbeat is sent.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(5);

/// Streams what changes as server-sent events: `hello`, then `change`, `gap` and `heartbeat` frames, `bye` at the end.
#[utoipa::path(get, path = paths::STREAM, tag = "service",
    params(("topics" = Option<String>, Query,
        description = "Of `deliveries,endpoints,stats,alerts,replays,log,presence`; all when absent. `log` is left out for those \
            who may not read the log; who asks for `presence` is listed in `/v1/operators` while the stream is open.")),
    responses((status = 200, body = StreamFrame, content_type = "text/event-stream"),
        (status = 400, body = Problem), (status = 503, body = Problem)))]
pub(in crate::server) async fn open(
    caller: Caller,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    let query = Query::of(&request, &["topics"])?;
    let topics = match query.text("topics") {
        None => Topics::ALL,
        Some(text) => Topics::parse(text).map_err(|detail| Refusal::bad_query("topics", detail))?,
    };
    caller.whole_service("the stream shows", "list /v1/deliveries instead")?;
    let topics = heard_by(&caller, topics)?;
    if state.is_draining() {
        return Err(draining());
    }
    let operator = topics
        .has_presence()
        .then(|| (caller.actor(), state.clock.now()));
    let Some((seat, frames)) = state.hub.join(operator) else {
        return Err(Refusal::new(
            Kind::Busy,
            format!("{STREAMS_MAX} streams are open already; close one and try again"),
        )
        .retry_after(Duration::from_secs(10)));
    };
    let hello = StreamFrame::Hello(Box::new(Hello {
        info: info_view(&caller, &state),
        heartbeat_s: u32::try_from(HEARTBEAT_EVERY.as_secs()).unwrap_or(u32::MAX),
    }));
    let token = if caller.has_token() {
        Some(bearer(&request)?.into())
    } else {
        None
    };
    let client = Client {
        token,
        checked: Stopwatch::start(),
        draining: state.draining.clone(),
        state,
        frames,
        topics,
        next: Next::Say(write(&hello, None)),
        position: Position::default(),
        _seat: seat,
    };
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, HeaderValue::from_static("text/event-stream")))
        .insert_header((CACHE_CONTROL, HeaderValue::from_static("no-store")))
        // Proxies that buffer would hold frames back.
        .insert_header((
            HeaderName::from_static("x-accel-buffering"),
            HeaderValue::from_static("no"),
        ))
        .streaming(stream::unfold(client, Client::step)))
}

/// The topics of these that the caller may hear of: the log is for those who may read it.
///
/// # Errors
/// 403 where nothing is left.
fn heard_by(caller: &Caller, topics: Topics) -> Result<Topics, Refusal> {
    if OPERATE.admits(caller.role()) {
        return Ok(topics);
    }
    topics.without_log().ok_or_else(|| {
        let (role, may) = (caller.role().as_str(), OPERATE.in_words());
        let detail = format!("the topic log takes the role {may}, and this caller has {role}");
        Refusal::new(Kind::Forbidden, detail)
    })
}

/// A client and where its stream stands.
struct Client {
    state: Data<State>,
    frames: broadcast::Receiver<Arc<Frame>>,
    draining: watch::Receiver<bool>,
    topics: Topics,
    next: Next,
    /// The token that opened the stream: the stream ends with it.
    token: Option<SecretString>,
    /// When the token was last looked at.
    checked: Stopwatch,
    /// How far the client has come.
    position: Position,
    _seat: Seat,
}

/// What happens at the next step.
enum Next {
    /// These bytes go out.
    Say(Bytes),
    /// A frame is waited for.
    Wait,
    /// The stream ends.
    End,
}

impl Client {
    async fn step(mut self) -> Option<(Result<Bytes, actix_web::Error>, Self)> {
        let bytes = match std::mem::replace(&mut self.next, Next::Wait) {
            Next::Say(bytes) => bytes,
            Next::Wait if self.is_welcome().await => self.wait().await,
            Next::Wait => self.bye(),
            Next::End => return None,
        };
        Some((Ok(bytes), self))
    }

    /// Whether the token is still good; looked at every few seconds.
    async fn is_welcome(&mut self) -> bool {
        let Some(token) = &self.token else {
            return true;
        };
        if self.checked.elapsed() < HEARTBEAT_EVERY {
            return true;
        }
        self.checked = Stopwatch::start();
        let known = self
            .state
            .tokens
            .recall(token.expose_secret(), self.state.clock.now());
        if known.is_some() {
            return true;
        }
        // A store that cannot be read just now does not make a token bad.
        !matches!(self.state.engine.authenticate(token).await, Ok(None))
    }

    fn bye(&mut self) -> Bytes {
        self.next = Next::End;
        write(&StreamFrame::Bye, None)
    }

    async fn wait(&mut self) -> Bytes {
        let mut heartbeat = clock::pace(HEARTBEAT_EVERY);
        loop {
            let frame = tokio::select! {
                biased;
                // An error means that the server is gone, and then the stream ends as well.
                _ = self.draining.wait_for(|draining| *draining) => None,
                frame = self.frames.recv() => Some(frame),
                () = &mut heartbeat => {
                    let at = self.state.clock.now();
                    return write(&StreamFrame::Heartbeat { at }, None);
                }
            };
            match frame {
                Some(Ok(frame)) => {
                    if let Some(bytes) = self.tell(&frame) {
                        return bytes;
                    }
                }
                // How many changes were lost shows in the next frame's numbers.
                Some(Err(RecvError::Lagged(_))) => self.position.note_loss(),
                Some(Err(RecvError::Closed)) | None => return self.bye(),
            }
        }
    }

    /// The frame, after a gap where one lies before it; `None` when it has nothing for this client.
    fn tell(&mut self, frame: &Frame) -> Option<Bytes> {
        let gap = self.position.gap_before(frame);
        let bytes = frame.bytes(self.topics);
        let Some(missed) = gap else {
            return bytes;
        };
        if let Some(bytes) = bytes {
            self.next = Next::Say(bytes);
        }
        Some(write(&StreamFrame::Gap { missed }, None))
    }
}
