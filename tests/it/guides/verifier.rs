//! Other people's programs: Python and Node.js, with the packages that `.ci/run` installs.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::skip::skip;

/// The folder of installed packages, or a loud word on what is skipped.
pub(super) fn folder(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("HOOKYARD_TEST_VERIFIERS").map(PathBuf::from);
    if folder.is_none() {
        skip(
            test,
            "HOOKYARD_TEST_VERIFIERS is not set; .ci/run shows how to make that folder",
        );
    }
    folder
}

/// Runs Python code with `input` as JSON on its standard input, and gives what it prints as JSON.
pub(super) fn python(folder: &std::path::Path, code: &str, input: &Value) -> Value {
    let mut command = Command::new(folder.join("python/bin/python"));
    command.args(["-c", code]);
    run(command, folder, input)
}

/// The same with Node.js.
pub(super) fn node(folder: &std::path::Path, code: &str, input: &Value) -> Value {
    let mut command = Command::new("node");
    command.args(["-e", code]);
    run(command, folder, input)
}

fn run(mut command: Command, folder: &std::path::Path, input: &Value) -> Value {
    let mut child = command
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin
        .write_all(input.to_string().as_bytes())
        .expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{command:?}: {}", output.status);
    serde_json::from_slice(&output.stdout).expect("it prints JSON")
}

/// Python's hmac over these bytes, in lower-case hex.
pub(super) const HMAC_PY: &str = r#"
import base64, hashlib, hmac, json, sys
given = json.load(sys.stdin)
body = base64.b64decode(given["body"])
print(json.dumps(hmac.new(given["secret"].encode("utf-8"), body, hashlib.sha256).hexdigest()))
"#;
