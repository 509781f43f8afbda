//! Reads for a lane what it asked for; what cannot be read becomes dead and blocks nobody.
//!
//! While the store does not even take that death, the whole load fails: the row stays pending and would be read again
//! at once, round and round, so the lane waits as it does whenever the store cannot be read.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::rc::Rc;

use futures_util::FutureExt as _;
use tokio::sync::Notify;

use super::berth::{Berth, Report};
use super::kept::EventRef;
use super::unsettled;
use super::yard::Yard;
use crate::domain::id::EndpointId;
use crate::domain::lane::{Batch, Item, LoadRequest};
use crate::store::{LaneRow, StoreError};

/// Loads at a time: enough to keep the store's readers busy, and nobody else who reads waits behind thousands of lanes.
const AT_ONCE_MAX: u32 = 8;

/// What lanes asked for and do not have yet.
#[derive(Default)]
pub(super) struct Loads {
    waiting: RefCell<Waiting>,
    /// Tasks that see to them.
    loaders: Cell<u32>,
    /// Told when a load is done.
    done: Notify,
}

/// At most one load a lane, in the order in which lanes asked first: one that started over and asks again meanwhile has
/// no use for what it asked before.
#[derive(Default)]
struct Waiting {
    order: VecDeque<EndpointId>,
    loads: HashMap<EndpointId, Load>,
}

struct Load {
    berth: Rc<Berth>,
    request: LoadRequest,
}

/// Counts a loader while it lives.
struct Loader(Rc<Yard>);

impl Loads {
    /// Has a lane's request read and reported to its berth.
    pub(super) fn ask(yard: &Rc<Yard>, berth: &Rc<Berth>, request: LoadRequest) {
        let berth = Rc::clone(berth);
        let loads = &yard.loads;
        loads.waiting.borrow_mut().add(Load { berth, request });
        if loads.loaders.get() < AT_ONCE_MAX {
            actix_rt::spawn(Loader::new(yard).run());
        }
    }

    /// Waits until fewer than `count` are not done.
    pub(super) async fn fewer_than(&self, count: usize) {
        loop {
            let done = std::pin::pin!(self.done.notified());
            if self.waiting.borrow().order.len() + (self.loaders.get() as usize) < count {
                return;
            }
            done.await;
        }
    }

    fn next(&self) -> Option<Load> {
        self.waiting.borrow_mut().next()
    }
}

impl Waiting {
    fn add(&mut self, load: Load) {
        let id = load.berth.endpoint_id;
        if self.loads.insert(id, load).is_none() {
            self.order.push_back(id);
        }
    }

    fn next(&mut self) -> Option<Load> {
        let Some(id) = self.order.pop_front() else {
            // What thousands of lanes needed at once is given back.
            *self = Self::default();
            return None;
        };
        self.loads.remove(&id)
    }
}

impl Loader {
    fn new(yard: &Rc<Yard>) -> Self {
        let loaders = &yard.loads.loaders;
        loaders.set(loaders.get() + 1);
        Self(Rc::clone(yard))
    }

    /// Sees to what waits until nothing does.
    async fn run(self) {
        let yard = &self.0;
        while let Some(Load { berth, request }) = yard.loads.next() {
            let loading = AssertUnwindSafe(load(yard, &berth, request));
            if loading.catch_unwind().await.is_err() {
                tracing::error!(endpoint.id = %berth.endpoint_id, "reading a lane's deliveries panicked; the lane asks again");
                let epoch = request.epoch;
                berth.report(Report::LoadFailed { epoch });
            }
            yard.loads.done.notify_waiters();
        }
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        let loads = &self.0.loads;
        loads.loaders.set(loads.loaders.get().saturating_sub(1));
        loads.done.notify_waiters();
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
