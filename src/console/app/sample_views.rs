//! Canned dead letters, replays, events, entries of the audit log, and an hour that was bad.

use std::collections::BTreeMap;
use std::time::Duration;

use super::looking_back::Window;
use super::samples::{at, delivery_id, stats};
use crate::api::audit::AuditEntryView;
use crate::api::cause::CauseView;
use crate::api::contract::{ContractView, EventTypeView};
use crate::api::dead::DeadCauseView;
use crate::api::delivery::DeliveryCount;
use crate::api::event::{EventView, FanoutView};
use crate::api::log::{LogLineView, LogView};
use crate::api::note::{NoteView, NotesView};
use crate::api::replay::{PlanEndpoint, PlanView, ReplayCounts, ReplayView};
use crate::api::saved_view::SavedView;
use crate::api::stats::{MinuteView, QuantilesView, StatsView, TrafficView};
use crate::domain::id::{AuditId, EndpointId, EventId, PlanId, ReplayId};
use crate::domain::time::Timestamp;

/// Dead letters of three causes.
pub(crate) fn dead_causes() -> Vec<DeadCauseView> {
    let cause = |id: &str, message: &str, dead, endpoints, succeeding| DeadCauseView {
        id: id.into(),
        class: Some("status".into()),
        status: message.split(' ').next().and_then(|word| word.parse().ok()),
        message: Some(message.into()),
        dead,
        endpoints,
        succeeding: Some(succeeding),
        succeeding_now: Some(succeeding == endpoints),
        endpoint_id: Some(EndpointId::from_i64(1)),
        endpoint_name: Some("partner-acme".into()),
        first_seen: Some(at(0).wall),
        last_seen: Some(at(0).wall),
    };
    vec![
        cause("9f86d081884c", "503 upstream connect error", 212, 1, 0),
        cause("1b4f0e985197", "timeout after # ms", 105, 3, 1),
        cause("60303ae22b99", "422 … missing\u{202e}", 1, 1, 1),
    ]
}

/// A replay that runs, one that stopped, one that is done.
pub(crate) fn replays() -> Vec<ReplayView> {
    let replay = |number, state: &str, counts| ReplayView {
        id: ReplayId::from_i64(number),
        state: state.into(),
        why: None,
        selection: "state:dead cause:9f86d081884c".into(),
        stands_for: None,
        note: Some("INC-412".into()),
        who: "anna".into(),
        rate: "10/s".into(),
        canary: 5,
        canary_done: Some(true),
        stop: Some("20%/50".into()),
        skip_delivered: true,
        total: 1_284,
        counts: Some(counts),
        limited: false,
        first_succeeded: Some(520),
        first_failed: Some(6),
        eta: Some("1m16s".into()),
        hash: "9c1e".repeat(16),
        started_at: Some(at(0).wall),
        ended_at: None,
    };
    let running = ReplayCounts {
        waiting: 721,
        open: 37,
        delivered: 520,
        failed: 6,
        deferred: Some(0),
        ..ReplayCounts::default()
    };
    let done = ReplayCounts {
        delivered: 1_284,
        deferred: Some(0),
        ..ReplayCounts::default()
    };
    let stopped = ReplayView {
        why: Some("12 of the last 50 first attempts failed".into()),
        ..replay(2, "stopped", running)
    };
    vec![
        replay(3, "running", running),
        stopped,
        replay(1, "finished", done),
    ]
}

/// The same now or as they were: of the oldest nothing tells then how far it was.
pub(crate) fn replays_at(past: Option<Timestamp>) -> Vec<ReplayView> {
    let mut replays = replays();
    if past.is_none() {
        return replays;
    }
    for replay in &mut replays {
        if let Some(counts) = &mut replay.counts {
            counts.deferred = None;
        }
        replay.canary_done = None;
    }
    if let Some(oldest) = replays.last_mut() {
        oldest.state = "running".into();
        (oldest.counts, oldest.eta) = (None, None);
        (oldest.first_succeeded, oldest.first_failed) = (None, None);
    }
    replays
}

