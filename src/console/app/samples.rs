//! Canned deliveries, endpoints and models for tests.

use std::collections::BTreeMap;
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;

use super::deliveries::Deliveries;
use super::model::{Model, Screen};
use super::msg::{Answer, Call, Cmd, Msg, Now, RequestId};
use super::plan::Start;
use super::sample_views::{
    audit, causes, contracts, counted, dead_causes, events, figures, last_hour, log, notes, plan,
    replays, replays_at, saved_view, saved_views, warning,
};
use super::session::Session;
use super::update::update;
use crate::api::cause::CausesView;
use crate::api::dead::{DeadCausesView, DiscardedView};
use crate::api::delivery::{
    AttemptDetail, AttemptView, BodyView, DeliveryDetail, DeliveryView, HeaderView, PhasesView,
    RequestView, ResponseView,
};
use crate::api::egress::EgressView;
use crate::api::endpoint::{
    BreakerBody, CreatedEndpoint, EndpointHealth, EndpointView, LedgerCounts, RetryBody,
    SecretShown,
};
use crate::api::horizon::{HorizonView, OutlookView};
use crate::api::page::Page;
use crate::api::replay::ReplayView;
use crate::api::saved_view::SavedView;
use crate::api::stats::{EndpointStatsView, InfoView, StatsView, TrafficView};
use crate::api::stream::{Hello, StreamFrame};
use crate::console::input::bytes::Typed;
use crate::console::input::key::Key;
use crate::console::keys::Keymap;
use crate::console::surroundings::Surroundings;
use crate::console::theme::Shelf;
use crate::domain::id::{AttemptId, DeliveryId, EndpointId, EventId, PlanId, ReplayId, SecretId};
use crate::domain::time::Timestamp;

/// 2026-11-20T14:03:22Z.
pub(crate) const NOON_MS: i64 = 1_795_183_402_000;

/// A moment so many milliseconds after the console's start.
pub(crate) fn at(millis: u64) -> Now {
    Now {
        wall: Timestamp::from_millis(NOON_MS) + Duration::from_millis(millis),
        elapsed: Duration::from_millis(millis),
    }
}

/// The id of the delivery with this number.
pub(crate) fn delivery_id(number: i64) -> DeliveryId {
    DeliveryId::from_i64((NOON_MS - 1_704_067_200_000) * 4_194_304 + number)
}

/// A delivery that went through.
pub(crate) fn delivery(number: i64) -> DeliveryView {
    let accepted = Timestamp::from_millis(NOON_MS + number * 137);
    DeliveryView {
        id: delivery_id(number),
        event_id: EventId::from_i64(delivery_id(number).as_i64() - 1),
        event_type: "packet.signed".parse().unwrap(),
        endpoint_id: EndpointId::from_i64(1),
        endpoint_name: Some("partner-acme".into()),
        state: "delivered".into(),
        reason: None,
        attempts: 1,
        next_attempt_at: None,
        last_attempt_at: Some(accepted),
        last_status: Some(200),
        last_class: None,
        cause: None,
        last_latency_us: Some(70_400),
        test: false,
        created_at: accepted,
        updated_at: accepted,
        replay_id: None,
    }
}

/// Deliveries in every state.
pub(crate) fn deliveries() -> Vec<DeliveryView> {
    let retrying = DeliveryView {
        state: "pending".into(),
        attempts: 3,
        next_attempt_at: Some(at(40_000).wall),
        last_status: Some(503),
        last_class: Some("status".into()),
        cause: Some(causes().remove(0).id),
        last_latency_us: Some(210_000),
        ..delivery(2)
    };
    let fresh = DeliveryView {
        state: "pending".into(),
        attempts: 0,
        last_attempt_at: None,
        last_status: None,
        last_latency_us: None,
        event_type: "packet.created".parse().unwrap(),
        ..delivery(3)
    };
    let held = DeliveryView {
        state: "held".into(),
        attempts: 0,
        endpoint_id: EndpointId::from_i64(2),
        endpoint_name: Some("crm-sync".into()),
        last_status: None,
        last_attempt_at: None,
        last_latency_us: None,
        ..delivery(4)
    };
    let dead = DeliveryView {
        state: "dead".into(),
        reason: Some("exhausted".into()),
        attempts: 8,
        last_status: None,
        last_class: Some("timeout".into()),
        cause: Some(causes().remove(1).id),
        last_latency_us: Some(10_040_000),
        ..delivery(5)
    };
    let discarded = DeliveryView {
        state: "discarded".into(),
        reason: Some("operator".into()),
        endpoint_name: None,
        ..delivery(6)
    };
    vec![discarded, dead, held, fresh, retrying, delivery(1)]
}

