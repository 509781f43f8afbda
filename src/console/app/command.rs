//! The command that does what is shown: for a colleague, a script, or an incident's notes.

use super::model::{Level, Model, Screen};
use super::msg::{Cmd, Now};

/// What news of a command begin with.
const MARK: &str = "= ";

/// Shows the command; where it is shown already, copies it.
pub(super) fn show(model: &mut Model, now: Now) -> Vec<Cmd> {
    let command = of(model);
    let told = format!("{MARK}{command}");
    if model.toast.as_ref().is_some_and(|toast| toast.text == told) {
        return vec![Cmd::Copy(command)];
    }
    model.tell(now, Level::Info, told);
    Vec::new()
}

/// Whether a command is told now.
pub(crate) fn is_told(model: &Model) -> bool {
    let toast = model.toast.as_ref();
    toast.is_some_and(|toast| toast.text.starts_with(MARK))
}

/// The command for what is shown, in the past as well.
pub(crate) fn of(model: &Model) -> String {
    let Some(at) = model.shows_past() else {
        return of_now(model);
    };
    match model.screen() {
        // Of the row itself there is only what is now.
        Screen::Events(_) => format!("hookyard event list --at {at}"),
        Screen::Log(_) => format!("hookyard log --at {at}"),
        Screen::Replays(list) => match list.selected() {
            Some(replay) => format!("hookyard replay show {} --at {at}", replay.id),
            None => format!("hookyard replay list --at {at}"),
        },
        _ => format!("{} --at {at}", of_now(model)),
    }
}

fn of_now(model: &Model) -> String {
    match model.screen() {
        Screen::Pulse(pulse) => format!("hookyard stats --window {}", pulse.window.text()),
        Screen::Deliveries(list) if list.filter.is_empty() => "hookyard delivery list".to_owned(),
        Screen::Deliveries(list) => format!("hookyard delivery list {}", quoted(&list.filter)),
        Screen::Inspector(inspector) => {
            format!("hookyard delivery show {}", inspector.delivery_id)
        }
        Screen::Endpoints(_) => match model.selected_endpoint() {
            Some(endpoint) => format!("hookyard endpoint show {}", endpoint.id),
            None => "hookyard endpoint list".to_owned(),
        },
        Screen::Events(list) => match list.selected() {
            Some(event) => format!("hookyard event show {}", event.id),
            None => "hookyard event list".to_owned(),
        },
        Screen::Dead(_) => "hookyard dead causes".to_owned(),
        Screen::Replays(list) => match list.selected() {
            Some(replay) => format!("hookyard replay watch {}", replay.id),
            None => "hookyard replay list".to_owned(),
        },
        Screen::Audit(_) => "hookyard audit".to_owned(),
        Screen::Log(log) if log.follows() => "hookyard log --follow".to_owned(),
        Screen::Log(_) => "hookyard log".to_owned(),
    }
}

/// A text as one word of a POSIX shell; what is one anyway stays as it is.
pub(crate) fn quoted(text: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "%+,-./:=@_".contains(letter);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_one_word_whatever_is_in_it() {
        assert_eq!(quoted("state:dead ep:a*"), "'state:dead ep:a*'");
        assert_eq!(quoted("20%/50"), "20%/50");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("a;b"), "'a;b'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
