//! What a flush adds to the causes of failures.

use std::collections::BTreeMap;

use super::values::Rows;
use crate::domain::fingerprint::{CauseId, Fingerprint};
use crate::domain::id::EndpointId;
use crate::domain::time::Timestamp;

/// The failures of a flush by cause.
#[derive(Debug, Default)]
pub(super) struct CauseDeltas {
    causes: BTreeMap<CauseId, CauseDelta>,
    endpoints: BTreeMap<(CauseId, EndpointId), (i64, Timestamp)>,
}

#[derive(Debug)]
struct CauseDelta {
    fingerprint: Fingerprint,
    failures: i64,
    first: Timestamp,
    last: Timestamp,
}

impl CauseDeltas {
    /// An attempt for an endpoint failed so, and ended then.
    pub(super) fn failed(&mut self, found: Fingerprint, endpoint_id: EndpointId, at: Timestamp) {
        let (failures, last) = self
            .endpoints
            .entry((found.id, endpoint_id))
            .or_insert((0, at));
        *failures += 1;
        *last = at.max(*last);
        let delta = self.causes.entry(found.id).or_insert(CauseDelta {
            fingerprint: found,
            failures: 0,
            first: at,
            last: at,
        });
        delta.failures += 1;
        delta.first = at.min(delta.first);
        delta.last = at.max(delta.last);
    }

    /// Rows of id, class, status, message, failures, first and last.
    pub(super) fn cause_rows(&self) -> Rows {
        let mut rows = Rows::new();
        for (id, delta) in &self.causes {
            rows.row(id.as_i64())
                .text(delta.fingerprint.class.as_str())
                .int_or_null(delta.fingerprint.status.map(i64::from))
                .text(&delta.fingerprint.message)
                .int(delta.failures)
                .int(delta.first.as_millis())
                .int(delta.last.as_millis());
        }
        rows
    }

    /// Rows of cause, endpoint, failures and last.
    pub(super) fn endpoint_rows(&self) -> Rows {
        let mut rows = Rows::new();
        for ((id, endpoint_id), (failures, last)) in &self.endpoints {
            rows.row(id.as_i64())
                .int(endpoint_id.as_i64())
                .int(*failures)
                .int(last.as_millis());
        }
        rows
    }
}
