//! The tour's lines at the bottom of the screen, below all else.

use ratatui::layout::Rect;

use super::paint::{Pen, columns};
use crate::console::actions::ActionId;
use crate::console::app::model::Model;
use crate::console::app::tour::{Hint, Tour, hint, rows};
use crate::console::theme::Role;

/// Draws them; gives a pen for what is left above.
pub(super) fn draw<'a>(mut pen: Pen<'a>, model: &Model, tour: Tour) -> Pen<'a> {
    let mut area = pen.area();
    let taken = rows((area.width, area.height));
    area.y = area.bottom() - taken;
    area.height = taken;
    if let Some(step) = tour.step().filter(|_| taken > 0) {
        head(&mut pen, model, tour, area);
        for (y, line) in (area.y + 1..area.bottom()).zip([step.say, step.more]) {
            pen.text(
                area.x + 1,
                y,
                area.width.saturating_sub(1),
                line,
                Role::Text,
            );
        }
    }
    pen.above(taken)
}

/// Which step it is, what is pressed next, and how it is left.
fn head(pen: &mut Pen<'_>, model: &Model, tour: Tour, area: Rect) {
    let Some(step) = tour.step() else { return };
    pen.rule(area.x, area.y, area.width);
    let (number, of) = tour.progress();
    let (word, key) = match hint(model, step) {
        Hint::Press(keys) => ("press ", keys),
        Hint::Wait => ("wait for the service", String::new()),
        Hint::NoKey => ("no key does it", String::new()),
    };
    let parts = [
        (format!(" tour {number}/{of}  "), Role::Accent),
        (word.to_owned(), Role::Muted),
        (key, Role::Key),
        (format!("  {} ", step.title), Role::Strong),
    ];
    let mut x = area.x + 1;
    for (text, role) in &parts {
        x += pen.text(x, area.y, area.right().saturating_sub(x), text, *role);
    }
    let ways = ways_out(model);
    let width = columns(&ways);
    if x + width < area.right() {
        pen.right(area.x, area.y, area.width - 1, &ways, Role::Muted);
    }
}

/// How a step is skipped and the tour left.
fn ways_out(model: &Model) -> String {
    let ways = [(ActionId::TourSkip, "skips"), (ActionId::Tour, "leaves")];
    let here = model.facts();
    let ways = ways.iter().filter(|(id, _)| model.keys.has_key(&here, *id));
    let ways: Vec<String> = ways
        .map(|(id, word)| format!("{} {word}", model.key(*id)))
        .collect();
    match ways.join("  ") {
        none if none.is_empty() => none,
        some => format!(" {some} "),
    }
}
