//! What the actions of the table do.

use super::changes::{self, no_row};
use super::command;
use super::contexts;
use super::deliveries::{Deliveries, MARKS_MAX};
use super::fetches::{
    fetch_detail, fetch_endpoints, fetch_exchange, fetch_newest, refresh_shown, snapshot,
};
use super::filter_line::{self, FilterLine};
use super::forms;
use super::grace;
use super::inspector::{Inspector, Tab};
use super::listing::Listing;
use super::model::{Level, Model, Overlay, Screen};
use super::msg::{Cmd, Now};
use super::palette::{Asked, Palette, Target};
use super::plan::Intent;
use super::preview;
use super::pulse::Row;
use super::requests::{Purpose, ScreenId};
use super::sieve::Sieve;
use super::take_away::{self, Wanted};
use super::writes::{self, ARMED_FOR, Arming, Switched, Writes};
use super::yank;
use crate::console::actions::{Action, ActionId, Danger, Place, Yank};
use crate::console::input::key::Key;
use crate::console::options::ExitReason;

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
        ActionId::NextFailure => step_to_failure(model, now, true),
        ActionId::PreviousFailure => step_to_failure(model, now, false),
        ActionId::First => step(model, isize::MIN + 1),
        ActionId::Last => step(model, isize::MAX),
        ActionId::Open => return open(model, now),
        ActionId::NextTab => return turn(model, 1),
        ActionId::PreviousTab => return turn(model, -1),
        ActionId::Diff => return show_tab(model, Tab::Diff),
        ActionId::NextAttempt => return step_attempt(model, 1),
        ActionId::PreviousAttempt => return step_attempt(model, -1),
        ActionId::Follow => follow(model),
        ActionId::Filter => open_filter(model),
        ActionId::Mark => mark(model, now, Deliveries::mark),
        ActionId::MarkRange => mark(model, now, Deliveries::mark_range),
        ActionId::OnlyMarked => return only_marked(model, now),
        ActionId::Sort => sort(model),
        ActionId::ClearMarks => clear_marks(model),
        ActionId::Replay => return changes::replay(model, now),
        ActionId::PlanReplay => return changes::plan(model, now, Intent::Replay),
        ActionId::Discard => return changes::plan(model, now, Intent::Discard),
        ActionId::PauseReplay => return changes::pause_replay(model, now),
        ActionId::CancelReplay => changes::cancel_replay(model, now),
        ActionId::PauseOrResume => return changes::pause_or_resume(model, now),
        ActionId::EnableOrDisable => changes::enable_or_disable(model, now),
        ActionId::CreateEndpoint => return forms::create(model),
        ActionId::EditEndpoint => return forms::edit(model, now),
        ActionId::RotateSecret => return forms::rotate(model, now),
        ActionId::TestEndpoint => return forms::test(model, now),
        ActionId::DeleteEndpoint => forms::delete(model, now),
        ActionId::DeliveriesOfEndpoint => return deliveries_of_endpoint(model, now),
        ActionId::DeliveriesOfCause => return deliveries_of_cause(model, now),
        ActionId::Command => return command::show(model, now),
        ActionId::Yank(what) => return copy(model, now, what),
        ActionId::Page => return take_away::page(model, now),
        ActionId::Pipe => take_away::ask(model, now, Wanted::Command),
        ActionId::Write => take_away::ask(model, now, Wanted::File),
        ActionId::View(place) => return go(model, now, place),
        ActionId::Preview => preview::toggle(model, now),
        ActionId::PreviousView => {
            let before = model.before.unwrap_or(Place::Pulse);
            return go(model, now, before);
        }
        ActionId::Back => return back(model, now),
        ActionId::Leave => return leave(model, now),
        ActionId::Quit => return quit(model, now),
        ActionId::Arm => arm(model, now),
        ActionId::Undo => grace::undo(model, now),
        ActionId::Refetch => return refetch(model, now),
        ActionId::Repaint => return vec![Cmd::Repaint],
        ActionId::Suspend => return suspend(model, now),
        ActionId::Palette => model.overlays.push(Overlay::Palette(Palette::default())),
        ActionId::Contexts => contexts::open(model),
        ActionId::Help => model.overlays.push(Overlay::Help { scroll: 0 }),
        ActionId::Cancel => {}
    }
    Vec::new()
}

