//! Completeness of the tests of refusals: every text with which API, command line or configuration says no stands in
//! a test too, so that somebody has read it, and a new refusal without a test fails here.
//!
//! Works on the sources as text. A refusal is what stands in the expressions of [`OPENERS`]; of its text, the parts
//! between the values put in must each be found in a test.

use super::tokens::{self, Kind};
use super::{expect_none, sources};

/// What opens an expression that words a refusal.
const OPENERS: &[&str] = &[
    "#[error(",
    "Refusal::new(",
    "Refusal::invalid_at(",
    "Refusal::bad_query(",
    "Failure::usage(",
    "Failure::nothing(",
    "Failure::unreachable(",
    "Failure::failed(",
    "anyhow!(",
    "bail!(",
    ".context(",
    ".with_context(",
    "InvalidInput::at(",
    "InputError {",
    "EngineError::Conflict(",
    "EngineError::Forbidden(",
    "EngineError::invalid(",
];
/// Folders whose errors are no refusals, and why.
const ELSEWHERE: &[(&str, &str)] = &[
    ("src/cli/bench/", "a measurement that went wrong"),
    (
        "src/console/",
        "the console's own tests show what its screen says",
    ),
    (
        "src/transport/",
        "outcomes of attempts, in tests/it/transport",
    ),
];
/// A part of a text that is shorter says too little to be looked for; in characters.
const PART_CHARS_MIN: usize = 10;
/// Why most of them are not shown.
const OF_THE_MACHINE: &str = "a fault of the machine, which no test can bring about";
/// Why some of the contracts' are not.
const OF_CONTRACTS: &str = "its kind is tested with the contracts, its words are not yet";
/// Texts that no test shows, by their beginning, and why.
const UNSHOWN: &[(&str, &str)] = &[
    (
        "attempt {number} of {id} cannot be shown",
        "what it quotes stands in tests of attempts; such an attempt needs a payload that retention took",
    ),
    (
        "the body holds a zero byte",
        "JSON has none: only a contract with another kind of body could bring one",
    ),
    (
        "the good receiver still waits",
        "the demo's own check of itself",
    ),
    ("no temporary directory can be made", OF_THE_MACHINE),
    ("the traffic stopped", OF_THE_MACHINE),
    (
        "an event could not be published",
        "the demo's own check of itself",
    ),
    (
        "the endpoint's contract is not built in",
        "the demo makes its endpoints by itself",
    ),
    ("the operating system gave no random bytes", OF_THE_MACHINE),
    ("--type is missing", "clap asks for it before"),
    (
        "failed to start: {error}",
        "comes with the engine's words, which have tests",
    ),
    ("the server stopped without being told to", OF_THE_MACHINE),
    ("the server's task ended", OF_THE_MACHINE),
    ("the server did not stop as it should", OF_THE_MACHINE),
    ("the log cannot be started", OF_THE_MACHINE),
    (
        "{at}: operators_group: the socket cannot be given",
        "needs a user who is not root and not of the group",
    ),
    (
        "no directory for the socket can be written to",
        "the data directory is among the places, and was made before",
    ),
    (
        "the socket {} of a service that is gone cannot be removed",
        "needs a user who is not root",
    ),
    (
        "whether a service answers at",
        "needs a user who is not root",
    ),
    ("the group database cannot be read", OF_THE_MACHINE),
    ("there is no role", "clap knows the roles before"),
    (
        "header {name} would hold a character",
        "shown on a delivery, not in an answer: settings with such a value are refused before",
    ),
    (
        "contract {contract} signs its requests, and none",
        "shown on a delivery, not in an answer: such a secret is refused before",
    ),
    (
        "the event's attributes are no JSON object",
        "the API takes nothing else",
    ),
    (
        "the rendered body is not the one that was sent",
        "no contract changes within a process: needs two versions of one",
    ),
    (
        "the sealed value ",
        "comes as the reason of a delivery that is undeliverable, or within the refusal of a wrong key",
    ),
    (
        "the value is too large to be sealed",
        "secrets are bounded far below",
    ),
    (
        "this is no public ed25519 key",
        "a text that does not read as one is taken for a secret before",
    ),
    (
        "{id} is being changed by somebody else",
        "needs five lost races in a row",
    ),
    (
        "{id} is paused, not disabled",
        "the API takes what is enabled already for done",
    ),
    (
        "invalid input: {}",
        "for the log: the API answers with the errors themselves",
    ),
    (
        "the service is shutting down; try again",
        "for the log: the API adds that nothing was stored",
    ),
    (
        "the request cannot be read",
        "the HTTP library answers before any of our code",
    ),
    ("`, there are no ", "a mark to look for, not a text"),
    ("failed to serve the API", OF_THE_MACHINE),
    ("the API's thread ended by a panic", OF_THE_MACHINE),
    (
        "the {noun} {id} was changed meanwhile",
        "tried again before anybody reads it",
    ),
    (
        "the writer's queue is full",
        "the API answers with `too much at once`",
    ),
    (
        "{setting} is {found}, and it must be",
        "needs another SQLite",
    ),
    (
        "failed to use {path}",
        "comes with a cause that stands in tests",
    ),
    (
        "failed to update the schema",
        "comes with a cause that stands in tests",
    ),
    (
        "contract {contract} signs its requests with a key of the service's own",
        OF_CONTRACTS,
    ),
    (
        "the event's data is neither an object nor an array",
        OF_CONTRACTS,
    ),
];

