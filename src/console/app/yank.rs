//! What can be taken away from a screen: a part of what is selected for the clipboard, or rows for a file, a pager or a
//! command. What leaves has the exact bytes; only JSON escapes what a terminal could obey, which is the same value.

use std::collections::HashSet;
use std::iter;

use serde::Serialize;
use serde_json::Value;

use super::command;
use super::inspector::Tab;
use super::model::{Model, Screen};
use super::pulse::Row;
use crate::api::delivery::{BodyView, HeaderView};
use crate::client::curl;
use crate::console::actions::Yank;
use crate::console::view::paint::columns;
use crate::domain::escape;

/// Nothing to take, in words.
type Missing = String;

/// The part of what is selected.
///
/// # Errors
/// There is none, in words.
pub(crate) fn part(model: &Model, yank: Yank) -> Result<String, Missing> {
    match yank {
        Yank::Id => id(model).ok_or_else(nothing),
        Yank::Url => model
            .selected_endpoint()
            .map(|endpoint| endpoint.url.clone())
            .ok_or_else(|| "no endpoint is selected".to_owned()),
        Yank::Json => selected(model).map(|row| pretty(&row)).ok_or_else(nothing),
        Yank::Row => {
            let row = selected(model).ok_or_else(nothing)?;
            Ok(separated(&[row], '\t'))
        }
        Yank::Command => Ok(command::of(model)),
        Yank::Curl | Yank::Body | Yank::Headers => exchange(model, yank),
    }
}

fn nothing() -> Missing {
    "nothing is selected: j and k choose a row".to_owned()
}

fn id(model: &Model) -> Option<String> {
    match model.screen() {
        Screen::Pulse(_) => model.pulse_row().map(|row| match row {
            Row::Endpoint(id) => id.to_string(),
            Row::Cause(id) => id,
            Row::Replay(id) => id.to_string(),
        }),
        Screen::Endpoints(_) => model
            .selected_endpoint()
            .map(|endpoint| endpoint.id.to_string()),
        Screen::Deliveries(_) | Screen::Inspector(_) => model
            .selected_delivery()
            .map(|delivery| delivery.id.to_string()),
        Screen::Events(list) => list.selected().map(|event| event.id.to_string()),
        Screen::Dead(list) => list.selected().map(|cause| cause.id.clone()),
        Screen::Replays(list) => list.selected().map(|replay| replay.id.to_string()),
        Screen::Audit(list) => list.selected().map(|entry| entry.id.to_string()),
        Screen::Log(log) => log.selected().map(|line| line.seq.to_string()),
    }
}

/// The request of the delivery that is looked at, as a script that sends it again.
///
/// # Errors
/// None is looked at or it was not kept, in words.
pub(crate) fn script(model: &Model) -> Result<String, Missing> {
    let Screen::Inspector(_) = model.screen() else {
        return Err(
            "a .sh sends one delivery's request again: open the delivery, then W".to_owned(),
        );
    };
    let command = part(model, Yank::Curl)?;
    // Its quotation marks are no POSIX shell's.
    Ok(format!("#!/usr/bin/env bash\n{}\n", command.trim_end()))
}

/// A part of the request or response that an inspector shows.
fn exchange(model: &Model, yank: Yank) -> Result<String, Missing> {
    let Screen::Inspector(inspector) = model.screen() else {
        return Err(nothing());
    };
    let missing = match inspector.known.attempts {
        0 => "there is no request yet: no attempt was made",
        _ => "the request is not fetched: the Request tab does that",
    };
    let exchange = inspector.exchange().ok_or(missing)?;
    let missing = || {
        let why = exchange.request_missing.clone();
        why.unwrap_or_else(|| "the request was not kept".to_owned())
    };
    let request = exchange.request.as_ref();
    if yank == Yank::Curl {
        let request = request.ok_or_else(missing)?;
        return curl::command(request).map_err(|error| error.to_string());
    }
    // What came back where that is looked at, else what was sent.
    let (headers, body) = if inspector.tab == Tab::Response {
        let response = exchange.response.as_ref().ok_or("no answer came")?;
        (&response.headers, &response.body)
    } else {
        let request = request.ok_or_else(missing)?;
        (&request.headers, &request.body)
    };
    Ok(match (yank, body) {
        (Yank::Headers, _) => lines(headers),
        (_, BodyView::Text(text) | BodyView::Base64(text)) => text.clone(),
    })
}

fn lines(headers: &[HeaderView]) -> String {
    let lines = headers
        .iter()
        .map(|header| format!("{}: {}\n", header.name, header.value));
    lines.collect()
}

