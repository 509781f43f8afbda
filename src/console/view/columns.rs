//! The columns of each view's list, and the choice of them upon the screen.

use ratatui::layout::Rect;

use super::paint::Pen;
use super::table::Column;
use super::window::{self, Height};
use super::{audit, dead, deliveries, endpoints, events, log, replays};
use crate::console::actions::{Dialog, Inside, Place};
use crate::console::app::columns::{self, ColumnChoice, Wants, letters, listed};
use crate::console::app::model::Model;
use crate::console::theme::Role;

/// Columns of the screen that the choice takes.
const WIDTH: u16 = 48;

/// Headings below which an instant stands.
const TIMES: [&str; 5] = ["TIME", "NEXT", "LAST", "STARTED", "SINCE"];

/// The columns of a view's list as they come; none of a view that is not one list.
pub(crate) const fn of(place: Place) -> &'static [Column] {
    match place {
        Place::Deliveries => &deliveries::COLUMNS,
        Place::Endpoints => &endpoints::COLUMNS,
        Place::Events => &events::COLUMNS,
        Place::Dead => &dead::COLUMNS,
        Place::Replays => &replays::COLUMNS,
        Place::Audit => &audit::COLUMNS,
        Place::Log => &log::COLUMNS,
        Place::Pulse | Place::Inspector | Place::Over(_) => &[],
    }
}

/// The same, as wide as times are told now.
pub(crate) fn timed(model: &Model, place: Place) -> Vec<Column> {
    let mut columns = of(place).to_vec();
    for column in &mut columns {
        if TIMES.contains(&column.title) {
            column.width = model.times.width(column.width);
            column.grows_to = column.grows_to.max(column.width);
        }
    }
    columns
}

/// The columns that a view's list may show.
pub(super) fn shown(model: &Model, place: Place) -> Vec<Column> {
    let chosen = model.columns_of(place);
    chosen.shown(&timed(model, place), columns::width(model))
}

/// Draws the choice.
pub(super) fn draw(pen: &mut Pen<'_>, model: &Model, choice: ColumnChoice, area: Rect) {
    let columns = listed(model);
    let chosen = model.columns_of(model.place());
    let own = model.keys.within(match choice.wants {
        Wants::Columns => Dialog::Columns,
        Wants::Order => Dialog::Choice,
    });
    let (title, lines) = match choice.wants {
        Wants::Columns => {
            let lines = columns.iter().map(|column| {
                let mark = if chosen.is_hidden(column.title) {
                    ' '
                } else {
                    'x'
                };
                format!("[{mark}] {}", column.title)
            });
            (
                format!(
                    " Columns  {} shows  {}/{} move  {} resets ",
                    own.key(Inside::Toggle),
                    own.key(Inside::MoveDown),
                    own.key(Inside::MoveUp),
                    own.key(Inside::Reset)
                ),
                lines.collect::<Vec<String>>(),
            )
        }
        Wants::Order => {
            let by = model.screen().sorting();
            let letters: Vec<char> = letters(own).collect();
            let lettered =
                |line: usize, text: &str| format!("{}  {text}", letters.get(line).unwrap_or(&' '));
            let unsorted = match model.place() {
                Place::Endpoints => "what needs attention first",
                Place::Dead => "the most first",
                _ => "the newest first",
            };
            let first = lettered(0, unsorted);
            let others = columns.iter().enumerate().map(|(at, column)| {
                let in_force = by.filter(|by| by.column == column.title);
                let way = match in_force {
                    Some(by) if by.reversed => "   reversed: again turns it back",
                    Some(_) => "   in force: again turns it round",
                    None => "",
                };
                lettered(at + 1, &format!("{}{way}", column.title))
            });
            (
                " Sort by  the letter takes it at once ".to_owned(),
                std::iter::once(first).chain(others).collect(),
            )
        }
    };
    let width = area.width.saturating_sub(2).min(WIDTH);
    let count = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let room = count.min(area.height.saturating_sub(4)).max(1);
    let rect = window::open(pen, area, (width, room + 2), Height::Third);
    let inner = width.saturating_sub(4);
    pen.text(rect.x + 2, rect.y, inner, &title, Role::Accent);
    let lines = lines.iter().map(String::as_str);
    window::choices(pen, rect, room, choice.chosen, lines);
}
