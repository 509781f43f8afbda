//! Bells: set, rung and taken off; what rings the terminal holds nothing that a stranger could end it with.

use hookyard::api::endpoint::PauseBody;

use super::Part;
use super::stage::{Scenery, Stage, selects, shows};

pub(super) const PART: Part = Part {
    actions: &["bell"],
    shown: &["deliveries", "endpoints"],
};

const OF_ENDPOINT: Part = Part {
    actions: &["bell"],
    shown: &["endpoints"],
};

/// What the terminal was rung with so far: BEL, each with the notification after it.
fn rung(stage: &Stage) -> Vec<String> {
    let sent = stage.terminal.sent_text();
    let rings = sent.split("\u{7}\u{1b}]9;").skip(1);
    rings
        .map(|ring| ring.split('\u{7}').next().unwrap().to_owned())
        .collect()
}

#[test]
fn a_filter_rings_as_long_as_it_has_a_bell() {
    let scenery = Scenery::new();
    scenery.fail(1);
    let mut stage = scenery.stage(&PART);
    stage.answer("2");
    stage.answer("/state:dead\r");
    shows("1 loaded")(&stage);
    stage.act("bell", |stage| {
        shows("BELL")(stage);
        shows("a bell on state:dead: b takes it off")(stage);
    });
    // Wherever one looks then.
    stage.answer("3");
    assert!(!stage.terminal.sent_text().contains('\u{7}'));
    stage.yard.publish("bad.n02");
    shows("bell: dlv_")(&stage);
    stage.terminal.settle();
    let came = stage.yard.newest_of("state:dead");
    assert_eq!(
        rung(&stage),
        [format!("hookyard: {came} came under state:dead")]
    );
    stage.answer("2");
    stage.act("bell", shows("no bell any more on state:dead"));
    stage.end();
}

/// By itself: what changes right after a ring is told without one.
#[test]
fn an_endpoint_rings_with_nothing_of_its_name_that_a_terminal_obeys() {
    let scenery = Scenery::new();
    let strange = scenery
        .yard
        .endpoint(&scenery.good.url("/strange"), "a]0;b\u{202e}é\\c");
    let mut stage = scenery.stage(&OF_ENDPOINT);
    stage.answer("3/]0;b\r");
    selects("a]0;b")(&stage);
    stage.act("bell", shows("takes it off"));
    let pause = PauseBody::default();
    let paused = stage
        .yard
        .ask(async |client| client.pause_endpoint(strange.id, &pause).await);
    paused.unwrap();
    stage
        .terminal
        .wait_for_sent("\u{7}\u{1b}]9;hookyard: a]0;b??\\c is paused\u{7}");
    stage.act("bell", |stage| {
        assert!(!stage.terminal.text().contains("BELL"));
    });
    stage.end();
}