/// A page without rows.
pub(crate) fn no_rows() -> Page<DeliveryView> {
    Page {
        items: Vec::new(),
        next: None,
        searched: None,
    }
}

/// An endpoint that does well.
pub(crate) fn endpoint(number: i64, name: &str) -> EndpointView {
    EndpointView {
        id: EndpointId::from_i64(number),
        tenant: None,
        name: Some(name.into()),
        url: format!("https://hooks.{name}.example/in"),
        contract: "standard".into(),
        event_types: vec!["*".parse().unwrap()],
        headers: BTreeMap::new(),
        metadata: BTreeMap::new(),
        ordered: false,
        concurrency: 8,
        retry: RetryBody::default(),
        rate_limit: None,
        breaker: BreakerBody::default(),
        timeout: "15s".into(),
        test_mode: false,
        status: "active".into(),
        status_reason: None,
        paused_until: None,
        secrets: Vec::new(),
        health: EndpointHealth {
            deliveries: LedgerCounts {
                created: 1_204,
                delivered: 1_204,
                ..LedgerCounts::default()
            },
            in_flight: 2,
            attempts_1h: 900,
            successes_1h: 899,
            failing_1h: vec![Some(0); 12],
            mean_latency_us_1h: Some(70_000),
            last_success_at: Some(at(0).wall),
            breaker: "closed".into(),
            ..EndpointHealth::default()
        },
        created_at: at(0).wall,
        updated_at: at(0).wall,
    }
}

/// Endpoints in every condition.
pub(crate) fn endpoints() -> Vec<EndpointView> {
    let mut failing = endpoint(1, "partner-acme");
    failing.health.consecutive_failures = 12;
    failing.health.deliveries.pending = 911;
    failing.health.deliveries.dead = 212;
    failing.health.successes_1h = 558;
    failing.health.failing_1h = [None, Some(0), Some(1), Some(12), Some(40), Some(100)].repeat(2);
    failing.health.last_failure_at = Some(at(0).wall);
    failing.health.last_failure = Some("503 upstream connect error".into());
    failing.health.next_attempt_at = Some(at(12_000).wall);
    let mut paused = endpoint(2, "crm-sync");
    paused.status = "paused".into();
    paused.health.deliveries.held = 89;
    let mut gone = endpoint(3, "partner-old");
    gone.status = "disabled".into();
    gone.status_reason = Some("gone".into());
    vec![endpoint(4, "billing-prod"), paused, gone, failing]
}

/// The counters.
pub(crate) fn stats() -> StatsView {
    StatsView {
        at: at(0).wall,
        ledger: LedgerCounts {
            created: 120_417,
            delivered: 118_806,
            pending: 1_204,
            held: 89,
            dead: 318,
            discarded: 0,
        },
        in_flight: 18,
        traffic: TrafficView {
            window_s: 60,
            attempts: 7_260,
            successes: 7_056,
            ..TrafficView::default()
        },
        ..StatsView::default()
    }
}

