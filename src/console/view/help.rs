//! The keys of a view, as the table of actions has them.

use ratatui::layout::Rect;

use super::paint::Pen;
use super::window::frame;
use crate::console::actions::actions_of;
use crate::console::keys::{Facts, Keymap};
use crate::console::theme::Role;

/// The widest the help gets.
const WIDTH_MAX: u16 = 76;
/// What stands for the keys of an action that has none: the palette finds it.
const NO_KEYS: &str = "-";

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

/// All lines for a view on a screen of so many columns.
pub(crate) fn lines(keymap: &Keymap, facts: &Facts, columns: u16) -> Vec<HelpLine> {
    let (place, wide) = (facts.place, columns >= 60);
    let mut lines = Vec::new();
    let heading = |text: &str| HelpLine {
        keys: String::new(),
        text: text.to_owned(),
        note: String::new(),
    };
    for (own, title) in [(true, place.title()), (false, "Everywhere")] {
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
    lines
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
    let title = " Keys   j/k scroll   esc closes ";
    pen.text(
        rect.x + 2,
        rect.y,
        width.saturating_sub(4),
        title,
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
