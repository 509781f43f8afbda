//! Up and down lists, marks, filters, orders and previews.

use super::Part;
use super::stage::{Scenery, Stage, opens, selects, shows};
use crate::console::program::console;

pub(super) const PART: Part = Part {
    actions: &[
        "row.down",
        "row.up",
        "row.first",
        "row.last",
        "row.half-down",
        "row.half-up",
        "failure.next",
        "failure.previous",
        "list.follow",
        "list.filter",
        "row.mark",
        "row.mark-range",
        "row.mark-all",
        "row.mark-others",
        "row.only-marked",
        "row.unmark",
        "open",
        "leave",
    ],
    shown: &["pulse", "deliveries", "events", "filter", "words"],
};

pub(super) const ARRANGING: Part = Part {
    actions: &[
        "list.sort",
        "list.turn",
        "columns.choose",
        "columns.right",
        "columns.left",
        "times.style",
    ],
    shown: &["endpoints", "deliveries", "sort", "columns"],
};

pub(super) const REWINDING: Part = Part {
    actions: &["time.back", "time.forth", "time.live"],
    shown: &["deliveries"],
};

pub(super) const PREVIEWING: Part = Part {
    actions: &["row.preview", "row.down", "event.tree"],
    shown: &["deliveries", "endpoints", "events"],
};

#[test]
fn lists_are_moved_through_marked_and_filtered() {
    let scenery = Scenery::new();
    // From the top: good.n49 … good.n20, bad.n01, bad.n00, good.n19 … good.n00.
    scenery.deliver(20);
    scenery.fail(2);
    for number in 20..50 {
        scenery.yard.publish(&format!("good.n{number}"));
    }
    scenery
        .good
        .block_until("what arrives", |receiver| receiver.requests().len() == 50);
    let mut stage = scenery.stage(&PART);
    stage.answer("2");
    stage.terminal.wait_for_text("52 loaded");
    stage.act("row.down", selects("good.n49"));
    stage.act("row.down", selects("good.n48"));
    stage.act("row.up", selects("good.n49"));
    stage.act("row.last", selects("good.n00"));
    stage.act("row.first", selects("good.n49"));
    // 34 rows less five: half of 29.
    stage.act("row.half-down", selects("good.n35"));
    stage.act("row.half-up", selects("good.n49"));
    stage.act("failure.next", selects("bad.n01"));
    stage.act("failure.next", selects("bad.n00"));
    stage.act("failure.previous", selects("bad.n01"));
    stage.act("list.follow", |stage| {
        stage
            .terminal
            .wait_for("a list that follows", |screen| !screen.contains("HELD"));
    });
    stage.act("list.follow", shows("HELD"));

    stage.act("row.first", selects("good.n49"));
    stage.act("row.mark", shows("1 marked"));
    stage.act("row.down", selects("good.n47"));
    stage.act("row.mark-range", shows("3 marked"));
    stage.act("row.only-marked", |stage| {
        stage.terminal.wait_for("the marked rows", |screen| {
            screen.contains("3 loaded")
                && screen.contains("good.n47")
                && !screen.contains("good.n46")
        });
    });
    stage.act("row.unmark", |stage| {
        assert!(!stage.terminal.text().contains("3 marked"));
    });
    stage.act("list.filter", opens("filter"));
    stage.answer("\u{15}state:dead\r");
    stage.terminal.wait_for("the dead ones", |screen| {
        screen.contains("2 loaded") && screen.contains("bad.n01") && !screen.contains("good.n4")
    });
    stage.act("row.mark-all", shows("all matching marked"));
    stage.act("row.mark", shows("all matching but 1 marked"));
    stage.act("row.mark-others", shows("1 marked"));
    stage.act("row.unmark", |stage| {
        assert!(!stage.terminal.text().contains("1 marked"));
    });
    stage.act("open", opens("inspector.summary"));
    stage.act("leave", opens("deliveries"));

    stage.answer("4");
    stage.terminal.wait_for_text("good.n49");
    stage.act("list.filter", opens("words"));
    stage.answer("n07\r");
    stage.terminal.wait_for("events with the word", |screen| {
        screen.contains("good.n07") && !screen.contains("good.n08")
    });

    stage.end();
}

#[test]
fn rows_are_sorted_and_columns_chosen() {
    let scenery = Scenery::new();
    scenery.deliver(1);
    let mut stage = scenery.stage(&ARRANGING);
    stage.answer("3");
    stage.terminal.wait_for_text("broke");
    stage.act("list.sort", opens("sort"));
    stage.answer("b");
    shows("by NAME")(&stage);
    stage.act("list.turn", shows("by NAME, reversed"));
    let title = |stage: &Stage| stage.terminal.text().lines().nth(2).map(str::to_owned);
    let before = title(&stage);
    stage.act("columns.right", |stage| assert_ne!(title(stage), before));
    stage.act("columns.left", |stage| assert_eq!(title(stage), before));
    stage.act("columns.choose", opens("columns"));
    stage.answer("j \r");
    stage.terminal.wait_for("a list without states", |screen| {
        screen
            .lines()
            .nth(2)
            .is_some_and(|line| line.starts_with("NAME") && !line.contains("STATE"))
    });
    stage.answer("2");
    opens("deliveries")(&stage);
    stage.act("times.style", shows("times are local"));
    stage.act("times.style", shows(" ago"));
    stage.act("times.style", shows("milliseconds since 1970"));
    stage.act("times.style", shows("times are in UTC"));
    stage.end();
}

#[test]
fn a_preview_comes_and_goes() {
    let scenery = Scenery::new();
    scenery.deliver(1);
    let command = console(&scenery.yard.socket());
    let mut stage = scenery.stage_with(&PREVIEWING, command, (140, 24));
    stage.answer("2");
    stage.act("row.down", shows("ATTEMPT 1"));
    stage.act("row.preview", |stage| {
        assert!(!stage.terminal.text().contains("ATTEMPT 1"));
    });
    stage.act("row.preview", shows("ATTEMPT 1"));
    stage.answer("3");
    shows("success  rate 100% of 1 attempt")(&stage);
    stage.answer("4");
    shows("went to 1")(&stage);
    stage.act("row.preview", |stage| {
        assert!(!stage.terminal.text().contains("went to 1"));
    });
    stage.act("event.tree", shows("went to 1"));
    stage.end();
}

#[test]
fn the_past_is_stepped_into_and_left() {
    let scenery = Scenery::new();
    scenery.deliver(1);
    let mut stage = scenery.stage(&REWINDING);
    stage.answer("2");
    stage.terminal.wait_for_text("1 loaded");
    // The service is younger than a minute.
    stage.act("time.back", shows("the oldest that is kept: "));
    stage.answer("r");
    shows("this is the past")(&stage);
    stage.act("time.back", shows("the oldest that is kept: "));
    stage.act("time.live", |stage| {
        stage.terminal.wait_for("now", |screen| {
            screen.contains("LIVE") && !screen.contains("forward")
        });
    });
    stage.answer("<");
    shows("forward")(&stage);
    stage.act("time.forth", |stage| {
        stage.terminal.wait_for_text("LIVE");
    });
    stage.act("time.forth", shows("this is now"));
    stage.terminal.wait_for_text("1 loaded");
    stage.end();
}
