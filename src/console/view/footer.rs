//! The last two rows: news, or why the selected delivery waits; and the keys that do something here.

use ratatui::layout::Rect;

use super::paint::{Pen, columns};
use super::{audit, format, log, note, replays, which_key};
use crate::api::delivery::DeliveryView;
use crate::api::endpoint::EndpointView;
use crate::console::actions::{Action, ActionId, Danger, Stepping, actions_of};
use crate::console::app::link::Health;
use crate::console::app::model::{Level, Model, Screen};
use crate::console::app::msg::Now;
use crate::console::theme::Role;
use crate::domain::certificate::{Nearness, end_in_words};

/// The way from the past to now.
const LIVE: ActionId = ActionId::Rewind(Stepping::Live);

/// Draws the news.
pub(super) fn news(pen: &mut Pen<'_>, model: &Model, now: Now, area: Rect) {
    let (text, role) = if let Some(toast) = &model.toast {
        let role = match toast.level {
            Level::Info => Role::LevelInfo,
            Level::Warn => Role::LevelWarn,
            Level::Error => Role::LevelError,
        };
        (toast.text.clone(), role)
    } else if let Some(reason) = model.link.reason() {
        let since = model.last_heard.map_or_else(String::new, |at| {
            format!("; what you see is of {}", format::time(at))
        });
        (
            format!(
                "{reason}{since}; {} retries now",
                model.key(ActionId::Refetch)
            ),
            Role::LevelWarn,
        )
    } else if matches!(model.link.health(now), Health::Stale(_)) {
        (
            "the service says nothing: what you see may be old".to_owned(),
            Role::LevelWarn,
        )
    } else {
        (about_selection(model, now), Role::Muted)
    };
    pen.text(area.x, area.y, area.width, &text, role);
}

/// What there is to say about the row that keys act on.
fn about_selection(model: &Model, now: Now) -> String {
    match model.screen() {
        Screen::Deliveries(list) => {
            let selected = list.selected();
            selected.map_or_else(String::new, |delivery| about_delivery(model, delivery, now))
        }
        Screen::Endpoints(_) | Screen::Pulse(_) => model
            .selected_endpoint()
            .map_or_else(String::new, |endpoint| about_endpoint(model, endpoint, now)),
        Screen::Replays(list) => list.selected().map_or_else(String::new, replays::about),
        Screen::Audit(list) => list.selected().map_or_else(String::new, audit::about),
        Screen::Log(view) => view
            .selected()
            .map_or_else(String::new, |line| log::about(model, line)),
        Screen::Dead(list)
            if list
                .selected()
                .is_some_and(|cause| cause.succeeding_now == Some(true)) =>
        {
            "ok now: every endpoint that failed so has had a success since, a replay has a chance"
                .to_owned()
        }
        Screen::Dead(_) | Screen::Events(_) | Screen::Inspector(_) => String::new(),
    }
}

/// What a delivery waits for first, as far as the list knows; then which it is, and of which event.
fn about_delivery(model: &Model, delivery: &DeliveryView, now: Now) -> String {
    let ids = format!("{}  event {}", delivery.id, delivery.event_id);
    let why = match delivery.state.as_str() {
        // What the endpoint does now says nothing of then.
        "pending" | "held" if model.data.rewound.is_none() => waits_for(model, delivery, now),
        "pending" => next_attempt(delivery, now),
        _ => delivery.reason.clone(),
    };
    why.map_or_else(|| ids.clone(), |why| format!("WHY {why}  {ids}"))
}

fn next_attempt(delivery: &DeliveryView, now: Now) -> Option<String> {
    let at = delivery.next_attempt_at?;
    Some(format!("next attempt {}", format::near(now.wall, at)))
}