/// Why something may not be changed now.
fn refusal(model: &Model, action: &Action) -> Option<String> {
    let key = || model.key(ActionId::Arm);
    match model.writes {
        Writes::On | Writes::Armed(_) => {}
        Writes::Never => {
            return Some(format!("read-only: this console may not {}", action.title));
        }
        Writes::Off => return Some(format!("changes are off: {} lets them through", key())),
        Writes::Locked => {
            let label = &model.session.label;
            return Some(format!("{label} is protected: {} arms changes", key()));
        }
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

fn half_page(model: &Model) -> isize {
    isize::try_from((model.list_height() / 2).max(1)).unwrap_or(1)
}

/// Moves the cursor, or the text, by so many lines.
fn step(model: &mut Model, steps: isize) {
    let height = model.list_height();
    if let Some(screen) = model.screens.last_mut() {
        screen.step(&model.data, height, steps);
    }
    clamp_scroll(model);
}

fn step_to_failure(model: &mut Model, now: Now, down: bool) {
    if let Screen::Deliveries(list) = model.screen_mut()
        && !list.step_to_failure(down)
    {
        let whereto = if down { "below" } else { "above" };
        let text = format!("no failure {whereto} among the loaded rows");
        model.tell(now, Level::Info, text);
    }
}

fn mark(model: &mut Model, now: Now, mark: fn(&mut Deliveries) -> bool) {
    if let Screen::Deliveries(list) = model.screen_mut()
        && !mark(list)
    {
        let filter = model.key(ActionId::Filter);
        let text =
            format!("{MARKS_MAX} rows are marked, no more can be: filter with {filter} instead");
        model.tell(now, Level::Warn, text);
    }
}

/// Puts the marked rows into the filter, which esc clears; they stay marked.
fn only_marked(model: &mut Model, now: Now) -> Vec<Cmd> {
    let Screen::Deliveries(list) = model.screen_mut() else {
        return Vec::new();
    };
    if list.marked.is_empty() {
        let text = format!("nothing is marked: {} marks", model.key(ActionId::Mark));
        model.tell(now, Level::Info, text);
        return Vec::new();
    }
    let Some((filter, _)) = list.selection() else {
        return Vec::new();
    };
    let (id, marked) = (list.id, std::mem::take(&mut list.marked));
    list.set_filter(filter);
    list.marked = marked;
    restart(model, now, id)
}

fn sort(model: &mut Model) {
    if let Screen::Endpoints(list) = model.screen_mut() {
        list.order = list.order.next();
    }
}

fn clear_marks(model: &mut Model) {
    if let Screen::Deliveries(list) = model.screen_mut() {
        list.marked.clear();
    }
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
    let (filter, title) = match model.screen_mut() {
        Screen::Pulse(_) => return open_row(model, now),
        Screen::Deliveries(list) => {
            list.hold();
            let Some(known) = list.selected().cloned() else {
                return Vec::new();
            };
            let id = model.new_screen_id();
            model.push(Screen::Inspector(Box::new(Inspector::new(id, known))));
            return fetch_detail(model, id);
        }
        Screen::Endpoints(_) => return deliveries_of_endpoint(model, now),
        Screen::Inspector(_) | Screen::Audit(_) => return Vec::new(),
        Screen::Dead(list) => {
            let Some(cause) = list.selected() else {
                return no_row(model, now);
            };
            let words = crate::console::view::dead::name(cause);
            (format!("state:dead cause:{}", cause.id), words)
        }
        Screen::Replays(list) => {
            let Some(replay) = list.selected() else {
                return no_row(model, now);
            };
            (format!("replay:{}", replay.id), replay.id.to_string())
        }
        Screen::Events(list) => {
            let Some(event) = list.selected() else {
                return no_row(model, now);
            };
            (format!("event:{}", event.id), event.id.to_string())
        }
    };
    open_deliveries(model, now, filter, title)
}

/// A key for the palette.
pub(super) fn palette_key(model: &mut Model, now: Now, key: Key) -> Vec<Cmd> {
    let place = model.place();
    let Some(Overlay::Palette(palette)) = model.overlays.last_mut() else {
        return Vec::new();
    };
    let asked = palette.key(key, &model.keys, place, &model.data);
    if !matches!(asked, Asked::Nothing) {
        model.overlays.pop();
    }
    match asked {
        Asked::Nothing | Asked::Close => Vec::new(),
        Asked::Do(Target::Action(action)) => act(model, now, action),
        Asked::Do(Target::Endpoint(id)) => {
            let known = model.data.endpoints.get(&id);
            let name = known.and_then(|endpoint| endpoint.name.clone());
            let title = name.unwrap_or_else(|| id.to_string());
            open_deliveries(model, now, format!("ep:{id}"), title)
        }
    }
}

/// What a row of the first view leads to.
fn open_row(model: &mut Model, now: Now) -> Vec<Cmd> {
    match model.pulse_row() {
        None => no_row(model, now),
        Some(Row::Endpoint(_)) => deliveries_of_endpoint(model, now),
        Some(Row::Cause(_)) => deliveries_of_cause(model, now),
        Some(Row::Replay(replay)) => {
            let id = model.new_screen_id();
            let mut list = Listing::new(id);
            list.cursor = Some(replay);
            model.push(Screen::Replays(Box::new(list)));
            fetch_newest(model, now, id)
        }
    }
}

/// A list of deliveries of their own upon the others.
pub(super) fn open_deliveries(
    model: &mut Model,
    now: Now,
    filter: String,
    title: String,
) -> Vec<Cmd> {
    let id = model.new_screen_id();
    let list = Deliveries::new(id, filter, Some(title));
    model.push(Screen::Deliveries(Box::new(list)));
    fetch_newest(model, now, id)
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
    let title = name.unwrap_or_else(|| endpoint.to_string());
    open_deliveries(model, now, format!("ep:{endpoint}"), title)
}

fn deliveries_of_cause(model: &mut Model, now: Now) -> Vec<Cmd> {
    let cause = match model.screen() {
        Screen::Pulse(_) => match model.pulse_row() {
            Some(Row::Cause(id)) => Some(id),
            _ => None,
        },
        Screen::Dead(list) => list.selected().map(|cause| cause.id.clone()),
        _ => model.selected_delivery().and_then(|row| row.cause.clone()),
    };
    let Some(cause) = cause else {
        let text = "no cause: the latest attempt did not fail, or nothing is selected";
        model.tell(now, Level::Info, text);
        return Vec::new();
    };
    open_deliveries(
        model,
        now,
        format!("cause:{cause}"),
        format!("cause {cause}"),
    )
}

fn show_tab(model: &mut Model, tab: Tab) -> Vec<Cmd> {
    let Screen::Inspector(inspector) = model.screen_mut() else {
        return Vec::new();
    };
    inspector.tab = tab;
    inspector.scroll = 0;
    let id = inspector.id;
    fetch_exchange(model, id)
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
    match model.screen_mut() {
        Screen::Deliveries(list) => list.input = Some(FilterLine::new(&list.filter)),
        other => {
            other.with_sieve(Sieve::begin);
        }
    }
}

/// A key for the filter line.
pub(crate) fn filter_key(model: &mut Model, now: Now, key: Key) -> Vec<Cmd> {
    let Some(Screen::Deliveries(list)) = model.screens.last_mut() else {
        return Vec::new();
    };
    let Some(input) = &mut list.input else {
        return Vec::new();
    };
    match input.key(key, &list.rows, &model.data, &model.filters) {
        filter_line::Asked::Nothing => {}
        filter_line::Asked::Leave => list.input = None,
        filter_line::Asked::Apply(filter) => {
            list.input = None;
            model.filters.remember(&filter);
            let id = list.id;
            if filter != list.filter {
                list.set_filter(filter);
                return restart(model, now, id);
            }
        }
    }
    Vec::new()
}

/// Fetches a list anew whose filter is another; answers for the old one are no longer wanted.
fn restart(model: &mut Model, now: Now, id: ScreenId) -> Vec<Cmd> {
    forget_screen(model, id);
    fetch_newest(model, now, id)
}

fn copy(model: &mut Model, now: Now, what: Yank) -> Vec<Cmd> {
    match yank::part(model, what) {
        Ok(text) => vec![Cmd::Copy(text)],
        Err(missing) => {
            model.tell(now, Level::Info, missing);
            Vec::new()
        }
    }
}

/// Goes to a view: the first one lies below all others; what lay upon it is parked and found again as it was left.
fn go(model: &mut Model, now: Now, place: Place) -> Vec<Cmd> {
    let here = model
        .screens
        .iter()
        .rev()
        .find(|screen| screen.is_whole_view());
    let here = here.map(Screen::place).filter(|here| *here != place);
    model.before = here.or(model.before);
    let left = model.screens.split_off(1);
    for screen in left.into_iter().filter(Screen::is_whole_view) {
        model.parked.retain(|known| known.place() != screen.place());
        model.parked.push(screen);
    }
    forget_closed(model);
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
    }
    if place == Place::Endpoints {
        return fetch_endpoints(model).into_iter().collect();
    }
    refresh_shown(model, now)
}

fn back(model: &mut Model, now: Now) -> Vec<Cmd> {
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

fn leave(model: &mut Model, now: Now) -> Vec<Cmd> {
    if model.screens.len() > 1 {
        pop(model);
        return refresh_shown(model, now);
    }
    exit(model, now)
}

/// The same, and what is shown stays to be read.
fn quit(model: &mut Model, now: Now) -> Vec<Cmd> {
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

/// Lets changes through, or no longer.
fn arm(model: &mut Model, now: Now) {
    match model.writes.switched() {
        Switched::To(writes) => {
            model.writes = writes;
            let text = if writes.allowed() {
                "changes are let through"
            } else {
                "changes are off"
            };
            model.tell(now, Level::Info, text);
        }
        Switched::Asks => model.overlays.push(Overlay::Arm(Arming::new())),
        Switched::Refused => {
            let text = "this console is read-only, by --read-only or by its context";
            model.tell(now, Level::Warn, text);
        }
    }
}

/// A key for the question before a protected service may be changed.
pub(super) fn arming_key(model: &mut Model, now: Now, key: Key) -> Vec<Cmd> {
    let Some(Overlay::Arm(arming)) = model.overlays.last_mut() else {
        return Vec::new();
    };
    match arming.key(key, &model.session.label) {
        writes::Asked::Nothing => {}
        writes::Asked::Close => {
            model.overlays.pop();
        }
        writes::Asked::Arm => {
            model.overlays.pop();
            model.writes = Writes::Armed(now.elapsed + ARMED_FOR);
            model.tell(
                now,
                Level::Warn,
                "armed: changes are let through for ten minutes",
            );
        }
    }
    Vec::new()
}

fn pop(model: &mut Model) {
    model.screens.pop();
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
        | Purpose::Detail(id)
        | Purpose::Pulse(id, _)
        | Purpose::Preview(id)
        | Purpose::Good(id)
        | Purpose::Attempt(id, _) => Some(*id),
        Purpose::Endpoints(_)
        | Purpose::Stats
        | Purpose::Egress
        | Purpose::Contracts
        | Purpose::Form { .. }
        | Purpose::Plan
        | Purpose::Start
        | Purpose::Change { .. } => None,
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