/// A failed attempt with its request and response.
pub(crate) fn exchange(number: u32) -> AttemptDetail {
    AttemptDetail {
        attempt: AttemptView {
            id: AttemptId::from_i64(i64::from(number)),
            number,
            started_at: at(u64::from(number) * 1_000).wall,
            remote_address: Some("203.0.113.9:443".into()),
            status: Some(503),
            class: Some("status".into()),
            failure: Some("503: expected a status in 200-299".into()),
            held_back: Some(number == 1),
            certificate_expires_at: Some(Timestamp::from_millis(NOON_MS + 86_400_000 * 30)),
            replay_id: None,
            phases: PhasesView {
                dns_us: (number == 1).then_some(2_100),
                connect_us: (number == 1).then_some(12_000),
                tls_us: (number == 1).then_some(24_000),
                first_byte_us: Some(171_000),
                body_us: Some(900),
                total_us: 210_000,
                reused: number > 1,
            },
        },
        request: Some(RequestView {
            method: "POST".into(),
            url: "https://hooks.acme.example/in".into(),
            headers: vec![
                header("content-type", "application/json"),
                header("webhook-id", "evt_0e6kq3v9xjz00"),
            ],
            body: BodyView::Text("{\"type\":\"packet.signed\",\"data\":{\"id\":7}}".into()),
            body_sha256: String::new(),
            secret_ids: Vec::new(),
            service_key_ids: Vec::new(),
        }),
        request_missing: None,
        response: Some(ResponseView {
            status: 503,
            headers: vec![header("retry-after", "30")],
            body: BodyView::Text("upstream connect error\nreset reason: timeout\n".into()),
            truncated: false,
        }),
    }
}

/// An attempt that went through.
pub(crate) fn good_exchange() -> AttemptDetail {
    let mut good = exchange(1);
    good.attempt.class = None;
    good.attempt.status = Some(200);
    good.response = Some(ResponseView {
        status: 200,
        headers: vec![header("content-type", "text/plain")],
        body: BodyView::Text("ok".into()),
        truncated: false,
    });
    good
}

/// A header.
pub(crate) fn header(name: &str, value: &str) -> HeaderView {
    HeaderView {
        name: name.into(),
        value: value.into(),
    }
}

/// The retrying delivery of [`deliveries`] with its attempts.
pub(crate) fn detail() -> DeliveryDetail {
    let delivery = deliveries()
        .into_iter()
        .find(|row| row.attempts == 3)
        .unwrap();
    DeliveryDetail {
        delivery,
        note: None,
        why: "The last attempt was answered with 503; the next one is due in 40 s.".into(),
        history: (1..=3).map(|number| exchange(number).attempt).collect(),
    }
}

/// A console that has just begun.
pub(crate) fn model(read_only: bool) -> Model {
    let session = Session {
        label: "local".into(),
        target: "/run/hookyard/hookyard.sock".into(),
        read_only,
        embedded: false,
        theme: "ansi16".to_owned(),
        fitted: false,
        themes: Shelf::built_in().map(str::to_owned).collect(),
        surroundings: Surroundings::default(),
    };
    Model::new(
        session,
        Keymap::ops(),
        (80, 24),
        ChaCha8Rng::seed_from_u64(1),
    )
}

/// The greeting of a service at the console's start.
pub(crate) fn hello() -> Msg {
    hello_at(0)
}

/// The greeting of a service so many milliseconds later, by the clock that the console has too.
pub(crate) fn hello_at(millis: u64) -> Msg {
    let info = InfoView {
        version: "0.1.0".into(),
        host: "eu-1".into(),
        caller: "anna".into(),
        role: "operator".into(),
        now: at(millis).wall,
        ..InfoView::default()
    };
    Msg::Frame(Box::new(StreamFrame::Hello(Box::new(Hello {
        info,
        heartbeat_s: 5,
    }))))
}

/// The commands that `=` shows on every screen and dialog of the sample data.
pub(crate) fn shown_commands() -> Vec<String> {
    let mut shown = Vec::new();
    for way in [
        "1",
        "2",
        "2 / a enter",
        "2 j enter",
        "3",
        "3 j",
        "4",
        "4 j",
        "5",
        "5 j",
        "6",
        "6 j",
        "7",
        "8",
        "8 j",
    ] {
        let mut model = connected(false);
        let cmds = press(&mut model, 0, way);
        serve(&mut model, 100, cmds);
        shown.push(super::command::of(&model));
    }
    for way in ["5 j", "5 j R", "5 j X"] {
        let mut model = connected(false);
        let cmds = press(&mut model, 0, way);
        serve(&mut model, 100, cmds);
        let cmds = press(&mut model, 200, "R");
        serve(&mut model, 300, cmds);
        shown.extend(model.dialog_mut().map(|dialog| dialog.command()));
    }
    shown
}

