//! Instants as people give them: a time, or how long ago.

use std::time::Duration;

use super::failure::Failure;
use crate::domain::duration::DurationText;
use crate::domain::time::Timestamp;

/// The instant that a text names at `now`.
///
/// # Errors
/// Exit code 2 for a text that is neither.
pub(super) fn instant(text: &str, now: Timestamp) -> anyhow::Result<Timestamp> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    let ago: DurationText = text.parse().map_err(|_| {
        Failure::usage(format!(
            "{text:?} is no time: give one such as 2026-04-13T10:18:00Z, or how long ago, such as 2h"
        ))
    })?;
    let ago = i64::try_from(Duration::from(ago).as_millis()).unwrap_or(i64::MAX);
    Ok(now.moved_by(-ago))
}
