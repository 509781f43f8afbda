//! The palette in the upper part of the screen.

use ratatui::layout::{Position, Rect};

use super::paint::Pen;
use super::typed;
use super::window::{self, Height};
use crate::console::actions::{Dialog, Inside};
use crate::console::app::model::Model;
use crate::console::app::palette::Palette;
use crate::console::theme::Role;

/// The widest it gets.
const WIDTH_MAX: u16 = 76;
/// Entries that are shown at once.
const SHOWN_MAX: u16 = 12;

/// Draws it; gives the place of the cursor.
pub(super) fn draw(
    pen: &mut Pen<'_>,
    model: &Model,
    palette: &Palette,
    area: Rect,
) -> Option<Position> {
    let width = area.width.saturating_sub(2).min(WIDTH_MAX);
    let entries = palette.entries(
        &model.keys,
        &model.facts(),
        &model.data,
        &model.session.themes,
    );
    let shown = SHOWN_MAX.min(area.height.saturating_sub(5));
    let rect = window::open(pen, area, (width, shown + 4), Height::Top);
    let inner = width.saturating_sub(4);
    pen.text(rect.x + 2, rect.y + 1, 1, ":", Role::Key);
    let place = (rect.x + 4, rect.y + 1);
    let at = typed::text(
        pen,
        &palette.line,
        Role::Text,
        place,
        inner.saturating_sub(2),
    );
    let first = palette
        .chosen
        .saturating_sub(usize::from(shown).saturating_sub(1));
    for (row, (index, entry)) in (0..shown).zip(entries.iter().enumerate().skip(first)) {
        let y = rect.y + 2 + row;
        let keys = 9.min(inner / 3);
        pen.text(rect.x + 2, y, inner - keys, &entry.title, Role::Text);
        pen.right(rect.x + 2 + inner - keys, y, keys, &entry.keys, Role::Key);
        if index == palette.chosen {
            window::shade(pen, rect, y);
        }
    }
    let own = model.keys.within(Dialog::Palette);
    let (takes, leaves) = (own.key(Inside::Take), own.key(Inside::Leave));
    let command = entries.get(palette.chosen).and_then(|entry| entry.command);
    let last = match command {
        Some(command) => format!("= {command}"),
        None if entries.is_empty() => format!("nothing fits: {leaves} closes"),
        None => format!("{takes} does it, {leaves} closes"),
    };
    pen.text(rect.x + 2, rect.bottom() - 2, inner, &last, Role::Muted);
    Some(at)
}
