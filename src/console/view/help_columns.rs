//! The keys of a view on a wide screen: three columns by scope, beside each other. What does not fit into a column goes on
//! in its next row, between two words.
//!
//! ```text
//! Deliveries               Everywhere               Views and the way out
//! enter       open this    :, ctrl-p   every action 1, g p      pulse: is all
//!             row                      by a few                 well?
//! ```

use ratatui::layout::Rect;

use super::help::{HelpLine, lines_of};
use super::paint::{Pen, wrap_words};
use crate::console::actions::{Action, ActionId, Place, Saving, actions_of};
use crate::console::keys::{Facts, Keymap};
use crate::console::theme::Role;

/// The narrowest screen that has them.
const FROM: u16 = 120;
/// What is between two of them.
const GAP: u16 = 2;
/// Columns for keys: the longest word of the table fits.
const KEYS: u16 = 11;
/// The window's borders, and a blank at each side.
const AROUND: u16 = 6;
/// What one of them is about.
const ELSEWHERE: [&str; 2] = ["Everywhere", "Views and the way out"];

/// One of the three.
pub(super) struct Column {
    title: &'static str,
    lines: Vec<HelpLine>,
}

/// The three of a view; none where they have no room, or for a dialog, which has few keys.
pub(super) fn columns(keymap: &Keymap, facts: &Facts, width: u16) -> Option<[Column; 3]> {
    if width < FROM || !facts.place.is_view() {
        return None;
    }
    let of = |scope: Scope| {
        let actions = actions_of(facts.place).filter(|action| Scope::of(action) == scope);
        let lines = actions.flat_map(|action| lines_of(keymap, facts, action, true));
        Column {
            title: scope.title(facts.place),
            lines: lines
                .flat_map(|line| wrapped(&line, inner(width)))
                .collect(),
        }
    };
    Some([Scope::Here, Scope::Everywhere, Scope::Views].map(of))
}

/// Rows of the longest of them.
pub(super) fn rows(columns: &[Column; 3]) -> usize {
    let rows = columns.iter().map(|column| column.lines.len());
    rows.max().unwrap_or(0)
}

/// Draws them into a window: their titles stay, and what is below them scrolls.
pub(super) fn draw(pen: &mut Pen<'_>, columns: &[Column; 3], scroll: usize, window: Rect) {
    let width = inner(window.width + 2);
    let mut x = window.x + 2;
    for column in columns {
        let (y, bottom) = (window.y + 1, window.bottom() - 1);
        pen.text(x, y, width, column.title, Role::Strong);
        for (y, line) in (y + 1..bottom).zip(column.lines.iter().skip(scroll)) {
            line.draw(pen, (x, y), KEYS, width);
        }
        x += width + GAP;
    }
}

/// Where an action belongs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    Here,
    Everywhere,
    Views,
}

impl Scope {
    fn of(action: &Action) -> Self {
        match action.id {
            _ if !action.is_everywhere() => Self::Here,
            ActionId::View(_)
            | ActionId::PreviousView
            | ActionId::History(_)
            | ActionId::Saved(Saving::Choose)
            | ActionId::Contexts
            | ActionId::Themes
            | ActionId::Tour
            | ActionId::TourSkip
            | ActionId::Back
            | ActionId::Leave
            | ActionId::Quit
            | ActionId::Cancel
            | ActionId::Suspend => Self::Views,
            _ => Self::Everywhere,
        }
    }

    const fn title(self, place: Place) -> &'static str {
        match self {
            Self::Here => place.title(),
            Self::Everywhere => ELSEWHERE[0],
            Self::Views => ELSEWHERE[1],
        }
    }
}

/// Columns that one of them has on a screen of so many.
const fn inner(width: u16) -> u16 {
    (width.saturating_sub(AROUND + 2 * GAP)) / 3
}

