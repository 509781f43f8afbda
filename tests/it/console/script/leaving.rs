//! The ways out of the console, and back into it.

use rustix::process::Signal;

use super::Part;
use super::stage::{Scenery, opens, shows};

pub(super) const PART: Part = Part {
    actions: &["cancel", "suspend", "leave", "quit"],
    shown: &["pulse", "deliveries", "filter"],
};

#[test]
fn the_console_is_suspended_left_and_quit() {
    let scenery = Scenery::new();
    let mut stage = scenery.stage(&PART);
    stage.answer("2/state:");
    assert_eq!(stage.shown(), "deliveries+filter");
    stage.act("cancel", |stage| {
        opens("deliveries")(stage);
        shows("ctrl-c again quits")(stage);
    });
    stage.act_and_part("suspend", |stage| {
        stage.terminal.assert_given_back();
        stage.terminal.wait_until_stopped();
        stage.terminal.signal(Signal::CONT);
        shows("Deliveries")(stage);
    });
    stage.act("leave", opens("pulse"));
    shows("QUEUE 0 pending")(&stage);
    stage.act_and_part("quit", |stage| {
        assert!(stage.terminal.end().success());
        stage.terminal.assert_given_back();
        // What was shown last is left to be read.
        shows("QUEUE 0 pending")(stage);
    });
    stage.end();
}
