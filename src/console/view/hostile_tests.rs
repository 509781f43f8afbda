//! Whatever strangers say is shown, and does nothing.

use ratatui::buffer::Buffer;

use super::tests::{buffer, text};
use crate::api::cause::CausesView;
use crate::api::dead::DeadCausesView;
use crate::api::delivery::{BodyView, DeliveryView};
use crate::api::log::LogView;
use crate::api::note::NotesView;
use crate::api::operator::OperatorView;
use crate::api::stream::{Alert, Change, StreamFrame};
use crate::console::app::model::Model;
use crate::console::app::msg::{Answer, Call, Cmd, Msg};
use crate::console::app::sample_views::{
    audit, causes, dead_causes, events, log, notes, plan, replays,
};
use crate::console::app::samples::{
    at, connected, delivery, delivery_id, detail, endpoints, exchange, header, page_of, press,
};
use crate::console::app::update::update;
use crate::domain::escape::is_hazard;

/// Everything that a stranger controls, as nasty as it gets.
const HOSTILE: &str = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{202e}evil\u{200b}\r\n\u{8}a\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}漢字";

fn hostile_row() -> DeliveryView {
    DeliveryView {
        endpoint_name: Some(HOSTILE.into()),
        reason: Some(HOSTILE.into()),
        last_class: Some(HOSTILE.into()),
        state: HOSTILE.into(),
        ..delivery(30)
    }
}

/// Rows, endpoints and an alert with hostile text in every member.
fn hostile_change() -> Msg {
    let mut hostile_endpoints = endpoints();
    for endpoint in &mut hostile_endpoints {
        endpoint.name = Some(HOSTILE.into());
        endpoint.url = HOSTILE.into();
        endpoint.status_reason = Some(HOSTILE.into());
        endpoint.contract = HOSTILE.into();
        endpoint.health.last_failure = Some(HOSTILE.into());
    }
    Msg::Frame(Box::new(StreamFrame::Change(Box::new(Change {
        deliveries: vec![hostile_row()],
        endpoints: hostile_endpoints,
        alerts: vec![Alert {
            at: at(0).wall,
            name: HOSTILE.into(),
            text: HOSTILE.into(),
        }],
        operators: Some(vec![OperatorView {
            who: HOSTILE.into(),
            via: HOSTILE.into(),
            since: at(0).wall,
            consoles: 2,
        }]),
        ..Change::default()
    }))))
}

/// Answers calls with hostile text.
fn serve_hostile(model: &mut Model, cmds: Vec<Cmd>) {
    for cmd in cmds {
        if let Cmd::Call(request, call) = cmd
            && let Some(answer) = of_delivery(&call).or_else(|| of_views(&call))
        {
            update(
                model,
                at(70),
                Msg::Answered(request, None, Box::new(Ok(answer))),
            );
        }
    }
}

/// What concerns one delivery and its attempts.
fn of_delivery(call: &Call) -> Option<Answer> {
    Some(match call {
        Call::Delivery(_) => {
            let mut hostile = detail();
            hostile.delivery = hostile_row();
            hostile.why = HOSTILE.into();
            for attempt in &mut hostile.history {
                attempt.failure = Some(HOSTILE.into());
                attempt.class = Some(HOSTILE.into());
                attempt.remote_address = Some(HOSTILE.into());
            }
            Answer::Delivery(Box::new(hostile))
        }
        Call::Attempt(..) => {
            let mut hostile = exchange(3);
            let sent = hostile.request.as_mut().unwrap();
            sent.url = HOSTILE.into();
            sent.headers = vec![header(HOSTILE, HOSTILE)];
            sent.body = BodyView::Text(HOSTILE.repeat(3));
            let came = hostile.response.as_mut().unwrap();
            came.headers = vec![header(HOSTILE, HOSTILE)];
            came.body = BodyView::Text(HOSTILE.repeat(3));
            Answer::Attempt(Box::new(hostile))
        }
        _ => return None,
    })
}

/// A log that its service has not escaped.
fn hostile_log() -> LogView {
    let mut view = log();
    for line in &mut view.items {
        line.text = HOSTILE.into();
        line.part = HOSTILE.into();
        line.target = HOSTILE.into();
        line.level = HOSTILE.into();
    }
    view.level = HOSTILE.into();
    view
}

