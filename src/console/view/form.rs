//! A form, and the note that shows a secret.

use ratatui::layout::{Position, Rect};

use super::paint::{Pen, columns, wrap, wrap_words};
use super::typed;
use super::window::{self, Height};
use crate::console::actions::Inside;
use crate::console::app::form::{Field, Form, Value};
use crate::console::app::secret_note::SecretNote;
use crate::console::keys::Within;
use crate::console::theme::Role;
use crate::domain::escape;

/// The widest a form gets.
const WIDTH_MAX: u16 = 80;
/// The columns of the names of its lines.
const NAME: u16 = 13;
/// The columns of what is filled in, where the hint stands beside it.
const VALUE: u16 = 30;
/// Lines that a problem may take.
const PROBLEM_LINES: usize = 2;

/// Draws it; gives the place of the cursor.
pub(super) fn draw<S>(
    pen: &mut Pen<'_>,
    form: &Form<S>,
    own: Within<'_>,
    area: Rect,
) -> Option<Position> {
    let width = area.width.min(WIDTH_MAX);
    let wanted = form.fields.len() + 4 + PROBLEM_LINES;
    let rect = boxed(pen, area, width, wanted, &form.title);
    let inner = width.saturating_sub(4);
    let rows = usize::from(rect.height.saturating_sub(4));
    // A small screen shows the lines around the one that has the keys.
    let first = (form.at + 1).saturating_sub(rows).min(form.fields.len());
    let mut cursor = None;
    for (y, (index, field)) in
        (rect.y + 1..rect.bottom() - 3).zip(form.fields.iter().enumerate().skip(first))
    {
        let line = Rect {
            x: rect.x + 2,
            y,
            width: inner,
            height: 1,
        };
        cursor = cursor.or(line_of(pen, field, index == form.at, line));
    }
    let on_button = form.at >= form.fields.len();
    let (mark, role) = match on_button {
        true => (">", Role::Cursor),
        false => (" ", Role::Text),
    };
    let label = match form.sending {
        true => " sending … ".to_owned(),
        false => format!("{mark} {} ", form.button),
    };
    let y = rect.bottom() - 3;
    pen.text(rect.x + 2, y, inner, &label, role);
    let (text, role) = match &form.problem {
        Some(problem) => (problem.clone(), Role::LevelError),
        None => {
            // It may take two lines, beside the button.
            let room = inner.saturating_sub(columns(&label) + 1) * 2;
            (window::hint(hint(own), own, room), Role::Muted)
        }
    };
    let shown = escape::line(&text);
    let lines = wrap_words(&shown, inner);
    // A short note stands on the lower line; a long one begins beside the button.
    let first = if lines.len() > 1 { y } else { y + 1 };
    let indent = if lines.len() > 1 {
        columns(&label) + 1
    } else {
        0
    };
    let wrapped = wrap_words(&shown, inner.saturating_sub(indent));
    for (row, line) in (first..rect.bottom() - 1).zip(wrapped) {
        pen.text(rect.x + 2 + indent, row, inner - indent, &line, role);
    }
    cursor
}

/// What its keys do.
fn hint(own: Within<'_>) -> String {
    let (next, takes) = (own.key(Inside::Down), own.key(Inside::Take));
    let leaves = own.key(Inside::Leave);
    format!("{next} and {takes} go on, {takes} on the last line sends, {leaves} leaves")
}

/// Clears and frames a box in the middle of the screen.
fn boxed(pen: &mut Pen<'_>, area: Rect, width: u16, rows: usize, title: &str) -> Rect {
    let height = u16::try_from(rows).unwrap_or(u16::MAX).min(area.height);
    let rect = window::open(pen, area, (width, height), Height::Third);
    let title = format!(" {title} ");
    let room = width.saturating_sub(4);
    pen.text(rect.x + 2, rect.y, room, &title, Role::Strong);
    rect
}

