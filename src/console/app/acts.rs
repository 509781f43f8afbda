//! What the actions of the table do.

use super::deliveries::{Deliveries, FilterInput};
use super::endpoints::{Endpoints, by_attention};
use super::inspector::{Inspector, Tab};
use super::model::{Confirm, Level, Model, Overlay, Screen};
use super::msg::{Call, Cmd, Now};
use super::requests::{Purpose, ScreenId};
use crate::api::endpoint::EndpointView;
use crate::console::actions::{Action, ActionId, Danger, Place};
use crate::console::input::key::{Key, KeyCode};
use crate::console::options::ExitReason;
use crate::domain::id::DeliveryId;

/// Does what an action of the table says.
pub(crate) fn act(model: &mut Model, now: Now, action: &Action) -> Vec<Cmd> {
    tracing::debug!(action = action.name, "key");
    if action.danger != Danger::Look
        && let Some(refusal) = refusal(model, action)
    {
        model.tell(now, Level::Warn, refusal);
        return Vec::new();
    }
    match action.id {
        ActionId::Down => step(model, 1),
        ActionId::Up => step(model, -1),
        ActionId::HalfDown => step(model, half_page(model)),
        ActionId::HalfUp => step(model, -half_page(model)),
        ActionId::First => step(model, isize::MIN + 1),
        ActionId::Last => step(model, isize::MAX),
        ActionId::Open => return open(model, now),
        ActionId::NextTab => return turn(model, 1),
        ActionId::PreviousTab => return turn(model, -1),
        ActionId::NextAttempt => return step_attempt(model, 1),
        ActionId::PreviousAttempt => return step_attempt(model, -1),
        ActionId::Follow => follow(model),
        ActionId::Filter => open_filter(model),
        ActionId::Replay => return replay(model, now),
        ActionId::PauseOrResume => return pause_or_resume(model, now),
        ActionId::EnableOrDisable => enable_or_disable(model, now),
        ActionId::DeliveriesOfEndpoint => return deliveries_of_endpoint(model, now),
        ActionId::Copy => return copy(model, now),
        ActionId::ViewFirst | ActionId::ViewDeliveries => return go(model, now, Place::Deliveries),
        ActionId::ViewEndpoints => return go(model, now, Place::Endpoints),
        ActionId::Back => return back(model, now),
        ActionId::Leave => return leave(model),
        ActionId::Quit => return vec![Cmd::Exit(ExitReason::Quit)],
        ActionId::Refetch => return refetch(model, now),
        ActionId::Repaint => return vec![Cmd::Repaint],
        ActionId::Suspend => return suspend(model, now),
        ActionId::Help => model.overlays.push(Overlay::Help { scroll: 0 }),
        ActionId::Cancel => {}
    }
    Vec::new()
}

/// Why something may not be changed now.
fn refusal(model: &Model, action: &Action) -> Option<String> {
    if model.session.read_only {
        return Some(format!("read-only: this console may not {}", action.title));
    }
    if !model.link.is_up() {
        return Some(format!(
            "not connected: nothing can be changed until the service is back ({})",
            action.title
        ));
    }
    model
        .requests
        .changing()
        .map(|what| format!("still waiting for the answer to: {what}"))
}

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

fn half_page(model: &Model) -> isize {
    isize::try_from((model.list_height() / 2).max(1)).unwrap_or(1)
}

/// Moves the cursor, or the text, by so many lines.
fn step(model: &mut Model, steps: isize) {
    let order = by_attention(&model.data.endpoints);
    match model.screens.last_mut() {
        Some(Screen::Endpoints(list)) => list.step(&order, steps),
        Some(Screen::Inspector(inspector)) => {
            // The view knows where the text ends and clamps there.
            inspector.scroll = inspector.scroll.saturating_add_signed(steps).min(100_000);
        }
        Some(Screen::Deliveries(list)) => {
            let held = list.cursor.is_some();
            if list.hold()
                && held
                && let Some(cursor) = list.cursor
            {
                list.cursor = list.rows.step(cursor, steps);
            } else if steps > 1
                && let Some(cursor) = list.cursor
            {
                list.cursor = list.rows.step(cursor, steps);
            }
        }
        None => {}
    }
    clamp_scroll(model);
}

