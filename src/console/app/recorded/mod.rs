//! Models made of recorded answers of the real API, taken in as any answer is: what the snapshots of the views show.
//!
//! `answers.json` is written by `HOOKYARD_TEST_RECORD=1 cargo test --test it console::recording`, which has the incident
//! that it tells of. [`super::samples`] stays for what a test has to set up exactly: a breaker that is open, a limit that
//! is reached, a certificate that runs out tomorrow, hostile text in each member.

use std::collections::BTreeMap;
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::model::Model;
use super::msg::{Answer, Call, Cmd, Failure, Msg, Now, RequestId};
use super::plan::Intent;
use super::session::Session;
use super::update::update;
use crate::api::delivery::{DeliveryCount, DeliveryDetail, DeliveryView};
use crate::api::log::{LogLineView, LogView};
use crate::api::note::NotesView;
use crate::api::page::Page;
use crate::api::stats::EndpointStatsView;
use crate::console::input::bytes::Typed;
use crate::console::input::key::Key;
use crate::console::keys::Keymap;
use crate::console::surroundings::Surroundings;
use crate::console::theme::Shelf;
use crate::domain::id::DeliveryId;
use crate::domain::limits::FILTER_COUNTED_MAX;
use crate::domain::time::Timestamp;

/// How the service of a recording answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// As recorded.
    Well,
    /// As if there was nothing.
    Empty,
    /// Not at all.
    Silent,
    /// With a refusal.
    Refusing,
    /// As if there were so many of one kind of rows, a page at a time.
    Crowded(&'static str, usize),
}

/// A service that answers from the recording.
pub(crate) struct Recorded {
    answers: BTreeMap<String, Value>,
    mood: Mood,
}

/// What a refused call is told.
const REFUSAL: &str = "the service is too busy to answer: ask again in 5 s";
/// Rows of a page of the crowd.
const PAGE: usize = 200;
/// Rows of a glance.
const GLANCE: usize = 5;

impl Recorded {
    /// As it was recorded.
    pub(crate) fn new(mood: Mood) -> Self {
        let answers = serde_json::from_str(include_str!("answers.json"));
        Self {
            answers: answers.expect("the recording is an object"),
            mood,
        }
    }

    /// The same with other words in the place of some.
    pub(crate) fn saying(mut self, words: &[(&str, &str)]) -> Self {
        for answer in self.answers.values_mut() {
            say(answer, words);
        }
        self
    }

    /// A moment so many milliseconds after the console's start; the answers are of its beginning.
    pub(crate) fn at(&self, millis: u64) -> Now {
        let begun: Timestamp = self.part("stats", "at");
        let elapsed = Duration::from_millis(millis);
        Now {
            wall: begun + elapsed,
            elapsed,
        }
    }

    /// A console that is connected to it, in so many columns and rows.
    pub(crate) fn console(&self, size: (u16, u16)) -> Model {
        let session = Session {
            label: "eu-1".into(),
            target: "/run/hookyard/hookyard.sock".into(),
            read_only: false,
            embedded: false,
            theme: "ansi16".to_owned(),
            fitted: false,
            themes: Shelf::built_in().map(str::to_owned).collect(),
            surroundings: Surroundings::default(),
        };
        let rng = ChaCha8Rng::seed_from_u64(1);
        let mut model = Model::new(session, Keymap::ops(), size, rng);
        update(&mut model, self.at(0), Msg::Started);
        let hello = self.whole("hello");
        let cmds = update(&mut model, self.at(0), Msg::Frame(Box::new(hello)));
        self.serve(&mut model, 0, cmds);
        model
    }

    /// Presses keys, named with spaces between them, and answers what they ask for.
    pub(crate) fn press(&self, model: &mut Model, millis: u64, keys: &str) {
        for key in keys.split(' ') {
            let key = Key::parse(key).expect("a key");
            let msg = Msg::Typed(Typed::Key(key));
            let cmds = update(model, self.at(millis), msg);
            self.serve(model, millis, cmds);
        }
    }

    /// Answers every call among the commands, and what follows.
    pub(crate) fn serve(&self, model: &mut Model, millis: u64, cmds: Vec<Cmd>) {
        for cmd in cmds {
            if let Cmd::Call(request, call) = cmd
                && let Some(answer) = self.reply(&call)
            {
                self.take(model, millis, request, answer);
            }
        }
    }

