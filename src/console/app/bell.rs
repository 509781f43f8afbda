//! Bells: each rings when the one thing that it was set on changes, and none is there unless somebody asks.
//!
//! A delivery, an endpoint or a replay is watched by what the stream tells of it anyway. Whether a delivery has come
//! under a filter is the service's to say: it is asked about those that the stream told of, and about nothing while
//! nothing changes. Where the stream left something out, each bell asks once.

use std::collections::BTreeSet;
use std::time::Duration;

use super::model::{Level, Model, Screen};
use super::msg::{Answer, Call, Cmd, Now};
use super::pulse::Row;
use super::requests::Purpose;
use super::rung::{self, BellMark, Belled, Rung};
use crate::api::delivery::DeliveryView;
use crate::api::endpoint::EndpointView;
use crate::api::replay::ReplayView;
use crate::api::stream::Change;
use crate::console::actions::{ActionId, Stepping};
use crate::console::quiet::QuietHours;
use crate::domain::id::{DeliveryId, EndpointId, ReplayId};

/// Bells at once; the oldest gives way to one more.
const BELLS_MAX: usize = 8;
/// The shortest time between two rings; what changes meanwhile is told without one.
const QUIET: Duration = Duration::from_secs(3);
/// The shortest time between two questions of one bell.
const ASK_EVERY: Duration = Duration::from_secs(2);
/// Deliveries that the service is asked about at once: they are terms of a filter, and rows of one glance.
const ASKED_MAX: usize = 20;
/// Deliveries that wait to be asked about; of more the newest under the filter are looked at instead.
const CHANGED_MAX: usize = 200;
/// Deliveries under a filter that are known to be; of more the oldest are forgotten.
const KNOWN_MAX: usize = 2_000;
/// Failures in a row that mean more than bad luck.
const FAILS_FROM: u32 = 3;

/// Names a bell; never used again for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BellId(u64);

/// All bells.
#[derive(Debug, Default)]
pub(crate) struct Bells {
    set: Vec<Bell>,
    ever: u64,
    /// What has changed and was not told yet, in words; not escaped.
    news: Vec<String>,
    /// When one last rang.
    rang: Option<Duration>,
    /// The rows that they rang for.
    rung: Rung,
}

/// A bell that is set.
#[derive(Clone, Debug)]
struct Bell {
    id: BellId,
    /// What it is set on, in words; not escaped.
    name: String,
    watched: Watched,
    /// Whether the stream may have left out what it waits for.
    missed: bool,
    /// When the service was last asked.
    asked_at: Option<Duration>,
}

/// What a bell is set on, and how that was last.
#[derive(Clone, Debug)]
enum Watched {
    Delivery(DeliveryId, String),
    Endpoint(EndpointId, Option<&'static str>),
    Replay(ReplayId, String),
    Filter(Box<Filtered>),
}

/// The deliveries under a filter.
#[derive(Clone, Debug, Default)]
struct Filtered {
    filter: String,
    /// Those that are known to pass.
    known: BTreeSet<DeliveryId>,
    /// Those that changed and are to be asked about.
    changed: BTreeSet<DeliveryId>,
    /// Those that the service was asked about.
    asked: BTreeSet<DeliveryId>,
}

impl Bells {
    /// How many are set.
    pub(crate) const fn count(&self) -> usize {
        self.set.len()
    }

    /// What they have to do with a row.
    pub(crate) fn mark(&self, row: Belled) -> Option<BellMark> {
        let is_on = |bell: &Bell| match (&bell.watched, row) {
            (Watched::Delivery(id, _), Belled::Delivery(row)) => *id == row,
            (Watched::Endpoint(id, _), Belled::Endpoint(row)) => *id == row,
            (Watched::Replay(id, _), Belled::Replay(row)) => *id == row,
            _ => false,
        };
        if self.rung.has(row) {
            return Some(BellMark::Rang);
        }
        self.set.iter().any(is_on).then_some(BellMark::Set)
    }

    /// Whether one rings for what comes under this filter.
    pub(crate) fn is_on_filter(&self, filter: &str) -> bool {
        let is_on = |bell: &Bell| matches!(&bell.watched, Watched::Filter(on) if on.filter == filter.trim());
        self.set.iter().any(is_on)
    }

    /// When one of them wants to ask the service.
    pub(crate) fn asks_at(&self) -> Option<Duration> {
        let wanting = self.set.iter().filter(|bell| bell.question().is_some());
        wanting.map(Bell::may_ask_at).min()
    }

    /// What the stream told may not be all.
    pub(super) fn note_gap(&mut self) {
        for bell in &mut self.set {
            bell.missed = true;
        }
    }

