//! What is asked of the service to be shown.

use super::inspector::{Good, Tab};
use super::looking_back::Window;
use super::model::{Model, Screen};
use super::msg::{Call, Cmd, Now};
use super::pulse::Part;
use super::requests::{Purpose, ScreenId};

/// Fetches all that is shown and cached.
pub(crate) fn snapshot(model: &mut Model, now: Now) -> Vec<Cmd> {
    let mut cmds = Vec::new();
    cmds.extend(model.call(Purpose::Stats, Call::Stats));
    cmds.extend(fetch_endpoints(model));
    cmds.extend(model.call(Purpose::Egress, Call::Egress));
    let lists: Vec<ScreenId> = model.screens.iter().filter_map(Screen::id).collect();
    for id in lists {
        cmds.extend(fetch_newest(model, now, id));
    }
    let inspectors: Vec<ScreenId> = model
        .inspectors_mut()
        .map(|inspector| inspector.id)
        .collect();
    for id in inspectors {
        cmds.extend(fetch_detail(model, id));
    }
    cmds
}

/// Fetches what a screen that comes to light again may have missed.
pub(crate) fn refresh_shown(model: &mut Model, now: Now) -> Vec<Cmd> {
    let screen = model.screen_mut();
    let Some(id) = screen.id() else {
        return Vec::new();
    };
    let outdated = match screen {
        Screen::Deliveries(list) => list.outdated || !list.loaded,
        Screen::Inspector(_) => false,
        // Few changes of these are told by the stream.
        _ => true,
    };
    if outdated {
        fetch_newest(model, now, id)
    } else {
        Vec::new()
    }
}

/// Asks for what a screen shows: the newest rows of a list, all parts of the first view.
pub(crate) fn fetch_newest(model: &mut Model, now: Now, id: ScreenId) -> Vec<Cmd> {
    let Some(screen) = model.screen_of(id) else {
        return Vec::new();
    };
    let cmds = match screen {
        Screen::Pulse(pulse) => {
            let window = pulse.window;
            let parts = parts_of(model).collect();
            fetch_parts(model, id, window, parts)
        }
        other => {
            let call = other.page_call(None);
            let cmd = call.and_then(|call| model.call(Purpose::Newest(id), call));
            Vec::from_iter(cmd)
        }
    };
    if !cmds.is_empty() {
        note_fetch(model, now, id);
    }
    cmds
}

/// Asks for parts of the first view, those that have a window of this one.
pub(super) fn fetch_parts(
    model: &mut Model,
    id: ScreenId,
    window: Window,
    parts: Vec<Part>,
) -> Vec<Cmd> {
    let past = model.data.rewound.is_some();
    let parts = parts.into_iter().filter(|part| !past || part.has_past());
    parts
        .filter_map(|part| model.call(Purpose::Pulse(id, part), call_of(part, window)))
        .collect()
}

/// The parts of the first view that the service would show: who may not read the log does not ask for it.
fn parts_of(model: &Model) -> impl Iterator<Item = Part> {
    let role = model.data.info.as_ref().map(|info| &*info.role);
    let reads_log = matches!(role, Some("operator" | "admin"));
    let parts = Part::ALL.into_iter();
    parts.filter(move |part| reads_log || *part != Part::Warning)
}

fn note_fetch(model: &mut Model, now: Now, id: ScreenId) {
    match model.screen_of(id) {
        Some(Screen::Deliveries(list)) => {
            list.note_asked(now.elapsed);
        }
        Some(other) => {
            if let Some(fetched) = other.fetched() {
                fetched.outdated = false;
                fetched.at = Some(now.elapsed);
            }
        }
        None => {}
    }
}

const fn call_of(part: Part, window: Window) -> Call {
    match part {
        Part::Figures => Call::Figures(window),
        Part::Causes => Call::Causes(window.of_causes()),
        Part::Replays => Call::Replays { cursor: None },
        Part::Outlook => Call::Horizon,
        Part::Warning => Call::Warning,
    }
}

/// Asks for the rows below the oldest one.
pub(crate) fn fetch_older(model: &mut Model, id: ScreenId, cursor: String) -> Option<Cmd> {
    // A cursor of the service's is opaque; ours, the id of the row above a gap, is none of those.
    let filling = cursor.parse().ok();
    let call = model.screen_of(id)?.page_call(Some(cursor))?;
    let cmd = model.call(Purpose::Older(id), call)?;
    if let Some(list) = model.list_mut(id) {
        list.filling = filling;
    }
    Some(cmd)
}

/// Asks how many deliveries the filter of a list picks; where it cannot be asked now, it is after a while.
pub(crate) fn fetch_count(model: &mut Model, now: Now, id: ScreenId) -> Option<Cmd> {
    let filter = model.list_mut(id)?.filter.clone();
    let cmd = model.call(Purpose::Count(id), Call::Count(filter));
    let list = model.list_mut(id)?;
    list.counted_at = Some(now.elapsed);
    list.miscounted = cmd.is_none();
    cmd
}

/// Asks for the endpoints, page after page.
pub(crate) fn fetch_endpoints(model: &mut Model) -> Option<Cmd> {
    model.call(Purpose::Endpoints(0), Call::Endpoints { cursor: None })
}

/// Asks for the delivery that an inspector shows.
pub(crate) fn fetch_detail(model: &mut Model, id: ScreenId) -> Vec<Cmd> {
    let Some(inspector) = model.inspector_mut(id) else {
        return Vec::new();
    };
    let delivery = inspector.delivery_id;
    match model.call(Purpose::Detail(id), Call::Delivery(delivery)) {
        Some(cmd) => {
            if let Some(inspector) = model.inspector_mut(id) {
                inspector.outdated = false;
            }
            vec![cmd]
        }
        None => {
            if let Some(inspector) = model.inspector_mut(id) {
                inspector.outdated = true;
            }
            Vec::new()
        }
    }
}

/// Asks for the request and response that an inspector shows, if it shows them and has them not.
pub(crate) fn fetch_exchange(model: &mut Model, id: ScreenId) -> Vec<Cmd> {
    let size = model.size;
    let Some(inspector) = model.inspector_mut(id) else {
        return Vec::new();
    };
    let compares = inspector.tab == Tab::Diff && inspector.good == Good::Unknown;
    let alike = (
        inspector.known.endpoint_id,
        inspector.known.event_type.clone(),
    );
    let shown = inspector.tab.needs_exchange() || inspector.shows_both(size);
    let wanted = shown && inspector.exchange().is_none();
    let delivery = inspector.delivery_id;
    let number = inspector
        .current()
        .filter(|_| wanted)
        .map(|attempt| attempt.number);
    let mut cmds = Vec::new();
    if let Some(number) = number {
        cmds.extend(model.call(
            Purpose::Attempt(id, number),
            Call::Attempt(delivery, number),
        ));
    }
    if compares {
        let (endpoint, event_type) = alike;
        cmds.extend(model.call(Purpose::Good(id), Call::LastGood(endpoint, event_type)));
    }
    cmds
}
