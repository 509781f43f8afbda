//! One delivery: where it stands and why, its attempts, what was sent and what came back.

use std::fmt::Write as _;

use ratatui::layout::Rect;

use super::paint::{Pen, Skin, columns, wrap, wrap_words};
use super::state::certificate_role;
use super::{format, state};
use crate::api::delivery::{AttemptView, BodyView, HeaderView, PhasesView};
use crate::console::app::inspector::{Inspector, Tab};
use crate::console::app::model::{Model, Screen};
use crate::console::app::msg::Now;
use crate::console::theme::Role;
use crate::domain::escape;

/// Lines of a body that are shown; more are said to be there.
const BODY_LINES_MAX: usize = 4_000;

/// A line of a tab: pieces of text with their roles.
type TextLine = Vec<(String, Role)>;

/// Draws it.
pub(super) fn draw(pen: &mut Pen<'_>, model: &Model, now: Now, view: &Inspector, area: Rect) {
    title(pen, model, view, area);
    tabs(pen, view, area);
    let lines = text_of(pen.skin(), model, now, view, area.width);
    let body = Rect {
        y: area.y + 2,
        height: area.height.saturating_sub(2),
        ..area
    };
    let rows = (body.top()..body.bottom()).zip(lines.iter().skip(view.scroll));
    for (y, line) in rows {
        let mut x = body.x;
        for (text, role) in line {
            x += pen.text(x, y, body.right().saturating_sub(x), text, *role);
        }
    }
}

/// The furthest that the text of the shown tab can be scrolled on a screen of this size.
pub(crate) fn scroll_end(model: &Model, (width, height): (u16, u16)) -> usize {
    let Screen::Inspector(view) = model.screen() else {
        return 0;
    };
    let lines = count_lines(model, view, width);
    lines.saturating_sub(usize::from(height.saturating_sub(5)))
}

fn count_lines(model: &Model, view: &Inspector, width: u16) -> usize {
    // Glyphs and times do not change how many lines there are.
    text_lines(model, Now::default(), view, width, &Glyphs::ASCII).len()
}

/// The glyphs that a text needs.
struct Glyphs {
    ok: &'static str,
    bad: &'static str,
}

impl Glyphs {
    const ASCII: Self = Self { ok: ".", bad: "x" };

    const fn of(skin: &Skin) -> Self {
        Self {
            ok: skin.glyph("✓", "."),
            bad: skin.glyph("✗", "x"),
        }
    }
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
        x += pen.text(x, y, area.right().saturating_sub(x), &text, role) + 1;
    }
    if let Some(current) = view.current() {
        let text = format!("attempt {} of {}", current.number, view.history().len());
        let width = columns(&text);
        if x + width < area.right() {
            pen.text(area.right() - width, y, width, &text, Role::Muted);
        }
    }
}

fn text_of(skin: &Skin, model: &Model, now: Now, view: &Inspector, width: u16) -> Vec<TextLine> {
    text_lines(model, now, view, width, &Glyphs::of(skin))
}

fn text_lines(
    model: &Model,
    now: Now,
    view: &Inspector,
    width: u16,
    glyphs: &Glyphs,
) -> Vec<TextLine> {
    let mut text = Text {
        width,
        lines: Vec::new(),
    };
    match view.tab {
        Tab::Summary => summary(&mut text, model, now, view, glyphs),
        Tab::Request => request(&mut text, model, view),
        Tab::Response => response(&mut text, model, view),
    }
    text.lines
}

/// Lines that are being put together.
struct Text {
    width: u16,
    lines: Vec<TextLine>,
}

impl Text {
    fn line(&mut self, text: impl Into<String>, role: Role) {
        self.lines.push(vec![(text.into(), role)]);
    }

    fn empty(&mut self) {
        self.lines.push(Vec::new());
    }

    /// A name and its value, which may go on over further lines.
    fn field(&mut self, name: &str, value: &str, role: Role) {
        let indent = 10;
        let shown = escape::line(value);
        let room = self.width.saturating_sub(indent);
        for (index, part) in wrap_words(&shown, room).into_iter().enumerate() {
            let name = if index == 0 { name } else { "" };
            self.lines
                .push(vec![(format!(" {name:<8} "), Role::Muted), (part, role)]);
        }
    }

