//! The state of the first view: is all well, and if not, where to look.

use std::time::Duration;

use super::endpoints::in_need;
use super::listing::Fetched;
use super::looking_back::Window;
use super::model::Data;
use super::pane::is_wide;
use super::requests::ScreenId;
use crate::api::cause::CauseView;
use crate::api::endpoint::EndpointView;
use crate::api::horizon::OutlookView;
use crate::api::log::LogLineView;
use crate::api::replay::ReplayView;
use crate::api::stats::StatsView;
use crate::domain::id::{EndpointId, ReplayId};

/// The shortest time between two fetches: what is shown is by the minute.
const REFETCH: Duration = Duration::from_secs(5);

/// Lines of a wide screen that are none of its rows: header, title, two headings, the newest trouble, news and keys.
const WIDE_OTHERS: u16 = 8;
/// The same of others, which have four lines of charts besides.
const OTHERS: u16 = 12;

/// Rows that keys can act on, on a screen of this size.
pub(crate) fn rows_on(size: (u16, u16)) -> usize {
    let others = if is_wide(size) { WIDE_OTHERS } else { OTHERS };
    usize::from(size.1.saturating_sub(others))
}

/// What is fetched for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The window step by step.
    Figures,
    /// Why attempts failed in it.
    Causes,
    /// The newest replays.
    Replays,
    /// What is due when.
    Outlook,
    /// The newest line of the service's log that is a warning or worse.
    Warning,
}

impl Part {
    /// All parts.
    pub(crate) const ALL: [Self; 5] = [
        Self::Figures,
        Self::Causes,
        Self::Replays,
        Self::Outlook,
        Self::Warning,
    ];

    /// Whether it is known what it was.
    pub(crate) const fn has_past(self) -> bool {
        matches!(self, Self::Figures | Self::Replays)
    }

    /// Whether it is of a window of time.
    pub(crate) const fn has_window(self) -> bool {
        matches!(self, Self::Figures | Self::Causes)
    }
}

/// The view.
#[derive(Debug)]
pub(crate) struct Pulse {
    /// Its name for answers.
    pub id: ScreenId,
    /// How far it looks back.
    pub window: Window,
    /// What happened in that time.
    pub stats: Option<Box<StatsView>>,
    /// Why attempts failed in it, most failures first.
    pub causes: Vec<CauseView>,
    /// Whether these were fetched.
    pub causes_known: bool,
    /// Replays that are not over.
    pub replays: Vec<ReplayView>,
    /// What is due when, all endpoints together.
    pub outlook: Option<OutlookView>,
    /// The newest line of the service's log that is a warning or worse.
    pub warning: Option<LogLineView>,
    /// The row that was chosen; none for the first.
    pub cursor: Option<Row>,
    /// The state of its fetches.
    pub fetched: Fetched,
}

/// A row that keys act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Row {
    /// An endpoint that needs attention.
    Endpoint(EndpointId),
    /// A cause of failures.
    Cause(String),
    /// A replay that is not over.
    Replay(ReplayId),
}

/// How many rows of each kind fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Room {
    /// Endpoints.
    pub endpoints: usize,
    /// Causes.
    pub causes: usize,
    /// Replays.
    pub replays: usize,
}

impl Room {
    /// Shares `rows` among what there is: replays are few and first, then endpoints and causes half and half, and what
    /// the one does not need is the other's.
    pub(crate) fn share(rows: usize, endpoints: usize, causes: usize, replays: usize) -> Self {
        let replays = replays.min(rows / 4);
        let rest = rows - replays;
        let wanted = causes.min(rest / 2);
        let endpoints = endpoints.min(rest - wanted);
        Self {
            endpoints,
            causes: causes.min(rest - endpoints),
            replays,
        }
    }
}

impl Pulse {
    /// A view that nothing is known of.
    pub(crate) fn new(id: ScreenId) -> Self {
        Self {
            id,
            window: Window::default(),
            stats: None,
            causes: Vec::new(),
            causes_known: false,
            replays: Vec::new(),
            outlook: None,
            warning: None,
            cursor: None,
            fetched: Fetched::default(),
        }
    }

    /// Endpoints that need attention, the worst first; which ones did in the past is not known.
    pub(crate) fn endpoints(data: &Data) -> Vec<&EndpointView> {
        if data.rewound.is_some() {
            return Vec::new();
        }
        in_need(&data.endpoints)
    }

    /// How many rows of each kind fit into so many.
    pub(crate) fn room(&self, data: &Data, rows: usize) -> Room {
        let endpoints = Self::endpoints(data).len();
        Room::share(rows, endpoints, self.causes.len(), self.replays.len())
    }

    /// The rows from top to bottom.
    pub(crate) fn rows(&self, data: &Data, rows: usize) -> Vec<Row> {
        let room = self.room(data, rows);
        let endpoints = Self::endpoints(data).into_iter().take(room.endpoints);
        let endpoints = endpoints.map(|endpoint| Row::Endpoint(endpoint.id));
        let causes = self.causes.iter().take(room.causes);
        let causes = causes.map(|cause| Row::Cause(cause.id.clone()));
        let replays = self.replays.iter().take(room.replays);
        let replays = replays.map(|replay| Row::Replay(replay.id));
        endpoints.chain(causes).chain(replays).collect()
    }

    /// The row that keys act on: the chosen one, else the first.
    pub(crate) fn selected(&self, data: &Data, rows: usize) -> Option<Row> {
        let shown = self.rows(data, rows);
        let chosen = self.cursor.as_ref().filter(|row| shown.contains(row));
        chosen.or(shown.first()).cloned()
    }

    /// Moves the cursor by so many rows.
    pub(crate) fn step(&mut self, data: &Data, rows: usize, steps: isize) {
        let shown = self.rows(data, rows);
        let selected = self.selected(data, rows);
        let at = shown.iter().position(|row| Some(row) == selected.as_ref());
        let next = at.unwrap_or(0).saturating_add_signed(steps);
        let last = shown.len().saturating_sub(1);
        self.cursor = shown.get(next.min(last)).cloned();
    }

    /// Looks back so far; what was known of another window is not shown as if it were of this one.
    pub(crate) fn look_back(&mut self, window: Window) {
        self.window = window;
        self.stats = None;
        self.causes = Vec::new();
        self.causes_known = false;
    }

    /// The service tells which is the newest warning in its log.
    pub(crate) fn heard_of_warning(&mut self, newest: u64) {
        let known = self.warning.as_ref().map_or(0, |line| line.seq);
        self.fetched.outdated |= known != newest;
    }

    /// When it may be fetched again.
    pub(crate) fn refetch_at(&self) -> Option<Duration> {
        let last = self.fetched.at.unwrap_or_default();
        (self.fetched.outdated && self.fetched.loaded).then_some(last + REFETCH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_shared_and_none_is_wasted() {
        for (rows, wanted, expected) in [
            (12, (9, 9, 0), (6, 6, 0)),
            (12, (2, 9, 0), (2, 9, 0)),
            (12, (9, 2, 0), (9, 2, 0)),
            (12, (9, 9, 9), (5, 4, 3)),
            (1, (5, 5, 5), (1, 0, 0)),
            (0, (5, 5, 5), (0, 0, 0)),
        ] {
            let room = Room::share(rows, wanted.0, wanted.1, wanted.2);
            assert_eq!(
                (room.endpoints, room.causes, room.replays),
                expected,
                "{rows} {wanted:?}"
            );
        }
    }
}
