//! What the actions of the table do.

use super::ahead;
use super::bell;
use super::changes;
use super::columns;
use super::command;
use super::contexts;
use super::dialogs::Pressed;
use super::fetches::{fetch_exchange, snapshot};
use super::filter_line::{self, FilterLine};
use super::forms;
use super::grace;
use super::history;
use super::inspector::Tab;
use super::looking_back;
use super::marking;
use super::model::{Level, Model, Overlay, Screen};
use super::msg::{Cmd, Now};
use super::navigation::{back, go, go_back, leave, quit, restart};
use super::notes;
use super::opening::{
    deliveries_of_cause, deliveries_of_endpoint, open, open_deliveries, ungrouped,
};
use super::palette::{Asked, Palette, Target};
use super::pane;
use super::plan::Intent;
use super::reading;
use super::rewind;
use super::saved;
use super::sieve::Sieve;
use super::take_away::{self, Wanted};
use super::themes;
use super::times;
use super::tour;
use super::writes::{self, ARMED_FOR, Arming, Switched, Writes};
use super::yank;
use crate::console::actions::{Action, ActionId, Danger, Yank};

/// Does what an action of the table says.
pub(crate) fn act(model: &mut Model, now: Now, action: &Action) -> Vec<Cmd> {
    tracing::debug!(action = action.name, "key");
    if let Some(refusal) = refusal(model, action) {
        model.tell(now, Level::Warn, refusal);
        return Vec::new();
    }
    if ahead::waits(model, now, action) {
        return Vec::new();
    }
    perform(model, now, action.id)
}

fn perform(model: &mut Model, now: Now, action: ActionId) -> Vec<Cmd> {
    match action {
        ActionId::Down => step(model, 1),
        ActionId::Up => step(model, -1),
        ActionId::HalfDown | ActionId::HalfUp => half_page(model, action == ActionId::HalfDown),
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
        ActionId::Follow => follow(model, now),
        ActionId::Filter => return open_filter(model),
        ActionId::Saved(how) => return saved::act(model, now, how),
        ActionId::Mark(how) => return marking::act(model, now, how),
        ActionId::Order(how) => columns::order(model, now, how),
        ActionId::Columns(how) => columns::act(model, now, how),
        ActionId::Window(how) => return looking_back::act(model, now, how),
        ActionId::Rewind(how) => return rewind::act(model, now, how),
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
        ActionId::Ungroup => return ungrouped(model, now),
        ActionId::Command => return command::show(model, now),
        ActionId::Yank(what) => return copy(model, now, what),
        ActionId::Page => return take_away::page(model, now),
        ActionId::Pipe => take_away::ask(model, now, Wanted::Command),
        ActionId::Write => take_away::ask(model, now, Wanted::File),
        ActionId::View(place) => return go(model, now, place),
        ActionId::InText(how) => reading::act(model, now, how),
        ActionId::Times => times::turn(model, now),
        ActionId::Preview => pane::toggle(model, now),
        ActionId::Tree => pane::toggle_tree(model, now),
        ActionId::History(forth) => return history::step(model, now, forth),
        ActionId::PreviousView => return go_back(model, now),
        ActionId::Back => return back(model, now),
        ActionId::Leave => return leave(model, now),
        ActionId::Quit => return quit(model, now),
        ActionId::Arm => arm(model, now),
        ActionId::Note => return notes::ask(model, now),
        ActionId::Bell => return bell::switch(model, now),
        ActionId::Undo => grace::undo(model, now),
        ActionId::Refetch => return refetch(model, now),
        ActionId::Repaint => return vec![Cmd::Repaint],
        ActionId::Suspend => return suspend(model, now),
        ActionId::Palette => return open_palette(model),
        ActionId::Contexts => return contexts::open(model),
        ActionId::Themes => themes::open(model),
        ActionId::Help => help(model),
        ActionId::Tour => tour::switch(model, now),
        ActionId::TourSkip => tour::skip(model, now),
        ActionId::Cancel | ActionId::Count | ActionId::In(_) => {}
    }
    Vec::new()
}

/// Why something may not be changed now.
fn refusal(model: &Model, action: &Action) -> Option<String> {
    match action.danger {
        Danger::Look => None,
        Danger::Change | Danger::Ask => locked(model, action.title),
    }
}

