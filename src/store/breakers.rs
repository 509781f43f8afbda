//! Breakers of lanes: noted in the endpoint's row, so that the next lane of the endpoint finds its own as it was.

use std::sync::Arc;

use super::cold::{ColdCommand, WriteTx};
use super::endpoints::{read_in, write_in};
use super::error::StoreError;
use super::handle::Store;
use super::record::BreakerChange;
use crate::domain::endpoint::{Endpoint, EndpointStatus};
use crate::domain::event_type::EventTypePattern;
use crate::domain::id::EndpointId;
use crate::domain::operational::Fact;

impl Store {
    /// Notes that the breaker of an endpoint's lane is open or closed, from the time of the transaction on: its hold
    /// clock starts or stops with it, and subscribers hear of it. Gives the endpoint as it is then; nothing is written
    /// where that is so already, or where the endpoint is deleted.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Unavailable`], [`StoreError::Full`].
    pub async fn set_breaker(
        &self,
        id: EndpointId,
        open: bool,
    ) -> Result<Arc<Endpoint>, StoreError> {
        self.change(SetBreaker { id, open }).await
    }
}

struct SetBreaker {
    id: EndpointId,
    open: bool,
}

impl ColdCommand for SetBreaker {
    type Output = Arc<Endpoint>;

    async fn run(&mut self, tx: &mut WriteTx<'_>) -> Result<Self::Output, StoreError> {
        let endpoint = read_in(tx.connection, self.id).await?;
        let changed = endpoint.with_breaker(self.open, tx.now);
        let Some(changed) = changed.filter(|_| endpoint.status != EndpointStatus::Deleted) else {
            return Ok(Arc::new(endpoint));
        };
        let changed = Endpoint {
            version: endpoint.version + 1,
            ..changed
        };
        write_in(tx.connection, &changed, endpoint.version).await?;
        tx.effects.endpoints.push(changed.clone());
        tx.effects.endpoints_changed.push(changed.id);
        tx.effects.breakers.push(BreakerChange {
            endpoint_id: changed.id,
            open: self.open,
            at: tx.now,
        });
        let fact = Fact::breaker(&changed, self.open, tx.now);
        // Failures of operational events may have opened it: none is made of that.
        if changed
            .event_types
            .iter()
            .any(EventTypePattern::is_reserved)
        {
            tx.tell(fact);
        } else {
            tx.announce(fact).await?;
        }
        Ok(Arc::new(changed))
    }
}