/// Presses keys, named with spaces between them, 10 ms apart.
pub(crate) fn press(model: &mut Model, start: u64, keys: &str) -> Vec<Cmd> {
    let mut cmds = Vec::new();
    for (index, key) in (0..).zip(keys.split(' ')) {
        let key = Key::parse(key).unwrap();
        let msg = Msg::Typed(Typed::Key(key));
        cmds.extend(update(model, at(start + index * 10), msg));
    }
    cmds
}

/// Answers every call among the commands as a service with the sample data would; gives what is left to do.
pub(crate) fn serve(model: &mut Model, millis: u64, cmds: Vec<Cmd>) -> Vec<Cmd> {
    let mut rest = Vec::new();
    for cmd in cmds {
        if let Cmd::Call(request, call) = cmd {
            let call = match call {
                Call::Then(_, call) => *call,
                of_now => of_now,
            };
            let more = reply(model, millis, request, &call);
            rest.extend(serve(model, millis, more));
        } else {
            rest.push(cmd);
        }
    }
    rest
}

fn reply(model: &mut Model, millis: u64, request: RequestId, call: &Call) -> Vec<Cmd> {
    let page = |items| Page {
        items,
        next: None,
        searched: None,
    };
    let answer = match call {
        Call::Deliveries { .. } => Answer::Deliveries(page(deliveries())),
        Call::Glance(_) => Answer::Deliveries(page(deliveries().split_off(2))),
        Call::EndpointHour(id) => Answer::EndpointHour(Box::new(EndpointStatsView {
            endpoint_id: *id,
            at: at(0).wall,
            traffic: last_hour().traffic,
        })),
        Call::Delivery(id) => {
            let mut detail = detail();
            detail.delivery.id = *id;
            Answer::Delivery(Box::new(detail))
        }
        Call::Attempt(_, number) => Answer::Attempt(Box::new(exchange(*number))),
        Call::LastGood(..) => Answer::LastGood(Some(Box::new((delivery_id(1), good_exchange())))),
        Call::Endpoints { .. } => Answer::Endpoints(Page {
            items: endpoints(),
            next: None,
            searched: None,
        }),
        Call::Count(_) => Answer::Count(counted()),
        Call::Egress => Answer::Egress(EgressView {
            addresses: vec!["203.0.113.7".into()],
            origin: "published".into(),
        }),
        Call::Stats => Answer::Stats(Box::new(stats())),
        Call::Figures(window) => Answer::Stats(Box::new(figures(*window))),
        Call::Causes(_) => Answer::Causes(CausesView {
            at: at(0).wall,
            since_s: 3_600,
            items: causes(),
        }),
        Call::Horizon => Answer::Horizon(Box::new(HorizonView {
            at: at(0).wall,
            total: OutlookView {
                pending: 1_204,
                held: 89,
                due_now: 911,
                due_1h: 1_100,
                next_at: Some(at(40_000).wall),
                drains_in_s: Some(370),
                ..OutlookView::default()
            },
            ..HorizonView::default()
        })),
        Call::Events { .. } => Answer::Events(page_of(events())),
        Call::DeadCauses => Answer::DeadCauses(Box::new(DeadCausesView {
            dead: 318,
            items: dead_causes(),
            ..DeadCausesView::default()
        })),
        Call::Replays { .. } => Answer::Replays(page_of(replays_at(model.data.rewound))),
        Call::Audit { .. } => Answer::Audit(page_of(audit())),
        Call::Log { .. } => Answer::Log(Box::new(log())),
        Call::Warning => Answer::Log(Box::new(warning())),
        Call::Operators => Answer::Operators(Vec::new()),
        Call::Notes(target) => Answer::Notes(notes(target)),
        Call::SavedViews => Answer::SavedViews(saved_views()),
        Call::Contracts => Answer::Contracts(contracts()),
        change => changed(change),
    };
    let msg = Msg::Answered(request, None, Box::new(Ok(answer)));
    update(model, at(millis), msg)
}

