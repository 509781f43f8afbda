//! Notes about what is selected: which there are, and writing another.

use super::changes::{change, no_row};
use super::dialogs::Pressed;
use super::line::Line;
use super::model::{Level, Model, Overlay, Screen};
use super::msg::{Call, Cmd, Now};
use super::pulse::Row;
use super::requests::Purpose;
use crate::api::note::{AddNote, NotesView};
use crate::console::actions::Inside;
use crate::domain::limits::REPLAY_NOTE_CHARS_MAX;

/// The notes about what was looked at last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Notes {
    /// What was asked for last.
    asked: Option<String>,
    /// What there is; none while it is not known.
    known: Option<NotesView>,
}

impl Notes {
    /// The notes about this, where they are known.
    pub(crate) fn about(&self, target: &str) -> Option<&NotesView> {
        self.known.as_ref().filter(|known| known.target == target)
    }

    /// Others may have written some meanwhile.
    pub(crate) fn forget(&mut self) {
        self.asked = None;
    }
}

/// A note that is being written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NoteLine {
    /// The id of what it is about.
    pub target: String,
    /// What that is, in a word.
    pub noun: &'static str,
    /// What is typed.
    pub line: Line,
}

impl NoteLine {
    /// Characters that have no room any more.
    pub(crate) fn excess(&self) -> usize {
        let length = self.line.text().trim().chars().count();
        length.saturating_sub(REPLAY_NOTE_CHARS_MAX)
    }
}

/// What a note would be about: an id, and what it is in a word.
fn target(model: &Model) -> Option<(String, &'static str)> {
    match model.screen() {
        Screen::Pulse(_) => match model.pulse_row()? {
            Row::Endpoint(id) => Some((id.to_string(), "endpoint")),
            Row::Cause(id) => Some((id, "cause")),
            Row::Replay(_) => None,
        },
        Screen::Deliveries(_) | Screen::Inspector(_) => {
            let delivery = model.selected_delivery()?;
            Some((delivery.id.to_string(), "delivery"))
        }
        Screen::Endpoints(_) => {
            let endpoint = model.selected_endpoint()?;
            Some((endpoint.id.to_string(), "endpoint"))
        }
        Screen::Events(list) => Some((list.selected()?.id.to_string(), "event")),
        Screen::Dead(list) => Some((list.selected()?.id.clone(), "cause")),
        Screen::Replays(_) | Screen::Audit(_) | Screen::Log(_) => None,
    }
}

/// Asks for a note about what is selected.
pub(super) fn ask(model: &mut Model, now: Now) -> Vec<Cmd> {
    let Some((target, noun)) = target(model) else {
        return no_row(model, now);
    };
    model.overlays.push(Overlay::Note(NoteLine {
        target,
        noun,
        line: Line::default(),
    }));
    Vec::new()
}

/// A key for the line.
pub(super) fn key(model: &mut Model, now: Now, pressed: Pressed) -> Vec<Cmd> {
    let Some(Overlay::Note(note)) = model.overlays.last_mut() else {
        return Vec::new();
    };
    match pressed.means {
        Some(Inside::Leave) => {
            model.overlays.pop();
            return Vec::new();
        }
        Some(Inside::Take) => {}
        Some(_) => return Vec::new(),
        None => {
            note.line.edit(pressed.key);
            return Vec::new();
        }
    }
    let excess = note.excess();
    if excess > 0 {
        let text = format!("{excess} characters too many: {REPLAY_NOTE_CHARS_MAX} are kept");
        model.tell(now, Level::Warn, text);
        return Vec::new();
    }
    let text = note.line.text().trim().to_owned();
    if text.is_empty() {
        model.overlays.pop();
        model.tell(now, Level::Info, "nothing was noted");
        return Vec::new();
    }
    let what = format!("note about {}", note.target);
    let body = AddNote {
        target: note.target.clone(),
        note: text,
    };
    let cmds = change(model, now, &what, None, Call::AddNote(body));
    if cmds.is_empty() {
        // What was typed stays.
        let text = "it cannot be sent now: not connected, changes locked, or too much under way";
        model.tell(now, Level::Warn, text);
    } else {
        model.overlays.pop();
    }
    cmds
}

/// Fetches the notes about what an inspector or the list of endpoints shows, where that is another than before.
pub(super) fn fetch(model: &mut Model) -> Option<Cmd> {
    if !matches!(model.screen(), Screen::Inspector(_) | Screen::Endpoints(_)) {
        return None;
    }
    let (target, _) = target(model)?;
    if model.data.notes.asked.as_ref() == Some(&target) {
        return None;
    }
    // One at a time: what is passed over quickly is not asked for.
    let cmd = model.call(Purpose::Notes, Call::Notes(target.clone()))?;
    model.data.notes.asked = Some(target);
    Some(cmd)
}

