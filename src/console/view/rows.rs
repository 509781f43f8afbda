//! What lists have in common on the screen: headings, rows in columns, the shaded one, and what stands where none are.

use ratatui::layout::Rect;

use super::paint::{Pen, wrap_words};
use super::table::{Column, headings, place};
use super::{columns, format};
use crate::console::actions::{ActionId, Place};
use crate::console::app::listing::{Fetched, Listed, Listing};
use crate::console::app::model::Model;
use crate::console::app::sorting::Sorting;
use crate::console::theme::Role;
use crate::domain::escape;

/// A column whose texts begin at its left edge: its least width, what it may grow to, and its rank.
pub(super) const fn column(title: &'static str, width: u16, grows_to: u16, rank: u8) -> Column {
    Column {
        title,
        width,
        grows_to,
        right: false,
        rank,
    }
}

/// A column whose texts end at its right edge.
pub(super) const fn right(title: &'static str, width: u16, rank: u8) -> Column {
    Column {
        right: true,
        ..column(title, width, width, rank)
    }
}

/// Puts texts beside each other into a title.
pub(super) struct Title {
    x: u16,
    y: u16,
    right: u16,
}

impl Title {
    /// Begins in the first row of an area.
    pub(super) const fn new(area: Rect) -> Self {
        Self {
            x: area.x,
            y: area.y,
            right: area.right(),
        }
    }

    /// The columns that are left.
    pub(super) const fn room(&self) -> u16 {
        self.right.saturating_sub(self.x)
    }

    /// Adds a text of at most `width` columns.
    pub(super) fn put(&mut self, pen: &mut Pen<'_>, width: u16, text: &str, role: Role) {
        let used = pen.text(self.x, self.y, width.min(self.room()), text, role);
        if used > 0 {
            self.x += used + 2;
        }
    }
}

/// A cell: what its row has to say under a heading.
pub(super) type Cell<'a, T> = &'a dyn Fn(&Pen<'_>, &T, &'static str) -> (String, Role);

/// Draws headings and rows from `offset` on; `selected` is the shaded line. Gives the column of the space behind the
/// first column, where a mark of the row has room.
pub(super) fn table<'a, T: 'a>(
    pen: &mut Pen<'_>,
    area: Rect,
    columns: &[Column],
    rows: impl Iterator<Item = (usize, &'a T)>,
    selected: usize,
    cell: Cell<'_, T>,
) -> u16 {
    let placed = place(columns, area.width);
    if area.height > 0 {
        headings(pen, columns, &placed, area.x, area.y);
    }
    for (y, (index, row)) in (area.y + 1..area.bottom()).zip(rows) {
        for column in &placed {
            let kind = &columns[column.index];
            let (text, role) = cell(pen, row, kind.title);
            let x = area.x + column.x;
            if kind.right {
                pen.right(x, y, column.width, &text, role);
            } else {
                pen.text(x, y, column.width, &text, role);
            }
        }
        if index == selected {
            let line = Rect {
                y,
                height: 1,
                ..area
            };
            pen.shade(line, Role::Cursor);
        }
    }
    area.x + placed.first().map_or(0, |first| first.width)
}

/// Draws a list that is fetched as it is, below the row of its title. Gives the column of the space behind the first
/// column.
pub(super) fn listing<T: Listed>(
    pen: &mut Pen<'_>,
    model: &Model,
    list: &Listing<T>,
    area: Rect,
    (view, none): (Place, &[&str]),
    cell: Cell<'_, T>,
) -> u16 {
    let body = Rect {
        y: area.y + 1,
        height: area.height.saturating_sub(1),
        ..area
    };
    let rows = list.shown().enumerate().skip(list.offset);
    let columns = columns::shown(model, view);
    let behind = table(pen, body, &columns, rows, list.line(), cell);
    if list.items.is_empty() {
        let lines = instead(model, &list.fetched, none, area.width);
        let below = Rect {
            y: body.y + 1,
            height: body.height.saturating_sub(1),
            ..body
        };
        notes(pen, below, &lines);
    }
    behind
}

/// What stands where there are no rows.
fn instead(model: &Model, fetched: &Fetched, none: &[&str], width: u16) -> Vec<String> {
    if let Some(error) = &fetched.error {
        not_fetched(model, error, width)
    } else if fetched.loaded {
        none.iter().map(|line| (*line).to_owned()).collect()
    } else {
        not_here_yet(model)
    }
}

/// What stands in place of rows that could not be fetched.
pub(super) fn not_fetched(model: &Model, error: &str, width: u16) -> Vec<String> {
    // A title has room for its beginning.
    let why = wrap_words(&escape::line(error), width.saturating_sub(4));
    let again = format!("{} tries again.", model.key(ActionId::Refetch));
    let first = std::iter::once("The rows could not be fetched:".to_owned());
    first.chain(why).chain([again]).collect()
}

/// What stands in place of rows that were never fetched.
pub(super) fn not_here_yet(model: &Model) -> Vec<String> {
    if model.link.is_up() {
        return vec!["loading".to_owned()];
    }
    let (again, quit) = (model.key(ActionId::Refetch), model.key(ActionId::Leave));
    let remedy = format!("{again} tries at once; {quit} quits.");
    vec!["Not connected yet.".to_owned(), remedy]
}

/// Lines of muted text, one row below the top of an area.
pub(super) fn notes(pen: &mut Pen<'_>, area: Rect, lines: &[impl AsRef<str>]) {
    for (y, line) in (area.y + 1..area.bottom()).zip(lines) {
        let room = area.width.saturating_sub(2);
        pen.text(area.x + 2, y, room, line.as_ref(), Role::Muted);
    }
}

/// Adds to a title how many rows are loaded, and whether there are more.
pub(super) fn loaded<T: Listed>(pen: &mut Pen<'_>, title: &mut Title, list: &Listing<T>) {
    // Words in force tell it with how many rows have them.
    if list.fetched.loaded && !list.sieve.is_set() {
        let has_more = list.fetched.cut || list.fetched.next.is_some();
        let more = if has_more { "+" } else { "" };
        let text = format!("{}{more} loaded", format::count(list.items.len() as u64));
        title.put(pen, title.room(), &text, Role::Muted);
    }
    sorted(pen, title, list.sorting);
}

/// Adds to a title what its rows are sorted by.
pub(super) fn sorted(pen: &mut Pen<'_>, title: &mut Title, by: Option<Sorting>) {
    if let Some(by) = by {
        title.put(pen, title.room(), &by.in_words(), Role::Accent);
    }
}

/// Adds to a title why its rows could not be fetched.
pub(super) fn fetch_error(pen: &mut Pen<'_>, title: &mut Title, fetched: &Fetched) {
    if let Some(error) = &fetched.error {
        let room = title.room();
        title.put(pen, room, error, Role::LevelError);
    }
}
