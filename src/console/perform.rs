//! The one place where the console talks to the service: calls in, messages out.

use std::time::Duration;

use futures_util::future::BoxFuture;

use super::app::looking_back::Window;
use super::app::msg::{Answer, Call, Failure, Msg, RequestId};
use super::app::plan::{Intent, Start};
use crate::api::audit::AuditParams;
use crate::api::cause::CausesQuery;
use crate::api::dead::DiscardDeadBody;
use crate::api::delivery::{AttemptDetail, CountQuery};
use crate::api::endpoint::{PauseBody, TestBody};
use crate::api::horizon::HorizonQuery;
use crate::api::log::{LogParams, LogView};
use crate::api::note::NotesQuery;
use crate::api::page::PageQuery;
use crate::api::replay::{PlanView, ReplayBody};
use crate::api::saved_view::SaveView;
use crate::api::stats::StatsView;
use crate::client::{Client, ClientError, FrameStream};
use crate::clock::{Stopwatch, within};
use crate::domain::event_type::EventType;
use crate::domain::id::{DeliveryId, EndpointId};
use crate::domain::service_log::LogLevel;
use crate::domain::time::Timestamp;

/// How long another context may take to answer.
const PROBE_LIMIT: Duration = Duration::from_secs(2);
/// What the stream is asked for.
const TOPICS: &str = "deliveries,endpoints,stats,alerts,replays,log,presence";
/// Rows of a page of deliveries or other rows: several screens.
const ROWS_A_PAGE: u32 = 200;
/// Deliveries that are told beside a list: as many as a tall screen has rows.
const DELIVERIES_A_GLANCE: u32 = 40;
/// Rows of a page of endpoints: as many as the service gives.
const ENDPOINTS_A_PAGE: u32 = 500;
/// The window of the header's figures.
const STATS_WINDOW: &str = "1m";
/// The window of what is told of one endpoint.
const HOUR: &str = Window::Hour.text();

/// The live stream as the console's loop sees it.
pub(crate) enum Stream {
    /// None is wanted.
    Closed,
    /// It is being opened.
    Opening(BoxFuture<'static, Result<FrameStream, ClientError>>),
    /// Frames come.
    Open(FrameStream),
}

impl Stream {
    /// Begins to open the stream.
    pub(crate) fn open(client: &Client) -> Self {
        let client = client.clone();
        Self::Opening(Box::pin(async move { client.stream(TOPICS).await }))
    }

    /// The next thing that happens on it; never, when it is closed. Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) -> Msg {
        match self {
            Self::Closed => std::future::pending().await,
            Self::Opening(opening) => match opening.await {
                Ok(frames) => {
                    *self = Self::Open(frames);
                    Msg::StreamOpened
                }
                Err(error) => self.lose(error.reason()),
            },
            Self::Open(frames) => match frames.next().await {
                Ok(Some(frame)) => Msg::Frame(Box::new(frame)),
                Ok(None) => self.lose("the service has ended the stream".to_owned()),
                Err(error) => self.lose(error.reason()),
            },
        }
    }

    fn lose(&mut self, reason: String) -> Msg {
        *self = Self::Closed;
        Msg::StreamLost(reason)
    }
}

/// Asks another context whether it is there.
pub(crate) async fn probe(at: usize, client: impl Future<Output = Result<Client, String>>) -> Msg {
    let watch = Stopwatch::start();
    let asked = async {
        let answer = client.await?.info().await;
        answer.map_err(|error| error.reason())
    };
    let result = match within(PROBE_LIMIT, asked).await {
        Some(answer) => answer.map(|_| watch.elapsed()),
        None => Err(format!("no answer within {} s", PROBE_LIMIT.as_secs())),
    };
    Msg::Probed(at, result)
}

/// Calls the service; the answer bears the number of the request.
pub(crate) async fn call(client: Client, request: RequestId, call: Call) -> Msg {
    let begun = Stopwatch::start();
    let result = answer(&client, call).await.map_err(|error| Failure {
        kept_since: error.problem().and_then(|problem| problem.kept_since),
        ..Failure::said(error.to_string())
    });
    let took = result.is_ok().then(|| begun.elapsed());
    Msg::Answered(request, took, Box::new(result))
}