/// Two entries of the audit log.
pub(crate) fn audit() -> Vec<AuditEntryView> {
    let entry = |number, who: &str, what: &str, target: &str| AuditEntryView {
        id: AuditId::from_i64(number),
        at: at(0).wall,
        who: who.into(),
        via: "socket".into(),
        from: None,
        what: what.into(),
        target: Some(target.into()),
        count: None,
        before: None,
        after: None,
        detail: None,
        note: None,
    };
    let started = AuditEntryView {
        count: Some(1_284),
        note: Some("INC-412".into()),
        ..entry(2, "anna", "replay.start", "rpl_0000000000003")
    };
    let paused = AuditEntryView {
        before: Some(serde_json::json!({"status": "active"})),
        after: Some(serde_json::json!({"status": "paused"})),
        ..entry(1, "bo", "endpoint.pause", "ep_0000000000001")
    };
    vec![started, paused]
}

/// A line of the log with this number.
pub(crate) fn log_line(seq: u64) -> LogLineView {
    LogLineView {
        seq,
        at: at(seq * 1_000).wall,
        level: "info".into(),
        part: "server.envelope".into(),
        target: "hookyard::server::envelope".into(),
        text: format!("line #{seq} status=401"),
    }
}

/// A log of every level that has lost its first lines.
pub(crate) fn log() -> LogView {
    let line = |seq, level: &str, part: &str, text: &str| LogLineView {
        level: level.into(),
        part: part.into(),
        text: text.into(),
        ..log_line(seq)
    };
    LogView {
        items: vec![
            line(18, "debug", "engine.lane", "woken in=40s"),
            line(
                17,
                "warn",
                "engine.breakers",
                "a breaker opened endpoint=ep_0000000000001",
            ),
            line(
                16,
                "error",
                "server.envelope",
                "a request failed on our side status=500",
            ),
            line(15, "info", "cli.service", "ready listen=127.0.0.1:8420"),
        ],
        next: None,
        lost: 14,
        newest: 18,
        oldest_at: Some(at(0).wall),
        begun_at: at(0).wall,
        level: "debug".into(),
    }
}

/// The newest warning of that log.
pub(crate) fn warning() -> LogView {
    let mut view = log();
    view.items.retain(|line| line.level == "warn");
    view
}

/// A note about this.
pub(crate) fn notes(target: &str) -> NotesView {
    NotesView {
        target: target.to_owned(),
        count: 1,
        items: vec![NoteView {
            at: at(0).wall,
            who: "bo".into(),
            via: "socket".into(),
            note: "told them, they look into it".into(),
        }],
    }
}

/// How many deliveries a filter picks.
pub(crate) fn counted() -> DeliveryCount {
    DeliveryCount {
        count: 1_013,
        exact: true,
        looked_at: 48_000,
    }
}

/// A saved view of this name.
pub(crate) fn saved_view(name: &str) -> SavedView {
    SavedView {
        name: name.to_owned(),
        filter: "state:dead or status:5xx".into(),
        who: "bo".into(),
        updated_at: at(0).wall,
    }
}

/// Two saved views.
pub(crate) fn saved_views() -> Vec<SavedView> {
    let of_acme = SavedView {
        filter: "ep:partner-acme".into(),
        ..saved_view("acme")
    };
    vec![of_acme, saved_view("oncall")]
}

/// Two events, one of a test.
pub(crate) fn events() -> Vec<EventView> {
    let event = |number, test| EventView {
        id: EventId::from_i64(delivery_id(number).as_i64() - 1),
        key: None,
        tenant: Some("acme".into()),
        event_type: "packet.signed".parse().unwrap(),
        occurred_at: at(0).wall,
        accepted_at: at(0).wall,
        attributes: None,
        data: None,
        size: 2_140,
        test,
        deliveries: (!test).then_some(FanoutView {
            total: 12,
            delivered: 9,
            pending: 2,
            dead: 1,
            discarded: 0,
        }),
    };
    vec![event(9, false), event(7, true)]
}

/// The plan of a replay of so many.
pub(crate) fn plan(matched: u64) -> PlanView {
    PlanView {
        id: PlanId::from_i64(9),
        selection: "state:dead cause:9f86d081884c".into(),
        stands_for: None,
        matched,
        bytes: 2_600_000,
        oldest: Some(at(0).wall),
        newest: Some(at(0).wall),
        already_delivered: 37,
        endpoint_changed: 0,
        held: 0,
        behind_breaker: matched,
        left_out: 2,
        endpoints: vec![PlanEndpoint {
            id: EndpointId::from_i64(1),
            name: Some("partner-acme".into()),
            count: matched,
            status: "active".into(),
            changed: false,
            breaker_open: true,
        }],
        endpoints_unlisted: 0,
        causes: Vec::new(),
        causes_unlisted: 0,
        warnings: vec!["the breaker of partner-acme is open".into()],
        rate: "10/s".into(),
        eta: "22s".into(),
        hash: "9c1e".repeat(16),
        expires_at: Some(at(300_000).wall),
    }
}

