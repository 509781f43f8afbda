//! Asking before something is taken away.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use clap::Args;

use super::failure::Failure;
use crate::domain::escape;

/// Leave to go on without being asked.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct YesArgs {
    /// Go on without asking, for scripts.
    #[arg(long, short = 'y')]
    pub(crate) yes: bool,
}

/// Shows what will be touched and asks; only `y` or `yes` goes on.
///
/// # Errors
/// Exit code 2 where nobody can be asked, 1 where the answer is no.
pub(crate) fn confirm(args: YesArgs, what: &str) -> anyhow::Result<()> {
    let what = escape::block(what);
    if args.yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(Failure::usage(format!(
            "{what}\nthere is no terminal to ask on: pass --yes to go on without being asked"
        )));
    }
    let mut stderr = io::stderr().lock();
    write!(stderr, "{what}\nGo on? [y/N] ")?;
    stderr.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    if matches!(answer.trim(), "y" | "Y" | "yes") {
        return Ok(());
    }
    Err(Failure::failed("nothing was changed"))
}