/// What keeps a delivery from going out, and how many wait at its endpoint.
fn waits_for(model: &Model, delivery: &DeliveryView, now: Now) -> Option<String> {
    let endpoint = model.data.endpoints.get(&delivery.endpoint_id)?;
    let (health, counts) = (&endpoint.health, &endpoint.health.deliveries);
    if delivery.state == "held" {
        let held = format::count(counts.held);
        return Some(format!("endpoint {}: {held} held there", endpoint.status));
    }
    let is_later = delivery.next_attempt_at.is_some_and(|at| at > now.wall);
    let next = next_attempt(delivery, now).filter(|_| is_later);
    let blocked = match (&*health.breaker, health.rate_limited) {
        ("closed", true) => Some("endpoint at its rate limit".to_owned()),
        ("closed", false) => None,
        (breaker, _) => Some(format!("breaker {breaker}")),
    };
    let pending = format!("{} pending there", format::count(counts.pending));
    let parts = [next, blocked, Some(pending)];
    Some(parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

/// What binds an endpoint first, for it must not be cut off: its rate limit, its certificate's end; then its place.
fn about_endpoint(model: &Model, endpoint: &EndpointView, now: Now) -> String {
    let health = &endpoint.health;
    let mut text = endpoint.id.to_string();
    if let Some(limit) = &endpoint.rate_limit {
        let waiting = if health.rate_limited {
            ", waiting for it"
        } else {
            ""
        };
        text.push_str(&format!(
            "  limit {} per {}{waiting}, {} held back in 1h",
            limit.requests,
            limit.per,
            format::count(health.held_back_1h)
        ));
    }
    if endpoint.secrets.iter().any(|secret| secret.short) {
        text.push_str("  secret is short");
    }
    if let Some(end) = health.certificate_expires_at
        && Nearness::of(end, now.wall).is_some()
    {
        text.push_str(&format!("  certificate {}", end_in_words(end, now.wall)));
    }
    let notes = model.data.notes.about(&endpoint.id.to_string());
    if let Some(words) = notes.and_then(|notes| note::in_words(notes, now)) {
        text.push_str(&format!("  notes {words}"));
    }
    format!("{text}  {}", endpoint.url)
}

/// Draws the keys: those of the table that have a short word, as many as fit; help always.
pub(super) fn keys(pen: &mut Pen<'_>, model: &Model, now: Now, area: Rect) {
    if !model.strokes.is_empty() || model.count.is_some() {
        return which_key::draw(pen, model, now, area);
    }
    let facts = model.facts();
    let has_key = |id| model.keys.has_key(&facts, id);
    let help = has_key(ActionId::Help).then(|| (model.key(ActionId::Help), "help"));
    let mut shown: Vec<(String, &str)> = Vec::new();
    let mut used = help.as_ref().map_or(0, entry_width);
    // The way home is the one that somebody looks for who is in the past.
    let (home, others): (Vec<&Action>, Vec<&Action>) =
        actions_of(model.place()).partition(|action| action.id == LIVE);
    let home = home.into_iter().filter(|_| model.data.rewound.is_some());
    // What is refused for as long as it lasts. Without connection it is not: that comes back, and keys would come and go.
    let may_change = model.writes.allowed() && model.data.rewound.is_none();
    for action in home.chain(others) {
        if action.short.is_empty()
            || action.id == ActionId::Help
            || !has_key(action.id)
            || is_shown(action, model)
            || (!may_change && action.danger != Danger::Look)
        {
            continue;
        }
        let entry = (key_of(model, action.id), word_of(model, action));
        let width = entry_width(&entry) + 2;
        if used + width <= area.width {
            used += width;
            shown.push(entry);
        }
    }
    shown.extend(help);
    let mut x = area.x;
    for (key, word) in &shown {
        x += pen.text(x, area.y, area.right().saturating_sub(x), key, Role::Key) + 1;
        x += pen.text(x, area.y, area.right().saturating_sub(x), word, Role::Muted) + 2;
    }
}

/// Whether an action leads to the view that is shown anyway.
fn is_shown(action: &Action, model: &Model) -> bool {
    matches!(action.id, ActionId::View(place) if place == model.place())
}

fn entry_width((key, word): &(String, &str)) -> u16 {
    columns(key) + 1 + columns(word)
}

/// The first key of an action; a pair such as `h/l` says both ways.
fn key_of(model: &Model, id: ActionId) -> String {
    let key = model.key(id);
    let both = |other| match model.keys.has_key(&model.facts(), other) {
        true => (model.key(other), key.clone()),
        false => (String::new(), key.clone()),
    };
    match id {
        ActionId::NextTab => pair(both(ActionId::PreviousTab)),
        // The other way round: down is later.
        ActionId::NextAttempt => {
            let (previous, next) = both(ActionId::PreviousAttempt);
            pair((next, previous))
        }
        _ => key,
    }
}

/// Two keys as one word; the one there is where there is no other.
fn pair((one, other): (String, String)) -> String {
    match (&*one, &*other) {
        ("", only) | (only, "") => only.to_owned(),
        (one, other) => format!("{one}/{other}"),
    }
}

/// The word for an action as things stand.
fn word_of(model: &Model, action: &Action) -> &'static str {
    match (action.id, model.screen()) {
        (ActionId::Follow, Screen::Deliveries(list)) if list.follows() => "hold",
        (ActionId::Follow, Screen::Log(log)) if log.follows() => "hold",
        (ActionId::Follow, _) => "follow",
        (ActionId::PauseReplay, Screen::Replays(list))
            if list
                .selected()
                .is_some_and(|replay| matches!(&*replay.state, "paused" | "stopped")) =>
        {
            "resume"
        }
        (ActionId::Leave, _) if model.screens.len() == 1 => "quit",
        (ActionId::PauseOrResume, _)
            if model
                .selected_endpoint()
                .is_some_and(|endpoint| endpoint.status == "paused") =>
        {
            "resume"
        }
        _ => action.short,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::stream::{Change, StreamFrame};
    use crate::console::app::msg::Msg;
    use crate::console::app::samples::{at, connected, endpoint, press};
    use crate::console::app::update::update;
    use crate::console::view::tests::screen;

    fn told(model: &Model) -> String {
        let shown = screen(model, 100);
        shown.lines().rev().nth(1).unwrap_or_default().to_owned()
    }

    #[test]
    fn what_the_selected_delivery_waits_for_comes_first() {
        let mut model = connected(false);
        for (keys, why) in [
            ("2 g g j", "WHY exhausted  dlv_"),
            ("j", "WHY endpoint paused: "),
            ("j", "WHY 911 pending there  dlv_"),
            ("j", "WHY next attempt 14:04:02, "),
            ("j", "dlv_"),
        ] {
            press(&mut model, 0, keys);
            let told = told(&model);
            assert!(told.starts_with(why), "{why}: {told}");
        }
        press(&mut model, 20, "k");
        let mut broken = endpoint(1, "partner-acme");
        broken.health.breaker = "half-open".into();
        let change = Change {
            endpoints: vec![broken],
            ..Change::default()
        };
        let frame = StreamFrame::Change(Box::new(change));
        update(&mut model, at(50), Msg::Frame(Box::new(frame)));
        let told = told(&model);
        assert!(told.contains(", breaker half-open, "), "{told}");
    }
}
