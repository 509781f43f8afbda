//! One method per route.

use serde::Serialize;

use super::{Client, ClientError};
use crate::api::audit::{AuditEntryView, AuditParams};
use crate::api::cause::{CausesQuery, CausesView};
use crate::api::contract::{ContractView, ListedEventType, RotateKeyBody, ServiceKeyView};
use crate::api::dead::DiscardBody;
use crate::api::delivery::{
    AttemptDetail, CountQuery, DeliveryCount, DeliveryDetail, DeliveryView,
};
use crate::api::egress::EgressView;
use crate::api::endpoint::{
    CreateEndpoint, CreatedEndpoint, EndpointView, PatchEndpoint, PauseBody, RotateBody,
    SecretShown, TestBody, TestSent,
};
use crate::api::event::{DeliverEvent, EventView, PublishEvent, Published};
use crate::api::horizon::{HorizonQuery, HorizonView};
use crate::api::ledger::{LedgerQuery, LedgerView};
use crate::api::log::{LogParams, LogView};
use crate::api::note::{AddNote, NotesQuery, NotesView};
use crate::api::operator::OperatorView;
use crate::api::page::{Page, PageQuery};
use crate::api::paths;
use crate::api::stats::{EndpointStatsView, InfoView, PastStatsView, StatsView};
use crate::api::token::{CreateToken, CreatedToken, TokenView};
use crate::domain::id::{DeliveryId, EndpointId, EventId, TokenId};

/// A query without members.
#[derive(Serialize)]
pub(super) struct NoQuery {}

/// A body without members.
#[derive(Serialize)]
pub(super) struct NoBody {}

#[derive(Serialize)]
pub(super) struct AtQuery<'a> {
    pub(super) at: &'a str,
}

#[derive(Debug, Serialize)]
struct WindowQuery<'a> {
    window: &'a str,
}

#[derive(Serialize)]
struct PastWindowQuery<'a> {
    window: &'a str,
    at: &'a str,
}

pub(super) fn with_id(path: &str, id: impl std::fmt::Display) -> String {
    path.replace("{id}", &id.to_string())
}

pub(super) fn with_name(path: &str, name: &str) -> String {
    let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
    path.replace("{name}", &name)
}

/// Events.
impl Client {
    /// Publishes one event; it is on disk when this returns.
    ///
    /// # Errors
    /// As every method here: not reachable, or refused with the service's problem.
    pub async fn publish(&self, event: &PublishEvent) -> Result<Published, ClientError> {
        self.post(paths::EVENTS, event).await
    }

    /// Publishes up to 1,000 events, all or none.
    ///
    /// # Errors
    /// A refusal names every bad one.
    pub async fn publish_batch(
        &self,
        events: &[PublishEvent],
    ) -> Result<Vec<Published>, ClientError> {
        self.post(paths::EVENTS_BATCH, &events).await
    }

    /// Publishes a batch from the text of a JSON array or NDJSON, unread by this side.
    ///
    /// # Errors
    /// A refusal names every bad line.
    pub async fn publish_batch_text(&self, text: String) -> Result<Vec<Published>, ClientError> {
        let media_type = if text.trim_start().starts_with('[') {
            "application/json"
        } else {
            "application/x-ndjson"
        };
        let request = self
            .http
            .post(format!("{}{}", self.base, paths::EVENTS_BATCH));
        self.call(
            request
                .header(reqwest::header::CONTENT_TYPE, media_type)
                .body(text),
        )
        .await
    }

    /// A page of events, newest first.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn events(&self, page: &PageQuery) -> Result<Page<EventView>, ClientError> {
        self.get(paths::EVENTS, page).await
    }

    /// One event with its data.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn event(&self, id: EventId) -> Result<EventView, ClientError> {
        self.get(&with_id(paths::EVENT, id), &NoQuery {}).await
    }

    /// The deliveries that an event became.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn event_deliveries(
        &self,
        id: EventId,
        page: &PageQuery,
    ) -> Result<Page<DeliveryView>, ClientError> {
        self.get(&with_id(paths::EVENT_DELIVERIES, id), page).await
    }

    /// Sends a stored event to an endpoint it never reached.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn deliver_event(
        &self,
        id: EventId,
        endpoint_id: EndpointId,
    ) -> Result<DeliveryView, ClientError> {
        self.post(
            &with_id(paths::EVENT_DELIVER, id),
            &DeliverEvent { endpoint_id },
        )
        .await
    }
}

