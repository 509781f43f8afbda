//! What puts deliveries back to work, or gives them up; each with its question, its way back, and its audit entry.

use super::Part;
use super::stage::{Scenery, Stage, home_of, opens, shows};
use crate::console::program::hookyard_at_home;
use crate::support::receiver_answer::Behaviour;

pub(super) const PART: Part = Part {
    actions: &[
        "delivery.replay",
        "undo",
        "replay.plan",
        "replay.pause",
        "replay.cancel",
    ],
    shown: &["dead", "replays", "confirm", "plan-replay"],
};

pub(super) const DISCARDING: Part = Part {
    actions: &["dead.discard", "dead.ungroup", "cause.deliveries"],
    shown: &["dead", "plan-discard"],
};

pub(super) const ARMING: Part = Part {
    actions: &["arm", "view.contexts", "endpoint.pause", "delivery.replay"],
    shown: &["arm", "contexts", "confirm"],
};

fn state_of_the_replay(stage: &Stage) -> String {
    let query = Default::default();
    let page = stage.yard.ask(async |client| client.replays(&query).await);
    page.unwrap().items.remove(0).state
}

#[test]
fn a_replay_is_taken_back_planned_paused_and_cancelled() {
    let scenery = Scenery::new();
    scenery.fail(25);
    let mut stage = scenery.stage(&PART);
    stage.answer("2");
    shows("25 loaded")(&stage);
    stage.answer("j");
    stage.act("delivery.replay", shows("goes out in 3 s"));
    stage.act("undo", shows("taken back: replay dlv_"));
    stage.act("delivery.replay", shows("goes out in 3 s"));
    stage
        .bad
        .block_until("the replay", |receiver| receiver.requests().len() == 26);
    let newest = stage.yard.newest_delivery().to_string();
    stage.assert_audited("delivery.replay", &newest);
    stage.yard.wait_for_dead(25);

    stage.bad.always(Behaviour::status(200));
    stage.answer("5");
    shows("25 of 1 cause")(&stage);
    stage.act("replay.plan", opens("plan-replay"));
    shows("Type 25 and enter to start:")(&stage);
    // One a second, without a canary: slow enough to be held on the way.
    stage.answer("\t\u{15}1/s\t\u{15}\t\t\t\t25\r");
    assert_eq!(stage.shown(), "replays");
    shows("running")(&stage);
    assert_eq!(stage.audit().remove(0).what, "replay.start");
    stage.act("replay.pause", shows("done, it is paused"));
    assert_eq!(state_of_the_replay(&stage), "paused");
    stage.act("replay.pause", shows("done, it is running"));
    assert_eq!(state_of_the_replay(&stage), "running");
    stage.act("replay.cancel", opens("confirm"));
    stage.answer_until_gone("y", "confirm");
    shows("done, it is cancelled")(&stage);
    assert_eq!(stage.audit().remove(0).what, "replay.cancel");
    stage.end();
}

#[test]
fn the_dead_of_a_cause_are_discarded_with_a_note() {
    let scenery = Scenery::new();
    scenery.fail(2);
    let mut stage = scenery.stage(&DISCARDING);
    stage.answer("5");
    shows("2 of 1 cause")(&stage);
    stage.act("cause.deliveries", shows("2 loaded"));
    stage.answer("q");
    stage.act("dead.ungroup", |stage| {
        opens("deliveries")(stage);
        shows("of dead letters")(stage);
        shows("2 loaded")(stage);
    });
    stage.answer("q");
    stage.act("dead.discard", opens("plan-discard"));
    shows("Type 2 and enter to start:")(&stage);
    stage.answer("\twrong address\t2\r");
    shows("No dead letters.")(&stage);
    let entry = stage.audit().remove(0);
    assert_eq!(
        (&*entry.what, entry.note.as_deref()),
        ("dead.discard", Some("wrong address"))
    );
    stage.end();
}

#[test]
fn a_protected_service_is_armed_by_its_name() {
    let scenery = Scenery::new();
    scenery.deliver(1);
    let home = home_of(&scenery.yard);
    let folder = home.join(".config/hookyard");
    std::fs::create_dir_all(&folder).unwrap();
    let text = format!(
        "[context.here]\ntarget = {:?}\nprotect = true\n",
        scenery.yard.socket()
    );
    std::fs::write(folder.join("contexts.toml"), text).unwrap();
    let command = hookyard_at_home(&["console", "here"], &home);
    let acme = scenery.acme.clone();
    let mut stage = scenery.stage_with(&ARMING, command, (110, 34));
    stage.act("view.contexts", |stage| {
        opens("contexts")(stage);
        shows("armed ")(stage);
    });
    stage.answer("\u{1b}");
    stage.answer("3/acme\r");
    stage.act("endpoint.pause", shows("here is protected: ! arms changes"));
    assert_eq!(stage.yard.status(&acme), "active");
    stage.act("arm", opens("arm"));
    stage.answer("here\r");
    shows("ARMED 10 min")(&stage);
    stage.act("endpoint.pause", shows("pause acme: done"));
    assert_eq!(stage.yard.status(&acme), "paused");
    stage.act("endpoint.pause", shows("resume acme: done"));
    stage.answer("2");
    stage.answer("j");
    // What is taken back elsewhere is asked about here.
    stage.act("delivery.replay", opens("confirm"));
    stage.answer_until_gone("y", "confirm");
    stage
        .good
        .block_until("the replay", |receiver| receiver.requests().len() == 2);
    stage.act("arm", shows("READ-ONLY"));
    stage.end();
}
