//! One client's stream: hello, changes, gaps, heartbeats, bye.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use futures_util::stream;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};

use super::frame::{Frame, Topics, write};
use super::hub::Seat;
use crate::api::paths;
use crate::api::problem::Problem;
use crate::api::stream::{Hello, StreamFrame};
use crate::clock;
use crate::domain::limits::STREAMS_MAX;
use crate::server::answers::draining;
use crate::server::caller::Caller;
use crate::server::problem::{Kind, Refusal};
use crate::server::query::Query;
use crate::server::service::info_view;
use crate::server::state::State;

/// Time without frames after which a heartbeat is sent.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(5);

/// Streams what changes as server-sent events: `hello`, then `change`, `gap` and `heartbeat` frames, `bye` at the end.
#[utoipa::path(get, path = paths::STREAM, tag = "service",
    params(("topics" = Option<String>, Query,
        description = "Of `deliveries,endpoints,stats,alerts`; all when absent.")),
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
    if let Some(own) = caller.tenant() {
        return Err(Refusal::new(
            Kind::Forbidden,
            format!(
                "the stream shows the whole service and this token is confined to tenant {own}; \
                 list /v1/deliveries instead"
            ),
        ));
    }
    if state.is_draining() {
        return Err(draining());
    }
    let Some((seat, frames)) = state.hub.join() else {
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
    let client = Client {
        draining: state.draining.clone(),
        state,
        frames,
        topics,
        next: Next::Say(write(&hello, None)),
        seq: None,
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

/// A client and where its stream stands.
struct Client {
    state: Data<State>,
    frames: broadcast::Receiver<Arc<Frame>>,
    draining: watch::Receiver<bool>,
    topics: Topics,
    next: Next,
    /// The latest change that the client was told of or spared.
    seq: Option<u64>,
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
            Next::Wait => self.wait().await,
            Next::End => return None,
        };
        Some((Ok(bytes), self))
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
                Some(Err(RecvError::Lagged(_))) => {}
                Some(Err(RecvError::Closed)) | None => {
                    self.next = Next::End;
                    return write(&StreamFrame::Bye, None);
                }
            }
        }
    }

    /// The frame, after a gap where one lies before it; `None` when it has nothing for this client.
    fn tell(&mut self, frame: &Frame) -> Option<Bytes> {
        let before = self.seq.replace(frame.seq).unwrap_or(frame.seq_before);
        let missed = frame.seq_before.saturating_sub(before);
        let bytes = frame.bytes(self.topics);
        if missed == 0 && !frame.after_gap {
            return bytes;
        }
        if let Some(bytes) = bytes {
            self.next = Next::Say(bytes);
        }
        Some(write(&StreamFrame::Gap { missed }, None))
    }
}
