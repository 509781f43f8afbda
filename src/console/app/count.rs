//! How often a key is done: digits before it, where the keys in force have them for that, as those of preset vim.
//!
//! A count moves: so many rows, tabs, attempts, places; before the keys of the first and the last row it is a row's
//! number. What only looks is done once whatever the count, what changes something is refused with one: nobody replays
//! by three.

use super::acts::{self, step, step_attempt};
use super::model::{Level, Model};
use super::msg::{Cmd, Now};
use crate::console::actions::{Action, ActionId, Arranging, Danger, InText, Marking};
use crate::console::input::key::{Key, KeyCode};

/// The largest count: the rows of the longest list are no more.
const COUNT_MAX: u16 = 9_999;
/// How often what is done one by one is done at most.
const TIMES_MAX: u16 = 200;

/// The digit of a key.
pub(crate) fn digit(key: Key) -> Option<u16> {
    match key {
        Key {
            code: KeyCode::Char(letter),
            ctrl: false,
            alt: false,
        } => letter.to_digit(10).and_then(|digit| digit.try_into().ok()),
        _ => None,
    }
}

/// A key after a count that goes on with it, or that leaves it; whether it was one.
pub(super) fn goes_on(model: &mut Model, key: Key) -> bool {
    if model.count.is_none() || !model.strokes.is_empty() {
        return false;
    }
    if key == Key::plain(KeyCode::Esc) {
        model.count = None;
        return true;
    }
    digit(key).map(|digit| add(model, digit)).is_some()
}

/// Does what an action says, as often as was typed before its key.
pub(super) fn act(model: &mut Model, now: Now, action: &Action, key: Key) -> Vec<Cmd> {
    if action.id == ActionId::Count {
        if let Some(digit) = digit(key) {
            add(model, digit);
        }
        return Vec::new();
    }
    let Some(count) = model.count.take() else {
        return acts::act(model, now, action);
    };
    let steps = isize::try_from(count).unwrap_or(isize::MAX);
    match action.id {
        ActionId::Down => step(model, steps),
        ActionId::Up => step(model, -steps),
        ActionId::First | ActionId::Last => {
            step(model, isize::MIN + 1);
            step(model, steps - 1);
        }
        ActionId::NextAttempt => return step_attempt(model, steps),
        ActionId::PreviousAttempt => return step_attempt(model, -steps),
        id if is_repeated(id) => {
            let times = 0..count.min(TIMES_MAX);
            return times.flat_map(|_| acts::act(model, now, action)).collect();
        }
        _ if action.danger != Danger::Look => {
            let text = format!("not {count} times: {key} alone would {}", action.title);
            model.tell(now, Level::Warn, text);
        }
        _ => return acts::act(model, now, action),
    }
    Vec::new()
}

fn add(model: &mut Model, digit: u16) {
    let count = model.count.unwrap_or(0);
    let count = count.saturating_mul(10).saturating_add(digit);
    model.count = Some(count.min(COUNT_MAX));
}

