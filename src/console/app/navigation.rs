//! From view to view, and out: what is left is parked and found again, answers for what was closed are not waited for.

use super::fetches::{fetch_endpoints, fetch_newest, refresh_shown};
use super::grace;
use super::model::{Level, Model, Screen};
use super::msg::{Cmd, Now};
use super::requests::{Purpose, ScreenId};
use super::sieve::Sieve;
use crate::console::actions::{ActionId, Place};
use crate::console::options::ExitReason;

/// Goes to a view: the first one lies below all others; what lay upon it is parked and found again as it was left.
pub(super) fn go(model: &mut Model, now: Now, place: Place) -> Vec<Cmd> {
    let here = model
        .screens
        .iter()
        .rev()
        .find(|screen| screen.is_whole_view());
    let here = here.map(Screen::place).filter(|here| *here != place);
    model.before = here.or(model.before);
    close_above(model, 0);
    if model.place() != place {
        let parked = model.parked.iter().position(|known| known.place() == place);
        let screen = match parked {
            Some(at) => Some(model.parked.remove(at)),
            None => Screen::of(place, model.new_screen_id()),
        };
        model.screens.extend(screen);
    }
    if let Screen::Deliveries(list) = model.screen_mut() {
        // It heard nothing while it was parked.
        list.outdated = true;
        list.miscounted = true;
    }
    if place == Place::Endpoints {
        return fetch_endpoints(model).into_iter().collect();
    }
    refresh_shown(model, now)
}

/// Goes to the view before this one.
pub(super) fn go_back(model: &mut Model, now: Now) -> Vec<Cmd> {
    let before = model.before.unwrap_or(Place::Pulse);
    go(model, now, before)
}

pub(super) fn back(model: &mut Model, now: Now) -> Vec<Cmd> {
    if model.screen_mut().with_sieve(Sieve::clear) == Some(true) {
        return Vec::new();
    }
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
        return refresh_shown(model, now);
    }
    let text = format!(
        "this is the first view: {} quits",
        model.key(ActionId::Leave)
    );
    model.tell(now, Level::Info, text);
    Vec::new()
}

pub(super) fn leave(model: &mut Model, now: Now) -> Vec<Cmd> {
    if model.screens.len() > 1 {
        pop(model);
        return refresh_shown(model, now);
    }
    exit(model, now)
}

/// The same, and what is shown stays to be read.
pub(super) fn quit(model: &mut Model, now: Now) -> Vec<Cmd> {
    let mut cmds = exit(model, now);
    if matches!(cmds[..], [Cmd::Exit(_)]) {
        cmds.insert(0, Cmd::KeepScreen);
    }
    cmds
}

/// Ends the console; a change that waits goes out first, and the next time ends it.
fn exit(model: &mut Model, now: Now) -> Vec<Cmd> {
    if model.grace.is_some() {
        return grace::flush(model, now);
    }
    vec![Cmd::Exit(ExitReason::Quit)]
}

fn pop(model: &mut Model) {
    model.screens.pop();
    forget_closed(model);
}

/// Closes what lies upon the screen of this number; whole views are found again as they were left.
pub(super) fn close_above(model: &mut Model, number: usize) {
    let left = model.screens.split_off(number + 1);
    for screen in left.into_iter().filter(Screen::is_whole_view) {
        model.parked.retain(|known| known.place() != screen.place());
        model.parked.push(screen);
    }
    forget_closed(model);
}

/// Answers for screens that are no longer there are not waited for.
fn forget_closed(model: &mut Model) {
    let open: Vec<ScreenId> = model.screens.iter().filter_map(Screen::id).collect();
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
        | Purpose::Count(id)
        | Purpose::Detail(id)
        | Purpose::Pulse(id, _)
        | Purpose::Preview(id)
        | Purpose::Good(id)
        | Purpose::Attempt(id, _) => Some(*id),
        Purpose::Endpoints(_)
        | Purpose::Beside(_)
        | Purpose::BesideHour(_)
        | Purpose::Stats
        | Purpose::Egress
        | Purpose::Operators
        | Purpose::Notes
        | Purpose::Bell(_)
        | Purpose::SavedViews
        | Purpose::Contracts
        | Purpose::Form { .. }
        | Purpose::Plan
        | Purpose::Start
        | Purpose::Change { .. } => None,
    }
}

/// Fetches a list anew whose filter is another; answers for the old one are no longer wanted.
pub(super) fn restart(model: &mut Model, now: Now, id: ScreenId) -> Vec<Cmd> {
    forget_screen(model, id);
    fetch_newest(model, now, id)
}