/// A line and what goes on below it.
fn wrapped(line: &HelpLine, width: u16) -> Vec<HelpLine> {
    let room = width.saturating_sub(KEYS + 1);
    let parts = |text: &str, room| match text {
        "" => Vec::new(),
        text => wrap_words(text, room),
    };
    let keys = parts(&line.keys, KEYS);
    let (texts, notes) = (parts(&line.text, room), parts(&line.note, room));
    let count = keys.len().max(texts.len()).max(notes.len());
    let at = |parts: &[String], row| parts.get(row).cloned().unwrap_or_default();
    let rows = (0..count).map(|row| HelpLine {
        keys: at(&keys, row),
        text: at(&texts, row),
        note: at(&notes, row),
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::actions::{Dialog, EVERYWHERE};
    use crate::console::app::msg::Msg;
    use crate::console::app::samples::{at, connected, press, serve};
    use crate::console::app::update::update;
    use crate::console::view::paint;
    use crate::console::view::tests::screen;

    /// Everything that a view's help says of an action.
    fn told(keymap: &Keymap, facts: &Facts) -> Vec<HelpLine> {
        let actions = actions_of(facts.place);
        let lines = actions.flat_map(|action| lines_of(keymap, facts, action, true));
        lines.collect()
    }

    #[test]
    fn every_word_of_every_action_is_in_one_of_the_columns_and_fits() {
        let keymap = Keymap::ops();
        for place in EVERYWHERE {
            let facts = Facts::of(*place);
            for width in [120, 133, 160, 200] {
                let columns = columns(&keymap, &facts, width).unwrap();
                let shown: Vec<&HelpLine> = columns.iter().flat_map(|one| &one.lines).collect();
                let words = |lines: &[&HelpLine]| {
                    let texts = lines
                        .iter()
                        .flat_map(|line| [&line.keys, &line.text, &line.note]);
                    let words = texts.flat_map(|text| text.split_whitespace());
                    let mut words: Vec<String> = words.map(str::to_owned).collect();
                    words.sort();
                    words
                };
                let all = told(&keymap, &facts);
                assert_eq!(words(&shown), words(&all.iter().collect::<Vec<_>>()));
                for line in shown {
                    let room = inner(width) - KEYS - 1;
                    assert!(paint::columns(&line.keys) <= KEYS, "{line:?}");
                    assert!(paint::columns(&line.text) <= room, "{line:?}");
                    assert!(paint::columns(&line.note) <= room, "{line:?}");
                }
            }
        }
    }

    #[test]
    fn narrow_screens_and_dialogs_have_one_column() {
        let keymap = Keymap::ops();
        let facts = Facts::of(Place::Deliveries);
        assert!(columns(&keymap, &facts, FROM - 1).is_none());
        let dialog = Facts::of(Place::Over(Dialog::Form));
        assert!(columns(&keymap, &dialog, 200).is_none());
    }

    #[test]
    fn scrolling_leads_to_the_last_row_of_every_column_and_no_further() {
        for (view, size) in (1..=8).flat_map(|view| [(view, (120, 30)), (view, (160, 48))]) {
            let mut model = connected(false);
            update(&mut model, at(0), Msg::Resized(size.0, size.1));
            let cmds = press(&mut model, 10, &view.to_string());
            serve(&mut model, 20, cmds);
            press(&mut model, 100, "?");
            let mut shown = String::new();
            for millis in 200..300 {
                shown += &screen(&model, millis);
                press(&mut model, millis, "j");
            }
            let columns = columns(&model.keys, &model.facts(), size.0).unwrap();
            for line in columns.iter().flat_map(|column| &column.lines) {
                for text in [&line.text, &line.note] {
                    assert!(shown.contains(&**text), "view {view}: {text}");
                }
            }
            let end = screen(&model, 400);
            press(&mut model, 400, "g G");
            assert_eq!(screen(&model, 400), end, "the end is where j stops");
            update(&mut model, at(500), Msg::Resized(200, 120));
            let whole = screen(&model, 510);
            assert!(
                whole.contains(" u  "),
                "nothing above is scrolled away: {whole}"
            );
        }
    }
}
