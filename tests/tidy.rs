//! The walls and the style as a test: who imports whom, what is banned where, how files look.
//!
//! One crate gives no compiler walls, so this reads the sources as text. Each check collects everything it finds,
//! so that one run names all that is to be mended.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read its input should fail"
)]

#[path = "tidy/refusals.rs"]
mod refusals;
#[path = "tidy/tokens.rs"]
mod tokens;

use std::fs;
use std::path::{Path, PathBuf};

/// Lines that a source file may have: one noun a file.
const FILE_LINES_MAX: usize = 600;
/// Lines that a function may have: it fits a screen.
const FUNCTION_LINES_MAX: usize = 70;
/// What may lie at the top of the repository besides dot-files.
const TOP: [&str; 11] = [
    "Cargo.toml",
    "Cargo.lock",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "docs",
    "keys",
    "migrations",
    "src",
    "tests",
    "themes",
];

/// Which of our own modules each may import, itself apart.
const WALLS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("clock", &["domain"]),
    ("api", &["domain"]),
    ("config", &["domain"]),
    ("store", &["domain", "clock"]),
    ("transport", &["domain", "clock"]),
    ("engine", &["domain", "clock", "store", "transport"]),
    ("server", &["domain", "clock", "engine", "api"]),
    ("client", &["domain", "clock", "api", "transport::tls"]),
    ("console", &["domain", "clock", "api", "client"]),
    (
        "cli",
        &[
            "domain",
            "clock",
            "api",
            "config",
            "store",
            "transport",
            "engine",
            "server",
            "client",
            "console",
        ],
    ),
];

/// Crates that live behind one wall.
const CRATE_HOMES: &[(&str, &[&str])] = &[
    ("sqlx::", &["store"]),
    ("reqwest::", &["transport", "client", "cli/bench"]),
    ("actix::", &["engine"]),
    ("actix_web::", &["server"]),
    ("ratatui::", &["console"]),
    ("clap::", &["cli"]),
    ("anyhow::", &["cli", "main.rs"]),
];

/// Text that may stand only in the named places of `src`, and why.
const BANNED: &[(&str, &[&str], &str)] = &[
    (
        "SystemTime::now",
        &["clock.rs"],
        "time is read through Clock",
    ),
    ("Instant::now", &["clock.rs"], "time is read through Clock"),
    (
        "Timestamp::now",
        &["clock.rs"],
        "time is read through Clock",
    ),
    ("tokio::time", &["clock.rs"], "timers are Clock's"),
    ("actix_rt::time", &["clock.rs"], "timers are Clock's"),
    ("run_later", &[], "one timer a lane, from Clock"),
    ("run_interval", &[], "one timer a lane, from Clock"),
    (
        ".do_send(",
        &[],
        "it queues without bound and is silent when closed",
    ),
    ("thread::sleep", &[], "wait for what is meant"),
    (
        "env::var",
        &["config", "config.rs", "cli"],
        "the environment is read by config",
    ),
    ("rand::rng()", &[], "randomness is seeded by cli"),
    ("unbounded_channel", &[], "every queue is bounded"),
    ("#[allow(", &[], "#[expect(lint, reason)] says why"),
    ("todo!(", &[], "unfinished"),
    ("unimplemented!(", &[], "unfinished"),
    ("TODO", &[], "unfinished"),
    ("FIXME", &[], "unfinished"),
];

/// Words that open SQL statements.
const SQL_OPENERS: &[&str] = &[
    "\"SELECT ",
    "\"INSERT ",
    "\"UPDATE ",
    "\"DELETE FROM",
    "\"PRAGMA",
    "\"BEGIN IMMEDIATE",
    "\"WITH ",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every `.rs` file under `folder`, with its path below the repository and its text.
fn sources(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    collect(&root().join(folder), &mut found);
    found.sort();
    assert!(!found.is_empty(), "{folder} holds no sources");
    found
}

fn collect(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let below = path
                .strip_prefix(root())
                .unwrap()
                .to_string_lossy()
                .into_owned();
            found.push((below, fs::read_to_string(&path).unwrap()));
        }
    }
}

/// The part of a file that ships: what stands before its unit tests.
fn shipped(text: &str) -> &str {
    text.split("\n#[cfg(test)]\nmod ").next().unwrap_or(text)
}

/// Lines without comments, numbered from 1.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line))
        .filter(|(_, line)| {
            let line = line.trim_start();
            !line.starts_with("//")
        })
}

