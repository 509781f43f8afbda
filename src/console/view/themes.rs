//! The list of themes upon the screen, itself drawn in the chosen one.

use ratatui::layout::Rect;

use super::paint::Pen;
use super::window::{self, Height};
use crate::console::actions::{Dialog, Inside};
use crate::console::app::model::Model;
use crate::console::app::themes::ThemeChoice;
use crate::console::theme::Role;

/// Columns that it takes: a name, and what the states look like.
const WIDTH: u16 = 48;
/// States whose looks are shown beside the chosen name.
const LOOKS: [(&str, Role); 5] = [
    ("ok", Role::StateOk),
    ("retrying", Role::StateRetrying),
    ("failed", Role::StateFailed),
    ("dead", Role::StateDead),
    ("held", Role::StatePaused),
];

/// Draws it.
pub(super) fn draw(pen: &mut Pen<'_>, model: &Model, choice: &ThemeChoice, area: Rect) {
    let themes = &model.session.themes;
    let width = area.width.saturating_sub(2).min(WIDTH);
    let count = u16::try_from(themes.len()).unwrap_or(u16::MAX);
    let shown = count.min(area.height.saturating_sub(5)).max(1);
    let rect = window::open(pen, area, (width, shown + 3), Height::Top);
    let inner = width.saturating_sub(4);
    let own = model.keys.within(Dialog::Choice);
    let (takes, leaves) = (own.key(Inside::Take), own.key(Inside::Leave));
    let title = format!(" Themes   {takes} keeps   {leaves} goes back ");
    pen.text(rect.x + 2, rect.y, inner, &title, Role::Accent);
    let names = themes.iter().map(String::as_str);
    window::choices(pen, rect, shown, choice.chosen, names);
    let mut x = rect.x + 2;
    for (word, role) in LOOKS {
        let room = (rect.right() - 2).saturating_sub(x);
        x += pen.text(x, rect.bottom() - 2, room, word, role) + 2;
    }
}
