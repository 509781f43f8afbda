//! What the actions do that change something.

use super::dialogs::Pressed;
use super::grace;
use super::model::{Confirm, Level, Model, Overlay, Screen};
use super::msg::{Call, Cmd, Now};
use super::plan::{Asked, Intent, PlanDialog};
use super::proposal::{self, Proposal};
use super::pulse::Row;
use super::requests::Purpose;
use crate::api::endpoint::EndpointView;
use crate::console::actions::{ActionId, Marking};
use crate::console::view::dead;
use crate::domain::id::{DeliveryId, EndpointId};

/// Calls the service to change something and remembers what, for the news.
pub(crate) fn change(
    model: &mut Model,
    now: Now,
    what: &str,
    delivery: Option<DeliveryId>,
    call: Call,
) -> Vec<Cmd> {
    let purpose = Purpose::Change {
        what: what.to_owned(),
        delivery,
    };
    let cmd = model.call(purpose, call);
    if cmd.is_some() {
        model.tell(now, Level::Info, format!("{what} …"));
    }
    cmd.into_iter().collect()
}

pub(super) fn replay(model: &mut Model, now: Now) -> Vec<Cmd> {
    if let Screen::Deliveries(list) = model.screen_mut()
        && list.follows()
    {
        // What moves is not acted upon: the row under the key may be another than the one that was meant.
        let text = if list.hold() {
            let replays = model.key(ActionId::Replay);
            format!("held the list: choose the delivery, then {replays} replays it")
        } else {
            "no delivery here to replay".to_owned()
        };
        model.tell(now, Level::Info, text);
        return Vec::new();
    }
    let Some(id) = model.selected_delivery().map(|delivery| delivery.id) else {
        return no_row(model, now);
    };
    let what = format!("replay {id}");
    if model.session.surroundings.protected {
        let meaning = vec!["It is sent again, with a fresh retry budget.".to_owned()];
        ask(model, what, meaning, Call::Replay(id));
        return Vec::new();
    }
    grace::begin(model, now, what, id, Call::Replay(id))
}

/// What people call an endpoint.
pub(crate) fn name_of(endpoint: &EndpointView) -> String {
    endpoint
        .name
        .clone()
        .unwrap_or_else(|| endpoint.id.to_string())
}

/// Keeps the bar on an endpoint that is about to be changed: the order may put another one in its place.
fn stay_on(model: &mut Model, id: EndpointId) {
    match model.screen_mut() {
        Screen::Endpoints(list) => list.cursor = Some(id),
        Screen::Pulse(view) => view.cursor = Some(Row::Endpoint(id)),
        _ => {}
    }
}

pub(super) fn pause_or_resume(model: &mut Model, now: Now) -> Vec<Cmd> {
    let Some(endpoint) = model.selected_endpoint().cloned() else {
        return no_row(model, now);
    };
    stay_on(model, endpoint.id);
    let name = name_of(&endpoint);
    let (what, call) = match endpoint.status.as_str() {
        "active" => (format!("pause {name}"), Call::Pause(endpoint.id)),
        "paused" => (format!("resume {name}"), Call::Resume(endpoint.id)),
        other => {
            let enables = model.key(ActionId::EnableOrDisable);
            let text =
                format!("{name} is {other}: {enables} enables it, only then it can be paused");
            model.tell(now, Level::Warn, text);
            return Vec::new();
        }
    };
    change(model, now, &what, None, call)
}

pub(super) fn enable_or_disable(model: &mut Model, now: Now) {
    let Some(endpoint) = model.selected_endpoint().cloned() else {
        no_row(model, now);
        return;
    };
    stay_on(model, endpoint.id);
    propose(model, now, proposal::switch(&endpoint));
}

/// Opens the dialog for what the screen selects and has it frozen.
pub(super) fn plan(model: &mut Model, now: Now, intent: Intent) -> Vec<Cmd> {
    let selection = match model.screen() {
        Screen::Deliveries(list) => list.selection(),
        Screen::Pulse(_) => match model.pulse_row() {
            Some(Row::Cause(id)) => Some((
                format!("state:dead cause:{id}"),
                format!("what died of {id}"),
            )),
            Some(Row::Endpoint(_)) => model.selected_endpoint().map(dead_of),
            _ => None,
        },
        Screen::Dead(list) => list
            .selected()
            .map(|cause| (format!("state:dead cause:{}", cause.id), dead::name(cause))),
        Screen::Endpoints(_) => model.selected_endpoint().map(dead_of),
        _ => None,
    };
    let Some((filter, title)) = selection else {
        if !matches!(model.screen(), Screen::Deliveries(_)) {
            return no_row(model, now);
        }
        let (mark, filter) = (
            model.key(ActionId::Mark(Marking::Row)),
            model.key(ActionId::Filter),
        );
        let text = format!(
            "all deliveries are too many: mark rows with {mark}, or filter with {filter} first"
        );
        model.tell(now, Level::Info, text);
        return Vec::new();
    };
    let dialog = PlanDialog::new(intent, filter.clone(), title, &model.session.label);
    model.overlays.push(Overlay::Plan(Box::new(dialog)));
    freeze(model, intent, filter)
}

