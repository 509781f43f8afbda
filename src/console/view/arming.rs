//! The question for the name of a protected service, before anything on it may be changed.

use ratatui::layout::{Position, Rect};

use super::paint::{Pen, wrap_words};
use super::typed;
use super::window::{self, Height};
use crate::console::actions::Inside;
use crate::console::app::writes::Arming;
use crate::console::keys::Within;
use crate::console::theme::Role;
use crate::domain::escape;

/// The widest it gets.
const WIDTH_MAX: u16 = 64;

/// Draws it; gives the place of the cursor.
pub(super) fn draw(
    pen: &mut Pen<'_>,
    arming: &Arming,
    label: &str,
    own: Within<'_>,
    area: Rect,
) -> Option<Position> {
    let width = area.width.saturating_sub(4).min(WIDTH_MAX);
    let inner = width.saturating_sub(4);
    let label = escape::line(label);
    let text = format!(
        "{label} is protected. Type its name and {} to let changes through for ten minutes.",
        own.key(Inside::Take)
    );
    let lines = wrap_words(&text, inner);
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let height = rows.saturating_add(4).min(area.height);
    let rect = window::open(pen, area, (width, height), Height::Middle);
    let rows = height.saturating_sub(4);
    for (y, line) in (rect.y + 1..rect.y + 1 + rows).zip(&lines) {
        pen.text(rect.x + 2, y, inner, line, Role::Strong);
    }
    let y = rect.bottom().saturating_sub(3);
    pen.text(rect.x + 2, y, 1, ">", Role::Key);
    let room = inner.saturating_sub(2);
    let at = typed::text(pen, &arming.line, Role::Text, (rect.x + 4, y), room);
    let (note, role) = match arming.wrong {
        true => (format!("that is not {label}"), Role::LevelError),
        false => (
            format!("{} leaves it as it is", own.key(Inside::Leave)),
            Role::Muted,
        ),
    };
    pen.text(rect.x + 2, y + 1, inner, &note, role);
    Some(at)
}