/// Why nothing may be changed now; `what` is what was to be done.
pub(super) fn locked(model: &Model, what: &str) -> Option<String> {
    if let Some(refusal) = rewind::refusal(model, what) {
        return Some(refusal);
    }
    let key = || model.key(ActionId::Arm);
    match model.writes {
        Writes::On | Writes::Armed(_) => {}
        Writes::Never => {
            return Some(format!("read-only: this console may not {what}"));
        }
        Writes::Off => return Some(format!("changes are off: {} lets them through", key())),
        Writes::Locked => {
            let label = &model.session.label;
            return Some(format!("{label} is protected: {} arms changes", key()));
        }
    }
    if !model.link.is_up() {
        return Some(format!(
            "not connected: nothing can be changed until the service is back ({what})"
        ));
    }
    model
        .requests
        .changing()
        .map(|what| format!("still waiting for the answer to: {what}"))
}

/// Moves the cursor, or the text, by half a page.
fn half_page(model: &mut Model, down: bool) {
    let lines = isize::try_from((model.list_height() / 2).max(1)).unwrap_or(1);
    step(model, if down { lines } else { -lines });
}

/// Moves the cursor, or the text, by so many lines.
pub(super) fn step(model: &mut Model, steps: isize) {
    if matches!(model.screen(), Screen::Inspector(_)) {
        return reading::step(model, steps);
    }
    let height = model.list_height();
    if let Some(screen) = model.screens.last_mut() {
        screen.step(&model.data, height, steps);
    }
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

fn help(model: &mut Model) {
    let of = model.place();
    model.overlays.push(Overlay::Help { of, scroll: 0 });
}

/// Shows every action by its name.
pub(super) fn open_palette(model: &mut Model) -> Vec<Cmd> {
    model.overlays.push(Overlay::Palette(Palette::default()));
    saved::fetch(model).into_iter().collect()
}

/// A key for the palette.
pub(super) fn palette_key(model: &mut Model, now: Now, pressed: Pressed) -> Vec<Cmd> {
    let facts = model.facts();
    let Some(Overlay::Palette(palette)) = model.overlays.last_mut() else {
        return Vec::new();
    };
    let asked = palette.key(
        pressed,
        &model.keys,
        &facts,
        &model.data,
        &model.session.themes,
    );
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
        Asked::Do(Target::Saved(name)) => {
            let filter = format!("@{name}");
            open_deliveries(model, now, filter.clone(), filter)
        }
        Asked::Do(Target::Found(filter)) => open_deliveries(model, now, filter.clone(), filter),
        Asked::Do(Target::Theme(name)) => {
            themes::chosen(model, now, &name);
            vec![Cmd::Theme(name)]
        }
    }
}

fn show_tab(model: &mut Model, tab: Tab) -> Vec<Cmd> {
    let Screen::Inspector(inspector) = model.screen_mut() else {
        return Vec::new();
    };
    inspector.show(tab);
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

/// Shows an attempt so many later, and fetches that one alone.
pub(super) fn step_attempt(model: &mut Model, later: isize) -> Vec<Cmd> {
    let Screen::Inspector(inspector) = model.screen_mut() else {
        return Vec::new();
    };
    inspector.step_attempt(later);
    let id = inspector.id;
    fetch_exchange(model, id)
}

fn follow(model: &mut Model, now: Now) {
    if rewind::refuses_to_follow(model, now) {
        return;
    }
    match model.screen_mut() {
        Screen::Deliveries(list) if list.follows() => {
            list.hold();
        }
        Screen::Deliveries(list) => {
            list.follow();
            // What was held back may not be all.
            list.outdated = true;
        }
        Screen::Log(log) if log.follows() => log.hold(),
        Screen::Log(log) => log.follow(),
        _ => {}
    }
}

fn open_filter(model: &mut Model) -> Vec<Cmd> {
    match model.screens.last_mut() {
        Some(Screen::Deliveries(list)) => {
            list.input = Some(FilterLine::new(&list.filter, &model.data));
            saved::fetch(model).into_iter().collect()
        }
        other => {
            other.map(|screen| screen.with_sieve(Sieve::begin));
            Vec::new()
        }
    }
}

/// A key for the filter line.
pub(super) fn filter_key(model: &mut Model, now: Now, pressed: Pressed) -> Vec<Cmd> {
    let Some(Screen::Deliveries(list)) = model.screens.last_mut() else {
        return Vec::new();
    };
    let Some(input) = &mut list.input else {
        return Vec::new();
    };
    match input.key(pressed, &list.rows, &model.data, &model.filters) {
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

fn copy(model: &mut Model, now: Now, what: Yank) -> Vec<Cmd> {
    match yank::part(model, what) {
        Ok(text) => vec![Cmd::Copy(text)],
        Err(missing) => {
            model.tell(now, Level::Info, missing);
            Vec::new()
        }
    }
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
pub(super) fn arming_key(model: &mut Model, now: Now, pressed: Pressed) -> Vec<Cmd> {
    let Some(Overlay::Arm(arming)) = model.overlays.last_mut() else {
        return Vec::new();
    };
    match arming.key(pressed, &model.session.label) {
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
