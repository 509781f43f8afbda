//! Digits before a key, with the keys of preset vim.

use super::Part;
use super::stage::{Scenery, opens, selects, shows};
use crate::console::program::hookyard;

pub(super) const PART: Part = Part {
    actions: &["count"],
    shown: &["deliveries", "endpoints"],
};

#[test]
fn with_the_keys_of_vim_digits_are_counts_and_chords_lead_to_views() {
    let scenery = Scenery::new();
    scenery.deliver(12);
    let command = hookyard(&["console", "--keys", "vim"], &scenery.yard.socket());
    let mut stage = scenery.stage_with(&PART, command, (110, 34));
    stage.answer("ge");
    opens("endpoints")(&stage);
    stage.answer("gd");
    opens("deliveries")(&stage);
    stage.answer("gg");
    selects("good.n11")(&stage);
    stage.act_by("count", "3", shows("3 -  j goes so far"));
    stage.answer("j");
    selects("good.n08")(&stage);
    stage.answer("10G");
    selects("good.n02")(&stage);
    stage.answer("4k");
    selects("good.n06")(&stage);
    stage.answer("2gg");
    selects("good.n10")(&stage);
    stage.answer("3r");
    shows("not 3 times: r alone would replay this delivery")(&stage);
    stage.end();
}