    fn take(
        &self,
        model: &mut Model,
        millis: u64,
        request: RequestId,
        answer: Result<Answer, Failure>,
    ) {
        let msg = Msg::Answered(request, None, Box::new(answer));
        let cmds = update(model, self.at(millis), msg);
        self.serve(model, millis, cmds);
    }

    fn reply(&self, call: &Call) -> Option<Result<Answer, Failure>> {
        match self.mood {
            Mood::Silent => None,
            Mood::Refusing => Some(Err(Failure::said(REFUSAL))),
            Mood::Well | Mood::Empty | Mood::Crowded(..) => Some(Ok(self.answer(call))),
        }
    }

    /// What the service answers to a call.
    fn answer(&self, call: &Call) -> Answer {
        match call {
            Call::Then(at, call) => until(*at, self.answer(call)),
            Call::Deliveries { cursor, .. } => Answer::Deliveries(self.page("deliveries", cursor)),
            Call::Count(_) => Answer::Count(self.count()),
            Call::Events { cursor } => Answer::Events(self.page("events", cursor)),
            Call::Replays { cursor } => Answer::Replays(self.page("replays", cursor)),
            Call::Audit { cursor } => Answer::Audit(self.page("audit", cursor)),
            Call::Endpoints { cursor } => Answer::Endpoints(self.page("endpoints", cursor)),
            Call::DeadCauses => Answer::DeadCauses(Box::new(self.listed("dead_causes"))),
            Call::Causes(_) => Answer::Causes(self.listed("causes")),
            Call::Stats => Answer::Stats(Box::new(self.counted("stats"))),
            Call::Figures(_) => Answer::Stats(Box::new(self.counted("last_hour"))),
            Call::Horizon => Answer::Horizon(Box::new(self.counted("horizon"))),
            Call::Delivery(id) => Answer::Delivery(Box::new(self.delivery(*id))),
            Call::Attempt(_, number) => {
                let attempts: Vec<Value> = self.whole("attempts");
                let attempt = &attempts[*number as usize - 1];
                Answer::Attempt(Box::new(typed(attempt.clone())))
            }
            Call::LastGood(..) => Answer::LastGood(Some(Box::new(self.whole("last_good")))),
            Call::Log { cursor } => Answer::Log(Box::new(self.log(cursor))),
            Call::Warning => Answer::Log(Box::new(self.whole("warning"))),
            Call::Glance(_) => {
                let mut page: Page<DeliveryView> = self.page("deliveries", &None);
                page.items.truncate(GLANCE);
                Answer::Deliveries(page)
            }
            Call::EndpointHour(id) => {
                let hour: EndpointStatsView = self.whole("endpoint_hour");
                Answer::EndpointHour(Box::new(EndpointStatsView {
                    endpoint_id: *id,
                    ..hour
                }))
            }
            Call::Notes(target) => Answer::Notes(self.notes(target)),
            Call::SavedViews => {
                let views: Page<_> = self.listed("views");
                Answer::SavedViews(views.items)
            }
            Call::Operators => {
                let operators: Page<_> = self.whole("operators");
                Answer::Operators(operators.items)
            }
            Call::Egress => Answer::Egress(self.whole("egress")),
            Call::Contracts => {
                let contracts: Page<_> = self.whole("contracts");
                Answer::Contracts(contracts.items)
            }
            Call::Plan(Intent::Replay, _) => Answer::Plan(Box::new(self.whole("plan_replay"))),
            Call::Plan(Intent::Discard, _) => Answer::Plan(Box::new(self.whole("plan_discard"))),
            Call::CreateEndpoint(_) => Answer::Created(Box::new(self.whole("created"))),
            Call::RotateSecret(..) => Answer::Rotated(Box::new(self.whole("rotated"))),
            other => panic!("no answer to {other:?} was recorded"),
        }
    }

    /// How many deliveries there are, as far as they are counted.
    fn count(&self) -> DeliveryCount {
        let Mood::Crowded("deliveries", count) = self.mood else {
            return self.counted("count");
        };
        let count = count as u64;
        DeliveryCount {
            count: count.min(FILTER_COUNTED_MAX),
            exact: count <= FILTER_COUNTED_MAX,
            looked_at: count,
        }
    }

