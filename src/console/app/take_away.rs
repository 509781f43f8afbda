//! Rows that leave the console: the prompt for a file or a command, and what is done with its answer.

use serde_json::Value;

use super::dialogs::{Pressed, opened_by};
use super::line::Line;
use super::model::{Level, Model, Overlay};
use super::msg::{Cmd, Now};
use super::yank;
use crate::console::actions::Inside;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The name of a file to write.
    File,
    /// A command that reads the rows.
    Command,
}

/// The prompt.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Prompt {
    /// What is asked for.
    pub wanted: Wanted,
    /// The rows as they were when it was opened: what is counted there is what leaves.
    pub rows: Vec<Value>,
    /// What is typed.
    pub line: Line,
}

/// Asks for a file or a command for the rows of the screen.
pub(super) fn ask(model: &mut Model, now: Now, wanted: Wanted) {
    let rows = yank::rows(model);
    if rows.is_empty() {
        model.tell(now, Level::Info, "there are no rows to take away");
        return;
    }
    let line = match wanted {
        Wanted::File => {
            let view = model.place().title().to_lowercase().replace(' ', "-");
            let time = now.wall.to_string().replace([':', '-'], "");
            let time = time.split('.').next().unwrap_or_default();
            Line::with(&format!("hookyard-{view}-{time}.ndjson"))
        }
        Wanted::Command => Line::default(),
    };
    let prompt = Prompt { wanted, rows, line };
    model.overlays.push(Overlay::Prompt(prompt));
}

/// A key for the prompt.
pub(super) fn key(model: &mut Model, now: Now, pressed: Pressed) -> Vec<Cmd> {
    let Some(Overlay::Prompt(prompt)) = model.overlays.last_mut() else {
        return Vec::new();
    };
    let answer = match pressed.means {
        Some(Inside::Leave) => String::new(),
        Some(Inside::Take) => prompt.line.text().trim().to_owned(),
        Some(_) => return Vec::new(),
        None => {
            prompt.line.edit(pressed.key);
            return Vec::new();
        }
    };
    // A name stands there already: the key that opened it must not write.
    if let Some(text) = opened_by(model, pressed.key).filter(|_| !answer.is_empty()) {
        model.tell(now, Level::Warn, text);
        return Vec::new();
    }
    let Some(Overlay::Prompt(Prompt { wanted, rows, .. })) = model.overlays.pop() else {
        return Vec::new();
    };
    if answer.is_empty() {
        return Vec::new();
    }
    let text = match wanted {
        Wanted::Command => Ok(yank::ndjson(&rows)),
        Wanted::File if answer.ends_with(".sh") => yank::script(model),
        Wanted::File => Ok(yank::formatted(&rows, &answer)),
    };
    match (text, wanted) {
        (Ok(text), Wanted::File) => vec![Cmd::Write { path: answer, text }],
        (Ok(text), Wanted::Command) => vec![Cmd::Pipe {
            command: answer,
            text,
        }],
        (Err(missing), _) => {
            model.tell(now, Level::Warn, missing);
            Vec::new()
        }
    }
}

/// Shows what is selected in the operator's pager.
pub(super) fn page(model: &mut Model, now: Now) -> Vec<Cmd> {
    match yank::selected(model) {
        Some(row) => vec![Cmd::Page(yank::pretty(&row))],
        None => super::changes::no_row(model, now),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::app::samples::{connected, press, serve};

    #[test]
    fn rows_go_into_a_file_or_to_a_command() {
        let mut model = connected(false);
        press(&mut model, 0, "W");
        let Some(Overlay::Prompt(prompt)) = model.overlays.last() else {
            panic!("no prompt");
        };
        let name = prompt.line.text().to_owned();
        assert_eq!(name, "hookyard-deliveries-20261120T140322.ndjson");
        let cmds = press(&mut model, 100, "ctrl-u a . c s v enter");
        let [Cmd::Write { path, text }] = &cmds[..] else {
            panic!("nothing is written: {cmds:?}");
        };
        assert_eq!(path, "a.csv");
        assert!(
            text.starts_with("attempts,") || text.contains("event_type,"),
            "{text}"
        );
        press(&mut model, 200, "|");
        let cmds = press(&mut model, 300, "w c enter");
        assert!(matches!(&cmds[..], [Cmd::Pipe { command, .. }] if command == "wc"));
        assert_eq!(press(&mut model, 400, "| enter"), [], "nothing was typed");
        assert_eq!(press(&mut model, 500, "| w c esc"), []);
        assert!(model.overlays.is_empty());
    }

    #[test]
    fn a_delivery_is_written_as_a_script_that_sends_it_again() {
        let mut model = connected(false);
        let cmds = press(&mut model, 0, "W ctrl-u a . s h enter");
        assert_eq!(cmds, []);
        let told = &model.toast.as_ref().unwrap().text;
        assert!(told.contains("open the delivery, then W"), "{told}");
        for (millis, keys) in [(100, "j j j j j enter"), (200, "l")] {
            let cmds = press(&mut model, millis, keys);
            serve(&mut model, millis, cmds);
        }
        let cmds = press(&mut model, 300, "W ctrl-u a . s h enter");
        let [Cmd::Write { path, text }] = &cmds[..] else {
            panic!("nothing is written: {cmds:?}");
        };
        assert_eq!(path, "a.sh");
        assert!(text.starts_with("#!/usr/bin/env bash\ncurl --globoff --request POST"));
        assert!(text.ends_with('\n') && !text.ends_with("\n\n"));
    }

    #[test]
    fn the_pager_gets_what_is_selected() {
        let mut model = connected(false);
        assert_eq!(press(&mut model, 0, "e"), [], "nothing is selected");
        let cmds = press(&mut model, 100, "j e");
        assert!(matches!(&cmds[..], [Cmd::Page(text)] if text.contains("dlv_")));
    }
}
