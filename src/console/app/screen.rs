//! A screen of the stack: a view with its own state, and what all views have in common.

use std::time::Duration;

use super::deliveries::Deliveries;
use super::endpoints::{Endpoints, is_listed};
use super::inspector::Inspector;
use super::listing::{Fetched, Listing, Rows};
use super::log::Log;
use super::model::Data;
use super::msg::Call;
use super::pulse::Pulse;
use super::requests::ScreenId;
use super::sieve::Sieve;
use super::sorting::Sorting;
use crate::api::audit::AuditEntryView;
use crate::api::dead::DeadCauseView;
use crate::api::event::EventView;
use crate::api::replay::ReplayView;
use crate::console::actions::Place;

/// A screen with its own state.
#[derive(Debug)]
pub(crate) enum Screen {
    /// Is all well?
    Pulse(Box<Pulse>),
    /// A list of deliveries.
    Deliveries(Box<Deliveries>),
    /// One delivery.
    Inspector(Box<Inspector>),
    /// The endpoints.
    Endpoints(Endpoints),
    /// The events.
    Events(Box<Listing<EventView>>),
    /// Dead deliveries by cause.
    Dead(Box<Listing<DeadCauseView>>),
    /// The replays.
    Replays(Box<Listing<ReplayView>>),
    /// The audit log.
    Audit(Box<Listing<AuditEntryView>>),
    /// The service's own log.
    Log(Box<Log>),
}

impl Screen {
    /// The view of a place as it is before anything was fetched; an inspector belongs to a delivery and has none.
    pub(crate) fn of(place: Place, id: ScreenId) -> Option<Self> {
        Some(match place {
            Place::Inspector | Place::Over(_) => return None,
            Place::Pulse => Self::Pulse(Box::new(Pulse::new(id))),
            Place::Deliveries => {
                Self::Deliveries(Box::new(Deliveries::new(id, String::new(), None)))
            }
            Place::Endpoints => Self::Endpoints(Endpoints::default()),
            Place::Events => Self::Events(Box::new(Listing::new(id))),
            Place::Dead => Self::Dead(Box::new(Listing::new(id))),
            Place::Replays => Self::Replays(Box::new(Listing::new(id))),
            Place::Audit => Self::Audit(Box::new(Listing::new(id))),
            Place::Log => Self::Log(Box::new(Log::new(id))),
        })
    }

    /// Whether it shows all of its kind, not what was opened from elsewhere.
    pub(crate) fn is_whole_view(&self) -> bool {
        match self {
            Self::Deliveries(list) => list.title.is_none(),
            Self::Inspector(_) => false,
            _ => true,
        }
    }

    /// Where keys mean something on it.
    pub(crate) const fn place(&self) -> Place {
        match self {
            Self::Pulse(_) => Place::Pulse,
            Self::Deliveries(_) => Place::Deliveries,
            Self::Inspector(_) => Place::Inspector,
            Self::Endpoints(_) => Place::Endpoints,
            Self::Events(_) => Place::Events,
            Self::Dead(_) => Place::Dead,
            Self::Replays(_) => Place::Replays,
            Self::Audit(_) => Place::Audit,
            Self::Log(_) => Place::Log,
        }
    }

    /// Its name for answers; the endpoints have none, for they are in the cache.
    pub(crate) fn id(&self) -> Option<ScreenId> {
        match self {
            Self::Pulse(pulse) => Some(pulse.id),
            Self::Deliveries(list) => Some(list.id),
            Self::Inspector(inspector) => Some(inspector.id),
            Self::Endpoints(_) => None,
            Self::Events(_) | Self::Dead(_) | Self::Replays(_) | Self::Audit(_) | Self::Log(_) => {
                self.rows().map(Rows::id)
            }
        }
    }

    /// Its rows, where it is a list that is fetched as it is.
    pub(crate) fn rows(&self) -> Option<&dyn Rows> {
        match self {
            Self::Pulse(_) | Self::Deliveries(_) | Self::Inspector(_) | Self::Endpoints(_) => None,
            Self::Events(list) => Some(&**list),
            Self::Dead(list) => Some(&**list),
            Self::Replays(list) => Some(&**list),
            Self::Audit(list) => Some(&**list),
            Self::Log(log) => Some(&**log),
        }
    }

    /// The words that its rows, or its text, are looked through for; deliveries have the service's filter.
    pub(crate) fn sieve(&self) -> Option<&Sieve> {
        match self {
            Self::Endpoints(list) => Some(&list.sieve),
            Self::Inspector(inspector) => Some(&inspector.reading.words),
            other => other.rows().map(Rows::sieve),
        }
    }

    /// How many of its loaded rows have the words, and how many are loaded.
    pub(crate) fn counts(&self, data: &Data) -> (usize, usize) {
        match self {
            Self::Endpoints(list) => (
                list.order(&data.endpoints).len(),
                data.endpoints.values().filter(|one| is_listed(one)).count(),
            ),
            other => other.rows().map_or((0, 0), Rows::counts),
        }
    }

