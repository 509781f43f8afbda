//! `hookyard themes`: what is listed, shown and refused, with themes of the user's own beside the built-in ones.

use std::path::Path;

use serde_json::Value;

use super::program::{Ended, hookyard, run, run_with_input};

const NIGHT: &str = r##"[theme]
name = "night"
version = 1
appearance = "dark"
extends = "yard-dark"
[roles]
"state.failed" = { fg = "#aa3333" }
accnt = {}
"##;

/// A home directory with the user's own themes in it.
struct Home {
    directory: tempfile::TempDir,
}

impl Home {
    fn new(themes: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let folder = directory.path().join(".config/hookyard/themes");
        std::fs::create_dir_all(&folder).unwrap();
        for (name, text) in themes {
            std::fs::write(folder.join(name), text).unwrap();
        }
        Self { directory }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn theme(&self, name: &str) -> String {
        let folder = self.path().join(".config/hookyard/themes");
        folder.join(name).to_str().unwrap().to_owned()
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        run(self.path(), &[&["themes"], arguments].concat())
    }

    fn json(&self, arguments: &[&str]) -> Vec<Value> {
        let ended = self.run(&[arguments, &["--json"]].concat());
        let lines = ended.out.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

#[test]
fn the_list_tells_origin_and_use_and_names_files_that_cannot_be_used() {
    let mono = "[theme]\nname = \"mono\"\nversion = 1\nappearance = \"light\"\n";
    let home = Home::new(&[("mono.toml", mono), ("torn.toml", "[theme]\nname = 7\n")]);
    let ended = home.run(&["list"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(
        ended.out,
        format!(
            "ansi16\tany\tbuilt in\tyes\ncvd-safe\tdark\tbuilt in\t\nhigh-contrast\tdark\tbuilt in\t\n\
             mono\tlight\t{}\t\ntorn\tbroken\t{}\t\nyard-dark\tdark\tbuilt in\t\nyard-light\tlight\tbuilt in\t\n",
            home.theme("mono.toml"),
            home.theme("torn.toml")
        )
    );
    let fault = format!("theme {}:2:8: ", home.theme("torn.toml"));
    assert!(ended.err.starts_with(&fault), "{}", ended.err);

    let rows = home.json(&["list"]);
    assert_eq!(rows[3]["built_in"], false);
    assert_eq!(rows[4]["appearance"], Value::Null);
    assert_eq!(rows[0]["in_use"], true);
    // Where there are no colours, another theme fits.
    let plain = hookyard(home.path())
        .args(["themes", "list"])
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let plain = String::from_utf8(plain.stdout).unwrap();
    assert!(
        plain.contains("mono\tlight\t") && plain.contains("mono.toml\tyes\n"),
        "{plain}"
    );
    assert!(!plain.contains("ansi16\tany\tbuilt in\tyes"), "{plain}");
}

#[test]
fn a_theme_is_shown_role_by_role() {
    let home = Home::new(&[("night.toml", NIGHT)]);
    let ended = home.run(&["show", "night"]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    assert!(
        ended.out.starts_with("text\t#d6dae3\t\t\t12.68\n"),
        "{}",
        ended.out
    );
    assert!(
        ended.out.contains("\nstate.failed\t#aa3333\t\t\t2.73\n"),
        "{}",
        ended.out
    );
    let fitting = home.run(&["show"]);
    assert!(
        fitting.out.contains("\nstate.failed\tred\t\tbold\t\n"),
        "{}",
        fitting.out
    );
    let armed = home.json(&["show", "night"]).pop().unwrap();
    assert_eq!(
        armed.to_string(),
        r##"{"role":"armed","fg":"#16181d","bg":"#ff7a85","modifiers":["bold"],"contrast":7.08}"##
    );
}

#[test]
fn the_themes_that_come_along_pass_and_say_what_the_terminal_decides() {
    let home = Home::new(&[]);
    let ended = home.run(&["check"]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    let lines: Vec<&str> = ended.out.lines().collect();
    assert_eq!(lines.len(), 6, "{}", ended.out);
    assert_eq!(
        lines[0],
        "ansi16\tthe terminal's\tthe terminal's\tok\tansi16.toml"
    );
    assert_eq!(
        lines[1],
        "cvd-safe\t5.98 of at least 4.5 (state.failed)\t31.22 of at least 20 (state.failed, state.retrying; \
         deuteranopia)\tok\tcvd-safe.toml"
    );
    assert!(
        lines[2].starts_with("high-contrast\t10.48 of at least 7 (state.failed)\t"),
        "{}",
        lines[2]
    );
}

#[test]
fn a_theme_that_cannot_be_read_is_refused_with_everything_that_is_wrong() {
    let home = Home::new(&[("night.toml", NIGHT)]);
    let file = home.theme("night.toml");
    let wrong = format!(
        "hookyard: {file}:7:1: state.failed has contrast 2.73 as #aa3333 on #16181d, at least 4.5 is needed: take a \
         lighter colour\n{file}:8:1: role \"accnt\" is not known, perhaps \"accent\"\n"
    );
    for arguments in [
        &["check"][..],
        &["check", "night"],
        &["check", &file, "night"],
    ] {
        let ended = home.run(arguments);
        assert_eq!(
            (ended.code, ended.err),
            (Some(1), wrong.clone()),
            "{arguments:?}"
        );
        assert!(
            ended
                .out
                .contains("night\t2.73 of at least 4.5 (state.failed)\t"),
            "{}",
            ended.out
        );
        assert!(ended.out.contains("\t2 wrong\t"), "{}", ended.out);
    }
    let checked = home.json(&["check", "night"]).remove(0);
    assert_eq!(
        (&checked["ok"], &checked["theme"]),
        (&false.into(), &"night".into())
    );
    assert_eq!(checked["flaws"][1]["line"], 8);

    let confused = "[theme]\nname = \"mine\"\nversion = 1\nextends = \"cvd-safe\"\n[roles]\n\
                    \"state.ok\" = { fg = \"#8fd694\" }\n\"state.failed\" = { fg = \"#ff7a85\" }\n";
    let ended = run_with_input(home.path(), &["themes", "check", "-"], confused.as_bytes());
    assert_eq!(ended.code, Some(1));
    assert_eq!(
        ended.err,
        "hookyard: -:7:1: state.ok and state.failed are 7.68 apart under deuteranopia, at least 20 is needed: take \
         colours that differ in lightness\n"
    );
    // What a file holds cannot reach the terminal as it is.
    let hostile = "[theme]\nname = \"a\\u001b[2J\"\nversion = 1\nextends = \"\\u001b]0;x\"\n";
    let ended = run_with_input(home.path(), &["themes", "check", "-"], hostile.as_bytes());
    assert_eq!(ended.code, Some(1));
    assert!(
        !format!("{}{}", ended.out, ended.err).contains('\u{1b}'),
        "{ended:?}"
    );
}

#[test]
fn what_is_no_theme_is_refused_with_the_themes_there_are() {
    let home = Home::new(&[("night.toml", NIGHT), ("torn.toml", "[theme\n")]);
    let names = "ansi16, cvd-safe, high-contrast, mono, night, torn, yard-dark, yard-light";
    let ended = home.run(&["show", "day"]);
    let text = format!("hookyard: theme \"day\" is not known: known are {names}\n");
    assert_eq!((ended.code, ended.err), (Some(3), text));
    let ended = home.run(&["check", "day.toml"]);
    let text =
        format!("hookyard: \"day.toml\" is neither a file nor a theme: themes are {names}\n");
    assert_eq!((ended.code, ended.err), (Some(2), text));
    let ended = home.run(&["show", "torn"]);
    let start = format!("hookyard: theme {}:1:", home.theme("torn.toml"));
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.starts_with(&start), "{}", ended.err);
}
