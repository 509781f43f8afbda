//! What loaded rows are sorted by: a column, and which way.

use std::cmp::Ordering;

use super::endpoints::attention;
use crate::api::audit::AuditEntryView;
use crate::api::dead::DeadCauseView;
use crate::api::delivery::DeliveryView;
use crate::api::endpoint::EndpointView;
use crate::api::event::EventView;
use crate::api::replay::ReplayView;
use crate::domain::time::Timestamp;

/// What rows are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sorting {
    /// The heading of the column.
    pub column: &'static str,
    /// Whether the other way round than one would look first.
    pub reversed: bool,
}

/// What two rows are compared by; what an operator looks for first is less.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SortKey {
    /// A number, a time.
    Number(i128),
    /// A word, in lower case.
    Word(String),
}

impl SortKey {
    /// The largest first.
    fn most(number: impl Into<i128>) -> Self {
        Self::Number(-number.into())
    }

    /// The smallest first.
    fn least(number: impl Into<i128>) -> Self {
        Self::Number(number.into())
    }

    /// The latest first.
    fn latest(at: Timestamp) -> Self {
        Self::most(at.as_millis())
    }

    /// The next to come first.
    fn soonest(at: Timestamp) -> Self {
        Self::least(at.as_millis())
    }

    /// By the alphabet.
    fn word(text: impl AsRef<str>) -> Self {
        Self::Word(text.as_ref().to_lowercase())
    }
}

/// A row of a list that can be sorted.
pub(crate) trait Sortable {
    /// What it is compared by under a heading; none where it has nothing to say there: such rows come last.
    fn sort_key(&self, column: &str) -> Option<SortKey>;
}

impl Sorting {
    /// The places of the rows in this order; rows that are alike stay as they stand.
    pub(crate) fn order<'a, T: Sortable + 'a>(
        self,
        rows: impl Iterator<Item = &'a T>,
    ) -> Vec<usize> {
        let keys: Vec<Option<SortKey>> = rows.map(|row| row.sort_key(self.column)).collect();
        let mut order: Vec<usize> = (0..keys.len()).collect();
        order.sort_by(|one, other| match (&keys[*one], &keys[*other]) {
            (Some(one), Some(other)) if self.reversed => other.cmp(one),
            (Some(one), Some(other)) => one.cmp(other),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        });
        order
    }

    /// The same the other way round.
    pub(crate) const fn turned(self) -> Self {
        Self {
            reversed: !self.reversed,
            ..self
        }
    }

    /// What a title says of it.
    pub(crate) fn in_words(self) -> String {
        let turned = if self.reversed { ", reversed" } else { "" };
        format!("by {}{turned}", self.column)
    }
}

impl Sortable for DeliveryView {
    fn sort_key(&self, column: &str) -> Option<SortKey> {
        Some(match column {
            "TIME" => SortKey::latest(self.created_at),
            "STATE" => SortKey::word(&self.state),
            "RESULT" => match self.last_status {
                Some(status) => SortKey::word(status.to_string()),
                None => SortKey::word(self.last_class.as_ref()?),
            },
            "ENDPOINT" => match &self.endpoint_name {
                Some(name) => SortKey::word(name),
                None => SortKey::word(self.endpoint_id.to_string()),
            },
            "EVENT" => SortKey::word(self.event_type.to_string()),
            "TRY" => SortKey::most(self.attempts),
            "LAT" => SortKey::most(self.last_latency_us?),
            "NEXT" => SortKey::soonest(self.next_attempt_at?),
            "LAST" => SortKey::latest(self.last_attempt_at?),
            "EVENT ID" => SortKey::word(self.event_id.to_string()),
            "ID" => SortKey::word(self.id.to_string()),
            _ => return None,
        })
    }
}

