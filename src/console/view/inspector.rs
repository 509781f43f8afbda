//! One delivery: where it stands and why, its attempts, what was sent and what came back.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ratatui::layout::Rect;

use super::paint::{Pen, Skin, columns};
use super::state::certificate_role;
use super::text::{Text, TextLine};
use super::{beside, diff, exchange, format, note, raw, search, sieve, signature, state, timeline};
use crate::api::delivery::{AttemptDetail, AttemptView, PhasesView};
use crate::console::actions::ActionId;
use crate::console::app::inspector::{Inspector, Tab};
use crate::console::app::model::{Model, Screen};
use crate::console::app::msg::Now;
use crate::console::app::pane::Room;
use crate::console::app::reading::{Node, Part};
use crate::console::app::times::Times;
use crate::console::theme::Role;
use crate::domain::escape;

/// Draws it.
pub(super) fn draw(pen: &mut Pen<'_>, model: &Model, now: Now, view: &Inspector, area: Rect) {
    title(pen, model, view, area);
    tabs(pen, view, area);
    let mut body = Rect {
        y: area.y + 2,
        height: area.height.saturating_sub(2),
        ..area
    };
    if view.shows_both(model.size) {
        let (rest, shown) = beside::split(pen, Room::Right(area.width / 2), body);
        exchange::draw(pen, model, view, shown);
        body = rest;
    }
    let text = text_of(pen.skin(), model, now, view, body.width);
    let found = search::find(&text, view.reading.words.words());
    let first = view.reading.scroll.min(text.lines.len());
    let shown = text.lines.iter().enumerate().skip(first);
    let shown = shown.take(usize::from(body.height));
    let lines: Vec<TextLine> = shown
        .map(|(number, line)| search::marked(line, number, &found))
        .collect();
    beside::put(pen, &lines, body);
    if !text.nodes.is_empty() {
        bar(pen, view, first, body);
    }
    sieve::places(pen, view, &search::lines(&found), area);
}

/// Shades the line that keys act on.
fn bar(pen: &mut Pen<'_>, view: &Inspector, first: usize, body: Rect) {
    let below = view.reading.line.saturating_sub(first);
    let y = u16::try_from(below).unwrap_or(u16::MAX);
    if y < body.height {
        let line = Rect {
            y: body.y + y,
            height: 1,
            ..body
        };
        pen.shade(line, Role::Cursor);
    }
}

/// How the text of the shown tab lies, for whoever moves through it.
#[derive(Debug)]
pub(crate) struct Layout {
    /// Its lines.
    pub lines: usize,
    /// Rows that show some of them.
    pub height: usize,
    /// The lines that have the words that are looked for.
    pub found: Vec<usize>,
    /// The object or array that a line belongs to; none where nothing folds.
    pub nodes: BTreeMap<usize, Node>,
    /// All objects and arrays that can be folded.
    pub foldable: Vec<Node>,
}

impl Layout {
    /// The furthest that it can be scrolled.
    pub(crate) fn scroll_end(&self) -> usize {
        self.lines.saturating_sub(self.height)
    }
}

/// How the text of the delivery that is looked at lies; none where none is.
pub(crate) fn layout(model: &Model) -> Option<Layout> {
    let Screen::Inspector(view) = model.screen() else {
        return None;
    };
    let (width, _) = model.size;
    let width = match view.shows_both(model.size) {
        true => width - width / 2 - 1,
        false => width,
    };
    // Times do not change how many lines there are, nor do glyphs.
    let skin = Skin {
        theme: crate::console::theme::Theme::plain(),
        ascii: true,
        times: Times::default(),
    };
    let text = text_of(&skin, model, Now::default(), view, width);
    let found = search::find(&text, view.reading.words.words());
    Some(Layout {
        lines: text.lines.len(),
        height: model.list_height(),
        found: search::lines(&found),
        nodes: text.nodes,
        foldable: text.foldable,
    })
}

fn title(pen: &mut Pen<'_>, model: &Model, view: &Inspector, area: Rect) {
    let delivery = view.delivery();
    let shown = state::of_delivery(pen.skin(), delivery);
    let endpoint = model.endpoint_name(delivery);
    let test = if delivery.test { "test " } else { "" };
    let parts = [
        (delivery.id.to_string(), Role::Strong),
        (format!("{} {}", shown.glyph, shown.word), shown.role),
        (
            format!("{test}{} to {endpoint}", delivery.event_type),
            Role::Text,
        ),
    ];
    let mut x = area.x;
    for (text, role) in parts {
        x += pen.text(x, area.y, area.right().saturating_sub(x), &text, role) + 2;
    }
    if let Some(error) = &view.error {
        pen.text(
            x,
            area.y,
            area.right().saturating_sub(x),
            error,
            Role::LevelError,
        );
    }
}

