//! What nobody needs any more is removed: expired plans, and the items of replays that are long over.

use std::rc::Rc;
use std::time::Duration;

use crate::engine::yard::Yard;

/// How often the items of old replays are looked for, and plans that nobody was left to remove.
const TIDY_EVERY: Duration = Duration::from_hours(1);
/// How long the items of a replay that is over are kept.
pub(in crate::engine) const ITEMS_KEPT: Duration = Duration::from_hours(30 * 24);

/// Tidies now and then, for as long as the engine lives; ends by a panic only.
pub(in crate::engine) async fn tidy_for_ever(yard: Rc<Yard>) {
    loop {
        tidy(&yard).await;
        yard.nap(None, TIDY_EVERY).await;
    }
}

/// Removes expired plans and the items of replays that are long over.
pub(super) async fn tidy(yard: &Yard) {
    let kept = i64::try_from(ITEMS_KEPT.as_millis()).unwrap_or(i64::MAX);
    let old = yard.now().moved_by(-kept);
    loop {
        match yard.store.tidy_replays(old).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                tracing::warn!(%error, "failed to remove expired plans; the next try is within an hour");
                return;
            }
        }
    }
}
