//! Endpoints: making, changing, holding, testing them, and their secrets.

use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use super::desk::active;
use super::error::EngineError;
use super::handle::Engine;
use super::paging;
use super::router::Told;
use super::setup::secret_text;
use super::views::{Page, PageRequest};
use super::wish;
use crate::domain::actor::Actor;
use crate::domain::contract::Contract;
use crate::domain::duration::DurationText;
use crate::domain::endpoint::{DisabledReason, Endpoint, EndpointStatus, SealedSecret};
use crate::domain::endpoint_check as check;
use crate::domain::endpoint_draft::{EndpointPatch, NewEndpoint, Switch};
use crate::domain::event::NewEvent;
use crate::domain::event_type::{EventType, EventTypePattern};
use crate::domain::id::{EndpointId, EventId};
use crate::domain::json::RawJson;
use crate::domain::limits::{
    ACTIVE_SECRETS_MAX, NAME_CHARS_MAX, ROTATION_OVERLAP_DEFAULT, ROTATION_OVERLAP_MAX,
};
use crate::domain::seal;
use crate::domain::sign::secret::TEXT_BYTES_ADVISED;
use crate::domain::tenant::{Audience, Tenant};
use crate::domain::time::Timestamp;
use crate::store::AuditNote;

/// What a test event says when the caller gives no data.
const TEST_DATA: &str = r#"{"test":true,"message":"This is a test event from Hookyard."}"#;
/// The type of a test event where neither endpoint nor contract has one.
const TEST_TYPE: &str = "hookyard.test";