fn line_of(pen: &mut Pen<'_>, field: &Field, has_keys: bool, line: Rect) -> Option<Position> {
    let role = if has_keys { Role::Accent } else { Role::Muted };
    pen.text(line.x, line.y, NAME - 1, field.name, role);
    let x = line.x + NAME;
    let room = line.width.saturating_sub(NAME);
    let (shown, before) = match &field.value {
        Value::Text(text) => (text.text().to_owned(), 0),
        Value::Secret(text) => {
            let dots = pen.skin().glyph("•", "*");
            let dots = dots.repeat(text.text().chars().count());
            let before = text.before_cursor().chars().count();
            (dots, u16::try_from(before).unwrap_or(u16::MAX))
        }
        Value::Flag(flag) => (if *flag { "[x]" } else { "[ ]" }.to_owned(), 1),
        Value::Choice { options, at } => {
            let chosen = options.get(*at).map_or("…", String::as_str);
            (format!("< {chosen} >"), 0)
        }
        Value::Ticks { options, at } => return ticks(pen, field, options, *at, has_keys, line),
        Value::Fixed(text) => (text.clone(), 0),
    };
    let role = match field.value {
        Value::Fixed(_) => Role::Muted,
        _ => Role::Text,
    };
    let width = columns(&shown);
    let text_room = if has_keys && width >= VALUE {
        room
    } else {
        room.min(VALUE)
    };
    let (used, typed) = match &field.value {
        Value::Text(text) => typed::field(pen, text, has_keys, (x, line.y), (room, VALUE)),
        _ => (pen.text(x, line.y, text_room, &shown, role), None),
    };
    let hint_x = x + used.max(VALUE.min(used + 2)) + 2;
    let right = line.x + line.width;
    if has_keys || width == 0 {
        let hint_room = right.saturating_sub(hint_x);
        pen.text(hint_x, line.y, hint_room, &field.hint, Role::Muted);
    }
    let at = typed.unwrap_or(Position {
        x: (x + before).min(right.saturating_sub(1)),
        y: line.y,
    });
    has_keys.then_some(at)
}

/// What can be ticked, as much of it as fits around the one that has the keys.
fn ticks(
    pen: &mut Pen<'_>,
    field: &Field,
    options: &[(String, bool)],
    at: usize,
    has_keys: bool,
    line: Rect,
) -> Option<Position> {
    let x = line.x + NAME;
    let right = line.x + line.width;
    if options.is_empty() {
        let text = "the contract describes none";
        pen.text(x, line.y, right - x, text, Role::Muted);
        return has_keys.then_some(Position { x, y: line.y });
    }
    if !has_keys {
        let ticked: Vec<&str> = options
            .iter()
            .filter(|(_, ticked)| *ticked)
            .map(|(name, _)| name.as_str())
            .collect();
        let (text, role) = match ticked.is_empty() {
            true => (
                format!(
                    "none of {} ticked: all, unless patterns say else",
                    options.len()
                ),
                Role::Muted,
            ),
            false => (ticked.join(", "), Role::Text),
        };
        pen.text(x, line.y, right - x, &text, role);
        return None;
    }
    let mut column = x;
    let mut cursor = None;
    for (index, (name, ticked)) in options.iter().enumerate().skip(at) {
        let text = format!("{} {name}", if *ticked { "[x]" } else { "[ ]" });
        if column + columns(&text) > right && index > at {
            break;
        }
        let role = if index == at {
            Role::Accent
        } else {
            Role::Text
        };
        if index == at {
            cursor = Some(Position {
                x: column + 1,
                y: line.y,
            });
        }
        column += pen.text(column, line.y, right.saturating_sub(column), &text, role) + 2;
        if column >= right {
            break;
        }
    }
    let hint_room = right.saturating_sub(column);
    if hint_room > columns(&field.hint) {
        pen.text(column, line.y, hint_room, &field.hint, Role::Muted);
    }
    cursor
}

/// Draws the note with a secret.
pub(super) fn secret(pen: &mut Pen<'_>, note: &SecretNote, own: Within<'_>, area: Rect) {
    let width = area.width.min(WIDTH_MAX);
    let inner = width.saturating_sub(4);
    let hint = format!(
        "{} copies it, {} puts it away: it is shown once",
        own.key(Inside::Copy),
        own.key(Inside::Leave)
    );
    let mut lines: Vec<(String, Role)> = Vec::new();
    let mut add = |wrapped: Vec<String>, role| {
        lines.extend(wrapped.into_iter().map(|line| (line, role)));
    };
    let told = "Its secret, to verify signatures with:";
    add(wrap_words(told, inner), Role::Text);
    add(wrap(note.secret.expose(), inner, 4).0, Role::Strong);
    if let Some(key) = &note.public_key {
        add(
            wrap_words("The public key to verify with:", inner),
            Role::Text,
        );
        add(wrap(key, inner, 4).0, Role::Text);
    }
    add(wrap_words(&hint, inner), Role::Muted);
    let rect = boxed(pen, area, width, lines.len() + 2, &note.title);
    for (y, (line, role)) in (rect.y + 1..rect.bottom().saturating_sub(1)).zip(&lines) {
        pen.text(rect.x + 2, y, inner, line, *role);
    }
}
