//! The selected delivery beside its list, or below it, where there is room.

use ratatui::layout::Rect;

use super::beside;
use super::inspector::summary_lines;
use super::paint::Pen;
use crate::console::app::deliveries::Deliveries;
use crate::console::app::model::Model;
use crate::console::app::msg::Now;
use crate::console::app::pane::room;

/// Draws it and gives what is left of the area for the list.
pub(super) fn draw(
    pen: &mut Pen<'_>,
    model: &Model,
    now: Now,
    list: &Deliveries,
    area: Rect,
) -> Rect {
    let Some((inspector, room)) = list.preview.as_deref().zip(room(model)) else {
        return area;
    };
    let (rest, shown) = beside::split(pen, room, area);
    let lines = summary_lines(pen.skin(), model, now, inspector, shown.width);
    beside::put(pen, &lines, shown);
    rest
}
