//! The filter while it is typed, in the last two rows of the screen: the text, and below it what could stand there, or
//! what is wrong with a caret under the place. The list above still shows the last good one.

use ratatui::layout::{Position, Rect};

use super::paint::{Pen, columns};
use crate::console::actions::Inside;
use crate::console::app::filter_line::{FilterLine, FilterProblem};
use crate::console::keys::Within;
use crate::console::theme::Role;

/// Columns for the filter that a saved view stands for.
const STANDS_FOR_MAX: u16 = 36;

/// Draws it; gives the place of the cursor.
pub(super) fn draw(pen: &mut Pen<'_>, input: &FilterLine, own: Within<'_>, body: Rect) -> Position {
    let rows = pen.area();
    let (line_y, note_y) = (rows.bottom() - 2, rows.bottom() - 1);
    pen.clear_prompt();
    pen.text(body.x, line_y, 1, "/", Role::Key);
    let room = body.width.saturating_sub(2);
    let text = input.line.text();
    let before = columns(input.line.before_cursor());
    // A long line moves to the left so that its cursor stays on the screen.
    let skipped = skip_to_fit(text, before, room);
    // What can be completed is not wrong yet.
    let offers = !input.offer.candidates.is_empty();
    let problem = input.problem.as_ref().filter(|_| !offers);
    let role = match problem {
        Some(_) => Role::LevelError,
        None => Role::Text,
    };
    pen.text(body.x + 1, line_y, room + 1, &text[skipped..], role);
    let note = Rect {
        x: body.x + 1,
        y: note_y,
        width: room,
        height: 1,
    };
    match problem {
        Some(problem) => caret(pen, text, skipped, problem, note),
        None if offers => candidates(pen, input, &own.key(Inside::Complete), note),
        None => {
            let hint = format!(
                "{} applies, {} leaves, {} completes, {} recalls; hookyard help filter tells all: \
                 state:dead ep:acme* age<2h",
                own.key(Inside::Take),
                own.key(Inside::Leave),
                own.key(Inside::Complete),
                own.key(Inside::Earlier)
            );
            pen.text(note.x, note.y, note.width, &hint, Role::Muted);
        }
    }
    let column = columns(&text[skipped..input.line.before_cursor().len().max(skipped)]);
    Position {
        x: (body.x + 1 + column).min(body.right().saturating_sub(1)),
        y: line_y,
    }
}

/// What could stand at the cursor, with how many loaded rows have it, or the filter that it stands for.
fn candidates(pen: &mut Pen<'_>, input: &FilterLine, completes: &str, note: Rect) {
    let right = note.x + note.width;
    let mut x = note.x + pen.text(note.x, note.y, note.width, completes, Role::Key) + 2;
    // The chosen one is among those that fit.
    let first = input.chosen.unwrap_or(0).saturating_sub(2);
    for (index, candidate) in input.offer.candidates.iter().enumerate().skip(first) {
        let about = match (&candidate.stands_for, candidate.count) {
            (Some(filter), _) => format!(" {filter}"),
            (None, Some(count)) => format!(" {count}"),
            (None, None) => String::new(),
        };
        let name = columns(&candidate.text);
        let width = match candidate.stands_for {
            // A long one is cut off: that there is such a view is worth more.
            Some(_) => name + columns(&about).min(STANDS_FOR_MAX),
            None => name + columns(&about),
        };
        if x + width > right {
            break;
        }
        let role = match input.chosen == Some(index) {
            true => Role::Cursor,
            false => Role::Accent,
        };
        x += pen.text(x, note.y, right - x, &candidate.text, role);
        x += pen.text(x, note.y, width - name, &about, Role::Muted) + 2;
        if x >= right {
            break;
        }
    }
    let hint = "counts: of the loaded rows";
    let is_counted = input
        .offer
        .candidates
        .iter()
        .any(|candidate| candidate.count.is_some());
    if is_counted && right.saturating_sub(x) > columns(hint) {
        pen.text(x, note.y, right - x, hint, Role::Muted);
    }
}

fn caret(pen: &mut Pen<'_>, text: &str, skipped: usize, problem: &FilterProblem, note: Rect) {
    let start = floor_boundary(text, problem.start.max(skipped));
    let end = floor_boundary(text, problem.end.max(start));
    let indent = columns(&text[skipped..start]).min(note.width);
    let carets = usize::from(columns(&text[start..end]).max(1));
    let role = Role::LevelError;
    // The explanation stands behind the caret, or before it where there is more room.
    let after = note.width.saturating_sub(indent);
    if after >= 30 || after >= indent {
        let words = format!("{} {}", "^".repeat(carets), problem.text);
        pen.text(note.x + indent, note.y, after, &words, role);
    } else {
        let room = indent.saturating_sub(1);
        pen.text(note.x, note.y, room, &problem.text, role);
        pen.text(note.x + indent, note.y, after, "^", role);
    }
}

/// Bytes to leave out at the front so that `before` columns fit into `room`.
fn skip_to_fit(text: &str, before: u16, room: u16) -> usize {
    let mut over = before.saturating_sub(room.saturating_sub(1));
    for (at, character) in text.char_indices() {
        if over == 0 {
            return at;
        }
        over = over.saturating_sub(columns(character.encode_utf8(&mut [0; 4])));
    }
    text.len()
}

fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
