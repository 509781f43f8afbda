//! The preview of the selected delivery: when it is fetched, and what stands there until it is.

use std::time::Duration;

use super::deliveries::Deliveries;
use super::inspector::Inspector;
use super::model::{Model, Screen};
use super::msg::{Call, Cmd, Now};
use super::pane;
use super::requests::Purpose;
use crate::api::delivery::DeliveryDetail;

/// How long the preview of the row before stays while that of the selected one is fetched: drawn half and then whole,
/// each step would cost twice and flicker.
const PATIENCE: Duration = Duration::from_millis(150);

/// What is shown of the selected row, or of the one before it for a moment.
pub(crate) fn shown(list: &Deliveries, now: Now) -> Option<&Inspector> {
    let preview = list.preview.as_deref()?;
    let before = list.previewed.as_ref();
    let before = before.filter(|(_, until)| waits(preview) && now.elapsed < *until);
    Some(before.map_or(preview, |(before, _)| before))
}

/// When something else is shown if no answer comes; none where nothing waits.
pub(super) fn gives_up_at(model: &Model, now: Now) -> Option<Duration> {
    let Screen::Deliveries(list) = model.screen() else {
        return None;
    };
    list.preview.as_deref().filter(|preview| waits(preview))?;
    let (_, until) = list.previewed.as_ref()?;
    (*until > now.elapsed).then_some(*until)
}

fn waits(preview: &Inspector) -> bool {
    preview.detail.is_none() && preview.error.is_none()
}

/// Fetches what the selected delivery's preview lacks.
pub(super) fn fetch(model: &mut Model, now: Now) -> Option<Cmd> {
    pane::room(model)?;
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
        let next = Box::new(Inspector::new(list.id, selected.clone()));
        let before = list.preview.replace(next);
        if let Some(before) = before.filter(|before| before.detail.is_some()) {
            list.previewed = Some((before, now.elapsed + PATIENCE));
        }
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
        assert_eq!(pane::room(&model), None);
        assert_eq!(calls(&press(&mut model, 400, "j")), [] as [&Call; 0]);
    }

    #[test]
    fn the_one_before_stays_until_the_answer_is_here_or_for_a_moment() {
        let mut model = connected(false);
        update(&mut model, at(0), Msg::Resized(160, 48));
        let cmds = press(&mut model, 100, "j");
        serve(&mut model, 110, cmds);
        let first = list(&model).cursor.unwrap();
        let of = |model: &Model, millis| shown(list(model), at(millis)).unwrap().delivery_id;
        assert_eq!(of(&model, 200), first);
        let cmds = press(&mut model, 1_000, "j");
        let second = list(&model).cursor.unwrap();
        assert_eq!((of(&model, 1_010), of(&model, 1_149)), (first, first));
        assert_eq!(
            of(&model, 1_150),
            second,
            "what the list knows of it is shown"
        );
        assert!(model.next_wakeup(at(1_010)) <= at(1_150).elapsed);
        assert!(gives_up_at(&model, at(1_150)).is_none());
        serve(&mut model, 1_020, cmds);
        assert_eq!(of(&model, 1_030), second);
        assert!(gives_up_at(&model, at(1_030)).is_none());
    }
}