fn hostile_notes(target: &str) -> NotesView {
    let mut view = notes(target);
    view.items[0].who = HOSTILE.into();
    view.items[0].note = HOSTILE.into();
    view
}

/// What the other views show.
fn of_views(call: &Call) -> Option<Answer> {
    Some(match call {
        Call::DeadCauses => {
            let mut causes = dead_causes();
            for cause in &mut causes {
                cause.message = Some(HOSTILE.into());
                cause.endpoint_name = Some(HOSTILE.into());
            }
            let causes = DeadCausesView {
                items: causes,
                ..DeadCausesView::default()
            };
            Answer::DeadCauses(Box::new(causes))
        }
        Call::Causes(_) => {
            let mut items = causes();
            items[0].message = HOSTILE.into();
            let causes = CausesView {
                items,
                ..CausesView::default()
            };
            Answer::Causes(causes)
        }
        Call::Replays { .. } => {
            let mut items = replays();
            for replay in &mut items {
                replay.selection = HOSTILE.into();
                replay.note = Some(HOSTILE.into());
                replay.who = HOSTILE.into();
                replay.why = Some(HOSTILE.into());
            }
            let page = page_of(items);
            Answer::Replays(page)
        }
        Call::Audit { .. } => {
            let mut items = audit();
            items[0].note = Some(HOSTILE.into());
            items[0].target = Some(HOSTILE.into());
            items[0].detail = Some(serde_json::json!({ HOSTILE: HOSTILE }));
            Answer::Audit(page_of(items))
        }
        Call::Notes(target) => Answer::Notes(hostile_notes(target)),
        Call::Log { .. } | Call::Warning => Answer::Log(Box::new(hostile_log())),
        Call::Events { .. } => {
            let mut items = events();
            items[0].tenant = Some(HOSTILE.into());
            Answer::Events(page_of(items))
        }
        Call::Plan(..) => {
            let mut hostile = plan(3);
            hostile.endpoints[0].name = Some(HOSTILE.into());
            hostile.warnings = vec![HOSTILE.into()];
            Answer::Plan(Box::new(hostile))
        }
        Call::LastGood(..) => {
            let mut good = exchange(1);
            let came = good.response.as_mut().unwrap();
            came.body = BodyView::Text(HOSTILE.repeat(2));
            let good = Some(Box::new((delivery_id(1), good)));
            Answer::LastGood(good)
        }
        _ => return None,
    })
}

fn assert_harmless(buffer: &Buffer) {
    for cell in buffer.content() {
        assert!(
            !cell.symbol().chars().any(is_hazard),
            "{:?} in\n{}",
            cell.symbol(),
            text(buffer)
        );
    }
}

#[test]
fn a_hostile_log_line_is_shown_in_full_beside_the_log_and_does_nothing() {
    let mut model = connected(false);
    update(&mut model, at(0), Msg::Resized(160, 48));
    for keys in ["8", "j"] {
        let cmds = press(&mut model, 60, keys);
        serve_hostile(&mut model, cmds);
    }
    let shown = buffer(&model, 80, false);
    assert_harmless(&shown);
    let told = text(&shown);
    let text_of_line = " text     \\x1b]0;owned\\x07\\x1b[2J";
    assert!(told.contains(text_of_line), "{told}");
    assert!(told.contains(" target   \\x1b]0;owned"), "{told}");
}

#[test]
fn hostile_text_is_shown_and_does_nothing() {
    let mut model = connected(false);
    model.session.label = HOSTILE.into();
    update(&mut model, at(10), hostile_change());
    let mut screens = vec![buffer(&model, 10, false)];
    for keys in [
        "f", "enter", "l", "l", "l", "l", "l", "l", "1", "4", "5", "R", "esc", "6", "x", "esc",
        "7", "8", "j", "3", "j", "a", "esc", "T",
    ] {
        let cmds = press(&mut model, 60, keys);
        serve_hostile(&mut model, cmds);
        screens.push(buffer(&model, 80, false));
    }
    update(&mut model, at(95), Msg::StreamLost(HOSTILE.into()));
    press(&mut model, 100, "esc");
    screens.push(buffer(&model, 20_000, false));
    screens.iter().for_each(assert_harmless);
    let inspector = text(&screens[2]);
    assert!(
        inspector.contains("\\x1b]0;owned\\x07\\x1b[2J"),
        "{inspector}"
    );
}