/// An hour with a bad stretch.
pub(crate) fn last_hour() -> StatsView {
    let minutes = (0..60_u64).map(|minute| {
        let bad = if (20..40).contains(&minute) {
            minute - 19
        } else {
            0
        };
        MinuteView {
            at: at(0).wall - Duration::from_secs((59 - minute) * 60),
            attempts: 6_000 + minute * 20,
            successes: 6_000 + minute * 20 - bad * 35,
            mean_latency_us: Some(70_000 + bad * 9_000),
            failures: BTreeMap::from([
                ("timeout".to_owned(), bad * 20),
                ("status".to_owned(), bad * 15),
            ]),
            latency_us: Some(QuantilesView {
                p50: 60_000 + bad * 1_000,
                p95: 110_000 + bad * 90_000,
                p99: 200_000 + bad * 200_000,
            }),
            latency_bands: vec![
                5_500,
                400 + minute * 20 - bad * 5,
                bad * 40,
                bad * bad,
                bad / 8,
            ],
        }
    });
    StatsView {
        at: at(0).wall,
        traffic: TrafficView {
            window_s: 3_600,
            step_s: 60,
            minutes: minutes.collect(),
            retries: 4_000,
            held_back: 12,
            latency_us: Some(QuantilesView {
                p50: 70_000,
                p95: 412_000,
                p99: 4_100_000,
            }),
            ..stats().traffic
        },
        ..stats()
    }
}

/// What happened in a window: the bad stretch lies in its middle third, and beyond an hour there are no quantiles by step.
pub(crate) fn figures(window: Window) -> StatsView {
    let (window_s, step_s) = match window {
        Window::Quarter => (900, 60),
        Window::Hour => return last_hour(),
        Window::SixHours => (6 * 3_600, 900),
        Window::Day => (24 * 3_600, 900),
        Window::Week => (7 * 86_400, 86_400),
    };
    let hour = last_hour();
    let count = window_s / step_s;
    let minutes = (0..count).map(|step| {
        let of_hour = &hour.traffic.minutes[usize::try_from(step * 60 / count).unwrap()];
        MinuteView {
            at: at(0).wall - Duration::from_secs((count - 1 - step) * step_s),
            attempts: of_hour.attempts * step_s / 60,
            successes: of_hour.successes * step_s / 60,
            latency_us: of_hour.latency_us.filter(|_| step_s == 60),
            ..of_hour.clone()
        }
    });
    StatsView {
        traffic: TrafficView {
            window_s,
            step_s,
            minutes: minutes.collect(),
            ..hour.traffic
        },
        ..hour
    }
}

/// Why attempts failed in that hour.
pub(crate) fn causes() -> Vec<CauseView> {
    let cause = |id: &str, message: &str, failures, trend: &str| CauseView {
        id: id.into(),
        class: "status".into(),
        message: message.into(),
        failures,
        endpoints: 2,
        trend: trend.into(),
        first_seen: at(0).wall,
        last_seen: at(0).wall,
        ..CauseView::default()
    };
    vec![
        cause("9f86d081884c", "503 upstream connect error", 311, "rising"),
        cause("60303ae22b99", "422 … missing\u{202e}", 17, "steady"),
    ]
}

/// Two contracts that may be chosen and one that may not.
pub(crate) fn contracts() -> Vec<ContractView> {
    let contract = |name: &str, types: &[&str]| ContractView {
        name: name.to_owned(),
        summary: String::new(),
        enabled: true,
        default: name == "standard",
        revision: String::new(),
        text: String::new(),
        event_types: types
            .iter()
            .map(|name| EventTypeView {
                name: (*name).to_owned(),
                description: String::new(),
            })
            .collect(),
    };
    vec![
        contract("flowmint", &["payout.paid", "payout.failed", "refund.made"]),
        ContractView {
            enabled: false,
            ..contract("retired", &["old.one"])
        },
        contract("standard", &[]),
    ]
}
