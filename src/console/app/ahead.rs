//! Keys typed ahead of a list that is not here yet: those that move or open wait for its first rows, for a moment.

use std::time::Duration;

use super::acts::act;
use super::model::{Model, Screen};
use super::msg::{Cmd, Now};
use super::requests::ScreenId;
use crate::console::actions::{Action, ActionId, Place};

/// Keys that wait at most; of more the later ones are lost.
const WAITING_MAX: usize = 32;
/// How long they wait: what comes later would be a surprise.
const FOR: Duration = Duration::from_secs(3);

/// Actions that wait for rows.
#[derive(Debug, Default)]
pub(crate) struct Ahead {
    actions: Vec<Action>,
    /// When the first of them was asked for.
    since: Duration,
    /// The screen that they are for.
    whose: Option<(Place, Option<ScreenId>)>,
}

/// Whether this waits for the rows of the shown list. Whatever does not is done at once, and what waited is forgotten.
pub(super) fn waits(model: &mut Model, now: Now, action: &Action) -> bool {
    let whose = (model.place(), model.screen().id());
    if !may_wait(action.id) || !is_awaited(model) {
        model.ahead = Ahead::default();
        return false;
    }
    if model.ahead.whose != Some(whose) {
        model.ahead = Ahead {
            actions: Vec::new(),
            since: now.elapsed,
            whose: Some(whose),
        };
    }
    if model.ahead.actions.len() < WAITING_MAX {
        model.ahead.actions.push(*action);
    }
    true
}

/// Does what waited, once the rows are here; what leads to another list that is not here yet lets the rest wait for that.
pub(super) fn follow_up(model: &mut Model, now: Now) -> Vec<Cmd> {
    if model.ahead.actions.is_empty() || is_awaited(model) {
        return Vec::new();
    }
    let whose = (model.place(), model.screen().id());
    let ahead = std::mem::take(&mut model.ahead);
    if ahead.whose != Some(whose) || !model.overlays.is_empty() || now.elapsed > ahead.since + FOR {
        return Vec::new();
    }
    let done = ahead.actions.into_iter();
    done.flat_map(|action| act(model, now, &action)).collect()
}

/// Whether it only looks, and means nothing without rows.
const fn may_wait(action: ActionId) -> bool {
    matches!(
        action,
        ActionId::Down
            | ActionId::Up
            | ActionId::HalfDown
            | ActionId::HalfUp
            | ActionId::First
            | ActionId::Last
            | ActionId::Open
    )
}

/// Whether the shown list has never been fetched.
fn is_awaited(model: &Model) -> bool {
    match model.screen() {
        Screen::Pulse(pulse) => !pulse.fetched.loaded,
        Screen::Deliveries(list) => !list.loaded,
        Screen::Inspector(_) => false,
        Screen::Endpoints(_) => !model.data.endpoints_loaded,
        Screen::Events(list) => !list.fetched.loaded,
        Screen::Dead(list) => !list.fetched.loaded,
        Screen::Replays(list) => !list.fetched.loaded,
        Screen::Audit(list) => !list.fetched.loaded,
        Screen::Log(log) => !log.fetched.loaded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::app::msg::Call;
    use crate::console::app::samples::{calls, connected, press, serve};

    #[test]
    fn what_moves_or_opens_waits_for_the_first_rows() {
        let mut model = connected(false);
        let fetch = press(&mut model, 0, "5");
        assert_eq!(press(&mut model, 20, "j enter"), []);
        assert_eq!(model.place(), Place::Dead);
        let mut early = connected(false);
        let cmds = press(&mut early, 0, "5");
        serve(&mut early, 100, cmds);
        press(&mut early, 110, "j enter");
        serve(&mut model, 100, fetch);
        assert_eq!(model.place(), Place::Deliveries);
        let title = |model: &Model| match model.screen() {
            Screen::Deliveries(list) => list.title.clone(),
            _ => None,
        };
        assert_eq!(
            title(&model),
            title(&early),
            "the second row's, as if it had been there"
        );
    }

    #[test]
    fn what_changes_something_never_waits() {
        let mut model = connected(false);
        let fetch = press(&mut model, 0, "5");
        press(&mut model, 20, "j R j");
        let cmds = serve(&mut model, 100, fetch);
        assert!(
            !calls(&cmds)
                .iter()
                .any(|call| matches!(call, Call::Plan(..)))
        );
        assert_eq!(model.overlays, []);
    }

    #[test]
    fn what_waited_too_long_is_not_done() {
        let mut model = connected(false);
        let fetch = press(&mut model, 0, "5");
        press(&mut model, 20, "j enter");
        serve(&mut model, 4_000, fetch);
        assert_eq!(model.place(), Place::Dead);
    }

    #[test]
    fn what_waited_is_forgotten_where_another_view_was_gone_to() {
        let mut model = connected(false);
        let fetch = press(&mut model, 0, "5");
        press(&mut model, 20, "j enter 6 5");
        serve(&mut model, 100, fetch);
        assert_eq!(model.place(), Place::Dead);
    }
}
