//! The dialog before many deliveries are replayed or discarded: a frozen plan, how it is to go, and what has to be typed.
//!
//! The set is frozen by the service before anything is shown, so that what starts is what was seen. Nothing starts by
//! the key that opened the dialog, by a key that came while it was opening, or by pasted text.

use std::time::Duration;

use super::command::quoted;
use super::dialogs::{DEAF, Pressed};
use super::line::Line;
use crate::api::dead::DiscardDeadBody;
use crate::api::replay::{PlanView, ReplayBody};
use crate::console::actions::Inside;

/// Up to so many, `y` is enough.
const ASKED_MAX: u64 = 20;
/// Up to so many, their number is; beyond it the service has to be named, and a note given.
const COUNTED_MAX: u64 = 1_000;

/// What is to be done with what the plan freezes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Intent {
    /// Put it back to work.
    Replay,
    /// Give it up.
    Discard,
}

/// A line of the dialog that can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    /// What has to be typed.
    Confirm,
    /// Items in a time.
    Rate,
    /// Items that go first.
    Canary,
    /// When to stop by itself.
    Stop,
    /// Whether what is delivered already is left out.
    Skip,
    /// Why, for the audit log.
    Note,
}

/// Where the dialog stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Stage {
    /// The service is freezing the set.
    Planning,
    /// The plan is here.
    Planned(Box<PlanView>),
    /// It is being started.
    Starting(Box<PlanView>),
    /// There is no plan, in words, not escaped.
    Failed(String),
}

/// What has to be typed before it goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Gate {
    /// The text.
    pub text: String,
    /// Whether a note is wanted too.
    pub note: bool,
}

/// The dialog.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PlanDialog {
    /// What is to be done.
    pub intent: Intent,
    /// What is selected.
    pub filter: String,
    /// The same in words, not escaped.
    pub title: String,
    /// What the service is called: to be typed for much.
    pub label: String,
    /// Where it stands.
    pub stage: Stage,
    /// The line that has the keys.
    pub field: Field,
    /// Items in a time, such as `10/s`.
    pub rate: Line,
    /// Items that go first; empty for none.
    pub canary: Line,
    /// When to stop by itself, such as `20%/50`; empty for never.
    pub stop: Line,
    /// Whether what is delivered already is left out.
    pub skip_delivered: bool,
    /// Why.
    pub note: Line,
    /// What has been typed to go on.
    pub typed: Line,
    /// What is wrong with an answer, in words, not escaped.
    pub problem: Option<String>,
    /// Since when keys are heard.
    hears_from: Duration,
}

/// What a key of the dialog asks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Asked {
    /// Nothing but to be drawn.
    Nothing,
    /// To be closed; nothing happens.
    Close,
    /// The plan again: it failed or may have expired.
    Again,
    /// To begin.
    Start(Start),
}

/// What is sent to begin.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Start {
    /// A replay.
    Replay(ReplayBody),
    /// A discard.
    Discard(DiscardDeadBody),
}

impl PlanDialog {
    /// A dialog that waits for its plan.
    pub(crate) fn new(intent: Intent, filter: String, title: String, label: &str) -> Self {
        Self {
            intent,
            filter,
            title,
            label: label.to_owned(),
            stage: Stage::Planning,
            field: Field::Confirm,
            rate: Line::with("10/s"),
            canary: Line::with("5"),
            stop: Line::with("20%/50"),
            skip_delivered: true,
            note: Line::default(),
            typed: Line::default(),
            problem: None,
            hears_from: Duration::ZERO,
        }
    }

