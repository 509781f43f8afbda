//! Warns before the certificates of receivers run out: when an attempt shows one that ends soon, and every hour for
//! all endpoints, the idle ones too.
//!
//! What has been warned of is in the store; what is kept here only saves asking it after every attempt.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::sync::Notify;

use super::yard::Yard;
use crate::domain::certificate::{Nearness, due, end_in_words};
use crate::domain::id::EndpointId;
use crate::domain::limits::CERTIFICATES_KEPT_MAX;
use crate::domain::time::Timestamp;
use crate::store::{CertificateWarning, StoreError};

/// Time between two rounds through all endpoints.
const ROUND_EVERY: Duration = Duration::from_hours(1);

/// What attempts have shown of certificates that end soon.
#[derive(Debug, Default)]
pub(super) struct CertificateWatch {
    /// The nearest threshold that each has been looked at for. Forgotten as a whole when it grows too large.
    looked_at: RefCell<HashMap<(EndpointId, Timestamp), Nearness>>,
    /// Those that are to be warned of, unless the store says that they have been.
    waiting: RefCell<VecDeque<CertificateWarning>>,
    /// Told when one waits.
    news: Notify,
}

impl CertificateWatch {
    /// An attempt showed a certificate that runs out at `expires_at`.
    pub(super) fn seen(&self, endpoint_id: EndpointId, expires_at: Timestamp, now: Timestamp) {
        let mut looked_at = self.looked_at.borrow_mut();
        let key = (endpoint_id, expires_at);
        let Some(nearness) = due(expires_at, now, looked_at.get(&key).copied()) else {
            return;
        };
        let mut waiting = self.waiting.borrow_mut();
        // What finds no room is found by the next round.
        if waiting.len() >= CERTIFICATES_KEPT_MAX {
            return;
        }
        if looked_at.len() >= CERTIFICATES_KEPT_MAX {
            looked_at.clear();
        }
        looked_at.insert(key, nearness);
        waiting.push_back(CertificateWarning {
            endpoint_id,
            expires_at,
            nearness,
        });
        self.news.notify_one();
    }

    fn next(&self) -> Option<CertificateWarning> {
        self.waiting.borrow_mut().pop_front()
    }
}

/// Warns, for as long as the engine lives.
pub(super) async fn watch(yard: Rc<Yard>) {
    loop {
        let next = yard.clock.monotonic() + ROUND_EVERY;
        if let Err(error) = round(&yard).await {
            tracing::warn!(%error, "failed to look for certificates that run out soon; the next try is in an hour");
        }
        loop {
            while let Some(warning) = yard.certificates.next() {
                if let Err(error) = warn(&yard, warning).await {
                    tracing::warn!(%error, endpoint.id = %warning.endpoint_id, "failed to note a certificate that runs out soon; the next try is within an hour");
                }
            }
            let pause = yard.clock.nap_until(next);
            let news = std::pin::pin!(yard.certificates.news.notified());
            if let Either::Left(_) = select(pause, news).await {
                break;
            }
        }
    }
}

/// Goes through all endpoints, page by page.
async fn round(yard: &Yard) -> Result<(), StoreError> {
    let now = yard.now();
    let horizon = Nearness::ThreeWeeks.horizon(now);
    let mut after = EndpointId::from_i64(0);
    loop {
        let (near, more) = yard.store.near_certificates(after, horizon).await?;
        for certificate in &near {
            after = certificate.endpoint_id;
            if let Some(nearness) = due(certificate.expires_at, now, certificate.warned) {
                let warning = CertificateWarning {
                    endpoint_id: certificate.endpoint_id,
                    expires_at: certificate.expires_at,
                    nearness,
                };
                warn(yard, warning).await?;
            }
        }
        if !more {
            return Ok(());
        }
    }
}

/// Warns unless that was done before, by this run or another.
async fn warn(yard: &Yard, warning: CertificateWarning) -> Result<(), StoreError> {
    if !yard.store.warn_of_certificate(warning).await? {
        return Ok(());
    }
    let (id, expires_at) = (warning.endpoint_id, warning.expires_at);
    let name = yard
        .desk
        .book
        .get(id)
        .and_then(|endpoint| endpoint.name.clone());
    tracing::warn!(
        endpoint.id = %id,
        endpoint.name = name.as_deref().unwrap_or_default(),
        "the certificate of an endpoint's receiver {}",
        end_in_words(expires_at, yard.now())
    );
    Ok(())
}
