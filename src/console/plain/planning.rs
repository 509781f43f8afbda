//! A plan in sentences, and what has to be answered before it begins: the tiers, the note and the dead time are those
//! of the dialog of the console that draws. Pure.

use std::time::Duration;

use crate::api::replay::PlanView;
use crate::console::app::line::Line;
use crate::console::app::plan::{Asked, Intent, PlanDialog, Start};
use crate::console::view::format;

/// Endpoints that are told by name.
const NAMED_MAX: usize = 5;

/// What an answer leads to.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    /// The question stays.
    Asks(Vec<String>),
    /// Nothing is done.
    Left,
    /// To begin.
    Start(Start),
}

/// A plan that waits for its answer.
#[derive(Debug)]
pub(super) struct Planning {
    dialog: PlanDialog,
}

impl Planning {
    /// Takes over the plan of what `filter` selects, called `title`, on the service called `label`.
    pub(super) fn new(
        now: Duration,
        intent: Intent,
        (filter, title): (String, String),
        label: &str,
        plan: Box<PlanView>,
    ) -> Self {
        let mut dialog = PlanDialog::new(intent, filter, title, label);
        dialog.take_plan(now, Ok(plan));
        Self { dialog }
    }

    /// Whether there is anything in it.
    pub(super) fn is_empty(&self) -> bool {
        self.dialog.plan().is_none_or(|plan| plan.matched == 0)
    }

    /// The plan in sentences, and the question.
    pub(super) fn sentences(&self) -> Vec<String> {
        let Some(plan) = self.dialog.plan() else {
            return Vec::new();
        };
        let verb = match self.dialog.intent {
            Intent::Replay => "replay",
            Intent::Discard => "discard",
        };
        let mut lines = vec![format!(
            "{}: {verb} {} deliveries on {}: {}.",
            plan.id,
            format::count(plan.matched),
            self.dialog.label,
            self.dialog.title
        )];
        if let Some(filter) = &plan.stands_for {
            lines.push(format!("The filter stands for {filter}."));
        }
        if let (Some(oldest), Some(newest)) = (plan.oldest, plan.newest) {
            lines.push(format!(
                "They have {} and were created from {oldest} to {newest}.",
                format::bytes(plan.bytes)
            ));
        }
        lines.push(spread(plan));
        if plan.left_out > 0 {
            lines.push(format!(
                "{} matched and cannot be replayed: no endpoint or no payload any more.",
                format::count(plan.left_out)
            ));
        }
        lines.extend(plan.warnings.iter().map(|text| format!("Warning: {text}")));
        match self.dialog.intent {
            Intent::Replay => {
                if plan.already_delivered > 0 {
                    let count = format::count(plan.already_delivered);
                    lines.push(format!("{count} are delivered already."));
                }
                lines.push(format!(
                    "At {} it takes {}.",
                    format::pace(&plan.rate),
                    plan.eta
                ));
                lines.push(self.settings());
            }
            Intent::Discard => lines
                .push("Discarded deliveries are not sent unless somebody replays them.".to_owned()),
        }
        lines.push(self.question());
        lines
    }

    /// How it would go.
    fn settings(&self) -> String {
        let or_none = |line: &Line| match line.text().trim() {
            "" => "none".to_owned(),
            text => text.to_owned(),
        };
        let dialog = &self.dialog;
        let delivered = if dialog.skip_delivered {
            "left out"
        } else {
            "sent again"
        };
        format!(
            "rate {}, canary {}, stop {}, delivered {delivered}: each word with another value changes it, such as rate 50/s \
             or delivered again.",
            or_none(&dialog.rate),
            or_none(&dialog.canary),
            or_none(&dialog.stop)
        )
    }

    fn question(&self) -> String {
        let Some(gate) = self.dialog.gate() else {
            return String::new();
        };
        let note = if gate.note && self.dialog.note.text().trim().is_empty() {
            "First say why: note and the reason. Then type"
        } else {
            "Type"
        };
        format!("{note} {} to start it, or no to leave it.", gate.text)
    }

    /// Takes an answer.
    pub(super) fn answer(&mut self, now: Duration, line: &str) -> Step {
        let line = line.trim();
        if matches!(line, "no" | "n" | "cancel" | "quit" | "q") {
            return Step::Left;
        }
        let (word, value) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        if self.set(word, value.trim()) {
            let told = match word {
                "note" => "The note is taken.".to_owned(),
                _ => self.settings(),
            };
            return Step::Asks(vec![told, self.question()]);
        }
        if !self.dialog.hears(now) {
            let text = "That came before the plan could be read, and is not taken.".to_owned();
            return Step::Asks(vec![text, self.question()]);
        }
        let is_asked = self.dialog.gate().is_some_and(|gate| gate.text == "y");
        let typed = if is_asked && line == "yes" { "y" } else { line };
        match self.dialog.answer(now, typed) {
            Asked::Start(start) => Step::Start(start),
            Asked::Close => Step::Left,
            Asked::Nothing | Asked::Again => {
                let problem = self.dialog.problem.take().unwrap_or_default();
                Step::Asks(vec![format!("Not started: {problem}."), self.question()])
            }
        }
    }

