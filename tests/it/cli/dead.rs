//! `hookyard dead`, as an operator moves dead letters from one yard to another.

use std::fs;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Row as _};

use super::program::run_with_input;
use super::service::{Home, Service};

/// Nobody listens there.
const NOWHERE: &str = "http://127.0.0.1:9/";

/// A service with three dead deliveries for an endpoint called shop.
fn with_three_dead() -> (Home, Service) {
    let home = Home::new();
    let service = home.start();
    home.json(&[
        "endpoint", "create", NOWHERE, "--name", "shop", "--retry", "1ms",
    ]);
    for id in ["k-1", "k-2", "k-3"] {
        let publish = [
            "event", "publish", "--type", "a.b", "--data", "[1]", "--id", id,
        ];
        home.json(&publish);
    }
    home.wait_for(&["stats"], |stats| stats["ledger"]["dead"] == 3);
    (home, service)
}

/// Actions and details of the audit log that are about dead letters, oldest first.
async fn audited(home: &Home) -> Vec<(i64, String, serde_json::Value)> {
    let options = SqliteConnectOptions::new().filename(home.data_dir().join("hookyard.db"));
    let mut connection = options.read_only(true).connect().await.unwrap();
    let rows =
        sqlx::query("SELECT count, note, detail FROM audit WHERE action LIKE 'dead.%' ORDER BY id")
            .fetch_all(&mut connection)
            .await
            .unwrap();
    rows.iter()
        .map(|row| {
            let detail = serde_json::from_str(row.get(2)).unwrap();
            (row.get(0), row.get(1), detail)
        })
        .collect()
}

#[tokio::test]
async fn dead_letters_are_listed_exported_discarded_and_brought_back() {
    let (home, _service) = with_three_dead();
    let listed = home.client(&["dead", "list", "ep:shop", "--plain"]);
    assert_eq!(listed.out.lines().count(), 3, "{listed:?}");
    assert!(listed.out.contains("\tshop\texhausted\t"), "{listed:?}");
    let exported = home.client(&["dead", "export", "ep:shop"]);
    assert_eq!(
        (exported.code, exported.err.as_str()),
        (Some(0), "exported 3\n")
    );
    let file = home.path().join("dead.ndjson");
    fs::write(&file, &exported.out).unwrap();
    let file = file.to_str().unwrap();

    let asked = home.client(&["dead", "discard", "ep:shop", "--note", "closed"]);
    assert_eq!(asked.code, Some(2), "{asked:?}");
    assert!(
        asked.err.starts_with(
            "hookyard: Discard 3 dead deliveries (state:dead and (ep:shop)), 9 bytes, created "
        ),
        "{asked:?}"
    );
    assert!(
        asked.err.contains("shop: 3 (active)\n  connect (cause:") && asked.err.contains("): 3\n"),
        "{asked:?}"
    );
    let done = home.json(&["dead", "discard", "ep:shop", "--note", "closed", "--yes"]);
    assert_eq!(
        (&done["discarded"], &done["skipped"]),
        (&3.into(), &0.into())
    );
    let log = audited(&home).await;
    let counted: Vec<(i64, &str)> = log.iter().map(|one| (one.0, one.1.as_str())).collect();
    assert_eq!(counted, [(3, "closed"), (3, "closed")]);
    assert_eq!(log[0].2["selection"], "state:dead and (ep:shop)");
    let done = serde_json::json!({"discarded": 3, "skipped": 0});
    assert_eq!(log[1].2, done);
    let shown = home.client(&["delivery", "list", "state:discarded", "--json"]);
    let first: serde_json::Value = serde_json::from_str(shown.out.lines().next().unwrap()).unwrap();
    let why = home.client(&["delivery", "why", first["id"].as_str().unwrap()]);
    assert!(why.out.contains("(closed)"), "{why:?}");

    let back = home.json(&["dead", "import", file]);
    assert_eq!(
        (&back["revived"], &back["imported"]),
        (&3.into(), &0.into())
    );
}

