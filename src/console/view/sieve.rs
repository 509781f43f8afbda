//! The words that a list is looked through for: at the end of its title, and in the last two rows while they are typed.

use ratatui::layout::{Position, Rect};

use super::format;
use super::paint::{Pen, columns};
use super::typed;
use crate::console::actions::{ActionId, Dialog, InText, Inside};
use crate::console::app::inspector::Inspector;
use crate::console::app::line::Line;
use crate::console::app::model::{Model, Screen};
use crate::console::theme::Role;

/// Draws the words in force into the row of the title, with how many of the loaded rows have them.
pub(super) fn badge(pen: &mut Pen<'_>, model: &Model, title: Rect) {
    let Some(sieve) = model.screen().sieve().filter(|sieve| sieve.is_set()) else {
        return;
    };
    if let Screen::Inspector(_) = model.screen() {
        // A text has places instead of rows.
        return;
    }
    let (shown, loaded) = model.screen().counts(&model.data);
    let text = format!(
        " /{}  {} of {} loaded (local)",
        sieve.words(),
        format::count(shown as u64),
        format::count(loaded as u64)
    );
    at_the_end(pen, &text, title);
    if shown == 0 && loaded > 0 {
        let row = Rect {
            y: title.y + 3,
            ..title
        };
        let back = model.key(ActionId::Back);
        let text = format!("No loaded row has these words: {back} takes them away.");
        pen.text(
            row.x + 2,
            row.y,
            row.width.saturating_sub(2),
            &text,
            Role::Muted,
        );
    }
}

/// Draws the words that a text is searched for into the row of its title, with how many lines have them and which of
/// these was gone to.
pub(super) fn places(pen: &mut Pen<'_>, view: &Inspector, lines: &[usize], title: Rect) {
    let words = &view.reading.words;
    if !words.is_set() {
        return;
    }
    let found = view.reading.found;
    let which = found.and_then(|found| lines.iter().position(|line| *line == found));
    let all = match lines.len() {
        1 => "1 line".to_owned(),
        count => format!("{} lines", format::count(count as u64)),
    };
    let text = match which {
        Some(at) => format!(" /{}  {} of {all}", words.words(), at + 1),
        None => format!(" /{}  {all}", words.words()),
    };
    at_the_end(pen, &text, title);
}

fn at_the_end(pen: &mut Pen<'_>, text: &str, title: Rect) {
    let width = columns(text).min(title.width);
    let x = title.right().saturating_sub(width);
    let area = Rect {
        x,
        width,
        height: 1,
        ..title
    };
    pen.clear(area);
    pen.text(x, title.y, width, text, Role::Match);
}

/// Draws the line in which words are typed; gives the place of the cursor.
pub(super) fn line(pen: &mut Pen<'_>, model: &Model, line: &Line, area: Rect) -> Position {
    let (y, note) = (area.bottom() - 2, area.bottom() - 1);
    pen.clear_prompt();
    pen.text(area.x, y, 1, "/", Role::Key);
    let room = area.width.saturating_sub(1);
    let at = typed::text(pen, line, Role::Text, (area.x + 1, y), room);
    let own = model.keys.within(Dialog::Words);
    let (takes, leaves) = (own.key(Inside::Take), own.key(Inside::Leave));
    let hint = match model.screen() {
        Screen::Inspector(_) => {
            let key = |how| model.key(ActionId::InText(how));
            let (next, previous) = (key(InText::Next), key(InText::Previous));
            format!("{next} next, {previous} previous; {takes} keeps the words, {leaves} leaves")
        }
        _ => format!(
            "loaded rows with all words and no -word are shown; {takes} keeps, {leaves} leaves"
        ),
    };
    pen.text(area.x + 1, note, room, &hint, Role::Muted);
    at
}
