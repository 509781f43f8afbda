//! `hookyard keys`: what is printed, checked and refused.

use serde_json::Value;

use super::program::{run, run_with_input};

#[test]
fn the_keys_in_force_are_printed_with_where_each_was_said() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join(".config/hookyard");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("keys.toml");
    std::fs::write(&file, "unbind = [\"=\"]\n[list]\n\"m\" = \"open\"\n").unwrap();
    let printed = run(home.path(), &["keys", "print", "--plain"]);
    assert_eq!(printed.code, Some(0), "{printed:?}");
    let own = "m\topen\t";
    let line = printed.out.lines().find(|line| line.starts_with(own));
    assert!(line.unwrap().contains(":3:1\topen this row"), "{line:?}");
    assert!(printed.out.contains("enter\topen\t"), "{}", printed.out);
    assert!(
        printed.out.contains("-\tcommand\teverywhere\t\t"),
        "{}",
        printed.out
    );

    let json = run(home.path(), &["keys", "print", "--json", "--keys", "ops"]);
    let rows: Vec<Value> = json
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let mut with_key = rows.iter().filter(|row| !row["key"].is_null());
    assert!(with_key.all(|row| row["from"] == "preset ops"));
    let without: Vec<&Value> = rows.iter().filter(|row| row["key"].is_null()).collect();
    assert!(matches!(&without[..], [row] if row["action"] == "count"));
    assert!(
        rows.iter()
            .any(|row| row["key"] == "=" && row["action"] == "command")
    );
}

#[test]
fn a_check_tells_every_fault_and_a_good_file_what_has_no_key() {
    let home = tempfile::tempdir().unwrap();
    let check = |text: &str| run_with_input(home.path(), &["keys", "check", "-"], text.as_bytes());
    let bad = check(
        "preset = \"vmi\"\n[list]\n\"a\" = \"opne\"\n[inspector]\n\"J\" = \"help\"\n\"J x\" = \"help\"\n",
    );
    assert_eq!(bad.code, Some(2));
    let told: Vec<&str> = bad.err.trim_start_matches("hookyard: ").lines().collect();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[0].contains("input:1:10: preset \"vmi\" is not known, perhaps \"vim\""));
    assert!(told[1].contains("input:3:7: action \"opne\" is not known, perhaps \"open\""));
    assert!(
        told[2].contains("input:6:1: \"J x\" is never reached: \"J\" (help, standard input:5:1)")
    );
    let good = check("unbind = [\"Q\"]\n");
    assert_eq!(good.code, Some(0), "{good:?}");
    assert!(good.out.starts_with("ok: "), "{}", good.out);
    assert!(
        good.out.trim_end().ends_with("without a key: quit"),
        "{}",
        good.out
    );
    for preset in ["ops", "vim", "k9s"] {
        let ended = run(home.path(), &["keys", "check", preset]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(!ended.out.contains("count"), "{}", ended.out);
    }
    let unknown = run(home.path(), &["keys", "check", "emacs"]);
    assert_eq!(unknown.code, Some(2));
    assert!(
        unknown.err.contains(
            "known are ops, k9s, vim; a file of keys is named by its path, such as ./keys.toml"
        ),
        "{unknown:?}"
    );
    let missing = run(home.path(), &["keys", "check", "./nowhere.toml"]);
    assert_eq!(missing.code, Some(2));
    assert!(
        missing.err.contains("./nowhere.toml cannot be read"),
        "{missing:?}"
    );
}

#[test]
fn the_document_is_the_table_of_the_readme() {
    let home = tempfile::tempdir().unwrap();
    let doc = run(home.path(), &["keys", "doc"]);
    assert_eq!(doc.code, Some(0));
    let readme = include_str!("../../../README.md");
    assert!(readme.contains(&format!("<!-- keys -->\n{}<!-- end of keys -->", doc.out)));
}

#[test]
fn conditions_are_printed_checked_and_refused() {
    let home = tempfile::tempdir().unwrap();
    let check = |text: &str| run_with_input(home.path(), &["keys", "check", "-"], text.as_bytes());
    let text =
        "[deliveries]\n\"R\" = { action = \"delivery.replay\", when = \"marks == 0 || !live\" }\n";
    let good = check(text);
    assert_eq!(good.code, Some(0), "{good:?}");
    assert!(
        good.out
            .ends_with("\n  R = delivery.replay when marks == 0 || !live\n"),
        "{}",
        good.out
    );
    let file = home.path().join("mine.toml");
    std::fs::write(&file, text).unwrap();
    let path = file.to_str().unwrap();
    let printed = run(home.path(), &["keys", "print", "--plain", "--keys", path]);
    let own = "R\tdelivery.replay\tdeliveries when marks == 0 || !live\t";
    assert!(printed.out.contains(own), "{}", printed.out);
    assert!(
        printed.out.contains("R\treplay.plan\t"),
        "what is below stays: {}",
        printed.out
    );
    let json = run(home.path(), &["keys", "print", "--json", "--keys", path]);
    let rows = json
        .out
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let conditions: Vec<Value> = rows
        .map(|row| row["when"].clone())
        .filter(|when| !when.is_null())
        .collect();
    assert_eq!(conditions, ["marks == 0 || !live"]);
    let table = run(home.path(), &["keys", "doc", "--keys", path]);
    assert!(
        table
            .out
            .contains("`R` (Deliveries) when `marks == 0 \\|\\| !live`"),
        "{}",
        table.out
    );

    let bad = check("[list]\n\"R\" = { action = \"replay.plan\", when = \"marks >> 0\" }\n");
    assert_eq!(bad.code, Some(2), "{bad:?}");
    assert!(
        bad.err
            .contains("input:2:48: marks is a number: compare it with one"),
        "{}",
        bad.err
    );
}
