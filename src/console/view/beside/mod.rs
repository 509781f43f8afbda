//! The selected row beside its list, or below it: what it is, and its newest deliveries.

mod endpoint;
mod facts;

use ratatui::layout::Rect;

use crate::console::actions::ActionId;
use crate::console::app::beside::{Beside, Subject, shown};
use crate::console::app::model::{Model, Screen};
use crate::console::app::msg::Now;
use crate::console::app::pane::{Room, room};
use crate::console::theme::Role;
use crate::console::view::deliveries;
use crate::console::view::paint::Pen;
use crate::console::view::rows::{column, right, table};
use crate::console::view::table::Column;
use crate::console::view::text::{Text, TextLine};

/// Rows that the deliveries have at least, however much there is to say above them.
const DELIVERIES_MIN: u16 = 6;

/// Draws it and gives what is left of the area for the list.
pub(super) fn draw(pen: &mut Pen<'_>, model: &Model, now: Now, area: Rect) -> Rect {
    let Some(room) = room(model) else {
        return area;
    };
    let (rest, pane) = split(pen, room, area);
    let mut about = about(pen, model, now, pane.width);
    let tree = matches!(model.screen(), Screen::Events(_)) && matches!(room, Room::Below(_));
    let needed = match shown(model) {
        Some(_) if tree => pane.height,
        Some(_) => DELIVERIES_MIN,
        None => 0,
    };
    let most = usize::from(pane.height.saturating_sub(needed));
    if matches!(model.screen(), Screen::Log(_)) {
        cut(&mut about, most, pen, model);
    }
    let lines = about.len().min(most);
    put(pen, &about[..lines], pane);
    let taken = u16::try_from(lines).unwrap_or(u16::MAX);
    let below = Rect {
        y: pane.y + taken,
        height: pane.height.saturating_sub(taken),
        ..pane
    };
    if let Some(beside) = shown(model) {
        newest(pen, model, now, beside, below);
    }
    rest
}

/// Lets go of the lines that have no room, and says so in the last that has.
fn cut(lines: &mut Vec<TextLine>, most: usize, pen: &Pen<'_>, model: &Model) {
    if lines.len() <= most {
        return;
    }
    lines.truncate(most);
    if let Some(last) = lines.last_mut() {
        let (more, pager) = (pen.skin().glyph("…", "..."), model.key(ActionId::Page));
        *last = vec![(format!(" {more} {pager} shows all of it"), Role::LevelWarn)];
    }
}

/// Parts an area and draws the line between its parts: the list's, and the other.
pub(super) fn split(pen: &mut Pen<'_>, room: Room, area: Rect) -> (Rect, Rect) {
    match room {
        Room::Right(columns) => {
            let rest = Rect {
                width: area.width.saturating_sub(columns + 1),
                ..area
            };
            let border = pen.skin().glyph("│", "|");
            for y in area.top()..area.bottom() {
                pen.text(rest.right() + 1, y, 1, border, Role::Border);
            }
            let shown = Rect {
                x: rest.right() + 3,
                width: columns.saturating_sub(2),
                ..area
            };
            (rest, shown)
        }
        Room::Below(rows) => {
            let rest = Rect {
                height: area.height.saturating_sub(rows),
                ..area
            };
            pen.rule(area.x, rest.bottom(), area.width);
            let shown = Rect {
                y: rest.bottom() + 1,
                height: rows.saturating_sub(1),
                ..area
            };
            (rest, shown)
        }
    }
}

/// Draws lines from the top of an area, as many as fit.
pub(super) fn put(pen: &mut Pen<'_>, lines: &[TextLine], area: Rect) {
    for (y, line) in (area.top()..area.bottom()).zip(lines) {
        let mut x = area.x;
        for (text, role) in line {
            x += pen.text(x, y, area.right().saturating_sub(x), text, *role);
        }
    }
}

/// What the row itself has to say.
fn about(pen: &Pen<'_>, model: &Model, now: Now, width: u16) -> Vec<TextLine> {
    let mut text = Text::new(width);
    let skin = pen.skin();
    match model.screen() {
        Screen::Endpoints(_) => {
            if let Some(endpoint) = model.selected_endpoint() {
                let figures = shown(model).and_then(|one| one.figures.as_deref());
                endpoint::add(&mut text, skin, now, endpoint, figures);
            }
        }
        Screen::Events(list) => {
            if let Some(event) = list.selected() {
                facts::event(&mut text, event);
            }
        }
        Screen::Dead(list) => {
            if let Some(cause) = list.selected() {
                facts::cause(&mut text, now, cause);
            }
        }
        Screen::Replays(list) => {
            if let Some(replay) = list.selected() {
                facts::replay(&mut text, skin, replay);
            }
        }
        Screen::Audit(list) => {
            if let Some(entry) = list.selected() {
                facts::entry(&mut text, entry);
            }
        }
        Screen::Log(log) => {
            if let Some(line) = log.selected() {
                facts::line(&mut text, skin, line);
            }
        }
        Screen::Pulse(_) | Screen::Deliveries(_) | Screen::Inspector(_) => {}
    }
    text.lines
}

