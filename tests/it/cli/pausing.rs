//! A pause with an end and a reason, as an operator sets and sees it: it ends by itself, also over a restart.

use rustix::process::Signal;

use super::program::hookyard;
use super::running::Running;
use super::service::Home;

#[test]
fn a_pause_shows_its_end_and_its_reason() {
    let home = Home::new();
    let _service = home.start();
    home.json(&[
        "endpoint",
        "create",
        "http://127.0.0.1:9/",
        "--name",
        "shop",
    ]);
    let far = "2099-01-01T00:00:00Z";
    let pause = [
        "endpoint",
        "pause",
        "shop",
        "--until",
        far,
        "--reason",
        "moving house",
    ];
    let paused = home.json(&pause);
    assert_eq!(
        (
            &paused["status"],
            &paused["paused_until"],
            &paused["status_reason"]
        ),
        (
            &"paused".into(),
            &"2099-01-01T00:00:00.000Z".into(),
            &"moving house".into()
        )
    );
    let published = home.json(&["event", "publish", "--type", "a.b"]);
    let held = home.json(&["delivery", "list"]);
    assert_eq!(
        (&held["state"], &held["event_id"]),
        (&"held".into(), &published["id"])
    );
    let why = home.client(&["delivery", "why", held["id"].as_str().unwrap()]);
    assert_eq!(
        why.out,
        "Held: its endpoint is paused until 2099-01-01T00:00:00.000Z (moving house).\n"
    );
    let shown = home.client(&["endpoint", "show", "shop"]);
    for text in ["paused", "2099-01-01T00:00:00.000Z", "moving house"] {
        assert!(shown.out.contains(text), "{shown:?}");
    }
    let past = home.client(&[
        "endpoint",
        "pause",
        "shop",
        "--until",
        "2020-01-01T00:00:00Z",
    ]);
    assert_eq!(past.code, Some(2), "{past:?}");
    assert!(
        past.err
            .contains("has passed: give a later instant, or none"),
        "{past:?}"
    );
}

#[test]
fn a_pause_ends_by_itself_after_a_restart() {
    let home = Home::new();
    let mut service = home.start();
    let mut command = hookyard(home.path());
    command.args(["listen", "--json", "--port", "0"]);
    let mut receiver = Running::start(&mut command);
    let url = receiver.err_after("listening on ");
    home.json(&["endpoint", "create", &url, "--name", "shop"]);
    // Its end comes while the service is down, or soon after: either way nobody has to resume it.
    home.json(&[
        "endpoint", "pause", "shop", "--for", "1s", "--reason", "a moment",
    ]);
    home.json(&["event", "publish", "--type", "a.b"]);
    service.running.signal(Signal::KILL);
    service.running.end();
    let _service = home.start();
    home.wait_for(&["delivery", "list"], |one| one["state"] == "delivered");
    let after = home.json(&["endpoint", "show", "shop"]);
    assert_eq!(after["status"], "active");
    assert!(after["paused_until"].is_null(), "{after}");
}
