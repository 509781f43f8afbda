//! Saved views: the filter in force gets a name, and the name stands for it wherever a filter is typed.

use super::Part;
use super::stage::{Scenery, opens, shows};

pub(super) const PART: Part = Part {
    actions: &[
        "list.filter",
        "filter.save",
        "palette",
        "view.saved",
        "choice.delete",
    ],
    shown: &["deliveries", "filter", "save", "palette", "views"],
};

#[test]
fn a_filter_is_saved_completed_by_its_name_used_and_gone_to() {
    let scenery = Scenery::new();
    scenery.deliver(1);
    scenery.fail(2);
    let mut stage = scenery.stage(&PART);
    stage.answer("2");
    shows("3 loaded")(&stage);
    stage.act("list.filter", opens("filter"));
    stage.answer("\u{15}state:dead\r");
    shows("2 loaded")(&stage);
    stage.act("filter.save", opens("save"));
    stage.answer("broken\r");
    shows("save @broken: done, it stands for state:dead")(&stage);
    stage.assert_audited("view.save", "@broken");

    stage.act("list.filter", opens("filter"));
    stage.answer("\u{15}-@br");
    shows("@broken state:dead")(&stage);
    stage.answer("\t\r");
    stage.terminal.wait_for("what did not die", |screen| {
        screen.contains("/-@broken") && screen.contains("1 loaded") && screen.contains("good.n00")
    });
    stage.act("list.filter", opens("filter"));
    stage.answer("\u{15}@brokn");
    shows("no view is saved as @brokn, did you mean @broken?")(&stage);
    stage.answer("\u{1b}");
    opens("deliveries")(&stage);
    stage.act("palette", opens("palette"));
    stage.answer("@broken\r");
    stage.terminal.wait_for("those of the view", |screen| {
        screen.contains("of @broken") && screen.contains("2 loaded")
    });
    stage.act("view.saved", opens("views"));
    stage.answer("\r");
    opens("deliveries")(&stage);
    shows("of @broken")(&stage);
    stage.act("view.saved", shows("X deletes"));
    stage.act("choice.delete", shows("delete @broken?"));
    stage.answer_until_gone("y", "confirm");
    shows("No filter is saved yet")(&stage);
    stage.assert_audited("view.delete", "@broken");
    stage.answer("\u{1b}");
    opens("deliveries")(&stage);
    stage.end();
}

#[test]
fn the_heading_of_a_filter_that_picks_more_than_a_page_says_how_many() {
    let scenery = Scenery::new();
    scenery.deliver(1);
    scenery.fail(203);
    let mut stage = scenery.stage(&PART);
    stage.answer("2");
    stage.act("list.filter", opens("filter"));
    stage.answer("\u{15}state:dead\r");
    stage.terminal.wait_for("how many match", |screen| {
        screen.contains("200+ loaded") && screen.contains("203 match")
    });
    // What comes up to the last row is loaded, and counts itself.
    stage.answer("G");
    stage.terminal.wait_for("all of them", |screen| {
        screen.contains("203 loaded") && !screen.contains("match")
    });
}
