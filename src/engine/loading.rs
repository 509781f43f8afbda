//! Reads for a lane what it asked for; what cannot be read becomes dead and blocks nobody.
//!
//! While the store does not even take that death, the whole load fails: the row stays pending and would be read again
//! at once, round and round, so the lane waits as it does whenever the store cannot be read.

use std::rc::Rc;

use super::berth::{Berth, Report};
use super::kept::EventRef;
use super::unsettled;
use super::yard::Yard;
use crate::domain::lane::{Batch, Item, LoadRequest};
use crate::store::{LaneRow, StoreError};

/// A load under way, counted while it lives.
pub(super) struct Load {
    yard: Rc<Yard>,
    berth: Rc<Berth>,
    request: LoadRequest,
}

impl Load {
    /// Counts as under way from now on.
    pub(super) fn new(yard: &Rc<Yard>, berth: &Rc<Berth>, request: LoadRequest) -> Self {
        yard.loads.set(yard.loads.get() + 1);
        Self {
            yard: Rc::clone(yard),
            berth: Rc::clone(berth),
            request,
        }
    }

    /// Reads and reports.
    pub(super) async fn run(self) {
        load(&self.yard, &self.berth, self.request).await;
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        let loads = &self.yard.loads;
        loads.set(loads.get().saturating_sub(1));
        self.yard.loaded.notify_waiters();
    }
}

async fn load(yard: &Yard, berth: &Berth, request: LoadRequest) {
    let report = match read(yard, berth, request).await {
        Ok(batch) => Report::Loaded(batch),
        Err(error) => {
            tracing::error!(%error, endpoint.id = %berth.endpoint_id, "failed to read a lane's deliveries");
            let epoch = request.epoch;
            Report::LoadFailed { epoch }
        }
    };
    berth.report(report);
}

async fn read(
    yard: &Yard,
    berth: &Berth,
    request: LoadRequest,
) -> Result<Batch<EventRef>, StoreError> {
    let id = berth.endpoint_id;
    let (now, set_ms) = (yard.now(), yard.set_ms());
    let limit = request.limit;
    let full = |rows: &[LaneRow]| rows.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
    let fresh = if request.ordered {
        yard.store.lane_pending(id, request.after, limit).await?
    } else if request.fresh {
        yard.store.lane_fresh(id, request.after, limit).await?
    } else {
        Vec::new()
    };
    let (mut due, mut next_due) = (Vec::new(), None);
    if request.due && !request.ordered {
        due = yard.store.lane_due(id, now, limit).await?;
        next_due = yard.store.lane_due_after(id, now).await?;
    }
    let answered = match request.answered_since {
        None => None,
        Some(since) => {
            let mut answered = yard.store.answered_since(id, since).await?;
            if let Some(at) = yard.unsettled_until.get().filter(|&at| at > since) {
                let config = yard.lane_config(&berth.setup.borrow());
                answered.extend(unsettled::forgotten(&config, at));
            }
            Some(answered)
        }
    };
    yard.until_clock_is_told().await;
    if yard.set_ms() != set_ms {
        // Read partly before and partly after the clock was set.
        return Err(StoreError::Busy);
    }
    Ok(Batch {
        epoch: request.epoch,
        due_more: full(&due),
        fresh_more: full(&fresh),
        due: take_up(yard, due).await?,
        fresh: take_up(yard, fresh).await?,
        next_due,
        answered,
    })
}

async fn take_up(yard: &Yard, rows: Vec<LaneRow>) -> Result<Vec<Item<EventRef>>, StoreError> {
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        match row.work {
            Ok((delivery, event)) => items.push(Item::new(&delivery, yard.budget.keep(&event))),
            Err(error) => {
                tracing::error!(%error, delivery.id = %row.id, "a delivery cannot be read");
                let why = error.to_string();
                match yard.store.mark_undeliverable(row.id, &why).await {
                    Ok(_) | Err(StoreError::NotFound { .. }) => {}
                    Err(error) => {
                        tracing::error!(%error, delivery.id = %row.id, "failed to mark it undeliverable");
                        return Err(error);
                    }
                }
            }
        }
    }
    Ok(items)
}