fn value(row: &impl Serialize) -> Value {
    serde_json::to_value(row).unwrap_or(Value::Null)
}

/// What is selected, as the API shows it.
pub(crate) fn selected(model: &Model) -> Option<Value> {
    match model.screen() {
        Screen::Pulse(pulse) => match model.pulse_row()? {
            Row::Endpoint(_) => model.selected_endpoint().map(value),
            Row::Cause(id) => pulse.causes.iter().find(|cause| cause.id == id).map(value),
            Row::Replay(id) => {
                let mut replays = pulse.replays.iter();
                replays.find(|replay| replay.id == id).map(value)
            }
        },
        Screen::Deliveries(list) => list.selected().map(value),
        Screen::Inspector(inspector) => Some(match &inspector.detail {
            Some(detail) => value(detail),
            None => value(&inspector.known),
        }),
        Screen::Endpoints(_) => model.selected_endpoint().map(value),
        Screen::Events(list) => list.selected().map(value),
        Screen::Dead(list) => list.selected().map(value),
        Screen::Replays(list) => list.selected().map(value),
        Screen::Audit(list) => list.selected().map(value),
        Screen::Log(log) => log.selected().map(value),
    }
}

/// The rows of the screen as the API shows them: the marked ones, else all that are loaded.
pub(crate) fn rows(model: &Model) -> Vec<Value> {
    match model.screen() {
        Screen::Pulse(pulse) => pulse.causes.iter().map(value).collect(),
        Screen::Deliveries(list) => {
            let wanted = |id| list.marks.is_empty() || list.marks.has(id);
            let rows = list.rows.deliveries();
            rows.filter(|row| wanted(row.id)).map(value).collect()
        }
        Screen::Inspector(_) => selected(model).into_iter().collect(),
        Screen::Endpoints(list) => list
            .order(&model.data.endpoints)
            .into_iter()
            .map(value)
            .collect(),
        Screen::Events(list) => list.shown().map(value).collect(),
        Screen::Dead(list) => list.shown().map(value).collect(),
        Screen::Replays(list) => list.shown().map(value).collect(),
        Screen::Audit(list) => list.shown().map(value).collect(),
        Screen::Log(log) => log.shown().map(value).collect(),
    }
}

/// Rows in the format that a file's name ends with: `.json`, `.csv`, `.tsv`, `.txt`, else a JSON object a line.
pub(crate) fn formatted(rows: &[Value], name: &str) -> String {
    match name.rsplit_once('.').map(|(_, end)| end) {
        Some("json") => pretty(&Value::Array(rows.to_vec())),
        Some("csv") => separated(rows, ','),
        Some("tsv") => separated(rows, '\t'),
        Some("txt") => aligned(rows),
        _ => ndjson(rows),
    }
}

/// Rows as a JSON object a line.
pub(crate) fn ndjson(rows: &[Value]) -> String {
    let lines = rows.iter().map(|row| format!("{row}\n"));
    escape::json(&lines.collect::<String>()).into_owned()
}

/// A value over several lines.
pub(crate) fn pretty(value: &Value) -> String {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    escape::json(&text).into_owned() + "\n"
}

/// Rows as a table with a line of headings: every member that one of them has, for what is not there may be left out;
/// what is no text or number is JSON.
fn table(rows: &[Value]) -> Vec<Vec<String>> {
    let mut names: Vec<&String> = Vec::new();
    let mut known = HashSet::new();
    for row in rows.iter().filter_map(Value::as_object) {
        names.extend(row.keys().filter(|name| known.insert(*name)));
    }
    let cells = |row: &Value| {
        let cells = names.iter().map(|name| match row.get(*name) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        });
        cells.collect()
    };
    let headings = names.iter().map(|name| (*name).clone()).collect();
    iter::once(headings).chain(rows.iter().map(cells)).collect()
}

