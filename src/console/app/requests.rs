//! Which answers are waited for.

use std::collections::BTreeMap;

use super::bell::BellId;
use super::beside::Subject;
use super::model::Model;
use super::msg::{Call, Cmd, RequestId};
use super::pulse::Part;
use crate::domain::id::{DeliveryId, EndpointId};

/// Requests on their way at once; far more than keys can ask for before an answer or a time-out comes.
const OPEN_MAX: usize = 64;

/// Names a screen on the stack; never used again for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ScreenId(pub u64);

/// What an answer is wanted for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The newest rows of a list.
    Newest(ScreenId),
    /// The rows below the oldest one.
    Older(ScreenId),
    /// How many deliveries a list's filter picks.
    Count(ScreenId),
    /// A part of the first view.
    Pulse(ScreenId, Part),
    /// What a list shows of its selected row.
    Preview(ScreenId),
    /// The deliveries of a row that are told beside its list.
    Beside(Subject),
    /// The last hour of an endpoint that is told beside its list.
    BesideHour(EndpointId),
    /// The delivery an inspector shows.
    Detail(ScreenId),
    /// An attempt that an inspector shows.
    Attempt(ScreenId, u32),
    /// What an inspector compares with.
    Good(ScreenId),
    /// The cache of endpoints; the number of pages before.
    Endpoints(u32),
    /// The counters.
    Stats,
    /// The addresses that requests leave from.
    Egress,
    /// Who is attached.
    Operators,
    /// The notes about what is shown.
    Notes,
    /// What a bell waits for.
    Bell(BellId),
    /// The saved views.
    SavedViews,
    /// The contracts that a form offers.
    Contracts,
    /// What a form asks for.
    Form {
        /// Such as `edit ep_…`.
        what: String,
    },
    /// The plan of the dialog that is open.
    Plan,
    /// The start of what the dialog has planned.
    Start,
    /// Something was changed: what, in words.
    Change {
        /// Such as `replay dlv_…`.
        what: String,
        /// The delivery it was done to.
        delivery: Option<DeliveryId>,
    },
}

/// The open requests.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    given: u64,
    open: BTreeMap<RequestId, Purpose>,
}

impl Requests {
    /// Opens a request; `None` when far too many are open.
    pub(crate) fn open(&mut self, purpose: Purpose) -> Option<RequestId> {
        if self.open.len() >= OPEN_MAX {
            return None;
        }
        self.given += 1;
        let id = RequestId(self.given);
        self.open.insert(id, purpose);
        Some(id)
    }

    /// Closes a request with its answer; `None` when nobody waits for it.
    pub(crate) fn close(&mut self, id: RequestId) -> Option<Purpose> {
        self.open.remove(&id)
    }

    /// Whether an answer for this is on its way.
    pub(crate) fn awaits(&self, purpose: &Purpose) -> bool {
        self.any(|open| open == purpose)
    }

    /// Whether an answer for such a purpose is on its way.
    pub(crate) fn any(&self, is_such: impl Fn(&Purpose) -> bool) -> bool {
        self.open.values().any(is_such)
    }

    /// No longer waits for answers of this purpose.
    pub(crate) fn forget(&mut self, unwanted: impl Fn(&Purpose) -> bool) -> usize {
        let before = self.open.len();
        self.open.retain(|_, purpose| !unwanted(purpose));
        before - self.open.len()
    }

    /// Whether a change is on its way.
    pub(crate) fn changing(&self) -> Option<&str> {
        self.open.values().find_map(|purpose| match purpose {
            Purpose::Change { what, .. } | Purpose::Form { what } => Some(what.as_str()),
            Purpose::Start => Some("start what was planned"),
            _ => None,
        })
    }
}

impl Model {
    /// Calls the service; nothing where the call changes something and nothing may be changed now or there is no
    /// connection, where too much is under way, or where the same is asked already.
    pub(crate) fn call(&mut self, purpose: Purpose, call: Call) -> Option<Cmd> {
        let may_change = self.writes.allowed() && self.link.is_up() && self.data.rewound.is_none();
        if call.changes() && !may_change || self.requests.awaits(&purpose) {
            return None;
        }
        let call = self.as_shown(&purpose, call);
        let request = self.requests.open(purpose)?;
        Some(Cmd::Call(request, call))
    }
}
