//! `hookyard replay` and `endpoint recover`, as an operator uses them.

use super::service::Home;

/// Nobody listens there.
const NOWHERE: &str = "http://127.0.0.1:9/";

#[test]
fn an_endpoint_is_given_what_it_never_got_and_that_is_watched_to_its_end() {
    let home = Home::new();
    let _service = home.start();
    home.json(&["event", "publish", "--type", "a.b", "--data", "[1]"]);
    home.json(&[
        "endpoint", "create", NOWHERE, "--name", "late", "--retry", "1ms",
    ]);
    let recover = [
        "endpoint", "recover", "late", "--missed", "--since", "1h", "--yes",
    ];
    let replay = home.json(&recover);
    assert_eq!(replay["total"], 1, "{replay}");
    let selection = replay["selection"].as_str().unwrap();
    assert!(selection.contains("never got"), "{selection}");
    let watched = home.client(&["replay", "watch", replay["id"].as_str().unwrap()]);
    assert_eq!(watched.code, Some(0), "{watched:?}");
    assert_eq!(
        watched.out.lines().last(),
        Some("finished: 1 of 1 ended (0 delivered, 1 failed, 0 skipped, 0 cancelled), 0 under way")
    );
    let again = home.client(&recover);
    assert_eq!(again.code, Some(3), "nothing is left: {again:?}");
}
