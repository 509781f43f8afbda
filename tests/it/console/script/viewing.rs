//! From view to view: each by its key, help, palette and command of each, and the way back.

use super::Part;
use super::stage::{Scenery, Stage, opens, shows};

pub(super) const PART: Part = Part {
    actions: &[
        "view.pulse",
        "view.deliveries",
        "view.endpoints",
        "view.events",
        "view.dead",
        "view.replays",
        "view.audit",
        "view.log",
        "view.previous",
        "window.shorter",
        "window.longer",
        "history.back",
        "history.forth",
        "view.themes",
        "help",
        "palette",
        "command",
        "back",
        "refetch",
        "repaint",
    ],
    shown: &[
        "pulse",
        "deliveries",
        "endpoints",
        "events",
        "dead",
        "replays",
        "audit",
        "log",
        "help",
        "palette",
        "themes",
    ],
};

/// Views by their actions, with what they show and the command for it.
const VIEWS: [(&str, &str, &str, &str); 8] = [
    (
        "view.deliveries",
        "deliveries",
        "2 loaded",
        "= hookyard delivery list",
    ),
    (
        "view.endpoints",
        "endpoints",
        "broke",
        "= hookyard endpoint show",
    ),
    ("view.events", "events", "good.n00", "= hookyard event show"),
    (
        "view.dead",
        "dead",
        "1 of 1 cause",
        "= hookyard dead causes",
    ),
    (
        "view.replays",
        "replays",
        "Replays",
        "= hookyard replay list",
    ),
    (
        "view.log",
        "log",
        "has written nothing",
        "= hookyard log --follow",
    ),
    ("view.audit", "audit", "endpoint.create", "= hookyard audit"),
    ("view.pulse", "pulse", "NEEDS ATTENTION", "= hookyard stats"),
];

/// Pulse looks back further and less far, as far as it goes.
fn looking_back(stage: &mut Stage) {
    for (words, causes) in [
        ("Pulse  last 6 hours", "CAUSES OF THE LAST 6H"),
        ("Pulse  last 24 hours", "CAUSES OF THE LAST 24H"),
        ("Pulse  last 7 days", "CAUSES OF THE LAST 24H"),
    ] {
        stage.act("window.longer", shows(words));
        shows(causes)(stage);
        // The cause was answered for this window too.
        shows("503 db down")(stage);
    }
    stage.act("window.longer", shows("7d is the longest window"));
    stage.act("command", shows("= hookyard stats --window 7d"));
    for words in [
        "last 24 hours",
        "last 6 hours",
        "last hour",
        "last 15 minutes",
    ] {
        stage.act("window.shorter", shows(words));
    }
    shows("503 db down")(stage);
    stage.act("window.shorter", shows("15m is the shortest window"));
}

#[test]
fn every_view_is_reached_by_its_key_and_has_help_and_a_command() {
    let scenery = Scenery::new();
    scenery.deliver(1);
    scenery.fail(1);
    let acme = scenery.acme.clone();
    let mut stage = scenery.stage(&PART);
    for (action, name, content, command) in VIEWS {
        stage.act(action, opens(name));
        shows(content)(&stage);
        stage.act("command", shows(command));
        stage.act("help", |stage| {
            opens("help")(stage);
            shows("esc closes")(stage);
        });
        stage.act("help", opens(name));
    }
    looking_back(&mut stage);
    stage.act("view.previous", opens("audit"));
    stage.act("history.back", opens("pulse"));
    stage.act("history.forth", opens("audit"));
    stage.act("view.themes", opens("themes"));
    stage.answer("kkkkkkk");
    shows("high-contrast")(&stage);
    stage.answer("\u{1b}");
    opens("audit")(&stage);
    // What is told is what was chosen, however quickly.
    stage.act("view.themes", opens("themes"));
    stage.answer("G\r");
    shows("theme yard-light until you quit")(&stage);
    // Nothing tells the audit view by itself.
    stage
        .yard
        .ask(async |client| client.disable_endpoint(acme.id).await)
        .unwrap();
    assert!(!stage.terminal.text().contains("endpoint.disable"));
    stage.act("refetch", shows("endpoint.disable"));
    let before = stage.terminal.sent();
    stage.act("repaint", |stage| {
        stage.terminal.wait_for_sent_after(before, "\u{1b}[2J");
        shows("endpoint.disable")(stage);
    });
    stage.act("palette", opens("palette"));
    stage.answer("deliveries of acme\r");
    assert_eq!(stage.shown(), "deliveries");
    stage.terminal.wait_for("acme alone", |screen| {
        screen.contains("good.n00") && !screen.contains("bad.n00")
    });
    stage.act("back", opens("audit"));
    stage.end();
}