    /// The lines that can be changed, from top to bottom.
    pub(crate) const fn fields(&self) -> &'static [Field] {
        match self.intent {
            Intent::Replay => &[
                Field::Rate,
                Field::Canary,
                Field::Stop,
                Field::Skip,
                Field::Note,
                Field::Confirm,
            ],
            Intent::Discard => &[Field::Note, Field::Confirm],
        }
    }

    /// The plan, once it is there.
    pub(crate) const fn plan(&self) -> Option<&PlanView> {
        match &self.stage {
            Stage::Planned(plan) | Stage::Starting(plan) => Some(plan),
            Stage::Planning | Stage::Failed(_) => None,
        }
    }

    /// Whether keys are heard yet.
    pub(crate) fn hears(&self, now: Duration) -> bool {
        now >= self.hears_from
    }

    /// When that begins; none where it has.
    pub(crate) fn hears_from(&self, now: Duration) -> Option<Duration> {
        (!self.hears(now)).then_some(self.hears_from)
    }

    /// What has to be typed: the more is concerned, the more.
    pub(crate) fn gate(&self) -> Option<Gate> {
        let matched = self.plan()?.matched;
        let is_much = matched > COUNTED_MAX || self.intent == Intent::Discard;
        let text = if matched > COUNTED_MAX {
            self.label.clone()
        } else if matched > ASKED_MAX || self.intent == Intent::Discard {
            matched.to_string()
        } else {
            "y".to_owned()
        };
        Some(Gate {
            text,
            note: is_much,
        })
    }

    /// Takes over the plan, or why there is none.
    pub(crate) fn take_plan(&mut self, now: Duration, plan: Result<Box<PlanView>, String>) {
        self.hears_from = now + DEAF;
        self.typed = Line::default();
        self.stage = match plan {
            Ok(plan) => Stage::Planned(plan),
            Err(reason) => Stage::Failed(reason),
        };
    }

    /// The service refused to begin: the plan stays, to be begun otherwise.
    pub(crate) fn refused(&mut self, reason: String) {
        if let Stage::Starting(plan) = &self.stage {
            self.stage = Stage::Planned(plan.clone());
        }
        self.problem = Some(reason);
    }

    /// Pasted text goes into what is only told, never into what begins.
    pub(crate) fn paste(&mut self, text: &str) -> bool {
        let Some(line) = self.line() else {
            return false;
        };
        line.insert(text);
        true
    }

    /// Handles a key.
    pub(crate) fn key(&mut self, now: Duration, pressed: Pressed) -> Asked {
        match pressed.means {
            Some(Inside::Leave) => return Asked::Close,
            Some(Inside::Down) => self.turn(1),
            Some(Inside::Up) => self.turn(-1),
            Some(Inside::Take) if matches!(self.stage, Stage::Failed(_)) => return Asked::Again,
            // A key that comes at once was not meant for what is shown now.
            _ if !self.hears(now) => {}
            Some(Inside::Take) if self.field == Field::Confirm => return self.start(),
            Some(Inside::Take) => self.turn(1),
            Some(Inside::Toggle) if self.field == Field::Skip => {
                self.skip_delivered = !self.skip_delivered;
            }
            Some(_) => {}
            None => {
                self.problem = None;
                let line = match self.field {
                    Field::Confirm => Some(&mut self.typed),
                    _ => self.line(),
                };
                if let Some(line) = line {
                    line.edit(pressed.key);
                }
            }
        }
        Asked::Nothing
    }

    /// Takes a whole line as what was typed to go on: of a console in which lines are typed, not keys.
    pub(crate) fn answer(&mut self, now: Duration, line: &str) -> Asked {
        if !self.hears(now) {
            return Asked::Nothing;
        }
        self.typed = Line::with(line);
        self.start()
    }

    /// The line of the field that has the keys; what confirms is not among them.
    const fn line(&mut self) -> Option<&mut Line> {
        match self.field {
            Field::Rate => Some(&mut self.rate),
            Field::Canary => Some(&mut self.canary),
            Field::Stop => Some(&mut self.stop),
            Field::Note => Some(&mut self.note),
            Field::Skip | Field::Confirm => None,
        }
    }

    fn turn(&mut self, down: isize) {
        let fields = self.fields();
        let at = fields.iter().position(|field| *field == self.field);
        let next = at
            .unwrap_or(0)
            .saturating_add_signed(down + fields.len().cast_signed());
        self.field = fields[next % fields.len()];
    }

    fn start(&mut self) -> Asked {
        let Some(gate) = self.gate() else {
            return Asked::Nothing;
        };
        let Stage::Planned(plan) = &self.stage else {
            return Asked::Nothing;
        };
        if plan.matched == 0 {
            return Asked::Close;
        }
        if self.typed.text().trim().replace(',', "") != gate.text {
            self.problem = Some(format!("type {} to go on, esc goes back", gate.text));
            return Asked::Nothing;
        }
        let note = self.note.text().trim();
        if gate.note && note.is_empty() {
            self.problem = Some("so much wants a note: why?".to_owned());
            self.field = Field::Note;
            return Asked::Nothing;
        }
        let filled = |text: &str| (!text.trim().is_empty()).then(|| text.trim().to_owned());
        let note = filled(note);
        let start = match self.intent {
            Intent::Discard => Start::Discard(DiscardDeadBody {
                plan: Some(plan.id),
                note,
                ..DiscardDeadBody::default()
            }),
            Intent::Replay => {
                let canary = match filled(self.canary.text()).map(|text| text.parse()) {
                    None => None,
                    Some(Ok(canary)) => Some(canary),
                    Some(Err(_)) => {
                        self.problem =
                            Some("canary is a number of deliveries, or empty".to_owned());
                        self.field = Field::Canary;
                        return Asked::Nothing;
                    }
                };
                Start::Replay(ReplayBody {
                    plan: Some(plan.id),
                    rate: filled(self.rate.text()),
                    canary,
                    stop: filled(self.stop.text()),
                    skip_delivered: self.skip_delivered,
                    note,
                    ..ReplayBody::default()
                })
            }
        };
        self.problem = None;
        self.stage = Stage::Starting(plan.clone());
        Asked::Start(start)
    }

    /// The command that does the same.
    pub(crate) fn command(&self) -> String {
        let plan = self
            .plan()
            .map_or_else(|| "PLAN".to_owned(), |plan| plan.id.to_string());
        match self.intent {
            Intent::Discard => format!(
                "hookyard dead discard {} --note {}",
                quoted(&self.filter),
                quoted(self.note.text())
            ),
            Intent::Replay => {
                let mut command = format!("hookyard replay start {plan}");
                for (option, line) in [
                    ("rate", &self.rate),
                    ("canary", &self.canary),
                    ("stop", &self.stop),
                    ("note", &self.note),
                ] {
                    if !line.text().is_empty() {
                        command.push_str(&format!(" --{option} {}", quoted(line.text())));
                    }
                }
                if self.skip_delivered {
                    command.push_str(" --skip-delivered");
                }
                command
            }
        }
    }
}