/// Endpoints.
impl Client {
    /// Creates an endpoint; the answer is the only one that shows its secret unasked.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn create_endpoint(
        &self,
        body: &CreateEndpoint,
    ) -> Result<CreatedEndpoint, ClientError> {
        self.post(paths::ENDPOINTS, body).await
    }

    /// A page of endpoints, newest first.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn endpoints(&self, page: &PageQuery) -> Result<Page<EndpointView>, ClientError> {
        self.get(paths::ENDPOINTS, page).await
    }

    /// One endpoint.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn endpoint(&self, id: EndpointId) -> Result<EndpointView, ClientError> {
        self.get(&with_id(paths::ENDPOINT, id), &NoQuery {}).await
    }

    /// Changes an endpoint's settings.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn patch_endpoint(
        &self,
        id: EndpointId,
        body: &PatchEndpoint,
    ) -> Result<EndpointView, ClientError> {
        self.patch(&with_id(paths::ENDPOINT, id), body).await
    }

    /// Deletes an endpoint; what is pending for it is discarded.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn delete_endpoint(&self, id: EndpointId) -> Result<(), ClientError> {
        self.delete(&with_id(paths::ENDPOINT, id)).await
    }

    /// Accepts deliveries for it but sends none.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn pause_endpoint(
        &self,
        id: EndpointId,
        body: &PauseBody,
    ) -> Result<EndpointView, ClientError> {
        self.post(&with_id(paths::ENDPOINT_PAUSE, id), body).await
    }

    /// Ends a pause.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn resume_endpoint(&self, id: EndpointId) -> Result<EndpointView, ClientError> {
        self.post(&with_id(paths::ENDPOINT_RESUME, id), &NoBody {})
            .await
    }

    /// Makes deliveries to it again.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn enable_endpoint(&self, id: EndpointId) -> Result<EndpointView, ClientError> {
        self.post(&with_id(paths::ENDPOINT_ENABLE, id), &NoBody {})
            .await
    }

    /// Makes no new deliveries to it and holds what is pending.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn disable_endpoint(&self, id: EndpointId) -> Result<EndpointView, ClientError> {
        self.post(&with_id(paths::ENDPOINT_DISABLE, id), &NoBody {})
            .await
    }

    /// Sends it a test event.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn test_endpoint(
        &self,
        id: EndpointId,
        body: &TestBody,
    ) -> Result<TestSent, ClientError> {
        self.post(&with_id(paths::ENDPOINT_TEST, id), body).await
    }

    /// Gives it a new secret; the old one signs on for the overlap.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn rotate_secret(
        &self,
        id: EndpointId,
        body: &RotateBody,
    ) -> Result<SecretShown, ClientError> {
        self.post(&with_id(paths::ENDPOINT_ROTATE_SECRET, id), body)
            .await
    }

    /// What happened at it in the window, such as `60m`.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn endpoint_stats(
        &self,
        id: EndpointId,
        window: &str,
    ) -> Result<EndpointStatsView, ClientError> {
        let path = with_id(paths::ENDPOINT_STATS, id);
        self.get(&path, &WindowQuery { window }).await
    }

    /// The same in the window that ended at an instant.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn endpoint_stats_then(
        &self,
        id: EndpointId,
        window: &str,
        at: &str,
    ) -> Result<EndpointStatsView, ClientError> {
        let path = with_id(paths::ENDPOINT_STATS, id);
        self.get(&path, &PastWindowQuery { window, at }).await
    }

    /// Shows its newest secret; the audit log notes it.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn endpoint_secret(&self, id: EndpointId) -> Result<SecretShown, ClientError> {
        self.get(&with_id(paths::ENDPOINT_SECRET, id), &NoQuery {})
            .await
    }
}

/// Deliveries.
impl Client {
    /// How many deliveries a filter picks, as far as that is counted.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn count_deliveries(&self, query: &CountQuery) -> Result<DeliveryCount, ClientError> {
        self.get(paths::DELIVERIES_COUNT, query).await
    }

    /// A page of deliveries by filter, newest first.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn deliveries(&self, page: &PageQuery) -> Result<Page<DeliveryView>, ClientError> {
        self.get(paths::DELIVERIES, page).await
    }

    /// One delivery with its attempts.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn delivery(&self, id: DeliveryId) -> Result<DeliveryDetail, ClientError> {
        self.get(&with_id(paths::DELIVERY, id), &NoQuery {}).await
    }

    /// One attempt with the exact request and what came back.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn attempt(&self, id: DeliveryId, number: u32) -> Result<AttemptDetail, ClientError> {
        let path = with_id(paths::ATTEMPT, id).replace("{number}", &number.to_string());
        self.get(&path, &NoQuery {}).await
    }

    /// Puts a delivery back to work with a fresh retry budget.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn replay_delivery(&self, id: DeliveryId) -> Result<DeliveryView, ClientError> {
        self.post(&with_id(paths::DELIVERY_REPLAY, id), &NoBody {})
            .await
    }

    /// Gives a delivery up.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn discard_delivery(
        &self,
        id: DeliveryId,
        body: &DiscardBody,
    ) -> Result<DeliveryView, ClientError> {
        self.post(&with_id(paths::DELIVERY_DISCARD, id), body).await
    }
}

