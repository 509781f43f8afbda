//! What leaves the console: copies of parts, the pager, rows for a command or a file.

use serde_json::Value;

use super::Part;
use super::stage::{Scenery, Stage, home_of, opens, shows};
use crate::console::program::console;

pub(super) const PART: Part = Part {
    actions: &[
        "yank.id",
        "yank.url",
        "yank.json",
        "yank.row",
        "yank.command",
        "yank.curl",
        "yank.body",
        "yank.headers",
        "row.page",
        "rows.pipe",
        "rows.write",
    ],
    shown: &["inspector.request", "prompt-file", "prompt-command"],
};

/// Copies every part of the delivery that is shown.
fn copy_parts(stage: &mut Stage, id: &str, url: &str) {
    let sent = stage.good.requests().remove(0);
    let body = String::from_utf8(sent.body.clone()).unwrap();

    stage.act("yank.id", |stage| assert_eq!(stage.copied(), id));
    stage.act("yank.url", |stage| assert_eq!(stage.copied(), url));
    stage.act("yank.json", |stage| {
        let value: Value = serde_json::from_str(&stage.copied()).unwrap();
        assert_eq!(value["id"], id);
    });
    stage.act("yank.row", |stage| {
        let copied = stage.copied();
        let rows: Vec<&str> = copied.lines().collect();
        assert_eq!(rows.len(), 2, "{copied}");
        assert!(rows[0].contains("id\t") && rows[1].contains(id), "{copied}");
    });
    stage.act("yank.command", |stage| {
        assert_eq!(stage.copied(), format!("hookyard delivery show {id}"));
    });
    // What was sent is fetched with its tab.
    stage.answer("l");
    stage.act("yank.curl", |stage| {
        let copied = stage.copied();
        assert!(
            copied.starts_with("curl ") && copied.contains(url),
            "{copied}"
        );
    });
    stage.act("yank.body", |stage| assert_eq!(stage.copied(), body));
    stage.act("yank.headers", |stage| {
        let signed = format!("Webhook-Id: {}", sent.header("webhook-id").unwrap());
        assert!(stage.copied().contains(&signed), "{}", stage.copied());
    });
}

#[test]
fn parts_are_copied_and_rows_taken_away() {
    let scenery = Scenery::new();
    scenery.deliver(1);
    let (url, home) = (scenery.acme.url.clone(), home_of(&scenery.yard));
    let kept = |name: &str| home.join(name);
    let mut command = console(&scenery.yard.socket());
    command.env("PAGER", format!("cat > {}", kept("paged").display()));
    let mut stage = scenery.stage_with(&PART, command, (110, 34));
    stage.answer("2");
    stage.answer("j\r");
    shows("attempt 1 of 1")(&stage);
    let id = stage.yard.newest_delivery().to_string();

    copy_parts(&mut stage, &id, &url);

    stage.act_and_part("row.page", |stage| {
        // The pager is over as soon as it has all of it.
        stage.terminal.settle();
        let paged = std::fs::read_to_string(kept("paged")).unwrap();
        let value: Value = serde_json::from_str(&paged).unwrap();
        assert_eq!(value["id"], id.as_str());
    });
    stage.answer("q");
    stage.act("rows.pipe", opens("prompt-command"));
    stage
        .terminal
        .type_in(&format!("cat > {}\r", kept("piped").display()));
    stage.terminal.wait_for_text("-- enter goes back --");
    stage.terminal.type_elsewhere("\r");
    stage.terminal.wait_for_text("Deliveries");
    let piped = std::fs::read_to_string(kept("piped")).unwrap();
    assert_eq!(piped.lines().count(), 1);
    assert!(piped.contains(&id));
    stage.act("rows.write", opens("prompt-file"));
    stage.answer(&format!("\u{15}{}\r", kept("rows.csv").display()));
    shows("wrote ")(&stage);
    let table = std::fs::read_to_string(kept("rows.csv")).unwrap();
    assert!(table.lines().count() == 2 && table.contains(&id), "{table}");
    stage.end();
}