#[test]
fn dead_letters_move_to_another_yard_once_however_often_they_are_imported() {
    let (home, _service) = with_three_dead();
    let exported = home.client(&["dead", "export"]);
    let file = home.path().join("dead.ndjson");
    fs::write(&file, &exported.out).unwrap();
    let file = file.to_str().unwrap();
    let other = Home::new();
    let _other_service = other.start();
    other.json(&[
        "endpoint",
        "create",
        "http://127.0.0.1:9/new",
        "--name",
        "shop",
    ]);
    let there = other.json(&["dead", "import", file, "--to", "shop"]);
    assert_eq!(there["imported"], 3, "{there}");
    let again = other.json(&["dead", "import", file, "--to", "shop"]);
    assert_eq!(
        (&again["imported"], &again["existing"]),
        (&0.into(), &3.into())
    );
    assert_eq!(other.client(&["ledger"]).code, Some(0));
    let moved = other.client(&["dead", "export"]);
    let keys = |text: &str| {
        let keys = text.lines().map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            (line["event"]["id"].clone(), line["event"]["key"].clone())
        });
        keys.map(|key| format!("{key:?}")).collect::<Vec<_>>()
    };
    assert_eq!(keys(&moved.out), keys(&exported.out));
    let data_dir = other.data_dir();
    let sound = super::program::run(
        other.path(),
        &["fsck", "--data-dir", data_dir.to_str().unwrap()],
    );
    assert_eq!(sound.code, Some(0), "{sound:?}");
}

#[test]
fn lines_are_named_by_their_number_in_the_file_however_it_is_cut() {
    let (home, _service) = with_three_dead();
    let exported = home.client(&["dead", "export"]).out;
    let good = exported.lines().next().unwrap();
    let mut file = String::new();
    for _ in 0..999 {
        file.push_str(good);
        file.push('\n');
    }
    file.push_str("\n{nope\n");
    file.push_str(&"x".repeat(9 * 1024 * 1024));
    file.push_str("\nnope\n");
    file.push_str(good);
    let socket = home.socket();
    let arguments = ["dead", "import", "-", "--socket", socket.to_str().unwrap()];
    let ended = run_with_input(home.path(), &arguments, file.as_bytes());
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(
        ended.out,
        "lines\t1003\nimported\t0\ndead again\t0\nhere already\t1000\nrefused\t3\n"
    );
    let expected = [
        "line 1001: this is not JSON: ",
        "line 1002: it is longer than 8388608 bytes, more than is taken at once: take the line out",
        "line 1003: ",
        "hookyard: 3 lines were refused: mend them and import the file again, which makes nothing twice",
    ];
    let said: Vec<&str> = ended.err.lines().collect();
    assert_eq!(said.len(), expected.len(), "{}", ended.err);
    for expected in expected {
        assert!(
            said.iter().any(|line| line.starts_with(expected)),
            "{}",
            ended.err
        );
    }
}

#[test]
fn where_nothing_is_dead_nothing_is_done() {
    let home = Home::new();
    let _service = home.start();
    for (arguments, said) in [
        (&["dead", "list"][..], "no dead delivery matches"),
        (&["dead", "causes"], "no delivery is dead"),
        (
            &["dead", "export"],
            "no dead delivery matches: nothing to export",
        ),
        (
            &["dead", "discard", "--note", "x"],
            "no dead delivery matches: nothing to discard",
        ),
    ] {
        let ended = home.client(arguments);
        assert_eq!(
            (ended.code, ended.err),
            (Some(3), format!("hookyard: {said}\n"))
        );
    }
    let missing = home.client(&["dead", "import", "/nowhere.ndjson"]);
    assert_eq!(
        (missing.code, missing.err.as_str()),
        (
            Some(2),
            "hookyard: /nowhere.ndjson cannot be read: No such file or directory (os error 2)\n"
        )
    );
}