/// Calls the service.
///
/// # Errors
/// It cannot be reached, or refuses.
pub(crate) async fn answer(client: &Client, call: Call) -> Result<Answer, ClientError> {
    Ok(match call {
        Call::Then(at, call) => then(client, at, *call).await?,
        Call::Deliveries { filter, cursor } => {
            let filter = (!filter.is_empty()).then_some(filter);
            let query = page(ROWS_A_PAGE, filter, cursor);
            Answer::Deliveries(client.deliveries(&query).await?)
        }
        Call::Count(filter) => count(client, filter, None).await?,
        Call::Glance(filter) => {
            let query = page(DELIVERIES_A_GLANCE, Some(filter), None);
            Answer::Deliveries(client.deliveries(&query).await?)
        }
        Call::EndpointHour(id) => {
            Answer::EndpointHour(Box::new(client.endpoint_stats(id, HOUR).await?))
        }
        Call::Delivery(id) => Answer::Delivery(Box::new(client.delivery(id).await?)),
        Call::Attempt(id, number) => Answer::Attempt(Box::new(client.attempt(id, number).await?)),
        Call::LastGood(endpoint, event_type) => {
            Answer::LastGood(last_good(client, endpoint, &event_type).await?)
        }
        Call::Endpoints { cursor } => {
            let query = page(ENDPOINTS_A_PAGE, None, cursor);
            Answer::Endpoints(client.endpoints(&query).await?)
        }
        Call::Events { cursor } => {
            Answer::Events(client.events(&page(ROWS_A_PAGE, None, cursor)).await?)
        }
        Call::DeadCauses => Answer::DeadCauses(Box::new(client.dead_causes().await?)),
        Call::Replays { cursor } => {
            Answer::Replays(client.replays(&page(ROWS_A_PAGE, None, cursor)).await?)
        }
        Call::Audit { cursor } => {
            let query = AuditParams {
                limit: Some(ROWS_A_PAGE),
                cursor,
                ..AuditParams::default()
            };
            Answer::Audit(client.audit(&query).await?)
        }
        call @ (Call::Log { .. }
        | Call::Warning
        | Call::Notes(_)
        | Call::SavedViews
        | Call::Operators) => told(client, call).await?,
        Call::Contracts => Answer::Contracts(client.contracts().await?.items),
        Call::Egress => Answer::Egress(client.egress().await?),
        Call::Stats => Answer::Stats(Box::new(client.stats(STATS_WINDOW).await?)),
        Call::Figures(window) => Answer::Stats(Box::new(client.stats(window.text()).await?)),
        Call::Causes(window) => {
            let query = CausesQuery {
                since: Some(window.text().to_owned()),
                limit: None,
            };
            Answer::Causes(client.causes(&query).await?)
        }
        Call::Horizon => {
            let query = HorizonQuery {
                endpoint: None,
                limit: Some(1),
            };
            Answer::Horizon(Box::new(client.horizon(&query).await?))
        }
        change => changed(client, change).await?,
    })
}

/// What the service would have answered at an instant, to calls that have a past.
async fn then(client: &Client, at: Timestamp, call: Call) -> Result<Answer, ClientError> {
    let at = at.to_string();
    let page = |filter: Option<String>, cursor| PageQuery {
        at: Some(at.clone()),
        ..page(ROWS_A_PAGE, filter, cursor)
    };
    Ok(match call {
        Call::Deliveries { filter, cursor } => {
            let query = page(Some(filter).filter(|filter| !filter.is_empty()), cursor);
            Answer::Deliveries(client.deliveries(&query).await?)
        }
        Call::Events { cursor } => Answer::Events(client.events(&page(None, cursor)).await?),
        Call::DeadCauses => Answer::DeadCauses(Box::new(client.dead_causes_then(&at).await?)),
        Call::Replays { cursor } => Answer::Replays(client.replays(&page(None, cursor)).await?),
        Call::Count(filter) => count(client, filter, Some(at)).await?,
        Call::Log { cursor } => {
            let query = LogParams {
                limit: Some(ROWS_A_PAGE),
                cursor,
                at: Some(at),
                ..LogParams::default()
            };
            Answer::Log(Box::new(client.log(&query).await?))
        }
        Call::Audit { cursor } => {
            let query = AuditParams {
                limit: Some(ROWS_A_PAGE),
                cursor,
                at: Some(at),
                ..AuditParams::default()
            };
            Answer::Audit(client.audit(&query).await?)
        }
        Call::Figures(window) => {
            let stats = client.stats_then(window.text(), &at).await?;
            // Of its totals nothing is kept, and nothing of them is shown.
            Answer::Stats(Box::new(StatsView {
                at: stats.at,
                traffic: stats.traffic,
                ..StatsView::default()
            }))
        }
        other => unreachable!("{other:?} has no past"),
    })
}

/// How many deliveries pass a filter now, or passed it then.
async fn count(client: &Client, filter: String, at: Option<String>) -> Result<Answer, ClientError> {
    let query = CountQuery {
        filter: Some(filter),
        at,
    };
    Ok(Answer::Count(client.count_deliveries(&query).await?))
}

