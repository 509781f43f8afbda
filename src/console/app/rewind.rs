//! The past: how far the console looks back, and what that means for what is shown.
//!
//! While it looks back, the views that have a past are fetched as they were, changes that are told are not mixed in, and
//! nothing may be changed: what is acted on is what is seen. The other views are of now, and say so.

use super::fetches;
use super::grace;
use super::model::{Level, Model, Screen};
use super::msg::{Call, Cmd, Failure, Now};
use super::requests::{Purpose, ScreenId};
use crate::api::delivery::DeliveryView;
use crate::api::page::Page;
use crate::console::actions::{ActionId, Stepping};
use crate::domain::time::Timestamp;

const MINUTE_MS: i64 = 60_000;

/// Minutes that a step goes, where the console looks so many minutes back: the further back, the longer.
const fn step(minutes: i64) -> i64 {
    match minutes {
        ..10 => 1,
        10..60 => 5,
        60..360 => 15,
        _ => 60,
    }
}

/// Steps back or forward in time, or goes to now; forward past now is now, and back past what is kept is its edge.
pub(super) fn act(model: &mut Model, now: Now, how: Stepping) -> Vec<Cmd> {
    let now_ms = now.wall.as_millis();
    let minutes = |at: Timestamp| (now_ms - at.as_millis()).max(0) / MINUTE_MS;
    let target = match (how, model.data.rewound) {
        // A whole minute, so that figures by the minute end with it.
        (Stepping::Back, None) => now_ms - MINUTE_MS - now_ms.rem_euclid(MINUTE_MS),
        (Stepping::Back, Some(at)) => at.as_millis() - step(minutes(at)) * MINUTE_MS,
        (Stepping::Forward, Some(at)) => at.as_millis() + step(minutes(at) - 1) * MINUTE_MS,
        (Stepping::Live, Some(_)) => return go(model, now, None),
        (Stepping::Forward | Stepping::Live, None) => {
            let back = model.key(ActionId::Rewind(Stepping::Back));
            model.tell(now, Level::Info, format!("this is now: {back} steps back"));
            return Vec::new();
        }
    };
    match model.data.kept_since {
        Some(oldest) if how == Stepping::Back && target < oldest.as_millis() => {
            stop(model, now, oldest)
        }
        _ => go(model, now, past_of(now, Timestamp::from_millis(target))),
    }
}

/// An instant, where it is past.
fn past_of(now: Now, at: Timestamp) -> Option<Timestamp> {
    (at < now.wall).then_some(at)
}

/// The oldest instant that is kept, where a view was asked for an older one.
pub(super) fn edge(model: &Model, purpose: &Purpose, failure: &Failure) -> Option<Timestamp> {
    let shown = model.data.rewound?;
    // One that is not later would be refused again.
    let oldest = failure.kept_since.filter(|oldest| *oldest > shown)?;
    is_of_a_view(purpose).then_some(oldest)
}

/// Shows the oldest instant that is kept, and says so.
pub(super) fn stop(model: &mut Model, now: Now, oldest: Timestamp) -> Vec<Cmd> {
    let shown = past_of(now, oldest);
    let cmds = match model.data.rewound == shown {
        true => Vec::new(),
        false => go(model, now, shown),
    };
    model.data.kept_since = shown;
    let told = model.times.day_and_minute(now.wall, oldest);
    let text = format!("the oldest that is kept: {told}");
    model.tell(now, Level::Info, text);
    cmds
}

/// Shows the past of an instant, or now.
fn go(model: &mut Model, now: Now, past: Option<Timestamp>) -> Vec<Cmd> {
    // What was changed while now was shown goes out.
    let mut cmds = grace::flush(model, now);
    model.data.rewound = past;
    if past.is_none() {
        // It is another one the next time.
        model.data.kept_since = None;
    }
    // Answers about another instant come too late.
    model.requests.forget(|purpose| {
        matches!(
            purpose,
            Purpose::Newest(_) | Purpose::Older(_) | Purpose::Count(_) | Purpose::Pulse(..)
        )
    });
    for screen in model.screens.iter_mut().chain(&mut model.parked) {
        forget_rows(screen);
    }
    model.beside = None;
    if !model.link.is_up() {
        return cmds;
    }
    match (past, model.screen().id()) {
        (Some(_), Some(id)) => cmds.extend(fetches::fetch_newest(model, now, id)),
        (Some(_), None) => {}
        (None, _) => cmds.extend(fetches::snapshot(model, now)),
    }
    cmds
}

/// Drops the rows of a view that has a past: they are of another instant.
fn forget_rows(screen: &mut Screen) {
    match screen {
        Screen::Pulse(pulse) => {
            pulse.look_back(pulse.window);
            pulse.replays.clear();
            pulse.outlook = None;
            pulse.warning = None;
        }
        Screen::Deliveries(list) => {
            let filter = list.filter.clone();
            list.set_filter(filter);
        }
        Screen::Events(list) => list.forget(),
        Screen::Audit(list) => list.forget(),
        Screen::Dead(list) => list.forget(),
        Screen::Replays(list) => list.forget(),
        Screen::Log(log) => log.forget(),
        Screen::Inspector(_) | Screen::Endpoints(_) => {}
    }
}

/// Takes the newest rows of a list: those of the past are held, for nothing follows them.
pub(super) fn take_newest(model: &mut Model, id: ScreenId, page: Page<DeliveryView>) {
    let past = model.data.rewound.is_some();
    if let Some(list) = model.list_mut(id) {
        list.take_newest(page);
        if past {
            list.hold();
        }
    }
}

/// Why nothing may be changed now, where that is so.
pub(super) fn refusal(model: &Model, title: &str) -> Option<String> {
    model.data.rewound?;
    let live = model.key(ActionId::Rewind(Stepping::Live));
    Some(format!(
        "this is the past, and a change would be of now: {live} goes back to now ({title})"
    ))
}

/// Follows new rows no longer, or says that there are none in the past.
pub(super) fn refuses_to_follow(model: &mut Model, now: Now) -> bool {
    if model.shows_past().is_none() {
        return false;
    }
    let live = model.key(ActionId::Rewind(Stepping::Live));
    let text = format!("nothing new comes in the past: {live} goes back to now");
    model.tell(now, Level::Info, text);
    true
}

/// Whether an answer is shown by a view itself, and not beside it.
const fn is_of_a_view(purpose: &Purpose) -> bool {
    matches!(
        purpose,
        Purpose::Newest(_) | Purpose::Older(_) | Purpose::Pulse(..)
    )
}

impl Screen {
    /// Whether the service knows what it was like.
    pub(crate) const fn has_past(&self) -> bool {
        match self {
            Self::Pulse(_)
            | Self::Deliveries(_)
            | Self::Events(_)
            | Self::Dead(_)
            | Self::Replays(_)
            | Self::Audit(_)
            | Self::Log(_) => true,
            Self::Inspector(_) | Self::Endpoints(_) => false,
        }
    }
}

impl Model {
    /// The instant that the shown view is of; none where it is of now.
    pub(crate) fn shows_past(&self) -> Option<Timestamp> {
        self.data.rewound.filter(|_| self.screen().has_past())
    }

    /// A call for what a view shows: of the instant that is looked back to, where the call has a past.
    pub(super) fn as_shown(&self, purpose: &Purpose, call: Call) -> Call {
        let is_shown = is_of_a_view(purpose) || matches!(purpose, Purpose::Count(_));
        match self.data.rewound {
            Some(at) if is_shown && call.has_past() => Call::Then(at, Box::new(call)),
            _ => call,
        }
    }
}