/// What a service would answer to a call that changes something.
fn changed(call: &Call) -> Answer {
    match call {
        Call::AddNote(body) => Answer::Notes(notes(&body.target)),
        Call::DeleteView(name) => Answer::ViewDeleted(name.clone()),
        Call::SaveView(name, filter) => Answer::SavedView(Box::new(SavedView {
            filter: filter.clone(),
            ..saved_view(name.as_str())
        })),
        Call::Plan(..) => Answer::Plan(Box::new(plan(212))),
        Call::Start(start) => match **start {
            Start::Replay(_) => Answer::ReplayMoved(Box::new(replays().remove(0))),
            Start::Discard(_) => Answer::Discarded(Box::new(DiscardedView {
                plan: PlanId::from_i64(9),
                selection: "state:dead".into(),
                matched: 212,
                discarded: 210,
                skipped: 2,
            })),
        },
        Call::PauseReplay(id) => replay_in("paused", *id),
        Call::ResumeReplay(id) => replay_in("running", *id),
        Call::CancelReplay(id) => replay_in("cancelled", *id),
        Call::Replay(id) => Answer::Replayed(Box::new(DeliveryView {
            id: *id,
            state: "pending".into(),
            ..delivery(0)
        })),
        Call::Pause(id) => endpoint_in("paused", *id),
        Call::Resume(id) | Call::Enable(id) => endpoint_in("active", *id),
        Call::Disable(id) => endpoint_in("disabled", *id),
        Call::EditEndpoint(id, _) => endpoint_in("active", *id),
        Call::CreateEndpoint(body) => Answer::Created(Box::new(CreatedEndpoint {
            endpoint: endpoint(77, body.name.as_deref().unwrap_or("new")),
            secret: "whsec_c2VjcmV0".into(),
        })),
        Call::RotateSecret(..) => Answer::Rotated(Box::new(SecretShown {
            id: SecretId::from_i64(5),
            secret: "whsec_b3RoZXI=".into(),
            public_key: None,
        })),
        Call::TestEndpoint(_) => Answer::TestSent(EventId::from_i64(8)),
        Call::DeleteEndpoint(id) => Answer::Deleted(*id),
        other => panic!("{other:?} changes nothing"),
    }
}

fn endpoint_in(status: &str, id: EndpointId) -> Answer {
    let mut endpoint = endpoints()
        .into_iter()
        .find(|known| known.id == id)
        .unwrap();
    endpoint.status = status.into();
    Answer::Endpoint(Box::new(endpoint))
}

/// A page that is all there is.
pub(crate) fn page_of<T>(items: Vec<T>) -> Page<T> {
    Page {
        items,
        next: None,
        searched: None,
    }
}

fn replay_in(state: &str, id: ReplayId) -> Answer {
    let known = replays().into_iter().find(|replay| replay.id == id);
    Answer::ReplayMoved(Box::new(ReplayView {
        state: state.into(),
        ..known.unwrap()
    }))
}

/// The list of deliveries that is shown.
pub(crate) fn list(model: &Model) -> &Deliveries {
    match model.screen() {
        Screen::Deliveries(list) => list,
        other => panic!("no list of deliveries: {other:?}"),
    }
}

/// The calls among the commands.
pub(crate) fn calls(cmds: &[Cmd]) -> Vec<&Call> {
    cmds.iter()
        .filter_map(|cmd| match cmd {
            Cmd::Call(_, call) => Some(call),
            _ => None,
        })
        .collect()
}

/// A console that is connected and shows the first view.
pub(crate) fn begun(read_only: bool) -> Model {
    let mut model = model(read_only);
    let cmds = update(&mut model, at(0), Msg::Started);
    assert_eq!(cmds, [Cmd::OpenStream]);
    let cmds = update(&mut model, at(0), hello());
    assert_eq!(serve(&mut model, 0, cmds), []);
    model
}

/// A console that is connected and shows the deliveries of the sample data.
pub(crate) fn connected(read_only: bool) -> Model {
    let mut model = begun(read_only);
    let cmds = press(&mut model, 0, "2");
    assert_eq!(serve(&mut model, 0, cmds), []);
    model
}
