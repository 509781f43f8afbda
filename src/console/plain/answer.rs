//! What a question is answered with, by the service.

use std::time::Duration;

use super::ask::{Alone, Ask, Deed, View, Which};
use super::asking::{self, Asking};
use super::deeds::{Does, does};
use super::help;
use super::listing::Listing;
use super::planning::{self, Planning};
use super::rows::{self, Target};
use crate::client::Client;
use crate::clock::SharedClock;
use crate::console::app::dialogs::DEAF;
use crate::console::app::endpoint_form::{self, EndpointForm, Subject};
use crate::console::app::looking_back::Window;
use crate::console::app::msg::{Answer, Call};
use crate::console::app::plan::Intent;
use crate::console::app::proposal::Proposal;
use crate::console::app::writes::{ARMED_FOR, Writes};
use crate::console::perform;
use crate::domain::filter::{Filter, ViewName};

/// What is asked of the operator.
enum Question {
    /// Whether a change is to be made; from when on a yes counts.
    Sure(Call, String, Duration),
    /// How a plan is to begin.
    Plan(Box<Planning>),
    /// A line of a form.
    Form(Box<Asking>),
    /// The name of the protected service.
    Arm,
}

/// Answers questions, one after the other.
pub(super) struct Desk {
    client: Client,
    clock: SharedClock,
    /// What the service is called.
    label: String,
    /// Whether anything may be changed.
    writes: Writes,
    /// The last list.
    list: Listing,
    /// What waits for an answer.
    question: Option<Question>,
    /// Whether what happens is to be told.
    follows: bool,
}

impl Desk {
    pub(super) fn new(client: Client, clock: SharedClock, label: String, writes: Writes) -> Self {
        Self {
            client,
            clock,
            label,
            writes,
            list: Listing::default(),
            question: None,
            follows: false,
        }
    }

    /// Whether an answer is waited for, which nothing else may interrupt.
    pub(super) const fn asks(&self) -> bool {
        self.question.is_some()
    }

    /// Whether what happens is to be told.
    pub(super) const fn follows(&self) -> bool {
        self.follows
    }

    fn now(&self) -> Duration {
        self.clock.monotonic()
    }

    /// The answer to a line, not escaped; none where the operator leaves.
    pub(super) async fn answer(&mut self, line: &str) -> Option<Vec<String>> {
        let now = self.now();
        let mut lines = Vec::new();
        if self.writes.settle(now) {
            lines.push("No longer armed: changes are locked.".to_owned());
        }
        lines.extend(match self.question.take() {
            None => self.ask(Ask::parse(line)).await?,
            Some(Question::Sure(call, words, from)) => {
                self.sure(now, call, words, from, line).await?
            }
            Some(Question::Plan(planning)) => self.planned(now, planning, line).await,
            Some(Question::Form(asking)) => self.filled(asking, line).await,
            Some(Question::Arm) => self.armed(now, line),
        });
        Some(lines)
    }

    async fn ask(&mut self, ask: Ask) -> Option<Vec<String>> {
        Some(match ask {
            Ask::Quit => return None,
            Ask::Nothing => Vec::new(),
            Ask::Help => help::lines(),
            Ask::View(view) => self.view(view).await,
            Ask::Filter(filter) => self.list_filter(filter).await,
            Ask::More => self.more().await,
            Ask::Row(deed, which, words) => self.row(deed, which, &words).await,
            Ask::WhichRow(word) => {
                let number = "the number of a row of the last list";
                vec![format!("{word} what? {word} N, with {number}.")]
            }
            Ask::Plan => match self.list.filter() {
                Some(filter) if !filter.trim().is_empty() => {
                    let what = (filter.to_owned(), filter.to_owned());
                    self.plan(Intent::Replay, what).await
                }
                _ => vec!["All deliveries are too many: filter them first, or plan N.".to_owned()],
            },
            Ask::PlanOf(rows) => match rows.and_then(|rows| self.list.selection(&rows)) {
                Ok(what) => self.plan(Intent::Replay, what).await,
                Err(refused) => vec![refused],
            },
            Ask::Alone(alone, words) => self.alone(alone, &words).await,
            Ask::Answer => vec!["Nothing was asked.".to_owned()],
            Ask::Elsewhere(name, command) => {
                let command = command.map_or_else(String::new, |command| {
                    format!(" The command that does it: {command}")
                });
                vec![format!("{name} is of the console that draws.{command}")]
            }
            Ask::Unknown(line) => {
                vec![format!("{line:?} is not known here. help says what is.")]
            }
        })
    }