const STATE: Column = column("STATE", 11, 11, 0);
const RESULT: Column = column("RESULT", 8, 8, 1);
const ENDPOINT: Column = column("ENDPOINT", 10, 32, 0);
const EVENT: Column = column("EVENT", 10, 32, 2);
const TRY: Column = right("TRY", 3, 3);
const LATENCY: Column = right("LAT", 5, 5);
const LAST: Column = right("LAST", 8, 4);

/// The deliveries of the row; of an event they are the branches of its tree.
fn newest(pen: &mut Pen<'_>, model: &Model, now: Now, beside: &Beside, area: Rect) {
    if area.height == 0 {
        return;
    }
    let is_tree = matches!(beside.subject, Subject::Event(_));
    let columns: Vec<Column> = match beside.subject {
        Subject::Event(_) => vec![ENDPOINT, STATE, RESULT, TRY, LATENCY, LAST],
        Subject::Endpoint(_) => vec![STATE, RESULT, EVENT, TRY, LATENCY, LAST],
        Subject::Cause(_) | Subject::Replay(_) => {
            vec![STATE, RESULT, ENDPOINT, EVENT, TRY, LATENCY, LAST]
        }
    };
    let (title, role) = heading(beside);
    pen.text(area.x, area.y, area.width, &title, role);
    let body = Rect {
        y: area.y + 1,
        height: area.height - 1,
        ..area
    };
    if beside.deliveries.is_empty() {
        return;
    }
    let last = beside.deliveries.last().map(|delivery| delivery.id);
    let skin = pen.skin();
    let rows = beside.deliveries.iter().enumerate();
    table(
        pen,
        body,
        &columns,
        rows,
        usize::MAX,
        &|pen, row, column| {
            let (text, role) = deliveries::cell(pen, model, now, row, column);
            if is_tree && column == ENDPOINT.title {
                let branch = if Some(row.id) == last && !beside.more {
                    skin.glyph("└─ ", "`- ")
                } else {
                    skin.glyph("├─ ", "|- ")
                };
                return (format!("{branch}{text}"), role);
            }
            (text, role)
        },
    );
}

/// What stands above the deliveries.
fn heading(beside: &Beside) -> (String, Role) {
    if let Some(error) = &beside.error {
        return (format!(" not fetched: {error}"), Role::LevelError);
    }
    if !beside.loaded {
        return (" loading".to_owned(), Role::Muted);
    }
    let count = beside.deliveries.len();
    let more = if beside.more { "+" } else { "" };
    let text = match beside.subject {
        Subject::Event(id) => format!("{id} went to {count}{more}"),
        _ if count == 0 => " no deliveries".to_owned(),
        _ => " NEWEST DELIVERIES".to_owned(),
    };
    (text, Role::Muted)
}

#[cfg(test)]
mod tests {
    use crate::api::log::{LogLineView, LogView};
    use crate::console::app::model::Model;
    use crate::console::app::msg::{Answer, Call, Cmd, Msg};
    use crate::console::app::sample_views::{log, log_line};
    use crate::console::app::samples::{at, connected, press};
    use crate::console::app::update::update;
    use crate::console::view::tests::screen;

    /// A log whose newest line says this, held on it.
    fn held_on(text: &str, (columns, rows): (u16, u16)) -> Model {
        let mut model = connected(false);
        update(&mut model, at(0), Msg::Resized(columns, rows));
        for cmd in press(&mut model, 0, "8") {
            let Cmd::Call(request, Call::Log { .. }) = cmd else {
                continue;
            };
            let line = LogLineView {
                text: text.to_owned(),
                ..log_line(18)
            };
            let view = LogView {
                items: vec![line],
                ..log()
            };
            let answer = Answer::Log(Box::new(view));
            update(
                &mut model,
                at(50),
                Msg::Answered(request, None, Box::new(Ok(answer))),
            );
        }
        press(&mut model, 100, "j");
        model
    }

    /// Fifty words, each another.
    fn words() -> Vec<String> {
        (0..50).map(|number| format!("word{number:02}")).collect()
    }

    #[test]
    fn all_of_a_log_line_stands_beside_it_or_below_it_as_long_as_it_is_selected() {
        let words = words();
        for size in [(160, 48), (120, 30), (100, 48)] {
            let mut model = held_on(&words.join(" "), size);
            let shown = screen(&model, 200);
            for word in words.iter().map(String::as_str).chain([
                "2026-11-20T14:03:40.000Z",
                "server.envelope",
                "hookyard::server::envelope",
            ]) {
                assert!(shown.contains(word), "{word} at {size:?}: {shown}");
            }
            press(&mut model, 300, "o");
            assert!(!screen(&model, 400).contains("word49"), "{size:?}");
            press(&mut model, 500, "o f");
            assert!(!screen(&model, 600).contains("word49"), "{size:?}");
        }
        let narrow = screen(&held_on(&words.join(" "), (80, 24)), 200);
        assert!(!narrow.contains("word49"), "there is no room: {narrow}");
    }

    #[test]
    fn a_log_line_that_has_no_room_says_where_all_of_it_is() {
        let long = words().join(" ").repeat(10);
        let shown = screen(&held_on(&long, (100, 48)), 200);
        assert!(shown.contains("… e shows all of it"), "{shown}");
        let short = screen(&held_on("short", (100, 48)), 200);
        assert!(!short.contains("… e shows"), "{short}");
    }
}