impl Engine {
    /// Makes an endpoint; its secret is shown here and by [`Engine::secret`] only.
    ///
    /// # Errors
    /// Invalid, Conflict (as many as may be), Busy, Full, Draining.
    pub async fn create_endpoint(
        &self,
        actor: &Actor,
        new: NewEndpoint,
    ) -> Result<(Endpoint, SecretString), EngineError> {
        self.desk.open()?;
        let now = self.desk.now();
        let id = self.desk.store.mint(now);
        let contracts = self.desk.contracts();
        let contract = check::contract(&contracts, new.contract.as_deref())
            .map_err(|wrong| EngineError::Invalid(vec![wrong]))?;
        let secret = match new.secret.clone() {
            Some(secret) => secret,
            None => contract.new_secret(&self.desk.randomness()),
        };
        let limits = self.desk.limits.load_full();
        let mut endpoint = wish::granted(id, contract, &limits.targets, *limits.breaker, new, now)
            .map_err(EngineError::Invalid)?;
        endpoint.secrets = vec![self.sealed(id, &secret, now)?];
        let place = self
            .desk
            .book
            .reserve(
                endpoint.tenant.as_ref(),
                limits.endpoints_max,
                limits.endpoints_per_tenant_max,
            )
            .map_err(EngineError::Conflict)?;
        let note = AuditNote::new(actor.clone(), "endpoint.create");
        let stored = self.desk.store.insert_endpoint(note, endpoint).await?;
        self.desk.book.put_all([stored.clone()]);
        drop(place);
        self.desk.tell(id, Told::Reconfigured).await;
        Ok(((*stored).clone(), secret))
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
        let limit = usize::try_from(paging::limit(&page)?).unwrap_or(usize::MAX);
        let before = match page.cursor.as_deref() {
            None => None,
            Some(text) => Some(EndpointId::from_body(text).ok_or_else(|| {
                EngineError::invalid(
                    "/cursor",
                    "not a cursor: use the next member of the page before",
                )
            })?),
        };
        let wanted = |endpoint: &Endpoint| tenant.is_none() || endpoint.tenant == tenant;
        let mut found = self.desk.book.page(before, limit + 1, wanted);
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|last| last.id.body());
        Ok(Page {
            items: found.iter().map(|endpoint| (**endpoint).clone()).collect(),
            next,
            searched: None,
        })
    }

    /// All endpoints under a contract, of exactly this tenant or of none, oldest first; deleted ones left out.
    pub fn endpoints_under(&self, contract: &str, tenant: Option<&Tenant>) -> Vec<Arc<Endpoint>> {
        let wanted = |endpoint: &Endpoint| {
            endpoint.contract == contract && endpoint.tenant.as_ref() == tenant
        };
        let mut found = self.desk.book.page(None, usize::MAX, wanted);
        found.reverse();
        found
    }

    /// One endpoint; a deleted one is not found.
    ///
    /// # Errors
    /// NotFound, Internal.
    pub async fn endpoint(&self, id: EndpointId) -> Result<Endpoint, EngineError> {
        Ok((*self.desk.endpoint(id)?).clone())
    }

    /// The same as it is on disk: who hears of a change asks for this one, for memory has it a moment later.
    ///
    /// # Errors
    /// NotFound, Internal.
    pub async fn endpoint_on_disk(&self, id: EndpointId) -> Result<Endpoint, EngineError> {
        let stored = self.desk.store.endpoint(id).await?;
        match stored.status {
            EndpointStatus::Deleted => Err(EngineError::NotFound {
                noun: "endpoint",
                id: id.to_string(),
            }),
            _ => Ok(stored),
        }
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
        self.edit_endpoint(actor, id, Some(patch), None).await
    }

    /// Changes an endpoint's settings, switches it on or off, or both at once: all of it or nothing.
    ///
    /// A switch that finds it as it should be does nothing, and none ends a pause.
    ///
    /// # Errors
    /// As [`Engine::patch_endpoint`], and Forbidden for an owner who would enable what an operator disabled.
    pub async fn edit_endpoint(
        &self,
        actor: &Actor,
        id: EndpointId,
        patch: Option<EndpointPatch>,
        switch: Option<Switch>,
    ) -> Result<Endpoint, EngineError> {
        let note = AuditNote::new(actor.clone(), action(patch.as_ref(), switch));
        let desk = &self.desk;
        let changed = desk.change_endpoint(note, id, |endpoint, now| {
            let switched = match switch {
                Some(switch) => switched(endpoint, switch, now)?,
                None => None,
            };
            let Some(patch) = &patch else {
                return Ok(switched);
            };
            let before = switched.as_ref().unwrap_or(endpoint);
            let limits = desk.limits.load();
            let (targets, breaker) = (&limits.targets, *limits.breaker);
            let contracts = desk.contracts();
            let mut changed = wish::patched(before, &contracts, targets, breaker, patch)
                .map_err(EngineError::Invalid)?;
            if let Some(secret) = &patch.secret {
                changed.secrets = vec![self.sealed(id, secret, now)?];
            }
            Ok(Some(changed))
        });
        Ok((*changed.await?).clone())
    }

    /// Deletes an endpoint; what is pending is discarded.
    ///
    /// # Errors
    /// NotFound, Busy, Draining.
    pub async fn delete_endpoint(&self, actor: &Actor, id: EndpointId) -> Result<(), EngineError> {
        let note = AuditNote::new(actor.clone(), "endpoint.delete");
        let deleted = |endpoint: &Endpoint, now| {
            Ok(Some(Endpoint {
                status: EndpointStatus::Deleted,
                hold: endpoint.hold.stop(now),
                secrets: Vec::new(),
                ..endpoint.clone()
            }))
        };
        self.desk.change_endpoint(note, id, deleted).await?;
        Ok(())
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
        let now = self.desk.now();
        if let Some(until) = until.filter(|&until| until <= now) {
            let detail = format!("{until} has passed: give a later instant, or none");
            return Err(EngineError::invalid("/until", detail));
        }
        let chars = reason.as_ref().map_or(0, |reason| reason.chars().count());
        if chars > NAME_CHARS_MAX {
            let detail =
                format!("{chars} characters are too many: at most {NAME_CHARS_MAX} are kept");
            return Err(EngineError::invalid("/reason", detail));
        }
        let note = AuditNote {
            words: reason.clone(),
            ..AuditNote::new(actor.clone(), "endpoint.pause")
        };
        let paused = |endpoint: &Endpoint, now| {
            if matches!(endpoint.status, EndpointStatus::Disabled { .. }) {
                return Err(EngineError::Conflict(format!(
                    "{id} is disabled, so nothing is sent: enable it before you pause it"
                )));
            }
            let reason = reason.clone();
            Ok(Some(Endpoint {
                status: EndpointStatus::Paused { until, reason },
                hold: endpoint.hold.start(now),
                ..endpoint.clone()
            }))
        };
        Ok((*self.desk.change_endpoint(note, id, paused).await?).clone())
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
        let note = AuditNote::new(actor.clone(), "endpoint.resume");
        let resumed = |endpoint: &Endpoint, now| match endpoint.status {
            EndpointStatus::Paused { .. } => Ok(Some(active(endpoint, now))),
            EndpointStatus::Active | EndpointStatus::Deleted => Ok(None),
            EndpointStatus::Disabled { .. } => Err(EngineError::Conflict(format!(
                "{id} is disabled, not paused: enable it"
            ))),
        };
        Ok((*self.desk.change_endpoint(note, id, resumed).await?).clone())
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
        let note = AuditNote::new(actor.clone(), "endpoint.enable");
        let enabled = |endpoint: &Endpoint, now| match endpoint.status {
            EndpointStatus::Disabled { .. } => Ok(Some(active(endpoint, now))),
            EndpointStatus::Active | EndpointStatus::Deleted => Ok(None),
            EndpointStatus::Paused { .. } => Err(EngineError::Conflict(format!(
                "{id} is paused, not disabled: resume it"
            ))),
        };
        Ok((*self.desk.change_endpoint(note, id, enabled).await?).clone())
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
        let note = AuditNote::new(actor.clone(), "endpoint.disable");
        let changed = |endpoint: &Endpoint, now| Ok(endpoint.disabled(now, reason));
        Ok((*self.desk.change_endpoint(note, id, changed).await?).clone())
    }

    /// Sends a test event to this endpoint alone, whatever its filters.
    ///
    /// Without a type: the endpoint's first exact type, else the contract's first, else `hookyard.test`.
    ///
    /// # Errors
    /// NotFound, Invalid (a type that the contract does not take), Conflict (disabled), Busy, Full, Draining.
    pub async fn test_endpoint(
        &self,
        actor: &Actor,
        id: EndpointId,
        event_type: Option<EventType>,
        data: Option<RawJson>,
    ) -> Result<EventId, EngineError> {
        self.desk.open()?;
        let endpoint = self.desk.endpoint(id)?;
        let contracts = self.desk.contracts();
        let contract = contracts.get_known(&endpoint.contract);
        if let (Some(contract), Some(asked)) = (contract, &event_type) {
            contract
                .check_event_type(asked)
                .map_err(|refused| EngineError::invalid("/event_type", refused.to_string()))?;
        }
        let audience = match endpoint.tenant.clone() {
            Some(tenant) => Audience::Tenant(tenant),
            None => Audience::Tenantless,
        };
        let event = NewEvent {
            key: None,
            audience,
            event_type: event_type
                .unwrap_or_else(|| test_type(&endpoint, contract.map(AsRef::as_ref))),
            occurred_at: None,
            attributes: None,
            data: data.unwrap_or_else(|| RawJson::from_stored(TEST_DATA)),
            test: true,
        };
        let note = AuditNote::new(actor.clone(), "endpoint.test");
        let (event_id, _) = self.desk.store.publish_to(note, event, id).await?;
        self.desk.tell(id, Told::DeliveriesChanged).await;
        Ok(event_id)
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
        self.rotate_secret_to(actor, id, overlap, None).await
    }

    /// As [`Engine::rotate_secret`], with a secret of the caller's where one is given.
    ///
    /// # Errors
    /// As [`Engine::rotate_secret`], and Invalid for a secret that the contract cannot sign with.
    pub async fn rotate_secret_to(
        &self,
        actor: &Actor,
        id: EndpointId,
        overlap: Option<Duration>,
        secret: Option<SecretString>,
    ) -> Result<(Endpoint, SecretString), EngineError> {
        let overlap = overlap.unwrap_or(ROTATION_OVERLAP_DEFAULT);
        if overlap > ROTATION_OVERLAP_MAX {
            let (asked, most) = (DurationText(overlap), DurationText(ROTATION_OVERLAP_MAX));
            let detail = format!("{asked} is out of range: choose at most {most}");
            return Err(EngineError::invalid("/overlap", detail));
        }
        let endpoint = self.desk.endpoint(id)?;
        let contracts = self.desk.contracts();
        let contract = check::contract(&contracts, Some(&endpoint.contract))
            .map_err(|wrong| EngineError::Invalid(vec![wrong]))?;
        let secret = match secret {
            Some(secret) => {
                check::secret(contract, &secret)
                    .map_err(|wrong| EngineError::Invalid(vec![wrong]))?;
                secret
            }
            None => contract.new_secret(&self.desk.randomness()),
        };
        let note = AuditNote::new(actor.clone(), "endpoint.rotate-secret");
        let rotated = |endpoint: &Endpoint, now| {
            let old = still_signing(endpoint, now, now + overlap);
            if old.len() >= ACTIVE_SECRETS_MAX {
                return Err(EngineError::Conflict(format!(
                    "{id} has {ACTIVE_SECRETS_MAX} active secrets already: wait until one expires, or use overlap 0s"
                )));
            }
            let mut secrets = vec![self.sealed(id, &secret, now)?];
            secrets.extend(old);
            Ok(Some(Endpoint {
                secrets,
                ..endpoint.clone()
            }))
        };
        let stored = self.desk.change_endpoint(note, id, rotated).await?;
        Ok(((*stored).clone(), secret))
    }

    /// Shows the newest secret; the look is audited.
    ///
    /// # Errors
    /// NotFound, Internal (it cannot be opened), Draining.
    pub async fn secret(&self, actor: &Actor, id: EndpointId) -> Result<SecretString, EngineError> {
        self.desk.open()?;
        let endpoint = self.desk.endpoint(id)?;
        let newest = endpoint
            .secrets
            .first()
            .ok_or_else(|| EngineError::NotFound {
                noun: "secret of endpoint",
                id: id.to_string(),
            })?;
        let secret = secret_text(&endpoint, newest, &self.desk.sealing_key)
            .map_err(|error| EngineError::Internal(error.to_string()))?;
        let note = AuditNote::new(actor.clone(), "endpoint.secret");
        self.desk
            .store
            .append_audit(note, Some(id.to_string()))
            .await?;
        Ok(secret)
    }

    fn sealed(
        &self,
        endpoint: EndpointId,
        secret: &SecretString,
        now: Timestamp,
    ) -> Result<SealedSecret, EngineError> {
        let id = self.desk.store.mint(now);
        let place = seal::secret_place(endpoint, id);
        let plain = secret.expose_secret().as_bytes();
        let nonce = self.desk.randomness();
        let sealed = seal::seal(&self.desk.sealing_key, nonce, &place, plain)
            .map_err(|error| EngineError::Internal(error.to_string()))?;
        let sealed = SealedSecret {
            id,
            sealed,
            created_at: now,
            expires_at: None,
        };
        if sealed.is_short() {
            tracing::warn!(
                endpoint.id = %endpoint, secret.id = %id, bytes = plain.len(),
                "an endpoint's secret is shorter than {TEXT_BYTES_ADVISED} bytes and could be guessed: ask its owner for a longer one"
            );
        }
        Ok(sealed)
    }
}

