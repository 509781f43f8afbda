//! What people read when a service is there and what they named is not, or may not be.

use super::program::run;
use super::service::Home;
use crate::support::receiver::Receiver;
use crate::support::receiver_answer::{Answer, Behaviour};

#[test]
fn what_is_named_must_be_there_and_be_one() {
    let home = Home::new();
    let _service = home.start();
    let twin = || {
        let made = home.json(&[
            "endpoint",
            "create",
            "http://127.0.0.1:9/",
            "--name",
            "twin",
        ]);
        made["id"].as_str().unwrap().to_owned()
    };
    let (first, second) = (twin(), twin());
    home.json(&["endpoint", "pause", &first]);
    home.json(&["endpoint", "pause", &second]);
    home.json(&["event", "publish", "--type", "a.b"]);
    let deliveries = home.client(&["delivery", "list", "--json"]);
    let newest: serde_json::Value =
        serde_json::from_str(deliveries.out.lines().next().unwrap()).unwrap();
    let delivery = newest["id"].as_str().unwrap();
    for (arguments, code, text) in [
        (
            &["endpoint", "show", "nobody"][..],
            3,
            "no endpoint is called \"nobody\": give an id (ep_…) or a name of `hookyard endpoint list`".to_owned(),
        ),
        (
            &["endpoint", "show", "twin"],
            2,
            format!("2 endpoints are called \"twin\": give one of {second}, {first}"),
        ),
        (
            &["delivery", "curl", delivery],
            3,
            format!("{delivery} has no attempt yet: nothing was sent"),
        ),
        (
            &["token", "revoke", "tok_0000000000001"],
            3,
            "there is no token tok_0000000000001".to_owned(),
        ),
        (
            &["token", "revoke", "tok_0000000000001", "--yes"],
            3,
            "no token tok_0000000000001 is visible to this caller".to_owned(),
        ),
        (
            &["delivery", "discard", delivery],
            2,
            format!(
                "Discard {delivery}: a.b for twin, held after 0 attempts. It is not sent again unless it is replayed.\n\
                 there is no terminal to ask on: pass --yes to go on without being asked"
            ),
        ),
    ] {
        let ended = home.client(arguments);
        assert_eq!(
            (ended.code, ended.err),
            (Some(code), format!("hookyard: {text}\n")),
            "{arguments:?}"
        );
    }
}

#[test]
fn a_server_that_is_no_hookyard_is_recognised_and_quoted_harmlessly() {
    let home = Home::new();
    let other = Receiver::start();
    let words = Answer::status(404).body("<h1>\u{1b}[2Jnginx</h1>");
    other.always(Behaviour::Answer(words));
    let ended = run(home.path(), &["stats", "--url", &other.url("")]);
    let wanted = "hookyard: answer 404 is not a Hookyard problem: \"<h1>\\u{1b}[2Jnginx</h1>\"\n\
                  check that --url or HOOKYARD_URL names a Hookyard service\n";
    assert_eq!((ended.code, ended.err.as_str()), (Some(5), wanted));
    other.always(Behaviour::Answer(Answer::status(200).body("{}")));
    let ended = run(home.path(), &["stats", "--url", &other.url("")]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended
            .err
            .starts_with("hookyard: answer does not read as this version's API: ")
            && ended.err.ends_with(
                "\nservice and command line may differ in version: use the service's own binary\n"
            ),
        "{}",
        ended.err
    );
}

#[test]
fn plain_http_is_refused_where_https_is_asked_for() {
    let home = Home::new();
    let file = home.path().join("h.toml");
    std::fs::write(&file, "[targets]\nrequire_https = true\n").unwrap();
    let _service = home.start_by(home.serve(&[]).arg("--config").arg(&file));
    let ended = home.client(&["endpoint", "create", "http://127.0.0.1:9/"]);
    assert_eq!(
        (ended.code, ended.err.as_str()),
        (
            Some(2),
            "hookyard: /url: plain http is not accepted because targets.require_https is set; use https\n"
        )
    );
}

#[test]
fn a_replay_needs_something_to_replay_and_times_that_read() {
    let home = Home::new();
    let _service = home.start();
    let made = home.json(&["endpoint", "create", "http://127.0.0.1:9/"]);
    let first = made["id"].as_str().unwrap().to_owned();
    for (arguments, code, text) in [
        (
            &["replay", "plan", "state:dead", "ep:nobody"][..],
            3,
            "no delivery matches: nothing to replay".to_owned(),
        ),
        (
            &["endpoint", "recover", &first, "--since", "2h", "--yes"],
            3,
            "no delivery matches: nothing to replay".to_owned(),
        ),
        (
            &["endpoint", "recover", &first, "--since", "soon"],
            2,
            "\"soon\" is no time: give one such as 2026-04-13T10:18:00Z, or how long ago, such as 2h".to_owned(),
        ),
        (
            &["replay", "show", "job_91"],
            2,
            "\"job_91\" is not a replay id: expected rpl_ and 13 characters of 0-9 and a-z without i, l, o, u"
                .to_owned(),
        ),
    ] {
        let ended = home.client(arguments);
        let wanted = (Some(code), format!("hookyard: {text}\n"));
        assert_eq!((ended.code, ended.err), wanted, "{arguments:?}");
    }
}