fn dead_of(endpoint: &EndpointView) -> (String, String) {
    let words = format!("what is dead of {}", name_of(endpoint));
    (format!("state:dead ep:{}", endpoint.id), words)
}

fn freeze(model: &mut Model, intent: Intent, filter: String) -> Vec<Cmd> {
    // The answer for a dialog that was closed must not be taken for this one's.
    model.requests.forget(|purpose| *purpose == Purpose::Plan);
    let cmd = model.call(Purpose::Plan, Call::Plan(intent, filter));
    cmd.into_iter().collect()
}

/// A key for the dialog.
pub(super) fn dialog_key(model: &mut Model, now: Now, pressed: Pressed) -> Vec<Cmd> {
    let Some(dialog) = model.dialog_mut() else {
        return Vec::new();
    };
    match dialog.key(now.elapsed, pressed) {
        Asked::Nothing => Vec::new(),
        Asked::Close => {
            model.overlays.pop();
            model.tell(now, Level::Info, "cancelled, nothing was done");
            Vec::new()
        }
        Asked::Again => {
            let (intent, filter) = (dialog.intent, dialog.filter.clone());
            dialog.stage = super::plan::Stage::Planning;
            let cmds = freeze(model, intent, filter);
            if cmds.is_empty()
                && let Some(dialog) = model.dialog_mut()
            {
                let reason = "it cannot be asked for now: not connected, or changes are locked";
                dialog.take_plan(now.elapsed, Err(reason.to_owned()));
            }
            cmds
        }
        Asked::Start(start) => {
            let cmd = model.call(Purpose::Start, Call::Start(Box::new(start)));
            if cmd.is_none()
                && let Some(dialog) = model.dialog_mut()
            {
                dialog.refused(
                    "it cannot be sent now: not connected, or too much is under way".to_owned(),
                );
            }
            cmd.into_iter().collect()
        }
    }
}

/// Holds the selected replay, or lets it go on.
pub(super) fn pause_replay(model: &mut Model, now: Now) -> Vec<Cmd> {
    let Screen::Replays(list) = model.screen() else {
        return Vec::new();
    };
    let Some(replay) = list.selected() else {
        return no_row(model, now);
    };
    let id = replay.id;
    let (what, call) = match replay.state.as_str() {
        "running" => (format!("pause {id}"), Call::PauseReplay(id)),
        "paused" | "stopped" => (format!("resume {id}"), Call::ResumeReplay(id)),
        other => {
            let text = format!("{id} is {other}: only what runs can be paused");
            model.tell(now, Level::Warn, text);
            return Vec::new();
        }
    };
    change(model, now, &what, None, call)
}

/// Asks whether the selected replay should end.
pub(super) fn cancel_replay(model: &mut Model, now: Now) {
    let Screen::Replays(list) = model.screen() else {
        return;
    };
    let Some(replay) = list.selected() else {
        no_row(model, now);
        return;
    };
    let proposed = proposal::cancel(replay);
    propose(model, now, proposed);
}

/// Asks for what is proposed, or tells why it cannot be.
fn propose(model: &mut Model, now: Now, proposed: Result<Proposal, String>) {
    match proposed {
        Ok(Proposal {
            what,
            consequences,
            call,
        }) => ask(model, what, consequences, call),
        Err(reason) => model.tell(now, Level::Warn, reason),
    }
}

/// Asks before something is changed; the answer that is chosen at first is no.
pub(super) fn ask(model: &mut Model, what: String, consequences: Vec<String>, call: Call) {
    model.overlays.push(Overlay::Confirm(Confirm {
        question: format!("{what}?"),
        consequences,
        call,
        what,
        yes: false,
    }));
}

/// There is nothing to act on.
pub(super) fn no_row(model: &mut Model, now: Now) -> Vec<Cmd> {
    let (down, up) = (model.key(ActionId::Down), model.key(ActionId::Up));
    let text = format!("nothing is selected: {down} and {up} choose a row");
    model.tell(now, Level::Info, text);
    Vec::new()
}