fn stands_in(path: &str, homes: &[&str]) -> bool {
    let below = path.strip_prefix("src/").unwrap_or(path);
    homes.iter().any(|home| {
        below == *home || below.starts_with(&format!("{home}/")) || below == format!("{home}.rs")
    })
}

fn expect_none(what: &str, findings: &[String]) {
    assert!(findings.is_empty(), "{what}:\n  {}", findings.join("\n  "));
}

#[test]
fn every_file_opens_with_what_it_is_for() {
    let findings: Vec<String> = [sources("src"), sources("tests")]
        .concat()
        .into_iter()
        .filter(|(_, text)| !text.starts_with("//! "))
        .map(|(path, _)| path)
        .collect();
    expect_none("files without a leading //!", &findings);
}

#[test]
fn files_and_functions_fit() {
    let mut findings = Vec::new();
    for (path, text) in [sources("src"), sources("tests")].concat() {
        let lines: Vec<&str> = text.lines().collect();
        if lines.len() > FILE_LINES_MAX {
            findings.push(format!(
                "{path}: {} lines, at most {FILE_LINES_MAX}",
                lines.len()
            ));
        }
        for (start, line) in lines.iter().enumerate() {
            let trimmed = line.trim_start();
            let is_function = [
                "fn ",
                "pub fn ",
                "pub(crate) fn ",
                "pub(super) fn ",
                "async fn ",
                "pub async fn ",
            ]
            .iter()
            .chain(&[
                "pub(crate) async fn ",
                "pub(super) async fn ",
                "const fn ",
                "pub const fn ",
            ])
            .any(|opener| trimmed.starts_with(opener));
            if !is_function {
                continue;
            }
            let closing = format!("{}}}", &line[..line.len() - trimmed.len()]);
            let length = lines[start..]
                .iter()
                .position(|line| *line == closing)
                .map_or(1, |end| end + 1);
            if length > FUNCTION_LINES_MAX && !trimmed.ends_with(';') {
                findings.push(format!("{path}:{}: {length} lines: {trimmed}", start + 1));
            }
        }
    }
    expect_none("too long", &findings);
}

#[test]
fn imports_run_one_way() {
    let mut findings = Vec::new();
    for (path, text) in sources("src") {
        let below = path.trim_start_matches("src/");
        let module = below
            .split('/')
            .next()
            .unwrap_or(below)
            .trim_end_matches(".rs");
        if module == "lib" {
            continue;
        }
        let Some((_, allowed)) = WALLS.iter().find(|(name, _)| *name == module) else {
            if module != "main" {
                findings.push(format!(
                    "{path}: module {module} stands in no row of the walls"
                ));
            }
            continue;
        };
        for (number, line) in code_lines(shipped(&text)) {
            for used in line
                .match_indices("crate::")
                .map(|(at, found)| &line[at + found.len()..])
            {
                let target: String = used
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                let ours = WALLS.iter().any(|(name, _)| *name == target);
                let free = target == module || allowed.iter().any(|wall| used.starts_with(wall));
                if ours && !free {
                    findings.push(format!("{path}:{number}: {module} may not import {target}"));
                }
            }
        }
    }
    expect_none("imports against the walls", &findings);
}

#[test]
fn crates_stay_behind_their_walls() {
    let mut findings = Vec::new();
    for (path, text) in sources("src") {
        for (number, line) in code_lines(&text) {
            for (name, homes) in CRATE_HOMES {
                let named = line.match_indices(name).any(|(at, _)| {
                    !line[..at].ends_with(|before: char| {
                        before.is_alphanumeric() || before == '_' || before == ':'
                    })
                });
                if named && !stands_in(&path, homes) {
                    findings.push(format!("{path}:{number}: {name} lives in {homes:?}"));
                }
            }
        }
    }
    expect_none("crates outside their walls", &findings);
}

#[test]
fn banned_calls_are_absent() {
    let mut findings = Vec::new();
    for (path, text) in sources("src") {
        for (number, line) in code_lines(shipped(&text)) {
            for (banned, homes, why) in BANNED {
                if line.contains(banned) && !stands_in(&path, homes) {
                    findings.push(format!("{path}:{number}: {banned}: {why}"));
                }
            }
        }
    }
    expect_none("banned", &findings);
}

#[test]
fn the_core_is_pure() {
    let mut findings = Vec::new();
    for (path, text) in sources("src/domain") {
        for (number, line) in code_lines(shipped(&text)) {
            for impure in [
                "async fn",
                ".await",
                "tokio::",
                "std::fs",
                "std::net::Tcp",
                "std::thread",
                "SystemTime",
            ] {
                if line.contains(impure) {
                    findings.push(format!("{path}:{number}: {impure}"));
                }
            }
        }
    }
    expect_none("impure", &findings);
}