fn tabs(pen: &mut Pen<'_>, view: &Inspector, area: Rect) {
    let y = area.y + 1;
    let mut x = area.x;
    for tab in Tab::ALL {
        let (text, role) = if tab == view.tab {
            (format!("[{}]", tab.word()), Role::Accent)
        } else {
            (format!(" {} ", tab.word()), Role::Muted)
        };
        x += pen.text(x, y, area.right().saturating_sub(x), &text, role);
    }
    if let Some(current) = view.current() {
        let text = format!("attempt {} of {}", current.number, view.history().len());
        let width = columns(&text);
        if x + width < area.right() {
            pen.text(area.right() - width, y, width, &text, Role::Muted);
        }
    }
}

fn text_of(skin: &Skin, model: &Model, now: Now, view: &Inspector, width: u16) -> Text {
    let mut text = Text::new(width);
    text.cuts = view.reading.cuts;
    match view.tab {
        Tab::Summary => summary(&mut text, model, now, view, skin),
        Tab::Request => request(&mut text, model, view),
        Tab::Response => response(&mut text, model, view),
        Tab::Timeline => timeline::add(&mut text, now, view, skin),
        Tab::Diff => match view.exchange() {
            None => missing(&mut text, model, view),
            Some(_) => diff::add(&mut text, view),
        },
        Tab::Raw => match view.exchange() {
            None => missing(&mut text, model, view),
            Some(exchange) => raw::add(&mut text, exchange),
        },
        Tab::Signature => match view.exchange() {
            None => missing(&mut text, model, view),
            Some(exchange) => match &exchange.request {
                None => no_request(&mut text, exchange),
                Some(request) => {
                    let endpoint = model.data.endpoints.get(&view.delivery().endpoint_id);
                    let contract = endpoint.map(|endpoint| &*endpoint.contract);
                    signature::add(&mut text, request, contract);
                }
            },
        },
    }
    text
}

/// What there is to say of a delivery and its attempts.
pub(super) fn summary_lines(
    skin: &Skin,
    model: &Model,
    now: Now,
    view: &Inspector,
    width: u16,
) -> Vec<TextLine> {
    let mut text = Text::new(width);
    summary(&mut text, model, now, view, skin);
    text.lines
}

fn summary(text: &mut Text, model: &Model, now: Now, view: &Inspector, skin: &Skin) {
    let delivery = view.delivery();
    text.field(
        "event",
        &format!(
            "{}  {}  accepted {}",
            delivery.event_id,
            delivery.event_type,
            delivery.created_at.to_rfc3339_millis()
        ),
        Role::Text,
    );
    let endpoint = model.data.endpoints.get(&delivery.endpoint_id);
    let name = delivery.endpoint_name.clone().unwrap_or_default();
    let place = endpoint.map_or_else(
        || delivery.endpoint_id.to_string(),
        |endpoint| {
            format!(
                "{}  ({}, {})",
                endpoint.url, endpoint.status, endpoint.contract
            )
        },
    );
    text.field(
        "endpoint",
        format!("{name}  {place}").trim_start(),
        Role::Text,
    );
    match &view.detail {
        Some(detail) => text.field("why", &detail.why, Role::Strong),
        None if view.error.is_some() => text.field("why", "not known: see above", Role::LevelWarn),
        None if model.link.is_up() => text.field("why", "loading", Role::Muted),
        None => text.field(
            "why",
            "not connected: only what the list knew",
            Role::LevelWarn,
        ),
    }
    if let Some(reason) = &delivery.reason {
        text.field("reason", reason, Role::StateDead);
    }
    let notes = model.data.notes.about(&delivery.id.to_string());
    if let Some(words) = notes.and_then(|notes| note::in_words(notes, now)) {
        text.field("notes", &words, Role::Text);
    }
    text.empty();
    attempts(text, now, view, skin);
    if let Some(current) = view.current() {
        text.empty();
        attempt(text, current);
    }
}

