//! What somebody types who has not read the manual: taken where it is plain, else told with the remedy.

use super::program::run;
use super::service::Home;

#[test]
fn what_is_plain_is_taken() {
    let home = Home::new();
    let _service = home.start();
    let url = "http://127.0.0.1:9/";
    for name in ["my shop", "other"] {
        home.json(&[
            "endpoint", "create", url, "--name", name, "--events", "order.*",
        ]);
        let paused = home.client(&["endpoints", "pause", name]);
        assert_eq!(paused.code, Some(0), "{paused:?}");
    }
    let published = home.json(&["event", "publish", "order.made", r#"{"id": 7}"#]);
    assert_eq!(published["deliveries"], 2);
    let shown = home.json(&["event", "show", published["id"].as_str().unwrap()]);
    assert_eq!(shown["data"], serde_json::json!({"id": 7}));
    home.json(&["events", "publish", "order.sent"]);
    let list = |arguments: &[&str]| {
        let ended = home.client(&[&["deliveries", "list", "--json"], arguments].concat());
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended.out.lines().count()
    };
    assert_eq!(list(&[]), 4);
    assert_eq!(list(&["--endpoint", "my shop"]), 2);
    assert_eq!(list(&["--endpoint", "my shop", "--type", "order.sent"]), 1);
    assert_eq!(
        list(&[
            "--state",
            "held",
            "type:order.made",
            "or",
            "type:order.sent"
        ]),
        4
    );
    let plan = home.client(&["replay", "plan", "--endpoint", "other"]);
    assert_eq!(plan.code, Some(0), "{plan:?}");
    let horizon = home.json(&["horizon", "--endpoint", "my shop"]);
    assert_eq!(horizon["endpoints"][0]["name"], "my shop");
    let retry = home.client(&["delivery", "retry", "dlv_0e6kq3v9xjz00"]);
    assert_eq!(retry.code, Some(3), "it is a command: {retry:?}");
}

#[test]
fn what_is_not_is_refused_with_the_remedy() {
    let home = tempfile::tempdir().unwrap();
    let check = |arguments: &[&str], remedy: &str| {
        let ended = run(home.path(), arguments);
        assert_eq!(ended.code, Some(2), "{arguments:?}: {ended:?}");
        assert!(ended.err.contains(remedy), "{arguments:?}: {}", ended.err);
    };
    check(
        &["replay", "dlv_0e6kq3v9xjz00"],
        "you may have meant hookyard delivery show dlv_0e6kq3v9xjz00, delivery why dlv_0e6kq3v9xjz00 or delivery replay \
         dlv_0e6kq3v9xjz00",
    );
    check(
        &["event", "evt_0e6kq3v9xjz00"],
        "hookyard event show evt_0e6kq3v9xjz00",
    );
    check(
        &["ep_0e6kq3v9xjz00"],
        "hookyard endpoint show ep_0e6kq3v9xjz00",
    );
    check(
        &["replay", "rpl_0e6kq3v9xjz00"],
        "hookyard replay show rpl_0e6kq3v9xjz00",
    );
    check(
        &["replay", "state:dead"],
        "hookyard delivery list 'state:dead', replay plan 'state:dead' or replay start 'state:dead'",
    );
    check(
        &["delivery", "list", "--status", "5xx"],
        "hookyard help filter",
    );
    check(
        &["delivery", "list", "--filter", "a:b"],
        "a filter stands by itself",
    );
    check(
        &["ledger", "--data-dir", "/x"],
        "--socket PATH or --url URL",
    );
    check(&["event", "publish"], "<TYPE>");
    check(
        &["event", "publish", "a.b", "--type", "a.b"],
        "cannot be used with",
    );
    check(&["replay", "plan"], "<FILTER>");
}
