//! What comes over the stream.

use super::answers;
use super::behind::Skew;
use super::endpoints::ENDPOINTS_MAX;
use super::fetches;
use super::link::Outage;
use super::model::{Dirty, Level, Model, Screen};
use super::msg::{Call, Cmd, Now};
use super::requests::{Purpose, ScreenId};
use crate::api::endpoint::EndpointView;
use crate::api::stream::{Change, LogNews, StreamFrame};
use crate::console::view::format::age;
use crate::domain::time::Timestamp;

/// Takes over a frame.
pub(crate) fn frame(model: &mut Model, now: Now, frame: StreamFrame) -> Vec<Cmd> {
    let was_up = model.link.is_up();
    if model.link.health(now) != super::link::Health::Live {
        model.soil(Dirty::Soon);
    }
    match frame {
        StreamFrame::Hello(hello) => {
            model.link.heard(now, Some(hello.heartbeat_s));
            model.last_heard = Some(now.wall);
            model.behind.begin(now);
            compare_clocks(model, now, hello.info.now);
            hear_time(model, now, hello.info.now);
            model.data.info = Some(hello.info);
            // Who was there before is told anew.
            model.data.operators.clear();
            model.data.notes.forget();
            model.soil(Dirty::Soon);
            return connected(model, now);
        }
        StreamFrame::Bye => {
            lost(model, now, "the service is stopping".to_owned());
            return vec![Cmd::CloseStream];
        }
        StreamFrame::Change(_) | StreamFrame::Gap { .. } | StreamFrame::Heartbeat { .. } => {}
    }
    model.link.heard(now, None);
    model.last_heard = Some(now.wall);
    let mut cmds = Vec::new();
    if !was_up {
        cmds.extend(connected(model, now));
    }
    match frame {
        StreamFrame::Change(change) => {
            if let Some(stats) = &change.stats {
                hear_time(model, now, stats.at);
            }
            cmds.extend(take_change(model, now, *change));
        }
        StreamFrame::Heartbeat { at } => hear_time(model, now, at),
        StreamFrame::Gap { .. } => {
            note_outage(model, None);
            model.bells.note_gap();
            cmds.extend(fetches::snapshot(model, now));
            model.data.notes.forget();
            cmds.extend(model.call(Purpose::Operators, Call::Operators));
        }
        StreamFrame::Hello(_) | StreamFrame::Bye => {}
    }
    cmds
}

/// What the service's clock said as it greeted us: where ours is another, instants here are told by the service's.
fn compare_clocks(model: &mut Model, now: Now, told: Timestamp) {
    if !model.behind.compare(now, told) {
        return;
    }
    let (seconds, word) = match model.behind.skew() {
        Some(Skew::Behind(seconds)) => (seconds, "behind"),
        Some(Skew::Ahead(seconds)) => (seconds, "ahead of"),
        None => return,
    };
    let age = age(seconds);
    let text =
        format!("this machine's clock is {age} {word} the service's: times here are the service's");
    model.tell(now, Level::Warn, text);
}

/// The service's own time as a frame tells it.
fn hear_time(model: &mut Model, now: Now, told: Timestamp) {
    if model.behind.hear(now, told) {
        model.soil(Dirty::Soon);
    }
}

/// The connection is there, for the first time or again: take a snapshot, and say where something may be missing.
fn connected(model: &mut Model, now: Now) -> Vec<Cmd> {
    if let Some(outage) = model.take_outage(now) {
        note_outage(model, Some(outage));
        model.bells.note_gap();
        model.tell(now, Level::Info, "connected again");
    }
    fetches::snapshot(model, now)
}

/// Says of lists that something may be missing; of the past nothing is.
fn note_outage(model: &mut Model, outage: Option<Outage>) {
    if model.data.rewound.is_some() {
        return;
    }
    for list in model.lists_mut() {
        list.note_outage(outage);
    }
}

/// The connection is lost; what was loaded stays.
pub(crate) fn lost(model: &mut Model, now: Now, reason: String) {
    if model.lost_at.is_none() {
        model.lost_at = model.last_heard;
    }
    model.link.lost(now, &mut model.rng, reason);
    model.soil(Dirty::Soon);
}

