//! When changes are let through, and when they can be taken back.

use super::grace::GRACE;
use super::model::{Model, Overlay};
use super::msg::{Call, Cmd, Msg};
use super::samples::{at, calls, connected, model, press, serve};
use super::update::update;
use super::writes::Writes;
use crate::api::stream::{Alert, Change, StreamFrame};
use crate::console::input::bytes::Typed;
use crate::console::options::ExitReason;

fn toast(model: &Model) -> &str {
    model.toast.as_ref().map_or("", |toast| &toast.text)
}

/// A console of a protected service.
fn protected() -> Model {
    let mut model = connected(false);
    model.session.surroundings.protected = true;
    model.writes = Writes::of(&model.session);
    model
}

#[test]
fn one_replay_waits_for_three_seconds_and_can_be_taken_back() {
    let mut model = connected(false);
    assert_eq!(press(&mut model, 100, "j j r"), []);
    assert!(
        toast(&model).contains("goes out in 3 s"),
        "{}",
        toast(&model)
    );
    let due = at(120).elapsed + GRACE;
    assert!(model.next_wakeup(at(200)) <= due);
    assert_eq!(press(&mut model, 2_000, "u"), []);
    assert!(toast(&model).starts_with("taken back: replay dlv_"));
    assert_eq!(update(&mut model, at(9_000), Msg::Tick), []);
    press(&mut model, 9_100, "u");
    assert!(toast(&model).starts_with("nothing waits"));
}

#[test]
fn what_nobody_takes_back_goes_out_once() {
    let mut model = connected(false);
    press(&mut model, 100, "j j r");
    let id = model.selected_delivery().unwrap().id;
    assert_eq!(
        calls(&update(&mut model, at(3_119), Msg::Tick)),
        [] as [&Call; 0]
    );
    let cmds = update(&mut model, at(3_120), Msg::Tick);
    assert_eq!(calls(&cmds), [&Call::Replay(id)]);
    serve(&mut model, 3_200, cmds);
    assert_eq!(
        calls(&update(&mut model, at(3_300), Msg::Tick)),
        [] as [&Call; 0]
    );
}

#[test]
fn the_next_replay_and_leaving_send_what_waits() {
    let mut model = connected(false);
    press(&mut model, 100, "j j r");
    let first = model.selected_delivery().unwrap().id;
    let cmds = press(&mut model, 500, "j r");
    assert_eq!(calls(&cmds), [&Call::Replay(first)]);
    serve(&mut model, 600, cmds);
    let second = model.selected_delivery().unwrap().id;
    let cmds = press(&mut model, 700, "Q");
    assert_eq!(calls(&cmds), [&Call::Replay(second)], "and it does not end");
    serve(&mut model, 800, cmds);
    let cmds = press(&mut model, 900, "Q");
    assert_eq!(cmds.last(), Some(&Cmd::Exit(ExitReason::Quit)));
}

#[test]
fn a_protected_service_is_changed_only_after_its_name_was_typed() {
    let mut model = protected();
    press(&mut model, 100, "j j r");
    assert!(
        toast(&model).contains("is protected: ! arms"),
        "{}",
        toast(&model)
    );
    press(&mut model, 200, "!");
    let paste = Msg::Typed(Typed::Paste("local".into()));
    update(&mut model, at(300), paste);
    assert_eq!(model.writes, Writes::Locked, "pasted text never confirms");
    press(&mut model, 400, "enter");
    assert_eq!(model.writes, Writes::Locked);
    press(&mut model, 500, "l o c a l enter");
    assert!(model.writes.allowed() && model.overlays.is_empty());
    assert_eq!(press(&mut model, 600, "r"), [], "one thing asks, too");
    assert!(matches!(model.overlays.last(), Some(Overlay::Confirm(_))));
    let cmds = press(&mut model, 1_000, "y");
    assert!(matches!(calls(&cmds)[..], [Call::Replay(_)]));
    serve(&mut model, 1_100, cmds);
    update(&mut model, at(601_000), Msg::Tick);
    assert_eq!(model.writes, Writes::Locked, "its ten minutes are over");
    press(&mut model, 601_100, "r");
    assert!(toast(&model).contains("is protected"));
}

#[test]
fn an_operator_can_switch_changes_off_and_a_read_only_console_cannot_be_armed() {
    let mut off = connected(false);
    press(&mut off, 100, "! j j P");
    assert!(
        toast(&off).starts_with("changes are off: !"),
        "{}",
        toast(&off)
    );
    press(&mut off, 200, "!");
    let cmds = press(&mut off, 300, "P");
    assert!(matches!(
        calls(&cmds)[..],
        [Call::Pause(_) | Call::Resume(_)]
    ));
    let mut never = model(true);
    press(&mut never, 100, "!");
    assert_eq!(never.writes, Writes::Never);
    assert!(toast(&never).contains("--read-only"));
}

#[test]
fn what_waits_when_changes_are_switched_off_is_not_sent_and_that_is_told() {
    let mut model = connected(false);
    press(&mut model, 100, "j j r !");
    let cmds = update(&mut model, at(5_000), Msg::Tick);
    assert_eq!(calls(&cmds), [] as [&Call; 0]);
    assert!(toast(&model).contains("not sent"), "{}", toast(&model));
}

#[test]
fn an_alert_is_told_after_the_news_of_what_was_done() {
    let mut model = connected(false);
    let alert = |text: &str| {
        let change = Change {
            alerts: vec![Alert {
                at: at(0).wall,
                name: "endpoint.disabled".into(),
                text: text.into(),
            }],
            ..Change::default()
        };
        Msg::Frame(Box::new(StreamFrame::Change(Box::new(change))))
    };
    let cmds = press(&mut model, 100, "3 j P");
    serve(&mut model, 150, cmds);
    let done = toast(&model).to_owned();
    assert!(done.contains(": done"), "{done}");
    update(&mut model, at(200), alert("one"));
    update(&mut model, at(300), alert("two"));
    assert_eq!(toast(&model), done);
    assert_eq!(model.data.alerts.len(), 2);
    update(&mut model, at(4_200), Msg::Tick);
    assert_eq!(toast(&model), "endpoint.disabled: two");
    // Bad news do not wait for bad news.
    update(&mut model, at(4_300), alert("three"));
    assert_eq!(toast(&model), "endpoint.disabled: three");
}
