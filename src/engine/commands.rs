//! What callers can ask of the engine: publishing, endpoints, deliveries, tokens, figures.

use std::time::Duration;

use secrecy::SecretString;

use super::error::EngineError;
use super::handle::Engine;
use super::views::{AttemptView, DeliveryQuery, DeliveryView, Ledger, Page, PageRequest, Stats};
use crate::domain::actor::Actor;
use crate::domain::attempt::Attempt;
use crate::domain::delivery::Delivery;
use crate::domain::endpoint::{DisabledReason, Endpoint};
use crate::domain::endpoint_draft::{EndpointPatch, NewEndpoint};
use crate::domain::event::{Event, NewEvent};
use crate::domain::event_type::EventType;
use crate::domain::id::{DeliveryId, EndpointId, EventId, TokenId};
use crate::domain::json::RawJson;
use crate::domain::tenant::Tenant;
use crate::domain::time::Timestamp;
use crate::domain::token::{Role, Token};

/// What publishing one event came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// The event's id; of a duplicate, the first one's.
    pub event_id: EventId,
    /// How many deliveries it became.
    pub deliveries: u32,
    /// Whether the same key and content had been accepted before.
    pub duplicate: bool,
}

/// A token as somebody asks for it.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The tenant it is bound to.
    pub tenant: Option<Tenant>,
    /// From when it is refused.
    pub expires_at: Option<Timestamp>,
    /// A value that was given out already; `None` to have one made.
    pub value: Option<SecretString>,
}

/// Events.
impl Engine {
    /// Stores events with their deliveries, all or nothing; they are on disk when this returns.
    ///
    /// # Errors
    /// Conflict (a key with other content), Busy, Full, Draining.
    pub async fn publish(&self, events: Vec<NewEvent>) -> Result<Vec<Published>, EngineError> {
        let _ = events;
        Err(EngineError::Draining)
    }

    /// A page of events, newest first; of one tenant when one is named.
    ///
    /// # Errors
    /// Invalid (cursor, limit), Internal.
    pub async fn events(
        &self,
        tenant: Option<Tenant>,
        page: PageRequest,
    ) -> Result<Page<Event>, EngineError> {
        let _ = (tenant, page);
        Err(EngineError::Draining)
    }

    /// One event.
    ///
    /// # Errors
    /// NotFound, Internal.
    pub async fn event(&self, id: EventId) -> Result<Event, EngineError> {
        let _ = id;
        Err(EngineError::Draining)
    }

    /// Sends a stored event to an endpoint that it never reached.
    ///
    /// # Errors
    /// NotFound, Conflict (it has a delivery there already), Busy, Full, Draining.
    pub async fn deliver_event(
        &self,
        actor: &Actor,
        event: EventId,
        endpoint: EndpointId,
    ) -> Result<DeliveryId, EngineError> {
        let _ = (actor, event, endpoint);
        Err(EngineError::Draining)
    }
}

/// Endpoints.
impl Engine {
    /// Makes an endpoint; its secret is shown here and by [`Engine::secret`] only.
    ///
    /// # Errors
    /// Invalid, Busy, Full, Draining.
    pub async fn create_endpoint(
        &self,
        actor: &Actor,
        new: NewEndpoint,
    ) -> Result<(Endpoint, SecretString), EngineError> {
        let _ = (actor, new);
        Err(EngineError::Draining)
    }

    /// All endpoints that are not deleted, newest first; of one tenant when one is named.
    ///
    /// # Errors
    /// Invalid (cursor, limit), Internal.
    pub async fn endpoints(
        &self,
        tenant: Option<Tenant>,
        page: PageRequest,
    ) -> Result<Page<Endpoint>, EngineError> {
        let _ = (tenant, page);
        Err(EngineError::Draining)
    }

    /// One endpoint; a deleted one is not found.
    ///
    /// # Errors
    /// NotFound, Internal.
    pub async fn endpoint(&self, id: EndpointId) -> Result<Endpoint, EngineError> {
        let _ = id;
        Err(EngineError::Draining)
    }

    /// Changes an endpoint's settings.
    ///
    /// # Errors
    /// NotFound, Invalid, Conflict (changed by somebody else in between), Busy, Full, Draining.
    pub async fn patch_endpoint(
        &self,
        actor: &Actor,
        id: EndpointId,
        patch: EndpointPatch,
    ) -> Result<Endpoint, EngineError> {
        let _ = (actor, id, patch);
        Err(EngineError::Draining)
    }

    /// Deletes an endpoint; what is pending is discarded.
    ///
    /// # Errors
    /// NotFound, Busy, Draining.
    pub async fn delete_endpoint(&self, actor: &Actor, id: EndpointId) -> Result<(), EngineError> {
        let _ = (actor, id);
        Err(EngineError::Draining)
    }

    /// Holds an endpoint: deliveries are accepted, none is sent, until resumed or until `until`.
    ///
    /// # Errors
    /// NotFound, Invalid (`until` has passed), Conflict (disabled), Busy, Draining.
    pub async fn pause_endpoint(
        &self,
        actor: &Actor,
        id: EndpointId,
        until: Option<Timestamp>,
        reason: Option<String>,
    ) -> Result<Endpoint, EngineError> {
        let _ = (actor, id, until, reason);
        Err(EngineError::Draining)
    }

    /// Ends a pause; does nothing to an active endpoint.
    ///
    /// # Errors
    /// NotFound, Conflict (disabled), Busy, Draining.
    pub async fn resume_endpoint(
        &self,
        actor: &Actor,
        id: EndpointId,
    ) -> Result<Endpoint, EngineError> {
        let _ = (actor, id);
        Err(EngineError::Draining)
    }

