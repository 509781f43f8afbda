//! The bench's larger scenarios, small: what was counted, and not how long anything takes.

use serde_json::Value;

use super::program::hookyard;

#[test]
fn a_replay_beside_live_traffic_brings_each_item_once() {
    let home = tempfile::tempdir().unwrap();
    let ran = hookyard(home.path())
        .args(["bench", "--replay", "300", "--replay-rate", "500", "--json"])
        .args(["--deliveries", "100", "--rate", "25", "--concurrency", "4"])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(ran.status.success(), "{errors}");
    let report: Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(report["replay_arrived"], 300, "{report}");
    assert_eq!(report["replay_extra"], 0, "{report}");
    assert_eq!(report["replay_counts"], serde_json::json!([300, 0, 0]));
    assert_eq!(report["live_checked"], 2 * (100 + 4 * 25));
    assert_eq!(report["live_extra"], 0, "{report}");
}

#[test]
fn a_filled_file_is_read_by_every_list_and_loses_what_is_due() {
    let home = tempfile::tempdir().unwrap();
    let ran = hookyard(home.path())
        .args(["bench", "--with-rows", "3000", "--only-rows", "--json"])
        .args(["--reads", "2", "--endpoints", "5"])
        .args(["--deliveries", "100", "--concurrency", "4"])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(ran.status.success(), "{errors}");
    let report: Value = serde_json::from_slice(&ran.stdout).unwrap();
    let found = |name: &str| {
        let reads = report["reads"].as_array().unwrap().iter();
        let read = reads.clone().find(|read| read["read"] == name);
        read.unwrap_or_else(|| panic!("{name} in {report}"))["found"]
            .as_u64()
            .unwrap()
    };
    for list in [
        "deliveries, newest page",
        "deliveries, a page further back",
        "deliveries state:delivered",
        "deliveries state:dead",
        "deliveries state:discarded",
        "deliveries state:pending",
        "deliveries state:held",
        "dead causes",
        "dead by cause",
        "dead export, first line",
        "replay plan of all dead",
        "causes of 1h, 50",
        "ledger by endpoint, 500",
        "stats of 1h",
        "horizon, counted anew",
        "events, a page further back",
        "endpoints, 50",
        "audit",
    ] {
        assert!(found(list) > 0, "{list} in {report}");
    }
    assert_eq!(found("replay plan of all dead"), 60, "{report}");
    assert_eq!(found("delivery with attempts and why, state:dead"), 3);
    assert_eq!(found("deliveries type:no.such.type, to the end"), 0);
    // A fifteenth of the deliveries is due; what is dead or waits stays, with its event and its attempts.
    let removed = report["retention_rows"].as_u64().unwrap();
    assert!((570..=640).contains(&removed), "{report}");
}
