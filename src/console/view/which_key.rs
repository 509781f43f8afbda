//! How an unfinished key, or a count, goes on: in the row of keys at once, and after a pause in as many rows as it takes.

use ratatui::layout::Rect;

use super::paint::{Pen, columns};
use crate::console::actions::{Action, ActionId};
use crate::console::app::model::Model;
use crate::console::app::msg::Now;
use crate::console::input::key::Key;
use crate::console::theme::Role;

/// Columns that one way to go on takes in the rows, and what is between two of them.
const ENTRY: u16 = 24;
const GAP: u16 = 2;

/// Draws it into the last row of the screen, or from there upwards.
pub(super) fn draw(pen: &mut Pen<'_>, model: &Model, now: Now, area: Rect) {
    let count = model.count.map(|count| count.to_string());
    let typed = count
        .into_iter()
        .chain(model.strokes.iter().map(Key::to_string));
    let typed = format!("{} -", typed.collect::<Vec<_>>().join(" "));
    if model.strokes.is_empty() {
        let (down, last) = (model.key(ActionId::Down), model.key(ActionId::Last));
        let hint = format!(
            "{typed}  {down} goes so far, {last} to the row of this number, esc forgets it"
        );
        pen.text(area.x, area.y, area.width, &hint, Role::Muted);
        return;
    }
    let ways = model.keys.continuations(&model.facts(), &model.strokes);
    let paused = model.explains_at().is_some_and(|at| now.elapsed >= at);
    if paused {
        rows(pen, &typed, &ways, area);
    } else {
        line(pen, &typed, &ways, area);
    }
}

fn line(pen: &mut Pen<'_>, typed: &str, ways: &[(String, &Action)], area: Rect) {
    let mut x = area.x + pen.text(area.x, area.y, area.width, typed, Role::Accent) + 2;
    for (last, action) in ways {
        x += pen.text(x, area.y, area.right().saturating_sub(x), last, Role::Key) + 1;
        let word = if action.short.is_empty() {
            action.title
        } else {
            action.short
        };
        x += pen.text(x, area.y, area.right().saturating_sub(x), word, Role::Muted) + 2;
    }
}

fn rows(pen: &mut Pen<'_>, typed: &str, ways: &[(String, &Action)], area: Rect) {
    let across = (area.width / (ENTRY + GAP)).max(1);
    let count = u16::try_from(ways.len()).unwrap_or(u16::MAX);
    let height = count.div_ceil(across).min(area.y.saturating_sub(2));
    let top = area.bottom() - height - 1;
    let panel = Rect {
        y: top,
        height: height + 1,
        ..area
    };
    pen.clear(panel);
    pen.rule(panel.x, top, panel.width);
    pen.text(
        panel.x + 1,
        top,
        panel.width,
        &format!(" {typed} "),
        Role::Accent,
    );
    let width = area.width / across;
    for (at, (last, action)) in (0..).zip(ways) {
        // Down the columns, as a list is read.
        let (column, row) = (at / height.max(1), at % height.max(1));
        let (x, y) = (panel.x + column * width, top + 1 + row);
        let room = width
            .saturating_sub(GAP)
            .min(panel.right().saturating_sub(x));
        let used = pen.text(x, y, room, last, Role::Key) + 1;
        let room = room.saturating_sub(used);
        pen.text(x + used, y, room, words_of(action), Role::Muted);
    }
}

/// What help says of an action where it fits, else its short word if it has one.
fn words_of(action: &Action) -> &'static str {
    match action.short {
        "" => action.title,
        short if columns(action.title) > ENTRY => short,
        _ => action.title,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::app::msg::Msg;
    use crate::console::app::samples::{at, connected, press};
    use crate::console::app::update::update;
    use crate::console::view::tests::screen;

    #[test]
    fn the_ways_to_go_on_have_rows_after_a_pause() {
        let mut model = connected(false);
        press(&mut model, 1_000, "g");
        let last = |model: &Model, millis| {
            let shown = screen(model, millis);
            shown
                .lines()
                .rev()
                .take(6)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert!(last(&model, 1_100)[0].starts_with("g -  "));
        let wakes = model.next_wakeup(at(1_100));
        assert_eq!(wakes.as_millis(), 1_300, "a tick draws them");
        update(&mut model, at(1_300), Msg::Tick);
        let rows = last(&model, 1_300);
        assert!(rows.iter().any(|row| row.contains(" g - ")), "{rows:?}");
        assert!(rows.iter().any(|row| row.contains("t themes")), "{rows:?}");
        assert!(model.next_wakeup(at(1_300)) > at(1_300).elapsed, "once");
        press(&mut model, 1_400, "e");
        assert!(!last(&model, 1_400).iter().any(|row| row.contains(" g - ")));
    }
}
