//! Other closed catalogues put in force while the store is open: endpoints are matched anew from the next event on.

use std::sync::Arc;

use super::cold::{ColdCommand, WriteTx};
use super::endpoints::read_all_in;
use super::error::StoreError;
use super::handle::Store;
use crate::domain::catalogue::ClosedCatalogues;
use crate::domain::endpoint_index::EndpointIndex;

impl Store {
    /// Puts these closed catalogues in force for every event that is accepted from now on.
    ///
    /// Reads every endpoint while the writer waits (about a third of a second for 100,000): for a change that an
    /// operator asks for.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] for an endpoint that cannot be read; [`StoreError::Unavailable`]. Then those before
    /// stay in force.
    pub async fn set_catalogues(&self, catalogues: ClosedCatalogues) -> Result<(), StoreError> {
        let command = SetCatalogues {
            catalogues: catalogues.clone(),
        };
        self.change(command).await?;
        self.shared.catalogues.store(Arc::new(catalogues));
        Ok(())
    }
}

struct SetCatalogues {
    catalogues: ClosedCatalogues,
}

impl ColdCommand for SetCatalogues {
    type Output = ();

    async fn run(&mut self, tx: &mut WriteTx<'_>) -> Result<(), StoreError> {
        let mut index = EndpointIndex::new(std::mem::take(&mut self.catalogues));
        read_all_in(tx.connection, |endpoint| index.put(&endpoint)).await?;
        tx.effects.index = Some(index);
        Ok(())
    }
}
