//! The keys of a view or a dialog, as the table of actions has them.

use ratatui::layout::Rect;

use super::paint::Pen;
use super::window::frame;
use crate::console::actions::{Dialog, Inside, Place, actions_of};
use crate::console::keys::{Facts, Keymap};
use crate::console::theme::Role;

/// The widest the help gets.
const WIDTH_MAX: u16 = 76;
/// What stands for the keys of an action that has none: the palette finds it.
const NO_KEYS: &str = "-";
/// What always leaves a dialog, beside its own key.
const LEAVING: (&str, &str) = ("ctrl-c", "close all of this; twice within a second quits");
/// What edits a line of text.
const EDITING: [(&str, &str); 6] = [
    ("home, ctrl-a", "to the beginning of the line"),
    ("end, ctrl-e", "to its end"),
    ("alt-b, alt-f", "a word back, a word forth"),
    ("ctrl-w", "delete the word before"),
    ("ctrl-u", "delete to the beginning"),
    ("ctrl-k", "delete to the end"),
];

/// A line of the help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HelpLine {
    /// The keys.
    pub keys: String,
    /// What they do, or a heading.
    pub text: String,
    /// The command that does the same, or when a key does it.
    pub note: String,
}

/// All lines for a view or a dialog on a screen of so many columns.
pub(crate) fn lines(keymap: &Keymap, facts: &Facts, columns: u16) -> Vec<HelpLine> {
    let (place, wide) = (facts.place, columns >= 60);
    let mut lines = Vec::new();
    let heading = |text: &str| HelpLine {
        keys: String::new(),
        text: text.to_owned(),
        note: String::new(),
    };
    let parts = [(true, place.title()), (false, "Everywhere")];
    let parts = parts.into_iter().filter(|(own, _)| *own || place.is_view());
    for (own, title) in parts {
        if !lines.is_empty() {
            lines.push(heading(""));
        }
        lines.push(heading(title));
        for action in actions_of(place).filter(|action| action.is_everywhere() != own) {
            let keys = keymap.keys_of(facts, action.id);
            let keys = if keys.is_empty() {
                NO_KEYS.to_owned()
            } else {
                keys.join(", ")
            };
            lines.push(HelpLine {
                keys,
                text: action.title.to_owned(),
                note: String::new(),
            });
            let mut below = |note: String| {
                lines.push(HelpLine {
                    keys: String::new(),
                    text: String::new(),
                    note,
                });
            };
            if let Some(command) = action.command.filter(|_| wide) {
                below(format!("= {command}"));
            }
            for (key, when, is_met) in keymap.conditional(facts, action.id) {
                let now = if is_met { "now" } else { "not now" };
                below(format!("{key} when {when}: {now}"));
            }
        }
    }
    if let Place::Over(dialog) = place {
        lines.push(heading(""));
        lines.extend(fixed(dialog));
    }
    lines
}

/// The lines for what no file of keys changes in a dialog.
fn fixed(dialog: Dialog) -> impl Iterator<Item = HelpLine> {
    let heading = ("", "Fixed");
    let editing = EDITING.iter().filter(move |_| dialog.takes_text());
    let rows = [heading, LEAVING].into_iter().chain(editing.copied());
    rows.map(|(keys, text)| HelpLine {
        keys: keys.to_owned(),
        text: text.to_owned(),
        note: String::new(),
    })
}

/// Lines that are shown at once on a screen of so many rows.
pub(crate) fn height(rows: u16) -> usize {
    usize::from(rows.saturating_sub(4)).max(1)
}

/// Draws it over the view.
pub(super) fn draw(pen: &mut Pen<'_>, keymap: &Keymap, facts: &Facts, scroll: usize, area: Rect) {
    let width = area.width.saturating_sub(2).min(WIDTH_MAX);
    let lines = lines(keymap, facts, area.width);
    let shown = height(area.height).min(lines.len());
    let rect = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + 1,
        width,
        height: u16::try_from(shown)
            .unwrap_or(u16::MAX)
            .saturating_add(2)
            .min(area.height - 2),
    };
    pen.clear(rect);
    frame(pen, rect);
    let own = keymap.within(Dialog::Help);
    let search = match facts.place.is_view() {
        true => format!("   {} searches", own.key(Inside::Search)),
        false => String::new(),
    };
    let title = format!(
        " Keys   {}/{} scroll{search}   {} closes ",
        own.key(Inside::Down),
        own.key(Inside::Up),
        own.key(Inside::Leave)
    );
    pen.text(
        rect.x + 2,
        rect.y,
        width.saturating_sub(4),
        &title,
        Role::Accent,
    );
    let inner = width.saturating_sub(4);
    let keys_width = 14.min(inner / 2);
    for (row, line) in (0_u16..).zip(lines.iter().skip(scroll).take(shown)) {
        let y = rect.y + 1 + row;
        if line.keys.is_empty() && line.note.is_empty() {
            pen.text(rect.x + 2, y, inner, &line.text, Role::Strong);
            continue;
        }
        pen.text(rect.x + 2, y, keys_width, &line.keys, Role::Key);
        let x = rect.x + 2 + keys_width + 1;
        let room = inner.saturating_sub(keys_width + 1);
        if line.note.is_empty() {
            pen.text(x, y, room, &line.text, Role::Text);
        } else {
            pen.text(x, y, room, &line.note, Role::Muted);
        }
    }
}