/// Whether an action moves, so that it can be done several times.
const fn is_repeated(id: ActionId) -> bool {
    matches!(
        id,
        ActionId::HalfDown
            | ActionId::HalfUp
            | ActionId::NextFailure
            | ActionId::PreviousFailure
            | ActionId::NextTab
            | ActionId::PreviousTab
            | ActionId::Columns(Arranging::Left | Arranging::Right)
            | ActionId::InText(InText::Next | InText::Previous)
            | ActionId::Mark(Marking::Row)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::actions::Place;
    use crate::console::app::msg::Call;
    use crate::console::app::samples::{calls, connected, list, press, serve};
    use crate::console::app::shown::shown;
    use crate::console::keys::KeyShelf;
    use crate::console::view::tests::screen;

    fn vim() -> Model {
        let mut model = connected(false);
        model.keys = KeyShelf::new(None).preset("vim").unwrap();
        model
    }

    /// The number of the selected row, from 1.
    fn row(model: &Model) -> usize {
        let list = list(model);
        let chosen = list.selected().unwrap().id;
        let mut rows = list.rows.deliveries();
        rows.position(|row| row.id == chosen).unwrap() + 1
    }

    #[test]
    fn digits_say_how_far_and_to_which_row() {
        let mut model = vim();
        for (keys, expected) in [
            ("g g", 1),
            ("3 j", 4),
            ("2 k", 2),
            ("j", 3),
            ("5 G", 5),
            ("2 g g", 2),
            ("1 0 j", 6),
            ("1 0 0 0 0 0 0 0 k", 1),
            ("3 esc j", 2),
            ("3 é j", 3),
        ] {
            press(&mut model, 10, keys);
            assert_eq!(row(&model), expected, "{keys}");
            assert_eq!(model.count, None, "{keys}");
        }
        press(&mut model, 20, "g g 3 space");
        assert_eq!(
            list(&model)
                .rows
                .deliveries()
                .filter(|row| list(&model).marks.has(row.id))
                .count(),
            3
        );
    }

    #[test]
    fn a_count_is_shown_until_its_key_and_chords_lead_to_views() {
        let mut model = vim();
        press(&mut model, 10, "1 2");
        let text = screen(&model, 20);
        assert!(text.contains("12 -  j goes so far, G to the row of this number, esc forgets it"));
        press(&mut model, 20, "g");
        assert!(screen(&model, 30).contains("12 g -"));
        let cmds = press(&mut model, 30, "e");
        serve(&mut model, 40, cmds);
        assert_eq!(shown(&model), "endpoints", "once");
        press(&mut model, 50, "2");
        press(&mut model, 60, "ctrl-c");
        assert_eq!(model.count, None);
        assert!(!screen(&model, 60).contains("2 -"));
    }

    #[test]
    fn of_the_attempts_that_a_count_passes_by_none_is_asked_for() {
        let mut model = vim();
        press(&mut model, 10, "g g");
        while list(&model).selected().unwrap().attempts < 3 {
            press(&mut model, 10, "j");
        }
        for key in ["enter", "tab"] {
            let cmds = press(&mut model, 20, key);
            serve(&mut model, 30, cmds);
        }
        let cmds = press(&mut model, 40, "2 K");
        let asked = calls(&cmds);
        assert!(matches!(asked[..], [Call::Attempt(_, 1)]), "{asked:?}");
    }

    #[test]
    fn nothing_is_changed_with_a_count() {
        let mut model = vim();
        press(&mut model, 10, "g g 3 r");
        assert!(model.grace.is_none());
        let told = &model.toast.as_ref().unwrap().text;
        assert!(
            told.starts_with("not 3 times: r alone would replay this"),
            "{told}"
        );
        let cmds = press(&mut model, 20, "g e");
        serve(&mut model, 30, cmds);
        let cmds = press(&mut model, 40, "g g 2 P");
        assert_eq!(calls(&cmds), [] as [&Call; 0]);
    }

    #[test]
    fn digits_count_where_the_keys_say_so_and_nowhere_else() {
        let mut model = connected(false);
        let cmds = press(&mut model, 10, "3");
        serve(&mut model, 20, cmds);
        assert_eq!(model.place(), Place::Endpoints);
        let text = |text: &str| KeyShelf::new(None).text("keys.toml", text.to_owned());
        let own = text("preset = \"vim\"\n[everywhere]\n\"1\" = \"view.pulse\"\n");
        model.keys = own.unwrap();
        press(&mut model, 30, "2 1 esc");
        assert_eq!(model.place(), Place::Endpoints, "it goes on with a count");
        press(&mut model, 40, "1");
        assert_eq!(model.place(), Place::Pulse);
        for key in ["0", "x", "ctrl-k", "1 2"] {
            let flaws = text(&format!("[list]\n\"{key}\" = \"count\"\n")).unwrap_err();
            let expected = format!(
                "keys.toml:2:1: {key:?} is no digit that begins a count: bind one of 1 to 9 to count"
            );
            assert!(flaws.to_string().contains(&expected), "{flaws}");
        }
    }
}
