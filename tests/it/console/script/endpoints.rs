//! What is done to an endpoint: created, edited, tested, paused, disabled, given another secret, deleted.

use super::Part;
use super::stage::{Scenery, Stage, opens, selects, shows};

pub(super) const PART: Part = Part {
    actions: &[
        "endpoint.create",
        "endpoint.edit",
        "endpoint.test",
        "endpoint.pause",
        "endpoint.enable",
        "endpoint.rotate-secret",
        "endpoint.delete",
        "endpoint.deliveries",
    ],
    shown: &[
        "endpoints",
        "confirm",
        "form-create",
        "form-edit",
        "form-rotate",
        "secret",
    ],
};

/// Goes on to the button of a form and sends it.
pub(super) fn send(stage: &mut Stage, button: &str) {
    let chosen = format!("> {button}");
    for _ in 0..20 {
        if stage.terminal.text().contains(&chosen) {
            // It is deaf at first.
            return stage.answer_until_gone("\r", "form-");
        }
        stage.answer("\t");
    }
    panic!("no {chosen} on\n{}", stage.terminal.text());
}

#[test]
fn an_endpoint_is_made_changed_and_deleted() {
    let scenery = Scenery::new();
    let (acme, url) = (scenery.acme.clone(), scenery.good.url("/new"));
    let mut stage = scenery.stage(&PART);
    stage.answer("3");

    stage.act("endpoint.create", opens("form-create"));
    stage.answer(&format!("{url}\tnewcomer"));
    send(&mut stage, "Create");
    assert_eq!(stage.shown(), "endpoints+secret");
    assert!(stage.terminal.text().contains("whsec_"));
    stage.answer_until_gone("\u{1b}", "secret");
    let made = stage.audit().remove(0);
    assert_eq!(made.what, "endpoint.create");
    selects("newcomer")(&stage);

    stage.act("endpoint.test", opens("deliveries"));
    stage.good.block_until("the test event", |receiver| {
        receiver
            .requests()
            .iter()
            .any(|request| request.path == "/new")
    });
    stage.answer("3");
    stage.act("endpoint.edit", opens("form-edit"));
    stage.answer("\t\u{15}renamed");
    send(&mut stage, "Save");
    selects("renamed")(&stage);
    stage.assert_audited("endpoint.edit", &made.target.clone().unwrap());

    stage.act("endpoint.rotate-secret", opens("form-rotate"));
    send(&mut stage, "Rotate");
    assert_eq!(stage.shown(), "endpoints+secret");
    stage.answer_until_gone("\u{1b}", "secret");
    stage.assert_audited("endpoint.rotate-secret", &made.target.clone().unwrap());

    stage.act("endpoint.delete", opens("confirm"));
    stage.answer_until_gone("y", "confirm");
    shows("delete renamed: done")(&stage);
    stage.assert_audited("endpoint.delete", &made.target.unwrap());

    stage.answer("/acme\r");
    selects("acme")(&stage);
    stage.act("endpoint.pause", shows("pause acme: done"));
    assert_eq!(stage.yard.status(&acme), "paused");
    stage.act("endpoint.pause", shows("resume acme: done"));
    assert_eq!(stage.yard.status(&acme), "active");
    stage.act("endpoint.enable", opens("confirm"));
    stage.answer_until_gone("y", "confirm");
    shows("1 disabled")(&stage);
    assert_eq!(stage.yard.status(&acme), "disabled");
    stage.assert_audited("endpoint.disable", &acme.id.to_string());
    stage.act("endpoint.deliveries", shows("No delivery of it is left."));
    stage.end();
}
