//! `hookyard ledger` and `hookyard fsck`, as an operator runs them beside a service and after it.

use rustix::process::Signal;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

use super::program::{Ended, hookyard, run};
use super::service::{Home, Service};

fn fsck(home: &Home, arguments: &[&str]) -> Ended {
    let data_dir = home.data_dir();
    let mut all = vec!["fsck", "--data-dir", data_dir.to_str().unwrap()];
    all.extend(arguments);
    run(home.path(), &all)
}

async fn tamper(home: &Home, sql: &'static str) {
    let options = SqliteConnectOptions::new().filename(home.data_dir().join("hookyard.db"));
    let mut connection = options.connect().await.unwrap();
    sqlx::query(AssertSqlSafe(sql))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}

/// A running service with three deliveries for a paused endpoint; with that endpoint's id.
fn with_three_held() -> (Home, Service, String) {
    let home = Home::new();
    let service = home.start();
    let url = "http://127.0.0.1:9/";
    let endpoint = home.json(&["endpoint", "create", url, "--name", "shop"]);
    assert_eq!(home.client(&["endpoint", "pause", "shop"]).code, Some(0));
    for _ in 0..3 {
        let published = home.client(&["event", "publish", "--type", "a.b", "--data", "[1]"]);
        assert_eq!(published.code, Some(0), "{published:?}");
    }
    let id = endpoint["id"].as_str().unwrap().to_owned();
    (home, service, id)
}

#[test]
fn the_ledger_is_told_in_all_by_day_and_by_endpoint_and_checked_beside_the_service() {
    let (home, _service, id) = with_three_held();
    let total = home.client(&["ledger", "--plain"]);
    for line in ["created\t3\n", "held\t3\n", "adds up\tyes\n"] {
        assert!(total.out.contains(line), "{total:?}");
    }
    let by_day = home.client(&["ledger", "--by", "day"]);
    assert!(by_day.out.ends_with("\t3\t0\t3\t0\t0\n"), "{by_day:?}");
    let by_endpoint = home.client(&["ledger", "--by", "endpoint"]);
    let line = format!("{id}\tshop\tpaused\t3\t0\t0\t3\t0\t0\n");
    assert_eq!(by_endpoint.out, line);

    let beside = fsck(&home, &[]);
    assert_eq!((beside.code, beside.out.as_str()), (Some(0), ""));
    let sound = "sound: 3 events, 3 deliveries, 0 attempts, 1 endpoint and 1 day agree\n";
    assert_eq!(beside.err, sound);
    // Whoever named the service need not name its directory.
    let by_socket = |socket: &std::path::Path| {
        let mut command = hookyard(home.path());
        let output = command
            .arg("fsck")
            .env("HOOKYARD_SOCKET", socket)
            .output()
            .unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    assert_eq!(by_socket(&home.socket()), (Some(0), sound.to_owned()));
    let (code, said) = by_socket(&home.path().join("nowhere.sock"));
    assert_eq!(code, Some(2), "{said}");
    let socket = home.path().join("nowhere.sock");
    let begins = format!(
        "hookyard: HOOKYARD_SOCKET names {}, and the service there does not tell where its data lies (",
        socket.display()
    );
    assert!(said.starts_with(&begins), "{said}");
    assert!(said.ends_with("): give --data-dir\n"), "{said}");
    let refused = fsck(&home, &["--repair"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    let why = ": stop that service before --repair; without it fsck reads beside the service\n";
    assert!(refused.err.ends_with(why), "{refused:?}");
}

#[tokio::test]
async fn a_tampered_file_is_found_told_and_mended_once_the_service_is_gone() {
    let (home, mut service, _) = with_three_held();
    tamper(&home, "UPDATE day_counters SET pending = 2").await;
    let off = home.client(&["ledger", "--plain"]);
    let text = "hookyard: the ledger does not add up: `hookyard fsck` explains every difference\n";
    assert_eq!((off.code, off.err.as_str()), (Some(1), text));
    service.running.signal(Signal::TERM);
    service.running.end();

    let found = fsck(&home, &[]);
    let day = found.out.split('\t').nth(1).unwrap();
    let lines = format!(
        "ledger\t{day}\tcounts 2 pending, and there are 3\tsafe\n\
         ledger\t{day}\tcounts 3 created, and 2 that stand somewhere\tsafe\n"
    );
    assert_eq!(found.out, lines);
    let text =
        "hookyard: 2 differences; 2 can be mended safely: stop the service and add --repair\n";
    assert_eq!((found.code, found.err.as_str()), (Some(1), text));
    let mended = fsck(&home, &["--repair", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&mended.out).unwrap();
    assert_eq!((mended.code, &report["mended"]), (Some(0), &2.into()));
    assert_eq!(report["findings"], serde_json::json!([]));
    tamper(&home, "DELETE FROM deliveries").await;
    let lost = fsck(&home, &["--plain"]);
    let text = "; none can be mended safely: restore a backup, or live with what is told here\n";
    assert!(lost.err.ends_with(text), "{lost:?}");
    let _again = home.start();
}