    /// The notes about something: one delivery has some.
    fn notes(&self, target: &str) -> NotesView {
        let mut view: NotesView = self.whole("notes");
        if view.target != target {
            view.items.clear();
            view.count = 0;
        }
        view.target = target.to_owned();
        view
    }

    /// A page of the log, whose lines are numbered.
    fn log(&self, cursor: &Option<String>) -> LogView {
        let mut view: LogView = self.whole("log");
        match self.mood {
            Mood::Empty => {
                view.items.clear();
                view.newest = 0;
            }
            Mood::Crowded("log", count) => {
                let count = count as u64;
                let from = cursor
                    .as_ref()
                    .map_or(count, |cursor| cursor.parse().unwrap_or(0));
                let known = std::mem::take(&mut view.items);
                let lines = (1..=from).rev().take(PAGE).zip(known.iter().cycle());
                let lines = lines.map(|(seq, line)| LogLineView {
                    seq,
                    ..line.clone()
                });
                view.items = lines.collect();
                view.newest = count;
                view.next = from
                    .checked_sub(PAGE as u64)
                    .filter(|left| *left > 0)
                    .map(|left| left.to_string());
            }
            _ => {}
        }
        view
    }

    /// All of a delivery: the recorded one, or another row of the list with the attempts of that.
    fn delivery(&self, id: DeliveryId) -> DeliveryDetail {
        let mut detail: DeliveryDetail = self.whole("delivery");
        let rows: Vec<DeliveryView> = self.part("deliveries", "items");
        if let Some(row) = rows.into_iter().find(|row| row.id == id) {
            detail.delivery = row;
        }
        detail.delivery.id = id;
        detail
    }

    fn whole<T: DeserializeOwned>(&self, name: &str) -> T {
        typed(self.answers[name].clone())
    }

    fn part<T: DeserializeOwned>(&self, name: &str, member: &str) -> T {
        typed(self.answers[name][member].clone())
    }

    /// A list that is told whole.
    fn listed<T: DeserializeOwned>(&self, name: &str) -> T {
        let mut answer = self.answers[name].clone();
        match self.mood {
            Mood::Empty => {
                answer["items"] = Value::Array(Vec::new());
                nothing(&mut answer);
            }
            Mood::Crowded(kind, count) if kind == name => {
                answer["dead"] = count.into();
                answer["items"] = self.crowd(name, 0..count.min(1_000)).into();
            }
            _ => {}
        }
        typed(answer)
    }

    /// Figures.
    fn counted<T: DeserializeOwned>(&self, name: &str) -> T {
        let mut answer = self.answers[name].clone();
        match self.mood {
            Mood::Empty => nothing(&mut answer),
            Mood::Crowded("deliveries", count) if answer["ledger"].is_object() => {
                answer["ledger"]["created"] = count.into();
                answer["ledger"]["delivered"] = count.into();
            }
            _ => {}
        }
        typed(answer)
    }

    /// A page of rows; what is recorded is one page, a crowd is as many as it takes.
    fn page<T: DeserializeOwned>(&self, name: &str, cursor: &Option<String>) -> Page<T> {
        let start = cursor
            .as_ref()
            .map_or(0, |cursor| cursor.parse().unwrap_or(usize::MAX));
        let (rows, next): (Vec<Value>, Option<usize>) = match self.mood {
            Mood::Crowded(kind, count) if kind == name => {
                let end = start.saturating_add(PAGE).min(count);
                (
                    self.crowd(name, start.min(count)..end),
                    Some(end).filter(|end| *end < count),
                )
            }
            Mood::Empty => (Vec::new(), None),
            _ if start > 0 => (Vec::new(), None),
            _ => (self.part(name, "items"), None),
        };
        Page {
            items: rows.into_iter().map(typed).collect(),
            next: next.map(|next| next.to_string()),
            searched: None,
        }
    }

    /// Rows of a crowd: those that were recorded, again and again, each with an id of its own; newest first.
    fn crowd(&self, name: &str, numbers: std::ops::Range<usize>) -> Vec<Value> {
        let known: Vec<Value> = self.part(name, "items");
        let rows = numbers.map(|number| {
            let mut row = known[number % known.len()].clone();
            let id = row["id"].as_str().expect("a row has an id");
            let (kind, _) = id.split_once('_').unwrap_or(("", id));
            row["id"] = match kind {
                "" => format!("{number:012x}").into(),
                // Ids are of a moment, the newer the greater; thirteen digits as those of the service.
                kind => numbered(kind, 99_999_999 - number).into(),
            };
            if row["name"].is_string() {
                row["name"] = format!("endpoint-{number}").into();
            }
            row
        });
        rows.collect()
    }

