//! What is being typed: as much of it as has room around the cursor, and the last but one row of the screen for it, with
//! what there is to say about it in the last.

use ratatui::layout::{Position, Rect};

use super::paint::{Pen, columns};
use crate::console::app::line::Line;
use crate::console::theme::Role;

/// Draws it behind `name`; gives the place of the cursor.
pub(super) fn draw(
    pen: &mut Pen<'_>,
    name: &str,
    line: &Line,
    (hint, role): (&str, Role),
    area: Rect,
) -> Position {
    let (y, below) = (area.bottom() - 2, area.bottom() - 1);
    pen.clear_prompt();
    let x = area.x + pen.text(area.x, y, area.width, name, Role::Key) + 1;
    let room = area.right().saturating_sub(x);
    pen.text(area.x, below, area.width, hint, role);
    text(pen, line, Role::Text, (x, y), room)
}

/// Draws it into `room` columns from (x, y); gives the place of the cursor. The end is what is being written: what
/// stands before it moves out of the way.
pub(super) fn text(
    pen: &mut Pen<'_>,
    line: &Line,
    role: Role,
    (x, y): (u16, u16),
    room: u16,
) -> Position {
    let (mut before, mut skipped) = (line.before_cursor(), 0);
    while columns(before) + 1 > room {
        let Some(letter) = before.chars().next() else {
            break;
        };
        before = &before[letter.len_utf8()..];
        skipped += letter.len_utf8();
    }
    let shown = line.text().get(skipped..).unwrap_or_default();
    pen.text(x, y, room, shown, role);
    Position {
        x: (x + columns(before)).min((x + room).saturating_sub(1)),
        y,
    }
}

/// Draws a line of several that can be filled in: into `usual` of `room` columns, so that a hint stands beside it, but a
/// long one that has the keys into all of them. Gives the columns that were used, and the cursor's place where it has
/// the keys.
pub(super) fn field(
    pen: &mut Pen<'_>,
    line: &Line,
    has_keys: bool,
    (x, y): (u16, u16),
    (room, usual): (u16, u16),
) -> (u16, Option<Position>) {
    let width = columns(line.text());
    if !has_keys {
        let used = pen.text(x, y, room.min(usual), line.text(), Role::Text);
        return (used, None);
    }
    let room = if width >= usual {
        room
    } else {
        room.min(usual)
    };
    let at = text(pen, line, Role::Text, (x, y), room);
    (width.min(room), Some(at))
}

#[cfg(test)]
mod tests {
    use crate::console::app::msg::Msg;
    use crate::console::app::samples::{at, begun, press, serve};
    use crate::console::app::update::update;
    use crate::console::input::bytes::Typed;
    use crate::console::view::tests::screen;

    #[test]
    fn the_end_of_a_long_text_is_seen_wherever_it_is_typed() {
        let long = format!("https://hooks.example.com/{}/the-end", "in/".repeat(20));
        // An endpoint's URL, a plan's note, words of a list, words of a text, the palette.
        for keys in ["3 +", "5 R shift-tab", "7 /", "2 j enter /", ":"] {
            let mut model = begun(false);
            for key in keys.split(' ') {
                let cmds = press(&mut model, 100, key);
                let cmds = serve(&mut model, 150, cmds);
                serve(&mut model, 200, cmds);
            }
            update(&mut model, at(700), Msg::Typed(Typed::Paste(long.clone())));
            let shown = screen(&model, 800);
            assert!(shown.contains("/the-end"), "{keys}: {shown}");
            for _ in 0..long.len() {
                press(&mut model, 900, "left");
            }
            let shown = screen(&model, 1_000);
            assert!(shown.contains("https://hooks"), "{keys}: {shown}");
        }
    }
}
