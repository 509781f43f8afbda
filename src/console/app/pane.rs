//! Where what belongs to the selected row stands: beside its list or below it, where there is room.

use super::model::{Level, Model, Screen};
use super::msg::Now;
use crate::console::actions::ActionId;

/// From so many columns on it stands beside the list, from so many rows on below it.
const COLUMNS_MIN: u16 = 120;
const ROWS_MIN: u16 = 40;
/// What the list keeps beside it, and the most that it takes.
const LIST_COLUMNS: u16 = 76;
const COLUMNS_MAX: u16 = 68;
/// What it takes below the list.
const ROWS: u16 = 14;
/// What an event's tree takes below the list, and the rows it needs for that.
const TREE_ROWS: u16 = 8;
const TREE_ROWS_MIN: u16 = 18;

/// From so many columns and rows on views that are one pane elsewhere have two.
const WIDE: (u16, u16) = (140, 30);

/// Whether a screen is that wide.
pub(crate) const fn is_wide((columns, rows): (u16, u16)) -> bool {
    columns >= WIDE.0 && rows >= WIDE.1
}

/// Where it has room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// Beside the list: so many columns.
    Right(u16),
    /// Below it: so many rows.
    Below(u16),
}

/// Where it has room on a screen of this size.
const fn room_on((columns, rows): (u16, u16)) -> Option<Room> {
    if columns >= COLUMNS_MIN {
        let left = columns - LIST_COLUMNS;
        let width = if left < COLUMNS_MAX {
            left
        } else {
            COLUMNS_MAX
        };
        Some(Room::Right(width))
    } else if rows >= ROWS_MIN {
        Some(Room::Below(ROWS))
    } else {
        None
    }
}

/// Where it stands now; nowhere while the rows move, for there is no selected one.
pub(crate) fn room(model: &Model) -> Option<Room> {
    // It tells what is now.
    if model.shows_past().is_some() {
        return None;
    }
    match model.screen() {
        Screen::Pulse(_) | Screen::Inspector(_) => None,
        Screen::Deliveries(list) if list.follows() => None,
        Screen::Log(log) if log.follows() => None,
        Screen::Events(_) if model.tree && !(model.previews && room_on(model.size).is_some()) => {
            (model.size.1 >= TREE_ROWS_MIN).then_some(Room::Below(TREE_ROWS))
        }
        _ => room_on(model.size).filter(|_| model.previews),
    }
}

/// Shows it or hides it.
pub(super) fn toggle(model: &mut Model, now: Now) {
    if room_on(model.size).is_none() {
        let open = model.key(ActionId::Open);
        let text = format!(
            "a preview needs {COLUMNS_MIN} columns or {ROWS_MIN} rows: {open} opens the row"
        );
        model.tell(now, Level::Info, text);
        return;
    }
    model.previews = !model.previews;
}

/// Shows an event's deliveries below the list, or no longer.
pub(super) fn toggle_tree(model: &mut Model, now: Now) {
    if model.previews && room_on(model.size).is_some() {
        let preview = model.key(ActionId::Preview);
        let text = format!("the tree is in the preview already: {preview} hides it");
        model.tell(now, Level::Info, text);
        return;
    }
    if model.size.1 < TREE_ROWS_MIN {
        let open = model.key(ActionId::Open);
        let text = format!("a tree needs {TREE_ROWS_MIN} rows: {open} lists the deliveries");
        model.tell(now, Level::Info, text);
        return;
    }
    model.tree = !model.tree;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::app::msg::Msg;
    use crate::console::app::samples::{at, connected, press, serve};
    use crate::console::app::update::update;

    #[test]
    fn it_stands_beside_the_list_or_below_it_or_nowhere() {
        for (size, room) in [
            ((80, 24), None),
            ((119, 39), None),
            ((119, 40), Some(Room::Below(14))),
            ((120, 24), Some(Room::Right(44))),
            ((160, 48), Some(Room::Right(68))),
        ] {
            assert_eq!(room_on(size), room, "{size:?}");
        }
    }

    #[test]
    fn a_log_has_it_while_it_is_held_and_not_while_its_lines_move() {
        let mut model = connected(false);
        update(&mut model, at(0), Msg::Resized(160, 48));
        let cmds = press(&mut model, 100, "8");
        serve(&mut model, 150, cmds);
        assert_eq!(room(&model), None);
        press(&mut model, 200, "j");
        assert_eq!(room(&model), Some(Room::Right(68)));
        press(&mut model, 300, "o");
        assert_eq!(room(&model), None);
        press(&mut model, 400, "o");
        update(&mut model, at(500), Msg::Resized(100, 48));
        assert_eq!(room(&model), Some(Room::Below(14)));
        press(&mut model, 600, "f");
        assert_eq!(room(&model), None);
    }

    #[test]
    fn a_small_screen_is_told_what_a_preview_needs_and_has_a_tree() {
        let mut model = connected(false);
        let cmds = press(&mut model, 100, "4 o");
        serve(&mut model, 150, cmds);
        assert!(model.toast.as_ref().unwrap().text.contains("120 columns"));
        assert_eq!(room(&model), None);
        press(&mut model, 200, "z");
        assert_eq!(room(&model), Some(Room::Below(8)));
        update(&mut model, at(300), Msg::Resized(80, 17));
        assert_eq!(room(&model), None);
        press(&mut model, 400, "z");
        assert!(model.toast.as_ref().unwrap().text.contains("18 rows"));
        update(&mut model, at(500), Msg::Resized(160, 48));
        assert_eq!(room(&model), Some(Room::Right(68)));
        press(&mut model, 600, "z");
        assert!(model.toast.unwrap().text.contains("in the preview"));
    }
}
