//! What the tour tells, step by step: from an alarm to its cause, to a remedy, to where the rest is found.
//!
//! A text names no key: the keys in force stand beside it. `say` fits on sixty columns, `more` on eighty.

use super::command;
use super::inspector::Tab;
use super::model::{Model, Overlay, Screen};
use super::plan::Intent;
use crate::console::actions::{ActionId, Marking, Place};

/// A step of the tour.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// What it is about, in a few words.
    pub title: &'static str,
    /// What is to be seen now.
    pub say: &'static str,
    /// What is to be done, and why.
    pub more: &'static str,
    /// How it is done.
    pub way: Way,
    /// Where that is done.
    pub place: Option<Place>,
    /// The status that an endpoint has of which it is done.
    pub status: Option<&'static str>,
    /// Whether it changes something, or needs what a step before it changed.
    pub changes: bool,
    /// Whether it is done, by what the console shows and knows, and what there was when it began.
    pub done: fn(&Model, Since) -> bool,
}

/// What there was when a step began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Since {
    /// Bells that were set.
    bells: usize,
    /// Endpoints that were paused.
    paused: usize,
}

impl Since {
    /// What there is now.
    pub(crate) fn of(model: &Model) -> Self {
        let endpoints = model.data.endpoints.values();
        Self {
            bells: model.bells.count(),
            paused: endpoints.filter(|one| one.status == "paused").count(),
        }
    }
}

/// How a step is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// By an action of the table.
    Act(ActionId),
    /// By typing this filter.
    Filter(&'static str),
    /// By typing what the dialog asks for.
    Start,
}

const fn look(
    title: &'static str,
    say: &'static str,
    more: &'static str,
    way: Way,
    done: fn(&Model, Since) -> bool,
) -> Step {
    Step {
        title,
        say,
        more,
        way,
        place: None,
        status: None,
        changes: false,
        done,
    }
}

impl Step {
    const fn at(self, place: Place) -> Self {
        Self {
            place: Some(place),
            ..self
        }
    }

    const fn of(self, status: &'static str) -> Self {
        Self {
            status: Some(status),
            ..self
        }
    }

    const fn changes(self) -> Self {
        Self {
            changes: true,
            ..self
        }
    }
}

/// All steps.
pub(crate) const STEPS: &[Step] = &[
    look(
        "Who needs you?",
        "Something fails. First: whom does it concern?",
        "The endpoints stand in the order in which they need somebody.",
        Way::Act(ActionId::View(Place::Endpoints)),
        |model, _| model.place() == Place::Endpoints,
    ),
    look(
        "The worst one",
        "The endpoint at the top is the one that hurts most.",
        "Its row tells how it is and what waits for it; its deliveries tell why.",
        Way::Act(ActionId::DeliveriesOfEndpoint),
        |model, _| lists(model, "ep:"),
    )
    .at(Place::Endpoints),
    look(
        "A failure",
        "These are its deliveries, the newest first, as they come.",
        "Going to a failure also holds the list: no row moves away under your hand.",
        Way::Act(ActionId::NextFailure),
        |model, _| model.selected_delivery().is_some_and(|row| row.last_class.is_some()),
    )
    .at(Place::Deliveries),
    look(
        "Why?",
        "The bar lies on a delivery that failed.",
        "Opened, it says in a sentence why it stands where it does, and what is next.",
        Way::Act(ActionId::Open),
        |model, _| model.place() == Place::Inspector,
    )
    .at(Place::Deliveries),
    look(
        "What is different?",
        "Below stand its attempts: each is kept with its answer.",
        "Lay this one beside the last that went well: mostly the fault is what differs.",
        Way::Act(ActionId::Diff),
        |model, _| matches!(model.screen(), Screen::Inspector(view) if view.tab == Tab::Diff),
    )
    .at(Place::Inspector),
    look(
        "Only this one?",
        "So much for one delivery. Is it alone?",
        "Those that ran out of retries are dead letters: a line for each cause.",
        Way::Act(ActionId::View(Place::Dead)),
        |model, _| model.place() == Place::Dead,
    ),
    look(
        "All that failed alike",
        "A line is a cause, and how many died of it.",
        "Opened, it lists them, whomever they were meant for.",
        Way::Act(ActionId::Open),
        |model, _| lists(model, "state:dead cause:"),
    )
    .at(Place::Dead),
    look(
        "Plan a replay",
        "Dead is not lost: it can be sent again.",
        "The plan is made first. It counts and freezes what goes, and warns.",
        Way::Act(ActionId::PlanReplay),
        |model, _| matches!(model.overlays.last(), Some(Overlay::Plan(dialog)) if dialog.intent == Intent::Replay),
    )
    .at(Place::Deliveries)
    .changes(),
    look(
        "Start it",
        "A few go first; it stops by itself when they fail.",
        "The more is concerned, the more has to be typed. esc would leave all as it is.",
        Way::Start,
        |model, _| model.place() == Place::Replays && model.overlays.is_empty(),
    )
    .at(Place::Replays)
    .changes(),
    look(
        "Have it ring",
        "Nobody can watch all the time, nor has to.",
        "A bell rings when an endpoint breaks, recovers or is paused: set one.",
        Way::Act(ActionId::Bell),
        |model, since| model.bells.count() > since.bells,
    )
    .at(Place::Endpoints),
    look(
        "Hold an endpoint",
        "Who is in trouble may need to be left alone.",
        "Paused, it gets nothing and loses no retries: all is held. The bell will ring.",
        Way::Act(ActionId::PauseOrResume),
        |model, since| Since::of(model).paused > since.paused,
    )
    .at(Place::Endpoints)
    .of("active")
    .changes(),
    look(
        "Let it go on",
        "It is paused: see its row, and the held ones above.",
        "The same key again resumes it, and what was held goes out.",
        Way::Act(ActionId::PauseOrResume),
        |model, since| {
            let paused = Since::of(model).paused;
            paused < since.paused || paused == 0
        },
    )
    .at(Place::Endpoints)
    .of("paused")
    .changes(),
    look(
        "Ask for what you want",
        "Nobody reads thousands of rows: a filter does.",
        "Its words are the same on the command line, in the API and for replays.",
        Way::Filter("state:delivered"),
        |model, _| matches!(model.screen(), Screen::Deliveries(list) if list.input.is_none() && list.filter != list.base_filter),
    )
    .at(Place::Deliveries),
    look(
        "Pick some by hand",
        "Here is what the filter has.",
        "Marked rows go together: into a plan, a file, or a command of yours.",
        Way::Act(ActionId::Mark(Marking::Row)),
        |model, _| matches!(model.screen(), Screen::Deliveries(list) if !list.marks.is_empty()),
    )
    .at(Place::Deliveries),
    look(
        "As a command",
        "What is on this screen is a command as well.",
        "See which; once more and it is copied, for a script or a colleague.",
        Way::Act(ActionId::Command),
        |model, _| command::is_told(model),
    ),
    look(
        "All keys",
        "Nobody knows all keys by heart.",
        "Every view lists its own, and the commands that do the same.",
        Way::Act(ActionId::Help),
        |model, _| matches!(model.overlays.last(), Some(Overlay::Help { .. })),
    ),
    look(
        "That is all",
        "From the alarm to its cause to a remedy.",
        "Here the tour ends, and begins again whenever you want.",
        Way::Act(ActionId::Tour),
        |_, _| false,
    ),
];

/// Whether a list of what such a filter has was opened.
fn lists(model: &Model, filter: &str) -> bool {
    matches!(model.screen(), Screen::Deliveries(list) if list.base_filter.starts_with(filter))
}
