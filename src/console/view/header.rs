//! The first row: whose service this is, how good the connection is, and whether deliveries flow.

use ratatui::layout::Rect;

use super::contexts::role_of;
use super::format;
use super::paint::{Pen, columns};
use crate::console::actions::{ActionId, Stepping};
use crate::console::app::behind::Skew;
use crate::console::app::link::Health;
use crate::console::app::model::Model;
use crate::console::app::msg::Now;
use crate::console::app::writes::Writes;
use crate::console::surroundings::Environ;
use crate::console::theme::Role;

/// The connection in words.
pub(crate) fn link_words(health: Health) -> (String, Role) {
    match health {
        Health::Connecting => ("CONNECTING".to_owned(), Role::LevelWarn),
        Health::Live => ("LIVE".to_owned(), Role::StateOk),
        Health::Slow => ("SLOW".to_owned(), Role::LevelWarn),
        Health::Stale(seconds) => (format!("STALE {}", format::age(seconds)), Role::LevelError),
        Health::Down(0) => ("DOWN retrying".to_owned(), Role::LevelError),
        Health::Down(seconds) => (
            format!("DOWN retry in {}", format::age(seconds)),
            Role::LevelError,
        ),
    }
}

/// Draws it: the left part always, figures as many as fit, those that matter most first.
pub(super) fn draw(pen: &mut Pen<'_>, model: &Model, now: Now, area: Rect) {
    let mut x = area.x;
    let mut put = |pen: &mut Pen<'_>, text: &str, role: Role, gap: u16| {
        let room = (area.right()).saturating_sub(x);
        let used = pen.text(x, area.y, room, text, role);
        x += used + gap;
        x
    };
    put(pen, "HOOKYARD", Role::Accent, 1);
    let around = &model.session.surroundings;
    let banner = around.banner.as_deref();
    if let Some(banner) = banner.or(around.env.map(Environ::banner)) {
        let role = role_of(around.env);
        put(pen, &format!(" {banner} "), role, 1);
    }
    // The state of the connection matters more than the end of a long name.
    let room = if area.width < 60 { 10 } else { 24 };
    let label: String = model.session.label.chars().take(room).collect();
    put(pen, &label, Role::Text, 2);
    let past = past_words(pen, model, now).map(|words| (words, Role::LevelWarn));
    for (words, role) in past.into_iter().chain(told(model, now)) {
        put(pen, &words, role, 2);
    }
    match model.writes {
        Writes::On => {}
        Writes::Never | Writes::Off | Writes::Locked => {
            put(pen, "READ-ONLY", Role::ReadOnly, 2);
        }
        Writes::Armed(_) => {
            let minutes = model.writes.minutes_left(now.elapsed).unwrap_or(0);
            put(pen, &format!("ARMED {minutes} min"), Role::Armed, 2);
        }
    }
    let left = put(pen, "", Role::Text, 0);
    let mut room = area.right().saturating_sub(left);
    let mut figures = figures(model);
    figures.extend(presence(model, area.width).map(|text| Figure {
        order: 8,
        rank: 2,
        text,
        role: Role::Accent,
    }));
    figures.extend(bells(model));
    figures.extend(clock(model));
    // What is drawn stands in the order of the list, what fits is decided by rank.
    let mut kept = Vec::new();
    figures.sort_by_key(|figure| figure.rank);
    for figure in figures {
        let needed = columns(&figure.text) + 2;
        if needed <= room + 2 {
            room = room.saturating_sub(needed);
            kept.push(figure);
        }
    }
    kept.sort_by_key(|figure| figure.order);
    let width: u16 = kept.iter().map(|figure| columns(&figure.text) + 2).sum();
    let mut x = area
        .right()
        .saturating_sub(width.saturating_sub(2))
        .max(left);
    for figure in &kept {
        let room = area.right().saturating_sub(x);
        x += pen.text(x, area.y, room, &figure.text, figure.role) + 2;
    }
}

/// How the connection is, and how far what comes lies behind; of one that is well nothing where the past is shown, for
/// that is never live.
fn told(model: &Model, now: Now) -> Option<(String, Role)> {
    match (model.link.health(now), model.behind.seconds()) {
        (Health::Live, _) if model.data.rewound.is_some() => None,
        // What comes in time may be old.
        (Health::Live, Some(seconds)) => {
            let text = format!("BEHIND {}", format::age(seconds));
            Some((text, Role::LevelWarn))
        }
        (health, _) => {
            let (words, role) = link_words(health);
            let felt = model.round_trip.millis();
            let felt = felt.filter(|_| matches!(health, Health::Live | Health::Slow));
            let words = felt.map_or(words.clone(), |millis| format!("{words} {millis}ms"));
            Some((words, role))
        }
    }
}

