//! Saved views: kept here, and resolved wherever a request has a filter.

use super::error::EngineError;
use super::handle::Engine;
use crate::domain::actor::Actor;
use crate::domain::filter::{Expanded, Filter, FilterErrors, SavedFilters, SavedView, ViewName};
use crate::domain::tenant::Tenant;
use crate::store::{AuditNote, StoreError};

impl Engine {
    /// All saved views, by name.
    ///
    /// # Errors
    /// Internal.
    pub async fn saved_views(&self) -> Result<Vec<SavedView>, EngineError> {
        Ok(self.desk.store.saved_views().await?)
    }

    /// The view that is saved by this name.
    ///
    /// # Errors
    /// NotFound, Internal.
    pub async fn saved_view(&self, name: &ViewName) -> Result<SavedView, EngineError> {
        Ok(self.desk.store.saved_view(name).await?)
    }

    /// Saves a filter by this name, in place of the one that had it.
    ///
    /// # Errors
    /// Invalid (a filter that does not parse, is empty, or names a saved view), Conflict (as many as may be), Busy, Full,
    /// Draining.
    pub async fn save_view(
        &self,
        actor: &Actor,
        name: ViewName,
        filter: &str,
    ) -> Result<SavedView, EngineError> {
        self.desk.open()?;
        let filter = filter.trim();
        let read = Filter::parse_to_save(filter).map_err(|errors| refused(&errors))?;
        if read.expr.is_none() {
            let detail = "an empty filter takes everything, which needs no name: say which deliveries, such as state:dead";
            return Err(EngineError::invalid("/filter", detail));
        }
        let note = AuditNote::new(actor.clone(), "view.save");
        let saved = self.desk.store.save_view(note, name, filter.to_owned());
        saved.await.map_err(|error| match error {
            StoreError::TooMany { .. } => EngineError::Conflict(format!(
                "{error}: delete one that nobody uses (hookyard view delete)"
            )),
            other => other.into(),
        })
    }

    /// Removes the view that is saved by this name; filters that name it are refused from then on.
    ///
    /// # Errors
    /// NotFound, Busy, Full, Draining.
    pub async fn delete_view(&self, actor: &Actor, name: ViewName) -> Result<(), EngineError> {
        self.desk.open()?;
        let note = AuditNote::new(actor.clone(), "view.delete");
        Ok(self.desk.store.delete_view(note, name).await?)
    }

    /// Reads a filter as it stands in a request; `confined` is the tenant that the caller sees alone, who has no saved
    /// views.
    ///
    /// # Errors
    /// Invalid at `/filter`, Internal.
    pub(super) async fn read_filter(
        &self,
        text: &str,
        confined: Option<&Tenant>,
    ) -> Result<Expanded, EngineError> {
        if confined.is_some() {
            let filter = Filter::parse_confined(text).map_err(|errors| refused(&errors))?;
            return Ok(Expanded {
                filter,
                views: Vec::new(),
            });
        }
        let saved: SavedFilters = match SavedFilters::may_be_named_in(text) {
            true => {
                let views = self.desk.store.saved_views().await?.into_iter();
                views.map(|view| (view.name, view.filter)).collect()
            }
            false => SavedFilters::default(),
        };
        Filter::parse_with(text, &saved).map_err(|errors| refused(&errors))
    }
}

fn refused(errors: &FilterErrors) -> EngineError {
    EngineError::invalid("/filter", errors.to_string())
}
