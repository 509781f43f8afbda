//! `hookyard contexts`, and commands that take a context.

use std::path::Path;

use serde_json::Value;

use super::program::{run, run_with_input};

fn write(home: &Path, text: &str) {
    let folder = home.join(".config/hookyard");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("contexts.toml"), text).unwrap();
}

#[test]
fn contexts_are_listed_and_named() {
    let home = tempfile::tempdir().unwrap();
    let none = run(home.path(), &["contexts", "list"]);
    assert_eq!((none.code, &*none.out), (Some(0), ""));
    let unknown = run(home.path(), &["stats", "--context", "prod"]);
    assert_eq!(unknown.code, Some(2));
    assert_eq!(
        unknown.err,
        "hookyard: context \"prod\" is not known: contexts.toml beside your hookyard.toml names none\n"
    );

    write(
        home.path(),
        "[context.prod]\ntarget = \"ssh://ops@h.example\"\nenv = \"production\"\nprotect = true\n[context.down]\n\
         target = \"/nowhere/h.sock\"\nread_only = true\n",
    );
    let listed = run(home.path(), &["contexts", "list"]);
    assert_eq!(
        listed.out,
        "down\t/nowhere/h.sock\t\t\tnever\t\nprod\tssh://ops@h.example\tproduction\t\tarmed\t\n"
    );
    let json = run(home.path(), &["contexts", "list", "--json"]);
    let second: Value = serde_json::from_str(json.out.lines().nth(1).unwrap()).unwrap();
    assert_eq!(second["env"], "production");
    let unknown = run(home.path(), &["stats", "--context", "prd"]);
    assert!(unknown.err.contains("known are down, prod"), "{unknown:?}");
    let down = run(home.path(), &["stats", "--context", "down"]);
    assert_eq!(down.code, Some(5));
    assert!(down.err.contains("service at /nowhere/h.sock"), "{down:?}");
    let both = run(
        home.path(),
        &["stats", "--context", "down", "--url", "http://h"],
    );
    assert_eq!(both.code, Some(2));
}

#[test]
fn a_check_tells_every_fault_and_a_faulty_file_names_nothing() {
    let home = tempfile::tempdir().unwrap();
    let bad = "[context.a]\ntarget = \"b\"\nbaner = \"x\"\n";
    let checked = run_with_input(home.path(), &["contexts", "check", "-"], bad.as_bytes());
    assert_eq!(checked.code, Some(2));
    assert_eq!(
        checked.err,
        "hookyard: standard input:2:10: \"b\" is no target: write ssh://[user@]host, https://host, or the whole path \
         of a socket\nstandard input:3:1: \"baner\" is not known, perhaps \"banner\"\n"
    );
    write(home.path(), bad);
    let listed = run(home.path(), &["contexts", "list"]);
    assert_eq!((listed.code, &*listed.out), (Some(2), ""));
    write(home.path(), "[context.a]\ntarget = \"/a\"\n");
    let good = run(home.path(), &["contexts", "check"]);
    assert_eq!((good.code, &*good.out), (Some(0), "ok: contexts a\n"));
}

#[test]
fn a_check_finds_a_theme_that_does_not_exist_or_cannot_be_used() {
    let home = tempfile::tempdir().unwrap();
    let text = "[context.a]\ntarget = \"/a\"\ntheme = \"mono\"\n[context.b]\ntarget = \"/b\"\ntheme = \"mno\"\n\
                [context.c]\ntarget = \"/c\"\ntheme = \"mine\"\n";
    let themes = home.path().join(".config/hookyard/themes");
    std::fs::create_dir_all(&themes).unwrap();
    let theme = |name: &str, upon: &str| {
        let text = format!("[theme]\nname = {name:?}\nversion = 1\nextends = {upon:?}\n");
        std::fs::write(themes.join(format!("{name}.toml")), text).unwrap();
    };
    theme("mine", "nothing");
    let check = || run_with_input(home.path(), &["contexts", "check", "-"], text.as_bytes());
    let checked = check();
    assert_eq!(checked.code, Some(2), "{checked:?}");
    let told: Vec<&str> = checked
        .err
        .trim_start_matches("hookyard: ")
        .lines()
        .collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].starts_with("standard input:6:9: ") && told[0].contains("\"mno\""),
        "{told:?}"
    );
    assert!(
        told[1].starts_with("standard input:9:9: ") && told[1].contains("nothing"),
        "{told:?}"
    );
    // The other commands know them nonetheless.
    write(home.path(), text);
    let listed = run(home.path(), &["contexts", "list"]);
    assert_eq!(listed.code, Some(0), "{listed:?}");
    theme("mine", "mono");
    theme("mno", "mono");
    let good = check();
    assert_eq!(good.code, Some(0), "{good:?}");
}
