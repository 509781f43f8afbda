//! The tour, walked from its first step to its last by what the screen says is pressed, and by nothing else.

use std::time::Instant;

use super::Part;
use super::stage::{Scenery, Stage, bytes_of, home_of, opens, shows};
use crate::console::program::hookyard_at_home;
use crate::console::pseudo_terminal::{PseudoTerminal, WAIT_MAX};
use crate::support::receiver_answer::Behaviour;

pub(super) const PART: Part = Part {
    actions: &["tour", "tour.skip"],
    shown: &[
        "tour",
        "endpoints",
        "deliveries",
        "inspector.summary",
        "inspector.diff",
        "dead",
        "plan-replay",
        "replays",
        "filter",
        "help",
    ],
};

/// A step as the screen tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    /// Such as `4/17`.
    progress: String,
    /// What is pressed next; none while the service has to answer.
    press: Option<String>,
}

/// The step that is shown; none where there is no tour.
fn told(stage: &Stage) -> Option<Told> {
    stage.terminal.settle();
    let text = stage.terminal.text();
    let (_, rest) = text.lines().find_map(|line| line.split_once("─ tour "))?;
    let (progress, rest) = rest.split_once("  ")?;
    let press = rest.strip_prefix("press ");
    Some(Told {
        progress: progress.to_owned(),
        press: press.map(|rest| rest.split("  ").next().unwrap().to_owned()),
    })
}

/// Presses a key by its name; a word that is none is typed.
fn press(stage: &mut Stage, words: &str) {
    for word in words.split(' ') {
        let is_key = word.chars().count() == 1 || ["enter", "esc", "space", "tab"].contains(&word);
        let bytes = if is_key {
            bytes_of(word)
        } else {
            word.to_owned()
        };
        stage.terminal.type_in(&bytes);
    }
}

/// Does what is said until it is the last step or none; gives the steps that were shown.
fn walk(stage: &mut Stage) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    let mut deadline = Instant::now() + WAIT_MAX;
    while let Some(step) = told(stage) {
        assert!(
            Instant::now() < deadline,
            "{step:?} leads nowhere:\n{}",
            stage.terminal.text()
        );
        if seen.last() != Some(&step.progress) {
            seen.push(step.progress.clone());
            deadline = Instant::now() + WAIT_MAX;
        }
        if let Some(words) = &step.press {
            press(stage, words);
        }
    }
    seen
}

fn steps(of: usize) -> Vec<String> {
    (1..=of).map(|step| format!("{step}/{of}")).collect()
}

/// Something that goes well and something that does not, in a context of this environment.
fn stage(env: &str) -> Stage {
    let scenery = Scenery::new();
    scenery.deliver(2);
    scenery.fail(3);
    // What is mended can be sent again.
    scenery.bad.always(Behaviour::status(200));
    let home = home_of(&scenery.yard);
    let folder = home.join(".config/hookyard");
    std::fs::create_dir_all(&folder).unwrap();
    let target = scenery.yard.socket();
    let text = format!("[context.here]\ntarget = {target:?}\nenv = {env:?}\n");
    std::fs::write(folder.join("contexts.toml"), text).unwrap();
    let command = hookyard_at_home(&["console", "here"], &home);
    scenery.stage_with(&PART, command, (80, 24))
}

#[test]
fn the_tour_is_walked_from_end_to_end_by_the_keys_that_it_names() {
    let mut stage = stage("dev");
    shows("g ? begins a tour")(&stage);
    stage.act("tour", |stage| {
        opens("tour")(stage);
        shows("tour 1/17")(stage);
    });
    stage.act("tour.skip", shows("tour 2/17"));
    stage.act("tour", |stage| assert_eq!(told(stage), None));
    stage.act("tour", shows("tour 1/17"));
    assert_eq!(walk(&mut stage), steps(17));
    shows("the tour is over")(&stage);
    // It was no play: the replay went out, and the endpoint was held and let go.
    stage
        .bad
        .block_until("the replay", |receiver| receiver.requests().len() == 6);
    let done: Vec<String> = stage
        .audit()
        .into_iter()
        .rev()
        .map(|entry| entry.what)
        .collect();
    let own = ["replay.start", "endpoint.pause", "endpoint.resume"];
    let done: Vec<&str> = done
        .iter()
        .map(String::as_str)
        .filter(|what| own.contains(what))
        .collect();
    assert_eq!(done, own);
    stage.end();
}

#[test]
fn where_something_depends_on_the_service_the_tour_only_looks() {
    let mut stage = stage("production");
    assert!(!stage.terminal.text().contains("begins a tour"));
    let before = stage.audit().len();
    stage.act("tour", shows("a tour that only looks"));
    assert_eq!(walk(&mut stage), steps(13));
    assert_eq!(stage.audit().len(), before, "nothing was changed");
}

#[test]
fn the_demo_offers_its_tour() {
    let home = tempfile::tempdir().unwrap();
    let command = hookyard_at_home(&["demo"], home.path());
    let mut terminal = PseudoTerminal::start(command);
    terminal.wait_for_text("g ? begins a tour: five minutes");
    terminal.type_in("g?");
    terminal.wait_for_text("tour 1/17  press 3 ");
    terminal.type_in("Q");
    assert!(terminal.end().success());
}