/// Takes over an endpoint that the stream tells of. The answer to a change can overtake the stream, which then tells what
/// was before it: that is no news.
fn take_endpoint(model: &mut Model, endpoint: EndpointView) {
    let endpoints = &mut model.data.endpoints;
    let has_room = endpoints.len() < ENDPOINTS_MAX;
    let is_news = endpoints
        .get(&endpoint.id)
        .map_or(has_room, |known| known.updated_at <= endpoint.updated_at);
    if is_news {
        endpoints.insert(endpoint.id, endpoint);
    }
}

fn take_change(model: &mut Model, now: Now, change: Change) -> Vec<Cmd> {
    model.soil(Dirty::Soon);
    model.bells.hear(&change);
    // Lists of the past stay as they were.
    if model.data.rewound.is_none() {
        for list in model.lists_mut() {
            if change.deliveries_unlisted > 0 {
                list.note_left_out();
            }
            for row in &change.deliveries {
                list.take_change(row);
            }
        }
    }
    if let Some(beside) = &mut model.beside {
        for row in &change.deliveries {
            beside.take_change(row);
        }
    }
    for endpoint in change.endpoints {
        take_endpoint(model, endpoint);
    }
    for replay in &change.replays {
        answers::replay_moved(model, replay);
    }
    let acted = !(change.replays.is_empty() && change.alerts.is_empty());
    if let Some(stats) = change.stats {
        let dead = model.data.stats.as_ref().map(|known| known.ledger.dead);
        let events = model.data.stats.as_ref().map(|known| known.events);
        let ledger = model.data.stats.as_ref().map(|known| known.ledger);
        outdate(model, |screen| match screen {
            Screen::Dead(_) => dead != Some(stats.ledger.dead),
            // Each tells how its deliveries fare.
            Screen::Events(_) => events != Some(stats.events) || ledger != Some(stats.ledger),
            Screen::Pulse(_) => events != Some(stats.events) || stats.traffic.attempts > 0,
            _ => false,
        });
        model.data.stats = Some(stats);
    }
    if acted {
        outdate(model, |screen| matches!(screen, Screen::Audit(_)));
    }
    if let Some(operators) = change.operators {
        model.data.operators = operators;
    }
    if let Some(news) = change.log {
        hear_of_log(model, news);
    }
    for alert in change.alerts {
        model.announce(now, format!("{}: {}", alert.name, alert.text));
        model.data.note_alert(alert);
    }
    let mut changed: Vec<ScreenId> = Vec::new();
    for inspector in model.inspectors_mut() {
        if let Some(row) = change
            .deliveries
            .iter()
            .rfind(|row| row.id == inspector.delivery_id)
        {
            inspector.known.clone_from(row);
            changed.push(inspector.id);
        }
    }
    changed
        .into_iter()
        .flat_map(|id| fetches::fetch_detail(model, id))
        .collect()
}

/// The service's log went on.
fn hear_of_log(model: &mut Model, news: LogNews) {
    let past = model.data.rewound.is_some();
    for screen in &mut model.screens {
        match screen {
            // Lines of the past stay as they were.
            Screen::Log(log) if !past => log.heard(news),
            Screen::Pulse(pulse) => pulse.heard_of_warning(news.newest_warning),
            _ => {}
        }
    }
}

/// Notes for which screens the stream has told of something that only a fetch can show.
fn outdate(model: &mut Model, is_outdated: impl Fn(&Screen) -> bool) {
    for screen in &mut model.screens {
        if is_outdated(screen)
            && let Some(fetched) = screen.fetched()
        {
            fetched.outdated = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::app::msg::Msg;
    use crate::console::app::samples::{at, connected, endpoint};
    use crate::console::app::update::update;

    #[test]
    fn what_an_endpoint_was_before_the_answer_to_a_change_is_no_news() {
        let mut model = connected(false);
        let tell = |model: &mut Model, told: &EndpointView| {
            let change = Change {
                endpoints: vec![told.clone()],
                ..Change::default()
            };
            let frame = StreamFrame::Change(Box::new(change));
            update(model, at(900), Msg::Frame(Box::new(frame)));
            model.data.endpoints[&told.id].clone()
        };
        let before = endpoint(1, "partner-acme");
        let mut paused = before.clone();
        paused.status = "paused".to_owned();
        paused.updated_at = at(500).wall;
        model.data.endpoints.insert(paused.id, paused.clone());
        assert_eq!(tell(&mut model, &before), paused);
        paused.health.deliveries.held = 7;
        assert_eq!(tell(&mut model, &paused), paused, "how it fares is told");
        let mut resumed = before;
        resumed.updated_at = at(800).wall;
        assert_eq!(tell(&mut model, &resumed), resumed);
    }
}
