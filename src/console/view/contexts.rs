//! The list of contexts upon the screen.

use ratatui::layout::Rect;

use super::paint::Pen;
use super::window::{self, Height};
use crate::console::actions::{Dialog, Inside};
use crate::console::app::contexts::ContextChoice;
use crate::console::app::model::Model;
use crate::console::app::probing;
use crate::console::surroundings::{Environ, Neighbour};
use crate::console::theme::Role;

/// The widest it gets.
const WIDTH_MAX: u16 = 76;
/// What stands where there are none.
const NONE: [&str; 2] = [
    "No contexts. ~/.config/hookyard/contexts.toml gives services a name:",
    "hookyard contexts --help",
];

/// The role that shows an environment in every theme.
pub(super) const fn role_of(env: Option<Environ>) -> Role {
    match env {
        Some(Environ::Production) => Role::EnvProduction,
        Some(Environ::Staging) => Role::EnvStaging,
        Some(Environ::Dev) => Role::EnvDev,
        None => Role::Strong,
    }
}

/// Draws it.
pub(super) fn draw(pen: &mut Pen<'_>, model: &Model, choice: ContextChoice, area: Rect) {
    let contexts = &model.session.surroundings.contexts;
    let width = area.width.saturating_sub(2).min(WIDTH_MAX);
    let wanted = u16::try_from(contexts.len().max(NONE.len())).unwrap_or(u16::MAX);
    let shown = wanted.min(area.height.saturating_sub(5)).max(1);
    let rect = window::open(pen, area, (width, shown + 3), Height::Top);
    let inner = width.saturating_sub(4);
    let own = model.keys.within(Dialog::Choice);
    let (takes, leaves) = (own.key(Inside::Take), own.key(Inside::Leave));
    let title = format!(" Contexts   {takes} goes there   {leaves} closes ");
    pen.text(rect.x + 2, rect.y, inner, &title, Role::Accent);
    if contexts.is_empty() {
        for (y, line) in (rect.y + 1..rect.bottom().saturating_sub(1)).zip(NONE) {
            pen.text(rect.x + 2, y, inner, line, Role::Muted);
        }
        return;
    }
    let first = choice.chosen.saturating_sub(usize::from(shown) - 1);
    let rows = contexts.iter().enumerate().skip(first);
    for (y, (index, neighbour)) in (rect.y + 1..rect.y + 1 + shown).zip(rows) {
        line(
            pen,
            model,
            (index, neighbour),
            Rect {
                x: rect.x + 2,
                y,
                width: inner,
                height: 1,
            },
        );
        if index == choice.chosen {
            window::shade(pen, rect, y);
        }
    }
    if let Some(neighbour) = contexts.get(choice.chosen) {
        let mut text = neighbour.target.clone();
        if let Some(why) = probing::why(model, choice.chosen) {
            text = format!("{text}: {why}");
        }
        pen.text(rect.x + 2, rect.bottom() - 2, inner, &text, Role::Muted);
    }
}

/// One context: here or not, name, what depends on it, what may be changed, whether it is there, where it is.
fn line(pen: &mut Pen<'_>, model: &Model, (at, neighbour): (usize, &Neighbour), area: Rect) {
    let state = probing::word(model, at);
    let role = match &*state {
        "DOWN" => Role::LevelError,
        _ => Role::Text,
    };
    let is_here = model.session.surroundings.context.as_ref() == Some(&neighbour.name);
    let env = neighbour.env.map_or("", Environ::as_str);
    let name: String = neighbour.name.chars().take(16).collect();
    let columns = [
        (5, if is_here { "here" } else { "" }, Role::Accent),
        (17, &*name, Role::Strong),
        (11, env, role_of(neighbour.env)),
        (10, neighbour.changes, Role::Muted),
        (12, &*state, role),
        (u16::MAX, &*neighbour.target, Role::Text),
    ];
    let mut x = area.x;
    for (wide, text, role) in columns {
        let room = area.right().saturating_sub(x).min(wide);
        if !text.is_empty() {
            pen.text(
                x,
                area.y,
                room.saturating_sub(u16::from(wide < u16::MAX)),
                text,
                role,
            );
        }
        x = x.saturating_add(room);
    }
}

#[cfg(test)]
mod tests {
    use ratatui::buffer::Buffer;

    use super::*;
    use crate::console::app::samples::{at, connected, press};
    use crate::console::app::times::Times;
    use crate::console::options::TerminalTraits;
    use crate::console::theme::{Shelf, Theme};
    use crate::console::view::Skin;
    use crate::console::view::screen::draw as draw_screen;

    /// The first row of every view, and the style of the banner in it.
    fn banners(env: Environ, theme: &str) -> Vec<(String, ratatui::style::Style)> {
        let traits = TerminalTraits {
            colorterm: Some("truecolor".into()),
            locale: Some("C.UTF-8".into()),
            ..TerminalTraits::default()
        };
        let skin = Skin {
            theme: Theme::find(Some(theme), Shelf::new(None), &traits).unwrap(),
            ascii: false,
            times: Times::default(),
        };
        let rows = ["1", "2", "3", "4", "5", "6", "7"].into_iter().map(|view| {
            let mut model = connected(false);
            model.session.surroundings.env = Some(env);
            press(&mut model, 0, view);
            let mut buffer = Buffer::empty(Rect::new(0, 0, 80, 24));
            draw_screen(&model, at(10), &skin, &mut buffer);
            let row: String = (0..80).map(|x| buffer[(x, 0)].symbol()).collect();
            (row, buffer[(11, 0)].style())
        });
        rows.collect()
    }

    #[test]
    fn production_is_loud_in_every_view_and_theme() {
        for theme in Shelf::built_in() {
            let mut seen = Vec::new();
            for env in Environ::ALL {
                for (row, style) in banners(env, theme) {
                    let start = format!("HOOKYARD  {}  local  LIVE", env.banner());
                    assert!(row.starts_with(&start), "{row}");
                    seen.push(style);
                }
            }
            let (production, others) = seen.split_at(7);
            assert!(
                production.iter().all(|style| style == &production[0]),
                "{theme}"
            );
            assert!(
                others.iter().all(|style| style != &production[0]),
                "production looks like another environment in {theme}"
            );
            assert!(
                production[0]
                    .bg
                    .is_some_and(|bg| bg != ratatui::style::Color::Reset)
                    || !production[0].add_modifier.is_empty(),
                "production is not loud in {theme}"
            );
        }
    }
}