    async fn call(&self, call: Call) -> Result<Answer, Vec<String>> {
        let failed = |error| vec![format!("Failed: {error}")];
        perform::answer(&self.client, call).await.map_err(failed)
    }

    async fn view(&mut self, view: View) -> Vec<String> {
        let call = match view {
            View::Pulse => return self.pulse().await,
            View::Deliveries => return self.list_filter(String::new()).await,
            View::Endpoints => Call::Endpoints { cursor: None },
            View::Events => Call::Events { cursor: None },
            View::Dead => Call::DeadCauses,
            View::Replays => Call::Replays { cursor: None },
            View::Audit => Call::Audit { cursor: None },
            View::Log => Call::Log { cursor: None },
            View::Saved => Call::SavedViews,
        };
        self.list(call).await
    }

    async fn pulse(&mut self) -> Vec<String> {
        let stats = self.call(Call::Figures(Window::Hour)).await;
        let causes = self.call(Call::Causes(Window::Hour)).await;
        match (stats, causes) {
            (Ok(Answer::Stats(stats)), Ok(Answer::Causes(causes))) => rows::pulse(&stats, &causes),
            (Err(failed), _) | (_, Err(failed)) => failed,
            _ => Vec::new(),
        }
    }

    async fn list_filter(&mut self, filter: String) -> Vec<String> {
        // Which views are saved the service knows, and tells of one that is not.
        if let Err(errors) = Filter::check(&filter, None) {
            let problems = errors.errors.iter();
            return problems
                .map(|error| {
                    let place = filter.get(error.span.start..error.span.end);
                    format!(
                        "No filter: {}: {}",
                        place.unwrap_or("at its end"),
                        error.problem
                    )
                })
                .collect();
        }
        let call = Call::Deliveries {
            filter,
            cursor: None,
        };
        self.list(call).await
    }

    async fn list(&mut self, call: Call) -> Vec<String> {
        match self.call(call.clone()).await {
            Ok(answer) => {
                self.list = Listing::new(call, answer);
                self.list.tell()
            }
            Err(failed) => failed,
        }
    }

    async fn more(&mut self) -> Vec<String> {
        if let Some(call) = self.list.wants().cloned() {
            match self.call(call.clone()).await {
                Ok(answer) => self.list.extend(call, answer),
                Err(failed) => return failed,
            }
        }
        self.list.tell()
    }

    async fn row(&mut self, deed: Deed, which: Which, words: &str) -> Vec<String> {
        let target = match which {
            Which::Delivery(id) => Some(Target::Delivery(id)),
            Which::Row(number) => self.list.row(number).map(|row| row.target.clone()),
        };
        let Some(target) = target else {
            let known = self.list.len();
            return vec![format!("No {which}: the list has {known}.")];
        };
        match does(deed, &target, words) {
            Does::Detail(id) => match self.call(Call::Delivery(id)).await {
                Ok(Answer::Delivery(detail)) => rows::detail(&detail),
                Ok(_) => Vec::new(),
                Err(failed) => failed,
            },
            Does::List(filter) => self.list_filter(filter).await,
            Does::Simple(call, words) => self.propose(call, words, Vec::new(), Duration::ZERO),
            Does::Proposed(Proposal {
                what,
                consequences,
                call,
            }) => self.propose(call, what, consequences, DEAF),
            Does::Plan(intent, what) => self.plan(intent, what).await,
            Does::Form(form) => self.form(*form).await,
            Does::Refused(reason) => vec![format!("Refused: {reason}.")],
            Does::Nothing => vec![format!("This is not done to {which} of this list.")],
        }
    }

