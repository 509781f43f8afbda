//! What screens look at often: single rows and totals, each one cheap read.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::error::EngineError;
use super::handle::Engine;
use crate::domain::breaker::BreakerPolicy;
use crate::domain::delivery::Delivery;
use crate::domain::endpoint::Endpoint;
use crate::domain::id::{DeliveryId, EndpointId};
use crate::domain::time::Timestamp;
use crate::store::{CertificateCounts, EndpointLedger};

impl Engine {
    /// An endpoint as it is in memory, a deleted one too: old deliveries keep its name.
    pub fn known_endpoint(&self, id: EndpointId) -> Option<Arc<Endpoint>> {
        self.desk.book.get(id)
    }

    /// The breaker settings of endpoints that name none.
    pub fn breaker_policy(&self) -> BreakerPolicy {
        *self.desk.limits.load().breaker
    }

    /// The directory of the database.
    pub fn data_dir(&self) -> &Path {
        self.desk.store.data_dir()
    }

    /// Requests in flight to one endpoint that names no number of its own.
    pub fn concurrency_per_endpoint(&self) -> usize {
        self.desk.limits.load().concurrency_per_endpoint
    }

    /// How many endpoints' breakers are open, half-open ones among them; deleted endpoints are not counted.
    pub fn open_breakers(&self) -> u64 {
        self.desk.book.count_open_breakers()
    }

    /// How many endpoints have which status; deleted ones are not counted.
    pub fn endpoint_statuses(&self) -> BTreeMap<&'static str, u64> {
        self.desk.book.count_by_status()
    }

    /// One delivery without its attempts.
    ///
    /// # Errors
    /// NotFound, Internal.
    pub async fn delivery_row(&self, id: DeliveryId) -> Result<Delivery, EngineError> {
        Ok(self.desk.store.delivery(id).await?)
    }

    /// Where the deliveries of one endpoint stand, and how its latest attempts ended.
    ///
    /// # Errors
    /// NotFound, Internal.
    pub async fn endpoint_ledger(&self, id: EndpointId) -> Result<EndpointLedger, EngineError> {
        Ok(self.desk.store.endpoint_ledger(id).await?)
    }

    /// How many endpoints' certificates end soon, by what their receivers showed last.
    ///
    /// # Errors
    /// Internal.
    pub async fn certificate_counts(&self) -> Result<CertificateCounts, EngineError> {
        let now = self.desk.clock.now();
        Ok(self.desk.store.certificate_counts(now).await?)
    }

    /// Events accepted of all time.
    ///
    /// # Errors
    /// Internal.
    pub async fn events_ever(&self) -> Result<u64, EngineError> {
        Ok(self.desk.store.events_ever().await?)
    }

    /// When the oldest delivery that waits for an attempt was due; `None` when none waits.
    ///
    /// # Errors
    /// Internal.
    pub async fn oldest_due(&self) -> Result<Option<Timestamp>, EngineError> {
        Ok(self.desk.store.oldest_due().await?)
    }
}
