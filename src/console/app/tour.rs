//! The tour: the console told by doing it, a step at a time.
//!
//! A step is over as soon as the console shows what it asks for, however that came about. What is pressed next is worked
//! out from where the keys are and what they mean there, so that a tour never names a key that does nothing. Where
//! nothing may be changed, or something depends on the service, the steps that change something are left out.

use std::time::Duration;

use super::model::{Level, Model, Overlay, Screen, Toast};
use super::msg::Now;
use super::plan::{PlanDialog, Stage};
use super::tour_steps::{STEPS, Since, Step, Way};
use crate::console::actions::{ActionId, Dialog, Inside, Place};
use crate::console::surroundings::Environ;

/// From so many rows on a step has all its lines, from so many two, and below that none.
const ROWS_ALL: u16 = 22;
const ROWS_TWO: u16 = 13;
/// How long it is offered.
const OFFERED: Duration = Duration::from_secs(30);

/// A tour under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tour {
    /// Whether it only looks.
    looks: bool,
    /// Steps that are behind it.
    behind: usize,
    /// What there was when the next one began.
    since: Since,
}

/// What is pressed next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Hint {
    /// These strokes, or what is typed, with spaces between.
    Press(String),
    /// Nothing: the service has to answer first.
    Wait,
    /// What it takes has no key.
    NoKey,
}

impl Tour {
    /// The steps that it has.
    fn steps(self) -> impl Iterator<Item = &'static Step> {
        STEPS
            .iter()
            .filter(move |step| !(self.looks && step.changes))
    }

    /// The same without the steps that change something, from where it is.
    fn only_looking(self) -> Self {
        let before = self.steps().take(self.behind);
        Self {
            looks: true,
            behind: before.filter(|step| !step.changes).count(),
            ..self
        }
    }

    /// One step further.
    fn next(self, model: &Model) -> Self {
        Self {
            behind: self.behind + 1,
            since: Since::of(model),
            ..self
        }
    }

    /// The step that is to be done.
    pub(crate) fn step(self) -> Option<&'static Step> {
        self.steps().nth(self.behind)
    }

    /// Which it is, from 1, and of how many.
    pub(crate) fn progress(self) -> (usize, usize) {
        (self.behind + 1, self.steps().count())
    }
}

/// Rows that it takes from the bottom of a terminal of this size.
pub(crate) const fn rows((_, rows): (u16, u16)) -> u16 {
    match rows {
        ROWS_ALL.. => 3,
        ROWS_TWO.. => 2,
        _ => 0,
    }
}

/// Says how it begins, where nothing depends on the service.
pub(crate) fn offer(model: &mut Model, now: Now) {
    if is_for_practice(model) && model.keys.has_key(&model.facts(), ActionId::Tour) {
        let key = model.key(ActionId::Tour);
        model.toast = Some(Toast {
            text: format!("{key} begins a tour: five minutes, from an alarm to its remedy"),
            level: Level::Info,
            until: now.elapsed + OFFERED,
        });
    }
}

/// Whether whatever is changed is nobody's loss.
fn is_for_practice(model: &Model) -> bool {
    let around = &model.session.surroundings;
    around.practice || around.env == Some(Environ::Dev)
}

/// Begins it, or leaves it.
pub(super) fn switch(model: &mut Model, now: Now) {
    if model.tour.take().is_some() {
        let key = model.key(ActionId::Tour);
        model.tell(
            now,
            Level::Info,
            format!("the tour is over: {key} begins it again"),
        );
    } else {
        let looks = !(is_for_practice(model) && model.writes.allowed());
        model.tour = Some(Tour {
            looks,
            behind: 0,
            since: Since::of(model),
        });
        let text = if looks {
            "a tour that only looks: nothing is changed here"
        } else {
            "the tour begins: its next key stands at the bottom"
        };
        model.tell(now, Level::Info, text);
    }
    model.fit(model.terminal);
}

/// Leaves a step undone; after the last one it is over.
pub(super) fn skip(model: &mut Model, now: Now) {
    let Some(tour) = model.tour else {
        let key = model.key(ActionId::Tour);
        model.tell(
            now,
            Level::Info,
            format!("there is no tour: {key} begins one"),
        );
        return;
    };
    let tour = tour.next(model);
    if tour.step().is_none() {
        return switch(model, now);
    }
    model.tour = Some(tour);
}

