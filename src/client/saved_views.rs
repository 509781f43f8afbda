//! Saved views, one method per route.

use super::calls::{NoQuery, with_name};
use super::{Client, ClientError};
use crate::api::page::Page;
use crate::api::paths;
use crate::api::saved_view::{SaveView, SavedView};
use crate::domain::filter::ViewName;

impl Client {
    /// All saved views, by name.
    ///
    /// # Errors
    /// As every method here: not reachable, or refused with the service's problem.
    pub async fn saved_views(&self) -> Result<Page<SavedView>, ClientError> {
        self.get(paths::VIEWS, &NoQuery {}).await
    }

    /// The view that is saved by this name.
    ///
    /// # Errors
    /// See [`Client::saved_views`].
    pub async fn saved_view(&self, name: &ViewName) -> Result<SavedView, ClientError> {
        let path = with_name(paths::VIEW, name.as_str());
        self.get(&path, &NoQuery {}).await
    }

    /// Saves a filter by this name, in place of the one that had it.
    ///
    /// # Errors
    /// See [`Client::saved_views`].
    pub async fn save_view(
        &self,
        name: &ViewName,
        body: &SaveView,
    ) -> Result<SavedView, ClientError> {
        self.put(&with_name(paths::VIEW, name.as_str()), body).await
    }

    /// Removes the view that is saved by this name.
    ///
    /// # Errors
    /// See [`Client::saved_views`].
    pub async fn delete_view(&self, name: &ViewName) -> Result<(), ClientError> {
        self.delete(&with_name(paths::VIEW, name.as_str())).await
    }
}