/// A refusal in the sources.
struct Refusal {
    /// File and line.
    place: String,
    text: String,
}

#[test]
fn every_refusal_has_a_test_that_shows_its_text() {
    let (refusals, shown) = read();
    assert!(refusals.len() > 200, "the openers are still the right ones");
    let untested: Vec<String> = refusals
        .iter()
        .filter(|refusal| !is_shown(&refusal.text, &shown) && unshown(&refusal.text).is_none())
        .map(|refusal| format!("{}: {:?}", refusal.place, refusal.text))
        .collect();
    expect_none(
        "refusals whose text stands in no test: write out what a person reads in a test of its area, such as a row in \
         a table of tests/it/{api,cli}/refused_*.rs; where no test can show it, say why in UNSHOWN",
        &untested,
    );
}

#[test]
fn the_list_of_texts_without_a_test_holds_only_such() {
    let (refusals, shown) = read();
    let is_one = |start: &str| {
        refusals
            .iter()
            .any(|refusal| refusal.text.starts_with(start) && !is_shown(&refusal.text, &shown))
    };
    let stale: Vec<String> = UNSHOWN
        .iter()
        .filter(|(start, _)| !is_one(start))
        .map(|(start, _)| format!("{start:?}"))
        .collect();
    expect_none(
        "take these out of UNSHOWN: the refusal is gone or reworded, or a test shows it by now",
        &stale,
    );
}

fn unshown(text: &str) -> Option<&'static str> {
    let known = UNSHOWN.iter().find(|(start, _)| text.starts_with(start));
    known.map(|&(_, why)| why)
}

/// Whether each fixed part of the text stands in a test.
fn is_shown(text: &str, shown: &str) -> bool {
    parts(text).iter().all(|part| shown.contains(part.as_str()))
}

/// What stands between the `{…}` of a format string, where it is long enough; nothing of a JSON pointer.
fn parts(text: &str) -> Vec<String> {
    if text.starts_with('/') && !text.contains(' ') {
        return Vec::new();
    }
    let text = text.replace("{{", "\u{1}").replace("}}", "\u{2}");
    let mut parts = Vec::new();
    for (index, piece) in text.split('{').enumerate() {
        let fixed = match piece.split_once('}') {
            Some((_, after)) if index > 0 => after,
            _ => piece,
        };
        let fixed = fixed.replace('\u{1}', "{").replace('\u{2}', "}");
        parts.push(fixed.trim().to_owned());
    }
    parts.retain(|part| part.chars().count() >= PART_CHARS_MIN);
    parts
}

/// Every refusal, and the strings of all tests, one a line.
fn read() -> (Vec<Refusal>, String) {
    let mut refusals = Vec::new();
    let mut shown = String::new();
    for (path, text) in sources("src") {
        let is_test = path.contains("/tests/") || path.ends_with("tests.rs");
        let (shipped, tests) = match text.split_once("\n#[cfg(test)]\nmod ") {
            _ if is_test => ("", text.as_str()),
            Some(parts) => parts,
            None => (text.as_str(), ""),
        };
        add_strings(tests, &mut shown);
        if !ELSEWHERE.iter().any(|(folder, _)| path.starts_with(folder)) {
            refusals.extend(refusals_in(&path, shipped));
        }
    }
    for (_, text) in sources("tests/it") {
        add_strings(&text, &mut shown);
    }
    (refusals, shown)
}

fn add_strings(text: &str, to: &mut String) {
    for string in strings(text) {
        to.push_str(&string.text);
        to.push('\n');
    }
}

fn refusals_in(path: &str, text: &str) -> Vec<Refusal> {
    let (code, strings) = (tokens::code(text), strings(text));
    let mut found = Vec::new();
    for opener in OPENERS {
        for (start, _) in code.match_indices(opener) {
            let from = start + opener.len();
            let inside = from..end_of(&code, from);
            for string in &strings {
                if inside.contains(&string.at) && !parts(&string.text).is_empty() {
                    found.push(Refusal {
                        place: format!("{path}:{}", string.line),
                        text: string.text.clone(),
                    });
                }
            }
        }
    }
    found.sort_by(|one, other| one.place.cmp(&other.place));
    found.dedup_by(|one, other| one.place == other.place && one.text == other.text);
    found
}

/// Where the bracket closes that was open at `from`.
fn end_of(code: &str, from: usize) -> usize {
    let mut depth = 1;
    for (at, byte) in code.bytes().enumerate().skip(from) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    code.len()
}

/// A string literal as the compiler reads it.
struct StringLiteral {
    line: usize,
    at: usize,
    text: String,
}

fn strings(source: &str) -> Vec<StringLiteral> {
    let mut found = Vec::new();
    for token in tokens::tokens(source) {
        let text = match token.kind {
            Kind::Literal => unescaped(token.text),
            Kind::Raw => token.text.to_owned(),
            Kind::Word | Kind::Aside | Kind::Sign => continue,
        };
        found.push(StringLiteral {
            line: token.line,
            at: token.at,
            text,
        });
    }
    found
}

/// The text that a literal stands for; of escapes only those that texts use.
fn unescaped(written: &str) -> String {
    let mut text = String::new();
    let mut characters = written.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, characters.peek()) {
            ('\\', Some('\n')) => {
                while characters.next_if(|next| next.is_whitespace()).is_some() {}
            }
            ('\\', Some('n')) => {
                characters.next();
                text.push('\n');
            }
            ('\\', Some(_)) => text.extend(characters.next()),
            _ => text.push(character),
        }
    }
    text
}
