//! Where a replay and its items stand.

/// Where a replay stands; a plan that was not started yet is `Planned`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayState {
    /// Its items are being frozen.
    Planning,
    /// It may be started until the plan expires.
    Planned,
    /// Items are released.
    Running,
    /// An operator holds it.
    Paused,
    /// Its canary or its stop rule holds it, until an operator resumes or cancels it.
    Stopped,
    /// Every item has its outcome.
    Finished,
    /// An operator ended it: nothing more is released, what was released ends by itself.
    Cancelled,
}

impl ReplayState {
    const ALL: [Self; 7] = [
        Self::Planning,
        Self::Planned,
        Self::Running,
        Self::Paused,
        Self::Stopped,
        Self::Finished,
        Self::Cancelled,
    ];

    /// The word in SQL, JSON and on screen.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Planning => "planning",
            Self::Planned => "planned",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Stopped => "stopped",
            Self::Finished => "finished",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads the words of [`ReplayState::as_str`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Whether it was started and can still release items, now or after it is resumed.
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Running | Self::Paused | Self::Stopped)
    }
}

/// Where the items of a replay stand: each in exactly one of the first six.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Not released yet.
    pub waiting: u64,
    /// Released, and neither delivered nor dead.
    pub open: u64,
    /// Delivered.
    pub delivered: u64,
    /// Dead again.
    pub failed: u64,
    /// Left out: delivered already, discarded, gone.
    pub skipped: u64,
    /// Not released before the replay was cancelled.
    pub cancelled: u64,
    /// Of the open ones, those whose first attempt is still to come.
    pub untried: u64,
    /// Of the waiting ones, those that were passed over because their endpoint cannot take them now.
    pub deferred: u64,
    /// First attempts that succeeded.
    pub tried_well: u64,
    /// First attempts that failed, as probes too.
    pub tried_badly: u64,
    /// Of these, the probes behind an open breaker.
    pub probed_badly: u64,
}

impl Counts {
    /// The items of a plan that was not started yet.
    pub fn planned(total: u64) -> Self {
        Self {
            waiting: total,
            ..Self::default()
        }
    }

    /// Whether every one of `total` items is in exactly one place.
    pub const fn adds_up(&self, total: u64) -> bool {
        let ended = self.delivered + self.failed + self.skipped + self.cancelled;
        self.waiting + self.open + ended == total
            && self.untried <= self.open
            && self.deferred <= self.waiting
    }

    /// Items that have their outcome.
    pub const fn ended(&self) -> u64 {
        self.delivered + self.failed + self.skipped + self.cancelled
    }
}

/// How a released item ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver accepted it.
    Delivered,
    /// It is dead again.
    Failed,
    /// Somebody discarded it, or its endpoint was deleted.
    Skipped,
}

impl Outcome {
    /// The word in SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// Why an item is not released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skipped {
    /// It was delivered since the plan, or already then and such are to be left out.
    Delivered,
    /// It was discarded since the plan.
    Discarded,
    /// Retention took it, or its event's payload.
    Gone,
    /// Its endpoint was deleted.
    EndpointDeleted,
    /// Another replay is at it.
    Elsewhere,
}

/// What is known of an item when its turn comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn<'a> {
    /// The stored state at the plan.
    pub planned: &'a str,
    /// The stored state now; `None` when the row is gone.
    pub state: Option<&'a str>,
    /// Whether the endpoint is deleted.
    pub endpoint_deleted: bool,
    /// Whether the event's payload is there.
    pub has_payload: bool,
    /// Whether it is an open item of another replay.
    pub elsewhere: bool,
}

impl Skipped {
    /// Why an item is left out when its turn comes; `None` when it is put to work.
    pub fn why(turn: Turn<'_>, skip_delivered: bool) -> Option<Self> {
        let Some(state) = turn.state else {
            return Some(Self::Gone);
        };
        if turn.endpoint_deleted {
            return Some(Self::EndpointDeleted);
        }
        if state == "delivered" && (skip_delivered || turn.planned != "delivered") {
            return Some(Self::Delivered);
        }
        if state == "discarded" && turn.planned != "discarded" {
            return Some(Self::Discarded);
        }
        if state == "pending" && turn.elsewhere {
            return Some(Self::Elsewhere);
        }
        (!turn.has_payload).then_some(Self::Gone)
    }
}
