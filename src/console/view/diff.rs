//! An attempt beside the last one that this endpoint took well: what is different, line by line.

use similar::{ChangeTag, TextDiff};

use super::text::Text;
use crate::api::delivery::{AttemptDetail, BodyView, HeaderView};
use crate::console::app::inspector::{Good, Inspector};
use crate::console::theme::Role;
use crate::domain::escape;

/// Characters of a side that are compared: beyond it a screen is no place to read.
const SIDE_CHARS_MAX: usize = 200_000;
/// Lines that are the same around those that are not.
const CONTEXT: usize = 3;

/// Adds the lines.
pub(super) fn add(text: &mut Text, view: &Inspector) {
    let (Some(this), good) = (view.exchange(), &view.good) else {
        return text.line(" loading", Role::Muted);
    };
    let good = match good {
        Good::Unknown => return text.line(" loading the last good attempt", Role::Muted),
        Good::None => {
            return text.line(
                " This endpoint has never taken an event of this type: there is nothing to compare with.",
                Role::LevelWarn,
            );
        }
        Good::Attempt(good) => good,
    };
    text.lines.push(vec![
        ("- last good ".to_owned(), Role::DiffDel),
        (
            format!("{} attempt {}  ", good.0, good.1.attempt.number),
            Role::Muted,
        ),
        (good.1.attempt.started_at.to_rfc3339_millis(), Role::Muted),
    ]);
    text.lines.push(vec![
        ("+ this      ".to_owned(), Role::DiffAdd),
        (
            format!("{} attempt {}  ", view.delivery_id, this.attempt.number),
            Role::Muted,
        ),
        (this.attempt.started_at.to_rfc3339_millis(), Role::Muted),
    ]);
    for (title, part) in [
        ("CONNECTION", connection as fn(&AttemptDetail) -> String),
        ("REQUEST", request),
        ("RESPONSE", response),
    ] {
        text.empty();
        text.line(title, Role::Muted);
        compare(text, &part(&good.1), &part(this));
    }
}

fn compare(text: &mut Text, good: &str, this: &str) {
    let diff = TextDiff::from_lines(good, this);
    let groups = diff.grouped_ops(CONTEXT);
    if groups.is_empty() {
        return text.line("  the same", Role::Muted);
    }
    for (index, group) in groups.iter().enumerate() {
        if index > 0 {
            text.line("  …", Role::Muted);
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let (sign, role) = match change.tag() {
                ChangeTag::Delete => ("-", Role::DiffDel),
                ChangeTag::Insert => ("+", Role::DiffAdd),
                ChangeTag::Equal => (" ", Role::Text),
            };
            let line = escape::line(change.value().trim_end_matches('\n'));
            text.line(format!("{sign} {line}"), role);
        }
    }
}

/// Where the request went, a fact a line.
fn connection(exchange: &AttemptDetail) -> String {
    let attempt = &exchange.attempt;
    let address = attempt.remote_address.as_deref().unwrap_or("none");
    let mut facts = format!("address: {address}\n");
    if let Some(end) = attempt.certificate_expires_at {
        facts.push_str(&format!("certificate until: {end}\n"));
    }
    facts
}

fn request(exchange: &AttemptDetail) -> String {
    let Some(request) = &exchange.request else {
        return "no longer stored\n".to_owned();
    };
    let mut text = format!("{} {}\n", request.method, request.url);
    add_headers(&mut text, &request.headers);
    add_body(&mut text, &request.body);
    text
}

fn response(exchange: &AttemptDetail) -> String {
    let Some(response) = &exchange.response else {
        let failure = exchange.attempt.failure.as_deref().unwrap_or("none came");
        return format!("{failure}\n");
    };
    let mut text = format!("HTTP {}\n", response.status);
    add_headers(&mut text, &response.headers);
    add_body(&mut text, &response.body);
    text
}

/// Headers in the order of their names: the order on the wire means nothing.
fn add_headers(text: &mut String, headers: &[HeaderView]) {
    let mut lines: Vec<String> = headers
        .iter()
        .map(|header| format!("{}: {}\n", header.name.to_ascii_lowercase(), header.value))
        .collect();
    lines.sort();
    text.extend(lines);
}

/// A body; JSON a member a line, so that one that differs is one line.
fn add_body(text: &mut String, body: &BodyView) {
    let body = match body {
        BodyView::Text(body) | BodyView::Base64(body) => body,
    };
    let shown: String = body.chars().take(SIDE_CHARS_MAX).collect();
    let json = serde_json::from_str::<serde_json::Value>(&shown);
    let pretty = json.and_then(|value| serde_json::to_string_pretty(&value));
    text.push('\n');
    text.push_str(&pretty.unwrap_or(shown));
    text.push('\n');
}