    fn block(&mut self, text: &str, role: Role) {
        let shown = escape::block(text);
        let (lines, whole) = wrap(&shown, self.width, BODY_LINES_MAX);
        for line in lines {
            self.line(line, role);
        }
        if !whole {
            self.line(
                format!("… more than {BODY_LINES_MAX} lines: hookyard delivery show has all of it"),
                Role::LevelWarn,
            );
        }
    }
}

fn summary(text: &mut Text, model: &Model, now: Now, view: &Inspector, glyphs: &Glyphs) {
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
    text.empty();
    attempts(text, now, view, glyphs);
    if let Some(current) = view.current() {
        text.empty();
        attempt(text, current);
    }
}

fn attempts(text: &mut Text, now: Now, view: &Inspector, glyphs: &Glyphs) {
    let heading = "   #  STARTED       RESULT     DNS  CONN   TLS  WAIT  BODY  TOTAL";
    text.line(heading, Role::Muted);
    let current = view.current().map(|attempt| attempt.number);
    for attempt in view.history() {
        let (result, _, role) = of_attempt(attempt);
        let glyph = if attempt.class.is_none() {
            glyphs.ok
        } else {
            glyphs.bad
        };
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
                format!("{}  ", format::time_millis(attempt.started_at)),
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
        let when = format::near(now.wall, at);
        text.line(
            format!(" {number:>3}  {when}      scheduled"),
            Role::StateRetrying,
        );
    }
}

fn of_attempt(attempt: &AttemptView) -> (String, &'static str, Role) {
    match (attempt.status, attempt.class.as_deref()) {
        (Some(status), None) => (status.to_string(), ".", Role::StateOk),
        (Some(status), Some("status")) => (status.to_string(), "x", Role::StateFailed),
        (_, Some(class)) => (class.to_owned(), "x", Role::StateFailed),
        (None, None) => ("-".to_owned(), " ", Role::Muted),
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
    let (line, role) = if view.history().is_empty() && view.detail.is_some() {
        ("No attempt has been made yet.", Role::Muted)
    } else if view.error.is_some() {
        (
            "It could not be fetched: see above. ctrl-r tries again.",
            Role::LevelWarn,
        )
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

fn request(text: &mut Text, model: &Model, view: &Inspector) {
    let Some(exchange) = view.exchange() else {
        return missing(text, model, view);
    };
    let Some(request) = &exchange.request else {
        let why = exchange
            .request_missing
            .as_deref()
            .unwrap_or("the request is no longer stored");
        return text.field("missing", why, Role::LevelWarn);
    };
    text.block(
        &escape::line(&format!("{} {}", request.method, request.url)),
        Role::Strong,
    );
    headers(text, &request.headers);
    text.empty();
    body(text, &request.body);
}

fn response(text: &mut Text, model: &Model, view: &Inspector) {
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
    headers(text, &response.headers);
    text.empty();
    body(text, &response.body);
    if response.truncated {
        text.line("… more came than was kept (64 KiB)", Role::LevelWarn);
    }
}

fn headers(text: &mut Text, headers: &[HeaderView]) {
    for header in headers {
        let name = escape::line(&header.name).into_owned();
        let value = escape::line(&header.value).into_owned();
        let indent = columns(&name).saturating_add(2);
        let room = text.width.saturating_sub(indent).max(20);
        for (index, part) in wrap(&value, room, 200).0.into_iter().enumerate() {
            if index == 0 {
                text.lines.push(vec![
                    (format!("{name}: "), Role::Accent),
                    (part, Role::Text),
                ]);
            } else {
                text.line(format!("    {part}"), Role::Text);
            }
        }
    }
}

fn body(text: &mut Text, body: &BodyView) {
    match body {
        BodyView::Text(body) if body.is_empty() => text.line("(empty body)", Role::Muted),
        BodyView::Text(body) => text.block(body, Role::Text),
        BodyView::Base64(body) => {
            text.line("(not UTF-8; base64)", Role::Muted);
            text.block(body, Role::Text);
        }
    }
}