/// Keeps the text of an inspector on the screen.
fn clamp_scroll(model: &mut Model) {
    let size = model.size;
    let session = crate::console::view::inspector::scroll_end(model, size);
    if let Screen::Inspector(inspector) = model.screen_mut() {
        inspector.scroll = inspector.scroll.min(session);
    }
}

fn open(model: &mut Model, now: Now) -> Vec<Cmd> {
    match model.screen_mut() {
        Screen::Deliveries(list) => {
            list.hold();
            let Some(known) = list.selected().cloned() else {
                return Vec::new();
            };
            let id = model.new_screen_id();
            model.push(Screen::Inspector(Box::new(Inspector::new(id, known))));
            fetch_detail(model, id)
        }
        Screen::Endpoints(_) => deliveries_of_endpoint(model, now),
        Screen::Inspector(_) => Vec::new(),
    }
}

fn deliveries_of_endpoint(model: &mut Model, now: Now) -> Vec<Cmd> {
    let delivery = model.selected_delivery();
    let of_delivery = delivery.map(|row| (row.endpoint_id, row.endpoint_name.clone()));
    let of_list = model
        .selected_endpoint()
        .map(|endpoint| (endpoint.id, endpoint.name.clone()));
    let Some((endpoint, name)) = of_delivery.or(of_list) else {
        return no_row(model, now);
    };
    let id = model.new_screen_id();
    let title = name.unwrap_or_else(|| endpoint.to_string());
    let list = Deliveries::new(id, format!("ep:{endpoint}"), Some(title));
    model.push(Screen::Deliveries(Box::new(list)));
    fetch_newest(model, now, id).into_iter().collect()
}

fn turn(model: &mut Model, right: isize) -> Vec<Cmd> {
    let Screen::Inspector(inspector) = model.screen_mut() else {
        return Vec::new();
    };
    inspector.turn(right);
    let id = inspector.id;
    fetch_exchange(model, id)
}

fn step_attempt(model: &mut Model, later: isize) -> Vec<Cmd> {
    let Screen::Inspector(inspector) = model.screen_mut() else {
        return Vec::new();
    };
    inspector.step_attempt(later);
    let id = inspector.id;
    fetch_exchange(model, id)
}

fn follow(model: &mut Model) {
    if let Screen::Deliveries(list) = model.screen_mut() {
        if list.follows() {
            list.hold();
        } else {
            list.follow();
            // What was held back may not be all.
            list.outdated = true;
        }
    }
}

fn open_filter(model: &mut Model) {
    if let Screen::Deliveries(list) = model.screen_mut() {
        let mut input = FilterInput::new(&list.filter);
        input.check();
        list.input = Some(input);
    }
}

/// A key for the filter line.
pub(crate) fn filter_key(model: &mut Model, now: Now, key: Key) -> Vec<Cmd> {
    let Screen::Deliveries(list) = model.screen_mut() else {
        return Vec::new();
    };
    let Some(input) = &mut list.input else {
        return Vec::new();
    };
    match key.code {
        KeyCode::Esc => list.input = None,
        // A filter that cannot be read stays in its line, the last good one in force.
        KeyCode::Enter if input.problem.is_some() => {}
        KeyCode::Enter => {
            let filter = input.line.text().trim().to_owned();
            list.input = None;
            let id = list.id;
            if filter != list.filter {
                list.set_filter(filter);
                return restart(model, now, id);
            }
        }
        _ => {
            if input.line.edit(key) {
                input.check();
            }
        }
    }
    Vec::new()
}

/// Fetches a list anew whose filter is another; answers for the old one are no longer wanted.
fn restart(model: &mut Model, now: Now, id: ScreenId) -> Vec<Cmd> {
    forget_screen(model, id);
    fetch_newest(model, now, id).into_iter().collect()
}

