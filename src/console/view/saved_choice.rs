//! The list of saved views upon the screen.

use ratatui::layout::Rect;

use super::format::age;
use super::paint::{Pen, wrap_words};
use super::window::{self, Height};
use crate::api::saved_view::SavedView;
use crate::console::actions::{ActionId, Dialog, Inside, Saving};
use crate::console::app::model::Model;
use crate::console::app::msg::Now;
use crate::console::app::saved_choice::SavedChoice;
use crate::console::theme::Role;
use crate::domain::escape;

/// The widest it gets.
const WIDTH_MAX: u16 = 110;
/// Rows below the list: what the chosen one stands for.
const BELOW: u16 = 2;

/// Draws it.
pub(super) fn draw(pen: &mut Pen<'_>, model: &Model, choice: &SavedChoice, now: Now, area: Rect) {
    let saved = &model.data.saved;
    let views = saved.views();
    let width = area.width.saturating_sub(2).min(WIDTH_MAX);
    let inner = width.saturating_sub(4);
    let wanted = u16::try_from(views.len()).unwrap_or(u16::MAX).max(1);
    let shown = wanted.min(area.height.saturating_sub(4 + BELOW)).max(1);
    let rect = window::open(pen, area, (width, shown + 2 + BELOW), Height::Top);
    let own = model.keys.within(Dialog::Choice);
    let title = format!(
        " Saved views   {} shows   {} deletes   {} closes ",
        own.key(Inside::Take),
        own.key(Inside::Delete),
        own.key(Inside::Leave)
    );
    pen.text(rect.x + 2, rect.y, inner, &title, Role::Accent);
    if views.is_empty() {
        let text = match (saved.problem(), saved.filters()) {
            (Some(problem), _) => format!("They could not be fetched: {problem}"),
            (None, None) if model.link.is_up() => "… they are being fetched".to_owned(),
            (None, None) => "They are not known yet: there is no connection".to_owned(),
            (None, Some(_)) => {
                let saves = model.key(ActionId::Saved(Saving::Filter));
                format!("No filter is saved yet: {saves} in Deliveries saves the one in force")
            }
        };
        below(pen, &text, rect, 1);
        return;
    }
    let chosen = choice.line(views);
    let first = chosen.saturating_sub(usize::from(shown) - 1);
    let rows = views.iter().enumerate().skip(first);
    for (y, (index, view)) in (rect.y + 1..rect.y + 1 + shown).zip(rows) {
        let row = Rect {
            x: rect.x + 2,
            y,
            width: inner,
            height: 1,
        };
        line(pen, view, now, row);
        if index == chosen {
            window::shade(pen, rect, y);
        }
    }
    if let Some(view) = views.get(chosen) {
        below(pen, &view.filter, rect, 1 + shown);
    }
}

/// A text over the last rows, from this one on.
fn below(pen: &mut Pen<'_>, text: &str, rect: Rect, from: u16) {
    let inner = rect.width.saturating_sub(4);
    let text = escape::line(text);
    let rows = rect.y + from..rect.bottom().saturating_sub(1);
    for (y, line) in rows.zip(wrap_words(&text, inner)) {
        pen.text(rect.x + 2, y, inner, &line, Role::Muted);
    }
}

/// One view: its name, what it stands for, who saved it and when.
fn line(pen: &mut Pen<'_>, view: &SavedView, now: Now, area: Rect) {
    let ago = age(now.wall.since(view.updated_at).as_secs());
    let columns = [
        (area.width / 4, format!("@{}", view.name), Role::Strong),
        (
            area.width.saturating_sub(area.width / 4 + 20),
            view.filter.clone(),
            Role::Text,
        ),
        (11, view.who.clone(), Role::Muted),
        (9, format!("{ago} ago"), Role::Muted),
    ];
    let mut x = area.x;
    for (wide, text, role) in columns {
        pen.text(x, area.y, wide.saturating_sub(1), &text, role);
        x += wide;
    }
}