    /// Sets how it is to go; whether the word is one for that.
    fn set(&mut self, word: &str, value: &str) -> bool {
        let value = if value == "none" { "" } else { value };
        let dialog = &mut self.dialog;
        let line = match (word, dialog.intent) {
            ("note", _) => &mut dialog.note,
            ("rate", Intent::Replay) => &mut dialog.rate,
            ("canary", Intent::Replay) => &mut dialog.canary,
            ("stop", Intent::Replay) => &mut dialog.stop,
            ("delivered", Intent::Replay) => {
                dialog.skip_delivered = value != "again";
                return true;
            }
            _ => return false,
        };
        *line = Line::with(value);
        true
    }

    /// The service refused to begin: the question stays.
    pub(super) fn refused(&mut self, reason: String) -> Vec<String> {
        let told = format!("Not started: {reason}");
        self.dialog.refused(reason);
        vec![told, self.question()]
    }
}

fn spread(plan: &PlanView) -> String {
    let named = plan.endpoints.iter().take(NAMED_MAX).map(|endpoint| {
        let id = || endpoint.id.to_string();
        let name = endpoint.name.clone().unwrap_or_else(id);
        format!("{name} has {}", format::count(endpoint.count))
    });
    let named: Vec<String> = named.collect();
    let others = plan.endpoints.len() as u64 + plan.endpoints_unlisted - named.len() as u64;
    let more = match others {
        0 => String::new(),
        others => format!(", and {} more endpoints", format::count(others)),
    };
    format!("Of them {}{more}.", named.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::app::sample_views::plan;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn planned(intent: Intent, matched: u64) -> Planning {
        let plan = Box::new(plan(matched));
        let what = ("state:dead".to_owned(), "what is dead".to_owned());
        Planning::new(ms(0), intent, what, "prod", plan)
    }

    fn starts(planning: &mut Planning, line: &str) -> bool {
        matches!(planning.answer(ms(1_000), line), Step::Start(_))
    }

    #[test]
    fn the_more_is_concerned_the_more_has_to_be_typed() {
        let mut few = planned(Intent::Replay, 20);
        assert!(!starts(&mut few, "20") && starts(&mut few, "y"));
        let mut some = planned(Intent::Replay, 21);
        assert!(!starts(&mut some, "y") && !starts(&mut some, "yes") && starts(&mut some, "21"));
        let mut many = planned(Intent::Replay, 1_001);
        assert!(!starts(&mut many, "1001") && !starts(&mut many, "prod"));
        many.answer(ms(1_000), "note the receiver is back");
        assert!(starts(&mut many, "prod"));
        let mut discard = planned(Intent::Discard, 2);
        assert!(!starts(&mut discard, "2"), "a note is wanted");
        discard.answer(ms(1_000), "note nobody wants it");
        assert!(!starts(&mut discard, "y") && starts(&mut discard, "2"));
    }

    #[test]
    fn an_answer_that_was_typed_ahead_is_not_taken() {
        let mut few = planned(Intent::Replay, 2);
        let Step::Asks(lines) = few.answer(ms(299), "y") else {
            panic!("it was taken");
        };
        assert!(lines[0].contains("not taken"), "{lines:?}");
        assert_eq!(few.answer(ms(299), "no"), Step::Left);
    }

    #[test]
    fn how_it_goes_is_told_and_changed_by_words() {
        let mut some = planned(Intent::Replay, 318);
        let told = some.sentences().join("\n");
        assert!(
            told.contains("replay 318 deliveries on prod: what is dead."),
            "{told}"
        );
        assert!(
            told.contains("rate 10/s, canary 5, stop 20%/50, delivered left out"),
            "{told}"
        );
        assert!(
            told.ends_with("Type 318 to start it, or no to leave it."),
            "{told}"
        );
        some.answer(ms(500), "rate 50/s");
        some.answer(ms(500), "canary none");
        some.answer(ms(500), "delivered again");
        let Step::Start(Start::Replay(body)) = some.answer(ms(600), "318") else {
            panic!("it was not started");
        };
        assert_eq!(body.rate.as_deref(), Some("50/s"));
        assert_eq!((body.canary, body.skip_delivered), (None, false));
        let lines = some.refused("the plan expired".into());
        assert!(lines[0].contains("the plan expired"), "{lines:?}");
        assert!(starts(&mut some, "318"), "it can be tried again");
    }
}
