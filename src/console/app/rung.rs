//! Rows with a bell, and rows that one rang for until somebody has had the bar on them.

use std::collections::VecDeque;

use super::model::{Model, Screen};
use super::pulse::Row as PulseRow;
use crate::domain::id::{DeliveryId, EndpointId, ReplayId};

/// Rows that are kept as rung for; of more the oldest are forgotten.
const RUNG_MAX: usize = 500;

/// A row that a bell can be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Belled {
    /// A delivery.
    Delivery(DeliveryId),
    /// An endpoint.
    Endpoint(EndpointId),
    /// A replay.
    Replay(ReplayId),
}

/// What a bell has to do with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BellMark {
    /// It would ring for it.
    Set,
    /// It rang for it.
    Rang,
}

/// The rows that a bell rang for.
#[derive(Debug, Default)]
pub(super) struct Rung(VecDeque<Belled>);

impl Rung {
    /// A bell rang for it.
    pub(super) fn put(&mut self, row: Belled) {
        if !self.has(row) {
            self.0.push_back(row);
        }
        while self.0.len() > RUNG_MAX {
            self.0.pop_front();
        }
    }

    /// Whether one rang for it, and nobody had the bar on it since.
    pub(super) fn has(&self, row: Belled) -> bool {
        self.0.contains(&row)
    }

    /// Somebody had the bar on it.
    pub(super) fn see(&mut self, row: Belled) {
        self.0.retain(|rung| *rung != row);
    }
}

/// The row that keys act on, where a bell can be about such.
pub(super) fn selected(model: &Model) -> Option<Belled> {
    let endpoint = || Some(Belled::Endpoint(model.selected_endpoint()?.id));
    match model.screen() {
        Screen::Deliveries(_) | Screen::Inspector(_) => {
            Some(Belled::Delivery(model.selected_delivery()?.id))
        }
        Screen::Endpoints(_) => endpoint(),
        Screen::Replays(list) => Some(Belled::Replay(list.selected()?.id)),
        Screen::Pulse(_) => match model.pulse_row()? {
            PulseRow::Endpoint(_) => endpoint(),
            PulseRow::Replay(id) => Some(Belled::Replay(id)),
            PulseRow::Cause(_) => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_rows_stay_each_once_until_they_are_seen() {
        let row = |number| Belled::Endpoint(EndpointId::from_i64(number));
        let mut rung = Rung::default();
        let most = i64::try_from(RUNG_MAX).unwrap();
        for number in 0..=most {
            rung.put(row(number));
            rung.put(row(most));
        }
        assert_eq!(rung.0.len(), RUNG_MAX);
        assert!(!rung.has(row(0)) && rung.has(row(most)));
        rung.see(row(most));
        assert!(!rung.has(row(most)));
    }
}