impl Sortable for EndpointView {
    fn sort_key(&self, column: &str) -> Option<SortKey> {
        let health = &self.health;
        Some(match column {
            "NAME" => SortKey::word(self.name.as_ref().unwrap_or(&self.url)),
            "STATE" => SortKey::least(attention(self)),
            "CERT" => SortKey::soonest(health.certificate_expires_at?),
            "OK%/H" => {
                let share = health.successes_1h.saturating_mul(1_000_000);
                SortKey::least(share.checked_div(health.attempts_1h)?)
            }
            "MEAN" => SortKey::most(health.mean_latency_us_1h?),
            "P50" => SortKey::most(health.latency_us_1h?.p50),
            "P95" => SortKey::most(health.latency_us_1h?.p95),
            "BUSY" => SortKey::most(health.in_flight),
            "PEND" => SortKey::most(health.deliveries.pending),
            "HELD" => SortKey::most(health.deliveries.held),
            "DEAD" => SortKey::most(health.deliveries.dead),
            "FAILING 1H" if health.failing_1h.is_empty() => return None,
            "FAILING 1H" => {
                let parts = health.failing_1h.iter().flatten().copied().map(u64::from);
                SortKey::most(parts.sum::<u64>())
            }
            "DELIVERED" => SortKey::most(health.deliveries.delivered),
            "NEXT" => SortKey::soonest(health.next_attempt_at?),
            "CONTRACT" => SortKey::word(&self.contract),
            "LAST FAILURE" => SortKey::latest(health.last_failure_at?),
            "URL" => SortKey::word(&self.url),
            _ => return None,
        })
    }
}

impl Sortable for EventView {
    fn sort_key(&self, column: &str) -> Option<SortKey> {
        Some(match column {
            "TIME" => SortKey::latest(self.accepted_at),
            "TYPE" => SortKey::word(self.event_type.to_string()),
            "FANOUT" => SortKey::most(self.deliveries?.total),
            "OK" => SortKey::most(self.deliveries?.delivered),
            "RTY" => SortKey::most(self.deliveries?.pending),
            "BAD" => SortKey::most(self.deliveries?.dead + self.deliveries?.discarded),
            "SIZE" => SortKey::most(self.size),
            "TENANT" => SortKey::word(self.tenant.as_ref()?),
            "KEY" => SortKey::word(self.key.as_ref()?.to_string()),
            "ID" => SortKey::word(self.id.to_string()),
            _ => return None,
        })
    }
}

impl Sortable for DeadCauseView {
    fn sort_key(&self, column: &str) -> Option<SortKey> {
        Some(match column {
            "COUNT" => SortKey::most(self.dead),
            "CAUSE" => SortKey::word(self.message.as_ref()?),
            "ENDPOINT" => SortKey::word(self.endpoint_name.as_ref()?),
            "LAST" => SortKey::latest(self.last_seen?),
            // Those that a replay may help first.
            "NOW" => SortKey::most(match self.succeeding_now? {
                true => u64::MAX,
                false => self.succeeding?,
            }),
            "ID" => SortKey::word(&self.id),
            _ => return None,
        })
    }
}

impl Sortable for ReplayView {
    fn sort_key(&self, column: &str) -> Option<SortKey> {
        let counts = self.counts;
        Some(match column {
            "STARTED" => SortKey::latest(self.started_at?),
            "STATE" => SortKey::word(&self.state),
            "PROGRESS" | "LEFT" => SortKey::most(counts?.waiting + counts?.open),
            "TOTAL" => SortKey::most(self.total),
            "OK" => SortKey::most(counts?.delivered),
            "FAIL" => SortKey::most(counts?.failed),
            "SKIP" => SortKey::most(counts?.skipped),
            "RATE" => SortKey::word(&self.rate),
            "WHO" => SortKey::word(&self.who),
            "SELECTION" => SortKey::word(&self.selection),
            "NOTE" => SortKey::word(self.note.as_ref()?),
            _ => return None,
        })
    }
}

impl Sortable for AuditEntryView {
    fn sort_key(&self, column: &str) -> Option<SortKey> {
        Some(match column {
            "TIME" => SortKey::latest(self.at),
            "WHO" => SortKey::word(&self.who),
            "VIA" => SortKey::word(&self.via),
            "ACTION" => SortKey::word(&self.what),
            "TARGET" => SortKey::word(self.target.as_ref()?),
            "N" => SortKey::most(self.count?),
            "NOTE" => SortKey::word(self.note.as_ref()?),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::app::samples::delivery;

    #[test]
    fn rows_without_a_key_come_last_both_ways_and_alike_ones_stay() {
        let mut rows: Vec<DeliveryView> = (1..=5).map(delivery).collect();
        for (row, latency) in rows.iter_mut().zip([Some(5), None, Some(9), Some(5), None]) {
            row.last_latency_us = latency;
        }
        let by = Sorting {
            column: "LAT",
            reversed: false,
        };
        assert_eq!(by.order(rows.iter()), [2, 0, 3, 1, 4], "the slowest first");
        assert_eq!(by.turned().order(rows.iter()), [0, 3, 2, 1, 4]);
    }
}