    /// Takes over what the stream tells of deliveries and replays; of endpoints the cache tells.
    pub(super) fn hear(&mut self, change: &Change) {
        if change.deliveries_unlisted > 0 {
            self.note_gap();
        }
        self.hear_deliveries(&change.deliveries);
        self.hear_replays(&change.replays);
    }

    fn hear_deliveries(&mut self, rows: &[DeliveryView]) {
        let (news, rung) = (&mut self.news, &mut self.rung);
        self.set.retain_mut(|bell| match &mut bell.watched {
            Watched::Delivery(id, state) => {
                let row = rows.iter().rfind(|row| row.id == *id);
                row.is_none_or(|row| {
                    let is_new = turns(state, &row.state, &bell.name, news);
                    if is_new {
                        rung.put(Belled::Delivery(*id));
                    }
                    // It can be put back to work, but not by itself.
                    !(is_new && matches!(&**state, "delivered" | "dead" | "discarded"))
                })
            }
            Watched::Filter(filtered) => {
                filtered.changed.extend(rows.iter().map(|row| row.id));
                if filtered.changed.len() > CHANGED_MAX {
                    filtered.changed.clear();
                    bell.missed = true;
                }
                true
            }
            Watched::Endpoint(..) | Watched::Replay(..) => true,
        });
    }

    fn hear_replays(&mut self, replays: &[ReplayView]) {
        let (news, rung) = (&mut self.news, &mut self.rung);
        self.set.retain_mut(|bell| match &mut bell.watched {
            Watched::Replay(id, state) => {
                let replay = replays.iter().rfind(|one| one.id == *id);
                replay.is_none_or(|replay| {
                    if turns(state, &replay.state, &bell.name, news) {
                        rung.put(Belled::Replay(*id));
                    }
                    replay.ended_at.is_none()
                })
            }
            _ => true,
        });
    }

    /// Looks at the endpoints that are watched.
    fn look_at(&mut self, condition_of: impl Fn(EndpointId) -> Option<&'static str>) {
        for bell in &mut self.set {
            if let Watched::Endpoint(id, known) = &mut bell.watched
                && let Some(condition) = condition_of(*id)
                && let Some(before) = known.replace(condition)
                && before != condition
            {
                self.news.push(format!("{} {condition}", bell.name));
                self.rung.put(Belled::Endpoint(*id));
            }
        }
    }

    /// Takes what the service says of those that one asked about.
    fn take(&mut self, id: BellId, answer: &Answer) {
        match answer {
            Answer::Replays(page) => self.hear_replays(&page.items),
            Answer::Deliveries(page) => {
                let bell = self.set.iter_mut().find(|bell| bell.id == id);
                match bell.map(|bell| &mut bell.watched) {
                    Some(Watched::Filter(filtered)) => {
                        let new = filtered.take(&page.items);
                        self.news.extend(filtered.told(&new));
                        for id in new {
                            self.rung.put(Belled::Delivery(id));
                        }
                    }
                    _ => self.hear_deliveries(&page.items),
                }
            }
            other => debug_assert!(false, "no answer to a bell: {other:?}"),
        }
    }

    /// Takes it off where there is one on the same; whether there was.
    fn take_off(&mut self, watched: &Watched) -> bool {
        let before = self.set.len();
        self.set.retain(|bell| !bell.watched.is_of(watched));
        before > self.set.len()
    }

    /// Sets one more; the name of the one that gave way to it.
    fn add(&mut self, name: String, watched: Watched) -> Option<String> {
        let gone = (self.set.len() >= BELLS_MAX).then(|| self.set.remove(0).name);
        self.ever += 1;
        self.set.push(Bell {
            id: BellId(self.ever),
            name,
            watched,
            missed: false,
            asked_at: None,
        });
        gone
    }
}

/// Notes another state, and that it is news; whether it is another.
fn turns(state: &mut String, now: &str, name: &str, news: &mut Vec<String>) -> bool {
    if state == now {
        return false;
    }
    now.clone_into(state);
    news.push(format!("{name} is {now}"));
    true
}

impl Bell {
    fn may_ask_at(&self) -> Duration {
        self.asked_at.map_or(Duration::ZERO, |at| at + ASK_EVERY)
    }

    /// What it wants to ask the service.
    fn question(&self) -> Option<Call> {
        match &self.watched {
            Watched::Endpoint(..) => None,
            Watched::Delivery(id, _) => self.missed.then(|| Call::Glance(format!("id:{id}"))),
            Watched::Replay(..) => self.missed.then_some(Call::Replays { cursor: None }),
            Watched::Filter(filtered) if self.missed => Some(Call::Glance(filtered.filter.clone())),
            Watched::Filter(filtered) => filtered.question().map(Call::Glance),
        }
    }

