//! `--at`: lists as they were, told by the binary.

use super::service::Home;

/// The rows of a list.
fn rows(home: &Home, arguments: &[&str]) -> Vec<serde_json::Value> {
    let ended = home.client(&[arguments, &["--json"]].concat());
    assert_eq!(ended.code, Some(0), "{arguments:?}: {}", ended.err);
    let lines = ended.out.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn lists_are_told_as_they_were_and_what_has_no_past_is_refused_by_name() {
    let home = Home::new();
    let _service = home.start();
    home.json(&[
        "endpoint",
        "create",
        "http://127.0.0.1:9/in",
        "--name",
        "shop",
    ]);
    let publish = ["event", "publish", "--type", "a.b", "--data", "{}"];
    home.json(&publish);
    let first = rows(&home, &["event", "list"]);
    let at = first[0]["accepted_at"].as_str().unwrap();
    home.json(&publish);
    for list in ["event", "delivery"] {
        assert_eq!(rows(&home, &[list, "list"]).len(), 2, "{list}");
        assert_eq!(rows(&home, &[list, "list", "--at", at]).len(), 1, "{list}");
    }
    let fresh = rows(&home, &["delivery", "list", "try:0", "--at", at]);
    assert_eq!((fresh.len(), &fresh[0]["state"]), (1, &"pending".into()));
    let count = home.client(&["delivery", "count", "--at", at]);
    assert_eq!(count.out, "1\n", "{}", count.err);
    let stats = home.json(&["endpoint", "stats", "shop", "--at", at]);
    assert_eq!(
        (&stats["at"], &stats["window_s"]),
        (&at.into(), &3600.into())
    );
    let stats = home.json(&["stats", "--at", at]);
    assert_eq!((&stats["at"], stats.get("ledger")), (&at.into(), None));
    let what = |arguments: &[&str]| {
        let entries = rows(&home, arguments);
        let what = entries.iter().map(|entry| entry["what"].clone());
        what.collect::<Vec<_>>()
    };
    assert!(what(&["audit", "--at", at]).contains(&"endpoint.create".into()));
    let ended = home.client(&["log", "--at", "1h"]);
    assert_eq!((ended.code, &*ended.out), (Some(0), ""), "{}", ended.err);
    assert!(
        ended.err.contains("of then nothing is kept any more"),
        "{}",
        ended.err
    );
    for (arguments, code, words) in [
        (
            ["delivery", "list", "--at", "soon"],
            2,
            "\"soon\" is no time",
        ),
        (
            ["event", "list", "--at", "2999-01-01T00:00:00Z"],
            2,
            "is in the future",
        ),
        (["dead", "causes", "--at", at], 3, "no delivery was dead"),
        (["endpoint", "list", "--at", "1m"], 2, "--at"),
    ] {
        let ended = home.client(&arguments);
        assert_eq!(ended.code, Some(code), "{arguments:?}: {}", ended.err);
        assert!(ended.err.contains(words), "{arguments:?}: {}", ended.err);
    }
    let early = home.client(&["delivery", "list", "--at", "1h"]);
    assert_ne!(early.code, Some(0));
    assert!(
        early.err.contains("is too early: everything is kept since"),
        "{}",
        early.err
    );
}

#[test]
fn replays_are_told_as_they_were_and_not_before_they_were_started() {
    let home = Home::new();
    let _service = home.start();
    home.json(&["endpoint", "create", "http://127.0.0.1:9/in"]);
    home.json(&["event", "publish", "--type", "a.b", "--data", "{}"]);
    let first = rows(&home, &["event", "list"]);
    let at = first[0]["accepted_at"].as_str().unwrap();
    let start = ["replay", "start", "type:a.b", "--rate", "1/h", "--yes"];
    let id = home.json(&start)["id"].clone();
    assert_eq!(rows(&home, &["replay", "list", "--at", at]).len(), 0);
    let replays = rows(&home, &["replay", "list", "--at", "1ms"]);
    assert_eq!(
        (replays.len(), &replays[0]["state"]),
        (1, &"running".into())
    );
    let id = id.as_str().unwrap();
    let replay = home.json(&["replay", "show", id, "--at", "1ms"]);
    assert_eq!(
        (&replay["total"], &replay["counts"]["cancelled"]),
        (&1.into(), &0.into())
    );
    let ended = home.client(&["replay", "show", id, "--at", at]);
    assert_eq!(ended.code, Some(3), "{}", ended.err);
    assert!(ended.err.contains("was not started yet"), "{}", ended.err);
}
