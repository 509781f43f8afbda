//! `hookyard note`: written and read by the binary.

use super::service::Home;

#[test]
fn a_note_is_written_by_id_or_name_and_read_back() {
    let home = Home::new();
    let _service = home.start();
    let made = home.json(&[
        "endpoint",
        "create",
        "http://127.0.0.1:9/in",
        "--name",
        "shop",
    ]);
    let id = made["id"].as_str().unwrap();
    let added = home.json(&["note", "add", "shop", "moves house: INC-412"]);
    assert_eq!((&added["target"], &added["count"]), (&id.into(), &1.into()));
    let added = home.json(&["note", "add", id, "it said \u{1b}[2J"]);
    assert_eq!(added["count"], 2);
    let listed = home.client(&["note", "list", "shop", "--plain"]);
    assert_eq!(listed.code, Some(0), "{listed:?}");
    let notes: Vec<&str> = listed
        .out
        .lines()
        .map(|line| line.rsplit('\t').next().unwrap())
        .collect();
    assert_eq!(notes, ["it said \\x1b[2J", "moves house: INC-412"]);
    let shown = home.client(&["audit", "--what", "endpoint.note"]);
    assert!(shown.out.contains("moves house: INC-412"), "{}", shown.out);
    let nobody = home.client(&["note", "add", "nobody", "x"]);
    assert_eq!(nobody.code, Some(3), "{}", nobody.err);
    let empty = home.client(&["note", "add", "shop", " "]);
    assert_eq!(empty.code, Some(2), "{}", empty.err);
    assert!(empty.err.contains("the note is missing"), "{}", empty.err);
}