/// What the service and its operators have to say, and nothing else.
async fn told(client: &Client, call: Call) -> Result<Answer, ClientError> {
    Ok(match call {
        Call::Log { cursor } => {
            let query = LogParams {
                limit: Some(ROWS_A_PAGE),
                cursor,
                ..LogParams::default()
            };
            Answer::Log(Box::new(client.log(&query).await?))
        }
        Call::Warning => Answer::Log(Box::new(newest_warning(client).await?)),
        Call::Notes(target) => {
            let query = NotesQuery {
                target,
                limit: Some(1),
            };
            Answer::Notes(client.notes(&query).await?)
        }
        Call::SavedViews => Answer::SavedViews(client.saved_views().await?.items),
        Call::Operators => Answer::Operators(client.operators().await?.items),
        other => unreachable!("{other:?} is answered elsewhere"),
    })
}

/// Calls that change something, and none else.
async fn changed(client: &Client, call: Call) -> Result<Answer, ClientError> {
    let endpoint = |endpoint| Answer::Endpoint(Box::new(endpoint));
    let replay = |replay| Answer::ReplayMoved(Box::new(replay));
    Ok(match call {
        Call::Plan(intent, filter) => Answer::Plan(Box::new(plan(client, intent, filter).await?)),
        Call::Start(start) => match *start {
            Start::Replay(body) => replay(client.start_replay(&body).await?),
            Start::Discard(body) => Answer::Discarded(Box::new(client.discard_dead(&body).await?)),
        },
        Call::PauseReplay(id) => replay(client.pause_replay(id).await?),
        Call::ResumeReplay(id) => replay(client.resume_replay(id).await?),
        Call::CancelReplay(id) => replay(client.cancel_replay(id).await?),
        Call::AddNote(body) => Answer::Notes(client.add_note(&body).await?),
        Call::SaveView(name, filter) => {
            let saved = client.save_view(&name, &SaveView { filter }).await?;
            Answer::SavedView(Box::new(saved))
        }
        Call::DeleteView(name) => {
            client.delete_view(&name).await?;
            Answer::ViewDeleted(name)
        }
        Call::Replay(id) => Answer::Replayed(Box::new(client.replay_delivery(id).await?)),
        Call::Pause(id) => {
            let reason = Some("paused at the console".to_owned());
            let body = PauseBody {
                until: None,
                reason,
            };
            endpoint(client.pause_endpoint(id, &body).await?)
        }
        Call::Resume(id) => endpoint(client.resume_endpoint(id).await?),
        Call::Enable(id) => endpoint(client.enable_endpoint(id).await?),
        Call::Disable(id) => endpoint(client.disable_endpoint(id).await?),
        Call::CreateEndpoint(body) => {
            Answer::Created(Box::new(client.create_endpoint(&body).await?))
        }
        Call::EditEndpoint(id, patch) => endpoint(client.patch_endpoint(id, &patch).await?),
        Call::RotateSecret(id, body) => {
            Answer::Rotated(Box::new(client.rotate_secret(id, &body).await?))
        }
        Call::TestEndpoint(id) => {
            let sent = client.test_endpoint(id, &TestBody::default()).await?;
            Answer::TestSent(sent.event_id)
        }
        Call::DeleteEndpoint(id) => {
            client.delete_endpoint(id).await?;
            Answer::Deleted(id)
        }
        other => unreachable!("{other:?} only looks"),
    })
}

async fn newest_warning(client: &Client) -> Result<LogView, ClientError> {
    let query = LogParams {
        limit: Some(1),
        level: Some(LogLevel::Warn.as_str().to_owned()),
        ..LogParams::default()
    };
    client.log(&query).await
}

fn page(rows: u32, filter: Option<String>, cursor: Option<String>) -> PageQuery {
    PageQuery {
        limit: Some(rows),
        cursor,
        filter,
        at: None,
    }
}

async fn plan(client: &Client, intent: Intent, filter: String) -> Result<PlanView, ClientError> {
    match intent {
        Intent::Replay => {
            let body = ReplayBody {
                filter: Some(filter),
                dry_run: true,
                ..ReplayBody::default()
            };
            client.plan_replay(&body).await
        }
        Intent::Discard => {
            let body = DiscardDeadBody {
                filter: Some(filter),
                dry_run: true,
                ..DiscardDeadBody::default()
            };
            client.plan_discard(&body).await
        }
    }
}

/// The latest delivery of this type that the endpoint took, with the attempt that it took.
async fn last_good(
    client: &Client,
    endpoint: EndpointId,
    event_type: &EventType,
) -> Result<Option<Box<(DeliveryId, AttemptDetail)>>, ClientError> {
    let query = PageQuery {
        limit: Some(1),
        cursor: None,
        filter: Some(format!("state:delivered ep:{endpoint} type:{event_type}")),
        at: None,
    };
    let Some(delivery) = client.deliveries(&query).await?.items.pop() else {
        return Ok(None);
    };
    let attempt = client.attempt(delivery.id, delivery.attempts).await?;
    Ok(Some(Box::new((delivery.id, attempt))))
}
