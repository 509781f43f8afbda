//! A change of one thing that waits a few seconds before it goes out, so that it can be taken back.

use std::time::Duration;

use super::changes::change;
use super::model::{Level, Model};
use super::msg::{Call, Cmd, Now};
use crate::console::actions::ActionId;
use crate::domain::id::DeliveryId;

/// How long it waits.
pub(crate) const GRACE: Duration = Duration::from_secs(3);

/// The change that waits.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Waiting {
    /// What it does, for the news.
    what: String,
    /// The delivery that it is done to.
    delivery: DeliveryId,
    /// What is called.
    call: Call,
    /// When it goes out.
    pub due: Duration,
}

/// Lets a change wait; one that waits already goes out.
pub(super) fn begin(
    model: &mut Model,
    now: Now,
    what: String,
    delivery: DeliveryId,
    call: Call,
) -> Vec<Cmd> {
    let cmds = flush(model, now);
    let undo = model.key(ActionId::Undo);
    let text = format!("{what}: goes out in 3 s, {undo} takes it back");
    model.tell(now, Level::Info, text);
    model.grace = Some(Waiting {
        what,
        delivery,
        call,
        due: now.elapsed + GRACE,
    });
    cmds
}

/// Takes back what waits.
pub(super) fn undo(model: &mut Model, now: Now) {
    let text = match model.grace.take() {
        Some(waiting) => format!("taken back: {}", waiting.what),
        None => "nothing waits that could be taken back".to_owned(),
    };
    model.tell(now, Level::Info, text);
}

/// Sends what waits, if its time has come.
pub(super) fn send_due(model: &mut Model, now: Now) -> Vec<Cmd> {
    let is_due = model
        .grace
        .as_ref()
        .is_some_and(|waiting| now.elapsed >= waiting.due);
    if is_due {
        flush(model, now)
    } else {
        Vec::new()
    }
}

/// Sends what waits.
pub(super) fn flush(model: &mut Model, now: Now) -> Vec<Cmd> {
    let Some(waiting) = model.grace.take() else {
        return Vec::new();
    };
    let Waiting {
        what,
        delivery,
        call,
        ..
    } = waiting;
    let cmds = change(model, now, &what, Some(delivery), call);
    if cmds.is_empty() {
        let text = format!("{what}: not sent, for nothing may be changed now");
        model.tell(now, Level::Warn, text);
    }
    cmds
}
