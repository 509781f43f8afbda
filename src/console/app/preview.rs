//! The preview of the selected delivery: where it has room, and when it is fetched.

use super::inspector::Inspector;
use super::model::{Level, Model, Screen};
use super::msg::{Call, Cmd, Now};
use super::requests::Purpose;
use crate::api::delivery::DeliveryDetail;
use crate::console::actions::ActionId;

/// From so many columns on it stands beside the list, from so many rows on below it.
const COLUMNS_MIN: u16 = 120;
const ROWS_MIN: u16 = 40;
/// What the list keeps beside it, and the most that it takes.
const LIST_COLUMNS: u16 = 76;
const COLUMNS_MAX: u16 = 68;
/// What it takes below the list.
const ROWS: u16 = 14;

/// Where it has room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// Beside the list: so many columns.
    Right(u16),
    /// Below it: so many rows.
    Below(u16),
}

/// Where a preview has room on a screen of this size.
pub(crate) const fn room_on((columns, rows): (u16, u16)) -> Option<Room> {
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

/// Shows it or hides it.
pub(super) fn toggle(model: &mut Model, now: Now) {
    if room_on(model.size).is_none() {
        let open = model.key(ActionId::Open);
        let text = format!(
            "a preview needs {COLUMNS_MIN} columns or {ROWS_MIN} rows: {open} opens the delivery"
        );
        model.tell(now, Level::Info, text);
        return;
    }
    model.previews = !model.previews;
}

/// Fetches what the selected delivery's preview lacks.
pub(super) fn fetch(model: &mut Model) -> Option<Cmd> {
    model.preview_room()?;
    let Some(Screen::Deliveries(list)) = model.screens.last_mut() else {
        return None;
    };
    let selected = list.selected()?;
    let id = selected.id;
    let is_of_it = list
        .preview
        .as_ref()
        .is_some_and(|preview| preview.delivery_id == id);
    if !is_of_it {
        list.preview = Some(Box::new(Inspector::new(list.id, selected.clone())));
    }
    let screen = list.id;
    let preview = list.preview.as_mut()?;
    let is_fetched = preview.detail.is_some() && !preview.outdated;
    if is_fetched || preview.error.is_some() {
        return None;
    }
    let cmd = model.call(Purpose::Preview(screen), Call::Delivery(id))?;
    if let Some(Screen::Deliveries(list)) = model.screens.last_mut()
        && let Some(preview) = &mut list.preview
    {
        preview.outdated = false;
    }
    Some(cmd)
}

/// Takes over what was fetched, if it is of the delivery that is selected still.
pub(super) fn take(preview: &mut Option<Box<Inspector>>, detail: Box<DeliveryDetail>) {
    if let Some(preview) = preview
        && preview.delivery_id == detail.delivery.id
    {
        let outdated = preview.outdated;
        preview.take_detail(detail);
        preview.outdated = outdated;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::stream::{Change, StreamFrame};
    use crate::console::app::msg::Msg;
    use crate::console::app::samples::{at, calls, connected, list, press, serve};
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
    fn the_selected_row_is_fetched_once_and_again_when_it_changed() {
        let mut model = connected(false);
        update(&mut model, at(0), Msg::Resized(160, 48));
        let cmds = press(&mut model, 100, "j");
        let wanted = list(&model).cursor.unwrap();
        assert_eq!(calls(&cmds), [&Call::Delivery(wanted)]);
        // A fast hand: the next row is asked for when the answer for this one is here.
        assert_eq!(calls(&press(&mut model, 110, "j")), [] as [&Call; 0]);
        let next = list(&model).cursor.unwrap();
        assert_ne!(next, wanted);
        serve(&mut model, 200, cmds);
        let preview = list(&model).preview.as_ref().unwrap();
        assert_eq!(preview.delivery_id, next);
        let changed = Change {
            deliveries: vec![list(&model).rows.get(next).unwrap().clone()],
            ..Change::default()
        };
        let frame = StreamFrame::Change(Box::new(changed));
        let cmds = update(&mut model, at(250), Msg::Frame(Box::new(frame)));
        assert_eq!(calls(&cmds), [&Call::Delivery(next)]);
        serve(&mut model, 260, cmds);
        press(&mut model, 300, "o");
        assert_eq!(model.preview_room(), None);
        assert_eq!(calls(&press(&mut model, 400, "j")), [] as [&Call; 0]);
    }

    #[test]
    fn a_small_screen_is_told_what_a_preview_needs() {
        let mut model = connected(false);
        assert_eq!(calls(&press(&mut model, 100, "j o")), [] as [&Call; 0]);
        assert!(model.toast.unwrap().text.contains("120 columns"));
    }
}