    /// Its question is on its way.
    fn asked(&mut self, now: Duration) {
        self.asked_at = Some(now);
        let missed = std::mem::take(&mut self.missed);
        if let Watched::Filter(filtered) = &mut self.watched {
            filtered.asked.clear();
            let asked: Vec<DeliveryId> = filtered.next_asked().collect();
            for id in asked.into_iter().filter(|_| !missed) {
                filtered.changed.remove(&id);
                filtered.asked.insert(id);
            }
        }
    }
}

impl Watched {
    /// Whether both are on the same thing.
    fn is_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Delivery(one, _), Self::Delivery(other, _)) => one == other,
            (Self::Endpoint(one, _), Self::Endpoint(other, _)) => one == other,
            (Self::Replay(one, _), Self::Replay(other, _)) => one == other,
            (Self::Filter(one), Self::Filter(other)) => one.filter == other.filter,
            _ => false,
        }
    }
}

impl Filtered {
    fn next_asked(&self) -> impl Iterator<Item = DeliveryId> {
        self.changed.iter().rev().take(ASKED_MAX).copied()
    }

    /// Which of those that changed pass.
    fn question(&self) -> Option<String> {
        let ids: Vec<String> = self.next_asked().map(|id| id.to_string()).collect();
        (!ids.is_empty()).then(|| format!("({}) id:{}", self.filter, ids.join(",")))
    }

    /// Takes those that pass; gives those that did not before.
    fn take(&mut self, rows: &[DeliveryView]) -> Vec<DeliveryId> {
        for id in std::mem::take(&mut self.asked) {
            // Whatever passes no longer may come again.
            if !rows.iter().any(|row| row.id == id) {
                self.known.remove(&id);
            }
        }
        let rows = rows.iter().map(|row| row.id);
        let new: Vec<DeliveryId> = rows.filter(|id| self.known.insert(*id)).collect();
        while self.known.len() > KNOWN_MAX {
            self.known.pop_first();
        }
        new
    }

    /// What is told of those that are new.
    fn told(&self, new: &[DeliveryId]) -> Option<String> {
        match new {
            [] => None,
            [id] => Some(format!("{id} came under {}", self.filter)),
            _ => Some(format!("{} came under {}", new.len(), self.filter)),
        }
    }
}

/// Sets a bell on what is selected or listed, or takes it off.
pub(super) fn switch(model: &mut Model, now: Now) -> Vec<Cmd> {
    if model.shows_past().is_some() {
        let live = model.key(ActionId::Rewind(Stepping::Live));
        let text =
            format!("this is the past, and a bell is for what comes: {live} goes back to now");
        model.tell(now, Level::Info, text);
        return Vec::new();
    }
    let Some((name, watched)) = wanted(model) else {
        let filter = model.key(ActionId::Filter);
        let text = format!(
            "a bell is for a delivery, an endpoint, a replay that is not over, or a list that follows under a filter ({filter})"
        );
        model.tell(now, Level::Info, text);
        return Vec::new();
    };
    if model.bells.take_off(&watched) {
        model.tell(now, Level::Info, format!("no bell any more on {name}"));
        return Vec::new();
    }
    let off = model.key(ActionId::Bell);
    let text = match model.bells.add(name.clone(), watched) {
        None => format!("a bell on {name}: {off} takes it off"),
        Some(gone) => format!("a bell on {name}; {gone} has none any more, {BELLS_MAX} are set"),
    };
    let silent = quiet_until(model, now).map(|end| format!("; silent until {end}"));
    model.tell(now, Level::Info, text + &silent.unwrap_or_default());
    Vec::new()
}

/// What a bell would be set on, in words and as it is now.
fn wanted(model: &Model) -> Option<(String, Watched)> {
    let of_replay = |replay: &ReplayView| {
        let watched = Watched::Replay(replay.id, replay.state.clone());
        // What has ended changes no more.
        replay
            .ended_at
            .is_none()
            .then(|| (replay.id.to_string(), watched))
    };
    match model.screen() {
        Screen::Deliveries(list) if list.selected().is_none() => {
            let filter = list.filter.trim().to_owned();
            let known = list.rows.deliveries().map(|row| row.id).collect();
            let filtered = Filtered {
                filter: filter.clone(),
                known,
                ..Filtered::default()
            };
            (!filter.is_empty()).then(|| (filter, Watched::Filter(Box::new(filtered))))
        }
        Screen::Deliveries(_) | Screen::Inspector(_) => {
            let row = model.selected_delivery()?;
            let name = format!("{} to {}", row.id, model.endpoint_name(row));
            Some((name, Watched::Delivery(row.id, row.state.clone())))
        }
        Screen::Replays(list) => list.selected().and_then(of_replay),
        Screen::Pulse(pulse) => match model.pulse_row()? {
            Row::Endpoint(_) => of_endpoint(model.selected_endpoint()?),
            Row::Replay(id) => pulse
                .replays
                .iter()
                .find(|one| one.id == id)
                .and_then(of_replay),
            Row::Cause(_) => None,
        },
        Screen::Endpoints(_) => of_endpoint(model.selected_endpoint()?),
        _ => None,
    }
}

