//! What the settings are, whether they are sound, and what shells and `man` are told.

use super::program::{hookyard, run};
use super::service::Home;

#[test]
fn every_setting_is_shown_with_where_it_comes_from() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("h.toml");
    std::fs::write(&file, "shutdown_grace = \"7s\"\n\n[limits]\ntokens = 9\n").unwrap();
    let shown = hookyard(home.path())
        .args([
            "config",
            "show",
            "--plain",
            "--data-dir",
            "/srv/yard",
            "--config",
        ])
        .arg(&file)
        .env("HOOKYARD_HTTP__WORKERS", "2")
        .output()
        .unwrap();
    let text = String::from_utf8(shown.stdout).unwrap();
    let line = |key: &str| {
        let line = text
            .lines()
            .find(|line| line.split('\t').next() == Some(key));
        line.unwrap_or_else(|| panic!("no {key} in {text}"))
            .to_owned()
    };
    let file = file.display();
    assert_eq!(
        line("shutdown_grace"),
        format!("shutdown_grace\t7s\t{file}:1")
    );
    assert_eq!(line("limits.tokens"), format!("limits.tokens\t9\t{file}:4"));
    assert_eq!(line("data_dir"), "data_dir\t/srv/yard\t--data-dir");
    assert_eq!(
        line("http.workers"),
        "http.workers\t2\tenvironment variable HOOKYARD_HTTP__WORKERS"
    );
    assert_eq!(line("listen").split('\t').nth(2), Some("default"));
    assert_eq!(text.lines().count(), hookyard::config::KEYS.len());
}

#[test]
fn a_check_reads_what_a_start_would_and_makes_nothing() {
    let home = Home::new();
    let file = home.path().join("h.toml");
    let check = || {
        let file = file.to_str().unwrap();
        run(home.path(), &["config", "check", "--config", file])
    };
    std::fs::write(&file, "contracts = [\"standard\", \"github\"]\n").unwrap();
    let sound = check();
    assert_eq!((sound.code, sound.err.as_str()), (Some(0), ""));
    let file_shown = file.display();
    assert_eq!(
        sound.out,
        format!("read\t{file_shown}\ncontracts\tgithub, standard\n")
    );
    for (text, said) in [
        (
            "shutdown_grace = \"1h\"\n",
            format!(
                "hookyard: {file_shown}:1: shutdown_grace: 1h is out of range: choose 0s to 10m\n"
            ),
        ),
        (
            "[targets]\nextra_roots = [\"/nowhere.pem\"]\n",
            format!(
                "hookyard: {file_shown}:2: targets.extra_roots: failed to read the extra root certificates in \
                 /nowhere.pem: No such file or directory (os error 2)\n"
            ),
        ),
    ] {
        std::fs::write(&file, text).unwrap();
        let refused = check();
        assert_eq!((refused.code, refused.err), (Some(2), said));
    }
    let left: Vec<_> = std::fs::read_dir(home.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "nothing but the file: {left:?}");
}

#[test]
fn shells_and_man_are_told_of_every_command() {
    let home = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let script = run(home.path(), &["completions", shell]);
        assert_eq!(script.code, Some(0), "{}", script.err);
        assert!(script.out.contains("rotate-secret"), "{shell}");
    }
    let page = run(home.path(), &["man"]);
    assert_eq!(page.code, Some(0), "{}", page.err);
    assert!(
        page.out.starts_with(".ie") && page.out.contains("hookyard\\-serve(1)"),
        "{}",
        page.out
    );
    let pages = home.path().join("man1");
    std::fs::create_dir(&pages).unwrap();
    let written = run(home.path(), &["man", "--dir", pages.to_str().unwrap()]);
    assert_eq!(written.code, Some(0), "{}", written.err);
    assert!(pages.join("hookyard-endpoint-create.1").is_file());
    let refused = run(home.path(), &["man", "--dir", "/nowhere/man1"]);
    assert_eq!(
        (refused.code, refused.err.as_str()),
        (
            Some(1),
            "hookyard: no manual pages can be written to /nowhere/man1: not a directory: make the directory, or choose \
             another with --dir\n"
        )
    );
}
