//! The line in which the filter in force gets a name.

use ratatui::layout::{Position, Rect};

use super::paint::Pen;
use super::typed;
use crate::console::app::model::Model;
use crate::console::app::saved::{SaveLine, SaveNote};
use crate::console::theme::Role;

/// Draws it in the last two rows; gives the place of the cursor.
pub(super) fn line(pen: &mut Pen<'_>, model: &Model, save: &SaveLine, area: Rect) -> Position {
    let (hint, role) = match save.note(&model.data.saved) {
        SaveNote::New => (
            format!("enter saves it, esc leaves; it stands for {}", save.filter),
            Role::Muted,
        ),
        SaveNote::Replaces(known) => (format!("taken: enter replaces {known}"), Role::LevelWarn),
        SaveNote::Wrong(rule) => (rule, Role::LevelWarn),
    };
    typed::draw(pen, "save as:", &save.line, (&hint, role), area)
}