fn attempts(text: &mut Text, now: Now, view: &Inspector, skin: &Skin) {
    let heading = "   #  STARTED       RESULT     DNS  CONN   TLS  WAIT  BODY  TOTAL";
    text.line(heading, Role::Muted);
    let current = view.current().map(|attempt| attempt.number);
    for attempt in view.history() {
        let (result, glyph, role) =
            state::of_result(skin, attempt.status, attempt.class.as_deref());
        let chosen = current == Some(attempt.number);
        let mark = if chosen { ">" } else { " " };
        let phases = &attempt.phases;
        let mut times = String::new();
        for (micros, width) in [
            (phases.dns_us, 5),
            (phases.connect_us, 6),
            (phases.tls_us, 6),
            (phases.first_byte_us, 6),
            (phases.body_us, 6),
            (Some(phases.total_us), 7),
        ] {
            let shown = micros.map_or_else(|| "-".to_owned(), format::micros);
            // Writing to a text cannot fail.
            let _ = write!(times, "{shown:>width$}");
        }
        let plain = if chosen { Role::Strong } else { Role::Text };
        text.lines.push(vec![
            (format!("{mark}{:>3}  ", attempt.number), plain),
            (
                format!("{}  ", skin.times.exact(now.wall, attempt.started_at)),
                Role::Muted,
            ),
            (format!("{glyph} {result:<8}"), role),
            (times, plain),
        ]);
    }
    let next = view.delivery();
    if view.history().is_empty() && view.detail.is_some() {
        text.line("      none yet", Role::Muted);
    }
    if let ("pending", Some(at)) = (next.state.as_str(), next.next_attempt_at) {
        let number = next.attempts + 1;
        let when = skin.times.near(now.wall, at);
        text.line(
            format!(" {number:>3}  {when}      scheduled"),
            Role::StateRetrying,
        );
    }
}

fn attempt(text: &mut Text, attempt: &AttemptView) {
    text.line(format!(" ATTEMPT {}", attempt.number), Role::Muted);
    if let Some(failure) = &attempt.failure {
        text.field("failure", failure, Role::StateFailed);
    }
    let address = attempt.remote_address.as_deref().unwrap_or("no connection");
    let PhasesView { reused, .. } = attempt.phases;
    let kept = if reused { "  on a kept connection" } else { "" };
    text.field("address", &format!("{address}{kept}"), Role::Text);
    if let Some(end) = attempt.certificate_expires_at {
        let role = certificate_role(end, attempt.started_at, Role::Text);
        let until = format!("valid until {}", end.to_rfc3339_seconds());
        text.field("cert", &until, role);
    }
    if attempt.held_back == Some(true) {
        text.field(
            "limit",
            "the endpoint's rate limit had made it wait",
            Role::Text,
        );
    }
    text.field("id", &attempt.id.to_string(), Role::Muted);
}

/// What stands in a tab whose exchange is not here.
fn missing(text: &mut Text, model: &Model, view: &Inspector) {
    let failed = format!(
        "It could not be fetched: see above. {} tries again.",
        model.key(ActionId::Refetch)
    );
    let (line, role) = if view.history().is_empty() && view.detail.is_some() {
        ("No attempt has been made yet.", Role::Muted)
    } else if view.error.is_some() {
        (&*failed, Role::LevelWarn)
    } else if model.link.is_up() {
        ("loading", Role::Muted)
    } else {
        (
            "Not connected: this attempt was not loaded before.",
            Role::LevelWarn,
        )
    };
    text.line(format!(" {line}"), role);
}

pub(super) fn request(text: &mut Text, model: &Model, view: &Inspector) {
    let Some(exchange) = view.exchange() else {
        return missing(text, model, view);
    };
    let Some(request) = &exchange.request else {
        return no_request(text, exchange);
    };
    text.block(
        &escape::line(&format!("{} {}", request.method, request.url)),
        Role::Strong,
    );
    text.headers(&request.headers);
    text.empty();
    text.body(&request.body, Part::Request, &view.reading.folded);
}

fn no_request(text: &mut Text, exchange: &AttemptDetail) {
    let why = exchange.request_missing.as_deref();
    let why = why.unwrap_or("the request is no longer stored");
    text.field("missing", why, Role::LevelWarn);
}

pub(super) fn response(text: &mut Text, model: &Model, view: &Inspector) {
    let Some(exchange) = view.exchange() else {
        return missing(text, model, view);
    };
    let Some(response) = &exchange.response else {
        let failure = exchange
            .attempt
            .failure
            .as_deref()
            .unwrap_or("no answer came");
        return text.field("none", failure, Role::StateFailed);
    };
    let role = if exchange.attempt.class.is_none() {
        Role::StateOk
    } else {
        Role::StateFailed
    };
    text.line(format!("HTTP {}", response.status), role);
    text.headers(&response.headers);
    text.empty();
    text.body(&response.body, Part::Response, &view.reading.folded);
    if response.truncated {
        text.line("… more came than was kept (64 KiB)", Role::LevelWarn);
    }
}