/// Everything else.
impl Client {
    /// Totals, and what happened in the window, such as `60m`.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn stats(&self, window: &str) -> Result<StatsView, ClientError> {
        self.get(paths::STATS, &WindowQuery { window }).await
    }

    /// What happened in the window that ended at `at`.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn stats_then(&self, window: &str, at: &str) -> Result<PastStatsView, ClientError> {
        let query = PastWindowQuery { window, at };
        self.get(paths::STATS, &query).await
    }

    /// Why attempts fail, most failures first.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn causes(&self, query: &CausesQuery) -> Result<CausesView, ClientError> {
        self.get(paths::CAUSES, query).await
    }

    /// Who did what, newest first.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn audit(&self, query: &AuditParams) -> Result<Page<AuditEntryView>, ClientError> {
        self.get(paths::AUDIT, query).await
    }

    /// The newest lines of the service's own log.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn log(&self, query: &LogParams) -> Result<LogView, ClientError> {
        self.get(paths::LOG, query).await
    }

    /// Writes a note down; it is in the audit log when this returns. Gives the newest notes about the same thing.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn add_note(&self, body: &AddNote) -> Result<NotesView, ClientError> {
        self.post(paths::NOTES, body).await
    }

    /// The notes about something, newest first.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn notes(&self, query: &NotesQuery) -> Result<NotesView, ClientError> {
        self.get(paths::NOTES, query).await
    }

    /// Who watches the service live.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn operators(&self) -> Result<Page<OperatorView>, ClientError> {
        self.get(paths::OPERATORS, &NoQuery {}).await
    }

    /// What goes out in the time to come, in all and by endpoint.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn horizon(&self, query: &HorizonQuery) -> Result<HorizonView, ClientError> {
        self.get(paths::HORIZON, query).await
    }

    /// Where every delivery stands: in all, by day, and a page of endpoints.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn ledger(&self, query: &LedgerQuery) -> Result<LedgerView, ClientError> {
        self.get(paths::LEDGER, query).await
    }

    /// The addresses that requests leave from.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn egress(&self) -> Result<EgressView, ClientError> {
        self.get(paths::EGRESS, &NoQuery {}).await
    }

    /// Who answers, and who is asking.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn info(&self) -> Result<InfoView, ClientError> {
        self.get(paths::INFO, &NoQuery {}).await
    }

    /// The loaded contracts.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn contracts(&self) -> Result<Page<ContractView>, ClientError> {
        self.get(paths::CONTRACTS, &NoQuery {}).await
    }

    /// One contract.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn contract(&self, name: &str) -> Result<ContractView, ClientError> {
        self.get(&with_name(paths::CONTRACT, name), &NoQuery {})
            .await
    }

    /// The event types that enabled contracts describe, by contract.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn event_types(&self) -> Result<Page<ListedEventType>, ClientError> {
        self.get(paths::EVENT_TYPES, &NoQuery {}).await
    }

    /// The public halves of the keys that the service signs with under a contract, newest first.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn contract_keys(&self, name: &str) -> Result<Page<ServiceKeyView>, ClientError> {
        self.get(&with_name(paths::CONTRACT_KEYS, name), &NoQuery {})
            .await
    }

    /// Makes a contract's next key; gives all of them, newest first.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn rotate_contract_key(
        &self,
        name: &str,
        body: &RotateKeyBody,
    ) -> Result<Page<ServiceKeyView>, ClientError> {
        self.post(&with_name(paths::CONTRACT_KEYS_ROTATE, name), body)
            .await
    }

    /// Makes an access token; the answer is the only one that shows its value.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn create_token(&self, body: &CreateToken) -> Result<CreatedToken, ClientError> {
        self.post(paths::TOKENS, body).await
    }

    /// A page of tokens, newest first.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn tokens(&self, page: &PageQuery) -> Result<Page<TokenView>, ClientError> {
        self.get(paths::TOKENS, page).await
    }

    /// Revokes a token.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn revoke_token(&self, id: TokenId) -> Result<(), ClientError> {
        self.delete(&with_id(paths::TOKEN, id)).await
    }

    /// The metrics text.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn metrics(&self) -> Result<String, ClientError> {
        self.text(paths::METRICS).await
    }

    /// Whether the service is ready; the text says why not.
    ///
    /// # Errors
    /// See [`Client::publish`].
    pub async fn ready(&self) -> Result<String, ClientError> {
        self.text(paths::READYZ).await
    }
}
