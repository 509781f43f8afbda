//! The bench's replay, small: what its receivers count, and not how long anything takes.

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