fn of_endpoint(endpoint: &EndpointView) -> Option<(String, Watched)> {
    let name = endpoint
        .name
        .clone()
        .unwrap_or_else(|| endpoint.id.to_string());
    Some((name, Watched::Endpoint(endpoint.id, condition(endpoint))))
}

/// How an endpoint is; none where a failure or two do not tell.
fn condition(endpoint: &EndpointView) -> Option<&'static str> {
    let health = &endpoint.health;
    Some(match (&*endpoint.status, &*health.breaker) {
        ("active", "open" | "half-open") => "is behind an open breaker",
        ("active", _) if health.consecutive_failures >= FAILS_FROM => "fails",
        ("active", _) if health.consecutive_failures > 0 => return None,
        ("active", _) => "is well",
        ("paused", _) => "is paused",
        ("disabled", _) => "is disabled",
        ("deleted", _) => "is deleted",
        _ => return None,
    })
}

/// Somebody presses a key and had the selected row before them.
pub(super) fn see(model: &mut Model) {
    if let Some(row) = rung::selected(model) {
        model.bells.rung.see(row);
    }
}

/// Tells what has changed since the last message, and asks what only the service knows.
pub(super) fn follow_up(model: &mut Model, now: Now) -> Vec<Cmd> {
    if model.bells.set.is_empty() && model.bells.news.is_empty() {
        return Vec::new();
    }
    let endpoints = &model.data.endpoints;
    model
        .bells
        .look_at(|id| endpoints.get(&id).and_then(condition));
    let mut cmds: Vec<Cmd> = ring(model, now).into_iter().collect();
    if !model.link.is_up() {
        return cmds;
    }
    let due = model.bells.set.iter();
    let due = due.filter(|bell| now.elapsed >= bell.may_ask_at());
    let due: Vec<(BellId, Call)> = due
        .filter_map(|bell| Some((bell.id, bell.question()?)))
        .collect();
    for (id, call) in due {
        let Some(cmd) = model.call(Purpose::Bell(id), call) else {
            continue;
        };
        cmds.push(cmd);
        let bell = model.bells.set.iter_mut().find(|bell| bell.id == id);
        if let Some(bell) = bell {
            bell.asked(now.elapsed);
        }
    }
    cmds
}

/// When the hours are over in which nothing rings, where it is one of them.
fn quiet_until(model: &Model, now: Now) -> Option<String> {
    let minute = model.times.minute_of_day(now.wall);
    let hours = model
        .session
        .surroundings
        .quiet
        .filter(|hours| hours.has(minute));
    hours.map(QuietHours::end)
}

/// Tells what has changed, and rings where it may be heard.
fn ring(model: &mut Model, now: Now) -> Option<Cmd> {
    let news = std::mem::take(&mut model.bells.news);
    if news.is_empty() {
        return None;
    }
    let text = news.join("; ");
    model.announce(now, format!("bell: {text}"));
    let rang = model.bells.rang;
    if rang.is_some_and(|at| now.elapsed < at + QUIET) || quiet_until(model, now).is_some() {
        return None;
    }
    model.bells.rang = Some(now.elapsed);
    Some(Cmd::Ring(text))
}

/// Takes what the service says of what a bell asked about.
pub(super) fn take(model: &mut Model, id: BellId, answer: &Answer) {
    model.bells.take(id, answer);
}

/// The service did not say: a bell that cannot ask is none.
pub(super) fn fail(model: &mut Model, now: Now, id: BellId, text: &str) {
    let Some(at) = model.bells.set.iter().position(|bell| bell.id == id) else {
        return;
    };
    if !model.link.is_up() {
        // It asks again once the service is back.
        model.bells.set[at].missed = true;
        return;
    }
    let name = model.bells.set.remove(at).name;
    model.tell(
        now,
        Level::Error,
        format!("no bell any more on {name}: {text}"),
    );
}