/// The table to be read by people, on a terminal too: columns stand below each other, an empty cell is `-`.
fn aligned(rows: &[Value]) -> String {
    let mut table = table(rows);
    let mut widths = Vec::new();
    for cells in &mut table {
        widths.resize(cells.len(), 0);
        for (cell, width) in cells.iter_mut().zip(&mut widths) {
            *cell = match &**cell {
                "" => "-".to_owned(),
                text => escape::line(text).into_owned(),
            };
            *width = columns(cell).max(*width);
        }
    }
    let mut text = String::new();
    for cells in table {
        let mut line = String::new();
        for (cell, width) in cells.iter().zip(&widths) {
            line.push_str(cell);
            let gap = width - columns(cell) + 2;
            line.extend(iter::repeat_n(' ', gap.into()));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The table with this between its cells.
fn separated(rows: &[Value], separator: char) -> String {
    let lines = table(rows);
    lines
        .into_iter()
        .map(|cells| line_of(cells, separator))
        .collect()
}

fn line_of(cells: Vec<String>, separator: char) -> String {
    let cells: Vec<String> = cells
        .into_iter()
        .map(|cell| {
            let is_odd = |letter: char| letter == separator || "\"\r\n".contains(letter);
            match cell.chars().any(is_odd) {
                // RFC 4180 section 2: quotes within quotes are doubled.
                true => format!("\"{}\"", cell.replace('"', "\"\"")),
                false => cell,
            }
        })
        .collect();
    cells.join(&separator.to_string()) + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::app::samples::{connected, deliveries, press, serve};

    fn taken(model: &Model, yank: Yank) -> String {
        part(model, yank).unwrap()
    }

    #[test]
    fn parts_of_a_delivery_leave_as_they_are() {
        let mut model = connected(false);
        let cmds = press(&mut model, 0, "j j j j j enter");
        serve(&mut model, 50, cmds);
        let cmds = press(&mut model, 100, "l");
        serve(&mut model, 150, cmds);
        assert!(taken(&model, Yank::Id).starts_with("dlv_"));
        assert!(taken(&model, Yank::Url).starts_with("https://"));
        assert!(taken(&model, Yank::Curl).starts_with("curl --globoff --request POST"));
        let headers = taken(&model, Yank::Headers);
        assert!(headers.to_lowercase().contains("webhook-id: "), "{headers}");
        let sent = taken(&model, Yank::Body);
        let cmds = press(&mut model, 200, "l");
        serve(&mut model, 250, cmds);
        assert_ne!(taken(&model, Yank::Body), sent, "what came back");
        let json: Value = serde_json::from_str(&taken(&model, Yank::Json)).unwrap();
        assert!(json["history"].is_array());
        assert!(taken(&model, Yank::Command).starts_with("hookyard delivery show dlv_"));
    }

    #[test]
    fn what_is_not_there_is_said_to_be_missing() {
        let model = connected(false);
        for yank in [Yank::Id, Yank::Json, Yank::Row, Yank::Curl, Yank::Body] {
            assert!(
                part(&model, yank)
                    .unwrap_err()
                    .contains("nothing is selected")
            );
        }
        assert!(part(&model, Yank::Url).unwrap_err().contains("no endpoint"));
    }

    #[test]
    fn rows_are_all_that_are_loaded_or_the_marked_ones_in_the_format_of_the_name() {
        let mut model = connected(false);
        let all = rows(&model);
        assert_eq!(all.len(), deliveries().len());
        press(&mut model, 0, "space space");
        let marked = rows(&model);
        assert_eq!(marked.len(), 2);
        assert_eq!(formatted(&marked, "a.ndjson").lines().count(), 2);
        let array: Value = serde_json::from_str(&formatted(&marked, "a.json")).unwrap();
        assert_eq!(array, Value::Array(marked.clone()));
        let csv = formatted(&marked, "a.csv");
        assert_eq!(csv.lines().count(), 3);
        assert!(csv.lines().next().unwrap().contains("event_type"));
    }

    #[test]
    fn a_table_has_every_member_that_one_of_its_rows_has() {
        let rows = [
            serde_json::json!({"a": 1}),
            serde_json::json!({"a": 2, "why": "\u{1b}[2J"}),
        ];
        assert_eq!(separated(&rows, '\t'), "a\twhy\n1\t\n2\t\u{1b}[2J\n");
        assert_eq!(formatted(&rows, "x.txt"), "a  why\n1  -\n2  \\x1b[2J\n");
        assert_eq!(formatted(&[], "x.txt"), "\n");
    }

    #[test]
    fn cells_that_hold_their_separator_are_quoted_and_json_gives_no_terminal_orders() {
        let rows = [serde_json::json!({"a": "x, \"y\"\n", "b": null, "c": [1]})];
        assert_eq!(separated(&rows, ','), "a,b,c\n\"x, \"\"y\"\"\n\",,[1]\n");
        let hostile = serde_json::json!({"a": "\u{9b}2J\u{202e}"});
        let text = ndjson(std::slice::from_ref(&hostile));
        assert!(text.is_ascii(), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), hostile);
    }
}
