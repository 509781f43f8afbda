//! The keys of a view or a dialog, as the table of actions has them.

use ratatui::layout::Rect;

use super::help_columns;
use super::paint::Pen;
use super::window::frame;
use crate::console::actions::{Action, Dialog, Inside, Place, actions_of};
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct HelpLine {
    /// The keys.
    pub keys: String,
    /// What they do, or a heading.
    pub text: String,
    /// The command that does the same, or when a key does it.
    pub note: String,
}

impl HelpLine {
    /// Draws its keys into so many columns, and beside them what they do.
    pub(super) fn draw(&self, pen: &mut Pen<'_>, (x, y): (u16, u16), keys: u16, width: u16) {
        pen.text(x, y, keys, &self.keys, Role::Key);
        let (x, room) = (x + keys + 1, width.saturating_sub(keys + 1));
        match &*self.note {
            "" => pen.text(x, y, room, &self.text, Role::Text),
            note => pen.text(x, y, room, note, Role::Muted),
        };
    }
}

/// All lines for a view or a dialog on a screen of so many columns, below each other.
fn lines(keymap: &Keymap, facts: &Facts, columns: u16) -> Vec<HelpLine> {
    let (place, wide) = (facts.place, columns >= 60);
    let mut lines = Vec::new();
    let parts = [(true, place.title()), (false, "Everywhere")];
    let parts = parts.into_iter().filter(|(own, _)| *own || place.is_view());
    for (own, title) in parts {
        if !lines.is_empty() {
            lines.push(heading(""));
        }
        lines.push(heading(title));
        for action in actions_of(place).filter(|action| action.is_everywhere() != own) {
            lines.extend(lines_of(keymap, facts, action, wide));
        }
    }
    if let Place::Over(dialog) = place {
        lines.push(heading(""));
        lines.extend(fixed(dialog));
    }
    lines
}

fn heading(text: &str) -> HelpLine {
    HelpLine {
        text: text.to_owned(),
        ..HelpLine::default()
    }
}

/// What there is to say of an action: its keys and what they do, the command that does the same, when a key does it.
pub(super) fn lines_of(
    keymap: &Keymap,
    facts: &Facts,
    action: &Action,
    with_command: bool,
) -> Vec<HelpLine> {
    let keys = keymap.keys_of(facts, action.id);
    let keys = match keys.is_empty() {
        // It is there for those who give it one.
        true if action.keys.is_empty() => return Vec::new(),
        true => NO_KEYS.to_owned(),
        false => keys.join(", "),
    };
    let first = HelpLine {
        keys,
        text: action.title.to_owned(),
        ..HelpLine::default()
    };
    let command = action.command.filter(|_| with_command);
    let command = command.map(|command| format!("= {command}"));
    let conditions = keymap.conditional(facts, action.id);
    let conditions = conditions.into_iter().map(|(key, when, is_met)| {
        let now = if is_met { "now" } else { "not now" };
        format!("{key} when {when}: {now}")
    });
    let below = command.into_iter().chain(conditions);
    let below = below.map(|note| HelpLine {
        note,
        ..HelpLine::default()
    });
    std::iter::once(first).chain(below).collect()
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
fn height(rows: u16) -> usize {
    usize::from(rows.saturating_sub(4)).max(1)
}

/// How far it can be scrolled on a screen of so many columns and rows.
pub(crate) fn scroll_end(keymap: &Keymap, facts: &Facts, (columns, rows): (u16, u16)) -> usize {
    let (lines, shown) = match help_columns::columns(keymap, facts, columns) {
        // Their titles stay.
        Some(columns) => (help_columns::rows(&columns), height(rows) - 1),
        None => (lines(keymap, facts, columns).len(), height(rows)),
    };
    lines.saturating_sub(shown)
}

/// Draws it over the view.
pub(super) fn draw(pen: &mut Pen<'_>, keymap: &Keymap, facts: &Facts, scroll: usize, area: Rect) {
    // It may have been scrolled on a smaller screen.
    let scroll = scroll.min(scroll_end(keymap, facts, (area.width, area.height)));
    let Some(columns) = help_columns::columns(keymap, facts, area.width) else {
        return draw_lines(pen, keymap, facts, scroll, area);
    };
    let lines = help_columns::rows(&columns) + 1;
    let rect = open(pen, keymap, facts, lines, (area.width - 2, area));
    help_columns::draw(pen, &columns, scroll, rect);
}

/// Draws it as one column.
fn draw_lines(pen: &mut Pen<'_>, keymap: &Keymap, facts: &Facts, scroll: usize, area: Rect) {
    let width = area.width.saturating_sub(2).min(WIDTH_MAX);
    let lines = lines(keymap, facts, area.width);
    let rect = open(pen, keymap, facts, lines.len(), (width, area));
    let inner = width.saturating_sub(4);
    let keys_width = 14.min(inner / 2);
    let rows = rect.y + 1..rect.bottom() - 1;
    for (y, line) in rows.zip(lines.iter().skip(scroll)) {
        if line.keys.is_empty() && line.note.is_empty() {
            pen.text(rect.x + 2, y, inner, &line.text, Role::Strong);
        } else {
            line.draw(pen, (rect.x + 2, y), keys_width, inner);
        }
    }
}

/// A window for so many lines, with the keys that move in it in its title.
fn open(
    pen: &mut Pen<'_>,
    keymap: &Keymap,
    facts: &Facts,
    lines: usize,
    (width, area): (u16, Rect),
) -> Rect {
    let shown = height(area.height).min(lines);
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
    let room = width.saturating_sub(4);
    pen.text(rect.x + 2, rect.y, room, &title, Role::Accent);
    rect
}
