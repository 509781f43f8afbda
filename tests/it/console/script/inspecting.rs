//! One delivery: its tabs, its attempts, and where it leads.

use super::Part;
use super::stage::{Scenery, Stage, opens, shows};
use crate::support::receiver_answer::{Answer, Behaviour};

pub(super) const PART: Part = Part {
    actions: &[
        "tab.next",
        "tab.previous",
        "delivery.diff",
        "json.fold",
        "json.fold-all",
        "text.next",
        "text.previous",
        "text.search",
        "text.wrap",
        "attempt.next",
        "attempt.previous",
        "cause.deliveries",
        "endpoint.deliveries",
    ],
    shown: &[
        "inspector.summary",
        "inspector.request",
        "inspector.response",
        "inspector.timeline",
        "inspector.diff",
        "inspector.raw",
        "inspector.signature",
    ],
};

#[test]
fn a_delivery_is_looked_at_from_all_sides() {
    let scenery = Scenery::new();
    scenery
        .bad
        .script([Behaviour::Answer(Answer::status(200).body("taken"))]);
    scenery.yard.publish("bad.n00");
    scenery
        .bad
        .block_until("the good one", |receiver| receiver.requests().len() == 1);
    scenery.fail(1);
    scenery.yard.replay_dead();
    scenery.bad.block_until("the second attempt", |receiver| {
        receiver.requests().len() == 3
    });
    scenery.yard.wait_for_dead(1);
    let mut stage = scenery.stage(&PART);
    stage.answer("2");
    shows("2 loaded")(&stage);
    stage.answer("j\r");
    shows("attempt 2 of 2")(&stage);
    assert_eq!(stage.shown(), "inspector.summary");
    stage.act("tab.next", opens("inspector.request"));
    shows("POST http://127.0.0.1")(&stage);
    read_the_request(&mut stage);
    stage.act("tab.next", opens("inspector.response"));
    shows("db down")(&stage);
    stage.act("tab.next", opens("inspector.timeline"));
    stage.act("tab.next", opens("inspector.diff"));
    stage.act("tab.next", opens("inspector.raw"));
    shows("HTTP/1.1 503")(&stage);
    stage.act("tab.next", opens("inspector.signature"));
    shows("hookyard verify")(&stage);
    stage.act("tab.previous", opens("inspector.raw"));
    stage.act("delivery.diff", opens("inspector.diff"));
    // How far down the bodies stand depends on whether both attempts began within one second.
    stage.answer("G");
    shows("- taken")(&stage);
    shows("+ db down")(&stage);
    stage.act("attempt.previous", shows("attempt 1 of 2"));
    stage.act("attempt.next", shows("attempt 2 of 2"));
    stage.act("cause.deliveries", |stage| {
        opens("deliveries")(stage);
        shows("cause ")(stage);
        shows("1 loaded")(stage);
    });
    stage.answer("q");
    stage.act("endpoint.deliveries", |stage| {
        opens("deliveries")(stage);
        shows("broke")(stage);
        shows("2 loaded")(stage);
    });
    stage.end();
}

/// Folds its JSON, looks for words in it, and cuts its lines.
fn read_the_request(stage: &mut Stage) {
    shows("  \"type\": ")(stage);
    stage.act("json.fold-all", shows("> \"data\": {"));
    stage.act("json.fold-all", |stage| {
        shows("  \"data\": {")(stage);
        assert!(!stage.terminal.text().contains("> "));
    });
    stage.act("json.fold", shows("> {"));
    stage.act("json.fold", shows("  \"type\": "));
    stage.act("text.search", opens("words"));
    stage.answer("webhook-\r");
    shows("/webhook-  1 of 3 lines")(stage);
    stage.act("text.next", shows("/webhook-  2 of 3 lines"));
    stage.act("text.previous", shows("/webhook-  1 of 3 lines"));
    stage.answer("\u{1b}");
    stage.act("text.wrap", shows("long lines are cut"));
    stage.act("text.wrap", shows("long lines go on"));
}
