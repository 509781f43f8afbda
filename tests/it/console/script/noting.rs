//! Notes: written where something is looked at, kept in the audit log, and found again there.

use super::Part;
use super::stage::{Scenery, opens, shows};

pub(super) const PART: Part = Part {
    actions: &["note.add", "open", "view.audit"],
    shown: &["endpoints", "note", "audit", "inspector.summary"],
};

#[test]
fn a_note_is_written_kept_and_shown_to_whoever_looks() {
    let scenery = Scenery::new();
    scenery.deliver(1);
    let acme = scenery.acme.id.to_string();
    let mut stage = scenery.stage(&PART);
    stage.answer("3");
    shows("acme")(&stage);
    stage.answer("G");
    while !stage.bar().contains("acme") {
        stage.answer("k");
    }
    stage.act("note.add", opens("note"));
    stage.answer("moves house on Friday\r");
    shows("1 in the audit log")(&stage);
    stage.assert_audited("endpoint.note", &acme);
    let entry = stage.audit().remove(0);
    assert_eq!(entry.note.as_deref(), Some("moves house on Friday"));

    stage.answer("2j");
    stage.act("open", opens("inspector.summary"));
    stage.act("note.add", opens("note"));
    stage.answer("told them\r");
    let target = format!("note about {}", stage.audit()[0].target.clone().unwrap());
    shows(&target)(&stage);
    assert!(target.contains("dlv_"), "{target}");
    stage.terminal.wait_for("the note", |screen| {
        let line = screen.lines().find(|line| line.starts_with(" notes "));
        line.is_some_and(|line| line.ends_with(": told them"))
    });
    stage.act("view.audit", |stage| {
        opens("audit")(stage);
        stage.terminal.wait_for("both notes", |screen| {
            screen.contains("moves house") && screen.contains("told them")
        });
    });
    stage.end();
}
