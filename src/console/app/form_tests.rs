//! What the forms of endpoints ask the service for.

use super::model::{Model, Overlay};
use super::msg::{Call, Cmd, Failure, Msg};
use super::samples::{at, calls, connected, press, serve};
use super::update::update;
use crate::console::actions::Place;
use crate::console::input::bytes::Typed;

/// The endpoints with the form that a key opens.
fn form(key: &str) -> Model {
    let mut model = connected(false);
    let cmds = press(&mut model, 100, "3");
    serve(&mut model, 150, cmds);
    let cmds = press(&mut model, 200, key);
    serve(&mut model, 250, cmds);
    assert!(model.form_mut().is_some(), "{key} opens no form");
    model
}

fn write(model: &mut Model, text: &str) {
    let cmds = update(model, at(300), Msg::Typed(Typed::Paste(text.to_owned())));
    assert_eq!(cmds, []);
}

/// Goes to the button and presses it.
fn send(model: &mut Model) -> Vec<Cmd> {
    let last = model.form_mut().unwrap().fields.len();
    while model.form_mut().unwrap().at < last {
        assert_eq!(press(model, 400, "enter"), [], "only the button sends");
    }
    press(model, 500, "enter")
}

#[test]
fn a_new_endpoint_is_asked_for_with_what_was_filled_in_and_its_secret_is_shown_once() {
    let mut model = form("+");
    write(&mut model, "https://a.example/in");
    press(
        &mut model,
        300,
        "tab a c m e tab right tab space right space",
    );
    let cmds = send(&mut model);
    let [Call::CreateEndpoint(body)] = calls(&cmds)[..] else {
        panic!("nothing is created: {cmds:?}");
    };
    assert_eq!(body.url, "https://a.example/in");
    assert_eq!(body.name.as_deref(), Some("acme"));
    assert_eq!(body.contract.as_deref(), Some("flowmint"));
    let types = body.event_types.as_ref().unwrap();
    assert_eq!(types[..], ["payout.paid", "payout.failed"]);
    assert_eq!(
        (&body.retry, &body.secret, body.test_mode),
        (&None, &None, None)
    );
    assert_eq!(press(&mut model, 550, "enter"), [], "it is sent once");
    serve(&mut model, 600, cmds);
    let Some(Overlay::Secret(note)) = model.overlays.last() else {
        panic!("no secret is shown");
    };
    assert!(
        !format!("{note:?}").contains("c2VjcmV0"),
        "a log could show it"
    );
    press(&mut model, 620, "esc");
    assert_eq!(
        model.overlays.len(),
        1,
        "a key that came at once puts nothing away"
    );
    let copied = press(&mut model, 1_000, "y");
    assert_eq!(copied, [Cmd::Copy("whsec_c2VjcmV0".to_owned())]);
    press(&mut model, 1_100, "esc");
    assert!(model.overlays.is_empty());
    assert_eq!(
        model.selected_endpoint().unwrap().name.as_deref(),
        Some("acme")
    );
}

#[test]
fn what_cannot_be_read_is_refused_at_its_line_and_nothing_is_sent() {
    for (downs, text, says) in [
        (0, "", "needs a URL"),
        (5, "many", "retries: many is no number"),
        (7, "x", "in flight: x is no number"),
        (8, "60", "60"),
    ] {
        let mut model = form("+");
        if downs > 0 {
            write(&mut model, "https://a.example");
        }
        for _ in 0..downs {
            press(&mut model, 300, "tab");
        }
        write(&mut model, text);
        assert_eq!(send(&mut model), [], "{says}");
        let form = model.form_mut().unwrap();
        assert_eq!(form.at, downs, "{says}");
        let problem = form.problem.clone().unwrap();
        assert!(problem.contains(says), "{problem}");
    }
}

#[test]
fn an_edit_sends_what_was_changed_and_nothing_else() {
    let mut model = form("E");
    assert_eq!(send(&mut model), []);
    assert!(model.overlays.is_empty(), "nothing was changed");
    let mut model = form("E");
    let id = model.selected_endpoint().unwrap().id;
    press(&mut model, 300, "tab ctrl-u tab tab");
    write(&mut model, "order.*, order.paid");
    press(
        &mut model,
        350,
        "tab 3 tab ctrl-u tab ctrl-u 4 tab 6 0 / 1 m tab space",
    );
    let cmds = send(&mut model);
    let [Call::EditEndpoint(edited, patch)] = calls(&cmds)[..] else {
        panic!("nothing is edited: {cmds:?}");
    };
    assert_eq!(*edited, id);
    assert_eq!((&patch.url, &patch.name), (&None, &Some(None)));
    assert_eq!(
        patch.event_types.as_ref().unwrap()[..],
        ["order.*", "order.paid"]
    );
    let retry = patch.retry.clone().unwrap().unwrap();
    assert_eq!((retry.retries, retry.ladder), (Some(3), None));
    assert_eq!(
        (&patch.timeout, patch.concurrency),
        (&Some(None), Some(Some(4)))
    );
    let limit = patch.rate_limit.clone().unwrap().unwrap();
    assert_eq!((limit.requests, &*limit.per), (60, "1m"));
    assert_eq!(patch.test_mode, Some(true));
    serve(&mut model, 600, cmds);
    assert!(model.overlays.is_empty());
}

#[test]
fn a_form_that_the_service_refuses_stays_open_with_the_reason() {
    let mut model = form("K");
    let cmds = send(&mut model);
    let [Cmd::Call(request, Call::RotateSecret(_, body))] = &cmds[..] else {
        panic!("nothing is rotated: {cmds:?}");
    };
    assert_eq!(
        (body.overlap.as_deref(), &body.secret),
        (Some("24h"), &None)
    );
    let text = "overlap: 24h is longer than 1h".to_owned();
    let msg = Msg::Answered(*request, None, Box::new(Err(Failure::said(text.clone()))));
    update(&mut model, at(600), msg);
    let form = model.form_mut().unwrap();
    assert_eq!((form.problem.as_ref(), form.sending), (Some(&text), false));
    let again = press(&mut model, 700, "enter");
    serve(&mut model, 750, again);
    assert!(matches!(model.overlays.last(), Some(Overlay::Secret(_))));
}

#[test]
fn a_test_event_leads_to_its_delivery_and_a_deletion_asks() {
    let mut model = connected(false);
    press(&mut model, 100, "3");
    let cmds = press(&mut model, 200, "t");
    assert!(matches!(calls(&cmds)[..], [Call::TestEndpoint(_)]));
    serve(&mut model, 250, cmds);
    assert_eq!(model.place(), Place::Deliveries);
    press(&mut model, 900, "q");
    let id = model.selected_endpoint().unwrap().id;
    press(&mut model, 1_000, "X");
    assert!(matches!(model.overlays.last(), Some(Overlay::Confirm(_))));
    let cmds = press(&mut model, 2_000, "y");
    assert!(matches!(calls(&cmds)[..], [Call::DeleteEndpoint(deleted)] if *deleted == id));
    serve(&mut model, 2_100, cmds);
    assert!(!model.data.endpoints.contains_key(&id));
}