    /// Chooses the delivery whose details were recorded, in a list that shows it.
    pub(crate) fn choose_recorded(&self, model: &mut Model) {
        let wanted: DeliveryId = self.part("delivery", "id");
        let is_chosen = |chosen: &DeliveryView| chosen.id == wanted;
        for _ in 0..self.answers["deliveries"]["items"]
            .as_array()
            .map_or(0, Vec::len)
        {
            self.press(model, 0, "j");
            if model.selected_delivery().is_some_and(is_chosen) {
                return;
            }
        }
        panic!("the recorded delivery {wanted} is in the recorded list");
    }
}

/// An id of a kind with this number: digits that an id can have.
fn numbered(kind: &str, number: usize) -> String {
    format!("{kind}_00000{number:08}")
}

fn typed<T: DeserializeOwned>(value: Value) -> T {
    let text = value.to_string();
    serde_json::from_value(value).unwrap_or_else(|error| {
        panic!(
            "the console cannot take a recorded answer any more: {error}: {text}\n\
             HOOKYARD_TEST_RECORD=1 cargo test --test it console::recording records anew"
        )
    })
}

/// Puts words in the place of others wherever they stand.
fn say(value: &mut Value, words: &[(&str, &str)]) {
    match value {
        Value::String(text) => {
            for (old, new) in words {
                *text = text.replace(old, new);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| say(item, words)),
        Value::Object(members) => members.values_mut().for_each(|member| say(member, words)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Makes every count nothing.
fn nothing(value: &mut Value) {
    match value {
        Value::Number(_) => *value = 0.into(),
        Value::Array(items) => items.iter_mut().for_each(nothing),
        Value::Object(members) => {
            for (name, member) in members {
                match &**name {
                    // What a window or a step is long does not depend on what is in it.
                    name if name.ends_with("_s") => {}
                    // Of nothing there is no mean and no next.
                    "latency_us" | "mean_latency_us" | "next_at" => *member = Value::Null,
                    _ => nothing(member),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// What an answer would have had at an instant: neither what was made later nor what came of it.
fn until(at: Timestamp, answer: Answer) -> Answer {
    match answer {
        Answer::Deliveries(mut page) => {
            page.items.retain(|row| row.created_at <= at);
            Answer::Deliveries(page)
        }
        Answer::Log(mut view) => {
            view.items.retain(|line| line.at <= at);
            view.newest = view.items.first().map_or(0, |line| line.seq);
            Answer::Log(view)
        }
        Answer::DeadCauses(mut causes) => {
            causes.items.retain(|cause| cause.last_seen <= Some(at));
            for cause in &mut causes.items {
                (cause.succeeding, cause.succeeding_now) = (None, None);
            }
            Answer::DeadCauses(causes)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::app::samples::list;

    #[test]
    fn a_console_of_the_recording_shows_what_was_recorded() {
        let recorded = Recorded::new(Mood::Well);
        let mut model = recorded.console((80, 24));
        assert_eq!(
            model.data.info.as_ref().map(|info| &*info.host),
            Some("eu-1")
        );
        recorded.press(&mut model, 0, "2");
        assert_eq!(list(&model).rows.len(), 24);
        recorded.choose_recorded(&mut model);
        recorded.press(&mut model, 0, "enter l");
    }

    #[test]
    fn a_crowd_comes_a_page_at_a_time_and_each_row_is_its_own() {
        let recorded = Recorded::new(Mood::Crowded("deliveries", 450));
        let first: Page<DeliveryView> = recorded.page("deliveries", &None);
        let last: Page<DeliveryView> = recorded.page("deliveries", &Some("400".to_owned()));
        assert_eq!(
            (first.items.len(), first.next.as_deref()),
            (200, Some("200"))
        );
        assert_eq!((last.items.len(), last.next), (50, None));
        assert!(first.items[0].id > first.items[1].id && first.items[199].id > last.items[0].id);
    }
}
