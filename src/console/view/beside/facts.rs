//! What an event, a cause, a replay, an audit entry and a line of the log are, line by line.

use crate::api::audit::AuditEntryView;
use crate::api::dead::DeadCauseView;
use crate::api::event::EventView;
use crate::api::log::LogLineView;
use crate::api::replay::ReplayView;
use crate::console::app::msg::Now;
use crate::console::theme::Role;
use crate::console::view::paint::Skin;
use crate::console::view::text::Text;
use crate::console::view::{audit, dead, format, log, replays};

/// An event.
pub(super) fn event(text: &mut Text, event: &EventView) {
    let test = if event.test { "test " } else { "" };
    text.field("type", &format!("{test}{}", event.event_type), Role::Strong);
    text.field("id", &event.id.to_string(), Role::Text);
    if let Some(key) = &event.key {
        text.field("key", &key.to_string(), Role::Text);
    }
    if let Some(tenant) = &event.tenant {
        text.field("tenant", tenant, Role::Text);
    }
    text.field("size", &format::bytes(event.size), Role::Text);
    let accepted = event.accepted_at.to_rfc3339_millis();
    text.field("accepted", &accepted, Role::Text);
    if event.occurred_at != event.accepted_at {
        let occurred = event.occurred_at.to_rfc3339_millis();
        text.field("occurred", &occurred, Role::Muted);
    }
    text.empty();
}

/// Dead letters of a cause.
pub(super) fn cause(text: &mut Text, now: Now, cause: &DeadCauseView) {
    text.field("cause", &dead::name(cause), Role::Strong);
    if let Some(class) = &cause.class {
        let status = cause
            .status
            .map_or_else(String::new, |status| format!(" {status}"));
        text.field("class", &format!("{class}{status}"), Role::Text);
    }
    text.field("dead", &format::count(cause.dead), Role::StateDead);
    let standing = match (cause.succeeding_now, cause.succeeding) {
        (Some(true), _) => ", all have succeeded since: a replay has a chance".to_owned(),
        (_, Some(0)) => ", none has succeeded since".to_owned(),
        (_, Some(some)) => format!(", {some} have succeeded since"),
        (_, None) => String::new(),
    };
    let word = if cause.endpoints == 1 {
        "endpoint"
    } else {
        "endpoints"
    };
    let endpoints = format!("{} {word}{standing}", format::count(cause.endpoints));
    text.field("at", &endpoints, Role::Text);
    let times = [("first", cause.first_seen), ("last", cause.last_seen)];
    for (name, at) in times {
        if let Some(at) = at {
            text.field(name, &format::near(now.wall, at), Role::Muted);
        }
    }
    text.field("id", &cause.id, Role::Muted);
    text.empty();
}

/// A replay.
pub(super) fn replay(text: &mut Text, skin: &Skin, replay: &ReplayView) {
    let shown = replays::state_of(skin, replay);
    let state = format!("{} {}  {}", shown.glyph, shown.word, replay.id);
    text.field("replay", &state, shown.role);
    text.field("of", &replay.selection, Role::Text);
    if let Some(filter) = &replay.stands_for {
        text.field("that is", filter, Role::Muted);
    }
    let room = text.width.saturating_sub(10).min(40);
    text.field(
        "progress",
        &replays::progress(skin, replay, room),
        Role::Text,
    );
    if let Some(counts) = &replay.counts {
        let sums = format!(
            "{} delivered, {} failed, {} skipped, {} cancelled, {} waiting, {} under way",
            counts.delivered,
            counts.failed,
            counts.skipped,
            counts.cancelled,
            counts.waiting,
            counts.open
        );
        text.field("of them", &sums, Role::Text);
    }
    let eta = replay.eta.as_ref();
    let eta = eta.map_or_else(String::new, |eta| format!(", {eta} to go"));
    let rate = format!("{}{eta}", format::pace(&replay.rate));
    text.field("rate", &rate, Role::Text);
    if replay.canary > 0 {
        let done = match replay.canary_done {
            Some(true) => " passed",
            Some(false) => " waits",
            None => "",
        };
        text.field("canary", &format!("{}{done}", replay.canary), Role::Text);
    }
    if let Some(stop) = &replay.stop {
        text.field("stops", stop, Role::Text);
    }
    if let Some(why) = &replay.why {
        text.field("why", why, Role::LevelWarn);
    }
    text.field("by", &replay.who, Role::Text);
    if let Some(note) = &replay.note {
        text.field("note", note, Role::Text);
    }
    text.empty();
}

/// An audit entry.
pub(super) fn entry(text: &mut Text, entry: &AuditEntryView) {
    text.field("what", &entry.what, Role::Accent);
    let from = entry
        .from
        .as_deref()
        .map_or_else(String::new, |from| format!(" from {from}"));
    text.field(
        "who",
        &format!("{} via {}{from}", entry.who, entry.via),
        Role::Strong,
    );
    text.field("at", &entry.at.to_rfc3339_millis(), Role::Text);
    if let Some(target) = &entry.target {
        text.field("target", target, Role::Text);
    }
    if let Some(count) = entry.count {
        text.field("count", &format::count(count), Role::Text);
    }
    if let Some(note) = &entry.note {
        text.field("note", note, Role::Text);
    }
    let changes = audit::changes(entry);
    if changes.is_empty() {
        return;
    }
    text.empty();
    for (name, change) in changes {
        if name.len() > 8 {
            text.line(format!(" {name}"), Role::Muted);
            text.field("", &change, Role::Text);
        } else {
            text.field(&name, &change, Role::Text);
        }
    }
}

/// A line of the service's log, with all of its text.
pub(super) fn line(text: &mut Text, skin: &Skin, line: &LogLineView) {
    text.field("time", &line.at.to_rfc3339_millis(), Role::Text);
    let (level, role) = log::level(skin, line);
    text.field("level", level.trim_start(), role);
    text.field("part", &line.part, Role::Accent);
    text.field("target", &line.target, Role::Muted);
    text.field("text", &line.text, Role::Text);
}
