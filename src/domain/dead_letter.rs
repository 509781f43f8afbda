//! Dead letters that are brought back: what a line of an export says, checked but not yet judged against a store.

use super::attempt::LastAttempt;
use super::delivery::{DeadReason, DeliveryState};
use super::event::Event;
use super::fingerprint::{CauseId, Fingerprint};
use super::id::{DeliveryId, EndpointId};
use super::time::Timestamp;

/// A dead delivery with all that is needed to make it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its id where it was exported.
    pub delivery_id: DeliveryId,
    /// Why it died.
    pub reason: DeadReason,
    /// Why no request could be made of it, where that is the reason.
    pub note: Option<String>,
    /// Attempts made.
    pub attempts: u32,
    /// What came of the latest.
    pub last: Option<LastAttempt>,
    /// The cause of the latest failure.
    pub cause: Option<CauseId>,
    /// What makes that cause, where that came with it.
    pub fingerprint: Option<Fingerprint>,
    /// When it was made.
    pub created_at: Timestamp,
    /// The endpoint it was for.
    pub endpoint_id: EndpointId,
    /// That endpoint's URL.
    pub endpoint_url: String,
    /// What it carries.
    pub event: Event,
}

/// What became of a dead letter that was brought back. Nothing is sent in any of these cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BroughtBack {
    /// A dead delivery was made of it.
    Made(DeliveryId),
    /// The delivery was here and discarded; it is dead again.
    Revived(DeliveryId),
    /// The delivery is here and not discarded; it stays as it is.
    Here(DeliveryId, DeliveryState),
}
