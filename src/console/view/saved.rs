//! The line in which the filter in force gets a name.

use ratatui::layout::{Position, Rect};

use super::paint::Pen;
use super::typed;
use crate::console::actions::{Dialog, Inside};
use crate::console::app::model::Model;
use crate::console::app::saved::{SaveLine, SaveNote};
use crate::console::theme::Role;

/// Draws it in the last two rows; gives the place of the cursor.
pub(super) fn line(pen: &mut Pen<'_>, model: &Model, save: &SaveLine, area: Rect) -> Position {
    let own = model.keys.within(Dialog::Line);
    let (takes, leaves) = (own.key(Inside::Take), own.key(Inside::Leave));
    let (hint, role) = match save.note(&model.data.saved) {
        SaveNote::New => (
            format!(
                "{takes} saves it, {leaves} leaves; it stands for {}",
                save.filter
            ),
            Role::Muted,
        ),
        SaveNote::Replaces(known) => (format!("taken: {takes} replaces {known}"), Role::LevelWarn),
        SaveNote::Wrong(rule) => (rule, Role::LevelWarn),
    };
    typed::draw(pen, "save as:", &save.line, (&hint, role), area)
}
