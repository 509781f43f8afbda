//! Notes in the store whether the breakers of lanes are open, so that they outlive their lanes.

use std::rc::Rc;
use std::time::Duration;

use super::berth::Berth;
use super::yard::Yard;
use crate::store::StoreError;

/// How long a task waits before it tries again to reach a store that does not answer.
const STORE_RETRY: Duration = Duration::from_secs(1);

/// Has the store told where the berth's breaker stands: by one task a berth, so that it is told in order, and for as
/// long as it takes.
pub(super) fn keep(yard: &Rc<Yard>, berth: &Rc<Berth>) {
    if !berth.keeping_breaker.replace(true) {
        actix_rt::spawn(tell(Rc::clone(yard), Rc::clone(berth)));
    }
}

async fn tell(yard: Rc<Yard>, berth: Rc<Berth>) {
    let id = berth.endpoint_id;
    loop {
        let open = berth.breaker_open.get();
        yard.until_clock_is_told().await;
        match yard.store.set_breaker(id, open).await {
            Ok(stored) => {
                yard.desk.book.put_all([stored]);
                // Attempts are judged by the hold clock that started or stopped with it.
                berth.signal(|signals| signals.reconfigure = true);
                if berth.breaker_open.get() == open {
                    break;
                }
            }
            // Its endpoint is gone, and its lane with it.
            Err(StoreError::NotFound { .. }) => break,
            Err(error) => {
                tracing::error!(%error, endpoint.id = %id, open, "failed to note where a breaker stands; trying again");
                yard.clock.sleep_for(STORE_RETRY).await;
            }
        }
    }
    berth.keeping_breaker.set(false);
    yard.moved();
}
