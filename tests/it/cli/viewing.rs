//! `hookyard view`: saved, used, kept over a restart and deleted by the binary.

use rustix::process::Signal;

use super::service::Home;

#[test]
fn a_view_is_saved_used_kept_over_a_restart_and_deleted() {
    let home = Home::new();
    let mut service = home.start();
    let saved = home.json(&["view", "save", "@oncall", "state:dead", "or", "status:5xx"]);
    assert_eq!(saved["filter"], "state:dead or status:5xx");
    home.json(&["view", "save", "odd", "text:\"\u{1b}[2J\""]);
    home.json(&[
        "endpoint",
        "create",
        "http://127.0.0.1:9/",
        "--name",
        "shop",
        "--retry",
        "1ms",
    ]);
    home.json(&["event", "publish", "--type", "a.b"]);
    home.wait_for(&["stats"], |stats| stats["ledger"]["dead"] == 1);
    service.running.signal(Signal::KILL);
    service.running.end();
    let _service = home.start();
    let listed = home.client(&["view", "list", "--plain"]);
    let rows: Vec<Vec<&str>> = listed
        .out
        .lines()
        .map(|line| line.split('\t').collect())
        .collect();
    assert_eq!(rows[0][..2], ["@odd", "text:\"\\x1b[2J\""]);
    assert_eq!(rows[1][..2], ["@oncall", "state:dead or status:5xx"]);
    assert_eq!(home.json(&["view", "show", "oncall"]), saved);
    let found = home.json(&["delivery", "list", "@oncall", "ep:shop"]);
    assert_eq!(found["state"], "dead");
    let counted = home.client(&["delivery", "count", "@oncall", "--endpoint", "shop"]);
    assert_eq!((counted.code, &*counted.out), (Some(0), "1\n"));
    let none = home.json(&["delivery", "count", "not", "@oncall"]);
    assert_eq!((&none["count"], &none["exact"]), (&0.into(), &true.into()));
    let planned = home.json(&["replay", "plan", "@oncall"]);
    assert_eq!(planned["stands_for"], "state:dead or status:5xx");
    let none = home.client(&["delivery", "list", "not", "@oncall"]);
    assert_eq!(none.code, Some(3), "{}", none.err);

    let asked = home.client(&["view", "delete", "oncall"]);
    assert_eq!(asked.code, Some(2), "{}", asked.err);
    assert!(
        asked
            .err
            .contains("Delete @oncall, which stands for: state:dead or status:5xx")
    );
    let deleted = home.client(&["view", "delete", "oncall", "--yes"]);
    assert_eq!(
        (deleted.code, deleted.err.trim()),
        (Some(0), "deleted @oncall")
    );
    for arguments in [
        &["view", "show", "oncall"][..],
        &["view", "delete", "oncall", "--yes"],
    ] {
        let gone = home.client(arguments);
        assert_eq!(gone.code, Some(3), "{}", gone.err);
    }
    let audited = home.client(&["audit", "--what", "view.*", "--plain"]);
    assert!(audited.out.contains("view.delete"), "{}", audited.out);
}

#[test]
fn what_is_wrong_with_a_view_or_its_use_is_said_before_anything_is_done() {
    let home = Home::new();
    let _service = home.start();
    home.json(&["view", "save", "oncall", "state:dead"]);
    for (arguments, says) in [
        (
            &["view", "save", "On-Call", "state:dead"][..],
            "expected 1 to 64 of a-z, 0-9 and -",
        ),
        (
            &["view", "save", "x", "@oncall"],
            "at column 1: a saved view names no other",
        ),
        (
            &["view", "save", "x", "stat:dead"],
            "the field \"stat\" is not known, did you mean state?",
        ),
        (&["view", "save", "x"], "FILTER"),
        (
            &["delivery", "list", "@oncal"],
            "at column 1: no view is saved as @oncal, did you mean @oncall?",
        ),
    ] {
        let refused = home.client(arguments);
        assert_eq!(refused.code, Some(2), "{arguments:?}: {}", refused.err);
        assert!(refused.err.contains(says), "{arguments:?}: {}", refused.err);
    }
}
