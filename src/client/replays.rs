//! Replays, one method per route.

use super::calls::{AtQuery, NoBody, NoQuery, with_id};
use super::{Client, ClientError};
use crate::api::page::{Page, PageQuery};
use crate::api::paths;
use crate::api::replay::{PlanView, RecoverBody, ReplayBody, ReplayView};
use crate::domain::id::{EndpointId, PlanId, ReplayId};

impl Client {
    /// Freezes a selection; `body` asks for a dry run.
    ///
    /// # Errors
    /// As every method here: not reachable, or refused with the service's problem.
    pub async fn plan_replay(&self, body: &ReplayBody) -> Result<PlanView, ClientError> {
        self.post(paths::REPLAYS, body).await
    }

    /// Starts a plan, or plans and starts at once.
    ///
    /// # Errors
    /// See [`Client::plan_replay`].
    pub async fn start_replay(&self, body: &ReplayBody) -> Result<ReplayView, ClientError> {
        self.post(paths::REPLAYS, body).await
    }

    /// Freezes the dead deliveries of an endpoint since a time; `body` asks for a dry run.
    ///
    /// # Errors
    /// See [`Client::plan_replay`].
    pub async fn plan_recovery(
        &self,
        id: EndpointId,
        body: &RecoverBody,
    ) -> Result<PlanView, ClientError> {
        self.post(&with_id(paths::ENDPOINT_RECOVER, id), body).await
    }

    /// A page of replays, newest first.
    ///
    /// # Errors
    /// See [`Client::plan_replay`].
    pub async fn replays(&self, page: &PageQuery) -> Result<Page<ReplayView>, ClientError> {
        self.get(paths::REPLAYS, page).await
    }

    /// One replay.
    ///
    /// # Errors
    /// See [`Client::plan_replay`].
    pub async fn replay(&self, id: ReplayId) -> Result<ReplayView, ClientError> {
        self.get(&with_id(paths::REPLAY, id), &NoQuery {}).await
    }

    /// One replay as it was.
    ///
    /// # Errors
    /// See [`Client::plan_replay`].
    pub async fn replay_then(&self, id: ReplayId, at: &str) -> Result<ReplayView, ClientError> {
        self.get(&with_id(paths::REPLAY, id), &AtQuery { at }).await
    }

    /// A plan.
    ///
    /// # Errors
    /// See [`Client::plan_replay`].
    pub async fn replay_plan(&self, id: PlanId) -> Result<PlanView, ClientError> {
        self.get(&with_id(paths::REPLAY, id), &NoQuery {}).await
    }

    /// Holds a replay.
    ///
    /// # Errors
    /// See [`Client::plan_replay`].
    pub async fn pause_replay(&self, id: ReplayId) -> Result<ReplayView, ClientError> {
        self.post(&with_id(paths::REPLAY_PAUSE, id), &NoBody {})
            .await
    }

    /// Lets a replay go on.
    ///
    /// # Errors
    /// See [`Client::plan_replay`].
    pub async fn resume_replay(&self, id: ReplayId) -> Result<ReplayView, ClientError> {
        self.post(&with_id(paths::REPLAY_RESUME, id), &NoBody {})
            .await
    }

    /// Ends a replay.
    ///
    /// # Errors
    /// See [`Client::plan_replay`].
    pub async fn cancel_replay(&self, id: ReplayId) -> Result<ReplayView, ClientError> {
        self.post(&with_id(paths::REPLAY_CANCEL, id), &NoBody {})
            .await
    }
}