    async fn alone(&mut self, alone: Alone, words: &str) -> Vec<String> {
        match alone {
            Alone::Follow => {
                self.follows = !self.follows;
                let text = if self.follows {
                    // A terminal that edits lines keeps what is typed, and shows it when it is asked to.
                    "Following: what happens is told here, at most five lines every three seconds. Where it comes into a line \
                     that is being typed, ctrl-r shows that again. follow again ends it."
                } else {
                    "No longer following."
                };
                vec![text.to_owned()]
            }
            Alone::Create => self.form(endpoint_form::create()).await,
            Alone::Save => self.save(words),
            Alone::Arm => match self.writes {
                Writes::Locked => {
                    self.question = Some(Question::Arm);
                    vec![format!(
                        "{} is protected: type its name to let changes through for ten minutes.",
                        self.label
                    )]
                }
                Writes::Armed(_) => {
                    self.writes = Writes::Locked;
                    vec!["Changes are locked.".to_owned()]
                }
                Writes::Never => vec!["Refused: this console is read-only.".to_owned()],
                Writes::On | Writes::Off => {
                    vec!["Changes are let through: nothing is to be armed.".to_owned()]
                }
            },
        }
    }

    fn save(&mut self, name: &str) -> Vec<String> {
        let name: ViewName = match name.strip_prefix('@').unwrap_or(name).parse() {
            Ok(name) => name,
            Err(error) => return vec![format!("Not saved: {error}.")],
        };
        let filter = self.list.filter().unwrap_or_default().to_owned();
        if filter.trim().is_empty() {
            return vec!["The last list has no filter: filter EXPRESSION makes one.".to_owned()];
        }
        if let Err(errors) = Filter::parse_to_save(&filter) {
            return vec![format!("Not saved: {errors}.")];
        }
        let what = format!("save @{name}, which then stands for {filter}");
        self.propose(
            Call::SaveView(name, filter),
            what,
            Vec::new(),
            Duration::ZERO,
        )
    }

    /// Why nothing may be changed now.
    fn refusal(&self, what: &str) -> Option<Vec<String>> {
        let reason = match self.writes {
            Writes::On | Writes::Armed(_) => return None,
            Writes::Never | Writes::Off => "this console is read-only",
            Writes::Locked => "this service is protected, and arm lets changes through",
        };
        Some(vec![format!("Refused: {reason}: {what}")])
    }

    /// Asks whether a change is to be made.
    fn propose(
        &mut self,
        call: Call,
        what: String,
        consequences: Vec<String>,
        deaf: Duration,
    ) -> Vec<String> {
        if let Some(refused) = self.refusal(&what) {
            return refused;
        }
        let mut lines = consequences;
        lines.push(format!("{what}? Answer yes or no."));
        self.question = Some(Question::Sure(call, what, self.now() + deaf));
        lines
    }

    async fn sure(
        &mut self,
        now: Duration,
        call: Call,
        what: String,
        from: Duration,
        line: &str,
    ) -> Option<Vec<String>> {
        match line.trim() {
            "yes" | "y" if now < from => {
                let text = format!("That came before it could be read, and is not taken. {what}?");
                self.question = Some(Question::Sure(call, what, from));
                Some(vec![text])
            }
            "yes" | "y" => Some(self.change(call, &what).await),
            "no" | "n" => Some(vec!["Nothing was done.".to_owned()]),
            _ => {
                let mut lines = vec![format!("Not done: {what}.")];
                lines.extend(self.ask(Ask::parse(line)).await?);
                Some(lines)
            }
        }
    }

    async fn change(&mut self, call: Call, what: &str) -> Vec<String> {
        // The time for which changes were let through may have run out since it was asked.
        if let Some(refused) = self.refusal(what) {
            return refused;
        }
        match self.call(call).await {
            Ok(answer) => done(what, answer),
            Err(failed) => failed,
        }
    }

