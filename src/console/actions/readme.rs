//! The table of keys in the README, written from the table of actions.

use super::{ACTIONS, Action, Danger};

/// Stands before and behind the table in the README.
const MARKS: (&str, &str) = ("<!-- keys -->\n", "<!-- end of keys -->\n");

/// The README's part between the marks.
fn written(readme: &str) -> &str {
    let start = readme.find(MARKS.0).expect("the README has the mark") + MARKS.0.len();
    let end = readme.find(MARKS.1).expect("the README has the end mark");
    &readme[start..end]
}

fn table() -> String {
    let rows = ACTIONS.iter().map(row);
    let head = "| key | what it does | where | the same by command |\n|---|---|---|---|\n";
    format!("{head}{}", rows.collect::<String>())
}

fn row(action: &Action) -> String {
    let keys = action.keys.iter().map(|keys| format!("`{keys}`"));
    let keys: Vec<String> = keys.collect();
    let asks = match action.danger {
        Danger::Look => "",
        Danger::Change => " **(changes)**",
        Danger::Ask => " **(changes, asks first)**",
    };
    let places = if action.is_everywhere() {
        "everywhere".to_owned()
    } else {
        let places = action.places.iter().map(|place| place.title());
        places.collect::<Vec<_>>().join(", ")
    };
    let command = action
        .command
        .map_or_else(String::new, |command| format!("`{command}`"));
    let title = action.title.replace(" (asks)", "");
    format!(
        "| {} | {title}{asks} | {places} | {command} |\n",
        keys.join(" ")
    )
}

#[test]
fn the_readme_has_the_keys_of_the_table() {
    let readme = include_str!("../../../README.md");
    let expected = table();
    assert!(
        written(readme) == expected,
        "between the marks the README should have:\n{expected}"
    );
}
