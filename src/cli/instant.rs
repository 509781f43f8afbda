//! Instants as people give them on the command line.

use clap::Args;

use super::failure::Failure;
use crate::client::Client;
use crate::domain::instant;
use crate::domain::time::Timestamp;

/// The instant that a list is told of.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct AtArgs {
    /// As it was then: an instant such as 2026-04-13T10:18:00Z, or how long ago, such as 15m.
    #[arg(long, value_name = "WHEN")]
    at: Option<String>,
}

impl AtArgs {
    /// The instant in the service's own time, so that all pages of a list are of the same one; none for now.
    ///
    /// # Errors
    /// Exit code 2 for a text that is neither, and for the future.
    pub(crate) async fn asked(&self, client: &Client) -> anyhow::Result<Option<Timestamp>> {
        let Some(text) = &self.at else {
            return Ok(None);
        };
        let now = client.info().await?.now;
        let at = instant::past_instant(text, now);
        at.map(Some)
            .map_err(|refused| Failure::usage(refused.to_string()))
    }
}

/// The instant that a text names at `now`.
///
/// # Errors
/// Exit code 2 for a text that is neither.
pub(super) fn instant(text: &str, now: Timestamp) -> anyhow::Result<Timestamp> {
    instant::instant(text, now).map_err(|refused| Failure::usage(refused.to_string()))
}