fn replay(model: &mut Model, now: Now) -> Vec<Cmd> {
    if let Screen::Deliveries(list) = model.screen_mut()
        && list.follows()
    {
        // What moves is not acted upon: the row under the key may be another than the one that was meant.
        let text = if list.hold() {
            "held the list: choose the delivery, then r replays it"
        } else {
            "no delivery here to replay"
        };
        model.tell(now, Level::Info, text);
        return Vec::new();
    }
    let Some(id) = model.selected_delivery().map(|delivery| delivery.id) else {
        return no_row(model, now);
    };
    change(
        model,
        now,
        &format!("replay {id}"),
        Some(id),
        Call::Replay(id),
    )
}

fn no_row(model: &mut Model, now: Now) -> Vec<Cmd> {
    model.tell(
        now,
        Level::Info,
        "nothing is selected: j and k choose a row",
    );
    Vec::new()
}

/// What people call an endpoint.
fn name_of(endpoint: &EndpointView) -> String {
    endpoint
        .name
        .clone()
        .unwrap_or_else(|| endpoint.id.to_string())
}

fn pause_or_resume(model: &mut Model, now: Now) -> Vec<Cmd> {
    let Some(endpoint) = model.selected_endpoint().cloned() else {
        return no_row(model, now);
    };
    let name = name_of(&endpoint);
    let (what, call) = match endpoint.status.as_str() {
        "active" => (format!("pause {name}"), Call::Pause(endpoint.id)),
        "paused" => (format!("resume {name}"), Call::Resume(endpoint.id)),
        other => {
            let text = format!("{name} is {other}: T enables it, only then it can be paused");
            model.tell(now, Level::Warn, text);
            return Vec::new();
        }
    };
    change(model, now, &what, None, call)
}

fn enable_or_disable(model: &mut Model, now: Now) {
    let Some(endpoint) = model.selected_endpoint().cloned() else {
        no_row(model, now);
        return;
    };
    let name = name_of(&endpoint);
    let counts = endpoint.health.deliveries;
    let waiting = counts.pending + counts.held;
    let (verb, call, consequences) = match endpoint.status.as_str() {
        "active" | "paused" => (
            "disable",
            Call::Disable(endpoint.id),
            vec![
                "New events make no deliveries to it: they are not made up for later.".to_owned(),
                format!("{waiting} pending deliveries are held until it is enabled."),
            ],
        ),
        "disabled" => (
            "enable",
            Call::Enable(endpoint.id),
            vec![format!(
                "New events make deliveries to it; {waiting} held ones go out."
            )],
        ),
        other => {
            let text = format!("{name} is {other}: it can be neither enabled nor disabled");
            model.tell(now, Level::Warn, text);
            return;
        }
    };
    model.overlays.push(Overlay::Confirm(Confirm {
        question: format!("{verb} {name}?"),
        consequences,
        call,
        what: format!("{verb} {name}"),
        yes: false,
        opened: now.elapsed,
    }));
}

fn copy(model: &mut Model, now: Now) -> Vec<Cmd> {
    let text = match model.screen() {
        Screen::Endpoints(_) => model
            .selected_endpoint()
            .map(|endpoint| endpoint.id.to_string()),
        Screen::Deliveries(_) | Screen::Inspector(_) => model
            .selected_delivery()
            .map(|delivery| delivery.id.to_string()),
    };
    match text {
        Some(text) => vec![Cmd::Copy(text)],
        None => no_row(model, now),
    }
}

/// Goes to a view: to where it lies on the stack, else opens it upon the first one.
fn go(model: &mut Model, now: Now, place: Place) -> Vec<Cmd> {
    model.screens.truncate(1);
    forget_closed(model);
    match place {
        Place::Endpoints => {
            model.push(Screen::Endpoints(Endpoints::default()));
            fetch_endpoints(model).into_iter().collect()
        }
        Place::Deliveries | Place::Inspector => Vec::from_iter(refresh_shown(model, now)),
    }
}

fn back(model: &mut Model, now: Now) -> Vec<Cmd> {
    if let Screen::Deliveries(list) = model.screen_mut()
        && list.filter != list.base_filter
    {
        let base = list.base_filter.clone();
        list.set_filter(base);
        let id = list.id;
        return restart(model, now, id);
    }
    if model.screens.len() > 1 {
        pop(model);
        return Vec::from_iter(refresh_shown(model, now));
    }
    model.tell(now, Level::Info, "this is the first view: q quits");
    Vec::new()
}

