//! `hookyard audit`: the story of what was done, told by the binary.

use super::service::Home;

/// The entries that the arguments ask for, oldest first.
fn entries(home: &Home, arguments: &[&str]) -> Vec<serde_json::Value> {
    let ended = home.client(&[&["audit", "--json"], arguments].concat());
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let read = |line| serde_json::from_str(line).unwrap();
    ended.out.lines().rev().map(read).collect()
}

fn done(home: &Home, arguments: &[&str]) -> String {
    let ended = home.client(arguments);
    assert_eq!(ended.code, Some(0), "{arguments:?}: {}", ended.err);
    ended.out
}

fn what(entries: &[serde_json::Value]) -> Vec<&str> {
    let what = entries.iter().map(|entry| entry["what"].as_str().unwrap());
    what.collect()
}

#[test]
fn the_log_tells_who_did_what_to_what_with_before_and_after_and_no_secret() {
    let home = Home::new();
    let _service = home.start();
    let url = "http://127.0.0.1:9/in?key=hunter2";
    let made = home.json(&["endpoint", "create", url, "--name", "shop"]);
    let secret = made["secret"].as_str().unwrap().to_owned();
    let paused = ["endpoint", "pause", "shop", "--reason", "moving house"];
    done(&home, &paused);
    done(&home, &["endpoint", "resume", "shop"]);
    let rotated = home.json(&["endpoint", "rotate-secret", "shop", "--yes"]);
    let token = home.json(&["token", "create", "--name", "ci", "--role", "publisher"]);
    done(&home, &["endpoint", "delete", "shop", "--yes"]);

    let all = entries(&home, &[]);
    let expected = [
        "endpoint.create",
        "endpoint.pause",
        "endpoint.resume",
        "endpoint.rotate-secret",
        "token.create",
        "endpoint.delete",
    ];
    assert_eq!(what(&all), expected);
    for entry in &all {
        assert_eq!(
            (&entry["who"], &entry["via"]),
            (&all[0]["who"], &"socket".into())
        );
    }
    assert_eq!(all[1]["note"], "moving house");
    assert_eq!(all[1]["before"]["status"], "active");
    assert_eq!(all[1]["after"]["status"], "paused");
    assert_eq!(all[2]["after"]["status"], "active");
    let kept = all[3]["after"]["secrets"].as_array().unwrap();
    assert_eq!(kept.len(), 2, "the old one and the new one, by their ids");
    assert_eq!(all[4]["after"]["role"], "publisher");
    let text = serde_json::to_string(&all).unwrap();
    let secrets = [
        secret.as_str(),
        rotated["secret"].as_str().unwrap(),
        token["token"].as_str().unwrap(),
        "hunter2",
    ];
    for secret in secrets {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[test]
fn the_log_is_searched_by_person_action_target_and_time() {
    let home = Home::new();
    let _service = home.start();
    let url = "http://127.0.0.1:9/";
    home.json(&["endpoint", "create", url, "--name", "shop"]);
    let paused = ["endpoint", "pause", "shop", "--reason", "moving house"];
    done(&home, &paused);
    home.json(&["token", "create", "--name", "ci", "--role", "publisher"]);
    let all = entries(&home, &[]);
    let who = all[0]["who"].as_str().unwrap();
    let target = all[0]["target"].as_str().unwrap();
    let about = entries(&home, &["--target", target, "--what", "endpoint.*"]);
    assert_eq!(about.len(), 2);
    let one = entries(&home, &["--what", "endpoint.pause", "--who", who]);
    assert_eq!(what(&one), ["endpoint.pause"]);
    assert_eq!(entries(&home, &["--since", "1h"]).len(), 3);
    assert_eq!(
        entries(&home, &["--until", "1h"]),
        Vec::<serde_json::Value>::new()
    );
    assert_eq!(
        entries(&home, &["--who", "nobody"]),
        Vec::<serde_json::Value>::new()
    );
    assert_eq!(entries(&home, &["--limit", "2"]).len(), 2);
    let shown = done(&home, &["audit", "--what", "endpoint.pause"]);
    assert!(shown.contains("status active → paused"), "{shown}");
    assert!(shown.contains("moving house"), "{shown}");
    let refused = home.client(&["audit", "--since", "soon"]);
    assert_eq!(refused.code, Some(2));
    assert!(
        refused.err.contains("\"soon\" is no time"),
        "{}",
        refused.err
    );
}