#[test]
fn sql_stands_only_in_the_store() {
    let mut findings = Vec::new();
    for (path, text) in sources("src") {
        if stands_in(&path, &["store"]) {
            continue;
        }
        for (number, line) in code_lines(shipped(&text)) {
            if SQL_OPENERS.iter().any(|opener| line.contains(opener)) {
                findings.push(format!("{path}:{number}: {}", line.trim()));
            }
        }
    }
    expect_none("SQL outside the store", &findings);
}

/// The names of the built-in contracts, as their files give them.
fn contract_names() -> Vec<String> {
    let folder = root().join("src/domain/contract/builtin");
    let names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .map(|text| {
            let line = text.lines().find_map(|line| line.strip_prefix("name = \""));
            line.unwrap().trim_end_matches('"').to_owned()
        })
        .collect();
    assert!(names.len() >= 8, "{names:?}");
    names
}

/// The files that only tests are built from: `#[cfg(test)] mod name;` in the file that declares them.
fn test_files(sources: &[(String, String)]) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in sources {
        let folder = path
            .strip_suffix("/mod.rs")
            .or_else(|| path.strip_suffix("/lib.rs"))
            .unwrap_or_else(|| path.trim_end_matches(".rs"));
        let declared = text.split("#[cfg(test)]\n").skip(1);
        for line in declared.filter_map(|rest| rest.lines().next()) {
            let name = line
                .strip_suffix(';')
                .and_then(|line| line.rsplit_once("mod "));
            found.extend(name.map(|(_, name)| format!("{folder}/{name}")));
        }
    }
    found
}

/// Contracts are data: whoever adds one writes no Rust. Only the default's name stands in code, in configuration.
#[test]
fn no_rust_knows_a_contract_by_name() {
    let names = contract_names();
    let sources = sources("src");
    let test_files = test_files(&sources);
    assert!(test_files.len() >= 5, "{test_files:?}");
    let mut findings = Vec::new();
    for (path, text) in &sources {
        let is_test =
            |file: &String| *path == format!("{file}.rs") || path.starts_with(&format!("{file}/"));
        if test_files.iter().any(is_test) || stands_in(path, &["config"]) {
            continue;
        }
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for token in tokens::tokens(code) {
            if names.iter().any(|name| name == token.text) {
                findings.push(format!("{path}:{}: {}", token.line, token.text));
            }
        }
    }
    expect_none("contracts known by name", &findings);
}

#[test]
fn tests_neither_sleep_nor_hide() {
    let mut findings = Vec::new();
    for (path, text) in [sources("tests"), sources("src")].concat() {
        if path == "tests/tidy.rs" || path == "src/clock.rs" {
            continue;
        }
        for (number, line) in code_lines(&text) {
            for banned in [
                "#[ignore",
                "thread::sleep(",
                "time::sleep(",
                "#[should_panic",
            ] {
                if line.contains(banned) {
                    findings.push(format!("{path}:{number}: {banned}"));
                }
            }
        }
    }
    expect_none("tests that sleep or hide", &findings);
}

#[test]
fn every_limit_is_used() {
    let limits = fs::read_to_string(root().join("src/domain/limits.rs")).unwrap();
    let everything: Vec<(String, String)> = sources("src")
        .into_iter()
        .filter(|(path, _)| path != "src/domain/limits.rs")
        .collect();
    let findings: Vec<String> = limits
        .lines()
        .filter_map(|line| line.strip_prefix("pub const "))
        .filter_map(|rest| rest.split(':').next())
        .filter(|name| !everything.iter().any(|(_, text)| text.contains(name)))
        .map(str::to_owned)
        .collect();
    expect_none("limits that bound nothing", &findings);
}

#[test]
fn the_top_of_the_repository_holds_only_what_belongs_there() {
    let findings: Vec<String> = fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| {
            !name.starts_with('.')
                && !["target", "proptest-regressions"].contains(&name.as_str())
                && !TOP.contains(&name.as_str())
        })
        .collect();
    expect_none("strangers at the top", &findings);
}

#[test]
fn no_line_ends_in_white_space() {
    let mut findings = Vec::new();
    for (path, text) in [sources("src"), sources("tests")].concat() {
        for (index, line) in text.lines().enumerate() {
            if line.ends_with([' ', '\t']) {
                findings.push(format!("{path}:{}", index + 1));
            }
        }
    }
    expect_none("trailing white space", &findings);
}