/// Which instant is shown, where that is not now; of a view that has no past, that it is of now.
fn past_words(pen: &Pen<'_>, model: &Model, now: Now) -> Option<String> {
    let at = model.data.rewound?;
    let told = pen.skin().times.of_day(at);
    if model.shows_past().is_none() {
        return Some(format!("AT {told}, but this view is of now"));
    }
    let ago = format::age(now.wall.since(at).as_secs());
    let key = model.key(ActionId::Rewind(Stepping::Forward));
    Some(format!("AT {told}  {ago} ago  {key} forward"))
}

/// How far this machine's clock is off the service's, where that matters.
fn clock(model: &Model) -> Option<Figure> {
    let (seconds, sign) = match model.behind.skew()? {
        Skew::Behind(seconds) => (seconds, '-'),
        Skew::Ahead(seconds) => (seconds, '+'),
    };
    Some(Figure {
        order: 10,
        rank: 3,
        text: format!("CLOCK {sign}{}", format::age(seconds)),
        role: Role::LevelWarn,
    })
}

struct Figure {
    order: u8,
    rank: u8,
    text: String,
    role: Role,
}

/// How many bells are set, where there is one.
fn bells(model: &Model) -> Option<Figure> {
    let text = match model.bells.count() {
        0 => return None,
        1 => "BELL".to_owned(),
        count => format!("BELL {count}"),
    };
    Some(Figure {
        order: 9,
        rank: 1,
        text,
        role: Role::LevelWarn,
    })
}

/// Columns from which on those who are there are named.
const NAMES_FROM: u16 = 120;
/// Those who are named at most.
const NAMES_MAX: usize = 4;
/// Characters of a name.
const NAME_CHARS: usize = 16;

/// Who is attached, where that is somebody besides this console.
fn presence(model: &Model, width: u16) -> Option<String> {
    let operators = &model.data.operators;
    let consoles: u32 = operators.iter().map(|one| one.consoles).sum();
    if consoles < 2 || !model.link.is_up() {
        return None;
    }
    let own = model.data.info.as_ref().map(|info| &*info.caller);
    let own = own.unwrap_or_default();
    let cut = |name: &str| name.chars().take(NAME_CHARS).collect::<String>();
    if width < NAMES_FROM {
        return Some(format!("{} +{} online", cut(own), consoles - 1));
    }
    // One name by two doors is one person; this console's own comes first.
    let mut names: Vec<(&str, u32)> = Vec::new();
    for one in operators {
        match names.iter_mut().find(|(name, _)| *name == one.who) {
            Some((_, count)) => *count += one.consoles,
            None => names.push((&one.who, one.consoles)),
        }
    }
    names.sort_by_key(|(name, _)| *name != own);
    let words = |(name, count): &(&str, u32)| match count {
        1 => cut(name),
        _ => format!("{} x{count}", cut(name)),
    };
    let shown: Vec<String> = names.iter().take(NAMES_MAX).map(words).collect();
    let more = match names.len().saturating_sub(NAMES_MAX) {
        0 => String::new(),
        more => format!(" +{more}"),
    };
    Some(format!("{}{more} online", shown.join(", ")))
}

fn figures(model: &Model) -> Vec<Figure> {
    // They are of now.
    let stats = model.data.stats.as_ref();
    let Some(stats) = stats.filter(|_| model.data.rewound.is_none()) else {
        return Vec::new();
    };
    let ledger = &stats.ledger;
    let failed = stats
        .traffic
        .attempts
        .saturating_sub(stats.traffic.successes);
    let figure = |order, rank, text, role| Figure {
        order,
        rank,
        text,
        role,
    };
    let loud = |number: u64, role: Role| if number > 0 { role } else { Role::Muted };
    let counted = |word: &str, number: u64| format!("{word} {}", format::count(number));
    vec![
        figure(
            0,
            3,
            counted("pending", ledger.pending),
            loud(ledger.pending, Role::StateInflight),
        ),
        figure(
            1,
            4,
            counted("held", ledger.held),
            loud(ledger.held, Role::StatePaused),
        ),
        figure(
            2,
            1,
            counted("dead", ledger.dead),
            loud(ledger.dead, Role::StateDead),
        ),
        figure(3, 7, counted("delivered", ledger.delivered), Role::Muted),
        figure(
            4,
            0,
            format::rate(stats.traffic.attempts, stats.traffic.window_s),
            Role::Text,
        ),
        figure(
            5,
            5,
            format!("fail {}", format::percent(failed, stats.traffic.attempts)),
            loud(failed, Role::StateFailed),
        ),
        figure(6, 6, counted("in flight", stats.in_flight), Role::Muted),
        figure(7, 8, counted("discarded", ledger.discarded), Role::Muted),
    ]
}