    /// Changes the words.
    pub(crate) fn with_sieve<T>(&mut self, change: impl FnOnce(&mut Sieve) -> T) -> Option<T> {
        match self {
            Self::Endpoints(list) => return Some(change(&mut list.sieve)),
            Self::Inspector(inspector) => return Some(change(&mut inspector.reading.words)),
            _ => {}
        }
        let rows = self.rows_mut()?;
        let changed = change(rows.sieve_mut());
        rows.sift();
        Some(changed)
    }

    /// What its loaded rows are sorted by; none where they stand as the view has them.
    pub(crate) fn sorting(&self) -> Option<Sorting> {
        match self {
            Self::Endpoints(list) => list.sorting,
            Self::Deliveries(list) => list.rows.sorting(),
            other => other.rows()?.sorting(),
        }
    }

    /// Sorts its loaded rows, where they can be.
    pub(crate) fn sort(&mut self, by: Option<Sorting>) {
        match self {
            Self::Endpoints(list) => {
                list.sorting = by;
                list.cursor = None;
            }
            Self::Deliveries(list) => list.sort(by),
            other => {
                if let Some(rows) = other.rows_mut() {
                    rows.sort(by);
                }
            }
        }
    }

    /// The same to be changed.
    pub(crate) fn rows_mut(&mut self) -> Option<&mut dyn Rows> {
        match self {
            Self::Pulse(_) | Self::Deliveries(_) | Self::Inspector(_) | Self::Endpoints(_) => None,
            Self::Events(list) => Some(&mut **list),
            Self::Dead(list) => Some(&mut **list),
            Self::Replays(list) => Some(&mut **list),
            Self::Audit(list) => Some(&mut **list),
            Self::Log(log) => Some(&mut **log),
        }
    }

    /// The state of its fetches; deliveries and inspectors have their own, endpoints are in the cache.
    pub(crate) fn fetched(&mut self) -> Option<&mut Fetched> {
        match self {
            Self::Pulse(pulse) => Some(&mut pulse.fetched),
            other => other.rows_mut().map(Rows::fetched),
        }
    }

    /// What is asked for its rows, from `cursor` on or from the newest.
    pub(crate) fn page_call(&self, cursor: Option<String>) -> Option<Call> {
        match self {
            Self::Pulse(_) | Self::Inspector(_) | Self::Endpoints(_) => None,
            Self::Deliveries(list) => Some(Call::Deliveries {
                filter: list.filter.clone(),
                cursor,
            }),
            Self::Events(_) => Some(Call::Events { cursor }),
            Self::Dead(_) => Some(Call::DeadCauses),
            Self::Replays(_) => Some(Call::Replays { cursor }),
            Self::Audit(_) => Some(Call::Audit { cursor }),
            Self::Log(_) => Some(Call::Log { cursor }),
        }
    }

    /// Moves the cursor, or the text, by so many lines.
    pub(crate) fn step(&mut self, data: &Data, height: usize, steps: isize) {
        match self {
            Self::Pulse(pulse) => pulse.step(data, height, steps),
            Self::Endpoints(list) => list.step(&list.order(&data.endpoints), steps),
            // Its text is moved where its lines are known.
            Self::Inspector(_) => {}
            Self::Deliveries(list) => list.step(steps),
            _ => {
                if let Some(rows) = self.rows_mut() {
                    rows.step(steps);
                }
            }
        }
    }

    /// Moves the window so that the cursor is in it.
    pub(crate) fn settle(&mut self, data: &Data, height: usize) {
        match self {
            Self::Endpoints(list) => list.settle(&list.order(&data.endpoints), height),
            Self::Deliveries(list) => list.settle(height),
            Self::Pulse(_) | Self::Inspector(_) => {}
            _ => {
                if let Some(rows) = self.rows_mut() {
                    rows.settle(height);
                }
            }
        }
    }

    /// When it may be fetched again; none while it is up to date.
    pub(crate) fn refetch_at(&self) -> Option<Duration> {
        match self {
            Self::Pulse(pulse) => pulse.refetch_at(),
            Self::Deliveries(list) => list.refetch_at(),
            _ => self.rows()?.refetch_at(),
        }
    }

    /// When the service may be asked how many rows there are; none where that is known.
    pub(crate) fn count_at(&self) -> Option<Duration> {
        match self {
            Self::Deliveries(list) => list.count_at(),
            _ => None,
        }
    }

    /// Where older rows begin that should be fetched now.
    pub(crate) fn wants_older(&self, height: usize) -> Option<String> {
        match self {
            Self::Deliveries(list) => list.wants_older(height),
            _ => self.rows()?.wants_older(height),
        }
    }
}
