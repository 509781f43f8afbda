//! The selected delivery beside its list, or below it, where there is room.

use ratatui::layout::Rect;

use super::inspector::summary_lines;
use super::paint::Pen;
use crate::console::app::deliveries::Deliveries;
use crate::console::app::model::Model;
use crate::console::app::msg::Now;
use crate::console::app::preview::Room;
use crate::console::theme::Role;

/// Draws it and gives what is left of the area for the list.
pub(super) fn draw(
    pen: &mut Pen<'_>,
    model: &Model,
    now: Now,
    list: &Deliveries,
    area: Rect,
) -> Rect {
    let Some((inspector, room)) = list.preview.as_deref().zip(model.preview_room()) else {
        return area;
    };
    if list.follows() {
        return area;
    }
    let (rest, shown) = match room {
        Room::Right(columns) => {
            let rest = Rect {
                width: area.width - columns,
                ..area
            };
            let border = pen.skin().glyph("│", "|");
            for y in area.top()..area.bottom() {
                pen.text(rest.right(), y, 1, border, Role::Border);
            }
            let shown = Rect {
                x: rest.right() + 2,
                width: columns - 2,
                ..area
            };
            (rest, shown)
        }
        Room::Below(rows) => {
            let rest = Rect {
                height: area.height - rows,
                ..area
            };
            pen.rule(area.x, rest.bottom(), area.width);
            let shown = Rect {
                y: rest.bottom() + 1,
                height: rows - 1,
                ..area
            };
            (rest, shown)
        }
    };
    let lines = summary_lines(pen.skin(), model, now, inspector, shown.width);
    for (y, line) in (shown.top()..shown.bottom()).zip(&lines) {
        let mut x = shown.x;
        for (text, role) in line {
            x += pen.text(x, y, shown.right().saturating_sub(x), text, *role);
        }
    }
    rest
}
