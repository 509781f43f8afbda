//! The selected delivery beside its list, or below it, where there is room.

use ratatui::layout::Rect;

use super::beside;
use super::inspector::summary_lines;
use super::paint::Pen;
use crate::console::app::deliveries::Deliveries;
use crate::console::app::model::Model;
use crate::console::app::msg::Now;
use crate::console::app::pane::room;
use crate::console::app::preview::shown;

/// Draws it and gives what is left of the area for the list.
pub(super) fn draw(
    pen: &mut Pen<'_>,
    model: &Model,
    now: Now,
    list: &Deliveries,
    area: Rect,
) -> Rect {
    let Some((inspector, room)) = shown(list, now).zip(room(model)) else {
        return area;
    };
    let (rest, pane) = beside::split(pen, room, area);
    let lines = summary_lines(pen.skin(), model, now, inspector, pane.width);
    beside::put(pen, &lines, pane);
    rest
}