fn leave(model: &mut Model) -> Vec<Cmd> {
    if model.screens.len() > 1 {
        pop(model);
        return Vec::new();
    }
    vec![Cmd::Exit(ExitReason::Quit)]
}

fn pop(model: &mut Model) {
    model.screens.pop();
    forget_closed(model);
}

/// Answers for screens that are no longer there are not waited for.
fn forget_closed(model: &mut Model) {
    let open: Vec<ScreenId> = model
        .screens
        .iter()
        .filter_map(|screen| match screen {
            Screen::Deliveries(list) => Some(list.id),
            Screen::Inspector(inspector) => Some(inspector.id),
            Screen::Endpoints(_) => None,
        })
        .collect();
    model
        .requests
        .forget(|purpose| screen_of(purpose).is_some_and(|id| !open.contains(&id)));
}

fn forget_screen(model: &mut Model, id: ScreenId) {
    model
        .requests
        .forget(|purpose| screen_of(purpose) == Some(id));
}

const fn screen_of(purpose: &Purpose) -> Option<ScreenId> {
    match purpose {
        Purpose::Newest(id)
        | Purpose::Older(id)
        | Purpose::Detail(id)
        | Purpose::Attempt(id, _) => Some(*id),
        Purpose::Endpoints(_) | Purpose::Stats | Purpose::Egress | Purpose::Change { .. } => None,
    }
}

fn suspend(model: &mut Model, now: Now) -> Vec<Cmd> {
    if model.session.embedded {
        let text = "the service runs in this process: suspending would stop all deliveries";
        model.tell(now, Level::Warn, text);
        return Vec::new();
    }
    vec![Cmd::Suspend]
}

fn refetch(model: &mut Model, now: Now) -> Vec<Cmd> {
    if model.link.is_up() {
        return snapshot(model, now);
    }
    model.link = super::link::Link::connecting(now, 0);
    vec![Cmd::OpenStream]
}

/// Fetches all that is shown and cached.
pub(crate) fn snapshot(model: &mut Model, now: Now) -> Vec<Cmd> {
    let mut cmds = Vec::new();
    cmds.extend(model.call(Purpose::Stats, Call::Stats));
    cmds.extend(fetch_endpoints(model));
    cmds.extend(model.call(Purpose::Egress, Call::Egress));
    let lists: Vec<ScreenId> = model.lists_mut().map(|list| list.id).collect();
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
fn refresh_shown(model: &mut Model, now: Now) -> Option<Cmd> {
    let Screen::Deliveries(list) = model.screen() else {
        return None;
    };
    let (id, outdated) = (list.id, list.outdated || !list.loaded);
    if outdated {
        fetch_newest(model, now, id)
    } else {
        None
    }
}

/// Asks for the newest rows of a list.
pub(crate) fn fetch_newest(model: &mut Model, now: Now, id: ScreenId) -> Option<Cmd> {
    let list = model.list_mut(id)?;
    let filter = list.filter.clone();
    let cmd = model.call(
        Purpose::Newest(id),
        Call::Deliveries {
            filter,
            cursor: None,
        },
    )?;
    let list = model.list_mut(id)?;
    list.outdated = false;
    list.fetched_at = Some(now.elapsed);
    Some(cmd)
}

/// Asks for the rows below the oldest one.
pub(crate) fn fetch_older(model: &mut Model, id: ScreenId, cursor: String) -> Option<Cmd> {
    let filter = model.list_mut(id)?.filter.clone();
    model.call(
        Purpose::Older(id),
        Call::Deliveries {
            filter,
            cursor: Some(cursor),
        },
    )
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
    let Some(inspector) = model.inspector_mut(id) else {
        return Vec::new();
    };
    let wanted = inspector.tab != Tab::Summary && inspector.exchange().is_none();
    let delivery = inspector.delivery_id;
    let Some(number) = inspector
        .current()
        .filter(|_| wanted)
        .map(|attempt| attempt.number)
    else {
        return Vec::new();
    };
    let call = Call::Attempt(delivery, number);
    model
        .call(Purpose::Attempt(id, number), call)
        .into_iter()
        .collect()
}