/// Takes over what was fetched or written.
pub(super) fn take(model: &mut Model, view: NotesView) {
    model.data.notes.known = Some(view);
}

/// Takes over what was written; it is in the audit log as well.
pub(super) fn written(model: &mut Model, view: NotesView) {
    model.data.notes.asked = Some(view.target.clone());
    take(model, view);
    for screen in &mut model.screens {
        if let Screen::Audit(list) = screen {
            list.fetched.outdated = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::app::model::Toast;
    use crate::console::app::msg::Msg;
    use crate::console::app::samples::{at, connected, model, press, serve};
    use crate::console::app::update::update;
    use crate::console::input::bytes::Typed;

    fn noted(cmds: &[Cmd]) -> Vec<(&str, &str)> {
        let notes = cmds.iter().filter_map(|cmd| match cmd {
            Cmd::Call(_, Call::AddNote(body)) => Some((&*body.target, &*body.note)),
            _ => None,
        });
        notes.collect()
    }

    #[test]
    fn a_note_is_about_what_is_selected_and_its_answer_is_told() {
        for (way, begins) in [
            ("2 j", "dlv_"),
            ("2 j enter", "dlv_"),
            ("3 j", "ep_"),
            ("4 j", "evt_"),
            ("5 j", ""),
            ("1 j", "ep_"),
        ] {
            let mut model = connected(false);
            let cmds = press(&mut model, 0, way);
            serve(&mut model, 100, cmds);
            press(&mut model, 1_000, "a");
            let Some(Overlay::Note(note)) = model.overlays.last() else {
                panic!("{way}: no line");
            };
            let target = note.target.clone();
            assert!(target.starts_with(begins), "{way}: {target}");
            let cmds = press(&mut model, 1_100, "I N C enter");
            assert_eq!(noted(&cmds), [(&*target, "INC")], "{way}");
            serve(&mut model, 1_200, cmds);
            let told = model.toast.as_ref().map(|Toast { text, .. }| &**text);
            assert_eq!(
                told,
                Some(&*format!("note about {target}: 1 in the audit log"))
            );
            assert!(model.overlays.is_empty());
        }
    }

    #[test]
    fn what_only_looks_writes_no_note() {
        let mut model = model(true);
        update(&mut model, at(0), Msg::Started);
        let cmds = update(&mut model, at(5), crate::console::app::samples::hello());
        serve(&mut model, 10, cmds);
        let cmds = press(&mut model, 100, "3 j");
        serve(&mut model, 200, cmds);
        press(&mut model, 300, "a");
        assert!(model.overlays.is_empty());
        let told = &model.toast.as_ref().unwrap().text;
        assert!(told.contains("read-only"), "{told}");
    }

    #[test]
    fn an_empty_note_is_none_a_long_one_stays_and_a_pasted_one_is_sent_by_enter_alone() {
        let mut model = connected(false);
        assert_eq!(noted(&press(&mut model, 0, "3 j a space enter")), []);
        assert!(model.overlays.is_empty());
        press(&mut model, 100, "a");
        let paste = |text: String| Msg::Typed(Typed::Paste(text));
        let long = "é".repeat(REPLAY_NOTE_CHARS_MAX + 2);
        assert_eq!(noted(&update(&mut model, at(200), paste(long))), []);
        assert_eq!(noted(&press(&mut model, 300, "enter")), []);
        assert_eq!(
            model.toast.as_ref().unwrap().text,
            "2 characters too many: 500 are kept"
        );
        let cmds = press(&mut model, 400, "backspace backspace enter");
        assert_eq!(noted(&cmds).len(), 1);
    }

    #[test]
    fn the_notes_of_what_is_shown_are_fetched_once_and_those_of_the_next_one_after_them() {
        let mut model = connected(false);
        let cmds = press(&mut model, 0, "3 j");
        let asked = |cmds: &[Cmd]| {
            let notes = cmds
                .iter()
                .filter(|cmd| matches!(cmd, Cmd::Call(_, Call::Notes(_))));
            notes.count()
        };
        assert_eq!(asked(&cmds), 1, "one at a time: {cmds:?}");
        serve(&mut model, 100, cmds);
        let id = model.selected_endpoint().unwrap().id.to_string();
        let cmds = press(&mut model, 200, "k");
        assert!(asked(&cmds) <= 1);
        serve(&mut model, 300, cmds);
        let cmds = press(&mut model, 400, "j");
        serve(&mut model, 500, cmds);
        assert_eq!(model.data.notes.about(&id).unwrap().count, 1);
        assert_eq!(asked(&update(&mut model, at(600), Msg::Tick)), 0);
    }
}
