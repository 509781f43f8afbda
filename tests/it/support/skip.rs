//! Saying loudly that a test was skipped.

use std::io::Write;

/// Says that `test` did not run and what it needs; fails instead where `CI` is set, because CI has it all.
///
/// Written past the test harness, which keeps the output of passing tests to itself.
pub(crate) fn skip(test: &str, needs: &str) {
    assert!(
        std::env::var_os("CI").is_none(),
        "{test} must run in CI: {needs}"
    );
    writeln!(std::io::stderr(), "\nSKIPPED {test}: {needs}").expect("standard error is open");
}