/// Goes on, past all that is done; past all that changes something once nothing may be changed.
pub(super) fn follow_up(model: &mut Model) {
    if let Some(tour) = model.tour.filter(|_| !model.writes.allowed()) {
        model.tour = Some(tour.only_looking());
    }
    while let Some(tour) = model.tour
        && let Some(step) = tour.step()
        && (step.done)(model, tour.since)
    {
        model.tour = Some(tour.next(model));
        model.soil(super::model::Dirty::Soon);
    }
}

/// What is pressed next for a step.
pub(crate) fn hint(model: &Model, step: &Step) -> Hint {
    match model.overlays.last() {
        Some(Overlay::Plan(dialog)) if step.way == Way::Start => {
            let takes = model.keys.within(Dialog::Plan).key(Inside::Take);
            return start(dialog, &takes);
        }
        Some(_) => return press("esc"),
        None => {}
    }
    if let Screen::Deliveries(list) = model.screen()
        && let Some(input) = &list.input
    {
        return match step.way {
            Way::Filter(filter) => {
                let takes = model.keys.within(Dialog::Filter).key(Inside::Take);
                typed(filter, input.line.text(), &takes).map_or(press("esc"), Hint::Press)
            }
            Way::Act(_) | Way::Start => press("esc"),
        };
    }
    if model.line().is_some() {
        return press("esc");
    }
    let here = model.place();
    let action = match step.way {
        Way::Act(id) => id,
        Way::Filter(_) => ActionId::Filter,
        Way::Start => ActionId::View(Place::Replays),
    };
    let is_there = step
        .place
        .is_none_or(|place| place == here || step.way == Way::Start);
    if is_there && model.keys.has_key(&model.facts(), action) {
        let choose = step.status.and_then(|status| toward(model, status));
        return of(model, choose.unwrap_or(action));
    }
    match step.place {
        // One delivery is no view to go to: it is opened.
        Some(Place::Inspector) if here == Place::Deliveries => of(model, ActionId::Open),
        Some(Place::Inspector) | None => of(model, ActionId::View(Place::Deliveries)),
        Some(place) if place == here => Hint::NoKey,
        Some(place) => of(model, ActionId::View(place)),
    }
}

/// Which way the first endpoint of that status is, where the bar is on one of another.
fn toward(model: &Model, status: &str) -> Option<ActionId> {
    let Screen::Endpoints(list) = model.screen() else {
        return None;
    };
    let order = list.order(&model.data.endpoints);
    let here = list.line(&order);
    if order.get(here).is_some_and(|one| one.status == status) {
        return None;
    }
    let there = order.iter().position(|one| one.status == status)?;
    Some(if there > here {
        ActionId::Down
    } else {
        ActionId::Up
    })
}

/// The key of an action where the keys are.
fn of(model: &Model, id: ActionId) -> Hint {
    if model.keys.has_key(&model.facts(), id) {
        Hint::Press(model.key(id))
    } else {
        Hint::NoKey
    }
}

fn press(key: &str) -> Hint {
    Hint::Press(key.to_owned())
}

/// What is left to type, and the key that ends it; none where something else was typed.
fn typed(text: &str, so_far: &str, takes: &str) -> Option<String> {
    let rest = text.strip_prefix(so_far)?;
    Some(format!("{rest} {takes}").trim_start().to_owned())
}

/// What the dialog waits for.
fn start(dialog: &PlanDialog, takes: &str) -> Hint {
    match (&dialog.stage, dialog.gate()) {
        (Stage::Planning | Stage::Starting(_), _) => Hint::Wait,
        (Stage::Planned(plan), Some(gate)) if plan.matched > 0 && !gate.note => {
            let so_far = dialog.typed.text();
            typed(&gate.text, so_far, takes).map_or(press("esc"), Hint::Press)
        }
        // Nothing to replay, or so much that it wants a note: that is for another day.
        _ => press("esc"),
    }
}