/// What the audit log calls a change.
const fn action(patch: Option<&EndpointPatch>, switch: Option<Switch>) -> &'static str {
    match (patch, switch) {
        (None, Some(Switch { enabled: true, .. })) => "endpoint.enable",
        (None, Some(Switch { enabled: false, .. })) => "endpoint.disable",
        (Some(_), _) | (None, None) => "endpoint.edit",
    }
}

/// The endpoint switched on or off; `None` when it is already.
fn switched(
    endpoint: &Endpoint,
    switch: Switch,
    now: Timestamp,
) -> Result<Option<Endpoint>, EngineError> {
    let reason = if switch.by_owner {
        DisabledReason::Owner
    } else {
        DisabledReason::Operator
    };
    if !switch.enabled {
        return Ok(endpoint.disabled(now, reason));
    }
    match endpoint.status {
        EndpointStatus::Disabled {
            reason: DisabledReason::Operator,
        } if switch.by_owner => Err(EngineError::Forbidden(
            "an operator of this service has disabled the endpoint; ask them to enable it"
                .to_owned(),
        )),
        EndpointStatus::Disabled { .. } => Ok(Some(active(endpoint, now))),
        EndpointStatus::Active | EndpointStatus::Paused { .. } | EndpointStatus::Deleted => {
            Ok(None)
        }
    }
}

/// The secrets that sign at `now`, none of them beyond `until`; none at all when that is now.
fn still_signing(endpoint: &Endpoint, now: Timestamp, until: Timestamp) -> Vec<SealedSecret> {
    endpoint
        .active_secrets(now)
        .filter(|_| until > now)
        .map(|secret| SealedSecret {
            expires_at: Some(secret.expires_at.unwrap_or(until).min(until)),
            ..secret.clone()
        })
        .collect()
}

fn test_type(endpoint: &Endpoint, contract: Option<&Contract>) -> EventType {
    let own = endpoint
        .event_types
        .iter()
        .find_map(|pattern| match pattern {
            EventTypePattern::Exact(event_type) => Some(event_type.clone()),
            EventTypePattern::Any | EventTypePattern::Below(_) => None,
        });
    let listed = contract.and_then(|contract| contract.event_types.first());
    own.or_else(|| listed.map(|entry| entry.name.clone()))
        .unwrap_or_else(|| TEST_TYPE.parse().expect("the constant is a dotted name"))
}
