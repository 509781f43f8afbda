//! Whether the run before this one may have left requests that no record tells of.
//!
//! A crash forgets what was in flight. The deliveries are sent again, which is right; but a receiver with a rate
//! limit has had those requests, so lanes that keep one count them as answered at the start of this run.

use crate::domain::lane::LaneConfig;
use crate::domain::time::Timestamp;
use crate::store::{Store, StoreError};

/// Where the store keeps whether everything that was sent has been recorded.
const KEY: &str = "requests_settled";
const YES: &[u8] = b"yes";
const NO: &[u8] = b"no";

/// Notes that requests begin, and tells whether those of the run before may be unrecorded.
///
/// # Errors
/// The store cannot be read or written.
pub(super) async fn begin(store: &Store) -> Result<bool, StoreError> {
    let before = store.meta(KEY).await?;
    let unsettled = before.as_deref() == Some(NO);
    if !unsettled {
        store.put_meta(KEY, NO.to_vec()).await?;
    }
    Ok(unsettled)
}

/// Notes that every request of this run is recorded.
pub(super) async fn end(store: &Store) {
    if let Err(error) = store.put_meta(KEY, YES.to_vec()).await {
        tracing::warn!(%error, "failed to note that all requests are recorded: rate limits count some twice at the next start");
    }
}

/// When requests may have been answered that a crash at the end of the run before made us forget: as many as a lane
/// may leave unrecorded, and no later than this run's start.
pub(super) fn forgotten(
    config: &LaneConfig,
    started_at: Timestamp,
) -> impl Iterator<Item = Timestamp> {
    let concurrency = if config.ordered {
        1
    } else {
        config.concurrency.saturating_mul(2)
    };
    std::iter::repeat_n(started_at, usize::try_from(concurrency).unwrap_or(0))
}
