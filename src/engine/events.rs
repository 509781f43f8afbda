//! Publishing and looking back at events.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use super::error::EngineError;
use super::handle::Engine;
use super::paging;
use super::router::Told;
use super::views::{Page, PageRequest};
use crate::domain::actor::Actor;
use crate::domain::endpoint_draft::InvalidInput;
use crate::domain::event::{Event, NewEvent};
use crate::domain::event_type::RESERVED;
use crate::domain::fanout::Fanout;
use crate::domain::id::{DeliveryId, EndpointId, EventId};
use crate::domain::tenant::Tenant;
use crate::domain::time::Timestamp;
use crate::store::{AuditNote, Cursor, Published, StoredEvent};

/// Store pages that are looked at for one page of a tenant's events.
const PAGES_LOOKED_AT_MAX: usize = 20;

impl Engine {
    /// Stores events with their deliveries, all or nothing; they are on disk when this returns.
    ///
    /// # Errors
    /// Invalid (a type that no enabled contract takes, or one of the service's own, at `/0/type` and so on), Conflict (a key with other content),
    /// Busy, Full, Draining.
    pub async fn publish(&self, events: Vec<NewEvent>) -> Result<Vec<Published>, EngineError> {
        self.desk.open()?;
        self.check_types(&events)?;
        let published = self.desk.store.publish(events).await?;
        let new = published.iter().filter(|published| !published.duplicate);
        let deliveries = new.map(|published| u64::from(published.deliveries)).sum();
        self.desk.expected.fetch_add(deliveries, Ordering::AcqRel);
        Ok(published)
    }

    /// A page of events, newest first; of one tenant when one is named, and accepted until an instant where one is.
    ///
    /// # Errors
    /// Invalid (cursor, limit), Internal.
    pub async fn events(
        &self,
        tenant: Option<Tenant>,
        at: Option<Timestamp>,
        page: PageRequest,
    ) -> Result<Page<Event>, EngineError> {
        let (cursor, limit) = paging::checked(&page)?;
        let mut cursor = Cursor::until(cursor, at);
        let wanted = |event: &Event| tenant.is_none() || event.audience.reaches(tenant.as_ref());
        let mut items = Vec::new();
        for _ in 0..PAGES_LOOKED_AT_MAX {
            let room = limit - u32::try_from(items.len()).unwrap_or(limit);
            let read = self.desk.store.events_page(cursor, room).await?;
            let events = read.items.into_iter().map(|stored| (*stored.event).clone());
            items.extend(events.filter(wanted));
            cursor = read.next;
            if cursor.is_none() || items.len() >= usize::try_from(limit).unwrap_or(usize::MAX) {
                break;
            }
        }
        Ok(Page {
            items,
            next: cursor.map(|cursor| cursor.to_string()),
            searched: None,
        })
    }

    /// How the deliveries of these events fare, in lists; those with too many to be counted are absent.
    ///
    /// # Errors
    /// Internal.
    pub async fn fanouts(&self, ids: &[EventId]) -> Result<BTreeMap<EventId, Fanout>, EngineError> {
        Ok(self.desk.store.fanouts(ids).await?)
    }

    /// One event. Its data reads `null` when its retention is over.
    ///
    /// # Errors
    /// NotFound, Internal.
    pub async fn event(&self, id: EventId) -> Result<Event, EngineError> {
        Ok((*self.stored_event(id).await?.event).clone())
    }

    /// One event with what the store knows beside it.
    ///
    /// # Errors
    /// NotFound, Internal.
    pub async fn stored_event(&self, id: EventId) -> Result<StoredEvent, EngineError> {
        Ok(self.desk.store.event(id).await?)
    }

    /// Sends a stored event to an endpoint that it never reached.
    ///
    /// # Errors
    /// NotFound, Conflict (it has a delivery there already, or the endpoint's contract does not take its type), Busy,
    /// Full, Draining.
    pub async fn deliver_event(
        &self,
        actor: &Actor,
        event: EventId,
        endpoint: EndpointId,
    ) -> Result<DeliveryId, EngineError> {
        self.desk.open()?;
        let target = self.desk.endpoint(endpoint)?;
        if let Some(contract) = self.desk.contracts().get_known(&target.contract) {
            let stored = self.desk.store.event(event).await?;
            contract
                .check_event_type(&stored.event.event_type)
                .map_err(|refused| EngineError::Conflict(refused.to_string()))?;
        }
        let note = AuditNote::new(actor.clone(), "event.deliver");
        let id = self.desk.store.deliver_event(note, event, endpoint).await?;
        self.desk.tell(endpoint, Told::DeliveriesChanged).await;
        Ok(id)
    }

    /// Refuses types that no enabled contract takes: such an event could reach nobody, whoever subscribes. And those
    /// under which the service itself speaks.
    fn check_types(&self, events: &[NewEvent]) -> Result<(), EngineError> {
        let contracts = self.desk.contracts();
        let check = |(index, event): (usize, &NewEvent)| {
            if event.event_type.is_reserved() {
                let detail = format!(
                    "{} begins with {RESERVED}, under which the service itself speaks: choose another type",
                    event.event_type
                );
                return Some(InvalidInput::at(format!("/{index}/type"), detail));
            }
            let checked = contracts.check_event_type(&event.event_type);
            let refused = checked.err()?;
            let pointer = format!("/{index}/type");
            Some(InvalidInput::at(pointer, refused.to_string()))
        };
        let refused: Vec<InvalidInput> = events.iter().enumerate().filter_map(check).collect();
        if refused.is_empty() {
            Ok(())
        } else {
            Err(EngineError::Invalid(refused))
        }
    }
}