    async fn plan(&mut self, intent: Intent, what: (String, String)) -> Vec<String> {
        if let Some(refused) = self.refusal("plan for many deliveries") {
            return refused;
        }
        match self.call(Call::Plan(intent, what.0.clone())).await {
            Ok(Answer::Plan(plan)) => {
                let planning = Planning::new(self.now(), intent, what, &self.label, plan);
                if planning.is_empty() {
                    return vec!["Nothing matches: there is nothing to plan.".to_owned()];
                }
                let lines = planning.sentences();
                self.question = Some(Question::Plan(Box::new(planning)));
                lines
            }
            Ok(_) => Vec::new(),
            Err(failed) => failed,
        }
    }

    async fn planned(
        &mut self,
        now: Duration,
        mut planning: Box<Planning>,
        line: &str,
    ) -> Vec<String> {
        let lines = match planning.answer(now, line) {
            planning::Step::Left => return vec!["Nothing was done.".to_owned()],
            planning::Step::Asks(lines) => lines,
            planning::Step::Start(start) => {
                if let Some(refused) = self.refusal("start what was planned") {
                    return refused;
                }
                match self.call(Call::Start(Box::new(start))).await {
                    Ok(answer) => return done("start", answer),
                    Err(failed) => planning.refused(failed.concat()),
                }
            }
        };
        self.question = Some(Question::Plan(planning));
        lines
    }

    async fn form(&mut self, form: EndpointForm) -> Vec<String> {
        if let Some(refused) = self.refusal(&form.title) {
            return refused;
        }
        let contracts = match form.subject {
            Subject::Rotate(..) => Vec::new(),
            Subject::Create | Subject::Edit(_) => match self.call(Call::Contracts).await {
                Ok(Answer::Contracts(contracts)) => contracts,
                Ok(_) => Vec::new(),
                Err(failed) => return failed,
            },
        };
        let asking = Asking::new(form, contracts);
        let lines = asking.begin();
        self.question = Some(Question::Form(Box::new(asking)));
        lines
    }

    async fn filled(&mut self, mut asking: Box<Asking>, line: &str) -> Vec<String> {
        let lines = match asking.answer(line) {
            asking::Step::Left => return vec!["Nothing was done.".to_owned()],
            asking::Step::Asks(lines) => lines,
            asking::Step::Send(call, what) => {
                if let Some(refused) = self.refusal(&what) {
                    return refused;
                }
                match self.call(call).await {
                    Ok(answer) => return done(&what, answer),
                    Err(failed) => asking.refused(failed.concat()),
                }
            }
        };
        self.question = Some(Question::Form(asking));
        lines
    }

    fn armed(&mut self, now: Duration, line: &str) -> Vec<String> {
        if line.trim() == self.label {
            self.writes = Writes::Armed(now + ARMED_FOR);
            return vec!["Armed: changes are let through for ten minutes.".to_owned()];
        }
        vec!["That is not its name: changes stay locked.".to_owned()]
    }
}

/// What came of a change, in sentences.
fn done(what: &str, answer: Answer) -> Vec<String> {
    let secret = |what: &str, secret: &str| {
        vec![
            format!("Done: {what}."),
            format!("Its secret, shown once: {secret}"),
        ]
    };
    match answer {
        Answer::Replayed(delivery) => {
            vec![format!("Done: {what}. {}", rows::delivery(&delivery).text)]
        }
        Answer::Endpoint(endpoint) => {
            vec![format!("Done: {what}. It is {}.", endpoint.status)]
        }
        Answer::Created(created) => secret(what, created.secret.expose()),
        Answer::Rotated(shown) => secret(what, shown.secret.expose()),
        Answer::ReplayMoved(replay) => {
            vec![format!(
                "Done: {what}. {} is {}, {} deliveries; replays shows how it goes.",
                replay.id, replay.state, replay.total
            )]
        }
        Answer::Discarded(done) => vec![format!(
            "Done: discarded {}, {} were not dead any more.",
            done.discarded, done.skipped
        )],
        Answer::TestSent(event) => vec![format!(
            "Done: {what}. filter event:{event} shows what comes of it."
        )],
        _ => vec![format!("Done: {what}.")],
    }
}