    /// Enables a disabled endpoint; does nothing to an active one.
    ///
    /// # Errors
    /// NotFound, Conflict (paused), Busy, Draining.
    pub async fn enable_endpoint(
        &self,
        actor: &Actor,
        id: EndpointId,
    ) -> Result<Endpoint, EngineError> {
        let _ = (actor, id);
        Err(EngineError::Draining)
    }

    /// Disables an endpoint: no new deliveries, what is pending is held.
    ///
    /// # Errors
    /// NotFound, Busy, Draining.
    pub async fn disable_endpoint(
        &self,
        actor: &Actor,
        id: EndpointId,
        reason: DisabledReason,
    ) -> Result<Endpoint, EngineError> {
        let _ = (actor, id, reason);
        Err(EngineError::Draining)
    }

    /// Sends a test event to this endpoint alone, whatever its filters.
    ///
    /// Without a type: the endpoint's first exact type, else the contract's first, else `hookyard.test`.
    ///
    /// # Errors
    /// NotFound, Busy, Full, Draining.
    pub async fn test_endpoint(
        &self,
        actor: &Actor,
        id: EndpointId,
        event_type: Option<EventType>,
        data: Option<RawJson>,
    ) -> Result<EventId, EngineError> {
        let _ = (actor, id, event_type, data);
        Err(EngineError::Draining)
    }

    /// Makes a new secret; the old ones go on signing for `overlap` (24 hours when `None`, at most 7 days).
    ///
    /// # Errors
    /// NotFound, Invalid (overlap), Conflict (too many active secrets), Busy, Draining.
    pub async fn rotate_secret(
        &self,
        actor: &Actor,
        id: EndpointId,
        overlap: Option<Duration>,
    ) -> Result<(Endpoint, SecretString), EngineError> {
        let _ = (actor, id, overlap);
        Err(EngineError::Draining)
    }

    /// Shows the newest secret; the look is audited.
    ///
    /// # Errors
    /// NotFound, Internal (it cannot be opened), Draining.
    pub async fn secret(&self, actor: &Actor, id: EndpointId) -> Result<SecretString, EngineError> {
        let _ = (actor, id);
        Err(EngineError::Draining)
    }
}

/// Deliveries.
impl Engine {
    /// A page of deliveries, newest first.
    ///
    /// # Errors
    /// Invalid (filter, cursor, limit), Internal.
    pub async fn deliveries(&self, query: DeliveryQuery) -> Result<Page<Delivery>, EngineError> {
        let _ = query;
        Err(EngineError::Draining)
    }

    /// One delivery with its attempts and the sentence that says why it stands where it does.
    ///
    /// # Errors
    /// NotFound, Internal.
    pub async fn delivery(&self, id: DeliveryId) -> Result<DeliveryView, EngineError> {
        let _ = id;
        Err(EngineError::Draining)
    }

    /// The attempts of a delivery, oldest first.
    ///
    /// # Errors
    /// NotFound, Internal.
    pub async fn attempts(&self, id: DeliveryId) -> Result<Vec<Attempt>, EngineError> {
        let _ = id;
        Err(EngineError::Draining)
    }

    /// One attempt by its number (from 1), with the request rendered again.
    ///
    /// # Errors
    /// NotFound, Internal.
    pub async fn attempt(&self, id: DeliveryId, number: u32) -> Result<AttemptView, EngineError> {
        let _ = (id, number);
        Err(EngineError::Draining)
    }

    /// Puts a delivery back to work at once with a fresh retry budget.
    ///
    /// # Errors
    /// NotFound, Conflict, Busy, Draining.
    pub async fn replay_delivery(
        &self,
        actor: &Actor,
        id: DeliveryId,
    ) -> Result<Delivery, EngineError> {
        let _ = (actor, id);
        Err(EngineError::Draining)
    }

    /// Cancels a delivery.
    ///
    /// # Errors
    /// NotFound, Conflict (delivered or discarded already), Busy, Draining.
    pub async fn discard_delivery(
        &self,
        actor: &Actor,
        id: DeliveryId,
    ) -> Result<Delivery, EngineError> {
        let _ = (actor, id);
        Err(EngineError::Draining)
    }
}

/// Tokens.
impl Engine {
    /// Makes a token; its text is shown here only.
    ///
    /// # Errors
    /// Invalid (name, value shorter than 16 bytes), Conflict (value known already), Busy, Draining.
    pub async fn create_token(
        &self,
        actor: &Actor,
        new: NewToken,
    ) -> Result<(Token, SecretString), EngineError> {
        let _ = (actor, new);
        Err(EngineError::Draining)
    }

    /// All tokens, revoked ones included, newest first.
    ///
    /// # Errors
    /// Internal.
    pub async fn tokens(&self) -> Result<Vec<Token>, EngineError> {
        Err(EngineError::Draining)
    }

    /// Revokes a token.
    ///
    /// # Errors
    /// NotFound, Busy, Draining.
    pub async fn revoke_token(&self, actor: &Actor, id: TokenId) -> Result<(), EngineError> {
        let _ = (actor, id);
        Err(EngineError::Draining)
    }

    /// The token with this text, if it is valid now.
    ///
    /// # Errors
    /// Internal.
    pub async fn authenticate(&self, text: &SecretString) -> Result<Option<Token>, EngineError> {
        let _ = text;
        Err(EngineError::Draining)
    }
}

/// Figures.
impl Engine {
    /// What happened in the last `window`, minute by minute, and where all deliveries stand.
    ///
    /// # Errors
    /// Internal.
    pub async fn stats(&self, window: Duration) -> Result<Stats, EngineError> {
        let _ = window;
        Err(EngineError::Draining)
    }

    /// The conservation ledger.
    ///
    /// # Errors
    /// Internal.
    pub async fn ledger(&self) -> Result<Ledger, EngineError> {
        Err(EngineError::Draining)
    }
}
